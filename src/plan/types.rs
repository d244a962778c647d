//! The Testplan: self-contained, so that messages can be built and evidence judged from it alone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::TestCase;
use super::waiver::Waiver;
use crate::concept::{
    Arrival, Deadline, DocumentPlace, FieldType, Form, HeaderRule, Length, Level, MessageKind,
    OwnSource, Range, TestMark, Transition, ValueCheck,
};
use crate::ids::{CaseId, ComponentKind, Digest, RequirementId, SystemId, TargetRole};

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
    /// Code lists of the fields.
    #[serde(default)]
    pub code_list: Vec<PlanCodeList>,
    /// Transitions of the flow.
    #[serde(default)]
    pub transition: Vec<Transition>,
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
    /// Pairs of choices that combinations of a message cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<PairCoverage>,
    /// Cases that a limit of the catalogue left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// Cases that could not be made, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_made: Vec<NotMade>,
    /// Cases whose failure is accepted for a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiver: Vec<Waiver>,
    /// Cases.
    #[serde(default)]
    pub case: Vec<TestCase>,
    /// Files the plan needs: schemas, samples, rule sheets.
    #[serde(default)]
    pub file: Vec<EmbeddedFile>,
}

/// Pairs of choices (authority, optional parts) of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairCoverage {
    /// The message.
    pub message: String,
    /// Pairs that occur together in some case; 0 where not all combinations could be made.
    pub covered: u32,
    /// Pairs that can occur together.
    pub possible: u32,
    /// Pairs that cannot, such as a field within a group that is left out, or only by undoing
    /// another choice for the sake of a rule.
    pub impossible: u32,
}

/// Cases that a limit left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// The method or technique with the limit.
    pub by: String,
    /// How many.
    pub cases: u32,
}

/// A case that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotMade {
    /// What it would have been called.
    pub case: CaseId,
    /// Why there is none.
    pub reason: String,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanKind {
    /// Whether a component may be used at all, at a fictitious organisation.
    #[default]
    Zulassung,
    /// Whether the configuration of one real authority works: a few harmless messages that are marked
    /// as tests. It admits nothing.
    Funktionstest,
}

impl PlanKind {
    /// The usual one.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
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
    /// What it is for.
    #[serde(default, skip_serializing_if = "PlanKind::is_usual")]
    pub kind: PlanKind,
    /// How a test message is marked, where the concept says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_mark: Option<TestMark>,
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
    /// First Umsetzungsstufe in which it applies.
    pub stage: u8,
    /// Roles of a target to which it belongs; a target that claims none of them is not held to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<TargetRole>,
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
    /// Order of elements where its schema has one, by their paths below the root; what is not named
    /// stays behind those that are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Paths whose values come from elsewhere than a field.
    pub own: BTreeMap<String, OwnSource>,
    /// Where documents arrive.
    pub documents: Option<DocumentPlace>,
    /// Folder of a case (DMS).
    pub folder: Option<String>,
    /// Field to where and how it arrives.
    pub lineage: BTreeMap<String, Arrival>,
}

/// A code list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanCodeList {
    /// Short name.
    pub id: String,
    /// URN of the list.
    pub uri: String,
    /// Version of the list.
    pub version: String,
    /// Codes.
    pub codes: Vec<String>,
    /// What they are called, for people who choose from a list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
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
    /// Places whose values are qualified names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualified: Vec<String>,
    /// Rule sheets.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Groups in order.
    #[serde(default)]
    pub group: Vec<PlanGroup>,
    /// Documents it may carry, in order.
    #[serde(default)]
    pub documents: Vec<String>,
    /// Rules over several fields that hold in a valid one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub condition: Vec<PlanCondition>,
}

/// A rule over several fields of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanCondition {
    /// Short name.
    pub id: String,
    /// What must hold, in words.
    pub title: String,
    /// XPath 1.0 at the root element, without prefixes.
    pub test: String,
}

/// A group of fields in a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanGroup {
    /// Short name.
    pub id: String,
    /// Title for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Elements from the root to the group.
    pub path: String,
    /// Its own element; empty where its fields stand without one.
    pub element: String,
    /// The group it lies within; none: the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Number of the field of the outer group before which it stands; none: after all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_field: Option<u32>,
    /// Fields in order.
    pub field: Vec<PlanField>,
}

/// A field in a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanField {
    /// Short name.
    pub id: String,
    /// Label for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Element below the group.
    pub path: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Length.
    pub length: Option<Length>,
    /// Range.
    pub range: Option<Range>,
    /// Pattern, as in XML Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Code list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_list: Option<String>,
    /// What a value must be beyond its form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<ValueCheck>,
    /// Its value belongs to one message only, such as its id; an answer has another.
    #[serde(default)]
    pub per_message: bool,
    /// Where the target takes it from, in a message that it makes itself.
    pub made_by_target: Option<OwnSource>,
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
