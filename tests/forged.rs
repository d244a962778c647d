//! A run's folder that was edited is not judged, or judged for what it is.

use std::path::Path;

use crate::args;
use crate::support::{Sandbox, copy, json, pruefstand, root};

const CASE: &str = "minimal/anmeldung.einreichen/attrappenburg";

fn run(sandbox: &Sandbox) -> std::path::PathBuf {
    let out = sandbox.path("run");
    let plan = root().join("testplans/gewerbe/plan.toml");
    pruefstand(args!["run", "--plan", &plan, "--out", &out, "--case", CASE]).exits(0);
    out
}

fn edit(folder: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let path = folder.join("run.json");
    let mut manifest = json(&path);
    change(&mut manifest);
    std::fs::write(path, serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
}

#[test]
fn manifest_inputs_and_evidence_must_agree() {
    let sandbox = Sandbox::new();
    let out = run(&sandbox);
    let broken = |name: &str, reason: &str, change: &dyn Fn(&Path)| {
        let folder = sandbox.path(name);
        copy(&out, &folder);
        change(&folder);
        let done = pruefstand(args!["judge", &folder]).exits(65);
        assert!(done.stderr.contains(reason), "{name}: {}", done.stderr);
    };
    broken("no-inputs", "does not list", &|f| edit(f, |m| m["inputs"] = serde_json::json!([])));
    broken("other-cases", "other cases", &|f| edit(f, |m| m["chosen"] = serde_json::Value::Null));
    broken("extra-input", "no input of this run", &|f| {
        std::fs::write(f.join("inputs/mehr.toml"), "").unwrap();
    });
    broken("changed-plan", "was changed after the run", &|f| {
        let path = f.join("plan.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replacen("level = \"muss\"", "level = \"kann\"", 1)).unwrap();
    });
    // The digest in the manifest is not believed either: the evidence has it too.
    broken("changed-plan-and-digest", "other inputs than the evidence", &|f| {
        let path = f.join("plan.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replacen("settle_ms = 800", "settle_ms = 1", 1);
        std::fs::write(path, &text).unwrap();
        edit(f, |m| {
            let inputs = m["inputs"].as_array_mut().unwrap();
            let plan = inputs.iter_mut().find(|i| i["name"] == "plan.toml").unwrap();
            plan["sha256"] = pruefstand::ids::Digest::of(&text).0.into();
        });
    });
    broken("changed-evidence", "the chain is broken", &|f| {
        let path = f.join("evidence.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        let from = "\"record\":\"case-begin\",\"case\":\"minimal";
        assert!(text.contains(from));
        std::fs::write(path, text.replacen(from, &from.replace("minimal", "maximal"), 1)).unwrap();
    });
}

#[test]
fn evidence_that_was_cut_off_proves_nothing() {
    let sandbox = Sandbox::new();
    let out = run(&sandbox);
    let path = out.join("evidence.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let last = text.trim_end().rfind('\n').unwrap();
    for (what, cut) in [("without its last line", last + 1), ("in the middle of a line", last + 20)]
    {
        std::fs::write(&path, &text[..cut]).unwrap();
        let done = pruefstand(args!["judge", &out]).exits(2);
        assert!(done.stdout.contains("Schlusszeile"), "{what}: {}", done.stdout);
    }
}

#[test]
fn a_plan_for_another_component_is_found_first() {
    let sandbox = Sandbox::new();
    let text = |kind: &str, table: &str| {
        format!(
            "format = \"pruefstand/target/1\"\n[target]\nkind = \"{kind}\"\nvendor = \"a\"\nproduct = \"b\"\nversion = \"1\"\n{table}[start]\ncommand = [\"{}\", \"hub\", \"up\", \"--endpoints\", \"{{endpoints}}\", \"--state\", \"{{state}}\", \"--format\", \"json\"]\n",
            crate::support::program()
        )
    };
    let dms = "[interface]\nsystem = \"dms-attrappenburg\"\n";
    let hub = "[endpoints]\nportal = \"/eingang/portal\"\nfachverfahren = \"/eingang/fachverfahren\"\nready = \"/bereit\"\nlog = \"/protokoll\"\n";
    let target = sandbox.write("target.toml", &text("dms", dms));
    let plan = root().join("testplans/gewerbe/plan.toml");
    let out = sandbox.path("run");
    let run = || {
        pruefstand(args![
            "run", "--plan", &plan, "--target", &target, "--out", &out, "--case", CASE
        ])
    };
    let done = run().exits(65);
    assert!(done.stderr.contains("plan and target"), "{}", done.stderr);
    // The same folder serves the next attempt, with the mistake corrected.
    std::fs::write(&target, text("integrationsserver", hub)).unwrap();
    run().exits(0);
}
