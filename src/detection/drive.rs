//! A run of a plan against a target with a fault, in a folder of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::result::{Measured, Mutant, Outcome};
use crate::ambient::Clock;
use crate::channel::Shutdown;
use crate::ids::CaseId;
use crate::judged::judge_folder;
use crate::organisation::TestOrganisation;
use crate::plan::TestPlan;
use crate::reference_hub::Changed;
use crate::rules::Engines;
use crate::run::{RunConfig, RunEnd, RunError, execute};
use crate::target::{Person, TargetFile};
use crate::verdict::{CaseOutcome, Overall, Severity, Verdict};

/// Waits in vain before later ones are short: these targets are faulty, and one late answer is enough.
const VAIN_WAITS: usize = 2;

/// What every trial has in common.
pub(super) struct Trials<'a> {
    pub plan: &'a TestPlan,
    pub plan_text: &'a str,
    pub organisation: &'a TestOrganisation,
    pub engines: &'a Engines,
    /// Folder below which runs lie.
    pub folder: PathBuf,
    pub clock: Clock,
    pub stop: Shutdown,
}

/// A target with a fault, as a run needs it.
pub(super) struct Faulty {
    pub mutant: Mutant,
    pub target: TargetFile,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoVerdict {
    /// The fault was noticed before the first message.
    #[error("vor der ersten Nachricht bemerkt: {0}")]
    Preflight(String),
    /// There was no run, or none that can be judged.
    #[error("{0}")]
    NoRun(String),
}

impl NoVerdict {
    fn because(reason: impl std::fmt::Display) -> Self {
        Self::NoRun(reason.to_string())
    }

    /// What it means for a fault.
    pub fn of(self, mutant: Mutant) -> Measured {
        // A target that does not even start is noticed by whoever starts it, not by the harness.
        let outcome = match self {
            Self::Preflight(_) => Outcome::Detected,
            Self::NoRun(_) => Outcome::NotMeasured,
        };
        Measured::nothing(mutant, outcome, self.to_string())
    }
}

impl From<RunError> for NoVerdict {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Preflight(findings) => {
                let problems: Vec<&str> = findings.iter().map(|f| f.problem.as_str()).collect();
                Self::Preflight(problems.join("; "))
            }
            other => Self::because(other),
        }
    }
}

impl Trials<'_> {
    /// The reference hub with these faults and changes. The file that tells it the changes lies beside
    /// the runs.
    pub fn hub(&self, name: &str, defects: &[String], changed: Option<&Changed>) -> TargetFile {
        let folder = &self.organisation.folder;
        let base = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let mut target = TargetFile::reference_hub(&self.engines.program, &base, defects);
        if let (Some(changed), Some(start)) = (changed, &mut target.start) {
            let path = self.folder.join(format!("{name}.json"));
            // A hub without its file does not start, so that an intact one is never measured in the
            // place of a faulty one.
            let _ = serde_json::to_vec(changed)
                .map_err(std::io::Error::other)
                .and_then(|bytes| std::fs::write(&path, bytes));
            start.command.extend(["--changed".into(), path.display().to_string()]);
        }
        target
    }

    /// Drives the plan, or some of its cases, and judges. The folder goes when it is judged, unless the
    /// result is one that somebody has to look at.
    ///
    /// # Errors
    /// Why there is no verdict.
    pub async fn run(
        &self,
        name: &str,
        target: TargetFile,
        chosen: Option<Vec<CaseId>>,
    ) -> Result<Verdict, NoVerdict> {
        let out = self.folder.join(name);
        let config = RunConfig {
            plan: self.plan.clone(),
            plan_text: self.plan_text.to_owned(),
            organisation: self.organisation.clone(),
            target,
            out: out.clone(),
            jobs: 16,
            chosen,
            program: self.engines.program.clone(),
            clock: self.clock.clone(),
            person: Person::nobody(),
            vain_waits: VAIN_WAITS,
            detection: None,
        };
        let end = execute(config, &|_| {}, self.stop.clone()).await?;
        if end == RunEnd::Interrupted {
            return Err(NoVerdict::because("broken off"));
        }
        let (folder, engines) = (out.clone(), self.engines.clone());
        let judged = tokio::task::spawn_blocking(move || judge_folder(&folder, &engines)).await;
        let judged = judged.map_err(NoVerdict::because)?.map_err(NoVerdict::because)?;
        if judged.verdict.overall == Overall::Failed {
            let _ = std::fs::remove_dir_all(&out);
        }
        Ok(judged.verdict)
    }

    /// Tries a target with a fault on the whole plan.
    pub async fn try_whole(&self, faulty: Faulty) -> Measured {
        let Faulty { mutant, target } = faulty;
        let name = mutant.id.clone();
        match self.run(&name, target, None).await {
            Ok(verdict) => noticed(mutant, &verdict),
            Err(reason) => reason.of(mutant),
        }
    }
}

/// What a verdict says about a fault. Only failed cases notice it: what stays open proves nothing.
pub(super) fn noticed(mutant: Mutant, verdict: &Verdict) -> Measured {
    let failed: Vec<_> =
        verdict.cases.iter().filter(|c| c.verdict == CaseOutcome::Failed).collect();
    if failed.is_empty() {
        let open = verdict.counts.inconclusive;
        let note = match open {
            0 => String::new(),
            open => format!("{open} Testfälle blieben offen, keiner schlug fehl"),
        };
        return Measured::nothing(mutant, Outcome::Survived, note);
    }
    let faults =
        || failed.iter().flat_map(|c| &c.findings).filter(|f| f.severity == Severity::Fault);
    // Expected is one case that has both; the technique alone could be that of another finding.
    let requirement = mutant.requirement.as_ref();
    let techniques: BTreeSet<_> = failed
        .iter()
        .filter(|c| requirement.is_none_or(|r| c.findings.iter().any(|f| &f.requirement == r)))
        .map(|c| c.technique)
        .collect();
    Measured {
        outcome: Outcome::Detected,
        cases: failed.iter().map(|c| c.id.clone()).collect(),
        requirements: faults().map(|f| f.requirement.clone()).collect(),
        techniques,
        findings: faults().map(|f| f.id.clone()).collect(),
        inputs: None,
        seconds: 0.0,
        note: String::new(),
        mutant,
    }
}
