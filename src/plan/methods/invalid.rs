//! Equivalence partitions of invalid messages: each with exactly one fault.

use super::{Wrong, base_of_group, base_set, negative, places, set};
use crate::concept::{Aspect, Fault, Field, FieldType};
use crate::plan::Change;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;

/// Each mandatory field missing, each mandatory group missing.
pub(super) fn missing(d: &mut Derivation<'_>, method: &Method) {
    for place in places(d) {
        let field = place.field;
        if field.min == 0 {
            continue;
        }
        let wrong = Wrong {
            variant: "fehlt".into(),
            what: format!("{}: fehlt", field.label),
            aspect: Aspect::MandatoryCheck,
            fault: Fault::Missing,
            change: vec![set(field, vec![])],
            violates: format!("{} min {}", field.id, field.min),
        };
        negative(d, method, place.message, &field.id, base_set(d, field), wrong);
    }
    for (message, group) in group_places(d) {
        if group.min > 0 && message.groups.len() > 1 && !group.path.is_empty() {
            let wrong = Wrong {
                variant: "fehlt".into(),
                what: format!("{}: die ganze Gruppe fehlt", group.title),
                aspect: Aspect::MandatoryCheck,
                fault: Fault::Missing,
                change: vec![Change::Repeat { group: group.id.clone(), times: 0 }],
                violates: format!("{} min {}", group.id, group.min),
            };
            let outer = group.within.as_ref().and_then(|id| d.concept.group(id));
            let base = base_of_group(d, outer);
            negative(d, method, message, &format!("gruppe-{}", group.id), base, wrong);
        }
    }
}

fn group_places<'a>(
    d: &Derivation<'a>,
) -> Vec<(&'a crate::concept::Message, &'a crate::concept::Group)> {
    let mut seen = std::collections::BTreeSet::new();
    let mut out = Vec::new();
    for place in places(d) {
        if let Some(group) = d.concept.group(&place.field.group)
            && seen.insert(group.id.clone())
        {
            out.push((place.message, group));
        }
    }
    out
}

/// Each field and group once more than allowed.
pub(super) fn too_many(d: &mut Derivation<'_>, method: &Method) {
    for place in places(d) {
        let field = place.field;
        if field.unbounded {
            continue;
        }
        let values = (0..=field.max as usize).map(|n| d.source.realistic(field, n)).collect();
        let wrong = Wrong {
            variant: "max-plus-1".into(),
            what: format!("{}: {} statt höchstens {}", field.label, field.max + 1, field.max),
            aspect: Aspect::CardinalityCheck,
            fault: Fault::TooMany,
            change: vec![set(field, values)],
            violates: format!("{} max {}", field.id, field.max),
        };
        negative(d, method, place.message, &field.id, base_set(d, field), wrong);
    }
    for (message, group) in group_places(d) {
        if group.unbounded || group.path.is_empty() {
            continue;
        }
        let base = base_of_group(d, Some(group));
        let wrong = Wrong {
            variant: "max-plus-1".into(),
            what: format!(
                "{}: die Gruppe {} statt höchstens {} Mal",
                group.title,
                group.max + 1,
                group.max
            ),
            aspect: Aspect::CardinalityCheck,
            fault: Fault::TooMany,
            change: vec![Change::Repeat { group: group.id.clone(), times: group.max + 1 }],
            violates: format!("{} max {}", group.id, group.max),
        };
        negative(d, method, message, &format!("gruppe-{}", group.id), base, wrong);
    }
}

/// Values of the wrong type, as people and programs really write them.
pub(super) fn wrong_type(d: &mut Derivation<'_>, method: &Method) {
    for place in places(d) {
        let field = place.field;
        let zoned = zoned(field).unwrap_or_else(|| format!("{}Z", d.source.realistic(field, 0)));
        let values: &[(&str, &str)] = match field.kind {
            FieldType::Date => {
                &[("deutsch", "31.12.2026"), ("kein-schalttag", "2027-02-29"), ("mit-zone", &zoned)]
            }
            FieldType::Datetime => &[("nur-datum", "2026-12-31"), ("deutsch", "31.12.2026 08:00")],
            FieldType::Integer => &[("wort", "zwei"), ("komma", "1,5"), ("leer", "")],
            FieldType::Decimal => {
                &[("komma", "26,00"), ("exponent", "2.6E1"), ("waehrung", "26.00 EUR")]
            }
            FieldType::Boolean => &[("wort", "ja"), ("leer", "")],
            FieldType::Text | FieldType::Code => &[],
        };
        for (variant, value) in values {
            let wrong = Wrong {
                variant: (*variant).into(),
                what: format!("{}: \"{value}\" ist kein Wert dieses Typs", field.label),
                aspect: Aspect::TypeCheck,
                fault: Fault::WrongType,
                change: vec![set(field, vec![(*value).into()])],
                violates: format!("{} Typ", field.id),
            };
            negative(d, method, place.message, &field.id, base_set(d, field), wrong);
        }
    }
}

/// A day in the middle of the field's range with a zone: only the zone is wrong with it, and at a
/// bound a day with zone would be neither before nor after one without.
fn zoned(field: &Field) -> Option<String> {
    let range = field.range.as_ref()?;
    let (min, max): (jiff::civil::Date, jiff::civil::Date) =
        (range.min.parse().ok()?, range.max.parse().ok()?);
    let days = (max - min).get_days();
    Some(format!("{}Z", min.checked_add(jiff::Span::new().days(days / 2)).ok()?))
}

/// Codes that are not in the list.
pub(super) fn unknown_code(d: &mut Derivation<'_>, method: &Method) {
    for place in places(d) {
        let field = place.field;
        let Some(list) = field.code_list.as_ref().and_then(|id| d.concept.code_list(id)) else {
            continue;
        };
        let first = list.codes.keys().next().cloned().unwrap_or_default();
        let unknown: String = "9".repeat(first.chars().count().max(1) + 1);
        for (variant, value) in [
            ("unbekannt", unknown),
            ("leerzeichen", format!("{first} ")),
            ("name-statt-schluessel", list.codes[&first].clone()),
        ] {
            if list.codes.contains_key(&value) {
                continue;
            }
            let wrong = Wrong {
                variant: variant.into(),
                what: format!("{}: \"{value}\" ist nicht in der Liste {}", field.label, list.id),
                aspect: Aspect::CodeCheck,
                fault: Fault::Code,
                change: vec![set(field, vec![value])],
                violates: format!("{} Codeliste {} {}", field.id, list.uri, list.version),
            };
            negative(d, method, place.message, &field.id, base_set(d, field), wrong);
        }
    }
}
