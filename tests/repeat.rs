//! `explain`: how an exchange of a run is repeated by hand.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pruefstand::evidence::{Direction, Evidence, Payload, Record};
use pruefstand::ids::Digest;
use pruefstand::plan::TestPlan;
use pruefstand::report::{self, Explained, Material, Whereabouts};
use pruefstand::run::Manifest;
use pruefstand::verdict::{CaseOutcome, CaseVerdict, Verdict};

use crate::args;
use crate::support::{Sandbox, derive, end, json, program, pruefstand, root, tool};

const CASE: &str = "minimal/bestellung.einreichen/testdorf";

/// A run of one case of the starting example.
fn run(sandbox: &Sandbox) -> std::path::PathBuf {
    let folder = sandbox.path("neu");
    pruefstand(args!["init", &folder]).exits(0);
    let (concept, organisation) = (folder.join("concept.toml"), folder.join("organisation.toml"));
    let (plan, out) = (folder.join("plan.toml"), folder.join("lauf"));
    derive(&concept, &organisation, &plan);
    pruefstand(args![
        "run",
        "--plan",
        &plan,
        "--organisation",
        &organisation,
        "--out",
        &out,
        "--case",
        CASE
    ])
    .exits(0);
    out
}

/// Takes one request and answers it; gives back its head and body.
fn one_request(listener: TcpListener) -> std::thread::JoinHandle<(String, Vec<u8>)> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut raw = Vec::new();
        let mut part = [0; 65536];
        loop {
            let head = raw.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4);
            if let Some(head) = head {
                let text = String::from_utf8(raw[..head].to_vec()).unwrap();
                let length = text.lines().find_map(|l| {
                    let (name, value) = l.split_once(": ")?;
                    name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
                });
                if raw.len() >= head + length.unwrap_or(0) {
                    stream
                        .write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
                        .unwrap();
                    return (text, raw[head..].to_vec());
                }
            }
            let count = stream.read(&mut part).unwrap();
            assert!(count > 0, "closed early");
            raw.extend_from_slice(&part[..count]);
        }
    })
}

fn shell(line: &str, folder: &Path, variables: &[(&str, &str)]) -> std::process::Output {
    let mut command = Command::new("sh");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "ZIEL"] {
        command.env_remove(name);
    }
    command.args(["-c", line]).current_dir(folder).envs(variables.iter().copied());
    let done = command.output().unwrap();
    assert!(done.status.success(), "{line}\n{}", String::from_utf8_lossy(&done.stderr));
    done
}

/// The commands in an explanation: a body within one may have several lines.
fn curl(text: &str) -> String {
    let start = text.find("\ncurl ").expect("a command line") + 1;
    let rest = &text[start..];
    rest[..rest.find("\n\n").unwrap_or(rest.len())].to_owned()
}

