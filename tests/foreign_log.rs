//! Transaction logs with words of their own, from the target to the verdict.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::args;
use crate::support::{Sandbox, json, pruefstand, root};
use crate::support_target::{Server, answer, hub_file};

const CASE: &str = "log/anmeldung.einreichen/zurueckweisung-namensraum";
const MAPPING: &str = "[log]\nentries = \"data/items\"\nzeit = \"meta/time\"\ntransaktion = \"txn\"\nereignis = \"event\"\nevents = { RECEIVED = \"empfangen\", REJECTED = \"zurueckgewiesen\" }\n";

/// Runs the case against a target that rejects and then shows this second entry in its log.
fn verdict(second: &'static str, mapping: &str) -> serde_json::Value {
    let asked = Arc::new(AtomicBool::new(false));
    let server = Server::start(move |request, stream| {
        let text = if request.text.starts_with("POST") {
            asked.store(true, Ordering::SeqCst);
            let body = "<Rueckweisung xmlns=\"urn:pruefstand:quittung:1\"><Transaktion>T-1</Transaktion><Grund>V000</Grund></Rueckweisung>";
            answer("422 No", "application/xml", body)
        } else if request.path() == "/log" && asked.load(Ordering::SeqCst) {
            let first =
                "{\"meta\": {\"time\": \"NOW\"}, \"txn\": \"T-1\", \"event\": \"RECEIVED\"}";
            // A log whose clock is wrong is a finding of its own.
            let now = pruefstand::ambient::Clock::system().now().to_string();
            let body = format!("{{\"data\": {{\"items\": [{first}, {second}]}}}}");
            let body = body.replace("NOW", &now);
            answer("200 OK", "application/json", &body)
        } else {
            answer("200 OK", "application/json", "{\"data\": {\"items\": []}}")
        };
        let _ = stream.write_all(text.as_bytes());
    });
    let sandbox = Sandbox::new();
    let target = sandbox.write("target.toml", &hub_file(&server.url, mapping));
    let out = sandbox.path("run");
    let plan = root().join("testplans/gewerbe/plan.toml");
    let done = pruefstand(args![
        "run", "--plan", &plan, "--target", &target, "--out", &out, "--case", CASE
    ]);
    assert!(out.join("verdict.json").is_file(), "{}", done.stderr);
    // What is judged from the folder alone is the same.
    let before = std::fs::read(out.join("verdict.json")).unwrap();
    pruefstand(args!["judge", &out]).exits(done.code);
    assert_eq!(std::fs::read(out.join("verdict.json")).unwrap(), before);
    let verdict = json(&out.join("verdict.json"));
    verdict["cases"].as_array().unwrap().iter().find(|c| c["id"] == CASE).unwrap().clone()
}

#[test]
fn foreign_words_are_read_as_ours() {
    let second = "{\"meta\": {\"time\": \"NOW\"}, \"txn\": \"T-1\", \"event\": \"REJECTED\"}";
    let good = verdict(second, MAPPING);
    assert_eq!(good["verdict"], "passed", "{good}");
    let unknown = verdict(second, &MAPPING.replace("REJECTED", "DENIED"));
    assert!(unknown.to_string().contains("log.gap"), "{unknown}");
    let without = verdict(second, "");
    assert!(without.to_string().contains("log.unreadable"), "{without}");
}

#[test]
fn an_entry_without_a_key_is_a_finding_that_shows_it() {
    let second = "{\"meta\": {\"time\": \"NOW\"}, \"event\": \"REJECTED\"}";
    let found = verdict(second, MAPPING);
    assert_eq!(found["verdict"], "failed");
    let text = found.to_string();
    assert!(text.contains("log.unreadable") && text.contains("txn"), "{text}");
    assert!(text.contains("Eintrag 2") && text.contains("REJECTED"), "{text}");
}
