//! The main job, end to end.

use std::path::Path;

use crate::args;
use crate::support::{Sandbox, copy, json, pruefstand, root, tool};

fn change_one_byte(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} does not hold {from}", path.display());
    assert_eq!(from.len(), to.len());
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn from_a_systemkonzept_to_a_signed_certificate() {
    let sandbox = Sandbox::new();
    let run = sandbox.path("run");
    let done = pruefstand(args!["demo", "--out", &run, "--format", "json"]).exits(0);
    let verdict: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(verdict["overall"], "passed");
    assert_eq!(verdict["admission"], "admitted");
    let cases = verdict["cases"].as_array().unwrap();
    assert!(cases.len() > 500, "{} cases", cases.len());
    assert!(cases.iter().all(|c| c["verdict"] == "passed"));
    assert!(verdict["canaries"].as_array().unwrap().iter().all(|c| c["alive"] == true));
    for name in
        ["run.json", "plan.toml", "evidence.jsonl", "verdict.json", "junit.xml", "report.html"]
    {
        assert!(run.join(name).is_file(), "{name}");
    }
    assert!(run.join("inputs/depot/gewerbe/rules/fachverfahren-b.xsl").is_file());

    judged_again_from_the_folder_alone(&sandbox, &run);
    certificate_holds_and_breaks(&sandbox, &run);
    junit_is_read_by_others(&run);
}

fn judged_again_from_the_folder_alone(sandbox: &Sandbox, run: &Path) {
    let elsewhere = sandbox.path("elsewhere");
    copy(run, &elsewhere);
    std::fs::remove_file(elsewhere.join("verdict.json")).unwrap();
    pruefstand(args!["judge", &elsewhere]).exits(0);
    assert_eq!(json(&elsewhere.join("verdict.json")), json(&run.join("verdict.json")));
    let case = "maximal/anmeldung.einreichen/pruefstedt";
    let told = pruefstand(args!["explain", &elsewhere, case]).exits(0).stdout;
    assert!(told.contains("POST /import HTTP/1.1"), "{told}");
    let wrong = pruefstand(args!["explain", &elsewhere, "maximal/anmeldung.einreichen/pruefsted"]);
    assert!(wrong.exits(64).stderr.contains("did you mean"));
    pruefstand(args!["report", &elsewhere, "--lang", "en", "--to", "html"]).exits(0);
    let page = std::fs::read_to_string(elsewhere.join("report.html")).unwrap();
    assert!(page.contains("<html lang=\"en\">") && page.contains("Test report"));
}

fn certificate_holds_and_breaks(sandbox: &Sandbox, run: &Path) {
    let verify = |folder: &Path| {
        pruefstand(args![
            "verify",
            folder.join("certificate.dsse.json"),
            "--trust",
            folder.join("trust.pem"),
            "--run",
            folder
        ])
    };
    verify(run).exits(0);
    let damages: [(&str, &str, &str); 5] = [
        ("evidence.jsonl", "empfangen", "Empfangen"),
        ("plan.toml", "Gewerbe anmelden", "Gewerbe Anmelden"),
        ("inputs/organisation.toml", "Probeland", "Probelamd"),
        ("inputs/depot/gewerbe/rules/schluessel.xml", "GMBH", "GMBX"),
        ("run.json", "Referenz", "referenz"),
    ];
    for (number, (file, from, to)) in damages.iter().enumerate() {
        let copied = sandbox.path(&format!("damaged-{number}"));
        copy(run, &copied);
        let path = copied.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        // A letter from the middle of the file, where the word does not stand in it.
        let plain = |at: &usize| text.as_bytes()[*at].is_ascii_alphanumeric();
        let middle = (text.len() / 2..text.len()).find(plain).unwrap();
        let from = if text.contains(from) { *from } else { &text[middle..=middle] };
        let to = if from.len() == to.len() { *to } else { "~" };
        change_one_byte(&path, from, to);
        let done = verify(&copied).exits(77);
        assert!(!done.stderr.trim().is_empty(), "{file}");
    }
    let copied = sandbox.path("damaged-certificate");
    copy(run, &copied);
    let path = copied.join("certificate.dsse.json");
    let certificate = json(&path);
    let payload = certificate["payload"].as_str().unwrap();
    let other = if payload.as_bytes()[40] == b'A' { "B" } else { "A" };
    let mut changed = payload.to_owned();
    changed.replace_range(40..41, other);
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap().replace(payload, &changed))
        .unwrap();
    verify(&copied).exits(77);
    // A key of openssl, and a certificate that it can check.
    if tool("openssl") {
        openssl_agrees(sandbox, run);
    }
}