#[test]
fn the_printed_line_sends_what_was_sent() {
    if !tool("curl") {
        return;
    }
    let sandbox = Sandbox::new();
    let out = run(&sandbox);
    let bodies = sandbox.path("körper mit 'Leerzeichen'");
    let saved = pruefstand(args!["explain", &out, CASE, "--save", &bodies]).exits(0).stdout;
    // What was sent, according to the evidence.
    let evidence = Evidence::read(&out).unwrap();
    let sent = evidence.entries.iter().find_map(|e| match &e.record {
        Record::Request { direction: Direction::Sent, payload, step: Some(step), .. }
            if step != "protokoll" =>
        {
            Some(evidence.bytes(payload).to_vec())
        }
        _ => None,
    });
    let sent = sent.unwrap();
    let at = sent.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let (head, body) = (String::from_utf8_lossy(&sent[..at]).into_owned(), &sent[at..]);
    assert!(body.len() > 300 && head.starts_with("POST /eingang/portal HTTP/1.1\r\n"), "{head}");
    let plain = pruefstand(args!["explain", &out, CASE]).exits(0).stdout;
    for text in [&saved, &plain] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let arrived = one_request(listener);
        shell(&curl(text), &sandbox.path("."), &[("ZIEL", &url)]);
        let (got, got_body) = arrived.join().unwrap();
        assert!(got_body == body, "another body arrived");
        assert!(got.starts_with("POST /eingang/portal HTTP/1.1\r\n"), "{got}");
        // Host and length, and the one field that matters.
        assert_eq!(got.lines().count(), 5, "{got}");
        assert!(got.to_lowercase().contains("\r\ncontent-type: application/xml\r\n"), "{got}");
    }
    assert!(plain.contains("Kam von 127.0.0.1:"), "{plain}");

    // A hub that is started anew takes it as it took it in the run.
    let folder = sandbox.path("neu");
    let mut hub = Command::new(program())
        .args(args!["hub", "up", "--format", "json"])
        .args(args!["--organisation", folder.join("organisation.toml")])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(hub.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    let hub_url: serde_json::Value = serde_json::from_str(&line).unwrap();
    let done = shell(&curl(&saved), &folder, &[("ZIEL", hub_url["url"].as_str().unwrap())]);
    end(&mut hub);
    let answer = String::from_utf8_lossy(&done.stdout);
    assert!(answer.starts_with("HTTP/1.1 2") && answer.contains("Quittung"), "{answer}");

    // The mail that the hub delivered, sent once more to another mailbox.
    let mut fakes = Command::new(program())
        .args(args!["fake", "up", "--format", "json"])
        .args(args!["--organisation", folder.join("organisation.toml")])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(fakes.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    let listed: serde_json::Value = serde_json::from_str(&line).unwrap();
    let systems = listed["systems"].as_array().unwrap();
    let mailbox = systems.iter().find(|s| s["protocol"] == "smtp").unwrap();
    let command =
        saved.lines().find_map(|l| l.strip_prefix("Dieselbe Mail noch einmal: ")).unwrap();
    let done = std::panic::catch_unwind(|| {
        shell(command, &folder, &[("ZIEL", mailbox["url"].as_str().unwrap())])
    });
    end(&mut fakes);
    done.unwrap();
    let mut mails = std::fs::read_dir(&bodies).unwrap().map(|e| e.unwrap().path());
    let mail = mails.find(|p| p.extension().is_some_and(|e| e == "eml")).unwrap();
    let mail = std::fs::read_to_string(mail).unwrap();
    assert!(mail.contains("\r\nTo: abfall@testdorf.example\r\n") && !mail.contains("\r\n..e"));

    // A second time nothing changes; a file that somebody changed stays as it is.
    pruefstand(args!["explain", &out, CASE, "--save", &bodies]).exits(0);
    let first = std::fs::read_dir(&bodies).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&first, "meins").unwrap();
    pruefstand(args!["explain", &out, CASE, "--save", &bodies]).exits(73);
    assert_eq!(std::fs::read_to_string(&first).unwrap(), "meins");
}

/// The explanation of a case in which the harness sent these bytes to this address.
fn explained(plan: &TestPlan, peer: &str, raw: &[u8], save: Option<&Path>) -> Explained {
    let case = &plan.case[0];
    let payload = |bytes: &[u8]| Payload {
        size: bytes.len(),
        sha256: Digest::of(bytes),
        text: Some(String::from_utf8(bytes.to_vec()).unwrap()),
        base64: None,
    };
    let records = [
        Record::CaseBegin { case: case.id.clone(), alone: true },
        Record::Request {
            exchange: 7,
            system: "portal".into(),
            direction: Direction::Sent,
            protocol: "http".into(),
            peer: peer.into(),
            case: Some(case.id.clone()),
            step: Some("senden".into()),
            started: None,
            payload: payload(raw),
        },
        Record::Answer {
            exchange: 7,
            payload: payload(b"HTTP/1.1 200 OK\r\nSet-Cookie: geheim-4711\r\n\r\n"),
            failure: None,
        },
    ];
    let evidence = Evidence::from_records(records.map(|r| (jiff::Timestamp::UNIX_EPOCH, r)));
    let verdict = CaseVerdict {
        id: case.id.clone(),
        title: case.title.clone(),
        technique: case.technique,
        requirements: vec![],
        level: pruefstand::concept::Level::Muss,
        verdict: CaseOutcome::Passed,
        reasons: vec![],
        findings: vec![],
        waiver: None,
        attested: None,
        not_claimed: vec![],
        duration_ms: 0,
    };
    let all: Verdict = serde_json::from_value(serde_json::json!({
        "format": "pruefstand/verdict/1", "overall": "passed", "admission": "admitted",
        "filtered": false, "untested": [], "counts": {"passed": 1, "failed": 0, "inconclusive": 0,
        "not_applicable": 0, "not_tested": 0}, "canaries": [], "cases": [],
    }))
    .unwrap();
    let manifest: Manifest = serde_json::from_value(serde_json::json!({
        "format": "", "harness": "", "harness_sha256": "", "engines": {}, "platform": "",
        "target": {"kind": "", "vendor": "", "product": "", "version": ""}, "target_says": "",
        "inputs": [], "chosen": null, "started": "", "ended": null, "interrupted": false,
    }))
    .unwrap();
    let material =
        Material { manifest: &manifest, plan, verdict: &all, evidence: &evidence, score: None };
    let save = save.map(Path::to_owned);
    report::explain(&material, &verdict, &Whereabouts { save, ..Whereabouts::default() })
}

