//! Answers that a Fachverfahren gives by itself, some time after it took a message: confirmation,
//! demand for documents, decision. What it sends is a file of the organisation with placeholders.

use std::sync::Arc;
use std::time::Duration;

use super::outgoing::post;
use super::template::{about_case, filled, read, uuid};
use super::world::World;
use crate::ambient::Clock;
use crate::channel::{Observer, Shutdown};
use crate::ids::SystemId;
use crate::organisation::{System, TestOrganisation};

/// One answer, ready to be filled.
#[derive(Debug, Clone)]
struct Prepared {
    after: Duration,
    to: String,
    text: String,
}

/// What a system sends by itself.
pub(super) struct Later {
    id: SystemId,
    answers: Vec<Prepared>,
    observer: Arc<dyn Observer>,
    world: Arc<World>,
    clock: Clock,
    stop: Shutdown,
}

impl Later {
    /// The answers of a system.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub fn of(
        system: &System,
        organisation: &TestOrganisation,
        world: Arc<World>,
        observer: Arc<dyn Observer>,
        stop: Shutdown,
    ) -> Result<Self, (String, std::io::Error)> {
        let mut answers = Vec::new();
        for answer in &system.answer {
            let text = read(organisation, &answer.file)?;
            let after = Duration::from_millis(u64::from(answer.after_ms));
            answers.push(Prepared { after, to: answer.to.clone(), text });
        }
        let (id, clock) = (system.id.clone(), Clock::system());
        Ok(Self { id, answers, observer, world, clock, stop })
    }

    /// A message was taken: its answers go out when their time has come, unless the fakes stop first.
    pub fn taken(&self, vorgang: &str, aktenzeichen: &str) {
        for answer in self.answers.iter().cloned() {
            let (id, observer, stop) = (self.id.clone(), self.observer.clone(), self.stop.clone());
            let (world, clock) = (self.world.clone(), self.clock.clone());
            let (vorgang, aktenzeichen) = (vorgang.to_owned(), aktenzeichen.to_owned());
            tokio::spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(answer.after) => {}
                    () = stop.wait() => return,
                }
                // All of it belongs to the moment of sending, also whom the case is about.
                let case = world.case(&vorgang);
                let (nachricht, now) = (uuid(), clock.now().to_string());
                let text = filled(&answer.text, |name| match name {
                    "vorgang" => Some(vorgang.clone()),
                    "aktenzeichen" => Some(aktenzeichen.clone()),
                    "nachricht" => Some(nachricht.clone()),
                    "zeitpunkt" => Some(now.clone()),
                    other => case.as_ref().and_then(|case| about_case(other, case)),
                });
                let _ = post(&*observer, &id, &answer.to, text).await;
            });
        }
    }
}
