//! The hub as a server: receiving over HTTP, and its transaction log to read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::checking::Checking;
use super::defect::Defect;
use super::deliver::Reach;
use super::intake::Rejection;
use super::journal::{Accepted, Journal, LogEntry};
use super::misconfigured::Misconfiguration;
use super::mixed::Mixed;
use crate::ambient::{Clock, random_bytes};
use crate::channel::http::{Handler, Reply, Request, serve};
use crate::channel::tls::{TlsError, Trust, client_config};
use crate::channel::{Shutdown, Unobserved};
use crate::organisation::Export;
use crate::rules::{Depot, DepotError, Engines, Runner, Source, Workers};
use crate::xml::{Element, Node, Validator};

/// Namespace of acknowledgements and rejections.
const NAMESPACE: &str = "urn:pruefstand:quittung:1";

/// Longest time for one attempt at a receiver.
pub const LIMIT: Duration = Duration::from_secs(10);
/// Pause after a failed attempt; it grows.
pub const PAUSE: Duration = Duration::from_millis(100);

/// What somebody changed about a hub to see whether it is noticed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Files that stand in the place of a depot's: name of the depot, path in it, text.
    #[serde(default)]
    pub depot: BTreeMap<String, BTreeMap<String, String>>,
    /// A mistake in the configuration.
    #[serde(default)]
    pub configuration: Option<Misconfiguration>,
}

impl Changed {
    /// Reads it from a file of JSON.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }
}

/// What a hub needs to start.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// Organisation with the addresses of its systems.
    pub export: Export,
    /// Folder the names of depots are relative to.
    pub base: PathBuf,
    /// Folder for its journal.
    pub state: PathBuf,
    /// What runs XSLT.
    pub engines: Engines,
    /// Switched-on faults.
    pub defects: Vec<Defect>,
    /// Clock.
    pub clock: Clock,
    /// Longest time for one attempt at a receiver.
    pub limit: Duration,
    /// Pause after a failed attempt; it grows.
    pub pause: Duration,
    /// What somebody changed about it.
    pub changed: Changed,
}

/// Why a hub cannot start.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A depot cannot be used.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// The certificates of the export cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The journal or the port cannot be used.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

pub(super) struct LoadedDepot {
    pub runner: Runner,
    pub validators: BTreeMap<String, Validator>,
    pub checks: Vec<Checking>,
}

pub(super) struct Hub {
    pub export: Export,
    pub depots: Vec<LoadedDepot>,
    pub clock: Clock,
    journal: Mutex<Journal>,
    defects: BTreeSet<Defect>,
    tasks: UnboundedSender<Accepted>,
    pub reach: Reach,
    pub pause: Duration,
    pub mixed: Mixed,
}

impl Hub {
    pub fn has(&self, defect: Defect) -> bool {
        self.defects.contains(&defect)
    }

    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to the transaction log. A log that cannot be written must not stop the traffic.
    pub fn log(&self, mut entry: LogEntry) {
        entry.transaktion = self.shown(&entry.transaktion).to_owned();
        let _ = self.journal().log(entry);
    }

    /// Notes that a task is done, with its entry in the transaction log.
    pub fn finish(
        &self,
        transaction: &str,
        task: &str,
        note: &str,
        mut entry: LogEntry,
    ) -> std::io::Result<()> {
        entry.transaktion = self.shown(&entry.transaktion).to_owned();
        self.journal().finish(transaction, task, note, entry)
    }

    /// The transaction as others see it.
    fn shown<'a>(&self, transaction: &'a str) -> &'a str {
        if self.has(Defect::SharesTransaction) { "TX-1" } else { transaction }
    }

    pub fn new_transaction(&self) -> String {
        let bytes: [u8; 8] = random_bytes().unwrap_or_default();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        format!("TX-{hex}")
    }

    pub fn spawn(&self, message: Accepted) {
        let _ = self.tasks.send(message);
    }

    fn status(&self) -> serde_json::Value {
        let depots: Vec<_> = self
            .depots
            .iter()
            .map(|d| {
                let depot = d.runner.depot();
                serde_json::json!({
                    "id": depot.file.depot.id,
                    "version": depot.file.depot.version,
                    "digest": depot.digest(),
                })
            })
            .collect();
        serde_json::json!({
            "produkt": "Pruefstand Referenz-Datendrehscheibe",
            "version": env!("CARGO_PKG_VERSION"),
            "organisation": self.export.organisation,
            "behoerden": self.export.authority.iter().map(|a| &a.ags).collect::<Vec<_>>(),
            "regeldepots": depots,
        })
    }
}

