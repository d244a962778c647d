//! Which parts of a sheet are reached: marks are put into a copy of it, and the engine says which of
//! them it came by. The sheet that is tested stays as it is.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};
use serde::Serialize;

use super::configuration::rule_files;
use super::depot::Depot;

const XSL: &str = "http://www.w3.org/1999/XSL/Transform";
/// What a mark's message begins with.
const MARK: &str = "pruefstand-marke-";
/// Functions that convert values.
const CONVERTING: [&str; 8] = [
    "translate(",
    "substring(",
    "substring-before(",
    "substring-after(",
    "concat(",
    "format-number(",
    "number(",
    "normalize-space(",
];

/// What a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PointKind {
    /// A template or function.
    Template,
    /// A branch: a condition that holds, or one that does not.
    Branch,
    /// A value that is not taken over as it is.
    Conversion,
}

/// A part of a sheet that can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The file, relative to the depot.
    pub file: String,
    /// The line.
    pub line: usize,
    /// What it is.
    pub kind: PointKind,
    /// Which one, in words.
    pub what: String,
}

/// A depot whose sheets say which of their points they come by.
pub struct Marked {
    /// The depot with the marks.
    pub depot: Depot,
    /// The points by the number of their mark.
    pub points: Vec<Point>,
    /// What the marks of this depot begin with: no sheet says it by itself.
    token: String,
}

impl Marked {
    /// Puts marks into all sheets of a depot.
    pub fn new(depot: &Depot) -> Self {
        let mut marked = Self {
            depot: depot.clone(),
            points: Vec::new(),
            token: format!("{MARK}{}:", depot.digest().0),
        };
        for file in &rule_files(depot) {
            let Some(text) = depot.text(file) else { continue };
            let text = text.as_str();
            let Ok(document) = Document::parse(text) else { continue };
            let root = document.root_element();
            let prefix = root.lookup_prefix(XSL).unwrap_or_default();
            if root.tag_name().namespace() != Some(XSL) {
                continue;
            }
            let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}:") };
            let mut inserts: BTreeMap<usize, String> = BTreeMap::new();
            for node in root.descendants().filter(Node::is_element) {
                marked.mark(file, text, &prefix, &node, &mut inserts);
            }
            let mut out = String::with_capacity(text.len() * 2);
            let mut at = 0;
            for (place, insert) in inserts {
                out.push_str(&text[at..place]);
                out.push_str(&insert);
                at = place;
            }
            out.push_str(&text[at..]);
            marked.depot.files.insert(file.clone(), out.into_bytes());
        }
        marked
    }

    fn point(
        &mut self,
        file: &str,
        text: &str,
        node: &Node<'_, '_>,
        kind: PointKind,
        what: String,
    ) -> usize {
        let line = text[..node.range().start].matches('\n').count() + 1;
        self.points.push(Point { file: file.to_owned(), line, kind, what });
        self.points.len() - 1
    }

    fn mark(
        &mut self,
        file: &str,
        text: &str,
        prefix: &str,
        node: &Node<'_, '_>,
        inserts: &mut BTreeMap<usize, String>,
    ) {
        let token = self.token.clone();
        let message = |number: usize| format!("<{prefix}message>{token}{number}</{prefix}message>");
        let Some(name) = xsl_name(node) else { return };
        let inside = inside_of(text, node);
        let mut put =
            |place: usize, what: String| inserts.entry(place).or_default().push_str(&what);
        match name {
            // An empty template has nothing to come by.
            "template" | "function" if inside.is_none() => {}
            "template" | "function" => {
                let which = node.attribute("match").map(|m| format!("Vorlage für {m}"));
                let which = which.or_else(|| {
                    node.attribute("name").map(|n| match name {
                        "function" => format!("Funktion {n}"),
                        _ => format!("Vorlage {n}"),
                    })
                });
                let number =
                    self.point(file, text, node, PointKind::Template, which.unwrap_or_default());
                let first =
                    |c: &Node<'_, '_>| matches!(xsl_name(c), Some("param" | "context-item"));
                let mut params = node.children().filter(first);
                if let Some(place) = params.next_back().map(|p| p.range().end).or(inside) {
                    put(place, message(number));
                }
            }
            "if" => {
                let test = node.attribute("test").unwrap_or_default();
                if let Some(place) = inside {
                    let what = format!("{test} trifft zu");
                    let number = self.point(file, text, node, PointKind::Branch, what);
                    put(place, message(number));
                }
                let raw = node.attribute_node("test").map(|t| &text[t.range_value()]);
                if let Some(raw) = raw {
                    let what = format!("{test} trifft nicht zu");
                    let number = self.point(file, text, node, PointKind::Branch, what);
                    let quote = if raw.contains('"') { '\'' } else { '"' };
                    // Attributes come before anything else in their element, so the mark comes behind.
                    put(
                        node.range().end,
                        format!(
                            "<{prefix}if test={quote}not({raw}){quote}>{}</{prefix}if>",
                            message(number)
                        ),
                    );
                }
            }
            "when" | "otherwise" => {
                if let Some(place) = inside {
                    let what = match node.attribute("test") {
                        Some(test) => format!("Zweig {test}"),
                        None => "Zweig für alles andere".to_owned(),
                    };
                    let number = self.point(file, text, node, PointKind::Branch, what);
                    put(place, message(number));
                }
            }
            "for-each" => {
                if let Some(place) = inside {
                    let what =
                        format!("{} kommt vor", node.attribute("select").unwrap_or_default());
                    let number = self.point(file, text, node, PointKind::Branch, what);
                    let mut sorts = node.children().filter(|c| xsl_name(c) == Some("sort"));
                    put(sorts.next_back().map_or(place, |s| s.range().end), message(number));
                }
            }
            "call-template" => {
                let which = node.attribute("name").unwrap_or_default();
                let what = format!("Umwandlung durch {which}");
                let number = self.point(file, text, node, PointKind::Conversion, what);
                put(node.range().start, message(number));
            }
            "value-of" => {
                let select = node.attribute("select").unwrap_or_default();
                if CONVERTING.iter().any(|f| select.contains(f)) {
                    let what = format!("Umwandlung durch {select}");
                    let number = self.point(file, text, node, PointKind::Conversion, what);
                    put(node.range().start, message(number));
                }
            }
            _ => {}
        }
    }

    /// The numbers of the points that an engine's messages speak of.
    pub fn reached<'m>(&self, messages: impl IntoIterator<Item = &'m String>) -> Vec<usize> {
        let mut out: Vec<usize> = Vec::new();
        for message in messages {
            for rest in message.split(&self.token).skip(1) {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                if let Ok(number) = digits.parse::<usize>()
                    && number < self.points.len()
                {
                    out.push(number);
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// The name of an instruction of XSLT.
fn xsl_name<'a>(node: &Node<'a, '_>) -> Option<&'a str> {
    (node.tag_name().namespace() == Some(XSL)).then(|| node.tag_name().name())
}

/// Where the content of an element begins; none where it is empty.
fn inside_of(text: &str, node: &Node<'_, '_>) -> Option<usize> {
    let first = node.first_child()?;
    // The first child may be a text that begins right behind the tag.
    Some(first.range().start).filter(|at| text.is_char_boundary(*at))
}
