//! The steps of a case: sending, waiting, telling fakes, restarting, reading back.

use std::sync::PoisonError;
use std::time::Duration;

use super::drive::Drive;
use super::recorder::OwnExchange;
use crate::channel::Observer;
use crate::channel::http::{ClientError, ClientExchange, ClientRequest, send_over};
use crate::evidence::{Record, StepOutcome, TargetEvent};
use crate::fake_system::Behaviour;
use crate::ids::{CaseId, ComponentKind, SystemId};
use crate::message::build;
use crate::plan::{MessageUse, Step, TestCase};
use crate::target::explain;

/// Longest time for one answer of a fake.
const READ_LIMIT: Duration = Duration::from_secs(15);
/// After so many waits in vain for the same thing at the same place, with none that succeeded in
/// between, later waits for it are short: the plan's deadlines have been missed often enough, and the
/// verdict looks at arrival times anyway.
pub const VAIN_WAITS: usize = 6;
/// A short wait.
const SHORT_WAIT: Duration = Duration::from_millis(700);

/// A request to the target.
pub(super) struct Asked<'a> {
    pub method: &'a str,
    pub url: String,
    pub content_type: &'a str,
    /// Further header fields.
    pub fields: Vec<(&'static str, String)>,
    /// Name of the protocol, as the judge reads it.
    pub protocol: &'static str,
    pub body: Vec<u8>,
}

impl Asked<'_> {
    /// A question without a body.
    pub fn question(url: String) -> Self {
        let (method, content_type, fields, protocol) = ("GET", "", vec![], "http");
        Self { method, url, content_type, fields, protocol, body: vec![] }
    }
}

