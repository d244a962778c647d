//! Counts as drawings: a bar with a segment for each verdict. What it shows stands beside it as text,
//! and in its label; segments differ in pattern as well as in colour.

use std::fmt::Write as _;

/// A segment: class of its verdict, its word, its count.
pub(super) type Segment<'a> = (&'a str, &'a str, usize);

/// The bar as SVG, this wide and high.
pub(super) fn bar(segments: &[Segment<'_>], width: usize, height: usize) -> String {
    let all: usize = segments.iter().map(|(_, _, count)| count).sum();
    let label: Vec<String> = segments
        .iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(_, word, count)| format!("{count} {word}"))
        .collect();
    let mut out = format!(
        "<svg class=\"bar\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">",
        label.join(", ")
    );
    let mut at = 0;
    let mut done = 0;
    for (class, _, count) in segments {
        done += count;
        // What is there at all can be seen; the last segment ends at the end.
        let end = (done * width).checked_div(all).unwrap_or(0);
        let end = if *count > 0 { end.max(at + 2).min(width) } else { end.max(at) };
        if end > at {
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{at}\" width=\"{}\" height=\"{height}\"/>",
                end - at
            );
            if matches!(*class, "failed" | "inconclusive") {
                // Strokes across, so that it can be told from the others without colour.
                let step = if *class == "failed" { 4 } else { 8 };
                let mut path = String::new();
                for x in (at..end).step_by(step) {
                    let _ = write!(path, "M{x} {height}L{} 0", (x + height / 2).min(end));
                }
                let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"/>");
            }
            at = end;
        }
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn every_verdict_that_occurs_is_seen_and_said() {
        let drawn =
            bar(&[("passed", "bestanden", 9999), ("failed", "nicht bestanden", 1)], 100, 10);
        assert!(drawn.contains("aria-label=\"9999 bestanden, 1 nicht bestanden\""), "{drawn}");
        assert!(drawn.contains("class=\"failed\" x=\"99\" width=\"1\""), "{drawn}");
        assert!(!bar(&[("passed", "bestanden", 0)], 100, 10).contains("rect"));
    }
}
