//! Wrong texts for a simple type: each breaks exactly one rule, shown by the evaluator of facets.

use super::WhiteSpace;
use super::builtin::Builtin;
use super::facets::{Broken, COLLECTED, broken, builtin};
use super::pattern::{combinations, counterexample, example, lengths};
use super::samples::{bytes, name_of, range, running, samples};
use super::value::is_plain_uri;
use crate::text::Decimal;
use crate::xsd::model::{Components, TypeId, Variety};

/// Most wrong lexical forms of one type.
const FORMS: usize = 3;
/// Longest wrong text, characters.
const LONGEST: u64 = 20_000;

/// A text that breaks one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::xsd) struct Fault {
    pub broken: Broken,
    /// Tells several faults of one kind apart; empty for the usual one.
    pub label: &'static str,
    pub text: String,
}

/// Wrong texts, one for each rule that can be broken alone.
pub(in crate::xsd) fn faults(c: &Components, id: TypeId) -> Vec<Fault> {
    let mut budget = COLLECTED / 10;
    within(c, id, &mut budget)
}

fn within(c: &Components, id: TypeId, budget: &mut usize) -> Vec<Fault> {
    let Some(left) = budget.checked_sub(1) else { return Vec::new() };
    *budget = left;
    let mut out: Vec<Fault> = Vec::new();
    let mut take = |label: &'static str, text: String| {
        if builtin(c, id) == Some(Builtin::AnyUri) && !is_plain_uri(&text) {
            return;
        }
        if let [one] = broken(c, id, &text)[..] {
            let same: Vec<&Fault> = out.iter().filter(|f| f.broken == one).collect();
            // What is outside a lexical space is for the list of wrong forms to say: engines
            // differ in what they let pass, above all for anyURI.
            let form = label.starts_with("form-");
            let room = match one {
                Broken::Lexical => form && same.len() < FORMS,
                _ => same.is_empty(),
            };
            if room {
                let label = label.strip_prefix("form-").unwrap_or_default();
                out.push(Fault { broken: one, label, text });
            }
        }
    };
    let good = samples(c, id);
    let Some(simple) = c.simple(id) else { return out };
    match &simple.variety {
        Variety::Atomic(builtin) => atomic(c, id, *builtin, &mut take),
        Variety::List(item) => {
            for fault in within(c, *item, budget).into_iter().filter(|f| !f.text.contains(' ')) {
                take("item", fault.text);
            }
            let range = range(c, id);
            let one = samples(c, *item).into_iter().next().map(|s| s.text).unwrap_or_default();
            let times = |count: u64| {
                vec![one.as_str(); usize::try_from(count.min(1_000)).unwrap_or(0)].join(" ")
            };
            take("longer", times(range.max_length.unwrap_or(0).saturating_add(1)));
            take("shorter", times(range.min_length.saturating_sub(1)));
        }
        Variety::Union(members) => {
            for member in members {
                for fault in within(c, *member, budget) {
                    take("member", fault.text);
                }
            }
        }
    }
    for text in ["unbekannt", "Unbekannter Wert", "X", "99", "-", "#"] {
        take("unknown", text.to_owned());
    }
    // Near misses of good texts: case, a character more, a character less.
    for sample in good.iter().take(3) {
        take("longer", format!("{}x", sample.text));
        take("longer", format!("{}0", sample.text));
        take("case", sample.text.to_uppercase());
        take("case", sample.text.to_lowercase());
        let mut shorter = sample.text.clone();
        shorter.pop();
        take("shorter", shorter);
    }
    out
}

