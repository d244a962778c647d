//! The chain on a complete XÖV standard: unmodified schema, its own samples, a fresh hub for each.

use crate::args;
use crate::support::{Sandbox, copy, json, pruefstand, real_data, root};

#[test]
fn the_samples_of_xwasser_arrive_unchanged_or_are_rejected_with_their_lines() {
    let Some(data) = real_data("data") else { return };
    let sandbox = Sandbox::new();
    let folder = sandbox.path("xwasser");
    copy(&root().join("fixtures/xwasser"), &folder);
    for file in ["concept.toml", "depot/depot.toml"] {
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("@DATA@", data.to_str().unwrap())).unwrap();
    }
    let (concept, organisation) = (folder.join("concept.toml"), folder.join("organisation.toml"));
    let (plan, out) = (folder.join("plan.toml"), folder.join("run"));
    pruefstand(args!["check", &folder]).exits(0);
    // All of them are 3963 cases; these say as much about the chain.
    let catalogue = root().join("testplans/catalogue/standard.toml");
    let catalogue = std::fs::read_to_string(catalogue).unwrap();
    let catalogue = sandbox.write(
        "catalogue.toml",
        &catalogue.replace("id = \"schema-", "limit = 60\nid = \"schema-"),
    );
    pruefstand(args![
        "plan",
        "derive",
        "--concept",
        &concept,
        "--organisation",
        &organisation,
        "--catalogue",
        &catalogue,
        "-o",
        &plan
    ])
    .exits(0);
    pruefstand(args!["run", "--plan", &plan, "--organisation", &organisation, "--out", &out])
        .exits(0);
    let verdict = json(&out.join("verdict.json"));
    let all = verdict["cases"].as_array().unwrap();
    assert_eq!(all.len(), 15 + 4 * 60);
    assert!(all.iter().all(|c| c["verdict"] == "passed"));
    let is_sample = |c: &&serde_json::Value| c["id"].as_str().unwrap().starts_with("samples/");
    let cases: Vec<&serde_json::Value> = all.iter().filter(is_sample).collect();
    assert_eq!(cases.len(), 15);
    let plan = pruefstand::plan::load(&plan).unwrap();
    let mut rejected = Vec::new();
    for case in plan.case.iter().filter(|c| c.method == "samples") {
        for expectation in &case.expect {
            if let pruefstand::plan::Expectation::Reply {
                outcome: pruefstand::plan::Outcome::Rejected,
                lines,
                code,
                ..
            } = expectation
            {
                assert_eq!(code.as_deref(), Some("X001"));
                rejected.push((case.id.to_string(), lines.clone()));
            }
        }
    }
    // The lines that xmllint 2.9.14 names for the same files.
    assert_eq!(
        rejected,
        [
            ("samples/transportieren/monitoring_plan_maximal.xml".to_owned(), vec![75, 95, 112]),
            ("samples/transportieren/monitoring_plan_minimal.xml".to_owned(), vec![74, 101, 119]),
        ]
    );
    let contradictions = cases
        .iter()
        .flat_map(|c| c["findings"].as_array().unwrap())
        .filter(|f| f["id"] == "header.contradiction" && f["severity"] == "note")
        .count();
    assert_eq!(contradictions, 6, "headers that contradict their root are reported, not rejected");
}
