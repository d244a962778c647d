//! What faults of several messages at once mix up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a transformation takes at least where messages are mixed up, so that two of them meet.
const WHILE: Duration = Duration::from_millis(20);
/// How long a file number lies around for the next one to take.
const FRESH: Duration = Duration::from_secs(2);

/// What messages leave behind for others.
#[derive(Debug, Default)]
pub(super) struct Mixed {
    busy: AtomicUsize,
    made: Mutex<Option<(String, Vec<u8>)>>,
    number: Mutex<Option<(String, Instant)>>,
}

impl Mixed {
    /// What is taken for the output of a rule: that of another message in the same format, where one was
    /// being made at the same time.
    pub fn output(&self, receiver: &str, own: Vec<u8>) -> Vec<u8> {
        self.busy.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(WHILE);
        let alone = self.busy.load(Ordering::SeqCst) == 1;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let before = made.replace((receiver.to_owned(), own.clone()));
        self.busy.fetch_sub(1, Ordering::SeqCst);
        match before {
            Some((format, other)) if !alone && format == receiver => other,
            _ => own,
        }
    }

    /// What is taken for a file number: that of the case before, where it was there just now.
    pub fn number(&self, own: String) -> String {
        let mut number = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        let before = number.replace((own.clone(), Instant::now()));
        match before {
            Some((other, since)) if since.elapsed() < FRESH && !other.is_empty() => other,
            _ => own,
        }
    }
}
