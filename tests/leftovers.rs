//! Nothing that was started for a target outlives the run, however the run ends.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::args;
use crate::support::{Sandbox, program, root, tool};
use crate::support_target::{Server, answer, hub_file, is_gone};

/// Starts a target that does not want to go: it ignores signals, and so does what it leaves behind in a
/// session of its own, holding its output open.
fn stubborn(sandbox: &Sandbox, url: &str) -> std::path::PathBuf {
    let child = "trap '' TERM HUP INT; echo $$ > \"$0.new\"; mv \"$0.new\" \"$0\"; exec sleep 600";
    let script = format!(
        "trap '' TERM HUP INT; (setsid sh -c \"$1\" \"$0\" &); while [ ! -e \"$0\" ]; do sleep 0.01; done; echo $$ > \"$0.main\"; echo '{{\"url\": \"{url}\"}}'; while :; do sleep 1; done"
    );
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let pid = sandbox.path("pid");
    let command = ["sh", "-c", &script, pid.to_str().unwrap(), child].map(quoted).join(", ");
    sandbox.write("target.toml", &hub_file(url, &format!("[start]\ncommand = [{command}]\n")))
}

/// Waits, bounded.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..1_500 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what}");
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(id, signal).unwrap();
}

#[test]
fn a_run_that_is_broken_off_leaves_nothing_running() {
    if !tool("setsid") {
        return;
    }
    for (how, code) in [(Signal::TERM, Some(143)), (Signal::INT, Some(130)), (Signal::KILL, None)] {
        let sandbox = Sandbox::new();
        // It is ready, and never answers a message.
        let server = Server::start(|asked, stream| {
            if asked.text.starts_with("POST") {
                std::thread::sleep(Duration::from_secs(60));
            }
            let _ = stream.write_all(answer("200 OK", "application/json", "{}").as_bytes());
        });
        let target = stubborn(&sandbox, &server.url);
        let out = sandbox.path("run");
        let plan = root().join("testplans/gewerbe/plan.toml");
        let case = "syntax/anmeldung.einreichen/wurzel";
        let mut child = Command::new(program())
            .args(args!["run", "--plan", &plan, "--target", &target, "--out", &out, "--case", case])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("a message is sent", || server.count("POST") == 1);
        signal(&child, how);
        assert_eq!(child.wait().unwrap().code(), code);
        for name in ["pid", "pid.main"] {
            let pid = std::fs::read_to_string(sandbox.path(name)).unwrap();
            assert!(is_gone(pid.trim()), "{name} after {how:?}");
        }
        assert_eq!(out.join("verdict.json").is_file(), code.is_some(), "evidence is judged");
    }
}
