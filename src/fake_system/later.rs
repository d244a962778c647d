//! Answers that a Fachverfahren gives by itself, some time after it took a message: confirmation,
//! demand for documents, decision. What it sends is a file of the organisation with placeholders.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::cases::Cases;
use super::fill::fill;
use crate::ambient::{Clock, random_bytes};
use crate::channel::file::{Given, hand_over, path_of_url, safe_name};
use crate::channel::http::{ClientError, ClientRequest, send};
use crate::channel::{Observer, Shutdown};
use crate::ids::SystemId;
use crate::organisation::{OUTPUT, Stand, System};
use crate::xml::{Element, escape_text, parse};

/// Longest time for one answer to be taken.
const SEND_LIMIT: Duration = Duration::from_secs(15);

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

    fn filled(&self, text: &str, values: &[(&str, &str)]) -> String {
        let escaped: Vec<(&str, String)> = values
            .iter()
            .map(|(name, value)| {
                let safe = match self {
                    Self::Json => {
                        let quoted = serde_json::Value::from(*value).to_string();
                        quoted[1..quoted.len() - 1].to_owned()
                    }
                    Self::Xml(_) => {
                        let mut safe = String::new();
                        escape_text(value, &mut safe);
                        safe
                    }
                };
                (*name, safe)
            })
            .collect();
        let places: Vec<(&str, &str)> = escaped.iter().map(|(n, v)| (*n, v.as_str())).collect();
        fill(text, &places)
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
        folder: &Path,
        observer: Arc<dyn Observer>,
        stop: Shutdown,
    ) -> Result<Self, (String, std::io::Error)> {
        let mut answers = Vec::new();
        for answer in &system.answer {
            let text = std::fs::read_to_string(folder.join(&answer.file))
                .map_err(|error| (answer.file.clone(), error))?;
            let after = Duration::from_millis(u64::from(answer.after_ms));
            let (to, stand, kind) = (answer.to.clone(), answer.stand, Kind::of(&text));
            answers.push(Prepared { after, to, text, kind, stand });
        }
        let (id, clock) = (system.id.clone(), Clock::system());
        Ok(Self { id, answers, observer, clock, stop, cases: None, folder: None })
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
        for answer in &self.answers {
            let (id, observer, stop) = (self.id.clone(), self.observer.clone(), self.stop.clone());
            let (answer, clock) = (answer.clone(), self.clock.clone());
            let (cases, vorgang) = (self.cases.clone(), vorgang.to_owned());
            let folder = match answer.to.as_str() {
                OUTPUT => self.folder.clone(),
                url => path_of_url(url),
            };
            let (aktenzeichen, bezug) = (aktenzeichen.to_owned(), bezug.to_owned());
            tokio::spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(answer.after) => {}
                    () = stop.wait() => return,
                }
                let (nachricht, now) = (uuid(), clock.now().to_string());
                let values = [
                    ("{vorgang}", vorgang.as_str()),
                    ("{aktenzeichen}", &aktenzeichen),
                    ("{bezug}", &bezug),
                    ("{nachricht}", &nachricht),
                    ("{zeitpunkt}", &now),
                ];
                let text = answer.kind.filled(&answer.text, &values);
                if let (Some(cases), Some(stand)) = (&cases, answer.stand) {
                    cases.change(&vorgang, stand.name(), &now);
                }
                if let Some(folder) = folder {
                    let name =
                        format!("{}-{nachricht}{}", safe_name(&vorgang), answer.kind.ending());
                    return into_folder(&*observer, &id, &folder, &name, text.into_bytes()).await;
                }
                let request = ClientRequest {
                    method: "POST",
                    url: answer.to.clone(),
                    content_type: answer.kind.content_type(),
                    body: text.into_bytes(),
                    limit: SEND_LIMIT,
                };
                let (sent, answered, failure) = match send(request).await {
                    Ok(done) => (done.raw_request, done.raw_answer, None),
                    Err(ClientError::Broken { raw_request, raw_answer, reason }) => {
                        (raw_request, raw_answer, Some(reason))
                    }
                    Err(error) => (Vec::new(), Vec::new(), Some(error.to_string())),
                };
                let exchange = observer.request(&id, "http-out", &answer.to, &sent);
                observer.answer(exchange, &answered, failure.as_deref());
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

/// A random UUID (RFC 9562, version 4); all zeros where the system gives no randomness.
pub(super) fn uuid() -> String {
    let mut b = random_bytes::<16>().unwrap_or_default();
    b[6] = (b[6] & 0x0F) | 0x40;
    b[8] = (b[8] & 0x3F) | 0x80;
    let h: String = b.iter().map(|x| format!("{x:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

#[cfg(test)]
mod tests {
    use super::{Kind, uuid};

    #[test]
    fn values_stay_text_in_xml_and_in_json() {
        let values = [("{vorgang}", "<PS & 1>")];
        let text = Kind::of("<a/>").filled("<a>{vorgang}</a><b>{vorgang}</b>", &values);
        assert_eq!(text, "<a>&lt;PS &amp; 1&gt;</a><b>&lt;PS &amp; 1&gt;</b>");
        let text = Kind::of(" {\"a\": 1}").filled("{\"a\": \"{v}\"}", &[("{v}", "\"\\\n")]);
        assert_eq!(text, "{\"a\": \"\\\"\\\\\\n\"}");
    }

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

    #[test]
    fn ids_have_the_form_of_a_uuid() {
        let (a, b) = (uuid(), uuid());
        assert_ne!(a, b);
        assert_eq!((a.len(), &a[14..15]), (36, "4"));
        assert!("89ab".contains(&a[19..20]), "{a}");
    }
}
