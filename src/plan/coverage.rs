//! Traceability: requirement × case × technique.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::case::Technique;
use super::measure::{Share, shares};
use super::types::{PairCoverage, TestPlan};
use crate::concept::Level;
use crate::ids::{CaseId, RequirementId};

/// What a plan covers.
#[derive(Debug, Clone, Serialize)]
pub struct Coverage {
    /// Requirement by requirement.
    pub requirements: Vec<RequirementCoverage>,
    /// Cases by technique.
    pub techniques: BTreeMap<Technique, usize>,
    /// Facts of the concept that the cases exercise, out of all there are: `fields`, `bounds`,
    /// `codes`, `rules`, `transitions`, `forbidden transitions`, `parts of standards`.
    pub facts: BTreeMap<&'static str, Share>,
    /// Pairs of choices, message by message.
    pub pairs: Vec<PairCoverage>,
    /// All cases.
    pub cases: usize,
}

/// How a requirement is covered.
#[derive(Debug, Clone, Serialize)]
pub struct RequirementCoverage {
    /// The requirement.
    pub id: RequirementId,
    /// Its level.
    pub level: Level,
    /// What must hold.
    pub title: String,
    /// Techniques that cover it.
    pub techniques: BTreeSet<Technique>,
    /// Cases that test it.
    pub cases: Vec<CaseId>,
    /// Why no case does.
    pub not_tested: Option<String>,
}

/// Coverage of a plan.
pub fn coverage(plan: &TestPlan) -> Coverage {
    let mut techniques = BTreeMap::new();
    for case in &plan.case {
        *techniques.entry(case.technique).or_insert(0) += 1;
    }
    let requirements = plan
        .requirement
        .iter()
        .map(|r| {
            let cases: Vec<_> =
                plan.case.iter().filter(|c| c.requirements.contains(&r.id)).collect();
            RequirementCoverage {
                id: r.id.clone(),
                level: r.level,
                title: r.title.clone(),
                techniques: cases.iter().map(|c| c.technique).collect(),
                cases: cases.iter().map(|c| c.id.clone()).collect(),
                not_tested: r.not_tested.clone(),
            }
        })
        .collect();
    let (facts, pairs) = (shares(plan), plan.pairs.clone());
    Coverage { requirements, techniques, facts, pairs, cases: plan.case.len() }
}
