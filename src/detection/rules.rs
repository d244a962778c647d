//! Mutants of rules. Each rule runs alone over all inputs of the plan first: where the output is the
//! same, no run could notice anything, and where it is not, the judge says which cases notice. A real
//! run of some of these cases has to confirm it. So each mutant costs a fraction of a whole run.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::drive::{Trials, noticed};
use super::mutate::FileMutant;
use super::result::{Kind, Measured, Mutant, Outcome};
use crate::ids::{CaseId, RequirementId};
use crate::judged::WorkerEngine;
use crate::plan::{Expectation, TestPlan};
use crate::reference_hub::JSON_NAMESPACE;
use crate::rule_trial::{
    Alone, Input, Inputs, Outputs, Random, RandomInput, inputs, same_meaning,
    same_once_written_anew,
};
use crate::rules::{Applied, Depot, Engines, Workers, files_of};
use crate::verdict::CaseOutcome;
use crate::xml::{TransformEnd, Transformed};

/// How many random valid messages must come out the same before a mutant counts as equivalent.
pub(super) const RANDOM: usize = 1000;
/// The seed of these messages.
const SEED: u64 = 20_260_401;
/// How many cases a real run confirms where the rule alone was noticed.
const CONFIRM: usize = 3;
/// How many cases a real run tries where the rule alone was not noticed though something differs.
const TRY: usize = 24;

/// A depot with what its rules make of a plan's inputs.
pub(super) struct Subject {
    name: String,
    depot: Depot,
    inputs: Vec<Input>,
    intact: Vec<Applied>,
    random: Vec<RandomInput>,
    random_intact: Vec<Applied>,
    alone: Alone,
    outputs: Outputs,
    engine: WorkerEngine,
}

/// What the rule alone showed.
enum Showed {
    /// No input comes out differently.
    Same {
        /// A random message that does.
        random: Option<String>,
        /// How many random messages were tried.
        tried: usize,
    },
    /// Some do.
    Differs { affected: Vec<usize>, noticed: Box<Measured> },
    /// The plan never uses this file.
    Unused,
}

impl Subject {
    /// Prepares a depot by the name that the organisation gives it. Blocks.
    ///
    /// # Errors
    /// When the intact rules do not make of each input what the plan expects.
    pub fn new(
        plan: &TestPlan,
        name: &str,
        depot: Depot,
        engines: &Engines,
        folder: &Path,
        random: usize,
    ) -> Result<Self, String> {
        let Inputs { inputs, left_out } = inputs(plan, &depot);
        if let Some(one) = left_out.first() {
            return Err(format!("{}: {}", one.case, one.why));
        }
        let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let outputs = Outputs::new(Workers::new(engines, folder, threads.min(8)));
        let intact = outputs.of(&depot, &listed(&inputs));
        let alone = Alone::new(plan, &inputs);
        let engine = WorkerEngine::new(engines);
        let made: Vec<_> =
            inputs.iter().zip(&intact).enumerate().map(|(n, (i, a))| (n, i, a)).collect();
        if !made.is_empty() {
            let verdict = alone.judge(&depot, &made, &engine);
            let bad = verdict
                .cases
                .iter()
                .find(|c| matches!(c.verdict, CaseOutcome::Failed | CaseOutcome::Inconclusive));
            if let Some(bad) = bad {
                let finding = bad.findings.first().map(|f| format!("{}: {}", f.id, f.message));
                let why = finding.or_else(|| bad.reasons.first().cloned()).unwrap_or_default();
                return Err(format!("the intact rules fail {}: {why}", bad.id));
            }
        }
        // So many for each format, and only such as the intact rule makes something of.
        let mut all: Vec<RandomInput> = Vec::new();
        for receiver in inputs.iter().map(|i| &i.receiver).collect::<BTreeSet<_>>() {
            let own: Vec<Input> =
                inputs.iter().filter(|i| &i.receiver == receiver).cloned().collect();
            all.extend(Random::new(plan, &own, SEED).messages(random));
        }
        let made = outputs.of(&depot, &listed_random(&all));
        let whole =
            |(_, applied): &(RandomInput, Applied)| applied.result.end == TransformEnd::Output;
        let (random, random_intact): (Vec<_>, Vec<_>) =
            all.into_iter().zip(made).filter(whole).unzip();
        let name = name.to_owned();
        Ok(Self { name, depot, inputs, intact, random, random_intact, alone, outputs, engine })
    }

    /// The depot.
    pub fn depot(&self) -> &Depot {
        &self.depot
    }

