//! What only people can do or judge: data sheets, attestations.

use std::path::PathBuf;
use std::process::Command;

use crate::args;
use crate::support::{Done, Sandbox, json, program, pruefstand, root};

const CASE: &str = "manual/GEW-099";

/// A run with one case by machine and one that waits for a person.
fn run(sandbox: &Sandbox) -> PathBuf {
    let concept = std::fs::read_to_string(root().join("testplans/gewerbe/concept.toml")).unwrap();
    let more = "\n[[requirement]]\nid = \"GEW-099\"\nlevel = \"muss\"\n\
                title = \"Der Betreiber hat ein Notfallhandbuch.\"\n\
                component = \"integrationsserver\"\naspects = [\"manual\"]\n";
    let concept = sandbox.write("concept.toml", &(concept + more));
    let (plan, out) = (sandbox.path("plan.toml"), sandbox.path("run"));
    pruefstand(args!["plan", "derive", "--concept", &concept, "-o", &plan]).exits(0);
    let machine = "minimal/anmeldung.einreichen/attrappenburg";
    pruefstand(args!["run", "--plan", &plan, "--out", &out, "--case", CASE, "--case", machine])
        .exits(2);
    out
}

fn attest(sandbox: &Sandbox, case: &str, verdict: &str, note: &str) -> Done {
    let note = sandbox.write("anmerkung.txt", note);
    let output = Command::new(program())
        .args(args!["attest", sandbox.path("run"), "--case", case, "--verdict", verdict])
        .args(args!["--by", "L. Prüfer", "--note", &note])
        .env("XDG_CONFIG_HOME", sandbox.path("eigenes"))
        .output()
        .unwrap();
    Done {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn verdict_of(out: &std::path::Path) -> serde_json::Value {
    let verdict = json(&out.join("verdict.json"));
    let cases = verdict["cases"].as_array().unwrap();
    cases.iter().find(|c| c["id"] == CASE).unwrap().clone()
}

#[test]
fn a_person_decides_and_the_last_word_counts() {
    let sandbox = Sandbox::new();
    let out = run(&sandbox);
    let open = verdict_of(&out);
    assert_eq!(open["verdict"], "not_tested");
    assert!(open["reasons"][0].as_str().unwrap().contains("pruefstand attest"), "{open}");
    attest(&sandbox, CASE, "failed", "Es liegt keines vor.").exits(0);
    let failed = verdict_of(&out);
    assert_eq!(failed["verdict"], "failed");
    assert_eq!(failed["findings"][0]["actual"], "Es liegt keines vor.");
    pruefstand(args!["judge", &out]).exits(1);
    attest(&sandbox, CASE, "passed", "Nachgereicht am selben Tag.").exits(0);
    pruefstand(args!["judge", &out]).exits(0);
    let passed = verdict_of(&out);
    assert_eq!(passed["verdict"], "passed");
    assert_eq!(passed["attested"]["by"], "L. Prüfer");
    let report = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("Nachgereicht am selben Tag."));
    let junit = std::fs::read_to_string(out.join("junit.xml")).unwrap();
    assert!(junit.contains("eingetragen von L. Prüfer"));
    // The key that was made for this person opens for nobody else.
    let key = sandbox.path("eigenes/pruefstand/attest.pem");
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    attest(&sandbox, CASE, "not_applicable", "Kein Betrieb, nur Entwicklung.").exits(0);
    assert_eq!(verdict_of(&out)["verdict"], "not_applicable");
}

#[test]
fn an_attestation_cannot_be_changed_moved_or_made_for_a_case_of_the_machine() {
    let sandbox = Sandbox::new();
    let out = run(&sandbox);
    let by_machine =
        attest(&sandbox, "minimal/anmeldung.einreichen/attrappenburg", "passed", "x").exits(65);
    assert!(by_machine.stderr.contains("judged by machine"), "{}", by_machine.stderr);
    attest(&sandbox, "manual/GEW-98", "passed", "x").exits(65);
    attest(&sandbox, CASE, "passed", "  \n").exits(65);
    attest(&sandbox, CASE, "passed", "Liegt vor.").exits(0);
    let path = out.join("evidence.jsonl");
    let good = std::fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("Liegt vor.", "Liegt bei."),
        ("\"verdict\":\"passed\"", "\"verdict\":\"failed\""),
        ("L. Prüfer", "M. Prüfer"),
    ] {
        assert!(good.contains(from));
        std::fs::write(&path, good.replace(from, to)).unwrap();
        let done = pruefstand(args!["judge", &out]).exits(65);
        assert!(done.stderr.contains("not signed for this place"), "{}", done.stderr);
    }
    // Taken out of its place it is worth nothing, and nothing else may follow the end.
    let lines: Vec<&str> = good.lines().collect();
    let (attestation, end) = (lines[lines.len() - 1], lines[lines.len() - 2]);
    let mut moved: Vec<&str> = lines[..lines.len() - 2].to_vec();
    moved.extend([attestation, end]);
    std::fs::write(&path, moved.join("\n") + "\n").unwrap();
    pruefstand(args!["judge", &out]).exits(65);
    std::fs::write(&path, good).unwrap();
    pruefstand(args!["judge", &out]).exits(0);
}

