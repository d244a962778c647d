//! Proof by an engine of its own: a violation counts only when the schema engine reports that rule
//! and nothing else.

use std::collections::BTreeMap;

use super::edit::apply;
use super::instance::{Instance, NoInstance, within_limits};
use super::mutate::{Violation, violations};
use super::name::Name;
use super::rule::Rule;
use super::{Limits, SchemaModel};
use crate::xml::{Element, Validator, Writer};

/// Messages that an engine has confirmed, and what it did not confirm.
#[derive(Debug, Clone, Default)]
pub struct Derived {
    /// Valid messages.
    pub instances: Vec<Instance>,
    /// Violations, each of exactly one rule.
    pub violations: Vec<Violation>,
    /// False when the limits left something out: more messages or violations could be derived.
    pub complete: bool,
    /// Ids of what the engine saw otherwise, with what it said.
    pub unproven: Vec<(String, String)>,
}

/// Derives messages and keeps those that the engine confirms.
///
/// # Errors
/// When there is no valid message.
pub fn derive(
    model: &SchemaModel,
    root: &Name,
    limits: &Limits,
    validator: &Validator,
) -> Result<Derived, NoInstance> {
    let (all, complete) = within_limits(model, root, limits)?;
    let mut out = Derived { complete, ..Derived::default() };
    for instance in all {
        match reports(&instance.root, validator) {
            Ok(found) if found.is_empty() => out.instances.push(instance),
            Ok(found) => out.unproven.push((instance.id, listed(&found))),
            Err(why) => out.unproven.push((instance.id, why)),
        }
    }
    let found = violations(model, &out.instances, limits);
    out.complete &= found.len() < limits.violations;
    prove(found, validator, &mut out);
    Ok(out)
}

fn prove(found: Vec<Violation>, validator: &Validator, out: &mut Derived) {
    let bases: BTreeMap<&str, &Element> =
        out.instances.iter().map(|i| (i.id.as_str(), &i.root)).collect();
    let mut proven = Vec::new();
    for violation in found {
        let Some(base) = bases.get(violation.base.as_str()) else { continue };
        match confirm_changed(&violation, base, validator) {
            Ok(()) => proven.push(violation),
            Err(why) => out.unproven.push((violation.id, why)),
        }
    }
    out.violations = proven;
}

/// Proves a violation: the base is valid, the changed message is not, and all reports of the engine
/// belong to the rule.
///
/// # Errors
/// With what the engine found instead.
pub fn confirm(violation: &Violation, base: &Element, validator: &Validator) -> Result<(), String> {
    let found = reports(base, validator)?;
    if !found.is_empty() {
        return Err(format!("the base \"{}\" is not valid: {}", violation.base, listed(&found)));
    }
    confirm_changed(violation, base, validator)
}

fn confirm_changed(
    violation: &Violation,
    base: &Element,
    validator: &Validator,
) -> Result<(), String> {
    let mut changed = base.clone();
    apply(&mut changed, &violation.edits).map_err(|e| e.to_string())?;
    breaks_only(violation.rule, Writer::new().write(&changed).as_bytes(), validator)
}

/// Proves that a message breaks exactly one rule, at one place: the engine reports it, and nothing
/// else.
///
/// # Errors
/// With what the engine found instead.
pub fn breaks_only(rule: Rule, message: &[u8], validator: &Validator) -> Result<(), String> {
    breaks_one_of(&[rule], message, validator).map(|_| ())
}

/// Proves that a message breaks exactly one of these rules, at one place, and says which.
///
/// # Errors
/// With what the engine found instead.
pub fn breaks_one_of(
    rules: &[Rule],
    message: &[u8],
    validator: &Validator,
) -> Result<Rule, String> {
    let found = reported(message, validator)?;
    if found.is_empty() {
        return Err("the engine accepts the changed message".into());
    }
    let mut why = "no rule was named that it could break".to_owned();
    for rule in rules {
        match is_only(*rule, &found) {
            Ok(()) => return Ok(*rule),
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

fn is_only(rule: Rule, found: &[Report]) -> Result<(), String> {
    let foreign: Vec<Report> =
        found.iter().filter(|r| !rule.may_be_told_by(r.code)).cloned().collect();
    if !foreign.is_empty() {
        return Err(format!("the engine reports another rule: {}", listed(&foreign)));
    }
    // Of members of unions and items of lists the engine only says that they do not fit.
    let own = found.iter().any(|r| {
        rule.engine_codes().contains(&r.code)
            || (matches!(r.code, 1825 | 1826) && rule.companion_codes().contains(&r.code))
    });
    if !own {
        return Err(format!("the engine does not name the rule: {}", listed(found)));
    }
    // Keys and references concern two places by their nature.
    let two = matches!(rule, Rule::DuplicateKey | Rule::DanglingKeyref | Rule::DuplicateId);
    if !two && found.iter().any(|r| r.line != found[0].line) {
        return Err(format!("the rule is broken at several places: {}", listed(found)));
    }
    Ok(())
}

#[derive(Debug, Clone)]
struct Report {
    code: i32,
    line: u32,
    text: String,
}

fn reports(root: &Element, validator: &Validator) -> Result<Vec<Report>, String> {
    reported(Writer::new().write(root).as_bytes(), validator)
}

fn reported(message: &[u8], validator: &Validator) -> Result<Vec<Report>, String> {
    let found = validator.validate(message).map_err(|e| e.to_string())?;
    Ok(found.into_iter().map(|v| Report { code: v.code, line: v.line, text: v.text }).collect())
}

fn listed(found: &[Report]) -> String {
    let mut out: Vec<String> = found
        .iter()
        .take(3)
        .map(|r| format!("line {}, {}: {}", r.line, r.code, r.text.trim()))
        .collect();
    if found.len() > 3 {
        out.push(format!("and {} more", found.len() - 3));
    }
    out.join("; ")
}

impl Rule {
    /// The rule that a report of the engine belongs to first; none for reports of no rule here.
    pub fn of_engine_code(code: i32) -> Option<Self> {
        Rule::ALL.iter().copied().find(|rule| rule.engine_codes().contains(&code))
    }

    /// Whether the engine reports this number when this rule alone is broken.
    fn may_be_told_by(self, code: i32) -> bool {
        self.engine_codes().contains(&code) || self.companion_codes().contains(&code)
    }
}
