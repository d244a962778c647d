//! Answers that a Fachverfahren gives by itself, some time after it took a message: confirmation,
//! demand for documents, decision. What it sends is a file of the organisation with placeholders.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::cases::Cases;
use super::defect::FakeDefect;
use super::faulty::without_last_leaf;
use super::outgoing::{Unanswered, post_with};
use super::script::Scripts;
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

    /// Header fields that belong to it: SOAP 1.1 demands one, which may say nothing (section 6.1.1).
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Xml(kind) if kind.starts_with("text/xml") => {
                vec![("SOAPAction", "\"\"".to_owned())]
            }
            _ => vec![],
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
    /// Name by which it can be asked for.
    name: String,
    after: Option<Duration>,
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
    scripts: Scripts,
    cases: OnceLock<Arc<Cases>>,
    folder: OnceLock<PathBuf>,
}

impl Later {
    /// The answers of a system.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub fn of(
        system: &System,
        organisation: &TestOrganisation,
        (world, scripts): (Arc<World>, Scripts),
        observer: Arc<dyn Observer>,
        stop: Shutdown,
    ) -> Result<Self, (String, std::io::Error)> {
        let mut answers = Vec::new();
        for answer in &system.answer {
            let text = read(organisation, &answer.file)?;
            let after = answer.after_ms.map(|ms| Duration::from_millis(u64::from(ms)));
            let (to, stand, kind) = (answer.to.clone(), answer.stand, Kind::of(&text));
            let name = Path::new(&answer.file).file_stem().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            answers.push(Prepared { name, after, to, text, kind, stand });
        }
        let (id, clock) = (system.id.clone(), Clock::system());
        let (cases, folder) = (OnceLock::new(), OnceLock::new());
        Ok(Self { id, answers, observer, world, clock, stop, scripts, cases, folder })
    }

    /// From now on cases stand otherwise once an answer went out.
    pub fn tell(&self, cases: Arc<Cases>) {
        let _ = self.cases.set(cases);
    }

    /// From now on there is a folder for what goes to the system's own output folder.
    pub fn put_into(&self, folder: PathBuf) {
        let _ = self.folder.set(folder);
    }

    /// A message was taken: its answers go out when their time has come, unless the fakes stop first.
    /// `bezug` is the name that the message has in its protocol.
    pub fn taken(self: &Arc<Self>, vorgang: &str, aktenzeichen: &str, bezug: &str) {
        for (at, answer) in self.answers.iter().enumerate() {
            let Some(after) = answer.after else { continue };
            let about = About {
                vorgang: vorgang.to_owned(),
                aktenzeichen: aktenzeichen.to_owned(),
                bezug: bezug.to_owned(),
            };
            let later = self.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(after) => {}
                    () = later.stop.wait() => return,
                }
                let _ = later.send(&later.answers[at], &about).await;
            });
        }
    }

    /// Sends the answer of this name now.
    ///
    /// # Errors
    /// When there is none, or nobody took it.
    pub async fn send_now(
        &self,
        name: &str,
        vorgang: &str,
        aktenzeichen: &str,
    ) -> Result<(), String> {
        let Some(answer) = self.answers.iter().find(|a| a.name == name) else {
            let known: Vec<&str> = self.answers.iter().map(|a| a.name.as_str()).collect();
            return Err(format!("there is no answer \"{name}\"; known: {}", known.join(", ")));
        };
        if self.scripts.has(FakeDefect::FvSilent) {
            return Ok(());
        }
        let given = match aktenzeichen.is_empty() {
            true => self.world.aktenzeichen(vorgang),
            false => aktenzeichen.to_owned(),
        };
        let about =
            About { vorgang: vorgang.to_owned(), aktenzeichen: given, bezug: vorgang.to_owned() };
        self.send(answer, &about).await
    }

    async fn send(&self, answer: &Prepared, about: &About) -> Result<(), String> {
        let mut about = about.clone();
        // All of it belongs to the moment of sending, also whom the case is about.
        let case = self.world.case(&about.vorgang);
        let (nachricht, now) = (uuid(), self.clock.now().to_string());
        if self.scripts.has(FakeDefect::FvWrongCase) {
            about.vorgang = "PS-000000000000".into();
        }
        if self.scripts.has(FakeDefect::FvWrongFileNumber) {
            about.aktenzeichen.push('9');
        }
        let mut text = filled_as(&answer.text, answer.kind.escaping(), |name| match name {
            "vorgang" => Some(about.vorgang.clone()),
            "aktenzeichen" => Some(about.aktenzeichen.clone()),
            "bezug" => Some(about.bezug.clone()),
            "nachricht" => Some(nachricht.clone()),
            "zeitpunkt" => Some(now.clone()),
            other => case.as_ref().and_then(|case| about_case(other, case)),
        });
        if self.scripts.has(FakeDefect::FvSendsInvalid) {
            text = without_last_leaf(&text);
        }
        if let (Some(cases), Some(stand)) = (self.cases.get(), answer.stand) {
            cases.change(&about.vorgang, stand.name(), &now);
        }
        let folder = match answer.to.as_str() {
            OUTPUT => self.folder.get().cloned(),
            url => path_of_url(url),
        };
        let times = if self.scripts.has(FakeDefect::FvSendsTwice) { 2 } else { 1 };
        for number in 1..=times {
            if let Some(folder) = &folder {
                let ending = answer.kind.ending();
                let again = if number == 1 { "" } else { "-noch-einmal" };
                let name = format!("{}-{nachricht}{again}{ending}", safe_name(&about.vorgang));
                let content = text.clone().into_bytes();
                into_folder(&*self.observer, &self.id, folder, &name, content).await;
                continue;
            }
            let kind = answer.kind.content_type();
            let kind = (kind.as_str(), answer.kind.fields());
            match post_with(&*self.observer, &self.id, &answer.to, kind, text.clone()).await {
                Ok((200..=299, _)) => {}
                Ok((status, _)) => return Err(format!("{} answers {status}", answer.to)),
                Err(Unanswered::NotSent(reason) | Unanswered::Lost(reason)) => return Err(reason),
            }
        }
        Ok(())
    }
}

/// What an answer is about.
#[derive(Debug, Clone)]
struct About {
    vorgang: String,
    aktenzeichen: String,
    bezug: String,
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
