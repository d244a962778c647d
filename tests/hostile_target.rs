//! Targets that misbehave: each leaves evidence and the right verdict, and the run goes on.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use pruefstand::ids::CertificateKind;

use crate::args;
use crate::support::{Done, Sandbox, json, pruefstand, root};
use crate::support_target::{
    Asked, Server, TlsStream, answer, authority, hub_file, showing, tls_server,
};

/// The case that meets the misbehaviour, and the one after it.
const FIRST: &str = "syntax/anmeldung.einreichen/wurzel";
const SECOND: &str = "syntax/anmeldung.einreichen/namensraum";
/// Limits within which no test waits long.
const LIMITS: &str = "[limits]\nanswer_ms = 1000\nanswer_bytes = 2000000\nparallel = 1\n";

/// The plan with a Durchlaufzeit that fits to these limits.
fn plan(sandbox: &Sandbox) -> PathBuf {
    let text = std::fs::read_to_string(root().join("testplans/gewerbe/plan.toml")).unwrap();
    let text = text.replace("within_ms = 10000\n", "within_ms = 800\n");
    sandbox.write("plan.toml", &text)
}

/// A rejection as it should be.
fn rejection(code: &str) -> String {
    format!(
        "<Rueckweisung xmlns=\"urn:pruefstand:quittung:1\"><Transaktion>T-{code}</Transaktion><Grund>{code}</Grund><Text>Köln</Text></Rueckweisung>"
    )
}

fn good(code: &str) -> String {
    answer("422 Unprocessable Content", "application/xml", &rejection(code))
}

/// What a sound target answers; none for the message of the first case.
fn sound(asked: &Asked) -> Option<String> {
    if asked.path() == "/ready" {
        return Some(answer("200 OK", "application/json", "{}"));
    }
    if !asked.text.starts_with("POST") {
        return Some(answer("200 OK", "application/json", "[]"));
    }
    let first = asked.text.contains("PS-255B2F0E124D");
    (!first).then(|| good("V000"))
}

struct Ran {
    /// Holds the folder.
    _sandbox: Sandbox,
    done: Done,
    out: PathBuf,
    evidence: String,
}

impl Ran {
    fn verdict(&self, case: &str) -> serde_json::Value {
        let verdict = json(&self.out.join("verdict.json"));
        let cases = verdict["cases"].as_array().unwrap();
        cases.iter().find(|c| c["id"] == case).unwrap().clone()
    }

    /// The case is not passed, and says so with this finding or reason; the next one is as it should be.
    fn caught(self, why: &str, evidence: &[&str]) -> Self {
        let first = self.verdict(FIRST);
        assert!(first["verdict"] == "failed" || first["verdict"] == "inconclusive", "{first}");
        assert!(first.to_string().contains(why), "{why}: {first}");
        let second = self.verdict(SECOND);
        assert_eq!(second["verdict"], "passed", "{second}");
        assert!(self.done.code == 1 || self.done.code == 2, "{}", self.done.stderr);
        for part in evidence {
            assert!(self.evidence.contains(part), "{part}\n{}", self.evidence);
        }
        self
    }
}

fn run_at(sandbox: Sandbox, url: &str, more: &str) -> Ran {
    let target = sandbox.write("target.toml", &hub_file(url, more));
    let out = sandbox.path("run");
    let done = pruefstand(args![
        "run",
        "--plan",
        plan(&sandbox),
        "--target",
        &target,
        "--out",
        &out,
        "--case",
        FIRST,
        "--case",
        SECOND
    ]);
    let evidence = std::fs::read_to_string(out.join("evidence.jsonl"));
    let evidence = evidence.unwrap_or_else(|_| panic!("no evidence: {}", done.stderr));
    Ran { _sandbox: sandbox, done, out, evidence }
}

fn run(hostile: impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static) -> Ran {
    let server = Server::start(move |asked, stream| match sound(asked) {
        Some(text) => drop(stream.write_all(text.as_bytes())),
        None => hostile(asked, stream),
    });
    run_at(Sandbox::new(), &server.url, LIMITS)
}

fn says(text: String) -> impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static {
    move |_, stream| drop(stream.write_all(text.as_bytes()))
}

#[test]
fn a_sound_target_passes_these_cases() {
    let ran = run(says(format!("HTTP/1.1 103 Early Hints\r\n\r\n{}", good("X001"))));
    assert_eq!(ran.done.code, 0, "{}\n{}", ran.done.stdout, ran.verdict(FIRST));
}