fn openssl_agrees(sandbox: &Sandbox, run: &Path) {
    use base64::Engine as _;
    let openssl = |args: &[&str]| {
        let done = std::process::Command::new("openssl").args(args).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let key = sandbox.path("key.pem");
    let public = sandbox.path("public.pem");
    let (k, p) = (key.to_str().unwrap(), public.to_str().unwrap());
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", k]);
    openssl(&["pkey", "-in", k, "-pubout", "-out", p]);
    let file = sandbox.path("own.json");
    pruefstand(args!["certify", run, "--key", &key, "--out", &file]).exits(0);
    pruefstand(args!["verify", &file, "--trust", &public, "--run", run]).exits(0);
    pruefstand(args!["verify", &file, "--trust", run.join("trust.pem")]).exits(77);
    pruefstand(args!["certify", run, "--key", &public, "--out", &file]).exits(77);
    let certificate = json(&file);
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let payload = decode(certificate["payload"].as_str().unwrap());
    let kind = certificate["payloadType"].as_str().unwrap();
    let mut signed = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    signed.extend_from_slice(&payload);
    let message = sandbox.path("message");
    let signature = sandbox.path("signature");
    std::fs::write(&message, signed).unwrap();
    std::fs::write(&signature, decode(certificate["signatures"][0]["sig"].as_str().unwrap()))
        .unwrap();
    openssl(&[
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        p,
        "-rawin",
        "-in",
        message.to_str().unwrap(),
        "-sigfile",
        signature.to_str().unwrap(),
    ]);
}

fn junit_is_read_by_others(run: &Path) {
    let text = std::fs::read_to_string(run.join("junit.xml")).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for case in document.descendants().filter(|n| n.has_tag_name("testcase")) {
        let name = (case.attribute("classname").unwrap(), case.attribute("name").unwrap());
        assert!(names.insert(name), "{name:?} twice");
    }
    assert!(names.len() > 500);
}

#[test]
fn a_run_by_files_is_the_same_and_a_filtered_one_gets_no_certificate() {
    let sandbox = Sandbox::new();
    let plan = root().join("testplans/gewerbe/plan.toml");
    let out = sandbox.path("run");
    let base =
        args!["run", "--plan", &plan, "--out", &out, "--technique", "decision-table-testing"];
    let done = pruefstand(base).exits(0);
    assert!(done.stderr.contains("Testfälle"), "plain lines where there is no terminal");
    let verdict = json(&out.join("verdict.json"));
    let decided =
        |v: &str| verdict["cases"].as_array().unwrap().iter().filter(|c| c["verdict"] == v).count();
    let planned = pruefstand::plan::load(&plan).unwrap();
    let chosen = planned
        .case
        .iter()
        .filter(|c| c.technique == pruefstand::plan::Technique::DecisionTableTesting)
        .count();
    assert!(chosen > 16, "routing and rules");
    assert_eq!(decided("passed"), chosen);
    assert!(decided("not_tested") > 500);
    let (private, _) = pruefstand::certificate::generate().unwrap();
    let key = sandbox.write("key.pem", private.reveal());
    let refused =
        pruefstand(args!["certify", &out, "--key", &key, "--out", sandbox.path("c.json")]);
    assert!(refused.exits(1).stderr.contains("only some cases were chosen"));
    let again = pruefstand(args!["run", "--plan", &plan, "--out", &out]).exits(73);
    assert!(again.stderr.contains("holds evidence.jsonl already"), "{}", again.stderr);
    let none = pruefstand(args![
        "run",
        "--plan",
        &plan,
        "--out",
        sandbox.path("x"),
        "--case",
        "gibt/es/nicht"
    ]);
    none.exits(64);
}

#[test]
fn interrupting_keeps_the_evidence() {
    let sandbox = Sandbox::new();
    let out = sandbox.path("run");
    let mut child = std::process::Command::new(crate::support::program())
        .args(args!["demo", "--out", &out, "--defect", "no-confirmation"])
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Until it has sent something.
    let evidence = out.join("evidence.jsonl");
    for _ in 0..600 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        if std::fs::read_to_string(&evidence).is_ok_and(|t| t.contains("\"step\":\"antrag\"")) {
            break;
        }
    }
    let signalled =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signalled.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let read = pruefstand::evidence::Evidence::read(&out).unwrap();
    assert_eq!(read.interrupted(), Some(true));
    // Nothing that is only missing because of the end counts as failed.
    let judged = pruefstand(args!["judge", &out]);
    assert_eq!(judged.code, 2, "{}{}", judged.stdout, judged.stderr);
}
