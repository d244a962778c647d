//! Two runs of the same plan beside each other.

use std::path::{Path, PathBuf};

use crate::args;
use crate::support::{Done, Sandbox, copy, derive, json, program, pruefstand, root};

/// The starting example, with its plan.
struct Example {
    sandbox: Sandbox,
    plan: PathBuf,
}

impl Example {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let folder = sandbox.path("neu");
        pruefstand(args!["init", &folder]).exits(0);
        let plan = folder.join("plan.toml");
        let (concept, organisation) =
            (folder.join("concept.toml"), folder.join("organisation.toml"));
        derive(&concept, &organisation, &plan);
        Self { sandbox, plan }
    }

    /// Runs the plan against the reference hub with these faults.
    fn run(&self, name: &str, defects: &[&str], more: &[&str]) -> PathBuf {
        let folder = self.sandbox.path("neu");
        let target = std::fs::read_to_string(folder.join("target.toml")).unwrap();
        let defects_of = |defect: &&str| format!(", \"--defect\", \"{defect}\"");
        let faults: String = defects.iter().map(defects_of).collect();
        let target = target
            .replace("\"pruefstand\"", &format!("\"{}\"", program()))
            .replace("\"--base\", \".\"", &format!("\"--base\", \"{}\"", folder.display()))
            .replace("\"json\"]", &format!("\"json\"{faults}]"));
        let target = self.sandbox.write(&format!("{name}.toml"), &target);
        let out = self.sandbox.path(name);
        let organisation = folder.join("organisation.toml");
        let mut line = args![
            "run",
            "--plan",
            &self.plan,
            "--organisation",
            organisation,
            "--target",
            target,
            "--out",
            &out
        ]
        .to_vec();
        line.extend(more.iter().map(std::ffi::OsString::from));
        pruefstand(line).exits(i32::from(!defects.is_empty()));
        out
    }
}

fn compare(old: &Path, new: &Path, format: &str) -> Done {
    pruefstand(args!["compare-runs", old, new, "--format", format])
}

