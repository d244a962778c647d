//! Adding an entry.

use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::entry::{Entry, PREDICATE_TYPE, Product, Role, State};
use super::read::{Head, Registry, RegistryError, file_name};
use crate::ids::Digest;
use crate::signing::{Envelope, STATEMENT_TYPE, SigningKey, TrustedKeys};

/// What is to be entered.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// What has happened.
    pub state: State,
    /// In which role it is said.
    pub role: Role,
    /// Who says it.
    pub by: String,
    /// What it is about.
    pub product: Product,
    /// Umsetzungsstufe.
    pub stage: Option<u8>,
    /// Digest of the certificate's file that it rests on.
    pub certificate: Option<Digest>,
    /// Auflagen.
    pub conditions: Vec<String>,
    /// Number of the change request that led to it.
    pub change_request: Option<String>,
    /// Last day on which it counts.
    pub until: Option<Date>,
    /// The version that takes its place.
    pub successor: Option<String>,
    /// Kommune or zuständige Stelle for which alone it counts.
    pub authority: Option<String>,
    /// Remark.
    pub note: Option<String>,
}

/// Why nothing was entered.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The register is damaged.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The entry may not stand there.
    #[error("no entry: {0}")]
    Refused(String),
    /// It cannot be written.
    #[error("{0} cannot be written: {1}")]
    Io(String, std::io::Error),
}

/// Adds an entry to a register, which is proven first.
///
/// # Errors
/// When the register is damaged, the entry may not follow, the key is not one of those that are
/// trusted, or somebody added an entry in the same moment; then nothing was written.
pub fn add(
    folder: &Path,
    new: NewEntry,
    key: &SigningKey,
    trust: &TrustedKeys,
    now: Timestamp,
) -> Result<Head, AddError> {
    let io = |path: &Path, e| AddError::Io(path.display().to_string(), e);
    std::fs::create_dir_all(folder).map_err(|e| io(folder, e))?;
    // A name of its own, also where it was called `.`.
    let folder = &folder.canonicalize().map_err(|e| io(folder, e))?;
    let registry = Registry::read(folder, trust, now)?;
    if new.by.trim().is_empty() {
        return Err(AddError::Refused("nobody makes it (--by is empty)".into()));
    }
    let number = registry.entries.len() as u64 + 1;
    let entry = Entry {
        number,
        previous: registry.head().map(|h| h.digest),
        at: now.round(jiff::Unit::Second).unwrap_or(now),
        state: new.state,
        role: new.role,
        by: new.by.trim().to_owned(),
        product: new.product,
        stage: new.stage,
        certificate: new.certificate,
        conditions: new.conditions,
        change_request: new.change_request,
        until: new.until,
        successor: new.successor,
        authority: new.authority,
        note: new.note,
    };
    registry.fits(&entry, now).map_err(AddError::Refused)?;
    let product = &entry.product;
    let about = Digest::of(serde_json::to_vec(product).unwrap_or_default());
    let statement = json!({
        "_type": STATEMENT_TYPE,
        "subject": [{ "name": product.to_string(), "digest": { "sha256": about } }],
        "predicateType": PREDICATE_TYPE,
        "predicate": entry,
    });
    let envelope = Envelope::seal(&statement, key);
    if let Err(error) = envelope.open(trust, |_| Some(entry.at)) {
        let why =
            format!("its own signature would not be believed: {error} (--trust must name it)");
        return Err(AddError::Refused(why));
    }
    let bytes = envelope.to_text().into_bytes();
    let path = folder.join(file_name(number));
    write_new(&path, &bytes).map_err(|e| io(&path, e))?;
    Ok(Head { number, digest: Digest::of(&bytes) })
}

/// The file appears whole or not at all, and never in the place of another.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Beside the folder, so that a reader never meets half an entry in it.
    let beside = folder.with_extension(format!("part-{}", std::process::id()));
    let written = std::fs::File::create_new(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::hard_link(&beside, path)
    });
    let _ = std::fs::remove_file(&beside);
    written
}
