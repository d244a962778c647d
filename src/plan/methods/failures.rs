//! Error guessing: what goes wrong in the field.

use super::{authority_for, authority_in_turn, first_message, flow};
use crate::concept::{Aspect, Fault, LogAfter, MessageKind};
use crate::ids::SystemId;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::{Behaviour, Expectation, Step, Validity};

/// The same message twice.
pub(super) fn duplicate(d: &mut Derivation<'_>, method: &Method) {
    let portal = d.portal.clone();
    for message in d.messages(MessageKind::Antrag) {
        let Some(authority) = authority_in_turn(d, message) else { continue };
        let id = message.id.clone();
        let title = format!("{} zweimal", message.title);
        let Some(mut case) = d.case(method, id, title, Aspect::Duplicate) else { continue };
        case.send("antrag", &portal, valid(message, "minimal", 1, authority));
        flow::wait_for(d, &mut case, message, authority);
        case.send("dublette", &portal, valid(message, "minimal", 1, authority));
        case.accepted(d, "antrag", None);
        case.rejected("dublette", d.code(Fault::Duplicate), vec![]);
        if let Some(system) = authority.receiver() {
            case.delivered(d, "antrag", system, (None, None));
        }
        d.push(case);
    }
    reused_id(d, method);
}

/// An id that was used before, with other content: it is the same message to whoever goes by ids.
fn reused_id(d: &mut Derivation<'_>, method: &Method) {
    let portal = d.portal.clone();
    for message in d.messages(MessageKind::Antrag) {
        let Some(authority) = authority_in_turn(d, message) else { continue };
        let id = format!("{}/anderer-inhalt", message.id);
        let title = format!("{}: dieselbe Kennung mit anderem Inhalt", message.title);
        let Some(mut case) = d.case(method, id, title, Aspect::Duplicate) else { continue };
        case.send("antrag", &portal, valid(message, "minimal", 1, authority));
        flow::wait_for(d, &mut case, message, authority);
        case.send("andere", &portal, valid(message, "maximal", 1, authority));
        case.accepted(d, "antrag", None);
        case.rejected("andere", d.code(Fault::Duplicate), vec![]);
        if let Some(system) = authority.receiver() {
            case.delivered(d, "antrag", system, (None, None));
        }
        d.push(case);
    }
}

/// A header that names another service of the same authority than the root.
pub(super) fn header(d: &mut Derivation<'_>, method: &Method) {
    let portal = d.portal.clone();
    for message in d.messages(MessageKind::Antrag) {
        let Some(authority) = authority_for(d, message) else { continue };
        let own = d.leika(message);
        let other = d
            .concept
            .file
            .service
            .iter()
            .find(|s| Some(&s.leika) != own.as_ref() && authority.services.contains(&s.leika));
        let Some(other) = other else { continue };
        let id = format!("{}/andere-leistung", message.id);
        let title = format!("{}: der Kopf nennt \"{}\"", message.title, other.title);
        let Some(mut case) = d.case(method, id, title, Aspect::HeaderCheck) else { continue };
        let mut subject = valid(message, "minimal", 1, authority);
        subject.leistung = Some(other.leika.clone());
        subject.validity = Validity::of(Fault::Header);
        subject.violates = Some(format!("Leistung {} gehört nicht zur Wurzel", other.leika));
        subject.fault = Some(Fault::Header);
        case.send("antrag", &portal, subject);
        case.rejected("antrag", d.code(Fault::Header), vec![]);
        case.absent(&[]);
        let events = d.log_events(LogAfter::Rejected, authority);
        case.logged(d, "antrag", events, Some(Aspect::Log));
        d.push(case);
    }
}

/// Each receiver of each authority down and back.
pub(super) fn outage(d: &mut Derivation<'_>, method: &Method) {
    let portal = d.portal.clone();
    for authority in &d.organisation.file.authority {
        let Some(message) = first_message(d, authority) else { continue };
        let Some(receiver) = authority.receiver().cloned() else { continue };
        let systems: Vec<SystemId> =
            [Some(receiver.clone()), authority.dms.clone(), Some(portal.clone())]
                .into_iter()
                .flatten()
                .collect();
        for system in systems {
            for (variant, behaviour) in
                [("abbruch", Behaviour::Reset), ("abweisung", Behaviour::Refuse)]
            {
                let id = format!("{}/{}/{system}/{variant}", message.id, authority.id);
                let title = format!("{system} fällt aus ({variant}) und kehrt wieder");
                let Some(mut case) = d.case(method, id, title, Aspect::Queue) else { continue };
                let fake = |name: &str, behaviour| Step::Fake {
                    name: name.into(),
                    system: system.clone(),
                    behaviour,
                };
                case.case.step.push(fake("ausfall", behaviour));
                case.send("antrag", &portal, valid(message, "minimal", 1, authority));
                case.wait(d, &system, "", 1);
                case.case.step.push(fake("wiederkehr", Behaviour::Answer));
                flow::wait_for(d, &mut case, message, authority);
                if system == portal {
                    // The first attempt was turned away; wait for the one that was taken.
                    case.wait(d, &portal, "", 2);
                }
                case.accepted(d, "antrag", None);
                case.delivered(d, "antrag", &receiver, (None, None));
                if let Some(dms) = authority.dms.as_ref().filter(|dms| **dms == system) {
                    case.filed(d, "antrag", dms, None);
                }
                case.confirmed(d, "antrag", None);
                d.push(case);
            }
        }
    }
}

/// The target is killed while a message waits.
pub(super) fn crash(d: &mut Derivation<'_>, method: &Method) {
    let portal = d.portal.clone();
    for authority in &d.organisation.file.authority {
        let Some(message) = first_message(d, authority) else { continue };
        let Some(receiver) = authority.receiver().cloned() else { continue };
        let id = format!("{}/{}", message.id, authority.id);
        let title = format!("Absturz, während ein Antrag an {} wartet", authority.name);
        let Some(mut case) = d.case(method, id, title, Aspect::Restart) else { continue };
        case.case.exclusive = true;
        let fake = |name: &str, behaviour| Step::Fake {
            name: name.into(),
            system: receiver.clone(),
            behaviour,
        };
        case.case.step.push(fake("ausfall", Behaviour::Refuse));
        case.send("antrag", &portal, valid(message, "maximal", 1, authority));
        case.wait(d, &receiver, "", 1);
        case.case.step.push(Step::Restart { name: "absturz".into() });
        case.case.step.push(fake("wiederkehr", Behaviour::Answer));
        flow::wait_for(d, &mut case, message, authority);
        case.accepted(d, "antrag", None);
        case.delivered(d, "antrag", &receiver, (None, None));
        case.documents(d, "antrag", &receiver, None);
        case.confirmed(d, "antrag", None);
        d.push(case);
    }
}

/// Nothing foreign in the whole run.
pub(super) fn foreign(d: &mut Derivation<'_>, method: &Method) {
    let title = "Kein Empfänger erhält etwas Fremdes".to_owned();
    if let Some(mut case) = d.case(method, "lauf".into(), title, Aspect::Foreign) {
        case.expect(|requirement| Expectation::Foreign { requirement });
        d.push(case);
    }
}
