//! What every Fachverfahren does with what it takes, whatever the protocol: it gets a file number, is
//! shown, can be asked about, and is answered some time later.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::cases::{Case, Cases};
use super::defect::FakeDefect;
use super::faulty::{self, text_has_rare_letters};
use super::inbox::{Inbox, Kept};
use super::later::Later;
use super::script::Scripts;
use super::world::{Note, State, World, texts};
use crate::ambient::Clock;
use crate::ids::{Correlator, Digest, SystemId};
use crate::xml::parse;

/// Most messages that are remembered.
const MOST_KNOWN: usize = 100_000;

/// An application that is handed over.
#[derive(Debug)]
pub(super) struct Handed<'a> {
    /// The case it belongs to.
    pub vorgang: &'a str,
    /// The name that it has in its protocol, to which answers refer.
    pub bezug: &'a str,
    /// What it is, for people.
    pub title: &'a str,
    /// What it says to be.
    pub media_type: &'a str,
    /// Its bytes as they came.
    pub content: &'a [u8],
    /// The message in them, where they are not that message by themselves.
    pub message: Option<&'a [u8]>,
    /// Name and bytes of what came with it.
    pub attachments: &'a [(String, Vec<u8>)],
}

/// The desk at which things are taken.
pub(super) struct Intake {
    id: SystemId,
    world: Arc<World>,
    inbox: Arc<Inbox>,
    cases: Arc<Cases>,
    later: Option<Arc<Later>>,
    scripts: Scripts,
    clock: Clock,
    /// What was taken: who hands over repeats what was not acknowledged to him.
    taken: Mutex<HashSet<Digest>>,
}

impl Intake {
    pub fn new(
        id: SystemId,
        inbox: Arc<Inbox>,
        (world, scripts): (Arc<World>, Scripts),
        later: Option<Arc<Later>>,
    ) -> Self {
        let cases = Arc::new(Cases::default());
        if let Some(later) = &later {
            later.tell(cases.clone());
        }
        let (clock, taken) = (Clock::system(), Mutex::default());
        Self { id, world, inbox, cases, later, scripts, clock, taken }
    }

    /// The time now, RFC 3339.
    pub fn now(&self) -> String {
        self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The case as it would be taken.
    pub fn case_of(&self, vorgang: &str) -> Case {
        Case {
            aktenzeichen: self.world.aktenzeichen(vorgang),
            vorgang: vorgang.to_owned(),
            stand: "eingegangen".into(),
            since: self.now(),
        }
    }

    /// Whether it has a fault.
    pub fn has(&self, defect: FakeDefect) -> bool {
        self.scripts.has(defect)
    }

    /// Why it will not take this, though it should.
    pub fn dislikes(&self, content: &[u8]) -> Option<&'static str> {
        let picky = self.has(FakeDefect::FvRefusesUmlauts);
        (picky && text_has_rare_letters(content)).then_some("Zeichen nicht zulässig")
    }

    /// Takes an application. Who hands the same case over again gets the same file number, and the same
    /// message counts once.
    pub fn take(&self, handed: &Handed<'_>) -> Case {
        let case = self.case_of(handed.vorgang);
        let known = self.cases.open(case.clone()).err();
        let mut case = known.unwrap_or(case);
        let again = self.is_known(handed);
        let anew = again && self.has(FakeDefect::FvOpensAnew);
        if anew {
            case.aktenzeichen.push_str("-2");
        }
        self.keep(handed, &case.aktenzeichen, again && !anew);
        case
    }

    /// Takes an application of a case that nobody handed over before.
    ///
    /// # Errors
    /// The case that is known already; then nothing is kept.
    pub fn take_new(&self, handed: &Handed<'_>) -> Result<Case, Case> {
        let mut case = self.case_of(handed.vorgang);
        if let Err(known) = self.cases.open(case.clone()) {
            if !self.has(FakeDefect::FvOpensAnew) {
                return Err(known);
            }
            case.aktenzeichen.push_str("-2");
        }
        self.keep(handed, &case.aktenzeichen, false);
        Ok(case)
    }

    /// Whether the same was taken before; from now on it was. A message is known by its id, the first
    /// UUID in it; one that has none, by its bytes.
    fn is_known(&self, handed: &Handed<'_>) -> bool {
        let mut words = Correlator::candidates(handed.message.unwrap_or(handed.content));
        let id = words.find(|w| w.len() == 36 && w.split('-').map(str::len).eq([8, 4, 4, 4, 12]));
        let known = match id {
            Some(id) => Digest::of(format!("{} {id}", handed.vorgang)),
            None => {
                let mut all = handed.content.to_vec();
                for (name, bytes) in handed.attachments {
                    all.extend_from_slice(name.as_bytes());
                    all.extend_from_slice(bytes);
                }
                Digest::of(&all)
            }
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() > MOST_KNOWN {
            taken.clear();
        }
        !taken.insert(known)
    }

    fn keep(&self, handed: &Handed<'_>, number: &str, again: bool) {
        let Handed { vorgang, bezug, title, media_type, content, message, attachments } = *handed;
        let kept = faulty::kept(&self.scripts, message.unwrap_or(content));
        let lost = usize::from(self.has(FakeDefect::FvLosesAttachment));
        self.inbox.keep(&Kept {
            vorgang,
            title,
            aktenzeichen: number,
            media_type,
            content: kept.as_ref().map(|_| content),
            message: kept.as_deref(),
            again,
            attachments: &attachments[..attachments.len().saturating_sub(lost)],
        });
        let note = Note {
            system: &self.id,
            vorgang,
            state: Some(State::Zugestellt),
            aktenzeichen: Some(number.to_owned()),
        };
        self.world.note(note, || said(message.unwrap_or(content)));
        if let Some(later) = &self.later {
            later.taken(vorgang, number, bezug);
        }
    }

    /// What is known.
    pub fn cases(&self) -> &Cases {
        &self.cases
    }
}

/// What an application says, by which the world recognises whom it is about.
fn said(content: &[u8]) -> Vec<String> {
    if let Ok(document) = parse(content) {
        return texts(&document.root);
    }
    let mut out = Vec::new();
    if let Ok(value) = serde_json::from_slice(content) {
        strings(&value, &mut out);
    }
    out
}

fn strings(value: &serde_json::Value, out: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => out.push(text.clone()),
        serde_json::Value::Array(all) => all.iter().for_each(|one| strings(one, out)),
        serde_json::Value::Object(all) => all.values().for_each(|one| strings(one, out)),
        _ => {}
    }
}
