//! Changing the organisation under running fakes: what did not change goes on undisturbed, with its
//! port and with what it holds; what changed starts anew on the same port.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as Socket};
use std::sync::Arc;

use tokio::net::TcpListener;

use super::dms::Desk;
use super::file_drop::Opened;
use super::later::Later;
use super::mailbox::Keeping;
use super::portal::Sender;
use super::security::Secured;
use super::{Running, StartError};
use crate::channel::Shutdown;
use crate::ids::SystemId;
use crate::organisation::{FakeKind, System, TestOrganisation};

/// A system that is up.
pub(super) struct Up {
    /// Ends it, and nothing else.
    pub stop: Shutdown,
    /// Its port. Held here as well, so that connections wait, and are not refused, while it changes.
    socket: Option<Socket>,
    /// Its transfer folder, and the name by which the organisation gave it.
    folder: Option<(Option<String>, Opened)>,
    /// Its entry in the organisation with the files that this names.
    made_of: String,
}

/// Where a system takes things.
pub(super) enum Place {
    Port(TcpListener),
    Folder(Opened),
}

/// A system that has its port and all it needs, and does not serve yet.
pub(super) struct Ready {
    pub system: System,
    pub place: Place,
    pub later: Option<Later>,
    pub sender: Option<Arc<Sender>>,
    pub secured: Option<Secured>,
    pub desk: Option<Desk>,
    pub keeping: Option<Keeping>,
    pub up: Up,
}

/// What a reload did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Systems that are new.
    pub started: Vec<SystemId>,
    /// Systems that began anew.
    pub restarted: Vec<SystemId>,
    /// Systems that are gone.
    pub ended: Vec<SystemId>,
}

impl Reloaded {
    /// Whether all systems are as they were.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn made_of(system: &System, organisation: &TestOrganisation) -> String {
    let mut out = serde_json::to_string(system).unwrap_or_default();
    for file in system.files() {
        out.push_str(&organisation.material(file).unwrap_or_default());
    }
    out
}

/// Where a system wants to listen; with port 0 any port will do.
fn wanted(system: &System) -> Option<SocketAddr> {
    system.listen.as_ref().and_then(|l| l.parse::<SocketAddr>().ok()).filter(|a| a.port() != 0)
}

/// The interface it listens on.
fn interface(system: &System) -> IpAddr {
    let listen = system.listen.as_ref().and_then(|l| l.parse::<SocketAddr>().ok());
    listen.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |a| a.ip())
}

impl Running {
    /// Binds the port of a system, and reads what it needs.
    pub(super) async fn prepare(
        &self,
        system: &System,
        organisation: &TestOrganisation,
    ) -> Result<Ready, StartError> {
        if system.fake == FakeKind::FachverfahrenAblage {
            return self.prepare_folder(system, organisation);
        }
        let listen = system.listen.clone().unwrap_or_else(|| "127.0.0.1:0".into());
        let socket = TcpListener::bind(&listen).await.and_then(TcpListener::into_std);
        let socket = socket.map_err(|e| Self::cannot_listen(system, listen, e))?;
        self.prepare_on(socket, system, organisation)
    }

    fn cannot_listen(system: &System, listen: String, reason: std::io::Error) -> StartError {
        StartError::Listen { system: system.id.clone(), listen, reason }
    }

    fn prepare_on(
        &self,
        socket: Socket,
        system: &System,
        organisation: &TestOrganisation,
    ) -> Result<Ready, StartError> {
        let listen = socket.local_addr().map(|a| a.to_string()).unwrap_or_default();
        let listener = socket.try_clone().and_then(TcpListener::from_std);
        let listener = listener.map_err(|e| Self::cannot_listen(system, listen.clone(), e))?;
        let secured = self.secured(system, &listen)?;
        let up = Up {
            stop: Shutdown::default(),
            socket: Some(socket),
            folder: None,
            made_of: made_of(system, organisation),
        };
        self.prepare_at(Place::Port(listener), (secured, up), system, organisation)
    }

    fn prepare_folder(
        &self,
        system: &System,
        organisation: &TestOrganisation,
    ) -> Result<Ready, StartError> {
        // One that stays where it is keeps what it has open, and its address.
        let before = self.up.get(&system.id).and_then(|up| up.folder.as_ref());
        let opened = match before.filter(|(name, _)| *name == system.folder) {
            Some((_, opened)) => opened.clone(),
            None => Opened::of(system, &organisation.folder)
                .map_err(|reason| StartError::Folder { system: system.id.clone(), reason })?,
        };
        let up = Up {
            stop: Shutdown::default(),
            socket: None,
            folder: Some((system.folder.clone(), opened.clone())),
            made_of: made_of(system, organisation),
        };
        self.prepare_at(Place::Folder(opened), (None, up), system, organisation)
    }

