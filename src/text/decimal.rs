//! Decimal numbers of any size, as digits: never through a binary number (XML Schema 1.0 part 2,
//! section 3.2.3).

use std::cmp::Ordering;

/// A decimal number without leading and trailing zeros.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decimal {
    negative: bool,
    whole: Vec<u8>,
    fraction: Vec<u8>,
}

impl Decimal {
    /// Reads the lexical form of `xs:decimal`: an optional sign, digits, an optional point. White
    /// space of XML (space, tab, ends of lines) around it is collapsed; no other is.
    ///
    /// `None` for anything else: exponents, commas, other digits than 0 to 9, U+00A0, `NaN`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::exact(text.trim_matches([' ', '\t', '\n', '\r']))
    }

    /// Reads the lexical form of `xs:decimal` without any white space around it.
    pub fn exact(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        (all().next().is_some() && all().all(|b| b.is_ascii_digit()))
            .then(|| Self::of(negative, digits(whole), digits(fraction)))
    }

    /// A whole number.
    pub fn whole(value: i128) -> Self {
        Self::exact(&value.to_string()).unwrap_or_default()
    }

    /// The smallest positive number with this many fraction digits.
    pub fn unit(places: usize) -> Self {
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

    /// The sign, the digits before the point (at least one) and those after it.
    pub(super) fn parts(&self) -> (&'static str, String, String) {
        let text = |digits: &[u8]| digits.iter().map(|d| char::from(b'0' + d)).collect::<String>();
        let whole = if self.whole.is_empty() { "0".to_owned() } else { text(&self.whole) };
        (if self.negative { "-" } else { "" }, whole, text(&self.fraction))
    }

    /// A lexical form of `xs:decimal` with at least this number of decimals, without exponent.
    pub fn to_text(&self, decimals: usize) -> String {
        let (sign, whole, fraction) = self.parts();
        if decimals == 0 && fraction.is_empty() {
            return format!("{sign}{whole}");
        }
        format!("{sign}{whole}.{fraction:0<decimals$}")
    }

    /// The digits that the facet `totalDigits` counts: those of the value, so that zeros in front
    /// and at the end of the fraction do not count. One for 0.
    pub fn total_digits(&self) -> usize {
        let zeros = if self.whole.is_empty() {
            self.fraction.iter().take_while(|d| **d == 0).count()
        } else {
            0
        };
        (self.whole.len() + self.fraction.len() - zeros).max(1)
    }

    /// The digits that the facet `fractionDigits` counts.
    pub fn fraction_digits(&self) -> usize {
        self.fraction.len()
    }

    /// The value one unit of the last of `decimals` places higher.
    pub fn up(&self, decimals: usize) -> Self {
        self.plus(&Self::unit(decimals))
    }

    /// The value one unit of the last of `decimals` places lower.
    pub fn down(&self, decimals: usize) -> Self {
        self.minus(&Self::unit(decimals))
    }

    /// This number plus another.
    pub fn plus(&self, other: &Self) -> Self {
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
    pub fn minus(&self, other: &Self) -> Self {
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

/// The values of ASCII digits.
fn digits(text: &str) -> Vec<u8> {
    text.bytes().map(|b| b - b'0').collect()
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
        f.write_str(&self.to_text(0))
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
