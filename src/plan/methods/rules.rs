//! Decision tables of the concept's rules: for everything a rule looks at, a pair of messages that
//! differ in that alone and of which one keeps the rule and one breaks it.

use std::collections::{BTreeMap, BTreeSet};

use super::{authority_for, destination, flow, send_in_context};
use crate::concept::{Aspect, Fault, Message};
use crate::plan::Validity;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::conditions::{Factor, Outcome, Row, changes, rows, shown};
use crate::plan::derive::Derivation;

/// Every rule with a machine form, in every message to which it applies.
pub(super) fn rules(d: &mut Derivation<'_>, method: &Method) {
    let concept = d.concept;
    for rule in &concept.file.rule {
        let Some(test) = &rule.test else { continue };
        for message in rule.messages.iter().filter_map(|id| concept.message(id)) {
            let factors = d.factors(&message.id, test);
            for (row, breaks) in chosen(d, message, &rule.id, &factors) {
                one(d, method, message, (&rule.id, &rule.title), (&factors, &row), breaks);
            }
        }
    }
}

/// The table of a rule: each row with what comes of it.
fn table(d: &Derivation<'_>, message: &Message, factors: &[Factor]) -> Vec<(Row, Outcome)> {
    let (Some(rules), Some(planned), Some(set)) =
        (d.rules.get(&message.id), d.planned(&message.id), d.value_set(&message.id, "maximal"))
    else {
        return vec![];
    };
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for row in rows(factors) {
        let changes = changes(factors, &row);
        let applied = crate::plan::assemble::applied(planned, set, &changes);
        // Within a group that is not there, all values are the same.
        if seen.insert(format!("{applied:?}")) {
            out.push((row, rules.outcome(planned, set, &changes)));
        }
    }
    out
}

/// For every factor the first pair of rows that differ in it alone, one keeping all rules and one
/// breaking this one alone, and the first that turns it round; each row once, with whether it breaks
/// the rule.
fn chosen(
    d: &Derivation<'_>,
    message: &Message,
    rule: &str,
    factors: &[Factor],
) -> Vec<(Row, bool)> {
    let table = table(d, message, factors);
    let keeping: BTreeSet<&Row> = table
        .iter()
        .filter(|(_, o)| o.violations.is_empty() && o.broken.is_empty())
        .map(|(r, _)| r)
        .collect();
    let breaking: BTreeSet<&Row> = table
        .iter()
        .filter(|(_, o)| o.violations.is_empty() && o.broken == [rule])
        .map(|(r, _)| r)
        .collect();
    let mut out: Vec<(Row, bool)> = Vec::new();
    for at in 0..factors.len() {
        let pairs = || {
            breaking.iter().flat_map(|bad| {
                keeping
                    .iter()
                    .filter(move |good| {
                        bad[at] != good[at]
                            && (0..factors.len()).all(|i| i == at || bad[i] == good[i])
                    })
                    .map(move |good| (*bad, *good))
            })
        };
        let Some((bad, good)) = pairs().next() else { continue };
        // Where the same step is right in one place and wrong in another ("if and only if"), both.
        let reverse = pairs().find(|(b, g)| b[at] == good[at] && g[at] == bad[at]);
        for (bad, good) in [(bad, good)].into_iter().chain(reverse) {
            for row in [(bad.clone(), true), (good.clone(), false)] {
                if !out.contains(&row) {
                    out.push(row);
                }
            }
        }
    }
    // Where no single factor decides, any two rows still show both outcomes.
    if out.is_empty() {
        out.extend(breaking.first().map(|r| ((*r).clone(), true)));
        out.extend(keeping.first().map(|r| ((*r).clone(), false)));
    }
    out
}

fn one(
    d: &mut Derivation<'_>,
    method: &Method,
    message: &Message,
    (rule, title): (&str, &str),
    (factors, row): (&[Factor], &Row),
    breaks: bool,
) {
    let Some(authority) = authority_for(d, message) else { return };
    let shown: BTreeMap<String, String> = shown(factors, row);
    let said: Vec<String> = shown.iter().map(|(id, level)| format!("{id}={level}")).collect();
    let changes = changes(factors, row);
    let id = format!("{}/{rule}/{}", message.id, said.join(","));
    let word = if breaks { "verletzt" } else { "eingehalten" };
    let text = format!("{title} ({word}: {})", said.join(", "));
    let Some(mut case) = d.case(method, id, text, Aspect::RuleCheck) else { return };
    let mut subject = valid(message, "maximal", 1, authority);
    subject.change = changes;
    if breaks {
        subject.validity = Validity::Rule;
        subject.violates = Some(rule.to_owned());
        subject.fault = Some(Fault::Rule);
    }
    let Some(step) = send_in_context(d, &mut case, message, authority, subject) else { return };
    if breaks {
        case.rejected(step, d.code(Fault::Rule), vec![]);
        case.absent(&[step]);
    } else {
        flow::wait_for(d, &mut case, message, authority);
        case.accepted(d, step, None);
        if let Some(system) = destination(d, message, authority) {
            case.delivered(d, step, &system, (None, None));
        }
    }
    d.push(case);
}
