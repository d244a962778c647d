//! From bytes to the tree: the root of a file and the schema itself.

use super::check;
use super::element::{BASE_V2, BASE_V3, STATUS_V2, group, identification, only, positions, status};
use super::field::field;
use super::model::{DataSchema, Edition, Item, Scope};
use super::reader::{Children, Lines, Need, Reader, Table};
use super::rule::rules;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::xml::{self, Element};

/// The roots, what they hold, and what that is.
const ROOTS: [(&str, &str, Scope); 3] = [
    ("xdatenfelder.stammdatenschema.0102", "stammdatenschema", Scope::Schema),
    ("xdatenfelder.datenfeldgruppe.0103", "datenfeldgruppe", Scope::Group),
    ("xdatenfelder.datenfeld.0104", "datenfeld", Scope::Field),
];

const HEADER: &Table = &[
    ("nachrichtID", Need::Expected),
    ("erstellungszeitpunkt", Need::Expected),
    ("referenzID", Need::Optional),
];

const SCHEMA_V2: &Table = &[
    ("hilfetext", Need::Optional),
    ("ableitungsmodifikationenStruktur", Need::Optional),
    ("ableitungsmodifikationenRepraesentation", Need::Optional),
    ("dokumentensteckbrief", Need::Optional),
    ("dokumentsteckbrief", Need::Optional),
    ("regel", Need::Many),
    ("struktur", Need::Many),
];

const SCHEMA_V3: &Table = &[
    ("bezeichnung", Need::Expected),
    ("hilfetext", Need::Optional),
    ("ableitungsmodifikationenStruktur", Need::Optional),
    ("ableitungsmodifikationenRepraesentation", Need::Optional),
    ("dokumentsteckbrief", Need::Optional),
    ("regel", Need::Many),
    ("struktur", Need::Many),
];

/// Reads a file. `name` is what findings call it.
///
/// # Errors
/// Everything that makes the file unusable, with the warnings beside it.
pub fn read(name: &str, bytes: &[u8]) -> Result<DataSchema, Diagnostics> {
    let text = xml::decode(bytes)
        .map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), |decoded| decoded.text);
    let lines = Lines::new(&text);
    let source = Source { name: name.to_owned(), text };
    let refuse = |span, message: String, help: &str| {
        Err(Diagnostics::new(source.clone(), vec![Diagnostic::error(span, message, help)]))
    };
    let document = match xml::parse(bytes) {
        Ok(document) => document,
        Err(error) => {
            // The parser does not tell where a DOCTYPE stands.
            let doctype = (error.kind == xml::ParseErrorKind::Doctype)
                .then(|| source.text.find("<!DOCTYPE"))
                .flatten();
            let span = match doctype {
                Some(start) => start..start + "<!DOCTYPE".len(),
                None => lines.span(error.line),
            };
            return refuse(
                span,
                format!("the file cannot be read as XML: {}", error.message),
                "save it anew from the editor it comes from",
            );
        }
    };
    let root = &document.root;
    let span = lines.span(root.line);
    let Some(edition) =
        [Edition::V2, Edition::V3].into_iter().find(|e| e.namespace() == root.namespace)
    else {
        return refuse(
            span,
            format!(
                "<{}> has the namespace \"{}\", which is none of XDatenfelder",
                root.name, root.namespace
            ),
            "XDatenfelder 2 is urn:xoev-de:fim:standard:xdatenfelder_2, XDatenfelder 3 is urn:xoev-de:fim:standard:xdatenfelder_3.0.0",
        );
    };
    if root.name == "xdatenfelder.dokumentsteckbrief.0101" {
        return refuse(
            span,
            "a Dokumentsteckbrief says what a document is for; it holds no data fields".to_owned(),
            "give the stammdatenschema.0102 that belongs to it",
        );
    }
    let Some((_, inside, scope)) = ROOTS.into_iter().find(|(known, ..)| *known == root.name) else {
        return refuse(
            span,
            format!("<{}> is no root of XDatenfelder that holds fields", root.name),
            "known here: xdatenfelder.stammdatenschema.0102, xdatenfelder.datenfeldgruppe.0103, xdatenfelder.datenfeld.0104",
        );
    };
    let mut reader = Reader::new(edition, lines);
    let from = reader.children(root, &[&[("header", Need::Expected)], &[(inside, Need::One)]]);
    if let Some(header) = from.one("header") {
        reader.children(header, &[HEADER]);
    }
    let read = from.one(inside).and_then(|element| body(&mut reader, element, scope));
    match read {
        Some(mut schema) if !reader.failed() => {
            check::tree(&mut reader, &schema);
            if !reader.failed() {
                schema.warnings = Diagnostics::new(source, reader.findings).list;
                return Ok(schema);
            }
        }
        _ => {}
    }
    Err(Diagnostics::new(source, reader.findings))
}

/// Reads what the root holds; `None` after an error that leaves no tree.
fn body(reader: &mut Reader, element: &Element, scope: Scope) -> Option<DataSchema> {
    let edition = reader.edition;
    let empty = DataSchema {
        edition,
        scope,
        id: String::new(),
        version: String::new(),
        name: String::new(),
        description: String::new(),
        status: None,
        items: Vec::new(),
        rules: Vec::new(),
        warnings: Vec::new(),
    };
    if scope == Scope::Schema {
        return Some(schema(reader, element, empty));
    }
    let item = if scope == Scope::Group {
        Item::Group(group(reader, element, 0))
    } else {
        Item::Field(Box::new(field(reader, element, true)?))
    };
    let (id, version, name) = match &item {
        Item::Group(group) => (group.id.clone(), group.version.clone(), group.name.clone()),
        Item::Field(field) => (field.id.clone(), field.version.clone(), field.name.clone()),
    };
    let code = |outer: &str| element.child(outer).and_then(|e| e.child_text("code"));
    let status = match edition {
        Edition::V2 => code("status").and_then(|word| find(STATUS_V2, &word)),
        Edition::V3 => {
            code("freigabestatus").and_then(|word| find(super::element::STATUS_V3, &word))
        }
    };
    let description = element.child_text("beschreibung").unwrap_or_default();
    Some(DataSchema { id, version, name, description, status, items: only(item), ..empty })
}

fn find<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

fn schema(reader: &mut Reader, element: &Element, empty: DataSchema) -> DataSchema {
    let tables: [&Table; 2] = match reader.edition {
        Edition::V2 => [BASE_V2, SCHEMA_V2],
        Edition::V3 => [BASE_V3, SCHEMA_V3],
    };
    let from: Children<'_> = reader.children(element, &tables);
    let (id, version) = identification(reader, &from, 'S');
    let name = reader.required_text(&from, "name");
    let status = status(reader, &from);
    for modification in
        ["ableitungsmodifikationenStruktur", "ableitungsmodifikationenRepraesentation"]
    {
        reader.code(&from, modification);
    }
    let rules = rules(reader, from.all("regel"));
    let items = positions(reader, from.all("struktur"), 0);
    if from.all("struktur").is_empty() {
        reader.warn(element.line, format!("the schema {id} holds no fields"), "add <struktur>");
    }
    let description = from.text("beschreibung").unwrap_or_default();
    DataSchema { id, version, name, description, status, rules, items, ..empty }
}
