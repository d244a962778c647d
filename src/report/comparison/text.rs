//! The comparison for a terminal, German.

use std::fmt::Write as _;

use super::{ComparedCase, ComparedFinding, ComparedRun, RunChange, RunComparison};
use crate::report::{Language, visible, word};
use crate::verdict::{Admission, CaseOutcome, Overall, Severity};

/// Most cases of one kind that are listed.
const MOST: usize = 40;

fn german(change: RunChange) -> &'static str {
    match change {
        RunChange::Worse => "schlechter",
        RunChange::Better => "besser",
        RunChange::Same => "gleich",
        RunChange::OnlyOld => "nur im alten Lauf",
        RunChange::OnlyNew => "nur im neuen Lauf",
    }
}

fn outcome(outcome: Option<CaseOutcome>) -> &'static str {
    outcome.map_or("–", |o| word(o, Language::De))
}

impl RunComparison {
    /// For a terminal.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        head(&mut out, "Alt", &self.old);
        head(&mut out, "Neu", &self.new);
        let counts = [
            RunChange::Worse,
            RunChange::Better,
            RunChange::Same,
            RunChange::OnlyOld,
            RunChange::OnlyNew,
        ];
        let counts: Vec<String> = counts
            .into_iter()
            .filter_map(|c| Some(format!("{} {}", self.counts.get(&c)?, german(c))))
            .collect();
        let _ = writeln!(out, "\nTestfälle: {}", counts.join(", "));
        for change in [RunChange::Worse, RunChange::Better] {
            let cases: Vec<&ComparedCase> =
                self.cases.iter().filter(|c| c.change == change).collect();
            if cases.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n{}:", german(change));
            for case in cases.iter().take(MOST) {
                let (old, new) = (outcome(case.old), outcome(case.new));
                let _ = writeln!(out, "  {}: {old} → {new}", visible(case.id.as_str()));
                findings(&mut out, "+", &case.new_findings);
                findings(&mut out, "-", &case.gone_findings);
            }
            if cases.len() > MOST {
                let _ = writeln!(out, "  … und {} weitere (--format json)", cases.len() - MOST);
            }
        }
        let changed: Vec<_> =
            self.requirements.iter().filter(|r| r.change != RunChange::Same).collect();
        let _ = writeln!(
            out,
            "\nAnforderungen: {} von {} anders",
            changed.len(),
            self.requirements.len()
        );
        for r in changed {
            let _ = writeln!(
                out,
                "  {} {}: {} → {} ({} → {} von {} nicht bestanden) {}",
                visible(r.id.as_str()),
                german(r.change),
                word(r.old, Language::De),
                word(r.new, Language::De),
                r.old_failed,
                r.new_failed,
                r.cases,
                visible(&r.title)
            );
        }
        out
    }
}

fn head(out: &mut String, name: &str, run: &ComparedRun) {
    let overall = match run.overall {
        Overall::Passed => "bestanden",
        Overall::Failed => "nicht bestanden",
        Overall::Inconclusive => "nicht durchführbar",
    };
    let admission = match run.admission {
        Admission::Admitted => "zugelassen",
        Admission::AdmittedWithConditions => "zugelassen mit Auflagen",
        Admission::NotAdmitted => "nicht zugelassen",
        Admission::Undecided => "nicht entschieden",
    };
    let broken = if run.interrupted { ", abgebrochen" } else { "" };
    let _ = writeln!(
        out,
        "{name}: {} ({}): {overall} ({admission}){broken}",
        visible(&run.target),
        visible(&run.started)
    );
}

fn findings(out: &mut String, sign: &str, list: &[ComparedFinding]) {
    for f in list {
        let note = if f.severity == Severity::Note { " (Hinweis)" } else { "" };
        let at = if f.place.is_empty() { String::new() } else { format!(" [{}]", f.place) };
        let text = format!("    {sign} {} {}{at}: {}{note}", f.requirement, f.id, f.message);
        let _ = writeln!(out, "{}", visible(&text));
    }
}
