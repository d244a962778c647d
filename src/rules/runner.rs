//! Running one rule alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::configuration::files_of;
use super::depot::{Depot, sheet_url};
use crate::ids::Digest;
use crate::xml::{
    Engine, Job, SheetSet, TransformEnd, Transformed, Worker, engine_versions, newer_version, parse,
};

/// Longest time for one transformation.
const LIMIT: Duration = Duration::from_secs(10);
/// The same in Saxon, which compiles large sheets for seconds.
const SAXON_LIMIT: Duration = Duration::from_secs(30);

/// What a rule made of a message.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The sheet that was used; none when the receiver takes messages as they are.
    pub sheet: Option<String>,
    /// Its digest.
    pub digest: Option<Digest>,
    /// How it ended, with the output.
    pub result: Transformed,
}

/// Where engines are.
#[derive(Debug, Clone, Default)]
pub struct Engines {
    /// The program that runs libxslt as `program xslt-worker`.
    pub program: PathBuf,
    /// A Python with the package `saxonche`; looked for on the path where nobody names one.
    pub saxon: Option<PathBuf>,
}

/// Warm worker processes that several depots share. A sheet for XSLT 1.0 runs in libxslt, one for a
/// newer version in Saxon, where there is one.
pub struct Workers {
    engines: Engines,
    folder: PathBuf,
    count: usize,
    libxslt: Vec<Mutex<Worker>>,
    /// Started when a sheet needs them; none where Saxon cannot be found.
    saxon: OnceLock<Vec<Mutex<Worker>>>,
    /// Every sheet runs in Saxon.
    only_saxon: bool,
}

impl Workers {
    /// So many workers of each engine below `folder`; they start with their first job.
    pub fn new(engines: &Engines, folder: &Path, count: usize) -> Arc<Self> {
        Arc::new(Self::of(engines, folder, count, false))
    }

    /// Workers that run every sheet in Saxon; none where it cannot be found.
    pub fn only_saxon(engines: &Engines, folder: &Path, count: usize) -> Option<Arc<Self>> {
        let workers = Self::of(engines, folder, count, true);
        (!workers.saxon().is_empty()).then(|| Arc::new(workers))
    }

    fn of(engines: &Engines, folder: &Path, count: usize, only_saxon: bool) -> Self {
        let count = count.max(1);
        let libxslt = || Mutex::new(Worker::new(&engines.program, folder, LIMIT));
        Self {
            engines: engines.clone(),
            folder: folder.to_owned(),
            count,
            libxslt: (0..count).map(|_| libxslt()).collect(),
            saxon: OnceLock::new(),
            only_saxon,
        }
    }

    /// How many jobs can be done at once.
    pub fn count(&self) -> usize {
        self.count
    }

    fn saxon(&self) -> &[Mutex<Worker>] {
        self.saxon.get_or_init(|| {
            let Some(engine) = Engine::find_saxon(self.engines.saxon.as_deref()) else {
                return vec![];
            };
            let one = || Mutex::new(Worker::of(engine.clone(), &self.folder, SAXON_LIMIT));
            (0..self.count).map(|_| one()).collect()
        })
    }

    /// The engines that ran something, by name, with what they could not be kept from.
    pub fn used(&self) -> BTreeMap<String, Vec<String>> {
        let mut out = BTreeMap::new();
        if !self.only_saxon {
            let (_, libxslt) = engine_versions();
            out.insert(format!("libxslt {libxslt}"), vec![]);
        }
        for worker in self.saxon.get().into_iter().flatten() {
            let worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
            out.extend(worker.hello().map(|hello| (hello.engine, hello.isolation)));
        }
        out
    }

