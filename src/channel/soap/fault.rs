//! Faults: SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 5.4, and their status over HTTP.

use crate::wire::{Breach, Broken, SoapVersion as Version};
use crate::xml::{escape_attribute, escape_text};

/// Codes by their names in SOAP 1.2; in 1.1 Sender is Client and Receiver is Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    VersionMismatch,
    MustUnderstand,
    DataEncodingUnknown,
    Sender,
    Receiver,
}

/// A name in a namespace.
pub(crate) type Name = (String, String);

/// A fault, before it is known in which version it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which rule was broken; goes into the observation.
    pub clause: &'static str,
    pub code: Code,
    /// Namespace and name of the subcode, then of one below it.
    pub sub: Vec<Name>,
    pub reason: String,
    /// Header blocks that were not understood (SOAP 1.2 part 1 section 5.4.8).
    pub not_understood: Vec<Name>,
    /// A status of HTTP that says more than the binding's own.
    pub status: Option<u16>,
    /// The namespace of the service's contract, where the payload breaks that.
    pub contract: Option<&'static str>,
}

impl Broken for Fault {
    fn clause(&self) -> &'static str {
        self.clause
    }
    fn reason(&self) -> &str {
        &self.reason
    }
}

impl From<Breach> for Fault {
    fn from(breach: Breach) -> Self {
        Self::sender(breach.clause, breach.reason)
    }
}

impl Fault {
    pub fn new(clause: &'static str, code: Code, reason: impl Into<String>) -> Self {
        let (sub, not_understood, reason) = (Vec::new(), Vec::new(), reason.into());
        Self { clause, code, sub, reason, not_understood, status: None, contract: None }
    }

    pub fn sender(clause: &'static str, reason: impl Into<String>) -> Self {
        Self::new(clause, Code::Sender, reason)
    }

    /// With a subcode.
    #[must_use]
    pub fn sub(mut self, namespace: &str, name: &str) -> Self {
        self.sub.push((namespace.to_owned(), name.to_owned()));
        self
    }

