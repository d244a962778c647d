//! Answers that a Fachverfahren gives by itself, some time after it took a message: confirmation,
//! demand for documents, decision. What it sends is a file of the organisation with placeholders.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::cases::Cases;
use super::outgoing::post;
use super::template::{Escaping, about_case, filled_as, read, uuid};
use super::world::World;
use crate::ambient::Clock;
use crate::channel::file::{Given, hand_over, path_of_url, safe_name};
use crate::channel::{Observer, Shutdown};
use crate::ids::SystemId;
use crate::organisation::{OUTPUT, Stand, System, TestOrganisation};
use crate::xml::{Element, parse};

/// What a text is, by its content; values are escaped as it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Json,
    /// The content type.
    Xml(String),
}

impl Kind {
    fn of(text: &str) -> Self {
        let plain = Self::Xml("application/xml".into());
        if text.trim_start().starts_with(['{', '[']) {
            return Self::Json;
        }
        let Ok(document) = parse(text.as_bytes()) else { return plain };
        match document.root.namespace.as_str() {
            // RFC 3902: the action stands beside the type.
            "http://www.w3.org/2003/05/soap-envelope" => {
                let header = document.root.child("Header");
                let action = header.and_then(|h| h.child("Action")).map(Element::text);
                let action = action.filter(|a| !a.contains(['"', '\\', '\r', '\n']));
                let action = action.map(|a| format!("; action=\"{}\"", a.trim()));
                let action = action.unwrap_or_default();
                Self::Xml(format!("application/soap+xml; charset=utf-8{action}"))
            }
            "http://schemas.xmlsoap.org/soap/envelope/" => {
                Self::Xml("text/xml; charset=utf-8".into())
            }
            _ => plain,
        }
    }

    fn content_type(&self) -> String {
        match self {
            Self::Json => "application/json".into(),
            Self::Xml(name) => name.clone(),
        }
    }

    /// Ending of a file's name.
    fn ending(&self) -> &'static str {
        match self {
            Self::Json => ".json",
            Self::Xml(_) => ".xml",
        }
    }

    fn escaping(&self) -> Escaping {
        match self {
            Self::Json => Escaping::Json,
            Self::Xml(_) => Escaping::Xml,
        }
    }
}

/// One answer, ready to be filled.
#[derive(Debug, Clone)]
struct Prepared {
    after: Duration,
    to: String,
    text: String,
    kind: Kind,
    stand: Option<Stand>,
}

/// What a system sends by itself.
pub(super) struct Later {
    id: SystemId,
    answers: Vec<Prepared>,
    observer: Arc<dyn Observer>,
    world: Arc<World>,
    clock: Clock,
    stop: Shutdown,
    cases: Option<Arc<Cases>>,
    folder: Option<PathBuf>,
}

impl Later {
    /// The answers of a system.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub fn of(
        system: &System,
        organisation: &TestOrganisation,
        world: Arc<World>,
        observer: Arc<dyn Observer>,
        stop: Shutdown,
    ) -> Result<Self, (String, std::io::Error)> {
        let mut answers = Vec::new();
        for answer in &system.answer {
            let text = read(organisation, &answer.file)?;
            let after = Duration::from_millis(u64::from(answer.after_ms));
            let (to, stand, kind) = (answer.to.clone(), answer.stand, Kind::of(&text));
            answers.push(Prepared { after, to, text, kind, stand });
        }
        let (id, clock) = (system.id.clone(), Clock::system());
        Ok(Self { id, answers, observer, world, clock, stop, cases: None, folder: None })
    }

    /// The same; cases stand otherwise once an answer went out.
    #[must_use]
    pub fn telling(mut self, cases: Arc<Cases>) -> Self {
        self.cases = Some(cases);
        self
    }

    /// The same, with a folder for what goes to the system's own output folder.
    #[must_use]
    pub fn into_folder(mut self, folder: PathBuf) -> Self {
        self.folder = Some(folder);
        self
    }

    /// A message was taken: its answers go out when their time has come, unless the fakes stop first.
    /// `bezug` is the name that the message has in its protocol.
    pub fn taken(&self, vorgang: &str, aktenzeichen: &str, bezug: &str) {
        for answer in self.answers.iter().cloned() {
            let bezug = bezug.to_owned();
            let (id, observer, stop) = (self.id.clone(), self.observer.clone(), self.stop.clone());
            let (world, clock, cases) =
                (self.world.clone(), self.clock.clone(), self.cases.clone());
            let (vorgang, aktenzeichen) = (vorgang.to_owned(), aktenzeichen.to_owned());
            let folder = match answer.to.as_str() {
                OUTPUT => self.folder.clone(),
                url => path_of_url(url),
            };
            tokio::spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(answer.after) => {}
                    () = stop.wait() => return,
                }
                // All of it belongs to the moment of sending, also whom the case is about.
                let case = world.case(&vorgang);
                let (nachricht, now) = (uuid(), clock.now().to_string());
                let text = filled_as(&answer.text, answer.kind.escaping(), |name| match name {
                    "vorgang" => Some(vorgang.clone()),
                    "aktenzeichen" => Some(aktenzeichen.clone()),
                    "bezug" => Some(bezug.clone()),
                    "nachricht" => Some(nachricht.clone()),
                    "zeitpunkt" => Some(now.clone()),
                    other => case.as_ref().and_then(|case| about_case(other, case)),
                });
                if let (Some(cases), Some(stand)) = (&cases, answer.stand) {
                    cases.change(&vorgang, stand.name(), &now);
                }
                if let Some(folder) = folder {
                    let ending = answer.kind.ending();
                    let name = format!("{}-{nachricht}{ending}", safe_name(&vorgang));
                    return into_folder(&*observer, &id, &folder, &name, text.into_bytes()).await;
                }
                let kind = answer.kind.content_type();
                let _ = post(&*observer, &id, &answer.to, &kind, text).await;
            });
        }
    }
}

/// Hands an answer over in a folder.
async fn into_folder(
    observer: &dyn Observer,
    id: &SystemId,
    folder: &Path,
    name: &str,
    content: Vec<u8>,
) {
    let place = folder.join(name).display().to_string();
    let exchange = observer.request(id, "file-out", &place, &content);
    let (folder, name) = (folder.to_owned(), name.to_owned());
    let given = move || hand_over(&folder, &name, &Given::File(content)).map_err(|e| e.to_string());
    let done = tokio::task::spawn_blocking(given).await;
    let failure = match done {
        Ok(done) => done.err(),
        Err(error) => Some(error.to_string()),
    };
    observer.answer(exchange, &[], failure.as_deref());
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn the_content_type_follows_from_the_content() {
        let envelope = |ns: &str| {
            format!(
                "<e:Envelope xmlns:e='{ns}'><e:Header><Action>urn:a</Action></e:Header></e:Envelope>"
            )
        };
        for (text, expected) in [
            ("<Bescheid>{vorgang}</Bescheid>".to_owned(), "application/xml"),
            ("{\"vorgang\": \"{vorgang}\"}".to_owned(), "application/json"),
            (
                envelope("http://www.w3.org/2003/05/soap-envelope"),
                "application/soap+xml; charset=utf-8; action=\"urn:a\"",
            ),
            (envelope("http://schemas.xmlsoap.org/soap/envelope/"), "text/xml; charset=utf-8"),
        ] {
            assert_eq!(Kind::of(&text).content_type(), expected);
        }
    }
}
