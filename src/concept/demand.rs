//! What a concept demands: requirements, what covers them, how faults are answered, what the
//! transaction log shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ComponentKind, TargetRole};

/// What can be wrong with a message, and with it the technique that makes it wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Not well-formed.
    NotWellFormed,
    /// Not in UTF-8.
    WrongEncoding,
    /// A DOCTYPE.
    Doctype,
    /// Unknown root element.
    WrongRoot,
    /// Right root in another namespace.
    WrongNamespace,
    /// A mandatory field is missing.
    Missing,
    /// A field or group occurs once too often.
    TooMany,
    /// A value is not of its type.
    WrongType,
    /// A text is too short, too long or breaks its pattern.
    Length,
    /// A number or date out of range.
    Range,
    /// A code that is not in the list.
    Code,
    /// A document that is too large or of the wrong type.
    Document,
    /// Not valid against its schema.
    Schema,
    /// Header and root contradict each other.
    Header,
    /// The same message again.
    Duplicate,
    /// Nobody is in charge.
    UnknownAuthority,
    /// The authority does not offer the service.
    UnknownService,
    /// It does not fit the state of the case.
    WrongState,
    /// A rule over several fields is broken.
    Rule,
    /// A value of the right form that cannot be right, such as a wrong check digit.
    Value,
}

impl Fault {
    /// The roles of a target of which one must be claimed before it has to find this.
    pub fn roles(self) -> &'static [TargetRole] {
        use TargetRole as R;
        match self {
            Self::NotWellFormed
            | Self::WrongEncoding
            | Self::Doctype
            | Self::WrongRoot
            | Self::WrongNamespace => &[R::Annahme],
            Self::Missing
            | Self::TooMany
            | Self::WrongType
            | Self::Length
            | Self::Range
            | Self::Code
            | Self::Schema
            | Self::Header
            | Self::Rule
            | Self::Value => &[R::Pruefung],
            // Whoever hands documents over knows how large and of which type they may be.
            Self::Document => &[R::Pruefung, R::Umformung],
            Self::Duplicate | Self::UnknownAuthority | Self::UnknownService => &[R::Zustellung],
            Self::WrongState => &[R::Ablauf],
        }
    }
}

/// The code a rejection must carry.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// What was wrong.
    pub faults: Vec<Fault>,
    /// Code (Rückweisungsgrund).
    pub code: String,
    /// Its meaning.
    pub title: String,
}

/// What the transaction log shows after a message.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogProfile {
    /// After which message; `rejected` for a rejection.
    pub after: LogAfter,
    /// Events in order. `{zustellung}`, `{ablage}` stand for what the authority uses.
    pub events: Vec<String>,
    /// Events that would contradict it.
    #[serde(default)]
    pub never: Vec<String>,
}

/// After what a log profile applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogAfter {
    /// An Antrag that was accepted.
    Antrag,
    /// Another message that was accepted.
    Folgenachricht,
    /// A message that was rejected.
    Rejected,
}

/// Level of a requirement.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// K.-o. criterion.
    Muss,
    /// Should.
    Soll,
    /// May.
    Kann,
}

/// A requirement (Anforderung).
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Id, such as `GEW-010`.
    pub id: String,
    /// Level.
    pub level: Level,
    /// What must hold.
    pub title: String,
    /// Which component must fulfil it.
    pub component: ComponentKind,
    /// First Umsetzungsstufe in which it applies.
    #[serde(default = "first")]
    pub stage: u8,
    /// What of the derivation covers it.
    #[serde(default)]
    pub aspects: Vec<Aspect>,
    /// Why it cannot be tested by machine.
    pub not_testable: Option<String>,
}

fn first() -> u8 {
    1
}

