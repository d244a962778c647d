//! A run's folder, read and judged anew: what reports, certificates and measurements start from.
//! Nothing but the folder is looked at.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::diagnostic::Diagnostics;
use crate::evidence::{Evidence, EvidenceError};
use crate::ids::Digest;
use crate::plan::{self, InPlaceOf, TestPlan};
use crate::rules::Engines;
use crate::run::{self, INPUTS, Manifest, PLAN};
use crate::target::TargetFile;
use crate::verdict::{self, Artefacts, RuleEngine, Verdict};
use crate::xml::{Engine, SheetSet, TransformEnd, Transformed, Worker};

/// Longest time for one rule sheet over one message.
const LIMIT: Duration = Duration::from_secs(20);

/// Rule sheets in warm worker processes: libxslt, and Saxon for those that it is too old for.
pub struct WorkerEngine {
    engines: Engines,
    libxslt: Mutex<Worker>,
    /// Looked for when a sheet needs it.
    saxon: OnceLock<Option<Mutex<Worker>>>,
}

impl WorkerEngine {
    /// The workers start with their first sheet.
    pub fn new(engines: &Engines) -> Self {
        Self {
            libxslt: Mutex::new(Worker::new(&engines.program, &std::env::temp_dir(), LIMIT)),
            saxon: OnceLock::new(),
            engines: engines.clone(),
        }
    }

    fn saxon(&self) -> Option<&Mutex<Worker>> {
        let found = self.saxon.get_or_init(|| {
            let engine = Engine::find_saxon(self.engines.saxon.as_deref())?;
            Some(Mutex::new(Worker::of(engine, &std::env::temp_dir(), LIMIT)))
        });
        found.as_ref()
    }
}

impl RuleEngine for WorkerEngine {
    fn run(&self, name: &str, sheet: &[u8], message: &[u8]) -> Transformed {
        let url = format!("file:///depot/{name}");
        let files = BTreeMap::from([(url.clone(), Arc::new(sheet.to_vec()))]);
        let set = SheetSet { id: Digest::of(sheet).0, files };
        let run = |worker: &Mutex<Worker>| {
            let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
            worker.transform(&set, &url, message, &BTreeMap::new())
        };
        let done = run(&self.libxslt);
        match done.end {
            TransformEnd::EngineTooOld { .. } => self.saxon().map_or(done, run),
            _ => done,
        }
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

/// Reads and judges a run's folder; the engines run rule sheets.
///
/// # Errors
/// When something in the folder is missing, damaged, or does not fit the rest.
pub fn judge_folder(dir: &Path, engines: &Engines) -> Result<Judged, JudgedError> {
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
    let engine = WorkerEngine::new(engines);
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
