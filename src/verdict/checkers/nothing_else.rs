//! Nothing else: whatever reaches a receiver for a case is what one of its messages is for. Without
//! this, a copy to the wrong file, mailbox or authority would go unnoticed.

use super::documents::sent_documents;
use super::sent::message_of;
use super::{Checker, Context, Exchange, Expectation, Found, Judgement, World};
use crate::concept::MessageKind;
use crate::evidence::StepOutcome;
use crate::ids::{ComponentKind, PLAYED_HUB, SystemId};
use crate::plan::{MessageUse, PlanAuthority, Step, Validity};

pub(super) struct NothingElse;

/// A message of the case that the target must take, and what it may lead to.
struct Allowed<'a> {
    step: &'a str,
    kind: MessageKind,
    authority: &'a PlanAuthority,
    destinations: Vec<SystemId>,
}

impl Checker for NothingElse {
    fn id(&self) -> &'static str {
        "nothing-else"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::NothingElse { requirement } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let prompted = |step: &Step| {
            let done = context.view.steps.get(step.name());
            matches!(step, Step::Prompt { .. }) && done == Some(&StepOutcome::Done)
        };
        if context.view.own.is_empty() && !context.case.step.iter().any(prompted) {
            return Judgement::cannot("es wurde nichts gesendet");
        }
        let allowed: Vec<Allowed<'_>> = context
            .case
            .step
            .iter()
            .filter_map(|step| match step {
                Step::Send { name, message, .. } => allow(context, name, message),
                _ => None,
            })
            .collect();
        let mut judgement = Judgement::default();
        for exchange in context.received() {
            let Some(why) = exchange.unforeseen() else { continue };
            Found::new(
                "nothing-else.unforeseen-call",
                requirement,
                format!("Aufruf an {}, den die Schnittstelle nicht vorsieht", exchange.system),
            )
            .values("nur Aufrufe der Schnittstelle", format!("{}: {why}", first_line(exchange)))
            .place(format!("Empfänger {}", exchange.system))
            .hint("Adresse und Methode des Systems in der Konfiguration prüfen, auch den Schrägstrich am Ende")
            .seen([exchange.number])
            .into(&mut judgement);
        }
        let (mut confirmed, mut folders, mut documents) = (0, 0, 0);
        let antraege = allowed.iter().filter(|a| a.kind == MessageKind::Antrag).count();
        let most = allowed
            .iter()
            .filter(|a| a.kind == MessageKind::Antrag)
            .map(|a| 1 + context.sent_root(a.step).map_or(0, |root| sent_documents(&root).len()));
        let most: usize = most.sum();
        for exchange in context.deliveries().filter(|e| e.unforeseen().is_none()) {
            let why = match unclaimed(context, &allowed, exchange) {
                None => continue,
                Some(Unclaimed::Filing) => {
                    let text = String::from_utf8_lossy(&exchange.request);
                    let (folder, document) =
                        (text.contains("createFolder"), text.contains("createDocument"));
                    folders += usize::from(folder && exchange.is_taken());
                    documents += usize::from(document && exchange.is_taken());
                    if (folder || document) && folders <= antraege && documents <= most {
                        continue;
                    }
                    "eine weitere Änderung der Akte"
                }
                Some(Unclaimed::Different) => "etwas anderes als die angenommene Zustellung",
                Some(Unclaimed::Confirmation) => {
                    confirmed += usize::from(exchange.is_taken());
                    if confirmed <= antraege {
                        continue;
                    }
                    "eine weitere Eingangsbestätigung"
                }
                Some(Unclaimed::Nobody) => "nichts",
            };
            Found::new(
                "nothing-else.unexpected",
                requirement,
                format!("{} erhielt etwas, das der Testfall nicht vorsieht", exchange.system),
            )
            .values(
                "nur, wofür die Nachrichten des Testfalls bestimmt sind",
                format!("{why}: {}", first_line(exchange)),
            )
            .place(format!("Empfänger {}", exchange.system))
            .hint("Kopien, falsche Empfänger und falsche Akten im Transaktionsprotokoll suchen")
            .seen([exchange.number])
            .into(&mut judgement);
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::NothingElse { requirement: "K".into() }
    }

