//! Fake systems (Attrappen): they speak the real protocols, record before they answer, and can be
//! told to misbehave towards the exchanges of one case. They judge nothing.

mod dms;
mod dms_store;
mod mailbox;
mod script;
mod scripted;
mod xml_http;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::channel::tls::TestCertificate;
use crate::channel::{Observer, Shutdown, http, smtp};
use crate::ids::SystemId;
use crate::organisation::{FakeKind, Mode, System, TestOrganisation};
use crate::secret::Secret;

use scripted::Scripted;

pub use mailbox::{Attachment, Entry, Letter, Listing, Mailbox};
pub use script::{Behaviour, Scripts, Which};

/// Why a fake system did not start.
#[derive(Debug, thiserror::Error)]
#[error(
    "system \"{system}\" cannot listen on {listen}: {reason}; choose another port in the organisation, or leave `listen` out"
)]
pub struct StartError {
    /// The system.
    pub system: SystemId,
    /// The address.
    pub listen: String,
    /// What the operating system says.
    pub reason: std::io::Error,
}

/// The running fake systems of an organisation.
pub struct Running {
    /// Where each listens.
    pub urls: BTreeMap<SystemId, String>,
    /// What they have been told.
    pub scripts: Scripts,
    /// The mailboxes, to look into.
    pub mailboxes: BTreeMap<SystemId, Arc<Mailbox>>,
    shutdown: Shutdown,
    tasks: JoinSet<()>,
}

impl Running {
    /// Starts every system of an organisation. All ports are bound before the first one serves.
    ///
    /// # Errors
    /// When a port cannot be bound; nothing is left running.
    pub async fn start(
        organisation: &TestOrganisation,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, StartError> {
        let mut bound = Vec::new();
        for system in &organisation.file.system {
            let listen = system.listen.clone().unwrap_or_else(|| "127.0.0.1:0".into());
            let failed =
                |reason| StartError { system: system.id.clone(), listen: listen.clone(), reason };
            let listener = TcpListener::bind(&listen).await.map_err(failed)?;
            bound.push((system, listener));
        }
        let mut running = Self {
            urls: BTreeMap::new(),
            scripts: Scripts::default(),
            mailboxes: BTreeMap::new(),
            shutdown: Shutdown::default(),
            tasks: JoinSet::new(),
        };
        for (system, listener) in bound {
            running.serve(system, listener, observer.clone());
        }
        Ok(running)
    }

    fn serve(&mut self, system: &System, listener: TcpListener, observer: Arc<dyn Observer>) {
        let address = listener.local_addr().map(|a| a.to_string()).unwrap_or_default();
        let (id, scripts, stop) = (system.id.clone(), self.scripts.clone(), self.shutdown.clone());
        let url = url_of(system.fake, &address);
        match system.fake {
            FakeKind::Mailbox => {
                let handler = Arc::new(Mailbox::new(id.clone(), scripts));
                self.mailboxes.insert(id.clone(), handler.clone());
                let settings = Arc::new(mail_settings(system));
                self.tasks.spawn(smtp::serve(listener, id, settings, handler, observer, stop));
            }
            FakeKind::Dms => {
                let fake = dms::Dms::new(system, observer.clone(), &url);
                let handler = Arc::new(Scripted::new(id.clone(), scripts, fake));
                self.tasks.spawn(http::serve(listener, id, handler, observer, stop));
            }
            kind => {
                let fake = xml_http::XmlOverHttp::new(system, kind, observer.clone());
                let handler = Arc::new(Scripted::new(id.clone(), scripts, fake));
                self.tasks.spawn(http::serve(listener, id, handler, observer, stop));
            }
        }
        self.urls.insert(system.id.clone(), url);
    }

    /// Stops all of them; open exchanges are finished first.
    pub async fn stop(mut self) {
        self.shutdown.now();
        while self.tasks.join_next().await.is_some() {}
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
        other => format!("http://{listen}{}", xml_http::path_of(other)),
    }
}

/// The addresses of systems whose port is fixed in the organisation, running or not.
pub fn fixed_urls(organisation: &TestOrganisation) -> BTreeMap<SystemId, String> {
    let fixed = organisation.file.system.iter().filter_map(|s| Some((s, s.listen.as_ref()?)));
    fixed.map(|(s, listen)| (s.id.clone(), url_of(s.fake, listen))).collect()
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
