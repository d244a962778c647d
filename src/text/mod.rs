//! Texts as German administration writes them: right ones, wrong ones, and those on the edge.
//!
//! Nothing here knows of messages or tests; other modules ask for a text with a property.

pub mod aktenzeichen;
pub mod decimal;
pub mod din91379;
pub mod iban;
pub mod keys;
pub mod moments;
pub mod money;
pub mod pattern;

pub use decimal::Decimal;
pub use pattern::{Lengths, Pattern, PatternError, both};