    fn canaries(&self) -> usize {
        4
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.copy_delivery_to("dms"),
            1 => world.copy_delivery_to("portal"),
            2 => world.call_elsewhere("fv"),
            _ => world.deliver_quiet(),
        }
    }
}

enum Unclaimed {
    Nobody,
    /// Allowed once.
    Confirmation,
    /// Allowed as often as there is something to file.
    Filing,
    /// An attempt, or a repetition, with another content than the delivery.
    Different,
}

fn allow<'a>(context: &Context<'a>, step: &'a str, message: &'a MessageUse) -> Option<Allowed<'a>> {
    if message.validity != Validity::Valid {
        return None;
    }
    let kind = context.plan.message(&message.message)?.kind;
    let authority = context.plan.authority.iter().find(|a| a.ags == message.behoerde)?;
    let destinations = context.plan.destinations(context.case, step);
    Some(Allowed { step, kind, authority, destinations })
}

fn unclaimed(
    context: &Context<'_>,
    allowed: &[Allowed<'_>],
    exchange: &Exchange,
) -> Option<Unclaimed> {
    let system = &exchange.system;
    if system.as_str() == PLAYED_HUB {
        return (!asked_for(context, exchange)).then_some(Unclaimed::Nobody);
    }
    let delivered = allowed
        .iter()
        .find(|a| a.destinations.contains(system) && context.is_of(exchange, a.step))
        .map(|a| a.step);
    if let Some(step) = delivered {
        let first = context.taken_at(step, system).first().copied();
        let same = first.is_none_or(|f| f.carried().is_same(&exchange.carried()));
        let once = first.is_none_or(|f| f.number == exchange.number || !exchange.is_taken());
        return (!same || !once).then_some(Unclaimed::Different);
    }
    let antraege = || allowed.iter().filter(|a| a.kind == MessageKind::Antrag);
    let files = antraege().any(|a| Some(system) == a.authority.dms.as_ref());
    if files && files_into_case(context, exchange) {
        return Some(Unclaimed::Filing);
    }
    let portal = context.kind(system) == Some(ComponentKind::Antragsassistent);
    let after = antraege()
        .any(|a| context.sent(a.step).and_then(|s| s.started).is_some_and(|s| exchange.time >= s));
    if portal && after && context.is_confirmation(exchange) {
        return Some(Unclaimed::Confirmation);
    }
    Some(Unclaimed::Nobody)
}

/// Whether a message at the played hub is one that a step asks for; how often is judged elsewhere.
fn asked_for(context: &Context<'_>, exchange: &Exchange) -> bool {
    context.case.step.iter().any(|step| {
        let Step::Prompt { message, .. } = step else { return false };
        let planned = context.plan.message(&message.message);
        planned.is_some_and(|planned| message_of(exchange, planned).is_some())
    })
}

/// Whether a request creates the folder of the case, or something in it.
fn files_into_case(context: &Context<'_>, exchange: &Exchange) -> bool {
    let Some(folder) = context.plan.receiver_of(&exchange.system).and_then(|r| r.folder.clone())
    else {
        return false;
    };
    let own: Vec<String> = context.case.vorgaenge();
    let folders: Vec<String> = own.iter().map(|v| folder.replace("{vorgang}", v)).collect();
    let line = first_line(exchange);
    let path = line.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    folders.iter().any(|folder| path.ends_with(folder))
        || (path.ends_with(parent)
            && String::from_utf8_lossy(&exchange.request).contains("createFolder"))
}

fn first_line(exchange: &Exchange) -> String {
    let text = String::from_utf8_lossy(&exchange.request).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}
