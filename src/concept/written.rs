//! The Systemkonzept as it is written: one TOML file per Leistungsbündel.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::demand::{LogProfile, Rejection, Requirement, Rule, ValueCheck};
use super::standard::{HeaderRule, MessageSchema, Standard};
use crate::ids::ComponentKind;
use crate::text::Pattern;

/// The whole file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConceptFile {
    /// Always `pruefstand/concept/1`.
    pub format: String,
    /// What this concept is.
    pub concept: Head,
    /// Who takes part (Rollen).
    #[serde(default)]
    pub role: Vec<Role>,
    /// Component kinds with their section of the concept.
    #[serde(default)]
    pub component: Vec<Component>,
    /// Services of the bundle (Leistungen).
    #[serde(default)]
    pub service: Vec<Service>,
    /// Code lists with version.
    #[serde(default)]
    pub code_list: Vec<CodeList>,
    /// How codes of one list become codes of another.
    #[serde(default)]
    pub conversion: Vec<Conversion>,
    /// Documents (Anlagen).
    #[serde(default)]
    pub document: Vec<Document>,
    /// Files of XDatenfelder that bring groups, fields, code lists and rules.
    #[serde(default)]
    pub xdatenfelder: Vec<DataSchemaUse>,
    /// What the concept adds about fields of those files.
    #[serde(default)]
    pub position: Vec<PositionUse>,
    /// Groups of fields.
    #[serde(default)]
    pub group: Vec<Group>,
    /// Fields, in the order in which they stand in a message.
    #[serde(default)]
    pub field: Vec<Field>,
    /// Standards whose messages are given by XML Schemas.
    #[serde(default)]
    pub standard: Vec<Standard>,
    /// Messages.
    #[serde(default)]
    pub message: Vec<Message>,
    /// Kinds of receiver and the form in which they take messages.
    #[serde(default)]
    pub receiver: Vec<Receiver>,
    /// States of the flow (Ablauf).
    #[serde(default)]
    pub state: Vec<State>,
    /// Transitions of the flow.
    #[serde(default)]
    pub transition: Vec<Transition>,
    /// Rules over several fields.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// Deadlines and Durchlaufzeiten.
    #[serde(default)]
    pub deadline: Vec<Deadline>,
    /// Which code a rejection must carry, by what was wrong.
    #[serde(default)]
    pub rejection: Vec<Rejection>,
    /// What the transaction log must show.
    #[serde(default)]
    pub log: Vec<LogProfile>,
    /// Requirements (Anforderungen).
    #[serde(default)]
    pub requirement: Vec<Requirement>,
}

/// Identity of the concept.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Short name, lower case.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Version of this concept.
    pub version: String,
    /// First day on which it applies.
    pub valid_from: String,
    /// Umsetzungsstufen it covers.
    pub stages: Vec<u8>,
    /// The Fachkonzept it was made from.
    pub derived_from: Option<DerivedFrom>,
    /// The field by which everybody sees that a message is a test, and its value then; without it there
    /// is no Funktionstest at a real authority.
    pub test_mark: Option<TestMark>,
    /// Each test message gets a target without history.
    #[serde(default)]
    pub fresh_state_per_message: bool,
}

/// How a message says that it is a test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestMark {
    /// The field.
    pub field: String,
    /// Its value in a test message.
    pub value: String,
}

/// The Fachkonzept behind a Systemkonzept.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DerivedFrom {
    /// Name of the document.
    pub document: String,
    /// Its version.
    pub version: String,
    /// Its SHA-256, or why there is none.
    pub digest: String,
}

/// A role.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Short name.
    pub id: String,
    /// What the role does.
    pub title: String,
}

/// The section of one component kind.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The kind.
    pub kind: ComponentKind,
    /// What it does in this bundle.
    pub title: String,
    /// First Umsetzungsstufe in which it takes part.
    pub stage: u8,
    /// Role that answers for it.
    pub role: String,
}

/// A service (Leistung).
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// LeiKa key, 14 digits.
    pub leika: String,
    /// The message that starts it.
    pub starts_with: String,
}

/// A code list.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// URN of the list.
    pub uri: String,
    /// Version of the list.
    pub version: String,
    /// Codes with their names.
    pub codes: BTreeMap<String, String>,
}

