#!/usr/bin/env python3
"""A small Antragsassistent with nothing but Python's own library: it fills in an application by a data
sheet (`pruefstand plan sheet`, as JSON) and sends it to the hub.

    antrag.py SHEET HUB
"""

import json
import sys
import urllib.request
import uuid
import xml.etree.ElementTree as ET
from datetime import datetime, timezone

sheet = json.load(open(sys.argv[1], encoding="utf-8"))
namespace = sheet["namespace"]
ET.register_namespace("", namespace)


def named(name):
    return "{%s}%s" % (namespace, name)


# What an Antragsassistent gives by itself.
own = {
    "Vorgangsnummer": "PS-" + uuid.uuid4().hex[:12].upper(),
    "NachrichtId": str(uuid.uuid4()),
    "Erstellt": datetime.now(timezone.utc).isoformat(timespec="seconds"),
}

root = ET.Element(named(sheet["root"]))
for entry in sheet["contains"]:
    at = root
    for step in entry["position"].split("/"):
        name, number = step.rstrip("]").split("[")
        known = at.findall(named(name))
        at = known[int(number) - 1] if len(known) >= int(number) else ET.SubElement(at, named(name))
    at.text = entry["value"] if entry["value"] is not None else own[at.tag.split("}")[1]]

contents = {d["name"]: d["content"] for d in sheet["documents"]}
for one in root.findall(named("Anlagen") + "/*"):
    ET.SubElement(one, named("Inhalt")).text = contents[one.findtext(named("Dateiname"))]

request = urllib.request.Request(
    sys.argv[2] + "/eingang/portal",
    data=ET.tostring(root, encoding="utf-8", xml_declaration=True),
    headers={"Content-Type": "application/xml"},
)
with urllib.request.urlopen(request, timeout=10) as answer:
    answer.read()
