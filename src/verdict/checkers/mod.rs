//! Checkers (Prüfer): one idea each. A checker looks at one expectation of one case and says what
//! it found; it never says "passed".

mod absence;
mod answer;
mod archive_answer;
mod archive_found;
mod archive_message;
mod archive_model;
mod archive_state;
mod content;
mod delivery;
mod documents;
mod filing;
mod foreign;
mod header;
mod held;
mod holding;
mod incoming;
mod log;
mod mail_answer;
mod mailbox;
mod moved;
mod nothing_else;
mod own;
mod reply;
mod rules;
mod same_rules;
mod sent;
mod timing;

use super::canary::World;
use super::types::{Blame, Finding, Severity};
use super::view::{Context, Exchange};
use crate::ids::RequirementId;
use crate::plan::Expectation;

/// What a checker found.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Findings.
    pub findings: Vec<Finding>,
    /// Why it could not tell.
    pub inconclusive: Option<String>,
}

impl Judgement {
    fn cannot(reason: impl Into<String>) -> Self {
        Self { findings: vec![], inconclusive: Some(reason.into()) }
    }
}

/// A checker.
pub trait Checker: Send + Sync {
    /// Name, as expectations refer to it.
    fn id(&self) -> &'static str;
    /// Looks at an expectation. Called only with expectations of its own kind.
    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement;
    /// The expectation of its canary.
    fn canary(&self) -> Expectation;
    /// The expectation of its canary where the DMS of the small world is spoken to over this protocol.
    fn canary_over(&self, _protocol: &str) -> Expectation {
        self.canary()
    }
    /// How many canaries it has.
    fn canaries(&self) -> usize {
        1
    }
    /// Whether what one of them has wrong can be wrong where the Fachverfahren speaks this protocol.
    fn canary_is_heard(&self, _which: usize, _protocol: &str) -> bool {
        true
    }
    /// The world in which nothing is wrong from which its canaries are made.
    fn world(&self) -> World {
        World::sound()
    }
    /// Turns a world in which nothing is wrong into one of its canaries: known to be bad.
    fn spoil(&self, world: &mut World, which: usize);
}

/// Every checker.
pub fn all() -> Vec<Box<dyn Checker>> {
    vec![
        Box::new(reply::Reply),
        Box::new(delivery::Delivery),
        Box::new(content::Content),
        Box::new(documents::Documents),
        Box::new(absence::Absence),
        Box::new(filing::Filing),
        Box::new(timing::Confirmation),
        Box::new(timing::Duration),
        Box::new(log::TransactionLog),
        Box::new(header::Header),
        Box::new(rules::Rules),
        Box::new(moved::Moved),
        Box::new(same_rules::SameRules),
        Box::new(answer::Answer),
        Box::new(held::Held),
        Box::new(incoming::Incoming),
        Box::new(nothing_else::NothingElse),
        Box::new(foreign::Foreign),
        Box::new(archive_answer::ArchiveAnswer),
        Box::new(archive_state::ArchiveState),
        Box::new(archive_found::ArchiveFound),
        Box::new(mail_answer::MailAnswer),
        Box::new(mailbox::Mailbox),
    ]
}

/// Puts a finding together.
pub(in crate::verdict) struct Found {
    finding: Finding,
}

impl Found {
    pub(in crate::verdict) fn new(
        id: &str,
        requirement: &RequirementId,
        message: impl Into<String>,
    ) -> Self {
        Self {
            finding: Finding {
                id: id.to_owned(),
                severity: Severity::Fault,
                requirement: requirement.clone(),
                blame: Blame::Target,
                message: message.into(),
                expected: String::new(),
                actual: String::new(),
                place: String::new(),
                hint: String::new(),
                evidence: vec![],
                absence: false,
            },
        }
    }

    pub(in crate::verdict) fn values(
        mut self,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        self.finding.expected = shorten(&expected.into());
        self.finding.actual = shorten(&actual.into());
        self
    }

    pub(in crate::verdict) fn place(mut self, place: impl Into<String>) -> Self {
        self.finding.place = place.into();
        self
    }

