//! The last exchanges of running fakes, for people who look at them. Not evidence: it forgets.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::ambient::Clock;
use crate::channel::Observer;
use crate::ids::SystemId;

/// Most exchanges that are remembered.
const MOST: usize = 200;
/// Most bytes of a request or answer that are remembered.
const MOST_BYTES: usize = 16 * 1024;

/// One exchange.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its number.
    pub number: u64,
    /// The system.
    pub system: SystemId,
    /// Protocol, such as `http`.
    pub protocol: String,
    /// When it came, UTC.
    pub time: String,
    /// The raw request, its beginning.
    pub request: Vec<u8>,
    /// Its whole size, bytes.
    pub request_size: usize,
    /// The raw answer, its beginning; none while there is none.
    pub answer: Option<Vec<u8>>,
    /// Why there is no answer, or what was odd: clause and detail.
    pub notes: Vec<String>,
}

/// Remembers the last exchanges.
pub struct Recent {
    clock: Clock,
    seen: Mutex<VecDeque<Seen>>,
    numbers: std::sync::atomic::AtomicU64,
}

impl Recent {
    /// Remembers nothing yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, seen: Mutex::default(), numbers: std::sync::atomic::AtomicU64::new(1) }
    }

    /// The last exchanges, newest first.
    pub fn last(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().rev().cloned().collect()
    }

    /// How many there were in all.
    pub fn count(&self) -> u64 {
        self.numbers.load(std::sync::atomic::Ordering::Relaxed) - 1
    }

    fn change(&self, exchange: u64, change: impl FnOnce(&mut Seen)) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = seen.iter_mut().rev().find(|s| s.number == exchange) {
            change(one);
        }
    }
}

fn beginning(raw: &[u8]) -> Vec<u8> {
    raw[..raw.len().min(MOST_BYTES)].to_vec()
}

impl Observer for Recent {
    fn request(&self, system: &SystemId, protocol: &str, _peer: &str, raw: &[u8]) -> u64 {
        let number = self.numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() == MOST {
            seen.pop_front();
        }
        seen.push_back(Seen {
            number,
            system: system.clone(),
            protocol: protocol.to_owned(),
            time: self.clock.now().strftime("%H:%M:%S").to_string(),
            request: beginning(raw),
            request_size: raw.len(),
            answer: None,
            notes: Vec::new(),
        });
        number
    }

    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>) {
        self.change(exchange, |seen| {
            seen.answer = Some(beginning(raw));
            seen.notes.extend(failure.map(str::to_owned));
        });
    }

    fn observation(&self, _: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        if let Some(number) = exchange {
            self.change(number, |seen| seen.notes.push(format!("{clause}: {detail}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Recent};
    use crate::ambient::Clock;
    use crate::channel::Observer;

    #[test]
    fn the_last_ones_are_remembered_and_the_first_ones_forgotten() {
        let recent = Recent::new(Clock::system());
        let system = "fv".into();
        for n in 0..MOST + 3 {
            let number = recent.request(&system, "http", "x", format!("GET /{n}").as_bytes());
            recent.answer(number, b"HTTP/1.1 200 OK", None);
        }
        let number = recent.request(&system, "http", "x", &[b'a'; 100_000]);
        recent.observation(&system, Some(number), "RFC 9112", "odd");
        let last = recent.last();
        assert_eq!((last.len(), recent.count()), (MOST, MOST as u64 + 4));
        assert_eq!(last[0].notes, ["RFC 9112: odd"]);
        assert_eq!((last[0].request.len(), last[0].request_size), (16 * 1024, 100_000));
        assert_eq!(last[0].answer, None);
        assert_eq!(last[1].request, format!("GET /{}", MOST + 2).into_bytes());
    }
}
