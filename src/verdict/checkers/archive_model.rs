//! What the folder of a case at a DMS must hold: the steps of the case, done on paper. And what it
//! holds: the exchanges of a step that read it.

use std::collections::BTreeMap;

use super::Context;
use crate::cmis::{self, Object, Refusal};
use crate::evidence::StepOutcome;
use crate::ids::SystemId;
use crate::message::filing;
use crate::plan::{ArchiveExchange, ArchiveOperation, Expectation, Step};
use crate::verdict::view::Exchange;
use crate::wire::{self, HttpMessage};
use crate::xdomea;

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub media_type: String,
    pub content: Vec<u8>,
}

/// A folder with its documents, each with its versions, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Folder {
    pub metadata: BTreeMap<String, String>,
    pub documents: BTreeMap<String, Vec<Version>>,
}

/// Whether a step was done, and all before it: what follows from one that could not be done cannot be
/// held against anybody.
pub(super) fn is_done(context: &Context<'_>, step: &str) -> bool {
    let steps = context.case.step.iter().map(Step::name);
    let mut until = steps.take_while(|name| *name != step).chain([step]);
    until.all(|name| context.view.steps.get(name) == Some(&StepOutcome::Done))
}

/// What the folder must hold when a step reads it.
///
/// # Errors
/// In words, when the plan does not say it.
pub(super) fn expected(context: &Context<'_>, read: &str) -> Result<Folder, String> {
    let refused: Vec<&str> = context
        .case
        .expect
        .iter()
        .filter_map(|e| match e {
            Expectation::ArchiveAnswer { step, refusal, .. } if !refusal.is_empty() => {
                Some(step.as_str())
            }
            _ => None,
        })
        .collect();
    let mut folder = None;
    for step in &context.case.step {
        let Step::Archive { name, at, operation } = step else { continue };
        if name == read {
            return folder.ok_or_else(|| "vor dem Lesen wird nichts abgelegt".into());
        }
        apply(context, &mut folder, (at, operation), refused.contains(&name.as_str()))?;
    }
    Err(format!("der Schritt \"{read}\" liest nicht"))
}

/// Does one operation; of one that must be refused, only what must have succeeded before.
fn apply(
    context: &Context<'_>,
    folder: &mut Option<Folder>,
    (at, operation): (&SystemId, &ArchiveOperation),
    refused: bool,
) -> Result<(), String> {
    if let ArchiveOperation::File { message } = operation {
        let filing = filing(context.plan, context.case, message, at).map_err(|e| e.to_string())?;
        let version = |d: crate::message::FiledDocument| {
            (d.name, vec![Version { media_type: d.media_type, content: d.content }])
        };
        *folder = Some(Folder {
            metadata: filing.metadata,
            documents: filing.documents.into_iter().map(version).collect(),
        });
        return Ok(());
    }
    let folder = folder.as_mut().ok_or("vor der ersten Ablage gibt es nichts zu tun")?;
    if let ArchiveOperation::UpdateStale { object, first, .. } = operation {
        set(folder, object, first);
    }
    if refused {
        return Ok(());
    }
    match operation {
        ArchiveOperation::Update { object, properties } => set(folder, object, properties),
        ArchiveOperation::UpdateStale { object, late, .. } => set(folder, object, late),
        ArchiveOperation::Version { object, text, media_type } => {
            let version =
                Version { media_type: media_type.clone(), content: text.clone().into_bytes() };
            folder.documents.entry(object.clone()).or_default().push(version);
        }
        ArchiveOperation::Delete { object } => {
            folder.documents.remove(object);
        }
        ArchiveOperation::Add { name, text, media_type } => {
            let version =
                Version { media_type: media_type.clone(), content: text.clone().into_bytes() };
            folder.documents.insert(name.clone(), vec![version]);
        }
        ArchiveOperation::AddVersions { name, texts, media_type } => {
            let version = |text: &String| Version {
                media_type: media_type.clone(),
                content: text.clone().into_bytes(),
            };
            folder.documents.insert(name.clone(), texts.iter().map(version).collect());
        }
        ArchiveOperation::Create { .. } | ArchiveOperation::HandInWrong { .. } => {
            return Err("was verlangt wird, soll abgewiesen werden".into());
        }
        ArchiveOperation::File { .. }
        | ArchiveOperation::Cancel { .. }
        | ArchiveOperation::CheckOutTwice { .. }
        | ArchiveOperation::Search { .. }
        | ArchiveOperation::Find { .. }
        | ArchiveOperation::FetchMissing
        | ArchiveOperation::Read => {}
    }
    Ok(())
}

/// Sets properties of the folder, or renames a document; what else a document has is not compared.
fn set(folder: &mut Folder, object: &str, properties: &BTreeMap<String, String>) {
    if object.is_empty() {
        folder.metadata.extend(properties.clone());
    } else if let (Some(name), Some(versions)) =
        (properties.get("cmis:name"), folder.documents.remove(object))
    {
        folder.documents.insert(name.clone(), versions);
    }
}

