//! What must be seen in a case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::letter::MailReply;
use crate::ids::{RequirementId, SystemId};

/// What must be seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "check", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Expectation {
    /// The target answers a message.
    Reply {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// Taken or rejected.
        outcome: Outcome,
        /// Code of the rejection.
        code: Option<String>,
        /// Lines the rejection must name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<u32>,
    },
    /// The message of a step reaches one system, exactly once, and no other receiver.
    Delivery {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// Where it must arrive.
        system: SystemId,
    },
    /// Every value arrives as the lineage says, and none is invented.
    Content {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// Where it arrives.
        system: SystemId,
    },
    /// Every document arrives with name, type and content.
    Documents {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// Where they arrive.
        system: SystemId,
    },
    /// Nothing of this case (or, with steps, of these steps) reaches any receiver.
    Absence {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The steps that sent; empty for the whole case.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<String>,
    },
    /// The message is filed in a DMS with metadata and documents.
    Filing {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// Which DMS.
        system: SystemId,
        /// The step that read it back.
        read_back: String,
    },
    /// The applicant gets an Eingangsbestätigung in time.
    Confirmation {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// The portal.
        system: SystemId,
        /// Longest time, milliseconds.
        within_ms: u32,
    },
    /// From receipt to delivery in time.
    Duration {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// Where it arrives.
        system: SystemId,
        /// Longest time, milliseconds.
        within_ms: u32,
    },
    /// The transaction log shows these events for a message, in this order.
    Log {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// Events.
        events: Vec<String>,
        /// Events that would contradict them.
        never: Vec<String>,
    },
    /// Header and root agree.
    Header {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
    },
    /// The message satisfies its rule sheets where it arrives.
    Rules {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// Where it arrives.
        system: SystemId,
    },
    /// No receiver gets anything of this case but what its messages are for.
    NothingElse {
        /// Requirement behind it.
        requirement: RequirementId,
    },
    /// In the whole run, no receiver got anything that no case sent.
    Foreign {
        /// Requirement behind it.
        requirement: RequirementId,
    },
    /// The message of a step reaches one of these systems, exactly once and as that system takes it, and
    /// no other receiver: it was under way when the configuration changed.
    Moved {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent.
        step: String,
        /// The system before, and the one from then on.
        systems: Vec<SystemId>,
    },
    /// What the target says about its rules is the same before and after another configuration.
    SameRules {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that gave the other configuration.
        step: String,
    },
    /// The target answers what was handed over to it, by the means of its protocol.
    Answer {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that handed over.
        step: String,
        /// Taken or refused; either where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Outcome>,
        /// If it is taken, the answer names a file number.
        #[serde(default, skip_serializing_if = "super::case::is_false")]
        numbered: bool,
        /// If it is taken, the answer names the same file number as the answer to this earlier step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        same_as: Option<String>,
    },
    /// What the target says it holds about the case is what was handed over: whole, once, and nothing
    /// else.
    Held {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The steps whose messages it holds.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<String>,
        /// The step that asked.
        look: String,
    },
    /// The target sends a message to the hub: once, valid, for the right case.
    Incoming {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that made it send.
        step: String,
        /// It carries exactly the values of the step, as a person entered them.
        #[serde(default, skip_serializing_if = "super::case::is_false")]
        as_entered: bool,
    },
    /// The DMS does what it is asked, or refuses it with an exception of CMIS.
    ArchiveAnswer {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that asked.
        step: String,
        /// The exceptions that the standard has for it; it must be done where there are none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refusal: Vec<String>,
    },
    /// The folder of the case holds what the steps before must have made of it, and nothing else.
    ArchiveState {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that read.
        read: String,
    },
    /// A search finds these objects and no others.
    ArchiveFound {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that asked.
        step: String,
        /// Their names.
        names: Vec<String>,
    },
    /// The mail system answers a letter.
    MailAnswer {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The step that sent it.
        step: String,
        /// What it must answer.
        reply: MailReply,
    },
    /// The mailbox holds the letters of these steps, each whole and no more often than it was taken,
    /// and nothing else of the case.
    Mailbox {
        /// Requirement behind it.
        requirement: RequirementId,
        /// The steps that sent them.
        steps: Vec<String>,
        /// The step that looked.
        look: String,
    },
    /// What only a person can judge; not tested until somebody enters a result.
    Attested {
        /// Requirement behind it.
        requirement: RequirementId,
        /// What the person is asked.
        question: String,
    },
    /// Something that could not even be derived; the case stays open.
    Undecidable {
        /// Requirement behind it.
        requirement: RequirementId,
        /// Why.
        reason: String,
    },
}

