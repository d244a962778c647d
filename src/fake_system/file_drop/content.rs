//! What a hand-over holds: a folder with message, document and attachments, or a container of the
//! XFall kind, one XML file with everything in it.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::channel::file::{HandOver, Limits, ReadFile, check_name};
use crate::ids::Correlator;
use crate::xml::{Element, parse};

const DATA: &str = include_str!("../../../fake-systems/fachverfahren-ablage/system.toml");

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    #[expect(dead_code, reason = "the format's name is checked where the file is read by people")]
    format: String,
    #[expect(dead_code, reason = "for people")]
    title: String,
    pub poll_ms: u32,
    pub quiet_ms: u32,
    pub last: char,
    pub patience_ms: u32,
    pub marker: Option<String>,
    limits: Bounds,
    folder: Folder,
    container: Container,
    pub receipt: Receipt,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bounds {
    files: usize,
    file_bytes: u64,
    total_bytes: u64,
    name_bytes: usize,
}

/// Endings of names.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Folder {
    message: String,
    document: String,
}

/// Root of a container, and paths in it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Container {
    root: String,
    namespace: String,
    vorgang: String,
    payload: String,
    attachment: String,
    name: String,
    content: String,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    pub ending: String,
    pub body: String,
}

/// The data as it was built in.
pub(super) fn data() -> Data {
    let read = crate::diagnostic::read::<Data>("fachverfahren-ablage", DATA);
    // Embedded at build time; a unit test reads it.
    read.map_or_else(|e| unreachable!("{}", e.render(false)), |a| a.value)
}

impl Data {
    pub fn limits(&self) -> Limits {
        let Bounds { files, file_bytes, total_bytes, name_bytes } = self.limits;
        Limits { files, file_bytes, total_bytes, name_bytes }
    }
}

/// An application as it was handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// Name of the root of the message, `{namespace}name`.
    pub name: String,
    pub vorgang: String,
    pub title: String,
    pub message: Vec<u8>,
    /// Name and bytes.
    pub attachments: Vec<(String, Vec<u8>)>,
}

/// What was odd; a lenient system goes on where it can.
#[derive(Debug)]
pub(super) struct Oddities {
    pub lenient: bool,
    pub list: Vec<String>,
}

impl Oddities {
    fn deviation(&mut self, text: String) -> Result<(), String> {
        if !self.lenient {
            return Err(text);
        }
        self.list.push(text);
        Ok(())
    }
}

/// Reads a hand-over.
///
/// # Errors
/// Why it is refused.
pub(super) fn read(
    data: &Data,
    taken: &HandOver,
    oddities: &mut Oddities,
) -> Result<Content, String> {
    if let Some(fault) = taken.faults.first() {
        return Err(fault.clone());
    }
    match (&taken.files[..], taken.folder) {
        ([file], false) => container(data, file, oddities),
        (files, _) => folder(&data.folder, files, oddities),
    }
}

fn ends(name: &str, ending: &str) -> bool {
    name.to_lowercase().ends_with(ending)
}

fn xml(file: &ReadFile) -> Result<Element, String> {
    let read = parse(&file.content).map_err(|e| format!("\"{}\": {e}", file.name))?;
    Ok(read.root)
}

fn vorgang_in(bytes: &[u8]) -> String {
    let mut words = Correlator::candidates(bytes);
    words.find(|w| w.starts_with("PS-")).unwrap_or("unbekannt").to_owned()
}

fn folder(rules: &Folder, files: &[ReadFile], oddities: &mut Oddities) -> Result<Content, String> {
    let ending = &rules.message;
    let mut messages = files.iter().filter(|f| ends(&f.name, ending));
    let Some(message) = messages.next() else {
        return Err(format!("the folder holds no message, a file *{ending}"));
    };
    if messages.next().is_some() {
        oddities.deviation(format!("the folder holds more than one file *{ending}"))?;
    }
    let root = xml(message)?;
    let ending = &rules.document;
    let mut documents = files.iter().filter(|f| ends(&f.name, ending)).peekable();
    if documents.peek().is_none() {
        oddities.deviation(format!("the folder holds no document, a file *{ending}"))?;
    }
    for document in documents {
        // ISO 32000-1, 7.5.2: the header of a PDF.
        if ending == ".pdf" && !document.content.starts_with(b"%PDF-") {
            oddities.deviation(format!("\"{}\" is no PDF", document.name))?;
        }
    }
    unique(files.iter().map(|f| f.name.as_str()), oddities)?;
    let others = files.iter().filter(|f| f.name != message.name);
    Ok(Content {
        name: format!("{{{}}}{}", root.namespace, root.name),
        vorgang: vorgang_in(&message.content),
        title: root.name,
        message: message.content.clone(),
        attachments: others.map(|f| (f.name.clone(), f.content.clone())).collect(),
    })
}

fn container(data: &Data, file: &ReadFile, oddities: &mut Oddities) -> Result<Content, String> {
    let rules = &data.container;
    let root = xml(file)?;
    if (root.name.as_str(), &root.namespace) != (&rules.root, &rules.namespace) {
        let found = format!("{{{}}}{}", root.namespace, root.name);
        let wanted = format!("{{{}}}{}", rules.namespace, rules.root);
        oddities.deviation(format!("the file is {found}, a container is {wanted}"))?;
    }
    let payloads: Vec<&Element> =
        root.elements_at(&rules.payload).into_iter().flat_map(Element::elements).collect();
    if payloads.len() != 1 {
        let count = payloads.len();
        oddities.deviation(format!("{} holds {count} elements, one is allowed", rules.payload))?;
    }
    let mut attachments = Vec::new();
    let listed = root.elements_at(&rules.attachment);
    if listed.len() > data.limits.files {
        return Err(format!("more than {} attachments", data.limits.files));
    }
    for attachment in listed {
        let name = attachment.child_text(&rules.name).unwrap_or_default();
        // It may become the name of a file where somebody unpacks it.
        let bad = check_name(name.as_ref(), data.limits.name_bytes).err();
        if let Some(bad) = bad {
            return Err(format!("attachment: {bad}"));
        }
        let mut text = attachment.child(&rules.content).map(Element::text).unwrap_or_default();
        text.retain(|c| !c.is_ascii_whitespace());
        let bytes = STANDARD.decode(text);
        let bytes = bytes.map_err(|e| format!("attachment \"{name}\" is no base64: {e}"))?;
        attachments.push((name, bytes));
    }
    unique(attachments.iter().map(|(name, _)| name.as_str()), oddities)?;
    let vorgang = root.elements_at(&rules.vorgang).first().map(|v| v.text().trim().to_owned());
    let vorgang = vorgang.filter(|v| !v.is_empty());
    Ok(Content {
        name: format!("{{{}}}{}", root.namespace, root.name),
        vorgang: vorgang.unwrap_or_else(|| vorgang_in(&file.content)),
        title: payloads.first().map_or(root.name.as_str(), |p| p.name.as_str()).to_owned(),
        message: file.content.clone(),
        attachments,
    })
}

/// Names that differ in case alone are one file on some systems.
fn unique<'n>(names: impl Iterator<Item = &'n str>, oddities: &mut Oddities) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.to_lowercase()) {
            oddities.deviation(format!("the name \"{name}\" stands twice"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_data_can_be_read() {
        let data = super::data();
        assert!(data.limits().file_bytes <= data.limits().total_bytes);
    }
}
