//! The steps at a DMS over xdomea: each message in a container of its own, each answer a container or a
//! status. The harness does what the step says; what the DMS answers is evidence, whatever it is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::drive::Drive;
use super::steps::Asked;
use crate::evidence::StepOutcome;
use crate::ids::SystemId;
use crate::message::{Akte, akte_of, filing, versions_of};
use crate::plan::{
    ArchiveExchange as Exchange, ArchiveOperation, ArchiveWay, MessageUse, Step, TestCase, Wrong,
};
use crate::xdomea::{Hit, Letterhead, Said, Search, container_of, disposition, read, uuid_of};

/// Pause before something is looked for again.
const PAUSE: Duration = Duration::from_millis(200);
/// How long an index may lag behind when a folder is read.
const INDEX: Duration = Duration::from_secs(3);
/// Most documents that are fetched: a search that finds everything must not fetch a whole DMS.
const MOST_FETCHED: usize = 50;
/// The files of a container, the message first.
type Files = Vec<(String, Vec<u8>)>;

/// A step on its way.
struct Visit<'d, 'r> {
    drive: &'d Drive<'r>,
    case: &'d TestCase,
    step: &'d str,
    url: String,
    akte: Akte,
    head: Letterhead,
    /// Messages sent in this step: each is a process of its own.
    sent: AtomicUsize,
}

/// Why a step goes no further.
enum Stop {
    /// The answer, or its absence, is in the evidence; the judge says what it means.
    Seen,
    /// The step cannot be done at all.
    Outcome(StepOutcome),
}

type Went<T> = Result<T, Stop>;

fn impossible(reason: impl ToString) -> Stop {
    Stop::Outcome(StepOutcome::Impossible { reason: reason.to_string() })
}

impl<'r> Drive<'r> {
    pub(super) async fn archive_by_message(
        &self,
        case: &TestCase,
        step: &str,
        (at, operation): (&SystemId, &ArchiveOperation),
    ) -> StepOutcome {
        let done = async {
            let visit = self.visit(case, step, at).await?;
            visit.carry_out(at, operation).await
        };
        match done.await {
            Ok(()) | Err(Stop::Seen) => StepOutcome::Done,
            Err(Stop::Outcome(outcome)) => outcome,
        }
    }

    async fn visit<'d>(
        &'d self,
        case: &'d TestCase,
        step: &'d str,
        at: &SystemId,
    ) -> Went<Visit<'d, 'r>> {
        let (url, version) = {
            let target = self.target.read().await;
            (target.interface_url(), target.file.xdomea().unwrap_or_default())
        };
        let akte = akte_of(self.plan, case, at).map_err(impossible)?;
        let filed = filed(case).ok_or_else(|| impossible("nothing is filed in this case"))?;
        let known = self.plan.authority.iter().find(|a| a.ags == filed.behoerde);
        let now = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let authority = known.map_or_else(|| filed.behoerde.clone(), |a| a.name.clone());
        let head = Letterhead { version, ags: filed.behoerde.clone(), authority, now };
        Ok(Visit { drive: self, case, step, url, akte, head, sent: AtomicUsize::new(0) })
    }
}

/// The application that the case files.
fn filed(case: &TestCase) -> Option<&MessageUse> {
    case.step.iter().find_map(|step| match step {
        Step::Archive { operation, .. } => operation.message(),
        _ => None,
    })
}

impl Visit<'_, '_> {
    /// A ProzessID that no other message has, in this run or another.
    fn process(&self) -> String {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let now = self.drive.clock.now();
        uuid_of(&format!("{}:{}:{number}:{now}", self.case.id, self.step))
    }

    /// Hands in a message, and reads what is said.
    async fn hand_in(&self, label: &str, process: &str, files: &Files) -> Went<Said> {
        let (name, body) = container_of(files).map_err(impossible)?;
        self.post(label, process, (&name, body)).await
    }

    async fn post(&self, label: &str, process: &str, (name, body): (&str, Vec<u8>)) -> Went<Said> {
        let request = Asked {
            method: "POST",
            url: self.url.clone(),
            content_type: "application/zip",
            fields: vec![("content-disposition", disposition(name))],
            protocol: "xdomea",
            body,
        };
        match self.drive.ask(self.case, label, &"harness".into(), request).await {
            (_, Some(done)) => Ok(read(done.status, &done.body, process)),
            (StepOutcome::Done, None) => Err(Stop::Seen),
            (outcome, None) => Err(Stop::Outcome(outcome)),
        }
    }

