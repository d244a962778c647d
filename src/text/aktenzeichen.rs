//! Aktenzeichen as Saxon authorities form them: `31.2-7024/2026-0815`.
//!
//! Organisational unit, hyphen, number of the Aktenplan, slash, year, hyphen, running number. Every
//! authority may form its own; this is the form that invented ones have here.

use super::pattern::{Pattern, PatternError};

/// The form as a pattern of XML Schema.
pub const PATTERN: &str =
    r"[1-9][0-9]{0,2}(\.[1-9][0-9]?){0,2}-[0-9]{4}(\.[0-9]{1,2})?/(19|20)[0-9]{2}-[0-9]{4,6}";

/// The pattern, ready for use.
///
/// # Errors
/// Never; the pattern is a constant.
pub fn pattern() -> Result<Pattern, PatternError> {
    Pattern::parse(PATTERN)
}

/// An invented one of a year from 1900 to 2099; `nth` is the running number, 0 to 999 999, from
/// where they come again.
pub fn example(year: u16, nth: usize) -> String {
    let year = 1900 + year.saturating_sub(1900) % 200;
    format!("{}.{}-7024/{year}-{:04}", 31 + nth % 9, 2 + nth % 7, nth % 1_000_000)
}

/// Right ones: the shortest, the usual, the longest.
pub fn right() -> &'static [&'static str] {
    &["1-0001/2026-0001", "31.2-7024/2026-0815", "999.99.99-9999.99/2026-999999"]
}

/// Wrong ones with the reason in German.
pub fn wrong() -> &'static [(&'static str, &'static str)] {
    &[
        ("31.2-7024/2026-815", "laufende Nummer ohne führende Null"),
        ("31.2-7024/26-0815", "Jahr zweistellig"),
        ("31.2-7024-2026-0815", "Bindestrich statt Schrägstrich"),
        ("31.2–7024/2026–0815", "Halbgeviertstriche statt Bindestrichen"),
        ("31,2-7024/2026-0815", "Komma statt Punkt"),
        ("31.2-7024/2026-0815 ", "Leerzeichen am Ende"),
        ("31.2-7024 / 2026-0815", "Leerzeichen um den Schrägstrich"),
        ("-7024/2026-0815", "ohne Organisationseinheit"),
        ("1e3", "sieht aus wie eine Zahl mit Exponent"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_tells_right_from_wrong() {
        let pattern = pattern().unwrap();
        for text in right() {
            assert!(pattern.matches(text), "{text}");
        }
        for (text, why) in wrong() {
            assert!(!pattern.matches(text), "{text}: {why}");
        }
        assert_eq!(pattern.lengths(100).min(), Some(right()[0].len()));
        assert_eq!(pattern.lengths(100).max(), Some(right()[2].len()));
        for nth in [0, 815, 999_999, 1_000_000] {
            assert!(pattern.matches(&example(2026, nth)), "{}", example(2026, nth));
        }
        assert_ne!(example(2026, 1), example(2026, 2));
        assert!(pattern.matches(&example(0, 0)) && pattern.matches(&example(u16::MAX, 0)));
    }
}
