//! What those who judge need of SOAP: the version, the payload of an envelope, and faults. What a
//! node must do with header blocks stands where nodes are (`channel/soap`).

use crate::xml::Element;

/// Version of SOAP; the namespace of the envelope decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoapVersion {
    /// SOAP 1.1 (W3C Note, 2000).
    Soap11,
    /// SOAP 1.2 (W3C Recommendation, 2007).
    Soap12,
}

impl SoapVersion {
    /// Namespace of its envelope.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Soap11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::Soap12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// Media type of its envelope (SOAP 1.1 section 6, RFC 3902).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Soap11 => "text/xml",
            Self::Soap12 => "application/soap+xml",
        }
    }

    /// The version of an envelope's namespace.
    pub fn of_namespace(namespace: &str) -> Option<Self> {
        [Self::Soap11, Self::Soap12].into_iter().find(|v| v.namespace() == namespace)
    }

    /// The version that a media type announces.
    pub fn of_media_type(essence: &str) -> Option<Self> {
        [Self::Soap11, Self::Soap12].into_iter().find(|v| v.media_type() == essence)
    }

    /// The version of a root element; none where it is no envelope.
    pub fn of_root(root: &Element) -> Option<Self> {
        Self::of_namespace(&root.namespace).filter(|_| root.name == "Envelope")
    }
}

/// The one element in the Body of an envelope (WS-I Basic Profile 1.1, R9981).
///
/// # Errors
/// When the root is no envelope, or its Body holds not exactly one element.
pub fn payload_of(root: &Element) -> Result<&Element, String> {
    let Some(version) = SoapVersion::of_root(root) else {
        let name = format!("{{{}}}{}", root.namespace, root.name);
        return Err(format!("{name} is no envelope of SOAP 1.1 or 1.2"));
    };
    let ns = version.namespace();
    let mut bodies = root.elements().filter(|e| e.name == "Body" && e.namespace == ns);
    let (Some(body), None) = (bodies.next(), bodies.next()) else {
        return Err("the envelope has not exactly one Body".into());
    };
    let held: Vec<&Element> = body.elements().collect();
    match held[..] {
        [payload] => Ok(payload),
        _ => Err(format!("the Body holds {} elements, one is allowed", held.len())),
    }
}

/// A fault as whoever called gets to see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoapFault {
    /// Whose fault it is, by the names of SOAP 1.2: `Sender`, `Receiver` and so on (1.1: `Client` and
    /// `Server`); local name of another code where it is none of them.
    pub code: String,
    /// The most precise subcode, local name; empty where there is none.
    pub subcode: String,
    /// The reason, for people.
    pub reason: String,
}

/// The fault in the payload of an envelope; none where it is something else.
pub fn fault_in(payload: &Element) -> Option<SoapFault> {
    let version = SoapVersion::of_namespace(&payload.namespace)?;
    if payload.name != "Fault" {
        return None;
    }
    let local = |text: String| {
        text.trim().rsplit_once(':').map_or(text.trim().to_owned(), |(_, name)| name.to_owned())
    };
    let text = |path: &str| payload.elements_at(path).first().map(|e| e.text());
    Some(match version {
        SoapVersion::Soap11 => {
            let code = local(text("faultcode").unwrap_or_default());
            // "Client.Authentication" is a Client (SOAP 1.1 section 4.4.1).
            let (class, rest) = code.split_once('.').unwrap_or((&code, ""));
            let class = match class {
                "Client" => "Sender",
                "Server" => "Receiver",
                other => other,
            };
            let (class, rest) = (class.to_owned(), rest.to_owned());
            // Where a contract has errors of its own, their key stands in the detail.
            let key = text("detail/fehler/schluessel").map(local).filter(|k| !k.is_empty());
            let reason = text("faultstring").unwrap_or_default();
            SoapFault { code: class, subcode: key.unwrap_or(rest), reason: reason.trim().into() }
        }
        SoapVersion::Soap12 => {
            let code = local(text("Code/Value").unwrap_or_default());
            let mut subcode = String::new();
            let mut at = payload.elements_at("Code/Subcode").first().copied();
            while let Some(sub) = at {
                subcode = sub.child_text("Value").map(local).unwrap_or_default();
                at = sub.child("Subcode");
            }
            let reason = text("Reason/Text").unwrap_or_default().trim().to_owned();
            SoapFault { code, subcode, reason }
        }
    })
}

/// Text of an envelope around header blocks and a payload that are XML already.
pub fn envelope_text(version: SoapVersion, headers: &str, body: &str) -> String {
    let ns = version.namespace();
    let headers = match headers {
        "" => String::new(),
        some => format!("<S:Header>{some}</S:Header>"),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <S:Envelope xmlns:S=\"{ns}\">{headers}<S:Body>{body}</S:Body></S:Envelope>"
    )
}

/// An element without XML declaration, to stand inside another.
pub fn inner_xml(element: &Element) -> String {
    without_declaration(&element.to_xml()).to_owned()
}

/// A document without its XML declaration.
pub fn without_declaration(text: &str) -> &str {
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.trim_start(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{fault_in, payload_of};
    use crate::xml::parse;

    fn envelope(ns: &str, body: &str) -> String {
        format!("<e:Envelope xmlns:e=\"{ns}\"><e:Body>{body}</e:Body></e:Envelope>")
    }

    const OLD: &str = "http://schemas.xmlsoap.org/soap/envelope/";
    const NEW: &str = "http://www.w3.org/2003/05/soap-envelope";

    #[test]
    fn faults_of_both_versions_are_read() {
        for (ns, body, code, subcode, reason) in [
            (
                OLD,
                "<e:Fault><faultcode>e:Server</faultcode><faultstring> nicht jetzt </faultstring></e:Fault>",
                "Receiver",
                "",
                "nicht jetzt",
            ),
            (
                OLD,
                "<e:Fault><faultcode>e:Client.Anmeldung</faultcode><faultstring>x</faultstring></e:Fault>",
                "Sender",
                "Anmeldung",
                "x",
            ),
            (
                NEW,
                "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>a</e:Value><e:Subcode><e:Value>f:b</e:Value></e:Subcode></e:Subcode></e:Code><e:Reason><e:Text xml:lang=\"de\">x</e:Text></e:Reason></e:Fault>",
                "Sender",
                "b",
                "x",
            ),
        ] {
            let document = parse(envelope(ns, body).as_bytes()).unwrap();
            let fault = fault_in(payload_of(&document.root).unwrap()).unwrap();
            assert_eq!(
                (fault.code.as_str(), fault.subcode.as_str(), fault.reason.as_str()),
                (code, subcode, reason)
            );
        }
        let other = parse(envelope(OLD, "<Fault/>").as_bytes()).unwrap();
        assert_eq!(fault_in(payload_of(&other.root).unwrap()), None);
    }

    #[test]
    fn what_has_no_single_payload_is_none() {
        for (text, why) in [
            (envelope(OLD, ""), "0 elements"),
            (envelope(NEW, "<a/><b/>"), "2 elements"),
            (envelope("urn:x", "<a/>"), "no envelope"),
            (format!("<e:Envelope xmlns:e='{OLD}'/>"), "one Body"),
            ("<html><body/></html>".to_owned(), "no envelope"),
        ] {
            let document = parse(text.as_bytes()).unwrap();
            let error = payload_of(&document.root).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
