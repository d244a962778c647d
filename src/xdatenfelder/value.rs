//! Small values: how often, ids, and bounds that can be compared.

use std::cmp::Ordering;

use super::model::{DataType, Edition};
use crate::text::Decimal;

/// Reads `anzahl`, such as `0:1`, `1:*`, `2:5`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn cardinality(text: &str) -> Result<(u32, Option<u32>), String> {
    let number = |part: &str| -> Result<u32, String> {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("\"{part}\" is no whole number"));
        }
        part.parse().map_err(|_| format!("{part} is more than {}", u32::MAX))
    };
    let Some((min, max)) = text.split_once(':') else {
        return Err("there is no \":\" between the least and the greatest number".into());
    };
    let min = number(min)?;
    let max = if max == "*" { None } else { Some(number(max)?) };
    match max {
        Some(max) if min > max => {
            Err(format!("the least number {min} is above the greatest {max}"))
        }
        _ => Ok((min, max)),
    }
}

/// What an id should look like when it does not: a letter for the kind of element, and 8 (edition 2)
/// or 11 (edition 3) digits.
pub(super) fn odd_id(id: &str, letter: char, edition: Edition) -> Option<String> {
    let digits = match edition {
        Edition::V2 => 8,
        Edition::V3 => 11,
    };
    let rest = id.strip_prefix(letter);
    let fits = rest.is_some_and(|r| r.len() == digits && r.bytes().all(|b| b.is_ascii_digit()));
    (!fits).then(|| format!("{letter} and {digits} digits"))
}

/// Whether an id can be the name of an element: one ASCII letter or `_`, then letters, digits, `.`,
/// `-`, `_` (a part of NCName, Namespaces in XML 1.0, section 3).
pub(super) fn can_name_an_element(id: &str) -> bool {
    let mut chars = id.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// Ids of fields and groups in a text, each once, in order.
pub(super) fn ids_in(text: &str, out: &mut Vec<String>) {
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        let is_id = word.starts_with(['F', 'G'])
            && matches!(word.len(), 9 | 12)
            && word[1..].bytes().all(|b| b.is_ascii_digit());
        if is_id && !out.contains(&word) {
            out.push(std::mem::take(&mut word));
        }
        word.clear();
    }
}

/// A bound of a field in the form its type compares.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    Number(Decimal),
    Date(jiff::civil::Date),
    Time(jiff::civil::Time),
    Datetime(jiff::civil::DateTime),
}

impl Bound {
    /// Order of two bounds of the same type.
    pub(super) fn compare(&self, other: &Bound) -> Option<Ordering> {
        match (self, other) {
            (Bound::Number(a), Bound::Number(b)) => Some(a.cmp(b)),
            (Bound::Date(a), Bound::Date(b)) => Some(a.cmp(b)),
            (Bound::Time(a), Bound::Time(b)) => Some(a.cmp(b)),
            (Bound::Datetime(a), Bound::Datetime(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// Reads a bound of a field; `Ok(None)` for types that have none.
///
/// # Errors
/// What the bound should look like.
pub(super) fn bound(text: &str, datentyp: DataType) -> Result<Option<Bound>, &'static str> {
    let bound = match datentyp {
        DataType::Integer => Decimal::exact(text)
            .filter(|d| d.fraction_digits() == 0)
            .map(Bound::Number)
            .ok_or("a whole number, such as 12")?,
        DataType::Number | DataType::Currency => Decimal::exact(text)
            .map(Bound::Number)
            .ok_or("a decimal number with a point, such as 0.5")?,
        DataType::Date => {
            text.parse().map(Bound::Date).map_err(|_| "a date, such as 2026-01-31")?
        }
        DataType::Time => text.parse().map(Bound::Time).map_err(|_| "a time, such as 08:30:00")?,
        DataType::Datetime => text
            .parse()
            .map(Bound::Datetime)
            .map_err(|_| "a date with time, such as 2026-01-31T08:30:00")?,
        DataType::Text
        | DataType::TextLatin
        | DataType::Boolean
        | DataType::File
        | DataType::Object => return Ok(None),
    };
    Ok(Some(bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinalities_are_read_and_wrong_ones_named() {
        assert_eq!(cardinality("0:1"), Ok((0, Some(1))));
        assert_eq!(cardinality("1:*"), Ok((1, None)));
        assert_eq!(cardinality("2:5"), Ok((2, Some(5))));
        assert_eq!(cardinality("0:0"), Ok((0, Some(0))));
        for (text, why) in [
            ("1", "no \":\""),
            ("5:2", "least number 5 is above the greatest 2"),
            ("*:1", "\"*\" is no whole number"),
            ("1:n", "\"n\" is no whole number"),
            ("-1:1", "\"-1\" is no whole number"),
            ("1:2:3", "\"2:3\" is no whole number"),
            (":", "\"\" is no whole number"),
            ("0:99999999999", "99999999999 is more than"),
        ] {
            assert!(cardinality(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn decimals_compare_by_value() {
        let order = |a: &str, b: &str| Decimal::exact(a).unwrap().cmp(&Decimal::exact(b).unwrap());
        assert_eq!(order("10", "9.5"), Ordering::Greater);
        assert_eq!(order("0.10", "0.1"), Ordering::Equal);
        assert_eq!(order("-0", "0"), Ordering::Equal);
        assert_eq!(order("-2", "-10"), Ordering::Greater);
        assert_eq!(order("1234567890123456.78", "1234567890123456.79"), Ordering::Less);
        assert_eq!(order("0.09", "0.1"), Ordering::Less);
        assert!(Decimal::exact("1,5").is_none());
        assert!(Decimal::exact(".").is_none());
        assert!(Decimal::exact("").is_none());
        assert!(Decimal::exact("--1").is_none());
    }

    #[test]
    fn ids_are_found_in_scripts_and_prose() {
        let mut found = Vec::new();
        ids_in(
            "not(F60000000243='x') or ../G60000000086/F60000000243, F60000227; F1, XF6000022",
            &mut found,
        );
        assert_eq!(found, ["F60000000243", "G60000000086", "F60000227"]);
    }
}
