//! Good texts for a simple type: a usual one, and those on the edge of each bound.

use base64::Engine as _;

use super::WhiteSpace;
use super::builtin::Builtin;
use super::facets::{COLLECTED, builtin, is_valid, same_value, steps, white_space};
use super::pattern::{combinations, example, lengths};
use super::value::is_plain_uri;
use crate::text::Decimal;
use crate::xsd::model::{Components, TypeId, Variety};

/// Longest text that is made to meet a maximum length, characters.
const LONGEST: u64 = 2_000;
/// Most samples of one type.
const MOST: usize = 400;

/// A valid text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::xsd) struct Sample {
    /// What it stands for: `usual`, `min`, `max`, an enumeration value …
    pub label: String,
    pub text: String,
    /// On the edge of what is allowed, and not a choice of its own.
    pub edge: bool,
}

const WORDS: [&str; 8] = [
    "Prüfung der Unterlagen",
    "Straßenverkehrsamt Görlitz",
    "Größe des Grundstücks",
    "Änderung der Anschrift",
    "Übermittlung an die Behörde",
    "Jürgen Groß",
    "Müller-Lüdenscheidt",
    "Grünfläche an der Neiße",
];

/// Texts that suit a field of this name, inside an element of another.
fn hinted(around: &str, hint: &str) -> Option<&'static str> {
    let (around, hint) = (around.to_lowercase(), hint.to_lowercase());
    // What "name" means depends on what it is inside of.
    if hint == "name" || hint == "bezeichnung" {
        let table = [
            ("vorname", "Jürgen"),
            ("nachname", "Groß-Böhme"),
            ("familienname", "Groß-Böhme"),
            ("institution", "Stadt Görlitz"),
            ("organisation", "Ordnungsamt"),
            ("behoerde", "Straßenverkehrsamt Görlitz"),
            ("leser", "Straßenverkehrsamt Görlitz"),
            ("autor", "Stadt Görlitz"),
            ("datei", "Übersicht der Flächen.pdf"),
            ("code", "Übrige"),
            ("typ", "Übrige"),
        ];
        if let Some((_, text)) = table.iter().find(|(key, _)| around.contains(key)) {
            return Some(text);
        }
    }
    if hint == "ort" || hint.ends_with(".ort") {
        return Some("Görlitz");
    }
    let table = [
        ("uuid", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        ("mail", "poststelle@goerlitz.example"),
        ("telefon", "03581 6700"),
        ("postleitzahl", "02826"),
        ("plz", "02826"),
        ("hausnummer", "5a"),
        ("straße", "Große Straße"),
        ("strasse", "Große Straße"),
        ("vorname", "Jürgen"),
        ("nachname", "Groß-Böhme"),
        ("familienname", "Groß-Böhme"),
        ("version", "1.0"),
        ("produkthersteller", "Müller & Söhne GmbH"),
        ("produkt", "Prüfverfahren"),
        ("ortsteil", "Königshufen"),
        ("betreff", "Änderung der Anschrift"),
        ("uri", "urn:example:pruefung"),
        ("aktenzeichen", "32.1/2026/0815"),
        ("kennung", "AMT-0815"),
        ("code", "0001"),
        ("name", "Jürgen Groß"),
    ];
    table.iter().find(|(key, _)| hint.contains(key)).map(|(_, text)| *text)
}

/// Running text of exactly this many characters, without spaces at its ends or doubled.
pub(super) fn running(length: usize) -> String {
    let mut text: Vec<char> =
        "Prüfung der Größe für Straßen und Gewässer ".chars().cycle().take(length).collect();
    if let Some(last) = text.last_mut()
        && *last == ' '
    {
        *last = 'n';
    }
    text.into_iter().collect()
}

/// A name of exactly this many characters.
pub(super) fn name_of(length: usize) -> String {
    "Prüfstück".chars().cycle().take(length).collect()
}

/// The narrowest bounds of a type.
#[derive(Debug, Default)]
pub(super) struct Range {
    pub min_length: u64,
    pub max_length: Option<u64>,
    pub bounds: Vec<(super::Broken, String)>,
    pub fraction_digits: Option<u64>,
    pub total_digits: Option<u64>,
}

