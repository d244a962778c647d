//! What clients send: entries, queries, lists of permissions (CMIS 1.1, sections 3.3 and 3.4).

use super::content;
use super::entry::element_of;
use super::urls::{ACL, QUERY};
use super::xml::{ATOM, CMIS, CMISRA};
use crate::channel::http::Request;
use crate::fake_system::dms::acl::AclChange;
use crate::fake_system::dms::browser::form::Form;
use crate::fake_system::dms::errors::{Caller, CmisError, Exception, Outcome};
use crate::fake_system::dms::store::{Content, Object, Store};
use crate::fake_system::dms::types::{Type, Updatability};
use crate::fake_system::dms::values::{Given, parse as parse_value};
use crate::xml::{Element, parse};

const SCHEMA: &str = "CMIS 1.1 3.4, CMIS-Core.xsd";

/// An entry.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Properties; the title of the entry is among them as the name.
    pub given: Given,
    /// In which element each property came.
    elements: Vec<(String, String)>,
    /// The content, without a file name where the entry has none.
    pub content: Option<Content>,
    /// The content came in CMIS's own element, so it is meant as one.
    pub explicit: bool,
    /// The content lies elsewhere.
    pub by_reference: bool,
    /// Entries of the list of permissions: principal, permission.
    pub aces: Vec<(String, String)>,
    /// For changes of many objects: id, change token.
    pub objects: Vec<(String, Option<String>)>,
}

/// Reads an XML document that has this root.
fn document(
    request: &Request,
    (namespace, name): (&str, &str),
    media_types: &[&str],
    caller: &mut Caller,
) -> Outcome<Element> {
    let media_type = request.content_type.split(';').next().unwrap_or_default().trim();
    if !media_types.iter().any(|m| m.eq_ignore_ascii_case(media_type)) {
        let message = format!("\"{}\" is no {}", request.content_type, media_types[0]);
        caller.deviation("CMIS 1.1 3.3", CmisError::invalid(message).with_status(415))?;
    }
    let root = parse(&request.body)
        .map_err(|e| CmisError::invalid(format!("the body cannot be read: {e}")))?
        .root;
    if root.name != name {
        return Err(CmisError::invalid(format!("the body is a {}, not a {name}", root.name)));
    }
    in_namespace(&root, namespace, caller)?;
    Ok(root)
}

/// An element of this name in another namespace is a deviation.
fn in_namespace(element: &Element, namespace: &str, caller: &mut Caller) -> Outcome<()> {
    if element.namespace == namespace {
        return Ok(());
    }
    let message = format!(
        "{} in line {} has the namespace \"{}\", not \"{namespace}\"",
        element.name, element.line, element.namespace
    );
    caller.deviation(SCHEMA, CmisError::invalid(message))
}

fn child<'e>(
    element: &'e Element,
    (namespace, name): (&str, &str),
    caller: &mut Caller,
) -> Outcome<Option<&'e Element>> {
    let right = element.elements().find(|e| e.name == name && e.namespace == namespace);
    let Some(found) = right.or_else(|| {
        // Elements of Atom and of CMIS share names (content), so these do not stand for each other.
        let ours = |e: &&Element| e.namespace == ATOM || e.namespace == CMISRA;
        element.elements().find(|e| e.name == name && !ours(e))
    }) else {
        return Ok(None);
    };
    in_namespace(found, namespace, caller)?;
    Ok(Some(found))
}

