//! Rules.

use super::element::{STATUS_V2, identification};
use super::model::{Edition, Rule};
use super::reader::{Need, Reader, Table};
use super::value::ids_in;
use crate::xml::Element;

const V2: &Table = &[
    ("identifikation", Need::One),
    ("name", Need::One),
    ("bezeichnungEingabe", Need::Optional),
    ("bezeichnungAusgabe", Need::Optional),
    ("beschreibung", Need::Optional),
    ("definition", Need::Optional),
    ("bezug", Need::Optional),
    ("status", Need::Optional),
    ("gueltigAb", Need::Optional),
    ("gueltigBis", Need::Optional),
    ("fachlicherErsteller", Need::Optional),
    ("versionshinweis", Need::Optional),
    ("freigabedatum", Need::Optional),
    ("veroeffentlichungsdatum", Need::Optional),
    ("script", Need::Optional),
];

const V3: &Table = &[
    ("identifikation", Need::One),
    ("name", Need::One),
    ("beschreibung", Need::Optional),
    ("freitextRegel", Need::Optional),
    ("bezug", Need::Many),
    ("stichwort", Need::Many),
    ("fachlicherErsteller", Need::Optional),
    ("letzteAenderung", Need::Expected),
    ("typ", Need::Expected),
    ("param", Need::Many),
    ("ziel", Need::Many),
    ("skript", Need::Optional),
    ("fehler", Need::Many),
];

/// Kinds of rules: complex, multiplicity, validation, computation
/// (`urn:xoev-de:fim:codeliste:xdatenfelder.regeltyp`).
const KINDS: &[(&str, ())] = &[("K", ()), ("M", ()), ("V", ()), ("B", ())];

/// Reads all rules of an element.
pub(super) fn rules(reader: &mut Reader, elements: &[&Element]) -> Vec<Rule> {
    elements.iter().map(|element| rule(reader, element)).collect()
}

fn rule(reader: &mut Reader, element: &Element) -> Rule {
    let v2 = reader.edition == Edition::V2;
    let from = reader.children(element, &[if v2 { V2 } else { V3 }]);
    let (id, version) = identification(reader, &from, 'R');
    let name = reader.required_text(&from, "name");
    let (text, script) = if v2 {
        reader.choice(&from, "status", STATUS_V2);
        let text = from.text("definition").or(from.text("beschreibung")).unwrap_or_default();
        (text, from.text("script").filter(|script| !is_stub(script)))
    } else {
        reader.choice(&from, "typ", KINDS);
        (from.text("freitextRegel").unwrap_or_default(), from.text("skript"))
    };
    if text.is_empty() && script.is_none() {
        reader.warn(
            element.line,
            format!("rule {id} says nothing: it has neither prose nor a script"),
            if v2 { "fill in <definition>" } else { "fill in <freitextRegel>" },
        );
    }
    let mut names = Vec::new();
    for part in from.all("param").iter().chain(from.all("ziel")) {
        part.walk(&mut |_, inner| {
            ids_in(&inner.text(), &mut names);
            for attribute in &inner.attributes {
                ids_in(&attribute.value, &mut names);
            }
        });
    }
    ids_in(script.as_deref().unwrap_or_default(), &mut names);
    ids_in(&text, &mut names);
    Rule { id, version, name, text, script, names, line: element.line }
}

/// The empty function that editors of edition 2 write where there is no script.
fn is_stub(script: &str) -> bool {
    let dense: String = script.chars().filter(|c| !c.is_whitespace()).collect();
    matches!(dense.as_str(), "functionscript(){}" | "functionscript(){};")
}
