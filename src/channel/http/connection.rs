//! One connection of a server side: record first, then ask the handler, then answer.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::super::patient::Patient;
use super::super::{Shutdown, Tap, TapStream};
use super::body;
use super::limits::{Memory, Share};
use super::reply::{Reply, Request};
use super::server::Served;
use crate::wire::{self, CodingError, Extent, Framing, Head};

/// How long open exchanges may go on when the server is told to stop.
const LAST: std::time::Duration = std::time::Duration::from_secs(2);

/// Most bytes of an unread body that are let go of before the connection is closed.
const MOST_UNREAD: u64 = 64 * 1024 * 1024;

/// The exchange whose answer is still on its way.
type Pending = Arc<Mutex<Option<(u64, Option<&'static str>)>>>;

/// A connection.
pub(super) struct Connection {
    pub served: Arc<Served>,
    pub memory: Memory,
    pub peer: String,
    pub tap: Tap,
    pending: Pending,
    /// What comes after an answer that did not wait for the body belongs to no other request.
    unread: AtomicBool,
}

type Answer = hyper::Response<Full<Bytes>>;

impl Connection {
    /// Serves a stream until its end.
    pub async fn run<S>(
        served: Arc<Served>,
        memory: Memory,
        peer: SocketAddr,
        stream: S,
        shutdown: Shutdown,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &served.settings.limits;
        let (head, stall) = (limits.head, limits.stall);
        let (stream, tap) = TapStream::new(Patient::new(stream, stall));
        let this = Arc::new(Self {
            served,
            memory,
            peer: peer.to_string(),
            tap,
            pending: Pending::default(),
            unread: false.into(),
        });
        let service = {
            let this = this.clone();
            service_fn(move |request| {
                let this = this.clone();
                Box::pin(async move { this.exchange(request).await })
            })
        };
        let mut connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .serve_connection(TokioIo::new(stream), service);
        let mut served = poll_fn(|cx| connection.poll_without_shutdown(cx));
        let stopped = tokio::select! {
            _ = &mut served => false,
            () = shutdown.wait() => true,
        };
        if stopped {
            Pin::new(&mut connection).graceful_shutdown();
            let served = poll_fn(|cx| connection.poll_without_shutdown(cx));
            let _ = tokio::time::timeout(LAST, served).await;
        }
        let unread = this.unread.load(Ordering::SeqCst) && !stopped;
        this.end();
        this.tap.forget();
        leave(connection.into_parts().io.into_inner(), unread).await;
    }

    /// Notes the answer of the last exchange, and what came that was no request.
    fn end(&self) {
        self.finish();
        let left = self.tap.take_read();
        if left.is_empty() || self.unread.load(Ordering::SeqCst) {
            return;
        }
        let exchange = self.record(&left);
        self.note(
            exchange,
            "RFC 9112: message could not be read as HTTP/1.1",
            "incomplete or malformed; see the raw bytes",
        );
        let failure = Some("refused by the HTTP library");
        self.served.observer.answer(exchange, &self.tap.take_written(), failure);
    }

    fn finish(&self) {
        let open = self.pending.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((exchange, failure)) = open {
            self.served.observer.answer(exchange, &self.tap.take_written(), failure);
        }
    }

    fn record(&self, raw: &[u8]) -> u64 {
        let Served { system, observer, .. } = &*self.served;
        observer.request(system, self.served.protocol(), &self.peer, raw)
    }

    fn note(&self, exchange: u64, clause: &str, detail: &str) {
        self.served.observer.observation(&self.served.system, Some(exchange), clause, detail);
    }

    /// The exchange is open: its answer is still to be noted.
    fn open(&self, exchange: u64, failure: Option<&'static str>) {
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some((exchange, failure));
    }

    async fn exchange(&self, request: hyper::Request<Incoming>) -> Result<Answer, Closed> {
        self.finish();
        let (parts, incoming) = request.into_parts();
        let head = self.tap.look(wire::read_head);
        let refused = match &head {
            None => Some((400, "the head could not be read".to_owned())),
            Some(head) => self.refused(head),
        };
        if let Some((status, detail)) = refused {
            // Where the body ends is not known, so nothing behind it is read as a request.
            let exchange = self.take(&self.tap.take_read(), head.as_ref());
            return self.answered_unread(plain(status, detail), exchange);
        }
        let Some(head) = head else { return Err(Closed) };
        let path = parts.uri.path().to_owned();
        let early = self.served.handler.early(parts.method.as_str(), &path);
        if let Some(early) = early.as_ref().filter(|_| parts.headers.contains_key("expect")) {
            let exchange = self.take(&self.tap.take_first(head.end), Some(&head));
            self.note(exchange, early.clause, &early.detail);
            return self.answered_unread(early.reply.clone(), exchange);
        }
        let limits = &self.served.settings.limits;
        let mut share = self.memory.share();
        let chunked = head.framing == Framing::Chunked;
        let body = match head.framing {
            Framing::Length(length) if length > limits.body as u64 => {
                Err(body::Cut::TooLarge(limits.body))
            }
            _ => body::read(incoming, chunked, limits, &mut share).await,
        };
        let body = match body {
            Ok(body) => body,
            Err(cut) => {
                let (status, clause, detail) = cut.answer();
                let exchange = self.take(&self.tap.take_read(), Some(&head));
                self.note(exchange, clause, &detail);
                return self.answered_unread(plain(status, detail), exchange);
            }
        };
        let extent = self.tap.look(|raw| wire::extent(raw, head.end, head.framing));
        let odd = match &extent {
            Extent::Ends { odd, .. } => odd.clone(),
            Extent::Open => Some("the end of the body was not found".to_owned()),
            Extent::Broken(reason) => Some(reason.clone()),
        };
        let raw = Bytes::from(match extent {
            Extent::Ends { end, .. } => self.tap.take_first(end),
            _ => self.tap.take_read(),
        });
        let exchange = self.take(&raw, Some(&head));
        if let Some(odd) = odd {
            self.note(exchange, "RFC 9112 7.1", &odd);
            if !self.served.settings.lenient {
                return self.answered_unread(plain(400, odd), exchange);
            }
        }
        if let Some(early) = early {
            self.note(exchange, early.clause, &early.detail);
            return self.answered(exchange, early.reply);
        }
        let body = if chunked { Bytes::from(body) } else { raw.slice(head.end..) };
        let headers: Vec<(String, String)> = parts
            .headers
            .iter()
            .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into()))
            .collect();
        let (body, _share) = match self.decoded(&headers, body, share).await {
            Ok(decoded) => decoded,
            Err((status, detail)) => {
                self.note(exchange, "RFC 9110 8.4", &detail);
                let reply = plain(status, detail);
                return self
                    .answered(exchange, reply.with_header("accept-encoding", wire::UNDERSTOOD));
            }
        };
        let request = Request {
            method: parts.method.to_string(),
            path,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            content_type: headers
                .iter()
                .find(|(n, _)| n == "content-type")
                .map(|(_, v)| v.clone())
                .unwrap_or_default(),
            headers,
            body,
            raw,
            exchange,
        };
        match self.served.handler.handle(request).await {
            // The peer decides how long it waits; the end of the server ends it too.
            Reply::Hang => {
                self.open(exchange, Some("left without an answer, as told"));
                std::future::pending().await
            }
            reply => self.answered(exchange, reply),
        }
    }

    /// Why a strict server does not read on, with the status for it.
    fn refused(&self, head: &Head) -> Option<(u16, String)> {
        let strict = !self.served.settings.lenient;
        let found = head.deviations.iter().filter(|_| strict);
        found.filter_map(|d| Some((d.refuse?, format!("{}: {}", d.clause, d.detail)))).next()
    }

    /// Records a request with all that is wrong with its head; its answer is still to be noted.
    fn take(&self, raw: &[u8], head: Option<&Head>) -> u64 {
        let exchange = self.record(raw);
        for deviation in head.into_iter().flat_map(|h| &h.deviations) {
            self.note(exchange, deviation.clause, &deviation.detail);
        }
        self.open(exchange, None);
        exchange
    }

    /// The last answer of a connection on which something of the request stays unread.
    fn answered_unread(&self, reply: Reply, exchange: u64) -> Result<Answer, Closed> {
        self.unread.store(true, Ordering::SeqCst);
        self.answered(exchange, reply).map(last)
    }

    /// The body without its content codings.
    async fn decoded(
        &self,
        headers: &[(String, String)],
        body: Bytes,
        mut share: Share,
    ) -> Result<(Bytes, Share), (u16, String)> {
        let codings: Vec<&str> = headers
            .iter()
            .filter(|(n, _)| n == "content-encoding")
            .map(|(_, v)| v.as_str())
            .collect();
        let codings = codings.join(",");
        if !wire::is_coded(&codings) {
            return Ok((body, share));
        }
        let most = self.served.settings.limits.body;
        let task = tokio::task::spawn_blocking(move || {
            let raw = body.len();
            let room = |bytes| share.grow_to(raw + bytes);
            let decoded = wire::decode_within(&codings, &body, most, room);
            decoded.map(|decoded| (Bytes::from(decoded), share))
        });
        match task.await {
            Ok(Ok(decoded)) => Ok(decoded),
            Ok(Err(CodingError::Unknown(name))) => {
                Err((415, format!("content coding \"{name}\" is not known")))
            }
            Ok(Err(CodingError::TooLarge(most))) => {
                Err((413, format!("more than {most} bytes when decoded")))
            }
            Ok(Err(CodingError::NoRoom)) => {
                Err((503, "no room for this body while others are being received".into()))
            }
            Ok(Err(CodingError::Broken(reason))) => {
                Err((400, format!("the coded body is broken: {reason}")))
            }
            Err(error) => Err((500, error.to_string())),
        }
    }

    fn answered(&self, exchange: u64, reply: Reply) -> Result<Answer, Closed> {
        match reply {
            Reply::Answer { status, content_type, headers, body } => {
                let mut response = answer(status, &content_type, body);
                for (name, value) in headers {
                    // A value that no header can have is left out, not sent in pieces.
                    if let (Ok(name), Ok(value)) =
                        (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value))
                    {
                        response.headers_mut().append(name, value);
                    }
                }
                Ok(response)
            }
            Reply::Twice(reply) => {
                self.tap.repeat();
                self.open(exchange, Some("answered twice, as told"));
                self.answered(exchange, *reply).map(last)
            }
            Reply::Reset | Reply::Hang => {
                self.open(exchange, Some("closed without an answer, as told"));
                Err(Closed)
            }
        }
    }
}

/// Closes a connection. Where a body was not read, what still comes of it is read and let go for a
/// while: a close with unread bytes would take the answer from whoever is still sending (RFC 9112,
/// section 9.6).
async fn leave(mut stream: impl AsyncRead + AsyncWrite + Unpin, unread: bool) {
    let _ = tokio::time::timeout(LAST, stream.shutdown()).await;
    if unread {
        let mut nothing = tokio::io::sink();
        let mut rest = stream.take(MOST_UNREAD);
        let _ = tokio::time::timeout(LAST, tokio::io::copy(&mut rest, &mut nothing)).await;
    }
}

/// A reason for people.
fn plain(status: u16, reason: String) -> Reply {
    Reply::text(status, "text/plain; charset=utf-8", reason + "\n")
}

fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let mut response = hyper::Response::new(Full::new(Bytes::from(body.into())));
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

/// The last answer of a connection.
fn last(mut response: Answer) -> Answer {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Makes hyper close the connection.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed")
    }
}

impl std::error::Error for Closed {}
