#!/usr/bin/env python3
"""A small Fachverfahren with a JSON interface and nothing but Python's own library: it takes what a hub
hands over in the format of the Fachverfahren of Klammerau, keeps data and documents apart, tells what it
holds, and sends the Bescheid when a clerk (here: a call) says so. It keeps everything in memory.

    fachverfahren.py HUB
"""

import base64
import binascii
import json
import sys
import threading
import urllib.request
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HUB = sys.argv[1]

cases = {}  # Vorgangsnummer -> {"aktenzeichen", "antrag", "anlagen"}
lock = threading.Lock()


class Refused(Exception):
    """What is handed over cannot be taken: status and reason."""


def only_once(pairs):
    """A name that stands twice could be read in two ways."""
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name stands twice")
    return dict(pairs)


def take(body):
    """Keeps an application; returns its case, and whether it was there before."""
    try:
        # Numbers stay the text they were.
        antrag = json.loads(
            body.decode("utf-8"), object_pairs_hook=only_once, parse_float=str, parse_int=str
        )
    except ValueError as error:
        raise Refused(400, str(error)) from error
    if not isinstance(antrag, dict) or not isinstance(antrag.get("daten"), dict):
        raise Refused(422, "daten fehlt")
    vorgang = antrag.get("vorgang")
    if not isinstance(vorgang, str) or not vorgang:
        raise Refused(422, "vorgang fehlt")
    anlagen = []
    for dokument in antrag.get("dokumente", []):
        try:
            inhalt = base64.b64decode(dokument["inhalt"], validate=True)
            # Held apart; its place in the application stays, empty.
            dokument["inhalt"] = ""
            anlagen.append((dokument["name"], inhalt))
        except (KeyError, TypeError, binascii.Error) as error:
            raise Refused(422, "dokumente: %s" % error) from error
    with lock:
        if vorgang in cases:
            return cases[vorgang], True
        number = "BK-%06d" % (len(cases) + 1)
        cases[vorgang] = {"aktenzeichen": number, "antrag": antrag, "anlagen": anlagen}
        return cases[vorgang], False


def send(vorgang):
    """Sends the Bescheid about a case to the hub."""
    case = cases[vorgang]
    kopf = {
        "Vorgangsnummer": vorgang,
        "NachrichtId": str(uuid.uuid4()),
        "Erstellt": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "Leistung": "99990000005001",
        "Behoerde": "14999130",
        "Testnachricht": True,
    }
    bescheid = {"Aktenzeichen": case["aktenzeichen"], "Entscheidung": "E"}
    body = {"Bescheid": {"Kopf": kopf, "Bescheid": bescheid}}
    request = urllib.request.Request(
        HUB + "/eingang/fachverfahren/json",
        data=json.dumps(body).encode("utf-8"),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


def held(vorgang):
    """What is held about a case: the data, and the documents apart from them."""
    case = cases.get(vorgang)
    code = lambda content: base64.b64encode(content).decode("ascii")
    messages = []
    if case:
        # ensure_ascii: escapes mean the same as the letters they stand for.
        antrag = json.dumps(case["antrag"], sort_keys=True).encode("ascii")
        messages.append(
            {
                "name": "Antrag",
                "medientyp": "application/json",
                "aktenzeichen": case["aktenzeichen"],
                "inhalt": code(antrag),
                "anlagen": [{"name": n, "inhalt": code(c)} for n, c in case["anlagen"]],
            }
        )
    return {"format": "pruefstand/bestand/1", "vorgang": vorgang, "nachrichten": messages}


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value, kind="application/json"):
        body = json.dumps(value).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, detail):
        told = {"title": "Nicht angenommen", "status": status, "detail": detail}
        self.answer(status, told, "application/problem+json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            if self.path == "/antraege":
                case, again = take(body)
                if again:
                    self.problem(409, "schon angenommen als " + case["aktenzeichen"])
                else:
                    self.answer(201, {"aktenzeichen": case["aktenzeichen"]})
            elif self.path == "/senden":
                send(json.loads(body)["vorgang"])
                self.answer(200, {})
            else:
                self.problem(404, "nothing here")
        except Refused as why:
            self.problem(*why.args)

    def do_GET(self):
        if self.path == "/bereit":
            self.answer(200, {"bereit": True})
            return
        with lock:
            listing = held(self.path.removeprefix("/bestand/"))
        self.answer(200 if listing["nachrichten"] else 404, listing)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
print(json.dumps({"url": "http://127.0.0.1:%d" % server.server_port}), flush=True)
server.serve_forever()
