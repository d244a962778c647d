//! From values to bytes.

use crate::plan::{
    Damage, DocumentUse, Filling, MessageUse, TestCase, TestPlan, changed, filled, nachricht_of,
    tree, vorgang_nth, vorgang_uuid_of,
};
use crate::xml::{Element, Node, Writer, parse};
use crate::xsd::{Edit, apply};

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
        let bytes = plan.file_bytes(sample).ok_or_else(|| missing(format!("file \"{sample}\"")))?;
        let filling = Filling {
            vorgang: vorgang_nth(&case.id, use_.vorgang),
            vorgang_uuid: vorgang_uuid_of(&case.id),
            nachricht: nachricht.clone(),
            ..Filling::default()
        };
        let bytes = edited(bytes, &use_.edit, &filling).map_err(missing)?;
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
    let leistung = use_.leistung.clone().or_else(|| message.leistung.clone());
    // A message that starts no service belongs to the one that started the case.
    let leistung = leistung.or_else(|| plan.message.iter().find_map(|m| m.leistung.clone()));
    let filling = Filling {
        vorgang: vorgang_nth(&case.id, use_.vorgang),
        vorgang_uuid: vorgang_uuid_of(&case.id),
        nachricht: nachricht.clone(),
        behoerde: use_.behoerde.clone(),
        leistung: leistung.unwrap_or_default(),
    };
    let (parts, documents) = changed(message, set, &use_.change, &filling);
    let root = tree(message, &parts, &documents);
    Ok(TestMessage { bytes: damaged(root, use_.damage), nachricht, documents })
}

/// A file of the plan with a case's changes; without changes, its very bytes.
fn edited(bytes: Vec<u8>, edits: &[Edit], filling: &Filling) -> Result<Vec<u8>, String> {
    if edits.is_empty() {
        return Ok(bytes);
    }
    let mut root = parse(&bytes).map_err(|e| e.to_string())?.root;
    apply(&mut root, &filled(edits, filling)).map_err(|e| e.to_string())?;
    Ok(Writer::new().write(&root).into_bytes())
}

pub(super) fn damaged(mut root: Element, damage: Option<Damage>) -> Vec<u8> {
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
        Some(Damage::ByteOrderMark) => format!("\u{FEFF}{}", root.to_xml()).into_bytes(),
        Some(Damage::Prefixed) => prefixed(&root.to_xml()).into_bytes(),
        Some(Damage::Prolog) => root
            .to_xml()
            .replacen("?>\n", "?>\n<!-- vom Portal -->\n<?portal fassung=\"1\"?>\n", 1)
            .into_bytes(),
        Some(Damage::WrongOrder) => {
            if root.children.len() > 1 {
                root.children.swap(0, 1);
            }
            root.to_xml().into_bytes()
        }
        Some(Damage::UnknownElement) => {
            let more = Element::with_text(&root.namespace, "Erweiterung", "unbekannt");
            root.children.push(Node::Element(more));
            root.to_xml().into_bytes()
        }
        Some(Damage::Nil) => nil(&root.to_xml()).into_bytes(),
        Some(Damage::Latin1) => latin1(&root.to_xml().replacen("\"UTF-8\"", "\"ISO-8859-1\"", 1)),
        Some(Damage::Latin1DeclaredUtf8) => latin1(&root.to_xml()),
    }
}

/// The same document with a prefix instead of the default namespace.
fn prefixed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at + 1);
        out.push_str(before);
        rest = tag;
        if let Some(name) = rest.strip_prefix('/') {
            out.push('/');
            rest = name;
        }
        if !rest.starts_with(['?', '!']) {
            out.push_str("nr:");
        }
    }
    out.push_str(rest);
    out.replacen(" xmlns=", " xmlns:nr=", 1)
}

/// The same document with `xsi:nil` on its first leaf, which keeps its value: only the mark is wrong.
fn nil(text: &str) -> String {
    let nil = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"";
    let mut from = text.find("?>").map_or(0, |i| i + 2);
    while let Some(start) = text[from..].find('<').map(|i| from + i) {
        let Some(end) = text[start..].find('>').map(|i| start + i) else { break };
        let name = text[start + 1..end].split(' ').next().unwrap_or_default();
        let close = format!("</{name}>");
        // A leaf: what comes next is text and its own end tag.
        if let Some(next) = text[end + 1..].find('<').map(|i| end + 1 + i)
            && text[next..].starts_with(&close)
        {
            return format!("{}{nil}{}", &text[..end], &text[end..]);
        }
        from = end + 1;
    }
    text.to_owned()
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
