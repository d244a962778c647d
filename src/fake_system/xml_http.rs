//! XML over HTTP: Fachverfahren and Antragsportal, by the data in `fake-systems/`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Deserialize;

use super::SYSTEM_FILES;
use super::defect::FakeDefect;
use super::faulty::{self, has_rare_letters};
use super::inbox::Inbox;
use super::later::Later;
use super::login::{CHALLENGE, Login};
use super::script::Scripts;
use super::scripted::{Answering, Fake, Refusal, apart, unforeseen, xml_of};
use super::world::{Note, State, World, texts};
use crate::channel::Observer;
use crate::channel::http::{Early, Reply, Request};
use crate::ids::{Correlator, SystemId};
use crate::organisation::{FakeKind, Mode, System};
use crate::xml::{Element, escape_attribute};

/// Most ids of messages that are remembered.
const MOST_KNOWN: usize = 100_000;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Data {
    #[expect(dead_code, reason = "the format's name is checked where the file is read by people")]
    format: String,
    #[expect(dead_code, reason = "for people")]
    title: String,
    path: String,
    expects: Option<Expects>,
    /// Where the id of a message stands, below its root.
    message_id: Option<String>,
    reply: Answer,
    refusal: Answer,
    /// What a message means for its case; the first that fits counts.
    #[serde(default)]
    recognises: Vec<Recognises>,
    /// What any other message means.
    otherwise: Option<State>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Recognises {
    /// Local name of the root element.
    root: String,
    /// Local name of an element or attribute anywhere in it, where the root alone does not tell.
    name: Option<String>,
    /// Its value.
    value: Option<String>,
    state: State,
}

impl Recognises {
    fn fits(&self, root: &Element) -> bool {
        let (Some(name), Some(value)) = (&self.name, &self.value) else {
            return root.name == self.root;
        };
        root.name == self.root && values(root, name).iter().any(|v| v == value)
    }
}

/// The values of elements and attributes of this name.
fn values(root: &Element, name: &str) -> Vec<String> {
    let mut out = Vec::new();
    root.walk(&mut |_, element| {
        out.extend(element.attribute(name).map(str::to_owned));
        if element.name == name && element.is_leaf() {
            out.push(element.text().trim().to_owned());
        }
    });
    out
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Expects {
    root: String,
    namespace: String,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    content_type: String,
    body: String,
}

fn data_of(kind: FakeKind) -> Data {
    let name = match kind {
        FakeKind::FachverfahrenA => "fachverfahren-a",
        FakeKind::FachverfahrenB => "fachverfahren-b",
        FakeKind::FachverfahrenXml => "fachverfahren-xml",
        _ => "antragsportal",
    };
    let text = SYSTEM_FILES.iter().find(|(n, _)| *n == name).map_or("", |(_, text)| *text);
    crate::diagnostic::read::<Data>(name, text).map(|a| a.value).unwrap_or_else(|e| {
        // Embedded at build time; a unit test reads every one of them.
        unreachable!("fake-systems/{name}: {}", e.render(false))
    })
}

/// Path under which a system takes messages.
pub(super) fn path_of(kind: FakeKind) -> String {
    data_of(kind).path
}

/// One such system.
pub(super) struct XmlOverHttp {
    id: SystemId,
    mode: Mode,
    data: Data,
    inbox: Arc<Inbox>,
    world: Arc<World>,
    later: Option<Arc<Later>>,
    scripts: Scripts,
    /// Ids of messages that were taken, so that the same one leads to nothing new.
    known: Mutex<HashSet<String>>,
    observer: Arc<dyn Observer>,
    login: Login,
}

impl XmlOverHttp {
    pub fn new(
        (system, kind): (&System, FakeKind),
        observer: Arc<dyn Observer>,
        inbox: Arc<Inbox>,
        (world, scripts): (Arc<World>, Scripts),
        later: Option<Arc<Later>>,
    ) -> Self {
        let (id, mode, data) = (system.id.clone(), system.mode, data_of(kind));
        let login = Login::of(system);
        let known = Mutex::default();
        Self { id, mode, data, inbox, world, later, scripts, known, observer, login }
    }

    fn reply(&self, request: &Request, keep: bool) -> Reply {
        let note = |reason: &str| {
            let clause = "Schnittstellenbeschreibung des Systems";
            self.observer.observation(&self.id, Some(request.exchange), clause, reason);
        };
        let refuse = |reason: &str| {
            note(reason);
            let mut text = String::new();
            escape_attribute(reason, &mut text);
            let body = self.data.refusal.body.replace("{reason}", &text);
            Reply::text(self.data.refusal.status, &self.data.refusal.content_type, body)
        };
        if !self.login.allows(request) {
            note("user and password are missing or wrong");
            let text = "Benutzer und Kennwort fehlen oder sind falsch\n";
            return Reply::text(401, "text/plain; charset=utf-8", text)
                .with_header("www-authenticate", CHALLENGE);
        }
        let document = match xml_of(request) {
            Ok(read) => {
                for reason in &read.oddities {
                    let exchange = Some(request.exchange);
                    self.observer.observation(&self.id, exchange, "RFC 7303 3", reason);
                }
                read.document
            }
            Err(_) if self.scripts.has(FakeDefect::FvTakesAnything) => return self.taken(""),
            Err(error) => return refuse(&error.to_string()),
        };
        if self.scripts.has(FakeDefect::FvRefusesUmlauts) && has_rare_letters(&document.root) {
            return refuse("Zeichen nicht zulässig");
        }
        if let Some(expects) = &self.data.expects
            && (expects.root != document.root.name || expects.namespace != document.root.namespace)
        {
            let reason = format!(
                "erwartet wird {{{}}}{}, gekommen ist {{{}}}{}",
                expects.namespace, expects.root, document.root.namespace, document.root.name
            );
            if self.scripts.has(FakeDefect::FvTakesAnything) {
                return self.taken("");
            }
            if self.mode == Mode::Strict {
                return refuse(&reason);
            }
            note(&reason);
        }
        // In UTF-16 the bytes hold no words.
        let text = match document.encoding.starts_with("UTF-16") {
            true => Cow::Owned(document.root.to_xml().into_bytes()),
            false => Cow::Borrowed(&request.body[..]),
        };
        let mut words = Correlator::candidates(&text);
        let vorgang = words.find(|t| t.starts_with("PS-")).unwrap_or("unbekannt");
        let mut number = self.world.aktenzeichen(vorgang);
        let again = keep && self.is_known(&document.root);
        if again && self.scripts.has(FakeDefect::FvOpensAnew) {
            number.push_str("-2");
        }
        if keep && (!again || self.scripts.has(FakeDefect::FvOpensAnew)) {
            let told = self.note(vorgang, &document.root, &number);
            if let Some(kept) = faulty::kept(&self.scripts, &request.body) {
                self.inbox.take(vorgang, &document.root.name, &told, &kept);
            }
            if let Some(later) = &self.later {
                later.taken(vorgang, &number, vorgang);
            }
        }
        self.taken(&number)
    }

    /// The answer to what was taken.
    fn taken(&self, number: &str) -> Reply {
        let body = self.data.reply.body.replace("{aktenzeichen}", number);
        Reply::text(self.data.reply.status, &self.data.reply.content_type, body)
    }

    /// Whether a message of this id was taken before; from now on it was. Who hands over repeats what
    /// was not acknowledged to him.
    fn is_known(&self, root: &Element) -> bool {
        let Some(path) = &self.data.message_id else { return false };
        let Some(id) = root.values_at(path, &root.namespace).into_iter().next() else {
            return false;
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MOST_KNOWN {
            known.clear();
        }
        !known.insert(id)
    }
}

impl XmlOverHttp {
    /// Notes a message in the world; returns the file number under which it is kept: its own where it
    /// gives out numbers, else the one that it was told.
    fn note(&self, vorgang: &str, root: &Element, number: &str) -> String {
        let meant = self.data.recognises.iter().find(|r| r.fits(root)).map(|r| r.state);
        let aktenzeichen = match self.data.reply.body.contains("{aktenzeichen}") {
            true => Some(number.to_owned()),
            false => values(root, "Aktenzeichen").into_iter().next(),
        };
        let kept = aktenzeichen.clone().unwrap_or_else(|| number.to_owned());
        let state = meant.or(self.data.otherwise);
        let note = Note { system: &self.id, vorgang, state, aktenzeichen };
        self.world.note(note, || texts(root));
        kept
    }
}

impl Fake for XmlOverHttp {
    fn answer(&self, request: Request, keep: bool) -> Answering<'_> {
        Box::pin(async move { apart(&request, || self.reply(&request, keep)) })
    }

    /// Calls outside the interface get an answer of their own: a 404 could pass for "nothing there".
    fn early(&self, method: &str, path: &str) -> Option<Early> {
        let detail = if path != self.data.path {
            let why = match path.trim_end_matches('/') == self.data.path.trim_end_matches('/') {
                true => ", the slash at the end differs",
                false => "",
            };
            format!("path {path}, the interface has {}{why}", self.data.path)
        } else if method != "POST" {
            format!("method {method}, the interface has POST")
        } else {
            return None;
        };
        let status = if path == self.data.path { 405 } else { 501 };
        let reply = unforeseen(status, &detail);
        let reply = if status == 405 { reply.with_header("allow", "POST") } else { reply };
        Some(Early { reply, clause: "Schnittstellenbeschreibung des Systems", detail })
    }

    fn refusal(&self, why: Refusal) -> Reply {
        match why {
            Refusal::NotNow => Reply::text(503, "text/plain", "zurzeit nicht verfügbar\n"),
            Refusal::NoSpace => Reply::text(507, "text/plain", "kein Speicherplatz\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Data;
    use crate::fake_system::SYSTEM_FILES;

    #[test]
    fn every_system_file_can_be_read() {
        for (name, text) in SYSTEM_FILES {
            let data = crate::diagnostic::read::<Data>(name, text);
            let data = data.unwrap_or_else(|e| panic!("{}", e.render(false))).value;
            assert!(data.path.starts_with('/'), "{name}");
        }
    }
}
