"""Uses a DMS with cmislib: create, read, move, query, pages, versions, permissions, changes.

usage: cmis_client.py browser|atom URL USER PASSWORD
"""

import datetime
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
assert repo.info["rootFolderId"] == "root-folder"
types = {t.id for t in repo.getTypeDescendants("cmis:folder")}
assert "akte:Akte" in types, types
assert repo.getTypeDefinition("akte:Akte").properties["akte:schlagworte"].cardinality == "multi"

file = repo.rootFolder.createFolder(
    "Akte " + binding, {"cmis:objectTypeId": "akte:Akte", "akte:aktenzeichen": "632.10-Öl " + binding}
)
assert file.properties["akte:aktenzeichen"] == "632.10-Öl " + binding
assert repo.getObjectByPath("/Akte " + binding).id == file.id
assert file.getParent().id == "root-folder"
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
assert file.allowableActions["canCreateDocument"] is True
assert file.allowableActions["canCheckOut"] is False

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

acl = file.getACL()
acl.addEntry("sachbearbeitung", ["cmis:read"])
assert "sachbearbeitung" in file.applyACL(acl).entries
assert any(c.objectId == file.id for c in repo.getContentChanges())

if not browser:
    # What this client can do over AtomPub only.
    assert repo.permissionMap["canGetACL.Object"] == ["cmis:read", "cmis:write", "cmis:all"]
    newer.reload()
    newer.updateProperties({"cmis:description": "Größe"})
    newer.checkout()
    newer.cancelCheckout()  # Looks for the working copy itself.
    newer.reload()
    assert not newer.isCheckedOut()
    minor = newer.checkout().checkin("klein", major="false", contentFile=BytesIO(b"kleiner"), properties={})
    assert minor.properties["cmis:versionLabel"] == "2.1", minor.properties
    assert minor.properties["cmis:checkinComment"] == "klein"
    assert minor.getContentStream().read() == b"kleiner"
    newer = minor

    case = file.createFolder("Vorgang", {"cmis:objectTypeId": "vorgang:Vorgang", "vorgang:nummer": "1"})
    when = datetime.datetime(2026, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
    case.updateProperties({"vorgang:eingang": when, "vorgang:gebuehr": 12.5, "vorgang:beteiligte": ["A", "B"]})
    case.reload()
    assert case.properties["vorgang:eingang"] == when, case.properties
    assert case.properties["vorgang:gebuehr"] == 12.5
    case.updateProperties({"vorgang:gebuehr": None})
    case.reload()
    assert case.properties["vorgang:gebuehr"] is None

    # Entries out of feeds are cut out and sent back.
    [moved] = [c for c in file.getChildren() if c.id == newer.id]
    moved.move(file, case)
    assert [c.id for c in case.getChildren()] == [newer.id]
    assert [p.id for p in newer.getObjectParents()] == [case.id]
    assert {o.name for o in file.getDescendants()} == {"Vorgang", "Prüfung.txt"}
    assert [o.name for o in file.getTree()] == ["Vorgang"]

    for name in "abcde":
        file.createFolder(name, {"cmis:objectTypeId": "vorgang:Vorgang", "vorgang:nummer": name})
    page = file.getChildren(maxItems=2, orderBy="cmis:name DESC")
    seen = [c.name for c in page]
    while page.hasNext():
        page.getNext()
        seen += [c.name for c in page]
    assert seen == ["e", "d", "c", "b", "a", "Vorgang"], seen
    page.getPrev()
    assert [c.name for c in page] == ["c", "b"]
    page.getFirst()
    assert not page.hasPrev() and [c.name for c in page] == ["e", "d"]
    found = repo.query("SELECT * FROM vorgang:Vorgang ORDER BY cmis:name", maxItems="4")
    names = [o.name for o in found]
    found.getNext()
    names += [o.name for o in found]
    assert names == ["Vorgang", "a", "b", "c", "d", "e"], names

    try:
        newer.deleteContentStream()
        raise AssertionError("the move made the change token an old one")
    except UpdateConflictException:
        newer.reload()
    newer.deleteContentStream()
    newer.reload()
    assert newer.properties["cmis:contentStreamLength"] is None
    newer.setContentStream(BytesIO(b"wieder"), contentType="text/plain")
    newer.reload()
    assert newer.getContentStream().read() == b"wieder"

newer.delete()
try:
    repo.getObject(newer.id).getName()
    raise AssertionError("deleted and still there")
except ObjectNotFoundException:
    pass
file.deleteTree()
print("fine")
