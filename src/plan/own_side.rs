//! A component's case is the hub's case seen from its own side: what a hub would hand over to a
//! Fachverfahren is handed over by the harness, what the Fachverfahren would send is asked of it, and
//! what concerns others is left out.

use std::collections::BTreeMap;

use super::case::{Damage, Expectation, MessageUse, Outcome, Step, TestCase, Validity};
use super::derive::Derivation;
use super::types::{PlanReceiver, PlanSystem};
use crate::concept::{Aspect, Fault, Form};
use crate::ids::{CaseId, ComponentKind, PLAYED_HUB, RequirementId, SystemId};
use crate::organisation::TestOrganisation;
use crate::wire::JSON_ROOT;

/// How long a Fachverfahren has to send what it was told to send, milliseconds.
const SENDING: u32 = 10_000;

/// The hub that the harness plays, as a system of the plan.
pub(super) fn played_hub() -> (PlanSystem, PlanReceiver) {
    let system = PlanSystem {
        id: SystemId::from(PLAYED_HUB),
        kind: ComponentKind::Integrationsserver,
        receiver: PLAYED_HUB.into(),
    };
    let receiver = PlanReceiver {
        id: PLAYED_HUB.into(),
        kind: ComponentKind::Integrationsserver,
        form: Form::Unchanged,
        root: None,
        namespace: None,
        order: vec![],
        own: BTreeMap::new(),
        documents: None,
        folder: None,
        lineage: BTreeMap::new(),
    };
    (system, receiver)
}

/// The organisation in parts that are derived one after the other: a Fachverfahren is tested alone,
/// with everything that is for it; for any other component, the whole.
pub(super) fn parts(
    organisation: &TestOrganisation,
    component: ComponentKind,
) -> Vec<TestOrganisation> {
    if component != ComponentKind::Fachverfahren {
        return vec![organisation.clone()];
    }
    let mut out = Vec::new();
    for system in organisation.file.system.iter().filter(|s| s.kind == component) {
        let mut part = organisation.clone();
        part.file.authority.retain(|a| a.fachverfahren.as_ref() == Some(&system.id));
        if !part.file.authority.is_empty() {
            out.push(part);
        }
    }
    out
}

/// The case of a Fachverfahren; none where nothing of it concerns one.
pub(super) fn of_fachverfahren(d: &Derivation<'_>, case: TestCase) -> Option<TestCase> {
    let mut own = OwnSide { d, held: vec![], handed: vec![], prompted: vec![], system: None };
    let mut steps = Vec::new();
    for step in case.step {
        match step {
            Step::Send { name, message, .. } => steps.push(own.step(name, message)?),
            // What is waited for and looked up lies with others.
            Step::Await { .. } | Step::ReadBack { .. } => {}
            Step::Manual { .. } => steps.push(step),
            // Others that are down, and a hub that is killed, are no matter of a Fachverfahren.
            _ => return None,
        }
    }
    let mut expect: Vec<Expectation> = Vec::new();
    for expectation in case.expect {
        expect.extend(own.expectation(expectation));
    }
    if let Some(at) = &own.system {
        let look = "bestand".to_owned();
        // What is refused, or came before, is about what is held; there this check decides.
        let decides = own.handed.iter().any(|(_, _, fault)| fault.is_some());
        let requirement = match decides {
            true => case.requirements.first().cloned(),
            false => d.requirement(Aspect::Keeping).cloned(),
        };
        if let Some(requirement) = requirement.filter(|_| !own.handed.is_empty()) {
            steps.push(Step::Look { name: look.clone(), at: at.clone() });
            // What only leads to the message that the case is about is held as well.
            let asked = |step: &String| {
                let about =
                    |e: &Expectation| matches!(e, Expectation::Answer { step: s, .. } if s == step);
                expect.iter().any(about)
            };
            let good = own.handed.iter().filter(|(_, _, fault)| fault.is_none());
            let held: Vec<String> = good
                .map(|(name, ..)| name)
                .filter(|name| own.held.contains(name) || !asked(name))
                .cloned()
                .collect();
            expect.push(Expectation::Held { requirement, steps: held, look });
        }
    }
    let other =
        |e: &Expectation| matches!(e, Expectation::Attested { .. } | Expectation::Foreign { .. });
    let about = !own.handed.is_empty() || !own.prompted.is_empty();
    let id = match &own.system {
        Some(system) => CaseId(format!("{}/{system}", case.id)),
        None => case.id,
    };
    (about || expect.iter().any(other)).then_some(TestCase { id, step: steps, expect, ..case })
}

