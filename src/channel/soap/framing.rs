//! From an HTTP request to the bytes of an envelope: media types, `SOAPAction` and `action`, MTOM
//! (SOAP 1.1 section 6, SOAP 1.2 part 2 section 7, RFC 3902, MTOM 1.0 section 3).

use super::super::http::Request;
use super::fault::Fault;
use crate::wire::{MediaType, Notes, Package, SoapVersion as Version};

const XOP: &str = "application/xop+xml";
const TYPES: &str = "SOAP 1.1, 6; SOAP 1.2 part 2, 7.1.4";

/// What HTTP says about an envelope.
pub(crate) struct Framing<'r> {
    /// The version that the media type announces.
    pub announced: Version,
    pub charset: Option<String>,
    /// What is meant, by `SOAPAction` or `action`.
    pub action: Option<String>,
    /// The parts, with MTOM.
    pub package: Option<Package<'r>>,
    whole: &'r [u8],
}

impl Framing<'_> {
    /// The bytes of the envelope.
    pub fn envelope(&self) -> &[u8] {
        self.package.as_ref().map_or(self.whole, Package::root)
    }

    /// Whether it came with MTOM, not only with attachments.
    pub fn is_mtom(&self) -> bool {
        self.package.as_ref().is_some_and(|p| p.root_type.essence == XOP)
    }

    /// Whether media type and envelope are of one version.
    ///
    /// # Errors
    /// `Sender` where they are not.
    pub fn check_version(&self, version: Version, notes: &mut Notes) -> Result<(), Fault> {
        if self.announced == version {
            return Ok(());
        }
        let reason = format!(
            "the envelope is {version:?}, which goes with {}, not with {}",
            version.media_type(),
            self.announced.media_type()
        );
        notes.deviation(Fault::sender(TYPES, reason))
    }
}

/// The version that a request announces, as far as it says; for faults before the envelope is known.
pub(crate) fn announced(request: &Request) -> Version {
    let Ok(head) = MediaType::parse(&request.content_type) else { return Version::Soap11 };
    let info = head.parameter("start-info").and_then(|i| MediaType::parse(i).ok());
    let essence = info.map_or(head.essence, |i| i.essence);
    Version::of_media_type(&essence).unwrap_or(Version::Soap11)
}

/// Reads what HTTP says.
///
/// # Errors
/// What ends the exchange.
pub(crate) fn read<'r>(request: &'r Request, notes: &mut Notes) -> Result<Framing<'r>, Fault> {
    let unsupported = |reason: String| Fault::sender(TYPES, reason).status(415);
    for name in ["content-type", "soapaction"] {
        if request.headers.iter().filter(|(n, _)| n == name).count() > 1 {
            let reason = format!("the header {name} stands twice");
            notes.deviation(Fault::sender("RFC 9110, 5.3", reason))?;
        }
    }
    let head = match MediaType::parse(&request.content_type) {
        Ok(head) => head,
        Err(error) => {
            notes.deviation(unsupported(format!("Content-Type: {error}")))?;
            MediaType { essence: String::new(), parameters: Vec::new() }
        }
    };
    let (inner, package) = if head.essence == "multipart/related" {
        let package = Package::open(&head, &request.body, notes)?;
        let inner = inner_type(&head, &package, notes)?;
        (inner, Some(package))
    } else {
        (head, None)
    };
    let announced = match Version::of_media_type(&inner.essence) {
        Some(version) => version,
        None => {
            notes.deviation(unsupported(format!(
                "\"{}\" carries no envelope; text/xml (SOAP 1.1), application/soap+xml (1.2) or \
                 multipart/related with application/xop+xml (MTOM) do",
                inner.essence
            )))?;
            by_look(package.as_ref().map_or(&request.body, Package::root))
        }
    };
    let action = match announced {
        Version::Soap11 => soap_action(request.header("soapaction"), notes)?,
        Version::Soap12 => inner.parameter("action").map(str::to_owned),
    };
    let label = package.as_ref().map_or(&inner, |p| &p.root_type);
    let charset = label.parameter("charset").map(str::to_owned);
    Ok(Framing { announced, charset, action, package, whole: &request.body })
}

/// The version by the namespace that stands in the bytes, where nothing else says it.
fn by_look(bytes: &[u8]) -> Version {
    let new = Version::Soap12.namespace().as_bytes();
    match bytes.windows(new.len()).any(|w| w == new) {
        true => Version::Soap12,
        false => Version::Soap11,
    }
}

/// The envelope's own media type: `start-info` of the message (MTOM 1.0 section 3.2), also `type` of
/// the root part (XOP 1.0 section 4.1); with attachments without MTOM the root part's.
fn inner_type(
    head: &MediaType,
    package: &Package<'_>,
    notes: &mut Notes,
) -> Result<MediaType, Fault> {
    let root = &package.root_type;
    if root.essence != XOP {
        let reason = format!("the root part is {}, not application/xop+xml", root.essence);
        notes.deviation(Fault::sender("XOP 1.0, 4.1", reason).status(415))?;
        return Ok(root.clone());
    }
    let read = |text: Option<&str>| text.map(MediaType::parse).transpose();
    let wrong = |e| Fault::sender("XOP 1.0, 4.1", e);
    let of_part = read(root.parameter("type")).map_err(wrong)?;
    let info = read(head.parameter("start-info")).map_err(wrong)?;
    match (of_part, info) {
        (Some(part), Some(info)) => {
            if part.essence != info.essence {
                let reason =
                    format!("type is {}, but start-info is {}", part.essence, info.essence);
                notes.deviation(Fault::sender("MTOM 1.0, 3.2", reason))?;
            }
            // The action stands in one of the two, or beside the boundary with some.
            let mut part = part;
            if part.parameter("action").is_none()
                && let Some(action) = info.parameter("action").or(head.parameter("action"))
            {
                part.parameters.push(("action".into(), action.to_owned()));
            }
            Ok(part)
        }
        (Some(part), None) => Ok(part),
        (None, Some(info)) => Ok(info),
        (None, None) => Err(Fault::sender(
            "XOP 1.0, 4.1",
            "neither type of the root part nor start-info says what the envelope is",
        )),
    }
}

/// `SOAPAction` (SOAP 1.1 section 6.1.1; WS-I Basic Profile 1.1, R2744: in quotes).
fn soap_action(value: Option<&str>, notes: &mut Notes) -> Result<Option<String>, Fault> {
    let Some(value) = value.map(str::trim) else {
        let reason = "the header SOAPAction is missing";
        notes.deviation(Fault::sender("SOAP 1.1, 6.1.1", reason))?;
        return Ok(None);
    };
    match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
        Some(action) => Ok(Some(action.to_owned())),
        None => {
            let reason = format!("SOAPAction {value} stands without quotes");
            notes.deviation(Fault::sender("WS-I Basic Profile 1.1, R1109", reason))?;
            Ok(Some(value.to_owned()))
        }
    }
}
