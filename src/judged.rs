//! A run's folder, read and judged anew: what reports, certificates and measurements start from.
//! Nothing but the folder is looked at.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::diagnostic::Diagnostics;
use crate::evidence::{Evidence, EvidenceError};
use crate::ids::Digest;
use crate::plan::{self, InPlaceOf, TestPlan};
use crate::run::{self, INPUTS, Manifest, PLAN};
use crate::target::TargetFile;
use crate::verdict::{self, Artefacts, RuleEngine, Verdict};
use crate::xml::{SheetSet, Transformed, Worker};

/// Longest time for one rule sheet over one message.
const LIMIT: Duration = Duration::from_secs(20);

/// Rule sheets in a warm worker process of this program.
pub struct WorkerEngine(Mutex<Worker>);

impl WorkerEngine {
    /// An engine whose worker is `program xslt-worker`; it starts with the first sheet.
    pub fn new(program: &Path) -> Self {
        Self(Mutex::new(Worker::new(program, &std::env::temp_dir(), LIMIT)))
    }
}

impl RuleEngine for WorkerEngine {
    fn run(&self, name: &str, sheet: &[u8], message: &[u8]) -> Transformed {
        let url = format!("file:///depot/{name}");
        let files = BTreeMap::from([(url.clone(), Arc::new(sheet.to_vec()))]);
        let set = SheetSet { id: Digest::of(sheet).0, files };
        let mut worker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        worker.transform(&set, &url, message, &BTreeMap::new())
    }
}

/// A run's folder, read and judged.
pub struct Judged {
    /// Its manifest.
    pub manifest: Manifest,
    /// The plan that was driven.
    pub plan: TestPlan,
    /// What was sent and seen.
    pub evidence: Evidence,
    /// The verdict, made just now.
    pub verdict: Verdict,
}

/// Why a folder cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgedError {
    /// Manifest, inputs and evidence do not agree, or one of them cannot be read.
    #[error("{0}")]
    Folder(String),
    /// The evidence is damaged.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The plan or the target file is not what this version reads.
    #[error(transparent)]
    Files(#[from] Diagnostics),
}

/// Reads and judges a run's folder; `program` runs rule sheets.
///
/// # Errors
/// When something in the folder is missing, damaged, or does not fit the rest.
pub fn judge_folder(dir: &Path, program: &Path) -> Result<Judged, JudgedError> {
    let manifest = Manifest::read(dir).map_err(JudgedError::Folder)?;
    let evidence = Evidence::read(dir)?;
    run::digests(dir, &manifest, &evidence).map_err(JudgedError::Folder)?;
    let plan = plan::load(&dir.join(PLAN))?;
    let mut depot = BTreeMap::new();
    let prefix = format!("{INPUTS}/depot/");
    for input in &manifest.inputs {
        if let Some(name) = input.name.strip_prefix(&prefix) {
            let bytes = std::fs::read(dir.join(&input.name)).unwrap_or_default();
            depot.insert(name.to_owned(), bytes);
        }
    }
    let engine = WorkerEngine::new(program);
    let target = TargetFile::load(&dir.join(INPUTS).join("target.toml"))?;
    let artefacts = Artefacts {
        depot,
        chosen: manifest.chosen.clone(),
        claims: target.claims.clone(),
        stands_for: target
            .stands_for()
            .map(|system| InPlaceOf::new(system.clone(), target.xdomea())),
        log: target.log.clone(),
        engine: &engine,
    };
    let verdict = verdict::judge(&plan, &evidence, &artefacts);
    Ok(Judged { manifest, plan, evidence, verdict })
}
