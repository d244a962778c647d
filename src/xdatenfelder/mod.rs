//! XDatenfelder 2 and 3: the files in which FIM's Baustein Datenfelder publishes what a form asks for,
//! read into one tree that knows no editions.
//!
//! A file is read whole: everything that is wrong with it is reported at once, each with its line.
//! What makes a file unusable is an error: XML that cannot be read, a foreign namespace, nodes that
//! are unknown, missing, empty or repeated, codes outside their lists, and contradictions that no
//! message could satisfy. What is odd and harmless is a warning: an id of another form, a contradiction
//! about a field that may be left out, a group that holds nothing.
//!
//! The standard's XSD is not public; which nodes there are follows from the stylesheets of the FIM
//! editors, which read and write both editions. The order of nodes is not checked.

mod check;
mod constraints;
mod element;
mod field;
mod model;
mod reader;
mod recognise;
mod root;
mod rule;
mod value;

#[cfg(test)]
mod tests;

pub use model::{
    Codes, DataSchema, DataType, Edition, Field, FieldKind, Group, GroupKind, Item, Position,
    Prefill, Rule, Scope, Status,
};
pub use recognise::is_xdatenfelder;
pub use root::read;
