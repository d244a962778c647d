//! The exchanges of a case as a drawing: who said what to whom, in which order, after how long.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::visible::{visible, visible_bytes};
use super::{Language, text::places};
use crate::verdict::{CaseVerdict, Exchange, RunView};
use crate::xml::escape_text;

/// From one lane to the next, units of the drawing.
const LANE: usize = 220;
/// From one exchange to the next.
const STEP: usize = 44;
/// Above the first exchange.
const HEAD: usize = 44;
/// Most exchanges that are drawn; all of them are listed below the drawing.
const MOST: usize = 40;

/// The drawing as SVG; none where nothing was exchanged. Every text in it is masked.
pub(super) fn sequence(view: &RunView, case: &CaseVerdict, language: Language) -> Option<String> {
    let places = places(view, case);
    let exchanges: Vec<&Exchange> = places.iter().map(|at| &view.exchanges[*at]).collect();
    let first = exchanges.first()?.time;
    let target = if language == Language::De { "Prüfgegenstand" } else { "Target" };
    let mut lanes: Vec<String> = Vec::new();
    for exchange in &exchanges {
        let system = exchange.system.to_string();
        if exchange.own.is_some() && !lanes.contains(&system) {
            lanes.push(system);
        }
    }
    lanes.push(target.to_owned());
    for exchange in &exchanges {
        let system = exchange.system.to_string();
        if !lanes.contains(&system) {
            lanes.push(system);
        }
    }
    let shown = exchanges.len().min(MOST);
    let (width, height) = (lanes.len() * LANE, HEAD + shown * STEP + 12);
    let middle = |name: &str| {
        let at = lanes.iter().position(|l| l == name).unwrap_or_default();
        at * LANE + LANE / 2
    };
    let label = match language {
        Language::De => {
            format!("Ablauf: {} Austausche zwischen {}", exchanges.len(), lanes.join(", "))
        }
        Language::En => {
            format!("Sequence: {} exchanges between {}", exchanges.len(), lanes.join(", "))
        }
    };
    let mut out = format!(
        "<svg class=\"sequence\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">",
        masked(&label)
    );
    for name in &lanes {
        let x = middle(name);
        let _ = write!(
            out,
            "<text class=\"lane\" x=\"{x}\" y=\"16\">{}</text><path d=\"M{x} 24V{height}\"/>",
            masked(&short(&visible(name), 24))
        );
    }
    for (at, exchange) in exchanges.iter().take(shown).enumerate() {
        let system = exchange.system.to_string();
        let (from, to) = match exchange.own {
            Some(_) => (middle(&system), middle(target)),
            None => (middle(target), middle(&system)),
        };
        let y = HEAD + at * STEP + 8;
        arrow(&mut out, "call", from, to, y);
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\">{} · +{} · {}</text>",
            (from + to) / 2,
            y - 4,
            exchange.number,
            masked(&apart(first, exchange.time)),
            masked(&line_of(&exchange.request))
        );
        let answer = match (&exchange.failure, &exchange.answer) {
            (Some(why), _) => Some(format!("× {}", visible(why))),
            (None, Some(bytes)) => Some(line_of(bytes)),
            (None, None) => None,
        };
        if let Some(answer) = answer {
            arrow(&mut out, "answer", to, from, y + 18);
            let _ = write!(
                out,
                "<text x=\"{}\" y=\"{}\">{}</text>",
                (from + to) / 2,
                y + 14,
                masked(&short(&answer, 34))
            );
        }
    }
    out.push_str("</svg>");
    Some(out)
}

fn arrow(out: &mut String, class: &str, from: usize, to: usize, y: usize) {
    let back = if to > from { to.saturating_sub(7) } else { to + 7 };
    let _ = write!(
        out,
        "<path class=\"{class}\" d=\"M{from} {y}H{to}\"/><path class=\"tip\" d=\"M{back} {}L{to} {y}L{back} {}\"/>",
        y - 4,
        y + 4
    );
}

/// How long after the first, to the millisecond.
fn apart(first: Timestamp, then: Timestamp) -> String {
    let millis = then.as_millisecond() - first.as_millisecond();
    format!("{}.{:03} s", millis / 1000, (millis % 1000).abs())
}

/// The first line, which says most.
fn line_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == b'\n' || *b == b'\r').unwrap_or(bytes.len());
    let line = visible_bytes(&bytes[..end.min(200)]);
    let line = line.strip_suffix(" HTTP/1.1").unwrap_or(&line);
    let line = line.strip_prefix("HTTP/1.1 ").unwrap_or(line);
    short(line, 30)
}

fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

fn masked(text: &str) -> String {
    let mut out = String::new();
    escape_text(text, &mut out);
    out.replace('"', "&quot;")
}
