//! Error guessing: what real systems got wrong although the message was right, and what they let
//! pass although it was wrong.

use super::{Damaged, authority_in_turn, damaged, destination, flow, set};
use crate::concept::{Aspect, Fault, FieldType, Message, MessageKind};
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::{Change, Damage};
use crate::text::din91379;
use crate::text::moments::{clock_changes, version_flips};

/// The same message in another dress: it must be taken and arrive unchanged.
const DRESSES: [(Damage, &str, &str); 3] = [
    (Damage::ByteOrderMark, "bom", "mit Byte Order Mark"),
    (Damage::Prefixed, "praefix", "mit Präfix statt Vorgabe-Namensraum"),
    (Damage::Prolog, "prolog", "mit Kommentar und Verarbeitungsanweisung vor der Wurzel"),
];

/// The year whose special nights are used.
const YEAR: i16 = 2026;

/// The days around the changes of versions in that year.
const FLIPS: [(&str, &str); 4] = [
    ("2026-04-30", "tag-30-april"),
    ("2026-05-01", "tag-1-mai"),
    ("2026-10-31", "tag-31-oktober"),
    ("2026-11-01", "tag-1-november"),
];

/// Structures that a lax reader takes.
const STRUCTURES: [(Damage, &str, &str); 3] = [
    (Damage::WrongOrder, "reihenfolge", "die ersten beiden Elemente vertauscht"),
    (Damage::UnknownElement, "erweiterung", "mit einem unbekannten Element am Ende"),
    (Damage::Nil, "nil", "mit xsi:nil an einem Element, das nicht leer sein darf"),
];

/// Dresses, structures, rare letters, and texts that break careless escaping, for every application.
pub(super) fn field_lore(d: &mut Derivation<'_>, method: &Method) {
    for message in d.messages(MessageKind::Antrag) {
        for (damage, variant, what) in DRESSES {
            taken(d, method, message, (variant, what), Some(damage), vec![]);
        }
        let times = times(d, message);
        for (variant, what, change) in texts(d, message).into_iter().chain(times) {
            taken(d, method, message, (&variant, &what), None, vec![change]);
        }
        for (damage, variant, what) in STRUCTURES {
            let (fault, aspect) = (Fault::Schema, Aspect::Robustness);
            let how = Damaged { damage, variant, what, fault, aspect, step: "antrag" };
            damaged(d, method, message, &how);
        }
    }
}

/// Texts for the first roomy text field of a message.
fn texts(d: &Derivation<'_>, message: &Message) -> Vec<(String, String, Change)> {
    let roomy = |f: &&crate::concept::Field| {
        f.kind == FieldType::Text
            && f.pattern.is_none()
            && f.world.as_deref().is_some_and(|w| w.starts_with("person."))
            && f.length.is_some_and(|l| l.max >= 60)
    };
    let groups = d.concept.groups_of(message);
    let Some(field) = groups.iter().flat_map(|g| d.concept.fields_of(&g.id)).find(roomy) else {
        return vec![];
    };
    let max = field.length.map_or(60, |l| l.max as usize);
    let mut lines: Vec<String> = Vec::new();
    for word in din91379::samples() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= max => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    let mut out: Vec<(String, String, Change)> = (1..)
        .zip(lines)
        .map(|(n, line)| {
            let what = format!("{}: Buchstaben nach DIN 91379, Teil {n}", field.label);
            (format!("din-91379-{n}"), what, set(field, vec![line]))
        })
        .collect();
    for (variant, text) in [
        ("maskiert", "A &amp; B &lt;C&gt; &#228;"),
        ("cdata", "]]> <![CDATA[ ]]>"),
        ("leerzeichen", "Zwei  Leerzeichen"),
        ("zerlegt", "Zerlegt: A\u{308} o\u{308} e\u{301}"),
    ] {
        let what = format!("{}: \"{text}\" bleibt, wie es ist", field.label);
        out.push((variant.to_owned(), what, set(field, vec![text.to_owned()])));
    }
    out
}

/// The nights in which versions of standards change and those in which the clock does, for the first
/// time and the first free date of a message: they must arrive as they are, whatever zone a system
/// thinks in.
fn times(d: &Derivation<'_>, message: &Message) -> Vec<(String, String, Change)> {
    let groups = d.concept.groups_of(message);
    let fields = || groups.iter().flat_map(|g| d.concept.fields_of(&g.id));
    let mut out = Vec::new();
    if let Some(field) = fields().find(|f| f.kind == FieldType::Datetime && f.min > 0) {
        let flips = version_flips(YEAR).into_iter().zip(1..);
        let changes = clock_changes(YEAR).into_iter().filter(|m| m.right).zip(1..);
        let named = flips
            .map(|(m, n)| (format!("fassungswechsel-{n}"), m))
            .chain(changes.map(|(m, n)| (format!("zeitumstellung-{n}"), m)));
        for (variant, moment) in named {
            let what = format!("{}: {} ({})", field.label, moment.why, moment.text);
            out.push((variant, what, set(field, vec![moment.text])));
        }
    }
    let free = |f: &&crate::concept::Field| {
        f.kind == FieldType::Date
            && f.min > 0
            && f.range.as_ref().is_some_and(|r| {
                FLIPS.iter().all(|day| r.min.as_str() <= day.0 && day.0 <= r.max.as_str())
            })
    };
    if let Some(field) = fields().find(free) {
        for (day, variant) in FLIPS {
            let what = format!("{}: {day}, um den Wechsel der Fassungen", field.label);
            out.push((variant.to_owned(), what, set(field, vec![day.to_owned()])));
        }
    }
    out
}

fn taken(
    d: &mut Derivation<'_>,
    method: &Method,
    message: &Message,
    (variant, what): (&str, &str),
    damage: Option<Damage>,
    change: Vec<Change>,
) {
    let Some(authority) = authority_in_turn(d, message) else { return };
    let id = format!("{}/{variant}", message.id);
    let title = format!("{}: {what}", message.title);
    let Some(mut case) = d.case(method, id, title, Aspect::Robustness) else { return };
    let mut subject = valid(message, "minimal", 1, authority);
    subject.damage = damage;
    subject.change = change;
    let portal = d.portal.clone();
    case.send("antrag", &portal, subject);
    flow::wait_for(d, &mut case, message, authority);
    case.accepted(d, "antrag", None);
    if let Some(system) = destination(d, message, authority) {
        case.delivered(d, "antrag", &system, (None, None));
    }
    d.push(case);
}
