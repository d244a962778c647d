//! Hardened parsing into the owned tree.

use super::encoding::{Decoded, decode};
use super::tree::{Attribute, Element, Node};

/// Deepest nesting that is read, the limit of libxml2.
const MAX_DEPTH: usize = 256;
/// Largest document that is read, bytes.
const MAX_SIZE: usize = 64 * 1024 * 1024;

/// Most attributes of one element: parsers compare each with each, so that a tag of some megabytes
/// would take hours.
const MAX_ATTRIBUTES: usize = 1_000;
/// Most tags; a tree takes a hundred times the bytes of the smallest ones.
const MAX_TAGS: usize = 2_000_000;

/// What kind of fault stopped the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// Not well-formed XML 1.0.
    NotWellFormed,
    /// The bytes are not what mark, declaration or default say.
    Encoding,
    /// A DOCTYPE, which is refused in messages, replies and rules.
    Doctype,
    /// Larger or deeper than the limits.
    TooLarge,
}

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseError {
    /// The kind of fault.
    pub kind: ParseErrorKind,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong, and what to do where that is known.
    pub message: String,
}

/// A parsed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The root element.
    pub root: Element,
    /// The encoding the bytes were in.
    pub encoding: String,
    /// Line of the first processing instruction, which some protocols forbid.
    pub instruction: Option<u32>,
}

/// Parses a message, reply or rule: a DOCTYPE is refused.
///
/// # Errors
/// See [`ParseErrorKind`].
pub fn parse(bytes: &[u8]) -> Result<Document, ParseError> {
    parse_with(bytes, false)
}

/// Parses a catalogued schema: a DOCTYPE is tolerated; entities from it are limited by the parser.
///
/// # Errors
/// See [`ParseErrorKind`].
pub fn parse_schema_file(bytes: &[u8]) -> Result<Document, ParseError> {
    parse_with(bytes, true)
}

fn parse_with(bytes: &[u8], allow_dtd: bool) -> Result<Document, ParseError> {
    within_limit(bytes)?;
    parse_decoded(&decode(bytes)?, allow_dtd)
}

pub(super) fn within_limit(bytes: &[u8]) -> Result<(), ParseError> {
    if bytes.len() > MAX_SIZE {
        return Err(ParseError {
            kind: ParseErrorKind::TooLarge,
            line: 1,
            column: 1,
            message: format!("{} bytes, more than the limit of {MAX_SIZE}", bytes.len()),
        });
    }
    Ok(())
}

/// Refuses what a parser would take forever for, or what its tree has no room for.
fn within_bounds(text: &str) -> Result<(), ParseError> {
    let too_large = |rest: &str, message: String| {
        let line = text[..text.len() - rest.len()].bytes().filter(|b| *b == b'\n').count();
        let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
        Err(ParseError { kind: ParseErrorKind::TooLarge, line, column: 1, message })
    };
    let (mut rest, mut tags) = (text, 0);
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let mut skipped = ["<!--", "<![CDATA[", "<?"].iter().zip(["-->", "]]>", "?>"]);
        let skipped = skipped.find(|(begin, _)| rest.starts_with(**begin));
        if let Some((begin, end)) = skipped {
            let after = &rest[begin.len()..];
            rest = after.find(end).map_or("", |at| &after[at + end.len()..]);
            continue;
        }
        tags += 1;
        if tags > MAX_TAGS {
            return too_large(rest, format!("more than {MAX_TAGS} tags"));
        }
        let (mut quote, mut attributes, mut end) = (None, 0, rest.len());
        for (at, byte) in rest.bytes().enumerate().skip(1) {
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => attributes += 1,
                // What is no tag after all is left to the parser.
                (_, b'<') | (None, b'>') => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        if attributes > MAX_ATTRIBUTES {
            return too_large(rest, format!("more than {MAX_ATTRIBUTES} attributes in one tag"));
        }
        rest = &rest[end..];
    }
    Ok(())
}

