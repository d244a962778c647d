//! Verifying, offline.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::issue::{BOUND, Certificate};
use super::{PAYLOAD_TYPE, PREDICATE_TYPE, PRODUCT, STATEMENT_TYPE, pae};
use crate::evidence::Evidence;
use crate::ids::Digest;
use crate::run::Manifest;
use crate::signing::TrustedKeys;

/// Why a certificate is refused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// It is no certificate.
    #[error("{0}")]
    Form(String),
    /// No trusted key signed it.
    #[error("no trusted key made a signature on this certificate, or its content was changed")]
    Signature,
    /// The run is not the one that was certified.
    #[error("{0}")]
    Run(String),
}

/// What a signature proves.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Id of the key that signed.
    pub key: String,
    /// The statement.
    pub statement: Value,
}

/// Verifies the signature of a certificate file.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(path: &Path, trust: &TrustedKeys) -> Result<Verified, VerifyError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| VerifyError::Io(name.clone(), e))?;
    let form = |why: String| VerifyError::Form(format!("{name} is no certificate: {why}"));
    let certificate: Certificate =
        serde_json::from_slice(&bytes).map_err(|e| form(e.to_string()))?;
    // The signature covers the payload only; one form of the envelope leaves nothing else to change.
    if certificate.to_text().as_bytes() != bytes {
        return Err(form(
            "the envelope is not in the form in which certificates are written".into(),
        ));
    }
    if certificate.payload_type != PAYLOAD_TYPE {
        return Err(form(format!("payload type \"{}\"", certificate.payload_type)));
    }
    let payload = STANDARD.decode(&certificate.payload).map_err(|e| form(e.to_string()))?;
    let key = certificate
        .signatures
        .iter()
        .filter_map(|s| {
            let signature = STANDARD.decode(&s.sig).ok()?;
            // The key id is only a hint; but one that lies is a changed certificate.
            trust.signer(&pae(&payload), &signature).filter(|id| *id == s.keyid)
        })
        .next()
        .ok_or(VerifyError::Signature)?;
    let statement: Value = serde_json::from_slice(&payload).map_err(|e| form(e.to_string()))?;
    if statement["_type"] != STATEMENT_TYPE || statement["predicateType"] != PREDICATE_TYPE {
        return Err(form("the statement is of another type".into()));
    }
    Ok(Verified { key, statement })
}

/// Holds a run's folder against a verified certificate: every bound file, every input, and the
/// chain of the evidence.
///
/// # Errors
/// Names the first thing that differs.
pub fn verify_run(verified: &Verified, folder: &Path) -> Result<usize, VerifyError> {
    let subjects = verified.statement["subject"].as_array().cloned().unwrap_or_default();
    let mut names = Vec::new();
    for subject in &subjects {
        let name = subject["name"].as_str().unwrap_or_default().to_owned();
        let wanted = subject["digest"]["sha256"].as_str().unwrap_or_default();
        if name.starts_with(PRODUCT) {
            continue;
        }
        let outside = name.starts_with('/') || name.split('/').any(|part| part == "..");
        if outside || name.is_empty() {
            return Err(VerifyError::Run(format!("\"{name}\" leads out of the run's folder")));
        }
        let bytes = std::fs::read(folder.join(&name))
            .map_err(|e| VerifyError::Run(format!("{name}: {e}")))?;
        if Digest::of(&bytes).0 != wanted {
            return Err(VerifyError::Run(format!("{name} is not the file that was certified")));
        }
        names.push(name);
    }
    let manifest = Manifest::read(folder).map_err(VerifyError::Run)?;
    let needed =
        BOUND.iter().map(|n| (*n).to_owned()).chain(manifest.inputs.into_iter().map(|i| i.name));
    for name in needed {
        if !names.contains(&name) {
            return Err(VerifyError::Run(format!("{name} is not bound by the certificate")));
        }
    }
    let evidence = Evidence::read(folder).map_err(|e| VerifyError::Run(e.to_string()))?;
    let head = evidence.head.map(|d| d.0).unwrap_or_default();
    if verified.statement["predicate"]["evidence"]["head"] != head.as_str() {
        return Err(VerifyError::Run("the evidence ends elsewhere than the certified one".into()));
    }
    Ok(names.len())
}
