//! Decimals of any size, as digits: never through a binary number (XML Schema 1.0 part 2, section
//! 3.2.3).

use std::cmp::Ordering;

/// A decimal number without leading and trailing zeros.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::xsd) struct Decimal {
    negative: bool,
    whole: Vec<u8>,
    fraction: Vec<u8>,
}

impl Decimal {
    /// Reads the lexical form: optional sign, digits, optional point; no exponent, ASCII digits.
    pub(in crate::xsd) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        if !rest.bytes().all(|b| b.is_ascii_digit() || b == b'.') || fraction.contains('.') {
            return None;
        }
        let digits = |s: &str| s.bytes().map(|b| b - b'0').collect::<Vec<u8>>();
        Some(Self::of(negative, digits(whole), digits(fraction)))
    }

    /// A whole number.
    pub(in crate::xsd) fn whole(value: i128) -> Self {
        Self::parse(&value.to_string()).unwrap_or_default()
    }

    /// The smallest positive number with this many fraction digits.
    pub(in crate::xsd) fn unit(places: usize) -> Self {
        if places == 0 {
            return Self::whole(1);
        }
        let mut fraction = vec![0; places];
        fraction[places - 1] = 1;
        Self::of(false, Vec::new(), fraction)
    }

    fn of(negative: bool, mut whole: Vec<u8>, mut fraction: Vec<u8>) -> Self {
        let zeros = whole.iter().take_while(|d| **d == 0).count();
        whole.drain(..zeros);
        while fraction.last() == Some(&0) {
            fraction.pop();
        }
        let negative = negative && !(whole.is_empty() && fraction.is_empty());
        Self { negative, whole, fraction }
    }

    /// Digits that `totalDigits` counts (part 2, section 4.3.11): zero has one.
    pub(in crate::xsd) fn total_digits(&self) -> usize {
        if self.whole.is_empty() {
            // 0.05 is 5 × 10^-2: the zeros after the point count as places, not as digits; the
            // number of places is still a lower bound (|i| < 10^totalDigits and n <= totalDigits).
            self.fraction.len().max(1)
        } else {
            self.whole.len() + self.fraction.len()
        }
    }

    /// Digits after the point.
    pub(in crate::xsd) fn fraction_digits(&self) -> usize {
        self.fraction.len()
    }

    /// This number plus another.
    pub(in crate::xsd) fn plus(&self, other: &Self) -> Self {
        if self.negative == other.negative {
            let (whole, fraction) = add(self, other);
            return Self::of(self.negative, whole, fraction);
        }
        let (large, small) = match self.magnitude(other) {
            Ordering::Less => (other, self),
            _ => (self, other),
        };
        let (whole, fraction) = subtract(large, small);
        Self::of(large.negative, whole, fraction)
    }

    /// This number less another.
    pub(in crate::xsd) fn minus(&self, other: &Self) -> Self {
        let turned = Self { negative: !other.negative, ..other.clone() };
        self.plus(&Self::of(turned.negative, turned.whole, turned.fraction))
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        self.whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(&other.whole))
            .then_with(|| self.fraction.cmp(&other.fraction))
    }
}

fn columns(a: &Decimal, b: &Decimal) -> Vec<(u8, u8)> {
    let places = a.fraction.len().max(b.fraction.len());
    let size = a.whole.len().max(b.whole.len());
    let digit = |d: &Decimal, column: usize| {
        // Column 0 is the last place behind the point.
        if column < places {
            d.fraction.get(places - 1 - column).copied().unwrap_or(0)
        } else {
            let from_point = column - places;
            d.whole.len().checked_sub(from_point + 1).map_or(0, |i| d.whole[i])
        }
    };
    (0..places + size).map(|c| (digit(a, c), digit(b, c))).collect()
}

fn split(mut digits: Vec<u8>, places: usize) -> (Vec<u8>, Vec<u8>) {
    digits.reverse();
    let fraction = digits.split_off(digits.len() - places);
    (digits, fraction)
}

fn add(a: &Decimal, b: &Decimal) -> (Vec<u8>, Vec<u8>) {
    let mut carry = 0;
    let mut out = Vec::new();
    for (x, y) in columns(a, b) {
        let sum = x + y + carry;
        out.push(sum % 10);
        carry = sum / 10;
    }
    out.push(carry);
    split(out, a.fraction.len().max(b.fraction.len()))
}

fn subtract(large: &Decimal, small: &Decimal) -> (Vec<u8>, Vec<u8>) {
    let mut borrow = 0;
    let mut out = Vec::new();
    for (x, y) in columns(large, small) {
        let need = y + borrow;
        borrow = u8::from(x < need);
        out.push(x + 10 * borrow - need);
    }
    split(out, large.fraction.len().max(small.fraction.len()))
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        if self.whole.is_empty() {
            f.write_str("0")?;
        }
        for digit in &self.whole {
            write!(f, "{digit}")?;
        }
        if !self.fraction.is_empty() {
            f.write_str(".")?;
            for digit in &self.fraction {
                write!(f, "{digit}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn sums_and_order_keep_every_digit() {
        assert_eq!(d("999999999999999999999").plus(&d("1")).to_string(), "1000000000000000000000");
        assert_eq!(d("1000").minus(&d("0.01")).to_string(), "999.99");
        assert_eq!(d("0").minus(&d("0.01")).to_string(), "-0.01");
        assert_eq!(d("-5").plus(&d("5")).to_string(), "0");
        assert!(d("-2") < d("-1.5") && d("0.1") < d("0.11") && d("10") > d("9.9"));
        assert_eq!(d("-0.00"), d("0"));
    }

    #[test]
    fn digits_are_those_of_the_value() {
        assert_eq!(d("00000012").total_digits(), 2);
        assert_eq!((d("5.10").total_digits(), d("5.10").fraction_digits()), (2, 1));
        assert_eq!(d("99999.990").total_digits(), 7);
        for wrong in ["", "1E2", "1,5", ".", "+", "1.2.3", "１２", "NaN", "12\u{a0}"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }
}
