"""A SOAP client of others (zeep) on the contract that the fake serves, and MTOM by hand.

Usage: soap.py URL. Prints what came back, one line each; fails loudly."""

import sys
import urllib.request
import uuid

import zeep
from lxml import etree
from zeep.exceptions import Fault

url = sys.argv[1]
OWN = "urn:pruefstand:fachverfahren-soap:1"

client = zeep.Client(url + "?wsdl")
for port in ("Soap11", "Soap12"):
    service = client.bind("FachverfahrenDienst", port)
    inner = etree.fromstring("<Antrag><Ort>Köln-Mülheim</Ort></Antrag>")
    vorgang = f"PS-{port}".replace("Soap", "0000000000")
    # The contract names actions, so zeep uses WS-Addressing by itself.
    answer = service.AntragUebergeben(
        vorgang=vorgang,
        leistung="99050012104000",
        nachricht={"_value_1": inner},
        anlage=[{"name": "Maßübersicht.pdf", "medientyp": "application/pdf", "inhalt": b"%PDF\x00\xff"}],
    )
    assert answer.quittung.decode().startswith("Eingangsbestätigung\n"), answer
    stand = service.StandLesen(aktenzeichen=answer.aktenzeichen)
    assert (stand.vorgang, stand.stand) == (vorgang, "eingegangen"), stand
    try:
        service.StandLesen(aktenzeichen="GEW 0/0000")
        raise SystemExit("no fault")
    except Fault as fault:
        detail = etree.tostring(fault.detail, encoding="unicode")
        assert "VorgangUnbekannt" in detail, detail
        sub = fault.subcodes and fault.subcodes[0].localname
        print(port, answer.aktenzeichen, fault.code, sub)

# MTOM: zeep reads it, but does not send it.
for kind, namespace in (
    ("text/xml", "http://schemas.xmlsoap.org/soap/envelope/"),
    ("application/soap+xml", "http://www.w3.org/2003/05/soap-envelope"),
):
    boundary = uuid.uuid4().hex
    text = f"""<S:Envelope xmlns:S="{namespace}"><S:Body><antragUebergeben xmlns="{OWN}"><vorgang>PS-MTOM00000001</vorgang>\
<anlage><name>plan.bin</name><medientyp>a/b</medientyp><inhalt>\
<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:p%2B1@e.example"/></inhalt></anlage>\
</antragUebergeben></S:Body></S:Envelope>"""
    body = (
        f"--{boundary}\r\nContent-Type: application/xop+xml; type=\"{kind}\"; charset=utf-8\r\n"
        f"Content-ID: <w@e.example>\r\n\r\n{text}\r\n"
        f"--{boundary}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <p+1@e.example>\r\n\r\n"
    ).encode() + b"\x00\r\n--\xff" + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(url, body, {
        "Content-Type": f'multipart/related; boundary="{boundary}"; type="application/xop+xml"; start="<w@e.example>"; start-info="{kind}"',
        "SOAPAction": f'"{OWN}:AntragUebergeben"',
    })
    with urllib.request.urlopen(request) as answer:
        content_type, got = answer.headers["Content-Type"], answer.read()
    # The answer through the reader of others: zeep's own.
    client = zeep.Client(url + "?wsdl")
    port = "Soap11" if kind == "text/xml" else "Soap12"
    binding = client.wsdl.bindings[f"{{{OWN}}}{port}"]

    class Response:
        status_code = 200
        headers = {"Content-Type": content_type}
        content = got
        encoding = "utf-8"

    read = binding.process_reply(client, binding.get("AntragUebergeben"), Response())
    assert read.quittung.decode().startswith("Eingangsbestätigung\n"), read
    print("mtom", port, read.aktenzeichen)