    /// With a subcode of the service's own contract.
    #[must_use]
    pub fn contract(mut self, namespace: &'static str, key: &str) -> Self {
        self.contract = Some(namespace);
        self.sub(namespace, key)
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Whether the payload is at fault: only then SOAP 1.1 section 4.4 allows, and demands, `detail`.
    fn of_body(&self) -> bool {
        self.contract.is_some()
    }

    /// SOAP 1.2 part 2 table 20; SOAP 1.1 section 6.2 knows only 500.
    pub fn http_status(&self, version: Version) -> u16 {
        self.status.unwrap_or(match (version, self.code) {
            (Version::Soap12, Code::Sender) => 400,
            _ => 500,
        })
    }

    /// The header blocks that belong to the fault.
    pub fn headers(&self, version: Version) -> String {
        let mut out = String::new();
        // SOAP 1.2 part 1 section 5.4.7, also for 1.1 (appendix A).
        if self.code == Code::VersionMismatch {
            let ns = Version::Soap12.namespace();
            out.push_str(&format!("<up:Upgrade xmlns:up=\"{ns}\">"));
            for supported in [Version::Soap12, Version::Soap11] {
                out.push_str(&format!(
                    "<up:SupportedEnvelope qname=\"e:Envelope\" xmlns:e=\"{}\"/>",
                    supported.namespace()
                ));
            }
            out.push_str("</up:Upgrade>");
        }
        if version == Version::Soap12 {
            for (namespace, name) in &self.not_understood {
                out.push_str("<S:NotUnderstood qname=\"n:");
                escape_attribute(name, &mut out);
                out.push_str("\" xmlns:n=\"");
                escape_attribute(namespace, &mut out);
                out.push_str("\"/>");
            }
        }
        out
    }

    /// The `Fault` element; the prefix `S` is bound to the envelope.
    pub fn element(&self, version: Version) -> String {
        let mut reason = String::new();
        escape_text(&self.reason, &mut reason);
        match version {
            Version::Soap11 => {
                let own = match self.code {
                    Code::VersionMismatch => "VersionMismatch",
                    Code::MustUnderstand => "MustUnderstand",
                    Code::Sender | Code::DataEncodingUnknown => "Client",
                    Code::Receiver => "Server",
                };
                // WS-Addressing 1.0 SOAP binding section 6.2: the subcode is the code in 1.1.
                let code = match self.sub.first() {
                    Some((namespace, name)) if !self.of_body() => {
                        format!("<faultcode xmlns:c=\"{namespace}\">c:{name}</faultcode>")
                    }
                    _ => format!("<faultcode>S:{own}</faultcode>"),
                };
                let detail = self.detail("detail");
                format!(
                    "<S:Fault>{code}<faultstring xml:lang=\"de\">{reason}</faultstring>{detail}</S:Fault>"
                )
            }
            Version::Soap12 => {
                let mut sub = String::new();
                for (namespace, name) in self.sub.iter().rev() {
                    sub = format!(
                        "<S:Subcode><S:Value xmlns:c=\"{namespace}\">c:{name}</S:Value>{sub}</S:Subcode>"
                    );
                }
                let (code, detail) = (self.code, self.detail("S:Detail"));
                format!(
                    "<S:Fault><S:Code><S:Value>S:{code:?}</S:Value>{sub}</S:Code><S:Reason>\
                     <S:Text xml:lang=\"de\">{reason}</S:Text></S:Reason>{detail}</S:Fault>"
                )
            }
        }
    }

    fn detail(&self, element: &str) -> String {
        let Some(own) = self.contract else { return String::new() };
        let mut text = String::new();
        escape_text(&self.reason, &mut text);
        let key = self.sub.first().map_or("", |(_, name)| name.as_str());
        format!(
            "<{element}><f:fehler xmlns:f=\"{own}\"><f:schluessel>{key}</f:schluessel>\
             <f:text>{text}</f:text></f:fehler></{element}>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Fault};
    use crate::wire::SoapVersion::{Soap11, Soap12};

    const OWN: &str = "urn:pruefstand:fachverfahren-soap:1";

    #[test]
    fn codes_and_status_follow_the_version() {
        let wsa = "http://www.w3.org/2005/08/addressing";
        let cases = [
            (Fault::new("", Code::Sender, "x"), "S:Client", 500, "S:Sender", 400),
            (Fault::new("", Code::Receiver, "x"), "S:Server", 500, "S:Receiver", 500),
            (
                Fault::new("", Code::MustUnderstand, "x"),
                "S:MustUnderstand",
                500,
                "S:MustUnderstand",
                500,
            ),
            (
                Fault::new("", Code::VersionMismatch, "x"),
                "S:VersionMismatch",
                500,
                "S:VersionMismatch",
                500,
            ),
            (
                Fault::new("", Code::Sender, "x").sub(wsa, "ActionNotSupported"),
                "c:ActionNotSupported",
                500,
                "S:Sender",
                400,
            ),
            (Fault::new("", Code::Sender, "x").status(415), "S:Client", 415, "S:Sender", 415),
        ];
        for (fault, code11, status11, code12, status12) in cases {
            let (old, new) = (fault.element(Soap11), fault.element(Soap12));
            assert!(old.contains(&format!(">{code11}</faultcode>")), "{old}");
            assert!(new.contains(&format!("<S:Code><S:Value>{code12}</S:Value>")), "{new}");
            assert_eq!(fault.http_status(Soap11), status11, "{old}");
            assert_eq!(fault.http_status(Soap12), status12, "{new}");
            assert!(!old.contains("<detail>"), "only the body has a detail: {old}");
        }
    }

    #[test]
    fn the_payload_is_blamed_with_subcode_and_detail() {
        let fault = Fault::sender("", "a < b").contract(OWN, "Schemaverletzung");
        let (old, new) = (fault.element(Soap11), fault.element(Soap12));
        assert!(old.contains("<faultcode>S:Client</faultcode>"), "{old}");
        assert!(old.contains("<f:schluessel>Schemaverletzung</f:schluessel>"), "{old}");
        assert!(old.contains("<f:text>a &lt; b</f:text>"), "{old}");
        assert!(new.contains("<S:Subcode><S:Value xmlns:c=\"urn:pruefstand:fachverfahren-soap:1\">c:Schemaverletzung</S:Value></S:Subcode>"), "{new}");
        assert!(new.contains("<S:Detail><f:fehler"), "{new}");
    }
}
