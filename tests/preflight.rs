//! Faults of the configuration, all at once, before the first message.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use pruefstand::ambient::Clock;
use pruefstand::ids::{CertificateKind, Digest};
use pruefstand::organisation::TestOrganisation;
use pruefstand::run::{Looked, Preflight, PreflightFinding};
use pruefstand::target::{Surroundings, Target, TargetFile};

use crate::args;
use crate::support::{Sandbox, pruefstand, root};
use crate::support_target::{
    Server, TlsStream, answer, authority, block_on, hub_file, showing, tls_server,
};

/// What preflight finds without a plan.
fn look(sandbox: &Sandbox, text: &str) -> Looked {
    let path = sandbox.write("target.toml", text);
    let organisation = TestOrganisation::embedded().unwrap();
    let clock = Clock::system();
    let preflight = Preflight { plan: None, organisation: &organisation, clock: &clock };
    let mut target = Target::new(TargetFile::load(&path).unwrap(), &sandbox.path(""));
    block_on(preflight.look(&mut target, &Surroundings::default()))
}

fn has(findings: &[PreflightFinding], check: &str, problem: &str, help: &str) {
    let found = findings
        .iter()
        .any(|f| f.check == check && f.problem.contains(problem) && f.help.contains(help));
    assert!(found, "{check}: {problem}: {help}\n{findings:#?}");
}

