//! Boundary values: the value on each bound, and the one beyond it.

use super::{Place, Right, Wrong, authority_for, base_set, negative, places, positive, set};
use crate::concept::{Aspect, Fault, FieldType};
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::values::{against_pattern, fits, shift_day, shift_decimal, text_of_length};

fn good(
    d: &mut Derivation<'_>,
    method: &Method,
    place: &Place<'_>,
    variant: &str,
    what: &str,
    aspect: Aspect,
    value: String,
) {
    if let Some(authority) = authority_for(d, place.message) {
        let right =
            Right { variant: variant.into(), what: what.into(), aspect, values: vec![value] };
        positive(d, method, place, authority, right);
    }
}

fn bad(
    d: &mut Derivation<'_>,
    method: &Method,
    place: &Place<'_>,
    variant: &str,
    what: &str,
    fault: Fault,
    value: String,
) {
    let field = place.field;
    let wrong = Wrong {
        variant: variant.into(),
        what: format!("{}: {what}", field.label),
        aspect: if fault == Fault::Range { Aspect::RangeCheck } else { Aspect::LengthCheck },
        fault,
        change: vec![set(field, vec![value])],
        violates: format!("{} {variant}", field.id),
    };
    negative(d, method, place.message, &field.id, base_set(d, field), wrong);
}

/// Lengths and patterns of texts.
pub(super) fn length(d: &mut Derivation<'_>, method: &Method) {
    for place in places(d) {
        let field = place.field;
        if field.kind != FieldType::Text {
            continue;
        }
        if let Some(length) = field.length {
            let (min, max) = (length.min as usize, length.max as usize);
            for (variant, size) in [("laenge-min", min), ("laenge-max", max)] {
                let value = text_of_length(size);
                if fits(field, &value) {
                    good(
                        d,
                        method,
                        &place,
                        variant,
                        &format!("{size} Zeichen"),
                        Aspect::LengthCheck,
                        value,
                    );
                }
            }
            bad(
                d,
                method,
                &place,
                "laenge-max-plus-1",
                &format!("{} Zeichen", max + 1),
                Fault::Length,
                text_of_length(max + 1),
            );
            if min > 0 {
                bad(
                    d,
                    method,
                    &place,
                    "laenge-min-minus-1",
                    &format!("{} Zeichen", min - 1),
                    Fault::Length,
                    text_of_length(min - 1),
                );
            }
        }
        if field.pattern.is_some() {
            let example = match field.world.as_deref() {
                Some("vorgang") => "PS-0123456789AB".to_owned(),
                Some("nachricht") => "01234567-89ab-4def-8123-456789abcdef".to_owned(),
                Some("behoerde") => "14999010".to_owned(),
                _ => d.source.realistic(field, 0),
            };
            if let Some(value) = against_pattern(field, &example) {
                let what = format!("\"{value}\" verletzt das Muster");
                bad(d, method, &place, "muster", &what, Fault::Length, value);
            }
        }
    }
}

/// Ranges of numbers and dates.
pub(super) fn range(d: &mut Derivation<'_>, method: &Method) {
    for place in places(d) {
        let field = place.field;
        let Some(range) = &field.range else { continue };
        let shift = |value: &str, by: i64| match field.kind {
            FieldType::Date => shift_day(value, by),
            _ => shift_decimal(value, field.fraction.unwrap_or(0), i128::from(by)),
        };
        for (variant, value) in [("min", &range.min), ("max", &range.max)] {
            good(
                d,
                method,
                &place,
                variant,
                &format!("Grenzwert {value}"),
                Aspect::RangeCheck,
                value.clone(),
            );
        }
        for (variant, value) in
            [("min-minus-1", shift(&range.min, -1)), ("max-plus-1", shift(&range.max, 1))]
        {
            if let Some(value) = value {
                bad(
                    d,
                    method,
                    &place,
                    variant,
                    &format!("{value} liegt außerhalb"),
                    Fault::Range,
                    value,
                );
            }
        }
        if let Some(fraction) = field.fraction {
            let value = format!("1.{}", "5".repeat(fraction as usize + 1));
            let what = format!("{} Nachkommastellen", fraction + 1);
            bad(d, method, &place, "nachkomma-plus-1", &what, Fault::Range, value);
        }
        let leap = "2024-02-29".to_owned();
        if field.kind == FieldType::Date && range.min <= leap && leap <= range.max {
            good(d, method, &place, "schalttag", "29. Februar", Aspect::RangeCheck, leap);
        }
    }
}
