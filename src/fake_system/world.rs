//! One world per running organisation: its people and businesses, and what became of each case.
//!
//! Every fake of a run is handed the same [`World`], so that persons, businesses and file numbers
//! agree wherever they appear; two runs in one process share nothing, since nothing here is static.
//! A world only notes what its fakes saw. It decides nothing and answers nobody on the wire, except
//! that it gives out the file numbers.

mod case;
mod recognise;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

pub use case::{Case, Fact, Progress, State, Submission};
pub(super) use recognise::texts;

use crate::ambient::Clock;
use crate::ids::SystemId;
use crate::organisation::{Business, OrganisationFile, Person};

/// Most cases that are remembered; then those that appeared first go.
pub const MOST_CASES: usize = 10_000;

/// The people and businesses of an organisation, and how its file numbers look.
#[derive(Debug, Default)]
struct Known {
    people: Vec<Arc<Person>>,
    businesses: Vec<Arc<Business>>,
    aktenzeichen: String,
}

#[derive(Debug, Default)]
struct Cases {
    by_number: HashMap<String, Case>,
    /// In the order of their first appearance.
    order: VecDeque<String>,
    gone: u64,
}

/// What one fake has to say about a case.
pub(super) struct Note<'a> {
    /// The system that saw it.
    pub system: &'a SystemId,
    /// Number of the case.
    pub vorgang: &'a str,
    /// What it means for the case; none when the system merely holds something of it.
    pub state: Option<State>,
    /// A file number that was written in what came.
    pub aktenzeichen: Option<String>,
}

/// Persons, businesses, cases and file numbers of one running organisation.
#[derive(Debug)]
pub struct World {
    clock: Clock,
    known: RwLock<Arc<Known>>,
    cases: Mutex<Cases>,
    most: usize,
}

impl World {
    /// The world of an organisation, in which nothing has happened yet.
    pub fn new(organisation: &OrganisationFile, clock: Clock) -> Self {
        Self::keeping(organisation, clock, MOST_CASES)
    }

    fn keeping(organisation: &OrganisationFile, clock: Clock, most: usize) -> Self {
        let world = Self { clock, known: RwLock::default(), cases: Mutex::default(), most };
        world.learn(organisation);
        world
    }

