//! A message in the format of a receiver, by the lineage of its fields alone: what a hub would make of
//! it, without the hub's rules.

use base64::Engine as _;

use super::build::{MessageError, Sources, TestMessage, build, sources};
use super::damage::damaged;
use crate::concept::{DocumentPlace, Form, OwnSource};
use crate::ids::SystemId;
use crate::plan::{
    Damage, DocumentUse, MessageUse, PlanMessage, PlanReceiver, TestCase, TestPlan, ValuePart,
    changed, convert, document_bytes,
};
use crate::xml::{Element, Node, parse};

/// What a hub adds to a message by itself.
#[derive(Debug, Clone, Default)]
pub struct HubValues {
    /// The transaction.
    pub transaktion: String,
    /// The time of receipt, RFC 3339.
    pub zeitpunkt: String,
}

/// A message as a system takes it, before it is written in the protocol of that system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The message.
    pub root: Element,
    /// What is to be wrong with it.
    pub damage: Option<Damage>,
    /// Its id.
    pub nachricht: String,
    /// Where documents stand in it.
    pub place: Option<DocumentPlace>,
    /// The documents.
    pub documents: Vec<DocumentUse>,
}

/// Builds a message of a case as the system takes it, as a document of XML.
///
/// # Errors
/// When the plan does not describe the message, its values, or the system's format.
pub fn build_for(
    plan: &TestPlan,
    case: &TestCase,
    use_: &MessageUse,
    system: &SystemId,
    hub: &HubValues,
) -> Result<TestMessage, MessageError> {
    if plan.receiver_of(system).is_some_and(is_unchanged) {
        // Byte for byte, also where it comes from a file.
        return build(plan, case, use_);
    }
    let Prepared { root, damage, nachricht, documents, .. } =
        prepare_for(plan, case, use_, system, hub)?;
    Ok(TestMessage { bytes: damaged(root, damage), nachricht, documents })
}

fn is_unchanged(receiver: &PlanReceiver) -> bool {
    receiver.form == Form::Unchanged || receiver.root.is_none()
}

/// Prepares a message of a case for a system.
///
/// # Errors
/// When the plan does not describe the message, its values, or the system's format.
pub fn prepare_for(
    plan: &TestPlan,
    case: &TestCase,
    use_: &MessageUse,
    system: &SystemId,
    hub: &HubValues,
) -> Result<Prepared, MessageError> {
    let missing = |what: String| MessageError { case: case.id.to_string(), what };
    let receiver =
        plan.receiver_of(system).ok_or_else(|| missing(format!("format of \"{system}\"")))?;
    if is_unchanged(receiver) {
        let sound = MessageUse { damage: None, ..use_.clone() };
        let TestMessage { bytes, nachricht, documents } = build(plan, case, &sound)?;
        let root = parse(&bytes).map_err(|e| missing(e.to_string()))?.root;
        return Ok(Prepared { root, damage: use_.damage, nachricht, place: None, documents });
    }
    let Sources { message, set, filling } = sources(plan, case, use_)?;
    let nachricht = filling.nachricht.clone();
    let (parts, documents) = changed(message, set, &use_.change, &filling);
    let namespace = receiver.namespace.clone().unwrap_or_default();
    let mut root = Element::new(&namespace, receiver.root.as_deref().unwrap_or_default());
    let authority = plan.authority.iter().find(|a| a.ags == use_.behoerde);
    for (path, source) in &receiver.own {
        let value = match source {
            OwnSource::Wurzel => message.root.clone(),
            OwnSource::Transaktion => hub.transaktion.clone(),
            OwnSource::Zeitpunkt => hub.zeitpunkt.clone(),
            OwnSource::Stelle => authority.map(|a| a.name.clone()).unwrap_or_default(),
            OwnSource::Aktenzeichen => String::new(),
        };
        put(&mut root, &namespace, path, &value);
    }
    let mapped = Mapped { plan, message, receiver, namespace: &namespace };
    mapped.fill(&mut root, &parts);
    if let Some(place) = &receiver.documents {
        for document in message
            .documents
            .iter()
            .flat_map(|id| documents.iter().filter(move |d| &d.document == id))
        {
            let content =
                base64::engine::general_purpose::STANDARD.encode(document_bytes(document));
            push_new(&mut root, &namespace, &place.at);
            let below = |inner: &str| format!("{}/{inner}", place.at);
            put(&mut root, &namespace, &below(&place.name), &document.name);
            put(&mut root, &namespace, &below(&place.media_type), &document.media_type);
            match place.content.is_empty() {
                true => {
                    descend(&mut root, &namespace, &place.at).children.push(Node::Text(content))
                }
                false => put(&mut root, &namespace, &below(&place.content), &content),
            }
        }
    }
    arrange(&mut root, "", &receiver.order);
    let place = receiver.documents.clone();
    Ok(Prepared { root, damage: use_.damage, nachricht, place, documents })
}

