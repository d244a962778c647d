//! Filling in applications and sending them to a hub.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::outcome;
use super::sheet::{self, DataSheet};
use crate::ambient::Clock;
use crate::channel::Observer;
use crate::fake_system::defect::FakeDefect;
use crate::fake_system::outgoing::{Unanswered, post};
use crate::fake_system::script::Scripts;
use crate::fake_system::template::{about, filled, read, uuid, vorgangsnummer};
use crate::fake_system::world::{Case, Progress, Submission, World};
use crate::ids::SystemId;
use crate::organisation::{Application, System, TestOrganisation};

/// An application that can be sent, for people who choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Short name.
    pub id: String,
    /// Title.
    pub title: String,
    /// Where it goes unless somebody says otherwise.
    pub to: Option<String>,
    /// Whether it needs a case that there is already.
    pub follows: bool,
}

/// What is to be sent.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Short name of the application.
    pub application: String,
    /// Where to; the application's own address where absent.
    pub to: Option<String>,
    /// Id of the person; the application's own where absent.
    pub person: Option<String>,
    /// Id of the business; the application's own where absent.
    pub business: Option<String>,
    /// The case that it follows; none for the beginning of one.
    pub vorgang: Option<String>,
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// There is no such thing.
    #[error("{what} \"{name}\" gibt es hier nicht; bekannt: {known}")]
    Unknown {
        /// Antrag, Person or Betrieb.
        what: &'static str,
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// It begins a case, or follows one, and the other was wanted.
    #[error("\"{name}\" {}", if *.follows { "gehört zu einem Vorgang; `vorgang` angeben" } else { "beginnt einen Vorgang; `vorgang` weglassen" })]
    Place {
        /// The application.
        name: String,
        /// Whether it follows.
        follows: bool,
    },
    /// Nobody said where to.
    #[error(
        "wohin? Der Antrag nennt keine Adresse eines Integrationsservers; `an` angeben, `to` in der Organisation, oder `fake up --hub URL`"
    )]
    NoAddress,
    /// No number for the case.
    #[error("keine Vorgangsnummer: {0}")]
    Random(#[from] std::io::Error),
}

impl SubmitError {
    /// The HTTP status that says so.
    pub fn status(&self) -> u16 {
        match self {
            Self::Unknown { .. } | Self::Place { .. } => 400,
            Self::NoAddress => 409,
            Self::Random(_) => 500,
        }
    }
}

/// An application on its way.
#[derive(Debug)]
pub struct Sent {
    /// Number of its case.
    pub vorgang: String,
    /// Ends when the hub has answered, or will not.
    pub answered: JoinHandle<()>,
}

fn unknown(what: &'static str, name: &str, known: &str) -> SubmitError {
    SubmitError::Unknown { what, name: name.to_owned(), known: known.to_owned() }
}

/// A record of the world; without an id the first one, if there is any.
fn found_by<T>(
    id: Option<String>,
    what: &'static str,
    find: impl Fn(Option<&str>) -> Option<T>,
) -> Result<Option<T>, SubmitError> {
    match (find(id.as_deref()), id) {
        (None, Some(id)) => Err(unknown(what, &id, "siehe Organisation")),
        (found, _) => Ok(found),
    }
}

/// What a portal can send.
pub struct Sender {
    portal: SystemId,
    applications: Vec<(Application, String)>,
    world: Arc<World>,
    scripts: Scripts,
    observer: Arc<dyn Observer>,
    clock: Clock,
}

