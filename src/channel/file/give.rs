//! Handing over: written under a temporary name in the same folder, brought to the disk, then renamed.
//! Whoever looks sees nothing or all of it, also after a crash.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::names::{NameFault, check_name};
use crate::ambient::random_bytes;

/// Longest name that is handed over, bytes; leaves room for the endings of markers and receipts.
const LONGEST: usize = 200;

/// What is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// One file.
    File(Vec<u8>),
    /// A folder of files, by name; with a marker file beside it where the receiver waits for one,
    /// the ending of whose name is given.
    Folder {
        /// Name and content.
        files: Vec<(String, Vec<u8>)>,
        /// Ending of the marker's name, such as `.fertig`.
        marker: Option<String>,
    },
}

/// Why something was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum GiveError {
    /// A name that no file should have.
    #[error(transparent)]
    Name(#[from] NameFault),
    /// Names that begin with a dot or end as temporary ones do would not be picked up.
    #[error("the name \"{0}\" says that it is not handed over yet")]
    Temporary(String),
    /// Something of this name lies there already; it was left alone.
    #[error("\"{0}\" was handed over before and lies there still")]
    Exists(String),
    /// The folder is not as it should be.
    #[error("{path}: {reason}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
}

/// Whether a name says that its file is not handed over yet.
pub fn is_temporary(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with(b".") || [&b".tmp"[..], b".part"].iter().any(|end| lower.ends_with(end))
}

/// Hands something over under a name, and returns where it lies. Blocks until it is on the disk.
///
/// # Errors
/// See [`GiveError`]; then nothing of that name is there, unless it was before.
pub fn hand_over(folder: &Path, name: &str, given: &Given) -> Result<PathBuf, GiveError> {
    check_name(name.as_ref(), LONGEST)?;
    if is_temporary(name.as_bytes()) {
        return Err(GiveError::Temporary(name.to_owned()));
    }
    let place = folder.join(name);
    let random = random_bytes::<8>().map_err(io(folder))?;
    let random: String = random.iter().map(|b| format!("{b:02x}")).collect();
    let temporary = folder.join(format!(".{random}.tmp"));
    let written = write(&temporary, given).and_then(|()| publish(&temporary, &place, name));
    if let Err(error) = written {
        let _ = match given {
            Given::File(_) => std::fs::remove_file(&temporary),
            Given::Folder { .. } => std::fs::remove_dir_all(&temporary),
        };
        return Err(error);
    }
    sync_folder(folder)?;
    if let Given::Folder { marker: Some(ending), .. } = given {
        // The marker is the last thing to appear, and is there whole or not at all as well.
        hand_over(folder, &format!("{name}{ending}"), &Given::File(Vec::new()))?;
    }
    Ok(place)
}

fn write(temporary: &Path, given: &Given) -> Result<(), GiveError> {
    match given {
        Given::File(content) => write_file(temporary, content),
        Given::Folder { files, .. } => {
            std::fs::create_dir(temporary).map_err(io(temporary))?;
            for (name, content) in files {
                check_name(name.as_ref(), LONGEST)?;
                write_file(&temporary.join(name), content)?;
            }
            sync_folder(temporary)
        }
    }
}

fn write_file(path: &Path, content: &[u8]) -> Result<(), GiveError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path);
    let mut file = file.map_err(io(path))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(io(path))
}

/// The new name, only if it is free: a rename alone would replace what lies there.
fn publish(temporary: &Path, place: &Path, name: &str) -> Result<(), GiveError> {
    match rename_new(temporary, place) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(GiveError::Exists(name.to_owned())),
        Err(error) => Err(io(place)(error.into())),
    }
}

/// Renames unless the new name is taken.
fn rename_new(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems cannot; then nobody else may write there at the same time.
        Err(Errno::INVAL | Errno::NOSYS) => {
            if to.symlink_metadata().is_ok() {
                return Err(Errno::EXIST);
            }
            rustix::fs::rename(from, to)
        }
        other => other,
    }
}

/// Brings the names in a folder to the disk.
fn sync_folder(folder: &Path) -> Result<(), GiveError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(io(folder))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> GiveError {
    let path = path.to_owned();
    move |reason| GiveError::Io { path: path.clone(), reason }
}
