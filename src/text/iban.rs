//! IBANs (ISO 13616): check digits, made-up ones of a bank that does not exist, and wrong ones.

/// A German bank code that the list of the Bundesbank does not hold, so that no account is hit.
pub const TEST_BANK: &str = "99999999";

/// Lengths by country, from the register of ISO 13616: Germany, its neighbours, and a few more.
const LENGTHS: [(&str, usize); 14] = [
    ("AT", 20),
    ("BE", 16),
    ("CH", 21),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("ES", 24),
    ("FR", 27),
    ("IT", 27),
    ("LI", 21),
    ("LU", 20),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
];

/// What is wrong with an IBAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IbanError {
    /// Not the electronic form: capitals and digits without spaces.
    #[error("not in electronic form: two capitals, two digits, then capitals and digits only")]
    Form,
    /// Too long or too short for its country.
    #[error("{found} characters instead of {wanted}")]
    Length {
        /// Characters there.
        found: usize,
        /// Characters of the country, or the greatest number of any country.
        wanted: usize,
    },
    /// Check digits that the calculation never gives, although the remainder may fit.
    #[error("check digits outside 02 to 98")]
    Range,
    /// Check digits that do not fit the rest.
    #[error("wrong check digits")]
    CheckDigits,
}

/// Checks an IBAN in electronic form. Whether bank and account exist is not looked at.
///
/// # Errors
/// The first thing that is wrong. The remainder alone would let 00, 01 and 99 pass where 97, 98
/// and 02 are right, hence [`IbanError::Range`].
pub fn check(iban: &str) -> Result<(), IbanError> {
    let bytes = iban.as_bytes();
    let form = bytes.len() > 4
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !form {
        return Err(IbanError::Form);
    }
    let (country, found) = (&iban[..2], bytes.len());
    match LENGTHS.iter().find(|(known, _)| *known == country) {
        Some((_, wanted)) if found != *wanted => {
            return Err(IbanError::Length { found, wanted: *wanted });
        }
        None if found > 34 => return Err(IbanError::Length { found, wanted: 34 }),
        _ => {}
    }
    if matches!(&iban[2..4], "00" | "01" | "99") {
        return Err(IbanError::Range);
    }
    if check_digits(country, &iban[4..]).as_deref() != Some(&iban[2..4]) {
        return Err(IbanError::CheckDigits);
    }
    Ok(())
}

/// The check digits for a country and what follows them: 98 less the remainder by 97, so 02 to
/// 98. `None` if there is anything but digits and capitals.
pub fn check_digits(country: &str, rest: &str) -> Option<String> {
    let remainder = remainder(&format!("{rest}{country}00"))?;
    Some(format!("{:02}", 98 - remainder))
}

/// The remainder by 97 with letters as 10 to 35, digit by digit, so that no number gets large.
fn remainder(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |before, c| match c {
        '0'..='9' => Some((before * 10 + c.to_digit(10)?) % 97),
        'A'..='Z' => Some((before * 100 + c.to_digit(36)?) % 97),
        _ => None,
    })
}

/// A right German IBAN of the bank that does not exist; `nth` is its account, 0 to 9 999 999 999,
/// from where they come again.
pub fn test_iban(nth: u64) -> String {
    let rest = format!("{TEST_BANK}{:010}", nth % 10_000_000_000);
    let digits = check_digits("DE", &rest).unwrap_or_default();
    format!("DE{digits}{rest}")
}

/// The same IBAN with other check digits out of 02 to 98, hence wrong ones. A text too short or
/// without check digits comes back as it is.
pub fn wrong_check_digit(iban: &str) -> String {
    let digits = iban.get(2..4).and_then(|digits| digits.parse::<u32>().ok());
    match (iban.get(..2), digits, iban.get(4..)) {
        (Some(country), Some(digits), Some(rest)) => {
            format!("{country}{:02}{rest}", digits.saturating_sub(2).wrapping_add(1) % 97 + 2)
        }
        _ => iban.to_owned(),
    }
}

/// The form on paper: groups of four.
pub fn format_paper(iban: &str) -> String {
    let chars: Vec<char> = iban.chars().filter(|c| *c != ' ').collect();
    let groups: Vec<String> = chars.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// IBANs at the edge of the check digits: right ones with 02 and 98, and wrong ones whose
/// remainder fits all the same. With the reason in German; whether it is right comes last.
pub fn edges() -> Vec<(String, &'static str, bool)> {
    let with = |digits: &str| (0..).map(test_iban).take(10_000).find(|iban| &iban[2..4] == digits);
    let swapped = |right: &str, wrong: &str| Some(format!("DE{wrong}{}", &with(right)?[4..]));
    [
        (with("02"), "kleinste Prüfziffern 02", true),
        (with("98"), "größte Prüfziffern 98", true),
        (swapped("97", "00"), "Prüfziffern 00 statt 97: Rest stimmt, Bereich nicht", false),
        (swapped("98", "01"), "Prüfziffern 01 statt 98: Rest stimmt, Bereich nicht", false),
        (swapped("02", "99"), "Prüfziffern 99 statt 02: Rest stimmt, Bereich nicht", false),
    ]
    .into_iter()
    .filter_map(|(iban, why, right)| Some((iban?, why, right)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_are_judged_right() {
        for (iban, wanted) in [
            ("DE37999999990123456789", Ok(())),
            ("DE37999999990123456780", Err(IbanError::CheckDigits)),
            ("de37999999990123456789", Err(IbanError::Form)),
            ("DE37 9999 9999 0123 4567 89", Err(IbanError::Form)),
            ("DE3799999999012345678", Err(IbanError::Length { found: 21, wanted: 22 })),
            ("DE99999999990000000087", Err(IbanError::Range)),
            ("DE02999999990000000087", Ok(())),
            ("DE01999999990000000008", Err(IbanError::Range)),
            ("DE98999999990000000008", Ok(())),
            ("DE00999999990123456789", Err(IbanError::Range)),
            ("", Err(IbanError::Form)),
            ("DEÄ", Err(IbanError::Form)),
        ] {
            assert_eq!(check(iban), wanted, "{iban}");
        }
        // The examples of the register itself, of two countries with letters and without.
        assert_eq!(check("NL91ABNA0417164300"), Ok(()));
        assert_eq!(check("AT611904300234573201"), Ok(()));
    }

    #[test]
    fn made_up_ones_are_right_and_their_changed_ones_wrong() {
        assert_eq!(test_iban(123_456_789), "DE37999999990123456789");
        for nth in (0..3000).chain([9_999_999_999, u64::MAX]) {
            let iban = test_iban(nth);
            assert_eq!(check(&iban), Ok(()), "{iban}");
            assert_eq!(check(&wrong_check_digit(&iban)), Err(IbanError::CheckDigits), "{iban}");
        }
        assert_eq!(format_paper("DE37999999990123456789"), "DE37 9999 9999 0123 4567 89");
        assert_eq!(wrong_check_digit("DE"), "DE");
    }

    #[test]
    fn the_edges_have_the_remainder_and_not_always_the_range() {
        let edges = edges();
        assert_eq!(edges.len(), 5);
        for (iban, why, right) in edges {
            assert_eq!(remainder(&format!("{}{}", &iban[4..], &iban[..4])), Some(1), "{iban}");
            assert_eq!(check(&iban).is_ok(), right, "{iban}: {why}");
        }
    }
}
