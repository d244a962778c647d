//! What only people can do or judge: filling in the Antragsassistent by a data sheet, and rules and
//! requirements that no machine can check.

use super::super::derive::Derivation;
use super::valid;
use crate::concept::{Aspect, Message};
use crate::ids::ComponentKind;
use crate::organisation::Authority;
use crate::plan::catalogue::Method;
use crate::plan::{Expectation, Step};

/// How long an Antragsassistent has to send what was entered, milliseconds.
const SENDING: u32 = 10_000;

/// Each application once with what is mandatory and once with everything, entered by a person.
pub(super) fn entry(d: &mut Derivation<'_>, method: &Method) {
    let messages: Vec<&Message> = d
        .concept
        .file
        .message
        .iter()
        .filter(|m| m.schema.is_none() && m.from == ComponentKind::Antragsassistent)
        .collect();
    for message in messages {
        let Some(authority) = authority(d, message) else { continue };
        for (set, title) in [("minimal", "nur Pflichtangaben"), ("maximal", "alle Angaben")] {
            let id = format!("{}/{set}", message.id);
            let title = format!("{}: {title} von Hand eingeben", message.title);
            let Some(mut case) = d.case(method, id, title, Aspect::Entry) else { continue };
            case.case.step.push(Step::Prompt {
                name: "eingabe".into(),
                at: d.portal.clone(),
                instruction: format!(
                    "Im Antragsassistenten \"{}\" für {} nach dem Datenblatt ausfüllen und absenden.",
                    message.title, authority.name
                ),
                message: Box::new(valid(message, set, 1, authority)),
                within_ms: SENDING,
            });
            // The Antragsassistent gives the number of the case by itself: only while the case runs
            // alone it is known whose the message is.
            case.case.exclusive = true;
            case.expect(|requirement| Expectation::Incoming {
                requirement,
                step: "eingabe".into(),
                as_entered: true,
            });
            d.push(case);
        }
    }
}

fn authority<'a>(d: &Derivation<'a>, message: &Message) -> Option<&'a Authority> {
    d.offering(message).first().copied().or_else(|| d.organisation.file.authority.first())
}

/// Each rule without a machine form, and each requirement that is a person's to judge.
pub(super) fn manual(d: &mut Derivation<'_>, method: &Method) {
    let concept = d.concept;
    for rule in &concept.file.rule {
        let Some(text) = &rule.manual else { continue };
        let id = format!("regel-{}", rule.id);
        let title = format!("Regel {}: {}", rule.id, rule.title);
        let Some(mut case) = d.case(method, id, title, Aspect::Manual) else { continue };
        let question = format!("Wird diese Regel eingehalten? {}", text.trim());
        ask(&mut case, &rule.messages.join(", "), question);
        d.push(case);
    }
    for requirement in &concept.file.requirement {
        // The first one with this aspect stands behind the rules; it is asked only where there are
        // none.
        let rules = concept.file.rule.iter().any(|r| r.manual.is_some());
        let first = d.requirement(Aspect::Manual).is_some_and(|r| r.as_str() == requirement.id);
        if !requirement.aspects.contains(&Aspect::Manual) || first && rules {
            continue;
        }
        let title = requirement.title.clone();
        let Some(mut case) = d.case(method, requirement.id.clone(), title, Aspect::Manual) else {
            continue;
        };
        let id = requirement.id.as_str().into();
        case.case.requirements = vec![id];
        let question = format!("Ist das so? {}", requirement.title);
        ask(&mut case, "", question);
        if let Some(Expectation::Attested { requirement: r, .. }) = case.case.expect.last_mut() {
            *r = requirement.id.as_str().into();
        }
        d.push(case);
    }
}

fn ask(case: &mut super::CaseBuilder, about: &str, question: String) {
    let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
    case.case.step.push(Step::Manual {
        name: "pruefen".into(),
        instruction: format!("Am Prüfgegenstand prüfen und das Ergebnis eintragen{about}."),
        message: None,
    });
    case.expect(|requirement| Expectation::Attested { requirement, question });
}
