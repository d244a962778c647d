//! Fake systems (Attrappen): they speak the real protocols, record before they answer, and can be
//! told to misbehave towards the exchanges of one case. They judge nothing.

mod cases;
mod dms;
mod file_drop;
mod fill;
mod forms;
mod inbox;
mod intake;
mod later;
mod login;
mod mailbox;
mod page;
mod recent;
mod rest;
mod script;
mod scripted;
mod soap;
mod xml_http;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::ambient::Clock;
use crate::channel::tls::TestCertificate;
use crate::channel::{Observer, Shutdown, Unobserved, http, smtp};
use crate::ids::SystemId;
use crate::organisation::{FakeKind, Mode, System, TestOrganisation};
use crate::secret::Secret;

use inbox::Inbox;
pub use inbox::{Held, Shown};
use intake::Intake;
use later::Later;
pub use page::{Listed, Page};
pub use recent::{Recent, Seen};
use scripted::Scripted;

pub use mailbox::{Attachment, Entry, Letter, Listing, Mailbox};
pub use script::{Behaviour, Scripts, Which};

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
    /// What it should send by itself cannot be read.
    #[error(
        "system \"{system}\" cannot answer with \"{file}\": {reason}; the path is relative to the organisation"
    )]
    Answer {
        /// The system.
        system: SystemId,
        /// The file.
        file: String,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// Its transfer folder cannot be used.
    #[error(
        "system \"{system}\" cannot use its transfer folder: {reason}; choose another `folder`"
    )]
    Folder {
        /// The system.
        system: SystemId,
        /// What the operating system says.
        reason: std::io::Error,
    },
}

/// Where a system takes things.
enum Place {
    Port(TcpListener),
    Folder(Box<file_drop::Opened>),
}

/// The running fake systems of an organisation.
pub struct Running {
    /// Where each listens.
    pub urls: BTreeMap<SystemId, String>,
    /// What they have been told.
    pub scripts: Scripts,
    /// What they hold, where it can be looked at.
    pub shown: BTreeMap<SystemId, Arc<dyn Shown>>,
    /// The mailboxes, to look into.
    pub mailboxes: BTreeMap<SystemId, Arc<Mailbox>>,
    shutdown: Shutdown,
    tasks: JoinSet<()>,
    /// Folders that go with the end.
    temporary: Vec<file_drop::Temporary>,
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

    async fn begin(
        organisation: &TestOrganisation,
        observer: Arc<dyn Observer>,
        lively: bool,
    ) -> Result<Self, StartError> {
        let stop = Shutdown::default();
        let mut bound = Vec::new();
        for system in &organisation.file.system {
            let listen = system.listen.clone().unwrap_or_else(|| "127.0.0.1:0".into());
            let failed = |reason| StartError::Listen {
                system: system.id.clone(),
                listen: listen.clone(),
                reason,
            };
            let place = match system.fake {
                FakeKind::FachverfahrenAblage => {
                    let opened = file_drop::Opened::of(system, &organisation.folder);
                    Place::Folder(opened.map(Box::new).map_err(|reason| StartError::Folder {
                        system: system.id.clone(),
                        reason,
                    })?)
                }
                _ => Place::Port(TcpListener::bind(&listen).await.map_err(failed)?),
            };
            let later = match lively && !system.answer.is_empty() {
                false => None,
                true => Some(
                    Later::of(system, &organisation.folder, observer.clone(), stop.clone())
                        .map_err(|(file, reason)| StartError::Answer {
                            system: system.id.clone(),
                            file,
                            reason,
                        })?,
                ),
            };
            bound.push((system, place, later));
        }
        let mut running = Self {
            urls: BTreeMap::new(),
            scripts: Scripts::default(),
            shown: BTreeMap::new(),
            shutdown: stop,
            mailboxes: BTreeMap::new(),
            tasks: JoinSet::new(),
            temporary: Vec::new(),
        };
        for (system, place, later) in bound {
            match place {
                Place::Port(listener) => running.serve(system, listener, observer.clone(), later),
                Place::Folder(opened) => running.watch(system, *opened, observer.clone(), later),
            }
        }
        Ok(running)
    }

