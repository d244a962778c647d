//! Plan, organisation and target file against each other.

use super::PreflightFinding;
use crate::concept::{DeadlineKind, Form};
use crate::message::{Disproved, prove};
use crate::organisation::{FakeKind, TestOrganisation};
use crate::plan::{Expectation, TestPlan};
use crate::target::TargetFile;
use crate::wire::JSON_ROOT;

/// Least bytes of an entry in a log: three keys and their values.
const ENTRY: u64 = 80;

/// Faults that show when a plan is laid beside organisation and target.
pub(super) fn plan(
    plan: &TestPlan,
    organisation: &TestOrganisation,
    target: &TargetFile,
    out: &mut Vec<PreflightFinding>,
) {
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
    if plan.plan.component != target.target.kind {
        out.push(PreflightFinding::new(
            "plan and target",
            format!(
                "the plan is for {:?}, the target says it is {:?}",
                plan.plan.component, target.target.kind
            ),
            "derive the plan with --component for this kind, or correct target.kind in the target file",
        ));
    }
    files(plan, out);
    match prove(plan) {
        Ok(_) => {}
        Err(error @ Disproved::Wrong { .. }) => out.push(PreflightFinding::new(
            "test messages",
            error.to_string(),
            "a message that is not what it claims would judge wrongly; correct concept or organisation",
        )),
        Err(error) => out.push(PreflightFinding::new(
            "test messages",
            error.to_string(),
            "derive the plan again",
        )),
    }
    limits(plan, target, out);
    formats(plan, organisation, out);
}

/// Files that the plan names and does not hold.
fn files(plan: &TestPlan, out: &mut Vec<PreflightFinding>) {
    for message in &plan.message {
        let names =
            message.schema.iter().chain(message.schema_files.values()).chain(&message.rules);
        let missing: Vec<&str> = names
            .filter(|name| !plan.file.iter().any(|file| file.name == **name))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            out.push(PreflightFinding::new(
                "schemas of the plan",
                format!(
                    "message {} needs {}, which the plan does not hold",
                    message.id,
                    missing.join(", ")
                ),
                "derive the plan again",
            ));
        }
    }
}

/// Formats that a system cannot take over the protocol it speaks: nothing could ever arrive, and the
/// target would be blamed.
fn formats(plan: &TestPlan, organisation: &TestOrganisation, out: &mut Vec<PreflightFinding>) {
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
}

/// Limits with which a good target would fail.
fn limits(plan: &TestPlan, target: &TargetFile, out: &mut Vec<PreflightFinding>) {
    let limits = &target.limits;
    let longest = plan
        .deadline
        .iter()
        .filter(|deadline| deadline.kind == DeadlineKind::Durchlaufzeit)
        .map(|deadline| deadline.within_ms)
        .max();
    if let Some(longest) = longest.filter(|longest| limits.answer_ms < *longest) {
        out.push(PreflightFinding::new(
            "limits of the target",
            format!(
                "limits.answer_ms is {}, and the plan gives the target {longest} ms (Durchlaufzeit); an answer in time would not be waited for",
                limits.answer_ms
            ),
            format!("raise limits.answer_ms in the target file to {longest} at least"),
        ));
    }
    let events = |expectation: &Expectation| match expectation {
        Expectation::Log { events, .. } => events.len() as u64,
        _ => 0,
    };
    let entries: u64 = plan.case.iter().flat_map(|case| &case.expect).map(events).sum();
    let least = entries * ENTRY;
    if least > limits.answer_bytes {
        out.push(PreflightFinding::new(
            "limits of the target",
            format!(
                "limits.answer_bytes is {}, and the log of a whole run has {entries} entries, at least {least} bytes",
                limits.answer_bytes
            ),
            format!("raise limits.answer_bytes in the target file to {} or more", least * 4),
        ));
    }
}

/// Faults that show when the organisation is laid beside the target, and folders it names.
pub(super) fn organisation(
    organisation: &TestOrganisation,
    target: &TargetFile,
    out: &mut Vec<PreflightFinding>,
) {
    let systems = &organisation.file.system;
    if let Some(id) = target.stands_for() {
        match systems.iter().find(|system| &system.id == id) {
            None => {
                let known: Vec<&str> = systems
                    .iter()
                    .filter(|system| system.kind == target.target.kind)
                    .map(|system| system.id.as_str())
                    .collect();
                out.push(PreflightFinding::new(
                    "place of the target",
                    format!("the organisation has no system \"{id}\""),
                    format!(
                        "correct interface.system in the target file; of its kind there are: {}",
                        known.join(", ")
                    ),
                ));
            }
            Some(system) if system.kind != target.target.kind => out.push(PreflightFinding::new(
                "place of the target",
                format!(
                    "system \"{id}\" of the organisation is {:?}, the target is {:?}",
                    system.kind, target.target.kind
                ),
                "correct interface.system or target.kind in the target file",
            )),
            Some(_) => {}
        }
    }
    for system in systems {
        if let Some(name) = &system.xdomea_schemas
            && !organisation.folder.join(name).is_dir()
        {
            out.push(PreflightFinding::new(
                "schemas of xdomea",
                format!("{} is no folder", organisation.folder.join(name).display()),
                format!(
                    "correct xdomea_schemas of system \"{}\" in the organisation, or leave it out",
                    system.id
                ),
            ));
        }
    }
}
