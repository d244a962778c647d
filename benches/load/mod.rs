//! A client that asks as fast as it can, and an observer that writes evidence.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use pruefstand::ambient::Clock;
use pruefstand::channel::Observer;
use pruefstand::evidence::{Direction, Record, Writer};
use pruefstand::ids::SystemId;

/// A message that the Fachverfahren takes; its correlator is that of nobody.
pub const BODY: &str = "<GewerbeFall xmlns=\"urn:pruefstand:fachverfahren-a:2\"><Vorgang><Nummer>PS-0123456789AB</Nummer></Vorgang><Antragsteller><Name>Mustermann</Name><Ort>Attrappenburg</Ort></Antragsteller></GewerbeFall>";

fn request(close: bool) -> String {
    let connection = if close { "Connection: close\r\n" } else { "" };
    format!(
        "POST /vorgaenge HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/xml\r\n{connection}Content-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    )
}

/// Whether anything comes back from there; mailboxes speak first, the others are asked.
pub fn answers(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut byte = [0; 1];
    stream.write_all(request(true).as_bytes()).is_ok() && matches!(stream.read(&mut byte), Ok(1))
}

/// Sends this many requests over so many connections that stay open; how long it took.
pub fn drive(address: &str, clients: usize, requests: usize) -> Duration {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| one(address, requests / clients));
        }
    });
    begun.elapsed()
}

fn one(address: &str, requests: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = request(false);
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    for _ in 0..requests {
        stream.write_all(request.as_bytes()).unwrap();
        seen.clear();
        while !complete(&seen) {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "closed: {}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&buffer[..count]);
        }
        assert!(seen.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&seen));
    }
}

/// Whether an answer is there as a whole: its length is said, or it comes in chunks.
fn complete(seen: &[u8]) -> bool {
    let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
    match head.split("content-length:").nth(1) {
        Some(rest) => {
            let length: usize = rest.lines().next().unwrap().trim().parse().unwrap();
            seen.len() >= end + 4 + length
        }
        None => seen.ends_with(b"0\r\n\r\n"),
    }
}

/// Writes what it sees as evidence, as a run does.
pub struct Recording(Writer);

impl Recording {
    /// Into this folder.
    pub fn to(folder: &Path) -> Self {
        Self(Writer::create(folder, Clock::system()).unwrap())
    }
}

impl Observer for Recording {
    fn request(&self, system: &SystemId, protocol: &str, peer: &str, raw: &[u8]) -> u64 {
        let exchange = self.0.next_exchange();
        let record = Record::Request {
            exchange,
            system: system.clone(),
            direction: Direction::Received,
            protocol: protocol.to_owned(),
            peer: peer.to_owned(),
            case: None,
            step: None,
            started: None,
            payload: self.0.payload(raw).unwrap(),
        };
        self.0.append(&record).unwrap();
        exchange
    }

    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>) {
        let payload = self.0.payload(raw).unwrap();
        let failure = failure.map(str::to_owned);
        self.0.append_with_next(&Record::Answer { exchange, payload, failure }).unwrap();
    }

    fn observation(&self, system: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        let (clause, detail) = (clause.to_owned(), detail.to_owned());
        let record = Record::Observation { system: system.clone(), exchange, clause, detail };
        self.0.append(&record).unwrap();
    }
}
