//! Which messages of a plan a depot's rules bring into another format.

use crate::concept::Form;
use crate::ids::{CaseId, SystemId};
use crate::message::build;
use crate::plan::{Expectation, Step, TestPlan};
use crate::rules::Depot;

/// A message of a case that must reach a system in the format of a rule.
#[derive(Debug, Clone)]
pub struct Input {
    /// The case.
    pub case: CaseId,
    /// The step that sends it.
    pub step: String,
    /// Where it must arrive.
    pub system: SystemId,
    /// The format it must arrive in.
    pub receiver: String,
    /// The bytes that are sent.
    pub bytes: Vec<u8>,
}

/// All of them, in the order of the plan. Messages that cannot be built are left out here; a run would
/// say why.
pub fn inputs(plan: &TestPlan, depot: &Depot) -> Vec<Input> {
    let mut out = Vec::new();
    for case in &plan.case {
        for expectation in &case.expect {
            let Expectation::Content { step, system, .. } = expectation else { continue };
            let Some(receiver) = plan.receiver_of(system).filter(|r| r.form != Form::Unchanged)
            else {
                continue;
            };
            if !depot.file.rule.iter().any(|r| r.receiver == receiver.id) {
                continue;
            }
            let sent = case.step.iter().find_map(|s| match s {
                Step::Send { name, message, .. } if name == step => Some(message),
                _ => None,
            });
            let Some(built) = sent.and_then(|message| build(plan, case, message).ok()) else {
                continue;
            };
            let recognised = crate::xml::parse(&built.bytes)
                .is_ok_and(|d| depot.recognise(&d.root.name, &d.root.namespace).is_some());
            if recognised {
                out.push(Input {
                    case: case.id.clone(),
                    step: step.clone(),
                    system: system.clone(),
                    receiver: receiver.id.clone(),
                    bytes: built.bytes,
                });
            }
        }
    }
    out
}
