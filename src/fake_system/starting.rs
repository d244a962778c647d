//! From an entry of the organisation to a fake that serves.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;

use super::inbox::Inbox;
use super::intake::Intake;
use super::login::Login;
use super::reload::{Place, Ready};
use super::scripted::{Fake, Scripted};
use super::speaking::Speaking;
use super::{Mailbox, Running, dms, file_drop, portal, rest, soap, url_of, xml_http};
use crate::ambient::Clock;
use crate::channel::{Observer, Shutdown, http, smtp};
use crate::ids::SystemId;
use crate::organisation::{FakeKind, Mode, System};
use crate::secret::Secret;

/// What serving needs besides the fake itself.
struct Door {
    id: SystemId,
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    lenient: bool,
    stop: Shutdown,
    /// What is spoken over HTTP.
    protocol: &'static str,
}

impl Running {
    /// Lets a system serve; from here on nothing can fail.
    pub(super) fn serve(&mut self, ready: Ready) {
        let Ready { system, place, later, sender, secured, desk, keeping, up } = ready;
        let later = later.map(Arc::new);
        if let Some(later) = &later {
            self.laters.insert(system.id.clone(), later.clone());
        }
        let system = &system;
        let (id, world) = (system.id.clone(), self.world.clone());
        let inbox = Arc::new(Inbox::new(Clock::system()));
        let (observer, scripts) = (self.observer.clone(), self.scripts.clone());
        let stop = up.stop.clone();
        self.up.insert(id.clone(), up);
        let listener = match place {
            Place::Port(listener) => listener,
            Place::Folder(opened) => {
                self.shown.insert(id.clone(), inbox.clone());
                self.urls.insert(id.clone(), opened.url());
                if let Some(later) = &later {
                    later.put_into(opened.output());
                }
                let intake = Intake::new(id, inbox, (world, scripts.clone()), later);
                let fake = file_drop::FileDrop::new(system, opened, scripts, observer, intake);
                self.tasks.spawn(Arc::new(fake).serve(stop));
                return;
            }
        };
        let url = url_of(system, &listener.local_addr().map(|a| a.to_string()).unwrap_or_default());
        self.urls.insert(id.clone(), url.clone());
        let tls = secured.map(|secured| {
            self.certificates.insert(id.clone(), secured.shown);
            secured.config
        });
        let lenient = system.mode == Mode::Lenient;
        let protocol = match system.fake {
            FakeKind::FachverfahrenSoap => "soap",
            FakeKind::FachverfahrenJson => "json",
            _ => "http",
        };
        let door = Door { id: id.clone(), listener, tls, lenient, stop, protocol };
        match system.fake {
            FakeKind::Mailbox => {
                let handler = Mailbox::new(id.clone(), scripts, world);
                let handler = Arc::new(handler.keeping(keeping.unwrap_or_default()));
                self.mailboxes.insert(id.clone(), handler.clone());
                self.shown.insert(id.clone(), handler.clone());
                let Door { listener, tls, stop, .. } = door;
                let settings = Arc::new(mail_settings(system, tls));
                self.tasks.spawn(smtp::serve(listener, id, settings, handler, observer, stop));
            }
            FakeKind::Dms => {
                let dms = dms::Dms::new(system, observer, &url);
                let dms = dms.with_desk(desk.unwrap_or_default()).in_world(world);
                let dms = dms.with_faults(scripts.clone());
                let dms = Arc::new(dms);
                self.shown.insert(id.clone(), dms.clone());
                self.serve_http(door, dms);
            }
            FakeKind::FachverfahrenSoap => {
                self.shown.insert(id.clone(), inbox.clone());
                let intake = Intake::new(id, inbox, (world, scripts), later);
                self.serve_http(door, soap::Soap::new(system, &url, observer, intake));
            }
            FakeKind::FachverfahrenJson => {
                self.shown.insert(id.clone(), inbox.clone());
                let intake = Intake::new(id, inbox, (world, scripts), later);
                self.serve_http(door, rest::Rest::new(system, observer, intake));
            }
            kind => {
                self.shown.insert(id.clone(), inbox.clone());
                let (held, known) = (inbox.clone(), world.clone());
                let fake = xml_http::XmlOverHttp::new(
                    (system, kind),
                    observer,
                    inbox,
                    (world, scripts.clone()),
                    later,
                );
                let fake = Scripted::new(id.clone(), scripts, fake);
                match sender {
                    Some(sender) => {
                        self.senders.insert(id, sender.clone());
                        let portal =
                            portal::Portal::new(sender, known, held, fake, Login::of(system));
                        self.serve_handler(door, Arc::new(portal));
                    }
                    None => self.serve_handler(door, Arc::new(fake)),
                }
            }
        }
    }

    fn serve_http(&mut self, door: Door, fake: impl Fake) {
        let scripted = Scripted::new(door.id.clone(), self.scripts.clone(), fake);
        self.serve_handler(door, Arc::new(scripted));
    }

    fn serve_handler(&mut self, door: Door, handler: Arc<dyn http::Handler>) {
        let Door { id, listener, tls, lenient, stop, protocol } = door;
        let settings = http::Settings { lenient, tls, ..http::Settings::default() };
        let observer = Arc::new(Speaking { inner: self.observer.clone(), protocol });
        let both: (_, Arc<dyn Observer>) = (handler, observer);
        self.tasks.spawn(http::serve_as(listener, id, settings, both, stop));
    }
}

/// What a mailbox demands and offers; STARTTLS with a certificate of this run.
fn mail_settings(system: &System, tls: Option<Arc<ServerConfig>>) -> smtp::Settings {
    let account = system.user.as_ref().map(|user| smtp::Account {
        user: user.clone(),
        password: Secret::new(system.password.clone().unwrap_or_default()),
    });
    let lenient = system.mode == Mode::Lenient;
    smtp::Settings { lenient, account, tls, limits: smtp::Limits::default() }
}
