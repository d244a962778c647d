//! From acceptance to confirmation: every task is repeated until it is done, and done once.

use std::sync::Arc;
use std::time::Duration;

use super::defect::Defect;
use super::deliver::{Attempt, http};
use super::intake::find;
use super::journal::{Accepted, LogEntry};
use super::server::Hub;
use crate::organisation::{ExportedAuthority, ExportedSystem};
use crate::rules::Kind;
use crate::xml::{Element, Node, parse};

/// Longer than any Durchlaufzeit that is allowed.
const TOO_LATE: Duration = Duration::from_millis(10_500);
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(2);

impl Accepted {
    pub(super) fn ids(&self) -> (&str, &str) {
        (&self.vorgang, &self.nachricht)
    }

    fn goes_to_portal(&self) -> bool {
        matches!(self.kind, Kind::Nachforderung | Kind::Bescheid)
    }
}

impl Hub {
    /// Does what is left to do for a message.
    pub(super) async fn process(self: Arc<Self>, message: Accepted) {
        let Some(authority) = self.authority(&message) else { return };
        let early = self.has(Defect::ConfirmsEarly) && message.kind == Kind::Antrag;
        if early {
            self.confirm(&message, &authority).await;
        }
        if self.has(Defect::DeliversLate) && message.kind == Kind::Antrag {
            tokio::time::sleep(TOO_LATE).await;
        }
        if !self.deliver(&message, &authority).await {
            return;
        }
        if message.kind != Kind::Antrag {
            return;
        }
        if let Some(dms) = authority.dms.as_ref().and_then(|id| self.system(id.as_str()))
            && !self.has(Defect::NoFiling)
        {
            let filed = self
                .until_done(&message, "ablegen", ("abgelegt", &dms), || {
                    self.file(&dms.url, &message)
                })
                .await;
            if !filed {
                return;
            }
        }
        if self.has(Defect::CopiesToOtherDms) {
            let other = self
                .export
                .authority
                .iter()
                .find_map(|a| a.dms.as_ref().filter(|d| Some(*d) != authority.dms.as_ref()));
            if let Some(system) = other.and_then(|id| self.system(id.as_str())) {
                let _ = self.file(&system.url, &message).await;
            }
        }
        if !early {
            self.confirm(&message, &authority).await;
        }
        if self.has(Defect::SendsForeign) {
            self.send_foreign(&authority).await;
        }
    }

    fn authority(&self, message: &Accepted) -> Option<ExportedAuthority> {
        let list = &self.export.authority;
        if self.has(Defect::FirstAuthority) && message.kind == Kind::Antrag {
            return list.iter().find(|a| a.services.contains(&message.leistung)).cloned();
        }
        let at = list.iter().position(|a| a.ags == message.behoerde)?;
        let at = if self.has(Defect::WrongAuthority) && message.kind == Kind::Antrag {
            (at + 1) % list.len()
        } else {
            at
        };
        list.get(at).cloned()
    }

    pub(super) fn system(&self, id: &str) -> Option<ExportedSystem> {
        self.export.system.iter().find(|s| s.id.as_str() == id).cloned()
    }

    async fn deliver(self: &Arc<Self>, message: &Accepted, authority: &ExportedAuthority) -> bool {
        if message.goes_to_portal() {
            if self.has(Defect::LosesFlowMessage) && message.kind == Kind::Nachforderung {
                return false;
            }
            let Some(portal) = self.export.portal.as_ref().and_then(|p| self.system(p.as_str()))
            else {
                return false;
            };
            return self
                .until_done(message, "zustellen", ("zugestellt", &portal), || {
                    http(&self.reach, &portal.url, message.body.clone())
                })
                .await;
        }
        if let Some(mailbox) =
            authority.mailbox.as_ref().filter(|_| authority.fachverfahren.is_none())
        {
            let Some(system) = self.system(mailbox.as_str()) else { return false };
            return self
                .until_done(message, "zustellen", ("gemailt", &system), || {
                    self.mail(&system.url, message, authority)
                })
                .await;
        }
        let Some(system) = authority.fachverfahren.as_ref().and_then(|f| self.system(f.as_str()))
        else {
            return false;
        };
        if self.journal().is_done(&message.transaction, "zustellen").is_some() {
            return true;
        }
        let (hub, copy, receiver) = (self.clone(), message.clone(), system.receiver.clone());
        let transformed =
            tokio::task::spawn_blocking(move || hub.transform(&copy, &receiver)).await;
        let Ok(Some(body)) = transformed else { return false };
        if self.has(Defect::CallsElsewhere) {
            let astray = ExportedSystem { url: format!("{}/", system.url), ..system.clone() };
            let _ = self.hand(&astray, message, &body).await;
        }
        let done = self
            .until_done(message, "zustellen", ("zugestellt", &system), || {
                self.hand(&system, message, &body)
            })
            .await;
        if done && self.has(Defect::LogsBeforehand) {
            self.note(&message.transaction, message.ids(), "umgeformt", "nachgetragen");
        }
        if done && self.has(Defect::DeliveredTwice) {
            let again =
                Accepted { nachricht: format!("{}-2", message.nachricht), ..message.clone() };
            let _ = self.hand(&system, &again, &body).await;
        }
        done
    }

