//! Another configuration: a municipality changes its Fachverfahren, or hands a service to another one.
//! Both are to work by configuration alone: the rules stay, and nothing is lost on the way.

use super::flow;
use crate::concept::{Aspect, Fault, Message, MessageKind};
use crate::ids::SystemId;
use crate::organisation::Authority;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::{Behaviour, ConfigurationChange, Expectation, MessageUse, Step, Validity};

/// Both kinds of change, each once.
pub(super) fn reconfiguration(d: &mut Derivation<'_>, method: &Method) {
    other_system(d, method);
    other_authority(d, method);
}

/// An authority gets a Fachverfahren that takes another format; one application is under way.
fn other_system(d: &mut Derivation<'_>, method: &Method) {
    let authorities = &d.organisation.file.authority;
    let format = |id: &SystemId| d.organisation.system(id).map(|s| s.receiver.clone());
    let found = authorities.iter().find_map(|a| {
        let own = a.fachverfahren.as_ref()?;
        let other = authorities
            .iter()
            .find_map(|b| b.fachverfahren.as_ref().filter(|other| format(other) != format(own)))?;
        Some((a, own.clone(), other.clone(), super::first_message(d, a)?))
    });
    let Some((authority, old, new, message)) = found else { return };
    let id = format!("{}/{}/{new}", message.id, authority.id);
    let title = format!("{} erhält ein anderes Fachverfahren ({new} statt {old})", authority.name);
    let Some(mut case) = d.case(method, id, title, Aspect::Reconfiguration) else { return };
    (case.case.exclusive, case.case.fresh_state) = (true, true);
    let portal = d.portal.clone();
    let fake =
        |name: &str, behaviour| Step::Fake { name: name.into(), system: old.clone(), behaviour };
    let of = |vorgang, set, number, authority: &Authority| MessageUse {
        vorgang,
        ..valid(message, set, number, authority)
    };
    case.send("vorher", &portal, of(0, "minimal", 1, authority));
    flow::wait_for(d, &mut case, message, authority);
    case.case.step.push(fake("ausfall", Behaviour::Refuse));
    case.send("unterwegs", &portal, of(1, "maximal", 2, authority));
    case.wait(d, &old, "", 2);
    case.case.step.push(Step::Reconfigure {
        name: "umstellung".into(),
        change: vec![ConfigurationChange::Fachverfahren {
            authority: authority.id.clone(),
            system: new.clone(),
        }],
    });
    case.case.step.push(fake("wiederkehr", Behaviour::Answer));
    case.send("nachher", &portal, of(2, "maximal", 3, authority));
    case.wait(d, &new, "", 1);
    confirmations(d, &mut case, 3);
    for step in ["vorher", "unterwegs", "nachher"] {
        case.accepted(d, step, None);
    }
    case.delivered(d, "vorher", &old, (None, None));
    case.delivered(d, "nachher", &new, (None, None));
    case.expect(|requirement| Expectation::Moved {
        requirement,
        step: "unterwegs".into(),
        systems: vec![old.clone(), new.clone()],
    });
    same_rules(&mut case);
    d.push(case);
}

/// A service goes from one authority to another one with a Fachverfahren.
fn other_authority(d: &mut Derivation<'_>, method: &Method) {
    let authorities = &d.organisation.file.authority;
    let found = d.messages(MessageKind::Antrag).into_iter().find_map(|message| {
        let leistung = d.leika(message)?;
        let has = |a: &&Authority| a.services.contains(&leistung) && a.fachverfahren.is_some();
        let from = authorities.iter().find(has)?;
        let to = authorities
            .iter()
            .find(|a| !a.services.contains(&leistung) && a.fachverfahren.is_some())?;
        Some((message, leistung.clone(), from, to))
    });
    let Some((message, leistung, from, to)) = found else { return };
    let id = format!("{}/{}/{}", message.id, from.id, to.id);
    let title = format!("{} gibt \"{}\" an {} ab", from.name, message.title, to.name);
    let Some(mut case) = d.case(method, id, title, Aspect::Reconfiguration) else { return };
    (case.case.exclusive, case.case.fresh_state) = (true, true);
    let portal = d.portal.clone();
    let refused = |message: &Message, number, authority: &Authority| {
        let mut subject = valid(message, "minimal", number, authority);
        // Each is a Vorgang of its own: what is refused is refused for its authority.
        subject.vorgang = number - 1;
        subject.validity = Validity::Process;
        subject.violates = Some("die Stelle bietet die Leistung nicht an".into());
        subject.fault = Some(Fault::UnknownService);
        subject
    };
    case.send("vorher", &portal, valid(message, "minimal", 1, from));
    flow::wait_for(d, &mut case, message, from);
    case.send("zu-frueh", &portal, refused(message, 2, to));
    case.case.step.push(Step::Reconfigure {
        name: "umstellung".into(),
        change: vec![ConfigurationChange::Service {
            leistung,
            from: from.id.clone(),
            to: to.id.clone(),
        }],
    });
    let moved = MessageUse { vorgang: 2, ..valid(message, "minimal", 3, to) };
    case.send("nachher", &portal, moved);
    if let Some(system) = &to.fachverfahren {
        case.wait(d, system, "", 1);
    }
    confirmations(d, &mut case, 2);
    case.send("zu-spaet", &portal, refused(message, 4, from));
    for step in ["vorher", "nachher"] {
        case.accepted(d, step, None);
    }
    for step in ["zu-frueh", "zu-spaet"] {
        case.rejected(step, d.code(Fault::UnknownService), vec![]);
    }
    for (step, authority) in [("vorher", from), ("nachher", to)] {
        if let Some(system) = &authority.fachverfahren {
            case.delivered(d, step, system, (None, None));
        }
    }
    case.absent(&["zu-frueh", "zu-spaet"]);
    same_rules(&mut case);
    d.push(case);
}

/// Waits until so many confirmations came, where the concept has any.
fn confirmations(d: &Derivation<'_>, case: &mut super::CaseBuilder, count: u32) {
    if let Some(answer) = d.concept.message_of_kind(MessageKind::Bestaetigung) {
        case.wait(d, &d.portal, &answer.root, count);
    }
}

fn same_rules(case: &mut super::CaseBuilder) {
    case.expect(|requirement| Expectation::SameRules { requirement, step: "umstellung".into() });
}
