//! One case (Vorgang) as the fakes of a run saw it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ids::SystemId;
use crate::organisation::{Business, Person};

/// How far a case has come. Each one is something that a fake saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The hub acknowledged an application of the portal.
    Eingereicht,
    /// The hub rejected an application of the portal.
    Zurueckgewiesen,
    /// A Fachverfahren or a mailbox took it.
    Zugestellt,
    /// A DMS holds something of it.
    Abgelegt,
    /// The Eingangsbestätigung is in the Postfach.
    Bestaetigt,
    /// A demand for documents is in the Postfach.
    Nachgefordert,
    /// A Fachverfahren took documents that came later.
    Nachgereicht,
    /// A decision is in the Postfach.
    Beschieden,
    /// A refusal is in the Postfach.
    Abgelehnt,
}

impl State {
    /// The word for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Eingereicht => "eingereicht",
            Self::Zurueckgewiesen => "zurückgewiesen",
            Self::Zugestellt => "zugestellt",
            Self::Abgelegt => "abgelegt",
            Self::Bestaetigt => "bestätigt",
            Self::Nachgefordert => "Unterlagen nachgefordert",
            Self::Nachgereicht => "Unterlagen nachgereicht",
            Self::Beschieden => "beschieden",
            Self::Abgelehnt => "abgelehnt",
        }
    }

    /// How far along it is. Facts come in from several systems at once, so their order of arrival
    /// alone does not tell: a hub may deliver before its acknowledgement is read.
    fn rank(self) -> u8 {
        match self {
            Self::Eingereicht | Self::Zurueckgewiesen => 1,
            Self::Zugestellt => 2,
            Self::Abgelegt => 3,
            Self::Bestaetigt => 4,
            Self::Nachgefordert | Self::Nachgereicht => 5,
            Self::Beschieden | Self::Abgelehnt => 6,
        }
    }
}

/// Something that was seen, once or more often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it was.
    pub state: State,
    /// Where it was seen.
    pub system: SystemId,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
    /// Its place among all that was seen of the case, by its last time; clocks may stand still.
    order: u64,
}

/// How far an application is, as far as the portal that sent it can know from the hub's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// On its way.
    Gesendet,
    /// The hub could not be reached.
    NichtGesendet,
    /// The hub gave no answer, or one that is neither Quittung nor Rückweisung.
    Unbeantwortet,
    /// The hub acknowledged it.
    Angenommen,
    /// The hub rejected it.
    Zurueckgewiesen,
}

impl Progress {
    /// The word for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Gesendet => "gesendet",
            Self::NichtGesendet => "nicht gesendet",
            Self::Unbeantwortet => "unbeantwortet",
            Self::Angenommen => "angenommen",
            Self::Zurueckgewiesen => "zurückgewiesen",
        }
    }
}

/// An application that a portal of this world sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The portal.
    pub portal: SystemId,
    /// Short name of the application that was filled in.
    pub application: String,
    /// Its title.
    pub title: String,
    /// Id of the message.
    pub nachricht: String,
    /// Where it was sent to.
    pub to: String,
    /// When, UTC.
    pub time: Timestamp,
    /// How far it is.
    pub progress: Progress,
    /// The hub's transaction.
    pub transaktion: Option<String>,
    /// The code of a rejection.
    pub grund: Option<String>,
    /// The text of a rejection, or what is wrong with the answer.
    pub text: Option<String>,
}

impl Submission {
    fn to_json(&self) -> Value {
        json!({
            "antrag": self.application,
            "nachricht": self.nachricht,
            "an": self.to,
            "zeit": self.time.to_string(),
            "stand": self.progress.text(),
            "transaktion": self.transaktion,
            "grund": self.grund,
            "text": self.text,
        })
    }
}

/// Most things a portal sent that are remembered of a case.
const MOST_SUBMISSIONS: usize = 20;

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its number.
    pub vorgang: String,
    /// Its file number in this world.
    pub aktenzeichen: String,
    /// When something of it was first seen.
    pub since: Timestamp,
    /// Whom it is about.
    pub person: Option<Arc<Person>>,
    /// Which business it is about.
    pub business: Option<Arc<Business>>,
    /// The systems that hold something of it, each with the file number it was told, if any.
    pub systems: BTreeMap<SystemId, Option<String>>,
    /// What was seen, each thing at each system once.
    pub facts: Vec<Fact>,
    /// What a portal of this world sent for it, beginning with the application; of very many only the
    /// first one and the latest.
    pub submissions: Vec<Submission>,
}

