//! What is done to a target besides sending it messages: commands, calls, people.

use std::sync::{Arc, Mutex};

use pruefstand::target::{Doing, DoingError, Person, Said, Surroundings, Target};

use crate::support::{Sandbox, program, tool};
use crate::support_target::{Server, block_on, hub, is_gone};

fn target(sandbox: &Sandbox, url: &str) -> Target {
    hub(sandbox, url, "[limits]\nanswer_ms = 3000\n")
}

fn around(sandbox: &Sandbox) -> Surroundings {
    Surroundings { export: sandbox.path("export.toml"), hub: "http://127.0.0.1:9".into() }
}

fn command(parts: &[&str], within_ms: u32) -> Doing {
    Doing::Command { command: parts.iter().map(|p| (*p).to_owned()).collect(), within_ms }
}

fn call(method: &str, url: &str, body: &str) -> Doing {
    Doing::Call {
        method: method.into(),
        url: url.into(),
        content_type: "application/json".into(),
        body: body.into(),
    }
}

#[test]
fn a_command_gets_whole_values_and_its_output_is_kept() {
    let sandbox = Sandbox::new();
    let target = target(&sandbox, "http://127.0.0.1:9/");
    let vorgang = "PS-1; echo \"{url}\" $(id)".to_owned();
    let doing = command(&["printf", "%s|", "{url}/x", "{vorgang}", "{unbekannt}"], 5_000);
    let more = [("vorgang", vorgang.clone())];
    block_on(target.perform(&doing, &around(&sandbox), &more)).unwrap();
    let log = std::fs::read_to_string(sandbox.path("target.log")).unwrap();
    assert_eq!(log, format!("http://127.0.0.1:9/x|{vorgang}|{{unbekannt}}|"));
}

#[test]
fn a_command_that_fails_says_how() {
    let sandbox = Sandbox::new();
    let target = target(&sandbox, "http://127.0.0.1:9").guarded_by(std::path::Path::new(program()));
    let reason = |doing: &Doing| match block_on(target.perform(doing, &around(&sandbox), &[])) {
        Err(DoingError::Command { reason, log, .. }) => {
            assert!(log.ends_with("target.log"));
            reason
        }
        other => panic!("{other:?}"),
    };
    assert!(reason(&command(&["sh", "-c", "exit 3"], 5_000)).contains('3'));
    assert!(reason(&command(&["gibt-es-nicht"], 5_000)).contains("No such file"));
    assert!(reason(&command(&[], 5_000)).contains("empty"));
    let slow = command(&["sh", "-c", "echo $$ > \"$0\"; sleep 600 & wait", "{state}.pid"], 400);
    assert!(reason(&slow).contains("within 400ms"));
    let pid = std::fs::read_to_string(sandbox.path("zustand-0.pid")).unwrap();
    assert!(is_gone(pid.trim()));
}

/// Leaves something running that is hard to end: it ignores signals, and where it is `far` it forks
/// twice into a session of its own with an empty environment.
fn leaving(file: &std::path::Path, far: bool, waits: bool) -> Doing {
    let child = "trap '' TERM HUP INT; echo $$ > \"$0.new\"; mv \"$0.new\" \"$0\"; exec sleep 600";
    let start = match far {
        true => "(env -i PATH=\"$PATH\" setsid sh -c \"$1\" \"$0\" &) &",
        false => "sh -c \"$1\" \"$0\" &",
    };
    let wait = if waits { "sleep 600" } else { "while [ ! -e \"$0\" ]; do sleep 0.01; done" };
    let script = format!("{start} {wait}");
    command(&["sh", "-c", &script, file.to_str().unwrap(), child], 60_000)
}

