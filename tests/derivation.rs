//! Plans: the same bytes from the same input, messages that an independent validator agrees with, and
//! differences that are exactly as large as the change.

use std::collections::BTreeSet;

use crate::args;
use crate::support::{Sandbox, json, pruefstand, root, tool};

/// Every bundle with its smallest number of messages.
const BUNDLES: [(&str, usize); 3] =
    [("gewerbe", 600), ("hundehaltung", 450), ("personenstand", 600)];

fn concept() -> std::path::PathBuf {
    concept_of("gewerbe")
}

fn concept_of(bundle: &str) -> std::path::PathBuf {
    root().join("testplans").join(bundle).join("concept.toml")
}

fn plan_of(bundle: &str) -> std::path::PathBuf {
    root().join("testplans").join(bundle).join("plan.toml")
}

#[test]
fn the_committed_plan_and_schemas_are_what_would_be_derived() {
    for (bundle, _) in BUNDLES {
        let concept = concept_of(bundle);
        pruefstand(args!["plan", "check", plan_of(bundle), "--concept", &concept]).exits(0);
        let one = pruefstand(args!["plan", "derive", "--concept", &concept]).exits(0).stdout;
        let two = pruefstand(args!["plan", "derive", "--concept", &concept]).exits(0).stdout;
        assert_eq!(one, two);
        let sandbox = Sandbox::new();
        let out = sandbox.path("schemas");
        pruefstand(args!["schema", "--concept", &concept, "--out", &out]).exits(0);
        let committed = root().join("fixtures/depot").join(bundle).join("schemas");
        for entry in std::fs::read_dir(&committed).unwrap() {
            let name = entry.unwrap().file_name();
            let read =
                |folder: &std::path::Path| std::fs::read_to_string(folder.join(&name)).unwrap();
            assert_eq!(read(&committed), read(&out), "{name:?}");
        }
    }
}

#[test]
fn an_independent_validator_agrees_about_every_message() {
    for (bundle, least) in BUNDLES {
        agrees(bundle, least);
    }
}

fn agrees(bundle: &str, least: usize) {
    let sandbox = Sandbox::new();
    let plan = plan_of(bundle);
    let (messages, schemas) = (sandbox.path("messages"), sandbox.path("schemas"));
    pruefstand(args!["messages", "--plan", &plan, "--out", &messages]).exits(0);
    pruefstand(args!["schema", "--concept", concept_of(bundle), "--out", &schemas]).exits(0);
    let index = json(&messages.join("index.json"));
    let index = index.as_array().unwrap();
    assert!(index.len() > least);
    if !tool("xmllint") {
        return;
    }
    let kinds: BTreeSet<&str> = index.iter().map(|e| e["message"].as_str().unwrap()).collect();
    for kind in kinds {
        let mine: Vec<_> = index.iter().filter(|e| e["message"] == kind).collect();
        let files = mine.iter().map(|e| messages.join(e["file"].as_str().unwrap()));
        let done = std::process::Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema"])
            .arg(schemas.join(format!("{kind}.xsd")))
            .args(files)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        for entry in mine {
            let file = messages.join(entry["file"].as_str().unwrap());
            let valid = said.contains(&format!("{} validates", file.display()));
            // An encoding that is declared and used rightly is no matter of the schema, a DOCTYPE
            // neither; the bench refuses both by policy.
            let policy =
                ["latin1", "doctype"].iter().any(|v| entry["case"].as_str().unwrap().ends_with(v));
            let expected = entry["level"] != "schema" || policy;
            assert_eq!(valid, expected, "{} {}", entry["case"], entry["violates"]);
        }
    }
}

#[test]
fn a_changed_field_changes_its_own_cases_only() {
    let sandbox = Sandbox::new();
    let old = sandbox.path("old.toml");
    let new = sandbox.path("new.toml");
    let text = std::fs::read_to_string(concept()).unwrap();
    let derive = |text: &str, out: &std::path::Path| {
        let path = sandbox.write("concept.toml", text);
        pruefstand(args!["plan", "derive", "--concept", &path, "-o", out]).exits(0);
    };
    derive(&text, &old);
    pruefstand(args!["plan", "diff", &old, &old]).exits(0);
    // A requirement's wording touches no case, but the requirement is another one.
    derive(&text.replacen("Eine gültige Nachricht wird", "Jede gültige Nachricht wird", 1), &new);
    let done = pruefstand(args!["plan", "diff", &old, &new, "--format", "json"]).exits(1);
    let diff: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(diff["cases"].as_object().unwrap().values().all(|c| c[0] == "untouched"));
    assert_eq!(diff["requirements"], serde_json::json!(["GEW-001"]));
    // Neither does a new version of the concept, nor the label of a field.
    derive(&text.replacen("version = \"1.0.0\"", "version = \"1.0.1\"", 1), &new);
    pruefstand(args!["plan", "diff", &old, &new]).exits(0);
    // A field of the Bescheid touches the cases that send one.
    derive(
        &text.replacen(
            "range = { min = \"0.00\", max = \"9999.99\" }",
            "range = { min = \"0.00\", max = \"8888.88\" }",
            1,
        ),
        &new,
    );
    let done = pruefstand(args!["plan", "diff", &old, &new, "--format", "json"]).exits(1);
    let diff: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let mut touched = Vec::new();
    for (case, change) in diff["cases"].as_object().unwrap() {
        if change[0] != "untouched" {
            touched.push(case.as_str());
            assert!(change[1].as_str().unwrap().contains("bescheid.gebuehr"), "{case} {change}");
        }
    }
    // Its own bounds, and nothing that merely sends a fee.
    assert_eq!(
        touched,
        ["range/bescheid/bescheid.gebuehr/max", "range/bescheid/bescheid.gebuehr/max-plus-1"]
    );
    // A new field renumbers nothing: every old case keeps its id.
    let field = "\n[[field]]\nid = \"auszug.sprache\"\nlabel = \"Sprache\"\ngroup = \"auszug\"\npath = \"Sprache\"\ntype = \"text\"\nmin = 0\nlength = { min = 2, max = 2 }\narrives.fv-a = { at = \"Auszug/Sprache\" }\nnowhere = [\"fv-b\"]\n";
    derive(&format!("{text}{field}"), &new);
    let done = pruefstand(args!["plan", "diff", &old, &new, "--format", "json"]).exits(1);
    let diff: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    for (case, change) in diff["cases"].as_object().unwrap() {
        match change[0].as_str().unwrap() {
            "untouched" => {}
            // Its own cases, and those in which it is or is not there along with others.
            "new" => assert!(
                case.contains("auszug.sprache") || case.starts_with("combination/registerauszug"),
                "{case}"
            ),
            "changed" => assert!(
                case.contains("registerauszug") || change[1].as_str().unwrap().contains("Format"),
                "{case} {change}"
            ),
            "gone" if case.starts_with("combination/registerauszug") => {}
            other => panic!("{case} is {other}"),
        }
    }
}

