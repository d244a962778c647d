//! The steps of a case in which the harness plays the hub for another component: handing over,
//! asking what is held, making it send.

use super::drive::Drive;
use crate::evidence::StepOutcome;
use crate::plan::{Step, TestCase};

impl Drive<'_> {
    pub(super) async fn component(&self, case: &TestCase, step: &Step) -> StepOutcome {
        let reason = format!("{}: {} is not driven yet", case.id, step.name());
        StepOutcome::Impossible { reason }
    }
}
