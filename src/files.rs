//! Reading files that somebody names: a pipe or device would never end, and nobody signs gigabytes.

use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// Largest file that is read whole, bytes: products and evidence are large, and fit.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;

/// The bytes of a regular file.
///
/// # Errors
/// When it cannot be read, is no regular file, or is larger than 4 GiB.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    // Before it is opened: opening a pipe waits for whoever writes to it.
    let about = std::fs::metadata(path)?;
    if about.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a folder"));
    }
    if !about.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    if about.len() > LARGEST {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 4 GiB"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a regular file.
///
/// # Errors
/// See [`read`]; also when it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|e| Error::new(ErrorKind::InvalidData, e.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_never_end_is_not_opened() {
        assert!(read(Path::new("/dev/zero")).is_err());
        assert!(read(Path::new("/dev")).is_err());
        assert!(!read_text(Path::new("Cargo.toml")).unwrap_or_default().is_empty());
    }
}
