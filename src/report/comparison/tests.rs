//! What counts as better and worse.

use super::{RunChange, compared};
use crate::verdict::{CaseOutcome, CaseVerdict, Finding};

fn finding(id: &str, place: &str, severity: &str) -> Finding {
    serde_json::from_value(serde_json::json!({
        "id": id, "severity": severity, "requirement": "R-1", "blame": "target",
        "message": "", "expected": "", "actual": "", "place": place, "hint": "",
        "evidence": [], "absence": false,
    }))
    .unwrap()
}

fn case(verdict: CaseOutcome, findings: Vec<Finding>, duration_ms: u64) -> CaseVerdict {
    CaseVerdict {
        id: "a/b".into(),
        title: String::new(),
        technique: crate::plan::Technique::ErrorGuessing,
        requirements: vec![],
        level: crate::concept::Level::Muss,
        verdict,
        reasons: vec![],
        findings,
        not_claimed: vec![],
        waiver: None,
        attested: None,
        duration_ms,
    }
}

#[test]
fn a_case_gets_better_or_worse_by_its_verdict_first() {
    use CaseOutcome as O;
    let order = [O::Failed, O::Inconclusive, O::NotTested, O::NotApplicable, O::Passed];
    for (a, old) in order.iter().enumerate() {
        for (b, new) in order.iter().enumerate() {
            // A finding that goes or comes does not outweigh the verdict.
            let found = vec![finding("x", "p", "note")];
            let change = compared(&case(*old, found, 1), &case(*new, vec![], 999)).change;
            let expected = match b.cmp(&a) {
                std::cmp::Ordering::Less => RunChange::Worse,
                std::cmp::Ordering::Equal => RunChange::Same,
                std::cmp::Ordering::Greater => RunChange::Better,
            };
            assert_eq!(change, expected, "{old:?} {new:?}");
        }
    }
}

#[test]
fn a_requirement_goes_by_its_verdict_and_then_by_how_many_cases_failed() {
    use super::{RequirementResult, of_requirement};
    let case = case(CaseOutcome::Failed, vec![], 0);
    let result =
        |outcome, failed| RequirementResult { cases: 5, failed: vec![&case; failed], outcome };
    let change = |old, new| of_requirement(&old, &new);
    let failed = |n| result(CaseOutcome::Failed, n);
    assert_eq!(change(failed(2), failed(2)), RunChange::Same);
    assert_eq!(change(failed(2), failed(3)), RunChange::Worse);
    assert_eq!(change(failed(3), failed(2)), RunChange::Better);
    let open = || result(CaseOutcome::Inconclusive, 0);
    assert_eq!(change(failed(1), open()), RunChange::Better);
    assert_eq!(change(result(CaseOutcome::Passed, 0), open()), RunChange::Worse);
}

#[test]
fn with_the_same_verdict_a_new_fault_is_worse() {
    let failed = |list: &[(&str, &str)]| {
        let findings = list.iter().map(|(id, place)| finding(id, place, "fault")).collect();
        case(CaseOutcome::Failed, findings, 0)
    };
    let change = |old: &[(&str, &str)], new: &[(&str, &str)]| {
        let c = compared(&failed(old), &failed(new));
        (c.change, c.new_findings.len(), c.gone_findings.len())
    };
    let (a, b) = (("content.missing", "Vorgang/Nummer"), ("content.missing", "Inhaber/Name"));
    assert_eq!(change(&[a], &[a]), (RunChange::Same, 0, 0));
    assert_eq!(change(&[a], &[a, b]), (RunChange::Worse, 1, 0));
    assert_eq!(change(&[a, b], &[b]), (RunChange::Better, 0, 1));
    assert_eq!(change(&[a], &[b]), (RunChange::Worse, 1, 1));
    assert_eq!(change(&[a], &[a, a]), (RunChange::Worse, 1, 0));
    // Numbers of transactions are of one run.
    let log = |n| ("log.gap", n);
    assert_eq!(change(&[log("Transaktion T-1")], &[log("Transaktion T-2")]).0, RunChange::Same);
}
