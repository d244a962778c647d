//! What was under way while the configuration changed arrives once: where it was going, or where it
//! belongs from then on, in the format of the system that got it.

use super::content::Content;
use super::documents::Documents;
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::ids::ComponentKind;

pub(super) struct Moved;

impl Checker for Moved {
    fn id(&self) -> &'static str {
        "moved"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Moved { requirement, step, systems } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        if context.sent(step).is_none() {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesendet"));
        }
        let mut judgement = Judgement::default();
        let either: Vec<String> = systems.iter().map(ToString::to_string).collect();
        let either = either.join(" oder ");
        let found = |id: &str, message: String| {
            Found::new(id, requirement, message)
                .place(format!("Schritt {step}, {either}"))
                .hint("Wartende Zustellungen bei der Umstellung der Konfiguration verfolgen")
        };
        let taken: Vec<_> = systems
            .iter()
            .flat_map(|system| context.taken_at(step, system).into_iter().map(move |e| (system, e)))
            .collect();
        if taken.is_empty() {
            found("moved.lost", "Eine wartende Nachricht ging bei der Umstellung verloren".into())
                .values(format!("eine Zustellung an {either}"), "keine")
                .absent()
                .into(&mut judgement);
        }
        if taken.len() > 1 {
            let places: Vec<String> = taken.iter().map(|(s, _)| s.to_string()).collect();
            found("moved.repeated", "Eine wartende Nachricht kam mehr als einmal an".into())
                .values("genau eine Zustellung", places.join(", "))
                .seen(taken.iter().map(|(_, e)| e.number))
                .into(&mut judgement);
        }
        let astray = context.deliveries().filter(|e| {
            !systems.contains(&e.system)
                && context.kind(&e.system) != Some(ComponentKind::Dms)
                && context.is_of(e, step)
        });
        for exchange in astray {
            found("moved.misrouted", format!("Die Nachricht ging an {}", exchange.system))
                .values(either.clone(), exchange.system.to_string())
                .seen([exchange.number])
                .into(&mut judgement);
        }
        if let Some((system, _)) = taken.first() {
            let (requirement, step) = (requirement.clone(), step.clone());
            let system = (*system).clone();
            let content = Expectation::Content {
                requirement: requirement.clone(),
                step: step.clone(),
                system: system.clone(),
            };
            let documents = Expectation::Documents { requirement, step, system };
            for more in [Content.check(context, &content), Documents.check(context, &documents)] {
                judgement.findings.extend(more.findings);
                judgement.inconclusive = judgement.inconclusive.or(more.inconclusive);
            }
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Moved { requirement: "K".into(), step: "s".into(), systems: vec!["fv".into()] }
    }

    fn canaries(&self) -> usize {
        4
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.lose_delivery(),
            1 => world.repeat_delivery(),
            2 => world.copy_delivery_to("portal"),
            _ => world.replace("<Name>Größe</Name></P>", "<Name>GrÃ¶ÃŸe</Name></P>"),
        }
    }
}
