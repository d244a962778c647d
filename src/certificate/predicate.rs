//! What a certificate says.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Judged;
use crate::concept::Level;
use crate::ids::{Digest, RequirementId};
use crate::verdict::{
    Admission, CaseOutcome, CaseVerdict, Finding, Overall, Severity, Verdict, result_of,
};

/// The part of a certificate that readers build on.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// When it was issued.
    pub issued: Timestamp,
    /// Number of the report.
    pub number: Option<String>,
    /// Always passed.
    pub result: Overall,
    /// Admission.
    pub admission: Admission,
    /// Auflagen.
    pub conditions: Vec<Condition>,
    /// Requirement by requirement.
    pub requirements: Vec<Requirement>,
    /// Requirements that the target does not claim.
    pub not_claimed: Vec<RequirementId>,
    /// What was tested.
    pub target: Target,
    /// The plan.
    pub plan: Plan,
    /// Fault detection of the plan, where measured.
    pub detection: Option<Detection>,
    /// How long it holds.
    pub validity: Validity,
    /// When it was tested.
    pub time: Tested,
    /// Who tested.
    pub tested_by: TestedBy,
    /// Engines with their versions.
    pub engines: std::collections::BTreeMap<String, String>,
    /// The harness.
    pub harness: Harness,
    /// The chain of the evidence.
    pub evidence: Chain,
    /// By which rule the result follows.
    pub decision_rule: String,
}

/// An Auflage.
#[derive(Debug, Clone, Deserialize)]
pub struct Condition {
    /// The requirement it comes from; none where a person wrote it.
    pub requirement: Option<RequirementId>,
    /// What.
    pub finding: String,
    /// By when.
    pub due: Option<Date>,
}

/// A requirement with its verdict.
#[derive(Debug, Clone, Deserialize)]
pub struct Requirement {
    /// Id.
    pub id: RequirementId,
    /// Level.
    pub level: Level,
    /// What must hold.
    pub title: String,
    /// It applies to this component and Umsetzungsstufe.
    pub applies: bool,
    /// The verdict on it.
    pub verdict: CaseOutcome,
    /// How many cases say something about it.
    pub cases: usize,
}

/// What was tested.
#[derive(Debug, Clone, Deserialize)]
pub struct Target {
    /// Kind of component.
    pub kind: String,
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
}

/// The plan.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Short name: the Leistungsbündel.
    pub id: String,
    /// Title.
    pub title: String,
    /// Concept: id and version.
    pub concept: String,
    /// Umsetzungsstufe.
    pub stage: u8,
}

/// Fault detection of the plan.
#[derive(Debug, Clone, Deserialize)]
pub struct Detection {
    /// Percent of the faults that make a difference.
    pub score: Option<f64>,
    /// When it was measured, UTC.
    pub date: String,
}

/// How long a certificate holds.
#[derive(Debug, Clone, Deserialize)]
pub struct Validity {
    /// Last day on which it holds.
    pub until: Option<Date>,
    /// What ends it besides.
    pub ends: Vec<String>,
}

/// Who tested.
#[derive(Debug, Clone, Deserialize)]
pub struct TestedBy {
    /// Name, where it was told.
    pub name: Option<String>,
    /// Id of the key.
    pub key: String,
}

/// When it was tested.
#[derive(Debug, Clone, Deserialize)]
pub struct Tested {
    /// Begin of the run.
    pub started: Timestamp,
    /// End of the run.
    pub ended: Timestamp,
}

/// The harness.
#[derive(Debug, Clone, Deserialize)]
pub struct Harness {
    /// Version.
    pub version: String,
    /// Digest of the program.
    pub sha256: Digest,
}

/// The chain of the evidence.
#[derive(Debug, Clone, Deserialize)]
pub struct Chain {
    /// Digest over its last line.
    pub head: Option<Digest>,
}

/// A file that a certificate speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Its digests.
    pub digest: SubjectDigest,
}

/// Digests of a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SubjectDigest {
    /// SHA-256.
    pub sha256: Digest,
}