/// Collects the bounds of all derivation steps.
pub(super) fn range(c: &Components, id: TypeId) -> Range {
    use super::Broken::{MaxExclusive, MaxInclusive, MinExclusive, MinInclusive};
    let mut out = Range::default();
    let narrower = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    for facets in steps(c, id) {
        let lower = facets.length.or(facets.min_length).unwrap_or(0);
        out.min_length = out.min_length.max(lower);
        out.max_length = narrower(out.max_length, facets.length.or(facets.max_length));
        out.fraction_digits = narrower(out.fraction_digits, facets.fraction_digits);
        out.total_digits = narrower(out.total_digits, facets.total_digits);
        for (kind, bound) in [
            (MinInclusive, &facets.min_inclusive),
            (MaxInclusive, &facets.max_inclusive),
            (MinExclusive, &facets.min_exclusive),
            (MaxExclusive, &facets.max_exclusive),
        ] {
            if let Some(bound) = bound {
                out.bounds.push((kind, bound.clone()));
            }
        }
    }
    if let Some(builtin) = builtin(c, id) {
        let (min, max) = builtin.bounds();
        out.bounds.extend(min.map(|m| (MinInclusive, m.to_string())));
        out.bounds.extend(max.map(|m| (MaxInclusive, m.to_string())));
        if builtin.is_a(Builtin::Integer) {
            out.fraction_digits = Some(0);
        }
    }
    out
}

/// The usual text for a field of this name inside an element of another; none when the type has no value.
pub(in crate::xsd) fn usual(
    c: &Components,
    id: TypeId,
    around: &str,
    hint: &str,
) -> Option<String> {
    let simple = c.simple(id)?;
    let free = matches!(&simple.variety, Variety::Atomic(b)
        if matches!(b.primitive(), Builtin::String | Builtin::AnySimple)
            && !b.is_a(Builtin::NameType) && !b.is_a(Builtin::NmToken));
    if free && steps(c, id).iter().all(|f| f.enumeration.is_empty()) {
        let start = hint.bytes().fold(0_usize, |a, b| a.wrapping_mul(31).wrapping_add(b.into()));
        let words = (0..WORDS.len()).map(|i| WORDS[(start + i) % WORDS.len()]);
        for text in hinted(around, hint).into_iter().chain(words) {
            if is_valid(c, id, text) {
                return Some(text.to_owned());
            }
        }
    }
    samples(c, id).into_iter().next().map(|s| s.text)
}

/// Good texts: a usual one first, then the edges; all of them valid, all different.
pub(in crate::xsd) fn samples(c: &Components, id: TypeId) -> Vec<Sample> {
    let mut out = Vec::new();
    let mut budget = COLLECTED;
    collect(c, id, &mut budget, &mut out);
    out
}

fn collect(c: &Components, id: TypeId, budget: &mut usize, out: &mut Vec<Sample>) {
    let Some(simple) = c.simple(id) else { return };
    let Some(left) = budget.checked_sub(1) else { return };
    *budget = left;
    let mut take = |label: &str, text: String| {
        let known = out.iter().any(|s| s.text == text || label == "usual" && s.label == label);
        let plain = builtin(c, id) != Some(Builtin::AnyUri) || is_plain_uri(&text);
        if !known && plain && out.len() < MOST && is_valid(c, id, &text) {
            let edge = !out.is_empty();
            out.push(Sample { label: label.to_owned(), text, edge });
        }
    };
    if let Some(values) = steps(c, id).into_iter().map(|f| &f.enumeration).find(|e| !e.is_empty()) {
        for text in values {
            take(text, text.clone());
        }
        out.iter_mut().for_each(|s| s.edge = false);
        return;
    }
    match &simple.variety {
        Variety::Atomic(builtin) => atomic(c, id, *builtin, &mut take),
        Variety::List(item) => {
            let range = range(c, id);
            let mut items = Vec::new();
            collect(c, *item, budget, &mut items);
            let most = range.max_length.unwrap_or(3).min(50);
            let joined = |count: u64| {
                let count = usize::try_from(count).unwrap_or(0);
                let texts = items.iter().cycle().take(count).map(|s| s.text.as_str());
                if items.is_empty() { String::new() } else { texts.collect::<Vec<_>>().join(" ") }
            };
            take("usual", joined(range.min_length.max(1)));
            take("min", joined(range.min_length));
            take("max", joined(most));
        }
        Variety::Union(members) => {
            for (index, member) in members.iter().enumerate() {
                let mut inner = Vec::new();
                collect(c, *member, budget, &mut inner);
                for sample in inner {
                    take(&format!("member-{}-{}", index + 1, sample.label), sample.text);
                }
            }
            let mut seen = Vec::new();
            for sample in out.iter_mut() {
                let member: String = sample.label.chars().take(9).collect();
                sample.edge = seen.contains(&member);
                seen.push(member);
            }
        }
    }
}

