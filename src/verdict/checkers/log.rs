//! The transaction log: every event of a message, in order.

use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::verdict::view::Log;

/// How far two clocks may differ.
const CLOCKS: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

pub(super) struct TransactionLog;

impl Checker for TransactionLog {
    fn id(&self) -> &'static str {
        "log"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Log { requirement, step, events, never } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let Some(sent) = context.sent(step) else {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesendet"));
        };
        let mut judgement = Judgement::default();
        let found = |id: &str, message: String| {
            Found::new(id, requirement, message).place("Transaktionsprotokoll").seen([sent.number])
        };
        match context.log() {
            Log::NotFetched => {
                return Judgement::cannot("das Transaktionsprotokoll wurde nicht geholt");
            }
            Log::Unreadable(why) => {
                found("log.unreadable", "Das Transaktionsprotokoll ist nicht lesbar".into())
                    .values("eine Liste von Einträgen", why.clone())
                    .into(&mut judgement);
                return judgement;
            }
            Log::Entries(_) => {}
        }
        let Some(transaction) = context.transaction(step) else {
            found("log.no-transaction", "Die Antwort nennt keine Transaktion".into())
                .values("eine Transaktion in Quittung oder Rückweisung", "keine")
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        let entries = context.entries(step);
        let seen: Vec<&str> = entries.iter().map(|e| e.ereignis.as_str()).collect();
        let missing: Vec<&String> = events.iter().filter(|e| !seen.contains(&e.as_str())).collect();
        for event in &missing {
            found("log.gap", format!("Im Protokoll fehlt \"{event}\""))
                .values(events.join(" → "), seen.join(" → "))
                .place(format!("Transaktion {transaction}"))
                .hint("Jeder Schritt einer Nachricht muss einen Eintrag hinterlassen")
                .absent()
                .into(&mut judgement);
        }
        let others = context.run.transactions.get(&transaction).copied().unwrap_or(0);
        if others > 1 {
            found("log.shared", "Mehrere Nachrichten tragen dieselbe Transaktion".into())
                .values("eine Transaktion je Nachricht", format!("{others} Nachrichten"))
                .place(format!("Transaktion {transaction}"))
                .into(&mut judgement);
        }
        for event in events {
            let times = seen.iter().filter(|s| *s == event).count();
            if times > 1 {
                found("log.repeated", format!("\"{event}\" steht {times} Mal im Protokoll"))
                    .values("einmal", times.to_string())
                    .place(format!("Transaktion {transaction}"))
                    .into(&mut judgement);
            }
        }
        for event in seen.iter().filter(|s| never.iter().any(|n| n == *s)) {
            found(
                "log.contradiction",
                format!("Im Protokoll steht \"{event}\", das nicht dazu passt"),
            )
            .values(events.join(" → "), seen.join(" → "))
            .place(format!("Transaktion {transaction}"))
            .into(&mut judgement);
        }
        let order: Vec<usize> =
            events.iter().filter_map(|e| seen.iter().position(|s| s == e)).collect();
        if missing.is_empty() && order.windows(2).any(|w| w[0] > w[1]) {
            found("log.order", "Die Einträge stehen in falscher Reihenfolge".into())
                .values(events.join(" → "), seen.join(" → "))
                .place(format!("Transaktion {transaction}"))
                .into(&mut judgement);
        }
        let times: Vec<Option<jiff::Timestamp>> =
            entries.iter().map(|e| e.zeit.parse().ok()).collect();
        if times.iter().any(Option::is_none) || times.windows(2).any(|w| w[0] > w[1]) {
            let shown: Vec<&str> = entries.iter().map(|e| e.zeit.as_str()).collect();
            found(
                "log.times",
                "Die Zeiten der Einträge sind unlesbar oder laufen rückwärts".into(),
            )
            .values("aufsteigende Zeiten nach RFC 3339", shown.join(", "))
            .place(format!("Transaktion {transaction}"))
            .into(&mut judgement);
        }
        // The log's clock is that of the target; it may differ a little, and no more.
        let from = sent.started.unwrap_or(sent.time).saturating_sub(CLOCKS);
        let to = context.run.exchanges.last().map_or(sent.time, |e| e.time).saturating_add(CLOCKS);
        let outside = |t: &jiff::Timestamp| {
            from.as_ref().is_ok_and(|from| t < from) || to.as_ref().is_ok_and(|to| t > to)
        };
        let wrong: Vec<String> =
            times.iter().flatten().filter(|t| outside(t)).map(ToString::to_string).collect();
        if !wrong.is_empty() {
            found("log.clock", "Zeiten des Protokolls liegen außerhalb des Laufs".into())
                .values(
                    format!(
                        "Zeiten zwischen {} und {}",
                        from.map_or_else(|_| String::new(), |t| t.to_string()),
                        to.map_or_else(|_| String::new(), |t| t.to_string())
                    ),
                    wrong.join(", "),
                )
                .place(format!("Transaktion {transaction}"))
                .hint("Uhr und Zeitzone des Prüfgegenstands prüfen; Zeiten stehen mit Zone (RFC 3339)")
                .into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Log {
            requirement: "K".into(),
            step: "s".into(),
            events: vec!["empfangen".into(), "zugestellt".into()],
            never: vec!["zurueckgewiesen".into()],
        }
    }

    fn canaries(&self) -> usize {
        4
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("\"ereignis\":\"empfangen\"", "\"ereignis\":\"sonstiges\""),
            1 => world.replace("\"ereignis\":\"empfangen\"", "\"ereignis\":\"zugestellt\""),
            2 => world.replace("TX-2", "TX-1"),
            _ => world.replace("\"zeit\":\"20", "\"zeit\":\"19"),
        }
    }
}
