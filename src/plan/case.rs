//! A test case: what is done, and what must be seen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::expectation::{Expectation, Outcome};
use super::types::DocumentUse;
use crate::concept::{Fault, Level};
use crate::ids::{CaseId, Correlator, RequirementId, SystemId};
use crate::xsd::{Edit, Rule};

/// A test case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestCase {
    /// Id; says what is tested and stays when other things change.
    pub id: CaseId,
    /// Title for people.
    pub title: String,
    /// Technique as in ISO/IEC/IEEE 29119-4.
    pub technique: Technique,
    /// Method of the catalogue that derived it.
    pub method: String,
    /// Level: the highest among its requirements.
    pub level: Level,
    /// Requirements it tests.
    pub requirements: Vec<RequirementId>,
    /// Values that tie exchanges to it.
    pub correlators: Vec<Correlator>,
    /// Runs alone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exclusive: bool,
    /// Needs a target without history.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fresh_state: bool,
    /// What is done, in order.
    pub step: Vec<Step>,
    /// What must be seen.
    pub expect: Vec<Expectation>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

/// Test design techniques, named as in ISO/IEC/IEEE 29119-4:2021, clause 5.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Technique {
    /// 5.2.1
    EquivalencePartitioning,
    /// 5.2.3
    BoundaryValueAnalysis,
    /// 5.2.4
    SyntaxTesting,
    /// 5.2.5, pair-wise testing
    PairwiseTesting,
    /// 5.2.6
    DecisionTableTesting,
    /// 5.2.8
    StateTransitionTesting,
    /// 5.2.9
    ScenarioTesting,
    /// 5.2.11
    RequirementsBasedTesting,
    /// 5.4.1
    ErrorGuessing,
}

impl Technique {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::EquivalencePartitioning => "equivalence-partitioning",
            Self::BoundaryValueAnalysis => "boundary-value-analysis",
            Self::SyntaxTesting => "syntax-testing",
            Self::PairwiseTesting => "pairwise-testing",
            Self::DecisionTableTesting => "decision-table-testing",
            Self::StateTransitionTesting => "state-transition-testing",
            Self::ScenarioTesting => "scenario-testing",
            Self::RequirementsBasedTesting => "requirements-based-testing",
            Self::ErrorGuessing => "error-guessing",
        }
    }
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Send a message to the target.
    Send {
        /// Name of the step.
        name: String,
        /// Who sends.
        from: SystemId,
        /// What.
        message: Box<MessageUse>,
    },
    /// Wait until a system got something of this case.
    Await {
        /// Name of the step.
        name: String,
        /// Where.
        at: SystemId,
        /// Text it must contain, besides a correlator.
        contains: String,
        /// How many of them.
        times: u32,
        /// How long at most, milliseconds.
        within_ms: u32,
    },
    /// Tell a fake how to treat exchanges of this case.
    Fake {
        /// Name of the step.
        name: String,
        /// Which.
        system: SystemId,
        /// How.
        behaviour: Behaviour,
    },
    /// Kill the target and start it again.
    Restart {
        /// Name of the step.
        name: String,
    },
    /// Give the target another configuration of the organisation, and nothing else.
    Reconfigure {
        /// Name of the step.
        name: String,
        /// What becomes different, in order.
        change: Vec<ConfigurationChange>,
    },
    /// A person does something, such as filling in the Antragsassistent.
    Manual {
        /// Name of the step.
        name: String,
        /// What is to be done, in words.
        instruction: String,
        /// The message that must come of it; its data sheet says what to enter.
        message: Option<Box<MessageUse>>,
    },
    /// Hand a message over to the target as a hub does: in the format and over the protocol of the
    /// system in whose place it stands.
    Deliver {
        /// Name of the step.
        name: String,
        /// The system in whose place the target must stand.
        to: SystemId,
        /// What.
        message: Box<MessageUse>,
    },
    /// Ask the target what it holds about this case.
    Look {
        /// Name of the step.
        name: String,
        /// The system in whose place the target must stand.
        at: SystemId,
    },
    /// Make the target send a message to the hub, and wait for it.
    Prompt {
        /// Name of the step.
        name: String,
        /// The system in whose place the target must stand.
        at: SystemId,
        /// The message; its values are what a person would enter.
        message: Box<MessageUse>,
        /// What a person would be told.
        instruction: String,
        /// How long at most until it came, milliseconds, from the moment the target was told.
        within_ms: u32,
    },
    /// Read the folder of this case from a DMS.
    ReadBack {
        /// Name of the step.
        name: String,
        /// Which DMS.
        system: SystemId,
        /// Folder.
        folder: String,
    },
}

impl Step {
    /// Name of the step, unique in its case.
    pub fn name(&self) -> &str {
        match self {
            Self::Send { name, .. }
            | Self::Await { name, .. }
            | Self::Fake { name, .. }
            | Self::Restart { name }
            | Self::Reconfigure { name, .. }
            | Self::Manual { name, .. }
            | Self::Deliver { name, .. }
            | Self::Look { name, .. }
            | Self::Prompt { name, .. }
            | Self::ReadBack { name, .. } => name,
        }
    }

    /// The message it sends, hands over or asks for.
    pub fn message(&self) -> Option<&MessageUse> {
        match self {
            Self::Send { message, .. }
            | Self::Deliver { message, .. }
            | Self::Prompt { message, .. } => Some(message),
            Self::Manual { message, .. } => message.as_deref(),
            Self::Await { .. }
            | Self::Fake { .. }
            | Self::Restart { .. }
            | Self::Reconfigure { .. }
            | Self::Look { .. }
            | Self::ReadBack { .. } => None,
        }
    }