    /// From now on these are its people and businesses; what happened stays.
    pub fn learn(&self, organisation: &OrganisationFile) {
        let known = Known {
            people: organisation.person.iter().cloned().map(Arc::new).collect(),
            businesses: organisation.business.iter().cloned().map(Arc::new).collect(),
            aktenzeichen: organisation.organisation.aktenzeichen.clone(),
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
    }

    fn known(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cases(&self) -> MutexGuard<'_, Cases> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All its people.
    pub fn people(&self) -> Vec<Arc<Person>> {
        self.known().people.clone()
    }

    /// All its businesses.
    pub fn businesses(&self) -> Vec<Arc<Business>> {
        self.known().businesses.clone()
    }

    /// A person by id; the first one without an id.
    pub fn person(&self, id: Option<&str>) -> Option<Arc<Person>> {
        let known = self.known();
        let mut people = known.people.iter();
        people.find(|p| id.is_none_or(|id| p.id == id)).cloned()
    }

    /// A business by id; the first one without an id.
    pub fn business(&self, id: Option<&str>) -> Option<Arc<Business>> {
        let known = self.known();
        let mut businesses = known.businesses.iter();
        businesses.find(|b| id.is_none_or(|id| b.id == id)).cloned()
    }

    /// The file number of a case, the same in every system: it follows from the case's own number,
    /// so it stays what it was even for a case that is no longer remembered.
    pub fn aktenzeichen(&self, vorgang: &str) -> String {
        if let Some(case) = self.cases().by_number.get(vorgang) {
            return case.aktenzeichen.clone();
        }
        self.number_for(vorgang)
    }

    fn number_for(&self, vorgang: &str) -> String {
        let number = vorgang.trim_start_matches("PS-");
        let year = self.clock.now().strftime("%Y").to_string();
        self.known().aktenzeichen.replace("{nummer}", number).replace("{jahr}", &year)
    }

    /// Notes what a fake saw. `texts` are the values of the message, asked for only while it is not
    /// yet known whom the case is about.
    pub(super) fn note(&self, note: Note<'_>, texts: impl FnOnce() -> Vec<String>) {
        if !note.vorgang.starts_with("PS-") {
            return;
        }
        let found = {
            let cases = self.cases();
            let case = cases.by_number.get(note.vorgang);
            case.is_none_or(|c| c.person.is_none() || c.business.is_none())
        };
        // Reading a message must not hold up the other fakes.
        let (person, business) = match found {
            true => {
                let (known, texts) = (self.known(), texts());
                (
                    recognise::person(&known.people, &texts),
                    recognise::business(&known.businesses, &texts),
                )
            }
            false => (None, None),
        };
        self.change(note.vorgang, |case, now| {
            case.person = case.person.take().or(person);
            case.business = case.business.take().or(business);
            case.held_by(note.system, note.aktenzeichen);
            if let Some(state) = note.state {
                case.happened(state, note.system, now);
            }
        });
    }

    /// A portal of this world has filled in something of its own.
    pub(super) fn submitting(
        &self,
        vorgang: &str,
        submission: Submission,
        person: Option<Arc<Person>>,
        business: Option<Arc<Business>>,
    ) {
        self.change(vorgang, |case, _| {
            case.person = person;
            case.business = business;
            case.sends(submission);
        });
    }

    /// What the hub said to a message of a portal; nothing when the case is gone meanwhile.
    pub(super) fn submitted(
        &self,
        vorgang: &str,
        nachricht: &str,
        change: impl FnOnce(&mut Submission),
    ) {
        let now = self.clock.now();
        let mut cases = self.cases();
        let Some(case) = cases.by_number.get_mut(vorgang) else { return };
        let mut sent = case.submissions.iter_mut();
        let Some(submission) = sent.find(|s| s.nachricht == nachricht) else { return };
        change(submission);
        let (portal, progress) = (submission.portal.clone(), submission.progress);
        match progress {
            Progress::Angenommen => case.happened(State::Eingereicht, &portal, now),
            Progress::Zurueckgewiesen => case.happened(State::Zurueckgewiesen, &portal, now),
            Progress::Gesendet | Progress::NichtGesendet | Progress::Unbeantwortet => {}
        }
    }

    fn change(&self, vorgang: &str, how: impl FnOnce(&mut Case, jiff::Timestamp)) {
        let now = self.clock.now();
        let mut cases = self.cases();
        if !cases.by_number.contains_key(vorgang) {
            let case = Case::new(vorgang, self.number_for(vorgang), now);
            cases.by_number.insert(vorgang.to_owned(), case);
            cases.order.push_back(vorgang.to_owned());
            if cases.order.len() > self.most
                && let Some(first) = cases.order.pop_front()
            {
                cases.by_number.remove(&first);
                cases.gone += 1;
            }
        }
        if let Some(case) = cases.by_number.get_mut(vorgang) {
            how(case, now);
        }
    }

    /// A case by its number.
    pub fn case(&self, vorgang: &str) -> Option<Case> {
        self.cases().by_number.get(vorgang).cloned()
    }

    /// The cases that appeared last, the newest first.
    pub fn latest(&self, most: usize) -> Vec<Case> {
        let cases = self.cases();
        let numbers = cases.order.iter().rev().take(most);
        numbers.filter_map(|n| cases.by_number.get(n).cloned()).collect()
    }

    /// How many cases are remembered, and how many older ones no longer are.
    pub fn count(&self) -> (usize, u64) {
        let cases = self.cases();
        (cases.order.len(), cases.gone)
    }
}

#[cfg(test)]
mod tests;
