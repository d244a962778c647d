//! Syntax testing: what is wrong with the XML itself.

use super::{authority_for, send_in_context};
use crate::concept::{Aspect, Fault, MessageKind};
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::{Damage, Validity};

const DAMAGES: [(Damage, &str, &str, Fault, Aspect); 7] = [
    (
        Damage::NotWellFormed,
        "nicht-wohlgeformt",
        "letztes Endezeichen fehlt",
        Fault::NotWellFormed,
        Aspect::SyntaxCheck,
    ),
    (Damage::Doctype, "doctype", "mit DOCTYPE", Fault::Doctype, Aspect::SyntaxCheck),
    (Damage::Empty, "leer", "ohne Inhalt", Fault::NotWellFormed, Aspect::SyntaxCheck),
    (
        Damage::WrongRoot,
        "wurzel",
        "unbekanntes Wurzelelement",
        Fault::WrongRoot,
        Aspect::SyntaxCheck,
    ),
    (
        Damage::WrongNamespace,
        "namensraum",
        "anderer Namensraum",
        Fault::WrongNamespace,
        Aspect::SyntaxCheck,
    ),
    (
        Damage::Latin1,
        "latin1",
        "in ISO-8859-1, so deklariert",
        Fault::WrongEncoding,
        Aspect::EncodingCheck,
    ),
    (
        Damage::Latin1DeclaredUtf8,
        "latin1-als-utf8",
        "in ISO-8859-1, als UTF-8 deklariert",
        Fault::WrongEncoding,
        Aspect::EncodingCheck,
    ),
];

/// Every damage to every application.
pub(super) fn syntax(d: &mut Derivation<'_>, method: &Method) {
    for message in d.messages(MessageKind::Antrag) {
        let Some(authority) = authority_for(d, message) else { continue };
        for (damage, variant, what, fault, aspect) in DAMAGES {
            let id = format!("{}/{variant}", message.id);
            let title = format!("{}: {what}", message.title);
            let Some(mut case) = d.case(method, id, title, aspect) else { continue };
            let mut subject = valid(message, "minimal", 1, authority);
            subject.damage = Some(damage);
            subject.validity = Validity::Schema;
            subject.violates = Some(what.into());
            subject.fault = Some(fault);
            let Some(step) = send_in_context(d, &mut case, message, authority, subject) else {
                continue;
            };
            case.rejected(step, d.code(fault), vec![]);
            case.absent(&[]);
            d.push(case);
        }
    }
}
