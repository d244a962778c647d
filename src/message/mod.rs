//! Test messages: the bytes of each message of a plan, valid or with exactly one named fault.

mod akte;
mod build;
mod damage;
mod filing;
mod prove;
mod receiver;
mod sheet;

pub use akte::{Akte, akte_of, versions_of};
pub use build::{MessageError, TestMessage, build};
pub use damage::{damage_text, damage_tree};
pub use filing::{FiledDocument, Filing, filing, folder_of};
pub use prove::{Disproved, IndexEntry, export, file_name, prove};
pub use receiver::{HubValues, Prepared, build_for, common_element, prepare_for};
pub use sheet::{Contained, Entry, Sheet, sheet, sheets};
