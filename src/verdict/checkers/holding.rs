//! A message and its documents, as it was handed over and as somebody says that he holds it: both in one
//! shape, whatever brought them, so that they can be compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::concept::DocumentPlace;
use crate::wire::{Carried, HttpMessage, carried_in};
use crate::xml::{Element, Node, compare};

/// The answer of somebody who can list what he holds.
#[derive(Deserialize)]
struct Listing {
    format: String,
    nachrichten: Vec<Listed>,
}

/// A message in it.
#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    name: String,
    /// What the bytes are (`application/json`, an envelope of SOAP); XML where absent.
    #[serde(default)]
    medientyp: String,
    inhalt: String,
    /// What is held apart from the message; nothing is where absent.
    #[serde(default)]
    anlagen: Option<Vec<Attached>>,
}

#[derive(Deserialize)]
struct Attached {
    #[serde(default)]
    name: String,
    inhalt: String,
}

/// A document in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Document {
    /// Its name in the message, and that of the part or file in which it came.
    names: Vec<String>,
    /// Its bytes; none where the message has none of its own.
    content: Option<Vec<u8>>,
}

/// A message with its documents taken out.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    /// The bytes, to show and to look for words in them.
    pub bytes: Vec<u8>,
    /// The tree without the contents of documents.
    root: Option<Element>,
    documents: Vec<Document>,
    /// What is held apart, where the system holds anything apart: name and bytes.
    apart: Option<Vec<(String, Vec<u8>)>>,
}