#[test]
fn eight_faults_are_found_at_once() {
    let sandbox = Sandbox::new();
    let server = Server::always("200 OK", "application/json", "{}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    sandbox.write("product.bin", "another version");
    let name = "x".repeat(70);
    let text = hub_file(&server.url, "")
        .replace("\"/log\"", &format!("\"http://{name}/log\""))
        .replace("\"/fachverfahren\"", &format!("\"http://{closed}/f\""))
        .replace(
            "[endpoints]",
            &format!(
                "[[target.file]]\npath = \"absent.bin\"\nsha256 = \"{0}\"\n[[target.file]]\npath = \"product.bin\"\nsha256 = \"{0}\"\n[endpoints]",
                Digest::of("this version")
            ),
        )
        + "[credentials]\ntoken_env = \"PRUEFSTAND_NOT_SET\"\n[limits]\nanswer_ms = 10\nanswer_bytes = 100\n\
           [[prepare]]\nby = \"command\"\ncommand = [\"gibt-es-nicht\"]\n";
    let target = sandbox.write("target.toml", &text);
    // Another text of the organisation than the plan knows.
    let organisation = pruefstand::organisation::EMBEDDED.replacen(
        "[organisation]",
        "# anders\n[organisation]",
        1,
    );
    let organisation = sandbox.write("organisation.toml", &organisation);
    let plan = root().join("testplans/gewerbe/plan.toml");
    let done = pruefstand(args![
        "preflight",
        "--target",
        &target,
        "--plan",
        &plan,
        "--organisation",
        &organisation,
        "--format",
        "json"
    ])
    .exits(65);
    let findings: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let wanted = [
        ("plan and organisation", "another text", "derive the plan again"),
        ("limits of the target", "limits.answer_ms is 10", "raise limits.answer_ms"),
        ("limits of the target", "limits.answer_bytes is 100", "raise limits.answer_bytes"),
        ("files of the product", "absent.bin cannot be read", "target.file, number 1"),
        ("files of the product", "product.bin has the digest", "number 2"),
        ("programs", "gibt-es-nicht", "prepare, number 1"),
        ("credentials", "PRUEFSTAND_NOT_SET", "credentials.token_env"),
        ("names", "does not resolve", "host in the target file"),
        ("connection to the target", "nothing listens", "address in the target file"),
        ("answer of endpoints.ready", "could not be checked", "correct that first"),
    ];
    let list = findings.as_array().unwrap();
    let text = |f: &serde_json::Value, key: &str| f[key].as_str().unwrap_or_default().to_owned();
    for (check, problem, help) in wanted {
        let found = list.iter().any(|f| {
            text(f, "check") == check
                && text(f, "problem").contains(problem)
                && text(f, "help").contains(help)
        });
        assert!(found, "{check}: {problem}\n{}", done.stdout);
    }
    // Without its credentials nothing is asked.
    assert_eq!(server.count(""), 0);
    let out = sandbox.path("run");
    let done = pruefstand(args![
        "run",
        "--target",
        &target,
        "--plan",
        &plan,
        "--organisation",
        &organisation,
        "--out",
        &out
    ])
    .exits(65);
    for (check, problem, _) in wanted {
        assert!(done.stderr.contains(check) && done.stderr.contains(problem), "{}", done.stderr);
    }
    assert!(!out.join("evidence.jsonl").exists());
}

#[test]
fn answers_tell_of_more_and_nobody_else_is_spoken_to() {
    let sandbox = Sandbox::new();
    let elsewhere = Server::always("200 OK", "application/json", "[]");
    let other = elsewhere.url.clone();
    let server = Server::start(move |asked, stream| {
        let text = match asked.path() {
            "/ready" => answer(
                "200 OK\r\nDate: Tue, 01 Jan 2030 00:00:00 GMT",
                "application/json",
                &format!(
                    "{{\"behoerden\": [\"14999010\"], \"log\": \"{other}/log\", \"unerreichbar\": [\"dms-x\"]}}"
                ),
            ),
            "/log" => answer(
                "200 OK",
                "application/json",
                "{\"items\": [{\"zeit\": \"2030-01-01T00:00:00Z\", \"transaktion\": \"T\", \"name\": \"E\"}]}",
            ),
            "/portal" => answer(&format!("302 Found\r\nLocation: {other}/x"), "text/plain", ""),
            _ => answer("200 OK\r\nAllow: GET, HEAD", "text/plain", ""),
        };
        let _ = stream.write_all(text.as_bytes());
    });
    let text = hub_file(&server.url, "[log]\nentries = \"items\"\nereignis = \"name\"\n");
    let target = sandbox.write("target.toml", &text);
    let plan = root().join("testplans/gewerbe/plan.toml");
    let done = pruefstand(args!["preflight", "--target", &target, "--plan", &plan]).exits(65);
    for wanted in [
        "authorities of the target: the target does not know",
        "clock of the target: http",
        "its log has an entry of 2030-01-01",
        "it is answered with 302: a redirect, which is never followed",
        "it takes GET, HEAD, and no POST",
        "cannot reach dms-x",
    ] {
        assert!(done.stdout.contains(wanted), "{wanted}\n{}", done.stdout);
    }
    assert!(!done.stdout.contains("14999010"), "that one is known");
    assert_eq!(elsewhere.count(""), 0, "only addresses of the target file are spoken to");
    assert_eq!(server.count("POST"), 0, "no message is sent");
    assert_eq!(server.count("GET /ready") + server.count("GET /log"), 2);

    let wrong = text.replace("ereignis = \"name\"", "ereignis = \"event\"");
    let looked = look(&sandbox, &wrong);
    has(&looked.findings, "transaction log", "\"event\" (ereignis) fehlt", "[log]");
}

#[test]
fn statuses_say_what_to_change() {
    let sandbox = Sandbox::new();
    for (status, check, problem, help, lost) in [
        ("301 Moved\r\nLocation: /x", "paths", "redirect", "endpoints.ready", false),
        ("401 Unauthorized", "credentials", "missing or wrong", "[credentials]", false),
        ("403 Forbidden", "credentials", "missing or wrong", "[credentials]", false),
        ("404 Not Found", "paths", "nothing at this path", "endpoints.ready", false),
        ("405 Method Not Allowed", "paths", "other methods", "endpoints.ready", false),
        ("501 Not Implemented", "paths", "does not know", "endpoints.ready", false),
        ("503 Service Unavailable", "connection to the target", "not ready", "start it", true),
    ] {
        let server = Server::always(status, "text/plain", "");
        let looked = look(&sandbox, &hub_file(&server.url, ""));
        has(&looked.findings, check, problem, help);
        assert_eq!(looked.unreachable.is_some(), lost, "{status}");
    }
}

#[test]
fn a_start_that_fails_is_told_with_the_rest() {
    let sandbox = Sandbox::new();
    let text = hub_file(
        "http://127.0.0.1:9",
        "[credentials]\ntoken_env = \"PRUEFSTAND_NOT_SET\"\n[start]\ncommand = [\"sh\", \"-c\", \"exit 7\"]\n",
    );
    let looked = look(&sandbox, &text);
    has(&looked.findings, "start of the target", "7", "start.command");
    has(&looked.findings, "credentials", "PRUEFSTAND_NOT_SET", "");
    has(&looked.findings, "clock of the target", "did not start", "");
    assert!(looked.unreachable.is_some());
}

#[test]
fn where_a_component_stands_must_be_in_the_organisation() {
    let sandbox = Sandbox::new();
    let server = Server::always("200 OK", "text/plain", "");
    let of = |system: &str| {
        let text = format!(
            "format = \"pruefstand/target/1\"\n[target]\nkind = \"dms\"\nvendor = \"B\"\nproduct = \"P\"\nversion = \"1\"\nurl = \"{}\"\n[interface]\nsystem = \"{system}\"\n",
            server.url
        );
        look(&sandbox, &text).findings
    };
    has(
        &of("dms-nirgendwo"),
        "place of the target",
        "no system \"dms-nirgendwo\"",
        "dms-attrappenburg",
    );
    has(
        &of("fv-attrappenburg"),
        "place of the target",
        "Fachverfahren, the target is Dms",
        "interface.system",
    );
    assert_eq!(of("dms-attrappenburg"), []);
}

/// Answers whatever comes with an error, as servers do that were spoken to in TLS.
struct Plain {
    url: String,
}

impl Plain {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer("400 Bad Request", "text/plain", "no").as_bytes());
            }
        });
        Self { url }
    }
}

