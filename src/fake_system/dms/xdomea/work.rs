//! What working on one message needs, and the way from a message to what is said about it.

use bytes::Bytes;

use super::answer::Item;
use super::fault::{Checked, Code, Fault, note_once};
use super::ids::Ids;
use super::message::Message;
use super::version::Kind;
use super::{export, filing, metadata, search, status};
use crate::fake_system::dms::acl::Permission;
use crate::fake_system::dms::errors::Caller;
use crate::fake_system::dms::store::{Object, Store};
use crate::xml::Element;

/// The repository and the message.
pub(super) struct Work<'a> {
    pub store: &'a mut Store,
    pub ids: &'a mut Ids,
    pub message: &'a Message,
    pub caller: &'a mut Caller,
    /// The system's name, of which its UUIDs are made.
    pub system: &'a str,
}

/// What came of a message.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub items: Vec<Item>,
    /// Files for the sender.
    pub files: Vec<(String, Bytes)>,
    /// The first fault.
    pub fault: Option<Fault>,
    /// Whether anything of it was done.
    pub done: bool,
}

impl Work<'_> {
    /// An object that the caller may see.
    pub fn find(&self, id: &str) -> Option<&Object> {
        let found = self.ids.find(self.store, id)?;
        found.allows(&self.caller.user, Permission::Read).then_some(found)
    }

    /// The name, or with a number what is free of it in the folder.
    pub fn free_name(&self, folder: &str, name: &str) -> String {
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (name, String::new()),
        };
        // Behind a hundred of a name the numbers jump, so that many are found as fast as few.
        let numbers = (2..100).chain(self.store.objects.len()..);
        let numbered = numbers.map(|n| format!("{stem} ({n}){extension}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|n| self.store.named(folder, n).is_none()).unwrap_or_default()
    }

    /// Does what the message asks.
    pub fn run(&mut self, kind: Kind) -> Outcome {
        let message = self.message;
        let mut out = Outcome::default();
        for item in message.items() {
            let number = item.child_text("NummerImStapel");
            match self.one(item, kind, &mut out.files) {
                Ok(items) => {
                    out.done = true;
                    out.items
                        .extend(items.into_iter().map(|i| Item { number: number.clone(), ..i }));
                }
                Err(fault) => {
                    note_once(self.caller, &fault);
                    let failed = Some((fault.code.unwrap_or(Code::UNKNOWN), fault.reason.clone()));
                    let parameter = failed_parameter(item);
                    let id = item.child_text("IDSGO");
                    out.items.push(Item { number, id, parameter, failed });
                    out.fault.get_or_insert(fault);
                }
            }
        }
        out
    }

    /// Takes out what a record brought that could not be filed whole.
    fn undo(&mut self, created: &[String], before: u64) {
        for id in created.iter().rev() {
            let folder = self.store.get(id).is_ok_and(Object::is_folder);
            if folder {
                self.store.take(id);
            } else {
                self.store.delete_version(id, true);
            }
        }
        self.store.changes.forget_after(before);
    }

    /// One object; all of it or nothing.
    fn one(
        &mut self,
        item: &Element,
        kind: Kind,
        files: &mut Vec<(String, Bytes)>,
    ) -> Checked<Vec<Item>> {
        match kind {
            Kind::Create | Kind::File => {
                let before = self.store.changes.latest();
                let mut created = Vec::new();
                let done = filing::file(self, item, kind, &mut created);
                if done.is_err() {
                    self.undo(&created, before);
                }
                done
            }
            Kind::Search => search::search(self, item),
            Kind::AddMetadata => metadata::add(self, item),
            Kind::Status => status::status(self, item).map(|i| vec![i]),
            Kind::Export => export::export(self, item, files).map(|i| vec![i]),
            Kind::Received | Kind::Imported => Ok(Vec::new()),
        }
    }
}

/// What a failed object is called by: its id in the Fachverfahren, or the status that was asked for.
fn failed_parameter(item: &Element) -> super::answer::Parameter {
    let names = ["FachverfahrenObjektID", "SystemstatusID", "IDSGO", "Suchbegriffe"];
    let found = names.into_iter().find_map(|n| Some((n, item.child_text(n)?)));
    let (name, value) = found.unwrap_or(("Objekt", String::new()));
    super::answer::Parameter::Field(name.into(), value)
}
