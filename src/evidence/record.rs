//! The kinds of record.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, Digest, SystemId};

/// Bytes as they were, inline or in a file of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// Number of bytes.
    pub size: usize,
    /// Their digest.
    pub sha256: Digest,
    /// The bytes, where they are UTF-8 and few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes in base64, where they are few and not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

impl Payload {
    /// Bytes inline, however many they are.
    pub fn inline(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok().map(str::to_owned);
        let base64 = text.is_none().then(|| STANDARD.encode(bytes));
        Self { size: bytes.len(), sha256: Digest::of(bytes), text, base64 }
    }
}

/// Which side of an exchange the recording party was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// It sent the request.
    Sent,
    /// It received the request.
    Received,
}

/// How a step ended. A fact, not a judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum StepOutcome {
    /// Done as planned.
    Done,
    /// What was waited for did not come in time.
    TimedOut,
    /// The other side could not be reached.
    Unreachable {
        /// Why.
        reason: String,
    },
    /// The harness could not do it.
    Impossible {
        /// Why.
        reason: String,
    },
    /// A person does it, after the run.
    ByHand,
}

/// What happened to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetEvent {
    /// Started and ready.
    Started,
    /// Something was done to it before the first message, or failed; the detail says what, and how it
    /// ended. The bytes of a call are an exchange of their own, with the step `prepare-N`.
    Prepared,
    /// Killed by the harness.
    Killed,
    /// It got another configuration.
    Reconfigured,
    /// Stopped by the harness at the end.
    Stopped,
    /// No longer reachable.
    Lost,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// The first line.
    Start {
        /// Format of the file.
        format: String,
        /// Version of the harness.
        harness: String,
    },
    /// What is being run; ties the evidence to its inputs.
    Inputs {
        /// Digest of each input by its name in the run's folder.
        digests: std::collections::BTreeMap<String, Digest>,
        /// The chosen cases, where not all.
        chosen: Option<Vec<CaseId>>,
    },
    /// Something happened to the target.
    Target {
        /// What.
        event: TargetEvent,
        /// More about it.
        detail: String,
    },
    /// A case begins.
    CaseBegin {
        /// The case.
        case: CaseId,
        /// It runs alone until it ends.
        alone: bool,
    },
    /// A case ends.
    CaseEnd {
        /// The case.
        case: CaseId,
    },
    /// A step ended.
    Step {
        /// The case.
        case: CaseId,
        /// The step.
        step: String,
        /// How.
        #[serde(flatten)]
        outcome: StepOutcome,
    },
    /// The request of an exchange, recorded before it is answered.
    Request {
        /// Number of the exchange.
        exchange: u64,
        /// The system (or `harness`) whose record this is.
        system: SystemId,
        /// Which side it was on.
        direction: Direction,
        /// Protocol, such as `http` or `smtp`.
        protocol: String,
        /// Address of the other side.
        peer: String,
        /// Case and step, where the harness itself sent it.
        case: Option<CaseId>,
        /// The step.
        step: Option<String>,
        /// When sending began, where the harness itself sent it.
        #[serde(skip_serializing_if = "Option::is_none")]
        started: Option<jiff::Timestamp>,
        /// The raw bytes.
        payload: Payload,
    },
    /// The answer of an exchange; empty when the connection was closed without one.
    Answer {
        /// Number of the exchange.
        exchange: u64,
        /// The raw bytes.
        payload: Payload,
        /// Why there is none, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
    /// A deviation from the protocol, noted by a fake or channel.
    Observation {
        /// The system.
        system: SystemId,
        /// The exchange.
        exchange: Option<u64>,
        /// What it deviates from.
        clause: String,
        /// What was seen.
        detail: String,
    },
    /// The quiet time at the end has passed.
    Settled {
        /// How long, milliseconds.
        quiet_ms: u64,
    },
    /// What a person found, entered after the run.
    Attestation(Box<super::Attestation>),
    /// The last line of the run itself; only attestations may follow.
    End {
        /// Whether the run was broken off.
        interrupted: bool,
        /// Number of records before this one.
        records: u64,
    },
}
