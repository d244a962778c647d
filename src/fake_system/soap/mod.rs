//! A Fachverfahren with a web service: SOAP 1.1 and 1.2 over HTTP, document/literal, attachments
//! inline or with MTOM.
//!
//! What SOAP itself demands stands in `channel/soap`, its messages of several parts in `wire`; here is
//! the service: `service` has operations, contract and schema, from data.

mod service;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::service::{Does, OWN, Operation, Service};
use super::cases::Case;
use super::defect::FakeDefect;
use super::intake::{Handed, Intake};
use super::login::{CHALLENGE, Login};
use super::scheme_of;
use super::scripted::{Answering, Fake, Refusal, apart};
use super::template::fill;
use super::template::uuid;
use crate::channel::Observer;
use crate::channel::http::{Reply, Request};
use crate::channel::soap::addressing::{self, Addressing};
use crate::channel::soap::envelope::{self, Envelope};
use crate::channel::soap::fault::{Code, Fault};
use crate::channel::soap::framing;
use crate::ids::{Correlator, SystemId};
use crate::organisation::{Mode, System};
use crate::wire::{Notes, SoapVersion as Version, UNFORESEEN, envelope_text, xop};
use crate::xml::{Element, ParseErrorKind, escape_text, parse_labelled};

/// Path under which the service listens.
pub(super) fn path() -> String {
    service::data().path
}

/// One such system.
pub(super) struct Soap {
    id: SystemId,
    mode: Mode,
    url: String,
    login: Login,
    service: Service,
    intake: Intake,
    observer: Arc<dyn Observer>,
}

/// How to answer, as far as it is known.
struct Talk {
    version: Version,
    /// The client reads MTOM.
    mtom: bool,
    addressing: Option<Addressing>,
}

impl Talk {
    fn of(request: &Request) -> Self {
        let accepts = request.header("accept").unwrap_or_default().to_ascii_lowercase();
        let mtom = accepts.contains("multipart/related") || accepts.contains("application/xop+xml");
        Self { version: framing::announced(request), mtom, addressing: None }
    }

    fn envelope(&self, headers: &str, body: &str) -> String {
        envelope_text(self.version, headers, body)
    }

    fn fault(&self, fault: &Fault) -> Reply {
        if self.addressing.as_ref().is_some_and(|a| a.no_fault) {
            return Reply::text(202, "text/plain", "");
        }
        let mut headers = fault.headers(self.version);
        if let Some(addressing) = &self.addressing {
            let action = addressing::fault_action(fault);
            headers.push_str(&addressing::of_answer(addressing, &action, &uuid()));
        }
        let body = self.envelope(&headers, &fault.element(self.version));
        let content_type = format!("{}; charset=utf-8", self.version.media_type());
        let reply = Reply::text(fault.http_status(self.version), &content_type, body);
        match fault.status {
            Some(415) => {
                let takes = "text/xml, application/soap+xml, multipart/related";
                reply.with_header("Accept-Post", takes)
            }
            _ => reply,
        }
    }

    fn answer(&self, operation: &Operation, case: &Case, receipt: &str) -> Reply {
        if self.addressing.as_ref().is_some_and(|a| a.no_answer) {
            return Reply::text(202, "text/plain", "");
        }
        let unique = uuid();
        let mut parts = Vec::new();
        let mut quittung = STANDARD.encode(receipt);
        if self.mtom && operation.reply.contains("{quittung}") {
            let id = format!("quittung-{unique}@attrappe.example");
            let ns = xop::NAMESPACE;
            quittung = format!("<xop:Include xmlns:xop=\"{ns}\" href=\"cid:{id}\"/>");
            parts.push((id, receipt.as_bytes().to_vec()));
        }
        let escaped = values(case).map(|(name, value)| {
            let mut safe = String::new();
            escape_text(value, &mut safe);
            (name, safe)
        });
        let mut places: Vec<(&str, &str)> = escaped.iter().map(|(n, v)| (*n, v.as_str())).collect();
        places.push(("{quittung}", &quittung));
        let body = fill(&operation.reply, &places);
        let action = &operation.answer_action;
        let headers = self.addressing.as_ref().map(|a| addressing::of_answer(a, action, &unique));
        let text = self.envelope(&headers.unwrap_or_default(), &body);
        let kind = self.version.media_type();
        if self.mtom {
            let (content_type, body) = xop::package(&text, kind, &parts, &unique);
            return Reply::text(200, &content_type, body);
        }
        Reply::text(200, &format!("{kind}; charset=utf-8"), text)
    }
}

