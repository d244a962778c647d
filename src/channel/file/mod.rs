//! Transfer folders (Transferverzeichnisse): what is handed over is a file or a folder of files, and
//! it is there whole or not at all. `hand_over` is the side that gives, `InputFolder` the one that
//! takes. A reader needs one rule: names that begin with a dot, or end with `.tmp` or `.part`, are
//! not handed over yet.
//!
//! ```text
//! <folder>/eingang/      what is handed over
//! <folder>/.in-arbeit/   what was picked up and is not decided; picked up again after a crash
//! <folder>/angenommen/   what was accepted
//! <folder>/abgewiesen/   what was refused, each with a file that says why
//! <folder>/ausgang/      what this side hands over
//! ```

mod answers;
mod give;
mod names;
mod read;
mod take;

pub use answers::{Answers, Outcome, beside, take_out};
pub use give::{GiveError, Given, hand_over, is_temporary};
pub use names::{NameFault, check_name, safe_name};
pub use read::{Limits, ReadFile};
pub use take::{HandOver, InputFolder, Rules};

/// Name of the folder in which things are handed over.
pub const INPUT: &str = "eingang";
/// Name of the folder for what was accepted.
pub const ACCEPTED: &str = "angenommen";
/// Name of the folder for what was refused.
pub const REFUSED: &str = "abgewiesen";
/// Name of the folder for answers.
pub const OUTPUT: &str = "ausgang";
/// Name of the folder for what is being looked at.
const WORK: &str = ".in-arbeit";

/// The `file:` URL (RFC 8089) of an absolute path.
pub fn file_url(path: &std::path::Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let parts = path.as_os_str().as_bytes().split(|byte| *byte == b'/');
    format!("file://{}", parts.map(crate::wire::percent_encoded).collect::<Vec<_>>().join("/"))
}

/// The path in a `file:` URL of this machine; none where it is something else.
pub fn path_of_url(url: &str) -> Option<std::path::PathBuf> {
    use std::os::unix::ffi::OsStringExt;

    use crate::wire::percent_decoded_strictly;

    let rest = url.strip_prefix("file://")?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return None;
    }
    let out = percent_decoded_strictly(path)?;
    // A NUL would end the path early for the operating system.
    if out.contains(&0) {
        return None;
    }
    Some(std::ffi::OsString::from_vec(out).into())
}

#[cfg(test)]
mod tests {
    use super::{file_url, path_of_url};
    use std::path::Path;

    #[test]
    fn paths_and_urls_are_one_another() {
        for path in ["/tmp/a b", "/tmp/Ü%41", "/a-b_c.~d"] {
            let url = file_url(Path::new(path));
            assert!(url.is_ascii() && !url.contains(' '), "{url}");
            assert_eq!(path_of_url(&url).unwrap(), Path::new(path));
        }
        assert_eq!(path_of_url("file://localhost/a").unwrap(), Path::new("/a"));
        for wrong in ["file://andere/a", "http://a/b", "file:a", "file:///a%0", "file:///a%00"] {
            assert_eq!(path_of_url(wrong), None, "{wrong}");
        }
    }
}
