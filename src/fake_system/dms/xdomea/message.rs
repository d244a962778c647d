//! A message as it came out of its container: which one it is, and what its header says.

use bytes::Bytes;

use super::archive::Entry;
use super::fault::{Checked, Code, Fault, deviation};
use super::names::MessageName;
use super::shape::boolean;
use super::version::{Kind, NAMESPACES, Version};
use crate::fake_system::dms::errors::Caller;
use crate::xml::{Element, ParseErrorKind, parse};

/// A code with its list (XÖV).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coded {
    pub code: String,
    pub list: Option<String>,
    pub list_version: Option<String>,
}

/// Sender or receiver, as far as an answer repeats it (KontaktType).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contact {
    /// Behoerdenschluessel, in 2.4.0 Kennung.
    pub key: Option<Coded>,
    pub prefix: Option<Coded>,
    pub institution: Option<String>,
    pub unit: Option<String>,
}

/// What the header says (NkKeineRueckmeldungFVDatenType).
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    /// As written.
    pub process: String,
    pub kind_code: String,
    pub sender: Contact,
    pub receiver: Contact,
    /// InstanzID or name of the product that sends.
    pub system: Option<String>,
    pub wants_receipt: bool,
    pub wants_import: bool,
    pub batch: bool,
    pub batch_length: Option<i64>,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub version: Version,
    /// None of an xdomea message that is not spoken here.
    pub kind: Option<Kind>,
    pub header: Header,
    pub root: Element,
    /// The bytes of the XML file.
    pub bytes: Bytes,
    /// The name of the XML file.
    pub name: String,
    /// All other files.
    pub files: Vec<Entry>,
}

impl Message {
    /// Name of container and message without extension.
    pub fn stem(&self) -> String {
        format!("{}_{}", self.header.process, self.root.name)
    }

    /// The objects that the message is about.
    pub fn items(&self) -> impl Iterator<Item = &Element> {
        self.root.elements().filter(|e| e.name != "Kopf")
    }

    /// A file by its name; where it is not there like this, one whose name differs in case only.
    pub fn file(&self, name: &str) -> Option<&Entry> {
        let alike = |e: &&Entry| e.name.to_lowercase() == name.to_lowercase();
        self.files.iter().find(|e| e.name == name).or_else(|| self.files.iter().find(alike))
    }
}

const ONE_MESSAGE: &str = "xdomea ZIP: one message";

/// Finds and reads the message of a container.
///
/// # Errors
/// When there is none that can be answered.
pub(super) fn open(mut files: Vec<Entry>, caller: &mut Caller) -> Checked<Message> {
    let at = position(&files, caller)?;
    let Entry { name, bytes } = files.remove(at);
    if let Some(why) = too_much(&bytes) {
        let reason = format!("\"{name}\" has {why}");
        return Err(Fault::new("XML 1.0", reason).with_status(413));
    }
    let root = parse(&bytes).map_err(|e| {
        let reason = format!("\"{name}\": {e}");
        let status = if e.kind == ParseErrorKind::TooLarge { 413 } else { 400 };
        Fault::new("XML 1.0", reason).with_status(status)
    })?;
    let root = root.root;
    let Some(version) = Version::of_namespace(&root.namespace) else {
        let spoken = Version::EVERY.map(Version::number).join(", ");
        let reason = match root.namespace.strip_prefix(NAMESPACES) {
            Some(other) => format!("xdomea {other} is not spoken here; {spoken} are"),
            None => format!("\"{}\" is no namespace of xdomea", root.namespace),
        };
        return Err(Fault::new("xdomea: namespace", reason));
    };
    let kind = Kind::of_root(&root.name);
    let header = root.child("Kopf").map(header).unwrap_or_default();
    Ok(Message { version, kind, header, root, bytes, name, files })
}

