//! What people found, as part of a verdict.

use super::types::{Blame, CaseAttestation, Finding, Severity};
use super::view::RunView;
use crate::evidence::Attested;
use crate::ids::{CaseId, RequirementId};
use crate::plan::{Expectation, TestCase};

/// What was last said about a case; a failure becomes a finding.
pub(super) fn of(
    run: &RunView,
    case: &CaseId,
    requirement: &RequirementId,
    findings: &mut Vec<Finding>,
) -> Option<Attested> {
    let last = run.attestations.iter().rev().find(|a| &a.case == case)?;
    if last.verdict == Attested::Failed {
        let day = jiff::tz::Offset::UTC.to_datetime(last.at).date();
        findings.push(Finding {
            id: "attested.failed".into(),
            severity: Severity::Fault,
            requirement: requirement.clone(),
            blame: Blame::Target,
            message: "Die prüfende Person hat es nicht so gefunden, wie es sein muss".into(),
            expected: String::new(),
            actual: last.note.clone(),
            place: format!("{}, {day}", last.by),
            hint: "Die Anmerkung der prüfenden Person lesen".into(),
            evidence: vec![],
            absence: false,
        });
    }
    Some(last.verdict)
}

/// What was last said about a case that a person judges, for reports.
pub(super) fn shown(run: &RunView, case: &TestCase) -> Option<CaseAttestation> {
    let asked = |e: &Expectation| matches!(e, Expectation::Attested { .. });
    case.expect.iter().find(|e| asked(e))?;
    let last = run.attestations.iter().rev().find(|a| a.case == case.id)?;
    Some(CaseAttestation {
        verdict: last.verdict,
        by: last.by.clone(),
        at: last.at.to_string(),
        note: last.note.clone(),
        key: last.signer().unwrap_or_default(),
    })
}

/// What to do while nobody has said anything.
pub(super) fn waiting(case: &CaseId) -> String {
    format!(
        "wartet auf das Ergebnis einer Person: pruefstand attest LAUF --case {case} --verdict \
         passed|failed --by NAME --note DATEI"
    )
}
