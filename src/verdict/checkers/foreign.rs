//! Nothing foreign: whatever a receiver got in the whole run belongs to some case.

use super::{Checker, Context, Exchange, Expectation, Found, Judgement, World};
use crate::ids::ComponentKind;
use crate::verdict::view::Log;

pub(super) struct Foreign;

impl Checker for Foreign {
    fn id(&self) -> &'static str {
        "foreign"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Foreign { requirement } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        // Whether anything was there to see at all.
        if context.run.exchanges.is_empty() {
            return Judgement::cannot("im ganzen Lauf wurde nichts beobachtet");
        }
        let mut judgement = Judgement::default();
        for place in &context.run.foreign {
            let exchange = &context.run.exchanges[*place];
            // A folder above the cases' own belongs to none of them.
            if is_parent_folder(context, exchange) {
                continue;
            }
            Found::new(
                "foreign.message",
                requirement,
                format!("{} erhielt etwas, das zu keinem Testfall gehört", exchange.system),
            )
            .values("nur Nachrichten der Testfälle", String::from_utf8_lossy(&exchange.message()))
            .place(format!("Empfänger {}", exchange.system))
            .hint("Herkunft im Transaktionsprotokoll zur Zeit des Austauschs suchen")
            .seen([exchange.number])
            .into(&mut judgement);
        }
        // Transactions that no answer named; only when every message was answered.
        let answered = |e: &&Exchange| e.own.is_some() && e.is_delivery();
        let all = context.run.exchanges.iter().filter(answered).all(|e| e.failure.is_none());
        let logs = context.run.case_logs.values().chain([&context.run.log]);
        let mut unknown = std::collections::BTreeSet::new();
        for log in logs.filter(|_| all) {
            let Log::Entries(entries) = log else { continue };
            unknown.extend(
                entries
                    .iter()
                    .map(|e| e.transaktion.as_str())
                    .filter(|t| !context.run.transactions.contains_key(*t)),
            );
        }
        for transaction in unknown {
            Found::new(
                "foreign.transaction",
                requirement,
                "Das Protokoll kennt eine Transaktion, die niemand ausgelöst hat",
            )
            .values("nur Transaktionen der gesendeten Nachrichten", transaction)
            .place("Transaktionsprotokoll")
            .into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Foreign { requirement: "K".into() }
    }

    fn spoil(&self, world: &mut World, _which: usize) {
        world.deliver_foreign();
    }
}

/// A folder of the path above the folder of a case.
fn is_parent_folder(context: &Context<'_>, exchange: &Exchange) -> bool {
    let Some(folder) = context.plan.receiver_of(&exchange.system).and_then(|r| r.folder.as_ref())
    else {
        return false;
    };
    let text = String::from_utf8_lossy(&exchange.request);
    context.kind(&exchange.system) == Some(ComponentKind::Dms)
        && text.contains("createFolder")
        && text.matches("propertyId").count() <= 2
        && folder.split('/').any(|s| !s.is_empty() && !s.contains('{') && text.contains(s))
}
