//! Text for a terminal: a summary, and the explanation of one case.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::repeat::{repetition, without_userinfo};
use super::secrets::without_secrets;
use super::visible::{visible, visible_bytes};
use super::{Language, Material, overall_words, word};
use crate::ids::{Digest, SystemId};
use crate::verdict::{Admission, Blame, CaseOutcome, CaseVerdict, Exchange, RunView, Verdict};

/// A few lines about a verdict.
pub fn summary(verdict: &Verdict) -> String {
    let (overall, admission) = overall_words(verdict, Language::De);
    let c = verdict.counts;
    let admitted =
        matches!(verdict.admission, Admission::Admitted | Admission::AdmittedWithConditions);
    let scope =
        if admitted && !verdict.not_claimed.is_empty() { ", soweit beansprucht" } else { "" };
    let mut out = format!(
        "Ergebnis: {overall} ({admission}{scope})\n{} bestanden, {} nicht bestanden, {} nicht durchführbar, {} nicht geprüft\n",
        c.passed, c.failed, c.inconclusive, c.not_tested
    );
    if verdict.left_out + verdict.not_made > 0 {
        let _ = writeln!(
            out,
            "  nicht im Plan: {} durch Grenzen des Katalogs, {} nicht herzustellen",
            verdict.left_out, verdict.not_made
        );
    }
    if !verdict.untested.is_empty() {
        let ids: Vec<&str> = verdict.untested.iter().map(|r| r.as_str()).collect();
        let _ =
            writeln!(out, "  ohne Testfall, der etwas zeigt: MUSS-Anforderung {}", ids.join(", "));
    }
    if !verdict.not_claimed.is_empty() {
        let ids: Vec<&str> = verdict.not_claimed.iter().map(|r| r.as_str()).collect();
        let _ = writeln!(
            out,
            "  nicht beansprucht: {} ({} Testfälle nicht anwendbar)",
            ids.join(", "),
            c.not_applicable
        );
    }
    let open = |o: CaseOutcome| matches!(o, CaseOutcome::Failed | CaseOutcome::Inconclusive);
    for case in verdict.cases.iter().filter(|c| open(c.verdict)).take(10) {
        let why = why(case);
        let _ = writeln!(
            out,
            "  {} – {}: {}",
            word(case.verdict, Language::De),
            case.id,
            visible(&why)
        );
    }
    let more = verdict.cases.iter().filter(|c| open(c.verdict)).count();
    if more > 10 {
        let _ = writeln!(out, "  … und {} weitere", more - 10);
    }
    out
}

/// What to say about a case in one line: its first finding, or why it has no verdict.
pub(super) fn why(case: &CaseVerdict) -> String {
    let found = case.findings.first().map(|f| format!("[{}] {}", f.requirement, f.message));
    found.or_else(|| case.reasons.first().cloned()).unwrap_or_default()
}

fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Target => "Prüfgegenstand",
        Blame::Configuration => "Konfiguration",
        Blame::Testbed => "Prüfstand",
        Blame::Concept => "Konzept oder mitgeliefertes Material",
    }
}

/// What an explanation knows about the run beyond its verdict.
#[derive(Debug, Clone, Default)]
pub struct Whereabouts {
    /// Where the systems listened.
    pub addresses: BTreeMap<SystemId, String>,
    /// Folder into which the bodies of exchanges will be written.
    pub save: Option<PathBuf>,
}

