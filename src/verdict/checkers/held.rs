//! What a component says it holds is what was handed over to it: whole, once, and nothing else.

use super::holding::{Holding, held};
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::ids::Correlator;
use crate::plan::{Step, nachricht_of};
use crate::wire::HttpMessage;

pub(super) struct Held;

/// A message that was handed over.
struct Handed<'a> {
    step: &'a str,
    number: u64,
    id: String,
    holding: Holding,
}

impl Checker for Held {
    fn id(&self) -> &'static str {
        "held"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Held { requirement, steps, look } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let Some(looked) = context.sent(look) else {
            return Judgement::cannot(format!("Schritt \"{look}\" hat nichts gelesen"));
        };
        let Some(answer) = looked.answer.as_deref().and_then(HttpMessage::read) else {
            let why = looked.failure.clone().unwrap_or_else(|| "keine Antwort".into());
            return Judgement::cannot(format!("der Bestand war nicht zu lesen: {why}"));
        };
        let mut handed = Vec::new();
        let (mut json, mut place) = (false, None);
        for step in steps {
            let Some(sent) = context.sent(step) else {
                return Judgement::cannot(format!("Schritt \"{step}\" hat nichts zugestellt"));
            };
            let delivered = context.case.step.iter().find_map(|s| match s {
                Step::Deliver { name, message, to } if name == step => Some((message.number, to)),
                _ => None,
            });
            let receiver = delivered.and_then(|(_, to)| context.plan.receiver_of(to));
            place = place.or(receiver.and_then(|r| r.documents.as_ref()));
            json |= sent.protocol == "json";
            let id = nachricht_of(&context.case.id, delivered.map_or(1, |(number, _)| number));
            let holding = Holding::handed(&sent.protocol, sent.carried(), place);
            handed.push(Handed { step, number: sent.number, id, holding });
        }
        let things = match held(&answer, json, place) {
            Ok(things) => things,
            Err(why) => return Judgement::cannot(format!("der Bestand ist nicht lesbar: {why}")),
        };
        let mut judgement = Judgement::default();
        let found = |id: &str, message: String| {
            Found::new(id, requirement, message)
                .place(format!("Bestand, {}", looked.peer))
                .hint("Übernahme der Zustellung in den Bestand prüfen")
                .seen([looked.number])
        };
        let mut left: Vec<&Holding> = things.iter().collect();
        for one in &handed {
            let same = |held: &Holding| one.holding.is(held);
            let Some(at) = left.iter().position(|h| same(h)) else {
                let about = |held: &&Holding| {
                    Correlator::candidates(&held.bytes).any(|word| word == one.id)
                };
                match left.iter().position(about).or((left.len() == 1).then_some(0)) {
                    Some(at) => {
                        let held = left.remove(at);
                        for (id, place, expected, actual) in one.holding.differences(held) {
                            let text = match id {
                                "held.document" => {
                                    "Eine Anlage wird nicht so gehalten, wie sie zugestellt wurde"
                                }
                                _ => "Eine Angabe wird anders gehalten, als sie zugestellt wurde",
                            };
                            found(id, text.into())
                                .values(expected, actual)
                                .place(format!("Bestand, {place}"))
                                .seen([one.number])
                                .into(&mut judgement);
                        }
                    }
                    None => {
                        found("held.missing", format!("\"{}\" wird nicht gehalten", one.step))
                            .values(
                                "die zugestellte Nachricht",
                                format!("{} Nachricht(en)", things.len()),
                            )
                            .seen([one.number])
                            .absent()
                            .into(&mut judgement);
                    }
                }
                continue;
            };
            left.remove(at);
            let before = left.len();
            left.retain(|h| !same(h));
            if left.len() < before {
                found("held.repeated", format!("\"{}\" wird mehr als einmal gehalten", one.step))
                    .values("einmal", format!("{} Mal", before - left.len() + 1))
                    .seen([one.number])
                    .into(&mut judgement);
            }
        }
        for extra in left {
            let text = String::from_utf8_lossy(&extra.bytes).into_owned();
            found("held.invented", "Es wird etwas gehalten, das nicht gehalten werden darf".into())
                .values(format!("{} Nachricht(en) des Vorgangs", handed.len()), text)
                .into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Held { requirement: "K".into(), steps: vec!["d1".into()], look: "b".into() }
    }

    fn world(&self) -> World {
        World::component()
    }

    fn canaries(&self) -> usize {
        5
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("<Gehalten >Größe", "<Gehalten >GrÃ¶ÃŸe"),
            1 => world.empty_stock(),
            2 => world.repeat_stock(),
            3 => world.replace("<Daten >UERG", "<Daten >UERX"),
            _ => world.replace("200 Bestand", "404 Bestand"),
        }
    }
}
