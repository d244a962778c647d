//! Test messages: the bytes of each message of a plan, valid or with exactly one named fault.

mod build;
mod documents;
mod prove;

pub use build::{MessageError, TestMessage, build};
pub use documents::document_bytes;
pub use prove::{Disproved, IndexEntry, export, prove};
