//! Holds a TOML document against the JSON Schema of its type and reports everything that does not
//! fit, with place and suggestion.

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::authored::Path;
use super::{Diagnostic, nearest};

/// Appends a finding for every unknown key, wrong type, missing key and word that is not allowed.
pub(super) fn check(
    schema: &Value,
    value: &Spanned<DeValue<'_>>,
    path: &Path,
    text: &str,
    out: &mut Vec<Diagnostic>,
) {
    Check { root: schema, text }.value(schema, value, path, out);
}

struct Check<'a> {
    root: &'a Value,
    text: &'a str,
}

impl<'a> Check<'a> {
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.trim_start_matches('#');
                self.root.pointer(pointer).map_or(&Value::Null, |inner| self.resolve(inner))
            }
            None => schema,
        }
    }

    fn value(
        &self,
        schema: &'a Value,
        value: &Spanned<DeValue<'_>>,
        path: &Path,
        out: &mut Vec<Diagnostic>,
    ) {
        let schema = self.resolve(schema);
        for key in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[key].as_array() {
                self.choice(choices, value, path, out);
                return;
            }
        }
        if !self.right_type(schema, value) {
            out.push(self.wrong_type(schema, value, path));
            return;
        }
        match value.get_ref() {
            DeValue::Table(_) => self.table(schema, value, path, out),
            DeValue::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    self.value(&schema["items"], inner, &path.at(index), out);
                }
            }
            DeValue::String(word) => self.word(schema, word, value, out),
            _ => {}
        }
    }

    fn right_type(&self, schema: &Value, value: &Spanned<DeValue<'_>>) -> bool {
        let kind = match value.get_ref() {
            DeValue::String(_) => "string",
            DeValue::Integer(_) => "integer",
            DeValue::Float(_) => "number",
            DeValue::Boolean(_) => "boolean",
            DeValue::Datetime(_) => "datetime",
            DeValue::Array(_) => "array",
            DeValue::Table(_) => "object",
        };
        let fits = |wanted: &str| wanted == kind || (wanted == "number" && kind == "integer");
        match &schema["type"] {
            Value::String(wanted) => fits(wanted),
            Value::Array(list) => list.iter().filter_map(Value::as_str).any(fits),
            _ if schema["const"].is_string() || schema["enum"].is_array() => kind == "string",
            _ => true,
        }
    }

    fn wrong_type(&self, schema: &Value, value: &Spanned<DeValue<'_>>, path: &Path) -> Diagnostic {
        let wanted = match &schema["type"] {
            Value::String(wanted) => wanted.clone(),
            Value::Array(list) => list
                .iter()
                .filter_map(Value::as_str)
                .filter(|w| *w != "null")
                .collect::<Vec<_>>()
                .join(" or "),
            _ => "string".into(),
        };
        let wanted = match wanted.as_str() {
            "string" => "text",
            "integer" => "a whole number",
            "array" => "a list",
            "object" => "a table",
            "boolean" => "true or false",
            other => other,
        };
        let typed = self.text.get(value.span()).unwrap_or_default();
        let scalar =
            !matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_) | DeValue::String(_));
        let help = if wanted == "text" && scalar {
            format!("put quotes around it, so that it stays what was typed: \"{typed}\"")
        } else {
            format!("give {wanted}")
        };
        let key = path.0.rsplit('/').next().unwrap_or_default();
        Diagnostic::error(value.span(), format!("\"{key}\" must be {wanted}"), help)
    }

    fn word(
        &self,
        schema: &Value,
        word: &str,
        value: &Spanned<DeValue<'_>>,
        out: &mut Vec<Diagnostic>,
    ) {
        let allowed: Vec<&str> = match (&schema["enum"], &schema["const"]) {
            (Value::Array(list), _) => list.iter().filter_map(Value::as_str).collect(),
            (_, Value::String(only)) => vec![only.as_str()],
            _ => return,
        };
        if !allowed.contains(&word) {
            out.push(not_allowed(word, &allowed, value.span()));
        }
    }

    fn table(
        &self,
        schema: &'a Value,
        value: &Spanned<DeValue<'_>>,
        path: &Path,
        out: &mut Vec<Diagnostic>,
    ) {
        let DeValue::Table(table) = value.get_ref() else { return };
        let known = schema["properties"].as_object();
        for (key, inner) in table {
            let name: &str = key.get_ref();
            if let Some(inner_schema) = known.and_then(|k| k.get(name)) {
                self.value(inner_schema, inner, &path.at(name), out);
            } else if schema["additionalProperties"].is_object() {
                self.value(&schema["additionalProperties"], inner, &path.at(name), out);
            } else if schema["additionalProperties"] == Value::Bool(false) {
                let names = || known.into_iter().flat_map(|k| k.keys().map(String::as_str));
                let help = match nearest(name, names()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("known here: {}", names().collect::<Vec<_>>().join(", ")),
                };
                out.push(Diagnostic::error(key.span(), format!("unknown key \"{name}\""), help));
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.iter().any(|(key, _)| key.get_ref() == name) {
                // The span of a header table is its header; of an inline table, all of it.
                out.push(Diagnostic::error(
                    value.span(),
                    format!("key \"{name}\" is missing"),
                    format!("add {name} = …"),
                ));
            }
        }
    }

    fn choice(
        &self,
        choices: &'a [Value],
        value: &Spanned<DeValue<'_>>,
        path: &Path,
        out: &mut Vec<Diagnostic>,
    ) {
        let choices: Vec<&Value> =
            choices.iter().map(|c| self.resolve(c)).filter(|c| c["type"] != "null").collect();
        if let ([only], _) = (choices.as_slice(), ()) {
            return self.value(only, value, path, out);
        }
        // Words of an enum whose values have texts of their own.
        if let DeValue::String(word) = value.get_ref() {
            let mut allowed = Vec::new();
            for choice in &choices {
                match (&choice["const"], &choice["enum"]) {
                    (Value::String(only), _) => allowed.push(only.as_str()),
                    (_, Value::Array(list)) => {
                        allowed.extend(list.iter().filter_map(Value::as_str))
                    }
                    _ if choice["type"] == "string" => return,
                    _ => {}
                }
            }
            if !allowed.contains(&word.as_ref()) {
                out.push(not_allowed(word, &allowed, value.span()));
            }
            return;
        }
        if let DeValue::Table(table) = value.get_ref() {
            // Tagged: the one property that every alternative fixes.
            let tag = choices.iter().find_map(|c| {
                c["properties"].as_object()?.iter().find(|(_, p)| p["const"].is_string())
            });
            if let Some((tag, _)) = tag {
                let given = table.iter().find(|(k, _)| k.get_ref() == tag.as_str());
                let Some((_, given)) = given else {
                    out.push(Diagnostic::error(
                        value.span(),
                        format!("key \"{tag}\" is missing"),
                        format!("add {tag} = …"),
                    ));
                    return;
                };
                let word = match given.get_ref() {
                    DeValue::String(word) => word.as_ref(),
                    _ => "",
                };
                let tags: Vec<&str> =
                    choices.iter().filter_map(|c| c["properties"][tag]["const"].as_str()).collect();
                match choices.iter().find(|c| c["properties"][tag]["const"] == word) {
                    Some(choice) => self.value(choice, value, path, out),
                    None => out.push(not_allowed(word, &tags, given.span())),
                }
                return;
            }
        }
        let mut best: Option<Vec<Diagnostic>> = None;
        for choice in choices {
            if !self.right_type(choice, value) {
                continue;
            }
            let mut found = Vec::new();
            self.value(choice, value, path, &mut found);
            if found.is_empty() {
                return;
            }
            if best.as_ref().is_none_or(|b| found.len() < b.len()) {
                best = Some(found);
            }
        }
        match best {
            Some(found) => out.extend(found),
            None => out.push(self.wrong_type(&Value::Null, value, path)),
        }
    }
}

fn not_allowed(word: &str, allowed: &[&str], span: std::ops::Range<usize>) -> Diagnostic {
    let help = match nearest(word, allowed.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("allowed here: {}", allowed.join(", ")),
    };
    Diagnostic::error(span, format!("\"{word}\" is not allowed here"), help)
}
