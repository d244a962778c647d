//! What a person found: signed, bound to the run's evidence as it stood, appended to its chain.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FILE;
use super::reader::{Evidence, EvidenceError};
use super::record::Record;
use super::writer::line;
use crate::ids::{CaseId, Digest};
use crate::signing::{SigningKey, signer_with};

/// What a person can say about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attested {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// Could not be told.
    Inconclusive,
    /// Does not apply to this target.
    NotApplicable,
}

/// A result that a person entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The case.
    pub case: CaseId,
    /// What the person says.
    pub verdict: Attested,
    /// Who says it.
    pub by: String,
    /// What was seen, in the person's words.
    pub note: String,
    /// When it was entered.
    pub at: Timestamp,
    /// Digest of the line before: the evidence that the person knew.
    pub after: Digest,
    /// Public part of the key, base64.
    pub key: String,
    /// Signature over all of this, base64.
    pub signature: String,
}

/// What is signed, in this order.
#[derive(Serialize)]
struct Signed<'a> {
    format: &'static str,
    case: &'a CaseId,
    verdict: Attested,
    by: &'a str,
    note: &'a str,
    at: String,
    after: &'a Digest,
}

/// What a person enters.
#[derive(Debug, Clone)]
pub struct NewAttestation {
    /// The case.
    pub case: CaseId,
    /// What the person says.
    pub verdict: Attested,
    /// Who says it.
    pub by: String,
    /// What was seen.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Why a result could not be entered.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    /// The evidence cannot be used as it is.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The run has not come to its end.
    #[error("the evidence has no last line; a run that was cut off cannot be completed by hand")]
    NotEnded,
    /// It cannot be written.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
}

impl Attestation {
    fn signed(&self) -> Vec<u8> {
        let signed = Signed {
            format: "pruefstand/attestation/1",
            case: &self.case,
            verdict: self.verdict,
            by: &self.by,
            note: &self.note,
            at: self.at.to_string(),
            after: &self.after,
        };
        serde_json::to_vec(&signed).unwrap_or_default()
    }

    /// Id of the key that signed it; none when the signature is not right.
    pub fn signer(&self) -> Option<String> {
        let (key, signature) = (STANDARD.decode(&self.key), STANDARD.decode(&self.signature));
        signer_with(&key.ok()?, &self.signed(), &signature.ok()?)
    }
}

/// Enters a result into the evidence of a run, which must have come to its end.
///
/// # Errors
/// When the evidence is damaged or has no end, or the file cannot be written; then nothing changed.
pub fn attest(folder: &Path, new: NewAttestation, key: &SigningKey) -> Result<(), AttestError> {
    let path = folder.join(FILE);
    let io = |error| AttestError::Io(path.display().to_string(), error);
    let mut file: File = OpenOptions::new().read(true).append(true).open(&path).map_err(io)?;
    // Two people at once: the second one waits and signs over the first one's line.
    file.lock().map_err(io)?;
    let evidence = Evidence::read(folder)?;
    let length = file.metadata().map_err(io)?.len();
    let whole = std::fs::read(&path).map_err(io)?.last() == Some(&b'\n');
    let Some(after) = evidence.head.clone().filter(|_| whole && evidence.interrupted().is_some())
    else {
        return Err(AttestError::NotEnded);
    };
    let NewAttestation { case, verdict, by, note, at } = new;
    let mut record = Attestation {
        case,
        verdict,
        by,
        note,
        at,
        after: after.clone(),
        key: STANDARD.encode(key.public()),
        signature: String::new(),
    };
    record.signature = STANDARD.encode(key.sign(&record.signed()));
    let record = Record::Attestation(Box::new(record));
    let seq = evidence.entries.len() as u64;
    let (mut bytes, _) = line(seq, at, &after.0, &record).map_err(io)?;
    bytes.push(b'\n');
    let written = file.write_all(&bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half a line would spoil the chain for the next one.
        let _ = file.set_len(length);
        return Err(io(error));
    }
    Ok(())
}
