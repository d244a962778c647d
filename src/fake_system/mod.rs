//! Fake systems (Attrappen): they speak the real protocols, record before they answer, and can be
//! told to misbehave towards the exchanges of one case. They judge nothing.

mod cases;
mod defect;
mod dms;
mod faulty;
mod file_drop;
mod forms;
mod hub;
mod inbox;
mod intake;
mod later;
mod login;
mod mailbox;
mod outgoing;
mod page;
mod portal;
mod recent;
mod reload;
mod rest;
mod script;
mod scripted;
mod security;
mod soap;
mod speaking;
mod starting;
mod template;
mod world;
mod xml_http;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::rustls::ClientConfig;

use crate::ambient::Clock;
use crate::channel::{Observer, Shutdown, Unobserved, http, tls};
use crate::ids::SystemId;
use crate::organisation::{ExportedTrust, FakeKind, System, TestOrganisation};

pub use defect::{FAKE_DEFECTS, FakeDefect, FakeDefectInfo};
pub use inbox::{Held, Shown};
pub use page::{Listed, Page};
pub use recent::{Recent, Seen};
use reload::Up;
use security::Security;

pub use mailbox::{Attachment, Entry, Letter, Listing, Mailbox};
pub use portal::{Offered, Sender, Sent, SubmitError, Wanted};
pub use reload::Reloaded;
pub use script::{Behaviour, Scripts, Which};
pub use world::{Case, Fact, MOST_CASES, Progress, State, Submission, World};

/// Why a fake system did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its port cannot be had.
    #[error(
        "system \"{system}\" cannot listen on {listen}: {reason}; choose another port in the organisation, or leave `listen` out"
    )]
    Listen {
        /// The system.
        system: SystemId,
        /// The address.
        listen: String,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// Its certificates cannot be made.
    #[error("{0}")]
    Tls(tls::TlsError),
    /// What it should send by itself cannot be read.
    #[error(
        "system \"{system}\" cannot send \"{file}\": {reason}; the path is relative to the organisation"
    )]
    Answer {
        /// The system.
        system: SystemId,
        /// The file.
        file: String,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// Schemas that it should use cannot be had.
    #[error(
        "system \"{system}\" cannot use the schemas in \"{folder}\": {reason}; the path is relative to the organisation"
    )]
    Schemas {
        /// The system.
        system: SystemId,
        /// The folder.
        folder: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Its transfer folder or Maildir cannot be used.
    #[error("system \"{system}\" cannot use its folder: {reason}; choose another `folder`")]
    Folder {
        /// The system.
        system: SystemId,
        /// What the operating system says.
        reason: std::io::Error,
    },
}

impl From<tls::TlsError> for StartError {
    fn from(error: tls::TlsError) -> Self {
        Self::Tls(error)
    }
}

/// The running fake systems of an organisation.
pub struct Running {
    /// What a hub needs to reach those that speak TLS; none where none does.
    pub trust: Option<ExportedTrust>,
    /// TLS settings of somebody who may do everything at them, for looking into them.
    pub tls: Option<Arc<ClientConfig>>,
    /// The certificates that systems show.
    pub certificates: BTreeMap<SystemId, Arc<tls::Shown>>,
    /// Where each listens.
    pub urls: BTreeMap<SystemId, String>,
    /// What they have been told.
    pub scripts: Scripts,
    /// What they hold, where it can be looked at.
    pub shown: BTreeMap<SystemId, Arc<dyn Shown>>,
    /// The mailboxes, to look into.
    pub mailboxes: BTreeMap<SystemId, Arc<Mailbox>>,
    /// The portals that send applications.
    pub senders: BTreeMap<SystemId, Arc<Sender>>,
    /// What Fachverfahren send, by themselves or when they are told to.
    laters: BTreeMap<SystemId, Arc<later::Later>>,
    /// What all of them know in common.
    pub world: Arc<World>,
    observer: Arc<dyn Observer>,
    /// Whether they send by themselves.
    lively: bool,
    up: BTreeMap<SystemId, Up>,
    security: Option<Security>,
    shutdown: Shutdown,
    tasks: JoinSet<()>,
}