struct OwnSide<'a, 'b> {
    d: &'a Derivation<'b>,
    /// Steps whose messages are held in the end.
    held: Vec<String>,
    /// Steps that hand over, with the number of the message and what is wrong with it.
    handed: Vec<(String, u32, Option<Fault>)>,
    /// Steps that ask for a message.
    prompted: Vec<String>,
    /// The Fachverfahren.
    system: Option<SystemId>,
}

impl OwnSide<'_, '_> {
    fn step(&mut self, name: String, message: Box<MessageUse>) -> Option<Step> {
        let known = self.d.concept.message(&message.message)?;
        let mut authorities = self.d.organisation.file.authority.iter();
        let system = authorities.find(|a| a.ags == message.behoerde)?.fachverfahren.clone()?;
        self.system = Some(system.clone());
        if known.from == ComponentKind::Fachverfahren {
            // What it sends are its own values; only whether they are right can be asked.
            if !message.change.is_empty() || message.validity != Validity::Valid {
                return None;
            }
            self.prompted.push(name.clone());
            return Some(Step::Prompt {
                name,
                at: system,
                instruction: format!(
                    "Im Fachverfahren zum Vorgang der Prüfung \"{}\" absenden.",
                    known.title
                ),
                message,
                within_ms: SENDING,
            });
        }
        if matches!(message.damage, Some(Damage::WrongOrder | Damage::UnknownElement | Damage::Nil))
        {
            // The concept says where values stand in the format of a receiver, and has no schema of it.
            return None;
        }
        if message.damage.is_some_and(|damage| self.has_none(&system, damage)) {
            return None;
        }
        let again = self.handed.iter().any(|(_, number, _)| *number == message.number);
        let fault = if again { Some(Fault::Duplicate) } else { message.fault };
        self.handed.push((name.clone(), message.number, fault));
        Some(Step::Deliver { name, to: system, message })
    }

    /// Whether the format of a system has nothing that could be wrong in this way: JSON has no
    /// namespaces, prefixes, document types, and neither a declaration nor a byte order mark that a
    /// reader must take (RFC 8259, section 8.1).
    fn has_none(&self, system: &SystemId, damage: Damage) -> bool {
        let systems = &self.d.organisation.file.system;
        let receiver = systems.iter().find(|s| &s.id == system).map(|s| &s.receiver);
        let receivers = &self.d.concept.file.receiver;
        let receiver = receivers.iter().find(|r| Some(&r.id) == receiver);
        let json =
            receiver.is_some_and(|r| r.root.as_deref() == Some(JSON_ROOT) && r.namespace.is_none());
        json && !matches!(
            damage,
            Damage::Empty | Damage::NotWellFormed | Damage::WrongRoot | Damage::Latin1DeclaredUtf8
        )
    }

    fn fault_of(&self, step: &str) -> Option<Option<Fault>> {
        self.handed.iter().find(|(name, ..)| name == step).map(|(.., fault)| *fault)
    }

    fn expectation(&mut self, expectation: Expectation) -> Option<Expectation> {
        match expectation {
            Expectation::Reply { requirement, step, outcome, .. } => {
                self.reply(requirement, step, outcome)
            }
            e @ (Expectation::Attested { .. }
            | Expectation::Undecidable { .. }
            | Expectation::Foreign { .. }) => Some(e),
            _ => None,
        }
    }

    fn reply(
        &mut self,
        requirement: RequirementId,
        step: String,
        outcome: Outcome,
    ) -> Option<Expectation> {
        if self.prompted.contains(&step) {
            return Some(Expectation::Incoming { requirement, step, as_entered: false });
        }
        let fault = self.fault_of(&step)?;
        if fault == Some(Fault::Duplicate) {
            // Hubs hand over at least once: the same again leads to no second case, whether it is
            // taken again or not.
            let same_as = self.held.last().cloned();
            return Some(Expectation::Answer {
                requirement,
                step,
                outcome: None,
                numbered: false,
                same_as,
            });
        }
        if outcome == Outcome::Accepted {
            self.held.push(step.clone());
        }
        // A decision names the file number, so it must be known from the beginning.
        let numbered = outcome == Outcome::Accepted
            && self.d.requirement(Aspect::Flow).is_some()
            && self.d.concept.file.field.iter().any(|f| f.world.as_deref() == Some("aktenzeichen"));
        let outcome = Some(outcome);
        Some(Expectation::Answer { requirement, step, outcome, numbered, same_as: None })
    }
}
