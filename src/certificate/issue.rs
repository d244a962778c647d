//! Issuing.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::predicate::from_run;
use super::{Certificate, PREDICATE_TYPE, PRODUCT, TrustedKeys, Verified};
use crate::ambient::day;
use crate::evidence::{Evidence, FILE};
use crate::ids::Digest;
use crate::judged::Score;
use crate::particulars::Particulars;
use crate::plan::{PlanKind, TestPlan};
use crate::run::{MANIFEST, Manifest};
use crate::signing::{EnvelopeError, STATEMENT_TYPE, SigningKey};
use crate::verdict::{Admission, Overall, Verdict};

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
/// When the result is not `passed`, the run was filtered or broken off, a file is missing, what people
/// said does not allow it, or the clock stands before the end of the run.
pub fn issue(
    folder: &Path,
    judged: &Judged<'_>,
    particulars: &Particulars,
    key: &SigningKey,
    now: Timestamp,
) -> Result<Certificate, IssueError> {
    let Judged { manifest, plan, evidence, verdict, .. } = *judged;
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
    let Some(ended) = ended(manifest).filter(|ended| *ended <= now) else {
        return refuse("the clock of this machine stands before the end of the run");
    };
    let today = day(now);
    // What was tested was tested then: a result does not get younger by a late certificate.
    let until = particulars.validity.last_day(day(ended));
    if until.is_some_and(|until| until < today) {
        return refuse("its validity would be over before it begins");
    }
    let mut subject = Vec::new();
    let names = BOUND.iter().map(|n| (*n).to_owned());
    for name in names.chain(manifest.inputs.iter().map(|i| i.name.clone())) {
        let bytes =
            crate::files::read(&folder.join(&name)).map_err(|e| IssueError::Io(name.clone(), e))?;
        subject.push(json!({ "name": name, "digest": { "sha256": Digest::of(bytes) } }));
    }
    // What was tested, so that a result can be found for a file: it lies outside the run's folder.
    for file in &manifest.target.files {
        let name = format!("{PRODUCT}{}", file.path);
        subject.push(json!({ "name": name, "digest": { "sha256": file.sha256 } }));
    }
    let mut predicate = json!({
        "number": particulars.number,
        "issued": now.round(jiff::Unit::Second).unwrap_or(now).to_string(),
    });
    if let Value::Object(map) = &mut predicate {
        map.extend(from_run(judged));
    }
    if let Some(conditions) = predicate["conditions"].as_array_mut() {
        let own = particulars.condition.iter();
        conditions.extend(own.map(|c| json!({ "finding": c.text, "due": c.due })));
        if !particulars.condition.is_empty() {
            predicate["admission"] = json!(Admission::AdmittedWithConditions);
        }
    }
    predicate["validity"] =
        json!({ "until": until, "ends": ["new version of the Prüfgegenstand"] });
    predicate["testedBy"] = json!({
        "name": particulars.tester.name, "function": particulars.tester.function,
        "key": key.id(), "algorithm": key.algorithm(),
    });
    predicate["particulars"] = json!(particulars);
    let statement = json!({
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    });
    Ok(Certificate::seal(&statement, key))
}

/// When the run ended.
fn ended(manifest: &Manifest) -> Option<Timestamp> {
    manifest.ended.as_deref()?.parse().ok()
}

/// Adds the signature of whoever decides to a verified certificate.
///
/// # Errors
/// When that is the key that tested, or one that has signed already.
pub fn countersign(
    verified: &Verified,
    key: &SigningKey,
    trust: &TrustedKeys,
    now: Timestamp,
) -> Result<Certificate, IssueError> {
    let refused = |why: EnvelopeError| IssueError::Refused(why.to_string());
    if verified.predicate.tested_by.key == key.id() {
        let why = "whoever decides is not whoever tested; this is the key that tested";
        return Err(IssueError::Refused(why.into()));
    }
    let mut certificate = verified.certificate.clone();
    certificate.countersign(key).map_err(refused)?;
    // What nobody could verify is not handed out.
    certificate.open(trust, |_| Some(verified.predicate.issued.max(now))).map_err(|why| {
        IssueError::Refused(format!(
            "the decision would not be believed: {why} (--trust must name it)"
        ))
    })?;
    Ok(certificate)
}
