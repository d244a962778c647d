//! What the hub must not forget: accepted messages, finished tasks, and its transaction log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::ambient::Clock;
use crate::rules::Kind;

/// A message the hub has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Accepted {
    pub transaction: String,
    pub depot: usize,
    pub procedure: String,
    pub kind: Kind,
    pub vorgang: String,
    pub nachricht: String,
    pub leistung: String,
    pub behoerde: String,
    pub state_after: Option<String>,
    pub time: String,
    #[serde(with = "base64_bytes")]
    pub body: Vec<u8>,
}

/// One entry of the transaction log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LogEntry {
    pub nummer: u64,
    pub zeit: String,
    pub transaktion: String,
    pub vorgang: String,
    pub nachricht: String,
    pub ereignis: String,
    pub einzelheit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empfaenger: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regelstand: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum Line {
    Accepted(Accepted),
    Done { transaction: String, task: String, note: String },
    Log(LogEntry),
}

/// Everything the hub knows, in memory and on disk.
pub(super) struct Journal {
    file: Option<File>,
    clock: Clock,
    /// How far the times of the log are ahead (a fault).
    pub ahead: SignedDuration,
    pub accepted: BTreeMap<String, Accepted>,
    pub done: BTreeMap<(String, String), String>,
    pub log: Vec<LogEntry>,
    seen: BTreeSet<String>,
    states: BTreeMap<String, String>,
}

impl Journal {
    /// Opens the journal in a folder and reads what an earlier process left there.
    pub fn open(folder: &Path, clock: Clock) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("journal.jsonl");
        let mut journal = Self {
            file: None,
            clock,
            ahead: SignedDuration::ZERO,
            accepted: BTreeMap::new(),
            done: BTreeMap::new(),
            log: Vec::new(),
            seen: BTreeSet::new(),
            states: BTreeMap::new(),
        };
        if path.exists() {
            for line in BufReader::new(File::open(&path)?).lines() {
                // A line that was cut off by a crash was never acknowledged.
                if let Ok(line) = serde_json::from_str(&line?) {
                    journal.remember(line);
                }
            }
        }
        let mut file = File::options().append(true).create(true).open(&path)?;
        // Whatever a crash left without a line end must not swallow the next line.
        file.write_all(b"\n")?;
        journal.file = Some(file);
        Ok(journal)
    }

    fn remember(&mut self, line: Line) {
        match line {
            Line::Accepted(message) => {
                self.seen.insert(message.nachricht.clone());
                if let Some(state) = &message.state_after {
                    self.states.insert(message.vorgang.clone(), state.clone());
                }
                self.accepted.insert(message.transaction.clone(), message);
            }
            Line::Done { transaction, task, note } => {
                self.done.insert((transaction, task), note);
            }
            Line::Log(entry) => self.log.push(entry),
        }
    }

    /// Lines that belong together are written at once: a process that is killed leaves all or none.
    fn write(&mut self, lines: &[&Line], sync: bool) -> std::io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut bytes = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut bytes, line)?;
            bytes.push(b'\n');
        }
        file.write_all(&bytes)?;
        if sync { file.sync_data() } else { Ok(()) }
    }

    /// Keeps a message; with `durable` it is on the disk when this returns.
    pub fn accept(&mut self, message: Accepted, durable: bool) -> std::io::Result<()> {
        let line = Line::Accepted(message);
        if durable {
            self.write(&[&line], true)?;
        }
        self.remember(line);
        Ok(())
    }

    /// Notes that a task of a transaction is done, with its entry in the transaction log.
    pub fn finish(
        &mut self,
        transaction: &str,
        task: &str,
        note: &str,
        entry: LogEntry,
    ) -> std::io::Result<()> {
        let done =
            Line::Done { transaction: transaction.into(), task: task.into(), note: note.into() };
        let entry = self.numbered(entry);
        self.write(&[&entry, &done], true)?;
        self.remember(entry);
        self.remember(done);
        Ok(())
    }

    /// Notes a task of a transaction without an entry in the transaction log.
    pub fn mark(&mut self, transaction: &str, task: &str) -> std::io::Result<()> {
        let (transaction, task) = (transaction.to_owned(), task.to_owned());
        let done = Line::Done { transaction, task, note: String::new() };
        self.write(&[&done], true)?;
        self.remember(done);
        Ok(())
    }

    /// Adds an entry to the transaction log; number and time are filled in.
    pub fn log(&mut self, entry: LogEntry) -> std::io::Result<()> {
        let line = self.numbered(entry);
        self.write(&[&line], false)?;
        self.remember(line);
        Ok(())
    }

    fn numbered(&self, mut entry: LogEntry) -> Line {
        entry.nummer = self.log.len() as u64 + 1;
        let now = self.clock.now();
        entry.zeit = now.saturating_add(self.ahead).unwrap_or(now).to_string();
        Line::Log(entry)
    }

    /// Whether a message with this id was taken before.
    pub fn knows(&self, nachricht: &str) -> bool {
        self.seen.contains(nachricht)
    }

    /// The state of a case; empty where there is none.
    pub fn state(&self, vorgang: &str) -> &str {
        self.states.get(vorgang).map_or("", String::as_str)
    }

    /// Whether a task of a transaction is done, with its note.
    pub fn is_done(&self, transaction: &str, task: &str) -> Option<&String> {
        self.done.get(&(transaction.to_owned(), task.to_owned()))
    }
}

mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(serde::de::Error::custom)
    }
}