/// Puts elements into the order that the schema of the receiver wants.
fn arrange(element: &mut Element, path: &str, order: &[String]) {
    if order.is_empty() {
        return;
    }
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    };
    let place = |node: &Node| match node {
        Node::Element(child) => {
            let path = below(&child.name);
            order.iter().position(|p| *p == path).unwrap_or(usize::MAX)
        }
        _ => usize::MAX,
    };
    element.children.sort_by_key(place);
    for child in &mut element.children {
        if let Node::Element(child) = child {
            let path = below(&child.name);
            arrange(child, &path, order);
        }
    }
}

struct Mapped<'a> {
    plan: &'a TestPlan,
    message: &'a PlanMessage,
    receiver: &'a PlanReceiver,
    namespace: &'a str,
}

impl Mapped<'_> {
    /// Every value at its place; a group that occurs again begins its element anew.
    fn fill(&self, root: &mut Element, parts: &[ValuePart]) {
        let mut seen: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        for part in parts {
            let Some(group) = self.message.group.iter().find(|g| g.id == part.group) else {
                continue;
            };
            let arrivals: Vec<&str> = group
                .field
                .iter()
                .filter_map(|f| Some(self.receiver.lineage.get(&f.id)?.at.as_str()))
                .collect();
            let count = seen.entry(group.id.as_str()).or_default();
            *count += 1;
            if *count > 1
                && let Some(common) = common_element(arrivals.iter().copied())
            {
                push_new(root, self.namespace, common);
            }
            for field in &group.field {
                let Some(arrival) = self.receiver.lineage.get(&field.id) else { continue };
                for value in part.values.get(&field.id).into_iter().flatten() {
                    let converted = convert(self.plan, &arrival.how, value)
                        // Where no code is known the fault is in the code, and it stays visible.
                        .filter(|text| !text.starts_with('('))
                        .unwrap_or_else(|| value.clone());
                    put(root, self.namespace, &arrival.at, &converted);
                }
            }
        }
    }
}

/// The innermost element in which all these places lie; none where they share no element.
pub fn common_element<'a>(mut places: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut common = places.next()?.rsplit_once('/')?.0;
    for place in places {
        while !place.strip_prefix(common).is_some_and(|rest| rest.starts_with('/')) {
            common = common.rsplit_once('/')?.0;
        }
    }
    Some(common)
}

/// The last element at a path, made where it is not there.
fn descend<'a>(at: &'a mut Element, namespace: &str, path: &str) -> &'a mut Element {
    let mut at = at;
    for step in path.split('/').filter(|s| !s.is_empty()) {
        let is = |node: &Node| matches!(node, Node::Element(e) if e.name == step);
        let place = match at.children.iter().rposition(is) {
            Some(place) => place,
            None => {
                at.children.push(Node::Element(Element::new(namespace, step)));
                at.children.len() - 1
            }
        };
        let Node::Element(inner) = &mut at.children[place] else {
            unreachable!("the place was chosen among elements")
        };
        at = inner;
    }
    at
}

/// A new element at a path, beside those that are there.
fn push_new(root: &mut Element, namespace: &str, path: &str) {
    let (outer, name) = path.rsplit_once('/').unwrap_or(("", path));
    descend(root, namespace, outer).children.push(Node::Element(Element::new(namespace, name)));
}

/// A value at a path: an attribute, or a new leaf.
fn put(root: &mut Element, namespace: &str, path: &str, value: &str) {
    let (outer, name) = path.rsplit_once('/').unwrap_or(("", path));
    let at = descend(root, namespace, outer);
    match name.strip_prefix('@') {
        Some(attribute) => at.set_attribute(attribute, value),
        None => at.children.push(Node::Element(Element::with_text(namespace, name, value))),
    }
}
