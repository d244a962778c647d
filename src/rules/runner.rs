//! Running one rule alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::depot::{Depot, sheet_url};
use crate::ids::Digest;
use crate::xml::{SheetSet, TransformEnd, Transformed, Worker};

/// Longest time for one transformation.
const LIMIT: Duration = Duration::from_secs(10);

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

/// Warm worker processes that several depots share.
pub struct Workers(Vec<Mutex<Worker>>);

impl Workers {
    /// So many workers, each `program xslt-worker` in `folder`; they start with their first job.
    pub fn new(program: &Path, folder: &Path, count: usize) -> Arc<Self> {
        let one = || Mutex::new(Worker::new(program, folder, LIMIT));
        Arc::new(Self((0..count.max(1)).map(|_| one()).collect()))
    }

    /// How many jobs can be done at once.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Runs a sheet; blocks while all workers are busy.
    fn run(
        &self,
        sheets: &SheetSet,
        sheet: &str,
        message: &[u8],
        params: &BTreeMap<String, String>,
    ) -> Transformed {
        let free = self.0.iter().find_map(|w| w.try_lock().ok());
        let mut worker =
            free.unwrap_or_else(|| self.0[0].lock().unwrap_or_else(PoisonError::into_inner));
        worker.transform(sheets, sheet, message, params)
    }
}

/// Runs the rules of a depot in warm worker processes.
pub struct Runner {
    depot: Depot,
    sheets: SheetSet,
    workers: Arc<Workers>,
}

impl Runner {
    /// A runner of this depot.
    pub fn new(depot: Depot, workers: Arc<Workers>) -> Self {
        let sheets = depot.sheets();
        Self { depot, sheets, workers }
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
        let Some(rule) = self.depot.file.rule.iter().find(|r| r.receiver == receiver) else {
            let result = Transformed {
                end: TransformEnd::Output,
                messages: vec![],
                refused: vec![],
                output: message.to_vec(),
            };
            return Applied { sheet: None, digest: None, result };
        };
        let digest = self.depot.files.get(&rule.sheet).map(Digest::of);
        let sheet = sheet_url(&rule.sheet);
        let result = self.workers.run(&self.sheets, &sheet, message, params);
        Applied { sheet: Some(rule.sheet.clone()), digest, result }
    }
}
