//! Reading a register: every entry is proven, or the whole is refused.

use std::path::Path;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entry::{Entry, PREDICATE_TYPE, Role};
use super::life_cycle::may_follow;
use crate::diagnostic::{Diagnostics, read, read_text};
use crate::ids::Digest;
use crate::signing::{Envelope, Signer, TrustedKeys};

/// Why a register is refused.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// An entry is not what it must be.
    #[error("{file}: {why}")]
    Entry {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// Something lies in the folder that is no entry.
    #[error("{0} is no entry; a register's folder holds nothing else (move it away)")]
    Foreign(String),
    /// Entries are missing, or others stand in their place.
    #[error("{0}")]
    Head(String),
}

/// Number and digest of an entry: whoever keeps it can tell whether the register still goes on from
/// there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Number of the entry.
    pub number: u64,
    /// Digest of its file.
    pub digest: Digest,
}

/// A proven entry.
#[derive(Debug, Clone)]
pub struct Registered {
    /// What it says.
    pub entry: Entry,
    /// Who signed it.
    pub signer: Signer,
    /// Digest of its file.
    pub digest: Digest,
}

/// A register, proven from the first entry to the last.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// Entries in order.
    pub entries: Vec<Registered>,
}

/// A key and the roles in which it may speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleKey {
    /// Id of the key (as `verify` prints it), or its beginning, at least 12 characters.
    pub id: String,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Roles in the register.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// Which key speaks in which role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Always `pruefstand/roles/1`.
    pub format: String,
    /// The keys.
    #[serde(default)]
    pub key: Vec<RoleKey>,
}

impl Roles {
    /// The format this version reads.
    pub const FORMAT: &str = "pruefstand/roles/1";

    /// Reads a file.
    ///
    /// # Errors
    /// Findings with their place in it.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let (name, text) = read_text(path)?;
        let this: Self = read(&name, &text)?.value;
        if this.format != Self::FORMAT {
            let problem = format!("format is \"{}\"", this.format);
            let help = format!("this version reads \"{}\"", Self::FORMAT);
            return Err(Diagnostics::whole(&name, problem, help));
        }
        Ok(this)
    }
}

impl RoleKey {
    /// Whether it is this key.
    pub fn is(&self, id: &str) -> bool {
        self.id.len() >= 12 && id.starts_with(&self.id)
    }
}

/// The name of an entry's file.
pub(super) fn file_name(number: u64) -> String {
    format!("{number:06}.dsse.json")
}

impl Registry {
    /// Reads a register and proves it: numbers without gaps, the chain, every signature, every rule
    /// about who may say what when.
    ///
    /// # Errors
    /// Names the first thing that is wrong.
    pub fn read(folder: &Path, trust: &TrustedKeys, now: Timestamp) -> Result<Self, RegistryError> {
        let io = |e| RegistryError::Io(folder.display().to_string(), e);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            names.push(entry.map_err(io)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        let mut registry = Self::default();
        for name in &names {
            let number = registry.entries.len() as u64 + 1;
            let is_entry =
                name.strip_suffix(".dsse.json").is_some_and(|n| n.parse::<u64>().is_ok());
            if !is_entry {
                return Err(RegistryError::Foreign(folder.join(name).display().to_string()));
            }
            let path = folder.join(name);
            let wrong =
                |why: String| RegistryError::Entry { file: path.display().to_string(), why };
            if *name != file_name(number) {
                return Err(wrong(format!("entry {number} should be here: entries are missing")));
            }
            let bytes = crate::files::read(&path)
                .map_err(|e| RegistryError::Io(path.display().to_string(), e))?;
            let (entry, signer) = open(&bytes, trust).map_err(wrong)?;
            registry.fits(&entry, now).map_err(wrong)?;
            registry.entries.push(Registered { entry, signer, digest: Digest::of(&bytes) });
        }
        Ok(registry)
    }

    /// Whether an entry can be the next one.
    pub(super) fn fits(&self, entry: &Entry, now: Timestamp) -> Result<(), String> {
        let before = self.entries.last();
        if entry.number != self.entries.len() as u64 + 1 {
            return Err(format!("it says that it is entry {}", entry.number));
        }
        if entry.previous.as_ref() != before.map(|b| &b.digest) {
            return Err(
                "it does not go on from the entry before it: one was changed or removed".into()
            );
        }
        if before.is_some_and(|b| b.entry.at > entry.at) {
            return Err("it is older than the entry before it".into());
        }
        if entry.at > now + jiff::SignedDuration::from_mins(5) {
            return Err(format!("it was made {}, which is after {now}", entry.at));
        }
        let earlier: Vec<&Entry> = self.entries.iter().map(|r| &r.entry).collect();
        may_follow(&earlier, entry)
    }

    /// Its last entry; none where there is none yet.
    pub fn head(&self) -> Option<Head> {
        let last = self.entries.last()?;
        Some(Head { number: last.entry.number, digest: last.digest.clone() })
    }

    /// Whether it still holds an entry that somebody knows.
    ///
    /// # Errors
    /// When it does not: entries were cut off or put in the place of others.
    pub fn goes_on_from(&self, known: &Head) -> Result<(), RegistryError> {
        let at = usize::try_from(known.number).ok().and_then(|n| n.checked_sub(1));
        match at.and_then(|at| self.entries.get(at)) {
            Some(there) if there.digest == known.digest => Ok(()),
            Some(_) => Err(RegistryError::Head(format!(
                "entry {} is another one than the known {}",
                known.number,
                known.digest.short()
            ))),
            None => Err(RegistryError::Head(format!(
                "entry {} is known, but the register ends with {}: entries were removed",
                known.number,
                self.entries.len()
            ))),
        }
    }

    /// Whether every key spoke in a role that it has.
    ///
    /// # Errors
    /// Names the first entry of a key without its role.
    pub fn spoken_in_roles(&self, keys: &[RoleKey]) -> Result<(), RegistryError> {
        for Registered { entry, signer, .. } in &self.entries {
            let may = |k: &RoleKey| k.is(&signer.id) && k.roles.contains(&entry.role);
            if !keys.iter().any(may) {
                return Err(RegistryError::Entry {
                    file: file_name(entry.number),
                    why: format!(
                        "key {}… does not speak in the role {}",
                        &signer.id[..12],
                        entry.role.name()
                    ),
                });
            }
        }
        Ok(())
    }
}

/// An entry from the bytes of its file.
fn open(bytes: &[u8], trust: &TrustedKeys) -> Result<(Entry, Signer), String> {
    let envelope = Envelope::read(bytes).map_err(|e| e.to_string())?;
    let at = |s: &Value| s["predicate"]["at"].as_str()?.parse().ok();
    let opened = envelope.open(trust, at).map_err(|e| e.to_string())?;
    if opened.statement["predicateType"] != PREDICATE_TYPE {
        return Err("it is no entry of a register".into());
    }
    let entry = Entry::deserialize(&opened.statement["predicate"]).map_err(|e| e.to_string())?;
    match <[Signer; 1]>::try_from(opened.signers) {
        Ok([signer]) => Ok((entry, signer)),
        Err(_) => Err("an entry has one signature".into()),
    }
}