/// Parses characters whose encoding is settled already.
pub(super) fn parse_decoded(decoded: &Decoded, allow_dtd: bool) -> Result<Document, ParseError> {
    within_bounds(&decoded.text)?;
    let options = roxmltree::ParsingOptions { allow_dtd, ..Default::default() };
    let tree =
        roxmltree::Document::parse_with_options(&decoded.text, options).map_err(|error| {
            let at = error.pos();
            let (kind, message) = match error {
            roxmltree::Error::DtdDetected => (
                ParseErrorKind::Doctype,
                "DOCTYPE is not allowed here (remove it; entities and outside files are never read)"
                    .to_owned(),
            ),
            ref other => (ParseErrorKind::NotWellFormed, strip_position(&other.to_string())),
        };
            ParseError { kind, line: at.row, column: at.col, message }
        })?;
    let lines = LineIndex::new(&decoded.text);
    let root = convert(tree.root_element(), &lines, 0)?;
    let instruction = tree.root().descendants().find(roxmltree::Node::is_pi);
    let instruction = instruction.map(|node| lines.line(node.range().start));
    Ok(Document { root, encoding: decoded.encoding.clone(), instruction })
}

/// roxmltree appends "at 1:2" to most messages; the position is kept apart here.
fn strip_position(text: &str) -> String {
    match text.rsplit_once(" at ") {
        Some((message, at)) if at.chars().all(|c| c.is_ascii_digit() || c == ':') => message.into(),
        _ => text.into(),
    }
}

struct LineIndex(Vec<usize>);

impl LineIndex {
    fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i).collect())
    }

    fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|&at| at < offset) + 1).unwrap_or(u32::MAX)
    }
}

fn convert(
    node: roxmltree::Node<'_, '_>,
    lines: &LineIndex,
    depth: usize,
) -> Result<Element, ParseError> {
    let line = lines.line(node.range().start);
    if depth >= MAX_DEPTH {
        return Err(ParseError {
            kind: ParseErrorKind::TooLarge,
            line,
            column: 1,
            message: format!("elements are nested deeper than {MAX_DEPTH}"),
        });
    }
    let mut element = Element {
        namespace: node.tag_name().namespace().unwrap_or_default().to_owned(),
        prefix: node
            .tag_name()
            .namespace()
            .and_then(|uri| node.lookup_prefix(uri))
            .map(str::to_owned),
        name: node.tag_name().name().to_owned(),
        scope: node
            .namespaces()
            .map(|ns| (ns.name().unwrap_or_default().to_owned(), ns.uri().to_owned()))
            .collect(),
        line,
        ..Element::default()
    };
    for attribute in node.attributes() {
        element.attributes.push(Attribute {
            namespace: attribute.namespace().unwrap_or_default().to_owned(),
            name: attribute.name().to_owned(),
            value: attribute.value().to_owned(),
        });
    }
    for child in node.children() {
        if child.is_element() {
            element.children.push(Node::Element(convert(child, lines, depth + 1)?));
        } else if let Some(text) = child.text().filter(|_| child.is_text()) {
            match element.children.last_mut() {
                Some(Node::Text(last)) => last.push_str(text),
                _ => element.children.push(Node::Text(text.to_owned())),
            }
        }
    }
    Ok(element)
}

#[cfg(test)]
mod tests {
    use super::{MAX_ATTRIBUTES, MAX_TAGS, ParseErrorKind, parse};

    #[test]
    fn what_would_take_forever_is_refused_at_once() {
        let tag = |count: usize| {
            let attributes: String = (0..count).map(|n| format!(" a{n}='>x=\"'")).collect();
            format!("<!-- '<' --><?p <b c='?><a{attributes}><![CDATA[<=='>]]>= = =</a>")
        };
        let refused = |text: &str| parse(text.as_bytes()).unwrap_err();
        assert_eq!(parse(tag(MAX_ATTRIBUTES).as_bytes()).unwrap().root.attributes.len(), 1_000);
        let error = refused(&tag(200_000));
        assert_eq!((error.kind, error.line), (ParseErrorKind::TooLarge, 1));
        let error = refused(&format!("<a>\n{}</a>", "<b/>".repeat(MAX_TAGS)));
        assert_eq!((error.kind, error.line), (ParseErrorKind::TooLarge, 2));
        // Signs in text are no attributes.
        assert!(parse(format!("<a>{}</a>", "x=\"1\" ".repeat(5_000)).as_bytes()).is_ok());
        assert_eq!(refused("<a b='").kind, ParseErrorKind::NotWellFormed);
    }
}
