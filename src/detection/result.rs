//! What a measurement found: `detection.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::concerns::Unconcerned;
use crate::ids::{CaseId, ComponentKind, Digest, RequirementId};
use crate::plan::{Technique, TestPlan};

/// The format this version writes and reads.
pub const FORMAT: &str = "pruefstand/detection/1";

/// The largest share of equivalent mutants, percent, before it is a finding of its own.
const MOST_EQUIVALENT: usize = 5;

/// Where a fault comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A switchable fault of the reference hub.
    HubDefect,
    /// A generated change of a rule.
    Rule,
    /// A generated change of the depot's own file or of the hub's configuration.
    Configuration,
    /// A switchable fault of a fake that stands in the place of a component.
    ComponentDefect,
}

impl Kind {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::HubDefect => "hub-defect",
            Self::Rule => "rule",
            Self::Configuration => "configuration",
            Self::ComponentDefect => "component-defect",
        }
    }
}

/// A fault that is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// Short name.
    pub id: String,
    /// Where it comes from.
    pub kind: Kind,
    /// What kind of mistake it is: the operator, or the part of the hub's work.
    pub operator: String,
    /// Where it is: file and line, or the setting.
    pub place: String,
    /// What is wrong, in words.
    pub what: String,
    /// The requirement that must notice it, where that is known beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<RequirementId>,
    /// The technique of a case that must notice it, where that is known beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
}

/// What became of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Some case failed.
    Detected,
    /// It makes a difference, and no case failed.
    Survived,
    /// It makes no difference: the same output for all inputs of the plan, and for many random ones.
    Equivalent,
    /// It could not be tried; nothing is claimed about it.
    NotMeasured,
}

/// A fault with what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The fault.
    #[serde(flatten)]
    pub mutant: Mutant,
    /// What became of it.
    pub outcome: Outcome,
    /// Cases that failed.
    pub cases: Vec<CaseId>,
    /// Requirements of these cases' findings; where none failed, those that should have noticed.
    pub requirements: BTreeSet<RequirementId>,
    /// Techniques of these cases.
    pub techniques: BTreeSet<Technique>,
    /// Ids of their findings.
    pub findings: BTreeSet<String>,
    /// Of a mutant of a rule: how many inputs of the plan come out differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<usize>,
    /// How long it took to try it, seconds.
    pub seconds: f64,
    /// What there is to say about it: why it could not be tried, what a hub confirmed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Measured {
    /// A fault about which nothing is known yet.
    pub fn nothing(mutant: Mutant, outcome: Outcome, note: impl Into<String>) -> Self {
        Self {
            requirements: mutant.requirement.iter().cloned().collect(),
            mutant,
            outcome,
            cases: vec![],
            techniques: BTreeSet::new(),
            findings: BTreeSet::new(),
            inputs: None,
            seconds: 0.0,
            note: note.into(),
        }
    }

    /// Whether it was found as it must be: by its requirement and technique, where they are known.
    pub fn as_expected(&self) -> bool {
        let requirement =
            self.mutant.requirement.as_ref().is_none_or(|r| self.requirements.contains(r));
        let named = |name: &String| self.techniques.iter().any(|t| t.name() == name);
        self.outcome == Outcome::Detected
            && requirement
            && self.mutant.technique.as_ref().is_none_or(named)
    }
}

/// Counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Noticed.
    pub detected: usize,
    /// Not noticed.
    pub survived: usize,
    /// Nothing to notice.
    pub equivalent: usize,
    /// Not tried.
    pub not_measured: usize,
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Detected => &mut self.detected,
            Outcome::Survived => &mut self.survived,
            Outcome::Equivalent => &mut self.equivalent,
            Outcome::NotMeasured => &mut self.not_measured,
        } += 1;
    }

    /// The share of faults that make a difference and are noticed, percent with one decimal, rounded
    /// down; none where there are no such faults.
    pub fn percent(&self) -> Option<f64> {
        let all = self.detected + self.survived;
        let permille = u32::try_from((self.detected * 1000).checked_div(all)?).ok()?;
        Some(f64::from(permille) / 10.0)
    }
}

/// Cases that contribute nothing to finding these faults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    /// Cases that noticed no fault at all.
    pub detects_nothing: Vec<CaseId>,
    /// Cases that noticed no fault that others do not notice.
    pub detects_nothing_alone: Vec<CaseId>,
}

/// What a measurement found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Always `pruefstand/detection/1`.
    pub format: String,
    /// The plan.
    pub plan: String,
    /// Digest of the plan's text.
    pub plan_digest: Digest,
    /// The component that the plan is for.
    pub component: ComponentKind,
    /// Version of the harness.
    pub harness: String,
    /// When it was measured, UTC.
    pub date: String,
    /// How long it took, seconds.
    pub seconds: u64,
    /// How long one run of the whole plan against the intact target took, seconds.
    pub intact_seconds: f64,
    /// Faults that were noticed.
    pub detected: usize,
    /// Faults that were not.
    pub survived: usize,
    /// Faults that make no difference.
    pub equivalent: usize,
    /// Faults that could not be tried.
    pub not_measured: usize,
    /// Noticed among those that make a difference, percent, rounded down.
    pub score: Option<f64>,
    /// What a person has to look at.
    pub findings: Vec<String>,
    /// Counts by the requirement that noticed, or should have.
    pub by_requirement: BTreeMap<RequirementId, Tally>,
    /// Counts by technique that noticed.
    pub by_technique: BTreeMap<String, Tally>,
    /// Counts by origin and kind of mistake.
    pub by_operator: BTreeMap<String, Tally>,
    /// Cases that contribute nothing.
    pub idle: Idle,
    /// Faults that have nothing to act on here, and were not tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_concerned: Vec<Unconcerned>,
    /// Every fault.
    pub mutants: Vec<Measured>,
}

