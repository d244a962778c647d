//! The catalogue: which methods of derivation are applied, and under which technique they count.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::{Expectation, Step, Technique};
use super::waiver::Waiver;
use crate::diagnostic::{Authored, Diagnostic, Diagnostics, Path, nearest, read};
use crate::ids::{Digest, RequirementId};

/// The catalogue that is used where none is given.
pub const EMBEDDED: &str = include_str!("../../testplans/catalogue/standard.toml");

/// Shortest quiet time, milliseconds; a hub on a loaded machine needs that for its next step.
const SHORTEST_QUIET: u32 = 100;

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
    /// Whole techniques, where they are switched off or limited.
    #[serde(default)]
    pub technique: Vec<TechniqueSetting>,
    /// Methods.
    #[serde(default)]
    pub method: Vec<Method>,
    /// Cases of the certifier's own.
    #[serde(default)]
    pub case: Vec<OwnCase>,
    /// Cases whose failure is accepted for a time.
    #[serde(default)]
    pub waiver: Vec<Waiver>,
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
    /// Most cases it may give; which ones follows from their ids alone, so that they stay when
    /// others come or go. What is left out is counted in the plan.
    pub limit: Option<u32>,
    /// Up to so many combinations (of messages or fields with formats or authorities) all are
    /// tested; beyond, each of either side once, so that the work grows with their sum.
    #[serde(default = "full")]
    pub full_up_to: u32,
}

fn full() -> u32 {
    200
}

/// A technique as a whole.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TechniqueSetting {
    /// Its name, as in ISO/IEC/IEEE 29119-4.
    pub id: Technique,
    /// Switched off where false.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Most cases of this technique.
    pub limit: Option<u32>,
}

/// A case of the certifier's own.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnCase {
    /// Short name; the plan puts `eigene/` before it.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Technique under which it counts.
    pub technique: Technique,
    /// Requirements it tests.
    pub requirements: Vec<RequirementId>,
    /// Runs alone.
    #[serde(default)]
    pub exclusive: bool,
    /// What is done, in order.
    pub step: Vec<Step>,
    /// What must be seen.
    pub expect: Vec<Expectation>,
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
    authored: Authored<CatalogueFile>,
}

impl Catalogue {
    /// Reads and checks a catalogue.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn from_text(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let authored: Authored<CatalogueFile> = read(name, text)?;
        let root = Path::default();
        let known = super::methods::names();
        let mut list = Vec::new();
        let quiet = authored.value.catalogue.settle_ms;
        if quiet < SHORTEST_QUIET {
            let at = root.at("catalogue").at("settle_ms");
            let text = format!("{quiet} ms of quiet are too short to say that nothing came");
            let help = format!("at least {SHORTEST_QUIET}");
            list.push(Diagnostic::error(authored.span(&at), text, help));
        }
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
        let mut seen = std::collections::BTreeSet::new();
        for (index, setting) in authored.value.technique.iter().enumerate() {
            if !seen.insert(setting.id) {
                let at = root.at("technique").at(index).at("id");
                let text = format!("technique \"{}\" stands twice", setting.id.name());
                list.push(Diagnostic::error(authored.span(&at), text, "remove one"));
            }
        }
        for (index, waiver) in authored.value.waiver.iter().enumerate() {
            let at = root.at("waiver").at(index);
            for (key, what, help) in waiver.problems() {
                list.push(Diagnostic::error(authored.span(&at.at(key)), what, help));
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
        Ok(Self { digest: Digest::of(text), file: authored.value.clone(), authored })
    }

    /// A finding about a place of the file.
    pub(super) fn finding(&self, at: &Path, message: String, help: &str) -> Diagnostic {
        Diagnostic::error(self.authored.span(at), message, help)
    }

    /// Findings about this file.
    pub(super) fn findings(&self, list: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics::new(self.authored.source.clone(), list)
    }

    /// Whether a method is applied.
    pub(super) fn applies(&self, method: &Method) -> bool {
        let technique = self.file.technique.iter().find(|t| t.id == method.technique);
        method.enabled && technique.is_none_or(|t| t.enabled)
    }

    /// The embedded catalogue.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken file; a test proves that it was not.
    pub fn embedded() -> Result<Self, Diagnostics> {
        Self::from_text("standard.toml (embedded)", EMBEDDED)
    }
}
