//! Twins of a message: other bytes that mean the same, so that what a rule makes of them must mean the
//! same as well.

use unicode_normalization::UnicodeNormalization as _;

use crate::xml::{Element, Node, TransformEnd, Transformed, Writer, parse};

use super::outputs::same_meaning;

const XMLNS_XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The attribute by which the code types of XÖV name the version of their list.
const LIST_VERSION: &str = "listVersionID";

/// How a twin differs from its message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Twin {
    /// Every namespace has another prefix.
    OtherPrefix,
    /// The namespace of the root is the default one.
    DefaultNamespace,
    /// Attributes stand in the other order.
    AttributeOrder,
    /// Line breaks and indentation between elements, and between attributes.
    WhiteSpace,
    /// Letters composed (Unicode NFC).
    Composed,
    /// Letters decomposed (Unicode NFD).
    Decomposed,
    /// An older version of a code list is named.
    OlderList,
}

impl Twin {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OtherPrefix,
        Self::DefaultNamespace,
        Self::AttributeOrder,
        Self::WhiteSpace,
        Self::Composed,
        Self::Decomposed,
        Self::OlderList,
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherPrefix => "other-prefix",
            Self::DefaultNamespace => "default-namespace",
            Self::AttributeOrder => "attribute-order",
            Self::WhiteSpace => "white-space",
            Self::Composed => "composed",
            Self::Decomposed => "decomposed",
            Self::OlderList => "older-list",
        }
    }

    /// What it is, in words.
    pub fn what(self) -> &'static str {
        match self {
            Self::OtherPrefix => "mit anderen Präfixen",
            Self::DefaultNamespace => "mit Vorgabe-Namensraum",
            Self::AttributeOrder => "mit umgekehrter Folge der Attribute",
            Self::WhiteSpace => "mit Zeilenumbrüchen zwischen Elementen und Attributen",
            Self::Composed => "mit zusammengesetzten Buchstaben (NFC)",
            Self::Decomposed => "mit zerlegten Buchstaben (NFD)",
            Self::OlderList => "mit einer älteren Fassung der Codeliste",
        }
    }

    /// The twin of a message; none where it would be the message itself, or where the message is no XML.
    pub fn of(self, message: &[u8]) -> Option<Vec<u8>> {
        let root = parse(message).ok()?.root;
        // What stands between elements is not to change but where that is what the twin is about.
        let compact = !is_indented(message);
        let write = |writer: Writer, root: &Element| {
            let writer = if compact { writer.compact() } else { writer };
            writer.write(root)
        };
        let as_it_was = |root: &Element, message: &[u8]| {
            let text = String::from_utf8_lossy(message);
            write(
                match prefix_of_root(&text) {
                    Some(prefix) => Writer::new().prefix(&prefix, &root.namespace),
                    None => Writer::new(),
                },
                root,
            )
        };
        let written = match self {
            Self::OtherPrefix => write(with_prefixes(&root), &root),
            Self::DefaultNamespace => {
                (!root.namespace.is_empty()).then(|| write(Writer::new(), &root))?
            }
            Self::AttributeOrder => {
                let mut root = root;
                let mut moved = false;
                root.each(&mut |e| {
                    moved |= e.attributes.len() > 1;
                    e.attributes.reverse();
                });
                moved.then(|| as_it_was(&root, message))?
            }
            Self::WhiteSpace => spaced(&as_it_was(&root, message)),
            Self::Composed => as_it_was(&texts(root, |t| t.nfc().collect())?, message),
            Self::Decomposed => as_it_was(&texts(root, |t| t.nfd().collect())?, message),
            Self::OlderList => {
                let mut root = root;
                let mut changed = false;
                root.each(&mut |e| {
                    for attribute in &mut e.attributes {
                        if attribute.name == LIST_VERSION {
                            attribute.value = older(&attribute.value);
                            changed = true;
                        }
                    }
                });
                changed.then(|| as_it_was(&root, message))?
            }
        };
        (written.as_bytes() != message).then(|| written.into_bytes())
    }

    /// Whether a rule made the same of a message and of this twin of it.
    pub fn same(self, of_message: &Transformed, of_twin: &Transformed) -> bool {
        match self {
            Self::Composed | Self::Decomposed => {
                same_meaning(&composed(of_message), &composed(of_twin))
            }
            _ => same_meaning(of_message, of_twin),
        }
    }
}

/// The output with all letters composed: a rule keeps letters as they came.
fn composed(made: &Transformed) -> Transformed {
    let mut out = made.clone();
    if made.end == TransformEnd::Output {
        out.output = String::from_utf8_lossy(&made.output).nfc().collect::<String>().into_bytes();
    }
    out
}

/// Whether white space stands between elements.
fn is_indented(message: &[u8]) -> bool {
    let text = String::from_utf8_lossy(message);
    let body = text.find("?>").map_or(&text[..], |at| &text[at + 2..]);
    body.trim().split('>').skip(1).any(|rest| {
        let between = rest.split('<').next().unwrap_or_default();
        !between.is_empty() && between.trim().is_empty()
    })
}

