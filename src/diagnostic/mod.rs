//! Findings about authored files: all at once, each with its place and what to do.

mod authored;
mod schema_check;
mod suggest;

use std::ops::Range;

use codespan_reporting::diagnostic::{Diagnostic as Shown, Label};
use codespan_reporting::files::SimpleFile;
use codespan_reporting::term;

pub use authored::{Authored, Path, read, schema_of};
pub use suggest::nearest;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is stopped.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One finding about an authored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and why.
    pub message: String,
    /// Where, as a byte range of the file.
    pub span: Range<usize>,
    /// What to do.
    pub help: String,
    /// Other places that take part, with what stands there.
    pub also: Vec<(Range<usize>, String)>,
}

impl Diagnostic {
    /// An error.
    pub fn error(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            span,
            help: help.into(),
            also: vec![],
        }
    }

    /// The same finding with another place that takes part in it.
    #[must_use]
    pub fn and(mut self, span: Range<usize>, what: impl Into<String>) -> Self {
        self.also.push((span, what.into()));
        self
    }
}

/// The text of an authored file with its name.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name as the user gave it.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Source {
    /// Line and column, from 1, of a byte offset.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset.min(self.text.len()))];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        (line, column)
    }
}

/// An authored file that cannot be used, with every reason.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} has {} finding(s)", source_text.name, list.len())]
pub struct Diagnostics {
    /// The file.
    pub source_text: Source,
    /// The findings, in file order.
    pub list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Sorts and wraps findings.
    pub fn new(source_text: Source, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_key(|d| (d.span.start, d.span.end));
        Self { source_text, list }
    }

    /// A finding about the file as a whole.
    pub fn whole(name: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let source_text = Source { name: name.into(), text: String::new() };
        Self { source_text, list: vec![Diagnostic::error(0..0, message, help)] }
    }

    /// For people: each finding with its source line.
    pub fn render(&self, colour: bool) -> String {
        let file = SimpleFile::new(&self.source_text.name, &self.source_text.text);
        let config = term::Config::default();
        let mut out = termcolor_buffer(colour);
        for d in &self.list {
            let shown =
                match d.severity {
                    Severity::Error => Shown::error(),
                    Severity::Warning => Shown::warning(),
                }
                .with_message(&d.message)
                .with_labels(
                    std::iter::once(Label::primary((), d.span.clone()))
                        .chain(d.also.iter().map(|(span, what)| {
                            Label::secondary((), span.clone()).with_message(what)
                        }))
                        .collect(),
                )
                .with_notes(if d.help.is_empty() {
                    vec![]
                } else {
                    vec![format!("help: {}", d.help)]
                });
            let _ = term::emit_to_write_style(&mut out, &config, &file, &shown);
        }
        String::from_utf8_lossy(&out.into_inner()).into_owned()
    }

    /// For machines.
    pub fn to_json(&self) -> serde_json::Value {
        self.list
            .iter()
            .map(|d| {
                let (line, column) = self.source_text.position(d.span.start);
                let also: Vec<_> = d
                    .also
                    .iter()
                    .map(|(span, what)| {
                        let (line, column) = self.source_text.position(span.start);
                        serde_json::json!({"line": line, "column": column, "message": what})
                    })
                    .collect();
                serde_json::json!({
                    "file": self.source_text.name, "line": line, "column": column,
                    "severity": d.severity, "message": d.message, "help": d.help, "also": also,
                })
            })
            .collect()
    }
}

/// The text of an authored file, with the name that findings show.
///
/// # Errors
/// When it cannot be read as UTF-8 text.
pub fn read_text(path: &std::path::Path) -> Result<(String, String), Diagnostics> {
    let name = path.display().to_string();
    // A pipe or device would never end.
    let regular = std::fs::metadata(path).map_or(true, |m| m.is_file());
    let read = || match regular {
        true => std::fs::read_to_string(path),
        false => Err(std::io::Error::other("it is no regular file")),
    };
    match read() {
        Ok(text) => Ok((name, text)),
        Err(error) => {
            Err(Diagnostics::whole(&name, format!("cannot be read: {error}"), "check the path"))
        }
    }
}

/// The folder of an authored file, which its paths are relative to.
pub fn folder_of(path: &std::path::Path) -> &std::path::Path {
    let here = std::path::Path::new(".");
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(here)
}

fn termcolor_buffer(colour: bool) -> codespan_reporting::term::termcolor::Buffer {
    use codespan_reporting::term::termcolor::Buffer;
    if colour { Buffer::ansi() } else { Buffer::no_color() }
}
