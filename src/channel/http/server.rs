//! The server side: record first, then ask the handler, then answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::super::{Observer, Shutdown, Tap, TapStream};
use crate::ids::SystemId;

/// Largest request body that is taken, bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// A request as a handler sees it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query as sent, without `?`.
    pub query: String,
    /// Content type, empty where absent.
    pub content_type: String,
    /// All header fields in the order of the message; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
    /// The raw bytes of the request.
    pub raw: Bytes,
    /// Number of the exchange.
    pub exchange: u64,
}

impl Request {
    /// The first value of a header field; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What a handler wants to happen.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An answer.
    Answer {
        /// Status.
        status: u16,
        /// Content type.
        content_type: String,
        /// Further header fields.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// Close the connection without an answer.
    Reset,
    /// Never answer, and leave the connection open.
    Hang,
}

impl Reply {
    /// An answer with a text body.
    pub fn text(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let content_type = content_type.into();
        Self::Answer { status, content_type, headers: Vec::new(), body: body.into() }
    }

    /// The same with a header field more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one.
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>>;
}

/// Serves a listener until shutdown.
pub async fn serve(
    listener: TcpListener,
    system: SystemId,
    handler: Arc<dyn Handler>,
    observer: Arc<dyn Observer>,
    shutdown: Shutdown,
) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, peer)) = accepted else { continue };
                let connection = Connection {
                    system: system.clone(),
                    handler: handler.clone(),
                    observer: observer.clone(),
                    peer,
                };
                connections.spawn(connection.run(stream, shutdown.clone()));
            }
            () = shutdown.wait() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    while connections.join_next().await.is_some() {}
}

struct Connection {
    system: SystemId,
    handler: Arc<dyn Handler>,
    observer: Arc<dyn Observer>,
    peer: SocketAddr,
}

/// The exchange whose answer is still on its way.
type Pending = Arc<Mutex<Option<(u64, Option<&'static str>)>>>;

fn finish(observer: &dyn Observer, tap: &Tap, pending: &Pending) {
    let open = pending.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((exchange, failure)) = open {
        observer.answer(exchange, &tap.take_written(), failure);
    }
}

impl Connection {
    async fn run(self, stream: TcpStream, shutdown: Shutdown) {
        let _ = stream.set_nodelay(true);
        let (stream, tap) = TapStream::new(stream);
        let pending: Pending = Arc::default();
        let this = Arc::new(self);
        let service = {
            let (this, tap, pending) = (this.clone(), tap.clone(), pending.clone());
            service_fn(move |request| {
                let (this, tap, pending) = (this.clone(), tap.clone(), pending.clone());
                async move { this.exchange(request, &tap, &pending).await }
            })
        };
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => {}
            () = shutdown.wait() => {
                connection.as_mut().graceful_shutdown();
                let limit = std::time::Duration::from_secs(2);
                let _ = tokio::time::timeout(limit, connection).await;
            }
        }
        finish(&*this.observer, &tap, &pending);
        // What hyper refused before any handler saw it.
        let left = tap.take_read();
        if !left.is_empty() {
            let peer = this.peer.to_string();
            let exchange = this.observer.request(&this.system, "http", &peer, &left);
            let clause = "RFC 9112: message could not be read as HTTP/1.1";
            this.observer.observation(&this.system, Some(exchange), clause, "see the raw bytes");
            this.observer.answer(
                exchange,
                &tap.take_written(),
                Some("refused by the HTTP library"),
            );
        }
    }

    async fn exchange(
        &self,
        request: hyper::Request<Incoming>,
        tap: &Tap,
        pending: &Pending,
    ) -> Result<hyper::Response<Full<Bytes>>, Closed> {
        finish(&*self.observer, tap, pending);
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await;
        let raw = tap.take_read();
        let peer = self.peer.to_string();
        let exchange = self.observer.request(&self.system, "http", &peer, &raw);
        let open = |failure| {
            *pending.lock().unwrap_or_else(PoisonError::into_inner) = Some((exchange, failure));
        };
        open(None);
        let Ok(body) = body else {
            let clause = "RFC 9110 8.6: body incomplete or larger than the limit";
            self.observer.observation(&self.system, Some(exchange), clause, "not read to its end");
            return Ok(answer(413, "text/plain", b"body incomplete or too large\n".to_vec()));
        };
        let request = Request {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            content_type: head
                .headers
                .get(hyper::header::CONTENT_TYPE)
                .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
                .unwrap_or_default(),
            headers: head
                .headers
                .iter()
                .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into()))
                .collect(),
            body: body.to_bytes(),
            raw: raw.into(),
            exchange,
        };
        match self.handler.handle(request).await {
            Reply::Answer { status, content_type, headers, body } => {
                let mut response = answer(status, &content_type, body);
                for (name, value) in headers {
                    // A value that no header can have is left out, not sent in pieces.
                    if let (Ok(name), Ok(value)) = (
                        hyper::header::HeaderName::from_bytes(name.as_bytes()),
                        hyper::header::HeaderValue::from_str(&value),
                    ) {
                        response.headers_mut().append(name, value);
                    }
                }
                Ok(response)
            }
            // The peer decides how long it waits; the end of the server ends it too.
            Reply::Hang => {
                open(Some("left without an answer, as told"));
                std::future::pending().await
            }
            Reply::Reset => {
                open(Some("closed without an answer, as told"));
                Err(Closed)
            }
        }
    }
}

fn answer(status: u16, content_type: &str, body: Vec<u8>) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert(hyper::header::CONTENT_TYPE, value);
    }
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

impl From<Infallible> for Closed {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
