//! Filling in applications and sending them to a hub.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::outcome;
use crate::ambient::Clock;
use crate::channel::Observer;
use crate::fake_system::outgoing::{Unanswered, post};
use crate::fake_system::template::{about, filled, read, uuid, vorgangsnummer};
use crate::fake_system::world::{Progress, Submission, World};
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
            Self::Unknown { .. } => 400,
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

/// What a portal can send.
pub struct Sender {
    portal: SystemId,
    applications: Vec<(Application, String)>,
    world: Arc<World>,
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
        world: Arc<World>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, (String, std::io::Error)> {
        let read = |a: &Application| Ok((a.clone(), read(organisation, &a.file)?));
        let applications = system.application.iter().map(read).collect::<Result<_, _>>()?;
        let (portal, clock) = (system.id.clone(), Clock::system());
        Ok(Self { portal, applications, world, observer, clock })
    }

    /// The portal's id.
    pub fn portal(&self) -> &SystemId {
        &self.portal
    }

    /// What can be sent.
    pub fn offered(&self) -> Vec<Offered> {
        let all = self.applications.iter();
        all.map(|(a, _)| Offered { id: a.id.clone(), title: a.title.clone(), to: a.to.clone() })
            .collect()
    }

    /// Fills in an application and sends it; it goes on even if nobody waits for the answer.
    ///
    /// # Errors
    /// When something is not known; nothing was sent then.
    pub fn submit(&self, wanted: Wanted) -> Result<Sent, SubmitError> {
        let found = self.applications.iter().find(|(a, _)| a.id == wanted.application);
        let Some((application, text)) = found else {
            let known: Vec<&str> = self.applications.iter().map(|(a, _)| a.id.as_str()).collect();
            let (what, name) = ("Antrag", wanted.application);
            return Err(SubmitError::Unknown { what, name, known: known.join(", ") });
        };
        let to = wanted.to.filter(|to| !to.is_empty()).or_else(|| application.to.clone());
        let to = to.ok_or(SubmitError::NoAddress)?;
        let unknown = |what, name: Option<String>| SubmitError::Unknown {
            what,
            name: name.unwrap_or_default(),
            known: "siehe Organisation".into(),
        };
        let id = wanted.person.or_else(|| application.person.clone());
        let person = self.world.person(id.as_deref());
        if person.is_none() && id.is_some() {
            return Err(unknown("Person", id));
        }
        let id = wanted.business.or_else(|| application.business.clone());
        let business = self.world.business(id.as_deref());
        if business.is_none() && id.is_some() {
            return Err(unknown("Betrieb", id));
        }
        let (vorgang, nachricht, now) = (vorgangsnummer()?, uuid(), self.clock.now());
        let body = filled(text, |name| match name {
            "vorgang" => Some(vorgang.clone()),
            "nachricht" => Some(nachricht.clone()),
            "zeitpunkt" => Some(now.to_string()),
            other => about(other, person.as_deref(), business.as_deref()),
        });
        let submission = Submission {
            portal: self.portal.clone(),
            application: application.id.clone(),
            title: application.title.clone(),
            nachricht,
            to: to.clone(),
            time: now,
            progress: Progress::Gesendet,
            transaktion: None,
            grund: None,
            text: None,
        };
        self.world.submitting(&vorgang, submission, person, business);
        let (world, observer) = (self.world.clone(), self.observer.clone());
        let (portal, number) = (self.portal.clone(), vorgang.clone());
        let answered = tokio::spawn(async move {
            let answer = post(&*observer, &portal, &to, body).await;
            world.submitted(&number, |submission| match answer {
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
}
