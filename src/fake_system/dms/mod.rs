//! A DMS (E-Akte) that speaks CMIS 1.1: one store, in front of it the AtomPub binding (section 3) and
//! the browser binding (section 5).
//!
//! | file | what lives there |
//! | --- | --- |
//! | `store`, `navigation`, `versions`, `acl`, `changes`, `query/` | the repository and its rules |
//! | `types`, `values` | types of an E-Akte and what their properties take |
//! | `repository`, `actions` | what the repository says about itself and about an object |
//! | `faults` | what can be wrong with it in a target's place |
//! | `filed` | what the world of the run hears of it |
//! | `atom/`, `browser/` | the bindings |
//! | `cabinet` | what people see of it |
//! | `xdomea/` | messages of xdomea over the same repository |
//!
//! One lock around the store: every request sees and leaves a whole state.

mod acl;
mod actions;
mod atom;
mod browser;
mod cabinet;
mod changes;
mod errors;
mod faults;
mod filed;
mod navigation;
mod query;
mod repository;
mod store;
mod types;
mod values;
mod versions;
mod xdomea;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use self::errors::{Caller, CmisError, Exception, Outcome};
use self::store::Store;
pub(super) use self::xdomea::Desk;
use super::login::credentials;
use super::scripted::{Answering, Fake, Refusal, apart, unforeseen};
use super::world::World;
use crate::ambient::Clock;
use crate::channel::Observer;
use crate::channel::http::{Reply, Request};
use crate::ids::SystemId;
use crate::organisation::{Mode, System};
use crate::wire::percent_decoded;

/// Path of the repository; its root folder is below.
pub(super) const REPOSITORY_PATH: &str = "/cmis/akte";
/// Path of the service document, and above all resources of the AtomPub binding.
pub(super) const SERVICE_PATH: &str = "/cmis/atom";
/// How many results of forms are kept for those who ask with a token.
const RESULTS_KEPT: usize = 1_000;

/// The address of the AtomPub binding, beside that of the browser binding.
fn atom_url(url: &str) -> String {
    format!("{}{SERVICE_PATH}", url.strip_suffix(REPOSITORY_PATH).unwrap_or(url))
}

/// Further addresses of a DMS beside that of its browser binding: the name of the protocol, and where.
pub(super) fn further_urls(url: &str) -> Vec<(&'static str, String)> {
    vec![("cmis-atompub", atom_url(url)), ("xdomea", format!("{url}{}", xdomea::PATH))]
}

/// One DMS.
pub(super) struct Dms {
    id: SystemId,
    observer: Arc<dyn Observer>,
    url: String,
    lenient: bool,
    /// User and password that it asks for.
    login: Option<(String, String)>,
    store: Mutex<Store>,
    /// User, token, result.
    results: Mutex<VecDeque<(String, String, Value)>>,
    desk: Desk,
    /// Whom it tells what is filed, and up to which change it has told.
    world: Option<(Arc<World>, Mutex<u64>)>,
}

impl Dms {
    pub fn new(system: &System, observer: Arc<dyn Observer>, url: &str) -> Self {
        let login = system.user.clone().map(|u| (u, system.password.clone().unwrap_or_default()));
        Self {
            id: system.id.clone(),
            observer,
            url: url.to_owned(),
            lenient: system.mode == Mode::Lenient,
            login,
            store: Mutex::new(Store::new(Clock::system())),
            results: Mutex::default(),
            desk: Desk::default(),
            world: None,
        }
    }

    /// The same with what it needs to know for xdomea.
    pub fn with_desk(self, desk: Desk) -> Self {
        Self { desk, ..self }
    }

    /// The same with faults of its own.
    pub fn with_faults(self, scripts: super::script::Scripts) -> Self {
        self.locked().faults = faults::Faults::of(scripts);
        self
    }

    /// The same in a world that hears of what is filed.
    pub fn in_world(self, world: Arc<World>) -> Self {
        Self { world: Some((world, Mutex::default())), ..self }
    }

