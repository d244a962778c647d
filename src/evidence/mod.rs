//! Evidence (Nachweis): what was sent and seen, append-only and hash-chained. No word of judgement.
//!
//! `evidence.jsonl` holds one record a line; each line carries the SHA-256 of the line before it.
//! What people find is appended to the same chain once the run has ended. Large payloads lie beside it in `blobs/`, named by their digest.

mod attestation;
mod reader;
mod record;
mod writer;

pub use attestation::{AttestError, Attestation, Attested, NewAttestation, attest};
pub use reader::{Entry, Evidence, EvidenceError};
pub use record::{Direction, Payload, Record, StepOutcome, TargetEvent};
pub use writer::Writer;

/// The format this version writes and reads.
pub const FORMAT: &str = "pruefstand/evidence/2";
/// Name of the file in a run's folder.
pub const FILE: &str = "evidence.jsonl";
/// Name of the folder of large payloads.
pub const BLOBS: &str = "blobs";
