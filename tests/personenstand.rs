//! The bundle whose authorities take the same messages in a format of their own, as they are, and by
//! mail, end to end.

use std::path::{Path, PathBuf};

use pruefstand::plan::{Expectation, TestPlan};
use pruefstand::target::TargetFile;

use crate::args;
use crate::support::{Sandbox, json, program, pruefstand, root};

const APPLICATIONS: [&str; 3] =
    ["geburtsurkunde.anfordern", "eheurkunde.anfordern", "sterbeurkunde.anfordern"];

fn concept() -> PathBuf {
    root().join("testplans/personenstand/concept.toml")
}

fn plan() -> PathBuf {
    root().join("testplans/personenstand/plan.toml")
}

fn loaded() -> TestPlan {
    pruefstand::plan::load(&plan()).unwrap()
}

#[test]
fn the_reference_hub_passes() {
    let sandbox = Sandbox::new();
    let out = sandbox.path("good");
    pruefstand(args!["run", "--plan", plan(), "--out", &out]).exits(0);
    let verdict = json(&out.join("verdict.json"));
    assert_eq!(verdict["admission"], "admitted");
    assert_eq!(verdict["counts"]["passed"], verdict["cases"].as_array().unwrap().len());
}

#[test]
fn everything_the_concept_says_is_exercised() {
    pruefstand(args!["check", root().join("testplans/personenstand")]).exits(0);
    pruefstand(args!["plan", "check", plan(), "--concept", concept()]).exits(0);
    let plan = loaded();
    assert!(plan.not_made.is_empty(), "{:?}", plan.not_made);
    let coverage = pruefstand::plan::coverage(&plan);
    for (kind, share) in &coverage.facts {
        assert!(share.missing.is_empty(), "{kind}: {:?}", share.missing);
    }
    for pairs in &coverage.pairs {
        assert_eq!(pairs.covered, pairs.possible, "{}", pairs.message);
    }
}

/// Each rule is broken alone in each message to which it applies.
#[test]
fn each_rule_is_broken_in_each_of_its_messages() {
    let plan = loaded();
    for message in APPLICATIONS {
        let planned = plan.message(message).unwrap();
        assert!(planned.condition.len() >= 5, "{message}");
        for rule in &planned.condition {
            let prefix = format!("rules/{message}/{}/", rule.id);
            let broken = plan.case.iter().filter(|c| c.id.0.starts_with(&prefix)).any(|c| {
                format!("{:?}", c.step).contains(&format!("violates: Some(\"{}\")", rule.id))
            });
            assert!(broken, "{message} {}", rule.id);
        }
    }
}

/// One authority has a format of its own and a DMS, one takes messages as they are, one has only a
/// mailbox: the log shows what each of them needs, and no more.
#[test]
fn the_log_shows_a_transformation_only_where_there_is_one() {
    let plan = loaded();
    let events = |authority: &str| {
        let id = format!("maximal/geburtsurkunde.anfordern/{authority}");
        let case = plan.case.iter().find(|c| c.id.0 == id).unwrap();
        let found = case.expect.iter().find_map(|e| match e {
            Expectation::Log { events, .. } => Some(events.join(" ")),
            _ => None,
        });
        found.unwrap()
    };
    let (before, after) = ("empfangen erkannt geprueft", "bestaetigt");
    assert_eq!(events("urkundenstein"), format!("{before} umgeformt zugestellt abgelegt {after}"));
    assert_eq!(events("leinenau"), format!("{before} zugestellt {after}"));
    assert_eq!(events("stempelfeld"), format!("{before} gemailt {after}"));
}

/// A case that no method derives: the application announces a proof, and there is none.
const NO_PROOF: &str = r#"
[[case]]
id = "nachweis-fehlt"
title = "Rechtliches Interesse, der angekündigte Nachweis fehlt"
technique = "error-guessing"
requirements = ["PST-018"]

[[case.step]]
do = "send"
name = "antrag"
from = "portal"

[case.step.message]
message = "geburtsurkunde.anfordern"
values = "geburtsurkunde.anfordern/maximal"
behoerde = "14999060"
validity = "rule"
violates = "anlage"
change = [
  { change = "set", group = "berechtigung", field = "berechtigung.verhaeltnis", values = ["R"] },
  { change = "documents", documents = [] },
]

[[case.expect]]
check = "reply"
requirement = "PST-018"
step = "antrag"
outcome = "rejected"
code = "X002"

[[case.expect]]
check = "absence"
requirement = "PST-018"
steps = ["antrag"]
"#;

#[test]
fn a_legal_interest_needs_its_proof() {
    let sandbox = Sandbox::new();
    let standard =
        std::fs::read_to_string(root().join("testplans/catalogue/standard.toml")).unwrap();
    let catalogue = sandbox.write("catalogue.toml", &format!("{standard}{NO_PROOF}"));
    let own = sandbox.path("plan.toml");
    let line =
        args!["plan", "derive", "--concept", concept(), "--catalogue", &catalogue, "-o", &own];
    pruefstand(line).exits(0);
    let case = args!["--case", "eigene/nachweis-fehlt"].to_vec();
    let found = run(&sandbox, "good", &own, &[], &case, 0);
    assert_eq!(found["counts"]["passed"], 1);
    let found = run(&sandbox, "bad", &own, &["no-rule-check"], &case, 1);
    assert_eq!(found["counts"]["failed"], 1);
}

/// Faults of the hub in what this bundle has: rules, transformation, documents, the way back.
#[test]
fn faults_are_caught() {
    let sandbox = Sandbox::new();
    for (defect, requirement, technique) in [
        ("no-rule-check", "PST-018", "decision-table-testing"),
        ("field-dropped", "PST-003", "equivalence-partitioning"),
        ("lost-attachment", "PST-004", "boundary-value-analysis"),
        ("ignores-header", "PST-033", "error-guessing"),
    ] {
        let chosen = args!["--requirement", requirement, "--technique", technique].to_vec();
        let found = run(&sandbox, defect, &plan(), &[defect], &chosen, 1);
        let hit = found["cases"].as_array().unwrap().iter().any(|case| {
            case["findings"].as_array().unwrap().iter().any(|f| f["requirement"] == requirement)
        });
        assert!(hit, "{defect}");
    }
}

/// Runs chosen cases against the reference hub with faults; gives the verdict.
fn run(
    sandbox: &Sandbox,
    name: &str,
    plan: &Path,
    defects: &[&str],
    chosen: &[std::ffi::OsString],
    code: i32,
) -> serde_json::Value {
    let (out, target) = (sandbox.path(name), sandbox.path(&format!("{name}.toml")));
    let defects: Vec<String> = defects.iter().map(|d| (*d).to_owned()).collect();
    let hub = TargetFile::reference_hub(program().as_ref(), &sandbox.path(""), &defects);
    std::fs::write(&target, toml::to_string(&hub).unwrap()).unwrap();
    let mut line = args!["run", "--plan", plan, "--target", &target, "--out", &out].to_vec();
    line.extend_from_slice(chosen);
    pruefstand(line).exits(code);
    json(&out.join("verdict.json"))
}
