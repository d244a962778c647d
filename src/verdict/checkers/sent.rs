//! What a component sent to the played hub, as the message that the plan describes, whatever brought it.

use crate::plan::PlanMessage;
use crate::verdict::view::Exchange;
use crate::xml::{Element, Node};

/// The message in an exchange, where it is this one. In JSON it is the one member of the document, named
/// as the root of the message; members have the names of its elements, their order means nothing.
pub(super) fn message_of(exchange: &Exchange, planned: &PlanMessage) -> Option<Element> {
    let root = exchange.carried().root().ok()?;
    if exchange.protocol != "json" {
        let same = root.name == planned.root && root.namespace == planned.namespace;
        return same.then_some(root);
    }
    let mut members = root.elements();
    let (Some(only), None) = (members.next(), members.next()) else { return None };
    if only.name != planned.root {
        return None;
    }
    let mut message = only.clone();
    let paths: Vec<String> = planned
        .group
        .iter()
        .flat_map(|g| {
            let below = g.field.iter().map(move |f| format!("{}/{}", g.path, f.path));
            std::iter::once(g.path.clone()).chain(below)
        })
        .collect();
    adopt(&mut message, &planned.namespace, "", &paths);
    Some(message)
}

/// Puts elements into the namespace and the order of the message; what it does not know stays last, and
/// the schema says what is wrong with it.
fn adopt(element: &mut Element, namespace: &str, path: &str, paths: &[String]) {
    namespace.clone_into(&mut element.namespace);
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    };
    for child in &mut element.children {
        if let Node::Element(child) = child {
            let path = below(&child.name);
            adopt(child, namespace, &path, paths);
        }
    }
    let place = |node: &Node| match node {
        Node::Element(child) => {
            let path = below(&child.name);
            let inside = |p: &String| {
                p.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            paths.iter().position(inside).unwrap_or(usize::MAX)
        }
        _ => 0,
    };
    element.children.sort_by_key(place);
}
