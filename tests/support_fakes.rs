//! Fakes and hub as processes, with all they say, and a client for them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::args;
use crate::support::{Sandbox, end, program, root};

/// Longest time that anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The embedded organisation as text, to be changed.
pub fn probeland() -> String {
    std::fs::read_to_string(root().join("fixtures/organisation/probeland.toml")).unwrap()
}

/// A text with one thing replaced that must be there.
pub fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A request on a connection of its own; status and body of the answer.
pub fn http(method: &str, url: &str, kind: &str, body: &str) -> (u16, String) {
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

/// The JSON at an address.
pub fn json_at(url: &str) -> Value {
    let (status, body) = http("GET", url, "", "");
    assert_eq!(status, 200, "{url}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// `pruefstand fake up` on a file, with its lines and what it says.
pub struct Fakes {
    child: Child,
    lines: BufReader<ChildStdout>,
    said: PathBuf,
    pub systems: Value,
}

impl Fakes {
    pub fn up(sandbox: &Sandbox, organisation: &Path, more: &[std::ffi::OsString]) -> Self {
        let said = sandbox.path("said.txt");
        let mut child = Command::new(program())
            .args(args!["fake", "up", "--format", "json", "--organisation", organisation])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&said).unwrap())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut fakes = Self { child, lines, said, systems: Value::Null };
        fakes.next_line();
        fakes
    }

    /// Waits for the next list of systems.
    pub fn next_line(&mut self) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        self.systems = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{}", self.said()));
    }

    /// What it told people so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap()
    }

    pub fn find(&self, id: &str) -> Option<String> {
        let list = self.systems["systems"].as_array().unwrap();
        let found = list.iter().find(|s| s["id"] == id)?;
        Some(found["url"].as_str().unwrap().to_owned())
    }

    pub fn url(&self, id: &str) -> String {
        self.find(id).unwrap()
    }

    /// The address of the page with a path.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.systems["page"].as_str().unwrap())
    }

    /// The portal's address with a path of its own.
    pub fn portal(&self, path: &str) -> String {
        format!("{}{path}", self.url("portal").strip_suffix("/postfach").unwrap())
    }
}

/// The reference hub, for running fakes.
pub struct Hub {
    child: Child,
    pub url: String,
}

impl Hub {
    pub fn up(sandbox: &Sandbox, organisation: &Path, fakes: &Fakes, defects: &[&str]) -> Self {
        let organisation = pruefstand::organisation::TestOrganisation::load(organisation).unwrap();
        let systems = organisation.file.system.iter();
        let urls = systems.map(|s| (s.id.clone(), fakes.url(s.id.as_str()))).collect();
        let export = pruefstand::organisation::export(&organisation, &urls);
        let file = sandbox.write("endpoints.toml", &toml::to_string(&export).unwrap());
        let mut child = Command::new(program())
            .args(args!["hub", "up", "--format", "json", "--endpoints", file])
            .args(defects.iter().flat_map(|d| ["--defect", d]))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        Self { child, url: ready["url"].as_str().unwrap().to_owned() }
    }
}

impl Drop for Fakes {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
