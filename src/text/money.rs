//! Amounts as texts: the German form, the edges of a range by the smallest unit, and forms that look
//! alike.

use super::decimal::Decimal;

impl Decimal {
    /// Reads the German form: `1234,56` or `1.234,56`, with points before every third digit or
    /// none. `None` for anything else, and for a point that is no separator of thousands.
    pub fn from_german(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match rest.split_once(',') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (rest, ""),
        };
        let groups: Vec<&str> = whole.split('.').collect();
        let grouped = groups.len() == 1
            || groups.iter().skip(1).all(|g| g.len() == 3) && (1..=3).contains(&groups[0].len());
        let digits = groups.concat();
        let right = grouped
            && !digits.is_empty()
            && digits.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        let sign = if negative { "-" } else { "" };
        right.then(|| Self::exact(&format!("{sign}{digits}.{fraction}"))).flatten()
    }

    /// The German form with points between thousands and at least this number of decimals; more
    /// if the value has more, since nothing is rounded.
    pub fn to_german(&self, decimals: usize) -> String {
        let (sign, digits, fraction) = self.parts();
        let mut out = sign.to_owned();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push('.');
            }
            out.push(digit);
        }
        if decimals > 0 || !fraction.is_empty() {
            out.push_str(&format!(",{fraction:0<decimals$}"));
        }
        out
    }
}

/// Values at the edges of a range, by the smallest unit: those inside and the two outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundaries {
    /// The smallest, the next, the one before the greatest, the greatest; without repetitions.
    pub inside: Vec<Decimal>,
    /// One unit below the smallest.
    pub below: Decimal,
    /// One unit above the greatest.
    pub above: Decimal,
}

/// The edges of `min` to `max`, both allowed, in units of the last of `decimals` places. `None` if
/// the range is empty.
pub fn boundaries(min: &Decimal, max: &Decimal, decimals: usize) -> Option<Boundaries> {
    if min > max {
        return None;
    }
    let mut inside = vec![min.clone(), min.up(decimals), max.down(decimals), max.clone()];
    inside.retain(|value| min <= value && value <= max);
    inside.sort();
    inside.dedup();
    Some(Boundaries { inside, below: min.down(decimals), above: max.up(decimals) })
}

/// Other lexical forms of the same value, right in `xs:decimal`, with what is special in German.
pub fn same_value(value: &Decimal) -> Vec<(String, &'static str)> {
    let text = value.to_text(0);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.as_str()),
    };
    let decimals = value.fraction_digits();
    let mut forms = vec![
        (value.to_text(decimals.max(1) + 1), "Nullen am Ende"),
        (format!("{sign}000{digits}"), "führende Nullen"),
        (format!("\n  {text}\t"), "Leerraum von XML außen herum"),
    ];
    if sign.is_empty() {
        forms.push((format!("+{text}"), "Pluszeichen"));
    }
    if let Some(fraction) = digits.strip_prefix("0.") {
        forms.push((format!("{sign}.{fraction}"), "ohne Ziffer vor dem Punkt"));
    }
    if decimals == 0 {
        forms.push((format!("{text}."), "ohne Ziffer nach dem Punkt"));
    }
    forms
}

