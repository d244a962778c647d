#!/usr/bin/env python3
"""A small Fachverfahren with nothing but Python's own library: it takes what a hub hands over in the
format of Fachverfahren A, keeps it, tells what it holds, and sends Nachforderung and Bescheid when a
clerk (here: a call) says so. It keeps everything in memory.

    fachverfahren.py HUB
"""

import base64
import json
import sys
import threading
import urllib.request
import uuid
import xml.etree.ElementTree as ET
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

NAMESPACE = "urn:pruefstand:fachverfahren-a:2"
OUT = "urn:pruefstand:gewerbe:1"
HUB = sys.argv[1]

held = {}  # Vorgangsnummer -> list of bytes
numbers = {}  # Vorgangsnummer -> Aktenzeichen
seen = set()  # ids of messages
lock = threading.Lock()


class Refused(Exception):
    """What is handed over cannot be taken."""


def take(body):
    """Keeps an application; the same message again changes nothing."""
    if b"<!DOCTYPE" in body:
        raise Refused("DOCTYPE")
    try:
        root = ET.fromstring(body)
    except ET.ParseError as error:
        raise Refused(str(error)) from error
    if root.tag != "{%s}GewerbeFall" % NAMESPACE:
        raise Refused("unbekanntes Wurzelelement " + root.tag)
    place = {"f": NAMESPACE}
    vorgang = root.findtext("f:Vorgang/f:Nummer", namespaces=place)
    nachricht = root.findtext("f:Vorgang/f:Nachricht", namespaces=place)
    if not vorgang or not nachricht:
        raise Refused("Vorgangsnummer oder Kennung fehlt")
    with lock:
        number = numbers.setdefault(vorgang, "GW-%06d" % (len(numbers) + 1))
        if nachricht not in seen:
            seen.add(nachricht)
            held.setdefault(vorgang, []).append(body)
    return number


def header(vorgang):
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return (
        "<Kopf><Vorgangsnummer>%s</Vorgangsnummer><NachrichtId>%s</NachrichtId><Erstellt>%s</Erstellt>"
        "<Leistung>99050012104000</Leistung><Behoerde>14999010</Behoerde>"
        "<Testnachricht>true</Testnachricht></Kopf>" % (escape(vorgang), uuid.uuid4(), now)
    )


def send(what, vorgang):
    """Sends a message about a case to the hub."""
    if what == "bescheid":
        number = escape(numbers.get(vorgang, ""))
        text = (
            '<Bescheid xmlns="%s">%s<Bescheid><Aktenzeichen>%s</Aktenzeichen>'
            "<Entscheidung>B</Entscheidung><Datum>2026-11-27</Datum><Gebuehr>26.00</Gebuehr>"
            "</Bescheid></Bescheid>" % (OUT, header(vorgang), number)
        )
    elif what == "unterlagen.nachfordern":
        text = (
            '<Nachforderung xmlns="%s">%s<Nachforderung><Frist>2026-12-18</Frist>'
            "<Unterlage>Kopie des Ausweises</Unterlage></Nachforderung></Nachforderung>"
            % (OUT, header(vorgang))
        )
    else:
        raise Refused("unbekannte Nachricht " + what)
    request = urllib.request.Request(
        HUB + "/eingang/fachverfahren",
        data=('<?xml version="1.0" encoding="UTF-8"?>\n' + text).encode("utf-8"),
        headers={"Content-Type": "application/xml"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, kind, body):
        body = body.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            if self.path == "/vorgaenge":
                number = take(body)
                text = '<Annahme xmlns="%s"><Aktenzeichen>%s</Aktenzeichen></Annahme>'
                self.answer(201, "application/xml; charset=UTF-8", text % (NAMESPACE, number))
            elif self.path == "/senden":
                order = json.loads(body)
                send(order["nachricht"], order["vorgang"])
                self.answer(200, "application/json", "{}")
            else:
                self.answer(404, "text/plain", "nothing here\n")
        except Refused as why:
            self.answer(400, "text/plain; charset=utf-8", "%s\n" % why)

    def do_GET(self):
        if self.path == "/bereit":
            self.answer(200, "text/plain", "bereit\n")
            return
        vorgang = self.path.removeprefix("/bestand/")
        with lock:
            things = list(held.get(vorgang, []))
        listing = {
            "format": "pruefstand/bestand/1",
            "vorgang": vorgang,
            "nachrichten": [
                {"name": "GewerbeFall", "inhalt": base64.b64encode(t).decode("ascii")} for t in things
            ],
        }
        self.answer(200 if things else 404, "application/json", json.dumps(listing))

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
print(json.dumps({"url": "http://127.0.0.1:%d" % server.server_port}), flush=True)
server.serve_forever()
