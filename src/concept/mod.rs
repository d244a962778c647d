//! The Systemkonzept: what a bundle of services demands of each component.
//!
//! `written` is the file as typed; [`SystemConcept`] is the checked file with its parts found.

mod check;
mod demand;
mod expression;
mod imported;
mod schema;
mod standard;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use demand::*;
pub use expression::{literals_in, paths_in};
pub use schema::{placed, xsd_of};
pub use standard::{HeaderRule, MessageSchema, Policy, Standard};
pub use written::*;

use crate::diagnostic::{Authored, Diagnostics, folder_of, read, read_text};
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
    index: Index,
}

/// Where things stand, so that a large concept is not searched again and again.
#[derive(Debug, Clone, Default)]
struct Index {
    fields_of: BTreeMap<String, Vec<usize>>,
    groups_within: BTreeMap<String, Vec<usize>>,
    field: BTreeMap<String, usize>,
    group: BTreeMap<String, usize>,
    message: BTreeMap<String, usize>,
    code_list: BTreeMap<String, usize>,
    document: BTreeMap<String, usize>,
    service_of: BTreeMap<String, usize>,
}

impl Index {
    fn of(file: &ConceptFile) -> Self {
        fn by_id<T>(list: &[T], id: impl Fn(&T) -> &str) -> BTreeMap<String, usize> {
            list.iter().enumerate().rev().map(|(i, x)| (id(x).to_owned(), i)).collect()
        }
        let mut index = Self {
            field: by_id(&file.field, |x| &x.id),
            group: by_id(&file.group, |x| &x.id),
            message: by_id(&file.message, |x| &x.id),
            code_list: by_id(&file.code_list, |x| &x.id),
            document: by_id(&file.document, |x| &x.id),
            service_of: by_id(&file.service, |x| &x.starts_with),
            ..Self::default()
        };
        for (i, field) in file.field.iter().enumerate() {
            index.fields_of.entry(field.group.clone()).or_default().push(i);
        }
        for (i, group) in file.group.iter().enumerate() {
            if let Some(outer) = &group.within {
                index.groups_within.entry(outer.clone()).or_default().push(i);
            }
        }
        index
    }
}

impl SystemConcept {
    /// Reads and checks a concept.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn from_text(name: &str, text: &str, folder: &Path) -> Result<Self, Diagnostics> {
        let mut authored: Authored<ConceptFile> = read(name, text)?;
        let imported = imported::extend(&mut authored, folder)?;
        standard::extend(&mut authored, folder)?;
        let list = check::check(&authored, folder);
        if !list.is_empty() {
            return Err(Diagnostics::new(authored.source, list));
        }
        let index = Index::of(&authored.value);
        Ok(Self {
            digest: if imported.is_empty() {
                Digest::of(text)
            } else {
                let all: Vec<&str> = imported.iter().map(|d| d.0.as_str()).collect();
                Digest::of(format!("{} {}", Digest::of(text), all.join(" ")))
            },
            file: authored.value,
            folder: folder.to_owned(),
            index,
        })
    }

    /// Reads and checks the concept in a file.
    ///
    /// # Errors
    /// Every finding at once, with its place; also when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let (name, text) = read_text(path)?;
        Self::from_text(&name, &text, folder_of(path))
    }

    /// What is wrong with the schemas of its standards; see the reason at each.
    pub fn unusable_schemas(&self) -> Vec<crate::xml::SchemaError> {
        standard::unusable(&self.file, &self.folder)
    }

    /// The fields of a group, in order.
    pub fn fields_of<'a>(&'a self, group: &str) -> impl Iterator<Item = &'a Field> {
        self.index.fields_of.get(group).into_iter().flatten().map(|&i| &self.file.field[i])
    }

    /// The groups that lie directly within a group, in order.
    pub fn groups_within<'a>(&'a self, group: &str) -> impl Iterator<Item = &'a Group> {
        self.index.groups_within.get(group).into_iter().flatten().map(|&i| &self.file.group[i])
    }

    /// The groups of a message with all that lie within them, outer ones first.
    pub fn groups_of<'a>(&'a self, message: &'a Message) -> Vec<&'a Group> {
        let mut out = Vec::new();
        let mut todo: Vec<&Group> =
            message.groups.iter().rev().filter_map(|id| self.group(id)).collect();
        while let Some(group) = todo.pop() {
            out.push(group);
            let mut inner: Vec<&Group> = self.groups_within(&group.id).collect();
            inner.reverse();
            todo.extend(inner);
        }
        out
    }

    /// Elements from the root to a group.
    pub fn path_of(&self, group: &Group) -> String {
        let mut steps = vec![group.path.as_str()];
        let mut at = group;
        while let Some(outer) = at.within.as_ref().and_then(|id| self.group(id)) {
            steps.push(&outer.path);
            at = outer;
        }
        steps.retain(|s| !s.is_empty());
        steps.reverse();
        steps.join("/")
    }

    /// A field by id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.index.field.get(id).map(|&i| &self.file.field[i])
    }

    /// A group by id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.index.group.get(id).map(|&i| &self.file.group[i])
    }

    /// A message by id.
    pub fn message(&self, id: &str) -> Option<&Message> {
        self.index.message.get(id).map(|&i| &self.file.message[i])
    }

    /// The first message of a kind.
    pub fn message_of_kind(&self, kind: MessageKind) -> Option<&Message> {
        self.file.message.iter().find(|m| m.kind == kind)
    }

    /// A code list by id.
    pub fn code_list(&self, id: &str) -> Option<&CodeList> {
        self.index.code_list.get(id).map(|&i| &self.file.code_list[i])
    }

    /// A document by id.
    pub fn document(&self, id: &str) -> Option<&Document> {
        self.index.document.get(id).map(|&i| &self.file.document[i])
    }

    /// The service that a message starts.
    pub fn service_of(&self, message: &Message) -> Option<&Service> {
        self.index.service_of.get(&message.id).map(|&i| &self.file.service[i])
    }

    /// The code a rejection must carry for a fault.
    pub fn rejection_code(&self, fault: Fault) -> Option<&str> {
        self.file.rejection.iter().find(|r| r.faults.contains(&fault)).map(|r| r.code.as_str())
    }
}
