//! The target (Prüfgegenstand): how it is reached or started, and asked for its transaction log.

mod access;
mod caller;
mod check;
mod commands;
mod doing;
mod file;
mod fill;
mod guard;
mod pacer;
mod perform;
mod person;
mod process;
mod questions;
mod reach;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostics;

pub use access::AccessFault;
pub use caller::{Caller, explain};
pub use doing::{Action, Doing};
pub use file::{
    Credentials, Endpoints, Interface, Limits, ProductFile, Protocol, Start, TargetFile, TargetHead,
};
pub use guard::guard;
pub use perform::{Called, DoingError, Performed};
pub use person::{Person, Said};
pub use questions::{Question, host_and_port};

/// How names of folders begin that a run makes for itself in its own, and takes away again.
pub const STATE: &str = "zustand-";

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

/// Methods of calls (RFC 9110, section 9).
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/// Longest time for the answer whether it is ready, milliseconds, where its limits are not narrower.
const READY: u32 = 5_000;

/// What a target is told about the world around it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// File with the organisation's export.
    pub export: PathBuf,
    /// Address of the hub that the harness plays; empty where the target is the hub.
    pub hub: String,
}

/// A target, described and perhaps running.
#[derive(Debug)]
pub struct Target {
    /// Its description.
    pub file: TargetFile,
    base: String,
    held: Option<String>,
    act: Option<String>,
    process: Option<process::Process>,
    commands: commands::Commands,
    person: Person,
    access: Arc<access::Access>,
    faults: Vec<AccessFault>,
    pacer: Arc<pacer::Pacer>,
    folder: PathBuf,
    starts: u32,
}

impl Target {
    /// A target by its description, with credentials from the environment. `folder` is where its output
    /// and state go, if it is started.
    pub fn new(file: TargetFile, folder: &Path) -> Self {
        let base = file.target.url.clone().unwrap_or_default();
        let held = file.interface.as_ref().and_then(|i| i.held.clone());
        let secure = file.addresses().iter().any(|a| a.starts_with("https://"));
        let environment = |name: &str| std::env::var(name).ok();
        let (access, faults) =
            access::Access::of(file.credentials.as_ref(), &file.folder, secure, &environment);
        let pacer = Arc::new(pacer::Pacer::new(file.limits.per_second));
        Self {
            file,
            base,
            held,
            act: None,
            process: None,
            commands: commands::Commands::default(),
            person: Person::nobody(),
            access: Arc::new(access),
            faults,
            pacer,
            folder: folder.to_owned(),
            starts: 0,
        }
    }

    /// With somebody who can be told what to do.
    #[must_use]
    pub fn with_person(self, person: Person) -> Self {
        Self { person, ..self }
    }

    /// With a program that guards what is started (`PROGRAM target-guard -- COMMAND`, see [`guard()`]), so
    /// that nothing of it outlives the target. Without, only process groups are ended.
    #[must_use]
    pub fn guarded_by(mut self, program: &Path) -> Self {
        self.commands.guard = Some(program.to_owned());
        self
    }

    /// The folder of its own, `{state}`.
    fn state(&self) -> PathBuf {
        self.folder.join(format!("{STATE}{}", self.starts))
    }

    /// What its credentials lack; nothing is sent before it is there.
    pub fn access_faults(&self) -> &[AccessFault] {
        &self.faults
    }

    /// Sends requests to it.
    pub fn caller(&self) -> Caller {
        let addresses = self.file.addresses().into_iter().map(str::to_owned);
        let origins = addresses.chain([self.base.clone()]).filter_map(|a| caller::origin(&a));
        Caller {
            access: self.access.clone(),
            complete: self.faults.is_empty(),
            limits: self.file.limits,
            pacer: self.pacer.clone(),
            origins: Arc::new(origins.collect()),
        }
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
        self.launch(around, fresh).await?;
        self.ready().await.map(|_| ())
    }

    /// Starts it where it has a command.
    ///
    /// # Errors
    /// When the command fails or does not say that it is ready.
    pub async fn launch(&mut self, around: &Surroundings, fresh: bool) -> Result<(), TargetError> {
        if self.file.start.is_some() && (fresh || self.starts == 0) {
            self.starts += 1;
        }
        if let Some(start) = &self.file.start {
            let values = self.values(around, &[]);
            let command: Vec<String> =
                start.command.iter().map(|part| values.fill(part, fill::Written::Plain)).collect();
            let log = self.folder.join("target.log");
            let limit = Duration::from_millis(u64::from(self.file.limits.start_ms));
            let (process, says) =
                process::Process::start(command, self.commands.guard.as_deref(), &log, limit)
                    .await?;
            self.process = Some(process);
            let spoken = self.file.interface.as_ref().and_then(|i| i.protocol);
            let own = spoken.and_then(|protocol| says.urls.get(protocol.name()));
            self.base = own.cloned().unwrap_or(says.url);
            self.held = says.held.or(self.held.take());
            self.act = says.act.or(self.act.take());
        }
        Ok(())
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

    /// Where it is told to send something, as it said when it started.
    pub fn act_url(&self) -> Option<String> {
        self.act.clone()
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
            // Who only sends has no address.
            None if self.interface_url().is_empty() => Ok(String::new()),
            None => {
                let limit = Duration::from_millis(u64::from(self.file.limits.connect_ms));
                reach::open(&self.interface_url(), limit).await.map(|()| String::new())
            }
        }
    }

    async fn says_ready(&self, url: String) -> Result<String, TargetError> {
        let unreachable =
            |reason| TargetError::Unreachable { what: "the target", url: url.clone(), reason };
        let sent = self.caller().within(READY).send("GET", &url, "", vec![]).await;
        let answer = sent.map_err(|e| unreachable(explain(&e)))?;
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

    /// Ends it in order, and what commands left running.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
        self.commands.end().await;
    }
}
