//! The reader: checks the chain and every payload before anything is judged.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine as _;
use jiff::Timestamp;
use serde::Deserialize;

use super::record::{Payload, Record};
use super::{BLOBS, FILE, FORMAT};
use crate::ids::Digest;

/// Why evidence cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A file cannot be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// A line is not a record.
    #[error("evidence.jsonl:{line}: {reason}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// The chain is broken: a line was changed, added or removed.
    #[error(
        "evidence.jsonl:{line}: the chain is broken here; a line before it was changed, added or removed"
    )]
    Chain {
        /// Line, from 1.
        line: usize,
    },
    /// A person's result is not signed over the line before it, or stands before the end of the run.
    #[error("evidence.jsonl:{line}: this attestation was not signed for this place")]
    Attestation {
        /// Line, from 1.
        line: usize,
    },
    /// A payload is not the one that was recorded.
    #[error("payload {0} is missing or was changed")]
    Payload(String),
}

#[derive(Deserialize)]
struct Line {
    seq: u64,
    time: Timestamp,
    prev: String,
    #[serde(flatten)]
    record: Record,
}

/// A record with its place and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the file, from 0.
    pub seq: u64,
    /// When it was recorded.
    pub time: Timestamp,
    /// What.
    pub record: Record,
}

/// The evidence of a run.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The records, in order.
    pub entries: Vec<Entry>,
    /// Digest over the last line, which stands for the whole chain.
    pub head: Option<Digest>,
    blobs: HashMap<Digest, Vec<u8>>,
}

impl Evidence {
    /// Reads the evidence of a run's folder.
    ///
    /// # Errors
    /// When a file is missing, a line is damaged, the chain is broken, or a payload was changed.
    pub fn read(folder: &Path) -> Result<Self, EvidenceError> {
        let path = folder.join(FILE);
        let bytes = std::fs::read(&path)
            .map_err(|error| EvidenceError::Io(path.display().to_string(), error))?;
        let mut evidence = Self::default();
        let mut prev = String::new();
        let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
        for (index, raw) in lines.iter().enumerate() {
            let number = index + 1;
            // A last line without its end was cut off with the harness; it was never complete.
            if number == lines.len() {
                break;
            }
            let bad = |reason: String| EvidenceError::Line { line: number, reason };
            let line: Line = serde_json::from_slice(raw).map_err(|e| bad(e.to_string()))?;
            if line.prev != prev || line.seq != index as u64 {
                return Err(EvidenceError::Chain { line: number });
            }
            if let Record::Start { format, .. } = &line.record
                && format != FORMAT
            {
                return Err(bad(format!(
                    "this version reads \"{FORMAT}\", not \"{format}\"; judge with the version that recorded it"
                )));
            }
            let ended = evidence.interrupted().is_some();
            match &line.record {
                Record::Attestation(a) if !ended || a.after.0 != prev || a.signer().is_none() => {
                    return Err(EvidenceError::Attestation { line: number });
                }
                Record::Attestation(_) => {}
                _ if ended => {
                    return Err(bad("nothing but attestations may follow the end".into()));
                }
                _ => {}
            }
            prev = Digest::of(raw).0;
            evidence.load(folder, &line.record)?;
            evidence.entries.push(Entry { seq: line.seq, time: line.time, record: line.record });
        }
        evidence.head = (!prev.is_empty()).then_some(Digest(prev));
        Ok(evidence)
    }

    fn load(&mut self, folder: &Path, record: &Record) -> Result<(), EvidenceError> {
        let payload = match record {
            Record::Request { payload, .. } | Record::Answer { payload, .. } => payload,
            _ => return Ok(()),
        };
        let bytes = match (&payload.text, &payload.base64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(code)) => base64::engine::general_purpose::STANDARD
                .decode(code)
                .map_err(|_| EvidenceError::Payload(payload.sha256.0.clone()))?,
            (None, None) if payload.size == 0 => Vec::new(),
            (None, None) => std::fs::read(folder.join(BLOBS).join(&payload.sha256.0))
                .map_err(|_| EvidenceError::Payload(payload.sha256.0.clone()))?,
        };
        if Digest::of(&bytes) != payload.sha256 || bytes.len() != payload.size {
            return Err(EvidenceError::Payload(payload.sha256.0.clone()));
        }
        if payload.text.is_none() {
            self.blobs.insert(payload.sha256.clone(), bytes);
        }
        Ok(())
    }

    /// The bytes of a payload.
    pub fn bytes<'a>(&'a self, payload: &'a Payload) -> &'a [u8] {
        match &payload.text {
            Some(text) => text.as_bytes(),
            None => self.blobs.get(&payload.sha256).map_or(&[], Vec::as_slice),
        }
    }

    /// Whether a file of payloads, named by its digest, belongs to an exchange.
    pub fn holds(&self, name: &str) -> bool {
        self.entries.iter().any(|e| match &e.record {
            Record::Request { payload, .. } | Record::Answer { payload, .. } => {
                payload.text.is_none() && payload.base64.is_none() && payload.sha256.0 == name
            }
            _ => false,
        })
    }

    /// Evidence that was never in a file, for canaries.
    pub fn from_records(records: impl IntoIterator<Item = (Timestamp, Record)>) -> Self {
        let entries =
            (0..).zip(records).map(|(seq, (time, record))| Entry { seq, time, record }).collect();
        let mut out = Self { entries, head: None, blobs: HashMap::new() };
        for Entry { record, .. } in &out.entries {
            let (Record::Request { payload, .. } | Record::Answer { payload, .. }) = record else {
                continue;
            };
            let bytes = payload
                .base64
                .as_ref()
                .and_then(|code| base64::engine::general_purpose::STANDARD.decode(code).ok());
            if let Some(bytes) = bytes {
                out.blobs.insert(payload.sha256.clone(), bytes);
            }
        }
        out
    }

    /// Whether the run came to its end; `None` when the last line is missing.
    pub fn interrupted(&self) -> Option<bool> {
        let is_attestation = |e: &&Entry| matches!(e.record, Record::Attestation(_));
        match self.entries.iter().rev().find(|e| !is_attestation(e)).map(|e| &e.record) {
            Some(Record::End { interrupted, .. }) => Some(*interrupted),
            _ => None,
        }
    }

    /// What people found, in the order in which it was entered; the last word about a case counts.
    pub fn attestations(&self) -> impl Iterator<Item = &super::Attestation> {
        self.entries.iter().filter_map(|e| match &e.record {
            Record::Attestation(attestation) => Some(attestation.as_ref()),
            _ => None,
        })
    }
}
