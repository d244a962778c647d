//! What a component puts into a folder for the hub: read while the run goes on, and recorded as what it
//! is, something that reached the hub that the harness plays. Nothing is taken out of the folder.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::recorder::Recorder;
use crate::channel::Observer;
use crate::channel::file::{Answers, beside, is_temporary, path_of_url};
use crate::ids::{PLAYED_HUB, SystemId};
use crate::target::Target;

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Largest file that is read, bytes.
const MOST: u64 = 64 * 1024 * 1024;
/// What is recorded as the answer: nobody answers in a folder.
const READ: &[u8] = b"gelesen";

/// Somebody who looks into the folder until he is dropped.
pub(super) struct Looking(JoinHandle<()>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Looks into the folder of a target that has one.
pub(super) fn look(target: &Target, recorder: Arc<Recorder>) -> Option<Looking> {
    let interface = target.file.interface.as_ref()?;
    let input = path_of_url(&target.interface_url())?;
    let folder = beside(&input, interface.sends.as_ref()?);
    let mut answers = Answers::default();
    answers.receipt = interface.receipt.clone().unwrap_or(answers.receipt);
    let mut folder = Folder { input, folder, answers, known: HashSet::new(), growing: vec![] };
    if !folder.folder.is_dir() {
        let detail = format!("{}: there is no such folder yet", folder.folder.display());
        recorder.observation(&SystemId::from("harness"), None, "sends", &detail);
    }
    // What lies there from before was sent to somebody else.
    for (name, _) in folder.there() {
        let detail = format!("\"{}\" lay in the folder before the run", name.display());
        recorder.observation(&SystemId::from("harness"), None, "sends", &detail);
        folder.known.insert(name);
    }
    Some(Looking(tokio::spawn(async move {
        loop {
            let looked = tokio::task::spawn_blocking(move || {
                let new = folder.new_files();
                (folder, new)
            });
            let Ok((again, new)) = looked.await else { return };
            folder = again;
            for (path, content) in new {
                let place = path.display().to_string();
                let hub = SystemId::from(PLAYED_HUB);
                let exchange = recorder.request(&hub, "file", &place, &content);
                recorder.answer(exchange, READ, None);
            }
            tokio::time::sleep(LOOK).await;
        }
    })))
}

struct Folder {
    input: PathBuf,
    folder: PathBuf,
    answers: Answers,
    known: HashSet<OsString>,
    /// Seen once, with their size then: whoever writes in place is seen half.
    growing: Vec<(OsString, u64)>,
}

impl Folder {
    /// Files that are handed over, with their size.
    fn there(&self) -> Vec<(OsString, u64)> {
        let mut out = Vec::new();
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let size = match entry.metadata() {
                Ok(data) if data.is_file() => data.len(),
                _ => continue,
            };
            let temporary = is_temporary(name.as_encoded_bytes());
            let path = self.folder.join(&name);
            if !temporary && !self.answers.is_receipt(&self.input, &path) && size <= MOST {
                out.push((name, size));
            }
        }
        out
    }

    /// What is new and no longer changes.
    fn new_files(&mut self) -> Vec<(PathBuf, Vec<u8>)> {
        let there: Vec<_> =
            self.there().into_iter().filter(|(name, _)| !self.known.contains(name)).collect();
        let mut out = Vec::new();
        for (name, size) in &there {
            if self.growing.contains(&(name.clone(), *size)) {
                let path: &Path = &self.folder.join(name);
                if let Ok(content) = std::fs::read(path) {
                    self.known.insert(name.clone());
                    out.push((path.to_owned(), content));
                }
            }
        }
        self.growing = there;
        out
    }
}
