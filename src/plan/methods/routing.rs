//! Decision table: service × authority decide the Fachverfahren, or that nobody is in charge.

use super::flow;
use crate::concept::{Aspect, Fault, MessageKind};
use crate::plan::Validity;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;

/// Every rule of the table.
pub(super) fn routing(d: &mut Derivation<'_>, method: &Method) {
    let portal = d.portal.clone();
    for message in d.messages(MessageKind::Antrag) {
        let offering: Vec<&str> = d.offering(message).iter().map(|a| a.id.as_str()).collect();
        for authority in &d.organisation.file.authority {
            let id = format!("{}/{}", message.id, authority.id);
            let title = format!("{} an {}", message.title, authority.name);
            let Some(mut case) = d.case(method, id, title, Aspect::Routing) else { continue };
            let mut subject = valid(message, "minimal", 1, authority);
            if offering.contains(&authority.id.as_str()) {
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
