//! Verifying, offline.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::issue::{BOUND, Judged};
use super::predicate::from_run;
use super::{Certificate, PREDICATE_TYPE, PRODUCT, Predicate, Subject};
use crate::ambient::day;
use crate::evidence::{BLOBS, Evidence};
use crate::ids::Digest;
use crate::run::{INPUTS, Manifest};
use crate::signing::{EnvelopeError, Signer, TrustedKeys};

/// Why a certificate is refused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// It is no certificate.
    #[error("{0}")]
    Form(String),
    /// A signature counts for nothing.
    #[error("{0}: {1}")]
    Signature(String, EnvelopeError),
    /// It does not hold at this time.
    #[error("{0}")]
    Time(String),
    /// The run is not the one that was certified.
    #[error("{0}")]
    Run(String),
}

/// A certificate that was proven.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Who signed: first whoever tested, then whoever decided.
    pub signers: Vec<Signer>,
    /// The statement.
    pub statement: Value,
    /// The part of it that readers build on.
    pub predicate: Predicate,
    /// Files it speaks of.
    pub subjects: Vec<Subject>,
    /// Digest of the certificate's file.
    pub digest: Digest,
    /// The certificate itself.
    pub certificate: Certificate,
}

impl Verified {
    /// Files of the product, by name.
    pub fn product_files(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.subjects.iter().filter_map(|s| Some((s.name.strip_prefix(PRODUCT)?, &s.digest.sha256)))
    }

    /// Who decided: signers besides whoever tested.
    pub fn deciders(&self) -> impl Iterator<Item = &Signer> {
        self.signers.iter().filter(|s| s.id != self.predicate.tested_by.key)
    }
}

/// How far clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Verifies a certificate's file: every signature, its form, and that it holds at this time.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(path: &Path, trust: &TrustedKeys, now: Timestamp) -> Result<Verified, VerifyError> {
    let name = path.display().to_string();
    let bytes = crate::files::read(path).map_err(|e| VerifyError::Io(name.clone(), e))?;
    verify_bytes(&name, &bytes, trust, now)
}

/// The same, for bytes at hand.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify_bytes(
    name: &str,
    bytes: &[u8],
    trust: &TrustedKeys,
    now: Timestamp,
) -> Result<Verified, VerifyError> {
    let form = |why: String| VerifyError::Form(format!("{name} is no certificate: {why}"));
    let certificate = Certificate::read(bytes).map_err(|e| form(e.to_string()))?;
    let issued = |s: &Value| s["predicate"]["issued"].as_str()?.parse().ok();
    let opened = certificate.open(trust, issued).map_err(|error| match error {
        EnvelopeError::Form(why) => form(why),
        other => VerifyError::Signature(name.to_owned(), other),
    })?;
    let statement = opened.statement;
    if statement["predicateType"] != PREDICATE_TYPE {
        return Err(form("the statement is of another type".into()));
    }
    let predicate =
        Predicate::deserialize(&statement["predicate"]).map_err(|e| form(e.to_string()))?;
    let subjects = Vec::deserialize(&statement["subject"]).map_err(|e| form(e.to_string()))?;
    if opened.signers.first().map(|s| s.id.as_str()) != Some(&predicate.tested_by.key) {
        return Err(form("its first signature is not that of whoever tested".into()));
    }
    if predicate.issued > now + SKEW {
        return Err(VerifyError::Time(format!(
            "{name} was issued {}, which is after {now}: this machine's clock is wrong, or the \
             certificate's was",
            predicate.issued
        )));
    }
    let today = day(now);
    if let Some(until) = predicate.validity.until.filter(|until| *until < today) {
        return Err(VerifyError::Time(format!("{name} held until {until}; today is {today}")));
    }
    let digest = Digest::of(bytes);
    Ok(Verified { signers: opened.signers, statement, predicate, subjects, digest, certificate })
}

/// Holds a run's folder against a verified certificate: every bound file, every input, the chain of the
/// evidence, and no payload that the evidence does not name. Gives back how many files were held
/// against it, and what lies in the folder besides.
///
/// # Errors
/// Names the first thing that differs.
pub fn verify_run(verified: &Verified, folder: &Path) -> Result<(usize, Vec<String>), VerifyError> {
    let mut names = BTreeSet::new();
    for Subject { name, digest } in &verified.subjects {
        if name.starts_with(PRODUCT) {
            continue;
        }
        let outside = name.starts_with('/') || name.split('/').any(|part| part == "..");
        if outside || name.is_empty() {
            return Err(VerifyError::Run(format!("\"{name}\" leads out of the run's folder")));
        }
        let bytes = crate::files::read(&folder.join(name))
            .map_err(|e| VerifyError::Run(format!("{name}: {e}")))?;
        if Digest::of(&bytes) != digest.sha256 {
            return Err(VerifyError::Run(format!("{name} is not the file that was certified")));
        }
        names.insert(name.clone());
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
    if verified.predicate.evidence.head != evidence.head {
        return Err(VerifyError::Run("the evidence ends elsewhere than the certified one".into()));
    }
    let mut besides = Vec::new();
    let listed = |name: &str| names.contains(name);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Their contents were held against the manifest and the evidence already.
        let own = entry.file_type().is_ok_and(|t| t.is_dir()) && [INPUTS, BLOBS].contains(&&*name);
        if !listed(&name) && !own {
            besides.push(name);
        }
    }
    for entry in std::fs::read_dir(folder.join(BLOBS)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !evidence.holds(&name) {
            return Err(VerifyError::Run(format!("{BLOBS}/{name} belongs to no exchange")));
        }
    }
    besides.sort();
    Ok((names.len(), besides))
}

/// Holds what the run gives when it is judged again against a verified certificate.
///
/// # Errors
/// Names the first thing that differs.
pub fn verify_judged(verified: &Verified, judged: &Judged<'_>) -> Result<(), VerifyError> {
    let then = &verified.statement["predicate"];
    for (key, mut now) in from_run(judged) {
        let mut certified = then[&key].clone();
        match key.as_str() {
            // What a person added follows from no run.
            "conditions" => {
                if let Some(list) = certified.as_array_mut() {
                    list.retain(|c| c["requirement"].is_string());
                }
            }
            "admission" if then["conditions"].as_array().is_some_and(|l| !l.is_empty()) => {
                now = json!("admitted_with_conditions");
            }
            _ => {}
        }
        if now != certified {
            return Err(VerifyError::Run(format!(
                "judged again the run gives another \"{key}\": {now}, certified was {certified}"
            )));
        }
    }
    Ok(())
}