/// A difference: what kind, where, what was expected, what was found.
pub(super) type Different = (&'static str, String, String, String);

impl Holding {
    /// What was handed over.
    pub fn handed(protocol: &str, carried: Carried, place: Option<&DocumentPlace>) -> Self {
        Self::of(protocol == "json", carried, place, None)
    }

    fn of(
        json: bool,
        carried: Carried,
        place: Option<&DocumentPlace>,
        apart: Option<Vec<(String, Vec<u8>)>>,
    ) -> Self {
        let mut root = carried.root().ok();
        if let Some(root) = root.as_mut().filter(|_| json) {
            // The members of an object have no order (RFC 8259, section 1).
            sort(root);
        }
        let mut documents = Vec::new();
        if let (Some(root), Some(place)) = (&mut root, place) {
            let path: Vec<&str> = place.at.split('/').filter(|s| !s.is_empty()).collect();
            take_out(root, &path, place, &mut documents);
        }
        // A document names a part, and then the part's bytes count.
        let named = carried.parts.iter().map(|p| (&p.name, &p.content));
        let apart_named = apart.iter().flatten().map(|(name, content)| (name, content));
        let parts: Vec<_> = named.chain(apart_named).collect();
        for document in &mut documents {
            let told = document.names.last().cloned().unwrap_or_default();
            if let Some((name, content)) = parts.iter().find(|(name, _)| **name == told) {
                (document.content, document.names) =
                    (Some((*content).clone()), vec![document.names[0].clone(), (*name).clone()]);
            }
        }
        Self { bytes: carried.content, root, documents, apart }
    }

    /// Whether both are the same.
    pub fn is(&self, held: &Self) -> bool {
        match (&self.root, &held.root) {
            (Some(_), Some(_)) => self.differences(held).is_empty(),
            _ => self.bytes == held.bytes,
        }
    }

    /// What is held otherwise than it was handed over.
    pub fn differences(&self, held: &Self) -> Vec<Different> {
        let (Some(mine), Some(other)) = (&self.root, &held.root) else {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (mine, other) = (text(&self.bytes), text(&held.bytes));
            return vec![("held.different", "Inhalt".into(), mine, other)];
        };
        let text = |t: Option<String>| t.unwrap_or_else(|| "nichts".into());
        let mut out: Vec<Different> = compare(mine, other)
            .into_iter()
            .map(|d| ("held.different", d.place, text(d.expected), text(d.actual)))
            .collect();
        for (number, document) in self.documents.iter().enumerate() {
            let place = format!("Anlage \"{}\"", document.names[0]);
            let there = held.documents.get(number).and_then(|d| d.content.as_ref());
            let wrong = match (there, &held.apart) {
                (Some(content), _) => Some(content) != document.content.as_ref(),
                // It need not stand in the message where it is held apart.
                (None, Some(_)) => false,
                (None, None) => document.content.is_some(),
            };
            if wrong {
                let actual = there.map_or_else(|| "nichts".into(), |c| shown(c));
                let wanted = document.content.as_deref().map(shown);
                out.push(("held.document", place, text(wanted), actual));
            }
        }
        let Some(apart) = &held.apart else { return out };
        let mut left: Vec<&(String, Vec<u8>)> = apart.iter().collect();
        for document in &self.documents {
            let content = document.content.as_deref().unwrap_or_default();
            let place = format!("Anlage \"{}\"", document.names[0]);
            let same = |a: &&(String, Vec<u8>)| document.names.contains(&a.0) && a.1 == content;
            let named = |a: &&(String, Vec<u8>)| document.names.contains(&a.0);
            if let Some(at) = left.iter().position(same) {
                left.remove(at);
            } else if let Some(at) = left.iter().position(named) {
                let other = left.remove(at);
                out.push(("held.document", place, shown(content), shown(&other.1)));
            } else {
                out.push(("held.document", place, shown(content), "nichts".into()));
            }
        }
        for (name, content) in left {
            let place = format!("Anlage \"{name}\"");
            out.push(("held.document", place, "nichts".into(), shown(content)));
        }
        out
    }
}

fn shown(content: &[u8]) -> String {
    format!("{} Bytes, {}", content.len(), crate::ids::Digest::of(content).short())
}

fn sort(element: &mut Element) {
    for child in &mut element.children {
        if let Node::Element(child) = child {
            sort(child);
        }
    }
    element.children.sort_by(|a, b| match (a, b) {
        (Node::Element(a), Node::Element(b)) => a.name.cmp(&b.name),
        _ => std::cmp::Ordering::Equal,
    });
}

/// Takes the contents of documents out of a tree.
fn take_out(element: &mut Element, path: &[&str], place: &DocumentPlace, out: &mut Vec<Document>) {
    let Some((name, rest)) = path.split_first() else {
        let called = match place.name.as_str() {
            "" => String::new(),
            path => element.values_at(path, &element.namespace).concat(),
        };
        let content = match place.content.as_str() {
            "" => Some(element),
            path => descend(element, path),
        };
        let Some(content) = content else {
            out.push(Document { names: vec![called], content: None });
            return;
        };
        let mut text = content.text();
        text.retain(|c| !c.is_whitespace());
        content.children.retain(|n| matches!(n, Node::Element(_)));
        let bytes = match text.is_empty() {
            true => None,
            false => STANDARD.decode(&text).ok(),
        };
        out.push(Document { names: vec![called, text], content: bytes });
        return;
    };
    for child in &mut element.children {
        if let Node::Element(child) = child
            && child.name == *name
        {
            take_out(child, rest, place, out);
        }
    }
}

/// The first element at a path.
fn descend<'a>(element: &'a mut Element, path: &str) -> Option<&'a mut Element> {
    let mut at = element;
    for step in path.split('/').filter(|s| !s.is_empty()) {
        at = at.children.iter_mut().find_map(|node| match node {
            Node::Element(child) if child.name == step => Some(child),
            _ => None,
        })?;
    }
    Some(at)
}

