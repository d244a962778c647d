//! Requirements on time and on the transaction log.

use super::{authority_for, destination, first_message, flow, send_in_context};
use crate::concept::{Aspect, Fault, LogAfter, Message, MessageKind};
use crate::organisation::Authority;
use crate::plan::builder::{CaseBuilder, valid};
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::{Damage, MessageUse, Validity};

fn each_authority(
    d: &mut Derivation<'_>,
    method: &Method,
    aspect: Aspect,
    what: &str,
    mut add: impl FnMut(&Derivation<'_>, &mut CaseBuilder, &crate::organisation::Authority),
) {
    let portal = d.portal.clone();
    for authority in &d.organisation.file.authority {
        let Some(message) = first_message(d, authority) else { continue };
        let id = format!("{}/{}", message.id, authority.id);
        let title = format!("{what} bei {}", authority.name);
        let Some(mut case) = d.case(method, id, title, aspect) else { continue };
        case.send("antrag", &portal, valid(message, "minimal", 1, authority));
        flow::wait_for(d, &mut case, message, authority);
        case.accepted(d, "antrag", None);
        add(d, &mut case, authority);
        d.push(case);
    }
}

/// The Eingangsbestätigung comes in time.
pub(super) fn confirmation(d: &mut Derivation<'_>, method: &Method) {
    each_authority(d, method, Aspect::Confirmation, "Eingangsbestätigung", |d, case, _| {
        case.confirmed(d, "antrag", None);
    });
}

/// The Durchlaufzeit stays below its bound: for an application at each authority, for the largest
/// one, and for each later message of the flow.
pub(super) fn duration(d: &mut Derivation<'_>, method: &Method) {
    for message in d.messages(MessageKind::Antrag) {
        let Some(authority) = authority_for(d, message) else { continue };
        let id = format!("{}/maximal", message.id);
        let title = format!("Durchlaufzeit mit allen Angaben: {}", message.title);
        let subject = valid(message, "maximal", 1, authority);
        one_duration(d, method, (id, title), message, (authority, subject));
    }
    for kind in [MessageKind::Nachforderung, MessageKind::Nachreichung, MessageKind::Bescheid] {
        for message in d.messages(kind) {
            let Some(authority) = authority_for(d, message) else { continue };
            let title = format!("Durchlaufzeit: {}", message.title);
            let subject = valid(message, "minimal", 1, authority);
            one_duration(d, method, (message.id.clone(), title), message, (authority, subject));
        }
    }
    each_authority(d, method, Aspect::Duration, "Durchlaufzeit", |d, case, authority| {
        if let Some(system) = authority.receiver() {
            case.in_time(d, "antrag", system);
        }
    });
}

fn one_duration(
    d: &mut Derivation<'_>,
    method: &Method,
    (id, title): (String, String),
    message: &Message,
    (authority, subject): (&Authority, MessageUse),
) {
    let Some(mut case) = d.case(method, id, title, Aspect::Duration) else { return };
    let Some(step) = send_in_context(d, &mut case, message, authority, subject) else { return };
    flow::wait_for(d, &mut case, message, authority);
    case.accepted(d, step, None);
    if let Some(system) = destination(d, message, authority) {
        case.in_time(d, step, &system);
    }
    d.push(case);
}

/// The log is complete after acceptance, after rejection and in the flow.
pub(super) fn log(d: &mut Derivation<'_>, method: &Method) {
    each_authority(d, method, Aspect::Log, "Protokoll eines Antrags", |d, case, authority| {
        let events = d.log_events(LogAfter::Antrag, authority);
        case.logged(d, "antrag", events, None);
    });
    if let Some(message) = d.messages(MessageKind::Antrag).first().copied()
        && let Some(authority) = authority_for(d, message)
    {
        let damages = [
            (None, Fault::UnknownAuthority),
            (Some(Damage::WrongNamespace), Fault::WrongNamespace),
        ];
        for (damage, fault) in damages {
            let variant = if damage.is_some() { "namensraum" } else { "niemand" };
            let id = format!("{}/zurueckweisung-{variant}", message.id);
            let title = format!("Protokoll einer Zurückweisung ({variant})");
            let Some(mut case) = d.case(method, id, title, Aspect::Log) else { continue };
            let mut subject = valid(message, "minimal", 1, authority);
            subject.damage = damage;
            subject.fault = Some(fault);
            subject.violates = Some("wird zurückgewiesen".into());
            subject.validity = if damage.is_some() { Validity::Schema } else { Validity::Process };
            if damage.is_none() {
                subject.behoerde = "14999099".into();
            }
            let portal = d.portal.clone();
            case.send("antrag", &portal, subject);
            case.rejected("antrag", d.code(fault), vec![]);
            case.absent(&[]);
            let events = d.log_events(LogAfter::Rejected, authority);
            case.logged(d, "antrag", events, None);
            d.push(case);
        }
    }
    for kind in [MessageKind::Nachforderung, MessageKind::Nachreichung, MessageKind::Bescheid] {
        let Some(message) = d.messages(kind).first().copied() else { continue };
        let Some(authority) = authority_for(d, message) else { continue };
        let id = format!("{}/{}", message.id, authority.id);
        let title = format!("Protokoll: {}", message.title);
        let Some(mut case) = d.case(method, id, title, Aspect::Log) else { continue };
        let subject = valid(message, "minimal", 1, authority);
        let Some(step) = send_in_context(d, &mut case, message, authority, subject) else {
            continue;
        };
        flow::wait_for(d, &mut case, message, authority);
        case.accepted(d, step, None);
        let mut events = d.log_events(LogAfter::Folgenachricht, authority);
        if message.to == crate::ids::ComponentKind::Antragsassistent {
            events.events.retain(|e| e != "umgeformt");
        }
        case.logged(d, step, events, None);
        d.push(case);
    }
}