/// What a measurement was about, besides its faults.
pub(super) struct About<'a> {
    pub plan: &'a TestPlan,
    pub plan_digest: Digest,
    pub date: String,
    pub seconds: u64,
    pub intact_seconds: f64,
    pub not_concerned: Vec<Unconcerned>,
}

impl Detection {
    /// Counts what became of each fault.
    pub(super) fn of(about: &About<'_>, mutants: Vec<Measured>) -> Self {
        let mut total = Tally::default();
        let mut by_requirement: BTreeMap<RequirementId, Tally> = BTreeMap::new();
        let mut by_technique: BTreeMap<String, Tally> = BTreeMap::new();
        let mut by_operator: BTreeMap<String, Tally> = BTreeMap::new();
        for m in &mutants {
            total.count(m.outcome);
            for requirement in &m.requirements {
                by_requirement.entry(requirement.clone()).or_default().count(m.outcome);
            }
            let known = m.mutant.technique.iter().cloned();
            let techniques: BTreeSet<String> = match m.outcome {
                Outcome::Detected => m.techniques.iter().map(|t| t.name().to_owned()).collect(),
                _ => known.collect(),
            };
            for technique in techniques {
                by_technique.entry(technique).or_default().count(m.outcome);
            }
            let operator = format!("{}/{}", m.mutant.kind.name(), m.mutant.operator);
            by_operator.entry(operator).or_default().count(m.outcome);
        }
        let mut out = Self {
            format: FORMAT.into(),
            plan: about.plan.plan.id.clone(),
            plan_digest: about.plan_digest.clone(),
            component: about.plan.plan.component,
            harness: format!("pruefstand {}", env!("CARGO_PKG_VERSION")),
            date: about.date.clone(),
            seconds: about.seconds,
            intact_seconds: about.intact_seconds,
            detected: total.detected,
            survived: total.survived,
            equivalent: total.equivalent,
            not_measured: total.not_measured,
            score: total.percent(),
            findings: vec![],
            by_requirement,
            by_technique,
            by_operator,
            idle: idle(about.plan, &mutants),
            not_concerned: about.not_concerned.clone(),
            mutants,
        };
        out.findings = out.to_look_at();
        out
    }

    /// How many mutants of rules were tried, and how many of them are equivalent.
    fn equivalent_rules(&self) -> (usize, usize) {
        let tried =
            |m: &&Measured| m.mutant.kind == Kind::Rule && m.outcome != Outcome::NotMeasured;
        self.mutants.iter().filter(tried).fold((0, 0), |(all, same), m| {
            (all + 1, same + usize::from(m.outcome == Outcome::Equivalent))
        })
    }

    fn to_look_at(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.detected + self.survived == 0 {
            out.push("kein Fehler wurde ausprobiert: das Maß sagt nichts".into());
        }
        // What is equivalent is a property of generated mutants: switchable faults all do something.
        let (all, same) = self.equivalent_rules();
        if same * 100 > all * MOST_EQUIVALENT {
            out.push(format!(
                "{same} von {all} Mutanten der Regeln sind gleichwertig, mehr als {MOST_EQUIVALENT} %: \
                 Operatoren und Regeln ansehen"
            ));
        }
        for m in &self.mutants {
            let Mutant { id, what, place, .. } = &m.mutant;
            match m.outcome {
                Outcome::Survived => out.push(format!("nicht bemerkt: {id} ({place}): {what}")),
                Outcome::NotMeasured => {
                    out.push(format!("nicht ausprobiert: {id} ({place}): {}", m.note));
                }
                Outcome::Detected if !m.as_expected() => {
                    let requirement = m.mutant.requirement.as_ref().map_or("", |r| r.as_str());
                    let technique = m.mutant.technique.as_deref().unwrap_or_default();
                    out.push(format!(
                        "bemerkt, aber nicht unter {requirement} durch {technique}: {id} ({what})"
                    ));
                }
                _ => {}
            }
        }
        out
    }

    /// Whether something is not known: faults that could not be tried.
    pub fn is_open(&self) -> bool {
        self.not_measured > 0
    }

    /// Whether at least this share of the faults was noticed, every switchable fault as it must be, and
    /// few mutants are equivalent.
    pub fn reaches(&self, percent: f64) -> bool {
        let switchable = self.mutants.iter().filter(|m| m.mutant.requirement.is_some());
        let (all, same) = self.equivalent_rules();
        self.score.is_some_and(|score| score >= percent)
            && same * 100 <= all * MOST_EQUIVALENT
            && switchable.into_iter().all(Measured::as_expected)
    }
}

fn idle(plan: &TestPlan, mutants: &[Measured]) -> Idle {
    let mut noticed: BTreeSet<&CaseId> = BTreeSet::new();
    let mut alone: BTreeSet<&CaseId> = BTreeSet::new();
    for m in mutants.iter().filter(|m| m.outcome == Outcome::Detected) {
        noticed.extend(&m.cases);
        if let [only] = &m.cases[..] {
            alone.insert(only);
        }
    }
    let without = |set: &BTreeSet<&CaseId>| -> Vec<CaseId> {
        plan.case.iter().map(|c| &c.id).filter(|id| !set.contains(id)).cloned().collect()
    };
    Idle {
        detects_nothing: without(&noticed),
        detects_nothing_alone: without(&alone)
            .into_iter()
            .filter(|id| noticed.contains(id))
            .collect(),
    }
}