impl Sender {
    /// The applications of a portal.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub(in crate::fake_system) fn of(
        system: &System,
        organisation: &TestOrganisation,
        (world, scripts): (Arc<World>, Scripts),
        observer: Arc<dyn Observer>,
    ) -> Result<Self, (String, std::io::Error)> {
        let read = |a: &Application| Ok((a.clone(), read(organisation, &a.file)?));
        let applications = system.application.iter().map(read).collect::<Result<_, _>>()?;
        let (portal, clock) = (system.id.clone(), Clock::system());
        Ok(Self { portal, applications, world, scripts, observer, clock })
    }

    /// The portal's id.
    pub fn portal(&self) -> &SystemId {
        &self.portal
    }

    /// What can be sent.
    pub fn offered(&self) -> Vec<Offered> {
        let all = self.applications.iter();
        all.map(|(a, _)| Offered {
            id: a.name().to_owned(),
            title: a.title.clone(),
            to: a.to.clone(),
            follows: a.follows,
        })
        .collect()
    }

    /// Fills in an application and sends it; it goes on even if nobody waits for the answer.
    ///
    /// # Errors
    /// When something is not known; nothing was sent then.
    pub fn submit(&self, wanted: Wanted) -> Result<Sent, SubmitError> {
        let found = self.applications.iter().find(|(a, _)| a.name() == wanted.application);
        let Some((application, text)) = found else {
            let known: Vec<&str> = self.applications.iter().map(|(a, _)| a.name()).collect();
            return Err(unknown("Antrag", &wanted.application, &known.join(", ")));
        };
        let before = self.before(application, wanted.vorgang.as_deref())?;
        let to = wanted.to.filter(|to| !to.is_empty()).or_else(|| application.to.clone());
        // What follows goes where the beginning went.
        let to = to.or_else(|| Some(before.as_ref()?.latest()?.to.clone()));
        let to = to.ok_or(SubmitError::NoAddress)?;
        let (person, business) = match &before {
            Some(case) => (case.person.clone(), case.business.clone()),
            None => {
                let id = wanted.person.or_else(|| application.person.clone());
                let person = found_by(id, "Person", |id| self.world.person(id))?;
                let id = wanted.business.or_else(|| application.business.clone());
                (person, found_by(id, "Betrieb", |id| self.world.business(id))?)
            }
        };
        let (nachricht, now) = (uuid(), self.clock.now());
        let vorgang = match &before {
            Some(case) => case.vorgang.clone(),
            None => vorgangsnummer()?,
        };
        let body = filled(text, |name| match name {
            "vorgang" => Some(vorgang.clone()),
            "nachricht" => Some(nachricht.clone()),
            "zeitpunkt" => Some(now.to_string()),
            // Nobody has given one before the beginning.
            "aktenzeichen" => {
                Some(before.as_ref().map_or_else(String::new, |case| case.aktenzeichen.clone()))
            }
            other => about(other, person.as_deref(), business.as_deref()),
        });
        let submission = Submission {
            portal: self.portal.clone(),
            application: application.name().to_owned(),
            title: application.title.clone(),
            nachricht: nachricht.clone(),
            to: to.clone(),
            time: now,
            progress: Progress::Gesendet,
            transaktion: None,
            grund: None,
            text: None,
        };
        self.world.submitting(&vorgang, submission, person, business);
        let (world, observer) = (self.world.clone(), self.observer.clone());
        let (portal, number, id) = (self.portal.clone(), vorgang.clone(), nachricht);
        let answered = tokio::spawn(async move {
            let answer = post(&*observer, &portal, &to, "application/xml", body).await;
            world.submitted(&number, &id, |submission| match answer {
                Ok((status, body)) => outcome::read(submission, &number, status, &body),
                Err(Unanswered::NotSent(reason)) => {
                    submission.progress = Progress::NichtGesendet;
                    submission.text = Some(reason);
                }
                Err(Unanswered::Lost(reason)) => {
                    submission.progress = Progress::Unbeantwortet;
                    submission.text = Some(reason);
                }
            });
        });
        Ok(Sent { vorgang, answered })
    }

    /// Fills in an application by a data sheet and sends it; returns the number of its case.
    ///
    /// # Errors
    /// When the sheet cannot be filled in, nobody said where to, or nobody took it.
    pub async fn submit_sheet(&self, sheet: &DataSheet) -> Result<String, String> {
        let to = self.applications.iter().find_map(|(a, _)| a.to.clone());
        let to = to.ok_or_else(|| SubmitError::NoAddress.to_string())?;
        let now = self.clock.now().to_string();
        let filled = sheet::fill(sheet, &now, &self.scripts)?;
        let times = match () {
            () if self.scripts.has(FakeDefect::PortalSilent) => 0,
            () if self.scripts.has(FakeDefect::PortalSendsTwice) => 2,
            () => 1,
        };
        for _ in 0..times {
            let body = filled.body.clone();
            match post(&*self.observer, &self.portal, &to, "application/xml", body).await {
                Ok((200..=299, _)) => {}
                Ok((status, _)) => return Err(format!("{to} antwortet mit {status}")),
                Err(Unanswered::NotSent(reason) | Unanswered::Lost(reason)) => return Err(reason),
            }
        }
        Ok(filled.vorgang)
    }

    /// The case that an application follows; none when it begins one.
    fn before(
        &self,
        application: &Application,
        vorgang: Option<&str>,
    ) -> Result<Option<Case>, SubmitError> {
        match vorgang.filter(|v| !v.is_empty()) {
            Some(vorgang) if application.follows => {
                let case = self.world.case(vorgang);
                let own = case.filter(|c| c.is_of(&self.portal));
                own.map(Some).ok_or_else(|| unknown("Vorgang", vorgang, "siehe GET /antraege"))
            }
            None if !application.follows => Ok(None),
            _ => Err(SubmitError::Place {
                name: application.name().to_owned(),
                follows: application.follows,
            }),
        }
    }
}