/// A table from one list's codes to others.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// Short name, used in `as`.
    pub id: String,
    /// The list whose codes are converted.
    pub code_list: String,
    /// Old to new code; every code of the list.
    pub codes: BTreeMap<String, String>,
}

/// A document that goes with a message.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Media types that are accepted.
    pub media_types: Vec<String>,
    /// Largest size, bytes.
    pub max_bytes: u32,
}

/// A file of XDatenfelder 2 or 3, relative to the concept.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSchemaUse {
    /// The file.
    pub file: String,
}

/// What a concept adds about a field of an XDatenfelder file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PositionUse {
    /// Ids from the outermost group to the field, such as `G1/G2/F3`.
    pub at: String,
    /// Where a realistic value comes from in the organisation's data world.
    pub world: Option<String>,
    /// A realistic value where the world has none.
    pub example: Option<String>,
    /// What a value must be beyond its form.
    pub check: Option<ValueCheck>,
    /// Length, where the file has none.
    pub length: Option<Length>,
    /// Range, where the file has none or one bound only.
    pub range: Option<Range>,
    /// Where it must arrive, by receiver.
    #[serde(default)]
    pub arrives: BTreeMap<String, Arrival>,
    /// Receivers that do not get it.
    #[serde(default)]
    pub nowhere: Vec<String>,
}

/// A group of fields.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Element below the root, or below the group it lies within; empty: its fields stand there
    /// without an element of their own.
    pub path: String,
    /// The group it lies within; none: the root of a message.
    pub within: Option<String>,
    /// Field of the outer group after which it stands; empty: before all; none: after all.
    pub after: Option<String>,
    /// Fewest occurrences.
    #[serde(default = "one")]
    pub min: u32,
    /// Most occurrences; with `unbounded`, how many a test sends at most.
    #[serde(default = "one")]
    pub max: u32,
    /// There is no upper bound.
    #[serde(default)]
    pub unbounded: bool,
}

fn one() -> u32 {
    1
}

/// Type of a field.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// Characters.
    Text,
    /// A code of a list.
    Code,
    /// A date, ISO 8601.
    Date,
    /// Date, time and offset.
    Datetime,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// true or false.
    Boolean,
}

/// Smallest and largest value, as text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Smallest value.
    pub min: String,
    /// Largest value.
    pub max: String,
}

/// Shortest and longest text, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Length {
    /// Fewest characters.
    pub min: u32,
    /// Most characters.
    pub max: u32,
}

/// A field (Feld).
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Short name, unique in the concept.
    pub id: String,
    /// Label for people.
    pub label: String,
    /// The group it belongs to.
    pub group: String,
    /// Element below the group, may have several steps.
    pub path: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Fewest occurrences.
    #[serde(default = "one")]
    pub min: u32,
    /// Most occurrences; with `unbounded`, how many a test sends at most.
    #[serde(default = "one")]
    pub max: u32,
    /// There is no upper bound.
    #[serde(default)]
    pub unbounded: bool,
    /// Length of a text.
    pub length: Option<Length>,
    /// Pattern of a text, as in XML Schema, anchored at both ends.
    pub pattern: Option<String>,
    /// Range of a number or date.
    pub range: Option<Range>,
    /// Most digits after the decimal point.
    pub fraction: Option<u32>,
    /// Code list of a code.
    pub code_list: Option<String>,
    /// What a value must be beyond its form.
    pub check: Option<ValueCheck>,
    /// Where a realistic value comes from in the organisation's data world.
    pub world: Option<String>,
    /// A realistic value where the world has none.
    pub example: Option<String>,
    /// Legal or other source of the field.
    pub source: Option<String>,
    /// Where the target takes it from, in a message that the target itself makes.
    pub made_by_target: Option<OwnSource>,
    /// Where it must arrive, by receiver.
    #[serde(default)]
    pub arrives: BTreeMap<String, Arrival>,
    /// Receivers that do not get it, although they get its message.
    #[serde(default)]
    pub nowhere: Vec<String>,
}

impl Field {
    /// Whether a text has an allowed length and matches the pattern. A pattern that cannot be read,
    /// which has a finding of its own, forbids nothing.
    pub fn allows_text(&self, value: &str) -> bool {
        let count = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
        self.length.is_none_or(|l| (l.min..=l.max).contains(&count))
            && self.read_pattern().is_none_or(|pattern| pattern.matches(value))
    }

