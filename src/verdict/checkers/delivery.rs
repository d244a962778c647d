//! Delivery: at the right system, exactly once, nowhere else, in order.

use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::ids::ComponentKind;
use crate::plan::Step;
use crate::wire::mail_recipients;

pub(super) struct Delivery;

/// What the target itself says last about a message.
fn last_entry(context: &Context<'_>, step: &str) -> String {
    match context.entries(step).last() {
        Some(entry) => format!(
            "Letzter Eintrag im Transaktionsprotokoll: {} {} ({})",
            entry.ereignis, entry.einzelheit, entry.transaktion
        ),
        None => "Im Transaktionsprotokoll steht nichts zu dieser Nachricht".into(),
    }
}

impl Checker for Delivery {
    fn id(&self) -> &'static str {
        "delivery"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Delivery { requirement, step, system } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        if context.sent(step).is_none() {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesendet"));
        }
        let mut judgement = Judgement::default();
        let here = context.taken_at(step, system);
        let found = |id, message: String| {
            Found::new(id, requirement, message)
                .place(format!("Empfänger {system}, Schritt {step}"))
        };
        if here.is_empty() {
            let tried = context
                .deliveries()
                .filter(|e| &e.system == system && context.is_of(e, step))
                .count();
            let actual = if tried == 0 {
                "nichts angekommen".to_owned()
            } else {
                format!("{tried} Versuch(e), keiner wurde angenommen")
            };
            found("delivery.missing", format!("Die Nachricht hat {system} nicht erreicht"))
                .values("genau eine Zustellung", actual)
                .hint(last_entry(context, step))
                .absent()
                .into(&mut judgement);
        }
        if here.len() > 1 {
            found("delivery.repeated", format!("Die Nachricht kam {} Mal an", here.len()))
                .values("genau eine Zustellung", format!("{} Zustellungen", here.len()))
                .hint("Zustellungen als erledigt vermerken, bevor wiederholt wird")
                .seen(here.iter().map(|e| e.number))
                .into(&mut judgement);
        }
        // A receiver that knows what it has turns the second one away; it was sent all the same. Who
        // was killed before it could note the answer may ask again.
        let killed = context.case.step.iter().any(|s| matches!(s, Step::Restart { .. }));
        if let [first] = here[..]
            && first.is_settled()
            && !killed
        {
            let again: Vec<u64> = context
                .deliveries()
                .filter(|e| &e.system == system && e.number > first.number)
                .filter(|e| context.is_of(e, step))
                .map(|e| e.number)
                .collect();
            if !again.is_empty() {
                found(
                    "delivery.repeated",
                    "Die Nachricht wurde nach ihrer Annahme noch einmal gesendet".into(),
                )
                .values("keine weitere Zustellung", format!("{} weitere", again.len()))
                .hint("Zustellungen als erledigt vermerken, bevor wiederholt wird")
                .seen([first.number].into_iter().chain(again))
                .into(&mut judgement);
            }
        }
        let elsewhere: Vec<_> = context
            .deliveries()
            .filter(|e| {
                &e.system != system
                    && context.kind(&e.system) != Some(ComponentKind::Dms)
                    && context.is_of(e, step)
            })
            .collect();
        for exchange in elsewhere {
            found("delivery.misrouted", format!("Die Nachricht ging an {}", exchange.system))
                .values(system.to_string(), exchange.system.to_string())
                .hint("Zuordnung von Gemeindeschlüssel und Leistung zum System in der Organisationskonfiguration prüfen")
                .seen([exchange.number])
                .into(&mut judgement);
        }
        for exchange in here.iter().filter(|e| e.protocol == "smtp") {
            let authority = context.plan.authority.iter().find(|a| &a.receiver == system);
            let Some(address) = authority.and_then(|a| a.mail_address.as_ref()) else { continue };
            let envelope = mail_recipients(&exchange.request);
            if envelope != [address.to_lowercase()] {
                found("delivery.address", "Die Mail ging nicht an die Adresse der Stelle".into())
                    .values(address.clone(), envelope.join(", "))
                    .hint("Mailadresse der Stelle in der Organisationskonfiguration prüfen")
                    .seen([exchange.number])
                    .into(&mut judgement);
            }
        }
        let own = context.case.step.iter().find(|s| s.name() == step);
        let vorgang = own.and_then(Step::message).map(|m| m.vorgang);
        // A later message of a Vorgang must not overtake this one.
        if let Some(first) = here.first() {
            for earlier in context.case.step.iter().take_while(|s| s.name() != step) {
                let Step::Send { name, message, .. } = earlier else { continue };
                // Between Vorgänge there is no order.
                if Some(message.vorgang) != vorgang {
                    continue;
                }
                for other in context.taken_at(name, system) {
                    if other.time > first.time && other.number != first.number {
                        found(
                            "delivery.reordered",
                            format!("Die Nachricht hat \"{name}\" überholt"),
                        )
                        .values(format!("nach {name}"), format!("vor {name}"))
                        .seen([first.number, other.number])
                        .into(&mut judgement);
                    }
                }
            }
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Delivery { requirement: "K".into(), step: "s".into(), system: "fv".into() }
    }

    fn canaries(&self) -> usize {
        4
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.repeat_delivery(),
            1 => world.lose_delivery(),
            2 => world.repeat_in_vain(),
            _ => world.copy_delivery_to("portal"),
        }
    }
}
