//! The Funktionstest: a few harmless messages to the configuration of one real authority. All of them are
//! valid and marked as tests, nothing is made to fail, and whether they arrived where they belong is for
//! the people there to say.

use super::builder::valid;
use super::case::{Change, Expectation, Step, TestCase, Validity};
use super::catalogue::Method;
use super::derive::{Derivation, DeriveError, Scope, vorgang_of};
use super::types::{PlanKind, TestPlan};
use crate::concept::{Aspect, LogAfter, MessageKind, SystemConcept};
use crate::ids::ComponentKind;
use crate::organisation::TestOrganisation;

/// The method that makes its cases.
pub(super) const METHOD: &str = "functional";

/// Whether concept and organisation are made for a plan of this kind.
///
/// # Errors
/// When a real authority would get something else than a Funktionstest, or one cannot be made.
pub(super) fn fits(
    concept: &SystemConcept,
    organisation: &TestOrganisation,
    scope: Scope,
) -> Result<(), DeriveError> {
    let mismatch = |text: String| Err(DeriveError::Mismatch(text));
    let head = &organisation.file.organisation;
    if scope.kind != PlanKind::Funktionstest {
        return match head.pilot {
            true => mismatch(format!(
                "organisation \"{}\" holds real authorities (pilot = true); derive a Funktionstest for one of them with --funktionstest",
                head.id
            )),
            false => Ok(()),
        };
    }
    if scope.component != ComponentKind::Integrationsserver {
        return mismatch("a Funktionstest is for the integrationsserver of an authority".into());
    }
    let Some(mark) = &concept.file.concept.test_mark else {
        return mismatch(
            "the concept does not say how a message is marked as a test; add [concept.test_mark] with field and value, or nobody at the authority could tell it from a real one"
                .into(),
        );
    };
    if concept.field(&mark.field).is_none() {
        return mismatch(format!("test_mark: there is no field \"{}\"", mark.field));
    }
    match organisation.file.authority.len() {
        1 => Ok(()),
        other => mismatch(format!("a Funktionstest is for one authority, not for {other}")),
    }
}

/// Each service of the authority once, with what is mandatory.
pub(super) fn functional(d: &mut Derivation<'_>, method: &Method) {
    let portal = d.portal.clone();
    let Some(authority) = d.organisation.file.authority.first() else { return };
    let Some(mark) = d.concept.file.concept.test_mark.clone() else { return };
    for message in d.messages(MessageKind::Antrag) {
        if !d.offering(message).iter().any(|a| a.id == authority.id) {
            continue;
        }
        let id = format!("{}/{}", message.id, authority.id);
        let title = format!("{} an {}: Funktionstest", message.title, authority.name);
        let Some(mut case) = d.case(method, id, title, Aspect::Acceptance) else { continue };
        let mut subject = valid(message, "minimal", 1, authority);
        let group = d.concept.field(&mark.field).map(|f| f.group.clone()).unwrap_or_default();
        subject.change.push(Change::Set {
            group,
            occurrence: 0,
            field: mark.field.clone(),
            values: vec![mark.value.clone()],
        });
        case.send("antrag", &portal, subject);
        case.accepted(d, "antrag", None);
        let events = d.log_events(LogAfter::Antrag, authority);
        case.logged(d, "antrag", events, Some(Aspect::Log));
        let vorgang = vorgang_of(&case.case.id);
        case.case.step.push(Step::Manual {
            name: "nachsehen".into(),
            instruction: format!(
                "Bei {} nachsehen, was aus Vorgang {vorgang} wurde, und ihn dort löschen.",
                authority.name
            ),
            message: None,
        });
        let requirement = d.requirement(Aspect::Routing).cloned();
        let question = format!(
            "Kam Vorgang {vorgang} genau einmal beim richtigen System der Stelle an, vollständig, als \
             Testnachricht erkennbar, und kam die Eingangsbestätigung zurück?"
        );
        case.expect(|primary| Expectation::Attested {
            requirement: requirement.unwrap_or(primary),
            question,
        });
        d.push(case);
    }
}

/// Title of a plan.
pub(super) fn title(concept: &str, d: &Derivation<'_>, scope: Scope) -> String {
    match (scope.kind, d.organisation.file.authority.first()) {
        (PlanKind::Funktionstest, Some(authority)) => {
            format!("Funktionstest {}: {concept}", authority.name)
        }
        _ => concept.to_owned(),
    }
}

/// Requirements that a Funktionstest does not look at are not open because of it.
pub(super) fn only_what_is_shown(plan: &mut TestPlan) {
    if plan.plan.kind != PlanKind::Funktionstest {
        return;
    }
    let used: std::collections::BTreeSet<_> =
        plan.case.iter().flat_map(|c| c.requirements.clone()).collect();
    for requirement in plan.requirement.iter_mut().filter(|r| !used.contains(&r.id)) {
        requirement.applies = false;
        requirement.not_tested = Some("gehört nicht zum Funktionstest".into());
    }
}

/// What is not harmless about a case of a Funktionstest, whoever wrote it.
pub(super) fn harm(plan: &TestPlan, case: &TestCase) -> Option<String> {
    if plan.plan.kind != PlanKind::Funktionstest {
        return None;
    }
    let Some(mark) = &plan.plan.test_mark else {
        return Some("the plan does not say how a test message is marked".into());
    };
    for step in &case.step {
        let message = match step {
            Step::Send { message, .. } => message,
            Step::Manual { .. } | Step::Await { .. } => continue,
            other => return Some(format!("step \"{}\" does more than send", other.name())),
        };
        let marked = message.change.iter().any(|c| {
            matches!(c, Change::Set { field, values, .. }
                if *field == mark.field && *values == [mark.value.clone()])
        });
        let whole = message.validity == Validity::Valid
            && message.damage.is_none()
            && message.fault.is_none()
            && message.sample.is_none();
        if !marked || !whole {
            return Some(format!(
                "the message of step \"{}\" is not a valid one that is marked as a test ({} = {})",
                step.name(),
                mark.field,
                mark.value
            ));
        }
    }
    None
}
