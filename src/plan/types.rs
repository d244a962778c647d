//! The Testplan: self-contained, so that messages can be built and evidence judged from it alone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::concept::{
    Arrival, Deadline, DocumentPlace, Fault, FieldType, Form, HeaderRule, Length, Level,
    MessageKind, Range,
};
use crate::ids::{CaseId, ComponentKind, Correlator, Digest, RequirementId, SystemId};

/// A derived plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestPlan {
    /// Always `pruefstand/plan/1`.
    pub format: String,
    /// From what it was derived.
    pub plan: Head,
    /// Requirements with the cases' level and, where it is not tested, the reason.
    #[serde(default)]
    pub requirement: Vec<PlanRequirement>,
    /// Authorities the cases speak of.
    #[serde(default)]
    pub authority: Vec<PlanAuthority>,
    /// Systems that take part.
    #[serde(default)]
    pub system: Vec<PlanSystem>,
    /// Formats of receivers.
    #[serde(default)]
    pub receiver: Vec<PlanReceiver>,
    /// Code conversions.
    #[serde(default)]
    pub conversion: Vec<PlanConversion>,
    /// Deadlines.
    #[serde(default)]
    pub deadline: Vec<Deadline>,
    /// Messages with their fields.
    #[serde(default)]
    pub message: Vec<PlanMessage>,
    /// Values that many cases share.
    #[serde(default)]
    pub values: Vec<ValueSet>,
    /// Cases.
    #[serde(default)]
    pub case: Vec<TestCase>,
    /// Files the plan needs: schemas, samples, rule sheets.
    #[serde(default)]
    pub file: Vec<EmbeddedFile>,
}

/// From what a plan was derived.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Concept: id and version.
    pub concept: String,
    /// Digest of the concept's text.
    pub concept_digest: Digest,
    /// Organisation: id and version.
    pub organisation: String,
    /// Digest of the organisation's text.
    pub organisation_digest: Digest,
    /// Catalogue of methods: id and version.
    pub catalogue: String,
    /// Digest of the catalogue's text.
    pub catalogue_digest: Digest,
    /// The component under test.
    pub component: ComponentKind,
    /// Umsetzungsstufe up to which requirements apply.
    pub stage: u8,
    /// Quiet time after the last step before "never" and "exactly once" are judged, milliseconds.
    pub settle_ms: u32,
}

/// A requirement in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRequirement {
    /// Id.
    pub id: RequirementId,
    /// Level.
    pub level: Level,
    /// What must hold.
    pub title: String,
    /// Component that must fulfil it.
    pub component: ComponentKind,
    /// It applies to the component and stage under test, so that a result without it is open.
    pub applies: bool,
    /// Why no case tests it.
    pub not_tested: Option<String>,
}

/// An authority in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanAuthority {
    /// Short name.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Amtlicher Gemeindeschlüssel.
    pub ags: String,
    /// The system that takes its applications.
    pub receiver: SystemId,
    /// Its DMS.
    pub dms: Option<SystemId>,
    /// Address of its mailbox.
    pub mail_address: Option<String>,
}

/// A system in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSystem {
    /// Short name.
    pub id: SystemId,
    /// Its kind.
    pub kind: ComponentKind,
    /// Format it takes.
    pub receiver: String,
}

/// Format of a receiver, with the lineage of every field it must get.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanReceiver {
    /// Short name.
    pub id: String,
    /// Its kind.
    pub kind: ComponentKind,
    /// Whether it takes messages as sent.
    pub form: Form,
    /// Root element (mapped).
    pub root: Option<String>,
    /// Namespace (mapped).
    pub namespace: Option<String>,
    /// Paths whose values need no source.
    pub own: Vec<String>,
    /// Where documents arrive.
    pub documents: Option<DocumentPlace>,
    /// Folder of a case (DMS).
    pub folder: Option<String>,
    /// Field to where and how it arrives.
    pub lineage: BTreeMap<String, Arrival>,
}

/// A code conversion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanConversion {
    /// Short name.
    pub id: String,
    /// Old to new code.
    pub codes: BTreeMap<String, String>,
}

/// A message with its fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanMessage {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// What it is for.
    pub kind: MessageKind,
    /// Root element.
    pub root: String,
    /// Namespace.
    pub namespace: String,
    /// LeiKa key of the service it starts.
    pub leistung: Option<String>,
    /// File of its schema.
    pub schema: Option<String>,
    /// Further files of the schema, by the URL under which the validator asks.
    #[serde(default)]
    pub schema_files: BTreeMap<String, String>,
    /// Header rule.
    pub header: Option<HeaderRule>,
    /// Rule sheets.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Groups in order.
    #[serde(default)]
    pub group: Vec<PlanGroup>,
    /// Documents it may carry, in order.
    #[serde(default)]
    pub documents: Vec<String>,
}

/// A group of fields in a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanGroup {
    /// Short name.
    pub id: String,
    /// Element below the root.
    pub path: String,
    /// Fields in order.
    pub field: Vec<PlanField>,
}

/// A field in a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanField {
    /// Short name.
    pub id: String,
    /// Element below the group.
    pub path: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Length.
    pub length: Option<Length>,
    /// Range.
    pub range: Option<Range>,
    /// Its value belongs to one message only, such as its id; an answer has another.
    #[serde(default)]
    pub per_message: bool,
}

/// Values of a message, group by group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueSet {
    /// Name, such as `anmeldung.einreichen/minimal`.
    pub id: String,
    /// The message.
    pub message: String,
    /// Group by group, in order; a group that repeats stands several times.
    pub part: Vec<ValuePart>,
    /// Documents.
    #[serde(default)]
    pub document: Vec<DocumentUse>,
}

/// Values of one occurrence of a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValuePart {
    /// The group.
    pub group: String,
    /// Field to its values; `{vorgang}`, `{nachricht}`, `{leistung}`, `{behoerde}` are filled in
    /// when the message is built.
    pub values: BTreeMap<String, Vec<String>>,
}

/// A document that a message carries.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentUse {
    /// The document, which is also its element.
    pub document: String,
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Size, bytes; the content follows from name and size.
    pub bytes: u32,
}

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
fn is_false(value: &bool) -> bool {
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
            | Self::ReadBack { name, .. } => name,
        }
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Validity {
    /// Valid.
    Valid,
    /// Violates its schema.
    Schema,
    /// Valid by schema, violates a rule beyond it.
    Rule,
    /// Valid, but not at this point of the process.
    Process,
}

/// A message as a case uses it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageUse {
    /// The message.
    pub message: String,
    /// Values it starts from; absent for a sample.
    pub values: Option<String>,
    /// Sample file, sent as it is.
    pub sample: Option<String>,
    /// Number of the message in its case; the same number is the same message.
    pub number: u32,
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
    pub validity: Validity,
    /// The one rule it violates, in words.
    pub violates: Option<String>,
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
}

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
    /// In the whole run, no receiver got anything that no case sent.
    Foreign {
        /// Requirement behind it.
        requirement: RequirementId,
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
            Self::Foreign { .. } => "foreign",
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
            | Self::Foreign { requirement } => requirement,
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

/// A file inside a plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedFile {
    /// Name by which the plan refers to it.
    pub name: String,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its bytes, where they are text in UTF-8 that TOML keeps as it is.
    pub text: Option<String>,
    /// Its bytes in base64 otherwise.
    pub base64: Option<String>,
}