#[test]
fn slow_and_silent_ones() {
    run(|_, stream| {
        for byte in good("X001").bytes() {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    })
    .caught("reply.", &["HTTP/1.1 422", "no answer within 1s; limits.answer_ms"]);
    run(|_, _| std::thread::sleep(Duration::from_secs(4)))
        .caught("reply.none", &["no answer within 1s"]);
}

#[test]
fn answers_that_are_two_or_half() {
    run(says(good("X001") + &good("X001"))).caught("reply.broken", &["belong to nothing"]);
    run(|_, stream| {
        let _ = stream.write_all(good("X001").as_bytes());
        let _ = stream.flush();
        std::thread::sleep(Duration::from_millis(10));
        let _ = stream.write_all(good("X001").as_bytes());
    })
    .caught("reply.broken", &["belong to nothing"]);
    // All of the rejection is there, and the answer is not whole.
    let short = good("X001").replace("Content-Length: 1", "Content-Length: 9");
    run(says(short)).caught("reply.broken", &["Grund>X001</Grund>", "\"failure\""]);
    run(|_, stream| drop(stream.shutdown(Shutdown::Both))).caught("reply.none", &["\"failure\""]);
}

#[test]
fn answers_that_say_something_else() {
    let of = |status: &str, kind: &str, body: &str| run(says(answer(status, kind, body)));
    of("200 OK", "application/xml", &rejection("X001")).caught("reply.status", &["X001"]);
    let fault = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><s:Fault/></s:Body></s:Envelope>";
    of("200 OK", "application/soap+xml", fault).caught("reply.not-rejected", &["s:Fault"]);
    of("200 OK", "application/json", "{\"error\": \"X001\"}")
        .caught("reply.not-rejected", &["error"]);
    of("200 OK", "text/html", "<html><body>X001</body></html>")
        .caught("reply.not-rejected", &["<html>"]);
    of("422 No", "application/xml; charset=utf-16", &rejection("X001"))
        .caught("reply.not-rejected", &[]);
    run(|_, stream| {
        let body: Vec<u8> = rejection("X001").chars().map(|c| c as u8).collect();
        let head = answer("422 No", "application/xml; charset=UTF-8", &"x".repeat(body.len()));
        let head = head.split_once("\r\n\r\n").unwrap().0;
        let _ = stream.write_all(&[head.as_bytes(), b"\r\n\r\n", &body].concat());
    })
    .caught("reply.not-rejected", &["\"base64\""]);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::always("422 No", "application/xml", &rejection("X001"));
    let status = format!("307 Temporary Redirect\r\nLocation: {}/portal", elsewhere.url);
    run(says(answer(&status, "text/plain", ""))).caught("reply.not-rejected", &["307 Temporary"]);
    assert_eq!(elsewhere.count(""), 0);
}

#[test]
fn a_gigabyte_is_not_read() {
    let written = Arc::new(AtomicUsize::new(0));
    let count = written.clone();
    let ran = run(move |_, stream| {
        let head = "HTTP/1.1 422 No\r\nContent-Length: 1073741824\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        let block = [b' '; 65_536];
        while stream.write_all(&block).is_ok() {
            count.fetch_add(block.len(), Ordering::SeqCst);
        }
    });
    let ran = ran.caught(
        "reply.broken",
        &["larger than 2000000 bytes (it announces 1073741824); limits.answer_bytes"],
    );
    // Besides what was read, only buffers of the system.
    assert!(written.load(Ordering::SeqCst) < 64 * 1024 * 1024);
    let sizes = std::fs::read_dir(ran.out.join("blobs")).unwrap();
    let sizes: Vec<u64> = sizes.map(|f| f.unwrap().metadata().unwrap().len()).collect();
    assert!(sizes.contains(&2_000_000), "what was read is kept: {sizes:?}");
}

#[test]
fn tls_that_breaks_halfway() {
    let authority = authority();
    for cut in [false, true] {
        let sandbox = Sandbox::new();
        sandbox.write("ca.pem", &authority.root_pem());
        let settings = showing(&authority, CertificateKind::Valid, false);
        let url = tls_server(settings, move |asked, stream: &mut TlsStream| {
            let Some(text) = sound(asked) else {
                // All of the rejection, and more is announced.
                let text = good("X001").replace("Content-Length: 1", "Content-Length: 9");
                let _ = stream.write_all(text.as_bytes());
                let _ = stream.flush();
                match cut {
                    true => drop(stream.sock.shutdown(Shutdown::Both)),
                    false => drop(stream.sock.write_all(b"this is no record of TLS")),
                }
                return;
            };
            let _ = stream.write_all(text.as_bytes());
        });
        let more = format!("{LIMITS}[credentials]\nauthorities = \"ca.pem\"\n");
        let ran = run_at(sandbox, &url, &more);
        if cut {
            let seen = ["TLS broke before the answer", "Grund>X001</Grund>"];
            ran.caught("reply.broken", &seen);
        } else {
            // What comes in one piece with a record that is none is not given out.
            ran.caught("reply.", &["TLS broke before the answer"]);
        }
    }
}

#[test]
fn a_target_that_dies_passes_nothing() {
    let dead = Arc::new(AtomicBool::new(false));
    let server = Server::start(move |asked, stream| {
        if dead.load(Ordering::SeqCst) {
            return;
        }
        match sound(asked) {
            Some(text) => drop(stream.write_all(text.as_bytes())),
            None => {
                dead.store(true, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 422 ");
            }
        }
    });
    let ran = run_at(Sandbox::new(), &server.url, LIMITS);
    assert_eq!(ran.done.code, 2, "{}", ran.done.stderr);
    for case in [FIRST, SECOND] {
        assert_eq!(ran.verdict(case)["verdict"], "inconclusive");
    }
    assert!(ran.evidence.contains("\"event\":\"lost\"") && ran.evidence.contains("HTTP/1.1 422 "));
}

/// A hub behind TLS that asks for a certificate and a token: the reference hub behind a door of ours.
#[test]
fn a_whole_run_over_tls_shows_no_secret() {
    const TOKEN: &str = "geheim-0123456789";
    let authority = authority();
    let sandbox = Sandbox::new();
    let own = pruefstand::channel::tls::Usage::Client;
    let own = authority.issue(CertificateKind::Valid, own, &["pruefstand".into()]).unwrap();
    sandbox.write("ca.pem", &authority.root_pem());
    sandbox.write("own.pem", &own.certificate_pem);
    let key = sandbox.write("own.key", &own.key_pem);
    let product = sandbox.write("product.bin", "das Produkt");
    let digest = pruefstand::ids::Digest::of(std::fs::read(&product).unwrap());
    let line = sandbox.path("hub.json");
    let behind = line.clone();
    let door =
        tls_server(showing(&authority, CertificateKind::Valid, true), move |asked, stream| {
            let knows = asked.text.contains(&format!("authorization: Bearer {TOKEN}\r\n"));
            if !knows {
                let _ = stream.write_all(answer("401 Unauthorized", "text/plain", "").as_bytes());
                return;
            }
            let hub = json(Path::new(&behind))["url"].as_str().unwrap().replace("http://", "");
            let mut hub = TcpStream::connect(hub).unwrap();
            hub.write_all(&asked.raw).unwrap();
            let mut back = Vec::new();
            let _ = std::io::Read::read_to_end(&mut hub, &mut back);
            let _ = stream.write_all(&back);
        });
    let organisation = pruefstand::organisation::TestOrganisation::embedded().unwrap();
    let base = organisation.folder.canonicalize().unwrap_or(organisation.folder);
    let script = "\"$1\" hub up --endpoints \"$2\" --state \"$3\" --base \"$4\" --format json | { read -r line; echo \"$line\" > \"$5\"; echo \"{\\\"url\\\": \\\"$6\\\"}\"; exec cat > /dev/null; }";
    let text = hub_file("http://127.0.0.1:9", "")
        .replace(
            "url = \"http://127.0.0.1:9\"\n",
            &format!("[[target.file]]\npath = \"product.bin\"\nsha256 = \"{digest}\"\n"),
        )
        .replace("[[target.file]]", "\n[[target.file]]");
    let door_name = &door;
    let endpoints = ["portal", "fachverfahren", "ready", "log"];
    let paths = ["/eingang/portal", "/eingang/fachverfahren", "/bereit", "/protokoll"];
    let text = endpoints.iter().zip(paths).fold(text, |text, (name, path)| {
        text.replace(&format!("{name} = \"/{name}\""), &format!("{name} = \"{path}\""))
    });
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let command: Vec<String> = [
        "sh",
        "-c",
        script,
        "sh",
        crate::support::program(),
        "{endpoints}",
        "{state}",
        base.to_str().unwrap(),
        line.to_str().unwrap(),
        door_name,
    ]
    .iter()
    .map(|part| quoted(part))
    .collect();
    let text = format!(
        "{text}[credentials]\ntoken_env = \"PRUEFSTAND_TEST_TOKEN\"\nauthorities = \"ca.pem\"\ncertificate = \"own.pem\"\nkey_env = \"PRUEFSTAND_TEST_KEY\"\n[start]\ncommand = [{}]\n",
        command.join(", ")
    );
    let target = sandbox.write("target.toml", &text);
    let out = sandbox.path("run");
    let plan = root().join("testplans/gewerbe/plan.toml");
    let case = "minimal/anmeldung.einreichen/attrappenburg";
    let run = |token: &str, out: &Path| {
        let output = std::process::Command::new(crate::support::program())
            .args(args!["run", "--plan", &plan, "--target", &target, "--out", out, "--case", case])
            .env("PRUEFSTAND_TEST_TOKEN", token)
            .env("PRUEFSTAND_TEST_KEY", &key)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    };
    let wrong = run("falsch-0123456789", &sandbox.path("wrong")).exits(65);
    assert!(wrong.stderr.contains("credentials are missing or wrong"), "{}", wrong.stderr);
    run(TOKEN, &out).exits(0);
    let manifest = json(&out.join("run.json"));
    assert_eq!(manifest["target"]["files"][0]["sha256"], digest.0.as_str());
    let mut all = std::fs::read_to_string(out.join("evidence.jsonl")).unwrap();
    assert!(all.contains("authorization: ***") && all.contains("is recorded as ***"));
    for name in ["run.json", "verdict.json", "report.html", "junit.xml", "inputs/target.toml"] {
        all += &std::fs::read_to_string(out.join(name)).unwrap();
    }
    assert!(!all.contains(TOKEN) && !all.contains("PRIVATE KEY-----\\nM"));
    assert!(all.contains("PRUEFSTAND_TEST_TOKEN"), "the name of the variable is no secret");
}