#[test]
fn each_fault_of_tls_has_its_reason() {
    let authority = authority();
    let sandbox = Sandbox::new();
    sandbox.write("ca.pem", &authority.root_pem());
    sandbox.write("crl.pem", &authority.withdrawn().unwrap().1);
    let of = |url: &str, more: &str| {
        let text = hub_file(
            url,
            &format!("[credentials]\nauthorities = \"ca.pem\"\nwithdrawn = \"crl.pem\"\n{more}"),
        );
        look(&sandbox, &text).findings
    };
    let ok = |_: &_, stream: &mut TlsStream| {
        let _ = stream.write_all(answer("200 OK", "application/json", "[]").as_bytes());
    };
    for (kind, problem) in [
        (CertificateKind::Expired, "has expired"),
        (CertificateKind::NotYetValid, "not yet valid"),
        (CertificateKind::Foreign, "authority that is not trusted"),
        (CertificateKind::SelfSigned, "authority that is not trusted"),
        (CertificateKind::WrongName, "for another name"),
        (CertificateKind::Revoked, "was revoked"),
    ] {
        let findings = of(&tls_server(showing(&authority, kind, false), ok), "");
        has(&findings, "TLS", problem, "");
        assert_eq!(findings.iter().filter(|f| f.check == "TLS").count(), 1, "{kind:?}");
        has(&findings, "clock of the target", "could not be checked", "");
    }
    let good = tls_server(showing(&authority, CertificateKind::Valid, false), ok);
    assert_eq!(of(&good, ""), [], "nothing is wrong with this one");
    has(&of(&good.replace("https", "http"), ""), "TLS", "speaks TLS only", "https://");
    let plain = Plain::start();
    has(&of(&plain.url.replace("http", "https"), ""), "TLS", "does not speak TLS", "http://");
    let asking = tls_server(showing(&authority, CertificateKind::Valid, true), ok);
    has(&of(&asking, ""), "TLS", "asks for a certificate of ours", "certificate and key_env");
    // Authorities of the machine know nothing of this one.
    let findings = look(&sandbox, &hub_file(&good, "")).findings;
    assert!(findings.iter().any(|f| f.check == "TLS" || f.check == "credentials"), "{findings:?}");
    let early =
        of("https://127.0.0.1:1", "certificate = \"own.pem\"\nkey_env = \"PRUEFSTAND_NOT_SET\"\n");
    has(&early, "credentials", "own.pem cannot be read", "credentials.certificate");
    has(&early, "connection to the target", "nothing listens", "");
}

