//! Writing XML with the prefixes of the binding, straight into text: a feed may hold thousands of
//! objects.

use crate::xml::{escape_attribute, escape_text};

/// Atom (RFC 4287).
pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";
/// What CMIS adds to Atom.
pub(super) const CMISRA: &str = "http://docs.oasis-open.org/ns/cmis/restatom/200908/";
/// Objects, types, lists of permissions.
pub(super) const CMIS: &str = "http://docs.oasis-open.org/ns/cmis/core/200908/";

const DECLARED: [(&str, &str); 5] = [
    ("xmlns:atom", ATOM),
    ("xmlns:app", "http://www.w3.org/2007/app"),
    ("xmlns:cmisra", CMISRA),
    ("xmlns:cmis", CMIS),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
];

/// Attributes: name, value.
pub(super) type Attributes<'a> = &'a [(&'a str, &'a str)];

/// A document in the making.
pub(super) struct Xml {
    out: String,
}

impl Xml {
    /// A document with this root element.
    pub fn document(name: &str, inside: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into() };
        xml.declaring(name, inside);
        xml.out.push('\n');
        xml.out
    }

    /// An element that declares all prefixes itself, so that clients can cut it out and send it back.
    pub fn declaring(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.inside(name, &DECLARED, inside);
    }

    /// An element with elements in it.
    pub fn inside(
        &mut self,
        name: &str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.start(name, attributes);
        self.out.push('>');
        inside(self);
        self.end(name);
    }

    /// An element with text.
    pub fn leaf(&mut self, name: &str, text: &str) {
        self.leaf_with(name, &[], text);
    }

    /// An element with attributes and text.
    pub fn leaf_with(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.start(name, attributes);
        self.out.push('>');
        escape_text(&writable(text), &mut self.out);
        self.end(name);
    }

    /// An element without anything in it.
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.start(name, attributes);
        self.out.push_str("/>");
    }

    /// A link; the media type may be empty where the standard names none.
    pub fn link(&mut self, rel: &str, media_type: &str, href: &str) {
        let all = [("rel", rel), ("href", href), ("type", media_type)];
        let some = if media_type.is_empty() { &all[..2] } else { &all[..] };
        self.empty("atom:link", some);
    }

    fn start(&mut self, name: &str, attributes: Attributes<'_>) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape_attribute(&writable(value), &mut self.out);
            self.out.push('"');
        }
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }
}

/// XML 1.0 has no way to write control characters, which the other binding can bring in; they become
/// visible instead of making the document unreadable.
fn writable(text: &str) -> std::borrow::Cow<'_, str> {
    let bad = |c: char| matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}');
    if text.contains(bad) { text.replace(bad, "\u{FFFD}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::Xml;
    use crate::xml::parse;

    #[test]
    fn whatever_is_in_a_value_the_document_can_be_read() {
        let odd = "a\u{1}<b>&\"c\"\r\n\u{FFFE}ü]]>";
        let text = Xml::document("cmis:acl", |xml| {
            xml.leaf_with("cmis:permission", &[("name", odd)], odd);
        });
        let root = parse(text.as_bytes()).unwrap().root;
        let child = root.child("permission").unwrap();
        let wanted = "a\u{FFFD}<b>&\"c\"\r\n\u{FFFD}ü]]>";
        assert_eq!(child.text(), wanted);
        assert_eq!(child.attribute("name"), Some(wanted));
        assert_eq!(child.namespace, super::CMIS);
    }
}