/// What a derived case is about; ties cases to requirements.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// A valid message is taken and acknowledged.
    Acceptance,
    /// Every field arrives, nothing is invented.
    Content,
    /// Optional parts arrive.
    OptionalContent,
    /// Lengths and patterns are enforced.
    LengthCheck,
    /// Numbers and dates are enforced.
    RangeCheck,
    /// Types are enforced.
    TypeCheck,
    /// Codes are enforced.
    CodeCheck,
    /// Mandatory fields are enforced.
    MandatoryCheck,
    /// Cardinality is enforced.
    CardinalityCheck,
    /// The schema of a standard is enforced, whatever it says.
    Schema,
    /// Form of the XML is enforced.
    SyntaxCheck,
    /// Encoding is enforced.
    EncodingCheck,
    /// Documents arrive; size and type are enforced.
    Documents,
    /// The right receiver.
    Routing,
    /// Filed in the DMS.
    Filing,
    /// Handed over by mail.
    Mail,
    /// Eingangsbestätigung.
    Confirmation,
    /// Durchlaufzeit.
    Duration,
    /// What the header says agrees with the root.
    HeaderCheck,
    /// Duplicate messages.
    Duplicate,
    /// The paths of the flow.
    Flow,
    /// Messages that do not fit the state.
    FlowState,
    /// A receiver that is down.
    Queue,
    /// The target is killed.
    Restart,
    /// The transaction log.
    Log,
    /// What a person enters in the Antragsassistent is in the message.
    Entry,
    /// What only a person can judge.
    Manual,
    /// Nothing foreign at any receiver.
    Foreign,
    /// Header and root agree.
    Header,
    /// Rule sheets are satisfied.
    Rules,
    /// Rules over several fields are enforced.
    RuleCheck,
    /// Values that only look right are refused.
    ValueCheck,
    /// Service, authority, systems and optional parts in combination.
    Combination,
    /// What goes wrong in the field does not go wrong here.
    Robustness,
    /// Another configuration takes effect, and nothing is lost on the way.
    Reconfiguration,
    /// What was handed over is kept whole.
    Keeping,
    /// Versions are kept.
    Versions,
    /// What was filed is found.
    Search,
    /// What cannot be filed, fetched or delivered is refused with the right error.
    Refusal,
}

impl Aspect {
    /// The role of a target to which it belongs; none for what every target must do.
    pub fn role(self) -> Option<TargetRole> {
        use TargetRole as R;
        Some(match self {
            Self::Acceptance | Self::SyntaxCheck | Self::EncodingCheck => R::Annahme,
            Self::LengthCheck
            | Self::RangeCheck
            | Self::TypeCheck
            | Self::CodeCheck
            | Self::MandatoryCheck
            | Self::CardinalityCheck
            | Self::Schema
            | Self::RuleCheck
            | Self::ValueCheck
            | Self::HeaderCheck
            | Self::Refusal => R::Pruefung,
            Self::Routing | Self::Duplicate => R::Zustellung,
            Self::Content
            | Self::OptionalContent
            | Self::Documents
            | Self::Combination
            | Self::Robustness => R::Umformung,
            Self::Mail => R::Mail,
            Self::Filing => R::Ablage,
            Self::Confirmation | Self::Duration => R::Bestaetigung,
            Self::Flow | Self::FlowState => R::Ablauf,
            Self::Log => R::Protokoll,
            Self::Queue | Self::Restart => R::Ausfall,
            Self::Reconfiguration => R::Umkonfiguration,
            Self::Keeping => R::Bestand,
            Self::Versions => R::Versionen,
            Self::Search => R::Suche,
            Self::Entry => R::Eingabe,
            Self::Manual | Self::Foreign | Self::Header | Self::Rules => return None,
        })
    }
}

/// A rule over several fields of a message (fill condition, consistency).
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Short name.
    pub id: String,
    /// What must hold, in words.
    pub title: String,
    /// Messages to which it applies.
    pub messages: Vec<String>,
    /// XPath 1.0 at the root element; names are those of the message, without prefixes. It holds
    /// where its value is true.
    pub test: Option<String>,
    /// How a person checks it, where no expression can.
    pub manual: Option<String>,
    /// Legal or other source.
    pub source: Option<String>,
}

/// What a value must be beyond its form.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ValueCheck {
    /// International bank account number with right check digits (ISO 13616).
    Iban,
}