/// Why a message is more than is read: a small container can unpack to XML whose tree fills the
/// memory, or to one tag with so many attributes that comparing them takes forever.
fn too_much(bytes: &[u8]) -> Option<&'static str> {
    const LARGEST: usize = 16 * 1024 * 1024;
    const MOST_TAGS: usize = 500_000;
    const MOST_SIGNS: usize = 20_000;
    if bytes.len() > LARGEST {
        return Some("more than 16 MiB");
    }
    // A value cannot hold this sign, so that every tag begins with one.
    let mut tags = bytes.split(|b| *b == b'<');
    if tags.clone().count() > MOST_TAGS {
        return Some("too many tags");
    }
    let crowded = |tag: &[u8]| tag.iter().filter(|b| **b == b'=').count() > MOST_SIGNS;
    tags.any(crowded).then_some("too many attributes in one tag")
}

/// Which file is the message.
fn position(files: &[Entry], caller: &mut Caller) -> Checked<usize> {
    let named: Vec<usize> =
        (0..files.len()).filter(|i| MessageName::parse(&files[*i].name, "xml").is_some()).collect();
    match named.as_slice() {
        [one] => return Ok(*one),
        [] => {}
        [..] => {
            let reason = format!("{} files of the container are named like messages", named.len());
            return Err(Fault::new(ONE_MESSAGE, reason));
        }
    }
    let reason = "no file of the container is named <ProzessID>_<Nachrichtentyp>.xml";
    deviation(caller, Fault::new(ONE_MESSAGE, reason))?;
    let is_message = |i: &usize| {
        let entry = &files[*i];
        entry.name.to_lowercase().ends_with(".xml")
            && too_much(&entry.bytes).is_none()
            && parse(&entry.bytes).is_ok_and(|d| d.root.namespace.starts_with(NAMESPACES))
    };
    let found: Vec<usize> = (0..files.len()).filter(is_message).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        other => {
            let reason = format!("the container holds {} messages of xdomea", other.len());
            Err(Fault::new(ONE_MESSAGE, reason))
        }
    }
}

fn header(head: &Element) -> Header {
    let flag = |name: &str| head.child_text(name).and_then(|t| boolean(&t)).unwrap_or(false);
    let system = head.child("SendendesSystem");
    Header {
        process: head.child_text("ProzessID").unwrap_or_default(),
        kind_code: head
            .child("Nachrichtentyp")
            .and_then(|t| t.child_text("code"))
            .unwrap_or_default(),
        sender: head.child("Absender").map(contact).unwrap_or_default(),
        receiver: head.child("Empfaenger").map(contact).unwrap_or_default(),
        system: system.and_then(|s| s.child_text("Produktname").or(s.child_text("InstanzID"))),
        wants_receipt: flag("Empfangsbestaetigung"),
        wants_import: flag("Importbestaetigung"),
        batch: flag("Stapel"),
        batch_length: head.child_text("Stapellaenge").and_then(|t| t.parse().ok()),
    }
}

fn contact(element: &Element) -> Contact {
    let coded = |at: &Element| {
        Some(Coded {
            code: at.child_text("code").filter(|c| !c.is_empty())?,
            list: at.attribute("listURI").map(str::to_owned),
            list_version: at.attribute("listVersionID").map(str::to_owned),
        })
    };
    let office = element.child("Behoerdenkennung");
    let key = office.and_then(|o| o.child("Behoerdenschluessel").or_else(|| o.child("Kennung")));
    let named = |name: &str| element.child(name).and_then(|e| e.child_text("Name"));
    Contact {
        key: key.and_then(coded),
        prefix: office.and_then(|o| o.child("Praefix")).and_then(coded),
        institution: named("Institution"),
        unit: named("Organisationseinheit"),
    }
}

/// An xdomea fault with the code for structures that are not valid.
pub(super) fn invalid(clause: &'static str, reason: impl Into<String>) -> Fault {
    Fault::new(clause, reason).with_code(Code::INVALID)
}

#[cfg(test)]
mod tests {
    use super::too_much;

    #[test]
    fn messages_that_would_fill_the_memory_are_not_parsed() {
        assert_eq!(too_much(b"<a b='c'/>"), None);
        assert!(too_much("<a/>".repeat(500_001).as_bytes()).is_some());
        let attributes: String = (0..20_001).map(|n| format!(" a{n}='>'")).collect();
        assert!(too_much(format!("<a{attributes}/>").as_bytes()).is_some());
        assert!(too_much(&vec![b' '; 16 * 1024 * 1024 + 1]).is_some());
    }
}
