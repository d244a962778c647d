//! The whole report for machines; its JSON Schema stands in `reports/schemas/report.schema.json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::missing::missing;
use super::{Language, Material, ReportError};
use crate::concept::Level;
use crate::ids::RequirementId;
use crate::plan::PlanKind;
use crate::verdict::{
    Admission, CanaryResult, CaseOutcome, CaseVerdict, Counts, Overall, result_of,
};

/// `report.json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReportFile<'a> {
    /// Always `pruefstand/report/1`.
    format: &'static str,
    /// Overall result.
    overall: Overall,
    /// Admission.
    admission: Admission,
    /// What is missing for a pass, in English.
    missing: Vec<String>,
    /// Only some cases were chosen.
    filtered: bool,
    /// What was tested.
    target: Target<'a>,
    /// The plan.
    plan: Plan<'a>,
    /// Version and platform of the harness.
    harness: String,
    /// Engines with their versions.
    engines: &'a std::collections::BTreeMap<String, String>,
    /// When the run began, RFC 3339, UTC.
    started: &'a str,
    /// When it ended.
    ended: Option<&'a str>,
    /// Digest over the chain of the evidence, SHA-256.
    evidence: Option<&'a str>,
    /// How many cases ended how.
    counts: Counts,
    /// Share of faults that the plan was measured to find, percent; none where that is not known.
    fault_detection: Option<f64>,
    /// Requirement by requirement.
    requirements: Vec<Requirement<'a>>,
    /// Requirements that the target does not claim.
    not_claimed: &'a [RequirementId],
    /// Checkers and their canaries.
    canaries: &'a [CanaryResult],
    /// Case by case, in the order of the plan.
    cases: &'a [CaseVerdict],
}

/// What was tested.
#[derive(Debug, Serialize, JsonSchema)]
struct Target<'a> {
    /// Component kind.
    kind: &'a str,
    /// Vendor.
    vendor: &'a str,
    /// Product.
    product: &'a str,
    /// Version.
    version: &'a str,
}

/// The plan.
#[derive(Debug, Serialize, JsonSchema)]
struct Plan<'a> {
    /// Short name.
    id: &'a str,
    /// Title.
    title: &'a str,
    /// Concept: id and version.
    concept: &'a str,
    /// Umsetzungsstufe.
    stage: u8,
    /// It can lead to an admission; a Funktionstest cannot.
    admits: bool,
}

/// A requirement with its verdict.
#[derive(Debug, Serialize, JsonSchema)]
struct Requirement<'a> {
    /// Id.
    id: &'a RequirementId,
    /// Level.
    level: Level,
    /// What must hold.
    title: &'a str,
    /// The verdict on it.
    verdict: CaseOutcome,
    /// How many cases say something about it.
    cases: usize,
    /// How many of them fail under it.
    failed: usize,
    /// Why no case tests it.
    not_tested: Option<&'a str>,
}

/// The report as JSON.
///
/// # Errors
/// When it cannot be serialised.
pub fn report_json(material: &Material<'_>) -> Result<String, ReportError> {
    let Material { manifest, plan, verdict, evidence, score } = *material;
    let requirement = |r: &'_ crate::plan::PlanRequirement| {
        let result = result_of(&r.id, verdict.cases.iter());
        (result.outcome, result.cases, result.failed.len())
    };
    let file = ReportFile {
        format: "pruefstand/report/1",
        overall: verdict.overall,
        admission: verdict.admission,
        missing: missing(material).iter().map(|m| m.line(Language::En)).collect(),
        filtered: verdict.filtered,
        target: Target {
            kind: &manifest.target.kind,
            vendor: &manifest.target.vendor,
            product: &manifest.target.product,
            version: &manifest.target.version,
        },
        plan: Plan {
            id: &plan.plan.id,
            title: &plan.plan.title,
            concept: &plan.plan.concept,
            stage: plan.plan.stage,
            admits: plan.plan.kind == PlanKind::Zulassung,
        },
        harness: format!("{} ({})", manifest.harness, manifest.platform),
        engines: &manifest.engines,
        started: &manifest.started,
        ended: manifest.ended.as_deref(),
        evidence: evidence.head.as_ref().map(|d| d.0.as_str()),
        counts: verdict.counts,
        fault_detection: score.and_then(|s| s.score),
        requirements: plan
            .requirement
            .iter()
            .map(|r| {
                let (outcome, cases, failed) = requirement(r);
                Requirement {
                    id: &r.id,
                    level: r.level,
                    title: &r.title,
                    verdict: outcome,
                    cases,
                    failed,
                    not_tested: r.not_tested.as_deref(),
                }
            })
            .collect(),
        not_claimed: &verdict.not_claimed,
        canaries: &verdict.canaries,
        cases: &verdict.cases,
    };
    let mut text = serde_json::to_string_pretty(&file).map_err(ReportError::Json)?;
    text.push('\n');
    Ok(text)
}
