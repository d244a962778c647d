//! What a component sends when it is told to: one message, valid, for the right case; where a person
//! entered it, with exactly what was entered.

use std::collections::BTreeSet;

use super::sent::message_of;
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::evidence::StepOutcome;
use crate::ids::{PLAYED_HUB, RequirementId};
use crate::message::{build, sheet};
use crate::plan::{MessageUse, PlanMessage, Step, nachricht_of};
use crate::verdict::view::Exchange;
use crate::xml::{Element, compare_qualified, parse};

/// Most violations of a schema that are reported one by one.
const MOST: usize = 5;

pub(super) struct Incoming;

struct Look<'a> {
    context: &'a Context<'a>,
    requirement: &'a RequirementId,
    step: &'a str,
    planned: &'a PlanMessage,
    exchange: &'a Exchange,
}

impl Checker for Incoming {
    fn id(&self) -> &'static str {
        "incoming"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Incoming { requirement, step, as_entered } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let wanted = context.case.step.iter().find_map(|s| match s {
            Step::Prompt { name, message, .. } if name == step => Some(message.as_ref()),
            _ => None,
        });
        let Some((use_, planned)) =
            wanted.and_then(|use_| Some((use_, context.plan.message(&use_.message)?)))
        else {
            return Judgement::cannot(format!("der Plan beschreibt \"{step}\" nicht"));
        };
        let told = context.view.steps.get(step);
        if !matches!(told, Some(StepOutcome::Done | StepOutcome::TimedOut)) {
            return Judgement::cannot(format!("\"{step}\" konnte nicht ausgelöst werden"));
        }
        let mut judgement = Judgement::default();
        let at_hub: Vec<&Exchange> =
            context.deliveries().filter(|e| e.system.as_str() == PLAYED_HUB).collect();
        let arrived: Vec<(&Exchange, Element)> =
            at_hub.iter().filter_map(|e| Some((*e, message_of(e, planned)?))).collect();
        let Some((exchange, root)) = arrived.first() else {
            Found::new(
                "incoming.missing",
                requirement,
                format!("\"{}\" kam nicht bei der Datendrehscheibe an", planned.title),
            )
            .values(
                format!("eine Nachricht {{{}}}{}", planned.namespace, planned.root),
                format!("{} andere Nachricht(en) dieses Vorgangs", at_hub.len()),
            )
            .place(format!("Schritt {step}"))
            .hint("Adresse der Datendrehscheibe und Vorgangsnummer im Prüfgegenstand prüfen; die Aktion der Prüfgegenstandsdatei muss das Senden auslösen")
            .seen(at_hub.iter().map(|e| e.number))
            .absent()
            .into(&mut judgement);
            return judgement;
        };
        let look = Look { context, requirement, step, planned, exchange };
        if arrived.len() > 1 {
            look.found(
                "incoming.repeated",
                format!("\"{}\" kam {} Mal", planned.title, arrived.len()),
            )
            .values("genau einmal", format!("{} Mal", arrived.len()))
            .hint("Nur wiederholen, was die Datendrehscheibe nicht quittiert hat")
            .seen(arrived.iter().skip(1).map(|(e, _)| e.number))
            .into(&mut judgement);
        }
        look.valid(root, &mut judgement);
        look.identity(root, &mut judgement);
        if *as_entered {
            look.as_entered(use_, root, &mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Incoming { requirement: "K".into(), step: "p".into(), as_entered: true }
    }

    fn canaries(&self) -> usize {
        5
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.lose_incoming(),
            1 => world.repeat_incoming(),
            2 => world.replace("<Wert>eingegeben</Wert>", "<Wert>anderes</Wert>"),
            3 => world.replace("<Wert>eingegeben</Wert>", "<Fremd>eingegeben</Fremd>"),
            _ => {
                world.replace("<Aktenzeichen>A2</Aktenzeichen>", "<Aktenzeichen>A9</Aktenzeichen>")
            }
        }
    }

    fn world(&self) -> World {
        World::component()
    }
}

