//! A Maildir: what a mailbox took, as files. Each mail is written under `tmp` and renamed to `new`, so
//! that whoever reads sees it whole or not at all; readers may move it to `cur`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

/// The folder.
#[derive(Debug)]
pub(in crate::fake_system) struct Maildir {
    root: PathBuf,
    next: AtomicU64,
}

impl Maildir {
    /// Opens it, with the folders it must have.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(root: &Path) -> std::io::Result<Self> {
        for part in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(root.join(part))?;
        }
        Ok(Self { root: root.to_owned(), next: AtomicU64::new(1) })
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps a mail. It is on the disk when this returns.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn keep(&self, came: Timestamp, from: &str, data: &[u8]) -> std::io::Result<()> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let (time, process) = (came.as_millisecond(), std::process::id());
        let name = format!("{time}.P{process}Q{number}.attrappe");
        let (draft, place) = (self.root.join("tmp").join(&name), self.root.join("new").join(&name));
        let mut file = std::fs::File::options().write(true).create_new(true).open(&draft)?;
        // Whoever delivers for good notes the sender (RFC 5321 section 4.4).
        file.write_all(format!("Return-Path: <{from}>\r\n").as_bytes())?;
        file.write_all(data)?;
        file.sync_all()?;
        std::fs::rename(&draft, &place)
    }
}