/// The answer of an exchange with a DMS.
pub(super) enum Said {
    /// A success over CMIS, with its body.
    Done(Vec<u8>),
    /// A success over xdomea.
    Imported(xdomea::Import),
    /// A refusal.
    Refused(No),
    /// A success that is no answer of the protocol.
    Unreadable(String),
    /// No answer, or none that is HTTP.
    Nothing(String),
}

/// A refusal, by protocol.
pub(super) enum No {
    /// An exception of CMIS.
    Cmis(Refusal),
    /// A code of xdomea, or a status.
    Xdomea(xdomea::Refusal),
}

impl No {
    /// Whether it is one of these exceptions or codes.
    pub fn is_one_of(&self, wanted: &[String]) -> bool {
        let wanted = wanted.iter().map(String::as_str);
        match self {
            Self::Cmis(refusal) => refusal.is_one_of(wanted),
            Self::Xdomea(refusal) => refusal.is_one_of(wanted),
        }
    }

    /// In one line, for people.
    pub fn line(&self) -> String {
        match self {
            Self::Cmis(refusal) => refusal.line(),
            Self::Xdomea(refusal) => refusal.line(),
        }
    }
}

/// Whether an exchange is one of messages of xdomea.
pub(super) fn by_message(exchange: &Exchange) -> bool {
    exchange.protocol == "xdomea"
}

/// The process of a message that was sent: the name of its container begins with it.
fn process(exchange: &Exchange) -> String {
    let name = wire::header_of(&exchange.request, "content-disposition").unwrap_or_default();
    let name = name.split("filename=\"").nth(1).unwrap_or_default();
    name.split('_').next().unwrap_or_default().to_owned()
}

impl Said {
    pub fn of(exchange: &Exchange) -> Self {
        if let Some(failure) = &exchange.failure {
            return Self::Nothing(failure.clone());
        }
        let message = exchange.answer.as_deref().and_then(HttpMessage::read);
        let Some((status, message)) = message.and_then(|m| Some((m.status()?, m))) else {
            return Self::Nothing("keine lesbare Antwort".into());
        };
        if by_message(exchange) {
            return match xdomea::read(status, &message.body, &process(exchange)) {
                xdomea::Said::Done(import) => Self::Imported(import),
                xdomea::Said::Refused(refusal) => Self::Refused(No::Xdomea(refusal)),
                xdomea::Said::Unreadable(why) => Self::Unreadable(why),
            };
        }
        match Refusal::read(status, &message.body) {
            Some(refusal) => Self::Refused(No::Cmis(refusal)),
            None => Self::Done(message.body),
        }
    }

    /// The objects of a success; over xdomea, the records that it tells, with id and name.
    ///
    /// # Errors
    /// What was said instead, in words.
    pub fn objects(&self) -> Result<Vec<Object>, String> {
        match self {
            Self::Done(body) => cmis::objects(body),
            Self::Imported(import) => Ok(import.hits.iter().map(told).collect()),
            Self::Refused(refusal) => Err(refusal.line()),
            Self::Unreadable(reason) | Self::Nothing(reason) => Err(reason.clone()),
        }
    }
}

fn told(hit: &xdomea::Hit) -> Object {
    let mut out = Object::default();
    out.properties.insert("cmis:objectId".into(), vec![hit.id.clone()]);
    out.properties.insert("cmis:name".into(), vec![hit.value.clone()]);
    out
}

/// A version as it was read.
pub(super) struct SeenVersion {
    pub media_type: String,
    /// The content, or what was said instead.
    pub content: Result<Vec<u8>, String>,
}

/// The versions of a document as they were read, the oldest first, and whether a working copy is
/// among them.
///
/// # Errors
/// In words, when they were not read.
pub(super) fn versions(
    context: &Context<'_>,
    read: &str,
    document: &Object,
) -> Result<(Vec<SeenVersion>, bool), String> {
    let label = ArchiveExchange::Versions.label(read, document.id());
    let asked = context.sent(&label).ok_or("die Fassungen wurden nicht gelesen")?;
    let mut all = Said::of(asked).objects()?;
    let copy = |o: &Object| o.one("cmis:isPrivateWorkingCopy") == "true";
    let before = all.len();
    all.retain(|o| !copy(o));
    let left = all.len() < before;
    all.reverse();
    let seen = all.iter().map(|version| {
        let label = ArchiveExchange::Content.label(read, version.id());
        let content = match context.sent(&label).map(Said::of) {
            Some(Said::Done(body)) => Ok(body),
            Some(other) => Err(other.objects().err().unwrap_or_else(|| "kein Inhalt".into())),
            None => Err("nicht gelesen".into()),
        };
        SeenVersion { media_type: version.one("cmis:contentStreamMimeType").to_owned(), content }
    });
    Ok((seen.collect(), left))
}