/// An entry, as clients post and put it.
///
/// # Errors
/// `invalidArgument` for what is none.
pub(super) fn entry(request: &Request, caller: &mut Caller) -> Outcome<Sent> {
    const MEDIA_TYPES: [&str; 2] = ["application/atom+xml", "application/cmisatom+xml"];
    let root = document(request, (ATOM, "entry"), &MEDIA_TYPES, caller)?;
    let missing: Vec<&str> = ["id", "title", "updated"]
        .into_iter()
        .filter(|name| !root.elements().any(|e| e.name == *name && e.namespace == ATOM))
        .collect();
    if !missing.is_empty() {
        // Servers fill these in (RFC 5023, section 9.2), so that nobody is refused for it.
        caller.note("RFC 4287 4.1.2", format!("the entry has no {}", missing.join(", no ")));
    }
    let mut sent = Sent::default();
    if let Some(object) = child(&root, (CMISRA, "object"), caller)? {
        if let Some(list) = child(object, (CMIS, "properties"), caller)? {
            properties(list, &mut sent, caller)?;
        }
        if let Some(acl) = child(object, (CMIS, "acl"), caller)? {
            sent.aces = entries(acl)?;
        }
    }
    match child(&root, (CMISRA, "bulkUpdate"), caller)? {
        Some(bulk) => bulk_update(bulk, &mut sent, caller)?,
        // Of one that changes many objects, the title is not their name.
        None => title(&root, &mut sent, caller),
    }
    match child(&root, (CMISRA, "content"), caller)? {
        Some(content) => {
            sent.content = Some(content::encoded(content)?);
            sent.explicit = true;
        }
        None => {
            let atom = root.elements().find(|e| e.name == "content" && e.namespace == ATOM);
            if let Some(atom) = atom {
                sent.by_reference = atom.attribute("src").is_some();
                sent.content = content::plain(atom)?;
            }
        }
    }
    Ok(sent)
}

fn bulk_update(bulk: &Element, sent: &mut Sent, caller: &mut Caller) -> Outcome<()> {
    if let Some(list) = child(bulk, (CMIS, "properties"), caller)? {
        properties(list, sent, caller)?;
    }
    if bulk.elements().any(|e| e.name.ends_with("SecondaryTypeIds")) {
        let error = CmisError::constraint("there are no secondary types");
        caller.deviation("CMIS 1.1 2.1.9", error)?;
    }
    for one in bulk.elements().filter(|e| e.name == "objectIdAndChangeToken") {
        let id = one.child_text("id").filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| CmisError::invalid("an object to change has no id"))?;
        sent.objects.push((id, one.child_text("changeToken").filter(|t| !t.is_empty())));
    }
    Ok(())
}

/// The title of an entry counts more than the name among the properties (section 3.4).
fn title(root: &Element, sent: &mut Sent, caller: &mut Caller) {
    let title = root.elements().find(|e| e.name == "title" && e.namespace == ATOM);
    let Some(title) = title.map(Element::text).filter(|t| !t.is_empty()) else { return };
    let name = sent.given.0.iter_mut().find(|(id, _)| id == "cmis:name");
    match name {
        Some((_, values)) if values.first() != Some(&title) => {
            caller.note("CMIS 1.1 3.4", "atom:title and cmis:name differ; the title counts");
            *values = vec![title];
        }
        Some(_) => {}
        None => sent.given.0.push(("cmis:name".into(), vec![title])),
    }
}

fn properties(list: &Element, sent: &mut Sent, caller: &mut Caller) -> Outcome<()> {
    for property in list.elements().filter(|e| e.name.starts_with("property")) {
        in_namespace(property, CMIS, caller)?;
        let id = property.attribute("propertyDefinitionId").filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| {
            let line = property.line;
            CmisError::invalid(format!("{} in line {line} names no property", property.name))
        })?;
        if sent.given.0.iter().any(|(i, _)| i == id) {
            return Err(CmisError::invalid(format!("{id} is there twice")));
        }
        let mut values = Vec::new();
        for value in property.elements().filter(|e| e.name == "value") {
            let text = value.text();
            values.push(match property.name.as_str() {
                "propertyString" | "propertyId" | "propertyHtml" | "propertyUri" => text,
                "propertyDateTime" => date(text.trim(), id, caller)?,
                _ => text.trim().to_owned(),
            });
        }
        sent.given.0.push((id.to_owned(), values));
        sent.elements.push((id.to_owned(), property.name.clone()));
    }
    Ok(())
}

/// A date must say its time zone; one without is in UTC where the system is lenient. A plain number
/// is a date in the other binding only.
fn date(text: &str, id: &str, caller: &mut Caller) -> Outcome<String> {
    if text.is_empty() || text.parse::<jiff::Timestamp>().is_ok() {
        return Ok(text.to_owned());
    }
    if text.parse::<jiff::civil::DateTime>().is_ok() && text.contains(':') {
        let error = CmisError::invalid(format!("{id}: \"{text}\" has no time zone"));
        caller.deviation("CMIS 1.1 2.1.2.1", error)?;
        return Ok(format!("{text}Z"));
    }
    Err(CmisError::invalid(format!("{id}: \"{text}\" is no date")))
}

