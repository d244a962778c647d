//! XML over HTTP: Fachverfahren and Antragsportal, by the data in `fake-systems/`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::inbox::Inbox;
use super::later::Later;
use super::scripted::{Answering, Fake, Refusal};
use super::{SYSTEM_FILES, aktenzeichen};
use crate::channel::Observer;
use crate::channel::http::{Reply, Request};
use crate::ids::{Correlator, SystemId};
use crate::organisation::{FakeKind, Mode, System};
use crate::xml::{escape_attribute, parse};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Data {
    #[expect(dead_code, reason = "the format's name is checked where the file is read by people")]
    format: String,
    #[expect(dead_code, reason = "for people")]
    title: String,
    path: String,
    expects: Option<Expects>,
    reply: Answer,
    refusal: Answer,
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
    later: Option<Later>,
    observer: Arc<dyn Observer>,
}

impl XmlOverHttp {
    pub fn new(
        system: &System,
        kind: FakeKind,
        observer: Arc<dyn Observer>,
        inbox: Arc<Inbox>,
        later: Option<Later>,
    ) -> Self {
        let (id, mode, data) = (system.id.clone(), system.mode, data_of(kind));
        Self { id, mode, data, inbox, later, observer }
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
        if request.method != "POST" {
            return Reply::text(405, "text/plain", "POST only\n");
        }
        let document = match parse(&request.body) {
            Ok(document) => document,
            Err(error) => return refuse(&error.to_string()),
        };
        if let Some(expects) = &self.data.expects
            && (expects.root != document.root.name || expects.namespace != document.root.namespace)
        {
            let reason = format!(
                "erwartet wird {{{}}}{}, gekommen ist {{{}}}{}",
                expects.namespace, expects.root, document.root.namespace, document.root.name
            );
            if self.mode == Mode::Strict {
                return refuse(&reason);
            }
            note(&reason);
        }
        let mut words = Correlator::candidates(&request.body);
        let vorgang = words.find(|t| t.starts_with("PS-")).unwrap_or("unbekannt");
        let number = aktenzeichen(vorgang);
        if keep {
            self.inbox.take(vorgang, &document.root.name, &number, &request.body);
            if let Some(later) = &self.later {
                later.taken(vorgang, &number, vorgang);
            }
        }
        let body = self.data.reply.body.replace("{aktenzeichen}", &number);
        Reply::text(self.data.reply.status, &self.data.reply.content_type, body)
    }
}

impl Fake for XmlOverHttp {
    fn answer(&self, request: Request, keep: bool) -> Answering<'_> {
        Box::pin(async move { self.reply(&request, keep) })
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
