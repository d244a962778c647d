//! Receiving: recognise, check, take or reject with a reason.

use super::defect::Defect;
use super::journal::{Accepted, LogEntry};
use super::server::Hub;
use crate::rules::{Kind, Procedure, Source};
use crate::xml::{Element, ParseErrorKind, Violation, parse};

/// libxml2's number for a value outside an enumeration (`XML_SCHEMAV_CVC_ENUMERATION_VALID`).
const ENUMERATION: i32 = 1840;
/// The message that goes with it, and also with any other wrong value
/// (`XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1`).
const DATATYPE: i32 = 1824;

/// Why a message is rejected.
pub(super) struct Rejection {
    pub code: String,
    pub text: String,
    pub lines: Vec<Violation>,
}

impl Rejection {
    fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into(), lines: vec![] }
    }
}

struct Recognised {
    depot: usize,
    procedure: Procedure,
    root: Element,
}

impl Hub {
    /// Takes a message, or says why not.
    pub(super) fn receive(
        &self,
        source: Source,
        body: &[u8],
    ) -> (String, Result<Accepted, Rejection>) {
        let transaction = self.new_transaction();
        self.note(&transaction, ("", ""), "empfangen", &format!("{} Bytes", body.len()));
        let stripped = self.has(Defect::AcceptsDoctype).then(|| without_doctype(body));
        let result = self.check(&transaction, source, stripped.as_deref().unwrap_or(body));
        let result = result.and_then(|message| {
            let durable = !self.has(Defect::AcknowledgesBeforeStoring);
            let kept = self.journal().accept(message.clone(), durable);
            kept.map(|()| message).map_err(|error| {
                Rejection::new("S999", format!("kann nicht gespeichert werden: {error}"))
            })
        });
        if let Err(rejection) = &result {
            let detail = format!("{} {}", rejection.code, rejection.text);
            self.note(&transaction, ("", ""), "zurueckgewiesen", &detail);
        }
        (transaction, result)
    }

    fn check(&self, transaction: &str, source: Source, body: &[u8]) -> Result<Accepted, Rejection> {
        let found = self.recognise(source, body)?;
        let depot = &self.depots[found.depot];
        let header = &depot.runner.depot().file.header;
        let value = |path: &Option<String>| {
            path.as_ref().and_then(|p| find(&found.root, p)).unwrap_or_default()
        };
        let (vorgang, nachricht) = (value(&header.vorgang), value(&header.nachricht));
        let ids = (vorgang.as_str(), nachricht.as_str());
        self.note(transaction, ids, "erkannt", &found.procedure.id);
        if !self.has(Defect::NoSchemaCheck) {
            self.validate(found.depot, &found.procedure.id, body)?;
        }
        let failed = depot.checks.iter().find_map(|c| c.fails(&found.procedure, &found.root, body));
        if let Some(rejection) = failed.filter(|_| !self.has(Defect::NoRuleCheck)) {
            return Err(rejection);
        }
        if self.has(Defect::RejectsLargest) && holds_largest(&found.root) {
            return Err(Rejection::new("X001", "Wert zu groß"));
        }
        if !self.has(Defect::LogGap) {
            self.note(transaction, ids, "geprueft", "schemakonform");
        }
        let (leistung, mut behoerde) = (value(&header.leistung), value(&header.behoerde));
        if header.behoerde.is_none() {
            behoerde = self.export.authority.first().map(|a| a.ags.clone()).unwrap_or_default();
        }
        let authority = self.export.authority.iter().find(|a| a.ags == behoerde);
        let offered =
            authority.is_some_and(|a| header.leistung.is_none() || a.services.contains(&leistung));
        if !offered && !self.has(Defect::DeliversRejected) {
            return Err(Rejection::new("T080", format!("keine Stelle {behoerde} für {leistung}")));
        }
        let astray = found.procedure.leistung.as_ref().is_some_and(|own| *own != leistung);
        if astray && offered && !self.has(Defect::IgnoresHeader) {
            let text =
                format!("der Kopf nennt {leistung}, das gehört nicht zu {}", found.root.name);
            return Err(Rejection::new("S999", text));
        }
        let again = if self.has(Defect::TrustsContent) {
            self.journal().accepted.values().any(|a| a.body == body)
        } else {
            !nachricht.is_empty() && self.journal().knows(&nachricht)
        };
        if again && !self.has(Defect::NoDuplicateCheck) {
            return Err(Rejection::new("S100", format!("Nachricht {nachricht} liegt schon vor")));
        }
        let state_after = if again {
            None
        } else {
            self.next_state(found.depot, found.procedure.kind, &vorgang)?
        };
        let message = Accepted {
            transaction: transaction.to_owned(),
            depot: found.depot,
            procedure: found.procedure.id,
            kind: found.procedure.kind,
            vorgang,
            nachricht,
            leistung,
            behoerde,
            state_after,
            time: self.clock.now().to_string(),
            body: body.to_vec(),
        };
        if !offered {
            // Only with a switched-on fault: rejected, and yet on its way to somebody.
            let mut astray = message;
            astray.behoerde =
                self.export.authority.first().map(|a| a.ags.clone()).unwrap_or_default();
            let _ = self.journal().accept(astray.clone(), true);
            self.spawn(astray);
            return Err(Rejection::new("T080", "keine Stelle"));
        }
        Ok(message)
    }

