//! The versions and messages of xdomea that are spoken here.

/// A version of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    V2_4_0,
    V3_0_0,
    V3_1_0,
}

/// What every namespace of xdomea begins with.
pub(super) const NAMESPACES: &str = "urn:xoev-de:xdomea:schema:";

impl Version {
    pub const EVERY: [Self; 3] = [Self::V2_4_0, Self::V3_0_0, Self::V3_1_0];

    pub fn number(self) -> &'static str {
        match self {
            Self::V2_4_0 => "2.4.0",
            Self::V3_0_0 => "3.0.0",
            Self::V3_1_0 => "3.1.0",
        }
    }

    pub fn namespace(self) -> String {
        format!("{NAMESPACES}{}", self.number())
    }

    pub fn of_namespace(namespace: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|v| namespace == v.namespace())
    }

    /// Whether it is one of the generation before 3.0.
    pub fn is_2(self) -> bool {
        self == Self::V2_4_0
    }

    /// The version of a code list that its schema fixes.
    pub fn list_version(self, list: &str) -> &'static str {
        match (self.is_2(), list) {
            (false, "nachrichtentyp") => "2.0",
            (false, "allgemeinerueckmeldung" | "datentyp") => "1.1",
            _ => "1.0",
        }
    }
}

/// A message of the group "Fachverfahrensdaten austauschen".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Create,
    File,
    Search,
    AddMetadata,
    Status,
    Received,
    Imported,
    Export,
}

impl Kind {
    pub const EVERY: [Self; 8] = [
        Self::Create,
        Self::File,
        Self::Search,
        Self::AddMetadata,
        Self::Status,
        Self::Received,
        Self::Imported,
        Self::Export,
    ];

    /// Number and name of the root element.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Create => ("0604", "FVDaten.SGOErstellen.0604"),
            Self::File => ("0605", "FVDaten.SGOAblegen.0605"),
            Self::Search => ("0608", "FVDaten.SGOSuchen.0608"),
            Self::AddMetadata => ("0609", "FVDaten.MetadatenAnlegen.0609"),
            Self::Status => ("0625", "FVDaten.SystemstatusAbfragen.0625"),
            Self::Received => ("0629", "FVDaten.EmpfangBestaetigen.0629"),
            Self::Imported => ("0630", "FVDaten.ImportBestaetigen.0630"),
            Self::Export => ("0631", "FVDaten.PrimaerdokumentExportieren.0631"),
        }
    }

    pub fn code(self) -> &'static str {
        self.names().0
    }

    pub fn root(self) -> &'static str {
        self.names().1
    }

    pub fn of_root(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|k| k.root() == name)
    }

    /// Whether it is itself a confirmation, which nothing confirms.
    pub fn is_confirmation(self) -> bool {
        matches!(self, Self::Received | Self::Imported)
    }

    /// Whether it asks for something that only its ImportBestaetigen can carry.
    pub fn asks(self) -> bool {
        matches!(self, Self::Search | Self::Status | Self::Export)
    }

    /// Whether files may come with it.
    pub fn carries_files(self) -> bool {
        matches!(self, Self::Create | Self::File)
    }
}