/// Coverage is no property of the methods: take the cases away, and it falls.
#[test]
fn coverage_falls_with_the_cases() {
    let mut plan = pruefstand::plan::load(&plan_of("gewerbe")).unwrap();
    plan.case.retain(|c| c.method != "range" && c.method != "codes" && c.method != "forbidden");
    let coverage = pruefstand::plan::coverage(&plan);
    for kind in ["bounds", "codes", "forbidden transitions"] {
        let share = &coverage.facts[kind];
        assert!(share.covered < share.possible && !share.missing.is_empty(), "{kind}");
    }
    assert!(coverage.facts["bounds"].missing.contains("bescheid.gebuehr Wert über 9999.99"));
}

#[test]
fn every_testable_must_has_a_case() {
    let plan = root().join("testplans/gewerbe/plan.toml");
    let done = pruefstand(args!["plan", "coverage", &plan, "--format", "json"]).exits(0);
    let coverage: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    for r in coverage["requirements"].as_array().unwrap() {
        let cases = r["cases"].as_array().unwrap().len();
        assert_eq!(cases == 0, !r["not_tested"].is_null(), "{}", r["id"]);
        // What another component must fulfil is tested in that component's plan.
        let elsewhere = r["not_tested"] == "betrifft eine andere Systemkomponente";
        assert!(r["level"] != "muss" || cases > 0 || elsewhere, "{}", r["id"]);
    }
    assert!(coverage["techniques"].as_object().unwrap().len() >= 7);
    // What the cases exercise is measured from the cases.
    for kind in ["fields", "bounds", "codes", "rules", "transitions", "forbidden transitions"] {
        let share = &coverage["facts"][kind];
        assert_eq!(share["covered"], share["possible"], "{kind}: {}", share["missing"]);
        assert!(share["possible"].as_u64().unwrap() >= 4, "{kind}");
    }
    for pairs in coverage["pairs"].as_array().unwrap() {
        assert_eq!(pairs["covered"], pairs["possible"], "{pairs}");
    }
    // A lower stage asks for less.
    let done = pruefstand(args!["plan", "derive", "--concept", concept(), "--stage", "1"]).exits(0);
    assert!(!done.stdout.contains("check = \"filing\"\nrequirement = \"GEW-022\""));
}

#[test]
fn another_validator_agrees_about_every_message_of_the_bundles() {
    for (bundle, _) in BUNDLES {
        let sandbox = Sandbox::new();
        let (messages, schemas) = (sandbox.path("messages"), sandbox.path("schemas"));
        let (plan, concept) = (plan_of(bundle), concept_of(bundle));
        pruefstand(args!["messages", "--plan", &plan, "--out", &messages]).exits(0);
        pruefstand(args!["schema", "--concept", &concept, "--out", &schemas]).exits(0);
        let named: Vec<(String, std::path::PathBuf)> = std::fs::read_dir(&schemas)
            .unwrap()
            .map(|e| e.unwrap().path())
            .map(|p| (p.file_stem().unwrap().to_string_lossy().into_owned(), p))
            .collect();
        assert!(named.len() >= 3);
        crate::standards::second_opinion(&sandbox, None, &named);
    }
}

#[test]
fn what_is_tried_with_every_application_reaches_every_format() {
    let plan = pruefstand::plan::load(&plan_of("gewerbe")).unwrap();
    for method in ["field-lore", "documents", "duplicate"] {
        let cases = plan.case.iter().filter(|c| c.method == method);
        let systems = cases.flat_map(|c| &c.expect).filter_map(|e| match e {
            pruefstand::plan::Expectation::Delivery { system, .. } => Some(system),
            _ => None,
        });
        let formats: BTreeSet<&str> = systems
            .filter_map(|id| plan.system.iter().find(|s| &s.id == id))
            .map(|s| s.receiver.as_str())
            .collect();
        assert_eq!(formats, BTreeSet::from(["fv-a", "fv-b", "mail"]), "{method}");
    }
    // Where a boolean is converted, in all four ways in which it can be written.
    for value in ["true", "false", "1", "0"] {
        for field in ["kopf.test", "taetigkeit.nebenerwerb", "taetigkeit.erlaubnis"] {
            let id = format!("codes/anmeldung.einreichen/{field}/{value}/pruefstedt");
            assert!(plan.case.iter().any(|c| c.id.as_str() == id), "{id}");
        }
    }
}
