//! Preflight: configuration faults, found before the first message.

use serde::Serialize;

use crate::concept::Form;
use crate::message::{Disproved, prove};
use crate::organisation::{FakeKind, TestOrganisation};
use crate::plan::TestPlan;
use crate::target::TargetHead;
use crate::wire::JSON_ROOT;

/// A configuration fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreflightFinding {
    /// What was looked at.
    pub check: String,
    /// What is wrong.
    pub problem: String,
    /// What to change, and where.
    pub help: String,
}

impl PreflightFinding {
    fn new(check: &str, problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { check: check.into(), problem: problem.into(), help: help.into() }
    }
}

/// Formats that a system cannot take over the protocol it speaks: nothing could ever arrive, and the
/// target would be blamed.
fn unfit_formats(plan: &TestPlan, organisation: &TestOrganisation) -> Vec<PreflightFinding> {
    let mut out = Vec::new();
    for planned in &plan.system {
        let (Some(system), Some(receiver)) =
            (organisation.system(&planned.id), plan.receiver_of(&planned.id))
        else {
            continue;
        };
        let is_json = receiver.form == Form::Mapped
            && receiver.root.as_deref() == Some(JSON_ROOT)
            && receiver.namespace.as_deref().unwrap_or_default().is_empty();
        let why = match system.fake {
            FakeKind::FachverfahrenJson if !is_json => {
                format!(
                    "takes JSON; such a format is mapped, with root = \"{JSON_ROOT}\" and no namespace"
                )
            }
            FakeKind::FachverfahrenSoap if receiver.form == Form::Unchanged => {
                "is a web service and takes the elements of its contract; such a format is mapped"
                    .to_owned()
            }
            kind if is_json && kind != FakeKind::FachverfahrenJson => {
                "takes XML; the format has places in JSON".to_owned()
            }
            _ => continue,
        };
        out.push(PreflightFinding::new(
            "formats and protocols",
            format!("system \"{}\" {why}, not \"{}\"", system.id, receiver.id),
            "give the system another receiver in the organisation, or correct the receiver in the concept",
        ));
    }
    out
}

/// Looks at plan, organisation, and what the target says about itself.
pub fn preflight(
    plan: &TestPlan,
    organisation: &TestOrganisation,
    target: &TargetHead,
    target_says: &str,
) -> Vec<PreflightFinding> {
    let mut out = Vec::new();
    if plan.plan.organisation_digest != organisation.digest {
        out.push(PreflightFinding::new(
            "plan and organisation",
            format!(
                "the plan was derived for another text of organisation \"{}\"",
                organisation.file.organisation.id
            ),
            "derive the plan again with --organisation, or give the run the organisation it was derived for",
        ));
    }
    if plan.plan.component != target.kind {
        out.push(PreflightFinding::new(
            "plan and target",
            format!(
                "the plan is for {:?}, the target says it is {:?}",
                plan.plan.component, target.kind
            ),
            "derive the plan with --component for this kind, or correct kind in the target file",
        ));
    }
    out.extend(unfit_formats(plan, organisation));
    match prove(plan) {
        Ok(_) => {}
        Err(error @ Disproved::Wrong { .. }) => out.push(PreflightFinding::new(
            "test messages",
            error.to_string(),
            "a message that is not what it claims would judge wrongly; correct concept or organisation",
        )),
        Err(error) => out.push(PreflightFinding::new("test messages", error.to_string(), "derive the plan again")),
    }
    // A target that says nothing about its authorities is not asked further.
    if let Ok(says) = serde_json::from_str::<serde_json::Value>(target_says)
        && let Some(known) = says["behoerden"].as_array()
    {
        for authority in &plan.authority {
            if !known.iter().any(|k| k == authority.ags.as_str()) {
                out.push(PreflightFinding::new(
                    "authorities of the target",
                    format!("the target does not know {} ({})", authority.name, authority.ags),
                    "configure it with `pruefstand organisation export`",
                ));
            }
        }
    }
    out
}
