//! The bundle whose fields come from XDatenfelder 3, end to end.

use crate::args;
use crate::support::{Sandbox, json, pruefstand, root};

fn plan() -> std::path::PathBuf {
    root().join("testplans/hundehaltung/plan.toml")
}

#[test]
fn the_reference_hub_passes() {
    let sandbox = Sandbox::new();
    let out = sandbox.path("good");
    pruefstand(args!["run", "--plan", plan(), "--out", &out]).exits(0);
    let verdict = json(&out.join("verdict.json"));
    assert_eq!(verdict["admission"], "admitted");
    assert_eq!(verdict["counts"]["passed"], verdict["cases"].as_array().unwrap().len());
    kills_only_a_target_at_rest(&out);
}

/// A target that is killed right after an answer may not have noted it, and does right to repeat
/// its message. So nothing of another case is under way when a case with a restart begins.
fn kills_only_a_target_at_rest(run: &std::path::Path) {
    use pruefstand::evidence::{Evidence, Record};
    let settle = pruefstand::plan::load(&plan()).unwrap().plan.settle_ms;
    let evidence = Evidence::read(run).unwrap();
    let mut last = None;
    let mut seen = 0;
    for entry in &evidence.entries {
        match &entry.record {
            Record::Request { .. } | Record::Answer { .. } => last = Some(entry.time),
            Record::CaseBegin { case, .. } if case.0.starts_with("crash/") => {
                let quiet = entry.time.duration_since(last.unwrap()).as_millis();
                assert!(quiet >= i128::from(settle), "{case:?}: {quiet} ms after an exchange");
                seen += 1;
            }
            _ => {}
        }
    }
    assert_eq!(seen, 2);
}

/// Each position of a group has cases of its own, and its own cardinality.
#[test]
fn a_group_at_three_positions_is_three_groups() {
    let plan = pruefstand::plan::load(&plan()).unwrap();
    let group = |path: &str| {
        let mut groups = plan.message.iter().flat_map(|m| &m.group);
        groups.find(|g| g.path == path).unwrap_or_else(|| panic!("{path}")).clone()
    };
    for outer in ["G14990000100", "G14990000300", "G14990000400"] {
        let inner = group(&format!("{outer}/G14990000900"));
        assert_eq!(inner.within.as_deref(), Some(outer));
        let cases = plan.case.iter().filter(|c| c.id.0.contains(&inner.id)).count();
        assert!(cases > 10, "{outer}: {cases}");
    }
    let exists = |id: &str| plan.case.iter().any(|c| c.id.0 == id);
    let id = |kind: &str, group: &str, variant: &str| {
        format!("{kind}/anmeldung.einreichen/gruppe-{group}/G14990000900/{variant}")
    };
    // 1:1 with the Halter, 1:2 at the Haltungsort, 0:1 with the Vorbesitzer.
    assert!(exists(&id("missing", "G14990000100", "fehlt")));
    assert!(exists(&id("missing", "G14990000300", "fehlt")));
    assert!(!exists(&id("missing", "G14990000400", "fehlt")));
    let repeats = |group: &str| {
        let wanted = id("too-many", group, "max-plus-1");
        let case = plan.case.iter().find(|c| c.id.0 == wanted).unwrap();
        format!("{:?}", case.step).matches("times: 3").count()
    };
    assert_eq!(repeats("G14990000300"), 1, "one more than two");
    assert_eq!(repeats("G14990000100"), 0);
}

#[test]
fn rules_with_a_script_are_tested_and_check_digits_too() {
    let plan = pruefstand::plan::load(&plan()).unwrap();
    let violates = |text: &str| {
        let steps = plan.case.iter().flat_map(|c| &c.step);
        steps.filter(|s| format!("{s:?}").contains(&format!("violates: Some(\"{text}"))).count()
    };
    for rule in ["R14990000001", "R14990000002", "R14990000003"] {
        assert!(violates(rule) > 0, "{rule}");
    }
    // 00 and 01 and 99 satisfy the remainder; only the range of ISO 13616 tells them apart.
    assert_eq!(violates("G14990000700/F14990000702 iban"), 4);
}
