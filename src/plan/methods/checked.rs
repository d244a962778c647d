//! Values of the right form that cannot be right: check digits.

use super::{Right, Wrong, authority_for, base_set, negative, places, positive, set};
use crate::concept::{Aspect, Fault, ValueCheck};
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::text::iban;

/// IBANs at both edges of the check digits, and those that only a naive test takes.
pub(super) fn checked(d: &mut Derivation<'_>, method: &Method) {
    for place in places(d) {
        if place.field.check != Some(ValueCheck::Iban) {
            continue;
        }
        let Some(authority) = authority_for(d, place.message) else { continue };
        let mut edges = iban::edges();
        let good = iban::test_iban(0);
        edges.push((iban::wrong_check_digit(&good), "falsche-pruefziffer", false));
        for (value, variant, right) in edges {
            let variant = variant.split(':').next().unwrap_or_default().replace(' ', "-");
            if right {
                let what = format!("IBAN {value}");
                let aspect = Aspect::ValueCheck;
                let right = Right { variant, what, aspect, values: vec![value] };
                positive(d, method, &place, authority, right);
                continue;
            }
            let field = place.field;
            let wrong = Wrong {
                variant,
                what: format!("{}: {value} hat eine falsche Prüfziffer", field.label),
                aspect: Aspect::ValueCheck,
                fault: Fault::Value,
                change: vec![set(field, vec![value])],
                violates: format!("{} iban", field.id),
            };
            negative(d, method, place.message, &field.id, base_set(d, field), wrong);
        }
    }
}
