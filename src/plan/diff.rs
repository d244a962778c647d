//! What differs between two plans, case by case.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::assemble::{Filling, changed, tree};
use super::case::{Expectation as E, MessageUse, Step, TestCase};
use super::types::{
    DocumentUse, PlanAuthority, PlanConversion, PlanField, PlanMessage, PlanReceiver, TestPlan,
    ValuePart, ValueSet,
};
use crate::concept::MessageKind;
use crate::ids::{CaseId, ComponentKind, Digest, RequirementId, SystemId};
use crate::xml::Element;

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

/// Compares two plans. A case is changed when what it does, sends or expects is not what it was; a
/// description that changed where the case says nothing leaves it untouched.
pub fn diff(old: &TestPlan, new: &TestPlan) -> PlanDiff {
    let before: BTreeMap<_, _> = old.case.iter().map(|c| (&c.id, c)).collect();
    let sides = (Side::of(old), Side::of(new));
    let mut cases = BTreeMap::new();
    let mut requirements = BTreeSet::new();
    for case in &new.case {
        let (change, why) = match before.get(&case.id) {
            None => (CaseChange::New, "kommt hinzu".to_owned()),
            Some(earlier) => match reason(&sides.0, &sides.1, earlier, case) {
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
    // A requirement that says something else is another one, whatever its cases do.
    let said: BTreeMap<_, _> = old.requirement.iter().map(|r| (&r.id, r)).collect();
    for requirement in &new.requirement {
        let earlier = said.get(&requirement.id);
        if earlier.is_some_and(|e| (&e.title, e.level) != (&requirement.title, requirement.level)) {
            requirements.insert(requirement.id.clone());
        }
    }
    PlanDiff { cases, requirements, change_request: None, certificate: None }
}

/// A plan with its parts found.
struct Side<'a> {
    plan: &'a TestPlan,
    messages: BTreeMap<&'a str, &'a PlanMessage>,
    values: BTreeMap<&'a str, &'a ValueSet>,
    files: BTreeMap<&'a str, &'a Digest>,
}

impl<'a> Side<'a> {
    fn of(plan: &'a TestPlan) -> Self {
        Self {
            plan,
            messages: plan.message.iter().map(|m| (m.id.as_str(), m)).collect(),
            values: plan.values.iter().map(|v| (v.id.as_str(), v)).collect(),
            files: plan.file.iter().map(|f| (f.name.as_str(), &f.digest)).collect(),
        }
    }

    /// What is sent, but for what belongs to the case's own numbers; none for a file.
    fn sent(&self, use_: &MessageUse) -> Option<(Element, Vec<DocumentUse>, Vec<ValuePart>)> {
        let message = self.messages.get(use_.message.as_str())?;
        let set = self.values.get(use_.values.as_deref()?)?;
        let leistung = use_.leistung.clone().or_else(|| message.leistung.clone());
        let filling = Filling {
            behoerde: use_.behoerde.clone(),
            leistung: leistung.unwrap_or_default(),
            ..Filling::default()
        };
        let (parts, documents) = changed(message, set, &use_.change, &filling);
        Some((tree(message, &parts, &documents), documents, parts))
    }

    /// Where and how the fields that are sent must arrive, with all else that is compared there.
    fn arrival(&self, system: &SystemId, fields: &BTreeSet<&str>) -> Option<Arrivals<'a>> {
        let mut receiver = self.plan.receiver_of(system)?.clone();
        receiver.lineage.retain(|field, _| fields.contains(field.as_str()));
        let used = |id: &str| receiver.lineage.values().any(|a| a.how == id);
        let conversions = self.plan.conversion.iter().filter(|c| used(&c.id)).collect();
        Some((receiver, conversions))
    }

    /// Who stands behind a system: its kind, and the authorities that use it.
    fn behind(&self, system: &SystemId) -> (Option<ComponentKind>, Vec<&PlanAuthority>) {
        let kind = self.plan.system.iter().find(|s| &s.id == system).map(|s| s.kind);
        let uses = |a: &&PlanAuthority| &a.receiver == system || a.dms.as_ref() == Some(system);
        (kind, self.plan.authority.iter().filter(uses).collect())
    }

    /// The messages by which a target confirms.
    fn confirmations(&self) -> Vec<&PlanMessage> {
        let kind = MessageKind::Bestaetigung;
        self.plan.message.iter().filter(|m| m.kind == kind).collect()
    }
}

type Arrivals<'a> = (PlanReceiver, Vec<&'a PlanConversion>);

