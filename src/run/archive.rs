//! The steps at a DMS: the harness is the client, over either binding. It does what the step says as
//! far as the DMS lets it; what the DMS answers is evidence, whatever it is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::drive::Drive;
use super::steps::Asked;
use crate::channel::cmis::{Ask, Binding, Content, Kind, Properties};
use crate::cmis::{self, Object};
use crate::evidence::StepOutcome;
use crate::ids::SystemId;
use crate::message::{Filing, filing, folder_of};
use crate::plan::{
    ArchiveExchange as Exchange, ArchiveOperation, ArchiveWay, TestCase, vorgang_of,
};
use crate::target::Protocol;

/// Pause before something is looked for again.
const PAUSE: Duration = Duration::from_millis(200);

/// What was answered.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn fine(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The object in a success.
    fn object(&self) -> Option<Object> {
        self.fine().then(|| cmis::object(&self.body).ok()).flatten()
    }
}

/// Why a step goes no further.
enum Stop {
    /// The answer, or its absence, is in the evidence; the judge says what it means.
    Seen,
    /// The step cannot be done at all.
    Outcome(StepOutcome),
}

type Went<T> = Result<T, Stop>;

/// A step on its way.
struct Visit<'d, 'r> {
    drive: &'d Drive<'r>,
    case: &'d TestCase,
    step: &'d str,
    binding: Box<dyn Binding>,
    folder: String,
}

impl Drive<'_> {
    pub(super) async fn archive(
        &self,
        case: &TestCase,
        step: &str,
        (at, operation): (&SystemId, &ArchiveOperation),
    ) -> StepOutcome {
        if self.protocol == Some(Protocol::Xdomea) {
            return self.archive_by_message(case, step, (at, operation)).await;
        }
        let done = async {
            let folder = folder_of(self.plan, case, at).map_err(impossible)?;
            let binding = self.binding(case, step).await?;
            let visit = Visit { drive: self, case, step, binding, folder };
            visit.carry_out(at, operation).await
        };
        match done.await {
            Ok(()) | Err(Stop::Seen) => StepOutcome::Done,
            Err(Stop::Outcome(outcome)) => outcome,
        }
    }

    /// Opens the repository: everything is asked anew in each step, as clients without memory do.
    async fn binding(&self, case: &TestCase, step: &str) -> Went<Box<dyn Binding>> {
        let (url, protocol) = {
            let target = self.target.read().await;
            let protocol = target.file.interface.as_ref().and_then(|i| i.protocol);
            (target.interface_url(), protocol)
        };
        let kind = match protocol.unwrap_or(Protocol::CmisBrowser) {
            Protocol::CmisBrowser => Kind::Browser,
            Protocol::CmisAtom => Kind::AtomPub,
            other => {
                let text =
                    format!("a DMS is spoken to over CMIS or xdomea, not over {}", other.name());
                return Err(impossible(text));
            }
        };
        let label = Exchange::Way.label(step, "");
        let answer = self.ask_archive(case, &label, kind.discover(&url)).await?;
        kind.open(&answer.body).map_err(|reason| {
            let status = answer.status;
            impossible(format!("{url} is no service of CMIS (HTTP {status}): {reason}"))
        })
    }

    /// The one place where requests go out to a DMS.
    async fn ask_archive(&self, case: &TestCase, label: &str, ask: Ask) -> Went<Answer> {
        let Ask { method, url, content_type, body } = ask;
        let (content_type, fields) = (content_type.as_str(), vec![]);
        let request = Asked { method, url, content_type, fields, protocol: "http", body };
        match self.ask(case, label, &"harness".into(), request).await {
            (_, Some(done)) => Ok(Answer { status: done.status, body: done.body.to_vec() }),
            (StepOutcome::Done, None) => Err(Stop::Seen),
            (outcome, None) => Err(Stop::Outcome(outcome)),
        }
    }
}

fn impossible(reason: impl ToString) -> Stop {
    Stop::Outcome(StepOutcome::Impossible { reason: reason.to_string() })
}

impl Visit<'_, '_> {
    async fn ask(&self, what: Exchange, id: &str, ask: Ask) -> Went<Answer> {
        self.drive.ask_archive(self.case, &what.label(self.step, id), ask).await
    }

