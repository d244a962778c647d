//! Taking: what is complete is moved out of the input folder in one step, read, and moved on when it
//! is decided. At every moment it lies in exactly one of the folders, so that nothing is lost; what
//! was picked up and not decided is picked up again by the next start.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, RenameFlags, flock, fsync, mkdirat, renameat_with,
    unlinkat,
};
use rustix::io::Errno;

use super::give::{Given, hand_over, is_temporary};
use super::names::check_name;
use super::read::{Limits, Outcome, ReadFile, last_sign, look, names, open_folder};
use super::{ACCEPTED, INPUT, OUTPUT, REFUSED, WORK};
use crate::ambient::random_bytes;
use crate::wire::folder_bytes;

/// Most entries of the input folder that are looked at at once.
const MOST_ENTRIES: usize = 10_000;

/// When something is complete, and how large it may be.
#[derive(Debug, Clone)]
pub struct Rules {
    /// A folder is complete when a file stands beside it whose name has this ending more.
    pub marker: Option<String>,
    /// What has no marker is complete when it did not change for so long. Whoever renames is never
    /// seen half; this is for those who copy.
    pub quiet: Duration,
    /// A file that does not end with this sign, white space aside, is given so much time: a copy may
    /// pause in the middle.
    pub ending: Option<(u8, Duration)>,
    /// Bounds.
    pub limits: Limits,
}

/// Something that was picked up.
#[derive(Debug)]
pub struct HandOver {
    /// Its name, what cannot be printed escaped.
    pub name: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Its files.
    pub files: Vec<ReadFile>,
    /// Why it cannot be taken, as far as that can be seen from outside.
    pub faults: Vec<String>,
    original: OsString,
    work: OsString,
}

impl HandOver {
    /// Its bytes: those of the file, or every file of the folder after a line with its name and size.
    pub fn raw(&self) -> Vec<u8> {
        if let ([file], false) = (&self.files[..], self.folder) {
            return file.content.clone();
        }
        folder_bytes(self.files.iter().map(|f| (f.name.as_str(), &f.content[..])))
    }
}

/// Size, time and number of what lies there, to see whether it changes.
type Fingerprint = Vec<(OsString, i64, i64, i64, u64)>;

/// A transfer folder, the side that takes.
#[derive(Debug)]
pub struct InputFolder {
    root: PathBuf,
    rules: Rules,
    base: OwnedFd,
    input: OwnedFd,
    work: OwnedFd,
    accepted: OwnedFd,
    refused: OwnedFd,
    /// Since when something looks as it does.
    seen: BTreeMap<OsString, (Fingerprint, Instant)>,
    /// Work that an earlier start left.
    left: VecDeque<OsString>,
    /// What could not be moved; nobody tries again until it changes its name.
    stuck: Vec<OsString>,
}

