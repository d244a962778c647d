//! What must be tested again after a change, and what an earlier certificate still says.

use std::path::{Path, PathBuf};

use crate::args;
use crate::support::{Sandbox, json, pruefstand, root};

struct Change {
    sandbox: Sandbox,
    text: String,
}

impl Change {
    fn new() -> Self {
        let text = std::fs::read_to_string(root().join("testplans/gewerbe/concept.toml")).unwrap();
        Self { sandbox: Sandbox::new(), text }
    }

    fn derive(&self, name: &str, text: &str) -> PathBuf {
        let concept = self.sandbox.write(&format!("{name}-concept.toml"), text);
        let out = self.sandbox.path(&format!("{name}.toml"));
        pruefstand(args!["plan", "derive", "--concept", &concept, "-o", &out]).exits(0);
        out
    }

    fn replaced(&self, from: &str, to: &str) -> String {
        assert!(self.text.contains(from), "{from}");
        self.text.replacen(from, to, 1)
    }
}

fn diff(old: &Path, new: &Path, more: &[&str]) -> serde_json::Value {
    let mut line = args!["plan", "diff", old, new, "--format", "json"].to_vec();
    line.extend(more.iter().map(std::ffi::OsString::from));
    serde_json::from_str(&pruefstand(line).exits(1).stdout).unwrap()
}

fn cases(diff: &serde_json::Value, change: &str) -> Vec<(String, String)> {
    let all = diff["cases"].as_object().unwrap().iter();
    all.filter(|(_, c)| c[0] == change)
        .map(|(id, c)| (id.clone(), c[1].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn a_code_more_is_a_case_more_where_the_code_is_tested() {
    let change = Change::new();
    let old = change.derive("old", &change.text);
    let text = change.replaced("\"W\" = \"Wegzug\" }", "\"W\" = \"Wegzug\", \"X\" = \"Tod\" }");
    let diff = diff(&old, &change.derive("new", &text), &[]);
    let new = cases(&diff, "new");
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(new[0].0.starts_with("codes/abmeldung.einreichen/abmeldung.grund/X/"), "{new:?}");
    assert!(cases(&diff, "gone").is_empty());
    for (id, why) in cases(&diff, "changed") {
        assert!(id.contains("abmeldung") || why.contains("abmeldung"), "{id}: {why}");
    }
}

#[test]
fn a_transition_less_takes_its_paths_away_and_forbids_the_message() {
    let change = Change::new();
    let old = change.derive("old", &change.text);
    let gone =
        "[[transition]]\nfrom = \"nachgefordert\"\non = \"nachreichung\"\nto = \"eingereicht\"\n\n";
    let diff = diff(&old, &change.derive("new", &change.replaced(gone, "")), &[]);
    let lost = cases(&diff, "gone");
    assert!(lost.iter().any(|(id, _)| id.starts_with("flow/") && id.contains("nachreichung")));
    let new = cases(&diff, "new");
    assert!(
        new.iter().any(|(id, _)| id == "forbidden/nachgefordert/unterlagen.nachreichen"),
        "{new:?}"
    );
    // What has nothing to do with the flow is not touched.
    assert!(cases(&diff, "untouched").len() > 500);
}

#[test]
fn a_certificate_stands_for_what_was_not_touched() {
    let change = Change::new();
    let run = change.sandbox.path("run");
    pruefstand(args!["demo", "--out", &run]).exits(0);
    let old = run.join("plan.toml");
    let (certificate, trust) = (run.join("certificate.dsse.json"), run.join("trust.pem"));
    let named = |more: &[&str], new: &Path| {
        let mut line = args!["plan", "diff", &old, new, "--format", "json"].to_vec();
        line.extend(args!["--certificate", &certificate, "--trust", &trust]);
        line.extend(more.iter().map(std::ffi::OsString::from));
        pruefstand(line)
    };
    let same = change.derive("same", &change.text);
    let said: serde_json::Value = serde_json::from_str(&named(&[], &same).exits(0).stdout).unwrap();
    assert_eq!(said["certificate"]["stands"], true);
    let text = change.replaced("max = \"9999.99\" }", "max = \"8888.88\" }");
    let new = change.derive("new", &text);
    let done = named(&["--change-request", "CR-7"], &new).exits(1);
    let said: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(said["change_request"], "CR-7");
    assert_eq!(said["certificate"]["stands"], false);
    let list = |key: &str| -> Vec<String> {
        let ids = said["certificate"][key].as_array().unwrap();
        ids.iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    assert!(list("not_for").contains(&"GEW-013".into()), "the range of a fee is checked there");
    assert!(list("stands_for").contains(&"GEW-032".into()), "duplicates have no fee");
    assert!(list("stands_for").iter().all(|id| !list("not_for").contains(id)));
    let changed = cases(&said, "changed");
    assert!(changed.iter().any(|(_, why)| why.contains("Feld bescheid.gebuehr")), "{changed:?}");
    // A certificate over another plan says nothing about this one.
    let verdict = json(&run.join("verdict.json"));
    assert_eq!(verdict["overall"], "passed");
    let mut line = args!["plan", "diff", &new, &same, "--certificate", &certificate].to_vec();
    line.extend(args!["--trust", &trust]);
    let done = pruefstand(line).exits(65);
    assert!(done.stderr.contains("was not issued over"), "{}", done.stderr);
}
