//! Nothing foreign: whatever a receiver got in the whole run belongs to some case.

use super::{Checker, Context, Exchange, Expectation, Found, Judgement, World};

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
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Foreign { requirement: "K".into() }
    }

    fn spoil(&self, world: &mut World) {
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
    text.contains("createFolder")
        && folder.split('/').any(|s| !s.is_empty() && !s.contains('{') && text.contains(s))
}
