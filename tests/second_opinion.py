"""Validates the messages of an index with Python's xmlschema: prints every disagreement.

Usage: second_opinion.py INDEX_FOLDER CATALOGUE|- MESSAGE=SCHEMA...
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as tree

import xmlschema

folder, catalogue = pathlib.Path(sys.argv[1]), sys.argv[2]
known = {}
if catalogue != "-":
    base = pathlib.Path(catalogue).parent
    for entry in tree.parse(catalogue).getroot():
        address = entry.get("systemId") or entry.get("name")
        known[address] = (base / entry.get("uri")).resolve().as_uri()
compiled = {}
loaded = {}
for pair in sys.argv[3:]:
    message, path = pair.split("=", 1)
    if path not in compiled:
        compiled[path] = xmlschema.XMLSchema10(
            path, allow="local", uri_mapper=lambda address: known.get(address, address)
        )
    loaded[message] = compiled[path]
seen = 0
for entry in json.loads((folder / "index.json").read_text()):
    if entry["message"] not in loaded or entry["level"] not in (None, "schema"):
        continue
    start = (folder / entry["file"]).read_bytes()[:200]
    if b"<!DOCTYPE" in start or b"ISO-8859-1" in start:
        continue  # refused before the schema is asked, which has nothing against it
    seen += 1
    try:
        valid = loaded[entry["message"]].is_valid(str(folder / entry["file"]))
    except (xmlschema.XMLSchemaException, tree.ParseError):
        valid = False
    if valid != (entry["expected"] == "valid"):
        print(entry["case"], entry["expected"], entry["violates"])
print(seen, "messages", file=sys.stderr)
