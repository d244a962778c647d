//! What a DMS answers when it is asked to do something: done, or refused with an exception that the
//! standard has for it.

use super::archive_model::{Said, is_done};
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::plan::{ArchiveExchange, ArchiveOperation, Step};
use crate::verdict::view::Exchange;

pub(super) struct ArchiveAnswer;

/// How many exchanges an operation is about, at least.
fn acts(context: &Context<'_>, step: &str) -> usize {
    let operation = context.case.step.iter().find_map(|s| match s {
        Step::Archive { name, operation, .. } if name == step => Some(operation),
        _ => None,
    });
    match operation {
        Some(ArchiveOperation::Version { .. } | ArchiveOperation::Cancel { .. }) => 2,
        _ => 1,
    }
}

impl Checker for ArchiveAnswer {
    fn id(&self) -> &'static str {
        "archive-answer"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::ArchiveAnswer { requirement, step, refusal } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        if !is_done(context, step) {
            return Judgement::cannot(format!("Schritt \"{step}\" wurde nicht ausgeführt"));
        }
        let asked = context.own(&ArchiveExchange::Act.label(step, ""));
        let mut judgement = Judgement::default();
        let found = |id: &str, message: &str, exchange: &Exchange| {
            Found::new(id, requirement, message)
                .place(format!("Schritt \"{step}\""))
                .hint("Anfrage und Antwort des DMS im Nachweis ansehen")
                .seen([exchange.number])
        };
        let wanted =
            if refusal.is_empty() { "ausgeführt".to_owned() } else { refusal.join(" oder ") };
        let Some(last) = asked.last() else {
            // Something on the way stopped it; what there is to see is the last answer.
            let Some(way) = context.own(&ArchiveExchange::Way.label(step, "")).pop() else {
                return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gefragt"));
            };
            let said = Said::of(way).objects().err().unwrap_or_else(|| "kein Objekt".into());
            found("archive.not-reached", "Worum es geht, ist im DMS nicht zu finden", way)
                .values(wanted, said)
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        if refusal.is_empty() {
            for exchange in &asked {
                match Said::of(exchange) {
                    Said::Done(_) | Said::Imported(_) => continue,
                    Said::Refused(r) => {
                        found("archive.not-taken", "Das DMS weist ab, was zulässig ist", exchange)
                            .values(wanted.clone(), r.line())
                    }
                    Said::Unreadable(why) => {
                        found("archive.unreadable", "Die Antwort ist nicht zu lesen", exchange)
                            .values(wanted.clone(), why)
                    }
                    Said::Nothing(why) => {
                        found("archive.no-answer", "Das DMS antwortet nicht", exchange)
                            .values(wanted.clone(), why)
                            .absent()
                    }
                }
                .into(&mut judgement);
            }
            if judgement.findings.is_empty() && asked.len() < acts(context, step) {
                let text = "Die Antwort des DMS nennt das Objekt nicht, um das es geht";
                found("archive.unreadable", text, last)
                    .values(wanted, Said::of(last).objects().err().unwrap_or_default())
                    .into(&mut judgement);
            }
            return judgement;
        }
        match Said::of(last) {
            Said::Done(_) | Said::Imported(_) => {
                found("archive.not-refused", "Das DMS führt aus, was es abweisen muss", last)
                    .values(wanted, "ausgeführt")
                    .into(&mut judgement);
            }
            Said::Refused(r) if r.is_one_of(refusal) => {}
            Said::Refused(r) => {
                found("archive.wrong-exception", "Das DMS weist mit falschem Grund ab", last)
                    .values(wanted, r.line())
                    .into(&mut judgement);
            }
            Said::Unreadable(why) => {
                found("archive.unreadable", "Die Antwort ist nicht zu lesen", last)
                    .values(wanted, why)
                    .into(&mut judgement);
            }
            Said::Nothing(why) => {
                found("archive.no-answer", "Das DMS antwortet nicht", last)
                    .values(wanted, why)
                    .absent()
                    .into(&mut judgement);
            }
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::ArchiveAnswer {
            requirement: "K".into(),
            step: "nein".into(),
            refusal: vec!["nameConstraintViolation".into()],
        }
    }

    fn canary_over(&self, protocol: &str) -> Expectation {
        if protocol != "xdomea" {
            return self.canary();
        }
        let (requirement, step) = ("K".into(), "xnein".into());
        Expectation::ArchiveAnswer { requirement, step, refusal: vec!["0605001".into()] }
    }

    fn canaries(&self) -> usize {
        2
    }

    fn spoil(&self, world: &mut World, which: usize) {
        world.other_code(which > 0);
        match which {
            0 => world.replace("nameConstraintViolation", "runtime"),
            _ => world.replace("409 Conflict", "201 Created"),
        }
    }
}