fn atomic(c: &Components, id: TypeId, builtin: Builtin, take: &mut impl FnMut(&str, String)) {
    let range = range(c, id);
    let min = range.min_length;
    let max = range.max_length;
    match builtin.primitive() {
        Builtin::String | Builtin::AnySimple | Builtin::AnyUri => {
            text(c, id, builtin, &range, take);
        }
        Builtin::Decimal => numbers(&range, take),
        Builtin::HexBinary | Builtin::Base64Binary => {
            let usual = min.max(9).min(max.unwrap_or(u64::MAX));
            for (label, count) in [("usual", usual), ("min", min), ("max", max.unwrap_or(usual))] {
                if count <= LONGEST {
                    take(label, bytes(builtin, usize::try_from(count).unwrap_or(0)));
                }
            }
        }
        _ => {}
    }
    for (label, candidate) in candidates(builtin) {
        take(label, (*candidate).to_owned());
    }
    for (kind, bound) in &range.bounds {
        let label = match kind {
            super::Broken::MinInclusive | super::Broken::MinExclusive => "min",
            _ => "max",
        };
        take(label, WhiteSpace::Collapse.apply(bound));
    }
    patterned(c, id, &range, take);
}

/// Bytes as text: "Prüfung…", so that what is decoded can be read.
pub(super) fn bytes(builtin: Builtin, count: usize) -> String {
    let raw: Vec<u8> = "Pruefung ".bytes().cycle().take(count).collect();
    if builtin.primitive() == Builtin::HexBinary {
        raw.iter().map(|b| format!("{b:02X}")).collect()
    } else {
        base64::engine::general_purpose::STANDARD.encode(raw)
    }
}

fn candidates(builtin: Builtin) -> &'static [(&'static str, &'static str)] {
    match builtin {
        Builtin::Language => &[("usual", "de"), ("region", "de-DE")],
        Builtin::NmToken | Builtin::NameType | Builtin::NcName => &[("usual", "Angabe-1")],
        Builtin::Id | Builtin::IdRef => &[("usual", "id-1")],
        Builtin::QName => &[("usual", "Angabe")],
        Builtin::AnyUri => &[("usual", "urn:example:pruefung"), ("web", "https://amt.example/a")],
        Builtin::Boolean => &[("usual", "true"), ("false", "false"), ("1", "1"), ("0", "0")],
        Builtin::Float | Builtin::Double => {
            &[("usual", "12.5"), ("exponent", "1.25E2"), ("negative", "-3"), ("infinite", "INF")]
        }
        Builtin::Duration => &[("usual", "P1Y2M3DT4H5M6S"), ("day", "P1D"), ("time", "PT90M")],
        Builtin::Date => &[
            ("usual", "2026-03-31"),
            ("leap-day", "2024-02-29"),
            ("last-day", "2027-12-31"),
            ("early", "1900-03-01"),
            ("late", "2099-12-31"),
            ("zone", "2026-03-31+02:00"),
        ],
        Builtin::DateTime => &[
            ("usual", "2026-03-31T09:15:00"),
            ("leap-day", "2024-02-29T12:00:00Z"),
            ("offset", "2026-03-31T09:15:00+02:00"),
            ("fraction", "2026-12-31T23:59:59.999"),
            ("early", "1900-03-01T00:00:00"),
            ("late", "2099-12-31T23:59:59"),
        ],
        Builtin::Time => &[
            ("usual", "09:15:00"),
            ("midnight", "00:00:00"),
            ("last", "23:59:59"),
            ("zone", "09:15:00Z"),
        ],
        Builtin::GYear => &[("usual", "2026"), ("early", "1900"), ("late", "2099")],
        Builtin::GYearMonth => &[("usual", "2026-03"), ("last", "2027-12"), ("early", "1900-01")],
        Builtin::GMonthDay => &[("usual", "--03-31"), ("leap-day", "--02-29")],
        Builtin::GMonth => &[("usual", "--03"), ("last", "--12")],
        Builtin::GDay => &[("usual", "---15"), ("last", "---31")],
        _ => &[],
    }
}