#[test]
fn what_is_prepared_stands_in_the_evidence_and_what_fails_ends_the_run_before_it() {
    let sandbox = Sandbox::new();
    let prepared = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now = prepared.clone();
    let server = Server::start(move |asked, stream| {
        use std::sync::atomic::Ordering::SeqCst;
        let text = match asked.path() {
            "/configure" => {
                now.store(
                    asked.text.contains("\"endpoints\": \"") && asked.text.contains("export.toml"),
                    SeqCst,
                );
                answer("204 No Content", "text/plain", "")
            }
            // It knows its authorities only once it was told.
            "/ready" if now.load(SeqCst) => answer("200 OK", "application/json", "{}"),
            "/ready" => answer("200 OK", "application/json", "{\"behoerden\": []}"),
            "/log" => answer("200 OK", "application/json", "[]"),
            _ => answer("500 Oh", "text/plain", ""),
        };
        let _ = stream.write_all(text.as_bytes());
    });
    let plan = root().join("testplans/gewerbe/plan.toml");
    let run = |name: &str, more: &str| {
        let target = sandbox.write("target.toml", &hub_file(&server.url, more));
        let out = sandbox.path(name);
        let case = "syntax/anmeldung.einreichen/wurzel";
        (
            pruefstand(args![
                "run", "--plan", &plan, "--target", &target, "--out", &out, "--case", case
            ]),
            out,
        )
    };
    let call = "[[prepare]]\nby = \"call\"\nurl = \"/configure\"\nbody = '{\"endpoints\": \"{endpoints}\"}'\n";
    let command =
        "[[prepare]]\nby = \"command\"\ncommand = [\"sh\", \"-c\", \"echo vorbereitet\"]\n";
    let (done, out) = run("good", &format!("{call}{command}"));
    done.exits(1);
    let evidence = std::fs::read_to_string(out.join("evidence.jsonl")).unwrap();
    assert_eq!(evidence.matches("\"event\":\"prepared\"").count(), 2, "{evidence}");
    assert!(evidence.contains("prepare-1: call POST") && evidence.contains("prepare-2: command"));
    assert!(evidence.contains("\"step\":\"prepare-1\"") && evidence.contains("HTTP/1.1 204"));
    assert!(std::fs::read_to_string(out.join("target.log")).unwrap().contains("vorbereitet"));

    let posts = server.count("POST /portal");
    for (more, reason) in [
        ("[[prepare]]\nby = \"command\"\ncommand = [\"false\"]\n", "exit status: 1"),
        ("[[prepare]]\nby = \"call\"\nurl = \"/portal\"\nmethod = \"PUT\"\n", "answered with 500"),
        ("[[prepare]]\nby = \"person\"\ninstruction = \"Mandant anlegen\"\n", "no terminal"),
    ] {
        let (done, out) = run("bad", more);
        let done = done.exits(69);
        assert!(
            done.stderr.contains("could not be prepared") && done.stderr.contains(reason),
            "{}",
            done.stderr
        );
        assert!(!out.join("evidence.jsonl").exists());
    }
    assert_eq!(server.count("POST /portal"), posts, "no message was sent");
}
