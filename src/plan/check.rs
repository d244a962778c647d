//! Reading a plan back: shape, references and digests.

use std::collections::BTreeSet;
use std::path::Path as FilePath;

use super::case::{Expectation, Step};
use super::types::TestPlan;
use crate::diagnostic::{Authored, Diagnostic, Diagnostics, Path, read, read_text};
use crate::ids::Digest;

/// Reads and checks a plan.
///
/// # Errors
/// Every finding at once, with its place.
pub fn load(path: &FilePath) -> Result<TestPlan, Diagnostics> {
    let (name, text) = read_text(path)?;
    let authored: Authored<TestPlan> = read(&name, &text)?;
    let list = check(&authored);
    if list.is_empty() { Ok(authored.value) } else { Err(Diagnostics::new(authored.source, list)) }
}

fn check(authored: &Authored<TestPlan>) -> Vec<Diagnostic> {
    let plan = &authored.value;
    let mut out = Vec::new();
    let mut error = |at: &Path, message: String, help: &str| {
        out.push(Diagnostic::error(authored.span(at), message, help));
    };
    let root = Path::default();
    if plan.format != super::FORMAT {
        error(
            &root.at("format"),
            format!("this version reads \"{}\", not \"{}\"", super::FORMAT, plan.format),
            "derive the plan again with this version",
        );
    }
    let mut seen = BTreeSet::new();
    let mut files = BTreeSet::new();
    for (i, file) in plan.file.iter().enumerate() {
        let at = root.at("file").at(i);
        if !files.insert(file.name.as_str()) {
            error(
                &at.at("name"),
                format!("file \"{}\" exists twice", file.name),
                "derive the plan again",
            );
        }
        match plan.file_bytes(&file.name) {
            Some(bytes) if Digest::of(&bytes) == file.digest => {}
            _ => error(
                &at.at("digest"),
                format!("file \"{}\" is not the one that was derived", file.name),
                "its digest differs; derive the plan again",
            ),
        }
    }
    let requirements: BTreeSet<_> = plan.requirement.iter().map(|r| &r.id).collect();
    let systems: BTreeSet<_> = plan.system.iter().map(|s| &s.id).collect();
    let sets: BTreeSet<_> = plan.values.iter().map(|v| v.id.as_str()).collect();
    for (i, message) in plan.message.iter().enumerate() {
        for file in message.schema_files.values().chain(&message.rules) {
            if !files.contains(file.as_str()) {
                error(
                    &root.at("message").at(i),
                    format!("file \"{file}\" is not in the plan"),
                    "derive the plan again",
                );
            }
        }
    }
    for (i, case) in plan.case.iter().enumerate() {
        let at = root.at("case").at(i);
        if !seen.insert(&case.id) {
            error(&at.at("id"), format!("case \"{}\" exists twice", case.id), "rename one");
        }
        for (k, requirement) in case.requirements.iter().enumerate() {
            if !requirements.contains(requirement) {
                error(
                    &at.at("requirements").at(k),
                    format!("requirement \"{requirement}\" does not exist"),
                    "add it, or derive the plan again",
                );
            }
        }
        if case.expect.is_empty() {
            error(
                &at,
                format!("case \"{}\" expects nothing", case.id),
                "a case that checks nothing cannot pass; add an expectation",
            );
        }
        let steps: BTreeSet<&str> = case.step.iter().map(Step::name).collect();
        if steps.len() != case.step.len() {
            error(
                &at.at("step"),
                format!("case \"{}\" has two steps of one name", case.id),
                "rename one",
            );
        }
        for (k, step) in case.step.iter().enumerate() {
            let at = at.at("step").at(k);
            let system = match step {
                Step::Send { from, .. } => Some(from),
                Step::Await { at, .. } => Some(at),
                Step::Fake { system, .. } | Step::ReadBack { system, .. } => Some(system),
                Step::Restart { .. } => None,
            };
            if let Some(system) = system.filter(|s| !systems.contains(s)) {
                error(
                    &at,
                    format!("system \"{system}\" does not exist"),
                    "add it, or derive the plan again",
                );
            }
            if let Step::Send { message, .. } = step {
                if plan.message(&message.message).is_none() {
                    error(
                        &at,
                        format!("message \"{}\" does not exist", message.message),
                        "derive the plan again",
                    );
                }
                match (&message.values, &message.sample) {
                    (Some(set), None) if sets.contains(set.as_str()) => {}
                    (None, Some(file)) if files.contains(file.as_str()) => {}
                    _ => error(
                        &at,
                        "the message has neither known values nor a known sample".into(),
                        "derive the plan again",
                    ),
                }
            }
        }
        for (k, expectation) in case.expect.iter().enumerate() {
            let at = at.at("expect").at(k);
            for step in steps_of(expectation) {
                if !steps.contains(step) {
                    error(
                        &at,
                        format!("step \"{step}\" does not exist"),
                        "name a step of this case",
                    );
                }
            }
            if !requirements.contains(expectation.requirement()) {
                error(
                    &at,
                    format!("requirement \"{}\" does not exist", expectation.requirement()),
                    "add it, or derive the plan again",
                );
            }
        }
    }
    if plan.case.is_empty() {
        error(&root, "a plan without cases tests nothing".into(), "derive it again");
    }
    out
}

fn steps_of(expectation: &Expectation) -> Vec<&str> {
    match expectation {
        Expectation::Reply { step, .. }
        | Expectation::Delivery { step, .. }
        | Expectation::Content { step, .. }
        | Expectation::Documents { step, .. }
        | Expectation::Confirmation { step, .. }
        | Expectation::Duration { step, .. }
        | Expectation::Log { step, .. }
        | Expectation::Header { step, .. }
        | Expectation::Rules { step, .. } => vec![step],
        Expectation::Filing { step, read_back, .. } => vec![step, read_back],
        Expectation::Absence { steps, .. } => steps.iter().map(String::as_str).collect(),
        Expectation::NothingElse { .. } | Expectation::Foreign { .. } => vec![],
    }
}