    async fn carry_out(&self, at: &SystemId, operation: &ArchiveOperation) -> Went<()> {
        match operation {
            ArchiveOperation::File { message } => {
                let filing = filing(self.drive.plan, self.case, message, at).map_err(impossible)?;
                self.file(&filing).await
            }
            ArchiveOperation::Update { object, properties } => {
                let object = self.found(object).await?;
                let ask = self.binding.update(&object, &listed(properties), object.token());
                self.ask(Exchange::Act, "", ask).await.map(drop)
            }
            ArchiveOperation::UpdateStale { object, first, late } => {
                let object = self.found(object).await?;
                let Some(token) = object.token() else {
                    return Err(impossible("the object has no change token that could be old"));
                };
                let ask = self.binding.update(&object, &listed(first), Some(token));
                self.ask(Exchange::Way, "", ask).await?;
                let ask = self.binding.update(&object, &listed(late), Some(token));
                self.ask(Exchange::Act, "", ask).await.map(drop)
            }
            ArchiveOperation::Version { object, text, media_type } => {
                let document = self.found(object).await?;
                let Some(copy) = self.check_out(Exchange::Act, &document).await? else {
                    return Ok(());
                };
                let content = Content {
                    name: document.name().to_owned(),
                    media_type: media_type.clone(),
                    bytes: text.clone().into_bytes(),
                };
                let ask = self.binding.check_in(&copy, &content);
                self.ask(Exchange::Act, "", ask).await.map(drop)
            }
            ArchiveOperation::Cancel { object } => {
                let document = self.found(object).await?;
                if let Some(copy) = self.check_out(Exchange::Act, &document).await? {
                    self.ask(Exchange::Act, "", self.binding.cancel(&copy)).await?;
                }
                Ok(())
            }
            ArchiveOperation::CheckOutTwice { object } => {
                let document = self.found(object).await?;
                let copy = self.check_out(Exchange::Way, &document).await?;
                self.check_out(Exchange::Act, &document).await?;
                if let Some(copy) = copy {
                    self.ask(Exchange::Way, "", self.binding.cancel(&copy)).await?;
                }
                Ok(())
            }
            ArchiveOperation::Create { folder, name, kind } => {
                let parent = self.found("").await?;
                let properties = named(kind, name);
                let ask = if *folder {
                    self.binding.create_folder(&parent, &properties)
                } else {
                    let bytes = b"Zweite Datei\n".to_vec();
                    let media_type = "text/plain".to_owned();
                    let content = Content { name: "zweite.txt".into(), media_type, bytes };
                    self.binding.create_document(&parent, &properties, &content)
                };
                self.ask(Exchange::Act, "", ask).await.map(drop)
            }
            ArchiveOperation::Add { name, text, media_type } => {
                let parent = self.found("").await?;
                let content = Content {
                    name: name.clone(),
                    media_type: media_type.clone(),
                    bytes: text.clone().into_bytes(),
                };
                let properties = named("cmis:document", name);
                let ask = self.binding.create_document(&parent, &properties, &content);
                self.ask(Exchange::Act, "", ask).await.map(drop)
            }
            ArchiveOperation::AddVersions { .. }
            | ArchiveOperation::Find { .. }
            | ArchiveOperation::HandInWrong { .. } => {
                Err(impossible(operation.hindered(ArchiveWay::Cmis).unwrap_or_default()))
            }
            ArchiveOperation::Search { statement, at_least, within_ms } => {
                let limit = Duration::from_millis(u64::from(*within_ms));
                self.search(statement, *at_least as usize, limit).await
            }
            ArchiveOperation::FetchMissing => {
                let id = format!("gibt-es-nicht-{}", vorgang_of(&self.case.id));
                self.ask(Exchange::Act, "", self.binding.by_id(&id)).await.map(drop)
            }
            ArchiveOperation::Delete { object } => {
                let object = self.found(object).await?;
                self.ask(Exchange::Act, "", self.binding.delete(&object)).await.map(drop)
            }
            ArchiveOperation::Read => self.read().await,
        }
    }

    /// The object of this name in the folder of the case; the folder itself for an empty name.
    async fn found(&self, name: &str) -> Went<Object> {
        let path = match name {
            "" => self.folder.clone(),
            name => format!("{}/{name}", self.folder),
        };
        let answer = self.ask(Exchange::Way, "", self.binding.by_path(&path)).await?;
        answer.object().ok_or(Stop::Seen)
    }

