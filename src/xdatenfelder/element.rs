//! What all elements share, groups, and positions.

use super::field::field;
use super::model::{Edition, Group, GroupKind, Item, Position, Status};
use super::reader::{Children, Need, Reader, Table};
use super::rule::rules;
use super::value::{can_name_an_element, cardinality, odd_id};
use crate::xml::Element;

/// Deepest nesting of groups; more is a group that holds itself or a slip of an editor.
const MAX_DEPTH: usize = 40;

/// Codes of `status` in edition 2.
pub(super) const STATUS_V2: &[(&str, Status)] = &[
    ("inVorbereitung", Status::InProgress),
    ("aktiv", Status::Active),
    ("inaktiv", Status::Inactive),
];

/// Codes of `freigabestatus` in edition 3.
pub(super) const STATUS_V3: &[(&str, Status)] = &[
    ("1", Status::Planned),
    ("2", Status::InProgress),
    ("3", Status::Draft),
    ("4", Status::MethodApproved),
    ("5", Status::Silver),
    ("6", Status::Gold),
    ("7", Status::Inactive),
    ("8", Status::ToBeDeleted),
];

/// What schemas, groups and fields share in edition 2.
pub(super) const BASE_V2: &Table = &[
    ("identifikation", Need::One),
    ("name", Need::One),
    ("bezeichnungEingabe", Need::Expected),
    ("bezeichnungAusgabe", Need::Optional),
    ("beschreibung", Need::Optional),
    ("definition", Need::Optional),
    ("bezug", Need::Optional),
    ("status", Need::Expected),
    ("gueltigAb", Need::Optional),
    ("gueltigBis", Need::Optional),
    ("fachlicherErsteller", Need::Optional),
    ("versionshinweis", Need::Optional),
    ("freigabedatum", Need::Optional),
    ("veroeffentlichungsdatum", Need::Optional),
];

/// What schemas, groups and fields share in edition 3.
pub(super) const BASE_V3: &Table = &[
    ("identifikation", Need::One),
    ("name", Need::One),
    ("beschreibung", Need::Optional),
    ("definition", Need::Optional),
    ("bezug", Need::Many),
    ("freigabestatus", Need::Expected),
    ("statusGesetztAm", Need::Optional),
    ("statusGesetztDurch", Need::Optional),
    ("gueltigAb", Need::Optional),
    ("gueltigBis", Need::Optional),
    ("versionshinweis", Need::Optional),
    ("veroeffentlichungsdatum", Need::Optional),
    ("letzteAenderung", Need::Expected),
    ("stichwort", Need::Many),
    ("relation", Need::Many),
];

/// What groups and fields have besides, in edition 2.
const INNER_V2: &Table = &[
    ("schemaelementart", Need::Expected),
    ("hilfetextEingabe", Need::Optional),
    ("hilfetextAusgabe", Need::Optional),
    ("regel", Need::Many),
];

/// What groups and fields have besides, in edition 3.
const INNER_V3: &Table = &[
    ("bezeichnungEingabe", Need::Expected),
    ("bezeichnungAusgabe", Need::Optional),
    ("schemaelementart", Need::Expected),
    ("hilfetextEingabe", Need::Optional),
    ("hilfetextAusgabe", Need::Optional),
    ("regel", Need::Many),
];

/// The tables of a group or field, followed by its own.
pub(super) fn tables(edition: Edition, own: &'static Table) -> [&'static Table; 3] {
    match edition {
        Edition::V2 => [BASE_V2, INNER_V2, own],
        Edition::V3 => [BASE_V3, INNER_V3, own],
    }
}

/// Id and version out of `identifikation`. An id of another form is used with a warning, unless it
/// could not be the name of an element.
pub(super) fn identification(
    reader: &mut Reader,
    from: &Children<'_>,
    letter: char,
) -> (String, String) {
    let Some(element) = from.one("identifikation") else { return Default::default() };
    let version = match reader.edition {
        Edition::V2 => Need::Optional,
        Edition::V3 => Need::One,
    };
    let inner = reader.children(element, &[&[("id", Need::One)], &[("version", version)]]);
    let id = reader.required_text(&inner, "id");
    if version == Need::One {
        reader.required_text(&inner, "version");
    }
    if let Some(at) = inner.one("id").filter(|_| !id.is_empty()) {
        if !can_name_an_element(&id) {
            reader.error(
                at.line,
                format!("\"{id}\" cannot be an id: it is the name of an element of the message"),
                "begin with a letter and go on with letters and digits",
            );
        } else if let Some(form) = odd_id(&id, letter, reader.edition) {
            reader.warn(
                at.line,
                format!("the id \"{id}\" has another form than the standard's"),
                format!("write {form}"),
            );
        }
    }
    (id, inner.text("version").unwrap_or_default())
}

