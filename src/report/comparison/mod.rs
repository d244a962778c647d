//! Two runs of the same plan beside each other: what got better, what got worse. Durations are not
//! compared, since two runs never take the same time.

#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::Material;
use crate::concept::Level;
use crate::ids::{CaseId, Digest, RequirementId};
use crate::plan::{CaseChange, diff};
use crate::run::{Manifest, PLAN};
use crate::verdict::{
    Admission, Blame, CaseOutcome, CaseVerdict, Finding, Overall, RequirementResult, Severity,
    Verdict, result_of,
};

/// The format this version writes.
pub const FORMAT: &str = "pruefstand/run-comparison/1";

/// What became of a case or requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunChange {
    /// A worse verdict, or the same one with a fault that was not there.
    Worse,
    /// A better verdict, or the same one with faults gone and none new.
    Better,
    /// The same verdict and the same faults.
    Same,
    /// Chosen in the old run alone.
    OnlyOld,
    /// Chosen in the new run alone.
    OnlyNew,
}

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedRun {
    /// What was tested: vendor, product, version.
    pub target: String,
    /// When it began.
    pub started: String,
    /// Version of the program that ran it.
    pub harness: String,
    /// Its result, judged now.
    pub overall: Overall,
    /// The admission that follows.
    pub admission: Admission,
    /// It was broken off.
    pub interrupted: bool,
}

/// A finding as far as it can be found again in another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedFinding {
    /// Kind of finding.
    pub id: String,
    /// Where.
    pub place: String,
    /// The requirement it speaks to.
    pub requirement: RequirementId,
    /// How much it weighs.
    pub severity: Severity,
    /// Whose fault it is.
    pub blame: Blame,
    /// In words.
    pub message: String,
}

/// A case in both runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedCase {
    /// The case.
    pub id: CaseId,
    /// Its level.
    pub level: Level,
    /// What became of it.
    pub change: RunChange,
    /// Its old verdict; none where it was not chosen.
    pub old: Option<CaseOutcome>,
    /// Its new verdict; none where it was not chosen.
    pub new: Option<CaseOutcome>,
    /// Findings that are only in the new run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new_findings: Vec<ComparedFinding>,
    /// Findings that are only in the old run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone_findings: Vec<ComparedFinding>,
}

/// A requirement, by the cases that both runs chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedRequirement {
    /// The requirement.
    pub id: RequirementId,
    /// Its level.
    pub level: Level,
    /// What it says.
    pub title: String,
    /// What became of it.
    pub change: RunChange,
    /// Cases of it in both runs.
    pub cases: usize,
    /// How it stood.
    pub old: CaseOutcome,
    /// How it stands.
    pub new: CaseOutcome,
    /// Cases that failed under it.
    pub old_failed: usize,
    /// Cases that fail under it.
    pub new_failed: usize,
}

/// The comparison of two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunComparison {
    /// Always `pruefstand/run-comparison/1`.
    pub format: &'static str,
    /// The old run.
    pub old: ComparedRun,
    /// The new run.
    pub new: ComparedRun,
    /// Whether any case or requirement is worse.
    pub worse: bool,
    /// How many cases changed how; those that neither run chose are left out.
    pub counts: BTreeMap<RunChange, usize>,
    /// Every case that at least one run chose, in the order of the plan.
    pub cases: Vec<ComparedCase>,
    /// Every requirement with a case that both runs chose.
    pub requirements: Vec<ComparedRequirement>,
}

/// Why two runs cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// They are runs of different plans.
    #[error(
        "these are runs of different plans, so nothing is compared: {0}; `pruefstand plan diff OLD/{PLAN} NEW/{PLAN}` tells case by case what must be tested again"
    )]
    Plans(String),
    /// No case was chosen in both.
    #[error("no case was chosen in both runs; there is nothing to compare")]
    Nothing,
}

