//! Documents: name, media type and every byte.

use base64::Engine as _;

use super::{Checker, Context, Expectation, Found, Judgement, World, delivered};
use crate::concept::DocumentPlace;
use crate::ids::Digest;
use crate::verdict::view::Exchange;
use crate::xml::Element;

/// A document, wherever it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub name: String,
    pub media_type: String,
    pub content: Vec<u8>,
}

impl Seen {
    fn shown(&self) -> String {
        let digest = Digest::of(&self.content);
        format!(
            "{} ({}, {} Bytes, {})",
            self.name,
            self.media_type,
            self.content.len(),
            digest.short()
        )
    }
}

fn decode(text: &str) -> Vec<u8> {
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(packed).unwrap_or_default()
}

/// The documents a message was sent with.
pub(super) fn sent_documents(root: &Element) -> Vec<Seen> {
    let Some(all) = root.child("Anlagen") else { return vec![] };
    all.elements()
        .map(|e| Seen {
            name: e.child_text("Dateiname").unwrap_or_default(),
            media_type: e.child_text("Medientyp").unwrap_or_default(),
            content: decode(&e.child_text("Inhalt").unwrap_or_default()),
        })
        .collect()
}

/// Compares documents; the order does not matter.
pub(super) fn compare(
    expected: &[Seen],
    actual: &[Seen],
    mut found: impl FnMut(&str, String, String, String),
) {
    let mut left: Vec<&Seen> = actual.iter().collect();
    let mut open: Vec<&Seen> = Vec::new();
    for want in expected {
        match left.iter().position(|have| *have == want) {
            Some(at) => {
                left.remove(at);
            }
            None => open.push(want),
        }
    }
    for want in open {
        // The same name, or the same bytes under another name.
        let by_name = left.iter().position(|have| have.name == want.name);
        let same = |have: &&Seen| have.content == want.content;
        match by_name.or_else(|| left.iter().position(same)) {
            Some(at) => {
                let have = left.remove(at);
                found(
                    "different",
                    format!("Anlage \"{}\" kam verändert an", want.name),
                    want.shown(),
                    have.shown(),
                );
            }
            None => found(
                "missing",
                format!("Anlage \"{}\" ist nicht angekommen", want.name),
                want.shown(),
                "nichts".into(),
            ),
        }
    }
    for have in left {
        found(
            "invented",
            format!("Anlage \"{}\" hat niemand gesendet", have.name),
            "nichts".into(),
            have.shown(),
        );
    }
}

/// The documents that arrived: those that stand in the message, each with its own bytes or with those
/// of the part it names, and the parts that nothing in the message speaks of.
fn arrived_documents(exchange: &Exchange, place: Option<&DocumentPlace>) -> Vec<Seen> {
    let carried = exchange.carried();
    // A mail brings them as attachments; those in its message are the message's own.
    let root = carried.root().ok().filter(|_| exchange.protocol != "smtp").unwrap_or_default();
    let mut left = carried.parts;
    let mut out = match place {
        None => sent_documents(&root),
        Some(place) => {
            let value = |element: &Element, path: &str| match path {
                "" => element.text(),
                path => element.values_at(path, &element.namespace).concat(),
            };
            let mut seen = Vec::new();
            for element in root.elements_at(&place.at) {
                let text = value(element, &place.content);
                let part = left.iter().position(|p| !p.name.is_empty() && p.name == text.trim());
                seen.push(Seen {
                    name: value(element, &place.name),
                    media_type: value(element, &place.media_type),
                    content: match part {
                        Some(at) => left.remove(at).content,
                        None => decode(&text),
                    },
                });
            }
            seen
        }
    };
    out.extend(left.into_iter().map(|part| Seen {
        name: part.name,
        media_type: part.media_type.unwrap_or_else(|| "ohne Medientyp".into()),
        content: part.content,
    }));
    out
}

pub(super) struct Documents;

impl Checker for Documents {
    fn id(&self) -> &'static str {
        "documents"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Documents { requirement, step, system } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let (Some(sent), Some(receiver)) =
            (context.sent_root(step), context.plan.receiver_of(system))
        else {
            return Judgement::cannot(format!("Schritt \"{step}\" ist nicht auswertbar"));
        };
        let mut judgement = Judgement::default();
        let Some(exchange) = delivered(context, step, system) else {
            Found::new("documents.absent", requirement, "Es sind keine Anlagen angekommen")
                .values("eine zugestellte Nachricht", "keine")
                .place(format!("Empfänger {system}"))
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        let actual = arrived_documents(exchange, receiver.documents.as_ref());
        compare(&sent_documents(&sent), &actual, |kind, message, expected, got| {
            Found::new(&format!("documents.{kind}"), requirement, message)
                .values(expected, got)
                .place(format!("Empfänger {system}"))
                .hint("Übergabe der Anlagen in der Regel des Empfängerformats oder im Mailversand prüfen")
                .seen([exchange.number])
                .into(&mut judgement);
        });
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Documents { requirement: "K".into(), step: "s".into(), system: "fv".into() }
    }

    fn canaries(&self) -> usize {
        2
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("<Daten>", "<Daten>AAAA"),
            _ => world.replace("<Anlage>", "<Anlage><Datei>zweite.pdf</Datei></Anlage><Anlage>"),
        }
    }
}
