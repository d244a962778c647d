//! Names and digests as types of their own.

mod claims;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use claims::{Claims, TargetRole};

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
            JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $type(pub String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

name!(
    /// A test case; stable as long as what it tests stays the same.
    CaseId
);
name!(
    /// A requirement of the Systemkonzept.
    RequirementId
);
name!(
    /// A system of the organisation, real or fake.
    SystemId
);
name!(
    /// A value in a message that ties an exchange to a case (Kennung).
    Correlator
);

impl Correlator {
    /// The words in raw bytes that could be correlators: runs of letters, digits and hyphens.
    /// Whoever tells a fake, waits for an exchange or judges one must split alike.
    pub fn candidates(raw: &[u8]) -> impl Iterator<Item = &str> {
        raw.split(|b| !b.is_ascii_alphanumeric() && *b != b'-')
            .filter(|t| t.len() >= 8 && t.len() <= 64)
            .filter_map(|t| std::str::from_utf8(t).ok())
    }
}

/// A SHA-256 digest in lower-case hex.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Digest(pub String);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let hash = Sha256::digest(bytes.as_ref());
        // Every recorded byte passes here, so the digits are not formatted one by one.
        let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
        Self(hash.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect())
    }

    /// The bytes that its hexadecimal digits stand for.
    pub fn bytes(&self) -> Vec<u8> {
        let pairs = (0..self.0.len()).step_by(2).filter_map(|at| self.0.get(at..at + 2));
        pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of the hub that the harness plays where another component is under test.
pub const PLAYED_HUB: &str = "datendrehscheibe";

/// The kinds of component (Systemkomponente).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentKind {
    /// Form in the Antragsportal.
    Antragsassistent,
    /// The hub.
    Integrationsserver,
    /// Specialist software of an authority.
    Fachverfahren,
    /// Document management, E-Akte.
    Dms,
    /// Mailbox.
    Mailsystem,
    /// Register.
    Register,
    /// Payment, signature, form or geodata service.
    OnlineDienst,
    /// Accounting.
    Finanzverfahren,
}
/// In which state a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateKind {
    /// As it should be.
    #[default]
    Valid,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// The authority has withdrawn it; its list of withdrawn certificates says so.
    Revoked,
    /// Issued by an authority that nobody trusts.
    Foreign,
    /// For another name.
    WrongName,
    /// Issued by nobody but itself.
    SelfSigned,
}

impl CertificateKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Valid,
        Self::Expired,
        Self::NotYetValid,
        Self::Revoked,
        Self::Foreign,
        Self::WrongName,
        Self::SelfSigned,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Revoked => "revoked",
            Self::Foreign => "foreign",
            Self::WrongName => "wrong-name",
            Self::SelfSigned => "self-signed",
        }
    }
}
