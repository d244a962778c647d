//! Reading what was handed over, below an open folder: no symbolic link is followed, nothing but
//! plain files is opened, and no file is read beyond its limit.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, statat};

use super::names::check_name;

/// Bytes of a file that is too large that are kept all the same, to recognise it by.
const BEGINNING: u64 = 64 * 1024;

/// How much is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most files in a folder.
    pub files: usize,
    /// Most bytes of a file.
    pub file_bytes: u64,
    /// Most bytes of all files together.
    pub total_bytes: u64,
    /// Longest name, bytes.
    pub name_bytes: usize,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// What came of reading.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub folder: bool,
    pub files: Vec<ReadFile>,
    /// Why it cannot be taken as it is.
    pub faults: Vec<String>,
    total: u64,
}

/// Flags under which nothing is followed and nothing blocks.
const SAFE: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// Opens a folder without following a link.
pub(super) fn open_folder(at: impl AsFd, name: impl rustix::path::Arg) -> std::io::Result<OwnedFd> {
    Ok(openat(at, name, SAFE | OFlags::DIRECTORY, Mode::empty())?)
}

/// What lies under a name, without following a link.
pub(super) fn look(at: impl AsFd, name: &OsStr) -> std::io::Result<Stat> {
    Ok(statat(at, name, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// The names in a folder, sorted, without `.` and `..`; at most so many and one more.
pub(super) fn names(folder: impl AsFd, most: usize) -> std::io::Result<Vec<OsString>> {
    let mut out = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            out.push(name.to_owned());
        }
        if out.len() > most {
            break;
        }
    }
    out.sort();
    Ok(out)
}

/// The last byte of a file that is no white space, NUL where there is none near its end; none where
/// it is no plain file.
pub(super) fn last_sign(at: impl AsFd, name: &OsStr) -> Option<u8> {
    let stat = look(&at, name).ok()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let mut file = std::fs::File::from(openat(&at, name, SAFE, Mode::empty()).ok()?);
    let from = u64::try_from(stat.st_size).ok()?.saturating_sub(1_024);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut end = Vec::new();
    file.take(1_024).read_to_end(&mut end).ok()?;
    // A file of nothing has no end yet.
    Some(end.iter().rev().find(|b| !b.is_ascii_whitespace()).copied().unwrap_or_default())
}

/// What kind of thing it is, for people.
fn kind(stat: &Stat) -> &'static str {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Directory => "a folder",
        _ => "no plain file",
    }
}

impl Outcome {
    /// Reads what lies under a name: a file, or the files of a folder.
    pub fn of(at: impl AsFd, name: &OsStr, limits: &Limits) -> Self {
        let mut out = Self::default();
        if let Err(fault) = check_name(name, limits.name_bytes) {
            out.faults.push(fault.to_string());
        }
        match look(&at, name) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                out.folder = true;
                if let Err(error) = out.files_of(&at, name, limits) {
                    out.faults.push(format!("the folder cannot be read: {error}"));
                }
            }
            _ => out.file(&at, name, limits),
        }
        out
    }

    fn files_of(&mut self, at: impl AsFd, name: &OsStr, limits: &Limits) -> std::io::Result<()> {
        let folder = open_folder(at, name)?;
        let all = names(&folder, limits.files)?;
        if all.len() > limits.files {
            self.faults.push(format!("more than {} files", limits.files));
        }
        for name in all.iter().take(limits.files) {
            match check_name(name, limits.name_bytes) {
                Ok(_) => self.file(&folder, name, limits),
                Err(fault) => self.faults.push(fault.to_string()),
            }
        }
        Ok(())
    }

    fn file(&mut self, at: impl AsFd, name: &OsStr, limits: &Limits) {
        let shown = name.to_string_lossy().into_owned();
        match self.read(at, name, limits) {
            Ok(content) => self.files.push(ReadFile { name: shown, content }),
            Err(error) => self.faults.push(format!("\"{shown}\" cannot be read: {error}")),
        }
    }

    fn read(&mut self, at: impl AsFd, name: &OsStr, limits: &Limits) -> std::io::Result<Vec<u8>> {
        let other = std::io::Error::other;
        // Looked at before it is opened, since opening a device can already do something.
        let stat = look(&at, name)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(other(format!("it is {}", kind(&stat))));
        }
        let file = std::fs::File::from(openat(&at, name, SAFE, Mode::empty())?);
        let stat = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(other(format!("it is {}", kind(&stat))));
        }
        // A second name may belong to a file elsewhere.
        if stat.st_nlink != 1 {
            return Err(other("it has names in other places (hard links)".into()));
        }
        let left = limits.total_bytes.saturating_sub(self.total).min(limits.file_bytes);
        let mut content = Vec::new();
        if u64::try_from(stat.st_size).unwrap_or(u64::MAX) > left {
            self.faults.push(format!("{} bytes, more than the {left} that are left", stat.st_size));
            file.take(BEGINNING).read_to_end(&mut content)?;
            return Ok(content);
        }
        file.take(left + 1).read_to_end(&mut content)?;
        let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
        if length > left {
            self.faults.push(format!("more than {left} bytes, and it grows"));
            content.truncate(usize::try_from(BEGINNING).unwrap_or(0));
        }
        self.total = self.total.saturating_add(length);
        Ok(content)
    }
}
