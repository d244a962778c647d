//! The target's answer: taken, or rejected with the right code and lines.

use std::collections::BTreeSet;

use super::{Blame, Checker, Context, Expectation, Found, Judgement, World};
use crate::plan::Outcome;
use crate::wire::{self, HttpMessage};
use crate::xml::{Element, parse_labelled};

/// Namespace of acknowledgements and rejections.
const NAMESPACE: &str = "urn:pruefstand:quittung:1";

pub(super) struct Reply;

/// The character set that an answer's content type names.
fn charset_of(raw: &[u8]) -> Option<String> {
    let kind = wire::header_of(wire::final_answer(raw), "content-type")?;
    let value = kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })?;
    Some(value.to_owned())
}

/// What an answer is that is neither acknowledgement nor rejection.
fn what_it_is(body: &[u8], root: Option<&Element>) -> String {
    match root {
        Some(root) if matches!(root.name.as_str(), "Quittung" | "Rueckweisung") => {
            format!("<{}> im Namensraum \"{}\"", root.name, root.namespace)
        }
        Some(root) => format!("<{}> statt Quittung oder Rückweisung", root.name),
        None if body.is_empty() => "ohne Quittung und ohne Rückweisung".to_owned(),
        None => "kein XML, also ohne Quittung und ohne Rückweisung".to_owned(),
    }
}

