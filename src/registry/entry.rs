//! An entry, and what it can say.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Digest;

/// Type of the predicate of an entry.
pub(super) const PREDICATE_TYPE: &str = "urn:pruefstand:register-entry:1";

/// What an entry says has happened.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Fachliche Freigabe of the Leistung (Werkstatt 4)
    FachlicheFreigabe,
    /// Prüfung läuft
    TestRunning,
    /// Geduldet
    Tolerated,
    /// Zugelassen
    Admitted,
    /// Zugelassen mit Auflagen
    AdmittedWithConditions,
    /// Nicht zugelassen
    NotAdmitted,
    /// Freigabe zur Inbetriebnahme
    FreigabeInbetriebnahme,
    /// Pilot
    Pilot,
    /// Funktionstest
    Funktionstest,
    /// Produktionsfreigabe
    Produktionsfreigabe,
    /// Abgelöst
    Superseded,
    /// Zurückgezogen
    Withdrawn,
    /// Beendet
    Ended,
}

/// In which role somebody makes an entry.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// SAKD
    Sakd,
    /// KOMM24
    Komm24,
    /// Betreiber
    Betreiber,
    /// Verfahrensbetreuer
    Verfahrensbetreuer,
    /// Hersteller
    Hersteller,
}

impl State {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 13] = [
        Self::FachlicheFreigabe,
        Self::TestRunning,
        Self::Tolerated,
        Self::Admitted,
        Self::AdmittedWithConditions,
        Self::NotAdmitted,
        Self::FreigabeInbetriebnahme,
        Self::Pilot,
        Self::Funktionstest,
        Self::Produktionsfreigabe,
        Self::Superseded,
        Self::Withdrawn,
        Self::Ended,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FachlicheFreigabe => "fachliche-freigabe",
            Self::TestRunning => "test-running",
            Self::Tolerated => "tolerated",
            Self::Admitted => "admitted",
            Self::AdmittedWithConditions => "admitted-with-conditions",
            Self::NotAdmitted => "not-admitted",
            Self::FreigabeInbetriebnahme => "freigabe-inbetriebnahme",
            Self::Pilot => "pilot",
            Self::Funktionstest => "funktionstest",
            Self::Produktionsfreigabe => "produktionsfreigabe",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
            Self::Ended => "ended",
        }
    }
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Sakd, Self::Komm24, Self::Betreiber, Self::Verfahrensbetreuer, Self::Hersteller];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sakd => "sakd",
            Self::Komm24 => "komm24",
            Self::Betreiber => "betreiber",
            Self::Verfahrensbetreuer => "verfahrensbetreuer",
            Self::Hersteller => "hersteller",
        }
    }
}

/// What an entry is about: one version of a product, in one Leistungsbündel; or, where nothing but the
/// Leistungsbündel is named, all products in it, as its fachliche Freigabe is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Product {
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
    /// Leistungsbündel.
    pub bundle: String,
}

impl Product {
    /// A Leistungsbündel as such.
    pub fn bundle(bundle: impl Into<String>) -> Self {
        let none = String::new;
        Self { vendor: none(), product: none(), version: none(), bundle: bundle.into() }
    }

    /// Whether no product is named.
    pub fn is_bundle(&self) -> bool {
        self.vendor.is_empty() && self.product.is_empty() && self.version.is_empty()
    }

    /// Whether what is said of this is said of a product: it is that product, or its Leistungsbündel
    /// (in that Umsetzungsstufe, or in all).
    pub fn speaks_of(&self, product: &Self) -> bool {
        let same_bundle = self.bundle == product.bundle
            || product
                .bundle
                .strip_prefix(&self.bundle)
                .is_some_and(|rest| rest.starts_with("-stufe-"));
        self == product || self.is_bundle() && same_bundle
    }
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_bundle() {
            return f.write_str(&self.bundle);
        }
        write!(f, "{} {} {} ({})", self.vendor, self.product, self.version, self.bundle)
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Its number, from 1.
    pub number: u64,
    /// Digest of the file of the entry before it; none for the first.
    pub previous: Option<Digest>,
    /// When it was made.
    pub at: Timestamp,
    /// What has happened.
    pub state: State,
    /// In which role it was made.
    pub role: Role,
    /// Who made it.
    pub by: String,
    /// What it is about.
    pub product: Product,
    /// Umsetzungsstufe, where a certificate names one.
    pub stage: Option<u8>,
    /// Digest of the certificate's file that it rests on.
    pub certificate: Option<Digest>,
    /// Auflagen.
    pub conditions: Vec<String>,
    /// Number of the change request that led to it.
    pub change_request: Option<String>,
    /// Last day on which it counts.
    pub until: Option<Date>,
    /// The version that takes its place.
    pub successor: Option<String>,
    /// Kommune or zuständige Stelle for which alone it counts.
    pub authority: Option<String>,
    /// Remark.
    pub note: Option<String>,
}
