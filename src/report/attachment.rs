//! What other tools show beside a case that did not pass: its explanation with all its exchanges, as a
//! file of its own.

use super::Whereabouts;
use super::text::explained;
use crate::ids::Digest;
use crate::verdict::{CaseOutcome, CaseVerdict, RunView};

/// Folder of these files, beside the reports.
pub const ATTACHMENTS: &str = "attachments";
/// Longest name that is written out; longer ones are cut and told apart by a digest.
const LONGEST: usize = 120;

/// The file of a case, relative to the reports; none where it passed, or nothing was done.
pub fn name_of(case: &CaseVerdict) -> Option<String> {
    if !matches!(case.verdict, CaseOutcome::Failed | CaseOutcome::Inconclusive) {
        return None;
    }
    let id = case.id.as_str();
    let plain: String = id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || ".=_".contains(c) { c } else { '-' })
        .collect();
    // Two ids may differ in nothing but what a file name cannot hold.
    let digest = Digest::of(id);
    let plain: String = plain.chars().take(LONGEST).collect();
    Some(format!("{ATTACHMENTS}/{plain}.{}.txt", digest.short()))
}

/// What stands in it.
pub fn attachment(view: &RunView, case: &CaseVerdict) -> String {
    explained(view, case, &Whereabouts::default()).text
}
