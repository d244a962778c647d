//! The folder of a run: what went in, before anything is sent.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::evidence::{Evidence, Record};
use crate::ids::{CaseId, Digest};
use crate::organisation::{Export, TestOrganisation};
use crate::target::{ProductFile, TargetFile};

/// The manifest.
pub const MANIFEST: &str = "run.json";
/// The plan.
pub const PLAN: &str = "plan.toml";
/// How good the plan was measured to be, where somebody handed it in; beside the other inputs.
pub const DETECTION: &str = "detection.json";
/// Folder of further inputs.
pub const INPUTS: &str = "inputs";

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestInput {
    /// Name relative to the run's folder.
    pub name: String,
    /// Digest of its bytes.
    pub sha256: Digest,
}

/// `run.json`: what was run, with what, when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `pruefstand/run/1`.
    pub format: String,
    /// Version of the harness.
    pub harness: String,
    /// Digest of the harness program.
    pub harness_sha256: Digest,
    /// Engines with their versions.
    pub engines: BTreeMap<String, String>,
    /// Operating system and architecture.
    pub platform: String,
    /// What was tested.
    pub target: TargetSummary,
    /// What the target said about itself before the first message.
    pub target_says: String,
    /// Every input with its digest.
    pub inputs: Vec<ManifestInput>,
    /// The chosen cases, where not all.
    pub chosen: Option<Vec<CaseId>>,
    /// When the run began.
    pub started: String,
    /// When it ended.
    pub ended: Option<String>,
    /// Whether it was broken off.
    pub interrupted: bool,
}

/// What was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSummary {
    /// Component kind.
    pub kind: String,
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
    /// The files that are the product; their digests were right before the first message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ProductFile>,
}

/// Writes plan and inputs; gives back their digests.
pub(super) fn write_inputs(
    out: &Path,
    plan_text: &str,
    organisation: &TestOrganisation,
    export: &Export,
    target: &TargetFile,
    depots: &BTreeMap<String, Vec<u8>>,
) -> std::io::Result<Vec<ManifestInput>> {
    let mut inputs = Vec::new();
    let mut put = |name: String, bytes: &[u8]| -> std::io::Result<()> {
        let path = out.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, bytes)?;
        inputs.push(ManifestInput { name, sha256: Digest::of(bytes) });
        Ok(())
    };
    let text = |value: Result<String, toml::ser::Error>| value.map_err(std::io::Error::other);
    put(PLAN.into(), plan_text.as_bytes())?;
    put(format!("{INPUTS}/organisation.toml"), organisation.text.as_bytes())?;
    put(format!("{INPUTS}/export.toml"), text(toml::to_string(export))?.as_bytes())?;
    put(format!("{INPUTS}/target.toml"), text(toml::to_string(target))?.as_bytes())?;
    for (name, bytes) in depots {
        put(format!("{INPUTS}/depot/{name}"), bytes)?;
    }
    Ok(inputs)
}

/// Writes the manifest.
pub(super) fn write_manifest(out: &Path, manifest: &Manifest) -> std::io::Result<()> {
    let mut json = serde_json::to_vec_pretty(manifest)?;
    json.push(b'\n');
    std::fs::write(out.join(MANIFEST), json)
}

/// What the evidence says was run: each input, and the manifest as it stood before the first message,
/// so that nobody can say afterwards that something else was tested.
pub(super) fn bound_by_evidence(manifest: &Manifest) -> BTreeMap<String, Digest> {
    let inputs = manifest.inputs.iter().map(|i| (i.name.clone(), i.sha256.clone()));
    let begun = Manifest { ended: None, interrupted: false, ..manifest.clone() };
    let begun = serde_json::to_vec(&begun).unwrap_or_default();
    inputs.chain([(MANIFEST.to_owned(), Digest::of(begun))]).collect()
}

/// Whether the run ended when its evidence did; both are written within moments.
fn ended_with_evidence(manifest: &Manifest, evidence: &Evidence) -> bool {
    const APART: SignedDuration = SignedDuration::from_mins(10);
    let end = evidence.entries.iter().find(|e| matches!(e.record, Record::End { .. }));
    match (end, manifest.ended.as_deref().map(str::parse::<Timestamp>)) {
        (Some(end), Some(Ok(ended))) => ended.duration_since(end.time).abs() <= APART,
        // Without its end the evidence proves nothing, which is for the judge to say.
        (None, _) | (_, None) => true,
        (Some(_), Some(Err(_))) => false,
    }
}

/// Inputs that every run has.
const NEEDED: [&str; 3] = ["organisation.toml", "export.toml", "target.toml"];

/// Holds a folder against its manifest, and the manifest against the evidence: every input is there,
/// unchanged and listed, and what the evidence says was run is what the manifest lists.
///
/// # Errors
/// Names the first thing that does not fit.
pub fn digests(folder: &Path, manifest: &Manifest, evidence: &Evidence) -> Result<(), String> {
    for input in &manifest.inputs {
        match std::fs::read(folder.join(&input.name)) {
            Ok(bytes) if Digest::of(&bytes) == input.sha256 => {}
            Ok(_) => return Err(format!("{} was changed after the run", input.name)),
            Err(error) => return Err(format!("{}: {error}", input.name)),
        }
    }
    let listed: BTreeMap<&str, &Digest> =
        manifest.inputs.iter().map(|i| (i.name.as_str(), &i.sha256)).collect();
    let needed = NEEDED.iter().map(|n| format!("{INPUTS}/{n}")).chain([PLAN.to_owned()]);
    for name in needed {
        if !listed.contains_key(name.as_str()) {
            return Err(format!("{MANIFEST} does not list {name}"));
        }
    }
    let mut found = Vec::new();
    files_below(&folder.join(INPUTS), INPUTS, &mut found);
    for name in found {
        if !listed.contains_key(name.as_str()) {
            return Err(format!("{name} is no input of this run"));
        }
    }
    let recorded = evidence.entries.iter().find_map(|e| match &e.record {
        Record::Inputs { digests, chosen } => Some((digests, chosen)),
        _ => None,
    });
    match recorded {
        None => Err("the evidence does not say what was run".into()),
        Some((_, chosen)) if *chosen != manifest.chosen => {
            Err(format!("{MANIFEST} names other cases than the evidence"))
        }
        Some((digests, _)) => {
            let bound = bound_by_evidence(manifest);
            if bound.keys().ne(digests.keys()) {
                return Err(format!("{MANIFEST} lists other inputs than the evidence"));
            }
            match bound.iter().find(|(name, digest)| digests.get(*name) != Some(digest)) {
                None if ended_with_evidence(manifest, evidence) => Ok(()),
                None => Err(format!("{MANIFEST} names another end than the evidence")),
                Some((name, _)) if name == MANIFEST => Err(format!(
                    "{MANIFEST} says something else about target, harness or time than the evidence"
                )),
                Some(_) => Err(format!("{MANIFEST} lists other inputs than the evidence")),
            }
        }
    }
}

fn files_below(folder: &Path, prefix: &str, out: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            files_below(&entry.path(), &name, out);
        } else {
            out.push(name);
        }
    }
}

impl Manifest {
    /// Reads the manifest of a run's folder.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(MANIFEST);
        let text =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }
}