    /// The message that the harness itself sends in it, byte for byte or in a receiver's format.
    pub fn sends(&self) -> Option<&MessageUse> {
        match self {
            Self::Send { message, .. } | Self::Deliver { message, .. } => Some(message),
            _ => None,
        }
    }

    /// The system it speaks of.
    pub fn system(&self) -> Option<&SystemId> {
        match self {
            Self::Send { from: system, .. }
            | Self::Await { at: system, .. }
            | Self::Fake { system, .. }
            | Self::Deliver { to: system, .. }
            | Self::Look { at: system, .. }
            | Self::Prompt { at: system, .. }
            | Self::ReadBack { system, .. } => Some(system),
            Self::Restart { .. } | Self::Reconfigure { .. } | Self::Manual { .. } => None,
        }
    }

    /// The system in whose place the target must stand.
    pub fn addresses(&self) -> Option<&SystemId> {
        match self {
            Self::Deliver { to: system, .. }
            | Self::Look { at: system, .. }
            | Self::Prompt { at: system, .. } => Some(system),
            _ => None,
        }
    }
}

/// What becomes different in the configuration of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ConfigurationChange {
    /// An authority has another Fachverfahren from now on.
    Fachverfahren {
        /// The authority.
        authority: String,
        /// The system.
        system: SystemId,
    },
    /// An authority hands a service to another one.
    Service {
        /// LeiKa key of the service.
        leistung: String,
        /// Who had it.
        from: String,
        /// Who has it from now on.
        to: String,
    },
}

/// How a fake treats the exchanges of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// As it should.
    Answer,
    /// Read, then close the connection.
    Reset,
    /// Answer 503.
    Refuse,
}

/// Whether a message is meant to be valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Validity {
    /// Valid.
    #[default]
    Valid,
    /// Violates its schema.
    Schema,
    /// Valid by schema, violates a rule beyond it.
    Rule,
    /// Valid, but not at this point of the process.
    Process,
}

impl Validity {
    /// What a fault breaks: the schema, a rule beyond it, or the process.
    pub fn of(fault: Fault) -> Self {
        match fault {
            Fault::Header | Fault::Rule | Fault::Value => Self::Rule,
            Fault::Duplicate
            | Fault::UnknownAuthority
            | Fault::UnknownService
            | Fault::WrongState => Self::Process,
            _ => Self::Schema,
        }
    }
}

fn first() -> u32 {
    1
}

/// A message as a case uses it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageUse {
    /// The message.
    pub message: String,
    /// Values it starts from; absent for a sample.
    pub values: Option<String>,
    /// File of the plan it starts from: a sample, sent as it is, or a message derived from a schema.
    pub sample: Option<String>,
    /// Changes to the message of the file; `{nachricht}` and `{vorgang}` are filled in when it is
    /// built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edit: Vec<Edit>,
    /// Number of the message in its case; the same number is the same message.
    #[serde(default = "first")]
    pub number: u32,
    /// Number of the Vorgang it belongs to, where a case has several of them; from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub vorgang: u32,
    /// Authority key it names.
    pub behoerde: String,
    /// LeiKa key it names, where not the message's own.
    pub leistung: Option<String>,
    /// Changes to the values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<Change>,
    /// Damage to the XML.
    pub damage: Option<Damage>,
    /// What it is meant to be.
    #[serde(default)]
    pub validity: Validity,
    /// The one rule it violates, in words.
    pub violates: Option<String>,
    /// The one rule of its schema that it violates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The kind of fault.
    pub fault: Option<Fault>,
}

/// A change to values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// Other values for a field; none removes it.
    Set {
        /// Group.
        group: String,
        /// Occurrence of the group, from 0.
        #[serde(default)]
        occurrence: u32,
        /// Field.
        field: String,
        /// Values.
        values: Vec<String>,
    },
    /// The group so many times, repeating its first occurrence.
    Repeat {
        /// Group.
        group: String,
        /// Times; 0 removes it.
        times: u32,
    },
    /// Other documents.
    Documents {
        /// All documents of the message.
        documents: Vec<DocumentUse>,
    },
}

impl Change {
    /// The field or group it changes.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Set { field, .. } => Some(field),
            Self::Repeat { group, .. } => Some(group),
            Self::Documents { .. } => None,
        }
    }
}

/// Damage to a message that is otherwise right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// The last end tag is missing.
    NotWellFormed,
    /// Written and declared in ISO-8859-1.
    Latin1,
    /// Bytes of ISO-8859-1, declared as UTF-8.
    Latin1DeclaredUtf8,
    /// With a DOCTYPE.
    Doctype,
    /// Another root element.
    WrongRoot,
    /// Another namespace.
    WrongNamespace,
    /// Nothing at all.
    Empty,
    /// With a byte order mark; still the same message.
    ByteOrderMark,
    /// With a prefix on every element; still the same message.
    Prefixed,
    /// With a comment and a processing instruction before the root; still the same message.
    Prolog,
    /// The first two elements below the root in the wrong order.
    WrongOrder,
    /// An element below the root that no schema knows.
    UnknownElement,
    /// `xsi:nil` on an element that may not be nil.
    Nil,
}