    fn label(&self, what: Exchange, id: &str) -> String {
        what.label(self.step, id)
    }

    async fn carry_out(&self, at: &SystemId, operation: &ArchiveOperation) -> Went<()> {
        match operation {
            ArchiveOperation::File { message } => self.file(at, message).await,
            ArchiveOperation::Add { name, text, .. } => {
                self.add(name, vec![text.clone().into_bytes()]).await
            }
            ArchiveOperation::AddVersions { name, texts, .. } => {
                self.add(name, texts.iter().map(|t| t.clone().into_bytes()).collect()).await
            }
            ArchiveOperation::Find { terms, content, at_least, within_ms } => {
                let terms = terms.clone();
                let search = Search { terms, content: *content, metadata: !content };
                let limit = Duration::from_millis(u64::from(*within_ms));
                let enough = |hits: &[Hit]| hits.len() >= *at_least as usize;
                self.search(&self.label(Exchange::Act, ""), &search, limit, enough).await.map(drop)
            }
            ArchiveOperation::HandInWrong { wrong } => self.wrong(*wrong).await,
            ArchiveOperation::Read => self.read(at).await,
            other => Err(impossible(format!(
                "it is not done over xdomea: {}",
                other.hindered(ArchiveWay::Xdomea(self.head.version)).unwrap_or_default()
            ))),
        }
    }

