//! What a search at a DMS finds.

use super::archive_model::{Said, is_done};
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::plan::ArchiveExchange;

pub(super) struct ArchiveFound;

impl Checker for ArchiveFound {
    fn id(&self) -> &'static str {
        "archive-found"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::ArchiveFound { requirement, step, names } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        if !is_done(context, step) {
            return Judgement::cannot(format!("Schritt \"{step}\" wurde nicht ausgeführt"));
        }
        let Some(asked) = context.own(&ArchiveExchange::Act.label(step, "")).pop() else {
            return Judgement::cannot(format!("Schritt \"{step}\" hat nichts gesucht"));
        };
        let mut judgement = Judgement::default();
        let found = |id: &str, message: &str, actual: String| {
            Found::new(id, requirement, message)
                .values(if names.is_empty() { "nichts".into() } else { names.join(", ") }, actual)
                .place(format!("Schritt \"{step}\""))
                .hint("Abfrage und Treffer im Nachweis ansehen; Index des DMS prüfen")
                .seen([asked.number])
        };
        let mut left: Vec<String> = match Said::of(asked).objects() {
            Ok(objects) => objects.iter().map(|o| o.name().to_owned()).collect(),
            Err(said) => {
                found("archive.search-refused", "Das DMS sucht nicht", said).into(&mut judgement);
                return judgement;
            }
        };
        let actual = if left.is_empty() { "nichts".into() } else { left.join(", ") };
        let mut missing = false;
        for name in names {
            match left.iter().position(|l| l == name) {
                Some(at) => drop(left.swap_remove(at)),
                None => missing = true,
            }
        }
        if missing {
            let text = "Die Suche findet nicht, was abgelegt ist";
            found("archive.search-missing", text, actual.clone()).absent().into(&mut judgement);
        }
        if !left.is_empty() {
            let text = "Die Suche findet, was nicht zur Abfrage passt";
            found("archive.search-foreign", text, actual).into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::ArchiveFound {
            requirement: "K".into(),
            step: "suche".into(),
            names: vec!["treffer.xml".into()],
        }
    }

    fn canary_over(&self, protocol: &str) -> Expectation {
        let step = if protocol == "xdomea" { "xsuche" } else { "suche" };
        let names = vec!["treffer.xml".into()];
        Expectation::ArchiveFound { requirement: "K".into(), step: step.into(), names }
    }

    fn canaries(&self) -> usize {
        2
    }

    fn spoil(&self, world: &mut World, which: usize) {
        world.document_told("treffer.xml", if which == 0 { 0 } else { 2 });
        let hit = "{\"succinctProperties\":{\"cmis:name\":\"treffer.xml\"}}";
        match which {
            0 => world.replace(hit, ""),
            _ => world.replace(hit, &format!("{hit},{hit}")),
        }
    }
}
