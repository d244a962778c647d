//! A run's folder, read and judged anew: what reports, certificates and measurements start from.
//! Nothing but the folder is looked at.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostics;
use crate::evidence::{Evidence, EvidenceError};
use crate::ids::Digest;
use crate::plan::{self, InPlaceOf, TestPlan};
use crate::rules::Engines;
use crate::run::{self, DETECTION, INPUTS, Manifest, PLAN};
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

/// How good a plan was measured to be at finding faults, as reports and certificates name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Noticed among the faults that make a difference, percent; none where there were no such faults.
    pub score: Option<f64>,
    /// Faults that were noticed.
    pub detected: usize,
    /// Faults that were not.
    pub survived: usize,
    /// Faults that make no difference.
    pub equivalent: usize,
    /// Faults that could not be tried.
    pub not_measured: usize,
    /// Digest of the text of the plan that was measured.
    pub plan_digest: Digest,
    /// When, UTC.
    pub date: String,
    /// Version of the harness that measured.
    pub harness: String,
}

impl Score {
    /// Reads it from a `detection.json`; it must be about this plan.
    ///
    /// # Errors
    /// When it cannot be read, or is about another plan.
    pub fn read(text: &str, plan_text: &[u8]) -> Result<Self, String> {
        let score: Self = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let plan = Digest::of(plan_text);
        if score.plan_digest != plan {
            return Err(format!(
                "was measured with another plan ({}, this one is {}); measure again",
                score.plan_digest.short(),
                plan.short()
            ));
        }
        Ok(score)
    }

    /// In one line, for people.
    pub fn line(&self) -> String {
        let score = self.score.map_or_else(|| "–".to_owned(), |s| format!("{s:.1} %"));
        let day = self.date.split('T').next().unwrap_or_default();
        let open = match self.not_measured {
            0 => String::new(),
            open => format!(" + {open}?"),
        };
        format!(
            "{score} ({} / {}{open}), {day}, {}",
            self.detected,
            self.detected + self.survived,
            self.harness
        )
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
    /// How good the plan was measured to be, where that is known.
    pub score: Option<Score>,
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
    let score = score(dir, &manifest).map_err(JudgedError::Folder)?;
    Ok(Judged { manifest, plan, evidence, verdict, score })
}

/// The measurement that lies among the inputs of a run.
fn score(dir: &Path, manifest: &Manifest) -> Result<Option<Score>, String> {
    let name = format!("{INPUTS}/{DETECTION}");
    if !manifest.inputs.iter().any(|i| i.name == name) {
        return Ok(None);
    }
    let bad = |e: std::io::Error| format!("{name}: {e}");
    let text = std::fs::read_to_string(dir.join(&name)).map_err(bad)?;
    let plan = std::fs::read(dir.join(PLAN)).map_err(bad)?;
    Score::read(&text, &plan).map(Some).map_err(|e| format!("{name} {e}"))
}