    /// Asks until it is enough or the time is over; only the last time counts.
    async fn search(
        &self,
        label: &str,
        search: &Search,
        limit: Duration,
        enough: impl Fn(&[Hit]) -> bool,
    ) -> Went<Vec<Hit>> {
        let begun = Instant::now();
        loop {
            let process = self.process();
            let files = self.head.search(&process, search);
            let hits = match self.hand_in(label, &process, &files).await? {
                Said::Done(import) => import.hits,
                Said::Refused(_) | Said::Unreadable(_) => return Ok(vec![]),
            };
            if enough(&hits) || begun.elapsed() >= limit {
                return Ok(hits);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn by_reference(&self) -> Search {
        Search { terms: self.akte.reference.clone(), metadata: true, content: false }
    }

    /// The Akte with the message in it (0604), and each further document on its own (0605).
    async fn file(&self, at: &SystemId, message: &MessageUse) -> Went<()> {
        let filing = filing(self.drive.plan, self.case, message, at).map_err(impossible)?;
        let texts = filing.metadata.values().chain(filing.documents.iter().map(|d| &d.name));
        if let Some(text) = texts.into_iter().find(|text| !self.head.version.can_say(text)) {
            let version = self.head.version.number();
            return Err(impossible(format!("xdomea {version} cannot say \"{text}\"")));
        }
        // Cases have the same numbers in every run.
        let way = self.label(Exchange::Way, "");
        let there = self.search(&way, &self.by_reference(), Duration::ZERO, |_| true).await?;
        if there.iter().any(|hit| hit.id == self.akte.id) {
            let text = format!(
                "the Akte {} is there already, from an earlier run; delete it first",
                self.akte.reference
            );
            return Err(impossible(text));
        }
        let mut documents =
            filing.documents.iter().map(|d| self.akte.document(&d.name, vec![d.content.clone()]));
        let first: Vec<_> = documents.next().into_iter().collect();
        let process = self.process();
        let files = self.head.create(&process, &self.akte.record(&filing), &first);
        let act = self.label(Exchange::Act, "");
        if !matches!(self.hand_in(&act, &process, &files).await?, Said::Done(_)) {
            return Ok(());
        }
        for document in documents {
            let process = self.process();
            let files = self.head.file(&process, &self.akte.id, &document);
            self.hand_in(&act, &process, &files).await?;
        }
        Ok(())
    }

    async fn add(&self, name: &str, versions: Vec<Vec<u8>>) -> Went<()> {
        let process = self.process();
        let document = self.akte.document(name, versions);
        let files = self.head.file(&process, &self.akte.id, &document);
        self.hand_in(&self.label(Exchange::Act, ""), &process, &files).await.map(drop)
    }

    /// Finds the Akte and all that names it, looks for it by each of its metadata, and fetches every
    /// file.
    async fn read(&self, at: &SystemId) -> Went<()> {
        let filed = filed(self.case).ok_or(Stop::Seen)?;
        let filing = filing(self.drive.plan, self.case, filed, at).map_err(impossible)?;
        let added = self.case.step.iter().filter(|step| {
            matches!(
                step,
                Step::Archive {
                    operation: ArchiveOperation::Add { .. } | ArchiveOperation::AddVersions { .. },
                    ..
                }
            )
        });
        let all = 1 + filing.documents.len() + added.count();
        let folder = self.label(Exchange::Folder, "");
        let hits =
            self.search(&folder, &self.by_reference(), INDEX, |hits| hits.len() >= all).await?;
        let own = |hits: &[Hit]| hits.iter().any(|hit| hit.id == self.akte.id);
        // What is not found by its number is not found by anything; nobody needs to wait for it.
        let limit = if own(&hits) { INDEX } else { Duration::ZERO };
        for (id, terms) in self.akte.found_by(filing.metadata.iter()) {
            let search = Search { terms, metadata: true, content: false };
            self.search(&self.label(Exchange::Metadatum, &id), &search, limit, own).await?;
        }
        for hit in hits.iter().filter(|h| h.id != self.akte.id).take(MOST_FETCHED) {
            self.fetch(&hit.id, None).await?;
            for number in 1..=versions_of(self.case, &hit.value).unwrap_or(0) {
                self.fetch(&hit.id, Some(number)).await?;
            }
        }
        Ok(())
    }

    async fn fetch(&self, id: &str, version: Option<usize>) -> Went<()> {
        let process = self.process();
        let files = self.head.export(&process, id, version);
        let label = self.label(Exchange::Content, &fetched(id, version));
        self.hand_in(&label, &process, &files).await.map(drop)
    }

    /// Hands in a message that is right but for one thing.
    async fn wrong(&self, wrong: Wrong) -> Went<()> {
        let process = self.process();
        let stranger = uuid_of(&format!("niemand:{}", self.case.id));
        let document = self.akte.document("Nachtrag.txt", vec![b"Nachtrag\n".to_vec()]);
        let into = |container: &str| self.head.file(&process, container, &document);
        let files = match wrong {
            Wrong::Version => {
                let own = format!("schema:{}", self.head.version.number());
                changed(into(&self.akte.id), &own, "schema:9.9.0")
            }
            Wrong::Container | Wrong::Name => into(&self.akte.id),
            Wrong::Structure => {
                let text = "<xdomea:Erstellerkennung>pruefstand</xdomea:Erstellerkennung>";
                changed(into(&self.akte.id), text, "")
            }
            Wrong::UnknownRecord => into(&stranger),
            Wrong::UnknownDocument => self.head.export(&process, &stranger, None),
            Wrong::FileMissing => into(&self.akte.id).into_iter().take(1).collect(),
            Wrong::EmptySearch => {
                let terms = self.akte.reference.clone();
                self.head.search(&process, &Search { terms, ..Search::default() })
            }
        };
        let (mut name, mut body) = container_of(&files).map_err(impossible)?;
        match wrong {
            Wrong::Container => body.truncate(body.len() / 2),
            Wrong::Name => {
                let renamed = |n: &str| n.replace("SGOAblegen.0605", "SGOErstellen.0604");
                let mut files = files;
                if let Some((message, _)) = files.first_mut() {
                    *message = renamed(message);
                }
                (name, body) = container_of(&files).map_err(impossible)?;
            }
            _ => {}
        }
        self.post(&self.label(Exchange::Act, ""), &process, (&name, body)).await.map(drop)
    }
}

/// By what a fetched file is known in the evidence.
fn fetched(id: &str, version: Option<usize>) -> String {
    version.map_or_else(|| id.to_owned(), |number| format!("{id}/{number}"))
}

/// The message with another text in the place of one.
fn changed(mut files: Files, from: &str, to: &str) -> Files {
    if let Some((_, message)) = files.first_mut() {
        *message = String::from_utf8_lossy(message).replace(from, to).into_bytes();
    }
    files
}
