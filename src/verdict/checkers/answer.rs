//! What a component answers to what is handed over to it: it takes what is right, refuses what is
//! wrong, and keeps to its file number.

use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::plan::Outcome;
use crate::verdict::view::Exchange;
use crate::wire::HttpMessage;

pub(super) struct Answer;

/// How an answer reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Taken,
    Refused,
    /// Neither: a fault of the server, a redirect, something unreadable.
    Neither,
}

fn said(exchange: &Exchange) -> Said {
    if exchange.is_taken() {
        return Said::Taken;
    }
    if exchange.is_refused() { Said::Refused } else { Said::Neither }
}

fn shown(exchange: &Exchange) -> String {
    let answer = exchange.answer.as_deref().unwrap_or_default();
    match HttpMessage::read(answer).filter(|_| exchange.protocol != "file") {
        Some(answer) => {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            format!("{} {body}", answer.start)
        }
        None if answer.is_empty() => {
            exchange.failure.clone().unwrap_or_else(|| "keine Antwort".into())
        }
        None => String::from_utf8_lossy(answer).into_owned(),
    }
}

/// Whether the status says yes while the answer says no.
fn contradicts(exchange: &Exchange) -> bool {
    let answer = exchange.answer.as_deref().unwrap_or_default();
    let status = HttpMessage::read(answer).and_then(|m| m.status());
    status.is_some_and(|s| (200..300).contains(&s))
        && crate::wire::says_no(&exchange.protocol, answer)
}

impl Checker for Answer {
    fn id(&self) -> &'static str {
        "answer"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Answer { requirement, step, outcome, numbered, same_as } = expectation
        else {
            return Judgement::cannot("andere Erwartung");
        };
        let Some(sent) = context.sent(step) else {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts zugestellt"));
        };
        let mut judgement = Judgement::default();
        let found = |id: &str, message: &str| {
            Found::new(id, requirement, message)
                .place(format!("Schritt {step}, {}", sent.peer))
                .seen([sent.number])
        };
        if sent.answer.as_deref().is_none_or(<[u8]>::is_empty) {
            let why = sent.failure.clone().unwrap_or_else(|| "keine Antwort".into());
            found("answer.none", "Der Prüfgegenstand hat nicht geantwortet")
                .values("eine Antwort des Protokolls", why)
                .hint("Protokoll und Ausgabe des Prüfgegenstands ansehen")
                .absent()
                .into(&mut judgement);
            return judgement;
        }
        match (outcome, said(sent)) {
            (Some(Outcome::Accepted), Said::Taken)
            | (Some(Outcome::Rejected), Said::Refused)
            | (None, Said::Taken | Said::Refused) => {}
            (Some(Outcome::Accepted), _) => {
                found("answer.not-taken", "Eine gültige Zustellung wurde nicht angenommen")
                    .values("angenommen", shown(sent))
                    .hint("Der Grund steht in der Antwort; die Zustellung liegt im Nachweis")
                    .into(&mut judgement);
            }
            (Some(Outcome::Rejected), Said::Taken) => {
                found("answer.not-refused", "Eine fehlerhafte Zustellung wurde angenommen")
                    .values("abgewiesen mit dem Fehler des Protokolls", shown(sent))
                    .hint("Prüfung der Eingänge im Prüfgegenstand ergänzen")
                    .into(&mut judgement);
            }
            (_, _) => {
                found("answer.unclear", "Die Antwort nimmt weder an noch weist sie ab")
                    .values("angenommen, oder abgewiesen mit dem Fehler des Protokolls", shown(sent))
                    .hint("Ein Absender wiederholt bei 5xx und Umleitungen; was falsch ist, gehört mit 4xx oder SOAP-Fault abgewiesen")
                    .into(&mut judgement);
            }
        }
        if contradicts(sent) {
            found("answer.status", "Die Antwort sagt Nein mit einem Status, der Ja heißt")
                .values(
                    "4xx oder 5xx (SOAP 1.1, 6.2; SOAP 1.2 Teil 2, 7.5.2.2; RFC 9457, 3)",
                    shown(sent),
                )
                .hint("Wer nur auf den Status sieht, hält die Zustellung für angenommen")
                .into(&mut judgement);
        }
        let named = sent.file_number().filter(|n| !n.trim().is_empty());
        if *numbered && sent.is_taken() && named.is_none() {
            found("answer.no-file-number", "Die Annahme nennt kein Aktenzeichen")
                .values("ein Aktenzeichen", shown(sent))
                .hint("Das Aktenzeichen steht in der Antwort: Element oder Schlüssel aktenzeichen")
                .into(&mut judgement);
        }
        if let Some(first) = same_as.as_ref().and_then(|s| context.sent(s))
            && sent.is_taken()
            && let (Some(before), Some(now)) = (first.file_number(), sent.file_number())
            && before != now
        {
            found("answer.file-number", "Dieselbe Zustellung bekam ein zweites Aktenzeichen")
                .values(before, now)
                .hint("Zustellungen an ihrer Kennung wiedererkennen")
                .seen([first.number])
                .into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Answer {
            requirement: "K".into(),
            step: "d2".into(),
            outcome: Some(Outcome::Accepted),
            numbered: true,
            same_as: Some("d1".into()),
        }
    }

    fn world(&self) -> World {
        World::component()
    }

    fn canaries(&self) -> usize {
        4
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("200 Zweimal", "422 Zweimal"),
            1 => world.replace("200 Zweimal", "503 Zweimal"),
            2 => world.replace("\"A2\" status", "\"A3\" status"),
            _ => world.replace("aktenzeichen=\"A2\" status", "nummer=\"A2\" status"),
        }
    }
}