    fn prepare_at(
        &self,
        place: Place,
        (secured, up): (Option<Secured>, Up),
        system: &System,
        organisation: &TestOrganisation,
    ) -> Result<Ready, StartError> {
        let stop = up.stop.clone();
        let unreadable =
            |(file, reason)| StartError::Answer { system: system.id.clone(), file, reason };
        let (world, observer) = (self.world.clone(), self.observer.clone());
        let later = match self.lively && !system.answer.is_empty() {
            false => None,
            true => {
                let (known, observer) = ((world.clone(), self.scripts.clone()), observer.clone());
                let later = Later::of(system, organisation, known, observer, stop.clone());
                Some(later.map_err(unreadable)?)
            }
        };
        let sender = match self.lively && system.fake == FakeKind::Antragsportal {
            false => None,
            true => {
                let known = (world, self.scripts.clone());
                let sender = Sender::of(system, organisation, known, observer);
                Some(Arc::new(sender.map_err(unreadable)?))
            }
        };
        let desk = match system.fake {
            FakeKind::Dms => Some(Desk::of(system, organisation).map_err(|(folder, reason)| {
                StartError::Schemas { system: system.id.clone(), folder, reason }
            })?),
            _ => None,
        };
        let keeping = match system.fake {
            FakeKind::Mailbox => Some(
                Keeping::of(system, organisation)
                    .map_err(|reason| StartError::Folder { system: system.id.clone(), reason })?,
            ),
            _ => None,
        };
        Ok(Ready { system: system.clone(), place, later, sender, secured, desk, keeping, up })
    }

    /// Takes the organisation as it is now. People and businesses change at once; cases stay.
    ///
    /// # Errors
    /// When something new cannot start; then everything stays as it was.
    pub async fn reload(
        &mut self,
        organisation: &TestOrganisation,
    ) -> Result<Reloaded, StartError> {
        self.secure(organisation)?;
        let systems = &organisation.file.system;
        let same = |s: &System| {
            self.up.get(&s.id).is_some_and(|up| up.made_of == made_of(s, organisation))
        };
        let stays: BTreeSet<&SystemId> =
            systems.iter().filter(|s| same(s)).map(|s| &s.id).collect();
        // Ports of systems that end or change, for those that want them.
        let mut free: BTreeMap<SystemId, Socket> = BTreeMap::new();
        for (id, up) in self.up.iter().filter(|(id, _)| !stays.contains(id)) {
            if let Some(Ok(socket)) = up.socket.as_ref().map(Socket::try_clone) {
                free.insert(id.clone(), socket);
            }
        }
        let mut ready = Vec::new();
        for system in systems.iter().filter(|s| !stays.contains(&s.id)) {
            let at = |socket: &Socket| socket.local_addr().ok();
            let holder = match wanted(system) {
                Some(address) => {
                    free.iter().find(|(_, s)| at(s) == Some(address)).map(|(id, _)| id.clone())
                }
                // Any port will do, so it keeps its own, unless it moves to another address.
                None => {
                    let own = free.get(&system.id).and_then(at);
                    own.filter(|a| a.ip() == interface(system)).map(|_| system.id.clone())
                }
            };
            ready.push(match holder.and_then(|id| free.remove(&id)) {
                Some(socket) => self.prepare_on(socket, system, organisation)?,
                None => self.prepare(system, organisation).await?,
            });
        }
        let stays: BTreeSet<SystemId> = stays.into_iter().cloned().collect();
        Ok(self.change_over(ready, &stays, organisation))
    }

    /// From here on nothing can fail.
    fn change_over(
        &mut self,
        ready: Vec<Ready>,
        stays: &BTreeSet<SystemId>,
        organisation: &TestOrganisation,
    ) -> Reloaded {
        let mut done = Reloaded::default();
        self.world.learn(&organisation.file);
        let leaving: Vec<SystemId> =
            self.up.keys().filter(|id| !stays.contains(*id)).cloned().collect();
        for id in leaving {
            if let Some(up) = self.up.remove(&id) {
                up.stop.now();
            }
            self.urls.remove(&id);
            self.shown.remove(&id);
            self.mailboxes.remove(&id);
            self.senders.remove(&id);
            self.laters.remove(&id);
            self.certificates.remove(&id);
            match ready.iter().any(|r| r.system.id == id) {
                true => done.restarted.push(id),
                false => done.ended.push(id),
            }
        }
        for one in ready {
            if !done.restarted.contains(&one.system.id) {
                done.started.push(one.system.id.clone());
            }
            self.serve(one);
        }
        // Those that ended before need no longer be waited for.
        while self.tasks.try_join_next().is_some() {}
        done
    }
}
