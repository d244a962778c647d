//! The client side: one connection per request, raw bytes kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::super::TapStream;

/// Largest answer that is read, bytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

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
    /// Longest time for the whole exchange.
    pub limit: Duration,
}

/// An exchange that came to an answer.
#[derive(Debug, Clone)]
pub struct ClientExchange {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: Bytes,
    /// Raw request.
    pub raw_request: Vec<u8>,
    /// Raw answer.
    pub raw_answer: Vec<u8>,
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
    /// No answer in time.
    #[error("no answer within {limit:?}")]
    TimedOut {
        /// What was sent.
        raw_request: Vec<u8>,
        /// The limit.
        limit: Duration,
    },
}

/// Sends a request and waits for its answer.
///
/// # Errors
/// See [`ClientError`].
pub async fn send(request: ClientRequest) -> Result<ClientExchange, ClientError> {
    send_over(request, None).await
}

/// The same; an `https://` address is reached with these TLS settings, and with none not at all.
/// What is recorded is what stands inside TLS.
///
/// # Errors
/// See [`ClientError`].
pub async fn send_over(
    request: ClientRequest,
    tls: Option<Arc<ClientConfig>>,
) -> Result<ClientExchange, ClientError> {
    send_with(request, &[], tls).await
}

/// The same with further header fields.
///
/// # Errors
/// See [`ClientError`].
pub async fn send_with(
    request: ClientRequest,
    fields: &[(&str, String)],
    tls: Option<Arc<ClientConfig>>,
) -> Result<ClientExchange, ClientError> {
    let uri: hyper::Uri = request.url.parse().map_err(|_| ClientError::Url(request.url.clone()))?;
    let (secure, host) = match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(host)) => (None, host),
        (Some("https"), Some(host)) => match tls {
            Some(tls) => (Some(tls), host),
            None => return Err(ClientError::NoTrust(request.url.clone())),
        },
        _ => return Err(ClientError::Url(request.url.clone())),
    };
    let port = uri.port_u16().unwrap_or(if secure.is_some() { 443 } else { 80 });
    let address = format!("{host}:{port}");
    let unreachable =
        |reason: String| ClientError::Unreachable { address: address.clone(), reason };
    let connect = tokio::time::timeout(request.limit, TcpStream::connect(&address)).await;
    let stream = match connect {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(unreachable(error.to_string())),
        Err(_) => return Err(unreachable(format!("no connection within {:?}", request.limit))),
    };
    let _ = stream.set_nodelay(true);
    let Some(tls) = secure else { return exchange(request, fields, &uri, &address, stream).await };
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|_| ClientError::Url(request.url.clone()))?;
    let handshake = TlsConnector::from(tls).connect(name, stream);
    match tokio::time::timeout(request.limit, handshake).await {
        Ok(Ok(stream)) => exchange(request, fields, &uri, &address, stream).await,
        Ok(Err(error)) => Err(ClientError::Handshake { address, reason: error.to_string() }),
        Err(_) => {
            let reason = format!("no handshake within {:?}", request.limit);
            Err(ClientError::Handshake { address, reason })
        }
    }
}

/// One request and its answer over a stream.
async fn exchange<S>(
    request: ClientRequest,
    fields: &[(&str, String)],
    uri: &hyper::Uri,
    address: &str,
    stream: S,
) -> Result<ClientExchange, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (stream, tap) = TapStream::new(stream);
    let target = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let work = async {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut builder = hyper::Request::builder()
            .method(request.method)
            .uri(target)
            .header(HOST, address)
            .header(CONNECTION, "close");
        if !request.content_type.is_empty() {
            builder = builder.header(CONTENT_TYPE, &request.content_type);
        }
        for (name, value) in fields {
            builder = builder.header(*name, value);
        }
        let message = builder
            .body(Full::new(Bytes::from(request.body)))
            .map_err(|e| Box::new(e) as Box<dyn std::error::Error + Send + Sync>)?;
        let answer = sender.send_request(message).await?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await?.to_bytes();
        drop(sender);
        let _ = driver.await;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>((status, body))
    };
    match tokio::time::timeout(request.limit, work).await {
        Err(_) => {
            Err(ClientError::TimedOut { raw_request: tap.take_written(), limit: request.limit })
        }
        Ok(Err(error)) => Err(ClientError::Broken {
            raw_request: tap.take_written(),
            raw_answer: tap.take_read(),
            reason: error.to_string(),
        }),
        Ok(Ok((status, body))) => Ok(ClientExchange {
            status,
            body,
            raw_request: tap.take_written(),
            raw_answer: tap.take_read(),
        }),
    }
}
