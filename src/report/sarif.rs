//! SARIF (OASIS, 2.1.0): findings with a place, for editors and code hosts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::visible::visible;
use super::{Material, ReportError};
use crate::diagnostic::{Diagnostics, Severity as Weight};
use crate::evidence::FILE;
use crate::ids::Digest;
use crate::verdict::{RunView, Severity};

/// Most results in a run; readers refuse more. What is left out is told.
const MOST: usize = 25_000;
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Findings of a run: each points at the line of the evidence that shows it.
///
/// # Errors
/// When it cannot be serialised.
pub fn sarif(material: &Material<'_>) -> Result<String, ReportError> {
    let view = RunView::new(material.plan, material.evidence);
    let lines: BTreeMap<u64, u64> = view.exchanges.iter().map(|e| (e.number, e.line())).collect();
    let mut rules: Vec<(&str, String)> = Vec::new();
    let mut results = Vec::new();
    let mut left_out = 0;
    for (case, finding) in material.verdict.findings() {
        if results.len() == MOST {
            left_out += 1;
            continue;
        }
        let rule = match rules.iter().position(|(id, _)| *id == finding.id) {
            Some(at) => at,
            None => {
                rules.push((&finding.id, visible(&finding.message)));
                rules.len() - 1
            }
        };
        let place = |number: &u64| {
            lines.get(number).map(|line| {
                json!({
                    "physicalLocation": {
                        "artifactLocation": { "uri": FILE, "uriBaseId": "RUN" },
                        "region": { "startLine": line },
                    },
                    "logicalLocations": [{ "fullyQualifiedName": visible(&finding.place) }],
                })
            })
        };
        let mut places: Vec<Value> = finding.evidence.iter().filter_map(place).collect();
        if places.is_empty() {
            places.push(json!({
                "logicalLocations": [{ "fullyQualifiedName": visible(&finding.place) }],
            }));
        }
        let print = Digest::of(format!(
            "{}\n{}\n{}\n{}",
            case.id, finding.requirement, finding.id, finding.place
        ));
        results.push(json!({
            "ruleId": finding.id,
            "ruleIndex": rule,
            "level": if finding.severity == Severity::Fault { "error" } else { "note" },
            "message": { "text": visible(&format!("[{}] {}", finding.requirement, finding.message)) },
            "locations": [places[0]],
            "relatedLocations": places[1..],
            "partialFingerprints": { "caseRequirementPlace/v1": print },
            "properties": {
                "case": case.id, "requirement": finding.requirement, "blame": finding.blame,
                "expected": visible(&finding.expected), "actual": visible(&finding.actual),
                "hint": visible(&finding.hint),
            },
        }));
    }
    let rules: Vec<Value> = rules
        .into_iter()
        .map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }))
        .collect();
    let told: Vec<Value> = (left_out > 0)
        .then(|| json!({ "level": "warning", "message": { "text": format!("{left_out} further findings are in verdict.json") } }))
        .into_iter()
        .collect();
    log(material.plan.plan.id.as_str(), rules, &results, told)
}

/// Findings about authored files: each points at its line.
///
/// # Errors
/// When it cannot be serialised.
pub fn sarif_of_files(files: &[Diagnostics]) -> Result<String, ReportError> {
    let rule = "authored-file";
    let mut results = Vec::new();
    for file in files {
        for d in &file.list {
            let (line, column) = file.source_text.position(d.span.start);
            let (end_line, end_column) = file.source_text.position(d.span.end);
            let end_column = if end_line == line { end_column.max(column + 1) } else { end_column };
            results.push(json!({
                "ruleId": rule,
                "ruleIndex": 0,
                "level": match d.severity { Weight::Error => "error", Weight::Warning => "warning" },
                "message": { "text": visible(&format!("{} (help: {})", d.message, d.help)) },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(&file.source_text.name) },
                        "region": {
                            "startLine": line, "startColumn": column,
                            "endLine": end_line, "endColumn": end_column,
                        },
                    },
                }],
            }));
        }
    }
    let rules = vec![json!({
        "id": rule, "shortDescription": { "text": "An authored file does not say what it must" },
    })];
    log("check", rules, &results, vec![])
}

/// A path as a relative reference (RFC 3986, section 4.2).
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn log(
    id: &str,
    rules: Vec<Value>,
    results: &[Value],
    told: Vec<Value>,
) -> Result<String, ReportError> {
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Prüfstand", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules,
            } },
            "automationDetails": { "id": format!("pruefstand/{id}/") },
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": told }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).map_err(ReportError::Json)?;
    text.push('\n');
    Ok(text)
}