/// Why a case must be run again: what it does, sends or expects is not what it was. A message whose
/// description changed where this case says nothing is the same message.
fn reason(old: &Side<'_>, new: &Side<'_>, before: &TestCase, after: &TestCase) -> Option<String> {
    if before.step != after.step {
        let about: Vec<String> = described(old, new, after);
        let about =
            if about.is_empty() { String::new() } else { format!(": {}", about.join("; ")) };
        return Some(format!("die Schritte sind andere{about}"));
    }
    if before.expect != after.expect {
        return Some("die Erwartungen sind andere".into());
    }
    if before != after {
        return Some("Titel, Technik oder Anforderungen sind andere".into());
    }
    let mut fields: BTreeSet<&str> = BTreeSet::new();
    let sent: Vec<_> = sends(after).map(|m| (m, old.sent(m), new.sent(m))).collect();
    for (message, then, now) in &sent {
        if then != now {
            let about: Vec<String> = described(old, new, after);
            if about.is_empty() {
                let set = message.values.as_deref().unwrap_or_default();
                return Some(format!("die Werte {set} sind andere"));
            }
            return Some(about.join("; "));
        }
        let parts = now.iter().flat_map(|(_, _, parts)| parts);
        fields.extend(parts.flat_map(|p| p.values.keys().map(String::as_str)));
        let beside = |side: &Side<'_>| {
            let m = side.messages.get(message.message.as_str())?;
            Some((m.kind, m.header.clone(), m.qualified.clone(), m.documents.clone()))
        };
        if beside(old) != beside(new) {
            return Some(format!("die Nachricht {} ist eine andere", message.message));
        }
        let rules = new.messages.get(message.message.as_str()).map(|m| &m.rules);
        for name in rules.into_iter().flatten().chain(&message.sample) {
            if old.files.get(name.as_str()) != new.files.get(name.as_str()) {
                return Some(format!("die Datei {name} ist eine andere"));
            }
        }
    }
    for expectation in &after.expect {
        if let Some(system) = expectation.system()
            && old.behind(system) != new.behind(system)
        {
            return Some(format!("wer hinter {system} steht, ist ein anderer"));
        }
        if matches!(expectation, E::Confirmation { .. })
            && old.confirmations() != new.confirmations()
        {
            return Some("die Eingangsbestätigung ist eine andere".into());
        }
        let system = match expectation {
            E::Content { system, .. } | E::Documents { system, .. } | E::Filing { system, .. } => {
                system
            }
            _ => continue,
        };
        if old.arrival(system, &fields) != new.arrival(system, &fields) {
            return Some(format!("das Format von {system} ist ein anderes"));
        }
    }
    None
}

fn sends(case: &TestCase) -> impl Iterator<Item = &MessageUse> {
    case.step.iter().filter_map(Step::message)
}

/// How the descriptions of the messages of a case differ.
fn described(old: &Side<'_>, new: &Side<'_>, case: &TestCase) -> Vec<String> {
    let mut out = Vec::new();
    let ids: BTreeSet<&str> = sends(case).map(|m| m.message.as_str()).collect();
    for id in ids {
        match (old.messages.get(id), new.messages.get(id)) {
            (Some(a), Some(b)) if a != b => out.push(message_difference(a, b)),
            (Some(_), Some(_)) => {}
            _ => out.push(format!("die Nachricht {id} ist eine andere")),
        }
    }
    out
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