    /// Repeats a task until it is done; false when it never will be.
    async fn until_done<F>(
        &self,
        message: &Accepted,
        task: &str,
        (event, system): (&str, &ExportedSystem),
        attempt: impl Fn() -> F,
    ) -> bool
    where
        F: Future<Output = Attempt>,
    {
        if self.journal().is_done(&message.transaction, task).is_some() {
            return true;
        }
        let mut pause = self.pause;
        loop {
            let swallow = self.has(Defect::SwallowsError) && task == "zustellen";
            let note = match attempt().await {
                Attempt::Done(note) => note,
                Attempt::Later(_) | Attempt::Never(_) if swallow => String::new(),
                Attempt::Later(reason) if self.has(Defect::GivesUp) => {
                    self.log_for(message, "gescheitert", &reason, system);
                    return false;
                }
                Attempt::Later(reason) => {
                    self.log_for(message, "aufgeschoben", &reason, system);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST).max(self.pause);
                    continue;
                }
                Attempt::Never(reason) => {
                    self.log_for(message, "gescheitert", &reason, system);
                    return false;
                }
            };
            let entry = self.entry_for(message, event, &note, system);
            return self.finish(&message.transaction, task, &note, entry).is_ok();
        }
    }

    fn log_for(&self, message: &Accepted, event: &str, detail: &str, system: &ExportedSystem) {
        self.log(self.entry_for(message, event, detail, system));
    }

    fn entry_for(
        &self,
        message: &Accepted,
        event: &str,
        detail: &str,
        system: &ExportedSystem,
    ) -> LogEntry {
        LogEntry {
            nummer: 0,
            zeit: String::new(),
            transaktion: message.transaction.clone(),
            vorgang: message.vorgang.clone(),
            nachricht: message.nachricht.clone(),
            ereignis: event.into(),
            einzelheit: detail.into(),
            empfaenger: Some(system.id.to_string()),
            regel: None,
            regelstand: None,
        }
    }

    async fn confirm(&self, message: &Accepted, authority: &ExportedAuthority) {
        let Some(confirmation) = &self.depots[message.depot].runner.depot().file.confirmation
        else {
            return;
        };
        let Some(portal) = self.export.portal.as_ref().and_then(|p| self.system(p.as_str())) else {
            return;
        };
        if self.has(Defect::NoConfirmation) {
            return;
        }
        let number =
            self.journal().is_done(&message.transaction, "zustellen").cloned().unwrap_or_default();
        let number = match self.has(Defect::WrongFileNumber) {
            true => format!("{number}-falsch"),
            false => number,
        };
        let number = match self.has(Defect::SharesNumber) {
            true => self.mixed.number(number),
            false => number,
        };
        let body = self.confirmation(message, authority, confirmation, &number);
        if self.has(Defect::ConfirmsTwice) {
            let _ = http(&self.reach, &portal.url, body.clone()).await;
        }
        self.until_done(message, "bestaetigen", ("bestaetigt", &portal), || {
            http(&self.reach, &portal.url, body.clone())
        })
        .await;
    }

    fn confirmation(
        &self,
        message: &Accepted,
        authority: &ExportedAuthority,
        form: &crate::rules::Confirmation,
        aktenzeichen: &str,
    ) -> Vec<u8> {
        let ns = &form.namespace;
        let source = parse(&message.body).map(|d| d.root).unwrap_or_default();
        let leaf = |name: &str, text: &str| Node::Element(Element::with_text(ns, name, text));
        let mut kopf = Element::new(ns, "Kopf");
        let behoerde = if self.has(Defect::WrongConfirmation) {
            let other = self.export.authority.iter().find(|a| a.ags != message.behoerde);
            other.map_or_else(|| message.behoerde.clone(), |a| a.ags.clone())
        } else {
            message.behoerde.clone()
        };
        let test = find(&source, "Kopf/Testnachricht").unwrap_or_default();
        kopf.children = vec![
            leaf("Vorgangsnummer", &message.vorgang),
            leaf("NachrichtId", &derived_id(&message.nachricht)),
            leaf("Erstellt", &self.clock.now().to_string()),
            leaf("Leistung", &message.leistung),
            leaf("Behoerde", &behoerde),
            leaf("Testnachricht", &test),
        ];
        let mut eingang = Element::new(ns, "Eingang");
        eingang.children = vec![leaf("Zeitpunkt", &message.time), leaf("Stelle", &authority.name)];
        if !aktenzeichen.is_empty() {
            eingang.children.push(leaf("Aktenzeichen", aktenzeichen));
        }
        let mut root = Element::new(ns, &form.root);
        root.children = vec![Node::Element(kopf), Node::Element(eingang)];
        root.to_xml().into_bytes()
    }

    /// Only with a switched-on fault.
    async fn send_foreign(&self, authority: &ExportedAuthority) {
        if let Some(system) = authority.fachverfahren.as_ref().and_then(|f| self.system(f.as_str()))
        {
            let _ = http(
                &self.reach,
                &system.url,
                b"<Fremd xmlns=\"urn:niemand\">Diese Nachricht hat niemand gesendet</Fremd>"
                    .to_vec(),
            )
            .await;
        }
    }
}

/// An id of its own for the answer to a message, in the form of a UUID.
fn derived_id(nachricht: &str) -> String {
    let h = crate::ids::Digest::of(format!("bestaetigung {nachricht}")).0;
    format!("{}-{}-4{}-8{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32])
}