/// Texts that look like the value and are wrong in `xs:decimal`, with the reason in German.
pub fn wrong_forms(value: &Decimal) -> Vec<(String, &'static str)> {
    let text = value.to_text(2);
    let wide = |c: char| match c.to_digit(10) {
        Some(digit) => char::from_u32(0xFF10 + digit).unwrap_or(c),
        None => c,
    };
    vec![
        (format!("{text}E0"), "Exponent"),
        (text.replace('.', ","), "Komma statt Punkt"),
        (format!("{}.000.000", value.to_text(0)), "mehrere Punkte"),
        (text.chars().map(wide).collect(), "Ziffern in voller Breite"),
        (format!("{text}\u{A0}"), "geschütztes Leerzeichen am Ende"),
        (format!("{text} €"), "Währungszeichen"),
        (format!("--{}", text.trim_start_matches('-')), "zwei Vorzeichen"),
        (String::new(), "leer"),
        (".".to_owned(), "nur ein Punkt"),
        ("NaN".to_owned(), "keine Zahl"),
        ("INF".to_owned(), "unendlich"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn lexical_forms_are_those_of_xml_schema() {
        for (text, digits) in [
            ("100", Some((3, 0))),
            ("100.00", Some((3, 0))),
            ("100.000", Some((3, 0))),
            ("1E2", None),
            ("+5.10", Some((2, 1))),
            (".5", Some((1, 1))),
            ("5.", Some((1, 0))),
            ("", None),
            ("  7.50  ", Some((2, 1))),
            ("1,50", None),
            ("1.234.567", None),
            ("12345678", Some((8, 0))),
            ("00000012", Some((2, 0))),
            ("-0.00", Some((1, 0))),
            ("NaN", None),
            ("１２", None),
            ("12\u{A0}", None),
            ("99999.99", Some((7, 2))),
            ("99999.990", Some((7, 2))),
            ("9.999", Some((4, 3))),
            ("0.05", Some((1, 2))),
            (".", None),
            ("+", None),
            ("+-1", None),
            ("1 2", None),
        ] {
            let found = Decimal::parse(text).map(|d| (d.total_digits(), d.fraction_digits()));
            assert_eq!(found, digits, "{text:?}");
        }
        assert_eq!(decimal("-0.00"), decimal("0"));
        for value in ["0", "5", "-5", "0.5", "-0.05", "1234.5"].map(decimal) {
            for (text, what) in same_value(&value) {
                assert_eq!(Decimal::parse(&text).as_ref(), Some(&value), "{text}: {what}");
            }
            for (text, what) in wrong_forms(&value) {
                assert_eq!(Decimal::parse(&text), None, "{text}: {what}");
            }
        }
    }

    #[test]
    fn the_german_form_goes_there_and_back() {
        for (german, text) in [
            ("1.234,56", "1234.56"),
            ("0,05", "0.05"),
            ("-1.000.000,00", "-1000000.00"),
            ("999,90", "999.90"),
        ] {
            let value = Decimal::from_german(german).unwrap();
            assert_eq!(value.to_text(2), text);
            assert_eq!(decimal(text).to_german(2), german);
        }
        assert_eq!(Decimal::from_german("1234,5"), Some(decimal("1234.5")));
        assert_eq!(decimal("1234.567").to_german(2), "1.234,567");
        assert_eq!(decimal("1000").to_german(0), "1.000");
        for wrong in
            ["1.23", "1234.567,00", "1.2345,00", ",50", "1,", "1,2,3", "", "1.234.56", ".123"]
        {
            assert_eq!(Decimal::from_german(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn steps_are_exact() {
        for (text, decimals, up, down) in [
            ("0", 2, "0.01", "-0.01"),
            ("0.01", 2, "0.02", "0"),
            ("-0.01", 2, "0", "-0.02"),
            ("99.99", 2, "100", "99.98"),
            ("-99.99", 2, "-99.98", "-100"),
            ("100", 0, "101", "99"),
            ("0.5", 0, "1.5", "-0.5"),
            ("-0.25", 0, "0.75", "-1.25"),
            ("0.005", 2, "0.015", "-0.005"),
            ("0.105", 2, "0.115", "0.095"),
            ("9007199254740993", 2, "9007199254740993.01", "9007199254740992.99"),
            (
                "99999999999999999999999999999999999999999",
                0,
                "100000000000000000000000000000000000000000",
                "99999999999999999999999999999999999999998",
            ),
        ] {
            let value = decimal(text);
            assert_eq!(value.up(decimals).to_string(), up, "{text} up");
            assert_eq!(value.down(decimals).to_string(), down, "{text} down");
            assert!(value.down(decimals) < value && value < value.up(decimals), "{text}");
            assert_eq!(value.up(decimals).down(decimals), value, "{text}");
        }
        let edges = boundaries(&decimal("0.01"), &decimal("1000000000"), 2).unwrap();
        let inside: Vec<String> = edges.inside.iter().map(|d| d.to_text(2)).collect();
        assert_eq!(inside, ["0.01", "0.02", "999999999.99", "1000000000.00"]);
        assert_eq!(edges.below, decimal("0"));
        assert_eq!(edges.above.to_string(), "1000000000.01");
        assert_eq!(boundaries(&decimal("5"), &decimal("5"), 0).unwrap().inside.len(), 1);
        assert_eq!(boundaries(&decimal("5"), &decimal("4"), 0), None);
    }
}
