"""Uses a DMS with cmislib: create, read, query, versions, permissions, changes.

usage: cmis_client.py browser|atom URL USER PASSWORD
"""

import sys
from io import BytesIO

from cmislib.atompub.binding import AtomPubBinding
from cmislib.browser.binding import BrowserBinding
from cmislib.exceptions import ObjectNotFoundException, UpdateConflictException
from cmislib.model import CmisClient

binding, url, user, password = sys.argv[1:]
browser = binding == "browser"
client = CmisClient(url, user, password, binding=BrowserBinding() if browser else AtomPubBinding())
repo = client.defaultRepository
assert repo.id == "akte", repo.id
types = {t.id for t in repo.getTypeDescendants("cmis:folder")}
assert "akte:Akte" in types, types
assert repo.getTypeDefinition("akte:Akte").properties["akte:schlagworte"].cardinality == "multi"

file = repo.rootFolder.createFolder(
    "Akte " + binding, {"cmis:objectTypeId": "akte:Akte", "akte:aktenzeichen": "632.10-Öl " + binding}
)
assert file.properties["akte:aktenzeichen"] == "632.10-Öl " + binding
assert repo.getObjectByPath("/Akte " + binding).id == file.id
document = file.createDocument(
    "Prüfung.txt", {"cmis:objectTypeId": "cmis:document"}, contentFile=BytesIO("Straße".encode())
)
assert document.getContentStream().read() == "Straße".encode()
assert [c.name for c in file.getChildren()] == ["Prüfung.txt"]
assert document.getPaths() == ["/Akte " + binding + "/Prüfung.txt"], document.getPaths()
try:
    file.createDocument("Prüfung.txt", {"cmis:objectTypeId": "cmis:document"})
    raise AssertionError("a name twice in one folder")
except UpdateConflictException:
    pass  # What cmislib makes of every 409.

file.updateProperties({"akte:aktenplan": "632", "akte:schlagworte": ["Öl", "Wasser"]})
file.reload()
assert file.properties["akte:aktenplan"] == "632"
assert file.properties["akte:schlagworte"] == ["Öl", "Wasser"]

found = repo.query(
    "SELECT * FROM akte:Akte WHERE akte:aktenzeichen LIKE '632.10-Ö%" + binding + "' AND akte:aktenplan = '632'"
)
assert [o.id for o in found] == [file.id], [o.id for o in found]

copy = document.checkout()
assert document.isCheckedOut()
copy.setContentStream(BytesIO(b"neu"), contentType="text/plain")
newer = copy.checkin(checkinComment="Nachtrag")
assert newer.properties["cmis:versionLabel"] == "2.0", newer.properties
assert newer.getContentStream().read() == b"neu"
assert [v.properties["cmis:versionLabel"] for v in newer.getAllVersions()] == ["2.0", "1.0"]
assert document.getLatestVersion().id == newer.id

if browser:
    acl = file.getACL()
    acl.addEntry("sachbearbeitung", ["cmis:read"])
    assert "sachbearbeitung" in file.applyACL(acl).entries
    assert any(c.objectId == file.id for c in repo.getContentChanges())

newer.delete()
try:
    repo.getObject(newer.id).getName()
    raise AssertionError("deleted and still there")
except ObjectNotFoundException:
    pass
file.deleteTree()
print("fine")