    /// Runs sheets; blocks while all workers are busy. Where a newer sheet finds no Saxon, libxslt says
    /// that it is too old.
    fn run(&self, newer: bool, sheets: &SheetSet, jobs: &[Job<'_>]) -> Vec<Transformed> {
        let saxon = if newer || self.only_saxon { self.saxon() } else { &[] };
        let workers = if saxon.is_empty() { &self.libxslt[..] } else { saxon };
        let free = workers.iter().find_map(|w| w.try_lock().ok());
        let mut worker =
            free.unwrap_or_else(|| workers[0].lock().unwrap_or_else(PoisonError::into_inner));
        worker.transform_all(sheets, jobs)
    }
}

/// Runs the rules of a depot in warm worker processes.
pub struct Runner {
    depot: Depot,
    sheets: SheetSet,
    /// Sheets that are written for a newer version than XSLT 1.0.
    newer: BTreeSet<String>,
    workers: Arc<Workers>,
}

impl Runner {
    /// A runner of this depot.
    pub fn new(depot: Depot, workers: Arc<Workers>) -> Self {
        let sheets = depot.sheets();
        let used = depot.file.rule.iter().map(|r| &r.sheet);
        let newer = used.filter(|sheet| is_newer(&depot, sheet)).cloned().collect();
        Self { depot, sheets, newer, workers }
    }

    /// The depot.
    pub fn depot(&self) -> &Depot {
        &self.depot
    }

    /// Brings a message into the format of a receiver. Blocks while the worker works.
    pub fn apply(
        &self,
        receiver: &str,
        message: &[u8],
        params: &BTreeMap<String, String>,
    ) -> Applied {
        let done = self.apply_all(&[Asked { receiver, message, params }]).pop();
        done.unwrap_or_else(|| unchanged(message))
    }

    /// Brings messages into the formats of their receivers, in order. Blocks while the worker works.
    pub fn apply_all(&self, asked: &[Asked<'_>]) -> Vec<Applied> {
        let rule = |a: &Asked<'_>| self.depot.file.rule.iter().find(|r| r.receiver == a.receiver);
        let urls: Vec<Option<String>> =
            asked.iter().map(|a| rule(a).map(|r| sheet_url(&r.sheet))).collect();
        let mut done: Vec<Applied> = asked.iter().map(|a| unchanged(a.message)).collect();
        for newer in [false, true] {
            let is_of = |at: &usize| {
                rule(&asked[*at]).is_some_and(|r| self.newer.contains(&r.sheet) == newer)
            };
            let places: Vec<usize> = (0..asked.len()).filter(is_of).collect();
            let jobs: Vec<Job<'_>> = places
                .iter()
                .filter_map(|at| {
                    let Asked { message, params, .. } = asked[*at];
                    Some(Job { sheet: urls[*at].as_deref()?, input: message, params })
                })
                .collect();
            if jobs.is_empty() {
                continue;
            }
            for (at, result) in places.iter().zip(self.workers.run(newer, &self.sheets, &jobs)) {
                let sheet = rule(&asked[*at]).map(|r| r.sheet.clone());
                let digest = sheet.as_ref().and_then(|s| self.depot.files.get(s)).map(Digest::of);
                done[*at] = Applied { sheet, digest, result };
            }
        }
        done
    }
}

/// A message that is to be brought into the format of a receiver.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The receiver's format.
    pub receiver: &'a str,
    /// The message.
    pub message: &'a [u8],
    /// Parameters of its rule.
    pub params: &'a BTreeMap<String, String>,
}

/// What a receiver without a rule gets.
fn unchanged(message: &[u8]) -> Applied {
    let result = Transformed {
        end: TransformEnd::Output,
        messages: vec![],
        refused: vec![],
        wrote: vec![],
        output: message.to_vec(),
    };
    Applied { sheet: None, digest: None, result }
}

/// Whether a sheet, or one that it includes, is written for a newer version than XSLT 1.0.
pub fn is_newer(depot: &Depot, sheet: &str) -> bool {
    files_of(depot, sheet).iter().any(|file| {
        let root = depot.files.get(file).and_then(|bytes| parse(bytes).ok()).map(|d| d.root);
        root.is_some_and(|root| newer_version(&root).is_some())
    })
}