    pub(in crate::verdict) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.finding.hint = hint.into();
        self
    }

    pub(in crate::verdict) fn blame(mut self, blame: Blame) -> Self {
        self.finding.blame = blame;
        self
    }

    pub(in crate::verdict) fn note(mut self) -> Self {
        self.finding.severity = Severity::Note;
        self
    }

    pub(in crate::verdict) fn absent(mut self) -> Self {
        self.finding.absence = true;
        self
    }

    pub(in crate::verdict) fn seen(mut self, exchanges: impl IntoIterator<Item = u64>) -> Self {
        self.finding.evidence.extend(exchanges);
        self
    }

    pub(in crate::verdict) fn into(mut self, judgement: &mut Judgement) {
        if self.finding.hint.is_empty() {
            self.finding.hint = usual_hint(&self.finding.id).to_owned();
        }
        judgement.findings.push(self.finding);
    }
}

/// Where to look when a checker has nothing more precise to say.
fn usual_hint(id: &str) -> &'static str {
    match id.split('.').next().unwrap_or_default() {
        _ if id.ends_with(".absent") => "Folge der fehlenden Zustellung; dort ansetzen",
        "confirmation" => "Erzeugung und Versand der Eingangsbestätigung im Prüfgegenstand prüfen",
        "duration" => "Warteschlange und Wiederholungen im Transaktionsprotokoll ansehen",
        "log" => "Schreiben des Transaktionsprotokolls im Prüfgegenstand prüfen",
        "reply" => "Erzeugung von Quittung und Rückweisung im Prüfgegenstand prüfen",
        "delivery" => "Zustellung der Transaktion im Transaktionsprotokoll verfolgen",
        "content" => "Regel des Empfängerformats prüfen",
        "header" => "Die Beispielnachricht des Standards berichtigen oder melden",
        "rule" | "twin" => "Regel und Eingabe nebeneinander ansehen",
        "rules" => "Die genannte Regel und die Nachricht im Nachweis vergleichen",
        "foreign" => "Herkunft im Transaktionsprotokoll zur Zeit des Austauschs suchen",
        _ => "Austausche im Nachweis ansehen",
    }
}

/// Texts in findings stay readable; the whole is in the evidence.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 2000;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    let head: String = text.chars().take(LIMIT).collect();
    format!("{head}… ({} Zeichen)", text.chars().count())
}

/// The one delivery to look at; none is for the delivery checker to report.
fn delivered<'a>(
    context: &'a Context<'_>,
    step: &str,
    system: &crate::ids::SystemId,
) -> Option<&'a Exchange> {
    context.taken_at(step, system).first().copied()
}

/// Where in the rule sheet a value of the receiver's format is made.
fn sheet_hint(context: &Context<'_>, step: &str, path: &str) -> String {
    let entries = context.entries(step);
    let Some(entry) = entries.iter().find(|e| e.regel.is_some()) else {
        return "Regel des Empfängerformats prüfen".into();
    };
    let sheet = entry.regel.clone().unwrap_or_default();
    let stand: String = entry.regelstand.iter().flat_map(|s| s.chars()).take(12).collect();
    let leaf = path.rsplit('/').next().unwrap_or(path);
    let wanted = match leaf.strip_prefix('@') {
        Some(attribute) => format!("name=\"{attribute}\""),
        None => format!("<{leaf}>"),
    };
    // A rule that makes JSON writes keys as attributes.
    let keyed = format!("key=\"{}\"", leaf.trim_start_matches('@'));
    // The step before the leaf tells repeated names apart.
    let outer = path.rsplit('/').nth(1).map(|o| format!("<{o}>"));
    let line =
        context.depot.iter().find(|(name, _)| name.ends_with(&sheet)).and_then(|(_, bytes)| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let from = outer.as_ref().and_then(|o| text.find(o.as_str())).unwrap_or(0);
            let after = &text[from..];
            let at = from + after.find(&wanted).or_else(|| after.find(&keyed))?;
            Some(text[..at].matches('\n').count() + 1)
        });
    match line {
        Some(line) => format!("{sheet}, Zeile {line} (Regelstand {stand}): dort entsteht {path}"),
        None => format!("{sheet} (Regelstand {stand}) erzeugt {path} nicht; Zuordnung ergänzen"),
    }
}
