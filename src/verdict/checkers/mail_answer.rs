//! What a mail system answers to a letter.

use super::archive_model::is_done;
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::plan::MailReply;
use crate::verdict::smtp::{Decision, decision};

pub(super) struct MailAnswer;

impl Checker for MailAnswer {
    fn id(&self) -> &'static str {
        "mail-answer"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::MailAnswer { requirement, step, reply } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        if !is_done(context, step) {
            return Judgement::cannot(format!("Schritt \"{step}\" wurde nicht ausgeführt"));
        }
        let Some(session) = context.sent(step) else {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesendet"));
        };
        let mut judgement = Judgement::default();
        let found = |id: &str, message: &str, actual: String| {
            let wanted = match reply {
                MailReply::Taken => "250".to_owned(),
                MailReply::Refused { codes, replies } => {
                    let replies: Vec<String> = replies.iter().map(u16::to_string).collect();
                    format!("{} ({})", replies.join(" oder "), codes.join(" oder "))
                }
            };
            Found::new(id, requirement, message)
                .values(wanted, actual)
                .place(format!("Schritt \"{step}\""))
                .hint("Sitzung im Nachweis ansehen: jedes Kommando mit seiner Antwort")
                .seen([session.number])
        };
        let answer = session.answer.as_deref().unwrap_or_default();
        let Some(decision) = decision(&session.request, answer) else {
            let why = session.failure.clone().unwrap_or_else(|| "keine Antwort".into());
            found("mail.no-answer", "Das Mailsystem antwortet nicht zu Ende", why)
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        let said = || format!("{} auf {}", decision.reply.text, decision.command);
        match reply {
            MailReply::Taken if decision.takes() => {}
            MailReply::Taken => {
                found("mail.not-taken", "Das Mailsystem weist ab, was zulässig ist", said())
                    .into(&mut judgement);
            }
            MailReply::Refused { .. } if decision.takes() => {
                found("mail.not-refused", "Das Mailsystem nimmt, was es abweisen muss", said())
                    .into(&mut judgement);
            }
            MailReply::Refused { codes, replies } if right(&decision, codes, replies) => {}
            MailReply::Refused { .. } => {
                found("mail.wrong-reply", "Das Mailsystem weist mit falschem Kode ab", said())
                    .into(&mut judgement);
            }
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::MailAnswer {
            requirement: "K".into(),
            step: "brief".into(),
            reply: MailReply::Taken,
        }
    }

    fn canaries(&self) -> usize {
        2
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("250 2.0.0 genommen", "550 5.7.1 nein"),
            _ => world.replace("250 2.0.0 genommen\r\n221 2.0.0 ende\r\n", ""),
        }
    }
}

/// A refusal for good with the right code: the enhanced one where there is one.
fn right(decision: &Decision, codes: &[String], replies: &[u16]) -> bool {
    decision.reply.refuses()
        && match &decision.reply.enhanced {
            Some(code) => codes.contains(code),
            None => replies.contains(&decision.reply.code),
        }
}
