//! A target that is not there, or goes away.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use crate::args;
use crate::support::{Sandbox, derive, json, pruefstand, root};
use crate::support_target::hub_file;

fn target(sandbox: &Sandbox, url: &str) -> PathBuf {
    sandbox.write("target.toml", &hub_file(url, ""))
}

#[test]
fn unreachable_before_the_first_message_is_69() {
    let sandbox = Sandbox::new();
    // Bound and closed again: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let target = target(&sandbox, &format!("http://127.0.0.1:{port}"));
    let plan = root().join("testplans/gewerbe/plan.toml");
    let out = sandbox.path("run");
    let done =
        pruefstand(args!["run", "--plan", &plan, "--target", &target, "--out", &out]).exits(69);
    assert!(done.stderr.contains("does not answer"), "{}", done.stderr);
    assert!(!out.join("verdict.json").exists());
    pruefstand(args!["preflight", "--target", &target, "--plan", &plan]).exits(69);
}

/// Answers some requests, then is gone.
fn short_lived(answers: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut posts = 0;
        while posts < answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut seen = Vec::new();
            let mut buffer = [0; 4096];
            while !complete(&seen) {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(n) => seen.extend_from_slice(&buffer[..n]),
                }
            }
            let post = seen.starts_with(b"POST");
            posts += usize::from(post);
            let body = if post {
                "<Quittung xmlns='urn:pruefstand:quittung:1'><Transaktion>T</Transaktion><Vorgangsnummer/></Quittung>"
            } else {
                "{}"
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

fn complete(seen: &[u8]) -> bool {
    let text = String::from_utf8_lossy(seen);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned))
        .and_then(|v| v.trim().parse::<usize>().ok())
        .unwrap_or(0);
    body.len() >= length
}

#[test]
fn lost_after_the_first_message_is_2() {
    let sandbox = Sandbox::new();
    let target = target(&sandbox, &short_lived(1));
    let plan = root().join("testplans/gewerbe/plan.toml");
    let out = sandbox.path("run");
    let done = pruefstand(args![
        "run",
        "--plan",
        &plan,
        "--target",
        &target,
        "--out",
        &out,
        "--jobs",
        "1",
        "--requirement",
        "GEW-021"
    ])
    .exits(2);
    assert!(done.stdout.contains("nicht durchführbar"), "{}", done.stdout);
    let verdict = json(&out.join("verdict.json"));
    assert_eq!(verdict["overall"], "inconclusive");
    let evidence = std::fs::read_to_string(out.join("evidence.jsonl")).unwrap();
    assert!(evidence.contains("\"event\":\"lost\""));
}

#[test]
fn a_target_that_answers_but_does_nothing_fails() {
    let sandbox = Sandbox::new();
    let target = target(&sandbox, &short_lived(1000));
    let plan = root().join("testplans/gewerbe/plan.toml");
    let out = sandbox.path("run");
    let case = "syntax/anmeldung.einreichen/wurzel";
    pruefstand(args!["run", "--plan", &plan, "--target", &target, "--out", &out, "--case", case])
        .exits(1);
    let verdict = json(&out.join("verdict.json"));
    let found =
        verdict["cases"].as_array().unwrap().iter().find(|c| c["id"] == case).unwrap()["findings"]
            [0]["id"]
            .clone();
    assert_eq!(found, "reply.not-rejected");
}

#[test]
fn a_taken_port_and_an_unwritable_folder_are_found_first() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = pruefstand::organisation::EMBEDDED.replacen(
        "fake = \"antragsportal\"\n",
        &format!("fake = \"antragsportal\"\nlisten = \"{address}\"\n"),
        1,
    );
    let organisation = sandbox.write("organisation.toml", &text);
    let plan = sandbox.path("plan.toml");
    let concept = root().join("testplans/gewerbe/concept.toml");
    derive(&concept, &organisation, &plan);
    let run = |out: &str| {
        pruefstand(args!["run", "--plan", &plan, "--organisation", &organisation, "--out", out])
    };
    let done = run(sandbox.path("run").to_str().unwrap()).exits(69);
    assert!(done.stderr.contains(&address) && done.stderr.contains("portal"), "{}", done.stderr);
    run("/proc/nicht/schreibbar").exits(73);
    let key = sandbox.path("kein-schluessel.pem");
    pruefstand(args!["certify", sandbox.path("run"), "--key", &key, "--out", "/dev/null"])
        .exits(77);
}

#[test]
fn a_failed_start_touches_nothing_of_the_users() {
    let sandbox = Sandbox::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let target = target(&sandbox, &format!("http://127.0.0.1:{port}"));
    let plan = sandbox.path("project/plan.toml");
    std::fs::create_dir_all(sandbox.path("project/inputs")).unwrap();
    std::fs::copy(root().join("testplans/gewerbe/plan.toml"), &plan).unwrap();
    let mine = sandbox.write("project/inputs/notes.txt", "mine");
    let out = sandbox.path("project");
    let run = |out: &std::path::Path| {
        pruefstand(args!["run", "--plan", &plan, "--target", &target, "--out", out])
    };
    let done = run(&out).exits(73);
    assert!(done.stderr.contains("nothing in it is touched"), "{}", done.stderr);
    assert!(plan.is_file() && mine.is_file());
    // A folder of its own is left as it was found, and serves the next attempt.
    let own = sandbox.path("run");
    run(&own).exits(69);
    run(&own).exits(69);
    assert!(!own.join("evidence.jsonl").exists());
}