    async fn check_out(&self, what: Exchange, document: &Object) -> Went<Option<Object>> {
        let answer = self.ask(what, "", self.binding.check_out(document)).await?;
        Ok(answer.object())
    }

    /// Folders above that of the case may be there already, also because another case makes them at
    /// this moment; the folder itself and what lies in it must be new.
    async fn file(&self, filing: &Filing) -> Went<()> {
        let steps: Vec<&str> = filing.folder.split('/').filter(|s| !s.is_empty()).collect();
        let Some((own, above)) = steps.split_last() else {
            return Err(impossible("the folder of the receiver is the root"));
        };
        let root = self.ask(Exchange::Way, "", self.binding.by_path("/")).await?;
        let mut parent = root.object().ok_or(Stop::Seen)?;
        let mut path = String::new();
        for step in above {
            path = format!("{path}/{step}");
            let there = self.ask(Exchange::Way, "", self.binding.by_path(&path)).await?;
            parent = match there.object() {
                Some(there) => there,
                None => {
                    let ask = self.binding.create_folder(&parent, &named("cmis:folder", step));
                    match self.ask(Exchange::Way, "", ask).await?.object() {
                        Some(made) => made,
                        None => {
                            let ask = self.binding.by_path(&path);
                            let again = self.ask(Exchange::Way, "", ask).await?;
                            again.object().ok_or(Stop::Seen)?
                        }
                    }
                }
            };
        }
        // Cases have the same numbers in every run.
        let there = self.ask(Exchange::Way, "", self.binding.by_path(&filing.folder)).await?;
        if there.object().is_some() {
            let folder = &filing.folder;
            let text = format!("{folder} is there already, from an earlier run; delete it first");
            return Err(impossible(text));
        }
        let mut properties = named("cmis:folder", own);
        properties.extend(listed(&filing.metadata));
        let ask = self.binding.create_folder(&parent, &properties);
        let folder = self.ask(Exchange::Act, "", ask).await?.object().ok_or(Stop::Seen)?;
        for document in &filing.documents {
            let content = Content {
                name: document.name.clone(),
                media_type: document.media_type.clone(),
                bytes: document.content.clone(),
            };
            let properties = named("cmis:document", &document.name);
            let ask = self.binding.create_document(&folder, &properties, &content);
            self.ask(Exchange::Act, "", ask).await?;
        }
        Ok(())
    }

    /// Asks until enough is found or the time is over; only the last time counts.
    async fn search(&self, statement: &str, enough: usize, limit: Duration) -> Went<()> {
        let statement = match statement.contains("{ordner}") {
            true => statement.replace("{ordner}", &quoted(self.found("").await?.id())),
            false => statement.to_owned(),
        };
        let begun = Instant::now();
        loop {
            let answer = self.ask(Exchange::Act, "", self.binding.query(&statement)).await?;
            let found = cmis::objects(&answer.body).map_or(0, |all| all.len());
            if !answer.fine() || found >= enough || begun.elapsed() >= limit {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads the folder with everything in it.
    async fn read(&self) -> Went<()> {
        let answer = self.ask(Exchange::Folder, "", self.binding.by_path(&self.folder)).await?;
        let folder = answer.object().ok_or(Stop::Seen)?;
        let answer = self.ask(Exchange::Children, "", self.binding.children(&folder)).await?;
        for child in cmis::objects(&answer.body).unwrap_or_default() {
            if !child.is_document() {
                continue;
            }
            let answer =
                self.ask(Exchange::Versions, child.id(), self.binding.versions(&child)).await?;
            for version in cmis::objects(&answer.body).unwrap_or_default() {
                if let Some(ask) = self.binding.content(&version) {
                    self.ask(Exchange::Content, version.id(), ask).await?;
                }
            }
        }
        Ok(())
    }
}

/// A text within quotation marks of the query language (section 2.1.14.2.1).
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

fn named(kind: &str, name: &str) -> Properties {
    vec![
        ("cmis:objectTypeId".to_owned(), vec![kind.to_owned()]),
        ("cmis:name".to_owned(), vec![name.to_owned()]),
    ]
}

fn listed(properties: &BTreeMap<String, String>) -> Properties {
    properties.iter().map(|(id, value)| (id.clone(), vec![value.clone()])).collect()
}
