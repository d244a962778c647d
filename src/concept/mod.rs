//! The Systemkonzept: what a bundle of services demands of each component.
//!
//! `written` is the file as typed; [`SystemConcept`] is the checked file with its parts found.

mod check;
mod demand;
mod schema;
mod written;

use std::path::{Path, PathBuf};

pub use demand::*;
pub use schema::xsd_of;
pub use written::*;

use crate::diagnostic::{Authored, Diagnostics, read, read_text};
use crate::ids::Digest;

/// The format this version reads.
pub const FORMAT: &str = "pruefstand/concept/1";

/// A concept without findings, with the folder its files are relative to.
#[derive(Debug, Clone)]
pub struct SystemConcept {
    /// The file's content.
    pub file: ConceptFile,
    /// Digest of the file's text.
    pub digest: Digest,
    /// Folder of the file.
    pub folder: PathBuf,
}

impl SystemConcept {
    /// Reads and checks a concept.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn from_text(name: &str, text: &str, folder: &Path) -> Result<Self, Diagnostics> {
        let authored: Authored<ConceptFile> = read(name, text)?;
        let list = check::check(&authored, folder);
        if !list.is_empty() {
            return Err(Diagnostics::new(authored.source, list));
        }
        Ok(Self { digest: Digest::of(text), file: authored.value, folder: folder.to_owned() })
    }

    /// Reads and checks the concept in a file.
    ///
    /// # Errors
    /// Every finding at once, with its place; also when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let (name, text) = read_text(path)?;
        Self::from_text(&name, &text, path.parent().unwrap_or(Path::new(".")))
    }

    /// The fields of a group, in order.
    pub fn fields_of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Field> {
        self.file.field.iter().filter(move |f| f.group == group)
    }

    /// A group by id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.file.group.iter().find(|g| g.id == id)
    }

    /// A message by id.
    pub fn message(&self, id: &str) -> Option<&Message> {
        self.file.message.iter().find(|m| m.id == id)
    }

    /// The first message of a kind.
    pub fn message_of_kind(&self, kind: MessageKind) -> Option<&Message> {
        self.file.message.iter().find(|m| m.kind == kind)
    }

    /// A code list by id.
    pub fn code_list(&self, id: &str) -> Option<&CodeList> {
        self.file.code_list.iter().find(|c| c.id == id)
    }

    /// A document by id.
    pub fn document(&self, id: &str) -> Option<&Document> {
        self.file.document.iter().find(|d| d.id == id)
    }

    /// The code a rejection must carry for a fault.
    pub fn rejection_code(&self, fault: Fault) -> Option<&str> {
        self.file.rejection.iter().find(|r| r.faults.contains(&fault)).map(|r| r.code.as_str())
    }
}