impl Look<'_> {
    fn found(&self, id: &str, message: String) -> Found {
        Found::new(id, self.requirement, message)
            .place(format!("Schritt {}, {}", self.step, self.planned.title))
            .seen([self.exchange.number])
    }

    /// Valid by the schema of the message.
    fn valid(&self, root: &Element, judgement: &mut Judgement) {
        let Some(set) = self.context.plan.schema_of(self.planned) else {
            judgement.inconclusive =
                Some(format!("der Plan hat kein Schema zu \"{}\"", self.planned.id));
            return;
        };
        // The very bytes where they are the message, so that lines are those of the sender.
        let document = match self.exchange.protocol.as_str() {
            "http" => self.exchange.message(),
            _ => root.to_xml().into_bytes(),
        };
        let violations = match set.compile().and_then(|v| v.validate(&document)) {
            Ok(violations) => violations,
            Err(error) => {
                judgement.inconclusive = Some(error.to_string());
                return;
            }
        };
        for violation in violations.iter().take(MOST) {
            self.found("incoming.invalid", "Die Nachricht ist nicht schemakonform".into())
                .values("schemakonform", violation.text.clone())
                .place(format!("{}, Zeile {}", self.planned.title, violation.line))
                .hint("Das Schema schreibt `pruefstand schema --concept …`")
                .into(judgement);
        }
    }

    /// An id of its own, and the file number that was given when the case was taken.
    fn identity(&self, root: &Element, judgement: &mut Judgement) {
        let handed: BTreeSet<String> = self
            .context
            .case
            .step
            .iter()
            .filter_map(|s| s.sends())
            .map(|m| nachricht_of(&self.context.case.id, m.number))
            .collect();
        let fields = self.planned.group.iter().flat_map(|g| {
            g.field.iter().filter(|f| f.per_message).map(move |f| format!("{}/{}", g.path, f.path))
        });
        for path in fields {
            for value in root.values_at(&path, &self.planned.namespace) {
                if handed.contains(value.trim()) {
                    self.found(
                        "incoming.reused-id",
                        "Die Nachricht trägt die Kennung einer anderen".into(),
                    )
                    .values("eine eigene Kennung", value)
                    .hint("Jede Nachricht bekommt eine neue Kennung, sonst gilt sie als Dublette")
                    .into(judgement);
                }
            }
        }
        let given = self.context.case.step.iter().find_map(|s| match s {
            Step::Deliver { name, .. } => self.context.sent(name)?.file_number(),
            _ => None,
        });
        let mut named = Vec::new();
        root.walk(&mut |_, e| {
            if e.name == "Aktenzeichen" && e.is_leaf() {
                named.push(e.text().trim().to_owned());
            }
        });
        if let Some(given) = given
            && let Some(other) = named.iter().find(|n| **n != given)
        {
            self.found(
                "incoming.file-number",
                "Die Nachricht nennt ein anderes Aktenzeichen".into(),
            )
            .values(given, other.clone())
            .hint("Das Aktenzeichen aus der Antwort auf die Zustellung gilt für den ganzen Vorgang")
            .into(judgement);
        }
    }

    /// What was entered is in it, and nothing else; what the target gives by itself is its own.
    fn as_entered(&self, use_: &MessageUse, root: &Element, judgement: &mut Judgement) {
        let plan = self.context.plan;
        let expected = build(plan, self.context.case, use_).ok().and_then(|m| parse(&m.bytes).ok());
        let sheet = sheet(plan, self.context.case).ok().flatten();
        let (Some(expected), Some(sheet)) = (expected, sheet) else {
            judgement.inconclusive = Some("das Datenblatt ist nicht herzustellen".into());
            return;
        };
        let by_system: BTreeSet<&str> =
            sheet.contains.iter().filter(|c| c.value.is_none()).map(|c| c.path.as_str()).collect();
        for difference in compare_qualified(&expected.root, root, &self.planned.qualified) {
            let path = without_positions(&difference.place);
            let both = difference.expected.is_some() && difference.actual.is_some();
            if both && by_system.contains(path.as_str()) {
                continue;
            }
            let document = path.starts_with("Anlagen");
            let (id, text) = match document {
                true => (
                    "incoming.document",
                    "Eine Anlage ist nicht so angekommen, wie sie beigefügt wurde",
                ),
                false => (
                    "incoming.value",
                    "Eine Angabe ist nicht so angekommen, wie sie eingegeben wurde",
                ),
            };
            let said = |value: Option<String>| value.unwrap_or_else(|| "nichts".into());
            self.found(id, text.into())
                .values(said(difference.expected), said(difference.actual))
                .place(difference.place)
                .hint("Zuordnung des Formularfelds zur Nachricht prüfen")
                .into(judgement);
        }
    }
}

/// The path from the root, without the root itself and without positions.
fn without_positions(place: &str) -> String {
    let steps = place.trim_start_matches('/').split('/').skip(1);
    let names: Vec<&str> = steps.map(|s| s.split('[').next().unwrap_or(s)).collect();
    names.join("/")
}
