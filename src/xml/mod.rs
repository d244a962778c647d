//! XML: hardened parsing, schema validation, comparison by meaning, and XSLT in a worker process.
//!
//! The only module with unsafe code (`ffi`). It knows nothing about messages.

mod compare;
mod encoding;
mod ffi;
mod labelled;
mod parse;
mod schema;
mod transform;
mod tree;
mod worker;
mod write;
mod xpath;

pub use compare::{Difference, compare, compare_qualified};
pub use encoding::{Decoded, decode};
pub use ffi::engine_versions;
pub use labelled::{Labelled, parse_labelled};
pub use parse::{Document, ParseError, ParseErrorKind, parse, parse_schema_file};
pub use schema::{SchemaError, SchemaSet, Validator, Violation};
pub use transform::{Engine, Hello, Job, SheetSet, Worker};
pub use tree::{Attribute, Element, Node, escape_attribute, escape_text};
pub use worker::{TransformEnd, Transformed, newer_version, serve as serve_worker};
pub use write::Writer;
pub use xpath::{Condition, ConditionError};