    /// How many inputs of the plan its rules get.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    fn show(&self, mutant: &FileMutant, as_mutant: Mutant) -> Showed {
        let changed = mutant.applied(&self.depot);
        let uses: BTreeSet<&str> = self
            .depot
            .file
            .rule
            .iter()
            .filter(|r| files_of(&self.depot, &r.sheet).contains(&mutant.file))
            .map(|r| r.receiver.as_str())
            .filter(|receiver| self.inputs.iter().any(|i| i.receiver == *receiver))
            .collect();
        let concerned: Vec<usize> = (0..self.inputs.len())
            .filter(|at| uses.contains(self.inputs[*at].receiver.as_str()))
            .collect();
        if concerned.is_empty() {
            return Showed::Unused;
        }
        let all = listed(&self.inputs);
        let asked: Vec<_> = concerned.iter().map(|at| all[*at]).collect();
        let made = self.outputs.of(&changed, &asked);
        let differs: Vec<(usize, &Applied)> = concerned
            .iter()
            .copied()
            .zip(&made)
            .filter(|(at, applied)| {
                !self.same(&self.inputs[*at].receiver, &self.intact[*at].result, &applied.result)
            })
            .collect();
        if differs.is_empty() {
            let (random, tried) = self.random_difference(&changed, &uses);
            return Showed::Same { random, tried };
        }
        let told: Vec<_> =
            differs.iter().map(|(at, applied)| (*at, &self.inputs[*at], *applied)).collect();
        let verdict = self.alone.judge(&changed, &told, &self.engine);
        let mut noticed = noticed(as_mutant, &verdict);
        noticed.inputs = Some(differs.len());
        Showed::Differs {
            affected: differs.iter().map(|(at, _)| *at).collect(),
            noticed: Box::new(noticed),
        }
    }

    /// Whether two results are the same to their receiver: what goes into an envelope, into files or as
    /// JSON is written anew by whoever hands it over.
    fn same(&self, receiver: &str, a: &Transformed, b: &Transformed) -> bool {
        let rule = self.depot.file.rule.iter().find(|r| r.receiver == receiver);
        let is_json =
            |made: &Transformed| String::from_utf8_lossy(&made.output).contains(JSON_NAMESPACE);
        let anew = rule.is_some_and(|r| r.soap.is_some() || r.parts.is_some()) || is_json(a);
        if anew { same_once_written_anew(a, b) } else { same_meaning(a, b) }
    }

    /// A random message that comes out differently, and how many were tried in the format that has the
    /// fewest.
    fn random_difference(&self, changed: &Depot, uses: &BTreeSet<&str>) -> (Option<String>, usize) {
        let of = |receiver: &str| self.random.iter().filter(|r| r.receiver == receiver).count();
        let tried = uses.iter().map(|receiver| of(receiver)).min().unwrap_or(0);
        let concerned: Vec<usize> = (0..self.random.len())
            .filter(|at| uses.contains(self.random[*at].receiver.as_str()))
            .collect();
        let all = listed_random(&self.random);
        let asked: Vec<_> = concerned.iter().map(|at| all[*at]).collect();
        let made = self.outputs.of(changed, &asked);
        let differs = concerned.iter().zip(&made).find(|(at, applied)| {
            !self.same(
                &self.random[**at].receiver,
                &self.random_intact[**at].result,
                &applied.result,
            )
        });
        let shown = |at: usize| String::from_utf8_lossy(&self.random[at].bytes).into_owned();
        (differs.map(|(at, _)| shown(*at)), tried)
    }

    /// Cases of these inputs, one of each technique first.
    fn cases_of(&self, plan: &TestPlan, from: &[CaseId], most: usize) -> Vec<CaseId> {
        let simple = |id: &&CaseId| plan.case(id).is_some_and(|c| !c.exclusive);
        let mut ordered: Vec<&CaseId> = from.iter().filter(simple).collect();
        ordered.extend(from.iter().filter(|id| !simple(id)));
        let mut techniques = BTreeSet::new();
        let mut first: Vec<CaseId> = Vec::new();
        for id in &ordered {
            if plan.case(id).is_some_and(|c| techniques.insert(c.technique)) {
                first.push((*id).clone());
            }
        }
        let rest: Vec<CaseId> =
            ordered.into_iter().filter(|id| !first.contains(id)).cloned().collect();
        first.into_iter().chain(rest).take(most).collect()
    }
}

fn listed(inputs: &[Input]) -> Vec<(usize, &str, &[u8])> {
    inputs.iter().enumerate().map(|(n, i)| (n, i.receiver.as_str(), &i.bytes[..])).collect()
}

