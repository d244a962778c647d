//! The side that calls: it builds an envelope, moves base64 into parts where that is wanted, and tells
//! an answer, a fault and something else apart.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::http::{ClientError, ClientRequest, Manner, send_with};
use super::super::tls::ClientSettings;
use super::addressing;
use crate::wire::{
    HttpMessage, MediaType, Notes, Package, SoapFault, SoapVersion, envelope_text, fault_in,
    inner_xml, payload_of, xop,
};
use crate::xml::{Element, Node, escape_text, parse_labelled};

/// Longest beginning of an unreadable answer that is quoted, characters.
const QUOTED: usize = 120;

/// What a message says about itself (WS-Addressing 1.0 core, section 3.2); answers are to come back on
/// the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    /// `wsa:MessageID`, an absolute IRI.
    pub message_id: String,
    /// `wsa:RelatesTo`, where it is an answer to something.
    pub relates_to: Option<String>,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Address of the service.
    pub url: String,
    /// Version of SOAP.
    pub version: SoapVersion,
    /// What is meant: `SOAPAction` in 1.1, the parameter `action` in 1.2, `wsa:Action`.
    pub action: String,
    /// With WS-Addressing.
    pub addressing: Option<Addressed>,
    /// Header blocks beside those of WS-Addressing.
    pub headers: Vec<Element>,
    /// The one element of the Body; none where the contract wants an empty Body.
    pub payload: Option<Element>,
    /// Local name of the elements whose base64 goes as parts of their own (MTOM 1.0); none: all of it
    /// stays in the envelope.
    pub parts: Option<String>,
    /// Longest time for the whole exchange.
    pub limit: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An answer; its payload, with parts in their places.
    Payload(Element),
    /// It was taken, and nothing was said: 202 without a body, or an empty Body with a good status.
    Taken,
    /// A fault, whatever the status.
    Fault(SoapFault),
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// No answer came at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What should go as a part is no base64.
    #[error("{0} should go as a part and is no base64: {1}")]
    Part(String, String),
    /// Something came that is no SOAP, such as the page of a proxy.
    #[error("answer {status} is no SOAP ({media_type}): {reason}; it begins with \"{begins}\"")]
    NoSoap {
        /// Status of HTTP.
        status: u16,
        /// What it says to be.
        media_type: String,
        /// Why it cannot be read.
        reason: String,
        /// How it begins.
        begins: String,
    },
}

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// `Content-Type`.
    pub content_type: String,
    /// Header fields beside it.
    pub fields: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Call {
    /// The request, with parts whose ids and boundary come from `unique`.
    ///
    /// # Errors
    /// When what should become a part is no base64.
    pub fn write(&self, unique: &str) -> Result<Written, CallError> {
        self.write_with(unique, |payload| inner_xml(&payload), String::into_bytes)
    }

    /// The same, with a payload and an envelope written in a way of one's own: so it is tested what a
    /// service makes of what it cannot read. The payload has its parts taken out already.
    ///
    /// # Errors
    /// As [`Call::write`].
    pub fn write_with(
        &self,
        unique: &str,
        payload_text: impl FnOnce(Element) -> String,
        envelope: impl FnOnce(String) -> Vec<u8>,
    ) -> Result<Written, CallError> {
        let mut payload = self.payload.clone();
        let mut parts = Vec::new();
        if let (Some(name), Some(payload)) = (&self.parts, &mut payload) {
            move_out(payload, name, unique, &mut parts)?;
        }
        let addressed = self.addressing.as_ref().map(|a| self.header_blocks(a));
        let mut headers = addressed.unwrap_or_default();
        headers.extend(self.headers.iter().map(inner_xml));
        let body = payload.map(payload_text).unwrap_or_default();
        let text = envelope_text(self.version, &headers, &body);
        // RFC 3902 section 3; quotes cannot stand in an IRI.
        let action = self.action.replace('"', "%22");
        let inner = match self.version {
            SoapVersion::Soap11 => self.version.media_type().to_owned(),
            SoapVersion::Soap12 => format!("{}; action=\"{action}\"", self.version.media_type()),
        };
        let fields = match self.version {
            SoapVersion::Soap11 => vec![("SOAPAction", format!("\"{action}\""))],
            SoapVersion::Soap12 => vec![],
        };
        let (content_type, body) = match self.parts {
            // The part's own label names the character set; some readers of parts stumble over a
            // second one in the text.
            Some(_) => {
                let bare = text.split_once("?>\n").map_or(text.as_str(), |(_, rest)| rest);
                let bare = bare.as_bytes().to_vec();
                let sound = text.as_bytes().to_vec();
                let written = envelope(text);
                let root = if written == sound { bare } else { written };
                xop::package(root, &inner, &parts, unique)
            }
            None => (with_charset(&inner), envelope(text)),
        };
        Ok(Written { content_type, fields, body })
    }

    fn header_blocks(&self, addressed: &Addressed) -> String {
        let ns = addressing::NAMESPACE;
        let mut out = String::new();
        let mut block = |name: &str, text: &str| {
            out.push_str(&format!("<a:{name} xmlns:a=\"{ns}\">"));
            escape_text(text, &mut out);
            out.push_str(&format!("</a:{name}>"));
        };
        block("Action", &self.action);
        block("To", &self.url);
        block("MessageID", &addressed.message_id);
        if let Some(other) = &addressed.relates_to {
            block("RelatesTo", other);
        }
        out.push_str(&format!(
            "<a:ReplyTo xmlns:a=\"{ns}\"><a:Address>{ns}/anonymous</a:Address></a:ReplyTo>"
        ));
        out
    }
}

