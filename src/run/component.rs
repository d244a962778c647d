//! The steps of a case in which the harness plays the hub for another component: handing over,
//! asking what is held, making it send.

use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use super::drive::Drive;
use super::steps::Asked;
use crate::channel::Observer;
use crate::evidence::StepOutcome;
use crate::ids::{CaseId, PLAYED_HUB, SystemId};
use crate::message::{HubValues, Sheet, build_for, sheet};
use crate::plan::{MessageUse, Step, TestCase, document_bytes, vorgang_of};
use crate::target::{Doing, Protocol};

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
        let started = self.clock.now();
        let hub = HubValues {
            transaktion: format!("HUB-{}-{name}", vorgang_of(&case.id)),
            zeitpunkt: started.to_string(),
        };
        let built = match build_for(self.plan, case, message, to, &hub) {
            Ok(built) => built,
            Err(error) => return impossible(error.to_string()),
        };
        let content_type = match self.protocol {
            Some(Protocol::XmlHttp) => "application/xml; charset=UTF-8",
            other => return impossible(format!("{other:?} is not spoken to a target yet")),
        };
        let url = self.target.read().await.interface_url();
        let request = Asked { method: "POST", url, content_type, body: built.bytes };
        let (outcome, answer) = self.ask(case, name, to, request).await;
        if let Some(number) = answer.and_then(|a| file_number(&a.body)) {
            let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            numbers.insert(case.id.clone(), number);
        }
        outcome
    }

    /// Asks what the target holds about the case.
    async fn look(&self, case: &TestCase, name: &str) -> StepOutcome {
        let url = self.target.read().await.held_url(&vorgang_of(&case.id));
        let Some(url) = url else {
            return impossible(
                "the target file does not say where the target tells what it holds (interface.held); say it, or do not claim the role \"bestand\"",
            );
        };
        let request = Asked { method: "GET", url, content_type: "", body: vec![] };
        self.ask(case, name, &"harness".into(), request).await.0
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
            let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            numbers.get(&case.id).cloned().unwrap_or_default()
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
        let done = {
            let doing = target.perform(&doing, &self.around, &more);
            tokio::select! {
                done = doing => Some(done),
                () = &mut arrived => None,
            }
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
        let folder = self.folder.join("zustand-datenblatt");
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

/// The file number in an answer, whatever its format.
fn file_number(answer: &[u8]) -> Option<String> {
    if let Ok(document) = crate::xml::parse(answer) {
        let root = document.root;
        let mut found = root.attribute("aktenzeichen").map(str::to_owned);
        root.walk(&mut |_, e| {
            if e.name == "Aktenzeichen" && found.is_none() {
                found = Some(e.text().trim().to_owned());
            }
        });
        return found;
    }
    let json: serde_json::Value = serde_json::from_slice(answer).ok()?;
    json["aktenzeichen"].as_str().map(str::to_owned)
}

/// File numbers that the target gave, by case.
pub(super) type Numbers = std::sync::Mutex<std::collections::HashMap<CaseId, String>>;