#[test]
fn a_data_sheet_says_what_to_enter_and_what_must_come_of_it() {
    let sandbox = Sandbox::new();
    let plan = sandbox.path("plan.toml");
    pruefstand(args![
        "plan",
        "derive",
        "--concept",
        root().join("testplans/gewerbe/concept.toml"),
        "--component",
        "antragsassistent",
        "-o",
        &plan
    ])
    .exits(0);
    let case = "entry/anmeldung.einreichen/maximal";
    let done = pruefstand(args!["--format", "json", "plan", "sheet", &plan, "--case", case]);
    let sheets: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let sheet = &sheets[0];
    let entries = sheet["entries"].as_array().unwrap();
    let form = entries.iter().find(|e| e["label"] == "Rechtsform").unwrap();
    assert!(form["name"].is_string(), "a code is chosen by its name: {form}");
    let contains = sheet["contains"].as_array().unwrap();
    let value = |path: &str| {
        contains.iter().find(|c| c["path"] == path).unwrap_or_else(|| panic!("{path}"))["value"]
            .clone()
    };
    assert_eq!(value("Kopf/NachrichtId"), serde_json::Value::Null);
    assert_eq!(value("Kopf/Behoerde"), "14999010");
    assert_eq!(value("Betrieb/Rechtsform"), form["value"]);
    // Everything that is entered is in the message.
    for entry in entries {
        let found = contains.iter().any(|c| c["value"] == entry["value"]);
        assert!(found, "{entry}");
    }
    let folder = sandbox.path("blatt");
    pruefstand(args!["plan", "sheet", &plan, "--case", case, "--out", &folder]).exits(0);
    let page =
        std::fs::read_to_string(folder.join("entry_anmeldung.einreichen_maximal.html")).unwrap();
    assert!(page.contains("Was die Nachricht dann enthalten muss"));
    for document in sheet["documents"].as_array().unwrap() {
        let bytes = std::fs::read(folder.join(document["name"].as_str().unwrap())).unwrap();
        assert_eq!(bytes.len() as u64, document["bytes"].as_u64().unwrap());
    }
    // A rule in prose is a person's to judge.
    pruefstand(args![
        "plan",
        "derive",
        "--concept",
        root().join("testplans/hundehaltung/concept.toml"),
        "--component",
        "fachverfahren",
        "-o",
        &plan
    ])
    .exits(0);
    let done = pruefstand(args!["plan", "sheet", &plan]).exits(0);
    assert!(done.stdout.contains("Wird diese Regel eingehalten?"), "{}", done.stdout);
}

#[test]
fn coverage_as_a_page_says_what_the_text_says() {
    let sandbox = Sandbox::new();
    let plan = root().join("testplans/gewerbe/plan.toml");
    let page = sandbox.path("abdeckung.html");
    pruefstand(args!["plan", "coverage", &plan, "--out", &page]).exits(0);
    let page = std::fs::read_to_string(page).unwrap();
    let done = pruefstand(args!["--format", "json", "plan", "coverage", &plan]).exits(0);
    let coverage: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(page.contains(&format!("{} Testfälle", coverage["cases"])));
    for requirement in coverage["requirements"].as_array().unwrap() {
        assert!(page.contains(requirement["id"].as_str().unwrap()));
    }
    let bounds = &coverage["facts"]["bounds"];
    let label = format!("{} von {}", bounds["covered"], bounds["possible"]);
    assert!(page.contains(&label), "{label}");
}
