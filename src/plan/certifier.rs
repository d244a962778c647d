//! What a certifier adds to a derived plan: limits, own cases, waivers.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::case::TestCase;
use super::catalogue::Catalogue;
use super::check::Known;
use super::derive::complete;
use super::types::{LeftOut, TestPlan};
use crate::concept::Level;
use crate::diagnostic::{Diagnostics, Path};
use crate::ids::CaseId;

/// Leaves out what is beyond a limit: of a method first, then of a technique. Which cases stay
/// follows from the hash of their ids, so that an inserted field does not move the others.
pub(super) fn limit(cases: Vec<TestCase>, catalogue: &Catalogue) -> (Vec<TestCase>, Vec<LeftOut>) {
    let mut left = BTreeMap::new();
    let mut cases = cases;
    for method in &catalogue.file.method {
        if let Some(limit) = method.limit {
            let name = format!("Verfahren {}", method.id);
            cases = keep(cases, limit, &name, &mut left, |c| c.method == method.id);
        }
    }
    for technique in &catalogue.file.technique {
        if let Some(limit) = technique.limit {
            let name = format!("Technik {}", technique.id.name());
            cases = keep(cases, limit, &name, &mut left, |c| c.technique == technique.id);
        }
    }
    let left = left.into_iter().map(|(by, cases)| LeftOut { by, cases }).collect();
    (cases, left)
}

fn keep(
    cases: Vec<TestCase>,
    limit: u32,
    name: &str,
    left: &mut BTreeMap<String, u32>,
    about: impl Fn(&TestCase) -> bool,
) -> Vec<TestCase> {
    let mut ranked: Vec<(Vec<u8>, &CaseId)> = cases
        .iter()
        .filter(|c| about(c))
        .map(|c| (Sha256::digest(&c.id.0).to_vec(), &c.id))
        .collect();
    ranked.sort();
    let gone: std::collections::BTreeSet<CaseId> =
        ranked.into_iter().skip(limit as usize).map(|(_, id)| id.clone()).collect();
    if !gone.is_empty() {
        left.insert(name.to_owned(), u32::try_from(gone.len()).unwrap_or(u32::MAX));
    }
    cases.into_iter().filter(|c| !gone.contains(&c.id)).collect()
}

/// Pairs whose combinations a limit left out are no longer known to be covered.
pub(super) fn pairs_left(plan: &mut TestPlan, combinations: &BTreeMap<String, usize>) {
    for pairs in &mut plan.pairs {
        let of = |c: &&TestCase| {
            c.method == "combination"
                && c.id.0.strip_prefix("combination/").is_some_and(|rest| {
                    rest.strip_prefix(&pairs.message).is_some_and(|r| r.starts_with('/'))
                })
        };
        let left = plan.case.iter().filter(of).count();
        if combinations.get(&pairs.message).is_some_and(|made| left < *made) {
            pairs.covered = 0;
        }
    }
}

/// One waiver may cover so many cases, and beyond them one in `MOST_SHARE`.
const MOST_WAIVED: usize = 10;
const MOST_SHARE: usize = 10;

/// Adds own cases and waivers, with the checks that every case must pass.
///
/// # Errors
/// All findings about the catalogue at once.
pub(super) fn add(plan: &mut TestPlan, catalogue: &Catalogue) -> Result<(), Diagnostics> {
    let mut list = Vec::new();
    let mut own = Vec::new();
    let known = Known::of(plan);
    for (index, written) in catalogue.file.case.iter().enumerate() {
        let at = Path::default().at("case").at(index);
        let id = CaseId(format!("eigene/{}", written.id));
        let mut case = TestCase {
            title: written.title.clone(),
            technique: written.technique,
            method: "eigene".into(),
            level: Level::Muss,
            requirements: written.requirements.clone(),
            correlators: vec![],
            exclusive: written.exclusive,
            fresh_state: false,
            step: written.step.clone(),
            expect: written.expect.clone(),
            id,
        };
        for problem in known.problems(&case, &at) {
            list.push(catalogue.finding(&problem.at, problem.message, problem.help));
        }
        if case.requirements.is_empty() {
            let text = "a case without requirement proves nothing".to_owned();
            list.push(catalogue.finding(&at.at("requirements"), text, "name at least one"));
        }
        for (place, id) in case.requirements.iter().enumerate() {
            let at = at.at("requirements").at(place);
            let known = plan.requirement.iter().find(|r| &r.id == id);
            if known.is_some_and(|r| !r.applies) {
                let text = format!("requirement \"{id}\" is not for this component and stage");
                list.push(catalogue.finding(&at, text, "name one that this plan must show"));
            } else if known.is_some() && !case.expect.iter().any(|e| e.requirement() == id) {
                let text = format!("nothing in this case expects what \"{id}\" demands");
                let help = "add an [[case.expect]] with this requirement, or remove it here";
                list.push(catalogue.finding(&at, text, help));
            }
        }
        let twice = plan.case.iter().chain(&own).any(|c: &TestCase| c.id == case.id);
        if twice {
            let text = format!("case \"{}\" stands twice", written.id);
            list.push(catalogue.finding(&at.at("id"), text, "rename one"));
        }
        if let Some(primary) = case.requirements.first().cloned() {
            complete(&mut case, primary, |id| {
                plan.requirement.iter().find(|r| &r.id == id).map(|r| r.level)
            });
        }
        own.push(case);
    }
    plan.case.extend(own);
    for (index, waiver) in catalogue.file.waiver.iter().enumerate() {
        let at = Path::default().at("waiver").at(index).at("case");
        let covered = plan.case.iter().filter(|c| waiver.covers(&c.id)).count();
        if covered > MOST_WAIVED && covered * MOST_SHARE > plan.case.len() {
            let text = format!(
                "\"{}\" would waive {covered} of {} cases; that would waive the test",
                waiver.case,
                plan.case.len()
            );
            list.push(catalogue.finding(&at, text, "name the cases it is for"));
        }
        if covered == 0 {
            let text = format!("no case is called \"{}\"", waiver.case);
            list.push(catalogue.finding(&at, text, "take an id from the plan; * stands for any"));
        }
    }
    plan.waiver.clone_from(&catalogue.file.waiver);
    if list.is_empty() { Ok(()) } else { Err(catalogue.findings(list)) }
}
