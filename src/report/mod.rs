//! Reports: one file per format, all readers of the same verdict and evidence.

mod attachment;
mod bars;
mod comparison;
mod detection;
mod earl;
mod html;
mod json;
mod junit;
mod markdown;
mod missing;
mod pages;
mod pdf;
mod repeat;
mod rule_test;
mod sarif;
mod secrets;
mod sequence;
mod shell;
mod text;
mod varl;
mod visible;

pub use attachment::{ATTACHMENTS, attachment, name_of as attachment_of};
pub use comparison::{
    CompareError, ComparedCase, ComparedFinding, ComparedRequirement, ComparedRun, RunChange,
    RunComparison, compare_runs,
};
pub use detection::{detection_page, detection_text};
pub use earl::earl;
pub use html::html;
pub use json::{ReportFile, report_json};
pub use junit::junit;
pub use markdown::markdown;
pub use pages::{configuration_page, coverage_page, sheet_page, sheet_text};
pub use pdf::pdf;
pub use rule_test::rule_test_text;
pub use sarif::{sarif, sarif_of_files};
pub use shell::shell_word;
pub use text::{Explained, Whereabouts, explain, summary};
pub use varl::{VARL, varl};
pub use visible::visible;

use crate::evidence::Evidence;
use crate::judged::Score;
use crate::plan::TestPlan;
use crate::run::Manifest;
use crate::verdict::Verdict;

/// Language of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// German.
    #[default]
    De,
    /// English.
    En,
}

/// Everything a report speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The manifest.
    pub manifest: &'a Manifest,
    /// The plan.
    pub plan: &'a TestPlan,
    /// The verdict.
    pub verdict: &'a Verdict,
    /// The evidence.
    pub evidence: &'a Evidence,
    /// How good the plan was measured to be, where that is known.
    pub score: Option<&'a Score>,
}

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A template has a fault.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
    /// JSON could not be written.
    #[error("json: {0}")]
    Json(serde_json::Error),
    /// PDF could not be written, or would not keep PDF/A.
    #[error("pdf: {0}")]
    Pdf(String),
    /// JUnit could not be written.
    #[error("junit: {0}")]
    JUnit(String),
}

/// Words of a verdict.
pub fn word(outcome: crate::verdict::CaseOutcome, language: Language) -> &'static str {
    use crate::verdict::CaseOutcome as O;
    match (outcome, language) {
        (O::Passed, Language::De) => "bestanden",
        (O::Failed, Language::De) => "nicht bestanden",
        (O::Inconclusive, Language::De) => "nicht durchführbar",
        (O::NotApplicable, Language::De) => "nicht anwendbar",
        (O::NotTested, Language::De) => "nicht geprüft",
        (O::Passed, Language::En) => "passed",
        (O::Failed, Language::En) => "failed",
        (O::Inconclusive, Language::En) => "inconclusive",
        (O::NotApplicable, Language::En) => "not applicable",
        (O::NotTested, Language::En) => "not tested",
    }
}

/// Words of the overall result and of the admission.
pub fn overall_words(verdict: &Verdict, language: Language) -> (&'static str, &'static str) {
    use crate::verdict::{Admission as A, Overall as O};
    let overall = match (verdict.overall, language) {
        (O::Passed, Language::De) => "bestanden",
        (O::Failed, Language::De) => "nicht bestanden",
        (O::Inconclusive, Language::De) => "nicht durchführbar",
        (O::Passed, Language::En) => "passed",
        (O::Failed, Language::En) => "failed",
        (O::Inconclusive, Language::En) => "inconclusive",
    };
    let admission = match (verdict.admission, language) {
        (A::Admitted, Language::De) => "zugelassen",
        (A::AdmittedWithConditions, Language::De) => "zugelassen mit Auflagen",
        (A::NotAdmitted, Language::De) => "nicht zugelassen",
        (A::Undecided, Language::De) => "nicht entschieden",
        (A::Admitted, Language::En) => "admitted",
        (A::AdmittedWithConditions, Language::En) => "admitted with conditions",
        (A::NotAdmitted, Language::En) => "not admitted",
        (A::Undecided, Language::En) => "undecided",
    };
    (overall, admission)
}
