//! The writer: every record is on its way to the disk before `append` returns. Answers may wait for
//! the record after them: they were given already, and what was asked is on the disk.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::record::{Payload, Record};
use super::{BLOBS, FILE, FORMAT};
use crate::ambient::Clock;
use crate::ids::Digest;

/// Payloads larger than this lie in files of their own, bytes.
const INLINE: usize = 6 * 1024;

/// A line without its end, and its digest: the record with its place in the chain before it.
pub(super) fn line(
    seq: u64,
    time: jiff::Timestamp,
    prev: &str,
    record: &Record,
) -> std::io::Result<(Vec<u8>, Digest)> {
    Ok(chained(seq, time, prev, &fields(record)?))
}

/// The fields of a record, `{…}`. Most of the work, and all of it outside the lock.
fn fields(record: &Record) -> std::io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(record)?)
}

fn chained(seq: u64, time: jiff::Timestamp, prev: &str, fields: &[u8]) -> (Vec<u8>, Digest) {
    // Digits, a time and hexadecimal digits need no escaping.
    let place = format!("{{\"seq\":{seq},\"time\":\"{time}\",\"prev\":\"{prev}\",");
    let bytes = [place.as_bytes(), fields.get(1..).unwrap_or_default()].concat();
    let digest = Digest::of(&bytes);
    (bytes, digest)
}

/// Most bytes that wait for the next record.
const MOST_WAITING: usize = 256 * 1024;

struct State {
    file: File,
    /// Lines that go with the next one.
    waiting: Vec<u8>,
    seq: u64,
    prev: String,
    broken: Option<String>,
    closed: bool,
}

impl State {
    fn write(&mut self, now: jiff::Timestamp, fields: &[u8], waits: bool) -> std::io::Result<()> {
        let (bytes, digest) = chained(self.seq, now, &self.prev, fields);
        self.waiting.extend_from_slice(&bytes);
        self.waiting.push(b'\n');
        self.seq += 1;
        self.prev = digest.0;
        if waits && self.waiting.len() < MOST_WAITING { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let result = self.file.write_all(&self.waiting);
        self.waiting.clear();
        result
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

/// Appends records to the evidence of one run. Shared between threads.
pub struct Writer {
    state: Mutex<State>,
    blobs: PathBuf,
    clock: Clock,
    exchanges: std::sync::atomic::AtomicU64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("blobs", &self.blobs).finish_non_exhaustive()
    }
}

impl Writer {
    /// Begins the evidence of a run in a folder.
    ///
    /// # Errors
    /// When the folder cannot be written, or holds evidence already.
    pub fn create(folder: &Path, clock: Clock) -> std::io::Result<Self> {
        let blobs = folder.join(BLOBS);
        std::fs::create_dir_all(&blobs)?;
        let file = File::create_new(folder.join(FILE))?;
        let writer = Self {
            state: Mutex::new(State {
                file,
                waiting: Vec::new(),
                seq: 0,
                prev: String::new(),
                broken: None,
                closed: false,
            }),
            blobs,
            clock,
            exchanges: std::sync::atomic::AtomicU64::new(1),
        };
        writer.append(&Record::Start {
            format: FORMAT.into(),
            harness: format!("pruefstand {}", env!("CARGO_PKG_VERSION")),
        })?;
        Ok(writer)
    }

    /// A number for an exchange.
    pub fn next_exchange(&self) -> u64 {
        self.exchanges.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// Bytes as a payload; large ones are written to their own file first.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn payload(&self, bytes: &[u8]) -> std::io::Result<Payload> {
        if bytes.len() <= INLINE {
            return Ok(Payload::inline(bytes));
        }
        let sha256 = Digest::of(bytes);
        let path = self.blobs.join(&sha256.0);
        if !path.exists() {
            std::fs::write(path, bytes)?;
        }
        Ok(Payload { size: bytes.len(), sha256, text: None, base64: None })
    }

    /// Appends a record.
    ///
    /// # Errors
    /// When it cannot be written; from then on every call fails, since the chain has a gap.
    pub fn append(&self, record: &Record) -> std::io::Result<()> {
        self.add(record, false)
    }

    /// Appends a record that is written together with the next one, or at the end. Whoever kills
    /// this process with force may take it along.
    ///
    /// # Errors
    /// As for [`append`](Self::append).
    pub fn append_with_next(&self, record: &Record) -> std::io::Result<()> {
        self.add(record, true)
    }

    fn add(&self, record: &Record, waits: bool) -> std::io::Result<()> {
        let fields = fields(record);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &state.broken {
            return Err(std::io::Error::other(why.clone()));
        }
        if state.closed {
            return Ok(());
        }
        let now = self.clock.now();
        let result = fields.and_then(|fields| state.write(now, &fields, waits));
        if let Err(error) = &result {
            state.broken = Some(format!("evidence could not be written: {error}"));
        }
        if matches!(record, Record::End { .. }) {
            state.closed = true;
        }
        result
    }

    /// Why the evidence is incomplete, if it is.
    pub fn broken(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).broken.clone()
    }

    /// Ends the evidence; what comes later is not part of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn close(&self, interrupted: bool) -> std::io::Result<()> {
        let records = self.state.lock().unwrap_or_else(PoisonError::into_inner).seq;
        self.append(&Record::End { interrupted, records })?;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, Evidence};
    use super::{Record, Writer};
    use crate::ambient::Clock;

    #[test]
    fn answers_go_with_the_next_record_and_at_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = Writer::create(folder.path(), Clock::system()).expect("a writer");
        let lines = || {
            let text = std::fs::read_to_string(folder.path().join("evidence.jsonl"));
            text.expect("the file").lines().count()
        };
        let request = |exchange| Record::Request {
            exchange,
            system: "fv".into(),
            direction: Direction::Received,
            protocol: "http".into(),
            peer: "p\"\\".into(),
            case: None,
            step: None,
            started: None,
            payload: writer.payload(b"<a>\"\xC3\xA4\"</a>").expect("a payload"),
        };
        let answer = |exchange| {
            let payload = writer.payload(b"\xFF").expect("a payload");
            Record::Answer { exchange, payload, failure: Some("so".into()) }
        };
        writer.append(&request(1)).expect("written");
        assert_eq!(lines(), 2, "a request is there when it is appended");
        writer.append_with_next(&answer(1)).expect("kept");
        assert_eq!(lines(), 2);
        writer.append(&request(2)).expect("written");
        assert_eq!(lines(), 4);
        writer.append_with_next(&answer(2)).expect("kept");
        writer.close(false).expect("closed");
        let evidence = Evidence::read(folder.path()).expect("a whole chain");
        assert_eq!(evidence.entries.len(), 6);
        assert_eq!(evidence.entries[2].record, answer(1));
        assert_eq!(evidence.entries[3].record, request(2));
    }
}
