//! `praezisierung`: attributes in edition 3, a JSON object or prose in edition 2.

use serde_json::Value;

use super::model::Edition;
use super::reader::Reader;
use crate::diagnostic::nearest;
use crate::xml::Element;

const NAMES: [&str; 5] = ["minLength", "maxLength", "minValue", "maxValue", "pattern"];

/// What a field's value is bound to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Constraints {
    pub(super) min_length: Option<u32>,
    pub(super) max_length: Option<u32>,
    pub(super) min_value: Option<String>,
    pub(super) max_value: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) note: Option<String>,
}

/// Reads the constraints of a field.
pub(super) fn constraints(reader: &mut Reader, element: Option<&Element>) -> Constraints {
    let mut out = Constraints::default();
    let Some(element) = element else { return out };
    reader.children(element, &[]);
    let text = element.text();
    match reader.edition {
        Edition::V3 => {
            for attribute in &element.attributes {
                set(reader, &mut out, &attribute.name, &attribute.value, element.line);
            }
            out.note = Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        }
        Edition::V2 if text.trim_start().starts_with('{') => json(reader, element, &text, &mut out),
        Edition::V2 => {
            out.note = Some(text.trim().to_owned()).filter(|t| !t.is_empty());
            if out.note.is_some() {
                reader.warn(
                    element.line,
                    "the praezisierung is prose, which only a person can apply",
                    "write {\"minLength\":\"1\",\"maxLength\":\"120\"} where that is what is meant",
                );
            }
        }
    }
    out
}

fn json(reader: &mut Reader, element: &Element, text: &str, out: &mut Constraints) {
    let table = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(table)) => table,
        Ok(_) => return,
        Err(error) => {
            let line = u32::try_from(error.line().saturating_sub(1)).unwrap_or_default();
            // The first line of the text stands behind the start tag.
            let at = element.line.saturating_add(line);
            reader.error(
                at,
                format!(
                    "the praezisierung is no JSON at its line {}, column {}: {}",
                    error.line(),
                    error.column(),
                    plain(&error.to_string())
                ),
                "write {\"minLength\":\"1\",\"maxLength\":\"120\"}; a backslash in a pattern is written twice",
            );
            return;
        }
    };
    for (name, value) in table {
        let value = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Null => continue,
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                reader.error(
                    element.line,
                    format!("\"{name}\" in the praezisierung is neither text nor a number"),
                    "put the value into quotes",
                );
                continue;
            }
        };
        set(reader, out, &name, &value, element.line);
    }
}

/// serde_json appends "at line 1 column 2"; the place is told apart.
fn plain(text: &str) -> &str {
    text.split_once(" at line ").map_or(text, |(message, _)| message)
}

fn set(reader: &mut Reader, out: &mut Constraints, name: &str, value: &str, line: u32) {
    // A pattern may mean a blank at its end; everything else does not.
    let value = if name == "pattern" { value } else { value.trim() };
    if value.is_empty() {
        return;
    }
    let mut length = || match value.parse::<u32>() {
        Ok(number) => Some(number),
        Err(_) => {
            let message = format!("{name} \"{value}\" is no whole number from 0 on");
            reader.error(line, message, "give a number of characters");
            None
        }
    };
    match name {
        "minLength" => out.min_length = length(),
        "maxLength" => out.max_length = length(),
        "minValue" => out.min_value = Some(value.to_owned()),
        "maxValue" => out.max_value = Some(value.to_owned()),
        "pattern" => out.pattern = Some(value.to_owned()),
        _ => {
            let help = match nearest(name, NAMES) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known here: {}", NAMES.join(", ")),
            };
            reader.error(line, format!("the praezisierung knows no \"{name}\""), help);
        }
    }
}
