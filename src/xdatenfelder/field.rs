//! Fields.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::constraints::{Constraints, constraints};
use super::element::{Inner, inner, tables};
use super::model::{Codes, DataType, Edition, Field, FieldKind, Prefill};
use super::reader::{Children, Need, Reader, Table};
use super::rule::rules;
use super::value::{Bound, bound};
use crate::diagnostic::Severity;
use crate::text::Pattern;
use crate::text::pattern::LONGEST;
use crate::xml::Element;

const V2: &Table = &[
    ("feldart", Need::One),
    ("datentyp", Need::One),
    ("praezisierung", Need::Optional),
    ("inhalt", Need::Optional),
    ("codelisteReferenz", Need::Optional),
];

const V3: &Table = &[
    ("feldart", Need::One),
    ("datentyp", Need::One),
    ("praezisierung", Need::Optional),
    ("inhalt", Need::Optional),
    ("vorbefuellung", Need::Optional),
    ("werte", Need::Optional),
    ("codelisteReferenz", Need::Optional),
    ("codeKey", Need::Optional),
    ("nameKey", Need::Optional),
    ("helpKey", Need::Optional),
    ("maxSize", Need::Optional),
    ("mediaType", Need::Many),
];

/// How many characters more than the least are looked at where there is no greatest length.
const NO_LIMIT: u32 = 4096;

const KINDS: &[(&str, FieldKind)] = &[
    ("input", FieldKind::Input),
    ("select", FieldKind::Select),
    ("label", FieldKind::Label),
    ("hidden", FieldKind::Hidden),
    ("locked", FieldKind::Locked),
];

const TYPES: &[(&str, DataType)] = &[
    ("text", DataType::Text),
    ("text_latin", DataType::TextLatin),
    ("date", DataType::Date),
    ("time", DataType::Time),
    ("datetime", DataType::Datetime),
    ("num_int", DataType::Integer),
    ("num", DataType::Number),
    ("num_currency", DataType::Currency),
    ("bool", DataType::Boolean),
    ("file", DataType::File),
    ("obj", DataType::Object),
];

const PREFILL: &[(&str, Prefill)] = &[
    ("keine", Prefill::None),
    ("optional", Prefill::Optional),
    ("verpflichtend", Prefill::Required),
];