fn left_running(end: &str, guarded: bool) {
    let sandbox = Sandbox::new();
    let mut target = target(&sandbox, "http://127.0.0.1:9");
    if guarded {
        target = target.guarded_by(std::path::Path::new(program()));
    }
    let file = sandbox.path("pid");
    let doing = leaving(&file, guarded, end == "broken off");
    let pid = || std::fs::read_to_string(&file).unwrap_or_default().trim().to_owned();
    block_on(async {
        let around = around(&sandbox);
        let work = target.perform(&doing, &around, &[]);
        if end == "broken off" {
            let there = async {
                while pid().is_empty() {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            };
            tokio::select! { done = work => panic!("{done:?}"), () = there => {} }
        } else {
            work.await.unwrap();
            assert!(std::path::Path::new(&format!("/proc/{}", pid())).exists(), "it lives");
        }
        if end == "stop" {
            target.stop().await;
            assert!(!std::path::Path::new(&format!("/proc/{}", pid())).exists(), "at once");
        }
    });
    drop(target);
    assert!(is_gone(&pid()), "{end}");
}

#[test]
fn what_a_command_leaves_running_ends_with_the_target() {
    if tool("setsid") {
        for end in ["stop", "drop", "broken off"] {
            left_running(end, true);
        }
    }
}

#[test]
fn without_a_guard_its_group_ends_with_the_target() {
    for end in ["drop", "broken off"] {
        left_running(end, false);
    }
}

#[test]
fn a_guard_ends_everything_when_the_harness_is_killed() {
    if !tool("setsid") {
        return;
    }
    let sandbox = Sandbox::new();
    let file = sandbox.path("pid");
    let Doing::Command { command, .. } = leaving(&file, true, true) else { unreachable!() };
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut guard = std::process::Command::new(program())
        .args(["target-guard", "--"])
        .args(command)
        .stdin(std::os::fd::OwnedFd::from(theirs))
        .spawn()
        .unwrap();
    let there = || std::fs::read_to_string(&file).is_ok();
    assert!((0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        there()
    }));
    drop(ours);
    assert!(guard.wait().unwrap().success());
    assert!(is_gone(std::fs::read_to_string(&file).unwrap().trim()));
}

#[test]
fn a_call_is_made_below_the_address_and_wants_2xx() {
    let sandbox = Sandbox::new();
    let sheet = sandbox.write("blatt.json", "{\"name\": \"Möwe\"}");
    let server = Server::always("201 Created", "text/plain", "ok");
    let url = server.url.clone();
    let target = target(&sandbox, &url);
    let more = [("vorgang", "PS/1 \"ä\"".to_owned()), ("datenblatt", sheet.display().to_string())];
    let perform = |doing: &Doing| block_on(target.perform(doing, &around(&sandbox), &more));
    let done = perform(&call("put", "/akte?v={vorgang}", "{\"v\": \"{vorgang}\"}")).unwrap();
    let called = done.call.unwrap();
    assert_eq!(called.exchange.status, 201);
    assert_eq!(called.url, format!("{url}/akte?v=PS%2F1%20%22%C3%A4%22"));
    let raw = String::from_utf8(called.exchange.raw_request).unwrap();
    assert!(raw.starts_with("PUT /akte?v=PS%2F1") && raw.ends_with("{\"v\": \"PS/1 \\\"ä\\\"\"}"));
    assert!(called.exchange.raw_answer.starts_with(b"HTTP/1.1 201"));
    perform(&call("POST", "{url}/blatt", "@{datenblatt}")).unwrap();
    assert!(server.seen.lock().unwrap()[1].text.ends_with("{\"name\": \"Möwe\"}"));

    let elsewhere = Server::always("200 OK", "text/plain", "ok");
    let status = format!("302 Found\r\nLocation: {}/anderswo", elsewhere.url);
    let redirecting = Server::always(&status, "text/plain", "dort");
    match perform(&call("POST", &redirecting.url, "")) {
        Err(DoingError::Refused { called, .. }) => {
            assert_eq!(called.exchange.status, 302);
            assert!(called.exchange.raw_answer.starts_with(b"HTTP/1.1 302"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(elsewhere.count(""), 0, "a redirect is an answer like any other");
    assert!(matches!(
        perform(&call("POST", "http://127.0.0.1:9", "")),
        Err(DoingError::Call { .. })
    ));
    std::fs::remove_file(&sheet).unwrap();
    assert!(matches!(perform(&call("POST", "/", "@{datenblatt}")), Err(DoingError::File { .. })));
}

#[test]
fn a_person_is_told_and_asked() {
    let sandbox = Sandbox::new();
    let doing = Doing::Person { instruction: "Bescheid zu {vorgang} erlassen".into() };
    let more = [("vorgang", "PS-7".to_owned())];
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = told.clone();
    let person = Person::new(move |text| {
        noted.lock().unwrap().push(text);
        Box::pin(std::future::ready(Said::Done))
    });
    let with = target(&sandbox, "http://127.0.0.1:9").with_person(person);
    let done = block_on(with.perform(&doing, &around(&sandbox), &more)).unwrap();
    assert_eq!(done.what, "person: Bescheid zu PS-7 erlassen");
    assert_eq!(*told.lock().unwrap(), ["Bescheid zu PS-7 erlassen"]);
    let nobody = target(&sandbox, "http://127.0.0.1:9");
    let error = block_on(nobody.perform(&doing, &around(&sandbox), &more)).unwrap_err();
    assert!(error.to_string().contains("no terminal"), "{error}");
}
