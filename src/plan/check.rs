//! Reading a plan back: shape, references and digests.

use std::collections::BTreeSet;
use std::path::Path as FilePath;

use super::case::{Change, ConfigurationChange, MessageUse, Step, TestCase};
use super::types::TestPlan;
use crate::diagnostic::{Authored, Diagnostic, Diagnostics, Path, read, read_text};
use crate::ids::{Digest, RequirementId, SystemId};

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
    let known = Known::of(plan);
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
        for problem in known.problems(case, &at) {
            error(&problem.at, problem.message, problem.help);
        }
    }
    if plan.case.is_empty() {
        error(&root, "a plan without cases tests nothing".into(), "derive it again");
    }
    out
}

/// What is wrong with a case, and where.
pub(super) struct Problem {
    pub at: Path,
    pub message: String,
    pub help: &'static str,
}

/// What a case may refer to.
pub(super) struct Known<'a> {
    plan: &'a TestPlan,
    requirements: BTreeSet<&'a RequirementId>,
    systems: BTreeSet<&'a SystemId>,
    sets: BTreeSet<&'a str>,
    files: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    pub fn of(plan: &'a TestPlan) -> Self {
        Self {
            plan,
            requirements: plan.requirement.iter().map(|r| &r.id).collect(),
            systems: plan.system.iter().map(|s| &s.id).collect(),
            sets: plan.values.iter().map(|v| v.id.as_str()).collect(),
            files: plan.file.iter().map(|f| f.name.as_str()).collect(),
        }
    }

    /// Everything in a case that refers to nothing, or that could not be checked.
    pub fn problems(&self, case: &TestCase, at: &Path) -> Vec<Problem> {
        let mut out = Vec::new();
        let mut error = |at: Path, message: String, help: &'static str| {
            out.push(Problem { at, message, help });
        };
        for (k, requirement) in case.requirements.iter().enumerate() {
            if !self.requirements.contains(requirement) {
                error(
                    at.at("requirements").at(k),
                    format!("requirement \"{requirement}\" does not exist"),
                    "name a requirement of the concept",
                );
            }
        }
        if case.expect.is_empty() {
            error(
                at.clone(),
                format!("case \"{}\" expects nothing", case.id),
                "a case that checks nothing cannot pass; add an expectation",
            );
        }
        if let Some(harm) = super::pilot::harm(self.plan, case) {
            let help = "only harmless messages go to a real authority; derive the plan again";
            error(at.clone(), harm, help);
        }
        let steps: BTreeSet<&str> = case.step.iter().map(Step::name).collect();
        if steps.len() != case.step.len() {
            error(
                at.at("step"),
                format!("case \"{}\" has two steps of one name", case.id),
                "rename one",
            );
        }
        for (k, step) in case.step.iter().enumerate() {
            let at = at.at("step").at(k);
            let system = step.system();
            if let Some(system) = system.filter(|s| !self.systems.contains(s)) {
                error(
                    at.clone(),
                    format!("system \"{system}\" does not exist"),
                    "name a system of the organisation",
                );
            }
            if let Step::Reconfigure { change, .. } = step {
                for change in change {
                    self.configuration(change, &at, &mut error);
                }
            }
            if let Some(message) = step.message() {
                self.message(message, &at, &mut error);
            }
        }
        for (k, expectation) in case.expect.iter().enumerate() {
            let at = at.at("expect").at(k);
            for step in expectation.steps() {
                if !steps.contains(step) {
                    error(
                        at.clone(),
                        format!("step \"{step}\" does not exist"),
                        "name a step of this case",
                    );
                }
            }
            if let Some(system) = expectation.system().filter(|s| !self.systems.contains(s)) {
                error(
                    at.at("system"),
                    format!("system \"{system}\" does not exist"),
                    "name a system of the organisation",
                );
            }
            if !self.requirements.contains(expectation.requirement()) {
                error(
                    at.clone(),
                    format!("requirement \"{}\" does not exist", expectation.requirement()),
                    "name a requirement of the concept",
                );
            }
        }
        out
    }

    /// Authorities and systems of another configuration.
    fn configuration(
        &self,
        change: &ConfigurationChange,
        at: &Path,
        error: &mut impl FnMut(Path, String, &'static str),
    ) {
        let (authorities, system) = match change {
            ConfigurationChange::Fachverfahren { authority, system } => {
                (vec![authority], Some(system))
            }
            ConfigurationChange::Service { from, to, .. } => (vec![from, to], None),
        };
        for id in authorities {
            if !self.plan.authority.iter().any(|a| &a.id == id) {
                let text = format!("authority \"{id}\" does not exist");
                error(at.clone(), text, "name an authority of the organisation");
            }
        }
        if let Some(id) = system.filter(|s| !self.systems.contains(s)) {
            let text = format!("system \"{id}\" does not exist");
            error(at.clone(), text, "name a system of the organisation");
        }
    }

    fn message(
        &self,
        use_: &MessageUse,
        at: &Path,
        error: &mut impl FnMut(Path, String, &'static str),
    ) {
        let Some(message) = self.plan.message(&use_.message) else {
            error(
                at.clone(),
                format!("message \"{}\" does not exist", use_.message),
                "name a message of the concept",
            );
            return;
        };
        match (&use_.values, &use_.sample) {
            (Some(set), None) if self.sets.contains(set.as_str()) => {}
            (None, Some(file)) if self.files.contains(file.as_str()) => {}
            _ => error(
                at.clone(),
                "the message has neither known values nor a known sample".into(),
                "values are <message>/minimal or <message>/maximal",
            ),
        }
        for change in &use_.change {
            let (group, field) = match change {
                Change::Set { group, field, .. } => (group, Some(field)),
                Change::Repeat { group, .. } => (group, None),
                Change::Documents { .. } => continue,
            };
            let found = message.group.iter().find(|g| &g.id == group);
            if found.is_none() {
                error(
                    at.clone(),
                    format!("message \"{}\" has no group \"{group}\"", use_.message),
                    "name a group of the message",
                );
            } else if let Some(field) = field
                && !found.is_some_and(|g| g.field.iter().any(|f| &f.id == field))
            {
                error(
                    at.clone(),
                    format!("group \"{group}\" has no field \"{field}\""),
                    "name a field of the group",
                );
            }
        }
    }
}
