//! Preflight: configuration faults, all at once, before the first message. Nothing is sent here but
//! questions (GET, OPTIONS), and nobody is spoken to whom the target file does not name.

mod inputs;
mod machine;
mod network;
mod words;

use serde::Serialize;

use crate::ambient::Clock;
use crate::organisation::TestOrganisation;
use crate::plan::TestPlan;
use crate::target::{Surroundings, Target, TargetError};

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
    pub(super) fn new(check: &str, problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { check: check.into(), problem: problem.into(), help: help.into() }
    }

    /// What could not be looked at because of another fault.
    fn unchecked(check: &str, since: &str) -> Self {
        Self::new(check, format!("could not be checked, since {since}"), "correct that first")
    }
}

/// What preflight looks at, besides the target.
#[derive(Debug, Clone, Copy)]
pub struct Preflight<'a> {
    /// The plan, where there is one.
    pub plan: Option<&'a TestPlan>,
    /// The organisation.
    pub organisation: &'a TestOrganisation,
    /// Our clock, to hold the target's against.
    pub clock: &'a Clock,
}

/// What was found.
#[derive(Debug)]
pub struct Looked {
    /// Faults.
    pub findings: Vec<PreflightFinding>,
    /// Why the target cannot be reached at all, if so; also among the faults.
    pub unreachable: Option<TargetError>,
    /// What the target says about itself.
    pub says: String,
}

impl Preflight<'_> {
    /// Looks at everything; starts the target where it has a command. What is to be prepared is not
    /// done: where something is, what the target says about its authorities is looked at only after
    /// it, by [`Preflight::authorities`].
    pub async fn look(&self, target: &mut Target, around: &Surroundings) -> Looked {
        let mut findings = Vec::new();
        if let Some(plan) = self.plan {
            inputs::plan(plan, self.organisation, &target.file, &mut findings);
        }
        inputs::organisation(self.organisation, &target.file, &mut findings);
        machine::files(&target.file, &mut findings);
        machine::commands(&target.file, &mut findings);
        machine::credentials(target, &mut findings);
        let mut looked = Looked { findings, unreachable: None, says: String::new() };
        if let Err(error) = target.launch(around, false).await {
            let problem = error.to_string();
            looked.findings.push(PreflightFinding::new(
                "start of the target",
                problem,
                "correct start.command in the target file; the output of the command says more",
            ));
            for check in
                ["connection to the target", "authorities of the target", "clock of the target"]
            {
                looked
                    .findings
                    .push(PreflightFinding::unchecked(check, "the target did not start"));
            }
            looked.unreachable = Some(error);
            return looked;
        }
        network::look(self, target, &mut looked).await;
        if target.file.prepare.is_empty() && looked.unreachable.is_none() {
            looked.findings.extend(self.authorities(&looked.says));
        }
        looked
    }

    /// Holds what the target says about its configuration against the plan.
    pub fn authorities(&self, says: &str) -> Vec<PreflightFinding> {
        let mut out = Vec::new();
        // A target that says nothing about its authorities is not asked further.
        let Ok(says) = serde_json::from_str::<serde_json::Value>(says) else { return out };
        if let (Some(known), Some(plan)) = (says["behoerden"].as_array(), self.plan) {
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
        for system in says["unerreichbar"].as_array().into_iter().flatten() {
            let name = system.as_str().unwrap_or_default();
            out.push(PreflightFinding::new(
                "fakes as the target sees them",
                format!("the target says that it cannot reach {name}"),
                format!("give system \"{name}\" of the organisation a `listen` that the target can reach, and configure the target with `pruefstand organisation export`"),
            ));
        }
        out
    }
}