fn with_charset(inner: &str) -> String {
    match inner.split_once(';') {
        Some((essence, rest)) => format!("{essence}; charset=utf-8;{rest}"),
        None => format!("{inner}; charset=utf-8"),
    }
}

/// Puts `xop:Include` in the place of base64 (XOP 1.0 section 3.1), wherever elements of this name
/// hold nothing else.
fn move_out(
    element: &mut Element,
    name: &str,
    unique: &str,
    parts: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), CallError> {
    if element.name == name && element.is_leaf() {
        let mut text = element.text();
        text.retain(|c| !c.is_ascii_whitespace());
        if text.is_empty() {
            return Ok(());
        }
        let wrong = |e: base64::DecodeError| CallError::Part(name.to_owned(), e.to_string());
        let content = STANDARD.decode(text).map_err(wrong)?;
        let id = format!("teil-{}-{unique}@pruefstand.example", parts.len() + 1);
        let mut include = Element::new(xop::NAMESPACE, "Include");
        include.set_attribute("href", &format!("cid:{id}"));
        // The empty text keeps white space out, which XOP does not allow beside it.
        element.children = vec![Node::Text(String::new()), Node::Element(include)];
        parts.push((id, content));
        return Ok(());
    }
    for child in &mut element.children {
        if let Node::Element(child) = child {
            move_out(child, name, unique, parts)?;
        }
    }
    Ok(())
}

/// Calls a service.
///
/// # Errors
/// See [`CallError`]; a fault is an [`Answer`].
pub async fn call(
    call: &Call,
    unique: &str,
    tls: Option<ClientSettings>,
) -> Result<Answer, CallError> {
    send_written(call, call.write(unique)?, tls).await
}

/// Sends what was written for a call, and reads what comes back.
///
/// # Errors
/// See [`CallError`].
pub async fn send_written(
    call: &Call,
    written: Written,
    tls: Option<ClientSettings>,
) -> Result<Answer, CallError> {
    let Written { content_type, mut fields, body } = written;
    let takes = format!("{}, multipart/related", call.version.media_type());
    let takes = if call.parts.is_some() { takes } else { call.version.media_type().to_owned() };
    fields.push(("Accept", takes));
    let (url, limit) = (call.url.clone(), call.limit);
    let request = ClientRequest { method: "POST", url, content_type, body, limit };
    let done = send_with(request, &Manner { fields, tls, ..Manner::default() }).await?;
    read_answer(&done.raw_answer)
}

/// Reads an answer of HTTP, raw: a payload, a fault (also one with the status 200), or nothing.
///
/// # Errors
/// [`CallError::NoSoap`].
pub fn read_answer(raw: &[u8]) -> Result<Answer, CallError> {
    let message = HttpMessage::read(raw).unwrap_or_default();
    let status = message.status().unwrap_or(0);
    if status == 202 && message.body.is_empty() {
        return Ok(Answer::Taken);
    }
    let good = (200..300).contains(&status);
    let root = read_envelope(&message).map_err(|reason| no_soap(&message, status, reason))?;
    let no_fault = || no_soap(&message, status, "no fault, though the status says so".into());
    if is_empty_body(&root) {
        return if good { Ok(Answer::Taken) } else { Err(no_fault()) };
    }
    match payload_of(&root) {
        Ok(payload) => match fault_in(payload) {
            Some(fault) => Ok(Answer::Fault(fault)),
            None if good => Ok(Answer::Payload(payload.clone())),
            None => Err(no_fault()),
        },
        Err(reason) => Err(no_soap(&message, status, reason)),
    }
}

/// Whether a root is an envelope whose Body holds nothing.
fn is_empty_body(root: &Element) -> bool {
    let Some(version) = SoapVersion::of_root(root) else { return false };
    let body = root.elements().find(|e| e.name == "Body" && e.namespace == version.namespace());
    body.is_some_and(|b| b.is_leaf() && b.text().trim().is_empty())
}

fn no_soap(message: &HttpMessage, status: u16, reason: String) -> CallError {
    let text = String::from_utf8_lossy(&message.body);
    let begins = text.chars().take(QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let media_type = match message.content_type.as_str() {
        "" => "no media type".to_owned(),
        some => some.to_owned(),
    };
    CallError::NoSoap { status, media_type, reason, begins }
}

/// The envelope of a message, with parts in their places.
fn read_envelope(message: &HttpMessage) -> Result<Element, String> {
    let head = MediaType::parse(&message.content_type)?;
    let mut notes = Notes::new(false);
    let package = match head.essence.as_str() {
        "multipart/related" => {
            Some(Package::open(&head, &message.body, &mut notes).map_err(|e| e.to_string())?)
        }
        _ => None,
    };
    let label = package.as_ref().map_or(&head, |p| &p.root_type);
    let known = ["text/xml", "application/xml", "application/soap+xml", "application/xop+xml"];
    if !known.contains(&label.essence.as_str()) {
        return Err(format!("{} carries no envelope", label.essence));
    }
    let bytes = package.as_ref().map_or(&message.body[..], Package::root);
    let labelled = parse_labelled(bytes, label.parameter("charset")).map_err(|e| e.to_string())?;
    let mut root = labelled.document.root;
    xop::inline(&mut root, package.as_ref(), &mut notes).map_err(|e| e.to_string())?;
    Ok(root)
}
