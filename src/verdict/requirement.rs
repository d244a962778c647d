//! What the cases say about a requirement.

use super::{CaseOutcome, CaseVerdict, Severity};
use crate::ids::RequirementId;

/// The cases of a requirement, and what follows from them.
pub struct RequirementResult<'a> {
    /// How many cases say something about it.
    pub cases: usize,
    /// Those that fail under it.
    pub failed: Vec<&'a CaseVerdict>,
    /// The verdict on it.
    pub outcome: CaseOutcome,
}

/// A case fails under a requirement only if a finding speaks to it.
pub fn result_of<'a>(
    requirement: &RequirementId,
    cases: impl Iterator<Item = &'a CaseVerdict>,
) -> RequirementResult<'a> {
    let cases: Vec<&CaseVerdict> = cases.filter(|c| c.is_about(requirement)).collect();
    let against = |c: &&CaseVerdict| {
        c.findings.iter().any(|f| f.requirement == *requirement && f.severity == Severity::Fault)
    };
    let failed: Vec<&CaseVerdict> = cases.iter().copied().filter(|c| against(c)).collect();
    let open = cases
        .iter()
        .any(|c| matches!(c.verdict, CaseOutcome::Inconclusive | CaseOutcome::NotTested));
    let outcome = if cases.is_empty() {
        CaseOutcome::NotTested
    } else if !failed.is_empty() {
        CaseOutcome::Failed
    } else if open {
        CaseOutcome::Inconclusive
    } else if cases.iter().all(|c| c.verdict == CaseOutcome::NotApplicable) {
        CaseOutcome::NotApplicable
    } else {
        CaseOutcome::Passed
    };
    RequirementResult { cases: cases.len(), failed, outcome }
}