/// Reads a field; `None` when its kind or type cannot be read. `mandatory`: its position asks for it,
/// so that a field no value fits makes the file unusable.
pub(super) fn field(reader: &mut Reader, element: &Element, mandatory: bool) -> Option<Field> {
    let own = if reader.edition == Edition::V2 { V2 } else { V3 };
    let from = reader.children(element, &tables(reader.edition, own));
    let Inner { id, version, name, label, help } = inner(reader, &from, 'F');
    let feldart = reader.choice(&from, "feldart", KINDS);
    let datentyp = reader.choice(&from, "datentyp", TYPES);
    let prefill = reader.choice(&from, "vorbefuellung", PREFILL).unwrap_or_default();
    let codes = codes(reader, &from);
    let limits = constraints(reader, from.one("praezisierung"));
    let max_size = max_size(reader, &from);
    let rules = rules(reader, from.all("regel"));
    let media_types = from
        .all("mediaType")
        .iter()
        .map(|e| e.text().trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    let (feldart, datentyp) = (feldart?, datentyp?);
    let Constraints { min_length, max_length, min_value, max_value, pattern, note } = limits;
    let mut field = Field {
        id,
        version,
        name,
        label,
        help,
        source: from.texts("bezug"),
        feldart,
        datentyp,
        min_length,
        max_length,
        min_value,
        max_value,
        pattern,
        note,
        codes,
        prefill,
        content: from.text("inhalt"),
        max_size,
        media_types,
        rules,
        unfillable: None,
        line: element.line,
    };
    contradictions(reader, &from, &mut field, mandatory);
    Some(field)
}

fn max_size(reader: &mut Reader, from: &Children<'_>) -> Option<u64> {
    let text = from.text("maxSize")?;
    let size = text.parse().ok();
    if let (None, Some(at)) = (size, from.one("maxSize")) {
        let message = format!("the maxSize \"{text}\" is no whole number");
        reader.error(at.line, message, "give a number of bytes");
    }
    size
}

fn codes(reader: &mut Reader, from: &Children<'_>) -> Codes {
    let reference = from.one("codelisteReferenz").and_then(|e| reference(reader, e));
    let inline = from.one("werte").map(|e| inline(reader, e)).unwrap_or_default();
    match (reference, inline.is_empty()) {
        (Some(_), false) => {
            let line = |name| from.one(name).map_or(0, |e| e.line);
            let (there, here) = (line("codelisteReferenz"), line("werte"));
            reader.error(
                here,
                format!("the codes stand in <werte> (line {here}) and behind a codelisteReferenz (line {there})"),
                "keep one of the two",
            );
            Codes::Inline(inline)
        }
        (Some(reference), true) => reference,
        (None, false) => Codes::Inline(inline),
        (None, true) => Codes::None,
    }
}

fn reference(reader: &mut Reader, element: &Element) -> Option<Codes> {
    const V3: &Table = &[
        ("canonicalIdentification", Need::Optional),
        ("version", Need::Optional),
        ("canonicalVersionUri", Need::Optional),
    ];
    const V2: &Table =
        &[("identifikation", Need::Optional), ("genericodeIdentification", Need::Optional)];
    let from = if reader.edition == Edition::V2 {
        let outer = reader.children(element, &[V2]);
        reader.children(outer.one("genericodeIdentification")?, &[V3])
    } else {
        reader.children(element, &[V3])
    };
    let whole = from.text("canonicalVersionUri");
    let uri = match (from.text("canonicalIdentification"), &whole) {
        (Some(uri), _) => uri,
        (None, Some(whole)) => {
            // The version URI is the URI, an underscore and the version.
            whole.rsplit_once('_').map_or(whole.as_str(), |(uri, _)| uri).to_owned()
        }
        (None, None) => return None,
    };
    let version = from
        .text("version")
        .or_else(|| whole.as_deref()?.strip_prefix(&uri)?.strip_prefix('_').map(str::to_owned));
    Some(Codes::Reference { uri, version })
}

fn inline(reader: &mut Reader, element: &Element) -> Vec<(String, String)> {
    const VALUE: &Table =
        &[("code", Need::One), ("name", Need::Expected), ("hilfe", Need::Optional)];
    let list = reader.children(element, &[&[("wert", Need::Many)]]);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut out = Vec::new();
    for value in list.all("wert") {
        let from = reader.children(value, &[VALUE]);
        let code = reader.required_text(&from, "code");
        if code.is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(code.clone(), value.line) {
            reader.error(
                value.line,
                format!("the code \"{code}\" stands on lines {first} and {}", value.line),
                "a code may stand once in a list",
            );
            continue;
        }
        let name = from.text("name").unwrap_or_else(|| code.clone());
        out.push((code, name));
    }
    out
}

/// Finds what cannot hold at the same time.
fn contradictions(reader: &mut Reader, from: &Children<'_>, field: &mut Field, mandatory: bool) {
    let own_line = field.line;
    let line = |name: &str| from.one(name).map_or(own_line, |e| e.line);
    let limits = line("praezisierung");
    if let (Some(min), Some(max)) = (field.min_length, field.max_length)
        && min > max
    {
        reader.error(
            limits,
            format!(
                "minLength {min} (line {limits}) is above maxLength {max} (line {limits}) in {}",
                field.id
            ),
            "exchange them or correct one",
        );
    }
    values(reader, field, limits, line("datentyp"));
    let mut impossible = Vec::new();
    if field.feldart == FieldKind::Select && field.codes == Codes::None {
        let there = match from.one("codelisteReferenz").or(from.one("werte")) {
            Some(e) => format!("<{}> on line {} names none", e.name, e.line),
            None => {
                format!("the field on line {own_line} has neither <werte> nor <codelisteReferenz>")
            }
        };
        let at = line("feldart");
        let message = format!(
            "{} is picked out of codes (feldart select, line {at}), and there are none: {there}",
            field.id
        );
        impossible.push((at, message, "give codes, or another feldart"));
    }
    if let Some(message) = pattern(reader, field, limits) {
        impossible.push((limits, message, "correct the pattern or the lengths"));
    }
    for (at, message, help) in impossible {
        let severity = if mandatory { Severity::Error } else { Severity::Warning };
        field.unfillable.get_or_insert(message.clone());
        reader.add(severity, at, message, help.to_owned());
    }
}

/// Reads the pattern, a regular expression of XML Schema as the generated schemas take it over; a
/// message when no length the field allows can match it.
fn pattern(reader: &mut Reader, field: &Field, limits: u32) -> Option<String> {
    let text = field.pattern.as_deref()?;
    let pattern = match Pattern::parse(text) {
        Ok(pattern) => pattern,
        Err(error) => {
            let message = format!(
                "the pattern \"{text}\" (line {limits}) of {} cannot be read at its byte {}: {}",
                field.id, error.offset, error.message
            );
            reader.error(limits, message, error.help);
            return None;
        }
    };
    if let Some(help) = pattern.suspicion() {
        let message =
            format!("the pattern \"{text}\" of {} looks like another dialect's", field.id);
        reader.warn(limits, message, help);
    }
    let min = field.min_length.unwrap_or(0);
    // Longer values than this are not looked at where the file names no greatest length.
    let max = field.max_length.unwrap_or(min.saturating_add(NO_LIMIT));
    let size = |length: u32| usize::try_from(length).unwrap_or(usize::MAX);
    if min > max || size(min) > LONGEST {
        return None;
    }
    let fitting = pattern.lengths(size(max)).iter().any(|length| length >= size(min));
    (!fitting).then(|| {
        format!(
            "no value of {} has {min} to {max} characters (line {limits}) and matches the pattern \
             \"{text}\" (line {limits})",
            field.id
        )
    })
}

/// Bounds that are no values of the type, or the wrong way round.
fn values(reader: &mut Reader, field: &mut Field, limits: u32, type_line: u32) {
    let mut read = |name: &str, text: &mut Option<String>| -> Option<Bound> {
        let value = text.as_deref()?;
        match bound(value, field.datentyp) {
            Ok(Some(bound)) => Some(bound),
            Ok(None) => {
                reader.warn(
                    limits,
                    format!(
                        "{name} \"{value}\" (line {limits}) means nothing for {}, whose datentyp (line {type_line}) has no order",
                        field.id
                    ),
                    "remove it, or correct the datentyp",
                );
                *text = None;
                None
            }
            Err(form) => {
                reader.error(
                    limits,
                    format!(
                        "{name} \"{value}\" (line {limits}) is no value of the datentyp (line {type_line}) of {}",
                        field.id
                    ),
                    format!("write {form}"),
                );
                None
            }
        }
    };
    let min = read("minValue", &mut field.min_value);
    let max = read("maxValue", &mut field.max_value);
    if let (Some(min), Some(max)) = (min, max)
        && min.compare(&max) == Some(Ordering::Greater)
    {
        let show = |text: &Option<String>| text.clone().unwrap_or_default();
        let message = format!(
            "minValue {} (line {limits}) is above maxValue {} (line {limits}) in {}",
            show(&field.min_value),
            show(&field.max_value),
            field.id
        );
        reader.error(limits, message, "exchange them or correct one");
    }
}
