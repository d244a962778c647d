//! What a Fachverfahren says to a DMS in messages of xdomea (group "Fachverfahrensdaten austauschen"),
//! and what the DMS says back. Only writing and reading bytes: whoever drives a DMS and whoever judges
//! what it said read its answers in the same way. The fake DMS shares nothing with this but the ZIP
//! format: a mistake on one side would otherwise be right on the other.

mod answer;
mod latin;
mod request;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use answer::{Hit, Import, Refusal, Said, read};
pub use latin::is_latin;
pub use request::{Document, Letterhead, Record, Search, container_of, disposition};

/// A version of the standard.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
pub enum Version {
    /// 2.4.0, whose texts are Latin only.
    #[serde(rename = "2.4.0")]
    V2_4_0,
    /// 3.0.0
    #[serde(rename = "3.0.0")]
    V3_0_0,
    /// 3.1.0
    #[default]
    #[serde(rename = "3.1.0")]
    V3_1_0,
}

impl Version {
    /// The number in namespaces.
    pub fn number(self) -> &'static str {
        match self {
            Self::V2_4_0 => "2.4.0",
            Self::V3_0_0 => "3.0.0",
            Self::V3_1_0 => "3.1.0",
        }
    }

    /// Whether a text can stand in a message.
    pub fn can_say(self, text: &str) -> bool {
        !self.is_2() || text.chars().all(is_latin)
    }

    fn namespace(self) -> String {
        format!("urn:xoev-de:xdomea:schema:{}", self.number())
    }

    fn is_2(self) -> bool {
        self == Self::V2_4_0
    }
}

/// The messages that are written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// FVDaten.SGOErstellen.0604: a new record.
    Create,
    /// FVDaten.SGOAblegen.0605: something goes into a record.
    File,
    /// FVDaten.SGOSuchen.0608.
    Search,
    /// FVDaten.PrimaerdokumentExportieren.0631: the file of a document.
    Export,
}

impl Kind {
    fn root(self) -> &'static str {
        match self {
            Self::Create => "FVDaten.SGOErstellen.0604",
            Self::File => "FVDaten.SGOAblegen.0605",
            Self::Search => "FVDaten.SGOSuchen.0608",
            Self::Export => "FVDaten.PrimaerdokumentExportieren.0631",
        }
    }

    fn code(self) -> &'static str {
        self.root().rsplit('.').next().unwrap_or_default()
    }
}

/// The code of AllgemeineRueckmeldung for "done".
pub const DONE: &str = "0000000";

/// A UUID made from a name: version 8 (RFC 9562, section 5.8), from its SHA-256.
pub fn uuid_of(name: &str) -> String {
    let digits = crate::ids::Digest::of(format!("urn:pruefstand:xdomea:{name}")).0;
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}