/// The approval of a schema, group or field.
pub(super) fn status(reader: &mut Reader, from: &Children<'_>) -> Option<Status> {
    match reader.edition {
        Edition::V2 => reader.choice(from, "status", STATUS_V2),
        Edition::V3 => reader.choice(from, "freigabestatus", STATUS_V3),
    }
}

/// What groups and fields share, as read.
pub(super) struct Inner {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

/// Reads what groups and fields share, and checks what is not kept.
pub(super) fn inner(reader: &mut Reader, from: &Children<'_>, letter: char) -> Inner {
    let (id, version) = identification(reader, from, letter);
    let name = reader.required_text(from, "name");
    status(reader, from);
    reader.choice(from, "schemaelementart", &[("ABS", ()), ("HAR", ()), ("RNG", ())]);
    let label = from.text("bezeichnungEingabe").unwrap_or_else(|| name.clone());
    Inner { id, version, name, label, help: from.text("hilfetextEingabe") }
}

/// Reads a group.
pub(super) fn group(reader: &mut Reader, element: &Element, depth: usize) -> Group {
    const V2: &Table = &[("struktur", Need::Many)];
    const V3: &Table = &[("art", Need::Optional), ("struktur", Need::Many)];
    let own = if reader.edition == Edition::V2 { V2 } else { V3 };
    let from = reader.children(element, &tables(reader.edition, own));
    let Inner { id, version, name, label, help } = inner(reader, &from, 'G');
    let kind = reader.choice(&from, "art", &[("X", GroupKind::Choice)]);
    let items = if depth >= MAX_DEPTH {
        reader.error(
            element.line,
            format!("groups are nested deeper than {MAX_DEPTH}"),
            "a group must not hold itself; take it out of the groups inside",
        );
        Vec::new()
    } else {
        positions(reader, from.all("struktur"), depth + 1)
    };
    let rules = rules(reader, from.all("regel"));
    let kind = kind.unwrap_or(GroupKind::Sequence);
    Group { id, version, name, label, help, kind, items, rules, line: element.line }
}

/// Reads the positions of a schema or group; those that cannot be read are left out.
pub(super) fn positions(reader: &mut Reader, list: &[&Element], depth: usize) -> Vec<Position> {
    list.iter().filter_map(|element| position(reader, element, depth)).collect()
}

fn position(reader: &mut Reader, element: &Element, depth: usize) -> Option<Position> {
    const TABLE: &Table = &[("anzahl", Need::One), ("bezug", Need::Many), ("enthaelt", Need::One)];
    let from = reader.children(element, &[TABLE]);
    let bounds = from.one("anzahl").and_then(|anzahl| {
        let text = anzahl.text().trim().to_owned();
        match cardinality(&text) {
            Ok(bounds) => Some(bounds),
            Err(why) => {
                reader.error(
                    anzahl.line,
                    format!("the anzahl \"{text}\" cannot be read: {why}"),
                    "write it as least:greatest, such as 0:1, 1:1, 2:5 or 1:*",
                );
                None
            }
        }
    });
    // What is inside is read in any case, for its findings.
    let inside = from.one("enthaelt")?;
    let held =
        reader.children(inside, &[&[("datenfeldgruppe", Need::Many), ("datenfeld", Need::Many)]]);
    let mandatory = bounds.is_some_and(|(min, _)| min > 0);
    let mut items: Vec<Item> = Vec::new();
    for child in held.all("datenfeldgruppe") {
        items.push(Item::Group(group(reader, child, depth)));
    }
    for child in held.all("datenfeld") {
        items.extend(field(reader, child, mandatory).map(|field| Item::Field(Box::new(field))));
    }
    let count = held.all("datenfeldgruppe").len() + held.all("datenfeld").len();
    if count != 1 {
        reader.error(
            inside.line,
            format!("<enthaelt> holds {count} groups and fields, and must hold exactly one"),
            "give each its own <struktur> with its own <anzahl>",
        );
        return None;
    }
    let (min, max) = bounds?;
    let item = items.pop()?;
    Some(Position { min, max, bezug: from.texts("bezug"), item, line: element.line })
}

/// A position for the one element of a file that holds a single group or field.
pub(super) fn only(item: Item) -> Vec<Position> {
    let line = item.line();
    vec![Position { min: 1, max: Some(1), bezug: None, item, line }]
}