/// Starts a hub on a listener. What an earlier process had taken and not finished goes on.
///
/// # Errors
/// When a depot or the journal cannot be used.
pub async fn start(
    config: HubConfig,
    listener: TcpListener,
    shutdown: Shutdown,
) -> Result<(), HubError> {
    let mut config = config;
    if let Some(mistake) = config.changed.configuration.take() {
        mistake.apply(&mut config);
    }
    let mut depots = Vec::new();
    for name in &config.export.depots {
        let over = config.changed.depot.get(name).cloned().unwrap_or_default();
        let over = over.into_iter().map(|(file, text)| (file, text.into_bytes())).collect();
        let depot = Depot::load_over(name, &config.base, over)?;
        let mut validators = BTreeMap::new();
        for procedure in &depot.file.procedure {
            validators.insert(procedure.id.clone(), depot.validator(&procedure.id)?);
        }
        std::fs::create_dir_all(&config.state)?;
        let runner = Runner::new(depot, Workers::new(&config.engines, &config.state, 2));
        let checks = Checking::all(&runner.depot().file.check);
        depots.push(LoadedDepot { runner, validators, checks });
    }
    let tls = match &config.export.trust {
        None => None,
        Some(trust) => Some(client_config(&Trust {
            authorities: trust.authority.clone(),
            withdrawn: trust.withdrawn.clone(),
            certificate: trust.certificate.clone(),
            key: trust.key.clone(),
        })?),
    };
    let mut journal = Journal::open(&config.state, config.clock.clone())?;
    if config.defects.contains(&Defect::RepeatsAfterRestart) {
        journal.done.clear();
    }
    if config.defects.contains(&Defect::LogClockWrong) {
        journal.ahead = SignedDuration::from_hours(1);
    }
    let mut left: Vec<Accepted> = journal.accepted.values().cloned().collect();
    if config.defects.contains(&Defect::ForgetsQueue) {
        left.clear();
    }
    if reconfigured(&mut config)? && config.defects.contains(&Defect::DropsQueueOnChange) {
        left.clear();
    }
    let (tasks, mut queue) = unbounded_channel();
    let hub = Arc::new(Hub {
        export: config.export,
        depots,
        clock: config.clock,
        journal: Mutex::new(journal),
        defects: config.defects.iter().copied().collect(),
        tasks,
        reach: Reach {
            tls,
            limit: config.limit,
            mislabels: config.defects.contains(&Defect::MislabelsCharset),
        },
        pause: config.pause,
        mixed: Mixed::default(),
    });
    for message in left {
        hub.spawn(message);
    }
    let worker = hub.clone();
    let pipeline = tokio::spawn(async move {
        while let Some(message) = queue.recv().await {
            tokio::spawn(worker.clone().process(message));
        }
    });
    let door = Arc::new(Door(hub));
    serve(listener, "hub".into(), door, Arc::new(Unobserved), shutdown).await;
    pipeline.abort();
    Ok(())
}

/// Whether the hub ran before with other authorities. What it is told is kept beside its journal, for
/// those who ask, and for the fault that does not listen.
fn reconfigured(config: &mut HubConfig) -> std::io::Result<bool> {
    let path = config.state.join("stellen.json");
    let now = serde_json::to_vec(&config.export.authority)?;
    let before = std::fs::read(&path).ok();
    let changed = before.as_ref().is_some_and(|before| before != &now);
    match before.filter(|_| config.defects.contains(&Defect::KeepsOldRoutes)) {
        Some(before) => config.export.authority = serde_json::from_slice(&before)?,
        None => std::fs::write(&path, now)?,
    }
    Ok(changed)
}

struct Door(Arc<Hub>);

impl Handler for Door {
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move {
            match (request.method.as_str(), request.path.as_str()) {
                ("POST", "/eingang/portal") => self.receive(Source::Portal, request).await,
                ("POST", "/eingang/fachverfahren") => {
                    self.receive(Source::Fachverfahren, request).await
                }
                ("GET", "/bereit") => {
                    Reply::text(200, "application/json", self.0.status().to_string())
                }
                ("GET", "/protokoll") => {
                    let log = serde_json::to_vec(&self.0.journal().log).unwrap_or_default();
                    Reply::text(200, "application/json", log)
                }
                _ => Reply::text(404, "text/plain", "nothing here\n"),
            }
        })
    }
}

impl Door {
    async fn receive(&self, source: Source, request: Request) -> Reply {
        let hub = self.0.clone();
        let outcome = tokio::task::spawn_blocking(move || hub.receive(source, &request.body)).await;
        let Ok((transaction, result)) = outcome else {
            return Reply::text(500, "text/plain", "internal fault\n");
        };
        let kind = "application/xml; charset=UTF-8";
        match result {
            Ok(message) => {
                let vorgang = if self.0.has(Defect::WrongQuittung) {
                    "PS-000000000000"
                } else {
                    message.vorgang.as_str()
                };
                let answer = quittung(self.0.shown(&transaction), vorgang);
                self.0.spawn(message);
                Reply::text(202, kind, answer.to_xml())
            }
            Err(rejection) => {
                let status = if self.0.has(Defect::RejectsWith200) { 200 } else { 422 };
                Reply::text(
                    status,
                    kind,
                    rueckweisung(self.0.shown(&transaction), &rejection).to_xml(),
                )
            }
        }
    }
}

fn quittung(transaction: &str, vorgang: &str) -> Element {
    let mut root = Element::new(NAMESPACE, "Quittung");
    root.children = vec![
        Node::Element(Element::with_text(NAMESPACE, "Transaktion", transaction)),
        Node::Element(Element::with_text(NAMESPACE, "Vorgangsnummer", vorgang)),
    ];
    root
}

fn rueckweisung(transaction: &str, rejection: &Rejection) -> Element {
    let mut root = Element::new(NAMESPACE, "Rueckweisung");
    root.children = vec![
        Node::Element(Element::with_text(NAMESPACE, "Transaktion", transaction)),
        Node::Element(Element::with_text(NAMESPACE, "Grund", &rejection.code)),
        Node::Element(Element::with_text(NAMESPACE, "Text", &printable(&rejection.text))),
    ];
    for line in &rejection.lines {
        let mut element = Element::with_text(NAMESPACE, "Meldung", &printable(&line.text));
        element.set_attribute("zeile", &line.line.to_string());
        root.children.push(Node::Element(element));
    }
    root
}

/// Only characters of XML 1.0, since texts quote what was sent.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'.. => c,
            _ => '\u{FFFD}',
        })
        .collect()
}
