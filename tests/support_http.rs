//! Fakes within the test that speak HTTP, with an observer that can be asked, and a raw client.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pruefstand::channel::Observer;
use pruefstand::fake_system::Running;
use pruefstand::ids::SystemId;
use pruefstand::organisation::TestOrganisation;

use crate::support::root;

/// A Fachverfahren of the organisation that takes XML over HTTP.
pub const FV: &str = "fv-attrappenburg";
/// A message it takes.
pub const GOOD: &str = "<GewerbeFall xmlns=\"urn:pruefstand:fachverfahren-a:2\"><Vorgang><Nummer>PS-0123456789AB</Nummer></Vorgang></GewerbeFall>";

#[derive(Default)]
pub struct Seen {
    /// System, protocol and raw bytes.
    pub requests: Vec<(String, String, Vec<u8>)>,
    /// By number of the exchange from 1: what was answered, and why there was no answer.
    pub answers: BTreeMap<u64, (Vec<u8>, Option<String>)>,
    /// Exchange, clause and detail.
    pub observations: Vec<(Option<u64>, String, String)>,
}

/// Remembers.
#[derive(Default, Clone)]
pub struct Memory(pub Arc<Mutex<Seen>>);

impl Observer for Memory {
    fn request(&self, system: &SystemId, protocol: &str, _: &str, raw: &[u8]) -> u64 {
        let mut seen = self.0.lock().unwrap();
        seen.requests.push((system.to_string(), protocol.to_owned(), raw.to_vec()));
        seen.requests.len() as u64
    }
    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>) {
        let answer = (raw.to_vec(), failure.map(str::to_owned));
        let before = self.0.lock().unwrap().answers.insert(exchange, answer);
        assert_eq!(before, None, "an exchange ends once");
    }
    fn observation(&self, _: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        let noted = (exchange, clause.to_owned(), detail.to_owned());
        self.0.lock().unwrap().observations.push(noted);
    }
}

impl Memory {
    pub fn raw(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().requests.iter().map(|(_, _, raw)| raw.clone()).collect()
    }

    pub fn clauses(&self) -> Vec<String> {
        self.0.lock().unwrap().observations.iter().map(|(_, c, _)| c.clone()).collect()
    }

    /// Waits until as many exchanges have ended.
    pub fn ended(&self, count: usize) {
        for _ in 0..500 {
            if self.0.lock().unwrap().answers.len() >= count {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{} of {count} exchanges ended", self.0.lock().unwrap().answers.len());
    }
}

/// Running fakes.
pub struct Web {
    pub memory: Memory,
    pub running: Option<Running>,
    pub runtime: tokio::runtime::Runtime,
}

/// The organisation with these lines at a system.
pub fn organisation(system: &str, lines: &str) -> String {
    let text =
        std::fs::read_to_string(root().join("fixtures/organisation/probeland.toml")).unwrap();
    let id = format!("id = \"{system}\"\n");
    assert!(text.contains(&id), "{system}");
    // At the end of the system's table, so that a table of its own can be added.
    let (before, after) = text.split_once(&id).unwrap();
    let end = after.find("\n[[").unwrap();
    format!("{before}{id}{}\n{lines}\n{}", &after[..end], &after[end..])
}

impl Web {
    /// The fakes of an organisation, with these lines at its Fachverfahren.
    pub fn up(lines: &str) -> Self {
        Self::of(&organisation(FV, lines))
    }

    pub fn of(text: &str) -> Self {
        let folder = Path::new(".");
        let organisation = TestOrganisation::from_text("test", text, folder).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let memory = Memory::default();
        let start = Running::start(&organisation, Arc::new(memory.clone()));
        let running = runtime.block_on(start).unwrap();
        Self { memory, running: Some(running), runtime }
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub fn url(&self) -> String {
        self.running().urls[&FV.into()].clone()
    }

    /// Host and port of the Fachverfahren.
    pub fn address(&self) -> String {
        self.url().split('/').nth(2).unwrap().to_owned()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// Sends bytes and reads until the other side closes.
    pub fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        rest(&mut stream)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// What comes until the other side closes, or resets, or says nothing for long.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            break;
        }
        all.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// What comes until this text is there.
pub fn until(stream: &mut TcpStream, text: &str) -> String {
    let mut all = Vec::new();
    let mut byte = [0; 1];
    while !String::from_utf8_lossy(&all).ends_with(text) {
        match stream.read(&mut byte) {
            Ok(1) => all.push(byte[0]),
            other => panic!("{other:?} after {}", String::from_utf8_lossy(&all)),
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// A POST to the Fachverfahren with these further header fields.
pub fn post(fields: &str, body: &str) -> String {
    format!(
        "POST /vorgaenge HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\n{fields}\r\n{body}"
    )
}

/// The same with its length.
pub fn whole(fields: &str, body: &str) -> String {
    post(&format!("Content-Length: {}\r\n{fields}", body.len()), body)
}
