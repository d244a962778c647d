//! What is missing for a pass, most important first: what a reader wants to know before anything else.

use std::collections::BTreeMap;

use super::{Language, Material};
use crate::concept::Level;
use crate::ids::RequirementId;
use crate::verdict::{CaseOutcome, Overall, Severity};

/// Something that keeps a run from passing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// MUSS cases that failed under a requirement.
    Failed {
        /// The requirement.
        requirement: RequirementId,
        /// How many cases.
        cases: usize,
    },
    /// MUSS cases that could not be judged, by the first reason.
    Open {
        /// The reason.
        reason: String,
        /// How many cases.
        cases: usize,
    },
    /// MUSS requirements without a case.
    Untested(Vec<RequirementId>),
    /// Checkers that were not alive.
    Dead(Vec<String>),
    /// Only some cases were chosen.
    Filtered,
}

/// What is missing; nothing where a run passed.
pub(super) fn missing(material: &Material<'_>) -> Vec<Missing> {
    let verdict = material.verdict;
    let mut out = Vec::new();
    if verdict.overall != Overall::Passed {
        let mut failed: BTreeMap<&RequirementId, usize> = BTreeMap::new();
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        for case in verdict.cases.iter().filter(|c| c.level == Level::Muss) {
            match case.verdict {
                CaseOutcome::Failed => {
                    let faults = case.findings.iter().filter(|f| f.severity == Severity::Fault);
                    let about: std::collections::BTreeSet<_> =
                        faults.map(|f| &f.requirement).collect();
                    for requirement in about {
                        *failed.entry(requirement).or_default() += 1;
                    }
                }
                CaseOutcome::Inconclusive | CaseOutcome::NotTested => {
                    let reason = case.reasons.first().map_or("", String::as_str);
                    *open.entry(reason).or_default() += 1;
                }
                CaseOutcome::Passed | CaseOutcome::NotApplicable => {}
            }
        }
        let mut failed: Vec<_> = failed.into_iter().collect();
        failed.sort_by_key(|(_, cases)| std::cmp::Reverse(*cases));
        out.extend(
            failed.into_iter().map(|(r, cases)| Missing::Failed { requirement: r.clone(), cases }),
        );
        let mut open: Vec<_> = open.into_iter().collect();
        open.sort_by_key(|(_, cases)| std::cmp::Reverse(*cases));
        out.extend(
            open.into_iter().map(|(reason, cases)| Missing::Open { reason: reason.into(), cases }),
        );
    }
    if !verdict.untested.is_empty() {
        out.push(Missing::Untested(verdict.untested.clone()));
    }
    let dead: Vec<String> =
        verdict.canaries.iter().filter(|c| !c.alive).map(|c| c.checker.clone()).collect();
    if !dead.is_empty() {
        out.push(Missing::Dead(dead));
    }
    if verdict.filtered {
        out.push(Missing::Filtered);
    }
    out
}

impl Missing {
    /// In words.
    pub fn line(&self, language: Language) -> String {
        let join =
            |list: &[RequirementId]| list.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ");
        match (self, language) {
            (Self::Failed { requirement, cases }, Language::De) => {
                format!("{requirement}: {cases} MUSS-Testfälle nicht bestanden")
            }
            (Self::Failed { requirement, cases }, Language::En) => {
                format!("{requirement}: {cases} MUSS cases failed")
            }
            (Self::Open { reason, cases }, Language::De) => {
                format!("{cases} MUSS-Testfälle ohne Urteil: {reason}")
            }
            (Self::Open { reason, cases }, Language::En) => {
                format!("{cases} MUSS cases without a verdict: {reason}")
            }
            (Self::Untested(list), Language::De) => {
                format!("MUSS-Anforderungen ohne Testfall: {}", join(list))
            }
            (Self::Untested(list), Language::En) => {
                format!("MUSS requirements without a case: {}", join(list))
            }
            (Self::Dead(list), Language::De) => {
                format!("Prüfer, die ihren Kanarienfall nicht erkannten: {}", list.join(", "))
            }
            (Self::Dead(list), Language::En) => {
                format!("checkers that did not catch their canary: {}", list.join(", "))
            }
            (Self::Filtered, Language::De) => "nur ein Teil der Testfälle wurde ausgewählt".into(),
            (Self::Filtered, Language::En) => "only some of the cases were chosen".into(),
        }
    }
}
