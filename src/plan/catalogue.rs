//! The catalogue: which methods of derivation are applied, and under which technique they count.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::Technique;
use crate::diagnostic::{Authored, Diagnostic, Diagnostics, Path, nearest, read};
use crate::ids::Digest;

/// The catalogue that is used where none is given.
pub const EMBEDDED: &str = include_str!("../../testplans/catalogue/standard.toml");

/// The format this version reads.
pub const FORMAT: &str = "pruefstand/catalogue/1";

/// The whole file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueFile {
    /// Always `pruefstand/catalogue/1`.
    pub format: String,
    /// Identity.
    pub catalogue: Head,
    /// Methods.
    #[serde(default)]
    pub method: Vec<Method>,
}

/// Identity of a catalogue.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Short name.
    pub id: String,
    /// Version.
    pub version: String,
    /// Quiet time at the end of a run, milliseconds.
    pub settle_ms: u32,
}

/// A method of derivation.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Name of the method.
    pub id: String,
    /// Technique under which it counts.
    pub technique: Technique,
    /// Title for people.
    pub title: String,
    /// Switched off where false.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// A catalogue without findings.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The file's content.
    pub file: CatalogueFile,
    /// Digest of the file's text.
    pub digest: Digest,
}

impl Catalogue {
    /// Reads and checks a catalogue.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn from_text(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let authored: Authored<CatalogueFile> = read(name, text)?;
        let known = super::methods::names();
        let mut list = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for (index, method) in authored.value.method.iter().enumerate() {
            let at = Path::default().at("method").at(index).at("id");
            if !known.contains(&method.id.as_str()) {
                let help = nearest(&method.id, known.iter().copied()).map_or_else(
                    || format!("known: {}", known.join(", ")),
                    |near| format!("did you mean \"{near}\"?"),
                );
                list.push(Diagnostic::error(
                    authored.span(&at),
                    format!("method \"{}\" does not exist", method.id),
                    help,
                ));
            }
            if !seen.insert(&method.id) {
                list.push(Diagnostic::error(
                    authored.span(&at),
                    format!("method \"{}\" stands twice", method.id),
                    "remove one",
                ));
            }
        }
        if authored.value.format != FORMAT {
            list.push(Diagnostic::error(
                authored.span(&Path::default().at("format")),
                format!("this version reads \"{FORMAT}\""),
                "",
            ));
        }
        if !list.is_empty() {
            return Err(Diagnostics::new(authored.source, list));
        }
        Ok(Self { digest: Digest::of(text), file: authored.value })
    }

    /// The embedded catalogue.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken file; a test proves that it was not.
    pub fn embedded() -> Result<Self, Diagnostics> {
        Self::from_text("standard.toml (embedded)", EMBEDDED)
    }
}
