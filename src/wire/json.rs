//! JSON (RFC 8259) read strictly: UTF-8, no name twice in an object, bounded depth; numbers stay the
//! text they were.

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

/// Most oddities that are told of one document.
const MOST_ODDITIES: usize = 20;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// As it was written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// In the order of the document.
    Object(Vec<(String, Json)>),
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonDocument {
    /// The value.
    pub value: Json,
    /// What was odd, with the clause that it breaks; a strict reader refuses it.
    pub oddities: Vec<(&'static str, String)>,
}

/// Reads a document.
///
/// # Errors
/// Clause and detail of what nobody can go on with.
pub fn read_json(bytes: &[u8], depth: u32) -> Result<JsonDocument, (&'static str, String)> {
    let mut oddities = Vec::new();
    let rest = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => {
            oddities.push(("RFC 8259, 8.1", "a byte order mark stands before the text".into()));
            rest
        }
        None => bytes,
    };
    let text = std::str::from_utf8(rest).map_err(|error| {
        let at = error.valid_up_to() + (bytes.len() - rest.len());
        let byte = bytes.get(at).copied().unwrap_or_default();
        ("RFC 8259, 8.1", format!("byte {byte:02X} at offset {at} is not UTF-8"))
    })?;
    let settings = ReaderSettings {
        max_nesting_depth: Some(depth),
        restrict_number_values: false,
        ..ReaderSettings::default()
    };
    let mut reader = JsonStreamReader::new_custom(text.as_bytes(), settings);
    let clause = |error: ReaderError| match error {
        ReaderError::MaxNestingDepthExceeded { .. } => ("RFC 8259, 9", error.to_string()),
        other => ("RFC 8259, 2", other.to_string()),
    };
    let value = value(&mut reader, &mut oddities).map_err(clause)?;
    reader.consume_trailing_whitespace().map_err(clause)?;
    Ok(JsonDocument { value, oddities })
}

fn value(
    reader: &mut impl JsonReader,
    oddities: &mut Vec<(&'static str, String)>,
) -> Result<Json, ReaderError> {
    Ok(match reader.peek()? {
        ValueType::Null => {
            reader.next_null()?;
            Json::Null
        }
        ValueType::Boolean => Json::Bool(reader.next_bool()?),
        ValueType::Number => Json::Number(reader.next_number_as_string()?),
        ValueType::String => Json::Text(reader.next_string()?),
        ValueType::Array => {
            reader.begin_array()?;
            let mut list = Vec::new();
            while reader.has_next()? {
                list.push(value(reader, oddities)?);
            }
            reader.end_array()?;
            Json::List(list)
        }
        ValueType::Object => {
            reader.begin_object()?;
            let mut members: Vec<(String, Json)> = Vec::new();
            let mut known = std::collections::HashMap::new();
            while reader.has_next()? {
                let name = reader.next_name_owned()?;
                let inner = value(reader, oddities)?;
                // The last one counts, as for most readers.
                if let Some(&at) = known.get(&name) {
                    if oddities.len() < MOST_ODDITIES {
                        let detail = format!("the name \"{name}\" stands twice in an object");
                        oddities.push(("RFC 8259, 4; RFC 7493, 2.3", detail));
                    }
                    members[at] = (name, inner);
                } else {
                    known.insert(name.clone(), members.len());
                    members.push((name, inner));
                }
            }
            reader.end_object()?;
            Json::Object(members)
        }
    })
}

impl Json {
    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text, for people and errors: what kind of value it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Writes it, numbers as they came.
    pub fn write(&self, out: &mut String) {
        let text = |text: &str, out: &mut String| {
            out.push_str(&serde_json::Value::from(text).to_string());
        };
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number),
            Self::Text(value) => text(value, out),
            Self::List(list) => {
                out.push('[');
                for (index, inner) in list.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    inner.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, inner)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    text(name, out);
                    out.push(':');
                    inner.write(out);
                }
                out.push('}');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read_json as read;

    #[test]
    fn what_is_read_is_written_again_with_its_numbers() {
        for text in [
            "{\"a\":12345678901234567890123456789.100,\"b\":[1e400,-0,0.10],\"c\":null}",
            "[true,false,\"Ü\\n\\\"\\\\\"]",
            "1.0",
        ] {
            let document = read(text.as_bytes(), 8).unwrap();
            assert_eq!(document.oddities, []);
            let mut out = String::new();
            document.value.write(&mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_clause() {
        for (bytes, clause) in [
            (&b""[..], "RFC 8259, 2"),
            (b"{", "RFC 8259, 2"),
            (b"{\"a\":1,}", "RFC 8259, 2"),
            (b"{'a':1}", "RFC 8259, 2"),
            (b"01", "RFC 8259, 2"),
            (b"+1", "RFC 8259, 2"),
            (b"NaN", "RFC 8259, 2"),
            (b"\"\\uD800\"", "RFC 8259, 2"),
            (b"\"a\nb\"", "RFC 8259, 2"),
            (b"{} {}", "RFC 8259, 2"),
            (b"{} // x", "RFC 8259, 2"),
            (b"\"\xFF\"", "RFC 8259, 8.1"),
            (b"\"\xED\xA0\x80\"", "RFC 8259, 8.1"),
            (b"[[[[[[[[[1]]]]]]]]]", "RFC 8259, 9"),
        ] {
            let error = read(bytes, 8).unwrap_err();
            assert_eq!(error.0, clause, "{}: {}", bytes.escape_ascii(), error.1);
        }
        let odd = |bytes: &[u8]| read(bytes, 8).unwrap().oddities;
        assert_eq!(odd(b"\xEF\xBB\xBF{}")[0].0, "RFC 8259, 8.1");
        assert_eq!(odd(b"{\"a\":{\"b\":1,\"\\u0062\":2}}")[0].0, "RFC 8259, 4; RFC 7493, 2.3");
        assert!(read(b"[[[[[[[[1]]]]]]]]", 8).is_ok());
    }
}
