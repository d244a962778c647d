//! Where the message of a step may go, by the configuration as it is at that step.

use super::case::{ConfigurationChange, Expectation, Step, TestCase};
use super::types::TestPlan;
use crate::concept::MessageKind;
use crate::ids::{ComponentKind, SystemId};

impl TestPlan {
    /// The systems that may get the message of a step: one, or two where the configuration changes
    /// while it is under way. Empty where it is for nobody.
    pub fn destinations(&self, case: &TestCase, step: &str) -> Vec<SystemId> {
        let Some(at) = case.step.iter().position(|s| s.name() == step) else { return vec![] };
        let Some(message) = case.step[at].message() else { return vec![] };
        let Some(kind) = self.message(&message.message).map(|m| m.kind) else { return vec![] };
        if !matches!(kind, MessageKind::Antrag | MessageKind::Nachreichung) {
            let portal = |s: &&super::types::PlanSystem| s.kind == ComponentKind::Antragsassistent;
            return self.system.iter().find(portal).map(|s| s.id.clone()).into_iter().collect();
        }
        let Some(authority) = self.authority.iter().find(|a| a.ags == message.behoerde) else {
            return vec![];
        };
        let changed = |steps: &[Step]| {
            steps.iter().rev().find_map(|s| {
                let Step::Reconfigure { change, .. } = s else { return None };
                change.iter().rev().find_map(|c| match c {
                    ConfigurationChange::Fachverfahren { authority: id, system }
                        if *id == authority.id =>
                    {
                        Some(system.clone())
                    }
                    _ => None,
                })
            })
        };
        let mut out = vec![changed(&case.step[..at]).unwrap_or_else(|| authority.receiver.clone())];
        let moves = |e: &Expectation| matches!(e, Expectation::Moved { step: s, .. } if s == step);
        if case.expect.iter().any(moves) {
            out.extend(changed(&case.step[at..]));
        }
        out
    }
}
