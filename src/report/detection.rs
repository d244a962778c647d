//! What a measurement found, for people.

use std::fmt::Write as _;

use minijinja::{Value, context};

use super::ReportError;
use super::pages::{STYLE, page};
use super::visible::visible;
use crate::detection::{Detection, Kind, Measured, Outcome, Tally};

const TEMPLATE: &str = include_str!("../../reports/templates/detection.html");
/// How many cases are named with a fault; all of them stand in the JSON.
const NAMED: usize = 12;

/// The measurement as one page, German.
///
/// # Errors
/// When the template has a fault.
pub fn detection_page(detection: &Detection) -> Result<String, ReportError> {
    let rows = |rows: Vec<(String, &Tally)>| -> Vec<Value> {
        let row = |(name, tally): (String, &Tally)| {
            let percent = tally.percent();
            context! {
                name => visible(&name),
                detected => tally.detected,
                survived => tally.survived,
                equivalent => tally.equivalent,
                not_measured => tally.not_measured,
                percent => percent.map(|p| format!("{p:.1}")),
                // Whole steps of a bar 100 units wide.
                width => percent.map(|p| format!("{p:.0}")),
            }
        };
        rows.into_iter().map(row).collect()
    };
    let tables = vec![
        context! {
            title => "Nach Anforderung", head => "Anforderung",
            rows => rows(detection.by_requirement.iter().map(|(r, t)| (r.to_string(), t)).collect()),
        },
        context! {
            title => "Nach Entwurfstechnik", head => "Technik",
            rows => rows(detection.by_technique.iter().map(|(r, t)| (r.clone(), t)).collect()),
        },
        context! {
            title => "Nach Herkunft und Art", head => "Fehler",
            rows => rows(detection.by_operator.iter().map(|(r, t)| (r.clone(), t)).collect()),
        },
    ];
    page(
        "detection.html",
        TEMPLATE,
        context! {
            style => Value::from_safe_string(STYLE.to_owned()),
            d => detection,
            class => if detection.survived == 0 && detection.score.is_some() { "passed" } else { "failed" },
            score => detection.score.map_or_else(|| "–".to_owned(), |s| format!("{s:.1} %")),
            intact => format!("{:.1}", detection.intact_seconds),
            findings => detection.findings.iter().map(|f| visible(f)).collect::<Vec<_>>(),
            tables,
            not_concerned => detection.not_concerned.iter().map(|u| (visible(&u.id), visible(&u.what), visible(&u.lacks))).collect::<Vec<_>>(),
            mutants => detection.mutants.iter().map(shown).collect::<Vec<_>>(),
        },
    )
}

fn shown(m: &Measured) -> Value {
    let (outcome, class) = match m.outcome {
        Outcome::Detected => ("erkannt", "passed"),
        Outcome::Survived => ("nicht erkannt", "failed"),
        Outcome::Equivalent => ("gleichwertig", "skipped"),
        Outcome::NotMeasured => ("nicht ausprobiert", "untested"),
    };
    let first: Vec<String> = m.cases.iter().take(NAMED).map(|c| visible(c.as_str())).collect();
    let requirements: Vec<&str> = m.requirements.iter().map(|r| r.as_str()).collect();
    context! {
        id => visible(&m.mutant.id),
        what => visible(&m.mutant.what),
        place => visible(&m.mutant.place),
        note => visible(&m.note),
        outcome, class,
        cases => m.cases.len(),
        more => m.cases.len() - first.len(),
        first,
        requirements => visible(&requirements.join(", ")),
    }
}

/// The measurement as text.
pub fn detection_text(detection: &Detection) -> String {
    let mut out = String::new();
    let score = detection.score.map_or("keins".to_owned(), |s| format!("{s:.1} %"));
    let _ = writeln!(
        out,
        "Fehlererkennung von {}: {score} ({} erkannt, {} nicht erkannt, {} gleichwertig, {} nicht ausprobiert)",
        detection.plan,
        detection.detected,
        detection.survived,
        detection.equivalent,
        detection.not_measured
    );
    table(&mut out, "nach Herkunft und Art", detection.by_operator.iter());
    table(&mut out, "nach Anforderung", detection.by_requirement.iter());
    table(&mut out, "nach Entwurfstechnik", detection.by_technique.iter());
    let _ = writeln!(
        out,
        "\n{} Testfälle bemerken keinen dieser Fehler, {} keinen, den nicht auch andere bemerken",
        detection.idle.detects_nothing.len(),
        detection.idle.detects_nothing_alone.len()
    );
    let by_hub = |m: &&crate::detection::Measured| m.mutant.kind == Kind::HubDefect;
    let defects = detection.mutants.iter().filter(by_hub);
    let (all, found) = defects.fold((0, 0), |(all, found), m| {
        (all + 1, found + usize::from(m.outcome == Outcome::Detected && m.as_expected()))
    });
    if all > 0 {
        let _ = writeln!(
            out,
            "{found} von {all} Fehlvarianten der Datendrehscheibe wie verlangt erkannt"
        );
    }
    for fault in &detection.not_concerned {
        let _ = writeln!(
            out,
            "  nicht ausprobiert, weil {}: {} ({})",
            fault.lacks, fault.id, fault.what
        );
    }
    if !detection.findings.is_empty() {
        let _ = writeln!(out, "\nanzusehen:");
    }
    for finding in &detection.findings {
        let _ = writeln!(out, "  {finding}");
    }
    out
}

fn table<'a, K: std::fmt::Display + 'a>(
    out: &mut String,
    title: &str,
    rows: impl Iterator<Item = (&'a K, &'a Tally)>,
) {
    let _ = writeln!(out, "\n{title:40} erkannt  nicht  gleich  offen");
    for (name, tally) in rows {
        let name = name.to_string();
        let _ = writeln!(
            out,
            "{name:40} {:>7} {:>6} {:>7} {:>6}",
            tally.detected, tally.survived, tally.equivalent, tally.not_measured
        );
    }
}