/// Compares two runs that were judged just now.
///
/// # Errors
/// When the plans differ, or no case was chosen in both.
pub fn compare_runs(old: &Material<'_>, new: &Material<'_>) -> Result<RunComparison, CompareError> {
    if plan_digest(old.manifest) != plan_digest(new.manifest) {
        return Err(CompareError::Plans(differences(old, new)));
    }
    let before: BTreeMap<&CaseId, &CaseVerdict> =
        old.verdict.cases.iter().map(|c| (&c.id, c)).collect();
    let (old_chosen, new_chosen) = (Chosen::of(old.manifest), Chosen::of(new.manifest));
    let mut cases = Vec::new();
    let mut both: (Vec<&CaseVerdict>, Vec<&CaseVerdict>) = Default::default();
    for case in &new.verdict.cases {
        // The plans are the same, so that both verdicts have it.
        let Some(earlier) = before.get(&case.id) else { continue };
        match (old_chosen.has(&case.id), new_chosen.has(&case.id)) {
            (true, true) => {
                both.0.push(earlier);
                both.1.push(case);
                cases.push(compared(earlier, case));
            }
            (true, false) => cases.push(alone(earlier, RunChange::OnlyOld)),
            (false, true) => cases.push(alone(case, RunChange::OnlyNew)),
            (false, false) => {}
        }
    }
    if both.0.is_empty() {
        return Err(CompareError::Nothing);
    }
    let requirements: Vec<ComparedRequirement> = new
        .plan
        .requirement
        .iter()
        .filter_map(|r| {
            let (was, is) = (
                result_of(&r.id, both.0.iter().copied()),
                result_of(&r.id, both.1.iter().copied()),
            );
            (is.cases > 0).then(|| ComparedRequirement {
                id: r.id.clone(),
                level: r.level,
                title: r.title.clone(),
                change: of_requirement(&was, &is),
                cases: is.cases,
                old: was.outcome,
                new: is.outcome,
                old_failed: was.failed.len(),
                new_failed: is.failed.len(),
            })
        })
        .collect();
    let mut counts = BTreeMap::new();
    for case in &cases {
        *counts.entry(case.change).or_default() += 1;
    }
    let worse = cases.iter().any(|c| c.change == RunChange::Worse)
        || requirements.iter().any(|r| r.change == RunChange::Worse);
    let (old, new) = (run(old), run(new));
    Ok(RunComparison { format: FORMAT, old, new, worse, counts, cases, requirements })
}

/// The cases that a run chose; all where the manifest names none.
struct Chosen<'a>(Option<HashSet<&'a CaseId>>);

impl<'a> Chosen<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        Self(manifest.chosen.as_ref().map(|list| list.iter().collect()))
    }

    fn has(&self, case: &CaseId) -> bool {
        self.0.as_ref().is_none_or(|chosen| chosen.contains(case))
    }
}

fn plan_digest(manifest: &Manifest) -> Option<&Digest> {
    manifest.inputs.iter().find(|i| i.name == PLAN).map(|i| &i.sha256)
}

/// What differs between the plans of two runs, in a few words.
fn differences(old: &Material<'_>, new: &Material<'_>) -> String {
    let (a, b) = (&old.plan.plan, &new.plan.plan);
    let mut out: Vec<String> = [
        ("plan", a.id.clone(), b.id.clone()),
        ("concept", a.concept.clone(), b.concept.clone()),
        ("catalogue", a.catalogue.clone(), b.catalogue.clone()),
        ("organisation", a.organisation.clone(), b.organisation.clone()),
        ("stage", a.stage.to_string(), b.stage.to_string()),
        ("component", format!("{:?}", a.component), format!("{:?}", b.component)),
    ]
    .into_iter()
    .filter(|(_, a, b)| a != b)
    .map(|(what, a, b)| format!("{what} {a} against {b}"))
    .collect();
    if a.organisation == b.organisation && a.organisation_digest != b.organisation_digest {
        out.push("another text of the organisation".into());
    }
    let diff = diff(old.plan, new.plan);
    let count = |change| diff.count(change);
    let (more, less) = (count(CaseChange::New), count(CaseChange::Gone));
    out.push(format!("{more} cases new, {less} gone, {} changed", count(CaseChange::Changed)));
    out.join(", ")
}

