//! Putting a case together, step by step and expectation by expectation.

use super::case::{Expectation, MessageUse, Outcome, Step, TestCase, Validity};
use super::derive::{Derivation, LogDemand, vorgang_of};
use crate::concept::{Aspect, Message};
use crate::ids::{RequirementId, SystemId};
use crate::organisation::Authority;

/// A case while it is put together.
pub(super) struct CaseBuilder {
    primary: RequirementId,
    pub case: TestCase,
}

impl CaseBuilder {
    /// Begins with an empty case.
    pub fn new(primary: RequirementId, case: TestCase) -> Self {
        Self { primary, case }
    }

    /// The case and its first requirement.
    pub fn finish(self) -> (TestCase, RequirementId) {
        (self.case, self.primary)
    }

    fn requirement(&self, d: &Derivation<'_>, aspect: Option<Aspect>) -> RequirementId {
        aspect.and_then(|a| d.requirement(a)).unwrap_or(&self.primary).clone()
    }

    /// Adds a step that sends.
    pub fn send(&mut self, name: &str, from: &SystemId, message: MessageUse) {
        self.case.step.push(Step::Send {
            name: name.into(),
            from: from.clone(),
            message: Box::new(message),
        });
    }

    /// Adds a step that waits.
    pub fn wait(&mut self, d: &Derivation<'_>, at: &SystemId, contains: &str, times: u32) {
        use crate::concept::DeadlineKind::{Durchlaufzeit, Eingangsbestaetigung};
        let name = format!("warten-{}", self.case.step.len() + 1);
        // No shorter than any deadline, so that waiting does not judge.
        let within_ms = d.within(Durchlaufzeit).max(d.within(Eingangsbestaetigung)) + 500;
        self.case.step.push(Step::Await {
            name,
            at: at.clone(),
            contains: contains.into(),
            times,
            within_ms,
        });
    }

    /// Expects that the target takes a message.
    pub fn accepted(&mut self, d: &Derivation<'_>, step: &str, aspect: Option<Aspect>) {
        let requirement = self.requirement(d, aspect);
        self.case.expect.push(Expectation::Reply {
            requirement,
            step: step.into(),
            outcome: Outcome::Accepted,
            code: None,
            lines: vec![],
        });
    }

    /// Expects that the target rejects a message.
    pub fn rejected(&mut self, step: &str, code: Option<String>, lines: Vec<u32>) {
        self.case.expect.push(Expectation::Reply {
            requirement: self.primary.clone(),
            step: step.into(),
            outcome: Outcome::Rejected,
            code,
            lines,
        });
    }

    /// Expects delivery and content.
    pub fn delivered(
        &mut self,
        d: &Derivation<'_>,
        step: &str,
        system: &SystemId,
        aspects: (Option<Aspect>, Option<Aspect>),
    ) {
        let (delivery, content) = aspects;
        self.case.expect.push(Expectation::Delivery {
            requirement: self.requirement(d, delivery),
            step: step.into(),
            system: system.clone(),
        });
        self.case.expect.push(Expectation::Content {
            requirement: self.requirement(d, content),
            step: step.into(),
            system: system.clone(),
        });
    }

    /// Expects documents at a receiver.
    pub fn documents(
        &mut self,
        d: &Derivation<'_>,
        step: &str,
        system: &SystemId,
        aspect: Option<Aspect>,
    ) {
        let requirement = self.requirement(d, aspect);
        self.case.expect.push(Expectation::Documents {
            requirement,
            step: step.into(),
            system: system.clone(),
        });
    }

    /// Expects that nothing of these steps reaches a receiver.
    pub fn absent(&mut self, steps: &[&str]) {
        self.case.expect.push(Expectation::Absence {
            requirement: self.primary.clone(),
            steps: steps.iter().map(|s| (*s).to_owned()).collect(),
        });
    }

    /// Reads the folder back and expects the message in it.
    pub fn filed(
        &mut self,
        d: &Derivation<'_>,
        step: &str,
        system: &SystemId,
        aspect: Option<Aspect>,
    ) {
        let Some(folder) = d
            .organisation
            .system(system)
            .and_then(|s| d.concept.file.receiver.iter().find(|r| r.id == s.receiver))
            .and_then(|r| r.folder.clone())
        else {
            return;
        };
        let read_back = format!("{step}-ablage");
        self.case.step.push(Step::ReadBack {
            name: read_back.clone(),
            system: system.clone(),
            folder: folder.replace("{vorgang}", &vorgang_of(&self.case.id)),
        });
        let requirement = self.requirement(d, aspect);
        self.case.expect.push(Expectation::Filing {
            requirement,
            step: step.into(),
            system: system.clone(),
            read_back,
        });
    }

    /// Expects an Eingangsbestätigung.
    pub fn confirmed(&mut self, d: &Derivation<'_>, step: &str, aspect: Option<Aspect>) {
        let requirement = self.requirement(d, aspect);
        self.case.expect.push(Expectation::Confirmation {
            requirement,
            step: step.into(),
            system: d.portal.clone(),
            within_ms: d.within(crate::concept::DeadlineKind::Eingangsbestaetigung),
        });
    }

    /// Expects a delivery within the Durchlaufzeit.
    pub fn in_time(&mut self, d: &Derivation<'_>, step: &str, system: &SystemId) {
        self.case.expect.push(Expectation::Duration {
            requirement: self.primary.clone(),
            step: step.into(),
            system: system.clone(),
            within_ms: d.within(crate::concept::DeadlineKind::Durchlaufzeit),
        });
    }

    /// Expects log events.
    pub fn logged(
        &mut self,
        d: &Derivation<'_>,
        step: &str,
        demand: LogDemand,
        aspect: Option<Aspect>,
    ) {
        if !demand.events.is_empty() {
            let requirement = self.requirement(d, aspect);
            self.case.expect.push(Expectation::Log {
                requirement,
                step: step.into(),
                events: demand.events,
                never: demand.never,
            });
        }
    }

    /// Adds any other expectation of the case's first requirement.
    pub fn expect(&mut self, make: impl FnOnce(RequirementId) -> Expectation) {
        let requirement = self.primary.clone();
        self.case.expect.push(make(requirement));
    }
}

/// A valid message of a value set.
pub(super) fn valid(
    message: &Message,
    set: &str,
    number: u32,
    authority: &Authority,
) -> MessageUse {
    MessageUse {
        message: message.id.clone(),
        values: Some(format!("{}/{set}", message.id)),
        sample: None,
        edit: vec![],
        number,
        vorgang: 0,
        behoerde: authority.ags.clone(),
        leistung: None,
        change: vec![],
        damage: None,
        validity: Validity::Valid,
        violates: None,
        rule: None,
        fault: None,
    }
}

/// The first message of a case, as a file of the plan holds it.
pub(super) fn of_file(message: &Message, name: String, authority: &Authority) -> MessageUse {
    MessageUse { values: None, sample: Some(name), ..valid(message, "", 1, authority) }
}
