//! From values to bytes.

use crate::plan::{
    Damage, DocumentUse, Filling, MessageUse, TestCase, TestPlan, changed, nachricht_of, tree,
    vorgang_of,
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
    let leistung = use_.leistung.clone().or_else(|| message.leistung.clone());
    // A message that starts no service belongs to the one that started the case.
    let leistung = leistung.or_else(|| plan.message.iter().find_map(|m| m.leistung.clone()));
    let filling = Filling {
        vorgang: vorgang_of(&case.id),
        nachricht: nachricht.clone(),
        behoerde: use_.behoerde.clone(),
        leistung: leistung.unwrap_or_default(),
    };
    let (parts, documents) = changed(message, set, &use_.change, &filling);
    let root = tree(message, &parts, &documents);
    Ok(TestMessage { bytes: damaged(root, use_.damage), nachricht, documents })
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
