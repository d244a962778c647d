//! Which messages of a plan a depot's rules bring into another format.

use crate::concept::Form;
use crate::ids::{CaseId, SystemId};
use crate::message::build;
use crate::plan::{Expectation, TestPlan};
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

/// A message that must go through a rule of the depot and cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The case.
    pub case: CaseId,
    /// The format it must arrive in.
    pub receiver: String,
    /// Why.
    pub why: String,
}

/// What of a plan goes through a depot's rules.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Messages with the format they must arrive in, in the order of the plan.
    pub inputs: Vec<Input>,
    /// Messages that should go through a rule of this depot, and cannot: nothing is known of them.
    pub left_out: Vec<LeftOut>,
}

/// What of a plan goes through a depot's rules. A depot that recognises no message of the plan has
/// nothing to do with it.
pub fn inputs(plan: &TestPlan, depot: &Depot) -> Inputs {
    let mut out = Inputs::default();
    if !plan.message.iter().any(|m| depot.recognise(&m.root, &m.namespace).is_some()) {
        return out;
    }
    for case in &plan.case {
        for expectation in &case.expect {
            let Expectation::Content { step, system, .. } = expectation else { continue };
            let Some(receiver) = plan.receiver_of(system).filter(|r| r.form != Form::Unchanged)
            else {
                continue;
            };
            let ruled = depot.file.rule.iter().any(|r| r.receiver == receiver.id);
            // What another component sends by itself is not sent here.
            let Some(message) = case.sent(step) else { continue };
            let mut leave = |why: String| {
                let (case, receiver) = (case.id.clone(), receiver.id.clone());
                out.left_out.push(LeftOut { case, receiver, why });
            };
            let built = match build(plan, case, message) {
                Ok(built) => built,
                Err(error) => {
                    leave(error.to_string());
                    continue;
                }
            };
            let root = crate::xml::parse(&built.bytes).map(|d| d.root).unwrap_or_default();
            let recognised = depot.recognise(&root.name, &root.namespace).is_some();
            if !recognised {
                leave(format!("das Depot erkennt <{}> ({}) nicht", root.name, root.namespace));
            } else if !ruled {
                leave(format!("das Depot hat keine Regel für das Format {}", receiver.id));
            } else {
                out.inputs.push(Input {
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