impl Drive<'_> {
    pub(super) async fn step(&self, case: &TestCase, step: &Step, since: u64) -> StepOutcome {
        match step {
            Step::Send { name, from, message } => self.send(case, name, from, message).await,
            Step::Await { at, contains, times, within_ms, .. } => {
                let limit = Duration::from_millis(u64::from(*within_ms));
                self.wait(case, (at, contains, *times), since, limit).await
            }
            Step::Fake { system, behaviour, .. } => {
                let behaviour = match behaviour {
                    crate::plan::Behaviour::Answer => Behaviour::Answer,
                    crate::plan::Behaviour::Reset => Behaviour::Reset,
                    crate::plan::Behaviour::Refuse => Behaviour::Refuse,
                };
                for correlator in &case.correlators {
                    self.fakes.scripts.set(system, correlator.as_str(), behaviour);
                }
                StepOutcome::Done
            }
            Step::Restart { .. } => self.restart().await,
            Step::Reconfigure { name, change } => self.reconfigure(case, name, change).await,
            Step::Manual { .. } => StepOutcome::ByHand,
            Step::Archive { name, at, operation } => {
                self.archive(case, name, (at, operation)).await
            }
            Step::Mail { name, to, recipient, letter, message } => {
                self.mail(case, (name, to), recipient, (*letter, message)).await
            }
            Step::Look { name, at } if self.is_mailbox(at) => self.mailbox(case, name).await,
            Step::Deliver { .. } | Step::Look { .. } | Step::Prompt { .. } => {
                self.component(case, step).await
            }
            Step::ReadBack { name, system, folder } => {
                self.read_back(case, name, system, folder).await
            }
        }
    }

    async fn send(
        &self,
        case: &TestCase,
        name: &str,
        from: &SystemId,
        message: &MessageUse,
    ) -> StepOutcome {
        let built = match build(self.plan, case, message) {
            Ok(built) => built,
            Err(error) => return StepOutcome::Impossible { reason: error.to_string() },
        };
        let url = {
            let target = self.target.read().await;
            let kind = self.plan.system.iter().find(|s| &s.id == from).map(|s| s.kind);
            let Some(endpoints) = &target.file.endpoints else {
                let reason = "the target has no [endpoints] to which a message could be sent";
                return StepOutcome::Impossible { reason: reason.into() };
            };
            match kind {
                Some(ComponentKind::Fachverfahren) => target.url(&endpoints.fachverfahren),
                _ => target.url(&endpoints.portal),
            }
        };
        let content_type = "application/xml";
        let (fields, protocol) = (vec![], "http");
        let request =
            Asked { method: "POST", url, content_type, fields, protocol, body: built.bytes };
        self.ask(case, name, from, request).await.0
    }

    /// Sends a request to the target and records it; gives back how it ended, and the raw answer.
    pub(super) async fn ask(
        &self,
        case: &TestCase,
        step: &str,
        system: &SystemId,
        request: Asked<'_>,
    ) -> (StepOutcome, Option<ClientExchange>) {
        let Asked { method, url, content_type, fields, protocol, body } = request;
        let caller = self.target.read().await.caller();
        caller.pace().await;
        let started = self.clock.now();
        let sent = caller.send_with(method, &url, content_type, fields, body).await;
        let (request, answer, failure) = passed(&sent);
        match &sent {
            Err(error) if !error.was_sent() => {
                self.check_lost().await;
                return (StepOutcome::Unreachable { reason: explain(error) }, None);
            }
            _ => self.recorder.own(&OwnExchange {
                system,
                protocol,
                case: Some(&case.id),
                step,
                peer: &url,
                started,
                request,
                answer,
                failure,
            }),
        }
        if matches!(sent, Err(ClientError::Broken { .. } | ClientError::TlsBroken { .. })) {
            self.check_lost().await;
        }
        (StepOutcome::Done, sent.ok())
    }

    /// A target that does not answer three times in a row is lost.
    pub(super) async fn check_lost(&self) {
        for _ in 0..3 {
            if self.target.read().await.ready().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.lose("the target no longer answers");
    }

    async fn wait(
        &self,
        case: &TestCase,
        (at, contains, times): (&SystemId, &str, u32),
        since: u64,
        limit: Duration,
    ) -> StepOutcome {
        let correlators: Vec<String> = case.correlators.iter().map(|c| c.0.clone()).collect();
        let mut change = self.recorder.subscribe();
        let seen = async {
            while self.recorder.count(at, &correlators, contains, since) < times {
                if change.changed().await.is_err() {
                    return;
                }
            }
        };
        let key = (at.clone(), contains.to_owned());
        let vain = |change: fn(usize) -> usize| {
            let mut map = self.vain.lock().unwrap_or_else(PoisonError::into_inner);
            let count = map.entry(key.clone()).or_default();
            *count = change(*count);
            *count
        };
        let patient = vain(|n| n) < self.vain_waits;
        let limit = if patient { limit } else { limit.min(SHORT_WAIT) };
        if tokio::time::timeout(limit, seen).await.is_ok() {
            vain(|_| 0);
            return StepOutcome::Done;
        }
        if vain(|n| n + 1) == self.vain_waits {
            let detail = format!(
                "\"{contains}\" at {at}: many waits in vain, later ones are short until one succeeds"
            );
            self.recorder.observation(&"harness".into(), None, "waiting", &detail);
        }
        StepOutcome::TimedOut
    }

    async fn restart(&self) -> StepOutcome {
        let mut target = self.target.write().await;
        if !target.can_restart() {
            let reason = "the target file has no [start] command, so the harness cannot kill it";
            return StepOutcome::Impossible { reason: reason.into() };
        }
        target.kill().await;
        self.recorder.append(&Record::Target { event: TargetEvent::Killed, detail: String::new() });
        match target.start(&*self.configured.lock().await, false).await {
            Ok(()) => {
                let detail = target.url("");
                self.recorder.append(&Record::Target { event: TargetEvent::Started, detail });
                StepOutcome::Done
            }
            Err(error) => {
                self.lose(&error.to_string());
                StepOutcome::Unreachable { reason: error.to_string() }
            }
        }
    }

    async fn read_back(
        &self,
        case: &TestCase,
        name: &str,
        system: &SystemId,
        folder: &str,
    ) -> StepOutcome {
        let base = format!("{}/root", self.fakes.urls.get(system).cloned().unwrap_or_default());
        let object = format!("{base}{folder}?cmisselector=object&succinct=true");
        let children = format!("{base}{folder}?cmisselector=children&succinct=true");
        let Some(_) = self.read(case, name, &object).await else {
            let reason = format!("{system} could not be read");
            return StepOutcome::Impossible { reason };
        };
        let impossible =
            || StepOutcome::Impossible { reason: format!("{system} could not be read") };
        let Some(list) = self.read(case, name, &children).await else { return impossible() };
        let list: serde_json::Value = serde_json::from_slice(&list).unwrap_or_default();
        for child in list["objects"].as_array().into_iter().flatten() {
            let id = child["object"]["succinctProperties"]["cmis:objectId"].as_str();
            if let Some(id) = id {
                let url = format!("{base}?objectId={id}&cmisselector=content");
                if self.read(case, name, &url).await.is_none() {
                    return impossible();
                }
            }
        }
        StepOutcome::Done
    }

    async fn read(&self, case: &TestCase, step: &str, url: &str) -> Option<Vec<u8>> {
        let started = self.clock.now();
        let request = ClientRequest {
            method: "GET",
            url: url.to_owned(),
            content_type: String::new(),
            body: vec![],
            limit: READ_LIMIT,
        };
        let done = send_over(request, self.fakes.tls.clone()).await.ok()?;
        self.recorder.own(&OwnExchange {
            system: &"harness".into(),
            protocol: "http",
            case: Some(&case.id),
            step,
            peer: url,
            started,
            request: &done.raw_request,
            answer: &done.raw_answer,
            failure: None,
        });
        Some(done.body.to_vec())
    }

    pub(super) async fn fetch_log(&self, case: Option<&CaseId>) {
        let (url, caller) = {
            let target = self.target.read().await;
            match &target.file.endpoints {
                Some(endpoints) => (target.url(&endpoints.log), target.caller()),
                None => return,
            }
        };
        let started = self.clock.now();
        let sent = caller.send("GET", &url, "", vec![]).await;
        if sent.is_err() {
            self.check_lost().await;
        }
        let (request, answer, failure) = passed(&sent);
        self.recorder.own(&OwnExchange {
            system: &"harness".into(),
            protocol: "http",
            case,
            step: "protokoll",
            peer: &url,
            started,
            request,
            answer,
            failure,
        });
    }
}

/// What passed, and what was wrong with it.
pub(super) fn passed(sent: &Result<ClientExchange, ClientError>) -> (&[u8], &[u8], Option<String>) {
    match sent {
        Ok(done) if done.surplus > 0 => {
            let why = format!(
                "{} bytes came after the answer, which belong to nothing that was asked",
                done.surplus
            );
            (&done.raw_request, &done.raw_answer, Some(why))
        }
        Ok(done) => (&done.raw_request, &done.raw_answer, None),
        Err(error) => {
            let (request, answer) = error.passed();
            (request, answer, Some(explain(error)))
        }
    }
}
