//! The AtomPub binding (CMIS 1.1, section 3): service documents, entries and feeds.

use std::collections::BTreeMap;

use super::Object;
use crate::xml::{Element, parse};

/// Namespace of Atom (RFC 4287).
pub const ATOM: &str = "http://www.w3.org/2005/Atom";
/// Namespace of properties.
pub const CMIS: &str = "http://docs.oasis-open.org/ns/cmis/core/200908/";
/// Namespace of what CMIS adds to Atom.
pub const RESTATOM: &str = "http://docs.oasis-open.org/ns/cmis/restatom/200908/";

/// A service document (section 3.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its repositories, in its order; never empty.
    pub workspaces: Vec<Workspace>,
}

/// A repository in a service document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workspace {
    /// Addresses of collections by their type (`root`, `query`, `checkedout`, …).
    pub collections: BTreeMap<String, String>,
    /// Templates of addresses by their type (`objectbypath`, `objectbyid`, …), with `{name}` in them.
    pub templates: BTreeMap<String, String>,
}

/// Reads a service document.
///
/// # Errors
/// In words, when it is none.
pub fn service(body: &[u8]) -> Result<Service, String> {
    let root = parse(body).map_err(|e| e.to_string())?.root;
    if root.name != "service" {
        return Err(format!("the service document is a {}", root.name));
    }
    let workspaces: Vec<Workspace> =
        root.elements().filter(|e| e.name == "workspace").map(workspace).collect();
    if workspaces.is_empty() {
        return Err("the service document has no workspace".into());
    }
    Ok(Service { workspaces })
}

fn workspace(element: &Element) -> Workspace {
    let mut out = Workspace::default();
    for child in element.elements() {
        let of_cmis = |name: &str| {
            let found = child.elements().find(|e| e.name == name && e.namespace == RESTATOM);
            found.map(|e| e.text().trim().to_owned())
        };
        match child.name.as_str() {
            "collection" => {
                if let (Some(kind), Some(href)) =
                    (of_cmis("collectionType"), child.attribute("href"))
                {
                    out.collections.insert(kind, href.to_owned());
                }
            }
            "uritemplate" => {
                if let (Some(kind), Some(template)) = (of_cmis("type"), of_cmis("template")) {
                    out.templates.insert(kind, template);
                }
            }
            _ => {}
        }
    }
    out
}

/// The name of the exception in an error page. The standard has none; the clients and servers out
/// there mark it like this.
pub(super) fn exception(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let name = text.split("<!--exception-->").nth(1)?.split("<!--").next()?.trim().to_owned();
    Some(name).filter(|name| !name.is_empty())
}

pub(super) fn objects(body: &[u8]) -> Result<Vec<Object>, String> {
    let root = parse(body).map_err(|e| e.to_string())?.root;
    match (root.namespace.as_str(), root.name.as_str()) {
        (ATOM, "entry") => Ok(vec![entry(&root)?]),
        (ATOM, "feed") => root
            .elements()
            .filter(|e| e.name == "entry" && e.namespace == ATOM)
            .map(entry)
            .collect(),
        (namespace, name) => Err(format!("neither entry nor feed: {name} of \"{namespace}\"")),
    }
}

fn entry(entry: &Element) -> Result<Object, String> {
    let object = entry.elements().find(|e| e.name == "object" && e.namespace == RESTATOM);
    let list = object.and_then(|o| o.elements().find(|e| e.name == "properties"));
    let list = list.ok_or_else(|| format!("the entry in line {} has no properties", entry.line))?;
    let mut out = Object::default();
    for property in list.elements().filter(|e| e.namespace == CMIS) {
        let Some(id) = property.attribute("propertyDefinitionId") else { continue };
        let values = property.elements().filter(|e| e.name == "value").map(Element::text);
        out.properties.insert(id.to_owned(), values.collect());
    }
    for link in entry.elements().filter(|e| e.name == "link" && e.namespace == ATOM) {
        let (Some(rel), Some(href)) = (link.attribute("rel"), link.attribute("href")) else {
            continue;
        };
        // `down` is there twice: as a feed of children, and as a tree.
        let tree = link.attribute("type").is_some_and(|t| t.contains("cmistree"));
        if !tree {
            out.links.entry(rel.to_owned()).or_insert_with(|| href.to_owned());
        }
    }
    let content = entry.elements().find(|e| e.name == "content" && e.namespace == ATOM);
    out.content = content.and_then(|c| c.attribute("src")).map(str::to_owned);
    Ok(out)
}
