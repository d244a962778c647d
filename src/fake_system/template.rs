//! Files of an organisation with placeholders, from which fakes make what they send.

use serde_json::Value;

use super::world::Case;
use crate::ambient::random_bytes;
use crate::organisation::{Business, Person, TestOrganisation};
use crate::xml::escape_attribute;

/// Reads a file that an organisation names.
///
/// # Errors
/// Its name with the reason, also when a placeholder names what no person or business has: it would
/// go over the wire as it stands.
pub(super) fn read(
    organisation: &TestOrganisation,
    file: &str,
) -> Result<String, (String, std::io::Error)> {
    let text = organisation.material(file).map_err(|e| (file.to_owned(), e))?;
    let (person, business) = (organisation.file.person.first(), organisation.file.business.first());
    for name in text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name) {
        let ours = name.starts_with("person.") || name.starts_with("business.");
        if ours && about(name, person, business).is_none() {
            let kind = std::io::ErrorKind::InvalidData;
            let what = format!("{{{name}}} names nothing that the data world knows");
            return Err((file.to_owned(), std::io::Error::new(kind, what)));
        }
    }
    Ok(text)
}

/// How a value stays text where it is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escaping {
    /// In elements and in attributes.
    Xml,
    /// In strings.
    Json,
}

impl Escaping {
    fn push(self, value: &str, out: &mut String) {
        match self {
            Self::Xml => {
                let mut safe = String::new();
                escape_attribute(value, &mut safe);
                out.push_str(&safe.replace('>', "&gt;"));
            }
            Self::Json => {
                let quoted = Value::from(value).to_string();
                out.push_str(&quoted[1..quoted.len() - 1]);
            }
        }
    }
}

/// Fills `{name}` in XML with what `value` knows; everything else in braces stays as it is.
pub(super) fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    filled_as(text, Escaping::Xml, value)
}

/// The same in XML or JSON.
pub(super) fn filled_as(
    text: &str,
    escaping: Escaping,
    value: impl Fn(&str) -> Option<String>,
) -> String {
    replaced(text, |name, out| value(name).map(|value| escaping.push(&value, out)).is_some())
}

/// Puts values as they are into places such as `{vorgang}`.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    replaced(text, |name, out| {
        let mut all = values.iter();
        let found = all.find(|(place, _)| place.trim_matches(['{', '}']) == name);
        found.map(|(_, value)| out.push_str(value)).is_some()
    })
}

/// Replaces `{name}` where `put` knows it, in one pass: a value that looks like a place stays what
/// it is.
fn replaced(text: &str, put: impl Fn(&str, &mut String) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        rest = match after.split_once('}') {
            Some((name, later)) if put(name, &mut out) => later,
            _ => {
                out.push('{');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

/// The value of `person.familienname`, `business.name` and the like. Where nobody is known it is
/// empty: a placeholder must not go over the wire.
pub(super) fn about(
    name: &str,
    person: Option<&Person>,
    business: Option<&Business>,
) -> Option<String> {
    let (who, what) = name.split_once('.')?;
    let record = match who {
        "person" => person.map(serde_json::to_value),
        "business" => business.map(serde_json::to_value),
        _ => return None,
    };
    let Some(Ok(record)) = record else { return Some(String::new()) };
    record.get(what).and_then(Value::as_str).map(str::to_owned)
}

/// The same of a case.
pub(super) fn about_case(name: &str, case: &Case) -> Option<String> {
    about(name, case.person.as_deref(), case.business.as_deref())
}

/// A random UUID (RFC 9562, version 4); all zeros where the system gives no randomness.
pub(super) fn uuid() -> String {
    let mut b = random_bytes::<16>().unwrap_or_default();
    b[6] = (b[6] & 0x0F) | 0x40;
    b[8] = (b[8] & 0x3F) | 0x80;
    let h: String = b.iter().map(|x| format!("{x:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

/// A fresh number of a case: `PS-` and twelve digits.
///
/// # Errors
/// When the system gives no randomness: two cases must not share a number.
pub(super) fn vorgangsnummer() -> std::io::Result<String> {
    let bytes = random_bytes::<6>()?;
    let digits: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
    Ok(format!("PS-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::{Escaping, about, fill, filled, filled_as, read, uuid, vorgangsnummer};
    use crate::organisation::TestOrganisation;

    #[test]
    fn values_stay_text_in_xml() {
        let value = |name: &str| (name == "vorgang").then(|| "<PS & \"1\"> {vorgang}".to_owned());
        let text = filled("<a b=\"{vorgang}\">{vorgang}</a>{x} {", value);
        let one = "&lt;PS &amp; &quot;1&quot;&gt; {vorgang}";
        assert_eq!(text, format!("<a b=\"{one}\">{one}</a>{{x}} {{"));
        let value = |name: &str| (name == "v").then(|| "\"\\\n{v}".to_owned());
        let text = filled_as("{\"a\": \"{v}\"}", Escaping::Json, value);
        assert_eq!(text, "{\"a\": \"\\\"\\\\\\n{v}\"}");
    }

    #[test]
    fn values_are_not_read_as_places() {
        let values = [("{a}", "{b}"), ("{b}", "2")];
        assert_eq!(fill("{{a}{b}{c}ü{", &values), "{{b}2{c}ü{");
    }

    #[test]
    fn a_placeholder_that_nothing_fills_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut organisation = TestOrganisation::embedded().unwrap();
        organisation.folder = folder.path().to_owned();
        let told = |text: &str| {
            std::fs::write(folder.path().join("a.xml"), text).unwrap();
            read(&organisation, "a.xml").map_err(|(file, reason)| format!("{file}: {reason}"))
        };
        let good = "<a>{person.ort}{business.wz}{vorgang}{anderes.zeug}</a>";
        assert_eq!(told(good).as_deref(), Ok(good));
        let wrong = told("<a>{person.orrt}</a>").unwrap_err();
        assert!(wrong.starts_with("a.xml: {person.orrt} "), "{wrong}");
        assert!(read(&organisation, "b.xml").is_err());
        // What is not beside the organisation may be embedded.
        assert!(read(&organisation, "antraege/gewerbeanmeldung.xml").is_ok());
    }

    #[test]
    fn people_and_businesses_fill_their_own_places() {
        let world = TestOrganisation::embedded().unwrap().file;
        let of = |name: &str| about(name, world.person.get(2), None);
        assert_eq!(of("person.familienname"), Some("Çelik-Probst".into()));
        assert_eq!(of("business.name"), Some(String::new()), "nobody is known");
        assert_eq!(
            (of("person.gibtesnicht"), of("stelle.name"), of("vorgang")),
            (None, None, None)
        );
    }

    #[test]
    fn ids_have_their_form() {
        let (a, b) = (uuid(), uuid());
        assert_ne!(a, b);
        assert_eq!((a.len(), &a[14..15]), (36, "4"));
        assert!("89ab".contains(&a[19..20]), "{a}");
        let (a, b) = (vorgangsnummer().unwrap(), vorgangsnummer().unwrap());
        assert_ne!(a, b);
        let digits = a.strip_prefix("PS-").unwrap();
        let hex = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
        assert!(digits.len() == 12 && digits.chars().all(hex), "{a}");
    }
}
