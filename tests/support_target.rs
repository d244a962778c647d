//! Targets within the test, which answer as a test wants, byte for byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::support::Sandbox;

/// What came in.
#[derive(Debug, Clone)]
pub struct Asked {
    pub raw: Vec<u8>,
    pub text: String,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.text.split(' ').nth(1).unwrap_or_default()
    }
}

/// A server that answers each request in a thread of its own and remembers what it was asked.
pub struct Server {
    pub url: String,
    pub seen: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (noted, answer) = (seen.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let (noted, answer) = (noted.clone(), answer.clone());
                std::thread::spawn(move || {
                    let asked = read_request(&mut stream);
                    if !asked.raw.is_empty() {
                        noted.lock().unwrap().push(asked.clone());
                        answer(&asked, &mut stream);
                    }
                });
            }
        });
        Self { url: format!("http://{address}"), seen }
    }

    /// One that answers everything alike.
    pub fn always(status: &str, content_type: &str, body: &str) -> Self {
        let text = answer(status, content_type, body);
        Self::start(move |_, stream| drop(stream.write_all(text.as_bytes())))
    }

    /// How many requests came, by a part of their first line.
    pub fn count(&self, part: &str) -> usize {
        let first = |asked: &&Asked| asked.text.lines().next().unwrap_or_default().contains(part);
        self.seen.lock().unwrap().iter().filter(first).count()
    }
}

/// An answer that ends its connection.
pub fn answer(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Reads one request to its end, or as far as it comes.
pub fn read_request(stream: &mut impl Read) -> Asked {
    let mut raw = Vec::new();
    let mut buffer = [0; 4096];
    while !is_complete(&raw) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => raw.extend_from_slice(&buffer[..n]),
        }
    }
    let text = String::from_utf8_lossy(&raw).into_owned();
    Asked { raw, text }
}

fn is_complete(raw: &[u8]) -> bool {
    let Some(end) = raw.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&raw[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|l| l.strip_prefix("content-length:").map(str::trim));
    raw.len() >= end + 4 + length.and_then(|l| l.parse().ok()).unwrap_or(0)
}

/// The text of a target file of a hub at this address; `more` is added at its end.
pub fn hub_file(url: &str, more: &str) -> String {
    format!(
        r#"format = "pruefstand/target/1"
[target]
kind = "integrationsserver"
vendor = "Beispiel"
product = "Nichts"
version = "0"
url = "{url}"
[endpoints]
portal = "/portal"
fachverfahren = "/fachverfahren"
ready = "/ready"
log = "/log"
{more}"#
    )
}

/// A target of that file.
pub fn hub(sandbox: &Sandbox, url: &str, more: &str) -> pruefstand::target::Target {
    let file = pruefstand::target::TargetFile::from_text("target.toml", &hub_file(url, more));
    pruefstand::target::Target::new(file.unwrap(), &sandbox.path(""))
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Waits, bounded, until a process is gone.
pub fn is_gone(pid: &str) -> bool {
    (0..500).any(|_| {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let end = state.rsplit(") ").next().unwrap_or_default();
        let gone = state.is_empty() || end.starts_with('Z');
        if !gone {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        gone
    })
}

/// A stream within TLS.
pub type TlsStream =
    tokio_rustls::rustls::StreamOwned<tokio_rustls::rustls::ServerConnection, TcpStream>;

/// A server behind TLS.
pub fn tls_server(
    settings: Arc<tokio_rustls::rustls::ServerConfig>,
    answer: impl Fn(&Asked, &mut TlsStream) + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            let (settings, answer) = (settings.clone(), answer.clone());
            std::thread::spawn(move || {
                let session = tokio_rustls::rustls::ServerConnection::new(settings).unwrap();
                let mut stream = TlsStream::new(session, socket);
                let asked = read_request(&mut stream);
                if asked.raw.is_empty() {
                    // Whoever did not get through is told why.
                    let _ = stream.conn.write_tls(&mut stream.sock);
                    return;
                }
                answer(&asked, &mut stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            });
        }
    });
    format!("https://{address}")
}

/// An authority of this year.
pub fn authority() -> pruefstand::channel::tls::TestAuthority {
    let now = pruefstand::ambient::Clock::system().now().to_string();
    pruefstand::channel::tls::TestAuthority::new(now[..4].parse().unwrap()).unwrap()
}

/// The settings of a server that shows a certificate of this kind.
pub fn showing(
    authority: &pruefstand::channel::tls::TestAuthority,
    kind: pruefstand::ids::CertificateKind,
    clients: bool,
) -> Arc<tokio_rustls::rustls::ServerConfig> {
    use pruefstand::channel::tls::{Shown, server_config};
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let shown = Arc::new(Shown::new(authority, &names, kind).unwrap());
    server_config(shown, clients.then_some(authority)).unwrap()
}
