//! Writes down what fake systems and the harness see, and tells those who wait for it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use crate::channel::Observer;
use crate::evidence::{Direction, Record, Writer};
use crate::ids::{CaseId, Correlator, PLAYED_HUB, SystemId};
use crate::wire;

type Seen = HashMap<(SystemId, String), Vec<(u64, Arc<Vec<u8>>)>>;

/// The observer of a run.
pub(super) struct Recorder {
    pub writer: Writer,
    correlators: HashSet<String>,
    seen: Mutex<Seen>,
    answered: Mutex<HashSet<u64>>,
    /// What reached the played hub, whoever it speaks of.
    at_hub: Mutex<Vec<(u64, Arc<Vec<u8>>)>>,
    last: Mutex<Instant>,
    change: watch::Sender<u64>,
}

/// An exchange that the harness itself made.
pub(super) struct OwnExchange<'a> {
    pub system: &'a SystemId,
    /// Name of the protocol, as the judge reads it.
    pub protocol: &'a str,
    pub case: Option<&'a CaseId>,
    pub step: &'a str,
    pub peer: &'a str,
    pub started: jiff::Timestamp,
    pub request: &'a [u8],
    pub answer: &'a [u8],
    pub failure: Option<String>,
}

impl Recorder {
    pub fn new(writer: Writer, correlators: HashSet<String>) -> Self {
        Self {
            writer,
            correlators,
            seen: Mutex::default(),
            answered: Mutex::default(),
            at_hub: Mutex::default(),
            last: Mutex::new(Instant::now()),
            change: watch::channel(0).0,
        }
    }

    /// Appends; a failure is kept by the writer and ends the run as a fault of the harness.
    pub fn append(&self, record: &Record) {
        let _ = self.writer.append(record);
    }

    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.change.subscribe()
    }

    /// How many exchanges at a system carry one of these correlators and this text. One counts when
    /// it is over: what a fake is told from then on cannot change how it went. Exchanges before
    /// number `since` belong to an earlier case with the same correlator.
    pub fn count(
        &self,
        system: &SystemId,
        correlators: &[String],
        contains: &str,
        since: u64,
    ) -> u32 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: HashSet<u64> = HashSet::new();
        for correlator in correlators {
            for (number, raw) in
                seen.get(&(system.clone(), correlator.clone())).into_iter().flatten()
            {
                if *number >= since && answered.contains(number) && holds(raw, contains.as_bytes())
                {
                    found.insert(*number);
                }
            }
        }
        u32::try_from(found.len()).unwrap_or(u32::MAX)
    }

    /// How many exchanges at the played hub carry this text, from number `since` on.
    pub fn count_at_hub(&self, contains: &str, since: u64) -> u32 {
        let at_hub = self.at_hub.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |(number, raw): &&(u64, Arc<Vec<u8>>)| {
            *number >= since && answered.contains(number) && holds(raw, contains.as_bytes())
        };
        u32::try_from(at_hub.iter().filter(counts).count()).unwrap_or(u32::MAX)
    }

    /// Time since the last exchange.
    pub fn quiet(&self) -> std::time::Duration {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Something happened; the quiet time begins anew.
    fn stir(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Records an exchange of the harness.
    pub fn own(&self, exchange: &OwnExchange<'_>) {
        let number = self.writer.next_exchange();
        self.stir();
        let Ok(request) = self.writer.payload(exchange.request) else { return };
        let Ok(answer) = self.writer.payload(exchange.answer) else { return };
        self.append(&Record::Request {
            exchange: number,
            system: exchange.system.clone(),
            direction: Direction::Sent,
            protocol: exchange.protocol.to_owned(),
            peer: exchange.peer.to_owned(),
            case: exchange.case.cloned(),
            step: Some(exchange.step.to_owned()),
            started: Some(exchange.started),
            payload: request,
        });
        self.append(&Record::Answer {
            exchange: number,
            payload: answer,
            failure: exchange.failure.clone(),
        });
    }
}

fn holds(raw: &[u8], text: &[u8]) -> bool {
    text.is_empty() || raw.windows(text.len()).any(|w| w == text)
}

impl Observer for Recorder {
    fn request(&self, system: &SystemId, protocol: &str, peer: &str, raw: &[u8]) -> u64 {
        let number = self.writer.next_exchange();
        if let Ok(payload) = self.writer.payload(raw) {
            self.append(&Record::Request {
                exchange: number,
                system: system.clone(),
                direction: Direction::Received,
                protocol: protocol.to_owned(),
                peer: peer.to_owned(),
                case: None,
                step: None,
                started: None,
                payload,
            });
        }
        self.stir();
        let raw = Arc::new(wire::legible(raw).into_owned());
        if system.as_str() == PLAYED_HUB {
            let mut at_hub = self.at_hub.lock().unwrap_or_else(PoisonError::into_inner);
            at_hub.push((number, raw.clone()));
        }
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let mut known = HashSet::new();
            for token in Correlator::candidates(&raw) {
                if self.correlators.contains(token) && known.insert(token) {
                    let place = (system.clone(), token.to_owned());
                    seen.entry(place).or_default().push((number, raw.clone()));
                }
            }
        }
        number
    }

    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>) {
        if let Ok(payload) = self.writer.payload(raw) {
            let failure = failure.map(str::to_owned);
            let record = Record::Answer { exchange, payload, failure };
            let _ = self.writer.append_with_next(&record);
        }
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).insert(exchange);
        self.stir();
        self.change.send_modify(|n| *n += 1);
    }

    fn observation(&self, system: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        self.append(&Record::Observation {
            system: system.clone(),
            exchange,
            clause: clause.to_owned(),
            detail: detail.to_owned(),
        });
    }
}
