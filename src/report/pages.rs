//! Pages about a plan, before any run: its coverage and its data sheets.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, Value, context};

use super::ReportError;
use super::visible::visible;
use crate::concept::Level;
use crate::message::Sheet;
use crate::organisation::Export;
use crate::plan::{TestPlan, coverage};

pub(super) const STYLE: &str = include_str!("../../reports/templates/report.css");
const COVERAGE: &str = include_str!("../../reports/templates/coverage.html");
const SHEET: &str = include_str!("../../reports/templates/sheet.html");
const CONFIGURATION: &str = include_str!("../../reports/templates/configuration.html");

pub(super) fn page(name: &str, template: &str, values: Value) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template(name, template)?;
    Ok(environment.get_template(name)?.render(values)?)
}

/// The coverage of a plan as one page, German.
///
/// # Errors
/// When a template has a fault.
pub fn coverage_page(plan: &TestPlan) -> Result<String, ReportError> {
    let coverage = coverage(plan);
    let techniques: Vec<&'static str> = coverage.techniques.keys().map(|t| t.name()).collect();
    let by_id: BTreeMap<_, _> = plan.case.iter().map(|c| (&c.id, c.technique)).collect();
    let requirements: Vec<Value> = coverage
        .requirements
        .iter()
        .map(|r| {
            let count = |name: &str| {
                let techniques = r.cases.iter().filter_map(|id| by_id.get(id));
                techniques.filter(|t| t.name() == name).count()
            };
            context! {
                id => visible(r.id.as_str()),
                level => match r.level {
                    Level::Muss => "MUSS",
                    Level::Soll => "SOLL",
                    Level::Kann => "KANN",
                },
                title => visible(&r.title),
                counts => techniques.iter().map(|t| count(t)).collect::<Vec<_>>(),
                cases => r.cases.iter().map(|c| visible(c.as_str())).collect::<Vec<_>>(),
                reason => visible(r.not_tested.as_deref().unwrap_or_default()),
            }
        })
        .collect();
    let facts: Vec<Value> = coverage
        .facts
        .iter()
        .filter(|(_, share)| share.possible > 0)
        .map(|(name, share)| {
            context! {
                name => german(name),
                covered => share.covered,
                possible => share.possible,
                // Whole steps of a bar 200 units wide.
                width => share.covered * 200 / share.possible,
                missing => share.missing.iter().map(|m| visible(m)).collect::<Vec<_>>(),
            }
        })
        .collect();
    let total: Vec<(&str, usize)> =
        coverage.techniques.iter().map(|(t, n)| (t.name(), *n)).collect();
    page(
        "coverage.html",
        COVERAGE,
        context! {
            style => Value::from_safe_string(STYLE.to_owned()),
            plan => plan.plan,
            cases => coverage.cases,
            total, techniques, requirements, facts,
            pairs => coverage.pairs,
            left_out => plan.left_out,
            not_made => plan.not_made,
            waivers => plan.waiver,
        },
    )
}

fn german(fact: &str) -> &str {
    match fact {
        "fields" => "Felder",
        "bounds" => "Grenzen",
        "codes" => "Schlüssel",
        "rules" => "Regeln, eingehalten und verletzt",
        "transitions" => "Übergänge",
        "forbidden transitions" => "verbotene Übergänge",
        "parts of standards" => "Bestandteile der Standards",
        other => other,
    }
}

/// A data sheet as one page, German.
///
/// # Errors
/// When a template has a fault.
pub fn sheet_page(plan: &TestPlan, sheet: &Sheet) -> Result<String, ReportError> {
    page(
        "sheet.html",
        SHEET,
        context! {
            style => Value::from_safe_string(STYLE.to_owned()),
            plan => plan.plan,
            sheet => sheet,
        },
    )
}

/// What a hub is configured with, as one page to print, German. `title` is the organisation's.
///
/// # Errors
/// When a template has a fault.
pub fn configuration_page(title: &str, export: &Export) -> Result<String, ReportError> {
    let invalid = |e: serde_json::Error| {
        minijinja::Error::new(minijinja::ErrorKind::BadSerialization, e.to_string())
    };
    let mut shown = serde_json::to_value(export).map_err(invalid)?;
    each_text(&mut shown);
    page(
        "configuration.html",
        CONFIGURATION,
        context! {
            style => Value::from_safe_string(STYLE.to_owned()),
            title => visible(title),
            export => Value::from_serialize(&shown),
        },
    )
}

/// Makes every text in a value visible.
fn each_text(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = visible(text),
        serde_json::Value::Array(list) => list.iter_mut().for_each(each_text),
        serde_json::Value::Object(map) => {
            let old = std::mem::take(map);
            map.extend(old.into_iter().map(|(key, mut inner)| {
                each_text(&mut inner);
                (visible(&key), inner)
            }));
        }
        _ => {}
    }
}

/// A data sheet for the terminal, German.
pub fn sheet_text(sheet: &Sheet) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    let _ = writeln!(out, "{}\n{}\n", visible(&sheet.title), visible(sheet.case.as_str()));
    for instruction in &sheet.instructions {
        let _ = writeln!(out, "{}", visible(instruction));
    }
    let width = sheet.entries.iter().map(|e| e.label.chars().count()).max().unwrap_or(0).min(50);
    let mut group = "";
    for entry in &sheet.entries {
        if entry.group != group {
            group = &entry.group;
            let _ = writeln!(out, "\n  {}", visible(group));
        }
        let (label, value) = (visible(&entry.label), visible(&entry.value));
        let shown =
            entry.name.as_ref().map_or(value.clone(), |n| format!("{} ({value})", visible(n)));
        let _ = writeln!(out, "    {label:width$}  {shown}");
    }
    for document in &sheet.documents {
        let (name, bytes) = (visible(&document.name), document.bytes);
        let _ = writeln!(out, "    Anlage {}: {name}, {bytes} Bytes", visible(&document.document));
    }
    if !sheet.contains.is_empty() {
        out.push_str("\n  Die Nachricht enthält dann (– vergibt der Antragsassistent):\n");
        for contained in &sheet.contains {
            let value = contained.value.as_deref().map_or_else(|| "–".to_owned(), visible);
            let _ = writeln!(out, "    {} = {value}", visible(&contained.path));
        }
    }
    for question in &sheet.questions {
        let _ = writeln!(out, "\n  {}", visible(question));
    }
    out
}
