//! From the lexical to the value space of the built-in types (XML Schema 1.0 part 2, section 3).

use std::cmp::Ordering;

use super::builtin::Builtin;
use crate::text::Decimal;

/// A value of a built-in type.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::xsd) enum Value {
    Text(String),
    Boolean(bool),
    Decimal(Decimal),
    /// `float` and `double` are binary by definition.
    Float(f64),
    /// Seconds on the time line; whether a time zone was given.
    Moment(Decimal, bool),
    /// Months and seconds.
    Duration(Decimal, Decimal),
    Bytes(usize, String),
}

impl Value {
    /// Order in the value space; none where the standard leaves it open (a moment with and one
    /// without time zone, NaN).
    pub(in crate::xsd) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
            (Value::Moment(a, x), Value::Moment(b, y)) if x == y => Some(a.cmp(b)),
            (Value::Moment(a, _), Value::Moment(b, _)) => {
                // Fourteen hours either way (part 2, section 3.2.7.4).
                let margin = Decimal::whole(14 * 3600);
                if a.plus(&margin) < *b {
                    Some(Ordering::Less)
                } else if *a > b.plus(&margin) {
                    Some(Ordering::Greater)
                } else {
                    None
                }
            }
            (Value::Duration(m, s), Value::Duration(n, t)) => match (m.cmp(n), s.cmp(t)) {
                (Ordering::Equal, seconds) => Some(seconds),
                (months, Ordering::Equal) => Some(months),
                (months, seconds) if months == seconds => Some(months),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Reads a value; the text has been through the type's white space handling.
pub(in crate::xsd) fn parse(builtin: Builtin, text: &str) -> Option<Value> {
    match builtin.primitive() {
        Builtin::String | Builtin::AnySimple => {
            string_form(builtin, text).then(|| Value::Text(text.to_owned()))
        }
        Builtin::Boolean => match text {
            "true" | "1" => Some(Value::Boolean(true)),
            "false" | "0" => Some(Value::Boolean(false)),
            _ => None,
        },
        Builtin::Decimal => {
            let value = Decimal::exact(text)?;
            if builtin.is_a(Builtin::Integer) {
                let (min, max) = builtin.bounds();
                if text.contains('.')
                    || min.is_some_and(|m| value < Decimal::whole(m))
                    || max.is_some_and(|m| value > Decimal::whole(m))
                {
                    return None;
                }
            }
            Some(Value::Decimal(value))
        }
        Builtin::Float | Builtin::Double => match text {
            "INF" => Some(Value::Float(f64::INFINITY)),
            "-INF" => Some(Value::Float(f64::NEG_INFINITY)),
            "NaN" => Some(Value::Float(f64::NAN)),
            _ if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => {
                text.parse().ok().map(Value::Float)
            }
            _ => None,
        },
        Builtin::Duration => super::date::duration(text),
        Builtin::DateTime
        | Builtin::Time
        | Builtin::Date
        | Builtin::GYearMonth
        | Builtin::GYear
        | Builtin::GMonthDay
        | Builtin::GDay
        | Builtin::GMonth => super::date::moment(builtin.primitive(), text),
        Builtin::HexBinary => (text.len().is_multiple_of(2)
            && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| Value::Bytes(text.len() / 2, text.to_ascii_uppercase())),
        Builtin::Base64Binary => base64(text),
        // Any text can be made a URI by escaping (part 2, section 3.2.17).
        Builtin::AnyUri => Some(Value::Text(text.to_owned())),
        Builtin::QName | Builtin::Notation => {
            let good = match text.split_once(':') {
                Some((prefix, local)) => is_ncname(prefix) && is_ncname(local),
                None => is_ncname(text),
            };
            good.then(|| Value::Text(text.to_owned()))
        }
        _ => None,
    }
}

/// True for a text that every engine takes for a URI; some are stricter than the standard.
pub(super) fn is_plain_uri(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || " <>\"{}|\\^`".contains(c))
        && !text.starts_with(':')
        && !text.starts_with("//:")
        && text.matches('#').count() <= 1
        && percent_is_complete(text)
}

fn percent_is_complete(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes();
        digits.next().is_some_and(|b| b.is_ascii_hexdigit())
            && digits.next().is_some_and(|b| b.is_ascii_hexdigit())
    })
}

fn base64(text: &str) -> Option<Value> {
    let tight: String = text.chars().filter(|c| *c != ' ').collect();
    let body = tight.trim_end_matches('=');
    let padding = tight.len() - body.len();
    let known = body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    if !known || padding > 2 || !tight.len().is_multiple_of(4) {
        return None;
    }
    // The last character before padding must not carry bits that are thrown away.
    let last = body.bytes().last();
    let clean = match padding {
        1 => last.is_some_and(|b| b"AEIMQUYcgkosw048".contains(&b)),
        2 => last.is_some_and(|b| b"AQgw".contains(&b)),
        _ => true,
    };
    clean.then(|| Value::Bytes(tight.len() / 4 * 3 - padding, tight))
}

fn string_form(builtin: Builtin, text: &str) -> bool {
    match builtin {
        Builtin::Language => {
            // RFC 3066 as the pattern of part 2, section 3.3.3.
            text.split('-').enumerate().all(|(i, part)| {
                (1..=8).contains(&part.len())
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()))
            })
        }
        Builtin::NmToken => !text.is_empty() && text.chars().all(is_name_char),
        Builtin::NameType => is_name(text),
        Builtin::NcName | Builtin::Id | Builtin::IdRef | Builtin::Entity => is_ncname(text),
        _ => true,
    }
}

/// `NameStartChar` of XML 1.0.
fn is_name_start(c: char) -> bool {
    matches!(c, ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
        | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}'
            | '\u{203F}'..='\u{2040}')
}

fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(is_name_start) && text.chars().all(is_name_char)
}

/// A name without colon.
pub(in crate::xsd) fn is_ncname(text: &str) -> bool {
    is_name(text) && !text.contains(':')
}
