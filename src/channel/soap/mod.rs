//! SOAP 1.1 and 1.2 over HTTP, document/literal, with WS-Addressing 1.0 and MTOM.
//!
//! | file | what lives there |
//! | --- | --- |
//! | `client` | one call: an envelope out, an answer or a fault back |
//! | `framing` | from a request to the bytes of an envelope: media types, action, parts |
//! | `envelope`, `addressing` | what an envelope holds, and what its header blocks demand |
//! | `fault` | what is said when something is wrong, in both versions |
//!
//! Messages of several parts are read in `wire`, since those who judge read them too.

pub(crate) mod addressing;
mod client;
pub(crate) mod envelope;
pub(crate) mod fault;
pub(crate) mod framing;

pub use client::{Addressed, Answer, Call, CallError, Written, call, read_answer, send_written};
