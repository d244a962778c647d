//! What the service is, by the data in `fake-systems/fachverfahren-soap/`: operations, contract
//! (WSDL 1.1 with both bindings), schema.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::channel::soap::fault::{Code, Fault};
use crate::wire::Notes;
use crate::xml::{Element, Node, SchemaError, SchemaSet, Validator, escape_attribute};

/// Namespace of the contract.
pub(super) const OWN: &str = "urn:pruefstand:fachverfahren-soap:1";
const DATA: &str = include_str!("../../../fake-systems/fachverfahren-soap/system.toml");
const WSDL: &str = include_str!("../../../fake-systems/fachverfahren-soap/dienst.wsdl");
const XSD: &str = include_str!("../../../fake-systems/fachverfahren-soap/dienst.xsd");
/// Base64 longer than this is shortened for the validator, which refuses very long texts.
const LONG: usize = 4_096;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    #[expect(dead_code, reason = "the format's name is checked where the file is read by people")]
    format: String,
    #[expect(dead_code, reason = "for people")]
    title: String,
    pub path: String,
    pub receipt: String,
    pub operation: Vec<Operation>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    pub name: String,
    pub element: String,
    pub action: String,
    pub answer_action: String,
    pub does: Does,
    pub reply: String,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Does {
    /// Takes an application.
    Take,
    /// Says how a case stands.
    State,
}

/// The data as it was built in.
pub(in super::super) fn data() -> Data {
    let read = crate::diagnostic::read::<Data>("fachverfahren-soap", DATA);
    // Embedded at build time; a unit test reads it.
    read.map_or_else(|e| unreachable!("{}", e.render(false)), |a| a.value)
}

/// The service.
pub(super) struct Service {
    pub data: Data,
    schema: Result<Validator, SchemaError>,
}

impl Service {
    pub fn new() -> Self {
        Self { data: data(), schema: SchemaSet::single(XSD).compile() }
    }

    /// The operation that takes this element.
    pub fn operation(&self, payload: &Element) -> Option<&Operation> {
        let mut known = self.data.operation.iter();
        known.find(|o| payload.namespace == OWN && payload.name == o.element)
    }

    /// The contract, or the schema alone, for the query of a GET.
    pub fn description(query: &str, address: &str) -> Option<String> {
        match query.to_ascii_lowercase().as_str() {
            "wsdl" | "singlewsdl" => {
                let mut location = String::new();
                escape_attribute(address, &mut location);
                Some(WSDL.replace("{schema}", XSD).replace("{address}", &location))
            }
            "xsd" | "xsd=dienst.xsd" => {
                Some(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{XSD}"))
            }
            _ => None,
        }
    }

    /// Whether a payload is valid.
    ///
    /// # Errors
    /// `Sender` with the first violations; `Receiver` where nobody could tell.
    pub fn check(&self, payload: &Element, notes: &mut Notes) -> Result<(), Fault> {
        let clause = "Vertrag des Dienstes (dienst.xsd)";
        let failed = |e: &SchemaError| {
            let reason = format!("the schema could not be applied: {}", e.message);
            Fault::new(clause, Code::Receiver, reason).contract(OWN, "NichtGeprueft")
        };
        let validator = self.schema.as_ref().map_err(failed)?;
        let mut copy = payload.clone();
        shorten(&mut copy);
        let violations = validator.validate(copy.to_xml().as_bytes()).map_err(|e| failed(&e))?;
        if violations.is_empty() {
            return Ok(());
        }
        let texts: Vec<&str> = violations.iter().take(3).map(|v| v.text.trim()).collect();
        notes.deviation(Fault::sender(clause, texts.join("; ")).contract(OWN, "Schemaverletzung"))
    }
}

/// Leaves the beginning of long base64: whether the whole is base64 is checked where it is decoded.
fn shorten(element: &mut Element) {
    for child in &mut element.children {
        match child {
            Node::Element(child) if child.name == "inhalt" && child.is_leaf() => {
                let text = child.text();
                if text.len() > LONG && text.is_ascii() {
                    child.children = vec![Node::Text("AAAA".into())];
                }
            }
            Node::Element(child) => shorten(child),
            Node::Text(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Service, data};
    use crate::xml::{SchemaSet, parse};

    #[test]
    fn contract_and_schema_can_be_read_and_hold_every_operation() {
        let wsdl = Service::description("WSDL", "http://h:1/d?a&b").unwrap();
        let root = parse(wsdl.as_bytes()).unwrap().root;
        let ports = root.elements_at("service/port/address");
        let places: Vec<_> = ports.iter().filter_map(|p| p.attribute("location")).collect();
        assert_eq!(places, ["http://h:1/d?a&b"; 2]);
        for operation in data().operation {
            let bindings = root.elements_at("binding/operation");
            let named = bindings.iter().filter(|o| o.attribute("name") == Some(&operation.name));
            let inner = named.flat_map(|o| o.elements().filter(|e| e.name == "operation"));
            let actions: Vec<_> = inner.filter_map(|o| o.attribute("soapAction")).collect();
            assert_eq!(actions, [operation.action.as_str(); 2]);
        }
        let xsd = Service::description("xsd", "").unwrap();
        SchemaSet::single(&xsd).compile().unwrap();
        assert_eq!(Service::description("x", ""), None);
    }
}
