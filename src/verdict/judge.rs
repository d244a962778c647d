//! From plan and evidence to a verdict.

use std::collections::BTreeSet;

use super::Artefacts;
use super::attested;
use super::canary;
use super::checkers::{self, Checker};
use super::types::{
    Admission, CanaryResult, CaseOutcome, CaseVerdict, CaseWaiver, Counts, FORMAT, Finding,
    Overall, Severity, Verdict,
};
use super::view::{Context, RunView};
use crate::concept::Level;
use crate::evidence::{Attested, Evidence, StepOutcome};
use crate::ids::{CaseId, RequirementId, TargetRole};
use crate::plan::{
    Applicability, Behaviour, Expectation, PlanKind, PlanRequirement, Step, TestCase, TestPlan,
};

/// Judges a run with all checkers.
pub fn judge(plan: &TestPlan, evidence: &Evidence, artefacts: &Artefacts<'_>) -> Verdict {
    judge_with(plan, evidence, artefacts, &checkers::all())
}

/// Judges a run with these checkers; what needs another one is inconclusive.
pub fn judge_with(
    plan: &TestPlan,
    evidence: &Evidence,
    artefacts: &Artefacts<'_>,
    checkers: &[Box<dyn Checker>],
) -> Verdict {
    let canaries: Vec<CanaryResult> =
        checkers.iter().map(|c| canary::test(c.as_ref(), artefacts.engine)).collect();
    let run = RunView::with_log(plan, evidence, artefacts.log.as_ref());
    let mut cases = Vec::new();
    // Requirements for which something is expected somewhere.
    let mut tested: BTreeSet<RequirementId> = BTreeSet::new();
    // Refusing is a proof only beside something that must not be refused.
    let mut wants_something_done = false;
    for case in &plan.case {
        let chosen = artefacts.chosen.as_ref().is_none_or(|list| list.contains(&case.id));
        let standing = plan.applicability(case, &artefacts.claims, artefacts.stands_for.as_ref());
        if let Applicability::Applies(expected) = &standing {
            tested.extend(expected.tested(case).cloned());
            wants_something_done |= expected.expect.iter().any(Expectation::wants_something_done);
        }
        // The level follows from the requirements, whatever the case itself says.
        let counts = |id: &RequirementId| match &standing {
            Applicability::Applies(expected) => !expected.not_claimed.contains(id),
            Applicability::NotApplicable(_) => true,
        };
        let of_case = |r: &&PlanRequirement| case.requirements.contains(&r.id) && counts(&r.id);
        let levels = plan.requirement.iter().filter(of_case);
        let level = levels.map(|r| r.level).min().unwrap_or(Level::Muss);
        let case = &TestCase { level, ..case.clone() };
        cases.push(match (chosen, standing) {
            (false, _) => {
                let why = vec!["nicht ausgewählt".into()];
                verdict_of(case, CaseOutcome::NotTested, why, vec![], 0)
            }
            (true, Applicability::NotApplicable(why)) => {
                verdict_of(case, CaseOutcome::NotApplicable, vec![why], vec![], 0)
            }
            (true, Applicability::Applies(expected)) => {
                let judged =
                    Case { plan, run: &run, artefacts, checkers, canaries: &canaries, case };
                let judged = judged.judge(&expected.expect);
                CaseVerdict { not_claimed: expected.not_claimed.into_iter().collect(), ..judged }
            }
        });
    }
    for case in &mut cases {
        case.waiver = waiver_of(plan, evidence, &case.id);
    }
    if !wants_something_done {
        tested.clear();
    }
    let filtered = artefacts.chosen.is_some();
    let counted: Vec<&CaseVerdict> = cases
        .iter()
        .filter(|c| artefacts.chosen.as_ref().is_none_or(|list| list.contains(&c.id)))
        .collect();
    let applying = plan.requirement.iter().filter(|r| r.applies);
    let (claimed, not_claimed): (Vec<_>, Vec<_>) =
        applying.partition(|r| plan.is_claimed(r, &artefacts.claims));
    let not_claimed: Vec<RequirementId> = not_claimed.iter().map(|r| r.id.clone()).collect();
    let untested: Vec<RequirementId> = claimed
        .iter()
        .filter(|r| r.level == Level::Muss)
        .filter(|r| !tested.contains(&r.id))
        .map(|r| r.id.clone())
        .collect();
    // What belongs to no role holds for everybody, also for who claims nothing: that alone is no proof.
    let nothing_claimed =
        !artefacts.claims.is_everything() && claimed.iter().all(|r| r.roles.is_empty());
    let (mut overall, mut admission) = overall(&counted);
    let open_end = nothing_claimed || !filtered && !untested.is_empty();
    if overall == Overall::Passed && open_end {
        (overall, admission) = (Overall::Inconclusive, Admission::Undecided);
    }
    let mut counts = Counts::default();
    for case in &cases {
        *match case.verdict {
            CaseOutcome::Passed => &mut counts.passed,
            CaseOutcome::Failed => &mut counts.failed,
            CaseOutcome::Inconclusive => &mut counts.inconclusive,
            CaseOutcome::NotApplicable => &mut counts.not_applicable,
            CaseOutcome::NotTested => &mut counts.not_tested,
        } += 1;
    }
    // A Funktionstest admits nothing.
    let admits = plan.plan.kind == PlanKind::Zulassung;
    let admission = if filtered || !admits { Admission::Undecided } else { admission };
    Verdict {
        format: FORMAT.into(),
        overall,
        admission,
        filtered,
        untested,
        not_claimed,
        counts,
        left_out: plan.left_out.iter().map(|l| l.cases as usize).sum(),
        not_made: plan.not_made.len(),
        canaries,
        cases,
    }
}