fn run(material: &Material<'_>) -> ComparedRun {
    let Manifest { target, started, harness, interrupted, .. } = material.manifest;
    let Verdict { overall, admission, .. } = material.verdict;
    ComparedRun {
        target: format!("{} {} {}", target.vendor, target.product, target.version),
        started: started.clone(),
        harness: harness.clone(),
        overall: *overall,
        admission: *admission,
        interrupted: *interrupted,
    }
}

/// From bad to good. Nothing that is open is as good as what passed.
fn rank(outcome: CaseOutcome) -> u8 {
    match outcome {
        CaseOutcome::Failed => 0,
        CaseOutcome::Inconclusive => 1,
        CaseOutcome::NotTested => 2,
        CaseOutcome::NotApplicable => 3,
        CaseOutcome::Passed => 4,
    }
}

fn by_outcome(old: CaseOutcome, new: CaseOutcome) -> RunChange {
    match rank(new).cmp(&rank(old)) {
        std::cmp::Ordering::Less => RunChange::Worse,
        std::cmp::Ordering::Equal => RunChange::Same,
        std::cmp::Ordering::Greater => RunChange::Better,
    }
}

/// By what its cases say, then by how many failed.
fn of_requirement(old: &RequirementResult<'_>, new: &RequirementResult<'_>) -> RunChange {
    match (by_outcome(old.outcome, new.outcome), new.failed.len().cmp(&old.failed.len())) {
        (RunChange::Same, std::cmp::Ordering::Greater) => RunChange::Worse,
        (RunChange::Same, std::cmp::Ordering::Less) => RunChange::Better,
        (change, _) => change,
    }
}

fn compared(old: &CaseVerdict, new: &CaseVerdict) -> ComparedCase {
    let (gone_findings, new_findings) =
        (only_in(&old.findings, &new.findings), only_in(&new.findings, &old.findings));
    let faults = |list: &[ComparedFinding]| list.iter().any(|f| f.severity == Severity::Fault);
    let change = match by_outcome(old.verdict, new.verdict) {
        RunChange::Same if faults(&new_findings) => RunChange::Worse,
        RunChange::Same if faults(&gone_findings) => RunChange::Better,
        change => change,
    };
    ComparedCase {
        id: new.id.clone(),
        level: new.level,
        change,
        old: Some(old.verdict),
        new: Some(new.verdict),
        new_findings,
        gone_findings,
    }
}

fn alone(case: &CaseVerdict, change: RunChange) -> ComparedCase {
    let seen = |when| (change == when).then_some(case.verdict);
    ComparedCase {
        id: case.id.clone(),
        level: case.level,
        change,
        old: seen(RunChange::OnlyOld),
        new: seen(RunChange::OnlyNew),
        new_findings: vec![],
        gone_findings: vec![],
    }
}

/// What tells a finding from others of its case.
fn key(finding: &Finding) -> (&str, &str, &str) {
    // The target numbers its transactions anew in each run.
    let place = match finding.place.split_once(' ') {
        Some(("Transaktion", _)) => "Transaktion",
        _ => finding.place.as_str(),
    };
    (&finding.id, place, finding.requirement.as_str())
}

/// Findings of `these` that `others` does not have, as often as it does not have them.
fn only_in(these: &[Finding], others: &[Finding]) -> Vec<ComparedFinding> {
    let mut there: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for finding in others {
        *there.entry(key(finding)).or_default() += 1;
    }
    let mut out = Vec::new();
    for finding in these {
        match there.get_mut(&key(finding)) {
            Some(left) if *left > 0 => *left -= 1,
            _ => out.push(ComparedFinding {
                id: finding.id.clone(),
                place: finding.place.clone(),
                requirement: finding.requirement.clone(),
                severity: finding.severity,
                blame: finding.blame,
                message: finding.message.clone(),
            }),
        }
    }
    out
}
