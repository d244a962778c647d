//! Mailboxes within the test, with an observer that can be asked, and a client that says what it is
//! told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pruefstand::channel::tls::{Trust, client_config};
use pruefstand::channel::{Observer, Shutdown, smtp};
use pruefstand::fake_system::{Mailbox, Running, Scripts};
use pruefstand::ids::SystemId;
use pruefstand::organisation::TestOrganisation;

use crate::support::root;

/// Name of the mailbox in the organisation.
pub const MAILBOX: &str = "mail-testkirchen";

/// The organisation with these lines at its mailbox.
pub fn organisation(lines: &str) -> String {
    let path = root().join("fixtures/organisation/probeland.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let id = format!("id = \"{MAILBOX}\"\n");
    assert!(text.contains(&id));
    text.replacen(&id, &format!("{id}{lines}\n"), 1)
}

#[derive(Default)]
pub struct Seen {
    pub requests: Vec<Vec<u8>>,
    /// Number of the exchange from 1, what was answered, and why there was no answer.
    pub answers: Vec<(u64, Vec<u8>, Option<String>)>,
    /// Exchange, clause and detail.
    pub observations: Vec<(Option<u64>, String, String)>,
}

/// Remembers.
#[derive(Default, Clone)]
pub struct Recorder(pub Arc<Mutex<Seen>>);

impl Observer for Recorder {
    fn request(&self, _: &SystemId, protocol: &str, _: &str, raw: &[u8]) -> u64 {
        assert_eq!(protocol, "smtp");
        let mut seen = self.0.lock().unwrap();
        seen.requests.push(raw.to_vec());
        seen.requests.len() as u64
    }
    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>) {
        let failure = failure.map(str::to_owned);
        self.0.lock().unwrap().answers.push((exchange, raw.to_vec(), failure));
    }
    fn observation(&self, _: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        let noted = (exchange, clause.to_owned(), detail.to_owned());
        self.0.lock().unwrap().observations.push(noted);
    }
}

impl Recorder {
    /// Whether a deviation was noted whose clause and detail are these; of the detail a part.
    pub fn noted(&self, clause: &str, detail: &str) -> bool {
        let seen = self.0.lock().unwrap();
        seen.observations.iter().any(|(_, c, d)| c == clause && d.contains(detail))
    }

    pub fn clauses(&self) -> Vec<String> {
        self.0.lock().unwrap().observations.iter().map(|(_, c, _)| c.clone()).collect()
    }
}

/// A running mailbox.
pub struct Post {
    pub recorder: Recorder,
    pub address: String,
    pub mailbox: Option<Arc<Mailbox>>,
    pub scripts: Scripts,
    running: Option<Running>,
    shutdown: Shutdown,
    runtime: Option<tokio::runtime::Runtime>,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl Post {
    /// The mailbox of the organisation with these lines.
    pub fn up(lines: &str) -> Self {
        let text = organisation(lines);
        let organisation = TestOrganisation::from_text("test", &text, Path::new(".")).unwrap();
        let (recorder, runtime) = (Recorder::default(), runtime());
        let observer = Arc::new(recorder.clone());
        let running = runtime.block_on(Running::start(&organisation, observer)).unwrap();
        let id = SystemId::from(MAILBOX);
        Self {
            recorder,
            address: running.urls[&id].trim_start_matches("smtp://").to_owned(),
            mailbox: Some(running.mailboxes[&id].clone()),
            scripts: running.scripts.clone(),
            running: Some(running),
            shutdown: Shutdown::default(),
            runtime: Some(runtime),
        }
    }

    /// A server alone, that takes everything.
    pub fn bare(settings: smtp::Settings) -> Self {
        struct Taker;
        impl smtp::MailHandler for Taker {
            fn mail(&self, _: smtp::Mail) -> smtp::MailReply {
                smtp::MailReply::Accept
            }
        }
        let (recorder, runtime, shutdown) = (Recorder::default(), runtime(), Shutdown::default());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (observer, stop) = (Arc::new(recorder.clone()), shutdown.clone());
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (id, settings) = (SystemId::from("mail"), Arc::new(settings));
            smtp::serve(listener, id, settings, Arc::new(Taker), observer, stop).await;
        });
        Self {
            recorder,
            address,
            mailbox: None,
            scripts: Scripts::default(),
            running: None,
            shutdown,
            runtime: Some(runtime),
        }
    }

    pub fn mailbox(&self) -> &Mailbox {
        self.mailbox.as_ref().unwrap()
    }

    /// TLS settings of a client that trusts this run.
    pub fn tls(&self) -> Arc<tokio_rustls::rustls::ClientConfig> {
        let files = self.running.as_ref().unwrap().certificate_files().unwrap();
        let of = |name: &str| files.iter().find(|(n, _)| n == name).unwrap().1.clone();
        let (authorities, withdrawn) = (of("ca.pem"), of("crl.pem"));
        client_config(&Trust { authorities, withdrawn, ..Trust::default() }).unwrap()
    }

    /// Waits for something that goes on at the same time.
    pub fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(what)
    }

    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    pub fn client(&self) -> Client {
        Client::to(&self.address)
    }

    /// A client that has introduced itself.
    pub fn greeted(&self) -> Client {
        let mut client = self.client();
        assert!(client.says("EHLO test.example").starts_with("250"));
        client
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.shutdown.now();
        if let (Some(running), Some(runtime)) = (self.running.take(), &self.runtime) {
            runtime.block_on(running.stop());
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

/// A client without manners.
pub struct Client(pub BufReader<TcpStream>);

impl Client {
    pub fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Self(BufReader::new(stream));
        assert!(client.hears().starts_with("220 "));
        client
    }

    pub fn sends(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// The next answer with all its lines; what there is at the end of the connection.
    pub fn hears(&mut self) -> String {
        let mut answer = String::new();
        loop {
            let mut line = Vec::new();
            if self.0.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
                return answer;
            }
            answer.push_str(&String::from_utf8_lossy(&line));
            if line.get(3) != Some(&b'-') {
                return answer;
            }
        }
    }

    pub fn says(&mut self, line: &str) -> String {
        self.sends(format!("{line}\r\n").as_bytes());
        self.hears()
    }

    /// Says the lines and fails unless the answers begin like this.
    pub fn talks(&mut self, lines: &[(&str, &str)]) {
        for (line, answer) in lines {
            let heard = self.says(line);
            assert!(heard.starts_with(answer), "{line}: {heard:?} is not {answer}");
        }
    }

    /// Goes on until the message is asked for.
    pub fn opens(&mut self) {
        let lines =
            [("MAIL FROM:<a@b.example>", "250 2.1.0"), ("RCPT TO:<c@d.example>", "250 2.1.5")];
        self.talks(&lines);
        self.talks(&[("DATA", "354")]);
    }

    /// Sends a message, and gives back the answer.
    pub fn mails(&mut self, wire: &[u8]) -> String {
        self.opens();
        self.sends(wire);
        self.hears()
    }

    /// Whether the server closes, within ten seconds.
    pub fn is_left(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
