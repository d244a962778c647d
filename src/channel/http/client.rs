//! The client side: one connection per request, raw bytes kept. A redirect is an answer like any
//! other and never followed, so that nobody is spoken to but who is named.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::super::TapStream;
use super::super::capped::CappedStream;
use super::super::tls::{ClientSettings, TlsFault};
use super::redact::redact;
use crate::secret::Secret;

/// Largest answer that is read where nothing else is said, bytes.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;
/// How long a connection is watched after an answer, where the other side does not end it: what comes
/// then belongs to nothing that was asked.
const AFTERWARDS: Duration = Duration::from_millis(50);

/// A request to send.
#[derive(Debug, Clone)]
pub struct ClientRequest {
    /// Method.
    pub method: &'static str,
    /// Full URL, `http://…` or `https://…`.
    pub url: String,
    /// Content type; empty for none.
    pub content_type: String,
    /// Body, sent byte for byte.
    pub body: Vec<u8>,
    /// Longest time for the whole exchange, from the moment at which the connection stands.
    pub limit: Duration,
}

/// A header field whose value nobody may read in what is recorded.
#[derive(Debug, Clone)]
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// Its value, sent as it is, recorded as `***`.
    pub value: Secret,
}

/// How requests are sent.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Further header fields that everybody may read.
    pub fields: Vec<(&'static str, String)>,
    /// Further header fields with secrets.
    pub headers: Vec<Header>,
    /// TLS for `https://` addresses; where absent, these are not reached at all.
    pub tls: Option<ClientSettings>,
    /// Longest time until a connection stands, with TLS; that of the request where absent.
    pub connect: Option<Duration>,
    /// Largest answer that is read, with its head, bytes. Twice as much is held at most.
    pub answer_bytes: u64,
}

impl Default for Manner {
    fn default() -> Self {
        Self { fields: vec![], headers: vec![], tls: None, connect: None, answer_bytes: MAX_ANSWER }
    }
}

/// An exchange that came to an answer.
#[derive(Debug, Clone)]
pub struct ClientExchange {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: Bytes,
    /// Raw request; values of secret header fields are `***`.
    pub raw_request: Vec<u8>,
    /// Raw answer, and what came after it on the same connection.
    pub raw_answer: Vec<u8>,
    /// Number of bytes that came after the answer and belong to nothing that was asked.
    pub surplus: usize,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The URL cannot be used.
    #[error("\"{0}\" is no http:// or https:// address")]
    Url(String),
    /// The URL asks for TLS, and there is nothing to trust.
    #[error("\"{0}\" asks for TLS, and no certificates to trust are known")]
    NoTrust(String),
    /// TLS did not come about.
    #[error("{address}: no TLS connection: {reason}")]
    Handshake {
        /// Host and port.
        address: String,
        /// What the library says.
        reason: String,
        /// What that means.
        fault: TlsFault,
    },
    /// Nobody listens there.
    #[error("{address}: {reason}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// The connection broke before the answer was complete.
    #[error("connection ended before the answer: {reason}")]
    Broken {
        /// What was sent.
        raw_request: Vec<u8>,
        /// What came back until then.
        raw_answer: Vec<u8>,
        /// What the library says.
        reason: String,
    },
    /// TLS broke after the connection stood: a record that is none, an alert, an end without
    /// `close_notify`.
    #[error("TLS broke before the answer was complete: {reason}")]
    TlsBroken {
        /// What was sent.
        raw_request: Vec<u8>,
        /// What came back until then.
        raw_answer: Vec<u8>,
        /// What the library says.
        reason: String,
        /// What that means.
        fault: TlsFault,
    },
    /// No whole answer in time.
    #[error("no answer within {limit:?}")]
    TimedOut {
        /// What was sent.
        raw_request: Vec<u8>,
        /// What came back until then.
        raw_answer: Vec<u8>,
        /// The limit.
        limit: Duration,
    },
    /// The answer is larger than is read.
    #[error("the answer is larger than {limit} bytes{}", announced.map_or_else(String::new, |n| format!(" (it announces {n})")))]
    TooLarge {
        /// What was sent.
        raw_request: Vec<u8>,
        /// What came back up to the limit.
        raw_answer: Vec<u8>,
        /// The limit, bytes.
        limit: u64,
        /// Size of the body as the answer's head says it, bytes.
        announced: Option<u64>,
    },
}

