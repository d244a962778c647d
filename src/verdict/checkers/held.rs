//! What a component says it holds is what was handed over to it: whole, once, and nothing else.

use base64::Engine as _;
use serde::Deserialize;

use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::ids::Correlator;
use crate::plan::{Step, nachricht_of};
use crate::wire::HttpMessage;
use crate::xml::{Element, compare, parse};

pub(super) struct Held;

/// The answer of somebody who can list what he holds.
#[derive(Deserialize)]
struct Listing {
    format: String,
    nachrichten: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    name: String,
    inhalt: String,
}

/// What is held about the case: the bytes of each message.
fn held(answer: &HttpMessage) -> Result<Vec<Vec<u8>>, String> {
    match answer.status() {
        Some(404 | 410) => return Ok(vec![]),
        Some(200..=299) => {}
        other => return Err(format!("Status {}", other.unwrap_or_default())),
    }
    if answer.body.is_empty() {
        return Ok(vec![]);
    }
    if let Ok(listing) = serde_json::from_slice::<Listing>(&answer.body) {
        if listing.format != "pruefstand/bestand/1" {
            return Err(format!("Format \"{}\" ist nicht bekannt", listing.format));
        }
        let code = base64::engine::general_purpose::STANDARD;
        return listing
            .nachrichten
            .iter()
            .map(|l| code.decode(&l.inhalt).map_err(|e| format!("{}: {e}", l.name)))
            .collect();
    }
    Ok(vec![answer.body.clone()])
}

/// A message that was handed over.
struct Handed<'a> {
    step: &'a str,
    number: u64,
    id: String,
    root: Option<Element>,
    bytes: Vec<u8>,
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
        let things = match held(&answer) {
            Ok(things) => things,
            Err(why) => return Judgement::cannot(format!("der Bestand ist nicht lesbar: {why}")),
        };
        let mut handed = Vec::new();
        for step in steps {
            let Some(sent) = context.sent(step) else {
                return Judgement::cannot(format!("Schritt \"{step}\" hat nichts zugestellt"));
            };
            let bytes = sent.message();
            let root = parse(&bytes).ok().map(|d| d.root);
            let id = context.case.step.iter().find_map(|s| match s {
                Step::Deliver { name, message, .. } if name == step => Some(message.number),
                _ => None,
            });
            let id = nachricht_of(&context.case.id, id.unwrap_or(1));
            handed.push(Handed { step, number: sent.number, id, root, bytes });
        }
        let mut judgement = Judgement::default();
        let found = |id: &str, message: String| {
            Found::new(id, requirement, message)
                .place(format!("Bestand, {}", looked.peer))
                .hint("Übernahme der Zustellung in den Bestand prüfen")
                .seen([looked.number])
        };
        let mut left: Vec<&Vec<u8>> = things.iter().collect();
        for one in &handed {
            let same = |held: &[u8]| one.is(held);
            let Some(at) = left.iter().position(|h| same(h)) else {
                let about = |held: &&Vec<u8>| {
                    Correlator::candidates(&crate::wire::plain(held)).any(|word| word == one.id)
                };
                match left.iter().position(about).or((left.len() == 1).then_some(0)) {
                    Some(at) => {
                        let held = left.remove(at);
                        one.differences(held, |place, expected, actual| {
                            let text = "Eine Angabe wird anders gehalten, als sie zugestellt wurde";
                            found("held.different", text.into())
                                .values(expected, actual)
                                .place(format!("Bestand, {place}"))
                                .seen([one.number])
                                .into(&mut judgement);
                        });
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
            let text = String::from_utf8_lossy(extra).into_owned();
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
        4
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("<Gehalten >Größe", "<Gehalten >GrÃ¶ÃŸe"),
            1 => world.empty_stock(),
            2 => world.repeat_stock(),
            _ => world.replace("200 Bestand", "404 Bestand"),
        }
    }
}

impl Handed<'_> {
    /// Whether something held is this message, by its meaning where it is XML.
    fn is(&self, held: &[u8]) -> bool {
        match (&self.root, parse(held)) {
            (Some(root), Ok(held)) => compare(root, &held.root).is_empty(),
            _ => self.bytes == held,
        }
    }

    fn differences(&self, held: &[u8], mut found: impl FnMut(&str, String, String)) {
        match (&self.root, parse(held)) {
            (Some(root), Ok(held)) => {
                for d in compare(root, &held.root) {
                    let text = |t: Option<String>| t.unwrap_or_else(|| "nichts".into());
                    found(&d.place, text(d.expected), text(d.actual));
                }
            }
            _ => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                found("Inhalt", text(&self.bytes), text(held));
            }
        }
    }
}
