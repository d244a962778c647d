//! Filling in an application by a data sheet, as a person would: every entry at its place, and what the
//! Antragsassistent gives by itself.

use base64::Engine as _;
use serde::Deserialize;

use crate::fake_system::defect::FakeDefect;
use crate::fake_system::script::Scripts;
use crate::fake_system::template::{uuid, vorgangsnummer};
use crate::xml::{Element, Node};

/// The parts of a data sheet that matter for filling in.
#[derive(Debug, Clone, Deserialize)]
pub struct DataSheet {
    root: String,
    namespace: String,
    contains: Vec<Entered>,
    #[serde(default)]
    documents: Vec<Document>,
}

#[derive(Debug, Clone, Deserialize)]
struct Entered {
    position: String,
    value: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Document {
    name: String,
    content: String,
}

/// An application as it is sent.
pub(super) struct Filled {
    pub vorgang: String,
    pub body: String,
}

/// Fills in.
///
/// # Errors
/// When a position is none, a document is no base64, or there is no randomness for a number.
pub(super) fn fill(sheet: &DataSheet, now: &str, scripts: &Scripts) -> Result<Filled, String> {
    let vorgang = vorgangsnummer().map_err(|e| e.to_string())?;
    let nachricht = uuid();
    let mut entries = sheet.contains.clone();
    tamper(&mut entries, scripts);
    let mut root = Element::new(&sheet.namespace, &sheet.root);
    for entry in &entries {
        let leaf = leaf_at(&mut root, &entry.position)?;
        let value = match (&entry.value, leaf.name.as_str()) {
            (Some(value), _) => value.clone(),
            (None, "Vorgangsnummer") => vorgang.clone(),
            (None, "NachrichtId") => nachricht.clone(),
            (None, "Erstellt") => now.to_owned(),
            (None, other) => return Err(format!("wer gibt \"{other}\"? Das Datenblatt nicht")),
        };
        leaf.children = vec![Node::Text(value)];
    }
    let mut documents = sheet.documents.clone();
    if scripts.has(FakeDefect::PortalLosesDocument) {
        documents.pop();
    }
    attach(&mut root, &documents)?;
    let mut body = root.to_xml();
    if scripts.has(FakeDefect::PortalInvalid) {
        body = crate::fake_system::faulty::without_last_leaf(&body);
    }
    Ok(Filled { vorgang, body })
}

/// What a faulty Antragsassistent makes of entries.
fn tamper(entries: &mut [Entered], scripts: &Scripts) {
    // Kopf stands first; what people enter comes after it.
    let entered = |e: &Entered| e.value.is_some() && !e.position.starts_with("Kopf");
    let places: Vec<usize> = (0..entries.len()).filter(|i| entered(&entries[*i])).take(2).collect();
    let [first, second] = places[..] else { return };
    if scripts.has(FakeDefect::PortalSwapsEntries) {
        let value = entries[first].value.take();
        entries[first].value = entries[second].value.replace(value.unwrap_or_default());
    }
    if scripts.has(FakeDefect::PortalDropsEntry) {
        entries[second].value = Some(String::new());
    }
}

/// The element at a position such as `Betrieb[1]/Name[1]`, made where it is not there.
fn leaf_at<'a>(root: &'a mut Element, position: &str) -> Result<&'a mut Element, String> {
    let mut at = root;
    for step in position.split('/') {
        let wrong = || format!("\"{position}\" ist keine Stelle einer Nachricht");
        let (name, number) =
            step.strip_suffix(']').and_then(|s| s.split_once('[')).ok_or_else(wrong)?;
        let number: usize = number.parse().map_err(|_| wrong())?;
        let places = |at: &Element| -> Vec<usize> {
            let is = |n: &Node| matches!(n, Node::Element(e) if e.name == name);
            (0..at.children.len()).filter(|i| is(&at.children[*i])).collect()
        };
        if number == 0 || number > places(at).len() + 1 {
            return Err(wrong());
        }
        if number > places(at).len() {
            let namespace = at.namespace.clone();
            at.children.push(Node::Element(Element::new(&namespace, name)));
        }
        let place = places(at)[number - 1];
        match &mut at.children[place] {
            Node::Element(inner) => at = inner,
            Node::Text(_) => return Err(wrong()),
        }
    }
    Ok(at)
}

/// Puts the content of each document beside its name.
fn attach(root: &mut Element, documents: &[Document]) -> Result<(), String> {
    let code = base64::engine::general_purpose::STANDARD;
    let namespace = root.namespace.clone();
    for child in &mut root.children {
        let Node::Element(all) = child else { continue };
        if all.name != "Anlagen" {
            continue;
        }
        all.children.retain(|one| match one {
            Node::Element(e) => {
                let name = e.child_text("Dateiname").unwrap_or_default();
                documents.iter().any(|d| d.name == name)
            }
            Node::Text(_) => true,
        });
        for one in &mut all.children {
            let Node::Element(one) = one else { continue };
            let name = one.child_text("Dateiname").unwrap_or_default();
            let Some(document) = documents.iter().find(|d| d.name == name) else { continue };
            code.decode(&document.content).map_err(|e| format!("{name}: {e}"))?;
            let content = Element::with_text(&namespace, "Inhalt", &document.content);
            one.children.push(Node::Element(content));
        }
    }
    Ok(())
}
