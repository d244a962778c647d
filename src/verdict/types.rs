//! Findings and verdicts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::concept::Level;
use crate::evidence::Attested;
use crate::ids::{CaseId, RequirementId};
use crate::plan::Technique;

/// The format this version writes and reads.
pub const FORMAT: &str = "pruefstand/verdict/1";

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// The target.
    Target,
    /// The configuration of target or organisation.
    Configuration,
    /// The test bed.
    Testbed,
    /// The concept, or material it brought.
    Concept,
}

/// How much it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The case fails.
    Fault,
    /// Reported; the case does not fail.
    Note,
}

/// One finding (Feststellung).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Kind of finding, such as `content.missing`.
    pub id: String,
    /// How much it weighs.
    pub severity: Severity,
    /// The requirement it speaks to.
    pub requirement: RequirementId,
    /// Whose fault it is.
    pub blame: Blame,
    /// What is wrong, in words.
    pub message: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// Where.
    pub place: String,
    /// What to do, and where.
    pub hint: String,
    /// Exchanges that show it.
    pub evidence: Vec<u64>,
    /// Something did not happen, as against something wrong happened.
    pub absence: bool,
}

/// Verdict (Urteil) on a case.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// bestanden
    Passed,
    /// nicht bestanden
    Failed,
    /// nicht durchführbar
    Inconclusive,
    /// nicht anwendbar
    NotApplicable,
    /// nicht geprüft
    NotTested,
}

/// Overall result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Overall {
    /// Every MUSS case passed.
    Passed,
    /// A MUSS case failed.
    Failed,
    /// A MUSS case could not be judged.
    Inconclusive,
}

/// Admission (Zulassung).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// zugelassen
    Admitted,
    /// zugelassen mit Auflagen
    AdmittedWithConditions,
    /// nicht zugelassen
    NotAdmitted,
    /// nicht entschieden
    Undecided,
}

/// How many cases ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// bestanden
    pub passed: usize,
    /// nicht bestanden
    pub failed: usize,
    /// nicht durchführbar
    pub inconclusive: usize,
    /// nicht anwendbar
    pub not_applicable: usize,
    /// nicht geprüft
    pub not_tested: usize,
}

/// Verdict on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseVerdict {
    /// The case.
    pub id: CaseId,
    /// Its title.
    pub title: String,
    /// Its technique.
    pub technique: Technique,
    /// Requirements it tests.
    pub requirements: Vec<RequirementId>,
    /// Its level.
    pub level: Level,
    /// The verdict.
    pub verdict: CaseOutcome,
    /// Why it could not be judged, or was not.
    pub reasons: Vec<String>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// Requirements of it that the target does not claim, so that nothing was expected for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_claimed: Vec<RequirementId>,
    /// Somebody accepts its failure for a time. It changes no verdict and no admission; whoever
    /// decides on a release may take it into account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<CaseWaiver>,
    /// What a person found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested: Option<CaseAttestation>,
    /// Time between its first and last record, milliseconds.
    pub duration_ms: u64,
}

impl CaseVerdict {
    /// Whether the case says something about a requirement: it belongs to it, and the target claims it.
    pub fn is_about(&self, requirement: &RequirementId) -> bool {
        self.requirements.contains(requirement) && !self.not_claimed.contains(requirement)
    }
}

/// What a person found about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseAttestation {
    /// What the person says.
    pub verdict: Attested,
    /// Who.
    pub by: String,
    /// When, UTC.
    pub at: String,
    /// What was seen, in the person's words.
    pub note: String,
    /// Id of the key that signed it.
    pub key: String,
}

impl CaseAttestation {
    /// In one line, German.
    pub fn line(&self) -> String {
        let word = match self.verdict {
            Attested::Passed => "bestanden",
            Attested::Failed => "nicht bestanden",
            Attested::Inconclusive => "nicht zu beurteilen",
            Attested::NotApplicable => "nicht anwendbar",
        };
        let key: String = self.key.chars().take(12).collect();
        format!(
            "{word}, eingetragen von {} am {} (Schlüssel {key}): {}",
            self.by, self.at, self.note
        )
    }
}

/// A waiver (Duldung) as it stood on the day of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseWaiver {
    /// Why the failure is accepted.
    pub reason: String,
    /// Who accepts it.
    pub by: String,
    /// Last day on which it counts, ISO 8601.
    pub until: String,
    /// Number of the change request that will mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_request: Option<String>,
    /// It had run out when the run began.
    pub expired: bool,
}

impl CaseWaiver {
    /// In one line, German.
    pub fn line(&self) -> String {
        let state = if self.expired { "abgelaufen am" } else { "geduldet bis" };
        let request = self.change_request.as_ref().map_or(String::new(), |n| format!(", {n}"));
        format!("{state} {} durch {}: {}{request}", self.until, self.by, self.reason)
    }
}

/// Whether a checker caught its canary in this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanaryResult {
    /// The checker.
    pub checker: String,
    /// It did.
    pub alive: bool,
    /// What it missed otherwise.
    pub detail: String,
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Always `pruefstand/verdict/1`.
    pub format: String,
    /// Overall result.
    pub overall: Overall,
    /// Admission.
    pub admission: Admission,
    /// Only some cases were chosen; no certificate.
    pub filtered: bool,
    /// MUSS requirements that apply and that no case tests; each keeps the result open.
    pub untested: Vec<RequirementId>,
    /// Requirements that apply and that the target does not claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_claimed: Vec<RequirementId>,
    /// How many cases ended how.
    pub counts: Counts,
    /// Cases that limits of the catalogue left out of the plan.
    #[serde(default)]
    pub left_out: usize,
    /// Cases that could not be made; the plan says why.
    #[serde(default)]
    pub not_made: usize,
    /// Checkers and their canaries.
    pub canaries: Vec<CanaryResult>,
    /// Case by case, in the order of the plan.
    pub cases: Vec<CaseVerdict>,
}

impl Verdict {
    /// Findings of all cases.
    pub fn findings(&self) -> impl Iterator<Item = (&CaseVerdict, &Finding)> {
        self.cases.iter().flat_map(|c| c.findings.iter().map(move |f| (c, f)))
    }
}