impl Sent {
    /// A property's only value.
    pub fn one(&self, id: &str) -> Option<&str> {
        self.given.one(id).filter(|v| !v.is_empty())
    }

    /// Takes a property out.
    pub fn take(&mut self, id: &str) -> Option<String> {
        let at = self.given.0.iter().position(|(i, _)| i == id)?;
        self.given.0.remove(at).1.into_iter().next().filter(|v| !v.is_empty())
    }

    /// The content for an object of this type. Folders have none; what Atom wants an entry to contain
    /// does not count as one there.
    pub fn content_for(&mut self, folder: bool, caller: &mut Caller) -> Outcome<Option<Content>> {
        let content = self.content.take();
        if !folder {
            return Ok(content);
        }
        if self.explicit {
            let error = CmisError::new(Exception::StreamNotSupported, "a folder has no content");
            caller.deviation("CMIS 1.1 2.1.5", error)?;
        }
        Ok(None)
    }

    /// Checks that each property came in the element of its type.
    pub fn check_elements(&self, kind: &Type, caller: &mut Caller) -> Outcome<()> {
        for (id, element) in &self.elements {
            let Some(property) = kind.property(id) else { continue };
            let right = element_of(property.kind);
            if element != right {
                let message = format!("{id} came as {element}, not as {right}");
                caller.deviation(SCHEMA, CmisError::invalid(message))?;
            }
        }
        Ok(())
    }

    /// Takes out what clients only send back as they read it: whoever edits an entry sends all of it.
    pub fn without_unchanged(&mut self, store: &Store, object: &Object) {
        let now = store.properties(object);
        self.given.0.retain(|(id, values)| {
            let Some(property) = object.kind.property(id) else { return true };
            if property.updatability == Updatability::ReadWrite {
                return true;
            }
            let text = |v: &String| parse_value(property.kind, v);
            let sent: Vec<_> = values.iter().filter_map(text).collect();
            let there = match now.get(id) {
                None | Some(serde_json::Value::Null) => Vec::new(),
                Some(serde_json::Value::Array(many)) => many.clone(),
                Some(one) => vec![one.clone()],
            };
            values.len() != there.len() || sent != there
        });
    }

    /// The entries as a change of a new object's list.
    pub fn added(&self) -> AclChange {
        AclChange { add: self.aces.clone(), remove: Vec::new() }
    }
}

/// A query, as the arguments that the other way to ask has too.
pub(super) fn query(request: &Request, caller: &mut Caller) -> Outcome<Form> {
    let root = document(request, (CMIS, "query"), &[QUERY], caller)?;
    let statement = child(&root, (CMIS, "statement"), caller)?;
    let statement = statement.ok_or_else(|| CmisError::invalid("statement is missing"))?;
    let mut pairs = vec![("q".to_owned(), statement.text())];
    for name in [
        "searchAllVersions",
        "includeAllowableActions",
        "includeRelationships",
        "renditionFilter",
        "maxItems",
        "skipCount",
    ] {
        if let Some(found) = child(&root, (CMIS, name), caller)? {
            pairs.push((name.to_owned(), found.text().trim().to_owned()));
        }
    }
    Ok(Form::of_pairs(pairs))
}

/// A whole list of permissions: its direct entries.
pub(super) fn acl(request: &Request, caller: &mut Caller) -> Outcome<Vec<(String, String)>> {
    entries(&document(request, (CMIS, "acl"), &[ACL], caller)?)
}

fn entries(acl: &Element) -> Outcome<Vec<(String, String)>> {
    let mut out: Vec<(String, String)> = Vec::new();
    for entry in acl.elements().filter(|e| e.name == "permission") {
        // Some clients write an empty list as one empty entry.
        if entry.is_leaf() || entry.child_text("direct").as_deref() == Some("false") {
            continue;
        }
        let principal = entry.child("principal").and_then(|p| p.child_text("principalId"));
        let principal = principal.unwrap_or_default();
        for permission in entry.elements().filter(|e| e.name == "permission") {
            let pair = (principal.clone(), permission.text().trim().to_owned());
            if !out.contains(&pair) {
                out.push(pair);
            }
        }
    }
    Ok(out)
}
