//! The schemas of xdomea, if the organisation says where they are. They are not part of this
//! project; without them the structure is checked by hand (`shape`).

use std::collections::BTreeMap;
use std::path::Path;

use super::version::Version;
use crate::xml::{SchemaSet, Validator, Violation};

/// The file that declares the messages spoken here.
const FILE: &str = "xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd";

/// A schema for each version whose folder is there.
#[derive(Debug, Default)]
pub(super) struct Schemas(BTreeMap<Version, Validator>);

impl Schemas {
    /// Reads `<folder>/<version>/xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd`.
    ///
    /// # Errors
    /// When there is no version at all, or one cannot be used.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let mut out = BTreeMap::new();
        for version in Version::EVERY {
            let main = folder.join(version.number()).join(FILE);
            if main.is_file() {
                let set = SchemaSet::load(&main, None).map_err(|e| e.to_string())?;
                out.insert(version, set.compile().map_err(|e| e.to_string())?);
            }
        }
        if out.is_empty() {
            let versions = Version::EVERY.map(Version::number).join(", ");
            return Err(format!("there is no {FILE} in a folder {versions} below"));
        }
        Ok(Self(out))
    }

    /// The violations of a message; none where there is no schema of its version.
    pub fn check(&self, version: Version, bytes: &[u8]) -> Option<Vec<Violation>> {
        self.0.get(&version)?.validate(bytes).ok()
    }
}