fn values(case: &Case) -> [(&'static str, &str); 4] {
    [
        ("{aktenzeichen}", &case.aktenzeichen),
        ("{vorgang}", &case.vorgang),
        ("{stand}", &case.stand),
        ("{zeitpunkt}", &case.since),
    ]
}

impl Soap {
    pub fn new(system: &System, url: &str, observer: Arc<dyn Observer>, intake: Intake) -> Self {
        let (id, mode, service) = (system.id.clone(), system.mode, Service::new());
        let login = Login::of(system);
        Self { id, mode, url: url.to_owned(), login, service, intake, observer }
    }

    fn reply(&self, request: &Request, keep: bool) -> Reply {
        if request.path != self.service.data.path {
            let text = format!("the service is at {}\n", self.service.data.path);
            return Reply::text(404, "text/plain", text).with_header(UNFORESEEN.0, UNFORESEEN.1);
        }
        if !self.login.allows(request) {
            let reason = "user and password are missing or wrong";
            let fault =
                Fault::sender("RFC 7617, 2", reason).contract(OWN, "NichtAngemeldet").status(401);
            let exchange = Some(request.exchange);
            self.observer.observation(&self.id, exchange, fault.clause, &fault.reason);
            return Talk::of(request).fault(&fault).with_header("WWW-Authenticate", CHALLENGE);
        }
        match request.method.as_str() {
            "POST" => {}
            "GET" | "HEAD" => {
                return match Service::description(&request.query, &self.address(request)) {
                    Some(text) => Reply::text(200, "text/xml; charset=utf-8", text),
                    None => Reply::text(404, "text/plain", "the contract is at ?wsdl\n"),
                };
            }
            _ => {
                let text = "POST for messages, GET with ?wsdl for the contract\n";
                return Reply::text(405, "text/plain", text)
                    .with_header("Allow", "GET, HEAD, POST")
                    .with_header(UNFORESEEN.0, UNFORESEEN.1);
            }
        }
        let mut notes = Notes::new(self.mode == Mode::Lenient);
        let mut talk = Talk::of(request);
        let done = self.exchange(request, keep, &mut talk, &mut notes);
        for (clause, detail) in &notes.list {
            self.observer.observation(&self.id, Some(request.exchange), clause, detail);
        }
        done.unwrap_or_else(|fault| {
            let exchange = Some(request.exchange);
            self.observer.observation(&self.id, exchange, fault.clause, &fault.reason);
            self.faulty(&talk, fault)
        })
    }

    /// A fault, as this system tells it with its own faults.
    fn faulty(&self, talk: &Talk, fault: Fault) -> Reply {
        if self.intake.has(FakeDefect::FvTakesAnything) {
            let mut taking = self.service.data.operation.iter();
            if let Some(operation) = taking.find(|o| o.does == Does::Take) {
                return talk.answer(operation, &self.intake.case_of("unbekannt"), "");
            }
        }
        match self.intake.has(FakeDefect::FvNoWithGoodStatus) {
            true => talk.fault(&fault.status(200)),
            false => talk.fault(&fault),
        }
    }

    /// Where the client reaches the service: as it called it, since an address to listen on may be
    /// one that nobody can call.
    fn address(&self, request: &Request) -> String {
        let host = request.header("host").unwrap_or_default();
        let fine = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        match host.is_empty() || !host.bytes().all(fine) {
            true => self.url.clone(),
            false => format!("{}://{host}{}", scheme_of(&self.url), self.service.data.path),
        }
    }

    fn exchange(
        &self,
        request: &Request,
        keep: bool,
        talk: &mut Talk,
        notes: &mut Notes,
    ) -> Result<Reply, Fault> {
        let framing = framing::read(request, notes)?;
        talk.version = framing.announced;
        talk.mtom |= framing.is_mtom();
        let labelled = parse_labelled(framing.envelope(), framing.charset.as_deref());
        let labelled = labelled.map_err(|error| {
            let clause = match error.kind {
                ParseErrorKind::Doctype => "SOAP 1.1, 3; SOAP 1.2 part 1, 5",
                ParseErrorKind::Encoding => "RFC 7303, 3",
                ParseErrorKind::NotWellFormed => "XML 1.0",
                ParseErrorKind::TooLarge => "limits of this system",
            };
            Fault::sender(clause, error.to_string())
        })?;
        for oddity in labelled.oddities {
            notes.odd("RFC 7303, 3", oddity);
        }
        let mut document = labelled.document;
        talk.version = envelope::version_of(&document)?;
        framing.check_version(talk.version, notes)?;
        xop::inline(&mut document.root, framing.package.as_ref(), notes)?;
        let envelope = Envelope::read(document, talk.version, notes)?;
        envelope.check_understood(addressing::understood, notes)?;
        talk.addressing = addressing::read(&envelope, notes)?;
        let payload = envelope.payload(notes)?;
        let operation = self.operation(payload, talk.addressing.as_ref(), notes)?;
        let transport = framing.action.as_deref();
        addressing::check_action(&operation.action, transport, talk.addressing.as_ref(), notes)?;
        self.service.check(payload, notes)?;
        let case = match operation.does {
            Does::Take => {
                let handed = (operation, payload, talk.addressing.as_ref());
                self.take(request, handed, keep, notes)?
            }
            Does::State => self.stand(payload)?,
        };
        let receipt = fill(&self.service.data.receipt, &values(&case));
        Ok(talk.answer(operation, &case, &receipt))
    }

    /// The operation for a payload; a lenient system takes what it does not know as an application.
    fn operation(
        &self,
        payload: &Element,
        addressing: Option<&Addressing>,
        notes: &mut Notes,
    ) -> Result<&Operation, Fault> {
        if let Some(operation) = self.service.operation(payload) {
            return Ok(operation);
        }
        let clause = "Vertrag des Dienstes (dienst.wsdl)";
        let reason = format!("no operation takes {{{}}}{}", payload.namespace, payload.name);
        let fault = Fault::sender(clause, reason);
        notes.deviation(match addressing {
            Some(_) => fault.clone().sub(addressing::NAMESPACE, "ActionNotSupported"),
            None => fault.clone().contract(OWN, "NachrichtUnbekannt"),
        })?;
        let taking = self.service.data.operation.iter().find(|o| o.does == Does::Take);
        taking.ok_or(fault)
    }

    fn take(
        &self,
        request: &Request,
        (operation, payload, addressing): (&Operation, &Element, Option<&Addressing>),
        keep: bool,
        notes: &mut Notes,
    ) -> Result<Case, Fault> {
        let vorgang = payload.child_text("vorgang").filter(|v| !v.is_empty()).or_else(|| {
            let mut words = Correlator::candidates(&request.body);
            words.find(|w| w.starts_with("PS-")).map(str::to_owned)
        });
        let vorgang = vorgang.unwrap_or_else(|| "unbekannt".into());
        let mut attachments = Vec::new();
        for attachment in payload.elements().filter(|e| e.name == "anlage") {
            let name = attachment.child_text("name").unwrap_or_default();
            let mut text = attachment.child("inhalt").map(Element::text).unwrap_or_default();
            text.retain(|c| !c.is_ascii_whitespace());
            match STANDARD.decode(text) {
                Ok(bytes) => attachments.push((name, bytes)),
                Err(error) => {
                    let reason = format!("attachment \"{name}\" is no base64: {error}");
                    let clause = "XML Schema 1.0 part 2, 3.2.16";
                    notes.deviation(
                        Fault::sender(clause, reason).contract(OWN, "Schemaverletzung"),
                    )?;
                }
            }
        }
        let inner = payload.child("nachricht").and_then(|n| n.elements().next());
        let title = match inner {
            Some(inner) => format!("{}: {}", operation.name, inner.name),
            None => format!("{}: {}", operation.name, payload.name),
        };
        // The payload with its parts in their places: that is the message, whatever brought it.
        let content = payload.to_xml().into_bytes();
        if let Some(reason) = self.intake.dislikes(&content) {
            let fault = Fault::sender("Vertrag des Dienstes (dienst.wsdl)", reason);
            return Err(fault.contract(OWN, "Schemaverletzung"));
        }
        if !keep {
            return Ok(self.intake.case_of(&vorgang));
        }
        Ok(self.intake.take(&Handed {
            vorgang: &vorgang,
            bezug: addressing.map_or("", |a| a.message_id.as_str()),
            title: &title,
            media_type: "application/xml",
            content: &request.body,
            message: Some(&content),
            attachments: &attachments,
        }))
    }

    fn stand(&self, payload: &Element) -> Result<Case, Fault> {
        let number = payload.child_text("aktenzeichen").unwrap_or_default();
        self.intake.cases().by_number(&number).ok_or_else(|| {
            let clause = "Vertrag des Dienstes (dienst.wsdl)";
            let reason = format!("there is no case {number}");
            Fault::sender(clause, reason).contract(OWN, "VorgangUnbekannt")
        })
    }
}

impl Fake for Soap {
    fn answer(&self, request: Request, keep: bool) -> Answering<'_> {
        Box::pin(async move { apart(&request, || self.reply(&request, keep)) })
    }

    fn refusal(&self, why: Refusal) -> Reply {
        let talk = Talk { version: Version::Soap11, mtom: false, addressing: None };
        talk.fault(&refused(why))
    }

    fn refusal_of(&self, request: &Request, why: Refusal) -> Reply {
        let mut talk = Talk::of(request);
        // The envelope decides, where it can be read; what else is wrong with it plays no part.
        let mut notes = Notes::new(true);
        if let Ok(framing) = framing::read(request, &mut notes)
            && let Ok(read) = parse_labelled(framing.envelope(), framing.charset.as_deref())
            && let Ok(version) = envelope::version_of(&read.document)
        {
            talk.version = version;
            if let Ok(envelope) = Envelope::read(read.document, version, &mut notes) {
                talk.addressing = addressing::read(&envelope, &mut notes).unwrap_or_default();
            }
        }
        talk.fault(&refused(why))
    }
}

fn refused(why: Refusal) -> Fault {
    let (key, text) = match why {
        Refusal::NotNow => ("NichtVerfuegbar", "zurzeit nicht verfügbar"),
        Refusal::NoSpace => ("KeinSpeicherplatz", "kein Speicherplatz"),
    };
    Fault::new("", Code::Receiver, text).contract(OWN, key)
}
