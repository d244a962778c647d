//! The target (Prüfgegenstand): how it is reached or started, and asked for its transaction log.

mod check;
mod doing;
mod file;
mod process;
mod reach;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::channel::http::{ClientRequest, send};
use crate::diagnostic::Diagnostics;

pub use doing::{Action, Doing};
pub use file::{
    Credentials, Endpoints, Interface, Limits, LogMapping, ProductFile, Protocol, Start,
    TargetFile, TargetHead,
};

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

/// What a target is told about the world around it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// File with the organisation's export.
    pub export: PathBuf,
    /// Address of the hub that the harness plays; empty where the target is the hub.
    pub hub: String,
}

impl Surroundings {
    /// A text with what stands for `{endpoints}` and `{hub}`.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("{endpoints}", &self.export.display().to_string()).replace("{hub}", &self.hub)
    }
}

/// A target, described and perhaps running.
#[derive(Debug)]
pub struct Target {
    /// Its description.
    pub file: TargetFile,
    base: String,
    held: Option<String>,
    process: Option<process::Process>,
    folder: PathBuf,
    starts: u32,
}

impl Target {
    /// A target by its description. `folder` is where its output and state go, if it is started.
    pub fn new(file: TargetFile, folder: &Path) -> Self {
        let base = file.target.url.clone().unwrap_or_default();
        let held = file.interface.as_ref().and_then(|i| i.held.clone());
        Self { file, base, held, process: None, folder: folder.to_owned(), starts: 0 }
    }

    /// Whether the harness can kill and start it.
    pub fn can_restart(&self) -> bool {
        self.file.start.is_some()
    }

    /// The address of an endpoint.
    pub fn url(&self, path: &str) -> String {
        if path.contains("://") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base.trim_end_matches('/'))
        }
    }

    /// Starts it where it has a command, and waits until it is ready. `fresh` gives it no history.
    ///
    /// # Errors
    /// When the command fails or nobody answers.
    pub async fn start(&mut self, around: &Surroundings, fresh: bool) -> Result<(), TargetError> {
        if let Some(start) = &self.file.start {
            if fresh || self.starts == 0 {
                self.starts += 1;
            }
            let state = self.folder.join(format!("zustand-{}", self.starts));
            let log = self.folder.join("target.log");
            let limit = Duration::from_millis(u64::from(self.file.limits.start_ms));
            let (process, says) =
                process::Process::start(&start.command, around, (&state, &log), limit).await?;
            self.process = Some(process);
            let spoken = self.file.interface.as_ref().and_then(|i| i.protocol);
            let own = spoken.and_then(|protocol| says.urls.get(protocol.name()));
            self.base = own.cloned().unwrap_or(says.url);
            self.held = says.held.or(self.held.take());
        }
        self.ready().await.map(|_| ())
    }

    /// Where a component takes what is handed over to it.
    pub fn interface_url(&self) -> String {
        let own = self.file.interface.as_ref().and_then(|i| i.url.as_deref());
        own.map_or_else(|| self.base.clone(), |path| self.url(path))
    }

    /// Where it tells what it holds about a case, if it can be asked.
    pub fn held_url(&self, vorgang: &str) -> Option<String> {
        Some(self.url(&self.held.as_ref()?.replace("{vorgang}", vorgang)))
    }

    /// The folder that holds what a mail system took (Maildir), if the file or the target names one.
    pub fn held_folder(&self) -> Option<PathBuf> {
        let held = self.held.as_ref()?;
        Some(crate::channel::file::path_of_url(held).unwrap_or_else(|| held.into()))
    }

    /// Asks whether it is ready; gives back what it says about itself.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn ready(&self) -> Result<String, TargetError> {
        let hub = self.file.endpoints.as_ref().map(|e| &e.ready);
        let other = self.file.interface.as_ref().and_then(|i| i.ready.as_ref());
        match hub.or(other) {
            Some(path) => self.says_ready(self.url(path)).await,
            None => reach::open(&self.interface_url()).await.map(|()| String::new()),
        }
    }

    async fn says_ready(&self, url: String) -> Result<String, TargetError> {
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
