//! What is done at a mail system: letters that are hard in one way each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is special about a letter; all of them carry the application and its documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Letter {
    /// Nothing.
    #[default]
    Plain,
    /// Lines that begin with dots, one that is nothing but a dot (RFC 5321 section 4.5.2).
    Dots,
    /// The text in UTF-8 without a coding (RFC 6152, 8BITMIME).
    EightBit,
    /// To an address that nobody has.
    UnknownRecipient,
    /// Nearly as large as the server takes (RFC 1870, SIZE), at most 16 MiB.
    Large,
    /// Larger than the server takes, and announced as such.
    TooLarge,
}

/// The reply to the command of a session that decides about its letter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case", deny_unknown_fields)]
pub enum MailReply {
    /// 250 to the message.
    Taken,
    /// Refused for good, before or after the message.
    Refused {
        /// Enhanced codes (RFC 3463) that say so; a server that gives none must use one of `replies`.
        codes: Vec<String>,
        /// Reply codes (RFC 5321) that say so.
        replies: Vec<u16>,
    },
}

/// How the exchanges of a look into a mailbox are called in the evidence, behind the name of their
/// step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailLook {
    /// How much there is.
    List,
    /// A mail of the case, as it lies there.
    Mail,
}

impl MailLook {
    /// The name in the evidence.
    pub fn label(self, step: &str) -> String {
        match self {
            Self::List => format!("{step}/liste"),
            Self::Mail => format!("{step}/mail"),
        }
    }
}
