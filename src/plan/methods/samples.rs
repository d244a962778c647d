//! Messages given by schema and samples: each sample as it is.

use super::super::builder::of_file;
use super::super::derive::Derivation;
use crate::concept::{Aspect, Fault, LogAfter, Message, Policy};
use crate::ids::Correlator;
use crate::plan::catalogue::Method;
use crate::plan::{Expectation, MessageUse, Validity};
use crate::xml::parse;

/// Every sample of every message that is given by a schema.
pub(super) fn samples(d: &mut Derivation<'_>, method: &Method) {
    let messages: Vec<&Message> =
        d.concept.file.message.iter().filter(|m| m.schema.is_some()).collect();
    for message in messages {
        let Some(schema) = &message.schema else { continue };
        if let Some(reason) = d.unloadable.get(&message.id).cloned() {
            // Without its schema nobody can say which of its samples are valid.
            if !schema.samples.is_empty() {
                super::schema::open(d, method, message, &reason);
            }
            continue;
        }
        for sample in &schema.samples {
            one(d, method, message, schema.correlator.as_deref().unwrap_or_default(), sample);
        }
    }
}

fn one(d: &mut Derivation<'_>, method: &Method, message: &Message, correlator: &str, sample: &str) {
    let name = sample.rsplit('/').next().unwrap_or(sample);
    let bytes = d.files.get(sample).cloned().unwrap_or_default();
    let Some(authority) = d.organisation.file.authority.first() else { return };
    let Some(receiver) = authority.receiver().cloned() else { return };
    let id = format!("{}/{name}", message.id);
    let title = format!("Beispielnachricht {name}");
    let aspect = Aspect::Acceptance;
    let Some(mut case) = d.case(method, id, title, aspect) else { return };
    case.case.fresh_state = d.concept.file.concept.fresh_state_per_message;
    case.case.exclusive = case.case.fresh_state;
    // Only a validator can say whether a sample is valid; its lines become the expectation.
    let violations = d
        .schemas
        .get(&message.id)
        .and_then(|set| set.compile().ok())
        .and_then(|validator| validator.validate(&bytes).ok())
        .unwrap_or_default();
    let root = parse(&bytes).ok().map(|document| document.root);
    let values = root.as_ref().map(|r| any_namespace(r, correlator)).unwrap_or_default();
    case.case.correlators = values.iter().map(|v| Correlator(v.clone())).collect();
    let header = message.header.as_ref();
    let contradicts = header.is_some_and(|h| {
        root.as_ref().is_some_and(|r| any_namespace(r, &h.path).iter().any(|v| v != &h.value))
    });
    let rejected = contradicts && header.is_some_and(|h| h.contradiction == Policy::Reject);
    let (validity, fault) = if !violations.is_empty() {
        (Validity::Schema, Some(Fault::Schema))
    } else if rejected {
        (Validity::Rule, Some(Fault::Header))
    } else {
        (Validity::Valid, None)
    };
    let portal = d.portal.clone();
    let subject = MessageUse {
        validity,
        violates: violations.first().map(|v| format!("Zeile {}: {}", v.line, v.text)),
        fault,
        ..of_file(message, sample.to_owned(), authority)
    };
    case.send("beispiel", &portal, subject);
    if let Some(fault) = fault {
        let mut lines: Vec<u32> = violations.iter().map(|v| v.line).collect();
        lines.dedup();
        case.rejected("beispiel", d.code(fault), lines);
        case.absent(&[]);
        let events = d.log_events(LogAfter::Rejected, authority);
        case.logged(d, "beispiel", events, Some(Aspect::Log));
    } else {
        case.wait(d, &receiver, "", 1);
        case.accepted(d, "beispiel", Some(Aspect::Acceptance));
        case.delivered(d, "beispiel", &receiver, (Some(Aspect::Routing), Some(Aspect::Content)));
        let events = d.log_events(LogAfter::Antrag, authority);
        case.logged(d, "beispiel", events, Some(Aspect::Log));
        if !message.rules.is_empty() {
            case.expect(|requirement| Expectation::Rules {
                requirement,
                step: "beispiel".into(),
                system: receiver.clone(),
            });
        }
    }
    if header.is_some() {
        case.expect(|requirement| Expectation::Header { requirement, step: "beispiel".into() });
    }
    d.push(case);
}

/// Values at a path whose steps may lie in any namespace.
fn any_namespace(root: &crate::xml::Element, path: &str) -> Vec<String> {
    root.elements_at(path).into_iter().map(|e| e.text().trim().to_owned()).collect()
}
