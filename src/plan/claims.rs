//! What of a plan concerns a target that does not claim everything.

use std::collections::BTreeSet;

use super::case::{Expectation, Step, TestCase};
use super::types::{PlanRequirement, TestPlan};
use crate::ids::{Claims, ComponentKind, RequirementId, SystemId, TargetRole};

/// How a case stands to what a target claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applicability {
    /// It is done; these requirements in it are not claimed, and nothing is expected for them.
    Applies(BTreeSet<RequirementId>),
    /// It is not done.
    NotApplicable(String),
}

/// Whether a step only looks.
fn reads(step: &Step) -> bool {
    match step {
        Step::ReadBack { .. } | Step::Look { .. } => true,
        Step::Archive { operation, .. } => operation.reads(),
        _ => false,
    }
}

impl TestCase {
    /// Whether a step that reads something is there for these requirements alone.
    pub fn only_for(&self, step: &str, requirements: &BTreeSet<RequirementId>) -> bool {
        let only_reads = self.step.iter().any(|s| s.name() == step && reads(s));
        let mut about = self.expect.iter().filter(|e| e.steps().contains(&step)).peekable();
        only_reads
            && about.peek().is_some()
            && about.all(|e| requirements.contains(e.requirement()))
    }
}

impl TestPlan {
    /// Whether a requirement is claimed.
    pub fn is_claimed(&self, requirement: &PlanRequirement, claims: &Claims) -> bool {
        claims.reaches(requirement.stage) && claims.any_of(&requirement.roles)
    }

    /// How a case stands to what a target claims, and to the system in whose place it stands.
    pub fn applicability(
        &self,
        case: &TestCase,
        claims: &Claims,
        stands_for: Option<&SystemId>,
    ) -> Applicability {
        if let Some(other) = self.addressed(case, stands_for) {
            return Applicability::NotApplicable(format!(
                "betrifft {other}, der Prüfgegenstand steht an anderer Stelle"
            ));
        }
        if claims.is_everything() {
            return Applicability::Applies(BTreeSet::new());
        }
        let left_out: BTreeSet<RequirementId> = case
            .requirements
            .iter()
            .filter(|id| {
                let known = self.requirement.iter().find(|r| &r.id == *id);
                known.is_some_and(|r| !self.is_claimed(r, claims))
            })
            .cloned()
            .collect();
        let first = case.requirements.first();
        let own = case.expect.iter().filter(|e| !matches!(e, Expectation::NothingElse { .. }));
        let nothing =
            own.clone().count() > 0 && own.clone().all(|e| left_out.contains(e.requirement()));
        if first.is_some_and(|id| left_out.contains(id)) || nothing {
            let ids: Vec<&str> = left_out.iter().map(RequirementId::as_str).collect();
            return Applicability::NotApplicable(format!("nicht beansprucht: {}", ids.join(", ")));
        }
        if !claims.any_of(&[TargetRole::Mail]) && self.goes_to_mail(case) {
            return Applicability::NotApplicable("nicht beansprucht: Zustellung per Mail".into());
        }
        Applicability::Applies(left_out)
    }

    /// Whether a message of the case is for an authority without a Fachverfahren.
    fn goes_to_mail(&self, case: &TestCase) -> bool {
        case.step.iter().any(|step| {
            let Step::Send { message, .. } = step else { return false };
            let authority = self.authority.iter().find(|a| a.ags == message.behoerde);
            let system = authority.and_then(|a| self.system.iter().find(|s| s.id == a.receiver));
            system.is_some_and(|s| s.kind == ComponentKind::Mailsystem)
        })
    }

    /// A system that the case speaks to in place of which the target does not stand.
    fn addressed<'a>(
        &self,
        case: &'a TestCase,
        stands_for: Option<&SystemId>,
    ) -> Option<&'a SystemId> {
        let stands_for = stands_for?;
        case.step.iter().filter_map(Step::addresses).find(|system| *system != stands_for)
    }
}
