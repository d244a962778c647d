//! Proof, by an independent validator, that valid messages are valid and invalid ones are not.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::build::{MessageError, TestMessage, build};
use crate::concept::Fault;
use crate::ids::Digest;
use crate::plan::{Damage, MessageUse, TestCase, TestPlan, Validity};
use crate::xml::{SchemaError, Validator};
use crate::xsd::{self, Rule};

/// A message that is not what the plan says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disproved {
    /// The plan is not complete.
    #[error(transparent)]
    Incomplete(#[from] MessageError),
    /// A schema does not load, or the validator failed.
    #[error("schema of message \"{0}\": {1}")]
    Schema(String, SchemaError),
    /// The message is valid where it should not be, or the other way round.
    #[error("case {case}, step {step}: meant to be {meant}, but {found}")]
    Wrong {
        /// The case.
        case: String,
        /// The step.
        step: String,
        /// What the plan says.
        meant: &'static str,
        /// What the validator says.
        found: String,
    },
}

/// One line of `index.json`.
#[derive(Debug, Clone, Serialize)]
pub struct IndexEntry {
    /// The case.
    pub case: String,
    /// The step.
    pub step: String,
    /// The message.
    pub message: String,
    /// Its file, relative to the index.
    pub file: String,
    /// `valid` or `invalid`.
    pub expected: &'static str,
    /// On which level it is invalid.
    pub level: Option<&'static str>,
    /// The one rule it violates.
    pub violates: Option<String>,
}

fn each<E>(
    plan: &TestPlan,
    mut visit: impl FnMut(&TestCase, &str, &MessageUse, TestMessage) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<MessageError>,
{
    for case in &plan.case {
        for step in &case.step {
            if let Some(message) = step.sends() {
                let built = build(plan, case, message)?;
                visit(case, step.name(), message, built)?;
            }
        }
    }
    Ok(())
}

/// Proves every message of a plan.
///
/// # Errors
/// The first message that is not what the plan says.
pub fn prove(plan: &TestPlan) -> Result<usize, Disproved> {
    let mut validators: BTreeMap<String, Validator> = BTreeMap::new();
    for message in &plan.message {
        if let Some(set) = plan.schema_of(message) {
            let validator = set.compile().map_err(|e| Disproved::Schema(message.id.clone(), e))?;
            validators.insert(message.id.clone(), validator);
        }
    }
    let mut count = 0;
    each(plan, |case, step, use_, built| {
        let Some(validator) = validators.get(&use_.message) else { return Ok(()) };
        count += 1;
        let wrong = |meant, found: String| Disproved::Wrong {
            case: case.id.to_string(),
            step: step.to_owned(),
            meant,
            found,
        };
        if use_.validity == Validity::Schema {
            return broken(use_, &built.bytes, validator)
                .map_err(|found| wrong("invalid by exactly one rule of its schema", found));
        }
        let violations = validator
            .validate(&built.bytes)
            .map_err(|e| Disproved::Schema(use_.message.clone(), e))?;
        match violations.first() {
            Some(v) => Err(wrong("valid by schema", format!("line {}: {}", v.line, v.text))),
            None => Ok(()),
        }
    })?;
    Ok(count)
}

/// A message that must be refused before or by its schema: it breaks the one rule that the plan
/// names, or one of those that its fault stands for.
fn broken(use_: &MessageUse, bytes: &[u8], validator: &Validator) -> Result<(), String> {
    if let Some(rule) = use_.rule {
        return xsd::breaks_only(rule, bytes, validator);
    }
    let rules = match use_.damage {
        // A declared encoding is no matter of the schema: for it, the message must be right.
        Some(Damage::Latin1) => return valid(bytes, validator),
        Some(damage) => match of_damage(damage) {
            Some(rules) => rules,
            None => return refused(bytes, validator),
        },
        None => match use_.fault.map(of_fault) {
            Some(rules) if !rules.is_empty() => rules,
            // Samples of a standard break what they break.
            _ => return refused(bytes, validator),
        },
    };
    xsd::breaks_one_of(rules, bytes, validator).map(|_| ())
}

fn valid(bytes: &[u8], validator: &Validator) -> Result<(), String> {
    let found = validator.validate(bytes).map_err(|e| e.to_string())?;
    found.first().map_or(Ok(()), |v| Err(format!("line {}: {}", v.line, v.text)))
}

fn refused(bytes: &[u8], validator: &Validator) -> Result<(), String> {
    let found = validator.validate(bytes).map_err(|e| e.to_string())?;
    if found.is_empty() { Err("the validator accepts it".into()) } else { Ok(()) }
}

/// The rules that damage may break; none for what no schema has a rule about.
fn of_damage(damage: Damage) -> Option<&'static [Rule]> {
    match damage {
        Damage::WrongOrder => Some(&[Rule::Order]),
        Damage::UnknownElement => Some(&[Rule::UnknownElement]),
        Damage::Nil => Some(&[Rule::NotNillable]),
        _ => None,
    }
}

/// The rules that a fault stands for.
fn of_fault(fault: Fault) -> &'static [Rule] {
    match fault {
        Fault::Missing => &[Rule::Missing, Rule::AttributeMissing],
        Fault::TooMany => &[Rule::TooOften],
        Fault::WrongType => {
            &[Rule::Lexical, Rule::FractionDigits, Rule::TotalDigits, Rule::Pattern]
        }
        Fault::Length => &[Rule::MinLength, Rule::MaxLength, Rule::Length, Rule::Pattern],
        Fault::Range => {
            &[Rule::MinInclusive, Rule::MaxInclusive, Rule::FractionDigits, Rule::TotalDigits]
        }
        Fault::Code => &[Rule::Enumeration],
        _ => &[],
    }
}

/// Why messages could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The plan is not complete.
    #[error(transparent)]
    Incomplete(#[from] MessageError),
    /// A file cannot be written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Longest file name, bytes; every file system takes it.
const LONGEST_NAME: usize = 200;

/// A file name for anything with a name: readable, and different for different ones.
pub fn file_name(whole: &str, extension: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let safe: String = whole.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    if safe.len() <= LONGEST_NAME {
        return format!("{safe}.{extension}");
    }
    let digest = Digest::of(whole);
    format!("{}-{}.{extension}", &safe[..LONGEST_NAME], digest.short())
}

/// Writes every message and `index.json` into a folder.
///
/// # Errors
/// When the plan is not complete or a file cannot be written.
pub fn export(plan: &TestPlan, folder: &Path) -> Result<Vec<IndexEntry>, ExportError> {
    std::fs::create_dir_all(folder)?;
    let mut index = Vec::new();
    each(plan, |case, step, use_, built| {
        let file = file_name(&format!("{}--{step}", case.id), "xml");
        std::fs::write(folder.join(&file), &built.bytes)?;
        let level = match use_.validity {
            Validity::Valid => None,
            Validity::Schema => Some("schema"),
            Validity::Rule => Some("rule"),
            Validity::Process => Some("process"),
        };
        index.push(IndexEntry {
            case: case.id.to_string(),
            step: step.to_owned(),
            message: use_.message.clone(),
            file,
            expected: if level.is_none() { "valid" } else { "invalid" },
            level,
            violates: use_.violates.clone(),
        });
        Ok::<(), ExportError>(())
    })?;
    let json = serde_json::to_string_pretty(&index).map_err(std::io::Error::other)?;
    std::fs::write(folder.join("index.json"), json)?;
    Ok(index)
}
