//! Test messages: the bytes of each message of a plan, valid or with exactly one named fault.

mod build;
mod filing;
mod prove;
mod receiver;
mod sheet;

pub use build::{MessageError, TestMessage, build};
pub use filing::{FiledDocument, Filing, filing, folder_of};
pub use prove::{Disproved, IndexEntry, export, file_name, prove};
pub use receiver::{HubValues, build_for, common_element};
pub use sheet::{Contained, Entry, Sheet, sheet, sheets};