impl Expectation {
    /// The checker that judges it.
    pub fn checker(&self) -> &'static str {
        match self {
            Self::Reply { .. } => "reply",
            Self::Delivery { .. } => "delivery",
            Self::Content { .. } => "content",
            Self::Documents { .. } => "documents",
            Self::Absence { .. } => "absence",
            Self::Filing { .. } => "filing",
            Self::Confirmation { .. } => "confirmation",
            Self::Duration { .. } => "duration",
            Self::Log { .. } => "log",
            Self::Header { .. } => "header",
            Self::Rules { .. } => "rules",
            Self::NothingElse { .. } => "nothing-else",
            Self::Foreign { .. } => "foreign",
            Self::Moved { .. } => "moved",
            Self::SameRules { .. } => "same-rules",
            Self::Answer { .. } => "answer",
            Self::Held { .. } => "held",
            Self::Incoming { .. } => "incoming",
            Self::ArchiveAnswer { .. } => "archive-answer",
            Self::ArchiveState { .. } => "archive-state",
            Self::ArchiveFound { .. } => "archive-found",
            Self::MailAnswer { .. } => "mail-answer",
            Self::Mailbox { .. } => "mailbox",
            Self::Attested { .. } => "attested",
            Self::Undecidable { .. } => "undecidable",
        }
    }

    /// Whether it is about what the target answers, which need not be what it does.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Answer { .. } | Self::ArchiveAnswer { .. } | Self::MailAnswer { .. })
    }

    /// Whether it is that the target does something that others see, in contrast to refusing, leaving
    /// or telling it.
    pub fn wants_something_done(&self) -> bool {
        match self {
            Self::Reply { outcome, .. } => *outcome == Outcome::Accepted,
            Self::Answer { outcome, .. } => *outcome == Some(Outcome::Accepted),
            Self::ArchiveAnswer { refusal, .. } => refusal.is_empty(),
            Self::MailAnswer { reply, .. } => *reply == MailReply::Taken,
            Self::Held { steps, .. } | Self::Mailbox { steps, .. } => !steps.is_empty(),
            Self::ArchiveFound { names, .. } => !names.is_empty(),
            Self::Delivery { .. }
            | Self::Content { .. }
            | Self::Documents { .. }
            | Self::Filing { .. }
            | Self::Confirmation { .. }
            | Self::Duration { .. }
            | Self::Header { .. }
            | Self::Rules { .. }
            | Self::Moved { .. }
            | Self::Incoming { .. }
            | Self::ArchiveState { .. }
            // A person saw it.
            | Self::Attested { .. } => true,
            Self::Absence { .. }
            | Self::NothingElse { .. }
            | Self::Foreign { .. }
            | Self::Log { .. }
            | Self::SameRules { .. }
            | Self::Undecidable { .. } => false,
        }
    }

    /// Whether it is about what the target says it holds.
    pub fn is_about_holding(&self) -> bool {
        matches!(
            self,
            Self::Held { .. }
                | Self::ArchiveState { .. }
                | Self::ArchiveFound { .. }
                | Self::Mailbox { .. }
        )
    }

    /// The steps it speaks of.
    pub fn steps(&self) -> Vec<&str> {
        match self {
            Self::Reply { step, .. }
            | Self::Delivery { step, .. }
            | Self::Content { step, .. }
            | Self::Documents { step, .. }
            | Self::Confirmation { step, .. }
            | Self::Duration { step, .. }
            | Self::Log { step, .. }
            | Self::Header { step, .. }
            | Self::Rules { step, .. }
            | Self::Moved { step, .. }
            | Self::SameRules { step, .. }
            | Self::ArchiveAnswer { step, .. }
            | Self::ArchiveFound { step, .. }
            | Self::MailAnswer { step, .. }
            | Self::Incoming { step, .. } => vec![step],
            Self::ArchiveState { read, .. } => vec![read],
            Self::Mailbox { steps, look, .. } => {
                steps.iter().chain([look]).map(String::as_str).collect()
            }
            Self::Filing { step, read_back, .. } => vec![step, read_back],
            Self::Absence { steps, .. } => steps.iter().map(String::as_str).collect(),
            Self::Answer { step, same_as, .. } => {
                std::iter::once(step).chain(same_as).map(String::as_str).collect()
            }
            Self::Held { steps, look, .. } => {
                steps.iter().chain([look]).map(String::as_str).collect()
            }
            Self::NothingElse { .. }
            | Self::Foreign { .. }
            | Self::Attested { .. }
            | Self::Undecidable { .. } => vec![],
        }
    }

    /// The system it speaks of, if it speaks of one.
    pub fn system(&self) -> Option<&SystemId> {
        match self {
            Self::Delivery { system, .. }
            | Self::Content { system, .. }
            | Self::Documents { system, .. }
            | Self::Filing { system, .. }
            | Self::Confirmation { system, .. }
            | Self::Duration { system, .. }
            | Self::Rules { system, .. } => Some(system),
            Self::Reply { .. }
            | Self::Absence { .. }
            | Self::Log { .. }
            | Self::Header { .. }
            | Self::NothingElse { .. }
            | Self::Foreign { .. }
            | Self::Moved { .. }
            | Self::SameRules { .. }
            | Self::Answer { .. }
            | Self::Held { .. }
            | Self::Incoming { .. }
            | Self::ArchiveAnswer { .. }
            | Self::ArchiveState { .. }
            | Self::ArchiveFound { .. }
            | Self::MailAnswer { .. }
            | Self::Mailbox { .. }
            | Self::Attested { .. }
            | Self::Undecidable { .. } => None,
        }
    }

    /// The requirement behind it.
    pub fn requirement(&self) -> &RequirementId {
        match self {
            Self::Reply { requirement, .. }
            | Self::Delivery { requirement, .. }
            | Self::Content { requirement, .. }
            | Self::Documents { requirement, .. }
            | Self::Absence { requirement, .. }
            | Self::Filing { requirement, .. }
            | Self::Confirmation { requirement, .. }
            | Self::Duration { requirement, .. }
            | Self::Log { requirement, .. }
            | Self::Header { requirement, .. }
            | Self::Rules { requirement, .. }
            | Self::NothingElse { requirement }
            | Self::Foreign { requirement }
            | Self::Moved { requirement, .. }
            | Self::SameRules { requirement, .. }
            | Self::Answer { requirement, .. }
            | Self::Held { requirement, .. }
            | Self::Incoming { requirement, .. }
            | Self::ArchiveAnswer { requirement, .. }
            | Self::ArchiveState { requirement, .. }
            | Self::ArchiveFound { requirement, .. }
            | Self::MailAnswer { requirement, .. }
            | Self::Mailbox { requirement, .. }
            | Self::Attested { requirement, .. }
            | Self::Undecidable { requirement, .. } => requirement,
        }
    }
}

/// Taken or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Taken and acknowledged.
    Accepted,
    /// Rejected with a code.
    Rejected,
}