impl Running {
    /// Starts every system of an organisation, for a run: they send nothing that no case asks for.
    /// All ports are bound before the first one serves.
    ///
    /// # Errors
    /// When a port cannot be bound; nothing is left running.
    pub async fn start(
        organisation: &TestOrganisation,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, StartError> {
        Self::begin(organisation, observer, false).await
    }

    /// The same with the answers that systems give by themselves, for people who develop against
    /// them.
    ///
    /// # Errors
    /// When a port cannot be bound, or the file of an answer cannot be read.
    pub async fn start_lively(
        organisation: &TestOrganisation,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, StartError> {
        Self::begin(organisation, observer, true).await
    }

    /// The same with faults of their own, for the place of a target.
    ///
    /// # Errors
    /// As [`Running::start_lively`].
    pub async fn start_faulty(
        organisation: &TestOrganisation,
        observer: Arc<dyn Observer>,
        defects: &[FakeDefect],
    ) -> Result<Self, StartError> {
        let scripts = Scripts::with(defects);
        Self::begin_with(organisation, observer, true, scripts).await
    }

    async fn begin(
        organisation: &TestOrganisation,
        observer: Arc<dyn Observer>,
        lively: bool,
    ) -> Result<Self, StartError> {
        Self::begin_with(organisation, observer, lively, Scripts::default()).await
    }

    async fn begin_with(
        organisation: &TestOrganisation,
        observer: Arc<dyn Observer>,
        lively: bool,
        scripts: Scripts,
    ) -> Result<Self, StartError> {
        let mut running = Self {
            tls: None,
            trust: None,
            certificates: BTreeMap::new(),
            security: None,
            urls: BTreeMap::new(),
            scripts,
            shown: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            senders: BTreeMap::new(),
            laters: BTreeMap::new(),
            world: Arc::new(World::new(&organisation.file, Clock::system())),
            observer,
            lively,
            up: BTreeMap::new(),
            shutdown: Shutdown::default(),
            tasks: JoinSet::new(),
        };
        running.secure(organisation)?;
        let mut ready = Vec::new();
        for system in &organisation.file.system {
            ready.push(running.prepare(system, organisation).await?);
        }
        for one in ready {
            running.serve(one);
        }
        Ok(running)
    }

    /// The certificates of this run as files, by name, for clients of other programs: the authority,
    /// its list of withdrawn certificates, and client certificates of every kind with their keys.
    /// Empty where no system has a certificate.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn certificate_files(&self) -> Result<Vec<(String, String)>, StartError> {
        let Some(security) = &self.security else { return Ok(Vec::new()) };
        // Mailboxes alone make no hub need certificates, but whoever wants STARTTLS checked does.
        let trust = match &self.trust {
            Some(trust) => trust.clone(),
            None => security.trust()?,
        };
        let mut files =
            vec![("ca.pem".to_owned(), trust.authority), ("crl.pem".to_owned(), trust.withdrawn)];
        for (kind, certificate, key) in security.clients()? {
            let kind = kind.name();
            files.push((format!("client-{kind}.pem"), certificate));
            files.push((format!("client-{kind}.key.pem"), key));
        }
        Ok(files)
    }

    /// Serves a page about these systems as well.
    pub fn show(&mut self, listener: TcpListener, page: Page) {
        let (unseen, stop) = (Arc::new(Unobserved), self.shutdown.clone());
        let id = SystemId::from("seite");
        self.tasks.spawn(http::serve(listener, id, Arc::new(page), unseen, stop));
    }

    /// Stops all of them; open exchanges are finished first.
    pub async fn stop(mut self) {
        self.shutdown.now();
        self.up.values().for_each(|up| up.stop.now());
        while self.tasks.join_next().await.is_some() {}
        self.up.clear();
    }
}

/// The address of a system that listens there.
pub fn url_of(system: &System, listen: &str) -> String {
    let http = if system.tls.is_some() { "https" } else { "http" };
    match system.fake {
        FakeKind::Mailbox => format!("smtp://{listen}"),
        FakeKind::Dms => format!("{http}://{listen}{}", dms::REPOSITORY_PATH),
        FakeKind::FachverfahrenSoap => format!("{http}://{listen}{}", soap::path()),
        FakeKind::FachverfahrenJson => format!("{http}://{listen}{}", rest::path()),
        other => format!("{http}://{listen}{}", xml_http::path_of(other)),
    }
}

/// `https` or `http`, as an address begins: links of a fake that speaks TLS must not leave it.
fn scheme_of(url: &str) -> &str {
    url.split_once("://").map_or("http", |(scheme, _)| scheme)
}

/// Further addresses of a system that is reached there: the name of the protocol, and where.
pub fn further_urls(protocol: &str, url: &str) -> Vec<(&'static str, String)> {
    match protocol {
        "cmis-browser" => dms::further_urls(url),
        _ => Vec::new(),
    }
}

/// The addresses of systems whose port is fixed in the organisation, running or not.
pub fn fixed_urls(organisation: &TestOrganisation) -> BTreeMap<SystemId, String> {
    let url = |s: &System| match &s.folder {
        Some(folder) => {
            let root = organisation.folder.join(folder);
            Some(file_drop::url_of(&std::path::absolute(root).ok()?))
        }
        None => s.listen.as_ref().map(|listen| url_of(s, listen)),
    };
    organisation.file.system.iter().filter_map(|s| Some((s.id.clone(), url(s)?))).collect()
}

/// What every fake system can be, from data; a test reads them all.
pub const SYSTEM_FILES: [(&str, &str); 4] = [
    ("fachverfahren-a", include_str!("../../fake-systems/fachverfahren-a/system.toml")),
    ("fachverfahren-b", include_str!("../../fake-systems/fachverfahren-b/system.toml")),
    ("fachverfahren-xml", include_str!("../../fake-systems/fachverfahren-xml/system.toml")),
    ("antragsportal", include_str!("../../fake-systems/antragsportal/system.toml")),
];