impl ClientError {
    /// What was sent and what came back, as far as it went; nothing where no connection stood.
    pub fn passed(&self) -> (&[u8], &[u8]) {
        match self {
            Self::Broken { raw_request, raw_answer, .. }
            | Self::TlsBroken { raw_request, raw_answer, .. }
            | Self::TimedOut { raw_request, raw_answer, .. }
            | Self::TooLarge { raw_request, raw_answer, .. } => (raw_request, raw_answer),
            Self::Url(_) | Self::NoTrust(_) | Self::Handshake { .. } | Self::Unreachable { .. } => {
                (&[], &[])
            }
        }
    }

    /// Whether a connection stood, so that the request may have arrived.
    pub fn was_sent(&self) -> bool {
        matches!(
            self,
            Self::Broken { .. }
                | Self::TlsBroken { .. }
                | Self::TimedOut { .. }
                | Self::TooLarge { .. }
        )
    }
}

/// Sends a request and waits for its answer.
///
/// # Errors
/// See [`ClientError`].
pub async fn send(request: ClientRequest) -> Result<ClientExchange, ClientError> {
    send_with(request, &Manner::default()).await
}

/// The same; an `https://` address is reached with these TLS settings, and with none not at all.
/// What is recorded is what stands inside TLS.
///
/// # Errors
/// See [`ClientError`].
pub async fn send_over(
    request: ClientRequest,
    tls: Option<ClientSettings>,
) -> Result<ClientExchange, ClientError> {
    send_with(request, &Manner { tls, ..Manner::default() }).await
}

/// The same, in a manner.
///
/// # Errors
/// See [`ClientError`].
pub async fn send_with(
    request: ClientRequest,
    manner: &Manner,
) -> Result<ClientExchange, ClientError> {
    let uri: hyper::Uri = request.url.parse().map_err(|_| ClientError::Url(request.url.clone()))?;
    let (secure, host) = match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(host)) => (None, host),
        (Some("https"), Some(host)) => match &manner.tls {
            Some(tls) => (Some(tls.clone()), host),
            None => return Err(ClientError::NoTrust(request.url.clone())),
        },
        _ => return Err(ClientError::Url(request.url.clone())),
    };
    let port = uri.port_u16().unwrap_or(if secure.is_some() { 443 } else { 80 });
    let address = format!("{host}:{port}");
    let unreachable =
        |reason: String| ClientError::Unreachable { address: address.clone(), reason };
    let limit = manner.connect.unwrap_or(request.limit);
    let until = tokio::time::Instant::now() + limit;
    let stream = match tokio::time::timeout_at(until, TcpStream::connect(&address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(unreachable(error.to_string())),
        Err(_) => return Err(unreachable(format!("no connection within {limit:?}"))),
    };
    let _ = stream.set_nodelay(true);
    let Some(tls) = secure else { return exchange(request, &uri, &address, stream, manner).await };
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|_| ClientError::Url(request.url.clone()))?;
    let handshake = TlsConnector::from(tls).connect(name, stream);
    match tokio::time::timeout_at(until, handshake).await {
        Ok(Ok(stream)) => exchange(request, &uri, &address, stream, manner).await,
        Ok(Err(error)) => {
            let fault = TlsFault::of(&error).unwrap_or(TlsFault::Other);
            Err(ClientError::Handshake { address, reason: error.to_string(), fault })
        }
        Err(_) => {
            let reason = format!("no handshake within {limit:?}");
            Err(ClientError::Handshake { address, reason, fault: TlsFault::TimedOut })
        }
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// One request and its answer over a stream.
async fn exchange<S>(
    request: ClientRequest,
    uri: &hyper::Uri,
    address: &str,
    stream: S,
    manner: &Manner,
) -> Result<ClientExchange, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (stream, beyond) = CappedStream::new(stream, manner.answer_bytes);
    let (stream, tap) = TapStream::new(stream);
    let target = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let mut announced = None;
    let work = async {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = Driver(tokio::spawn(connection.without_shutdown()));
        let mut builder = hyper::Request::builder()
            .method(request.method)
            .uri(target)
            .header(HOST, address)
            .header(CONNECTION, "close");
        if !request.content_type.is_empty() {
            builder = builder.header(CONTENT_TYPE, &request.content_type);
        }
        for (name, value) in &manner.fields {
            builder = builder.header(*name, value);
        }
        for header in &manner.headers {
            builder = builder.header(header.name, header.value.reveal());
        }
        let message = builder.body(Full::new(Bytes::from(request.body)))?;
        let answer = sender.send_request(message).await?;
        let status = answer.status().as_u16();
        announced = answer
            .headers()
            .get(hyper::header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let body = answer.into_body().collect().await?.to_bytes();
        // The answer is whole; what its connection still brings must not be overlooked.
        let whole = tap.look(<[u8]>::len);
        drop(sender);
        let left = driver.io().await;
        let _ = tokio::time::timeout(AFTERWARDS, drain(left)).await;
        Ok::<_, AnyError>((status, body, whole))
    };
    let ended = tokio::time::timeout(request.limit, work).await;
    let raw_request = redact(tap.take_written(), &manner.headers);
    // Some servers show what they were asked.
    let raw_answer = redact(tap.take_read(), &manner.headers);
    match ended {
        Err(_) => Err(ClientError::TimedOut { raw_request, raw_answer, limit: request.limit }),
        Ok(Err(_)) if beyond.load(Ordering::SeqCst) => Err(ClientError::TooLarge {
            raw_request,
            raw_answer,
            limit: manner.answer_bytes,
            announced,
        }),
        Ok(Err(error)) => {
            let secure = uri.scheme_str() == Some("https");
            let fault = if secure { TlsFault::within(error.as_ref()) } else { None };
            let reason = reasons(error.as_ref());
            Err(match fault {
                Some(fault) => ClientError::TlsBroken { raw_request, raw_answer, reason, fault },
                None => ClientError::Broken { raw_request, raw_answer, reason },
            })
        }
        Ok(Ok((status, body, whole))) => {
            let hidden = redact(body.to_vec(), &manner.headers);
            // Where something was hidden, places in the bytes are others.
            let surplus = match hidden.len() == body.len() {
                true => surplus(&raw_answer, whole, body.len()),
                false => 0,
            };
            let body = Bytes::from(hidden);
            Ok(ClientExchange { status, body, raw_request, raw_answer, surplus })
        }
    }
}

/// The task that moves bytes; it ends with whoever waits for it.
struct Driver<T>(tokio::task::JoinHandle<T>);

impl<T> Driver<T> {
    async fn io(mut self) -> Option<T> {
        (&mut self.0).await.ok()
    }
}

impl<T> Drop for Driver<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

type Parts<S> = hyper::client::conn::http1::Parts<TokioIo<S>>;

/// Reads what comes after an answer, until the end.
async fn drain<S: AsyncRead + Unpin>(left: Option<Result<Parts<S>, hyper::Error>>) {
    let Some(Ok(parts)) = left else { return };
    let mut stream = parts.io.into_inner();
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer).await, Ok(count) if count > 0) {}
}