fn text(
    c: &Components,
    id: TypeId,
    builtin: Builtin,
    range: &Range,
    take: &mut impl FnMut(&str, String),
) {
    let (min, max) = (range.min_length, range.max_length);
    let names = builtin.is_a(Builtin::NmToken) || builtin.is_a(Builtin::NameType);
    let of = |length: u64| {
        let length = usize::try_from(length).unwrap_or(0);
        if names {
            name_of(length)
        } else if builtin == Builtin::AnyUri {
            "urn:example:".chars().chain("pruefung".chars().cycle()).take(length).collect()
        } else {
            running(length)
        }
    };
    if builtin != Builtin::Id && builtin != Builtin::IdRef && builtin != Builtin::AnyUri {
        for word in WORDS.iter().chain(&["Görlitz", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"]) {
            if is_valid(c, id, word) {
                take("usual", (*word).to_owned());
                break;
            }
        }
    }
    if min > 0 && min <= LONGEST {
        take("min", of(min));
    }
    if let Some(max) = max.filter(|m| *m <= LONGEST) {
        take("max", of(max));
    }
    let free = combinations(c, id).is_empty();
    if min == 0 && free && matches!(builtin.primitive(), Builtin::String) && !names {
        take("empty", String::new());
    }
    if free && white_space(c, id) == WhiteSpace::Preserve && max.is_none_or(|m| m > 40) {
        take("lines", "Erste Zeile\nzweite Zeile mit ß".to_owned());
    }
}

fn patterned(c: &Components, id: TypeId, range: &Range, take: &mut impl FnMut(&str, String)) {
    let min = usize::try_from(range.min_length).unwrap_or(usize::MAX);
    let max = range.max_length.map_or(200, |m| usize::try_from(m).unwrap_or(usize::MAX));
    // For types whose length is not a count of characters the facets do not bound the text.
    let counted = builtin(c, id).is_some_and(|b| {
        matches!(b.primitive(), Builtin::String | Builtin::AnyUri | Builtin::AnySimple)
    });
    let (min, max) = if counted { (min, max) } else { (0, 200) };
    for (index, all) in combinations(c, id).iter().enumerate() {
        let possible = lengths(all, min, max);
        let usual = possible.iter().find(|l| **l >= 8).or(possible.last());
        for (label, length) in [
            ("pattern", usual),
            ("pattern-min", possible.first()),
            ("pattern-max", possible.last()),
        ] {
            let Some(length) = length else { continue };
            let label = format!("{label}-{}", index + 1);
            let read = std::iter::once(running(*length));
            let made = (0..4).filter_map(|nth| example(all, *length, nth));
            if let Some(text) = read.chain(made).find(|text| is_valid(c, id, text)) {
                take(&label, text);
            }
        }
    }
}

fn numbers(range: &Range, take: &mut impl FnMut(&str, String)) {
    let places = usize::try_from(range.fraction_digits.unwrap_or(2)).unwrap_or(2).min(18);
    let unit = Decimal::unit(places);
    if places > 0 {
        take("usual", "12.5".to_owned());
        take("usual", "0.5".to_owned());
    }
    for text in ["42", "7", "1", "0", "-1", "-42"] {
        take(if text.starts_with('-') { "negative" } else { "usual" }, text.to_owned());
    }
    let mut edges = Vec::new();
    for (kind, bound) in &range.bounds {
        let Some(bound) = Decimal::exact(&WhiteSpace::Collapse.apply(bound)) else { continue };
        edges.push(match kind {
            super::Broken::MinInclusive => ("min", bound),
            super::Broken::MaxInclusive => ("max", bound),
            super::Broken::MinExclusive => ("min", bound.plus(&unit)),
            _ => ("max", bound.minus(&unit)),
        });
    }
    if let Some(total) = range.total_digits.and_then(|t| usize::try_from(t).ok()) {
        let total = total.min(100);
        let places = if range.fraction_digits.is_some() { places.min(total) } else { 0 };
        let mut text = "9".repeat(total - places);
        if text.is_empty() {
            text.push('0');
        }
        if places > 0 {
            text.push('.');
            text.push_str(&"9".repeat(places));
        }
        take("digits", text);
    }
    for (label, edge) in edges {
        take(label, edge.to_string());
    }
}

/// Further valid texts, one for each `nth`, different as values from all in `known`.
pub(in crate::xsd) fn distinct(c: &Components, id: TypeId, known: &[&str]) -> Option<String> {
    let fresh =
        |text: &String| is_valid(c, id, text) && !known.iter().any(|k| same_value(c, id, k, text));
    let base = samples(c, id);
    if let Some(found) = base.iter().map(|s| s.text.clone()).find(fresh) {
        return Some(found);
    }
    let start = known.len() + 1;
    let first = base.first().map(|s| s.text.clone()).unwrap_or_default();
    for n in start..start + 500 {
        let mut tries = vec![format!("{first}-{n}"), n.to_string(), format!("{first}{n}")];
        if let Some(builtin) = builtin(c, id)
            && builtin == Builtin::Date
        {
            tries.push(format!("20{:02}-{:02}-{:02}", n % 100, n % 12 + 1, n % 28 + 1));
        }
        for all in combinations(c, id) {
            for length in lengths(&all, 0, 200).into_iter().rev().take(3) {
                tries.extend(example(&all, length, n));
            }
        }
        if let Some(found) = tries.into_iter().find(fresh) {
            return Some(found);
        }
    }
    None
}

/// True when the type has the built-in type, itself or as item of a list.
pub(in crate::xsd) fn involves(c: &Components, id: TypeId, wanted: Builtin) -> bool {
    match c.simple(id).map(|s| &s.variety) {
        Some(Variety::Atomic(builtin)) => builtin.is_a(wanted),
        Some(Variety::List(item)) => builtin(c, *item).is_some_and(|b| b.is_a(wanted)),
        _ => false,
    }
}