/// What is held about the case, as an answer tells it.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn held(
    answer: &HttpMessage,
    json: bool,
    place: Option<&DocumentPlace>,
) -> Result<Vec<Holding>, String> {
    match answer.status() {
        Some(404 | 410) => return Ok(vec![]),
        Some(200..=299) => {}
        other => return Err(format!("Status {}", other.unwrap_or_default())),
    }
    if answer.body.is_empty() {
        return Ok(vec![]);
    }
    let Ok(listing) = serde_json::from_slice::<Listing>(&answer.body) else {
        let carried = match json {
            true => carried_in("application/json", &answer.body),
            false => carried_in("", &answer.body),
        };
        return Ok(vec![Holding::of(json, carried, place, None)]);
    };
    if listing.format != "pruefstand/bestand/1" {
        return Err(format!("Format \"{}\" ist nicht bekannt", listing.format));
    }
    let decode = |name: &str, text: &str| STANDARD.decode(text).map_err(|e| format!("{name}: {e}"));
    listing
        .nachrichten
        .iter()
        .map(|l| {
            let carried = carried_in(&l.medientyp, &decode(&l.name, &l.inhalt)?);
            let apart = l.anlagen.as_ref().map(|all| {
                all.iter()
                    .map(|a| Ok((a.name.clone(), decode(&a.name, &a.inhalt)?)))
                    .collect::<Result<Vec<_>, String>>()
            });
            Ok(Holding::of(json, carried, place, apart.transpose()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Holding, held};
    use crate::concept::DocumentPlace;
    use crate::wire::{HttpMessage, carried};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn place() -> DocumentPlace {
        let text = str::to_owned;
        DocumentPlace {
            at: text("anlagen/anlage"),
            name: text("name"),
            media_type: text("typ"),
            content: text("inhalt"),
        }
    }

    fn message(content: &str) -> String {
        format!(
            "<a><b>Größe</b><anlagen><anlage><name>x.pdf</name><inhalt>{content}</inhalt></anlage></anlagen></a>"
        )
    }

    fn listing(kind: &str, content: &str, apart: Option<&[(&str, &str)]>) -> HttpMessage {
        let mut one =
            serde_json::json!({"name": "a", "medientyp": kind, "inhalt": STANDARD.encode(content)});
        if let Some(apart) = apart {
            one["anlagen"] = apart
                .iter()
                .map(|(n, c)| serde_json::json!({"name": n, "inhalt": STANDARD.encode(c)}))
                .collect();
        }
        let text = serde_json::json!({"format": "pruefstand/bestand/1", "nachrichten": [one]});
        HttpMessage {
            start: "HTTP/1.1 200 OK".into(),
            body: text.to_string().into_bytes(),
            ..HttpMessage::default()
        }
    }

    fn found(handed: &Holding, answer: &HttpMessage, json: bool) -> Vec<&'static str> {
        let held = held(answer, json, Some(&place())).unwrap();
        handed.differences(&held[0]).into_iter().map(|d| d.0).collect()
    }

    #[test]
    fn documents_are_the_same_in_the_message_and_apart() {
        let folder = format!(
            "== n.xml {}\n{}\n== d-1.pdf 3\nPDF\n",
            message("d-1.pdf").len(),
            message("d-1.pdf")
        );
        let inline = format!("POST / HTTP/1.1\r\n\r\n{}", message("UERG"));
        for (protocol, raw) in [("file", folder), ("http", inline)] {
            let handed =
                Holding::handed(protocol, carried(protocol, raw.as_bytes()), Some(&place()));
            let look = |content: &str, apart: Option<&[(&str, &str)]>| {
                found(&handed, &listing("", &message(content), apart), false)
            };
            let none: [&str; 0] = [];
            assert_eq!(look("UE RG", None), none);
            assert_eq!(look("UERG", Some(&[("x.pdf", "PDF")])), none);
            assert_eq!(look("", Some(&[("x.pdf", "PDF")])), none);
            assert_eq!(look("", None), ["held.document"]);
            assert_eq!(look("UERG", Some(&[])), ["held.document"]);
            assert_eq!(look("UERG", Some(&[("x.pdf", "PDX")])), ["held.document"]);
            assert_eq!(look("UERG", Some(&[("x.pdf", "PDF"), ("y", "y")])), ["held.document"]);
            assert_eq!(look("UERX", None), ["held.document"]);
        }
    }

    #[test]
    fn json_is_compared_by_what_it_says() {
        let raw = b"POST / HTTP/1.1\r\ncontent-type: application/json\r\n\r\n{\"n\":1.50,\"z\":[\"a\",\"b\"],\"t\":\"01\"}";
        let handed = Holding::handed("json", carried("json", raw), Some(&place()));
        let look = |text: &str| found(&handed, &listing("application/json", text, Some(&[])), true);
        assert!(look("{\"t\":\"01\", \"z\":[\"a\",\"b\"], \"n\":1.50}").is_empty());
        for wrong in [
            "{\"t\":\"1\",\"z\":[\"a\",\"b\"],\"n\":1.50}",
            "{\"t\":\"01\",\"z\":[\"b\",\"a\"],\"n\":1.50}",
            "{\"t\":\"01\",\"z\":[\"a\",\"b\"]}",
        ] {
            assert!(!look(wrong).is_empty(), "{wrong}");
        }
    }
}
