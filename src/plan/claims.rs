//! What of a plan concerns a target that does not claim everything.

use std::collections::BTreeSet;

use super::archive::ArchiveWay;
use super::case::{Expectation, Step, TestCase};
use super::types::{PlanRequirement, TestPlan};
use crate::concept::MessageKind;
use crate::ids::{Claims, ComponentKind, RequirementId, SystemId, TargetRole};
use crate::xdomea::Version;

/// How a case stands to what a target claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applicability {
    /// It is done, and this is expected.
    Applies(Expected),
    /// It is not done.
    NotApplicable(String),
}

/// What of a case is expected of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What must be seen.
    pub expect: Vec<Expectation>,
    /// Requirements of which this case would have shown something, and which are not claimed.
    pub not_claimed: BTreeSet<RequirementId>,
}

/// In whose place a target stands that is no hub, and how it is spoken to there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InPlaceOf {
    /// The system of the organisation.
    pub system: SystemId,
    /// Of a DMS, the protocol.
    pub archive: ArchiveWay,
}

impl InPlaceOf {
    /// With the version of xdomea where that is spoken.
    pub fn new(system: SystemId, xdomea: Option<Version>) -> Self {
        Self { system, archive: xdomea.map_or(ArchiveWay::Cmis, ArchiveWay::Xdomea) }
    }

    /// Why a case cannot be done over this protocol.
    fn hindered(&self, case: &TestCase) -> Option<&'static str> {
        case.step.iter().find_map(|step| match step {
            Step::Archive { operation, .. } => operation.hindered(self.archive),
            _ => None,
        })
    }
}

/// Whether a step only looks.
fn reads(step: &Step) -> bool {
    match step {
        Step::ReadBack { .. } | Step::Look { .. } => true,
        Step::Archive { operation, .. } => operation.reads(),
        _ => false,
    }
}

impl Expected {
    /// The requirements about which a case of which this is expected can show something.
    ///
    /// Where a case looks at what is held and claims leave out the look, answers alone show nothing:
    /// who answers "taken" to everything would pass.
    pub fn tested<'a>(&'a self, case: &TestCase) -> impl Iterator<Item = &'a RequirementId> {
        let looks = |list: &[Expectation]| list.iter().any(Expectation::is_about_holding);
        let unseen = looks(&case.expect) && !looks(&self.expect);
        let shows = move |e: &&Expectation| match e {
            Expectation::NothingElse { .. } => false,
            answer if answer.is_answer() => !unseen,
            _ => true,
        };
        self.expect.iter().filter(shows).map(Expectation::requirement)
    }
}

impl TestCase {
    /// Whether a step that reads something does so only for what is no longer expected.
    pub fn reads_in_vain(&self, step: &str, expected: &[Expectation]) -> bool {
        let only_reads = self.step.iter().any(|s| s.name() == step && reads(s));
        let speaks = |list: &[Expectation]| list.iter().any(|e| e.steps().contains(&step));
        only_reads && speaks(&self.expect) && !speaks(expected)
    }
}

impl TestPlan {
    /// Whether a requirement is claimed.
    pub fn is_claimed(&self, requirement: &PlanRequirement, claims: &Claims) -> bool {
        claims.reaches(requirement.stage) && claims.any_of(&requirement.roles)
    }

    /// Whether a role is claimed, and in a stage in which the plan demands something of it.
    fn is_played(&self, role: TargetRole, claims: &Claims) -> bool {
        let mut demands = self.requirement.iter().filter(|r| r.roles.contains(&role)).peekable();
        let reached = demands.peek().is_none() || demands.any(|r| claims.reaches(r.stage));
        claims.any_of(&[role]) && reached
    }

    /// How a case stands to what a target claims, and to the system in whose place it stands.
    ///
    /// Requirements decide first: what a case expects for one that is not claimed is not expected.
    /// Then roles do, since most cases show more than their own requirement: what only a role does
    /// that is not claimed is expected under no requirement, and a message that only such a role
    /// would take or refuse is not sent.
    pub fn applicability(
        &self,
        case: &TestCase,
        claims: &Claims,
        stands_for: Option<&InPlaceOf>,
    ) -> Applicability {
        if let Some(other) = self.addressed(case, stands_for.map(|s| &s.system)) {
            return Applicability::NotApplicable(format!(
                "betrifft {other}, der Prüfgegenstand steht an anderer Stelle"
            ));
        }
        if let Some(why) = stands_for.and_then(|s| s.hindered(case)) {
            return Applicability::NotApplicable(why.into());
        }
        if claims.is_everything() {
            let expect = case.expect.clone();
            return Applicability::Applies(Expected { expect, not_claimed: BTreeSet::new() });
        }
        let mut not_claimed: BTreeSet<RequirementId> = case
            .requirements
            .iter()
            .filter(|id| {
                let known = self.requirement.iter().find(|r| &r.id == *id);
                known.is_some_and(|r| !self.is_claimed(r, claims))
            })
            .cloned()
            .collect();
        let shown = |ids: &BTreeSet<RequirementId>| {
            let ids: Vec<&str> = ids.iter().map(RequirementId::as_str).collect();
            Applicability::NotApplicable(format!("nicht beansprucht: {}", ids.join(", ")))
        };
        let Some(first) = case.requirements.iter().find(|id| !not_claimed.contains(*id)) else {
            return shown(&not_claimed);
        };
        if let Some(role) = self.role_for_steps(case, claims) {
            return Applicability::NotApplicable(format!("nicht beansprucht: {}", role.name()));
        }
        let mut left_out = BTreeSet::new();
        let mut expect = Vec::new();
        for expectation in &case.expect {
            if let Expectation::NothingElse { .. } = expectation {
                // Whatever else is claimed: nobody may get what is for somebody else.
                expect.push(Expectation::NothingElse { requirement: first.clone() });
                continue;
            }
            if not_claimed.contains(expectation.requirement()) {
                continue;
            }
            let roles = self.roles_of(expectation);
            if roles.is_empty() || roles.iter().any(|role| self.is_played(*role, claims)) {
                expect.push(self.without_events(expectation, claims, &mut left_out));
            } else {
                left_out.extend(roles);
            }
        }
        for requirement in self.requirement.iter().filter(|r| r.applies) {
            let about = requirement.roles.iter().any(|role| left_out.contains(role));
            if about && !self.is_claimed(requirement, claims) {
                not_claimed.insert(requirement.id.clone());
            }
        }
        let own = |e: &Expectation| !matches!(e, Expectation::NothingElse { .. });
        if case.expect.iter().any(own) && !expect.iter().any(own) {
            return shown(&not_claimed);
        }
        Applicability::Applies(Expected { expect, not_claimed })
    }

