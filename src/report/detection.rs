//! What a measurement found, for people.

use std::fmt::Write as _;

use crate::detection::{Detection, Kind, Outcome, Tally};

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