impl Case {
    pub(super) fn new(vorgang: &str, aktenzeichen: String, since: Timestamp) -> Self {
        Self {
            vorgang: vorgang.to_owned(),
            aktenzeichen,
            since,
            person: None,
            business: None,
            systems: BTreeMap::new(),
            facts: Vec::new(),
            submissions: Vec::new(),
        }
    }

    pub(super) fn held_by(&mut self, system: &SystemId, aktenzeichen: Option<String>) {
        let place = self.systems.entry(system.clone()).or_default();
        *place = aktenzeichen.or(place.take());
    }

    pub(super) fn happened(&mut self, state: State, system: &SystemId, now: Timestamp) {
        let order = self.facts.iter().map(|f| f.order).max().unwrap_or(0) + 1;
        match self.facts.iter_mut().find(|f| f.state == state && &f.system == system) {
            Some(fact) => {
                fact.last = now;
                fact.count += 1;
                fact.order = order;
            }
            None => self.facts.push(Fact {
                state,
                system: system.clone(),
                first: now,
                last: now,
                count: 1,
                order,
            }),
        }
    }

    pub(super) fn sends(&mut self, submission: Submission) {
        if self.submissions.len() == MOST_SUBMISSIONS {
            self.submissions.remove(1);
        }
        self.submissions.push(submission);
    }

    /// What a portal sent last.
    pub fn latest(&self) -> Option<&Submission> {
        self.submissions.last()
    }

    /// Whether this portal began it.
    pub fn is_of(&self, portal: &SystemId) -> bool {
        self.submissions.first().is_some_and(|s| &s.portal == portal)
    }

    /// How far it has come; of two things that are equally far the later one counts.
    pub fn state(&self) -> Option<State> {
        let furthest = self.facts.iter().max_by_key(|f| (f.state.rank(), f.order));
        furthest.map(|f| f.state)
    }

    /// How far it has come, for people.
    pub fn state_text(&self) -> &'static str {
        match (self.state(), self.latest()) {
            (Some(state), _) => state.text(),
            (None, Some(submission)) => submission.progress.text(),
            (None, None) => "bekannt",
        }
    }

    /// How far it has come for the applicant: what came into the Postfach since the portal last sent
    /// something, and until then the hub's answer to that.
    pub fn seen_by_applicant(&self) -> &'static str {
        let Some(submission) = self.latest() else { return self.state_text() };
        let in_postfach = |f: &&Fact| {
            f.system == submission.portal && f.state.rank() > 1 && f.last >= submission.time
        };
        let furthest = self.facts.iter().filter(in_postfach);
        let furthest = furthest.max_by_key(|f| (f.state.rank(), f.order));
        furthest.map_or(submission.progress.text(), |f| f.state.text())
    }

    /// Systems that were told another file number than the one of this world.
    pub fn other_numbers(&self) -> Vec<(&SystemId, &str)> {
        let told = self.systems.iter().filter_map(|(s, n)| Some((s, n.as_deref()?)));
        told.filter(|(_, number)| *number != self.aktenzeichen).collect()
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        let mut facts: Vec<&Fact> = self.facts.iter().collect();
        facts.sort_by_key(|f| f.order);
        let facts: Vec<Value> = facts
            .iter()
            .map(|f| {
                json!({
                    "ereignis": f.state.text(), "system": f.system, "zeit": f.first.to_string(),
                    "zuletzt": f.last.to_string(), "anzahl": f.count,
                })
            })
            .collect();
        json!({
            "vorgang": self.vorgang,
            "aktenzeichen": self.aktenzeichen,
            "stand": self.state_text(),
            "seit": self.since.to_string(),
            "person": self.person.as_deref(),
            "betrieb": self.business.as_deref(),
            "systeme": self.systems,
            "ereignisse": facts,
        })
    }

    /// The same from the view of the portal that sent its application.
    pub fn application_json(&self) -> Option<Value> {
        let (first, last) = (self.submissions.first()?, self.latest()?);
        let mut value = self.to_json();
        let told = self.systems.get(&first.portal).cloned().flatten();
        let sent: Vec<Value> = self.submissions.iter().map(Submission::to_json).collect();
        let more = json!({
            "antrag": first.application,
            "titel": first.title,
            "stand": self.seen_by_applicant(),
            // The applicant knows only the number that somebody told the portal.
            "aktenzeichen": told,
            "nachricht": last.nachricht,
            "transaktion": last.transaktion,
            "grund": last.grund,
            "text": last.text,
            "gesendet": sent,
        });
        if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
            value.extend(more.clone());
            // Not the applicant's business either.
            value.remove("systeme");
            if let Some(Value::Array(facts)) = value.get_mut("ereignisse") {
                facts.retain(|f| f["system"] == first.portal.as_str());
            }
        }
        Some(value)
    }
}
