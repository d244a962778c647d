//! Envelopes: SOAP 1.1 section 4, SOAP 1.2 part 1 section 5, and what header blocks demand of who
//! reads them. The namespace of the envelope decides the version.

use super::fault::{Code, Fault};
use crate::wire::{Notes, SoapVersion as Version};
use crate::xml::{Document, Element, Node};

/// Most header blocks that are named as not understood.
const MOST_NAMED: usize = 50;

/// What an envelope holds.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub version: Version,
    pub headers: Vec<Element>,
    pub body: Vec<Element>,
}

/// The version of a document, by its root.
///
/// # Errors
/// `VersionMismatch` (SOAP 1.2 part 1 section 5.4.7) when the root is no envelope of either.
pub(crate) fn version_of(document: &Document) -> Result<Version, Fault> {
    let root = &document.root;
    match Version::of_namespace(&root.namespace) {
        Some(version) if root.name == "Envelope" => Ok(version),
        _ => Err(Fault::new(
            "SOAP 1.2 part 1, 5.4.7; SOAP 1.1, 4.4.1",
            Code::VersionMismatch,
            format!("{{{}}}{} is no envelope of SOAP 1.1 or 1.2", root.namespace, root.name),
        )),
    }
}

impl Envelope {
    /// Takes an envelope apart.
    ///
    /// # Errors
    /// What is wrong with it, as far as that ends the exchange.
    pub fn read(document: Document, version: Version, notes: &mut Notes) -> Result<Self, Fault> {
        let ns = version.namespace();
        let clause = match version {
            Version::Soap11 => "SOAP 1.1, 4",
            Version::Soap12 => "SOAP 1.2 part 1, 5.1",
        };
        if let Some(line) = document.instruction {
            let clause = "SOAP 1.1, 3; SOAP 1.2 part 1, 5";
            let reason = format!("a processing instruction in line {line}");
            notes.deviation(Fault::sender(clause, reason))?;
        }
        let root = document.root;
        // Attributes of the envelope are qualified or belong to no version of SOAP.
        if let Some(odd) = root.attributes.iter().find(|a| a.namespace.is_empty()) {
            let reason = format!("attribute {} of the envelope is in no namespace", odd.name);
            notes.deviation(Fault::sender(clause, reason))?;
        }
        no_text(&root, clause, notes)?;
        let mut headers = None;
        let mut body = None;
        for child in elements_of(root) {
            let is = |name: &str| child.namespace == ns && child.name == name;
            if is("Header") && headers.is_none() && body.is_none() {
                no_text(&child, clause, notes)?;
                headers = Some(elements_of(child));
            } else if is("Body") && body.is_none() {
                no_text(&child, clause, notes)?;
                body = Some(elements_of(child));
            } else {
                // SOAP 1.1 itself lets other elements follow the Body.
                let clause = match version {
                    Version::Soap11 if body.is_some() => "WS-I Basic Profile 1.1, R1011",
                    _ => clause,
                };
                let reason =
                    format!("{} stands where the envelope has no place for it", child.name);
                notes.deviation(Fault::sender(clause, reason))?;
            }
        }
        let Some(body) = body else {
            return Err(Fault::sender(clause, "the envelope has no Body"));
        };
        let headers = headers.unwrap_or_default();
        for block in headers.iter().filter(|h| h.namespace.is_empty()) {
            let reason = format!("header block {} is in no namespace", block.name);
            notes.deviation(Fault::sender("SOAP 1.1, 4.2; SOAP 1.2 part 1, 5.2.1", reason))?;
        }
        Ok(Self { version, headers, body })
    }