/// The decision rule.
fn overall(cases: &[&CaseVerdict]) -> (Overall, Admission) {
    let any = |level: Level, wanted: &[CaseOutcome]| {
        cases.iter().any(|c| c.level == level && wanted.contains(&c.verdict))
    };
    let open = [CaseOutcome::Inconclusive, CaseOutcome::NotTested];
    if any(Level::Muss, &[CaseOutcome::Failed]) {
        return (Overall::Failed, Admission::NotAdmitted);
    }
    // Nothing that passed is nothing that was proven.
    let nothing = !cases.iter().any(|c| c.verdict == CaseOutcome::Passed);
    if nothing || any(Level::Muss, &open) {
        return (Overall::Inconclusive, Admission::Undecided);
    }
    if any(Level::Soll, &[CaseOutcome::Failed]) || any(Level::Soll, &open) {
        return (Overall::Passed, Admission::AdmittedWithConditions);
    }
    (Overall::Passed, Admission::Admitted)
}

fn verdict_of(
    case: &TestCase,
    verdict: CaseOutcome,
    reasons: Vec<String>,
    findings: Vec<Finding>,
    duration_ms: u64,
) -> CaseVerdict {
    CaseVerdict {
        id: case.id.clone(),
        title: case.title.clone(),
        technique: case.technique,
        requirements: case.requirements.clone(),
        level: case.level,
        verdict,
        reasons,
        findings,
        not_claimed: vec![],
        waiver: None,
        attested: None,
        duration_ms,
    }
}

/// The first waiver for a case, as it stood when the run began. Without a day of the run it counts
/// as expired.
fn waiver_of(plan: &TestPlan, evidence: &Evidence, case: &CaseId) -> Option<CaseWaiver> {
    let waiver = plan.waiver.iter().find(|w| w.covers(case))?;
    // German days: UTC is one or two hours behind, and the stricter of the two is taken.
    let day =
        evidence.entries.first().map(|e| jiff::tz::Offset::constant(2).to_datetime(e.time).date());
    Some(CaseWaiver {
        reason: waiver.reason.clone(),
        by: waiver.by.clone(),
        until: waiver.until.clone(),
        change_request: waiver.change_request.clone(),
        expired: !day.is_some_and(|day| waiver.counts_on(day)),
    })
}

struct Case<'a> {
    plan: &'a TestPlan,
    run: &'a RunView,
    artefacts: &'a Artefacts<'a>,
    checkers: &'a [Box<dyn Checker>],
    canaries: &'a [CanaryResult],
    case: &'a TestCase,
}