fn listed_random(inputs: &[RandomInput]) -> Vec<(usize, &str, &[u8])> {
    inputs.iter().enumerate().map(|(n, i)| (n, i.receiver.as_str(), &i.bytes[..])).collect()
}

/// The requirements that speak of what arrives of these inputs.
fn about_content(
    plan: &TestPlan,
    subject: &Subject,
    affected: &[usize],
) -> BTreeSet<RequirementId> {
    let mut out = BTreeSet::new();
    for input in affected.iter().map(|at| &subject.inputs[*at]) {
        for expectation in plan.case(&input.case).iter().flat_map(|c| &c.expect) {
            if let Expectation::Content { requirement, step, .. } = expectation
                && step == &input.step
            {
                out.insert(requirement.clone());
            }
        }
    }
    out
}

/// What becomes of a mutant of a rule.
pub(super) async fn try_rule(
    trials: &Trials<'_>,
    subject: Arc<Subject>,
    mutant: FileMutant,
) -> Measured {
    let as_mutant = mutant.described(Kind::Rule);
    let (mutant, shared) = (Arc::new(mutant), subject.clone());
    let (looked, described) = (mutant.clone(), as_mutant.clone());
    let showed = tokio::task::spawn_blocking(move || shared.show(&looked, described)).await;
    let everything: Vec<usize> = (0..subject.inputs.len()).collect();
    let nothing = |outcome, note: String| {
        let mut measured = Measured::nothing(as_mutant.clone(), outcome, note);
        measured.requirements = about_content(trials.plan, &subject, &everything);
        measured.inputs = Some(0);
        measured
    };
    let (affected, alone) = match showed {
        Err(error) => return nothing(Outcome::NotMeasured, error.to_string()),
        Ok(Showed::Unused) => {
            return nothing(Outcome::Survived, "kein Testfall benutzt diese Datei".into());
        }
        Ok(Showed::Same { random: None, tried }) => {
            let note = format!("gleich für alle Eingaben und je Format {tried} zufällige");
            // Few random messages prove nothing.
            let enough = tried >= RANDOM;
            let outcome = if enough { Outcome::Equivalent } else { Outcome::Survived };
            return nothing(outcome, note);
        }
        Ok(Showed::Same { random: Some(message), .. }) => {
            let path = trials.folder.join(format!("{}.xml", mutant.id));
            let _ = std::fs::write(&path, message);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let note = format!("keine Eingabe des Plans zeigt es; diese zufällige schon: {name}");
            return nothing(Outcome::Survived, note);
        }
        Ok(Showed::Differs { affected, noticed }) => (affected, *noticed),
    };
    confirm(trials, &subject, &mutant, &affected, alone).await
}

/// Holds what the rule alone showed against a real run.
async fn confirm(
    trials: &Trials<'_>,
    subject: &Subject,
    mutant: &FileMutant,
    affected: &[usize],
    alone: Measured,
) -> Measured {
    let changed = mutant.told(&subject.name);
    let target = trials.hub(&mutant.id, &[], Some(&changed));
    let (cases, most) = match alone.outcome {
        Outcome::Detected => (alone.cases.clone(), CONFIRM),
        _ => (affected.iter().map(|at| subject.inputs[*at].case.clone()).collect(), TRY),
    };
    let chosen = subject.cases_of(trials.plan, &cases, most);
    let verdict = match trials.run(&mutant.id, target, Some(chosen.clone())).await {
        Ok(verdict) => verdict,
        Err(reason) => {
            return Measured { outcome: Outcome::NotMeasured, note: reason.to_string(), ..alone };
        }
    };
    let real = noticed(alone.mutant.clone(), &verdict);
    match (alone.outcome, real.outcome) {
        (Outcome::Detected, Outcome::Detected) => {
            let note =
                format!("{} von {} Fällen im Lauf bestätigt", real.cases.len(), chosen.len());
            Measured { note, ..alone }
        }
        (Outcome::Detected, _) => Measured {
            outcome: Outcome::NotMeasured,
            note: "die Regel allein fällt auf, der Lauf nicht: beide müssten dasselbe sagen".into(),
            ..alone
        },
        (_, Outcome::Detected) => Measured { inputs: alone.inputs, ..real },
        (_, outcome) => Measured {
            outcome,
            requirements: about_content(trials.plan, subject, affected),
            note: format!("{} Eingaben kommen anders an, kein Testfall bemerkt es", affected.len()),
            ..alone
        },
    }
}
