//! Nothing may happen: what was rejected reaches nobody.

use super::{Checker, Context, Expectation, Found, Judgement, World};

pub(super) struct Absence;

impl Checker for Absence {
    fn id(&self) -> &'static str {
        "absence"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Absence { requirement, steps } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        // Silence proves something only after the message was really sent.
        let unsent = steps.iter().find(|s| context.sent(s).is_none());
        if unsent.is_some() || context.view.own.is_empty() {
            return Judgement::cannot("es wurde nichts gesendet, das ausbleiben könnte");
        }
        let mut judgement = Judgement::default();
        for exchange in context.deliveries() {
            if steps.is_empty() || steps.iter().any(|s| context.is_of(exchange, s)) {
                Found::new(
                    "absence.delivered",
                    requirement,
                    format!(
                        "Etwas von einer zurückzuweisenden Nachricht erreichte {}",
                        exchange.system
                    ),
                )
                .values(
                    "nichts wird zugestellt, abgelegt oder gemailt",
                    format!("{} an {}", exchange.protocol, exchange.system),
                )
                .place(format!("Empfänger {}", exchange.system))
                .hint("Erst prüfen, dann weiterleiten")
                .seen([exchange.number])
                .into(&mut judgement);
            }
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Absence { requirement: "K".into(), steps: vec!["quiet".into()] }
    }

    fn spoil(&self, world: &mut World, _which: usize) {
        world.deliver_quiet();
    }
}
