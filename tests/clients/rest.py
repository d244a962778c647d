"""The JSON interface against its own contract, with readers of others.

Usage: rest.py URL. Prints the status of every answer, one line each; fails loudly."""

import base64
import json
import sys
import urllib.error
import urllib.request

import jsonschema
from openapi_spec_validator import validate

url = sys.argv[1]
contract_url = url.rsplit("/", 1)[0] + "/openapi.json"
contract = json.load(urllib.request.urlopen(contract_url))
validate(contract)
assert contract["openapi"].startswith("3.1."), contract["openapi"]


def resolve(node):
    while "$ref" in node:
        target = contract
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def ask(method, path, template, body=None, **headers):
    request = urllib.request.Request(url.rsplit("/", 1)[0] + path, body, headers, method=method)
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    content, kind = answer.read(), answer.headers["Content-Type"]
    operation = contract["paths"][template].get(method.lower())
    if operation:
        described = resolve(operation["responses"][str(answer.status)])
        schema = described["content"][kind]["schema"] | {"components": contract["components"]}
        jsonschema.Draft202012Validator(schema).validate(json.loads(content))
        for name, header in described.get("headers", {}).items():
            assert not header.get("required") or answer.headers[name], name
    else:
        assert kind == "application/problem+json", kind
    print(answer.status)
    return answer


antrag = {
    "vorgang": "PS-PYTHON000001",
    "leistung": "99050012104000",
    "daten": {"ort": "Köln-Mülheim", "betrag": 10**30},
    "dokumente": [{"name": "Maß.pdf", "medientyp": "application/pdf", "inhalt": base64.b64encode(b"%PDF").decode()}],
}
body = json.dumps(antrag).encode()
kind = {"Content-Type": "application/json"}
taken = ask("POST", "/antraege", "/antraege", body, **kind)
ask("GET", taken.headers["Location"], "/antraege/{vorgang}")
ask("POST", "/antraege", "/antraege", body, **kind)
ask("GET", "/antraege/PS-NIE", "/antraege/{vorgang}")
ask("POST", "/antraege", "/antraege", b'{"vorgang": 1}', **kind)
ask("POST", "/antraege", "/antraege", body, Accept="text/html", **kind)
ask("POST", "/antraege", "/antraege", body, **{"Content-Type": "text/csv"})
ask("DELETE", "/antraege", "/antraege")
