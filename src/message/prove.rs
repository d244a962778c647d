//! Proof, by an independent validator, that valid messages are valid and invalid ones are not.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::build::{MessageError, TestMessage, build};
use crate::plan::{MessageUse, Step, TestCase, TestPlan, Validity};
use crate::xml::{SchemaError, Validator};

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
            if let Step::Send { name, message, .. } = step {
                let built = build(plan, case, message)?;
                visit(case, name, message, built)?;
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
        let violations = validator
            .validate(&built.bytes)
            .map_err(|e| Disproved::Schema(use_.message.clone(), e))?;
        count += 1;
        // Declared encodings are read rightly by a validator; only the receiver refuses them.
        let beyond_schema = use_.damage == Some(crate::plan::Damage::Latin1);
        let wrong = |meant, found: String| Disproved::Wrong {
            case: case.id.to_string(),
            step: step.to_owned(),
            meant,
            found,
        };
        match (use_.validity, violations.first()) {
            (Validity::Schema, None) if !beyond_schema => {
                Err(wrong("invalid by schema", "the validator accepts it".into()))
            }
            (Validity::Valid | Validity::Rule | Validity::Process, Some(v)) => {
                Err(wrong("valid by schema", format!("line {}: {}", v.line, v.text)))
            }
            _ => Ok(()),
        }
    })?;
    Ok(count)
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

/// Writes every message and `index.json` into a folder.
///
/// # Errors
/// When the plan is not complete or a file cannot be written.
pub fn export(plan: &TestPlan, folder: &Path) -> Result<Vec<IndexEntry>, ExportError> {
    std::fs::create_dir_all(folder)?;
    let mut index = Vec::new();
    each(plan, |case, step, use_, built| {
        let safe: String = format!("{}--{step}", case.id)
            .chars()
            .map(|c| if c.is_alphanumeric() || "-._".contains(c) { c } else { '_' })
            .collect();
        let file = format!("{safe}.xml");
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
