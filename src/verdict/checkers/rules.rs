//! Rule sheets: a message must satisfy them where it arrives. An engine that stops, or is older than
//! the sheet, proves nothing either way.

use super::{Checker, Context, Expectation, Found, Judgement, World, delivered};
use crate::xml::{TransformEnd, parse};

pub(super) struct Rules;

impl Checker for Rules {
    fn id(&self) -> &'static str {
        "rules"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Rules { requirement, step, system } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let message = context.case.sent(step).and_then(|m| context.plan.message(&m.message));
        let Some(message) = message else {
            return Judgement::cannot("der Plan beschreibt die Nachricht nicht");
        };
        let mut judgement = Judgement::default();
        let Some(exchange) = delivered(context, step, system) else {
            Found::new("rules.absent", requirement, "Ohne Zustellung gibt es nichts zu prüfen")
                .values("eine zugestellte Nachricht", "keine")
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        for name in &message.rules {
            let Some(sheet) = context.plan.file_bytes(name) else {
                judgement.inconclusive = Some(format!("Regeldatei {name} fehlt im Plan"));
                continue;
            };
            let result = context.engine.run(name, &sheet, &exchange.message());
            let complete = result.end == TransformEnd::Output;
            if !complete {
                judgement.inconclusive = Some(format!(
                    "Regeldatei {name} wurde nicht zu Ende ausgewertet ({:?}): {}",
                    result.end,
                    result.messages.join("; ")
                ));
            }
            let Ok(document) = parse(&result.output) else {
                if complete {
                    judgement.inconclusive = Some(format!("Regeldatei {name} gab kein XML aus"));
                }
                continue;
            };
            document.root.walk(&mut |_, element| {
                if element.name != "verletzt" {
                    return;
                }
                let rule = element.attribute("regel").unwrap_or("ohne Kennung").to_owned();
                let partial = if complete { "" } else { " (unvollständige Auswertung)" };
                let found = Found::new(
                    "rules.violated",
                    requirement,
                    format!("Regel {rule} ist verletzt{partial}"),
                )
                .values("Regel erfüllt", element.text())
                .place(name.clone())
                .seen([exchange.number]);
                // A sheet that did not come to its end has proven nothing.
                if complete { found } else { found.note() }.into(&mut judgement);
            });
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Rules { requirement: "K".into(), step: "s".into(), system: "fv".into() }
    }

    fn spoil(&self, world: &mut World, _which: usize) {
        world.replace("<Name>Größe</Name></P>", "<Name>verboten</Name></P>");
    }
}