fn parsed(done: &Done) -> serde_json::Value {
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn what_got_worse_and_better_is_told_case_by_case() {
    let example = Example::new();
    let good = example.run("good", &[], &["--requirement", "SPM-006", "--requirement", "SPM-001"]);
    let bad = example.run(
        "bad",
        &["no-rule-check"],
        &["--requirement", "SPM-006", "--requirement", "SPM-001"],
    );
    let done = compare(&good, &bad, "json").exits(1);
    let told = parsed(&done);
    assert_eq!(
        (&told["worse"], &told["old"]["overall"], &told["new"]["overall"]),
        (&true.into(), &"passed".into(), &"failed".into())
    );
    let cases = told["cases"].as_array().unwrap();
    let worse: Vec<_> = cases.iter().filter(|c| c["change"] == "worse").collect();
    assert!(!worse.is_empty() && cases.iter().any(|c| c["change"] == "same"), "{cases:?}");
    for case in &worse {
        assert_eq!((&case["old"], &case["new"]), (&"passed".into(), &"failed".into()));
        assert!(!case["new_findings"].as_array().unwrap().is_empty());
        assert!(case.get("gone_findings").is_none());
    }
    let counted: u64 =
        told["counts"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(counted, cases.len() as u64);
    let of = |id: &str| {
        told["requirements"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap().clone()
    };
    assert_eq!(
        (&of("SPM-006")["change"], &of("SPM-006")["new"]),
        (&"worse".into(), &"failed".into())
    );
    assert_eq!(of("SPM-001")["change"], "same");
    let text = compare(&good, &bad, "text").exits(1).stdout;
    assert!(text.contains("SPM-006 schlechter: bestanden → nicht bestanden"), "{text}");
    assert!(text.contains("    + SPM-006 "), "{text}");

    // The other way round it got better, and that is no reason to fail.
    let told = parsed(&compare(&bad, &good, "json").exits(0));
    assert_eq!((&told["worse"], &told["counts"]["better"]), (&false.into(), &worse.len().into()));
    let text = compare(&bad, &good, "text").exits(0).stdout;
    assert!(text.contains("    - SPM-006 ") && text.contains("SPM-006 besser"), "{text}");
    assert_eq!(parsed(&compare(&bad, &bad, "json").exits(0))["counts"]["same"], cases.len());

    // Two runs of the same hub differ in times, ports and transactions, and in nothing else.
    let again = example.run(
        "again",
        &["no-rule-check"],
        &["--requirement", "SPM-006", "--requirement", "SPM-001"],
    );
    let told = parsed(&compare(&bad, &again, "json").exits(0));
    assert_eq!(told["counts"], serde_json::json!({ "same": cases.len() }));

    // A verdict that lies around does not count.
    let mut forged = json(&bad.join("verdict.json"));
    for case in forged["cases"].as_array_mut().unwrap() {
        case["verdict"] = "passed".into();
        case["findings"] = serde_json::json!([]);
    }
    std::fs::write(bad.join("verdict.json"), forged.to_string()).unwrap();
    compare(&good, &bad, "json").exits(1);
    // Nor can what was changed after the run be compared; the folder is named.
    let evidence = bad.join("evidence.jsonl");
    let text = std::fs::read_to_string(&evidence).unwrap();
    std::fs::write(&evidence, text.replacen("Quittung", "Quitting", 1)).unwrap();
    let done = compare(&good, &bad, "json").exits(65);
    assert!(done.stderr.contains(&bad.display().to_string()), "{}", done.stderr);
    std::fs::write(good.join("plan.toml"), "").unwrap();
    let done = compare(&good, &again, "json").exits(65);
    assert!(done.stderr.contains(&good.display().to_string()), "{}", done.stderr);
}

#[test]
fn cases_of_one_run_alone_are_told_apart_and_nothing_in_common_is_refused() {
    let example = Example::new();
    let first = example.run("first", &[], &["--requirement", "SPM-001"]);
    let second =
        example.run("second", &[], &["--requirement", "SPM-001", "--requirement", "SPM-006"]);
    let third = example.run("third", &[], &["--requirement", "SPM-006"]);
    let told = parsed(&compare(&first, &second, "json").exits(0));
    let case = |change: &str| told["counts"][change].as_u64().unwrap_or(0);
    assert!(
        case("same") > 0 && case("only_new") > 0 && case("only_old") == 0,
        "{}",
        told["counts"]
    );
    let new = told["cases"].as_array().unwrap().iter().find(|c| c["change"] == "only_new").unwrap();
    assert_eq!((&new["old"], &new["new"]), (&serde_json::Value::Null, &"passed".into()));
    // What was not chosen is not worse, and a requirement goes by the cases in both.
    let back = compare(&second, &first, "json").exits(0);
    assert_eq!(parsed(&back)["counts"]["only_old"], case("only_new"));
    let text = compare(&second, &first, "text").exits(0).stdout;
    assert!(text.contains("nur im alten Lauf"), "{text}");
    let done = compare(&first, &third, "json").exits(65);
    assert!(done.stderr.contains("nothing to compare"), "{}", done.stderr);
}

#[test]
fn runs_of_different_plans_are_not_compared() {
    let example = Example::new();
    let first = example.run("first", &[], &["--requirement", "SPM-008"]);
    let sandbox = Sandbox::new();
    copy(&example.sandbox.path("neu"), &sandbox.path("neu"));
    let folder = sandbox.path("neu");
    let concept = folder.join("concept.toml");
    let text = std::fs::read_to_string(&concept).unwrap();
    let text = text
        .replace("version = \"0.1.0\"", "version = \"0.2.0\"")
        .replace("max = \"5\"", "max = \"4\"");
    std::fs::write(&concept, text).unwrap();
    let (plan, second) = (folder.join("plan.toml"), sandbox.path("second"));
    let organisation = folder.join("organisation.toml");
    derive(&concept, &organisation, &plan);
    pruefstand(args![
        "run",
        "--plan",
        &plan,
        "--organisation",
        &organisation,
        "--out",
        &second,
        "--requirement",
        "SPM-008"
    ])
    .exits(0);
    let done = compare(&first, &second, "json").exits(65);
    for word in ["plan diff", "0.1.0", "0.2.0", "changed"] {
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
    }
    assert_eq!(done.stdout, "");
    pruefstand(args!["compare-runs", &first, root()]).exits(65);
}
