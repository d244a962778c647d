//! Decision table: service × authority decide the Fachverfahren, or that nobody is in charge.

use super::cross::crossed;
use super::flow;
use crate::concept::{Aspect, Fault, MessageKind};
use crate::plan::Validity;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;

/// Every rule of the table.
pub(super) fn routing(d: &mut Derivation<'_>, method: &Method) {
    let portal = d.portal.clone();
    let messages = d.messages(MessageKind::Antrag);
    let (mut offered, mut refused) = (Vec::new(), Vec::new());
    for message in &messages {
        let offering: Vec<&str> = d.offering(message).iter().map(|a| a.id.as_str()).collect();
        for authority in &d.organisation.file.authority {
            let pair = (message.id.as_str(), authority.id.as_str());
            if offering.contains(&pair.1) { offered.push(pair) } else { refused.push(pair) }
        }
    }
    let mut rules: Vec<(&str, &str, bool)> = Vec::new();
    rules.extend(crossed(offered, method.full_up_to).into_iter().map(|(m, a)| (m, a, true)));
    rules.extend(crossed(refused, method.full_up_to).into_iter().map(|(m, a)| (m, a, false)));
    rules.sort_by_key(|(m, a, _)| {
        let at = messages.iter().position(|x| x.id == *m);
        (at, d.organisation.file.authority.iter().position(|x| x.id == *a))
    });
    for (message, authority, offers) in rules {
        one(d, method, message, authority, offers);
    }
    for message in messages {
        let Some(authority) = d.offering(message).first().copied() else { continue };
        let id = format!("{}/niemand", message.id);
        let title = format!("{} an eine Gemeinde, die es nicht gibt", message.title);
        let Some(mut case) = d.case(method, id, title, Aspect::Routing) else { continue };
        let mut subject = valid(message, "minimal", 1, authority);
        subject.behoerde = "14999099".into();
        subject.validity = Validity::Process;
        subject.violates = Some("keine Stelle hat diesen Schlüssel".into());
        subject.fault = Some(Fault::UnknownAuthority);
        case.send("antrag", &portal, subject);
        case.rejected("antrag", d.code(Fault::UnknownAuthority), vec![]);
        case.absent(&[]);
        d.push(case);
    }
}

fn one(d: &mut Derivation<'_>, method: &Method, message: &str, authority: &str, offers: bool) {
    let authority = d.organisation.file.authority.iter().find(|a| a.id == authority);
    let (Some(message), Some(authority)) = (d.concept.message(message), authority) else { return };
    let portal = d.portal.clone();
    let id = format!("{}/{}", message.id, authority.id);
    let title = format!("{} an {}", message.title, authority.name);
    let Some(mut case) = d.case(method, id, title, Aspect::Routing) else { return };
    let mut subject = valid(message, "minimal", 1, authority);
    if offers {
        case.send("antrag", &portal, subject);
        flow::wait_for(d, &mut case, message, authority);
        case.accepted(d, "antrag", None);
        if let Some(system) = authority.receiver() {
            case.delivered(d, "antrag", system, (None, None));
        }
    } else {
        subject.validity = Validity::Process;
        subject.violates = Some("die Stelle bietet die Leistung nicht an".into());
        subject.fault = Some(Fault::UnknownService);
        case.send("antrag", &portal, subject);
        case.rejected("antrag", d.code(Fault::UnknownService), vec![]);
        case.absent(&[]);
    }
    d.push(case);
}
