//! What differs between two plans, case by case.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::case::{Expectation as E, Step, TestCase};
use super::types::TestPlan;
use crate::ids::{CaseId, RequirementId};

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseChange {
    /// Only in the new plan.
    New,
    /// Only in the old plan.
    Gone,
    /// In both, but not the same.
    Changed,
    /// The same.
    Untouched,
}

/// The difference of two plans.
#[derive(Debug, Clone, Serialize)]
pub struct PlanDiff {
    /// Every case of either plan, with what became of it and why.
    pub cases: BTreeMap<CaseId, (CaseChange, String)>,
    /// Requirements whose cases are not all untouched.
    pub requirements: BTreeSet<RequirementId>,
}

impl PlanDiff {
    /// How many cases changed in this way.
    pub fn count(&self, change: CaseChange) -> usize {
        self.cases.values().filter(|(c, _)| *c == change).count()
    }
}

/// Compares two plans. A case also counts as changed when a message, value set, receiver or schema
/// that it uses did.
pub fn diff(old: &TestPlan, new: &TestPlan) -> PlanDiff {
    let before: BTreeMap<_, _> = old.case.iter().map(|c| (&c.id, c)).collect();
    let mut cases = BTreeMap::new();
    let mut requirements = BTreeSet::new();
    for case in &new.case {
        let (change, why) = match before.get(&case.id) {
            None => (CaseChange::New, "kommt hinzu".to_owned()),
            Some(earlier) => match reason(old, new, earlier, case) {
                Some(why) => (CaseChange::Changed, why),
                None => (CaseChange::Untouched, String::new()),
            },
        };
        if change != CaseChange::Untouched {
            requirements.extend(case.requirements.iter().cloned());
        }
        cases.insert(case.id.clone(), (change, why));
    }
    for case in &old.case {
        if !cases.contains_key(&case.id) {
            requirements.extend(case.requirements.iter().cloned());
            cases.insert(case.id.clone(), (CaseChange::Gone, "entfällt".to_owned()));
        }
    }
    PlanDiff { cases, requirements }
}

fn reason(old: &TestPlan, new: &TestPlan, before: &TestCase, after: &TestCase) -> Option<String> {
    if before.step != after.step {
        return Some("die Schritte sind andere".into());
    }
    if before.expect != after.expect {
        return Some("die Erwartungen sind andere".into());
    }
    if before != after {
        return Some("Titel, Technik oder Anforderungen sind andere".into());
    }
    for step in &after.step {
        let Step::Send { message, .. } = step else { continue };
        if let Some(set) = &message.values {
            let find = |plan: &TestPlan| plan.values.iter().find(|v| &v.id == set).cloned();
            if find(old) != find(new) {
                return Some(format!("die Werte {set} sind andere"));
            }
        }
        let find = |plan: &TestPlan| plan.message(&message.message).cloned();
        if find(old) != find(new) {
            return Some(format!("die Nachricht {} ist eine andere", message.message));
        }
        for name in find(new).iter().flat_map(|m| m.schema_files.values()).chain(&message.sample) {
            if old.file_bytes(name) != new.file_bytes(name) {
                return Some(format!("die Datei {name} ist eine andere"));
            }
        }
    }
    for expectation in &after.expect {
        let system = match expectation {
            E::Content { system, .. } | E::Documents { system, .. } | E::Filing { system, .. } => {
                system
            }
            _ => continue,
        };
        if old.receiver_of(system) != new.receiver_of(system) {
            return Some(format!("das Format von {system} ist ein anderes"));
        }
        if old.conversion != new.conversion {
            return Some("eine Umschlüsselung ist eine andere".into());
        }
    }
    None
}
