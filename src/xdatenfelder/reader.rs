//! Children of an element held against a table of what may stand there; findings with their lines.

use std::collections::BTreeMap;
use std::ops::Range;

use super::model::Edition;
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::xml::Element;

/// How often a child may stand in its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Once; the file is unusable without.
    One,
    /// Once; a file without it is read with a warning.
    Expected,
    /// At most once.
    Optional,
    /// Any number of times.
    Many,
}

/// What may stand in an element.
pub(super) type Table = [(&'static str, Need)];

/// The byte ranges of lines.
pub(super) struct Lines(Vec<Range<usize>>);

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let mut at = 0;
        let mut lines = Vec::new();
        for line in text.split_inclusive('\n') {
            let body = line.trim_end();
            let start = at + body.len() - body.trim_start().len();
            lines.push(start..at + body.len());
            at += line.len();
        }
        Self(lines)
    }

    /// From the first to the last character of a line, counted from 1.
    pub(super) fn span(&self, line: u32) -> Range<usize> {
        let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        self.0.get(index).or(self.0.last()).cloned().unwrap_or(0..0)
    }
}

/// Gathers findings while a file is read.
pub(super) struct Reader {
    pub(super) edition: Edition,
    pub(super) findings: Vec<Diagnostic>,
    lines: Lines,
}

impl Reader {
    pub(super) fn new(edition: Edition, lines: Lines) -> Self {
        Self { edition, findings: Vec::new(), lines }
    }

    /// The file cannot be used.
    pub(super) fn error(&mut self, line: u32, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, line, message.into(), help.into());
    }

    /// The file can be used.
    pub(super) fn warn(&mut self, line: u32, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Warning, line, message.into(), help.into());
    }

    pub(super) fn add(&mut self, severity: Severity, line: u32, message: String, help: String) {
        let span = self.lines.span(line);
        self.findings.push(Diagnostic { severity, message, span, help, also: vec![] });
    }

    pub(super) fn failed(&self) -> bool {
        self.findings.iter().any(|d| d.severity == Severity::Error)
    }

    /// Sorts the children of an element by name and reports what may not stand there, what stands
    /// there too often, and what is missing.
    pub(super) fn children<'a>(&mut self, parent: &'a Element, tables: &[&Table]) -> Children<'a> {
        let known = || tables.iter().flat_map(|t| t.iter().copied());
        let mut found: BTreeMap<&'static str, Vec<&'a Element>> = BTreeMap::new();
        for child in parent.elements() {
            // `code` comes from the XÖV type Code, whose parts have no namespace.
            let at_home = child.namespace == self.edition.namespace()
                || (child.name == "code" && child.namespace.is_empty());
            match known().find(|(name, _)| *name == child.name) {
                Some((name, _)) if at_home => found.entry(name).or_default().push(child),
                Some((name, _)) => self.error(
                    child.line,
                    format!(
                        "<{name}> in <{}> has the namespace \"{}\"",
                        parent.name, child.namespace
                    ),
                    format!("put it into {}", self.edition.namespace()),
                ),
                None => {
                    let help = match nearest(&child.name, known().map(|(name, _)| name)) {
                        Some(near) => format!("did you mean <{near}>?"),
                        None => "remove it; own additions have no place in the standard".to_owned(),
                    };
                    let message = format!("<{}> may not stand in <{}>", child.name, parent.name);
                    self.error(child.line, message, help);
                }
            }
        }
        for (name, need) in known() {
            let here = found.get(name).map_or(0, Vec::len);
            match need {
                Need::One if here == 0 => self.error(
                    parent.line,
                    format!("<{}> has no <{name}>", parent.name),
                    format!("add <{name}>"),
                ),
                Need::Expected if here == 0 => self.warn(
                    parent.line,
                    format!("<{}> has no <{name}>", parent.name),
                    format!("add <{name}>; the standard asks for it"),
                ),
                Need::Many => {}
                _ if here > 1 => {
                    if let Some(list) = found.get_mut(name) {
                        self.repeated(parent, name, list);
                    }
                }
                _ => {}
            }
        }
        Children { found }
    }

    /// One filled among empty ones is what was meant; anything else is a contradiction.
    fn repeated<'a>(&mut self, parent: &Element, name: &str, list: &mut Vec<&'a Element>) {
        let places: Vec<String> = list.iter().map(|e| e.line.to_string()).collect();
        let message = format!(
            "<{name}> stands {} times in <{}>, on lines {}, and may stand once",
            list.len(),
            parent.name,
            places.join(", ")
        );
        let filled: Vec<&'a Element> = list.iter().copied().filter(|e| !is_empty(e)).collect();
        let second = list.get(1).map_or(parent.line, |e| e.line);
        match filled.as_slice() {
            [only] => {
                self.warn(second, message, "remove the empty one; the filled one is used");
                *list = vec![only];
            }
            _ => self.error(second, message, "keep one of them"),
        }
    }

    /// The text of a child that has to have one.
    pub(super) fn required_text(&mut self, from: &Children<'_>, name: &'static str) -> String {
        let Some(element) = from.one(name) else { return String::new() };
        let text = from.text(name).unwrap_or_default();
        if text.is_empty() {
            self.error(element.line, format!("<{name}> is empty"), format!("give the {name}"));
        }
        text
    }

    /// The word in `<name><code>word</code></name>`, with its line.
    pub(super) fn code(
        &mut self,
        from: &Children<'_>,
        name: &'static str,
    ) -> Option<(String, u32)> {
        let element = from.one(name)?;
        let inner = self.children(element, &[&[("code", Need::One)]]);
        let code = inner.one("code")?;
        let word = code.text().trim().to_owned();
        if word.is_empty() {
            self.error(code.line, format!("<code> in <{name}> is empty"), "give a code");
            return None;
        }
        Some((word, code.line))
    }

    /// A code out of a closed list; anything else is an error.
    pub(super) fn choice<T: Copy>(
        &mut self,
        from: &Children<'_>,
        name: &'static str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let (word, line) = self.code(from, name)?;
        let found = words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            let help = format!("known here: {}", known.join(", "));
            self.error(line, format!("\"{word}\" is no {name}"), help);
        }
        found
    }
}

/// True when neither text nor elements are inside.
fn is_empty(element: &Element) -> bool {
    element.is_leaf() && element.text().trim().is_empty()
}

/// The children of one element, by name.
pub(super) struct Children<'a> {
    found: BTreeMap<&'static str, Vec<&'a Element>>,
}

impl<'a> Children<'a> {
    /// All children of a name, in file order.
    pub(super) fn all(&self, name: &str) -> &[&'a Element] {
        self.found.get(name).map_or(&[], Vec::as_slice)
    }

    /// The first child of a name.
    pub(super) fn one(&self, name: &str) -> Option<&'a Element> {
        self.all(name).first().copied()
    }

    /// Its text without white space around it; `None` when it is missing or empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.one(name).map(|e| e.text().trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// The texts of all children of a name, joined.
    pub(super) fn texts(&self, name: &str) -> Option<String> {
        let list: Vec<String> = self
            .all(name)
            .iter()
            .map(|e| e.text().split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|t| !t.is_empty())
            .collect();
        (!list.is_empty()).then(|| list.join("; "))
    }
}