impl Case<'_> {
    /// Judges the case by what is expected of this target.
    fn judge(&self, expected: &[Expectation]) -> CaseVerdict {
        let context = Context {
            plan: self.plan,
            case: self.case,
            run: self.run,
            view: self.run.case(&self.case.id),
            depot: &self.artefacts.depot,
            engine: self.artefacts.engine,
            log_claimed: self.artefacts.claims.any_of(&[TargetRole::Protokoll]),
        };
        let mut reasons = self.proof_of_execution(&context, expected);
        let mut findings = Vec::new();
        let (mut asked, mut said) = (false, None);
        if expected.is_empty() {
            reasons.push("der Testfall erwartet nichts".into());
        }
        for expectation in expected {
            match expectation {
                Expectation::Undecidable { reason, .. } => {
                    reasons.push(reason.clone());
                    continue;
                }
                Expectation::Attested { requirement, .. } => {
                    asked = true;
                    said = attested::of(self.run, &self.case.id, requirement, &mut findings);
                    continue;
                }
                _ => {}
            }
            match self.alive(expectation) {
                Ok(checker) => {
                    let judgement = checker.check(&context, expectation);
                    findings.extend(judgement.findings);
                    reasons.extend(judgement.inconclusive);
                }
                Err(reason) => reasons.push(reason),
            }
        }
        if self.run.lost || self.run.interrupted || !self.run.complete {
            // What did not happen may only be missing because the run ended too early.
            let dropped = findings.iter().filter(|f| f.absence).count();
            if dropped > 0 {
                reasons.push(format!(
                    "{dropped} fehlende Beobachtung(en) nach vorzeitigem Ende des Laufs"
                ));
            }
            findings.retain(|f| !f.absence);
        }
        reasons.dedup();
        let failed = findings.iter().any(|f| f.severity == Severity::Fault);
        let verdict = match (failed, reasons.is_empty(), said) {
            (true, ..) => CaseOutcome::Failed,
            (false, false, _) => CaseOutcome::Inconclusive,
            (false, true, Some(Attested::NotApplicable)) => CaseOutcome::NotApplicable,
            (false, true, Some(Attested::Inconclusive)) => {
                reasons.push("die prüfende Person konnte es nicht beurteilen".into());
                CaseOutcome::Inconclusive
            }
            (false, true, None) if asked => {
                reasons.push(attested::waiting(&self.case.id));
                CaseOutcome::NotTested
            }
            (false, true, _) => CaseOutcome::Passed,
        };
        let duration = context.view.span.map_or(0, |(from, to)| {
            u64::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or(0)
        });
        let judged = verdict_of(self.case, verdict, reasons, findings, duration);
        CaseVerdict { attested: attested::shown(self.run, self.case), ..judged }
    }

    fn proof_of_execution(&self, context: &Context<'_>, expected: &[Expectation]) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.run.lost {
            reasons.push("der Prüfgegenstand war während des Laufs nicht mehr erreichbar".into());
        }
        if self.run.interrupted {
            reasons.push("der Lauf wurde abgebrochen".into());
        }
        if !self.run.complete {
            reasons.push("der Nachweis endet ohne Schlusszeile".into());
        } else if !self.run.settled {
            reasons.push("die Ruhezeit am Ende des Laufs fehlt".into());
        }
        let needed = |step: &&Step| !self.case.reads_in_vain(step.name(), expected);
        for step in self.case.step.iter().filter(needed) {
            let reason = match context.view.steps.get(step.name()) {
                Some(StepOutcome::Done) => continue,
                Some(StepOutcome::ByHand) if matches!(step, Step::Manual { .. }) => continue,
                // Waiting in vain is a fact that the checkers judge.
                Some(StepOutcome::TimedOut) if matches!(step, Step::Await { .. }) => continue,
                Some(StepOutcome::TimedOut) => "kam nicht rechtzeitig zum Ende".to_owned(),
                Some(StepOutcome::ByHand) => "ist kein Schritt für einen Menschen".to_owned(),
                Some(StepOutcome::Unreachable { reason } | StepOutcome::Impossible { reason }) => {
                    reason.clone()
                }
                None => "wurde nicht ausgeführt".to_owned(),
            };
            reasons.push(format!("Schritt \"{}\": {reason}", step.name()));
        }
        for step in &self.case.step {
            let Step::Fake { name, system, behaviour } = step else { continue };
            let tried = context.deliveries().any(|e| &e.system == system && !e.is_taken());
            if *behaviour != Behaviour::Answer && !tried {
                reasons.push(format!(
                    "Schritt \"{name}\": {system} wurde im Ausfall nie angesprochen"
                ));
            }
        }
        reasons
    }

    fn alive(&self, expectation: &Expectation) -> Result<&dyn Checker, String> {
        let id = expectation.checker();
        let Some(checker) = self.checkers.iter().find(|c| c.id() == id) else {
            return Err(format!("Prüfer \"{id}\" fehlt (this checker is no longer alive)"));
        };
        match self.canaries.iter().find(|c| c.checker == id) {
            Some(canary) if canary.alive => Ok(checker.as_ref()),
            other => {
                let detail = other.map_or("kein Kanarienfall", |c| c.detail.as_str());
                Err(format!(
                    "Prüfer \"{id}\" ist nicht am Leben (this checker is no longer alive): {detail}"
                ))
            }
        }
    }
}
