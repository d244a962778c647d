//! Another configuration leaves the rules as they are: what the target says about them before and after
//! is the same.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::verdict::view::Exchange;

pub(super) struct SameRules;

/// Digest of each depot by its id, as the target tells it under `regeldepots`.
fn depots(exchange: &Exchange) -> Option<BTreeMap<String, String>> {
    let value: Value = serde_json::from_slice(&exchange.answer_body()).ok()?;
    let list = value["regeldepots"].as_array()?;
    let text = |one: &Value, key: &str| one[key].as_str().map(str::to_owned);
    let all: Option<BTreeMap<_, _>> =
        list.iter().map(|one| Some((text(one, "id")?, text(one, "digest")?))).collect();
    all.filter(|all| !all.is_empty())
}

impl Checker for SameRules {
    fn id(&self) -> &'static str {
        "same-rules"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::SameRules { requirement, step } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let asked = context.own(step);
        let (Some(before), Some(after)) = (asked.first(), asked.get(1)) else {
            return Judgement::cannot(format!(
                "der Prüfgegenstand wurde vor und nach \"{step}\" nicht nach seinen Regeln gefragt"
            ));
        };
        let (Some(old), Some(new)) = (depots(before), depots(after)) else {
            return Judgement::cannot(
                "der Prüfgegenstand nennt unter \"ready\" keine regeldepots mit id und digest",
            );
        };
        let mut judgement = Judgement::default();
        if old != new {
            let text = |all: &BTreeMap<String, String>| {
                all.iter()
                    .map(|(id, digest)| format!("{id} {digest}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            Found::new(
                "same-rules.changed",
                requirement,
                "Mit der Konfiguration haben sich die Regeln geändert",
            )
            .values(text(&old), text(&new))
            .place(format!("Schritt {step}"))
            .hint("Was je Organisation verschieden ist, gehört in die Konfiguration, nicht in die Regel")
            .seen([before.number, after.number])
            .into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::SameRules { requirement: "K".into(), step: "u".into() }
    }

    fn spoil(&self, world: &mut World, _: usize) {
        world.replace("\"danach\", \"digest\": \"d1\"", "\"danach\", \"digest\": \"d2\"");
    }

    fn world(&self) -> World {
        World::component()
    }
}
