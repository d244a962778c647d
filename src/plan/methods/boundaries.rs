//! Boundary values: the value on each bound, and the one beyond it.

use super::{Place, Right, Wrong, authority_for, base_set, negative, places, positive, set};
use crate::concept::{Aspect, Fault, Field, FieldType};
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::values::{
    LONGEST, SAMPLE_NACHRICHT, SAMPLE_VORGANG, against_pattern, fits, of_length, shift_day,
    shift_decimal,
};

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
        // Ids and keys that the run fills in cannot be stretched.
        let filled = matches!(
            field.world.as_deref(),
            Some("vorgang" | "nachricht" | "behoerde" | "leistung")
        );
        for (variant, size) in bounds_of(field).into_iter().filter(|_| !filled) {
            if let Some(value) = of_length(field, size).filter(|v| fits(field, v)) {
                let what = format!("{size} Zeichen");
                good(d, method, &place, variant, &what, Aspect::LengthCheck, value);
            }
        }
        if let Some(length) = field.length {
            let (min, max) = (length.min as usize, length.max as usize);
            let beyond =
                [("laenge-max-plus-1", Some(max + 1)), ("laenge-min-minus-1", min.checked_sub(1))];
            for (variant, size) in beyond {
                // Where the pattern allows no such length, it draws the bound, not the length.
                if let Some((size, value)) = size.and_then(|n| Some((n, of_length(field, n)?))) {
                    let what = format!("{size} Zeichen");
                    bad(d, method, &place, variant, &what, Fault::Length, value);
                }
            }
        }
        if field.pattern.is_some() {
            let example = match field.world.as_deref() {
                Some("vorgang") => SAMPLE_VORGANG.to_owned(),
                Some("nachricht") => SAMPLE_NACHRICHT.to_owned(),
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

/// The shortest and the longest text a field allows; a pattern may draw the bound before the length.
pub(super) fn bounds_of(field: &Field) -> Vec<(&'static str, usize)> {
    let Some(pattern) = field.read_pattern() else {
        return field.length.map_or(vec![], |l| {
            vec![("laenge-min", l.min as usize), ("laenge-max", l.max as usize)]
        });
    };
    let (min, max) = field.length.map_or((1, LONGEST), |l| (l.min as usize, l.max as usize));
    let allowed: Vec<usize> =
        pattern.lengths(max).iter().filter(|n| (min..=max).contains(n)).collect();
    let mut out = Vec::new();
    if let (Some(first), Some(last)) = (allowed.first(), allowed.last()) {
        out.push(("laenge-min", *first));
        // One length only, or none that ends: nothing to tell apart.
        if first != last && (field.length.is_some() || *last < LONGEST) {
            out.push(("laenge-max", *last));
        }
    }
    out
}

/// Ranges of numbers and dates.
pub(super) fn range(d: &mut Derivation<'_>, method: &Method) {
    for place in places(d) {
        let field = place.field;
        let Some(range) = &field.range else { continue };
        let shift = |value: &str, by: i64| match field.kind {
            FieldType::Date => shift_day(value, by),
            _ => shift_decimal(value, field.fraction.unwrap_or(0), by > 0),
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
            // Where the pattern allows no such value, it draws the bound, not the range.
            if let Some(value) = value.filter(|v| fits(field, v)) {
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
            // Only the digits are too many: the value lies within the range.
            let inside = if range.min.starts_with('-') { "0" } else { &range.min };
            let (whole, digits) = inside.split_once('.').unwrap_or((inside, ""));
            let value = format!("{whole}.{digits:0<width$}5", width = fraction as usize);
            let what = format!("{} Nachkommastellen", fraction + 1);
            if fits(field, &value) {
                bad(d, method, &place, "nachkomma-plus-1", &what, Fault::Range, value);
            }
        }
        let leap = "2024-02-29".to_owned();
        if field.kind == FieldType::Date && range.min <= leap && leap <= range.max {
            good(d, method, &place, "schalttag", "29. Februar", Aspect::RangeCheck, leap);
        }
    }
}
