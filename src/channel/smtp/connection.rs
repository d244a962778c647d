//! One connection: lines in, lines out, both kept as raw bytes, with limits on time and length. After
//! STARTTLS the same bytes as before, since what is kept lies above TLS.

use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::super::Shutdown;

/// How long a client may take to read while the server is stopping.
const GRACE: Duration = Duration::from_secs(1);
/// A line too long is thrown away up to its end, but no further than this, bytes.
const LONGEST_WASTE: usize = 1024 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A line, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// A line with its line end.
    Line(Vec<u8>),
    /// There was one, but it was too long; it is gone.
    TooLong,
    /// The client has gone.
    Gone,
    /// The client said nothing for too long.
    Idle,
    /// The server is to stop.
    Stopping,
}

/// The connection.
pub(super) struct Connection {
    /// Nothing only while TLS is being negotiated, or when that failed.
    stream: Option<Box<dyn Stream>>,
    shutdown: Shutdown,
    idle: Duration,
    /// Read from the stream, not yet used.
    buffer: Vec<u8>,
    /// Used since it was last taken.
    raw_in: Vec<u8>,
    /// Written since it was last taken.
    raw_out: Vec<u8>,
}

impl Connection {
    pub fn new(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        shutdown: Shutdown,
        idle: Duration,
    ) -> Self {
        Self {
            stream: Some(Box::new(stream)),
            shutdown,
            idle,
            buffer: Vec::new(),
            raw_in: Vec::new(),
            raw_out: Vec::new(),
        }
    }

    /// What was sent to us since the last call.
    pub fn take_in(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.raw_in)
    }

    /// What we sent since the last call.
    pub fn take_out(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.raw_out)
    }

    /// What came and has not been looked at; empty for a client that waits for its answer.
    pub fn waiting(&self) -> &[u8] {
        &self.buffer
    }

    /// Writes a line.
    pub async fn say(&mut self, line: &str) -> Result<()> {
        self.write(format!("{line}\r\n").as_bytes()).await
    }

    /// Writes bytes; a client that does not read is given up after the idle time.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let stream = self.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        let work = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        let stopping = async {
            self.shutdown.wait().await;
            tokio::time::sleep(GRACE).await;
        };
        let result = tokio::select! {
            done = timeout(self.idle, work) => done.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())),
            () = stopping => Err(ErrorKind::TimedOut.into()),
        };
        if result.is_ok() {
            self.raw_out.extend_from_slice(bytes);
        }
        result
    }

    /// Reads more; how many bytes, none at the end.
    async fn fill(&mut self) -> Result<usize> {
        let stream = self.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        let mut chunk = vec![0; 16 * 1024];
        let count = stream.read(&mut chunk).await?;
        self.buffer.extend_from_slice(chunk.get(..count).unwrap_or_default());
        Ok(count)
    }

    /// Reads a line of at most `max` bytes. The time counts for the whole line, so that one byte now
    /// and then does not keep a session open.
    pub async fn line(&mut self, max: usize) -> Result<Incoming> {
        let (idle, shutdown) = (self.idle, self.shutdown.clone());
        tokio::select! {
            line = timeout(idle, self.line_at_last(max)) => line.unwrap_or(Ok(Incoming::Idle)),
            () = shutdown.wait() => Ok(Incoming::Stopping),
        }
    }

    async fn line_at_last(&mut self, max: usize) -> Result<Incoming> {
        let (mut wasted, mut looked) = (0, 0);
        loop {
            let fresh = self.buffer.get(looked..).unwrap_or_default();
            if let Some(at) = fresh.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=looked + at).collect();
                if wasted > 0 || line.len() > max {
                    // As many bytes are kept as could have been a line.
                    let kept = if wasted > 0 { 0 } else { max };
                    self.raw_in.extend_from_slice(line.get(..kept).unwrap_or_default());
                    return Ok(Incoming::TooLong);
                }
                self.raw_in.extend_from_slice(&line);
                return Ok(Incoming::Line(line));
            }
            looked = self.buffer.len();
            if looked > max {
                if wasted == 0 {
                    self.raw_in.extend_from_slice(self.buffer.get(..max).unwrap_or_default());
                }
                wasted += looked;
                looked = 0;
                self.buffer.clear();
                if wasted > LONGEST_WASTE {
                    return Ok(Incoming::Gone);
                }
            }
            if self.fill().await? == 0 {
                return Ok(Incoming::Gone);
            }
        }
    }

    /// Some bytes of a message, at least one; `used` says later how many belonged to it.
    pub async fn some(&mut self) -> Result<Incoming> {
        if self.buffer.is_empty() {
            let (idle, shutdown) = (self.idle, self.shutdown.clone());
            let count = tokio::select! {
                count = timeout(idle, self.fill()) => match count {
                    Ok(count) => count?,
                    Err(_) => return Ok(Incoming::Idle),
                },
                () = shutdown.wait() => return Ok(Incoming::Stopping),
            };
            if count == 0 {
                return Ok(Incoming::Gone);
            }
        }
        Ok(Incoming::Line(std::mem::take(&mut self.buffer)))
    }

    /// Of what [`Connection::some`] gave, `used` bytes were used and the rest is to come again. They
    /// are kept only with `keep`.
    pub fn used(&mut self, chunk: &[u8], used: usize, keep: bool) {
        let (mine, rest) = chunk.split_at(used.min(chunk.len()));
        if keep {
            self.raw_in.extend_from_slice(mine);
        }
        let later = std::mem::replace(&mut self.buffer, rest.to_vec());
        self.buffer.extend_from_slice(&later);
    }

    /// Negotiates TLS; gives back what had come before it in the clear, which must not be taken for
    /// something that was protected (RFC 3207 section 4.2).
    pub async fn secure(&mut self, config: Arc<ServerConfig>) -> Result<Vec<u8>> {
        let injected = std::mem::take(&mut self.buffer);
        let stream = self.stream.take().ok_or(ErrorKind::NotConnected)?;
        let (idle, shutdown) = (self.idle, self.shutdown.clone());
        let secured = tokio::select! {
            done = timeout(idle, TlsAcceptor::from(config).accept(stream)) =>
                done.map_err(|_| Error::from(ErrorKind::TimedOut))??,
            () = shutdown.wait() => return Err(ErrorKind::Interrupted.into()),
        };
        self.stream = Some(Box::new(secured));
        Ok(injected)
    }

    /// Waits until the client goes or the server stops, and answers nothing.
    pub async fn hang(&mut self, longest: Duration) {
        let shutdown = self.shutdown.clone();
        let gone = async {
            // What still comes is thrown away, so that a client that goes on talking costs nothing.
            while self.fill().await.is_ok_and(|count| count > 0) {
                self.buffer.clear();
            }
        };
        tokio::select! {
            _ = timeout(longest, gone) => {}
            () = shutdown.wait() => {}
        }
    }

    /// Waits so long, or until the server stops; whether it waited to the end.
    pub async fn pause(&mut self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.shutdown.wait() => false,
        }
    }

    /// Ends the connection properly.
    pub async fn close(&mut self) {
        if let Some(stream) = self.stream.as_mut() {
            let _ = timeout(GRACE, stream.shutdown()).await;
        }
    }
}
