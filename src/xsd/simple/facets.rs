//! Facets, and which of them a text breaks (XML Schema 1.0 part 2, section 4.3).

use super::Builtin;
use super::pattern::Pattern;
use super::value::{self, Value};
use crate::text::Decimal;
use crate::xsd::model::{Components, TypeId, Variety};

/// How white space is treated before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::xsd) enum WhiteSpace {
    Preserve,
    Replace,
    Collapse,
}

impl WhiteSpace {
    /// Applies it: only space, tab, line feed and carriage return are white space.
    pub(in crate::xsd) fn apply(self, text: &str) -> String {
        let white = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        match self {
            WhiteSpace::Preserve => text.to_owned(),
            WhiteSpace::Replace => text.replace(white, " "),
            WhiteSpace::Collapse => {
                text.split(white).filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

/// Types that are looked at for one text.
const EVALUATIONS: usize = 3_000;
/// Types that are looked at when texts for one type are collected.
pub(super) const COLLECTED: usize = 300;

/// The facets of one derivation step.
#[derive(Debug, Clone, Default)]
pub(in crate::xsd) struct Facets {
    pub length: Option<u64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// Alternatives: patterns of one step are joined by "or", steps by "and".
    pub patterns: Vec<Pattern>,
    pub enumeration: Vec<String>,
    pub white_space: Option<WhiteSpace>,
    pub min_inclusive: Option<String>,
    pub max_inclusive: Option<String>,
    pub min_exclusive: Option<String>,
    pub max_exclusive: Option<String>,
    pub total_digits: Option<u64>,
    pub fraction_digits: Option<u64>,
}

/// What a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::xsd) enum Broken {
    /// Not in the lexical space of the built-in type.
    Lexical,
    /// No member type of a union takes it.
    Union,
    /// An item of a list is wrong.
    Item,
    Length,
    MinLength,
    MaxLength,
    Pattern,
    Enumeration,
    MinInclusive,
    MaxInclusive,
    MinExclusive,
    MaxExclusive,
    TotalDigits,
    FractionDigits,
}

/// The white space handling of a type.
pub(in crate::xsd) fn white_space(c: &Components, id: TypeId) -> WhiteSpace {
    let mut at = Some(id);
    let mut last = WhiteSpace::Preserve;
    while let Some(simple) = at.and_then(|id| c.simple(id)) {
        if let Some(found) = simple.facets.white_space {
            return found;
        }
        last = match &simple.variety {
            Variety::Atomic(builtin) => builtin.white_space(),
            Variety::List(_) => WhiteSpace::Collapse,
            Variety::Union(_) => WhiteSpace::Preserve,
        };
        at = simple.base;
    }
    last
}

/// The built-in type at the root of an atomic type.
pub(in crate::xsd) fn builtin(c: &Components, id: TypeId) -> Option<Builtin> {
    match &c.simple(id)?.variety {
        Variety::Atomic(builtin) => Some(*builtin),
        _ => None,
    }
}

/// The derivation steps of a simple type, its own first.
pub(in crate::xsd) fn steps(c: &Components, id: TypeId) -> Vec<&Facets> {
    let mut out = Vec::new();
    let mut at = Some(id);
    while let Some(simple) = at.and_then(|id| c.simple(id)) {
        out.push(&simple.facets);
        at = simple.base;
    }
    out
}

/// True when a text is valid.
pub(in crate::xsd) fn is_valid(c: &Components, id: TypeId, text: &str) -> bool {
    broken(c, id, text).is_empty()
}

/// True when two texts are one value of the type (part 1, section 3.11.4, compares values).
pub(in crate::xsd) fn same_value(c: &Components, id: TypeId, a: &str, b: &str) -> bool {
    let read = |text: &str| {
        let text = white_space(c, id).apply(text);
        builtin(c, id).and_then(|b| value::parse(b, &text)).unwrap_or(Value::Text(text))
    };
    read(a) == read(b)
}

/// Everything a text breaks, each kind once; empty means valid. When the lexical form is wrong
/// there is no value, and nothing else is looked at.
pub(in crate::xsd) fn broken(c: &Components, id: TypeId, raw: &str) -> Vec<Broken> {
    let mut budget = EVALUATIONS;
    broken_within(c, id, raw, &mut budget)
}

fn broken_within(c: &Components, id: TypeId, raw: &str, budget: &mut usize) -> Vec<Broken> {
    let Some(simple) = c.simple(id) else { return vec![Broken::Lexical] };
    // Unions inside unions may multiply; what takes too long to look at counts as wrong, so that it
    // is not used.
    let Some(left) = budget.checked_sub(1) else { return vec![Broken::Lexical] };
    *budget = left;
    let text = white_space(c, id).apply(raw);
    let mut out = Vec::new();
    match &simple.variety {
        Variety::Atomic(builtin) => {
            let Some(value) = value::parse(*builtin, &text) else { return vec![Broken::Lexical] };
            let length = match &value {
                _ if matches!(builtin.primitive(), Builtin::QName | Builtin::Notation) => None,
                Value::Text(text) => Some(text.chars().count()),
                Value::Bytes(count, _) => Some(*count),
                _ => None,
            };
            for facets in steps(c, id) {
                lengths(facets, length, &mut out);
                bounds(*builtin, facets, &value, &mut out);
                if let Value::Decimal(decimal) = &value {
                    digits(facets, decimal, &mut out);
                }
                words(facets, &text, &mut out, |other| {
                    value::parse(*builtin, &white_space(c, id).apply(other)).as_ref()
                        == Some(&value)
                });
            }
        }
        Variety::List(item) => {
            let items: Vec<&str> = text.split(' ').filter(|s| !s.is_empty()).collect();
            if items.iter().any(|i| !broken_within(c, *item, i, budget).is_empty()) {
                return vec![Broken::Item];
            }
            for facets in steps(c, id) {
                lengths(facets, Some(items.len()), &mut out);
                words(facets, &text, &mut out, |other| WhiteSpace::Collapse.apply(other) == text);
            }
        }
        Variety::Union(members) => {
            let Some(member) =
                members.iter().find(|m| broken_within(c, **m, raw, budget).is_empty())
            else {
                return vec![Broken::Union];
            };
            for facets in steps(c, id) {
                words(facets, &text, &mut out, |other| same_value(c, *member, other, raw));
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

fn lengths(facets: &Facets, length: Option<usize>, out: &mut Vec<Broken>) {
    let Some(length) = length.and_then(|l| u64::try_from(l).ok()) else { return };
    if facets.length.is_some_and(|wanted| length != wanted) {
        out.push(Broken::Length);
    }
    if facets.min_length.is_some_and(|min| length < min) {
        out.push(Broken::MinLength);
    }
    if facets.max_length.is_some_and(|max| length > max) {
        out.push(Broken::MaxLength);
    }
}

fn bounds(builtin: Builtin, facets: &Facets, value: &Value, out: &mut Vec<Broken>) {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = |bound: &Option<String>| {
        let bound =
            value::parse(builtin.primitive(), &WhiteSpace::Collapse.apply(bound.as_ref()?))?;
        Some(value.order(&bound))
    };
    for (bound, good, kind) in [
        (&facets.min_inclusive, &[Greater, Equal][..], Broken::MinInclusive),
        (&facets.max_inclusive, &[Less, Equal][..], Broken::MaxInclusive),
        (&facets.min_exclusive, &[Greater][..], Broken::MinExclusive),
        (&facets.max_exclusive, &[Less][..], Broken::MaxExclusive),
    ] {
        if let Some(found) = order(bound)
            && !found.is_some_and(|o| good.contains(&o))
        {
            out.push(kind);
        }
    }
}

fn digits(facets: &Facets, value: &Decimal, out: &mut Vec<Broken>) {
    let over = |limit: Option<u64>, count: usize| {
        limit.is_some_and(|limit| u64::try_from(count).is_ok_and(|count| count > limit))
    };
    // 0.05 is 5 × 10^-2: its places count as well (part 2, section 4.3.11: n <= totalDigits).
    let total = value.total_digits().max(value.fraction_digits());
    if over(facets.total_digits, total) {
        out.push(Broken::TotalDigits);
    }
    if over(facets.fraction_digits, value.fraction_digits()) {
        out.push(Broken::FractionDigits);
    }
}

fn words(facets: &Facets, text: &str, out: &mut Vec<Broken>, same: impl Fn(&str) -> bool) {
    if !facets.patterns.is_empty() && !facets.patterns.iter().any(|p| p.matches(text)) {
        out.push(Broken::Pattern);
    }
    if !facets.enumeration.is_empty() && !facets.enumeration.iter().any(|e| same(e)) {
        out.push(Broken::Enumeration);
    }
}