impl Checker for Reply {
    fn id(&self) -> &'static str {
        "reply"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Reply { requirement, step, outcome, code, lines } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let Some(sent) = context.sent(step) else {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesendet"));
        };
        let mut judgement = Judgement::default();
        let found = |id, message: String| {
            Found::new(id, requirement, message)
                .place(format!("Schritt {step}"))
                .seen([sent.number])
        };
        let answer = sent.answer.as_deref().and_then(HttpMessage::read);
        let Some(answer) = answer else {
            let why = sent.failure.clone().unwrap_or_else(|| "keine Antwort".into());
            found("reply.none", "Der Prüfgegenstand hat nicht geantwortet".into())
                .values("eine Quittung oder Rückweisung", why)
                .hint("Protokoll und Ausgabe des Prüfgegenstands ansehen")
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        if let Some(why) = &sent.failure {
            // What is cut off may look as good as a whole one.
            found("reply.broken", "Die Antwort kam nicht so an, wie HTTP es vorsieht".into())
                .values("eine ganze Antwort und nichts danach", why.clone())
                .hint(
                    "Länge, Ende der Verbindung und Zwischenstationen des Prüfgegenstands ansehen",
                )
                .absent()
                .into(&mut judgement);
            return judgement;
        }
        let status = answer.status().unwrap_or(0);
        let charset = sent.answer.as_deref().and_then(charset_of);
        let said = parse_labelled(&answer.body, charset.as_deref()).ok().map(|l| l.document.root);
        let root = said.clone().filter(|r| r.namespace == NAMESPACE);
        let reason = root.as_ref().filter(|r| r.name == "Rueckweisung");
        let actual_code = reason.and_then(|r| r.child_text("Grund"));
        let taken =
            matches!(status, 200..=202) && root.as_ref().is_some_and(|r| r.name == "Quittung");
        let shown = match (&actual_code, taken) {
            (Some(code), _) => {
                let text = reason.and_then(|r| r.child_text("Text")).unwrap_or_default();
                format!("zurückgewiesen mit {code}: {text}")
            }
            (None, true) => format!("angenommen (Status {status})"),
            (None, false) => {
                format!("Status {status}, {}", what_it_is(&answer.body, said.as_ref()))
            }
        };
        // Before anything is said about checks: it must be an answer that can be read.
        let unreadable = root.is_none().then(|| {
            format!(
                "Eine Antwort ist <Quittung> oder <Rueckweisung> im Namensraum {NAMESPACE}, siehe ARCHITECTURE.md, \"What a hub answers\""
            )
        });
        if let Some(root) = &root {
            if root.child_text("Transaktion").unwrap_or_default().is_empty() {
                found("reply.no-transaction", "Die Antwort nennt keine Transaktion".into())
                    .values("eine Transaktion", "keine")
                    .into(&mut judgement);
            }
            let named = root.child_text("Vorgangsnummer");
            let sent_values = context.sent_root(step).map(|sent| {
                let mut all = Vec::new();
                sent.walk(&mut |_, e| all.push(e.text().trim().to_owned()));
                all
            });
            let known = match (&named, &sent_values) {
                (None, _) => root.name != "Quittung",
                (Some(n), Some(values)) => n.is_empty() || values.contains(n),
                (Some(_), None) => true,
            };
            if !known {
                found("reply.wrong-case", "Die Antwort gehört zu einem anderen Vorgang".into())
                    .values(context.case.correlators[0].to_string(), named.unwrap_or_default())
                    .into(&mut judgement);
            }
        }
        if actual_code.is_some() && !(400..500).contains(&status) {
            found(
                "reply.status",
                "Eine Rückweisung kam mit einem Status, der etwas anderes sagt".into(),
            )
            .values("Status 4xx", status.to_string())
            .into(&mut judgement);
        }
        match outcome {
            Outcome::Accepted if taken => {}
            Outcome::Accepted => {
                let configuration = actual_code.as_deref() == Some("T080");
                found("reply.not-accepted", "Eine gültige Nachricht wurde nicht angenommen".into())
                    .values("angenommen und quittiert", shown)
                    .blame(if configuration { Blame::Configuration } else { Blame::Target })
                    .hint(unreadable.unwrap_or_else(|| if configuration {
                        "Der Prüfgegenstand kennt Stelle oder Leistung nicht: Konfiguration mit `pruefstand organisation export` abgleichen"
                    } else {
                        "Die Rückweisung nennt die Stelle in der Nachricht; Schema und Prüfregeln des Prüfgegenstands ansehen"
                    }.to_owned()))
                    .into(&mut judgement);
            }
            Outcome::Rejected if actual_code.is_none() => {
                found(
                    "reply.not-rejected",
                    "Eine Nachricht mit Fehler wurde nicht zurückgewiesen".into(),
                )
                .values(format!("zurückgewiesen mit {}", code.as_deref().unwrap_or("Grund")), shown)
                .hint(unreadable.unwrap_or_else(|| {
                    "Die Prüfung, die diesen Fehler finden muss, fehlt oder ist abgeschaltet".into()
                }))
                .into(&mut judgement);
            }
            Outcome::Rejected => {
                if code.is_some() && actual_code != *code {
                    found("reply.wrong-code", "Die Rückweisung nennt einen anderen Grund".into())
                        .values(code.clone().unwrap_or_default(), shown)
                        .hint("Zuordnung von Fehlern zu Rückweisungsgründen prüfen")
                        .into(&mut judgement);
                }
                let named: BTreeSet<u32> = reason
                    .into_iter()
                    .flat_map(|r| r.elements())
                    .filter_map(|m| m.attribute("zeile")?.parse().ok())
                    .collect();
                let missing: Vec<String> =
                    lines.iter().filter(|l| !named.contains(l)).map(u32::to_string).collect();
                let extra: Vec<u32> = named
                    .iter()
                    .copied()
                    .filter(|l| !lines.is_empty() && !lines.contains(l))
                    .collect();
                if !extra.is_empty() {
                    found("reply.lines", "Die Rückweisung nennt Zeilen ohne Fehler".into())
                        .values(format!("{lines:?}"), format!("{named:?}"))
                        .into(&mut judgement);
                }
                if !missing.is_empty() {
                    found(
                        "reply.lines",
                        "Die Rückweisung nennt nicht alle fehlerhaften Zeilen".into(),
                    )
                    .values(format!("{lines:?}"), format!("{named:?}"))
                    .hint(format!("es fehlen die Zeilen {}", missing.join(", ")))
                    .into(&mut judgement);
                }
            }
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Reply {
            requirement: "K".into(),
            step: "s".into(),
            outcome: Outcome::Accepted,
            code: None,
            lines: vec![],
        }
    }

    fn canaries(&self) -> usize {
        3
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("202 Accepted", "500 Internal Server Error"),
            1 => world
                .replace("</Transaktion><Vorgangsnummer>PS-", "</Transaktion><Vorgangsnummer>XX-"),
            _ => world.replace("<Quittung xmlns", "<Irgendwas xmlns"),
        }
    }
}
