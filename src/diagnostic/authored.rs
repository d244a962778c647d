//! Reading an authored TOML file into a type, with every finding and the place of every value.

use std::collections::HashMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Diagnostic, Diagnostics, Source, schema_check};

/// The place of a value inside a file, such as `/field/3/id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Path(pub String);

impl Path {
    /// The place of a key or index inside this place.
    pub fn at(&self, step: impl std::fmt::Display) -> Path {
        Path(format!("{}/{step}", self.0))
    }
}

/// A value read from an authored file, with the file and the places of its parts.
#[derive(Debug, Clone)]
pub struct Authored<T> {
    /// The value.
    pub value: T,
    /// The file.
    pub source: Source,
    spans: HashMap<String, Range<usize>>,
}

impl<T> Authored<T> {
    /// The byte range of a value; of the nearest thing around it where it is not in the file.
    pub fn span(&self, path: &Path) -> Range<usize> {
        let mut path = path.0.as_str();
        loop {
            if let Some(span) = self.spans.get(path) {
                return span.clone();
            }
            match path.rsplit_once('/') {
                Some((outer, _)) => path = outer,
                None => return 0..0,
            }
        }
    }

    /// The same file, another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Authored<U> {
        Authored { value: change(self.value), source: self.source, spans: self.spans }
    }
}

/// The JSON Schema of a file format, generated from its type.
pub fn schema_of<T: JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}

/// Reads a file.
///
/// # Errors
/// Every syntax error, unknown key, wrong type and missing key at once.
pub fn read<T: DeserializeOwned + JsonSchema>(
    name: &str,
    text: &str,
) -> Result<Authored<T>, Diagnostics> {
    let source = Source { name: name.to_owned(), text: text.to_owned() };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let list = errors.iter().map(|error| syntax(text, error)).collect();
        return Err(Diagnostics::new(source, list));
    }
    let mut spans = HashMap::new();
    let root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    collect(&root, String::new(), &mut spans);
    let mut list = Vec::new();
    schema_check::check(&schema_of::<T>(), &root, &Path::default(), text, &mut list);
    if !list.is_empty() {
        return Err(Diagnostics::new(source, list));
    }
    match toml::from_str(text) {
        Ok(value) => Ok(Authored { value, source, spans }),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let list = vec![Diagnostic::error(span, error.message().to_owned(), "")];
            Err(Diagnostics::new(source, list))
        }
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let start = text[..span.start.min(text.len())].rfind('\n').map_or(0, |i| i + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let value = line.split_once('=').map_or("", |(_, value)| value.trim());
    let bare = !value.starts_with(['"', '\'', '[', '{']);
    let help = if bare && value.chars().any(|c| c.is_alphanumeric()) {
        "put quotes around the value: keys, codes, dates and numbers with leading zeros are text"
    } else if error.message().contains("duplicate") {
        "a key may stand only once in its table; remove one"
    } else {
        "the file must be TOML: key = \"value\", [table], [[list of tables]]"
    };
    Diagnostic::error(span, error.message().to_owned(), help)
}

fn collect(value: &Spanned<DeValue<'_>>, path: String, spans: &mut HashMap<String, Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, inner) in table {
                collect(inner, format!("{path}/{}", key.get_ref()), spans);
            }
        }
        DeValue::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                collect(inner, format!("{path}/{index}"), spans);
            }
        }
        _ => {}
    }
    spans.insert(path, value.span());
}
