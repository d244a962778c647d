//! From values to the tree of a message.

use base64::Engine as _;

use super::case::Change;
use super::contents::document_bytes;
use super::types::{DocumentUse, PlanGroup, PlanMessage, ValuePart, ValueSet};
use crate::xml::{Element, Node};

/// What stands for a placeholder in a value.
#[derive(Debug, Clone, Default)]
pub struct Filling {
    /// Number of the case.
    pub vorgang: String,
    /// The same as a UUID, where a schema wants one.
    pub vorgang_uuid: String,
    /// Id of the message.
    pub nachricht: String,
    /// Authority key.
    pub behoerde: String,
    /// LeiKa key.
    pub leistung: String,
}

/// A value set after a case's changes, with its placeholders filled.
pub fn changed(
    message: &PlanMessage,
    set: &ValueSet,
    changes: &[Change],
    filling: &Filling,
) -> (Vec<ValuePart>, Vec<DocumentUse>) {
    let (mut parts, documents) = applied(message, set, changes);
    let filled = [
        ("{vorgang}", &filling.vorgang),
        ("{nachricht}", &filling.nachricht),
        ("{behoerde}", &filling.behoerde),
        ("{leistung}", &filling.leistung),
    ];
    for value in parts.iter_mut().flat_map(|p| p.values.values_mut()).flatten() {
        for (name, text) in filled {
            if value.contains(name) {
                *value = value.replace(name, text);
            }
        }
    }
    (parts, documents)
}

/// A value set after changes, its placeholders as they are.
pub(super) fn applied(
    message: &PlanMessage,
    set: &ValueSet,
    changes: &[Change],
) -> (Vec<ValuePart>, Vec<DocumentUse>) {
    let mut parts = set.part.clone();
    let mut documents = set.document.clone();
    for change in changes {
        apply(message, &mut parts, &mut documents, change);
    }
    (parts, documents)
}

fn apply(
    message: &PlanMessage,
    parts: &mut Vec<ValuePart>,
    documents: &mut Vec<DocumentUse>,
    change: &Change,
) {
    match change {
        Change::Set { group, occurrence, field, values } => {
            let part = parts.iter_mut().filter(|p| &p.group == group).nth(*occurrence as usize);
            if let Some(part) = part {
                if values.is_empty() {
                    part.values.remove(field);
                } else {
                    part.values.insert(field.clone(), values.clone());
                }
            }
        }
        Change::Repeat { group, times } => repeat(message, parts, group, *times),
        Change::Documents { documents: new } => documents.clone_from(new),
    }
}

/// Repeats the first occurrence of a group, with all that lies within it, so many times.
fn repeat(message: &PlanMessage, parts: &mut Vec<ValuePart>, group: &str, times: u32) {
    let Some(first) = parts.iter().position(|p| p.group == group) else { return };
    let block = parts[first..first + block_length(message, &parts[first..])].to_vec();
    let outer = outer_of(message, group);
    let mut at = first;
    while let Some(part) = parts.get(at) {
        if part.group == group {
            let length = block_length(message, &parts[at..]);
            parts.drain(at..at + length);
        } else if Some(part.group.as_str()) == outer || outer.is_none() && !inside(message, part) {
            break;
        } else {
            at += 1;
        }
    }
    for _ in 0..times {
        for (offset, part) in block.iter().enumerate() {
            parts.insert(first + offset, part.clone());
        }
    }
}

fn inside(message: &PlanMessage, part: &ValuePart) -> bool {
    outer_of(message, &part.group).is_some()
}

fn outer_of<'a>(message: &'a PlanMessage, group: &str) -> Option<&'a str> {
    message.group.iter().find(|g| g.id == group)?.within.as_deref()
}

/// How many parts the first one has with all that lies within it.
fn block_length(message: &PlanMessage, parts: &[ValuePart]) -> usize {
    let Some(first) = parts.first() else { return 0 };
    let within = |part: &ValuePart| {
        let mut at = part.group.as_str();
        while let Some(outer) = outer_of(message, at) {
            if outer == first.group {
                return true;
            }
            at = outer;
        }
        false
    };
    1 + parts[1..].iter().take_while(|p| within(p)).count()
}

/// The element around all documents of a message.
pub const ENCLOSURES: &str = "Anlagen";

/// The tree of a message.
pub fn tree(message: &PlanMessage, parts: &[ValuePart], documents: &[DocumentUse]) -> Element {
    let ns = &message.namespace;
    let mut root = Element::new(ns, &message.root);
    for group in message.group.iter().filter(|g| g.within.is_none()) {
        add_group(&mut root, message, group, parts);
    }
    if !documents.is_empty() {
        let mut all = Element::new(ns, ENCLOSURES);
        for id in &message.documents {
            for document in documents.iter().filter(|d| &d.document == id) {
                let content =
                    base64::engine::general_purpose::STANDARD.encode(document_bytes(document));
                let mut one = Element::new(ns, &document.document);
                one.children = vec![
                    Node::Element(Element::with_text(ns, "Dateiname", &document.name)),
                    Node::Element(Element::with_text(ns, "Medientyp", &document.media_type)),
                    Node::Element(Element::with_text(ns, "Inhalt", &content)),
                ];
                all.children.push(Node::Element(one));
            }
        }
        root.children.push(Node::Element(all));
    }
    root
}

/// Adds every occurrence of a group among `parts` that belongs to this element.
fn add_group(to: &mut Element, message: &PlanMessage, group: &PlanGroup, parts: &[ValuePart]) {
    let mut at = 0;
    while at < parts.len() {
        let length = block_length(message, &parts[at..]).max(1);
        if parts[at].group == group.id {
            let block = &parts[at..at + length];
            if group.element.is_empty() {
                fill_group(to, message, group, block);
            } else {
                let mut element = Element::new(&message.namespace, &group.element);
                fill_group(&mut element, message, group, block);
                to.children.push(Node::Element(element));
            }
        }
        at += length;
    }
}

fn fill_group(to: &mut Element, message: &PlanMessage, group: &PlanGroup, block: &[ValuePart]) {
    let Some((own, rest)) = block.split_first() else { return };
    let nested: Vec<&PlanGroup> =
        message.group.iter().filter(|g| g.within.as_deref() == Some(&group.id)).collect();
    for (number, field) in (0u32..).zip(&group.field) {
        for inner in nested.iter().filter(|g| g.before_field == Some(number)) {
            add_group(to, message, inner, rest);
        }
        for value in own.values.get(&field.id).into_iter().flatten() {
            insert(to, &message.namespace, &field.path, value);
        }
    }
    for inner in nested.iter().filter(|g| g.before_field.is_none()) {
        add_group(to, message, inner, rest);
    }
}

/// Puts a value at a path, using the last inner element of each step where it exists.
fn insert(at: &mut Element, ns: &str, path: &str, value: &str) {
    let Some((step, rest)) = path.split_once('/') else {
        at.children.push(Node::Element(Element::with_text(ns, path, value)));
        return;
    };
    let exists = matches!(at.children.last(), Some(Node::Element(e)) if e.name == step);
    if !exists {
        at.children.push(Node::Element(Element::new(ns, step)));
    }
    if let Some(Node::Element(inner)) = at.children.last_mut() {
        insert(inner, ns, rest, value);
    }
}
