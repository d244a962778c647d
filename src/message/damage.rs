//! What a damage does to a message: to its tree, before it is written in any protocol, or to its text,
//! whatever stands around the message in it.

use crate::plan::Damage;
use crate::xml::{Element, Node};

/// Damages a tree; gives back what can only be done to the text.
pub fn damage_tree(root: &mut Element, damage: Damage) -> Option<Damage> {
    match damage {
        Damage::WrongRoot => root.name = format!("{}Unbekannt", root.name),
        Damage::WrongNamespace => {
            let other = format!("{}99", root.namespace);
            rename(root, &other);
        }
        Damage::WrongOrder => {
            if root.children.len() > 1 {
                root.children.swap(0, 1);
            }
        }
        Damage::UnknownElement => {
            let more = Element::with_text(&root.namespace, "Erweiterung", "unbekannt");
            root.children.push(Node::Element(more));
        }
        other => return Some(other),
    }
    None
}

/// Damages the text of a document. What [`damage_tree`] does is not done here.
pub fn damage_text(text: &str, damage: Damage) -> Vec<u8> {
    match damage {
        Damage::Empty => Vec::new(),
        Damage::NotWellFormed => {
            let end = text.rfind("</").unwrap_or(text.len());
            text.as_bytes()[..end].to_vec()
        }
        Damage::Doctype => {
            let name = root_name(text);
            text.replacen("?>\n", &format!("?>\n<!DOCTYPE {name}>\n"), 1).into_bytes()
        }
        Damage::ByteOrderMark => format!("\u{FEFF}{text}").into_bytes(),
        Damage::Prefixed => prefixed(text).into_bytes(),
        Damage::Prolog => text
            .replacen("?>\n", "?>\n<!-- vom Portal -->\n<?portal fassung=\"1\"?>\n", 1)
            .into_bytes(),
        Damage::Nil => nil(text).into_bytes(),
        Damage::Latin1 => latin1(&text.replacen("\"UTF-8\"", "\"ISO-8859-1\"", 1)),
        Damage::Latin1DeclaredUtf8 => latin1(text),
        Damage::WrongRoot
        | Damage::WrongNamespace
        | Damage::WrongOrder
        | Damage::UnknownElement => text.as_bytes().to_vec(),
    }
}

/// A tree with a damage, written as a document.
pub(super) fn damaged(mut root: Element, damage: Option<Damage>) -> Vec<u8> {
    match damage.and_then(|damage| damage_tree(&mut root, damage)) {
        None => root.to_xml().into_bytes(),
        Some(left) => damage_text(&root.to_xml(), left),
    }
}

/// The name of the first element, as it is written.
fn root_name(text: &str) -> &str {
    let after = text.find("?>").map_or(text, |at| &text[at + 2..]).trim_start();
    let name = after.strip_prefix('<').unwrap_or(after);
    name.split([' ', '>', '/', '\n']).next().unwrap_or_default()
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
        // An empty element with a namespace of its own, such as xop:Include, keeps it.
        let written = rest.split_once('>').map_or(rest, |(tag, _)| tag);
        let own = out.contains("<nr:") && written.ends_with('/') && written.contains(" xmlns=");
        if !rest.starts_with(['?', '!']) && !own {
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
