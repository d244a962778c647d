//! The code in the header must agree with the root.

use super::{Blame, Checker, Context, Expectation, Found, Judgement, World};

pub(super) struct Header;

impl Checker for Header {
    fn id(&self) -> &'static str {
        "header"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Header { requirement, step } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let rule =
            context.case.sent(step).and_then(|m| context.plan.message(&m.message)?.header.as_ref());
        let (Some(rule), Some(root), Some(sent)) =
            (rule, context.sent_root(step), context.sent(step))
        else {
            return Judgement::cannot("die gesendete Nachricht ist nicht auswertbar");
        };
        let at = root.elements_at(&rule.path);
        let mut judgement = Judgement::default();
        if at.is_empty() {
            Found::new(
                "header.missing",
                requirement,
                "Die Nachricht hat keinen Nachrichtentyp im Kopf",
            )
            .values(rule.value.clone(), "nichts")
            .place(rule.path.clone())
            .blame(Blame::Concept)
            .note()
            .into(&mut judgement);
        }
        for value in at.iter().map(|e| e.text()).filter(|v| v.trim() != rule.value) {
            let found = Found::new(
                "header.contradiction",
                requirement,
                "Der Nachrichtentyp im Kopf widerspricht dem Wurzelelement",
            )
            .values(rule.value.clone(), value)
            .place(rule.path.clone())
            .blame(Blame::Concept)
            .hint("Die Beispielnachricht des Standards berichtigen oder melden")
            .seen([sent.number]);
            // Whether it had to be rejected for this is judged by the reply; here it is reported.
            found.note().into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Header { requirement: "K".into(), step: "s".into() }
    }

    fn spoil(&self, world: &mut World, _which: usize) {
        world.replace("<Typ>M1</Typ>", "<Typ>M2</Typ>");
    }
}