fn atomic(
    c: &Components,
    id: TypeId,
    builtin: Builtin,
    take: &mut impl FnMut(&'static str, String),
) {
    for (label, text) in wrong_forms(builtin) {
        take(label, (*text).to_owned());
    }
    let range = range(c, id);
    let min = range.min_length;
    let longer = range.max_length.map(|m| m.saturating_add(1)).filter(|l| *l <= LONGEST);
    let shorter = min.checked_sub(1);
    match builtin.primitive() {
        Builtin::HexBinary | Builtin::Base64Binary => {
            for count in longer.into_iter().chain(shorter) {
                take("length", bytes(builtin, usize::try_from(count).unwrap_or(0)));
            }
        }
        Builtin::Decimal => numbers(&range.bounds, range.total_digits, range.fraction_digits, take),
        Builtin::String | Builtin::AnySimple | Builtin::AnyUri => {
            for count in longer.into_iter().chain(shorter) {
                let count = usize::try_from(count).unwrap_or(0);
                take("length", running(count));
                take("length", name_of(count));
                let uri = "urn:example:".chars().chain("pruefung".chars().cycle());
                take("length", uri.take(count).collect());
                for all in combinations(c, id) {
                    take("length", example(&all, count, 0).unwrap_or_default());
                }
            }
        }
        _ => moments(&range.bounds, builtin, take),
    }
    patterns(c, id, &range, take);
}

fn patterns(
    c: &Components,
    id: TypeId,
    range: &super::samples::Range,
    take: &mut impl FnMut(&'static str, String),
) {
    let counted = builtin(c, id).is_some_and(|b| {
        matches!(b.primitive(), Builtin::String | Builtin::AnyUri | Builtin::AnySimple)
    });
    let (min, max) = if counted {
        (
            usize::try_from(range.min_length.max(1)).unwrap_or(1),
            range.max_length.map_or(200, |m| usize::try_from(m).unwrap_or(200)),
        )
    } else {
        (1, 200)
    };
    let good = samples(c, id);
    let near = good.first().map_or("", |s| s.text.as_str());
    for all in combinations(c, id) {
        for pattern in &all {
            if let Some(text) = counterexample(pattern, min, max, near) {
                take("pattern", text);
            }
        }
        // The length of a good text, the letters of another alphabet.
        if let Some(length) = lengths(&all, min, max).first() {
            take("pattern", "§".repeat((*length).max(1)));
            take("pattern", "x".repeat((*length).max(1)));
        }
    }
    for text in ["§", "#", "x", "0", "Я", "漢字", "abc def", "-"] {
        take("pattern", text.to_owned());
    }
}

fn numbers(
    bounds: &[(Broken, String)],
    total: Option<u64>,
    fraction: Option<u64>,
    take: &mut impl FnMut(&'static str, String),
) {
    let places = usize::try_from(fraction.unwrap_or(0)).unwrap_or(0).min(30);
    let unit = Decimal::unit(places);
    for (kind, bound) in bounds {
        let Some(bound) = Decimal::exact(&WhiteSpace::Collapse.apply(bound)) else { continue };
        let text = match kind {
            Broken::MinInclusive => bound.minus(&unit),
            Broken::MaxInclusive => bound.plus(&unit),
            _ => bound,
        };
        take("bound", text.to_string());
    }
    if let Some(fraction) = fraction.and_then(|f| usize::try_from(f).ok()) {
        let zeros = "0".repeat(fraction.min(1_000));
        for whole in ["0", "1", "2", "10", "-1", "-2"] {
            take("places", format!("{whole}.{zeros}1"));
        }
    }
    if let Some(total) = total.and_then(|t| usize::try_from(t).ok()) {
        let total = total.min(1_000);
        take("digits", format!("1{}", "0".repeat(total)));
        take("digits", format!("-1{}", "0".repeat(total)));
        let split = places.min(total);
        take("digits", format!("{}.{}", "1".repeat(total + 1 - split), "1".repeat(split)));
    }
}

fn moments(
    bounds: &[(Broken, String)],
    builtin: Builtin,
    take: &mut impl FnMut(&'static str, String),
) {
    for (kind, bound) in bounds {
        if matches!(kind, Broken::MinExclusive | Broken::MaxExclusive) {
            take("bound", WhiteSpace::Collapse.apply(bound));
        }
    }
    if bounds.is_empty() {
        return;
    }
    let far: &[&str] = match builtin.primitive() {
        Builtin::Date => &["1000-01-01", "9999-12-31", "1000-01-01Z", "9999-12-31Z"],
        Builtin::DateTime => {
            &["1000-01-01T00:00:00", "9999-12-31T23:59:59", "1000-01-01T00:00:00Z"]
        }
        Builtin::Time => &["00:00:00", "23:59:59", "00:00:00Z", "23:59:59Z"],
        Builtin::GYear => &["1000", "9999"],
        Builtin::GYearMonth => &["1000-01", "9999-12"],
        Builtin::GMonth => &["--01", "--12"],
        Builtin::GDay => &["---01", "---31"],
        Builtin::GMonthDay => &["--01-01", "--12-31"],
        Builtin::Duration => &["-P9999Y", "P9999Y", "PT0S"],
        Builtin::Float | Builtin::Double => &["-1.0E30", "1.0E30", "0", "-INF", "INF"],
        _ => &[],
    };
    for text in far {
        take("bound", (*text).to_owned());
    }
}

/// Texts outside the lexical space, as they come from other systems. None for `anyURI`: it takes
/// nearly any text (part 2, section 3.2.17), and a receiver that takes them all is not wrong.
fn wrong_forms(builtin: Builtin) -> &'static [(&'static str, &'static str)] {
    if builtin.is_a(Builtin::Integer) {
        return &[
            ("form-words", "zwölf"),
            ("form-places", "1.0"),
            ("form-grouped", "1.234.567"),
            ("form-exponent", "1E2"),
        ];
    }
    match builtin {
        Builtin::Boolean => &[("form-german", "ja"), ("form-case", "TRUE"), ("form-number", "2")],
        Builtin::Decimal => &[
            ("form-comma", "1,50"),
            ("form-exponent", "1E2"),
            ("form-words", "zwölf"),
            ("form-grouped", "1.234.567"),
        ],
        Builtin::Float | Builtin::Double => {
            &[("form-comma", "1,50"), ("form-words", "zwölf"), ("form-infinite", "Infinity")]
        }
        Builtin::Date => &[
            ("form-german", "31.03.2026"),
            ("form-no-such-day", "2023-02-29"),
            ("form-with-time", "2026-03-31T09:15:00"),
        ],
        Builtin::DateTime => &[
            ("form-german", "31.03.2026 09:15"),
            ("form-no-such-day", "2023-02-29T09:15:00"),
            ("form-date-only", "2026-03-31"),
        ],
        Builtin::Time => &[
            ("form-no-seconds", "09:15"),
            ("form-too-late", "25:00:00"),
            ("form-german", "9 Uhr 15"),
        ],
        Builtin::GYear => &[("form-two-digits", "26"), ("form-words", "Jahr 2026")],
        Builtin::GYearMonth => &[("form-german", "03.2026"), ("form-no-such-month", "2026-13")],
        Builtin::GMonthDay => &[("form-german", "31.03."), ("form-no-such-day", "--02-30")],
        Builtin::GMonth => &[("form-words", "März"), ("form-no-such-month", "--13")],
        Builtin::GDay => &[("form-number", "15"), ("form-no-such-day", "---32")],
        Builtin::Duration => {
            &[("form-words", "3 Tage"), ("form-order", "P1M1Y"), ("form-empty", "P")]
        }
        Builtin::HexBinary => &[("form-odd", "0FB"), ("form-letters", "0G")],
        Builtin::Base64Binary => &[("form-alphabet", "Pr§fung!"), ("form-padding", "UHJ1ZWZ1bmc")],
        Builtin::Language => &[("form-long", "deutschland"), ("form-underscore", "de_DE")],
        Builtin::NmToken => &[("form-spaces", "zwei Wörter"), ("form-sign", "a#b")],
        Builtin::NameType => &[("form-digit", "1a"), ("form-spaces", "zwei Wörter")],
        Builtin::NcName | Builtin::Id | Builtin::IdRef => {
            &[("form-digit", "1a"), ("form-colon", "a:b"), ("form-spaces", "zwei Wörter")]
        }
        Builtin::QName => &[("form-digit", "1a"), ("form-colons", "a:b:c")],
        _ => &[],
    }
}