    /// The pattern, read.
    pub fn read_pattern(&self) -> Option<Pattern> {
        self.pattern.as_ref().and_then(|p| Pattern::parse(p).ok())
    }
}

/// Where a field must arrive at a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// Path below the receiver's root.
    pub at: String,
    /// How it may change: `unchanged`, `date-german`, `ja-nein`, `decimal-comma`, or a conversion.
    #[serde(rename = "as", default = "unchanged")]
    pub how: String,
}

fn unchanged() -> String {
    "unchanged".into()
}

/// What a message is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// Antrag einreichen.
    Antrag,
    /// Eingangsbestätigung.
    Bestaetigung,
    /// Unterlagen nachfordern.
    Nachforderung,
    /// Unterlagen nachreichen.
    Nachreichung,
    /// Bescheid.
    Bescheid,
}

/// A message (Nachricht).
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// What it is for.
    pub kind: MessageKind,
    /// Which component sends it.
    pub from: ComponentKind,
    /// Which component takes it in the end.
    pub to: ComponentKind,
    /// Local name of the root element.
    pub root: String,
    /// Namespace of all its elements.
    pub namespace: String,
    /// Groups in order.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Documents it may carry.
    #[serde(default)]
    pub documents: Vec<MessageDocument>,
    /// Given by schema and samples instead of groups.
    pub schema: Option<MessageSchema>,
    /// A code in the header that must agree with the root.
    pub header: Option<HeaderRule>,
    /// Places whose values are qualified names (`xs:QName`), such as `/Antrag/@art`: their prefixes
    /// count by what they stand for.
    #[serde(default)]
    pub qualified: Vec<String>,
    /// Rule sheets (XSLT) that the message must satisfy where it arrives.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// A document in a message.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageDocument {
    /// The document.
    pub document: String,
    /// Fewest occurrences.
    #[serde(default)]
    pub min: u32,
    /// Most occurrences.
    #[serde(default = "one")]
    pub max: u32,
}

/// How a receiver takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// In a format of its own; fields say where they arrive.
    Mapped,
    /// As sent.
    Unchanged,
}

/// A kind of receiver.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// Short name, used in `arrives`.
    pub id: String,
    /// Its component kind.
    pub kind: ComponentKind,
    /// Title for people.
    pub title: String,
    /// In what form it takes messages.
    pub form: Form,
    /// Local name of its root element (mapped).
    pub root: Option<String>,
    /// Its namespace (mapped).
    pub namespace: Option<String>,
    /// Order of elements where its schema has one, by their paths below the root; what is not named
    /// stays behind those that are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Paths whose values do not come from a field, and where they come from instead.
    #[serde(default)]
    pub own: BTreeMap<String, OwnSource>,
    /// Where documents arrive (mapped).
    pub documents: Option<DocumentPlace>,
    /// Folder of a case in a DMS; `{vorgang}` stands for its number.
    pub folder: Option<String>,
}

/// Where a value comes from that no field of the message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OwnSource {
    /// The local name of the message's root element.
    Wurzel,
    /// The transaction that the target named in its answer.
    Transaktion,
    /// A time between sending and arrival.
    Zeitpunkt,
    /// The name of the authority.
    Stelle,
    /// The file number that the receiving system gave.
    Aktenzeichen,
}

/// Where documents arrive in a mapped format.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentPlace {
    /// Path of the element that repeats.
    pub at: String,
    /// Path of the file name below it.
    pub name: String,
    /// Path of the media type below it.
    pub media_type: String,
    /// Path of the base64 content below it; empty for its own text.
    pub content: String,
}

/// A state of the flow.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Nothing more may follow.
    #[serde(default)]
    pub last: bool,
}

/// A transition of the flow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// State before; empty for the start.
    pub from: String,
    /// Kind of message that is taken in this state.
    pub on: MessageKind,
    /// State after.
    pub to: String,
}

/// What a deadline is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DeadlineKind {
    /// From receipt of an Antrag to the Eingangsbestätigung.
    Eingangsbestaetigung,
    /// From receipt to delivery (Durchlaufzeit).
    Durchlaufzeit,
}

/// A deadline under test conditions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// What it is about.
    pub kind: DeadlineKind,
    /// Longest time, milliseconds.
    pub within_ms: u32,
}
