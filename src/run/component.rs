//! The steps of a case in which the harness plays the hub for another component: handing over,
//! asking what is held, making it send.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::drive::Drive;
use super::handing::Handing;
use super::steps::Asked;
use crate::channel::Observer;
use crate::evidence::StepOutcome;
use crate::ids::{CaseId, PLAYED_HUB, SystemId};
use crate::message::{HubValues, Sheet, sheet};
use crate::plan::{MessageUse, Step, TestCase, document_bytes, vorgang_of};
use crate::target::{Doing, Protocol, STATE};
use crate::wire::file_number;

/// A message that the target is made to send.
struct Prompted<'a> {
    name: &'a str,
    message: &'a MessageUse,
    instruction: &'a str,
    within: Duration,
}

impl Drive<'_> {
    pub(super) async fn component(&self, case: &TestCase, step: &Step) -> StepOutcome {
        match step {
            Step::Deliver { name, to, message } => self.deliver(case, name, to, message).await,
            Step::Look { name, .. } => self.look(case, name).await,
            Step::Prompt { name, message, instruction, within_ms, .. } => {
                let within = Duration::from_millis(u64::from(*within_ms));
                self.prompt(case, &Prompted { name, message, instruction, within }).await
            }
            other => impossible(format!("{} is no step of a component", other.name())),
        }
    }

    /// Hands a message over as a hub does.
    async fn deliver(
        &self,
        case: &TestCase,
        name: &str,
        to: &SystemId,
        message: &MessageUse,
    ) -> StepOutcome {
        let hub = self.hub_values(case, message.number);
        let handing = Handing { case, step: name, to, message, hub };
        let (outcome, answer) = self.hand(&handing).await;
        let protocol = match self.protocol {
            Some(Protocol::File) => "file",
            Some(Protocol::RestJson) => "json",
            Some(protocol) if protocol.is_soap() => "soap",
            _ => "http",
        };
        if let Some(number) = answer.as_deref().and_then(|a| file_number(protocol, a)) {
            let mut told = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            told.numbers.insert(case.id.clone(), number);
        }
        outcome
    }

    /// What the hub adds by itself. A message that is handed over again is the same message.
    fn hub_values(&self, case: &TestCase, number: u32) -> HubValues {
        let mut told = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let zeitpunkt = told
            .times
            .entry((case.id.clone(), number))
            .or_insert_with(|| self.clock.now().to_string())
            .clone();
        HubValues { transaktion: format!("HUB-{}-{number}", vorgang_of(&case.id)), zeitpunkt }
    }

    /// Asks what the target holds about the case.
    async fn look(&self, case: &TestCase, name: &str) -> StepOutcome {
        let url = self.target.read().await.held_url(&vorgang_of(&case.id));
        let Some(url) = url else {
            return impossible(
                "the target file does not say where the target tells what it holds (interface.held); say it, or do not claim the role \"bestand\"",
            );
        };
        self.ask(case, name, &"harness".into(), Asked::question(url)).await.0
    }

    /// Makes the target send a message, and waits for it.
    async fn prompt(&self, case: &TestCase, prompted: &Prompted<'_>) -> StepOutcome {
        let Some(planned) = self.plan.message(&prompted.message.message) else {
            return impossible(format!("message \"{}\"", prompted.message.message));
        };
        let target = self.target.read().await;
        let mut actions = target.file.action.iter();
        let Some(action) = actions.find(|a| a.message == planned.id || a.message == "*") else {
            return impossible(format!(
                "the target file has no [[action]] for message \"{}\": say how the target is made to send it",
                planned.id
            ));
        };
        let sheet = match self.sheet_file(case) {
            Ok(sheet) => sheet,
            Err(reason) => return impossible(reason),
        };
        // People do one thing at a time.
        let turn = match &action.doing {
            Doing::Person { .. } => Some(self.person_turn.lock().await),
            Doing::Command { .. } | Doing::Call { .. } => None,
        };
        let doing = match &action.doing {
            Doing::Person { instruction } => {
                Doing::Person { instruction: told(prompted.instruction, instruction, &sheet.1) }
            }
            other => other.clone(),
        };
        let number = {
            let told = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            told.numbers.get(&case.id).cloned().unwrap_or_default()
        };
        let more = [
            ("vorgang", vorgang_of(&case.id)),
            ("aktenzeichen", number),
            ("nachricht", planned.id.clone()),
            ("datenblatt", sheet.0.display().to_string()),
            ("act", target.act_url().unwrap_or_default()),
        ];
        let since = self.recorder.writer.next_exchange();
        let arrived = self.arrival(case, &planned.root, since);
        tokio::pin!(arrived);
        let person = matches!(doing, Doing::Person { .. });
        let done = {
            let doing = target.perform(&doing, &self.around, &more);
            tokio::pin!(doing);
            let first = tokio::select! {
                done = &mut doing => Some(done),
                () = &mut arrived => None,
            };
            if first.is_none() && !person {
                // It came before the action ended: who breaks it off now would never see what else
                // the action does, such as sending it again.
                let _ = tokio::time::timeout(prompted.within, doing).await;
            }
            first
        };
        drop(turn);
        match done {
            // It came before anybody said that it was sent.
            None => return StepOutcome::Done,
            Some(Err(error)) => {
                // A target that refuses to act, or cannot, may be tried again; what it did is told.
                let place = (Some(&case.id), prompted.name);
                self.recorder.observation(
                    &"harness".into(),
                    None,
                    "action",
                    &format!("{place:?}: {error}"),
                );
                return impossible(error.to_string());
            }
            Some(Ok(_)) => {}
        }
        match tokio::time::timeout(prompted.within, arrived).await {
            Ok(()) => StepOutcome::Done,
            Err(_) => StepOutcome::TimedOut,
        }
    }

    /// Ends when a message of this root reached the played hub. A case that runs alone need not be
    /// named in it: the target gives numbers by itself.
    async fn arrival(&self, case: &TestCase, root: &str, since: u64) {
        let hub = SystemId::from(PLAYED_HUB);
        let correlators: Vec<String> = case.correlators.iter().map(|c| c.0.clone()).collect();
        let mut change = self.recorder.subscribe();
        loop {
            let seen = match case.exclusive {
                true => self.recorder.count_at_hub(root, since),
                false => self.recorder.count(&hub, &correlators, root, since),
            };
            if seen > 0 || change.changed().await.is_err() {
                return;
            }
        }
    }

    /// What is to be entered, as a file.
    fn sheet_file(&self, case: &TestCase) -> Result<(PathBuf, Sheet), String> {
        use base64::Engine as _;
        let made = sheet(self.plan, case).map_err(|e| e.to_string())?;
        let made = made.ok_or_else(|| format!("{}: there is no data sheet", case.id))?;
        let mut json = serde_json::to_value(&made).map_err(|e| e.to_string())?;
        let code = base64::engine::general_purpose::STANDARD;
        let list = json["documents"].as_array_mut().into_iter().flatten();
        for (document, use_) in list.zip(&made.documents) {
            document["content"] = code.encode(document_bytes(use_)).into();
        }
        let folder = self.folder.join(format!("{STATE}datenblatt"));
        let path = folder.join(format!("{}.json", vorgang_of(&case.id)));
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&path, json.to_string()))
            .map_err(|e| format!("{}: {e}", path.display()))?;
        Ok((path, made))
    }
}

fn impossible(reason: impl Into<String>) -> StepOutcome {
    StepOutcome::Impossible { reason: reason.into() }
}

/// What a person is told: what to do, how, and every entry.
fn told(instruction: &str, how: &str, sheet: &Sheet) -> String {
    let mut out = format!("{}: {instruction}\n{how}\n", sheet.case);
    for entry in &sheet.entries {
        let name = entry.name.as_ref().map(|n| format!(" ({n})")).unwrap_or_default();
        out.push_str(&format!("  {} / {}: {}{name}\n", entry.group, entry.label, entry.value));
    }
    for document in &sheet.documents {
        out.push_str(&format!("  Anlage {}: {}\n", document.document, document.name));
    }
    out
}

/// What was said about cases so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// File numbers that the target gave.
    numbers: HashMap<CaseId, String>,
    /// When the played hub took which message of which case.
    times: HashMap<(CaseId, u32), String>,
}

/// What was said, shared.
pub(super) type Numbers = Mutex<Told>;
