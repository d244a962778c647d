//! A fake Fachverfahren answers by itself, to a hub that is a plain listener here.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::args;
use crate::clients::{Fakes, curl};
use crate::support::{Sandbox, pruefstand, root, tool};

const BESCHEID: &str = "<Bescheid><Vorgang>{vorgang}</Vorgang><Id>{nachricht}</Id><Az>{aktenzeichen}</Az><Zeit>{zeitpunkt}</Zeit><An>{person.familienname}</An><Betrieb>{business.name}</Betrieb></Bescheid>";

/// An organisation whose first Fachverfahren sends a Bescheid to this address.
fn organisation(sandbox: &Sandbox, to: &str, file: &str) -> std::path::PathBuf {
    let text =
        std::fs::read_to_string(root().join("fixtures/organisation/probeland.toml")).unwrap();
    let answer = format!(
        "receiver = \"fv-a\"\n\n[[system.answer]]\nafter_ms = 300\nfile = \"{file}\"\nto = \"{to}\"\n"
    );
    let changed = text.replacen("receiver = \"fv-a\"\n", &answer, 1);
    assert_ne!(text, changed);
    sandbox.write("organisation.toml", &changed)
}

#[test]
fn a_fachverfahren_sends_its_bescheid_by_itself() {
    if !tool("curl") {
        return;
    }
    let sandbox = Sandbox::new();
    let hub = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/eingang/fachverfahren", hub.local_addr().unwrap());
    sandbox.write("bescheid.xml", BESCHEID);
    let path = organisation(&sandbox, &to, "bescheid.xml");
    let fakes = Fakes::with(&args!["--organisation", &path]);
    let sent = Instant::now();
    let antrag = "<GewerbeFall xmlns=\"urn:pruefstand:fachverfahren-a:2\"><Vorgang><Nummer>PS-0123456789AB</Nummer></Vorgang><Inhaber><Vorname>Jürgen</Vorname><Nachname>Müßiggang</Nachname><Geburt>1971-12-31</Geburt></Inhaber></GewerbeFall>";
    let quittung = curl(&["--data-binary", antrag, &fakes.url("fv-attrappenburg")]);
    assert!(quittung.contains("GEW 0123456789AB/2026"), "{quittung}");
    let (mut stream, _) = hub.accept().unwrap();
    assert!(sent.elapsed() >= Duration::from_millis(300), "it came too early");
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut got = String::new();
    let mut buffer = [0; 4096];
    while !got.contains("</Bescheid>") {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{got}");
        got.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").unwrap();
    for part in [
        "POST /eingang/fachverfahren HTTP/1.1",
        "<Vorgang>PS-0123456789AB</Vorgang>",
        "<Az>GEW 0123456789AB/2026</Az>",
        // Whom the message was about; no business of the data world was in it.
        "<An>Müßiggang</An><Betrieb></Betrieb>",
    ] {
        assert!(got.contains(part), "{part}: {got}");
    }
    let id = got.split("<Id>").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(id.len(), 36, "{id}");
    assert!(!got.contains('{'), "{got}");
}

#[test]
fn an_answer_that_is_not_there_stops_the_start_and_says_where_it_was_looked_for() {
    let sandbox = Sandbox::new();
    let path = organisation(&sandbox, "http://127.0.0.1:9/", "fehlt.xml");
    let done = pruefstand(args!["fake", "up", "--organisation", &path]).exits(69);
    for part in ["fv-attrappenburg", "fehlt.xml", "relative to the organisation"] {
        assert!(done.stderr.contains(part), "{part}: {}", done.stderr);
    }
}
