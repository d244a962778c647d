//! Judging: plan and evidence in, verdict out. No clock, no network; the sole author of findings
//! and verdicts.
//!
//! A case passes only with proof: every step ran, every checker it needs caught its canary in this
//! very judgement, and nothing was found. Anything less is inconclusive, with its reason.

mod attested;
mod canary;
mod checkers;
mod judge;
mod requirement;
mod rule_alone;
mod smtp;
mod types;
mod view;

use std::collections::BTreeMap;

pub use canary::World;
pub use checkers::{Checker, Judgement, all as all_checkers};
pub use judge::{judge, judge_with};
pub use requirement::{RequirementResult, result_of};
pub use rule_alone::RuleApplied;
pub use types::*;
pub use view::{Context, Exchange, Log, LogEntry, RunView};

pub use crate::wire::{HttpMessage, MailPart, mail_parts, smtp_data};

use crate::ids::{CaseId, Claims};
use crate::mapping::LogMapping;
use crate::plan::InPlaceOf;
use crate::xml::Transformed;

/// Runs a rule sheet over a message. A seam, so that judging itself starts no process.
pub trait RuleEngine {
    /// The result; how it ended is part of it.
    fn run(&self, sheet_name: &str, sheet: &[u8], message: &[u8]) -> Transformed;
}

/// What judging needs besides plan and evidence.
pub struct Artefacts<'a> {
    /// Files of the rule depot in use, for hints.
    pub depot: BTreeMap<String, Vec<u8>>,
    /// The chosen cases, where not all.
    pub chosen: Option<Vec<CaseId>>,
    /// What the target claims; what it does not claim is not applicable.
    pub claims: Claims,
    /// In whose place the target stands, and how it is spoken to there, where it is no hub.
    pub stands_for: Option<InPlaceOf>,
    /// How the target's log is read, where it has words of its own.
    pub log: Option<LogMapping>,
    /// Runs rule sheets.
    pub engine: &'a dyn RuleEngine,
}