/// How many bytes came after the end of an answer. `read` had been read when it was whole, and may
/// hold some already. A body that ends with its connection has no end before it.
fn surplus(raw: &[u8], read: usize, body: usize) -> usize {
    let later = raw.get(read..).unwrap_or_default();
    let within = answer_end(raw, body).map_or(0, |end| read.saturating_sub(end));
    let start = read - within.min(read);
    match raw.get(start..).unwrap_or_default().iter().all(|b| matches!(b, b'\r' | b'\n')) {
        true => 0,
        false => within + later.len(),
    }
}

/// Where an answer ends whose body has that many bytes; none where only its connection ends it.
fn answer_end(raw: &[u8], body: usize) -> Option<usize> {
    let last = crate::wire::final_answer(raw);
    let (lines, head) = crate::wire::split_head(last)?;
    let start = raw.len() - last.len() + head;
    let status = lines.first()?.split(' ').nth(1)?.parse::<u16>().ok()?;
    let coding = crate::wire::header_of(last, "transfer-encoding");
    if coding.is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
        return match crate::wire::chunks(raw, start, |_| {}) {
            crate::wire::Extent::Ends { end, .. } => Some(end),
            _ => None,
        };
    }
    let counted = crate::wire::header_of(last, "content-length").is_some();
    (counted || matches!(status, 204 | 304)).then_some(start + body)
}

/// An error with everything behind it: the outermost alone often says nothing.
fn reasons(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::surplus;

    #[test]
    fn what_comes_after_an_answer_is_counted() {
        let good = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(surplus(good, good.len(), 2), 0);
        let ended = [&good[..], b"\r\n"].concat();
        assert_eq!(surplus(&ended, good.len(), 2), 0, "an empty line is no answer");
        let twice = [&good[..], b"HTTP/1.1 200 OK\r\n\r\n"].concat();
        assert_eq!(surplus(&twice, good.len(), 2), 19, "it came later");
        assert_eq!(surplus(&twice, twice.len(), 2), 19, "it came with it");
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nX";
        assert_eq!(surplus(chunked, chunked.len(), 2), 1);
        let open = b"HTTP/1.1 200 OK\r\n\r\nok and more";
        assert_eq!(surplus(open, open.len(), 11), 0, "only its connection ends it");
        let none = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(surplus(none, none.len(), 0), 0);
    }
}
