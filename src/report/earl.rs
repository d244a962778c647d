//! EARL (W3C, Evaluation and Report Language 1.0 Schema) in JSON-LD: one assertion for each case.

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::visible::visible;
use super::{Material, ReportError};
use crate::verdict::{CaseOutcome, CaseVerdict};

/// The report in EARL.
///
/// # Errors
/// When it cannot be serialised.
pub fn earl(material: &Material<'_>) -> Result<String, ReportError> {
    let plan = &material.plan.plan;
    let target = &material.manifest.target;
    let mut graph = vec![
        json!({
            "@id": "urn:pruefstand:harness", "@type": ["earl:Assertor", "earl:Software"],
            "dct:title": "Prüfstand", "dct:hasVersion": material.manifest.harness,
        }),
        json!({
            "@id": "urn:pruefstand:target", "@type": ["earl:TestSubject", "earl:Software"],
            "dct:title": visible(&target.product), "dct:hasVersion": visible(&target.version),
            "dct:creator": visible(&target.vendor),
        }),
    ];
    for r in &material.plan.requirement {
        graph.push(json!({
            "@id": requirement(&plan.id, r.id.as_str()), "@type": "earl:TestRequirement",
            "dct:identifier": r.id, "dct:title": visible(&r.title),
        }));
    }
    let document = Document { graph: Graph { first: graph, material } };
    let mut text = serde_json::to_string_pretty(&document).map_err(ReportError::Json)?;
    text.push('\n');
    Ok(text)
}

/// The document, written while its nodes are made: there may be very many of them.
struct Document<'a> {
    graph: Graph<'a>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(2))?;
        map.serialize_entry(
            "@context",
            &json!({
                "earl": "http://www.w3.org/ns/earl#",
                "dct": "http://purl.org/dc/terms/",
                "xsd": "http://www.w3.org/2001/XMLSchema#",
                "dct:date": { "@type": "xsd:dateTime" },
            }),
        )?;
        map.serialize_entry("@graph", &self.graph)?;
        map.end()
    }
}

struct Graph<'a> {
    first: Vec<Value>,
    material: &'a Material<'a>,
}

impl Serialize for Graph<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let cases = &self.material.verdict.cases;
        let mut list = to.serialize_seq(Some(self.first.len() + cases.len()))?;
        for node in &self.first {
            list.serialize_element(node)?;
        }
        for case in cases {
            list.serialize_element(&assertion(&self.material.plan.plan.id, case, self.material))?;
        }
        list.end()
    }
}

fn assertion(plan: &str, case: &CaseVerdict, material: &Material<'_>) -> Value {
    let outcome = match case.verdict {
        CaseOutcome::Passed => "earl:passed",
        CaseOutcome::Failed => "earl:failed",
        CaseOutcome::Inconclusive => "earl:cantTell",
        CaseOutcome::NotApplicable => "earl:inapplicable",
        CaseOutcome::NotTested => "earl:untested",
    };
    let said: Vec<String> = case
        .findings
        .iter()
        .map(|f| visible(&format!("[{}] {}: {}", f.requirement, f.id, f.message)))
        .chain(case.reasons.iter().map(|r| visible(r)))
        .collect();
    let requirements: Vec<Value> =
        case.requirements.iter().map(|r| json!({ "@id": requirement(plan, r.as_str()) })).collect();
    let mode = if case.attested.is_some() { "earl:manual" } else { "earl:automatic" };
    json!({
        "@type": "earl:Assertion",
        "earl:assertedBy": { "@id": "urn:pruefstand:harness" },
        "earl:subject": { "@id": "urn:pruefstand:target" },
        "earl:mode": { "@id": mode },
        "earl:test": {
            "@id": format!("urn:pruefstand:case:{}:{}", part(plan), part(case.id.as_str())),
            "@type": "earl:TestCase", "dct:title": visible(&case.title),
            "dct:isPartOf": requirements,
        },
        "earl:result": {
            "@type": "earl:TestResult", "earl:outcome": { "@id": outcome },
            "dct:description": said, "dct:date": material.manifest.ended,
        },
    })
}

fn requirement(plan: &str, id: &str) -> String {
    format!("urn:pruefstand:requirement:{}:{}", part(plan), part(id))
}

/// A text as a part of a URN (RFC 8141, section 2).
fn part(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
