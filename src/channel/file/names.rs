//! Names of files that come from elsewhere: one component, readable, no way out of the folder.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Why a name is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Empty, or a way to another folder.
    #[error("the name \"{0}\" leads out of its folder")]
    Leads(String),
    /// A character that no name should have.
    #[error("the name \"{0}\" holds control characters")]
    Control(String),
    /// Not UTF-8.
    #[error("the name \"{0}\" is not UTF-8")]
    Encoding(String),
    /// Too long.
    #[error("the name \"{0}…\" has more than {1} bytes")]
    Long(String, usize),
}

/// Checks a name; `longest` is in bytes.
///
/// # Errors
/// See [`NameFault`]; what is not printable is escaped in it.
pub fn check_name(name: &OsStr, longest: usize) -> Result<&str, NameFault> {
    let shown = || name.as_bytes().escape_ascii().to_string();
    let Some(text) = name.to_str() else { return Err(NameFault::Encoding(shown())) };
    if matches!(text, "" | "." | "..") || text.contains(['/', '\\']) {
        return Err(NameFault::Leads(shown()));
    }
    if text.chars().any(char::is_control) {
        return Err(NameFault::Control(shown()));
    }
    if text.len() > longest {
        return Err(NameFault::Long(text.chars().take(40).collect(), longest));
    }
    Ok(text)
}

/// A name made out of a text that somebody sent: letters, digits and hyphens stay.
pub fn safe_name(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = text.chars().map(keep).take(64).collect();
    if name.is_empty() { "_".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::{NameFault, check_name, safe_name};
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn only_names_of_one_component_are_names() {
        for good in ["a", "Maßübersicht.pdf", "a b", "..a", "a.."] {
            assert_eq!(check_name(OsStr::new(good), 30), Ok(good));
        }
        let fault = |bytes: &[u8]| check_name(OsStr::from_bytes(bytes), 30).unwrap_err();
        for leads in [&b""[..], b".", b"..", b"a/b", b"/etc/passwd", b"..\\a"] {
            assert!(matches!(fault(leads), NameFault::Leads(_)), "{leads:?}");
        }
        assert_eq!(fault(b"a\nb"), NameFault::Control("a\\nb".into()));
        assert_eq!(fault(b"a\xFF"), NameFault::Encoding("a\\xff".into()));
        assert!(matches!(fault(&[b'a'; 31]), NameFault::Long(_, 30)));
        assert_eq!(safe_name("PS-1/../ü\n"), "PS-1______");
        assert_eq!(safe_name(""), "_");
    }
}
