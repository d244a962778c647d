//! What every Fachverfahren does with what it takes, whatever the protocol: it gets a file number, is
//! shown, can be asked about, and is answered some time later.

use std::sync::Arc;

use super::cases::{Case, Cases};
use super::faulty;
use super::inbox::Inbox;
use super::later::Later;
use super::script::Scripts;
use super::world::{Note, State, World, texts};
use crate::ambient::Clock;
use crate::ids::SystemId;
use crate::xml::parse;

/// An application that is handed over.
#[derive(Debug)]
pub(super) struct Handed<'a> {
    /// The case it belongs to.
    pub vorgang: &'a str,
    /// The name that it has in its protocol, to which answers refer.
    pub bezug: &'a str,
    /// What it is, for people.
    pub title: &'a str,
    /// Its bytes as they came.
    pub content: &'a [u8],
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
        Self { id, world, inbox, cases, later, scripts, clock: Clock::system() }
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

    /// Takes an application. Who hands the same case over again gets the same file number.
    pub fn take(&self, handed: &Handed<'_>) -> Case {
        let case = self.case_of(handed.vorgang);
        let known = self.cases.open(case.clone()).err();
        self.keep(handed, &case.aktenzeichen);
        known.unwrap_or(case)
    }

    /// Takes an application of a case that nobody handed over before.
    ///
    /// # Errors
    /// The case that is known already; then nothing is kept.
    pub fn take_new(&self, handed: &Handed<'_>) -> Result<Case, Case> {
        let case = self.case_of(handed.vorgang);
        self.cases.open(case.clone())?;
        self.keep(handed, &case.aktenzeichen);
        Ok(case)
    }

    fn keep(&self, handed: &Handed<'_>, number: &str) {
        let Handed { vorgang, bezug, title, content, attachments } = handed;
        for (name, bytes) in *attachments {
            self.inbox.take(vorgang, name, number, bytes);
        }
        if let Some(kept) = faulty::kept(&self.scripts, content) {
            self.inbox.take(vorgang, title, number, &kept);
        }
        let note = Note {
            system: &self.id,
            vorgang,
            state: Some(State::Zugestellt),
            aktenzeichen: Some(number.to_owned()),
        };
        self.world.note(note, || said(content));
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
