//! The neutral tree: what both editions say about the fields of a message.

use crate::diagnostic::Diagnostic;

/// The edition of the standard a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// XDatenfelder 2, namespace `urn:xoev-de:fim:standard:xdatenfelder_2`.
    V2,
    /// XDatenfelder 3, namespace `urn:xoev-de:fim:standard:xdatenfelder_3.0.0`.
    V3,
}

impl Edition {
    /// The namespace of its files.
    pub fn namespace(self) -> &'static str {
        match self {
            Edition::V2 => "urn:xoev-de:fim:standard:xdatenfelder_2",
            Edition::V3 => "urn:xoev-de:fim:standard:xdatenfelder_3.0.0",
        }
    }
}

/// What a file describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A whole message (`stammdatenschema.0102`).
    Schema,
    /// One group (`datenfeldgruppe.0103`): the tree has one item, the group, at 1:1.
    Group,
    /// One field (`datenfeld.0104`): the tree has one item, the field, at 1:1.
    Field,
}

/// How far the approval of an element has come: code list `urn:xoev-de:xprozess:codeliste:status`
/// (edition 3), `urn:xoev-de:fim:codeliste:xdatenfelder.status` (edition 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 1, in Planung.
    Planned,
    /// 2, in Bearbeitung; edition 2: `inVorbereitung`.
    InProgress,
    /// 3, Entwurf.
    Draft,
    /// 4, methodisch freigegeben.
    MethodApproved,
    /// 5, fachlich freigegeben (silber).
    Silver,
    /// 6, fachlich freigegeben (gold).
    Gold,
    /// 7, inaktiv; edition 2: `inaktiv`.
    Inactive,
    /// 8, vorgesehen zum Löschen.
    ToBeDeleted,
    /// Edition 2 only: `aktiv`.
    Active,
}

/// A file: a tree of positions with groups and fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSchema {
    /// The edition it is written in.
    pub edition: Edition,
    /// What it describes.
    pub scope: Scope,
    /// Id, such as `S12000000034`.
    pub id: String,
    /// Version, such as `1.0.0` (edition 3) or `1.2` (edition 2); empty where edition 2 gives none.
    pub version: String,
    /// Name in the library of elements.
    pub name: String,
    /// Description, empty if there is none.
    pub description: String,
    /// Approval; `None` where the file does not say.
    pub status: Option<Status>,
    /// What a message holds, in file order.
    pub items: Vec<Position>,
    /// Rules of the schema as a whole; those of groups and fields stand there.
    pub rules: Vec<Rule>,
    /// What is odd without making the file unusable, in file order.
    pub warnings: Vec<Diagnostic>,
}

/// A place in the tree. How often something may occur belongs to the place, not to the thing: the
/// same group at three places is three positions, and the key of a position is its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Fewest occurrences.
    pub min: u32,
    /// Most occurrences; `None` is without bound. `Some(0)`: never.
    pub max: Option<u32>,
    /// The legal basis of asking for it here.
    pub bezug: Option<String>,
    /// The group or field.
    pub item: Item,
    /// Line of the `struktur`, from 1.
    pub line: u32,
}

/// What stands at a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A group of positions.
    Group(Group),
    /// A field with one value.
    Field(Box<Field>),
}

impl Item {
    /// The id of the group or field: the name of its element in a message.
    pub fn id(&self) -> &str {
        match self {
            Item::Group(group) => &group.id,
            Item::Field(field) => &field.id,
        }
    }

    /// The text a form shows for it.
    pub fn label(&self) -> &str {
        match self {
            Item::Group(group) => &group.label,
            Item::Field(field) => &field.label,
        }
    }

    /// Line of the start tag, from 1.
    pub fn line(&self) -> u32 {
        match self {
            Item::Group(group) => group.line,
            Item::Field(field) => field.line,
        }
    }
}

/// How the items of a group belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// All of them, each as often as its position says.
    Sequence,
    /// Exactly one of them: `art` X, Auswahlgruppe (edition 3 only).
    Choice,
}

