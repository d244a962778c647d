//! Documents: name, media type and every byte.

use base64::Engine as _;

use super::{Checker, Context, Expectation, Found, Judgement, World, delivered};
use crate::ids::Digest;
use crate::verdict::wire::{MailPart, mail_parts};
use crate::xml::{Element, parse};

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

/// The attachments without the message itself, which is the first `antrag.xml`.
fn without_message(mut parts: Vec<MailPart>) -> Vec<MailPart> {
    if let Some(at) = parts.iter().position(|p| p.name == "antrag.xml") {
        parts.remove(at);
    }
    parts
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
        let actual: Vec<Seen> = match (&receiver.documents, exchange.protocol.as_str()) {
            (_, "smtp") => without_message(mail_parts(&exchange.request))
                .into_iter()
                .map(|p| Seen { name: p.name, media_type: p.media_type, content: p.content })
                .collect(),
            (Some(place), _) => {
                let root = parse(&exchange.message()).map(|d| d.root).unwrap_or_default();
                let value = |element: &Element, path: &str| match path {
                    "" => element.text(),
                    path => element.values_at(path, &element.namespace).concat(),
                };
                root.elements()
                    .filter(|e| e.name == place.at)
                    .map(|e| Seen {
                        name: value(e, &place.name),
                        media_type: value(e, &place.media_type),
                        content: decode(&value(e, &place.content)),
                    })
                    .collect()
            }
            (None, _) => {
                parse(&exchange.message()).map(|d| sent_documents(&d.root)).unwrap_or_default()
            }
        };
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
