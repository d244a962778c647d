//! How much of a concept's facts the cases of a plan exercise: measured from the cases, not from the
//! methods that made them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::case::{Change, Expectation, MessageUse, Outcome, Step, TestCase, Validity};
use super::types::{PlanField, TestPlan};
use crate::concept::{Fault, MessageKind};
use crate::text::Pattern;

/// So many of so many, with what is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Exercised.
    pub covered: usize,
    /// All there are.
    pub possible: usize,
    /// Those that no case exercises.
    pub missing: BTreeSet<String>,
}

impl Share {
    fn of(possible: &BTreeSet<String>, covered: &BTreeSet<String>) -> Self {
        let missing: BTreeSet<String> = possible.difference(covered).cloned().collect();
        Self { covered: possible.len() - missing.len(), possible: possible.len(), missing }
    }
}

/// What the cases exercise, by kind of fact.
pub(super) fn shares(plan: &TestPlan) -> BTreeMap<&'static str, Share> {
    let mut seen = Seen::default();
    for case in &plan.case {
        seen.case(plan, case);
    }
    let mut fields = BTreeSet::new();
    let mut bounds = BTreeSet::new();
    let mut codes = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for message in plan.message.iter().filter(|m| m.kind != MessageKind::Bestaetigung) {
        for field in message.group.iter().flat_map(|g| &g.field) {
            fields.insert(field.id.clone());
            bounds.extend(bounds_of(field));
            let list = plan.code_list.iter().find(|l| Some(&l.id) == field.code_list.as_ref());
            codes.extend(list.iter().flat_map(|l| &l.codes).map(|c| format!("{} {c}", field.id)));
        }
        for rule in &message.condition {
            rules.insert(format!("{} {} eingehalten", message.id, rule.id));
            rules.insert(format!("{} {} verletzt", message.id, rule.id));
        }
    }
    let mut allowed = BTreeSet::new();
    let mut forbidden = BTreeSet::new();
    let states: BTreeSet<&str> = std::iter::once("")
        .chain(plan.transition.iter().flat_map(|t| [t.from.as_str(), t.to.as_str()]))
        .collect();
    let kinds: BTreeSet<MessageKind> = plan.transition.iter().map(|t| t.on).collect();
    for state in states {
        for kind in &kinds {
            let name = format!("{state} {kind:?}");
            match plan.transition.iter().any(|t| t.from == state && t.on == *kind) {
                true => allowed.insert(name),
                false => forbidden.insert(name),
            };
        }
    }
    BTreeMap::from([
        ("fields", Share::of(&fields, &seen.fields)),
        ("bounds", Share::of(&bounds, &seen.bounds)),
        ("codes", Share::of(&codes, &seen.codes)),
        ("rules", Share::of(&rules, &seen.rules)),
        ("transitions", Share::of(&allowed, &seen.allowed)),
        ("forbidden transitions", Share::of(&forbidden, &seen.forbidden)),
        ("parts of standards", of_standards(plan)),
    ])
}

/// What a schema of a standard gives: each valid message shows something that no other shows, each
/// other one breaks a rule at a component. What a limit left out is counted where the limit stands.
fn of_standards(plan: &TestPlan) -> Share {
    let (mut possible, mut covered) = (BTreeSet::new(), BTreeSet::new());
    let name = |id: &str| id.strip_prefix("schema-").map(str::to_owned);
    for case in &plan.case {
        let sends = |s: &Step| s.sends().is_some();
        if let Some(name) = name(&case.id.0).filter(|_| case.step.iter().any(sends)) {
            possible.insert(name.clone());
            covered.insert(name);
        }
    }
    possible.extend(plan.not_made.iter().filter_map(|n| name(&n.case.0)));
    Share::of(&possible, &covered)
}

/// Both sides of every bound of a field.
fn bounds_of(field: &PlanField) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(length) = field.length {
        // A length that the pattern does not allow is no bound of its own.
        let pattern = field.pattern.as_ref().and_then(|p| Pattern::parse(p).ok());
        let possible = |n: u32| {
            pattern.as_ref().is_none_or(|p| p.lengths(n as usize + 1).contains(n as usize))
        };
        let mut bound = |n: u32, beyond: &str| {
            if possible(n) {
                out.push(format!("{} Länge {n}{beyond}", field.id));
            }
        };
        bound(length.min, "");
        bound(length.max, "");
        bound(length.max + 1, " zu lang");
        if length.min > 0 {
            bound(length.min - 1, " zu kurz");
        }
    }
    if let Some(range) = &field.range {
        out.push(format!("{} Wert {}", field.id, range.min));
        out.push(format!("{} Wert {}", field.id, range.max));
        out.push(format!("{} Wert unter {}", field.id, range.min));
        out.push(format!("{} Wert über {}", field.id, range.max));
    }
    out
}

