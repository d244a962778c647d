//! Issuing.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{PAYLOAD_TYPE, PREDICATE_TYPE, PRODUCT, STATEMENT_TYPE, pae};
use crate::evidence::{Evidence, FILE};
use crate::ids::Digest;
use crate::judged::Score;
use crate::plan::{PlanKind, TestPlan};
use crate::run::{MANIFEST, Manifest};
use crate::signing::SigningKey;
use crate::verdict::{Admission, CaseOutcome, Overall, Severity, Verdict};

/// A certificate: the DSSE envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Certificate {
    /// Media type of the payload.
    pub payload_type: String,
    /// The statement in base64.
    pub payload: String,
    /// Signatures.
    pub signatures: Vec<Signature>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Id of the key.
    pub keyid: String,
    /// The signature in base64.
    pub sig: String,
}

impl Certificate {
    /// The certificate as its file: one form only.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The result does not deserve one.
    #[error("no certificate: {0}")]
    Refused(String),
    /// A file of the run cannot be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
}

/// Files of a run's folder that a certificate binds, besides the manifest's inputs.
pub(super) const BOUND: [&str; 3] = [MANIFEST, FILE, "verdict.json"];

/// What a certificate speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The manifest of the run.
    pub manifest: &'a Manifest,
    /// The plan.
    pub plan: &'a TestPlan,
    /// The evidence.
    pub evidence: &'a Evidence,
    /// The verdict, made in the same command.
    pub verdict: &'a Verdict,
    /// How good the plan was measured to be at finding faults, where that is known.
    pub score: Option<&'a Score>,
}

/// Issues a certificate for a run.
///
/// # Errors
/// When the result is not `passed`, the run was filtered or broken off, or a file is missing.
pub fn issue(
    folder: &Path,
    judged: &Judged<'_>,
    key: &SigningKey,
) -> Result<Certificate, IssueError> {
    let Judged { manifest, plan, evidence, verdict, score } = *judged;
    let refuse = |why: &str| Err(IssueError::Refused(why.to_owned()));
    if verdict.overall != Overall::Passed {
        return refuse("the overall result is not passed");
    }
    if verdict.filtered || manifest.chosen.is_some() {
        return refuse("only some cases were chosen");
    }
    if plan.plan.kind != PlanKind::Zulassung {
        return refuse("a Funktionstest admits nothing");
    }
    if !matches!(verdict.admission, Admission::Admitted | Admission::AdmittedWithConditions) {
        return refuse("the target is not admitted");
    }
    if verdict.canaries.iter().any(|c| !c.alive) {
        return refuse("a checker was not alive");
    }
    if evidence.interrupted() != Some(false) || manifest.interrupted {
        return refuse("the run was broken off");
    }
    let mut subject = Vec::new();
    let names = BOUND.iter().map(|n| (*n).to_owned());
    for name in names.chain(manifest.inputs.iter().map(|i| i.name.clone())) {
        let bytes =
            std::fs::read(folder.join(&name)).map_err(|e| IssueError::Io(name.clone(), e))?;
        subject.push(json!({ "name": name, "digest": { "sha256": Digest::of(bytes) } }));
    }
    // What was tested, so that a result can be found for a file: it lies outside the run's folder.
    for file in &manifest.target.files {
        let name = format!("{PRODUCT}{}", file.path);
        subject.push(json!({ "name": name, "digest": { "sha256": file.sha256 } }));
    }
    let conditions: Vec<_> = verdict
        .cases
        .iter()
        .filter(|c| c.verdict == CaseOutcome::Failed)
        .flat_map(|c| c.findings.iter().filter(|f| f.severity == Severity::Fault))
        .map(|f| json!({ "requirement": f.requirement, "finding": f.message }))
        .collect();
    let requirements: Vec<_> = plan
        .requirement
        .iter()
        .map(|r| {
            let cases: Vec<_> = verdict.cases.iter().filter(|c| c.is_about(&r.id)).collect();
            let ended = |how| cases.iter().filter(|c| c.verdict == how).count();
            json!({
                "id": r.id, "level": r.level, "title": r.title, "cases": cases.len(),
                "passed": ended(CaseOutcome::Passed),
                "notApplicable": ended(CaseOutcome::NotApplicable), "notTested": r.not_tested,
            })
        })
        .collect();
    let waivers: Vec<_> = verdict
        .cases
        .iter()
        .filter_map(|c| {
            let w = c.waiver.as_ref()?;
            Some(json!({
                "case": c.id, "verdict": c.verdict, "reason": w.reason, "by": w.by,
                "until": w.until, "changeRequest": w.change_request, "expired": w.expired,
            }))
        })
        .collect();
    let attested: Vec<_> = verdict
        .cases
        .iter()
        .filter_map(|c| {
            let a = c.attested.as_ref()?;
            Some(json!({
                "case": c.id, "verdict": a.verdict, "by": a.by, "at": a.at, "key": a.key,
            }))
        })
        .collect();
    let statement = json!({
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": "passed",
            "admission": verdict.admission,
            "conditions": conditions,
            "waivers": waivers,
            "attested": attested,
            "target": manifest.target,
            "notClaimed": verdict.not_claimed,
            "targetSays": manifest.target_says,
            "plan": { "id": plan.plan.id, "title": plan.plan.title, "concept": plan.plan.concept,
                      "conceptDigest": plan.plan.concept_digest, "stage": plan.plan.stage,
                      "component": plan.plan.component, "organisation": plan.plan.organisation,
                      "catalogue": plan.plan.catalogue,
                      "catalogueDigest": plan.plan.catalogue_digest,
                      "leftOut": plan.left_out, "notMade": plan.not_made.len() },
            "harness": { "version": manifest.harness, "sha256": manifest.harness_sha256, "platform": manifest.platform },
            "engines": manifest.engines,
            "evidence": { "head": evidence.head, "records": evidence.entries.len() },
            "counts": verdict.counts,
            "detection": score,
            "requirements": requirements,
            "time": { "started": manifest.started, "ended": manifest.ended },
            "decisionRule": "any MUSS case failed: not admitted; else any MUSS case inconclusive or not tested: undecided; else passed, failed SOLL cases are conditions",
        },
    });
    let payload = statement.to_string().into_bytes();
    let sig = STANDARD.encode(key.sign(&pae(&payload)));
    Ok(Certificate {
        payload_type: PAYLOAD_TYPE.into(),
        payload: STANDARD.encode(&payload),
        signatures: vec![Signature { keyid: key.id(), sig }],
    })
}
