//! A depot's rules on trial: every message of a plan, every example, its twins, and what of the sheets
//! they reach.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::alone::Alone;
use super::input::{Input, Inputs, inputs};
use super::outputs::{Outputs, same_meaning};
use super::random::Random;
use super::twins::Twin;
use crate::ids::{CaseId, Digest, RequirementId, SystemId};
use crate::plan::{Expectation, TestPlan};
use crate::rules::{Applied, Depot, Marked, Point, is_newer};
use crate::verdict::{CaseOutcome, Finding, RuleApplied, RuleEngine, Severity};
use crate::xml::{TransformEnd, compare, parse};

/// The format of the result.
pub const FORMAT: &str = "pruefstand/rule-test/1";
/// The seed of the messages that are to reach what no input reaches.
const SEED: u64 = 20_260_402;
/// How many of them are tried.
const TRIED: usize = 1000;

/// A message with what the rule must make of it.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its name.
    pub name: String,
    /// The format.
    pub receiver: String,
    /// The message.
    pub message: Vec<u8>,
    /// What must come of it; where absent only that something does.
    pub expected: Option<Vec<u8>>,
}

/// A second engine, for a second opinion.
pub struct Second<'a> {
    /// Its name.
    pub name: String,
    /// Runs rules.
    pub outputs: &'a Outputs,
}

/// What is tried.
pub struct Trial<'a> {
    /// The rules.
    pub depot: &'a Depot,
    /// A plan whose messages they get.
    pub plan: Option<&'a TestPlan>,
    /// Further messages.
    pub examples: &'a [Example],
    /// Whether twins of each message are tried.
    pub twins: bool,
    /// Whether it is looked which parts of the sheets they reach.
    pub coverage: bool,
    /// Runs rules.
    pub outputs: &'a Outputs,
    /// Runs rule sheets of the plan.
    pub engine: &'a dyn RuleEngine,
    /// A second engine.
    pub second: Option<Second<'a>>,
}

/// What came of one message.
#[derive(Debug, Clone, Serialize)]
pub struct TriedCase {
    /// The case of the plan, or the name of the example.
    pub id: String,
    /// The format.
    pub receiver: String,
    /// The sheet.
    pub sheet: Option<String>,
    /// The verdict.
    pub verdict: CaseOutcome,
    /// Why it is open.
    pub reasons: Vec<String>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What engine and sheet said.
    pub messages: Vec<String>,
}

/// How twins came out.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct TwinCount {
    /// Tried.
    pub tried: usize,
    /// Came out differently.
    pub different: usize,
}

/// A point that nothing reached.
#[derive(Debug, Clone, Serialize)]
pub struct Unreached {
    /// The point.
    #[serde(flatten)]
    pub point: Point,
    /// A valid message that reaches it, where one was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached_by: Option<String>,
}

/// Which parts of the sheets were reached.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RuleCoverage {
    /// All points.
    pub points: usize,
    /// Reached ones.
    pub reached: usize,
    /// Inputs whose marked copy of a rule ended differently, so that what they reach is not known.
    pub unknown: usize,
    /// Points that cases of a requirement reach.
    pub by_requirement: BTreeMap<RequirementId, usize>,
    /// What nothing reached.
    pub unreached: Vec<Unreached>,
}

/// What a depot's rules were found to be.
#[derive(Debug, Clone, Serialize)]
pub struct RuleTest {
    /// Always `pruefstand/rule-test/1`.
    pub format: &'static str,
    /// The depot.
    pub depot: String,
    /// Its version (Regelstand).
    pub version: String,
    /// Digest over all its files.
    pub digest: Digest,
    /// The sheets with their digests.
    pub sheets: BTreeMap<String, Digest>,
    /// The verdict.
    pub overall: CaseOutcome,
    /// Messages that came out as they must.
    pub passed: usize,
    /// Messages that did not.
    pub failed: usize,
    /// Messages of which nothing can be said.
    pub inconclusive: usize,
    /// Twins by their kind.
    pub twins: BTreeMap<Twin, TwinCount>,
    /// Which parts of the sheets were reached.
    pub coverage: RuleCoverage,
    /// Every message.
    pub cases: Vec<TriedCase>,
}

