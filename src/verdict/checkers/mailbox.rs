//! What a mailbox holds of a case: the letters that were taken, each whole and no more often than it
//! was taken, and nothing else.

use std::collections::BTreeMap;

use super::archive_model::is_done;
use super::documents::{Seen, compare};
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::ids::Correlator;
use crate::plan::{MailLook, nachricht_of};
use crate::verdict::smtp::decision;
use crate::verdict::view::Exchange;
use crate::wire::{MailPart, MailText, mail_parts, mail_parts_of, mail_text, mail_text_of};

pub(super) struct Mailbox;

impl Checker for Mailbox {
    fn id(&self) -> &'static str {
        "mailbox"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Mailbox { requirement, steps, look } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let Some(list) = context.sent(&MailLook::List.label(look)) else {
            return Judgement::cannot(format!("Schritt \"{look}\" hat nicht nachgesehen"));
        };
        if let Some(step) = steps.iter().chain([look]).find(|step| !is_done(context, step)) {
            return Judgement::cannot(format!("Schritt \"{step}\" wurde nicht ausgeführt"));
        }
        let mut judgement = Judgement::default();
        let found = |id: &str, message: String, exchange: u64| {
            Found::new(id, requirement, message)
                .place(format!("Postfach, Schritt \"{look}\""))
                .hint("Sitzung und Mail im Nachweis vergleichen")
                .seen([exchange])
        };
        // The letters by the message that they carry, as it stands in their Message-ID.
        let mut letters: BTreeMap<String, Vec<&Exchange>> = BTreeMap::new();
        for step in steps {
            let Some(session) = context.sent(step) else {
                return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesendet"));
            };
            let own = context.case.step.iter().find(|s| s.name() == step);
            let Some(message) = own.and_then(|s| s.sends()) else {
                return Judgement::cannot(format!("Schritt \"{step}\" sendet nichts"));
            };
            let answer = session.answer.as_deref().unwrap_or_default();
            let of_message = letters.entry(nachricht_of(&context.case.id, message.number));
            let taken = decision(&session.request, answer).is_some_and(|d| d.takes());
            let of_message = of_message.or_default();
            if taken {
                of_message.push(session);
            }
        }
        let mut held = context.own(&MailLook::Mail.label(look));
        for (id, taken) in &letters {
            let Some(sent) = taken.first() else { continue };
            let (mine, others): (Vec<&Exchange>, Vec<&Exchange>) =
                held.into_iter().partition(|mail| names(bytes(mail), id));
            held = others;
            let counts = (taken.len().to_string(), mine.len().to_string());
            if mine.is_empty() {
                let text = "Die Mail wurde angenommen und liegt nicht im Postfach".to_owned();
                found("mailbox.missing", text, list.number)
                    .values(counts.0, counts.1)
                    .absent()
                    .into(&mut judgement);
            } else if mine.len() > taken.len() {
                let text = "Die Mail liegt öfter im Postfach, als sie angenommen wurde".to_owned();
                found("mailbox.repeated", text, list.number)
                    .values(counts.0, counts.1)
                    .into(&mut judgement);
            }
            for mail in mine {
                whole(sent, mail, |id, message, wanted, got| {
                    found(&format!("mailbox.{id}"), message, mail.number)
                        .values(wanted, got)
                        .into(&mut judgement);
                });
            }
        }
        for mail in held {
            let text = "Im Postfach liegt eine Mail, die nicht angenommen werden durfte".to_owned();
            found("mailbox.invented", text, mail.number)
                .values("nichts", mail.peer.clone())
                .into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Mailbox {
            requirement: "K".into(),
            steps: vec!["brief".into()],
            look: "kasten".into(),
        }
    }

    fn canaries(&self) -> usize {
        3
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("BRIEFPDF\r\n--k--", "BRIEF\r\n--k--"),
            1 => world.replace("Guten Tag K\u{e4}tz", "Guten Tag Katz"),
            _ => world.lose_mail(),
        }
    }
}

fn bytes(mail: &Exchange) -> &[u8] {
    mail.answer.as_deref().unwrap_or_default()
}

/// Whether a mail names a message.
fn names(mail: &[u8], id: &str) -> bool {
    Correlator::candidates(mail).any(|word| word == id)
}

/// Compares a mail with the letter that was handed in: attachments by every byte, text and subject.
fn whole(sent: &Exchange, mail: &Exchange, mut found: impl FnMut(&str, String, String, String)) {
    let seen = |parts: Vec<MailPart>| -> Vec<Seen> {
        let one = |p: MailPart| Seen {
            name: p.name,
            media_type: p.media_type.to_ascii_lowercase(),
            content: p.content,
        };
        parts.into_iter().map(one).collect()
    };
    let wanted = seen(mail_parts(&sent.request));
    let got = seen(mail_parts_of(bytes(mail)));
    compare(&wanted, &got, |kind, message, expected, actual| {
        found(&format!("attachment-{kind}"), message, expected, actual);
    });
    let (MailText { subject, text }, there) = (mail_text(&sent.request), mail_text_of(bytes(mail)));
    if subject != there.subject {
        let message = "Der Betreff ist ein anderer".to_owned();
        found("subject", message, subject, there.subject);
    }
    if text != there.text {
        found("text", "Der Text ist ein anderer".to_owned(), text, there.text);
    }
}
