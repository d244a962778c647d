//! Every switchable fault of the reference hub is caught by its requirement and technique.

use pruefstand::reference_hub::{DEFECTS, DefectInfo};
use pruefstand::target::TargetFile;

use crate::args;
use crate::support::{Sandbox, json, program, pruefstand, root};

fn caught(defect: &DefectInfo) {
    let sandbox = Sandbox::new();
    let (out, target) = (sandbox.path("run"), sandbox.path("target.toml"));
    let hub = TargetFile::reference_hub(program().as_ref(), &sandbox.path(""), &[defect.id.into()]);
    std::fs::write(&target, toml::to_string(&hub).unwrap()).unwrap();
    let plan = root().join("testplans/gewerbe/plan.toml");
    let mut args = args!["run", "--plan", &plan, "--target", &target, "--out", &out].to_vec();
    // Its own requirement and technique alone must do, but for what only a whole run shows.
    if defect.requirement != "GEW-061" {
        let chosen = ["--requirement", defect.requirement, "--technique", defect.technique];
        args.extend(chosen.map(Into::into));
    }
    // What only a SOLL forbids does not fail a run.
    let plan = pruefstand::plan::load(&plan).unwrap();
    let requirement = plan.requirement.iter().find(|r| r.id.as_str() == defect.requirement);
    let fails = requirement.unwrap().level == pruefstand::concept::Level::Muss;
    pruefstand(args).exits(i32::from(fails));
    let verdict = json(&out.join("verdict.json"));
    assert_eq!(verdict["overall"] == "failed", fails, "{}", defect.id);
    let hit = verdict["cases"].as_array().unwrap().iter().any(|case| {
        case["verdict"] == "failed"
            && case["technique"] == defect.technique
            && case["findings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|f| f["requirement"] == defect.requirement && f["severity"] == "fault")
    });
    assert!(
        hit,
        "{} ({}) was not caught under {} by {}",
        defect.id, defect.title, defect.requirement, defect.technique
    );
}

/// Every fourth fault, so that four of them can run beside each other.
fn every_fourth(offset: usize) {
    for defect in DEFECTS.iter().filter(|d| d.bundle == "gewerbe").skip(offset).step_by(4) {
        caught(defect);
    }
}

#[test]
fn faults_are_caught_1() {
    every_fourth(0);
}

#[test]
fn faults_are_caught_2() {
    every_fourth(1);
}

#[test]
fn faults_are_caught_3() {
    every_fourth(2);
}

#[test]
fn faults_are_caught_4() {
    every_fourth(3);
}

#[test]
fn the_table_of_faults_is_complete_and_printed() {
    assert!(DEFECTS.len() >= 10);
    let done = pruefstand(args!["hub", "defects", "--format", "json"]).exits(0);
    let list: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(list.as_array().unwrap().len(), DEFECTS.len());
    let plan = pruefstand::plan::load(&crate::support::root().join("testplans/gewerbe/plan.toml"))
        .unwrap();
    for defect in DEFECTS.iter().filter(|d| d.bundle == "gewerbe") {
        assert!(
            plan.requirement.iter().any(|r| r.id.as_str() == defect.requirement),
            "{}",
            defect.id
        );
        assert!(plan.case.iter().any(|c| c.technique.name() == defect.technique), "{}", defect.id);
    }
    let unknown = pruefstand(args!["demo", "--defect", "wrong-autority"]).exits(64);
    assert!(unknown.stderr.contains("did you mean \"wrong-authority\""), "{}", unknown.stderr);
}

#[test]
fn a_finding_names_the_line_of_the_rule() {
    let sandbox = Sandbox::new();
    let out = sandbox.path("run");
    pruefstand(args!["demo", "--out", &out, "--defect", "code-not-converted"]).exits(1);
    let verdict = json(&out.join("verdict.json"));
    assert_eq!(verdict["admission"], "not_admitted");
    assert!(!out.join("certificate.dsse.json").exists());
    let case = verdict["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["id"] == "codes/anmeldung.einreichen/betrieb.rechtsform/310/pruefstedt")
        .unwrap()
        .clone();
    let finding = &case["findings"][0];
    assert_eq!(finding["id"], "content.conversion");
    assert_eq!((&finding["expected"], &finding["actual"]), (&"GMBH".into(), &"310".into()));
    let hint = finding["hint"].as_str().unwrap();
    let line: usize =
        hint.split("Zeile ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let sheet = std::fs::read_to_string(
        crate::support::root().join("fixtures/depot/gewerbe/rules/fachverfahren-b.xsl"),
    )
    .unwrap();
    let text = sheet.lines().nth(line - 1).unwrap();
    assert!(text.contains("name=\"rechtsform\""), "{hint}: {text}");
}