/// Who stands behind a message that no case sends.
fn nobody() -> RequirementId {
    RequirementId::from("REGEL")
}

impl Trial<'_> {
    /// Tries the rules.
    pub fn test(&self) -> RuleTest {
        let Inputs { mut inputs, left_out } =
            self.plan.map(|plan| inputs(plan, self.depot)).unwrap_or_default();
        let planned = inputs.len();
        inputs.extend(self.examples.iter().map(|example| Input {
            case: CaseId::from(example.name.as_str()),
            step: String::new(),
            system: SystemId::from(""),
            receiver: example.receiver.clone(),
            bytes: example.message.clone(),
        }));
        let asked = asked(&inputs);
        let made = self.outputs.of(self.depot, &asked);
        let mut cases: Vec<TriedCase> = inputs
            .iter()
            .zip(&made)
            .map(|(input, applied)| TriedCase {
                id: input.case.to_string(),
                receiver: input.receiver.clone(),
                sheet: applied.sheet.clone(),
                verdict: CaseOutcome::Passed,
                reasons: vec![],
                findings: vec![],
                messages: applied.result.messages.clone(),
            })
            .collect();
        self.judge_planned(&inputs[..planned], &made[..planned], &mut cases[..planned]);
        self.judge_examples(&made[planned..], &mut cases[planned..]);
        self.judge_ends(&inputs, &made, &mut cases);
        let twins = match self.twins {
            true => self.judge_twins(&inputs, &made, &mut cases),
            false => BTreeMap::new(),
        };
        self.judge_second(&inputs, &made, &mut cases);
        for case in &mut cases {
            let fault = case.findings.iter().any(|f| f.severity == Severity::Fault);
            case.verdict = match (fault, case.reasons.is_empty()) {
                (true, _) => CaseOutcome::Failed,
                (false, false) => CaseOutcome::Inconclusive,
                (false, true) => CaseOutcome::Passed,
            };
        }
        cases.extend(left_out.into_iter().map(|one| TriedCase {
            id: one.case.to_string(),
            receiver: one.receiver,
            sheet: None,
            verdict: CaseOutcome::Inconclusive,
            reasons: vec![one.why],
            findings: vec![],
            messages: vec![],
        }));
        let count = |wanted| cases.iter().filter(|c| c.verdict == wanted).count();
        let (passed, failed, inconclusive) = (
            count(CaseOutcome::Passed),
            count(CaseOutcome::Failed),
            count(CaseOutcome::Inconclusive),
        );
        let used = self.depot.file.rule.iter().map(|r| &r.sheet);
        // A rule that no message went through was not tested, and says nothing.
        let untried =
            self.depot.file.rule.iter().any(|r| !inputs.iter().any(|i| i.receiver == r.receiver));
        let overall = match (failed, inconclusive, passed) {
            (1.., ..) => CaseOutcome::Failed,
            (0, 1.., _) | (0, 0, 0) => CaseOutcome::Inconclusive,
            _ if untried => CaseOutcome::Inconclusive,
            _ => CaseOutcome::Passed,
        };
        RuleTest {
            format: FORMAT,
            depot: self.depot.file.depot.id.clone(),
            version: self.depot.file.depot.version.clone(),
            digest: self.depot.digest(),
            sheets: used
                .filter_map(|s| Some((s.clone(), Digest::of(self.depot.files.get(s)?))))
                .collect(),
            overall,
            passed,
            failed,
            inconclusive,
            twins,
            coverage: match self.coverage {
                true => self.reached(&inputs, &made),
                false => RuleCoverage::default(),
            },
            cases,
        }
    }

    /// What the plan expects of what arrives.
    fn judge_planned(&self, inputs: &[Input], made: &[Applied], cases: &mut [TriedCase]) {
        let Some(plan) = self.plan.filter(|_| !inputs.is_empty()) else { return };
        let told: Vec<_> =
            inputs.iter().zip(made).enumerate().map(|(n, (i, a))| (n, i, a)).collect();
        let verdict = Alone::new(plan, inputs).judge(self.depot, &told, self.engine);
        let mut by_case: BTreeMap<String, _> =
            verdict.cases.into_iter().map(|c| (c.id.to_string(), c)).collect();
        for case in cases {
            // A case with several messages is judged as one; what was found stands at the first.
            if let Some(judged) = by_case.remove(&case.id) {
                case.findings.extend(judged.findings);
                case.reasons.extend(judged.reasons);
            }
        }
    }

    fn judge_examples(&self, made: &[Applied], cases: &mut [TriedCase]) {
        for ((example, applied), case) in self.examples.iter().zip(made).zip(cases) {
            if let Some(oddity) = self.oddity(example) {
                case.reasons.push(oddity);
            }
            let Some(expected) = &example.expected else {
                case.reasons.push(
                    "gelaufen, aber mit nichts verglichen: was herauskommen muss, ist nicht bekannt"
                        .into(),
                );
                continue;
            };
            let requirement = nobody();
            let sheet = applied.sheet.as_deref().unwrap_or_default();
            let rule = RuleApplied { requirement: &requirement, sheet, made: &applied.result };
            match (parse(expected), parse(&applied.result.output)) {
                (Ok(expected), Ok(actual)) => {
                    for difference in compare(&expected.root, &actual.root) {
                        case.findings.extend(rule.judge_difference(&difference).findings);
                    }
                }
                (Err(error), _) => {
                    case.reasons.push(format!(
                        "{}: die erwartete Ausgabe ist nicht lesbar: {error}",
                        case.id
                    ));
                }
                (Ok(_), Err(_)) if *expected == applied.result.output => {}
                // How it ended is judged anyway.
                (Ok(_), Err(error)) => {
                    case.reasons.push(format!("{}: die Ausgabe ist kein XML: {error}", case.id));
                }
            }
        }
    }

    /// What is wrong with an example itself: a message that the depot does not know, or that its own
    /// schema does not allow, says nothing about a rule.
    fn oddity(&self, example: &Example) -> Option<String> {
        if self.depot.file.procedure.is_empty() {
            return None;
        }
        let root = parse(&example.message).ok()?.root;
        let Some(procedure) = self.depot.recognise(&root.name, &root.namespace) else {
            return Some(format!("das Depot erkennt <{}> ({}) nicht", root.name, root.namespace));
        };
        let validator = self.depot.validator(&procedure.id).ok()?;
        let violations = validator.validate(&example.message).ok()?;
        violations.first().map(|v| format!("nicht schemakonform, Zeile {}: {}", v.line, v.text))
    }

    fn judge_ends(&self, inputs: &[Input], made: &[Applied], cases: &mut [TriedCase]) {
        for ((input, applied), case) in inputs.iter().zip(made).zip(cases) {
            let Some(sheet) = &applied.sheet else {
                case.reasons.push(format!("keine Regel für {}", input.receiver));
                continue;
            };
            let requirement = self.requirement(input);
            let rule = RuleApplied { requirement: &requirement, sheet, made: &applied.result };
            let judgement = rule.judge();
            case.findings.extend(judgement.findings);
            case.reasons.extend(judgement.inconclusive);
        }
    }

    fn judge_twins(
        &self,
        inputs: &[Input],
        made: &[Applied],
        cases: &mut [TriedCase],
    ) -> BTreeMap<Twin, TwinCount> {
        let mut out = BTreeMap::new();
        for twin in Twin::ALL {
            let twins: Vec<(usize, Vec<u8>)> = inputs
                .iter()
                .enumerate()
                // A rule that does not come to its end does not do so for twins either.
                .filter(|(at, _)| {
                    matches!(made[*at].result.end, TransformEnd::Output | TransformEnd::NoOutput)
                })
                .filter_map(|(at, input)| Some((at, twin.of(&input.bytes)?)))
                .collect();
            let asked: Vec<_> = twins
                .iter()
                .map(|(at, bytes)| (*at, inputs[*at].receiver.as_str(), &bytes[..]))
                .collect();
            let of_twins = self.outputs.of(self.depot, &asked);
            let count: &mut TwinCount = out.entry(twin).or_default();
            for ((at, _), of_twin) in twins.iter().zip(&of_twins) {
                count.tried += 1;
                if twin.same(&made[*at].result, &of_twin.result) {
                    continue;
                }
                count.different += 1;
                let requirement = self.requirement(&inputs[*at]);
                let sheet = made[*at].sheet.as_deref().unwrap_or_default();
                // What the rule tries for the twin alone counts as well.
                let of_it = RuleApplied { requirement: &requirement, sheet, made: &of_twin.result };
                cases[*at].findings.extend(of_it.judge_attempts().findings);
                let rule =
                    RuleApplied { requirement: &requirement, sheet, made: &made[*at].result };
                let judgement = rule.judge_twin(twin.name(), twin.what(), &of_twin.result);
                cases[*at].findings.extend(judgement.findings);
            }
        }
        out
    }

    fn judge_second(&self, inputs: &[Input], made: &[Applied], cases: &mut [TriedCase]) {
        let Some(second) = &self.second else { return };
        let others = second.outputs.of(self.depot, &asked(inputs));
        for (applied, case) in made.iter().zip(cases.iter_mut()) {
            if applied.sheet.as_ref().is_some_and(|sheet| is_newer(self.depot, sheet)) {
                let why = "für Regeln in XSLT 2.0 und 3.0 gibt es hier keine zweite Engine";
                case.reasons.push(why.into());
            }
        }
        for (((input, applied), other), case) in inputs.iter().zip(made).zip(&others).zip(cases) {
            if same_meaning(&applied.result, &other.result) {
                continue;
            }
            let requirement = self.requirement(input);
            let sheet = applied.sheet.as_deref().unwrap_or_default();
            let rule = RuleApplied { requirement: &requirement, sheet, made: &applied.result };
            case.reasons.extend(rule.judge_second(&second.name, &other.result).inconclusive);
        }
    }

    /// The requirement that speaks of what arrives of an input.
    fn requirement(&self, input: &Input) -> RequirementId {
        let case = self.plan.and_then(|plan| plan.case(&input.case));
        let found = case.into_iter().flat_map(|c| &c.expect).find_map(|e| match e {
            Expectation::Content { requirement, step, .. } if *step == input.step => {
                Some(requirement.clone())
            }
            _ => None,
        });
        found.unwrap_or_else(nobody)
    }

    fn reached(&self, inputs: &[Input], intact: &[Applied]) -> RuleCoverage {
        let marked = Marked::new(self.depot);
        let made = self.outputs.of(&marked.depot, &asked(inputs));
        let mut reached: BTreeSet<usize> = BTreeSet::new();
        let mut unknown = 0;
        let mut by_requirement: BTreeMap<RequirementId, BTreeSet<usize>> = BTreeMap::new();
        for ((input, applied), plain) in inputs.iter().zip(&made).zip(intact) {
            unknown += usize::from(applied.result.end != plain.result.end);
            let points = marked.reached(&applied.result.messages);
            reached.extend(&points);
            by_requirement.entry(self.requirement(input)).or_default().extend(points);
        }
        let mut missing: BTreeMap<usize, Option<String>> =
            (0..marked.points.len()).filter(|p| !reached.contains(p)).map(|p| (p, None)).collect();
        if let Some(plan) = self.plan.filter(|_| !missing.is_empty()) {
            let random = Random::new(plan, inputs, SEED).messages(TRIED);
            let asked: Vec<_> = random
                .iter()
                .enumerate()
                .map(|(n, r)| (n, r.receiver.as_str(), &r.bytes[..]))
                .collect();
            for (message, applied) in random.iter().zip(self.outputs.of(&marked.depot, &asked)) {
                for point in marked.reached(&applied.result.messages) {
                    if let Some(by) = missing.get_mut(&point).filter(|by| by.is_none()) {
                        *by = Some(String::from_utf8_lossy(&message.bytes).into_owned());
                    }
                }
            }
        }
        RuleCoverage {
            points: marked.points.len(),
            reached: reached.len(),
            unknown,
            by_requirement: by_requirement.into_iter().map(|(r, p)| (r, p.len())).collect(),
            unreached: missing
                .into_iter()
                .map(|(at, reached_by)| Unreached { point: marked.points[at].clone(), reached_by })
                .collect(),
        }
    }
}

fn asked(inputs: &[Input]) -> Vec<(usize, &str, &[u8])> {
    inputs.iter().enumerate().map(|(n, i)| (n, i.receiver.as_str(), &i.bytes[..])).collect()
}
