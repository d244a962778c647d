//! What rules on trial were found to be, for people.

use std::fmt::Write as _;

use crate::rule_trial::RuleTest;
use crate::verdict::{CaseOutcome, Severity};

/// How many messages are told in full.
const SHOWN: usize = 20;

/// A rule test as text.
pub fn rule_test_text(test: &RuleTest) -> String {
    let mut out = String::new();
    let word = match test.overall {
        CaseOutcome::Passed => "bestanden",
        CaseOutcome::Failed => "nicht bestanden",
        _ => "nicht durchführbar",
    };
    let _ = writeln!(
        out,
        "Regeldepot {} {} ({}): {word}\n{} bestanden, {} nicht bestanden, {} nicht durchführbar",
        test.depot,
        test.version,
        test.digest.short(),
        test.passed,
        test.failed,
        test.inconclusive
    );
    for (twin, count) in test.twins.iter().filter(|(_, c)| c.tried > 0) {
        let _ = writeln!(
            out,
            "Zwillinge {}: {} versucht, {} anders",
            twin.what(),
            count.tried,
            count.different
        );
    }
    let coverage = &test.coverage;
    let _ = writeln!(
        out,
        "Abdeckung der Regeln: {} von {} Vorlagen, Zweigen und Umwandlungen erreicht",
        coverage.reached, coverage.points
    );
    if coverage.unknown > 0 {
        let _ = writeln!(
            out,
            "  nicht messbar für {} Eingaben: die Kopie der Regel mit Marken endet anders",
            coverage.unknown
        );
    }
    for unreached in &coverage.unreached {
        let point = &unreached.point;
        let by = match &unreached.reached_by {
            Some(_) => "; eine gültige Nachricht, die ihn erreicht, steht in der Ausgabe als JSON",
            None => "; keine gültige Nachricht dazu gefunden",
        };
        let _ = writeln!(out, "  nicht erreicht: {}:{} {}{by}", point.file, point.line, point.what);
    }
    let bad = test.cases.iter().filter(|c| c.verdict != CaseOutcome::Passed);
    for case in bad.clone().take(SHOWN) {
        let _ = writeln!(out, "\n{} ({})", case.id, case.receiver);
        for f in case.findings.iter().filter(|f| f.severity == Severity::Fault) {
            let _ = writeln!(out, "  {}: {}", f.id, f.message);
            let _ = writeln!(
                out,
                "    erwartet: {}\n    erhalten: {}",
                line(&f.expected),
                line(&f.actual)
            );
            let _ = writeln!(out, "    {}", f.hint);
        }
        for reason in &case.reasons {
            let _ = writeln!(out, "  offen: {}", line(reason));
        }
    }
    let more = bad.count().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(out, "\nund {more} weitere; alle mit --format json");
    }
    out
}

fn line(text: &str) -> String {
    let one = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &one[..at]),
        None => one,
    }
}