    fn locked(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn info(&self, latest: u64) -> Value {
        repository::info(self.id.as_str(), &self.url, latest)
    }

    fn remember(&self, user: &str, token: &str, result: Value) {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.retain(|(u, t, _)| !(u == user && t == token));
        results.push_back((user.to_owned(), token.chars().take(200).collect(), result));
        if results.len() > RESULTS_KEPT {
            results.pop_front();
        }
    }

    /// What became of the form with this token; it is told once.
    fn last_result(&self, user: &str, token: &str) -> Value {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let at = results.iter().position(|(u, t, _)| u == user && t == token);
        match at.and_then(|at| results.remove(at)) {
            Some((_, _, result)) => result,
            None => browser::last_result(0, "", "invalidArgument", "the token is not known"),
        }
    }

    /// Who asks. Where the system has a user, it must be that one (section 5.2, RFC 7617).
    fn caller(&self, request: &Request) -> Outcome<Caller> {
        let given = request.header("authorization").and_then(credentials);
        let user = match &self.login {
            Some(login) if given.as_ref() == Some(login) => login.0.clone(),
            Some(_) => {
                let message = "user and password are missing or wrong";
                return Err(CmisError::new(Exception::PermissionDenied, message).with_status(401));
            }
            None => given.map_or("datendrehscheibe".into(), |(user, _)| user),
        };
        Ok(Caller { user, lenient: self.lenient, notes: Vec::new() })
    }

    fn reply(&self, request: &Request, keep: bool) -> Reply {
        let mut caller = match self.caller(request) {
            Ok(caller) => caller,
            Err(error) => {
                return error_reply(request, &error)
                    .with_header("www-authenticate", "Basic realm=\"E-Akte\", charset=\"UTF-8\"");
            }
        };
        let reply = self.routed(request, &mut caller, keep);
        for (clause, detail) in caller.notes {
            self.observer.observation(&self.id, Some(request.exchange), clause, &detail);
        }
        reply
    }

    fn routed(&self, request: &Request, caller: &mut Caller, keep: bool) -> Reply {
        let Ok(path) = String::from_utf8(percent_decoded(request.path.as_bytes())) else {
            return error_reply(request, &CmisError::invalid("the path is not UTF-8"));
        };
        if let Some(inside) = below_service(&path) {
            return atom::answer(self, request, inside, caller, keep);
        }
        let inside = path.strip_prefix(REPOSITORY_PATH);
        let below = inside.and_then(|i| i.strip_prefix(xdomea::PATH));
        if let Some(below) = below.filter(|b| b.is_empty() || b.starts_with('/')) {
            return xdomea::answer(self, request, below, caller, keep);
        }
        match inside {
            Some(inside) => browser::answer(self, request, inside, caller, keep),
            None if path == "/cmis" && request.method == "GET" => {
                let info = self.info(self.locked().changes.latest());
                browser::json_reply(200, &json!({ repository::ID: info }))
            }
            // Not 404: that could pass for "nothing is filed there".
            None => {
                let detail = format!("path {path}");
                let reply = unforeseen(501, &detail);
                caller.notes.push(("Schnittstellenbeschreibung des Systems", detail));
                reply
            }
        }
    }
}

/// What comes after the service document's path.
fn below_service(path: &str) -> Option<&str> {
    path.strip_prefix(SERVICE_PATH).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An error as the binding tells it that was asked.
fn error_reply(request: &Request, error: &CmisError) -> Reply {
    match below_service(&request.path) {
        Some(_) => atom::error_reply(error),
        None => browser::error_reply(error),
    }
}

impl Fake for Dms {
    fn answer(&self, request: Request, keep: bool) -> Answering<'_> {
        Box::pin(async move {
            apart(&request, || {
                let reply = self.reply(&request, keep);
                if request.method != "GET" {
                    self.tell();
                }
                reply
            })
        })
    }

    fn plain(&self, request: &Request) -> Vec<u8> {
        let path = percent_decoded(request.path.as_bytes());
        let body = percent_decoded(&request.body);
        [&path[..], b"\n", &body].concat()
    }

    fn refusal(&self, why: Refusal) -> Reply {
        browser::error_reply(&refused(why))
    }

    fn refusal_of(&self, request: &Request, why: Refusal) -> Reply {
        let inside = request.path.strip_prefix(REPOSITORY_PATH);
        match inside.is_some_and(|inside| inside.starts_with(xdomea::PATH)) {
            true => xdomea::refusal(why),
            false => error_reply(request, &refused(why)),
        }
    }
}

fn refused(why: Refusal) -> CmisError {
    match why {
        Refusal::NotNow => {
            CmisError::new(Exception::Runtime, "zurzeit nicht verfügbar").with_status(503)
        }
        Refusal::NoSpace => CmisError::new(Exception::Storage, "kein Speicherplatz"),
    }
}
