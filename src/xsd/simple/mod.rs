//! Simple types (XML Schema 1.0 part 2): value spaces, facets, good and bad texts.

mod builtin;
mod date;
mod facets;
mod faults;
mod pattern;
mod samples;
#[cfg(test)]
mod tests;
mod value;

pub(super) use builtin::Builtin;
pub(super) use facets::{Broken, Facets, WhiteSpace, broken, is_valid, same_value};
pub(super) use faults::{Fault, faults};
pub(super) use pattern::Pattern;
pub(super) use samples::{Sample, distinct, involves, samples, usual};

/// True when a text is a value of a built-in type.
pub(super) fn is_builtin_value(builtin: Builtin, text: &str) -> bool {
    value::parse(builtin, text).is_some()
}
