//! Measuring a plan: what it notices, what survives, what is equivalent, and the score in reports and
//! certificate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pruefstand::detection::{Hints, Operator, depot_mutants, rule_mutants, sample};
use pruefstand::plan::TestPlan;
use pruefstand::rules::Depot;
use serde_json::Value;

use crate::args;
use crate::support::{Sandbox, json, pruefstand, root};

fn gewerbe() -> PathBuf {
    root().join("testplans/gewerbe/plan.toml")
}

/// The plan Gewerbe with these cases alone.
fn reduced(
    sandbox: &Sandbox,
    keep: impl Fn(&str) -> bool,
    change: impl Fn(&mut TestPlan),
) -> PathBuf {
    let mut plan = pruefstand::plan::load(&gewerbe()).unwrap();
    plan.case.retain(|c| keep(c.id.as_str()));
    // What nobody tests any more must not keep the result open: this is about the cases.
    let tested: BTreeSet<_> = plan.case.iter().flat_map(|c| c.requirements.clone()).collect();
    for requirement in &mut plan.requirement {
        requirement.applies &= tested.contains(&requirement.id);
    }
    change(&mut plan);
    sandbox.write("plan.toml", &plan.to_text().unwrap())
}

fn measured(plan: &Path, out: &Path, more: &[&str], code: i32) -> Value {
    let mut all = args!["measure", "--plan", plan, "--out", out].to_vec();
    all.extend(more.iter().map(Into::into));
    pruefstand(all).exits(code);
    json(&out.join("detection.json"))
}

fn mutant<'a>(detection: &'a Value, id: &str) -> &'a Value {
    let all = detection["mutants"].as_array().unwrap();
    all.iter().find(|m| m["id"].as_str().unwrap().starts_with(id)).unwrap()
}

#[test]
fn mutants_are_the_same_each_time_and_of_every_kind() {
    let depot = Depot::load("gewerbe", Path::new(".")).unwrap();
    let hints = Hints::of(&pruefstand::plan::load(&gewerbe()).unwrap());
    let mutants = rule_mutants(&depot, &hints);
    assert!(mutants.len() > 400, "{}", mutants.len());
    let kinds: BTreeSet<Operator> = mutants.iter().map(|m| m.operator).collect();
    assert_eq!(kinds.len(), Operator::ALL.len(), "{kinds:?}");
    let ids: BTreeSet<&str> = mutants.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids.len(), mutants.len(), "no two of them share a name");
    assert_eq!(mutants, rule_mutants(&depot, &hints));
    for m in &mutants {
        assert_ne!(depot.files[&m.file], m.content, "{}", m.id);
        assert!(pruefstand::xml::parse(&m.content).is_ok(), "{}: {}", m.id, m.what);
        let lines = depot.files[&m.file].iter().filter(|b| **b == b'\n').count() + 1;
        assert!((1..=lines).contains(&m.line), "{}", m.id);
    }
    let some = sample(mutants.clone(), 40);
    assert_eq!(some, sample(mutants, 40));
    let kinds: BTreeSet<Operator> = some.iter().map(|m| m.operator).collect();
    assert_eq!((some.len(), kinds.len()), (40, Operator::ALL.len()), "a rare kind is not lost");
    // Those of the depot's own file are files of the same kind.
    let own = depot_mutants(&depot);
    assert!(own.len() > 50, "{}", own.len());
    for m in own {
        let text = String::from_utf8(m.content.clone()).unwrap();
        assert!(toml::from_str::<pruefstand::rules::DepotFile>(&text).is_ok(), "{}", m.what);
    }
}