/// The explanation of a case.
#[derive(Debug, Clone)]
pub struct Explained {
    /// For a terminal.
    pub text: String,
    /// Names and bytes of the files that its commands send.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Everything about one case: what was done, what was found, the exchanges behind it, and how those
/// that the harness sent are repeated by hand.
pub fn explain(
    material: &Material<'_>,
    case: &CaseVerdict,
    surroundings: &Whereabouts,
) -> Explained {
    explained(&RunView::new(material.plan, material.evidence), case, surroundings)
}

/// The same, where the evidence was attributed to cases already.
pub(super) fn explained(
    view: &RunView,
    case: &CaseVerdict,
    surroundings: &Whereabouts,
) -> Explained {
    let mut out = String::new();
    let _ = writeln!(out, "{}\n{}\n", case.id, visible(&case.title));
    let requirements: Vec<&str> = case.requirements.iter().map(|r| r.as_str()).collect();
    let _ = writeln!(out, "Urteil:        {}", word(case.verdict, Language::De));
    let _ = writeln!(out, "Anforderungen: {}", requirements.join(", "));
    let _ = writeln!(out, "Technik:       {}", case.technique.name());
    if let Some(attested) = &case.attested {
        let _ = writeln!(out, "Von Hand:      {}", visible(&attested.line()));
    }
    if let Some(waiver) = &case.waiver {
        let _ = writeln!(out, "Duldung:       {}", visible(&waiver.line()));
    }
    for reason in &case.reasons {
        let _ = writeln!(out, "Grund:         {}", visible(reason));
    }
    for f in &case.findings {
        let _ = writeln!(
            out,
            "\n[{}] {}: {}\n  Ort:      {}\n  erwartet: {}\n  gesehen:  {}\n  wer:      {}\n  Abhilfe:  {}\n  Nachweis: Austausch {:?}",
            f.requirement,
            f.id,
            visible(&f.message),
            visible(&f.place),
            visible(&f.expected),
            visible(&f.actual),
            blame(f.blame),
            visible(&f.hint),
            f.evidence
        );
    }
    let _ = writeln!(out, "\nAustausche:");
    let mut files = Vec::new();
    for place in places(view, case) {
        let exchange = show(&view.exchanges[place]);
        let _ = writeln!(
            out,
            "\n--- {} {} {}\n{}",
            exchange.number, exchange.time, exchange.label, exchange.request
        );
        let _ = writeln!(out, "    Antwort:\n{}", exchange.answer);
        let save = surroundings.save.as_deref();
        let again = repetition(&view.exchanges[place], &surroundings.addresses, save);
        let _ = writeln!(out, "    Herkunft und Wiederholung:\n{}", again.lines.join("\n"));
        files.extend(again.file);
    }
    Explained { text: out, files }
}

/// An exchange as reports show it.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct ShownExchange {
    pub number: u64,
    pub time: String,
    pub label: String,
    pub request: String,
    pub answer: String,
    /// The line of the evidence that holds it.
    pub line: u64,
    pub bytes: usize,
    pub sha256: String,
    /// The first bytes as they are, where text does not show them faithfully.
    pub raw: String,
}

/// Longest shown payload, characters; the whole is in the evidence.
const LONGEST: usize = 12_000;

fn cut(text: String) -> String {
    if text.chars().count() <= LONGEST {
        return text;
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}\n… gekürzt; vollständig im Nachweis")
}

/// The exchanges of a case, in order.
pub(super) fn shown(view: &RunView, case: &CaseVerdict) -> Vec<ShownExchange> {
    places(view, case).into_iter().map(|place| show(&view.exchanges[place])).collect()
}

/// Where they stand: its own, those it received, and those that findings cite.
pub(super) fn places(view: &RunView, case: &CaseVerdict) -> Vec<usize> {
    let this = view.case(&case.id);
    let mut places: Vec<usize> = this.own.iter().chain(&this.received).copied().collect();
    let cited = view
        .exchanges
        .iter()
        .enumerate()
        .filter(|(_, e)| case.findings.iter().any(|f| f.evidence.contains(&e.number)));
    places.extend(cited.map(|(place, _)| place));
    places.sort_unstable();
    places.dedup();
    places
}

fn show(e: &Exchange) -> ShownExchange {
    let label = match &e.own {
        Some((_, step)) => {
            let (peer, _) = without_userinfo(&e.peer);
            format!("{} → {peer} ({}, Schritt {step})", e.system, e.protocol)
        }
        None => format!("Prüfgegenstand → {} ({})", e.system, e.protocol),
    };
    let plain = |bytes: &[u8]| cut(visible_bytes(&without_secrets(&e.protocol, bytes)));
    let answer = match (&e.answer, &e.failure) {
        (_, Some(failure)) => format!("keine ({failure})"),
        (Some(bytes), None) => plain(bytes),
        (None, None) => "keine aufgezeichnet".into(),
    };
    ShownExchange {
        number: e.number,
        time: e.time.to_string(),
        label: visible(&label),
        request: plain(&e.request),
        answer,
        line: e.line(),
        bytes: e.request.len(),
        sha256: Digest::of(&e.request).0,
        raw: raw(&without_secrets(&e.protocol, &e.request)),
    }
}

/// Most bytes that are shown as numbers.
const DUMPED: usize = 512;

/// Bytes as numbers, sixteen in a line, with their place; from the first one on that is no text.
fn raw(bytes: &[u8]) -> String {
    let odd = |chunk: std::str::Utf8Chunk<'_>| {
        let control = chunk.valid().find(|c: char| c.is_control() && !"\t\n\r".contains(c));
        control.or((!chunk.invalid().is_empty()).then_some(chunk.valid().len()))
    };
    let mut before = 0;
    let first = bytes.utf8_chunks().find_map(|chunk| {
        let length = chunk.valid().len() + chunk.invalid().len();
        let found = odd(chunk).map(|at| before + at);
        before += length;
        found
    });
    let Some(first) = first else { return String::new() };
    let start = first.saturating_sub(32) / 16 * 16;
    let end = bytes.len().min(start + DUMPED);
    let mut out = String::new();
    for (row, line) in bytes[start..end].chunks(16).enumerate() {
        let numbers: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
        let _ = writeln!(out, "{:08x}  {}", start + row * 16, numbers.join(" "));
    }
    if end < bytes.len() {
        let _ = writeln!(out, "…");
    }
    out
}
