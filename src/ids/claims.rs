//! What a target claims to do. What it does not claim is not applicable; it is neither passed nor
//! held against it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role that a component can play in a bundle.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TargetRole {
    /// Takes messages and acknowledges them.
    Annahme,
    /// Checks messages and refuses those that are wrong.
    Pruefung,
    /// Hands messages over to the right system, once.
    Zustellung,
    /// Makes the format of a receiver.
    Umformung,
    /// Hands applications over by mail.
    Mail,
    /// Files in a DMS; for a DMS: keeps what is filed.
    Ablage,
    /// Sends the Eingangsbestätigung.
    Bestaetigung,
    /// Takes part in the flow after the application: Nachforderung, Nachreichung, Bescheid.
    Ablauf,
    /// Keeps a transaction log.
    Protokoll,
    /// Loses nothing when others, or it itself, are down.
    Ausfall,
    /// Can be given another configuration.
    Umkonfiguration,
    /// Keeps what it took, and can tell what it holds.
    Bestand,
    /// Keeps versions.
    Versionen,
    /// Finds what was filed.
    Suche,
    /// Makes messages of what a person enters.
    Eingabe,
}

impl TargetRole {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Annahme => "annahme",
            Self::Pruefung => "pruefung",
            Self::Zustellung => "zustellung",
            Self::Umformung => "umformung",
            Self::Mail => "mail",
            Self::Ablage => "ablage",
            Self::Bestaetigung => "bestaetigung",
            Self::Ablauf => "ablauf",
            Self::Protokoll => "protokoll",
            Self::Ausfall => "ausfall",
            Self::Umkonfiguration => "umkonfiguration",
            Self::Bestand => "bestand",
            Self::Versionen => "versionen",
            Self::Suche => "suche",
            Self::Eingabe => "eingabe",
        }
    }
}

/// What a target claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Highest Umsetzungsstufe; every one of the plan where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<u8>,
    /// Roles; all of them where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<TargetRole>>,
}

impl Claims {
    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        self.stage.is_none() && self.roles.is_none()
    }

    /// Whether one of these roles is claimed; what belongs to no role always is.
    pub fn any_of(&self, roles: &[TargetRole]) -> bool {
        let claimed = |list: &Vec<TargetRole>| roles.iter().any(|role| list.contains(role));
        roles.is_empty() || self.roles.as_ref().is_none_or(claimed)
    }

    /// Whether an Umsetzungsstufe is claimed.
    pub fn reaches(&self, stage: u8) -> bool {
        self.stage.is_none_or(|highest| stage <= highest)
    }
}