    fn serve(
        &mut self,
        system: &System,
        listener: TcpListener,
        observer: Arc<dyn Observer>,
        later: Option<Later>,
    ) {
        let address = listener.local_addr().map(|a| a.to_string()).unwrap_or_default();
        let (id, scripts, stop) = (system.id.clone(), self.scripts.clone(), self.shutdown.clone());
        let url = url_of(system.fake, &address);
        match system.fake {
            FakeKind::Mailbox => {
                let handler = Arc::new(Mailbox::new(id.clone(), scripts));
                self.mailboxes.insert(id.clone(), handler.clone());
                self.shown.insert(id.clone(), handler.clone());
                let settings = Arc::new(mail_settings(system));
                self.tasks.spawn(smtp::serve(listener, id, settings, handler, observer, stop));
            }
            FakeKind::Dms => {
                let fake = dms::Dms::new(system, observer.clone(), &url);
                let handler = Arc::new(Scripted::new(id.clone(), scripts, fake));
                self.tasks.spawn(http::serve(listener, id, handler, observer, stop));
            }
            FakeKind::FachverfahrenSoap => {
                let inbox = Arc::new(Inbox::new(Clock::system()));
                self.shown.insert(id.clone(), inbox.clone());
                let fake =
                    soap::Soap::new(system, &url, observer.clone(), Intake::new(inbox, later));
                let handler = Arc::new(Scripted::new(id.clone(), scripts, fake));
                self.tasks.spawn(http::serve(listener, id, handler, observer, stop));
            }
            FakeKind::FachverfahrenJson => {
                let inbox = Arc::new(Inbox::new(Clock::system()));
                self.shown.insert(id.clone(), inbox.clone());
                let fake = rest::Rest::new(system, observer.clone(), Intake::new(inbox, later));
                let handler = Arc::new(Scripted::new(id.clone(), scripts, fake));
                self.tasks.spawn(http::serve(listener, id, handler, observer, stop));
            }
            kind => {
                let inbox = Arc::new(Inbox::new(Clock::system()));
                self.shown.insert(id.clone(), inbox.clone());
                let fake = xml_http::XmlOverHttp::new(system, kind, observer.clone(), inbox, later);
                let handler = Arc::new(Scripted::new(id.clone(), scripts, fake));
                self.tasks.spawn(http::serve(listener, id, handler, observer, stop));
            }
        }
        self.urls.insert(system.id.clone(), url);
    }

    /// Takes what is handed over in a folder.
    fn watch(
        &mut self,
        system: &System,
        mut opened: file_drop::Opened,
        observer: Arc<dyn Observer>,
        later: Option<Later>,
    ) {
        let inbox = Arc::new(Inbox::new(Clock::system()));
        self.shown.insert(system.id.clone(), inbox.clone());
        self.urls.insert(system.id.clone(), opened.url());
        self.temporary.extend(opened.temporary.take());
        let later = later.map(|l| l.into_folder(opened.output()));
        let (scripts, intake) = (self.scripts.clone(), Intake::new(inbox, later));
        let fake = file_drop::FileDrop::new(system, opened, scripts, observer, intake);
        self.tasks.spawn(Arc::new(fake).serve(self.shutdown.clone()));
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
        while self.tasks.join_next().await.is_some() {}
        self.temporary.clear();
    }
}

/// What a mailbox demands and offers. Its certificate is made for this run; on a machine that cannot
/// make one it does not offer STARTTLS, which clients that want it refuse to do without.
fn mail_settings(system: &System) -> smtp::Settings {
    let certificate =
        TestCertificate::generate(&["localhost", "127.0.0.1", "::1", "attrappe.example"]);
    let account = system.user.as_ref().map(|user| smtp::Account {
        user: user.clone(),
        password: Secret::new(system.password.clone().unwrap_or_default()),
    });
    smtp::Settings {
        lenient: system.mode == Mode::Lenient,
        account,
        tls: certificate.ok().map(|c| c.config),
        limits: smtp::Limits::default(),
    }
}

/// The address of a system that listens there.
pub fn url_of(fake: FakeKind, listen: &str) -> String {
    match fake {
        FakeKind::Mailbox => format!("smtp://{listen}"),
        FakeKind::Dms => format!("http://{listen}{}", dms::REPOSITORY_PATH),
        FakeKind::FachverfahrenSoap => format!("http://{listen}{}", soap::path()),
        FakeKind::FachverfahrenJson => format!("http://{listen}{}", rest::path()),
        other => format!("http://{listen}{}", xml_http::path_of(other)),
    }
}

/// The addresses of systems whose port is fixed in the organisation, running or not.
pub fn fixed_urls(organisation: &TestOrganisation) -> BTreeMap<SystemId, String> {
    let url = |s: &System| match &s.folder {
        Some(folder) => {
            let root = organisation.folder.join(folder);
            Some(file_drop::url_of(&std::path::absolute(root).ok()?))
        }
        None => s.listen.as_ref().map(|listen| url_of(s.fake, listen)),
    };
    organisation.file.system.iter().filter_map(|s| Some((s.id.clone(), url(s)?))).collect()
}

/// The file number of a case: the same in every system of the world, since it follows from the
/// case's own number.
fn aktenzeichen(vorgang: &str) -> String {
    format!("GEW {}/2026", vorgang.trim_start_matches("PS-"))
}

/// What every fake system can be, from data; a test reads them all.
pub const SYSTEM_FILES: [(&str, &str); 4] = [
    ("fachverfahren-a", include_str!("../../fake-systems/fachverfahren-a/system.toml")),
    ("fachverfahren-b", include_str!("../../fake-systems/fachverfahren-b/system.toml")),
    ("fachverfahren-xml", include_str!("../../fake-systems/fachverfahren-xml/system.toml")),
    ("antragsportal", include_str!("../../fake-systems/antragsportal/system.toml")),
];