    fn recognise(&self, source: Source, body: &[u8]) -> Result<Recognised, Rejection> {
        if self.has(Defect::RefusesByteOrderMark) && body.starts_with(b"\xEF\xBB\xBF") {
            return Err(Rejection::new("S001", "Byte Order Mark"));
        }
        if self.has(Defect::RefusesPrefix) && has_prefix(body) {
            return Err(Rejection::new("X001", "Wurzelelement ist nicht bekannt"));
        }
        let document = parse(body).map_err(|error| {
            let code = match error.kind {
                ParseErrorKind::Encoding => "S001",
                _ => "X000",
            };
            Rejection {
                code: code.into(),
                text: error.message.clone(),
                lines: vec![Violation { line: error.line, text: error.message, code: 0 }],
            }
        })?;
        if document.encoding != "UTF-8" && !self.has(Defect::AcceptsLatin1) {
            return Err(Rejection::new("S001", format!("Kodierung {}", document.encoding)));
        }
        let root = document.root;
        let mut known_root = false;
        for (index, depot) in self.depots.iter().enumerate() {
            let depot = depot.runner.depot();
            known_root |= depot.file.procedure.iter().any(|p| p.root == root.name);
            let by_name = || depot.file.procedure.iter().find(|p| p.root == root.name);
            let recognised = match self.has(Defect::IgnoresNamespace) {
                true => by_name(),
                false => depot.recognise(&root.name, &root.namespace),
            };
            if let Some(procedure) = recognised
                && procedure.source == source
            {
                return Ok(Recognised { depot: index, procedure: procedure.clone(), root });
            }
        }
        if known_root {
            let text = format!("Namensraum {} ist nicht bekannt", root.namespace);
            return Err(Rejection::new("V000", text));
        }
        Err(Rejection::new("X001", format!("Wurzelelement {} ist nicht bekannt", root.name)))
    }

    fn validate(&self, depot: usize, procedure: &str, body: &[u8]) -> Result<(), Rejection> {
        let Some(validator) = self.depots[depot].validators.get(procedure) else {
            return Err(Rejection::new("S999", "kein Schema"));
        };
        let violations =
            validator.validate(body).map_err(|error| Rejection::new("S999", error.to_string()))?;
        let Some(first) = violations.first() else { return Ok(()) };
        let count = |code| violations.iter().filter(|v| v.code == code).count();
        let codes = count(ENUMERATION);
        let only_codes = codes > 0
            && count(DATATYPE) <= codes
            && codes + count(DATATYPE) == violations.len()
            && !first.text.contains("Medientyp");
        let code = match (self.has(Defect::WrongReason), only_codes) {
            (true, _) => "X001",
            (false, true) => "S011",
            (false, false) => "X001",
        };
        Err(Rejection { code: code.into(), text: first.text.clone(), lines: violations })
    }

    fn next_state(
        &self,
        depot: usize,
        kind: Kind,
        vorgang: &str,
    ) -> Result<Option<String>, Rejection> {
        let transitions = &self.depots[depot].runner.depot().file.transition;
        if transitions.is_empty() {
            return Ok(None);
        }
        let journal = self.journal();
        let state = journal.state(vorgang);
        let next = transitions.iter().find(|t| t.from == state && t.on == kind);
        match next {
            Some(transition) => Ok(Some(transition.to.clone())),
            None if self.has(Defect::IgnoresState) => Ok(None),
            None => {
                let shown = if state.is_empty() { "unbekannt" } else { state };
                Err(Rejection::new("P001", format!("Vorgang {vorgang} ist im Stand {shown}")))
            }
        }
    }

    /// Adds to the transaction log.
    pub(super) fn note(&self, transaction: &str, ids: (&str, &str), event: &str, detail: &str) {
        self.log(LogEntry {
            nummer: 0,
            zeit: String::new(),
            transaktion: transaction.to_owned(),
            vorgang: ids.0.to_owned(),
            nachricht: ids.1.to_owned(),
            ereignis: event.to_owned(),
            einzelheit: detail.to_owned(),
            empfaenger: None,
            regel: None,
            regelstand: None,
        });
    }
}

/// The first value at a path whose steps may lie in any namespace.
pub(super) fn find(root: &Element, path: &str) -> Option<String> {
    find_all(root, path).into_iter().next()
}

/// All values at a path whose steps may lie in any namespace.
pub(super) fn find_all(root: &Element, path: &str) -> Vec<String> {
    root.elements_at(path).into_iter().map(|e| e.text().trim().to_owned()).collect()
}

/// A message without its document type declaration.
fn without_doctype(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let found = text.find("<!DOCTYPE").and_then(|at| Some((at, at + text[at..].find('>')? + 1)));
    match found {
        Some((from, to)) => format!("{}{}", &text[..from], &text[to..]).into_bytes(),
        None => body.to_vec(),
    }
}

/// Whether the root element's name has a prefix.
fn has_prefix(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let mut tags = text.split('<').skip(1).filter(|tag| !tag.starts_with(['?', '!']));
    let name =
        tags.next().and_then(|tag| tag.split([' ', '>', '/', '\n']).next().map(str::to_owned));
    name.is_some_and(|name| name.contains(':'))
}

fn holds_largest(root: &Element) -> bool {
    let mut found = false;
    root.walk(&mut |_, element| found |= element.is_leaf() && element.text() == "99999");
    found
}
