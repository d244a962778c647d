//! From values to bytes.

use base64::Engine as _;

use super::documents::document_bytes;
use crate::plan::{
    Change, Damage, DocumentUse, MessageUse, PlanGroup, PlanMessage, TestCase, TestPlan, ValuePart,
    nachricht_of, vorgang_of,
};
use crate::xml::{Element, Node};

/// A message ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMessage {
    /// The bytes, sent exactly like this.
    pub bytes: Vec<u8>,
    /// Id of the message, by which its deliveries are told from others of the case.
    pub nachricht: String,
    /// Documents it carries.
    pub documents: Vec<DocumentUse>,
}

/// Why a message cannot be built: the plan is not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("case {case}: {what}")]
pub struct MessageError {
    /// The case.
    pub case: String,
    /// What is missing.
    pub what: String,
}

/// Builds a message of a case.
///
/// # Errors
/// When the plan refers to something that it does not hold.
pub fn build(
    plan: &TestPlan,
    case: &TestCase,
    use_: &MessageUse,
) -> Result<TestMessage, MessageError> {
    let missing = |what: String| MessageError { case: case.id.to_string(), what };
    let nachricht = nachricht_of(&case.id, use_.number);
    if let Some(sample) = &use_.sample {
        let bytes =
            plan.file_bytes(sample).ok_or_else(|| missing(format!("sample \"{sample}\"")))?;
        return Ok(TestMessage { bytes, nachricht, documents: vec![] });
    }
    let message = plan
        .message(&use_.message)
        .ok_or_else(|| missing(format!("message \"{}\"", use_.message)))?;
    let set = plan
        .values
        .iter()
        .find(|v| Some(&v.id) == use_.values.as_ref())
        .ok_or_else(|| missing(format!("values {:?}", use_.values)))?;
    let mut parts = set.part.clone();
    let mut documents = set.document.clone();
    for change in &use_.change {
        apply(&mut parts, &mut documents, change);
    }
    let leistung = use_.leistung.clone().or_else(|| message.leistung.clone());
    // A message that starts no service belongs to the one that started the case.
    let leistung = leistung.or_else(|| plan.message.iter().find_map(|m| m.leistung.clone()));
    let filled = [
        ("{vorgang}", vorgang_of(&case.id)),
        ("{nachricht}", nachricht.clone()),
        ("{behoerde}", use_.behoerde.clone()),
        ("{leistung}", leistung.unwrap_or_default()),
    ];
    for values in parts.iter_mut().flat_map(|p| p.values.values_mut()).flatten() {
        for (name, value) in &filled {
            *values = values.replace(name, value);
        }
    }
    let root = tree(message, &parts, &documents);
    Ok(TestMessage { bytes: damaged(root, use_.damage), nachricht, documents })
}

fn apply(parts: &mut Vec<ValuePart>, documents: &mut Vec<DocumentUse>, change: &Change) {
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
        Change::Repeat { group, times } => {
            let Some(at) = parts.iter().position(|p| &p.group == group) else { return };
            let first = parts[at].clone();
            parts.retain(|p| &p.group != group);
            for _ in 0..*times {
                parts.insert(at, first.clone());
            }
        }
        Change::Documents { documents: new } => documents.clone_from(new),
    }
}

fn tree(message: &PlanMessage, parts: &[ValuePart], documents: &[DocumentUse]) -> Element {
    let ns = &message.namespace;
    let mut root = Element::new(ns, &message.root);
    for group in &message.group {
        for part in parts.iter().filter(|p| p.group == group.id) {
            root.children.push(Node::Element(group_element(ns, group, part)));
        }
    }
    if !documents.is_empty() {
        let mut all = Element::new(ns, "Anlagen");
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

fn group_element(ns: &str, group: &PlanGroup, part: &ValuePart) -> Element {
    let mut element = Element::new(ns, &group.path);
    for field in &group.field {
        for value in part.values.get(&field.id).into_iter().flatten() {
            insert(&mut element, ns, &field.path, value);
        }
    }
    element
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

fn damaged(mut root: Element, damage: Option<Damage>) -> Vec<u8> {
    match damage {
        None => root.to_xml().into_bytes(),
        Some(Damage::Empty) => Vec::new(),
        Some(Damage::WrongRoot) => {
            root.name = format!("{}Unbekannt", root.name);
            root.to_xml().into_bytes()
        }
        Some(Damage::WrongNamespace) => {
            let other = format!("{}99", root.namespace);
            rename(&mut root, &other);
            root.to_xml().into_bytes()
        }
        Some(Damage::NotWellFormed) => {
            let text = root.to_xml();
            let end = text.rfind("</").unwrap_or(text.len());
            text.as_bytes()[..end].to_vec()
        }
        Some(Damage::Doctype) => {
            let text = root.to_xml();
            let name = &root.name;
            text.replacen("?>\n", &format!("?>\n<!DOCTYPE {name}>\n"), 1).into_bytes()
        }
        Some(Damage::Latin1) => latin1(&root.to_xml().replacen("\"UTF-8\"", "\"ISO-8859-1\"", 1)),
        Some(Damage::Latin1DeclaredUtf8) => latin1(&root.to_xml()),
    }
}

fn rename(element: &mut Element, namespace: &str) {
    namespace.clone_into(&mut element.namespace);
    for child in &mut element.children {
        if let Node::Element(inner) = child {
            rename(inner, namespace);
        }
    }
}

/// Characters beyond Latin-1 become references, so that only the encoding is wrong.
fn latin1(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) => out.push(byte),
            Err(_) => out.extend(format!("&#{};", u32::from(c)).bytes()),
        }
    }
    out
}