    /// Header blocks for this system: it is the last receiver, and as every node it is the next one
    /// (SOAP 1.1 section 4.2.2, SOAP 1.2 part 1 section 2.2).
    pub fn mine(&self) -> impl Iterator<Item = &Element> {
        let ns = self.version.namespace();
        self.headers.iter().filter(move |block| {
            let role = match self.version {
                Version::Soap11 => attribute(block, ns, "actor"),
                Version::Soap12 => attribute(block, ns, "role"),
            };
            match (self.version, role.map(str::trim)) {
                (_, None | Some("")) => true,
                (Version::Soap11, Some(uri)) => uri == "http://schemas.xmlsoap.org/soap/actor/next",
                (Version::Soap12, Some(uri)) => {
                    let role = uri.strip_prefix("http://www.w3.org/2003/05/soap-envelope/role/");
                    matches!(role, Some("next" | "ultimateReceiver"))
                }
            }
        })
    }

    /// Faults before anything is processed when a block that must be understood is not (SOAP 1.2
    /// part 1 section 2.6, SOAP 1.1 section 4.2.3).
    ///
    /// # Errors
    /// `MustUnderstand`, naming all of them; `Sender` for a value that is no truth value.
    pub fn check_understood(
        &self,
        understood: impl Fn(&Element) -> bool,
        notes: &mut Notes,
    ) -> Result<(), Fault> {
        let mut missed = Vec::new();
        for block in self.mine() {
            let must = attribute(block, self.version.namespace(), "mustUnderstand");
            let must = match (self.version, must.map(str::trim)) {
                (_, None | Some("0")) | (Version::Soap12, Some("false")) => false,
                (_, Some("1")) | (Version::Soap12, Some("true")) => true,
                (_, Some(other)) => {
                    let reason = format!("mustUnderstand=\"{other}\" at {}", block.name);
                    let clause = "SOAP 1.1, 4.2.3; SOAP 1.2 part 1, 5.2.3";
                    notes.deviation(Fault::sender(clause, reason))?;
                    other == "true"
                }
            };
            if must && !understood(block) && missed.len() < MOST_NAMED {
                missed.push((block.namespace.clone(), block.name.clone()));
            }
        }
        if missed.is_empty() {
            return Ok(());
        }
        let names: Vec<String> =
            missed.iter().map(|(ns, name)| format!("{{{ns}}}{name}")).collect();
        let mut fault = Fault::new(
            "SOAP 1.1, 4.2.3; SOAP 1.2 part 1, 5.4.8",
            Code::MustUnderstand,
            format!("not understood: {}", names.join(", ")),
        );
        fault.not_understood = missed;
        Err(fault)
    }

    /// The one element that the body may hold (WS-I Basic Profile 1.1, R9981).
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn payload(&self, notes: &mut Notes) -> Result<&Element, Fault> {
        let clause = "WS-I Basic Profile 1.1, R9981";
        let Some(first) = self.body.first() else {
            let clause = "Vertrag des Dienstes (dienst.wsdl)";
            return Err(Fault::sender(clause, "the Body is empty"));
        };
        if self.body.len() > 1 {
            let reason = format!("the Body holds {} elements, one is allowed", self.body.len());
            notes.deviation(Fault::sender(clause, reason))?;
        }
        let ns = self.version.namespace();
        if let Some(style) = attribute(first, ns, "encodingStyle")
            && self.version == Version::Soap12
            && style != "http://www.w3.org/2003/05/soap-envelope/encoding/none"
        {
            let fault = Fault::new(
                "SOAP 1.2 part 1, 5.4.6",
                Code::DataEncodingUnknown,
                format!("encodingStyle \"{style}\" is not known; messages are literal"),
            );
            notes.deviation(fault)?;
        }
        Ok(first)
    }
}

fn attribute<'e>(element: &'e Element, namespace: &str, name: &str) -> Option<&'e str> {
    let found = element.attributes.iter().find(|a| a.namespace == namespace && a.name == name);
    found.map(|a| a.value.as_str())
}

fn elements_of(element: Element) -> Vec<Element> {
    let children = element.children.into_iter();
    children
        .filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
        .collect()
}

fn no_text(element: &Element, clause: &'static str, notes: &mut Notes) -> Result<(), Fault> {
    if element.text().trim().is_empty() {
        return Ok(());
    }
    notes.deviation(Fault::sender(clause, format!("text directly inside {}", element.name)))
}
