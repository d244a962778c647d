//! The flow: every path through it, and every message where it does not fit.

use std::collections::VecDeque;

use super::{destination, sender};
use crate::concept::{Aspect, Fault, LogAfter, Message, MessageKind};
use crate::organisation::Authority;
use crate::plan::Validity;
use crate::plan::builder::{CaseBuilder, valid};
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;

/// Name of the step that sends a message.
pub(super) fn step_name(kind: MessageKind, number: u32) -> String {
    let word = match kind {
        MessageKind::Antrag => "antrag",
        MessageKind::Bestaetigung => "bestaetigung",
        MessageKind::Nachforderung => "nachforderung",
        MessageKind::Nachreichung => "nachreichung",
        MessageKind::Bescheid => "bescheid",
    };
    format!("{word}-{number}")
}

/// Waits until a message has done what it does.
pub(super) fn wait_for(
    d: &Derivation<'_>,
    case: &mut CaseBuilder,
    message: &Message,
    authority: &Authority,
) {
    if message.kind == MessageKind::Antrag {
        match d.concept.message_of_kind(MessageKind::Bestaetigung) {
            Some(answer) => case.wait(d, &d.portal, &answer.root, 1),
            None => {
                if let Some(system) = authority.receiver() {
                    case.wait(d, system, "", 1);
                }
            }
        }
    } else if let Some(system) = destination(d, message, authority) {
        case.wait(d, &system, &message.root, 1);
    }
}

/// The kinds of message that lead to a state in which `kind` is taken, shortest first.
pub(super) fn before(d: &Derivation<'_>, kind: MessageKind) -> Option<Vec<MessageKind>> {
    let transitions = &d.concept.file.transition;
    if transitions.is_empty() {
        return Some(vec![]);
    }
    let target = transitions.iter().find(|t| t.on == kind)?;
    to_state(d, &target.from)
}

fn to_state(d: &Derivation<'_>, state: &str) -> Option<Vec<MessageKind>> {
    let mut queue = VecDeque::from([(String::new(), Vec::new())]);
    let mut seen = std::collections::BTreeSet::new();
    while let Some((at, path)) = queue.pop_front() {
        if at == state {
            return Some(path);
        }
        if !seen.insert(at.clone()) {
            continue;
        }
        for t in d.concept.file.transition.iter().filter(|t| t.from == at) {
            let mut longer = path.clone();
            longer.push(t.on);
            queue.push_back((t.to.clone(), longer));
        }
    }
    None
}

/// Every path from the start to a last state that uses no transition twice.
fn all_paths(d: &Derivation<'_>) -> Vec<Vec<MessageKind>> {
    let mut out = Vec::new();
    let mut stack: Vec<(String, Vec<usize>)> = vec![(String::new(), vec![])];
    while let Some((at, used)) = stack.pop() {
        if d.concept.file.state.iter().any(|s| s.id == at && s.last) {
            out.push(used.iter().map(|&i| d.concept.file.transition[i].on).collect());
        }
        for (i, t) in d.concept.file.transition.iter().enumerate() {
            if t.from == at && !used.contains(&i) {
                let mut longer = used.clone();
                longer.push(i);
                stack.push((t.to.clone(), longer));
            }
        }
    }
    out.sort();
    out
}

/// Walks every path at every authority that has a Fachverfahren.
pub(super) fn paths(d: &mut Derivation<'_>, method: &Method) {
    for authority in d.organisation.file.authority.iter().filter(|a| a.fachverfahren.is_some()) {
        for path in all_paths(d) {
            let names: Vec<String> =
                path.iter().map(|k| step_name(*k, 0).trim_end_matches("-0").to_owned()).collect();
            let id = format!("{}/{}", names.join("+"), authority.id);
            let title = format!("Weg {} bei {}", names.join(" → "), authority.name);
            let Some(mut case) = d.case(method, id, title, Aspect::Flow) else { continue };
            for (number, kind) in (1u32..).zip(&path) {
                let Some(message) = d.messages(*kind).first().copied() else { continue };
                let (Some(from), Some(to)) =
                    (sender(d, message, authority), destination(d, message, authority))
                else {
                    continue;
                };
                let step = step_name(*kind, number);
                case.send(&step, &from, valid(message, "maximal", number, authority));
                wait_for(d, &mut case, message, authority);
                case.accepted(d, &step, None);
                case.delivered(d, &step, &to, (None, None));
                if *kind != MessageKind::Antrag {
                    let mut events = d.log_events(LogAfter::Folgenachricht, authority);
                    if to == d.portal {
                        events.events.retain(|e| e != "umgeformt");
                    }
                    case.logged(d, &step, events, None);
                }
            }
            d.push(case);
        }
    }
}

/// Every message in every state in which it is not taken.
pub(super) fn forbidden(d: &mut Derivation<'_>, method: &Method) {
    let Some(authority) = d.organisation.file.authority.iter().find(|a| a.fachverfahren.is_some())
    else {
        return;
    };
    let mut states: Vec<String> = vec![String::new()];
    states.extend(d.concept.file.state.iter().map(|s| s.id.clone()));
    let kinds = [
        MessageKind::Antrag,
        MessageKind::Nachforderung,
        MessageKind::Nachreichung,
        MessageKind::Bescheid,
    ];
    for state in &states {
        let Some(path) = to_state(d, state) else { continue };
        for kind in kinds {
            if d.concept.file.transition.iter().any(|t| &t.from == state && t.on == kind) {
                continue;
            }
            let Some(message) = d.messages(kind).first().copied() else { continue };
            let shown = if state.is_empty() { "unbekannt" } else { state };
            let id = format!("{shown}/{}", message.id);
            let title = format!("{} im Stand \"{shown}\"", message.title);
            let Some(mut case) = d.case(method, id, title, Aspect::FlowState) else { continue };
            let mut number = 1;
            for earlier in &path {
                let Some(m) = d.messages(*earlier).first().copied() else { continue };
                let Some(from) = sender(d, m, authority) else { continue };
                let step = step_name(*earlier, number);
                case.send(&step, &from, valid(m, "minimal", number, authority));
                wait_for(d, &mut case, m, authority);
                case.accepted(d, &step, None);
                number += 1;
            }
            let Some(from) = sender(d, message, authority) else { continue };
            let mut subject = valid(message, "minimal", number, authority);
            subject.validity = Validity::Process;
            subject.violates = Some(format!("im Stand \"{shown}\" nicht vorgesehen"));
            subject.fault = Some(Fault::WrongState);
            case.send("unpassend", &from, subject);
            case.rejected("unpassend", d.code(Fault::WrongState), vec![]);
            case.absent(&["unpassend"]);
            d.push(case);
        }
    }
}
