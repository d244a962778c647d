//! Running one rule alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
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

/// Runs the rules of a depot in a warm worker process.
pub struct Runner {
    depot: Depot,
    sheets: SheetSet,
    workers: Vec<Mutex<Worker>>,
}

impl Runner {
    /// A runner whose workers are `program xslt-worker` in `folder`.
    pub fn new(depot: Depot, program: &Path, folder: &Path, workers: usize) -> Self {
        let sheets = depot.sheets();
        let workers =
            (0..workers.max(1)).map(|_| Mutex::new(Worker::new(program, folder, LIMIT))).collect();
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
        let free = self.workers.iter().find_map(|w| w.try_lock().ok());
        let mut worker =
            free.unwrap_or_else(|| self.workers[0].lock().unwrap_or_else(PoisonError::into_inner));
        let result = worker.transform(&self.sheets, &sheet_url(&rule.sheet), message, params);
        Applied { sheet: Some(rule.sheet.clone()), digest, result }
    }
}