impl InputFolder {
    /// Opens a folder, and makes what is missing in it.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(root: &Path, rules: Rules) -> std::io::Result<Self> {
        std::fs::create_dir_all(root)?;
        let root = root.canonicalize()?;
        let base = open_folder(rustix::fs::CWD, root.as_path())?;
        let part = |name: &str| {
            match mkdirat(&base, name, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            open_folder(&base, name)
        };
        let (input, work) = (part(INPUT)?, part(WORK)?);
        let (accepted, refused) = (part(ACCEPTED)?, part(REFUSED)?);
        part(OUTPUT)?;
        // Two that take from one folder would each decide what the other picked up.
        match flock(&work, FlockOperation::NonBlockingLockExclusive) {
            // Some file systems have no locks.
            Ok(()) | Err(Errno::NOLCK | Errno::OPNOTSUPP) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(std::io::Error::other("somebody else takes from this folder"));
            }
            Err(other) => return Err(other.into()),
        }
        let left = names(&work, MOST_ENTRIES)?.into();
        let (seen, stuck) = (BTreeMap::new(), Vec::new());
        Ok(Self { root, rules, base, input, work, accepted, refused, seen, left, stuck })
    }

    /// The folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Picks up what is complete, one at a time; none where nothing is.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn pick_up(&mut self) -> std::io::Result<Option<HandOver>> {
        if let Some(work) = self.left.pop_front() {
            let inside = open_folder(&self.work, work.as_os_str())?;
            return match names(&inside, 1)?.into_iter().next() {
                Some(original) => Ok(Some(self.claimed(original, work)?)),
                None => {
                    unlinkat(&self.work, work.as_os_str(), AtFlags::REMOVEDIR)?;
                    self.pick_up()
                }
            };
        }
        // Again by its name: who removed it and made it anew shall not wait in vain.
        self.input = open_folder(&self.base, INPUT)?;
        let all = names(&self.input, MOST_ENTRIES)?;
        self.seen.retain(|name, _| all.binary_search(name).is_ok());
        self.stuck.retain(|name| all.binary_search(name).is_ok());
        for name in all {
            if self.stuck.contains(&name) || !self.is_complete(&name) {
                continue;
            }
            match self.claim(&name) {
                Ok(work) => return Ok(Some(self.claimed(name, work)?)),
                // Gone meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    self.stuck.push(name);
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    fn is_complete(&mut self, name: &OsStr) -> bool {
        let bytes = name.as_bytes();
        let ending = self.rules.marker.as_deref().unwrap_or_default().as_bytes();
        let is_marker = !ending.is_empty() && bytes.ends_with(ending);
        if is_temporary(bytes) || is_marker {
            return false;
        }
        let Ok(stat) = look(&self.input, name) else { return false };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if !ending.is_empty() => {
                let marker = [bytes, ending].concat();
                let found = look(&self.input, OsStr::from_bytes(&marker));
                found.is_ok_and(|m| FileType::from_raw_mode(m.st_mode) == FileType::RegularFile)
            }
            FileType::Directory | FileType::RegularFile => self.is_quiet(name),
            // Nobody will ever finish a link or a device.
            _ => true,
        }
    }

    fn is_quiet(&mut self, name: &OsStr) -> bool {
        let now = self.fingerprint(name);
        match self.seen.get(name) {
            Some((before, since)) if *before == now => {
                let calm = since.elapsed();
                calm >= self.rules.quiet
                    && match self.rules.ending {
                        Some((sign, patience)) if calm < patience => {
                            last_sign(&self.input, name).is_none_or(|last| last == sign)
                        }
                        _ => true,
                    }
            }
            _ => {
                self.seen.insert(name.to_owned(), (now, Instant::now()));
                false
            }
        }
    }

    fn fingerprint(&self, name: &OsStr) -> Fingerprint {
        let mut out = Vec::new();
        let mut note = |at: &OwnedFd, name: &OsStr| {
            if let Ok(s) = look(at, name) {
                let nanos = i64::try_from(s.st_mtime_nsec).unwrap_or(0);
                out.push((name.to_owned(), s.st_size, s.st_mtime, nanos, s.st_ino));
            }
        };
        note(&self.input, name);
        if let Ok(folder) = open_folder(&self.input, name) {
            for inside in names(&folder, self.rules.limits.files).unwrap_or_default() {
                note(&folder, &inside);
            }
        }
        out
    }

    /// Moves it into a work folder of its own, in one step.
    fn claim(&self, name: &OsStr) -> std::io::Result<OsString> {
        let random = random_bytes::<8>()?;
        let work: String = random.iter().map(|b| format!("{b:02x}")).collect();
        mkdirat(&self.work, work.as_str(), Mode::from_raw_mode(0o700))?;
        let inside = open_folder(&self.work, work.as_str())?;
        let moved = move_new(&self.input, name, &inside, name);
        if let Err(error) = moved {
            let _ = unlinkat(&self.work, work.as_str(), AtFlags::REMOVEDIR);
            return Err(error.into());
        }
        Ok(work.into())
    }

    fn claimed(&mut self, original: OsString, work: OsString) -> std::io::Result<HandOver> {
        self.seen.remove(&original);
        // The marker goes after its folder: one that is left over would speak for the next folder.
        if let Some(ending) = &self.rules.marker {
            let marker = [original.as_bytes(), ending.as_bytes()].concat();
            let _ = unlinkat(&self.input, OsStr::from_bytes(&marker), AtFlags::empty());
        }
        let inside = open_folder(&self.work, work.as_os_str())?;
        let read = Outcome::of(&inside, &original, &self.rules.limits);
        let name = match original.to_str() {
            Some(text) if !text.chars().any(char::is_control) => text.to_owned(),
            _ => original.as_bytes().escape_ascii().to_string(),
        };
        let Outcome { folder, files, faults, .. } = read;
        Ok(HandOver { name, folder, files, faults, original, work })
    }

    /// Moves it to what was accepted; returns its name there.
    ///
    /// # Errors
    /// What the operating system says; then it is still where it was.
    pub fn accept(&self, taken: &HandOver) -> std::io::Result<String> {
        self.settle(taken, &self.accepted)
    }

    /// Moves it to what was refused, with a file beside it that says why; returns its name there.
    ///
    /// # Errors
    /// What the operating system says; then it is still where it was.
    pub fn refuse(&self, taken: &HandOver, reason: &str) -> std::io::Result<String> {
        let name = self.settle(taken, &self.refused)?;
        let text = format!("{}\n{reason}\n", taken.name).into_bytes();
        hand_over(&self.root.join(REFUSED), &format!("{name}.grund.txt"), &Given::File(text))
            .map_err(std::io::Error::other)?;
        Ok(name)
    }

    fn settle(&self, taken: &HandOver, to: &OwnedFd) -> std::io::Result<String> {
        let longest = self.rules.limits.name_bytes;
        let wanted = match check_name(&taken.original, longest) {
            Ok(name) => name.to_owned(),
            Err(_) => format!("ohne-namen-{}", taken.work.to_string_lossy()),
        };
        let inside = open_folder(&self.work, taken.work.as_os_str())?;
        let mut name = wanted.clone();
        let mut number = 1;
        loop {
            match move_new(&inside, &taken.original, to, name.as_ref()) {
                Ok(()) => break,
                // The same name came before; both stay.
                Err(Errno::EXIST | Errno::NOTEMPTY) => {
                    number += 1;
                    name = format!("{wanted}-{number}");
                }
                Err(error) => return Err(error.into()),
            }
        }
        fsync(to)?;
        unlinkat(&self.work, taken.work.as_os_str(), AtFlags::REMOVEDIR)?;
        Ok(name)
    }
}

/// Moves without replacing anything.
fn move_new(from: &OwnedFd, name: &OsStr, to: &OwnedFd, new: &OsStr) -> Result<(), Errno> {
    match renameat_with(from.as_fd(), name, to.as_fd(), new, RenameFlags::NOREPLACE) {
        // Some file systems cannot; these folders are written by this side alone.
        Err(Errno::INVAL | Errno::NOSYS) => match look(to, new) {
            Ok(_) => Err(Errno::EXIST),
            Err(_) => rustix::fs::renameat(from.as_fd(), name, to.as_fd(), new),
        },
        other => other,
    }
}