#[test]
fn hostile_values_reach_the_shell_as_values_and_secrets_stay_out() {
    if !tool("curl") {
        return;
    }
    let plan = pruefstand::plan::load(&root().join("testplans/hundehaltung/plan.toml")).unwrap();
    let sandbox = Sandbox::new();
    let folder = sandbox.path("b");
    std::fs::create_dir_all(&folder).unwrap();
    let hostile = "'; touch never; echo ' $(touch never) `touch never` \"$HOME\" \\ ! %s \u{1b}[31m \u{202e}ü @x";
    let body = "@never\0\r\n\u{1b}]0;titel\u{7}'$(touch never)'\r";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap();
    let raw = format!(
        "PUT /a/../b?x=[1-9]&y={{a,b}}&z='$HOME' HTTP/1.1\r\nHost: {host}\r\nX-Boese: {hostile}\r\n\
         X-Leer:\r\nAuthorization: Bearer geheim-4711\r\n9-$(touch never)-Token: geheim-4711\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let peer = format!("http://wer:geheim-4711@{host}/a/../b?x=[1-9]&y={{a,b}}&z='$HOME'");
    let told = explained(&plan, &peer, raw.as_bytes(), Some(&folder));
    assert!(!told.text.contains("geheim-4711"), "{}", told.text);
    assert!(!told.text.contains(['\u{1b}', '\u{202e}', '\0', '\u{7}']), "{:?}", told.text);
    let [(name, bytes)] = told.files.as_slice() else { panic!("{:?}", told.files) };
    assert_eq!(bytes, body.as_bytes());
    std::fs::write(folder.join(name), bytes).unwrap();
    let arrived = one_request(listener);
    shell(
        &curl(&told.text),
        &folder,
        &[("AUTHORIZATION", "Bearer von mir"), ("_9___TOUCH_NEVER__TOKEN", "t")],
    );
    let (head, got) = arrived.join().unwrap();
    assert_eq!(got, body.as_bytes());
    assert!(head.starts_with("PUT /a/../b?x=[1-9]&y={a,b}&z='$HOME' HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nX-Boese: {hostile}\r\n")), "{head}");
    assert!(head.contains("\r\nX-Leer:\r\n"), "{head}");
    assert!(head.contains("\r\nAuthorization: Bearer von mir\r\n"), "{head}");
    assert!(head.contains("\r\n9-$(touch never)-Token: t\r\n"), "{head}");
    for added in ["user-agent", "accept", "content-type"] {
        assert!(!head.to_lowercase().contains(added), "{head}");
    }
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left, [folder.join(name)], "something ran");

    // What a command line cannot say is said.
    let raw = b"GET / HTTP/1.1\r\nX-Boese: a\0b\r\n\r\n";
    let told = explained(&plan, &format!("http://{host}/"), raw, None);
    assert!(told.text.contains("ohne das Feld X-Boese"), "{}", told.text);
    let told = explained(&plan, &format!("http://{host}/"), b"", None);
    assert!(told.text.contains("Nicht gesendet"), "{}", told.text);
    let told = explained(&plan, &format!("http://{host}/"), b"POST / HTT", None);
    assert!(told.text.contains("Nicht zu wiederholen"), "{}", told.text);
}

#[test]
fn json_of_the_run_stays_what_it_was() {
    let sandbox = Sandbox::new();
    let out = run(&sandbox);
    let before = json(&out.join("verdict.json"));
    pruefstand(args!["explain", &out, CASE, "--save", sandbox.path("b")]).exits(0);
    assert_eq!(json(&out.join("verdict.json")), before);
}
