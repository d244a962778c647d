//! Fake systems within the test, with an observer that can be asked, and HTTP requests byte for byte.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pruefstand::channel::Observer;
use pruefstand::fake_system::{Held, Running, Scripts, Shown};
use pruefstand::ids::SystemId;
use pruefstand::organisation::TestOrganisation;

/// What was seen.
#[derive(Default)]
pub struct Seen {
    /// Protocol and raw bytes.
    pub requests: Vec<(String, Vec<u8>)>,
    pub answers: Vec<(u64, Vec<u8>, Option<String>)>,
    /// Clause and detail.
    pub observations: Vec<(String, String)>,
}

/// Remembers.
#[derive(Default, Clone)]
pub struct Watcher(pub Arc<Mutex<Seen>>);

impl Observer for Watcher {
    fn request(&self, _: &SystemId, protocol: &str, _: &str, raw: &[u8]) -> u64 {
        let mut seen = self.0.lock().unwrap();
        seen.requests.push((protocol.to_owned(), raw.to_vec()));
        seen.requests.len() as u64
    }
    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>) {
        let failure = failure.map(str::to_owned);
        self.0.lock().unwrap().answers.push((exchange, raw.to_vec(), failure));
    }
    fn observation(&self, _: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        assert!(exchange.is_some(), "{clause}: {detail}");
        self.0.lock().unwrap().observations.push((clause.to_owned(), detail.to_owned()));
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|l| l.split_once(':'));
        let mut found = lines.filter(|(n, _)| n.eq_ignore_ascii_case(name));
        found.next().map(|(_, v)| v.trim())
    }
}

/// Systems that run.
pub struct Up {
    pub watcher: Watcher,
    pub urls: BTreeMap<SystemId, String>,
    pub scripts: Scripts,
    shown: BTreeMap<SystemId, Arc<dyn Shown>>,
    running: Option<Running>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// An organisation with these systems, TOML tables of `[[system]]`.
pub fn organisation(systems: &str) -> String {
    format!(
        "format = \"pruefstand/organisation/1\"\n[organisation]\nid = \"probe\"\ntitle = \"Probe \
         (fiktiv)\"\nversion = \"1\"\ndepots = []\n{systems}\n[[authority]]\nid = \"amt\"\nname = \
         \"Amt (fiktiv)\"\nags = \"14999010\"\nstage = 1\nservices = []\nfachverfahren = \"fv\"\n"
    )
}

impl Up {
    /// Starts `[[system]]` tables; they may answer by themselves.
    pub fn with(systems: &str, folder: &Path) -> Self {
        let text = organisation(systems);
        let organisation = TestOrganisation::from_text("test", &text, folder);
        let organisation = organisation.unwrap_or_else(|e| panic!("{}", e.render(false)));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let watcher = Watcher::default();
        let observer = Arc::new(watcher.clone());
        let running = runtime.block_on(Running::start_lively(&organisation, observer)).unwrap();
        Self {
            watcher,
            urls: running.urls.clone(),
            scripts: running.scripts.clone(),
            shown: running.shown.clone(),
            running: Some(running),
            runtime: Some(runtime),
        }
    }

    /// One system `fv` of this kind.
    pub fn one(fake: &str, lines: &str) -> Self {
        Self::with(&system("fv", fake, lines), Path::new("."))
    }

    pub fn url(&self, id: &str) -> String {
        self.urls[&SystemId::from(id)].clone()
    }

    /// What the page would show.
    pub fn held(&self, id: &str) -> Vec<Held> {
        self.shown[&SystemId::from(id)].held()
    }

    /// Sends a request to `fv`; `head` is lines that end with CRLF.
    pub fn send(&self, method: &str, below: &str, head: &str, body: &[u8]) -> Answer {
        self.send_to("fv", method, below, head, body)
    }

    pub fn send_to(&self, id: &str, method: &str, below: &str, head: &str, body: &[u8]) -> Answer {
        let url = self.url(id);
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        let start = format!(
            "{method} /{path}{below} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{head}\r\n"
        );
        stream.write_all(start.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        let end = got.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("no answer: {}", String::from_utf8_lossy(&got));
        });
        let head = String::from_utf8(got[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: got[end + 4..].to_vec() }
    }

    /// Clauses and details that were noted since the last call.
    pub fn noted(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.watcher.0.lock().unwrap().observations)
    }

    /// Waits until something is there.
    pub fn wait<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Takes one request at a listener and confirms it; what came.
pub fn take_one(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut got = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&got).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lines = head.lines().filter_map(|l| l.split_once(": "));
            let mut length = lines.filter(|(n, _)| n.eq_ignore_ascii_case("content-length"));
            if body.len() >= length.next().unwrap().1.parse().unwrap() {
                stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").unwrap();
                return text;
            }
        }
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{text}");
        got.extend_from_slice(&buffer[..count]);
    }
}

/// A `[[system]]` table.
pub fn system(id: &str, fake: &str, lines: &str) -> String {
    format!(
        "[[system]]\nid = \"{id}\"\nkind = \"fachverfahren\"\nfake = \"{fake}\"\nreceiver = \
         \"fv\"\n{lines}\n"
    )
}

impl Drop for Up {
    fn drop(&mut self) {
        if let (Some(running), Some(runtime)) = (self.running.take(), self.runtime.take()) {
            runtime.block_on(running.stop());
        }
    }
}