/// A group (`datenfeldgruppe`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Id, such as `G60000000088`.
    pub id: String,
    /// Version; empty where edition 2 gives none.
    pub version: String,
    /// Name in the library of elements.
    pub name: String,
    /// What a form shows (`bezeichnungEingabe`); the name where that is missing.
    pub label: String,
    /// Help for filling in.
    pub help: Option<String>,
    /// How its items belong together.
    pub kind: GroupKind,
    /// Its positions, in file order.
    pub items: Vec<Position>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Line of the start tag, from 1.
    pub line: u32,
}

/// How a field meets its user (`feldart`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Filled in freely.
    Input,
    /// Picked out of codes.
    Select,
    /// A text that is only shown; no value is asked for.
    Label,
    /// In the message without being shown.
    Hidden,
    /// Shown and not to be changed.
    Locked,
}

/// The type of a value (`datentyp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// Any text.
    Text,
    /// Text of the characters of DIN SPEC 91379 (String.Latin).
    TextLatin,
    /// A calendar day.
    Date,
    /// A time of day.
    Time,
    /// A day with time.
    Datetime,
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// An amount of money.
    Currency,
    /// Yes or no.
    Boolean,
    /// A document.
    File,
    /// Something with a structure of its own that the standard does not describe.
    Object,
}

/// Whether a form fills a field beforehand (`vorbefuellung`, edition 3 only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefill {
    /// Not.
    #[default]
    None,
    /// It may.
    Optional,
    /// It must.
    Required,
}

/// The values a field may be picked from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// None given.
    None,
    /// A list published elsewhere.
    Reference {
        /// `canonicalIdentification`, such as `urn:de:bund:destatis:bevoelkerungsstatistik:…`.
        uri: String,
        /// Its version; `None` means the newest.
        version: Option<String>,
    },
    /// Code and name of each value (`werte`, edition 3 only), in file order.
    Inline(Vec<(String, String)>),
}

/// A field (`datenfeld`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Id, such as `F60000000243`.
    pub id: String,
    /// Version; empty where edition 2 gives none.
    pub version: String,
    /// Name in the library of elements.
    pub name: String,
    /// What a form shows (`bezeichnungEingabe`); the name where that is missing.
    pub label: String,
    /// Help for filling in.
    pub help: Option<String>,
    /// The legal basis of the field itself (`bezug`).
    pub source: Option<String>,
    /// How it meets its user.
    pub feldart: FieldKind,
    /// The type of its value.
    pub datentyp: DataType,
    /// Fewest characters.
    pub min_length: Option<u32>,
    /// Most characters.
    pub max_length: Option<u32>,
    /// Least value, in the form of its type: a decimal number with a point, or an ISO 8601 date.
    pub min_value: Option<String>,
    /// Greatest value, written like the least.
    pub max_value: Option<String>,
    /// Regular expression for the whole value.
    pub pattern: Option<String>,
    /// A constraint in prose, which only a person can apply.
    pub note: Option<String>,
    /// The values it may be picked from.
    pub codes: Codes,
    /// Whether a form fills it beforehand.
    pub prefill: Prefill,
    /// The preset value, or the text of a label (`inhalt`).
    pub content: Option<String>,
    /// Largest file (`maxSize`), bytes.
    pub max_size: Option<u64>,
    /// Kinds of file that are taken.
    pub media_types: Vec<String>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Why no value fits, where the file contradicts itself about a field that may be left out. A
    /// message has to leave it out; at a mandatory position the file is refused instead.
    pub unfillable: Option<String>,
    /// Line of the start tag, from 1.
    pub line: u32,
}

/// A rule (`regel`). The standard keeps rules in prose; only one with a script can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Id, such as `R60000000019`.
    pub id: String,
    /// Version; empty where edition 2 gives none.
    pub version: String,
    /// Name.
    pub name: String,
    /// The rule in prose: `freitextRegel`, in edition 2 `definition`; empty if there is none.
    pub text: String,
    /// The script (`skript`, in edition 2 `script`), without the empty function that editors of
    /// edition 2 write for "none". The standard fixes no language.
    pub script: Option<String>,
    /// Ids of fields and groups that parameters, targets, script and prose name, each once, in this
    /// order.
    pub names: Vec<String>,
    /// Line of the start tag, from 1.
    pub line: u32,
}
