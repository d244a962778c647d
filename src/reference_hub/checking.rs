//! What the hub checks beyond the schema: expressions and check digits of its depot.

use super::intake::{Rejection, find_all};
use crate::rules::{Check, Procedure};
use crate::xml::{Condition, Element};

/// A check of the depot, ready to be used.
pub(super) struct Checking {
    check: Check,
    condition: Option<Condition>,
}

impl Checking {
    /// All checks of a depot.
    pub fn all(checks: &[Check]) -> Vec<Self> {
        checks
            .iter()
            .map(|check| Self {
                condition: check.test.as_ref().and_then(|t| Condition::compile(t).ok()),
                check: check.clone(),
            })
            .collect()
    }

    /// Why a message fails this check; none where it passes or the check is not for it.
    pub fn fails(&self, procedure: &Procedure, root: &Element, body: &[u8]) -> Option<Rejection> {
        if !self.check.procedures.contains(&procedure.id) {
            return None;
        }
        let names = [("m", procedure.namespace.as_str())];
        // An expression that cannot be evaluated is a reason to stop, not to go on.
        let holds = self.condition.as_ref().is_none_or(|c| c.holds(body, &names) == Ok(true));
        let digits =
            self.check.iban.as_ref().is_none_or(|path| {
                find_all(root, path).iter().all(|value| right_check_digits(value))
            });
        (!holds || !digits).then(|| Rejection {
            code: self.check.code.clone(),
            text: self.check.text.clone(),
            lines: vec![],
        })
    }
}

/// ISO 13616: the remainder is 1, and the check digits are 02 to 98.
fn right_check_digits(iban: &str) -> bool {
    let compact: String = iban.chars().filter(|c| !c.is_whitespace()).collect();
    let Some((head, rest)) = compact.split_at_checked(4) else { return false };
    let digits: Option<u32> = head.get(2..).and_then(|d| d.parse().ok());
    let mut remainder = 0u32;
    for c in rest.chars().chain(head.chars()) {
        let Some(value) = c.to_digit(36) else { return false };
        remainder = (remainder * if value > 9 { 100 } else { 10 } + value) % 97;
    }
    remainder == 1 && digits.is_some_and(|d| (2..=98).contains(&d))
}

#[cfg(test)]
mod tests {
    use super::right_check_digits;

    #[test]
    fn check_digits_are_those_of_iso_13616() {
        // The specimen of the standard's registry.
        assert!(right_check_digits("DE89370400440532013000"));
        assert!(right_check_digits("DE89 3704 0044 0532 0130 00"));
        assert!(!right_check_digits("DE88370400440532013000"));
        assert!(!right_check_digits("DE"));
        assert!(!right_check_digits("DE8937040044053201300!"));
    }
}
