//! What differs between two plans, case by case.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::case::{Expectation as E, Step, TestCase};
use super::types::{PlanField, PlanMessage, TestPlan};
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
    /// Number of the change request behind it, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_request: Option<String>,
    /// What becomes of an earlier certificate, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Standing>,
}

/// What a certificate over the old plan still says about the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// It speaks for the whole of the new plan.
    pub stands: bool,
    /// Requirements for which it still speaks: all their cases are untouched.
    pub stands_for: BTreeSet<RequirementId>,
    /// Requirements that must be tested again.
    pub not_for: BTreeSet<RequirementId>,
    /// Why it says nothing at all, where that is so.
    pub reason: Option<String>,
}

impl PlanDiff {
    /// What becomes of a certificate over the old plan.
    pub fn standing(&self, old: &TestPlan, new: &TestPlan) -> Standing {
        let scope = |p: &TestPlan| (p.plan.component, p.plan.stage);
        let tested: BTreeSet<RequirementId> =
            new.case.iter().flat_map(|c| c.requirements.iter().cloned()).collect();
        if scope(old) != scope(new) {
            let reason = "Systemkomponente oder Umsetzungsstufe sind andere".to_owned();
            let (stands_for, not_for) = (BTreeSet::new(), tested);
            return Standing { stands: false, stands_for, not_for, reason: Some(reason) };
        }
        // A requirement that has come or gone is not the one that was certified either.
        let mut not_for = self.requirements.clone();
        let known = |p: &TestPlan| -> BTreeSet<RequirementId> {
            p.requirement.iter().filter(|r| r.applies).map(|r| r.id.clone()).collect()
        };
        not_for.extend(known(old).symmetric_difference(&known(new)).cloned());
        let stands_for = tested.difference(&not_for).cloned().collect();
        Standing { stands: not_for.is_empty(), stands_for, not_for, reason: None }
    }

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
    PlanDiff { cases, requirements, change_request: None, certificate: None }
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
        let find = |plan: &TestPlan| {
            let mut found = plan.message(&message.message).cloned()?;
            if found.group.is_empty() {
                // A message derived from a standard's schema is its file and its changes; whatever
                // else is new in the schema shows in the cases made for it.
                found.schema = None;
                if !message.edit.is_empty() {
                    found.schema_files.clear();
                }
            }
            Some(found)
        };
        if find(old) != find(new) {
            return Some(match (find(old), find(new)) {
                (Some(a), Some(b)) => message_difference(&a, &b),
                _ => format!("die Nachricht {} ist eine andere", message.message),
            });
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

/// What differs between two forms of a message, field by field.
fn message_difference(old: &PlanMessage, new: &PlanMessage) -> String {
    let fields = |m: &PlanMessage| -> BTreeMap<String, PlanField> {
        m.group.iter().flat_map(|g| &g.field).map(|f| (f.id.clone(), f.clone())).collect()
    };
    let (before, after) = (fields(old), fields(new));
    let mut said = Vec::new();
    for (id, field) in &after {
        match before.get(id) {
            None => said.push(format!("Feld {id} kommt hinzu")),
            Some(earlier) if earlier != field => said.push(format!("Feld {id} ist ein anderes")),
            Some(_) => {}
        }
    }
    said.extend(
        before.keys().filter(|k| !after.contains_key(*k)).map(|id| format!("Feld {id} entfällt")),
    );
    let rules = |m: &PlanMessage| -> BTreeMap<String, String> {
        m.condition.iter().map(|c| (c.id.clone(), c.test.clone())).collect()
    };
    let (before, after) = (rules(old), rules(new));
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    said.extend(
        ids.into_iter()
            .filter(|id| before.get(*id) != after.get(*id))
            .map(|id| format!("Regel {id}")),
    );
    if said.is_empty() {
        return format!("die Nachricht {} ist eine andere", new.id);
    }
    format!("die Nachricht {} ist eine andere: {}", new.id, said.join(", "))
}
