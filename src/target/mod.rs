//! The target (Prüfgegenstand): how it is reached or started, and asked for its transaction log.

mod file;
mod process;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::channel::http::{ClientRequest, send};
use crate::diagnostic::Diagnostics;

pub use file::{Endpoints, TargetFile, TargetHead};

/// Why a target cannot be used. All of these are found before the first message.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The file has findings.
    #[error("{0}")]
    File(#[from] Diagnostics),
    /// Nobody answers.
    #[error(
        "{what} at {url} does not answer: {reason}; start it, or correct the address in the target file"
    )]
    Unreachable {
        /// What was tried.
        what: &'static str,
        /// Where.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The command did not start a target.
    #[error("the target's command {command:?} failed: {reason}; its output is in {log}")]
    Command {
        /// The command.
        command: Vec<String>,
        /// Why.
        reason: String,
        /// Where its output is.
        log: String,
    },
}

/// A target, described and perhaps running.
#[derive(Debug)]
pub struct Target {
    /// Its description.
    pub file: TargetFile,
    base: String,
    process: Option<process::Process>,
    folder: PathBuf,
    starts: u32,
}

impl Target {
    /// A target by its description. `folder` is where its output and state go, if it is started.
    pub fn new(file: TargetFile, folder: &Path) -> Self {
        let base = file.target.url.clone().unwrap_or_default();
        Self { file, base, process: None, folder: folder.to_owned(), starts: 0 }
    }

    /// Whether the harness can kill and start it.
    pub fn can_restart(&self) -> bool {
        self.file.start.is_some()
    }

    /// The address of an endpoint.
    pub fn url(&self, path: &str) -> String {
        if path.starts_with("http://") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base.trim_end_matches('/'))
        }
    }

    /// Starts it where it has a command, and waits until it is ready. `fresh` gives it no history.
    ///
    /// # Errors
    /// When the command fails or nobody answers.
    pub async fn start(&mut self, export: &Path, fresh: bool) -> Result<(), TargetError> {
        if let Some(start) = &self.file.start {
            if fresh || self.starts == 0 {
                self.starts += 1;
            }
            let state = self.folder.join(format!("zustand-{}", self.starts));
            let log = self.folder.join("target.log");
            let (process, url) =
                process::Process::start(&start.command, export, &state, &log).await?;
            self.process = Some(process);
            if let Some(url) = url {
                self.base = url;
            }
        }
        self.ready().await.map(|_| ())
    }

    /// Asks whether it is ready; gives back what it says about itself.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn ready(&self) -> Result<String, TargetError> {
        let url = self.url(&self.file.endpoints.ready);
        let unreachable =
            |reason| TargetError::Unreachable { what: "the target", url: url.clone(), reason };
        let request = ClientRequest {
            method: "GET",
            url: url.clone(),
            content_type: String::new(),
            body: vec![],
            limit: Duration::from_secs(5),
        };
        let answer = send(request).await.map_err(|e| unreachable(e.to_string()))?;
        if !(200..300).contains(&answer.status) {
            return Err(unreachable(format!("it answers {}", answer.status)));
        }
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// Kills it at once, with everything it started.
    pub async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Ends it in order.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }
}
