//! The Antragsportal as people and scripts use it: besides taking answers in its Postfach it fills
//! in applications and sends them.
//!
//! | path | does |
//! | --- | --- |
//! | `GET /antraege` | what was sent, and what can be |
//! | `POST /antraege` | fills in an application and sends it to the hub |
//! | `GET /antraege/PS-…` | how far one is, for the applicant |
//! | `GET /postfach/PS-…` | what lies in the Postfach for it |
//!
//! Everything else is the Postfach, which takes what a hub delivers.

mod outcome;
mod sender;
mod sheet;

use std::pin::Pin;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

pub use sender::{Offered, Sender, Sent, SubmitError, Wanted};
pub use sheet::DataSheet;

use super::inbox::{Inbox, Shown};
use super::login::{CHALLENGE, Login};
use super::world::World;
use crate::channel::http::{Early, Handler, Reply, Request};

const JSON: &str = "application/json; charset=UTF-8";
/// Most applications that are listed.
const MOST_LISTED: usize = 500;

/// A portal that sends, in front of its Postfach. What a portal is told to do wrong concerns the
/// Postfach alone: whoever sets it must still be able to send.
pub(super) struct Portal<H> {
    sender: Arc<Sender>,
    world: Arc<World>,
    inbox: Arc<Inbox>,
    postfach: H,
    login: Login,
}

/// The body of `POST /antraege`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    antrag: String,
    an: Option<String>,
    person: Option<String>,
    betrieb: Option<String>,
    vorgang: Option<String>,
}

impl<H: Handler> Portal<H> {
    pub fn new(
        sender: Arc<Sender>,
        world: Arc<World>,
        inbox: Arc<Inbox>,
        postfach: H,
        login: Login,
    ) -> Self {
        Self { sender, world, inbox, postfach, login }
    }

    fn list(&self) -> Reply {
        let own =
            self.world.latest(usize::MAX).into_iter().filter(|c| c.is_of(self.sender.portal()));
        let applications: Vec<Value> =
            own.take(MOST_LISTED).filter_map(|c| c.application_json()).collect();
        let offered: Vec<Value> = self
            .sender
            .offered()
            .iter()
            .map(|o| json!({ "antrag": o.id, "titel": o.title, "an": o.to, "folgt": o.follows }))
            .collect();
        json_reply(200, &json!({ "antraege": applications, "vorlagen": offered }))
    }

    fn one(&self, vorgang: &str) -> Reply {
        let case = self.world.case(vorgang).filter(|c| c.is_of(self.sender.portal()));
        match case.and_then(|c| c.application_json()) {
            Some(value) => json_reply(200, &value),
            None => error(404, &format!("Vorgang \"{vorgang}\" wurde hier nicht beantragt")),
        }
    }

    fn postfach_of(&self, vorgang: &str) -> Reply {
        let held = self.inbox.held();
        let letters: Vec<Value> = held
            .iter()
            .rev()
            .filter(|h| h.vorgang == vorgang)
            .map(|h| {
                json!({
                    "zeit": h.time, "nachricht": h.title, "aktenzeichen": h.aktenzeichen,
                    "inhalt": String::from_utf8_lossy(&h.content),
                })
            })
            .collect();
        json_reply(200, &json!({ "vorgang": vorgang, "postfach": letters }))
    }

    async fn order(&self, request: &Request) -> Reply {
        // Pages of other origins can send forms, but not this type without asking first.
        let kind = request.content_type.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return error(415, "Content-Type: application/json wird erwartet");
        }
        let order: Order = match serde_json::from_slice(&request.body) {
            Ok(order) => order,
            Err(wrong) => return error(400, &format!("{wrong}; etwa {{\"antrag\": \"…\"}}")),
        };
        let wanted = Wanted {
            application: order.antrag,
            to: order.an,
            person: order.person,
            business: order.betrieb,
            vorgang: order.vorgang,
        };
        let sent = match self.sender.submit(wanted) {
            Ok(sent) => sent,
            Err(wrong) => return error(wrong.status(), &wrong.to_string()),
        };
        let _ = sent.answered.await;
        let value = self.world.case(&sent.vorgang).and_then(|c| c.application_json());
        json_reply(201, &value.unwrap_or_default())
            .with_header("Location", &format!("/antraege/{}", sent.vorgang))
    }
}

fn json_reply(status: u16, value: &Value) -> Reply {
    Reply::text(status, JSON, format!("{value:#}\n"))
}

fn error(status: u16, text: &str) -> Reply {
    json_reply(status, &json!({ "fehler": text }))
}

/// Whether a call is one of the portal's own, and not meant for the Postfach.
fn is_own(method: &str, path: &str) -> bool {
    path == "/antraege"
        || path.starts_with("/antraege/")
        || (method == "GET" && path.starts_with("/postfach/"))
}

impl<H: Handler> Handler for Portal<H> {
    fn open(&self) -> bool {
        self.postfach.open()
    }

    fn early(&self, method: &str, path: &str) -> Option<Early> {
        if is_own(method, path) {
            return None;
        }
        self.postfach.early(method, path)
    }

    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move {
            let (method, path) = (request.method.as_str(), request.path.as_str());
            if !is_own(method, path) {
                return self.postfach.handle(request).await;
            }
            if !self.login.allows(&request) {
                return error(401, "Benutzer und Kennwort fehlen oder sind falsch")
                    .with_header("www-authenticate", CHALLENGE);
            }
            match (method, path) {
                ("GET", "/antraege") => self.list(),
                ("POST", "/antraege") => self.order(&request).await,
                ("GET", path) => match path.strip_prefix("/postfach/") {
                    Some(vorgang) => self.postfach_of(vorgang),
                    None => self.one(path.trim_start_matches("/antraege/")),
                },
                _ => error(405, "GET, oder POST auf /antraege").with_header("allow", "GET, POST"),
            }
        })
    }
}