#[test]
fn faults_of_each_origin_are_noticed_and_the_score_is_told_everywhere() {
    let sandbox = Sandbox::new();
    let out = sandbox.path("mass");
    let only = [
        "field-dropped",
        "shifts-dates",
        "wrong-address",
        "wrong-key",
        "list-version",
        "namespace",
    ];
    let mut more: Vec<&str> = only.iter().flat_map(|o| ["--only", o]).collect();
    more.extend(["--mutants", "13", "--configurations", "0"]);
    let detection = measured(&gewerbe(), &out, &more, 0);
    let kinds: BTreeSet<&str> = detection["mutants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["configuration", "hub-defect", "rule"].into());
    assert_eq!((&detection["survived"], &detection["score"]), (&0.into(), &100.0.into()));
    let defect = mutant(&detection, "field-dropped");
    assert_eq!(defect["outcome"], "detected");
    assert!(defect["requirements"].as_array().unwrap().contains(&"GEW-003".into()));
    assert!(defect["cases"].as_array().unwrap().len() > 3);
    // A wrong key is noticed before the first message.
    assert!(mutant(&detection, "wrong-key")["note"].as_str().unwrap().contains("vor der ersten"));
    let rule = mutant(&detection, "list-version");
    assert!(rule["place"].as_str().unwrap().starts_with("rules/schluessel.xml:"), "{rule}");
    assert!(
        rule["inputs"].as_u64().unwrap() > 0
            && rule["note"].as_str().unwrap().contains("bestätigt")
    );
    assert!(detection["by_requirement"]["GEW-002"]["detected"].as_u64().unwrap() > 0);
    assert!(
        !out.join("laeufe").join("field-dropped").exists(),
        "only what has to be looked at stays"
    );

    // The score of this plan goes with a run into what people read.
    let (run, file) = (sandbox.path("lauf"), out.join("detection.json"));
    pruefstand(args!["run", "--plan", gewerbe(), "--out", &run, "--detection", &file]).exits(0);
    let report = std::fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("100.0 % ("), "{}", &report[..2000]);
    assert!(std::fs::read_to_string(run.join("junit.xml")).unwrap().contains("fault-detection"));
    let key = sandbox.path("key.pem");
    let (private, public) = pruefstand::certificate::generate().unwrap();
    std::fs::write(&key, private.reveal()).unwrap();
    let (trust, certificate) = (sandbox.write("trust.pem", &public), sandbox.path("c.json"));
    pruefstand(args!["certify", &run, "--key", &key, "--out", &certificate]).exits(0);
    let verified =
        pruefstand(args!["verify", &certificate, "--trust", &trust, "--run", &run]).exits(0);
    assert!(
        verified.stdout.contains("fault detection of the plan: 100.0 %"),
        "{}",
        verified.stdout
    );
    // A score that was changed, or is another plan's, is refused.
    let inputs = run.join("inputs/detection.json");
    let text = std::fs::read_to_string(&inputs).unwrap();
    std::fs::write(&inputs, text.replace("\"survived\": 0", "\"survived\": 1")).unwrap();
    pruefstand(args!["judge", &run]).exits(65);
    let other = sandbox.write(
        "other.json",
        &text.replace(detection["plan_digest"].as_str().unwrap(), &"0".repeat(64)),
    );
    let done = pruefstand(args![
        "run",
        "--plan",
        gewerbe(),
        "--out",
        sandbox.path("l2"),
        "--detection",
        other
    ])
    .exits(65);
    assert!(done.stderr.contains("measured with another plan"), "{}", done.stderr);
}

#[test]
fn what_a_thin_plan_misses_survives_and_is_told() {
    let sandbox = Sandbox::new();
    // Only the smallest application for one authority: optional fields are never sent.
    let plan = reduced(&sandbox, |id| id == "minimal/anmeldung.einreichen/attrappenburg", |_| {});
    let out = sandbox.path("mass");
    let only = ["--only", "field-dropped", "--only", "truncate", "--mutants", "400"];
    let detection = measured(&plan, &out, &only, 1);
    assert_eq!(mutant(&detection, "field-dropped")["outcome"], "survived");
    let findings = detection["findings"].to_string();
    assert!(findings.contains("nicht bemerkt: field-dropped"), "{findings}");
    assert!(
        out.join("laeufe/field-dropped/report.html").exists()
            || out.join("laeufe/field-dropped/run.json").exists()
    );
    // A rule that cuts off texts is missed where no text is long enough; a random message shows it.
    let rules: Vec<_> =
        detection["mutants"].as_array().unwrap().iter().filter(|m| m["kind"] == "rule").collect();
    let survived: Vec<_> = rules.iter().filter(|m| m["outcome"] == "survived").collect();
    assert!(!survived.is_empty(), "{rules:?}");
    let by_random =
        survived.iter().any(|m| m["note"].as_str().unwrap().contains("diese zufällige schon"));
    assert!(by_random, "{survived:?}");
}

#[test]
fn nothing_is_measured_where_the_intact_target_fails_or_no_fault_is_left() {
    let sandbox = Sandbox::new();
    let wrong = reduced(
        &sandbox,
        |id| id == "minimal/anmeldung.einreichen/attrappenburg",
        |plan| {
            for receiver in &mut plan.receiver {
                receiver.lineage.remove("antragsteller.familienname");
            }
        },
    );
    let mut all = args!["measure", "--plan", &wrong, "--out", sandbox.path("a")].to_vec();
    all.extend(["--mutants", "1", "--only", "drop"].map(Into::into));
    let done = pruefstand(all).exits(2);
    assert!(done.stderr.contains("nothing was measured"), "{}", done.stderr);
    assert!(!sandbox.path("a/detection.json").exists());
    let plan = reduced(&sandbox, |id| id == "minimal/anmeldung.einreichen/attrappenburg", |_| {});
    let done = pruefstand(args![
        "measure",
        "--plan",
        &plan,
        "--out",
        sandbox.path("b"),
        "--only",
        "gibt-es-nicht"
    ])
    .exits(64);
    assert!(done.stderr.contains("no fault fits"), "{}", done.stderr);
}

#[test]
fn faulty_components_are_noticed_by_the_plan_of_their_kind() {
    let sandbox = Sandbox::new();
    let plan = sandbox.path("plan.toml");
    let concept = root().join("testplans/gewerbe/concept.toml");
    let derive =
        args!["plan", "derive", "--concept", concept, "--component", "mailsystem", "-o", &plan];
    pruefstand(derive).exits(0);
    let detection = measured(&plan, &sandbox.path("mass"), &[], 0);
    assert_eq!(
        (&detection["component"], &detection["detected"], &detection["survived"]),
        (&"mailsystem".into(), &8.into(), &0.into())
    );
}
