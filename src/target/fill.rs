//! Placeholders: `{name}` in a text, replaced in one pass, so that a value that looks like a
//! placeholder stays a value.

use std::collections::BTreeMap;

/// How a value is written where it is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As it is.
    Plain,
    /// Inside a string of JSON (RFC 8259, section 7).
    Json,
    /// Inside text or an attribute of XML.
    Xml,
    /// Inside a path or a query (RFC 3986, section 2.1); addresses stay as they are.
    Url,
}

/// What stands for which name.
#[derive(Debug, Clone, Default)]
pub(super) struct Values(BTreeMap<String, String>);

impl Values {
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A text with its values. Braces around anything else stay: JSON has many.
    pub fn fill(&self, text: &str, written: Written) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let found = rest[1..].find('}').and_then(|end| {
                let name = &rest[1..=end];
                Some((name, self.get(name)?, end + 2))
            });
            match found {
                Some((name, value, end)) => {
                    out.push_str(&escaped(name, value, written));
                    rest = &rest[end..];
                }
                None => {
                    out.push('{');
                    rest = &rest[1..];
                }
            }
        }
        out.push_str(rest);
        out
    }
}

fn escaped(name: &str, value: &str, written: Written) -> String {
    match written {
        Written::Plain => value.to_owned(),
        Written::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Written::Xml => {
            let mut out = String::new();
            crate::xml::escape_text(value, &mut out);
            out.replace('"', "&quot;").replace('\'', "&apos;")
        }
        // These are addresses, not parts of one.
        Written::Url if matches!(name, "url" | "hub" | "act") => value.to_owned(),
        Written::Url => value
            .bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Values, Written};

    #[test]
    fn values_are_put_once_and_written_as_the_place_needs() {
        let values = Values::default()
            .with("a", "{b} \"x\" & <y>/ü")
            .with("b", "never")
            .with("hub", "http://h:1");
        let fill = |text, written| values.fill(text, written);
        assert_eq!(fill("{{a}} {c} {a", Written::Plain), "{{b} \"x\" & <y>/ü} {c} {a");
        let json = fill(r#"{"k": "{a}", "l": {}}"#, Written::Json);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["k"], "{b} \"x\" & <y>/ü");
        let xml = fill("<k a=\"{a}\">{a}</k>", Written::Xml);
        let xml = crate::xml::parse(xml.as_bytes()).unwrap();
        assert_eq!(xml.root.text(), "{b} \"x\" & <y>/ü");
        let url = fill("{hub}/x?v={a}", Written::Url);
        assert_eq!(url, "http://h:1/x?v=%7Bb%7D%20%22x%22%20%26%20%3Cy%3E%2F%C3%BC");
    }
}