#[derive(Default)]
struct Seen {
    fields: BTreeSet<String>,
    bounds: BTreeSet<String>,
    codes: BTreeSet<String>,
    rules: BTreeSet<String>,
    allowed: BTreeSet<String>,
    forbidden: BTreeSet<String>,
}

impl Seen {
    fn case(&mut self, plan: &TestPlan, case: &TestCase) {
        let mut state = String::new();
        for step in &case.step {
            let Some(message) = step.message() else { continue };
            let name = step.name();
            let outcome = case.expect.iter().find_map(|e| match e {
                Expectation::Reply { step, outcome, .. } if step == name => Some(*outcome),
                Expectation::Answer { step, outcome, .. } if step == name => *outcome,
                Expectation::Incoming { step, .. } if step == name => Some(Outcome::Accepted),
                _ => None,
            });
            let Some(planned) = plan.message(&message.message) else { continue };
            let known = plan.transition.iter().find(|t| t.from == state && t.on == planned.kind);
            match (outcome, message.fault) {
                (Some(Outcome::Accepted), _) => {
                    self.allowed.insert(format!("{state} {:?}", planned.kind));
                }
                (Some(Outcome::Rejected), Some(Fault::WrongState)) => {
                    self.forbidden.insert(format!("{state} {:?}", planned.kind));
                }
                _ => {}
            }
            // What leads to the subject of a case is taken, though the case does not ask for it.
            if let Some(next) = known.filter(|_| message.validity == Validity::Valid) {
                state.clone_from(&next.to);
            }
            let compared = case
                .expect
                .iter()
                .any(|e| matches!(e, Expectation::Content { step, .. } if step == name));
            self.message(plan, message, compared, outcome);
        }
    }

    fn message(
        &mut self,
        plan: &TestPlan,
        use_: &MessageUse,
        compared: bool,
        outcome: Option<Outcome>,
    ) {
        let Some(planned) = plan.message(&use_.message) else { return };
        let valid = use_.validity == Validity::Valid && outcome == Some(Outcome::Accepted);
        let set = plan.values.iter().find(|v| Some(&v.id) == use_.values.as_ref());
        if valid && compared {
            let fields = set.iter().flat_map(|s| &s.part).flat_map(|p| p.values.keys());
            self.fields.extend(fields.cloned());
            for value in set.iter().flat_map(|s| &s.part).flat_map(|p| &p.values) {
                let filled = |v: &String| match (v.as_str(), &planned.leistung) {
                    ("{leistung}", Some(leistung)) => leistung.clone(),
                    _ => v.clone(),
                };
                self.codes.extend(value.1.iter().map(|v| format!("{} {}", value.0, filled(v))));
            }
        }
        if valid {
            let kept = planned.condition.iter();
            self.rules.extend(kept.map(|r| format!("{} {} eingehalten", planned.id, r.id)));
        } else if use_.validity == Validity::Rule
            && let Some(rule) = &use_.violates
        {
            self.rules.insert(format!("{} {rule} verletzt", planned.id));
        }
        for change in &use_.change {
            let Change::Set { field, values, .. } = change else { continue };
            let Some(known) = planned.group.iter().flat_map(|g| &g.field).find(|f| &f.id == field)
            else {
                continue;
            };
            for value in values {
                if valid {
                    self.fields.insert(field.clone());
                    self.codes.insert(format!("{field} {value}"));
                }
                self.bound(known, value, valid);
            }
        }
    }

    fn bound(&mut self, field: &PlanField, value: &str, valid: bool) {
        let id = &field.id;
        if let Some(length) = field.length {
            let count = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
            let beyond = match (count == length.max + 1, count + 1 == length.min) {
                (true, _) => " zu lang",
                (_, true) => " zu kurz",
                _ => "",
            };
            if valid == beyond.is_empty() {
                self.bounds.insert(format!("{id} Länge {count}{beyond}"));
            }
        }
        if let Some(range) = &field.range {
            if valid {
                self.bounds.insert(format!("{id} Wert {value}"));
            } else if order(value, &range.min) == Some(std::cmp::Ordering::Less) {
                self.bounds.insert(format!("{id} Wert unter {}", range.min));
            } else if order(value, &range.max) == Some(std::cmp::Ordering::Greater) {
                self.bounds.insert(format!("{id} Wert über {}", range.max));
            }
        }
    }
}

/// Numbers by value, dates by day.
fn order(a: &str, b: &str) -> Option<std::cmp::Ordering> {
    use crate::text::Decimal;
    if let (Some(a), Some(b)) = (Decimal::parse(a), Decimal::parse(b)) {
        return Some(a.cmp(&b));
    }
    let day = |text: &str| text.parse::<jiff::civil::Date>().ok();
    Some(day(a)?.cmp(&day(b)?))
}
