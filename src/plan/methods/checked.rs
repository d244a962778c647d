//! Values of the right form that cannot be right: check digits.

use super::{Right, authority_for, base_set, places, positive, send_in_context, set};
use crate::concept::{Aspect, Fault, ValueCheck};
use crate::plan::Validity;
use crate::plan::builder::valid;
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
            let id = format!("{}/{}/{variant}", place.message.id, field.id);
            let title = format!("{}: {value} hat eine falsche Prüfziffer", field.label);
            let Some(mut case) = d.case(method, id, title, Aspect::ValueCheck) else { continue };
            let mut subject = valid(place.message, base_set(d, field), 1, authority);
            subject.change = vec![set(field, vec![value])];
            subject.validity = Validity::Rule;
            subject.violates = Some(format!("{} iban", field.id));
            subject.fault = Some(Fault::Value);
            let sent = send_in_context(d, &mut case, place.message, authority, subject);
            let Some(step) = sent else { continue };
            case.rejected(step, d.code(Fault::Value), vec![]);
            case.absent(&[step]);
            d.push(case);
        }
    }
}