    /// Roles of which one must be claimed for an expectation; none for what every target must do.
    fn roles_of(&self, expectation: &Expectation) -> Vec<TargetRole> {
        use TargetRole as R;
        let by_mail = |system: &SystemId| {
            let kind = self.system.iter().find(|s| &s.id == system).map(|s| s.kind);
            kind == Some(ComponentKind::Mailsystem)
        };
        match expectation {
            Expectation::Delivery { system, .. }
            | Expectation::Content { system, .. }
            | Expectation::Documents { system, .. }
                if by_mail(system) =>
            {
                vec![R::Mail]
            }
            Expectation::Delivery { .. } => vec![R::Zustellung],
            Expectation::Content { .. } | Expectation::Documents { .. } => vec![R::Umformung],
            Expectation::Filing { .. } => vec![R::Ablage],
            Expectation::Confirmation { .. } | Expectation::Duration { .. } => {
                vec![R::Bestaetigung]
            }
            Expectation::Log { .. } => vec![R::Protokoll],
            Expectation::Held { .. } => vec![R::Bestand],
            Expectation::Moved { .. } | Expectation::SameRules { .. } => vec![R::Umkonfiguration],
            _ => vec![],
        }
    }

    /// An expectation about the log without the events that only roles leave which are not claimed.
    fn without_events(
        &self,
        expectation: &Expectation,
        claims: &Claims,
        left_out: &mut BTreeSet<TargetRole>,
    ) -> Expectation {
        let mut changed = expectation.clone();
        if let Expectation::Log { events, .. } = &mut changed {
            events.retain(|event| match role_of_event(event) {
                Some(role) if !self.is_played(role, claims) => {
                    left_out.insert(role);
                    false
                }
                _ => true,
            });
        }
        changed
    }

    /// A role that is not claimed, but without which what is done in a case shows nothing.
    fn role_for_steps(&self, case: &TestCase, claims: &Claims) -> Option<TargetRole> {
        let missing = |role: TargetRole| !self.is_played(role, claims);
        case.step.iter().find_map(|step| {
            if let Step::Fake { system, .. } = step {
                return self.role_towards(system).filter(|role| missing(*role));
            }
            if matches!(step, Step::Reconfigure { .. }) && missing(TargetRole::Umkonfiguration) {
                return Some(TargetRole::Umkonfiguration);
            }
            let Step::Send { message, .. } = step else { return None };
            let kind = self.message(&message.message).map(|m| m.kind);
            let later = kind.is_some_and(|kind| kind != MessageKind::Antrag);
            if later && missing(TargetRole::Ablauf) {
                return Some(TargetRole::Ablauf);
            }
            match message.fault {
                Some(fault) => {
                    let roles = fault.roles();
                    roles.iter().copied().all(missing).then(|| roles.first().copied()).flatten()
                }
                // What is refused goes nowhere, so it needs no way to where it would go.
                None => (self.goes_to_mail(&message.behoerde) && missing(TargetRole::Mail))
                    .then_some(TargetRole::Mail),
            }
        })
    }

    /// The role in which a hub speaks to a system.
    fn role_towards(&self, system: &SystemId) -> Option<TargetRole> {
        match self.system.iter().find(|s| &s.id == system)?.kind {
            ComponentKind::Fachverfahren => Some(TargetRole::Zustellung),
            ComponentKind::Dms => Some(TargetRole::Ablage),
            ComponentKind::Mailsystem => Some(TargetRole::Mail),
            ComponentKind::Antragsassistent => Some(TargetRole::Bestaetigung),
            _ => None,
        }
    }

    /// Whether an authority has a mailbox and no Fachverfahren.
    fn goes_to_mail(&self, ags: &str) -> bool {
        let authority = self.authority.iter().find(|a| a.ags == ags);
        let system = authority.and_then(|a| self.system.iter().find(|s| s.id == a.receiver));
        system.is_some_and(|s| s.kind == ComponentKind::Mailsystem)
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

/// The role that leaves an event in the transaction log; none for what every target notes.
fn role_of_event(event: &str) -> Option<TargetRole> {
    match event {
        "geprueft" => Some(TargetRole::Pruefung),
        "umgeformt" => Some(TargetRole::Umformung),
        "zugestellt" => Some(TargetRole::Zustellung),
        "gemailt" => Some(TargetRole::Mail),
        "abgelegt" => Some(TargetRole::Ablage),
        "bestaetigt" => Some(TargetRole::Bestaetigung),
        _ => None,
    }
}
