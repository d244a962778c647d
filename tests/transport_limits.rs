//! Limits of a server side, made short: each ends what it is for, and nothing else.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pruefstand::channel::Shutdown;
use pruefstand::channel::http::{Handler, Limits, Reply, Request, Settings, serve_as};

use crate::support_http::{Memory, rest, whole};

/// Answers with as many bytes as the path says, as often as it is asked.
struct Echo;

impl Handler for Echo {
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        let size = request.path.trim_start_matches('/').parse().unwrap_or(1);
        Box::pin(async move { Reply::text(200, "text/plain", vec![b'x'; size]) })
    }
}

struct Server {
    memory: Memory,
    address: String,
    stop: Shutdown,
    runtime: Option<tokio::runtime::Runtime>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Server {
    fn with(limits: Limits) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (memory, stop) = (Memory::default(), Shutdown::default());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let settings = Settings { limits, ..Settings::default() };
        let both: (Arc<dyn Handler>, Arc<dyn pruefstand::channel::Observer>) =
            (Arc::new(Echo), Arc::new(memory.clone()));
        let served = serve_as(listener, "echo".into(), settings, both, stop.clone());
        let task = Some(runtime.spawn(served));
        Self { memory, address, stop, runtime: Some(runtime), task }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        rest(&mut stream)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.now();
        if let (Some(runtime), Some(task)) = (self.runtime.take(), self.task.take()) {
            runtime.block_on(task).unwrap();
        }
    }
}

const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_head_that_does_not_come_ends_the_connection() {
    let server = Server::with(Limits { head: SHORT, ..Limits::default() });
    let mut slow = server.connect();
    slow.write_all(b"POST / HTTP/1.1\r\nHost:").unwrap();
    assert!(!rest(&mut slow).contains("200"));
    server.memory.ended(1);
    assert_eq!(server.memory.raw(), [b"POST / HTTP/1.1\r\nHost:".to_vec()]);
    assert!(server.memory.clauses()[0].contains("RFC 9112"));
    // One that said nothing at all leaves nothing behind.
    assert_eq!(rest(&mut server.connect()), "");
    assert_eq!(server.memory.raw().len(), 1);
}

#[test]
fn a_body_that_stalls_is_answered_with_408() {
    let server = Server::with(Limits { stall: SHORT, ..Limits::default() });
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc";
    let answer = server.say(head);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    server.memory.ended(1);
    assert_eq!(server.memory.raw(), [head.to_vec()]);
    assert_eq!(server.memory.clauses(), ["RFC 9110 15.5.9"]);
    // A body that is broken off is none.
    let mut stream = server.connect();
    stream.write_all(head).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let answer = rest(&mut stream);
    assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
}

#[test]
fn bodies_share_the_memory_there_is() {
    const KIB: usize = 1024;
    let limits = Limits { body: 200 * KIB, memory: 256 * KIB, ..Limits::default() };
    let server = Server::with(limits);
    let body = |size: usize| whole("Connection: close\r\n", &"a".repeat(size));
    let with_path = |text: String| text.replace("/vorgaenge", "/1").into_bytes();
    let answer = server.say(&with_path(body(199 * KIB)));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = server.say(&with_path(body(201 * KIB)));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // One that holds much and does not go on leaves no room for another, until it is gone.
    let mut holder = server.connect();
    let large = with_path(body(190 * KIB));
    holder.write_all(&large[..large.len() - 10]).unwrap();
    // Whoever is refused hears so, although its body is not read.
    let begun = Instant::now();
    loop {
        let answer = server.say(&with_path(body(150 * KIB)));
        if answer.starts_with("HTTP/1.1 503") {
            break;
        }
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(begun.elapsed() < Duration::from_secs(20), "there was always room");
    }
    holder.write_all(&large[large.len() - 10..]).unwrap();
    assert!(rest(&mut holder).starts_with("HTTP/1.1 200"));
    assert!(server.say(&with_path(body(150 * KIB))).starts_with("HTTP/1.1 200"));
}

#[test]
fn an_answer_nobody_reads_is_given_up() {
    let server = Server::with(Limits { stall: SHORT, ..Limits::default() });
    let mut deaf = server.connect();
    deaf.write_all(b"GET /60000000 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    // The exchange ends although the client never reads.
    server.memory.ended(1);
    let seen = server.memory.0.lock().unwrap();
    let (raw, _) = &seen.answers[&1];
    assert!(raw.starts_with(b"HTTP/1.1 200") && raw.len() < 60_000_000, "{}", raw.len());
    drop(seen);
    let mut first = [0; 12];
    deaf.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
}

#[test]
fn further_connections_wait_for_their_turn() {
    let server = Server::with(Limits { connections: 2, ..Limits::default() });
    let (one, two) = (server.connect(), server.connect());
    let mut third = server.connect();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    third.write_all(b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut byte = [0; 1];
    assert!(third.read(&mut byte).is_err(), "it was not its turn");
    drop(one);
    third.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(rest(&mut third).starts_with("HTTP/1.1 200"));
    drop(two);
}