const DECISION_RULE: &str = "any MUSS case failed: not admitted; else any MUSS case inconclusive or \
    not tested: undecided; else passed, failed SOLL cases are conditions";

fn faults(verdict: &Verdict) -> impl Iterator<Item = &Finding> {
    let failed = verdict.cases.iter().filter(|c| c.verdict == CaseOutcome::Failed);
    failed.flat_map(|c| c.findings.iter().filter(|f| f.severity == Severity::Fault))
}

/// What follows from the run's folder alone: judged again, it must be the same.
pub(super) fn from_run(judged: &Judged<'_>) -> Map<String, Value> {
    let Judged { manifest, plan, evidence, verdict, score } = *judged;
    let conditions: Vec<_> = faults(verdict)
        .map(|f| json!({ "requirement": f.requirement, "finding": f.message }))
        .collect();
    let requirements: Vec<_> = plan
        .requirement
        .iter()
        .map(|r| {
            let cases: Vec<_> = verdict.cases.iter().filter(|c| c.is_about(&r.id)).collect();
            let ended = |how| cases.iter().filter(|c| c.verdict == how).count();
            json!({
                "id": r.id, "level": r.level, "title": r.title, "applies": r.applies,
                "verdict": result_of(&r.id, verdict.cases.iter()).outcome,
                "cases": cases.len(), "passed": ended(CaseOutcome::Passed),
                "notApplicable": ended(CaseOutcome::NotApplicable), "notTested": r.not_tested,
            })
        })
        .collect();
    let standards: Vec<_> = plan
        .message
        .iter()
        .map(|m| {
            let file = plan.file.iter().find(|f| Some(&f.name) == m.schema.as_ref());
            json!({
                "message": m.id, "namespace": m.namespace, "schema": m.schema,
                "sha256": file.map(|f| &f.digest),
            })
        })
        .collect();
    let code_lists: Vec<_> =
        plan.code_list.iter().map(|l| json!({ "uri": l.uri, "version": l.version })).collect();
    let from_run = json!({
        "result": verdict.overall,
        "admission": verdict.admission,
        "conditions": conditions,
        "waivers": verdict.cases.iter().filter_map(waiver).collect::<Vec<_>>(),
        "attested": verdict.cases.iter().filter_map(attested).collect::<Vec<_>>(),
        "target": manifest.target,
        "notClaimed": verdict.not_claimed,
        "targetSays": manifest.target_says,
        "plan": { "id": plan.plan.id, "title": plan.plan.title, "concept": plan.plan.concept,
                  "conceptDigest": plan.plan.concept_digest, "stage": plan.plan.stage,
                  "component": plan.plan.component, "organisation": plan.plan.organisation,
                  "catalogue": plan.plan.catalogue,
                  "catalogueDigest": plan.plan.catalogue_digest,
                  "leftOut": plan.left_out, "notMade": plan.not_made.len() },
        "standards": standards,
        "codeLists": code_lists,
        "harness": { "version": manifest.harness, "sha256": manifest.harness_sha256, "platform": manifest.platform },
        "engines": manifest.engines,
        "evidence": { "head": evidence.head, "records": evidence.entries.len() },
        "counts": verdict.counts,
        "detection": score,
        "requirements": requirements,
        "time": { "started": manifest.started, "ended": manifest.ended },
        "decisionRule": DECISION_RULE,
    });
    match from_run {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn waiver(c: &CaseVerdict) -> Option<Value> {
    let w = c.waiver.as_ref()?;
    Some(json!({
        "case": c.id, "verdict": c.verdict, "reason": w.reason, "by": w.by,
        "until": w.until, "changeRequest": w.change_request, "expired": w.expired,
    }))
}

fn attested(c: &CaseVerdict) -> Option<Value> {
    let a = c.attested.as_ref()?;
    Some(json!({ "case": c.id, "verdict": a.verdict, "by": a.by, "at": a.at, "key": a.key }))
}
