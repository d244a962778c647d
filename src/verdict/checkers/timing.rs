//! Time: the Eingangsbestätigung and the Durchlaufzeit, by the times of the evidence.

use super::{Checker, Context, Expectation, Found, Judgement, World, delivered};
use crate::concept::OwnSource;
use crate::verdict::view::Exchange;
use crate::xml::parse;

/// Milliseconds from the sending of one exchange to the arrival of another.
fn elapsed(sent: &Exchange, arrived: &Exchange) -> i64 {
    let from = sent.started.unwrap_or(sent.time);
    arrived.time.as_millisecond() - from.as_millisecond()
}

pub(super) struct Confirmation;

impl Checker for Confirmation {
    fn id(&self) -> &'static str {
        "confirmation"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Confirmation { requirement, step, system, within_ms } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let Some(sent) = context.sent(step) else {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesendet"));
        };
        let mut judgement = Judgement::default();
        let found = |id: &str, message: String| {
            Found::new(id, requirement, message)
                .place(format!("Postfach {system}"))
                .seen([sent.number])
        };
        let all: Vec<&Exchange> = context
            .deliveries()
            .filter(|e| &e.system == system && e.is_taken() && context.is_confirmation(e))
            .collect();
        let Some(first) = all.first() else {
            found("confirmation.missing", "Es kam keine Eingangsbestätigung".into())
                .values("genau eine Eingangsbestätigung", "keine")
                .hint("Im Transaktionsprotokoll muss nach der Zustellung \"bestaetigt\" stehen")
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        if all.len() > 1 {
            found(
                "confirmation.repeated",
                format!("Die Eingangsbestätigung kam {} Mal", all.len()),
            )
            .values("genau eine", all.len().to_string())
            .seen(all.iter().map(|e| e.number))
            .into(&mut judgement);
        }
        let took = elapsed(sent, first);
        if took > i64::from(*within_ms) {
            found("confirmation.late", "Die Eingangsbestätigung kam zu spät".into())
                .values(format!("höchstens {within_ms} ms"), format!("{took} ms"))
                .seen([first.number])
                .into(&mut judgement);
        }
        self.content(context, step, first, &mut judgement, &found);
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Confirmation {
            requirement: "K".into(),
            step: "s".into(),
            system: "portal".into(),
            within_ms: 1000,
        }
    }

    fn spoil(&self, world: &mut World, _which: usize) {
        world.delay_answers(5000);
    }
}

impl Confirmation {
    fn content(
        &self,
        context: &Context<'_>,
        step: &str,
        exchange: &Exchange,
        judgement: &mut Judgement,
        found: &dyn Fn(&str, String) -> Found,
    ) {
        let body = exchange.message();
        let Ok(document) = parse(&body) else { return };
        let Some(message) = context.plan.message.iter().find(|m| m.root == document.root.name)
        else {
            return;
        };
        match context.plan.schema_of(message).map(|set| set.compile()) {
            Some(Ok(validator)) => match validator.validate(&body) {
                Ok(violations) => {
                    for violation in violations {
                        found(
                            "confirmation.invalid",
                            "Die Eingangsbestätigung ist nicht schemakonform".into(),
                        )
                        .values("gültig nach dem Schema", violation.text)
                        .place(format!("Zeile {}", violation.line))
                        .seen([exchange.number])
                        .into(judgement);
                    }
                }
                Err(error) => judgement.inconclusive = Some(error.to_string()),
            },
            Some(Err(error)) => judgement.inconclusive = Some(error.to_string()),
            None => {}
        }
        let Some(sent) = context.sent_root(step) else { return };
        // What the target adds must be what its source says.
        let about = super::own::About { context, step, root: &sent.name, arrived: exchange.time };
        for (group, field) in message.group.iter().flat_map(|g| g.field.iter().map(move |f| (g, f)))
        {
            let Some(source) = field.made_by_target else { continue };
            let path = format!("{}/{}", group.path, field.path);
            let values = document.root.values_at(&path, &document.root.namespace);
            // Everything else that has to be there the schema demands.
            if values.is_empty()
                && source == OwnSource::Aktenzeichen
                && let Some(expected) = super::own::differs(&about, source, "")
            {
                found("confirmation.wrong", format!("{} fehlt in der Bestätigung", field.id))
                    .values(expected, "nichts")
                    .place(path.clone())
                    .seen([exchange.number])
                    .into(judgement);
            }
            for value in values {
                if let Some(expected) = super::own::differs(&about, source, &value) {
                    found(
                        "confirmation.wrong",
                        format!("{} der Bestätigung stimmt nicht", field.id),
                    )
                    .values(expected, value)
                    .place(path.clone())
                    .seen([exchange.number])
                    .into(judgement);
                }
            }
        }
        // What both messages carry must be the same, but for what belongs to one message only.
        let shared = message.group.iter().flat_map(|g| g.field.iter().map(move |f| (g, f)));
        for (group, field) in shared.filter(|(_, f)| !f.per_message) {
            let path = format!("{}/{}", group.path, field.path);
            let (a, b) = (
                sent.values_at(&path, &sent.namespace),
                document.root.values_at(&path, &document.root.namespace),
            );
            if !a.is_empty() && a != b {
                found(
                    "confirmation.wrong",
                    format!("{} der Bestätigung gehört nicht zum Antrag", field.id),
                )
                .values(a.join(" | "), b.join(" | "))
                .place(path)
                .seen([exchange.number])
                .into(judgement);
            }
        }
    }
}

pub(super) struct Duration;

impl Checker for Duration {
    fn id(&self) -> &'static str {
        "duration"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Duration { requirement, step, system, within_ms } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let Some(sent) = context.sent(step) else {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesendet"));
        };
        let mut judgement = Judgement::default();
        let found = |id: &str, message: &str| {
            Found::new(id, requirement, message)
                .place(format!("Empfänger {system}"))
                .seen([sent.number])
        };
        let Some(arrived) = delivered(context, step, system) else {
            found("duration.absent", "Ohne Zustellung gibt es keine Durchlaufzeit")
                .values("eine Zustellung", "keine")
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        let took = elapsed(sent, arrived);
        if took > i64::from(*within_ms) {
            found("duration.exceeded", "Die Durchlaufzeit ist überschritten")
                .values(format!("höchstens {within_ms} ms"), format!("{took} ms"))
                .seen([arrived.number])
                .into(&mut judgement);
        }
        // The log must tell the same story as the receiver, give or take the clocks' difference.
        const CLOCKS: i64 = 5000;
        let logged = context
            .entries(step)
            .into_iter()
            .find(|e| e.ereignis == "zugestellt" || e.ereignis == "gemailt")
            .and_then(|e| e.zeit.parse::<jiff::Timestamp>().ok());
        match logged {
            Some(time) => {
                let apart = (time.as_millisecond() - arrived.time.as_millisecond()).abs();
                if apart > CLOCKS {
                    found("duration.log", "Protokoll und Empfänger nennen verschiedene Zeiten")
                        .values(arrived.time.to_string(), time.to_string())
                        .seen([arrived.number])
                        .into(&mut judgement);
                }
            }
            None if !context.log_claimed => {}
            None => found("duration.unlogged", "Die Zustellung steht nicht mit Zeit im Protokoll")
                .values("ein Eintrag mit Zeit", "keiner")
                .absent()
                .into(&mut judgement),
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Duration {
            requirement: "K".into(),
            step: "s".into(),
            system: "fv".into(),
            within_ms: 1000,
        }
    }

    fn spoil(&self, world: &mut World, _which: usize) {
        world.delay_answers(5000);
    }
}
