//! Transaction logs as targets write them, read in our words.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How the entries of a transaction log map to ours. Keys may be several steps, divided by `/`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogMapping {
    /// Key of the list of entries in the answer, steps divided by `/`; the answer itself is the list
    /// where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<String>,
    /// One JSON value a line instead of a list.
    #[serde(default)]
    pub lines: bool,
    /// Key of the time (RFC 3339).
    #[serde(default = "zeit")]
    pub zeit: String,
    /// Key of the transaction.
    #[serde(default = "transaktion")]
    pub transaktion: String,
    /// Key of the event.
    #[serde(default = "ereignis")]
    pub ereignis: String,
    /// Key of the detail.
    #[serde(default = "einzelheit")]
    pub einzelheit: String,
    /// Names of its events and what they are called here (`empfangen`, `erkannt`, `geprueft`,
    /// `umgeformt`, `zugestellt`, `gemailt`, `abgelegt`, `bestaetigt`, `zurueckgewiesen`); any other
    /// name stays as it is.
    #[serde(default)]
    pub events: BTreeMap<String, String>,
}

fn zeit() -> String {
    "zeit".into()
}

fn transaktion() -> String {
    "transaktion".into()
}

fn ereignis() -> String {
    "ereignis".into()
}

fn einzelheit() -> String {
    "einzelheit".into()
}

impl Default for LogMapping {
    fn default() -> Self {
        Self {
            entries: None,
            lines: false,
            zeit: zeit(),
            transaktion: transaktion(),
            ereignis: ereignis(),
            einzelheit: einzelheit(),
            events: BTreeMap::new(),
        }
    }
}

/// Most bytes of an entry that are shown.
const SHOWN: usize = 300;

impl LogMapping {
    /// The entries of a log, each with `zeit`, `transaktion`, `ereignis` and `einzelheit`, and with
    /// whatever else it has.
    ///
    /// # Errors
    /// In German, for a finding: what cannot be read, or which entry lacks which key.
    pub fn read(&self, log: &[u8]) -> Result<Vec<Map<String, Value>>, String> {
        let list = if self.lines {
            let lines = log.split(|byte| *byte == b'\n').enumerate();
            let filled = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
            filled
                .map(|(number, line)| {
                    serde_json::from_slice(line).map_err(|error| {
                        let shown = shortened(&String::from_utf8_lossy(line));
                        format!("Zeile {} ist kein JSON ({error}): {shown}", number + 1)
                    })
                })
                .collect::<Result<Vec<Value>, String>>()?
        } else {
            self.list_of(log)?
        };
        list.into_iter().enumerate().map(|(at, entry)| self.entry(at + 1, entry)).collect()
    }

    fn list_of(&self, log: &[u8]) -> Result<Vec<Value>, String> {
        let mut value: Value =
            serde_json::from_slice(log).map_err(|error| format!("kein JSON ({error})"))?;
        if let Some(path) = &self.entries {
            let found = place(&value, path).cloned();
            value = found.ok_or_else(|| {
                let shown = shortened(&value.to_string());
                format!("der Schlüssel \"{path}\" (log.entries der Zieldatei) fehlt in: {shown}")
            })?;
        }
        match value {
            Value::Array(list) => Ok(list),
            other => Err(format!(
                "keine Liste von Einträgen, sondern: {}",
                shortened(&other.to_string())
            )),
        }
    }

    fn entry(&self, number: usize, entry: Value) -> Result<Map<String, Value>, String> {
        let text = |key: &str, name: &str| match place(&entry, key) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            found => {
                let what = if found.is_some() { "ist kein Text" } else { "fehlt" };
                let shown = shortened(&entry.to_string());
                Err(format!("Eintrag {number}: \"{key}\" ({name}) {what} in: {shown}"))
            }
        };
        let (zeit, transaktion) =
            (text(&self.zeit, "zeit")?, text(&self.transaktion, "transaktion")?);
        let event = text(&self.ereignis, "ereignis")?;
        let event = self.events.get(&event).cloned().unwrap_or(event);
        // Many entries have nothing to add.
        let detail = match place(&entry, &self.einzelheit) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let mut out = match entry {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        for (key, value) in [
            ("zeit", zeit),
            ("transaktion", transaktion),
            ("ereignis", event),
            ("einzelheit", detail),
        ] {
            out.insert(key.into(), value.into());
        }
        Ok(out)
    }
}

/// The value at a path of keys.
fn place<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    // A key that holds a slash itself is found as it is.
    value.get(path).or_else(|| path.split('/').try_fold(value, |value, key| value.get(key)))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::LogMapping;

    fn mapping() -> LogMapping {
        LogMapping {
            entries: Some("data/items".into()),
            zeit: "meta/ts".into(),
            transaktion: "txn".into(),
            ereignis: "event".into(),
            einzelheit: "info".into(),
            events: [("RECEIVED".to_owned(), "empfangen".to_owned())].into(),
            ..LogMapping::default()
        }
    }

    #[test]
    fn foreign_keys_and_names_become_ours() {
        let log = r#"{"data": {"items": [
            {"meta": {"ts": "2026-01-01T00:00:00Z"}, "txn": 7, "event": "RECEIVED", "info": {"a": 1}},
            {"meta": {"ts": "2026-01-01T00:00:01Z"}, "txn": "8", "event": "other", "regel": "r.xsl"}]}}"#;
        let entries = mapping().read(log.as_bytes()).unwrap();
        assert_eq!(entries[0]["zeit"], "2026-01-01T00:00:00Z");
        assert_eq!(entries[0]["transaktion"], "7");
        assert_eq!(entries[0]["ereignis"], "empfangen");
        assert_eq!(entries[0]["einzelheit"], "{\"a\":1}");
        assert_eq!(
            (&entries[1]["ereignis"], &entries[1]["einzelheit"]),
            (&"other".into(), &"".into())
        );
        assert_eq!(entries[1]["regel"], "r.xsl");
    }

    #[test]
    fn lines_are_entries() {
        let mapping = LogMapping { lines: true, ..LogMapping::default() };
        let one = r#"{"zeit":"z","transaktion":"t","ereignis":"e"}"#;
        assert_eq!(mapping.read(format!("{one}\n\n{one}\r\n").as_bytes()).unwrap().len(), 2);
        let error = mapping.read(format!("{one}\n<html>").as_bytes()).unwrap_err();
        assert!(error.contains("Zeile 2") && error.contains("<html>"), "{error}");
    }

    #[test]
    fn what_is_missing_is_named_with_the_entry() {
        let fails = |log: &str| mapping().read(log.as_bytes()).unwrap_err();
        let error = fails(r#"{"data":{"items":[{"meta":{"ts":"x"},"event":"E"}]}}"#);
        assert!(
            error.contains("Eintrag 1: \"txn\"") && error.contains("\"event\":\"E\""),
            "{error}"
        );
        assert!(
            fails(r#"{"data":{"items":[{"meta":{"ts":"x"},"txn":[],"event":"E"}]}}"#)
                .contains("kein Text")
        );
        assert!(fails(r#"{"data":[]}"#).contains("data/items"));
        assert!(fails(r#"{"data":{"items":{}}}"#).contains("keine Liste"));
        assert!(fails("<html>").contains("kein JSON"));
    }
}
