//! A summary in Markdown, for pull requests and merge requests.

use std::fmt::Write as _;

use super::html::causes;
use super::missing::missing;
use super::text::why;
use super::visible::visible;
use super::{Language, Material, overall_words, word};
use crate::verdict::CaseOutcome;

/// Longest summary, bytes: GitHub takes 65,536 characters of a comment.
const LONGEST: usize = 65_000;
/// Room for the line that says what was left out.
const RESERVE: usize = 200;

/// The summary.
pub fn markdown(material: &Material<'_>, language: Language) -> String {
    let de = language == Language::De;
    let say = |german: &'static str, english: &'static str| if de { german } else { english };
    let manifest = material.manifest;
    let counts = material.verdict.counts;
    let (overall, admission) = overall_words(material.verdict, language);
    let mut out = format!(
        "## {}: {}\n\n**{} {}** ({}) · {} · **{}**\n\n",
        say("Prüfbericht", "Test report"),
        plain(&material.plan.plan.title),
        plain(&manifest.target.product),
        plain(&manifest.target.version),
        plain(&manifest.target.vendor),
        admission,
        overall,
    );
    let mut head = String::from("|");
    let mut line = String::from("|");
    for (outcome, count) in [
        (CaseOutcome::Passed, counts.passed),
        (CaseOutcome::Failed, counts.failed),
        (CaseOutcome::Inconclusive, counts.inconclusive),
        (CaseOutcome::NotApplicable, counts.not_applicable),
        (CaseOutcome::NotTested, counts.not_tested),
    ] {
        let _ = write!(head, " {} |", word(outcome, language));
        let _ = write!(line, " {count} |");
    }
    let _ = writeln!(out, "{head}\n|{}\n{line}\n", " ---: |".repeat(5));
    let list = missing(material);
    if !list.is_empty() {
        let _ =
            writeln!(out, "### {}\n", say("Was zum Bestehen fehlt", "What is missing for a pass"));
        for m in list.iter().take(50) {
            let _ = writeln!(out, "- {}", plain(&m.line(language)));
        }
        out.push('\n');
    }
    let causes = causes(material);
    if !causes.is_empty() {
        let _ = writeln!(
            out,
            "### {}\n\n| {} | {} | {} |\n| ---: | --- | --- |",
            say("Was zuerst anzusehen ist", "What to look at first"),
            say("Testfälle", "Cases"),
            say("Feststellung", "Finding"),
            say("Abhilfe", "What to do"),
        );
        for c in &causes {
            let _ = writeln!(
                out,
                "| {} | {} · {} | {} |",
                c.count,
                plain(&c.finding.message),
                plain(&c.finding.place),
                plain(&c.finding.hint)
            );
        }
        out.push('\n');
    }
    let open: Vec<_> = material
        .verdict
        .cases
        .iter()
        .filter(|c| matches!(c.verdict, CaseOutcome::Failed | CaseOutcome::Inconclusive))
        .collect();
    if !open.is_empty() {
        let _ = writeln!(out, "### {}\n", say("Testfälle", "Cases"));
    }
    for (at, case) in open.iter().enumerate() {
        let line = format!(
            "- {} – {}: {}\n",
            word(case.verdict, language),
            plain(case.id.as_str()),
            plain(&why(case))
        );
        if out.len() + line.len() + RESERVE > LONGEST {
            let more = open.len() - at;
            let _ = writeln!(out, "- … {} {more}", say("weitere:", "further ones:"));
            break;
        }
        out.push_str(&line);
    }
    // Whatever the texts of a target did: no reader is handed more than it takes.
    if out.len() > LONGEST {
        out.truncate(out.floor_char_boundary(LONGEST - 4));
        out.push_str("…\n");
    }
    out
}

/// Text that Markdown shows as it is, on one line and not too long.
fn plain(text: &str) -> String {
    const LIMIT: usize = 400;
    let mut out = String::new();
    let shown = visible(text);
    let mut following = shown.chars().skip(1);
    for (count, c) in shown.chars().enumerate() {
        let next = following.next();
        if count == LIMIT {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Nobody is to be called, nothing linked, by what a target says.
            '@' => out.push_str("&#64;"),
            ':' if next == Some('/') => out.push_str("&#58;"),
            '#' if next.is_some_and(|n| n.is_ascii_digit()) => out.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
