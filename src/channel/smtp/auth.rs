//! AUTH PLAIN and LOGIN (RFC 4954, RFC 4616): what a client sends, read and compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secret::Secret;

/// Who may hand in mail.
#[derive(Debug, Clone)]
pub struct Account {
    /// The user.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// A mechanism that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// All in one answer.
    Plain,
    /// One question each for user and password.
    Login,
}

impl Mechanism {
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "PLAIN" => Some(Self::Plain),
            "LOGIN" => Some(Self::Login),
            _ => None,
        }
    }
}

/// An answer of the client, decoded; nothing when it is not base64. `=` stands for an empty one
/// (RFC 4954 section 4).
pub(super) fn decoded(line: &str) -> Option<Vec<u8>> {
    match line.trim_end_matches(['\r', '\n']) {
        "=" => Some(Vec::new()),
        text => STANDARD.decode(text).ok(),
    }
}

impl Account {
    /// Whether these are user and password. Takes as long for every wrong one of the same length.
    pub(super) fn admits(&self, user: &[u8], password: &[u8]) -> bool {
        let same = |a: &[u8], b: &[u8]| {
            a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y)) == 0
        };
        same(user, self.user.as_bytes()) & same(password, self.password.reveal().as_bytes())
    }

    /// Whether the message of PLAIN is right: `[authzid] NUL user NUL password` (RFC 4616 section 2).
    /// Nobody may act for somebody else.
    pub(super) fn admits_plain(&self, message: &[u8]) -> bool {
        let mut parts = message.split(|b| *b == 0);
        let (Some(act_as), Some(user), Some(password), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        (act_as.is_empty() || act_as == user) && self.admits(user, password)
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, decoded};
    use crate::secret::Secret;

    #[test]
    fn plain_needs_three_parts_and_the_right_ones() {
        let account = Account { user: "amt".into(), password: Secret::new("geheim") };
        assert!(account.admits_plain(b"\0amt\0geheim"));
        assert!(account.admits_plain(b"amt\0amt\0geheim"));
        for wrong in [&b"\0amt\0falsch"[..], b"amt\0geheim", b"\0\0", b"", b"x\0amt\0geheim"] {
            assert!(!account.admits_plain(wrong), "{wrong:?}");
        }
        assert!(!account.admits_plain(b"\0amt\0geheim\0"));
        assert_eq!(decoded("=\r\n"), Some(vec![]));
        assert_eq!(decoded("YW10\r\n").as_deref(), Some(&b"amt"[..]));
        assert_eq!(decoded("?"), None);
    }
}
