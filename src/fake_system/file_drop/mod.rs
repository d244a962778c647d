//! A Fachverfahren with a transfer folder: it picks up what was handed over whole, decides, and moves
//! it to what was accepted or refused. Every hand-over is an exchange of protocol `file`, recorded
//! before it is decided; the receipt in the output folder is its answer.

mod content;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};

use self::content::{Data, Oddities};
use super::defect::FakeDefect;
use super::intake::{Handed, Intake};
use super::script::{Behaviour, Scripts};
use super::template::fill;
use super::template::uuid;
use crate::channel::file::{
    GiveError, Given, HandOver, INPUT, InputFolder, OUTPUT, Rules, file_url, hand_over,
};
use crate::channel::{Observer, Shutdown};
use crate::ids::SystemId;
use crate::organisation::{Mode, System};
use crate::wire::{REFUSED, legible};
use crate::xml::escape_text;

/// Most hand-overs that are decided at the same time.
const MOST_AT_ONCE: usize = 8;
/// What a deviation breaks.
const CLAUSE: &str = "Transferverzeichnis";
/// Most hand-overs that are left lying as told and taken up again when that is over.
const MOST_LEFT: usize = 100;

/// A transfer folder that is open. Clones are the same folder: whoever takes over from another goes
/// on with it, since nobody else may take from it at the same time.
#[derive(Clone)]
pub(super) struct Opened {
    folder: Arc<Mutex<InputFolder>>,
    root: PathBuf,
    /// Goes with the last clone.
    _temporary: Option<Arc<Temporary>>,
}

/// A folder that is removed at the end.
pub(super) struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Opened {
    /// The folder of a system; one of its own where it names none.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn of(system: &System, base: &Path) -> std::io::Result<Self> {
        let (root, temporary) = match &system.folder {
            Some(folder) => (base.join(folder), None),
            None => {
                let name = format!("pruefstand-ablage-{}", uuid());
                let root = std::env::temp_dir().join(name);
                (root.clone(), Some(Temporary(root)))
            }
        };
        let data = content::data();
        let rules = Rules {
            marker: data.marker.clone(),
            quiet: Duration::from_millis(u64::from(data.quiet_ms)),
            ending: u8::try_from(data.last)
                .ok()
                .map(|sign| (sign, Duration::from_millis(u64::from(data.patience_ms)))),
            limits: data.limits(),
        };
        let folder = InputFolder::open(&root, rules)?;
        let (root, temporary) = (folder.root().to_owned(), temporary.map(Arc::new));
        Ok(Self { folder: Arc::new(Mutex::new(folder)), root, _temporary: temporary })
    }

    /// The address at which things are handed over.
    pub fn url(&self) -> String {
        url_of(&self.root)
    }

    /// The folder for what this system hands over.
    pub fn output(&self) -> PathBuf {
        self.root.join(OUTPUT)
    }
}

/// The address of a transfer folder.
pub(super) fn url_of(root: &Path) -> String {
    file_url(&root.join(INPUT))
}

/// One such system.
pub(super) struct FileDrop {
    id: SystemId,
    mode: Mode,
    data: Data,
    opened: Opened,
    input: PathBuf,
    output: PathBuf,
    intake: Intake,
    scripts: Scripts,
    observer: Arc<dyn Observer>,
    /// Name of the message that it takes in a folder, where it takes only one.
    expects: Option<String>,
}

impl FileDrop {
    pub fn new(
        system: &System,
        opened: Opened,
        scripts: Scripts,
        observer: Arc<dyn Observer>,
        intake: Intake,
    ) -> Self {
        let (input, output) = (opened.root.join(INPUT), opened.output());
        let (id, mode, data) = (system.id.clone(), system.mode, content::data());
        let expects = system.expects.clone();
        Self { expects, id, mode, data, opened, input, output, intake, scripts, observer }
    }

    /// Looks into the folder until it is time to stop.
    pub async fn serve(self: Arc<Self>, stop: Shutdown) {
        let pause = Duration::from_millis(u64::from(self.data.poll_ms));
        let mut working = JoinSet::new();
        let mut told = String::new();
        let mut left: Vec<HandOver> = Vec::new();
        loop {
            // Down, it takes nothing, and nobody else can: what is handed over lies where it is.
            let found = match self.scripts.is_up(&self.id) {
                true => self.blocking(|this| this.folder().pick_up()).await,
                false => Ok(None),
            };
            match found {
                Ok(Some(taken)) => {
                    // Each holds its bytes until it is decided.
                    while working.len() >= MOST_AT_ONCE {
                        working.join_next().await;
                    }
                    working.spawn(self.clone().work(taken, stop.clone()));
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    // Once, not with every look.
                    let text = error.to_string();
                    if text != told {
                        self.observer.observation(&self.id, None, CLAUSE, &text);
                        told = text;
                    }
                }
            }
            while let Some(done) = working.try_join_next() {
                if let Ok(Some(lying)) = done
                    && left.len() < MOST_LEFT
                {
                    left.push(lying);
                }
            }
            // Whoever comes back goes on with what lay there.
            let (again, still) = left.drain(..).partition(|taken| !self.leaves(&taken.raw()));
            left = still;
            let again: Vec<HandOver> = again;
            for taken in again {
                working.spawn(self.clone().work(taken, stop.clone()));
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.wait() => break,
            }
        }
        while working.join_next().await.is_some() {}
    }

