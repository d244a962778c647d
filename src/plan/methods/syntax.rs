//! Syntax testing: what is wrong with the XML itself.

use super::{Damaged, damaged};
use crate::concept::{Aspect, Fault, MessageKind};
use crate::plan::Damage;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;

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
        for (damage, variant, what, fault, aspect) in DAMAGES {
            let how = Damaged { damage, variant, what, fault, aspect, step: "pruefling" };
            damaged(d, method, message, &how);
        }
    }
}
