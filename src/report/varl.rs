//! Checks of single messages in the form of the KoSIT validator (`varl`, version 1): one file for each
//! message that the target handed over, with what was found about it. Whether it is valid and whether
//! it is recommended to accept it are two things, as there.

use super::Material;
use super::visible::visible;
use crate::evidence::Direction;
use crate::ids::Digest;
use crate::verdict::{Exchange, Finding, RunView, Severity};
use crate::xml::{Element, Node, parse};

const NS: &str = "http://www.xoev.de/de/validator/varl/1";
const SCENARIOS: &str = "http://www.xoev.de/de/validator/framework/1/scenarios";

/// Folder of these files, beside the reports.
pub const VARL: &str = "varl";

/// Each message that was handed over, with its file's name and the report on it; the caller writes
/// one before it asks for the next.
pub fn varl<'a>(material: &'a Material<'a>) -> impl Iterator<Item = (String, String)> + 'a {
    let view = RunView::new(material.plan, material.evidence);
    let mut about: std::collections::HashMap<u64, Vec<(&str, &Finding)>> = Default::default();
    for (case, finding) in material.verdict.findings() {
        for number in &finding.evidence {
            about.entry(*number).or_default().push((case.id.as_str(), finding));
        }
    }
    let mut of_case: std::collections::HashMap<usize, String> = Default::default();
    for (id, case) in &view.cases {
        of_case.extend(case.received.iter().map(|at| (*at, id.to_string())));
    }
    view.exchanges.into_iter().enumerate().filter_map(move |(at, exchange)| {
        if exchange.direction != Direction::Received || !exchange.is_delivery() {
            return None;
        }
        let message = exchange.message();
        // Forms, pictures and the like are no documents of this validator.
        if !is_xml(&message) {
            return None;
        }
        let found = about.get(&exchange.number).map_or(&[][..], Vec::as_slice);
        let case = of_case.get(&at).map(String::as_str);
        let report = one(material, &exchange, &message, case, found);
        Some((format!("{VARL}/{:06}.xml", exchange.number), report))
    })
}

fn text(name: &str, value: &str) -> Element {
    Element::with_text(NS, name, &visible(value))
}

fn with(name: &str, children: Vec<Element>) -> Element {
    let mut element = Element::new(NS, name);
    element.children = children.into_iter().map(Node::Element).collect();
    element
}

fn one(
    material: &Material<'_>,
    exchange: &Exchange,
    message: &[u8],
    case: Option<&str>,
    found: &[(&str, &Finding)],
) -> String {
    let manifest = material.manifest;
    let formed = parse(message).err();
    let well_formed = formed.is_none();
    let faults = || found.iter().filter(|(_, f)| f.severity == Severity::Fault);
    // Nobody can say of a message without a case whether it is valid.
    let valid = well_formed && case.is_some() && faults().next().is_none();
    let mut report = Element::new(NS, "report");
    report.set_attribute("varlVersion", "1.0.0");
    report.set_attribute("valid", if valid { "true" } else { "false" });
    let engine = with("engine", vec![text("name", &manifest.harness)]);
    let hash = with(
        "documentHash",
        vec![text("hashAlgorithm", "SHA-256"), text("hashValue", &base64_of(&Digest::of(message)))],
    );
    let identification = with(
        "documentIdentification",
        vec![hash, text("documentReference", &format!("evidence.jsonl#{}", exchange.number))],
    );
    let scenario = match case {
        None => Element::new(NS, "noScenarioMatched"),
        Some(case) => {
            let mut scenario = Element::new(SCENARIOS, "scenario");
            let root = parse(message).map(|d| d.root).ok();
            let root = root.map_or_else(|| "*".to_owned(), |r| r.name);
            for (name, value) in
                [("name", visible(case)), ("match", format!("/*[local-name() = '{root}']"))]
            {
                scenario.children.push(Node::Element(Element::with_text(SCENARIOS, name, &value)));
            }
            let mut schema = Element::new(SCENARIOS, "validateWithXmlSchema");
            schema.children.push(Node::Element(resource("plan.toml")));
            let mut created = Element::new(SCENARIOS, "createReport");
            created.children.push(Node::Element(resource("pruefstand")));
            scenario.children.extend([Node::Element(schema), Node::Element(created)]);
            let mut syntax = step("val-xml", well_formed, vec![]);
            if let Some(error) = &formed {
                syntax.children.push(Node::Element(said(
                    "val-xml.1",
                    "xml",
                    "error",
                    &error.message,
                )));
            }
            let content: Vec<Element> = found
                .iter()
                .enumerate()
                .map(|(n, (_, f))| {
                    let level = if f.severity == Severity::Fault { "error" } else { "information" };
                    let told = format!(
                        "[{}] {} (erwartet: {}; gesehen: {})",
                        f.requirement, f.message, f.expected, f.actual
                    );
                    let mut m = said(&format!("val-content.{}", n + 1), &f.id, level, &told);
                    m.set_attribute("xpathLocation", &visible(&f.place));
                    m
                })
                .collect();
            let ok = faults().next().is_none();
            let mut matched = Element::new(NS, "scenarioMatched");
            matched.children = vec![
                Node::Element(scenario),
                Node::Element(syntax),
                Node::Element(step("val-content", ok, content)),
            ];
            matched
        }
    };
    let explanation = match (case, valid) {
        (None, _) => "gehört zu keinem Testfall",
        (_, true) => "ohne Beanstandung",
        (_, false) => "mit Beanstandungen",
    };
    let recommended = with(
        if valid { "accept" } else { "reject" },
        vec![with("explanation", vec![html(explanation)])],
    );
    report.children = [
        engine,
        text("timestamp", &exchange.time.to_string()),
        identification,
        scenario,
        with("assessment", vec![recommended]),
    ]
    .into_iter()
    .map(Node::Element)
    .collect();
    report.to_xml()
}

fn step(id: &str, valid: bool, messages: Vec<Element>) -> Element {
    let mut step = with("validationStepResult", messages);
    step.set_attribute("id", id);
    step.set_attribute("valid", if valid { "true" } else { "false" });
    step
}

fn said(id: &str, code: &str, level: &str, told: &str) -> Element {
    // Of this type white space is one space (xs:normalizedString).
    let mut message = text("message", &told.split_whitespace().collect::<Vec<_>>().join(" "));
    message.set_attribute("id", id);
    message.set_attribute("code", code);
    message.set_attribute("level", level);
    message
}

/// A resource of a scenario.
fn resource(name: &str) -> Element {
    let mut resource = Element::new(SCENARIOS, "resource");
    for (part, value) in [("name", name), ("location", name)] {
        resource.children.push(Node::Element(Element::with_text(SCENARIOS, part, value)));
    }
    resource
}

/// Whether it means to be XML.
fn is_xml(message: &[u8]) -> bool {
    let text = message.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(message);
    let utf16 = message.starts_with(&[0xFF, 0xFE]) || message.starts_with(&[0xFE, 0xFF]);
    utf16 || text.trim_ascii_start().first() == Some(&b'<')
}

/// A digest as this format writes it (xs:base64Binary).
fn base64_of(digest: &Digest) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(digest.bytes())
}

fn html(told: &str) -> Element {
    Element::with_text("http://www.w3.org/1999/xhtml", "p", told)
}