/// The prefix of the root element as it is written.
fn prefix_of_root(text: &str) -> Option<String> {
    let mut tags = text.split('<').skip(1);
    let tag = tags.find(|tag| !tag.starts_with(['?', '!']))?;
    let name = tag.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next()?;
    name.split_once(':').map(|(prefix, _)| prefix.to_owned())
}

fn with_prefixes(root: &Element) -> Writer {
    let mut namespaces: Vec<String> = Vec::new();
    root.walk(&mut |_, element| {
        if !element.namespace.is_empty() && !namespaces.contains(&element.namespace) {
            namespaces.push(element.namespace.clone());
        }
    });
    if !root.namespace.is_empty() && !namespaces.contains(&root.namespace) {
        namespaces.insert(0, root.namespace.clone());
    }
    let named = namespaces.iter().filter(|n| *n != XMLNS_XSI).enumerate();
    named.fold(Writer::new(), |w, (nth, n)| w.prefix(&format!("zw{nth}"), n))
}

/// Line breaks before attributes and between tags. In what is written here a `<` begins a tag.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let tags: Vec<&str> = text.split('<').collect();
    for (at, tag) in tags.iter().copied().enumerate() {
        if at > 0 {
            out.push('<');
        }
        if tag.starts_with(['?', '!']) {
            out.push_str(tag);
            continue;
        }
        let end = tag.find('>').map_or(0, |i| i + 1);
        let (inside, behind) = tag.split_at(end);
        out.push_str(&inside.replacen(' ', "\n      ", 1));
        // Only white space stands between two tags; anything else is a text, and so is white space that
        // is all an element holds.
        let opens = !inside.starts_with('/') && !inside.ends_with("/>");
        let leaf = opens && tags.get(at + 1).is_some_and(|next| next.starts_with('/'));
        let between =
            !leaf && !behind.is_empty() && behind.trim().is_empty() && behind.contains('\n');
        out.push_str(&if between { format!("\n\t{behind}\n  ") } else { behind.to_owned() });
    }
    out
}

fn texts(mut root: Element, change: impl Fn(&str) -> String) -> Option<Element> {
    let mut changed = false;
    root.each(&mut |element| {
        for node in &mut element.children {
            if let Node::Text(text) = node {
                let other = change(text);
                changed |= other != *text;
                *text = other;
            }
        }
        for attribute in &mut element.attributes {
            let other = change(&attribute.value);
            changed |= other != attribute.value;
            attribute.value = other;
        }
    });
    changed.then_some(root)
}

/// The version before: the last number in it one less.
fn older(version: &str) -> String {
    let end = version.rfind(|c: char| c.is_ascii_digit()).map_or(0, |i| i + 1);
    let start = version[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |i| i + 1);
    match version[start..end].parse::<u64>() {
        Ok(number) if number > 0 => {
            let width = end - start;
            format!("{}{:0width$}{}", &version[..start], number - 1, &version[end..])
        }
        _ => format!("{version}-alt"),
    }
}

#[cfg(test)]
mod tests {
    use super::Twin;
    use crate::xml::{compare, parse};

    const MESSAGE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<g:A xmlns:g=\"urn:a\" x=\"1\" y=\"2\">\n  \
                           <g:B>Größe  a</g:B>\n  <g:C listVersionID=\"2024-07\">1</g:C>\n</g:A>";

    fn twin(of: Twin) -> String {
        String::from_utf8(of.of(MESSAGE.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn twins_differ_in_their_bytes_and_mean_the_same() {
        let root = parse(MESSAGE.as_bytes()).unwrap().root;
        for of in
            [Twin::OtherPrefix, Twin::DefaultNamespace, Twin::AttributeOrder, Twin::WhiteSpace]
        {
            let made = twin(of);
            assert_ne!(made, MESSAGE);
            let other = parse(made.as_bytes()).unwrap().root;
            assert!(compare(&root, &other).is_empty(), "{of:?}: {made}");
            assert!(made.contains("Größe  a"), "{of:?}: {made}");
        }
        assert!(twin(Twin::OtherPrefix).contains("<zw0:A"));
        assert!(twin(Twin::DefaultNamespace).contains("<A xmlns=\"urn:a\""));
        assert!(twin(Twin::AttributeOrder).contains("y=\"2\" x=\"1\""));
        assert!(twin(Twin::WhiteSpace).contains("<g:A\n"), "{}", twin(Twin::WhiteSpace));
    }

    #[test]
    fn twins_of_letters_and_lists_differ_in_what_they_say() {
        assert!(twin(Twin::Decomposed).contains("Gro\u{308}ße"));
        assert!(Twin::Composed.of(MESSAGE.as_bytes()).is_none(), "it is composed already");
        assert!(twin(Twin::OlderList).contains("listVersionID=\"2024-06\""));
        assert!(Twin::OlderList.of(b"<a/>").is_none());
        assert!(Twin::OtherPrefix.of(b"kein XML").is_none());
    }
}
