//! Proof by an engine of its own: a violation counts only when the schema engine reports that rule
//! and nothing else.

use std::collections::BTreeMap;

use super::edit::apply;
use super::instance::{Instance, NoInstance, instances};
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
    let mut out = Derived::default();
    for instance in instances(model, root, limits)? {
        match reports(&instance.root, validator) {
            Ok(found) if found.is_empty() => out.instances.push(instance),
            Ok(found) => out.unproven.push((instance.id, listed(&found))),
            Err(why) => out.unproven.push((instance.id, why)),
        }
    }
    let found = violations(model, root, &out.instances, limits);
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
    let found = reports(&changed, validator)?;
    if found.is_empty() {
        return Err("the engine accepts the changed message".into());
    }
    let rule = violation.rule;
    let foreign: Vec<(i32, String)> = found
        .iter()
        .filter(|(code, _)| {
            !rule.engine_codes().contains(code) && !rule.companion_codes().contains(code)
        })
        .cloned()
        .collect();
    if !foreign.is_empty() {
        return Err(format!("the engine reports another rule: {}", listed(&foreign)));
    }
    // Of members of unions and items of lists the engine only says that they do not fit.
    let own = found.iter().any(|(code, _)| {
        rule.engine_codes().contains(code)
            || (matches!(code, 1825 | 1826) && rule.companion_codes().contains(code))
    });
    if own { Ok(()) } else { Err(format!("the engine does not name the rule: {}", listed(&found))) }
}

fn reports(root: &Element, validator: &Validator) -> Result<Vec<(i32, String)>, String> {
    let text = Writer::new().write(root);
    let found = validator.validate(text.as_bytes()).map_err(|e| e.to_string())?;
    Ok(found.into_iter().map(|v| (v.code, v.text)).collect())
}

fn listed(found: &[(i32, String)]) -> String {
    let mut out: Vec<String> =
        found.iter().take(3).map(|(code, text)| format!("{code}: {}", text.trim())).collect();
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
}