    fn folder(&self) -> std::sync::MutexGuard<'_, InputFolder> {
        self.opened.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something that waits for the disk where nobody waits for it.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> std::io::Result<T> + Send + 'static,
    ) -> std::io::Result<T> {
        let this = self.clone();
        spawn_blocking(move || work(&this)).await.unwrap_or_else(|e| Err(std::io::Error::other(e)))
    }

    /// Whether it leaves these bytes lying, until it is told otherwise.
    fn leaves(&self, raw: &[u8]) -> bool {
        let standing = self.scripts.standing(&self.id, raw);
        matches!(standing, Behaviour::Hang | Behaviour::Reset | Behaviour::Down)
    }

    /// Decides about something; gives back what is left lying.
    async fn work(self: Arc<Self>, taken: HandOver, stop: Shutdown) -> Option<HandOver> {
        let raw = taken.raw();
        let from = self.input.join(&taken.name).display().to_string();
        let exchange = self.observer.request(&self.id, "file", &from, &raw);
        let behaviour = self.scripts.behaviour(&self.id, &raw, || legible(&raw).into_owned());
        let lying = self.leaves(&raw);
        drop(raw);
        if let Behaviour::Delay(ms) = behaviour {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(u64::from(ms))) => {}
                () = stop.wait() => {
                    self.observer.answer(exchange, &[], Some("not decided; the next start will"));
                    return None;
                }
            }
        }
        let mut oddities = Oddities { lenient: self.mode == Mode::Lenient, list: Vec::new() };
        let read = match behaviour {
            Behaviour::Refuse => Err("zurzeit nicht verfügbar".to_owned()),
            Behaviour::NoSpace => Err("kein Speicherplatz".to_owned()),
            Behaviour::Hang | Behaviour::Reset | Behaviour::Down => {
                self.observer.answer(exchange, &[], Some("left lying, as told"));
                return lying.then_some(taken);
            }
            _ => {
                let read = content::read(&self.data, &taken, &mut oddities);
                let read = read.and_then(|content| self.likes(content));
                oddities.list.extend(read.as_ref().err().cloned());
                oddities.list.extend(taken.faults.iter().skip(1).cloned());
                read
            }
        };
        for oddity in &oddities.list {
            self.observer.observation(&self.id, Some(exchange), CLAUSE, oddity);
        }
        let done = match read {
            Err(_) if self.scripts.has(FakeDefect::FvTakesAnything) => {
                self.accept(taken, content::Content::default(), Behaviour::Forget).await
            }
            Err(reason) => {
                let text = reason.clone();
                let refused = self.blocking(move |this| this.folder().refuse(&taken, &text)).await;
                refused.map(|_| format!("{REFUSED}{reason}").into_bytes())
            }
            Ok(content) => self.accept(taken, content, behaviour).await,
        };
        match done {
            Ok(answer) => self.observer.answer(exchange, &answer, None),
            Err(error) => self.observer.answer(exchange, &[], Some(&error.to_string())),
        }
        None
    }

    /// What it takes of what it could read.
    fn likes(&self, content: content::Content) -> Result<content::Content, String> {
        let wanted = self.expects.as_deref().filter(|_| self.mode == Mode::Strict);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != content.name) {
            return Err(format!("erwartet wird {wanted}, gekommen ist {}", content.name));
        }
        match self.intake.dislikes(&content.message) {
            Some(reason) => Err(reason.to_owned()),
            None => Ok(content),
        }
    }

    /// Accepts it; returns the receipt. First it lies where accepted things lie, then it is told.
    async fn accept(
        self: &Arc<Self>,
        taken: HandOver,
        content: content::Content,
        behaviour: Behaviour,
    ) -> std::io::Result<Vec<u8>> {
        let name = self.blocking(move |this| this.folder().accept(&taken)).await?;
        let case = match behaviour {
            Behaviour::Forget => self.intake.case_of(&content.vorgang),
            _ => self.intake.take(&Handed {
                vorgang: &content.vorgang,
                bezug: &name,
                title: &content.title,
                media_type: "application/xml",
                content: &content.message,
                message: None,
                attachments: &content.attachments,
            }),
        };
        let values = [
            ("{name}", &name),
            ("{vorgang}", &case.vorgang),
            ("{aktenzeichen}", &case.aktenzeichen),
            ("{zeitpunkt}", &case.since),
        ];
        let escaped = values.map(|(place, value)| {
            let mut safe = String::new();
            escape_text(value, &mut safe);
            (place, safe)
        });
        let places = escaped.each_ref().map(|(place, value)| (*place, value.as_str()));
        let receipt = fill(&self.data.receipt.body, &places);
        let mut receipt = receipt.into_bytes();
        if behaviour == Behaviour::Garble {
            receipt.truncate(receipt.len() / 2);
            receipt.extend_from_slice(&[0xFF, 0xFE, 0x00, 0xC3, 0x28]);
        }
        if self.scripts.has(FakeDefect::FvNoReceipt) {
            return Ok(Vec::new());
        }
        for _ in 0..if behaviour == Behaviour::Twice { 2 } else { 1 } {
            let (name, written) = (name.clone(), receipt.clone());
            self.blocking(move |this| this.give(&name, written)).await?;
        }
        Ok(receipt)
    }

    /// Puts a receipt into the output folder, beside one of the same name that nobody fetched yet.
    fn give(&self, name: &str, receipt: Vec<u8>) -> std::io::Result<()> {
        let given = Given::File(receipt);
        let ending = &self.data.receipt.ending;
        let mut number = 1;
        loop {
            let name = match number {
                1 => format!("{name}{ending}"),
                more => format!("{name}-{more}{ending}"),
            };
            match hand_over(&self.output, &name, &given) {
                Ok(_) => return Ok(()),
                Err(GiveError::Exists(_)) => number += 1,
                Err(error) => return Err(std::io::Error::other(error)),
            }
        }
    }
}
