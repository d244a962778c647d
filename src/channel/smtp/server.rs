//! The server side. A message is recorded before it is answered; the transaction is one exchange.

use std::sync::Arc;
use std::time::Duration;

use smtp_proto::request::receiver::{DataReceiver, RequestReceiver};
use smtp_proto::{Error, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::{Observer, Shutdown};
use crate::ids::SystemId;

/// Largest message that is taken, bytes.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;
/// Longest silence of a client (RFC 5321 section 4.5.3.2.7).
const IDLE: Duration = Duration::from_secs(300);

/// A message as a handler sees it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// The message, without dot-stuffing.
    pub data: Vec<u8>,
    /// Number of the exchange.
    pub exchange: u64,
}

/// What a handler wants to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailReply {
    /// 250.
    Accept,
    /// 451, try again later.
    Later,
    /// Close the connection without an answer.
    Reset,
}

/// Takes messages.
pub trait MailHandler: Send + Sync + 'static {
    /// Takes one.
    fn mail(&self, mail: Mail) -> MailReply;
}

/// Serves a listener until shutdown.
pub async fn serve(
    listener: TcpListener,
    system: SystemId,
    handler: Arc<dyn MailHandler>,
    observer: Arc<dyn Observer>,
    shutdown: Shutdown,
) {
    let mut sessions = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, peer)) = accepted else { continue };
                let session = Session {
                    stream,
                    system: system.clone(),
                    handler: handler.clone(),
                    observer: observer.clone(),
                    peer: peer.to_string(),
                    raw_in: Vec::new(),
                    raw_out: Vec::new(),
                };
                let stop = shutdown.clone();
                sessions.spawn(async move {
                    tokio::select! {
                        _ = session.run() => {}
                        () = stop.wait() => {}
                    }
                });
            }
            () = shutdown.wait() => break,
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
        }
    }
    while sessions.join_next().await.is_some() {}
}

struct Session {
    stream: TcpStream,
    system: SystemId,
    handler: Arc<dyn MailHandler>,
    observer: Arc<dyn Observer>,
    peer: String,
    raw_in: Vec<u8>,
    raw_out: Vec<u8>,
}

#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

impl Session {
    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.raw_out.extend_from_slice(line.as_bytes());
        self.raw_out.extend_from_slice(b"\r\n");
        let text = format!("{line}\r\n");
        self.stream.write_all(text.as_bytes()).await
    }

    async fn read(&mut self) -> std::io::Result<Vec<u8>> {
        let mut buffer = vec![0; 16 * 1024];
        let count = tokio::time::timeout(IDLE, self.stream.read(&mut buffer))
            .await
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
        buffer.truncate(count);
        self.raw_in.extend_from_slice(&buffer);
        Ok(buffer)
    }

    async fn run(mut self) -> std::io::Result<()> {
        self.say("220 attrappe.example ESMTP Pruefstand").await?;
        let mut commands = RequestReceiver::default();
        let mut envelope = Envelope::default();
        let mut left: Vec<u8> = Vec::new();
        loop {
            let chunk =
                if left.is_empty() { self.read().await? } else { std::mem::take(&mut left) };
            if chunk.is_empty() {
                return Ok(());
            }
            let mut bytes = chunk.iter();
            loop {
                let request = match commands.ingest(&mut bytes) {
                    Ok(request) => request.into_owned(),
                    Err(Error::NeedsMoreData { .. }) => break,
                    Err(error) => {
                        self.observer.observation(
                            &self.system,
                            None,
                            "RFC 5321 4.1.1",
                            &error_text(&error),
                        );
                        self.say("500 5.5.2 command not understood").await?;
                        continue;
                    }
                };
                match request {
                    Request::Data if envelope.to.is_empty() => {
                        self.say("503 5.5.1 RCPT first").await?;
                    }
                    Request::Data => {
                        self.say("354 end with <CRLF>.<CRLF>").await?;
                        let rest = bytes.as_slice().to_vec();
                        let taken = std::mem::take(&mut envelope);
                        match self.data(rest, taken).await? {
                            Some(more) => left = more,
                            None => return Ok(()),
                        }
                        break;
                    }
                    Request::Quit => {
                        self.say("221 2.0.0 bye").await?;
                        return self.stream.shutdown().await;
                    }
                    other => self.command(other, &mut envelope).await?,
                }
            }
        }
    }

    async fn command(
        &mut self,
        request: Request<String>,
        envelope: &mut Envelope,
    ) -> std::io::Result<()> {
        match request {
            Request::Ehlo { .. } => {
                self.say("250-attrappe.example").await?;
                self.say("250-PIPELINING").await?;
                self.say("250-8BITMIME").await?;
                self.say(&format!("250 SIZE {MAX_MESSAGE}")).await
            }
            Request::Helo { .. } => self.say("250 attrappe.example").await,
            Request::Mail { from } => {
                *envelope = Envelope { from: Some(from.address), to: Vec::new() };
                self.say("250 2.1.0 ok").await
            }
            Request::Rcpt { .. } if envelope.from.is_none() => {
                self.say("503 5.5.1 MAIL first").await
            }
            Request::Rcpt { to } => {
                envelope.to.push(to.address);
                self.say("250 2.1.5 ok").await
            }
            Request::Rset => {
                *envelope = Envelope::default();
                self.say("250 2.0.0 ok").await
            }
            Request::Noop { .. } => self.say("250 2.0.0 ok").await,
            Request::Vrfy { .. } => self.say("252 2.5.1 cannot verify").await,
            _ => self.say("502 5.5.1 not implemented").await,
        }
    }

    /// Reads a message; gives back what came after it, or nothing when the connection is closed.
    async fn data(
        &mut self,
        first: Vec<u8>,
        envelope: Envelope,
    ) -> std::io::Result<Option<Vec<u8>>> {
        let mut receiver = DataReceiver::new();
        let mut data = Vec::new();
        let mut chunk = first;
        let rest = loop {
            let mut bytes = chunk.iter();
            if receiver.ingest(&mut bytes, &mut data) {
                break bytes.as_slice().to_vec();
            }
            if data.len() > MAX_MESSAGE {
                self.say("552 5.3.4 message too large").await?;
                return Ok(None);
            }
            chunk = self.read().await?;
            if chunk.is_empty() {
                return Ok(None);
            }
        };
        let seen = self.raw_in.len() - rest.len();
        let raw: Vec<u8> = self.raw_in.drain(..seen).collect();
        let exchange = self.observer.request(&self.system, "smtp", &self.peer, &raw);
        let mail =
            Mail { from: envelope.from.unwrap_or_default(), to: envelope.to, data, exchange };
        let reply = self.handler.mail(mail);
        let failure = match reply {
            MailReply::Accept => {
                self.say("250 2.0.0 taken").await?;
                None
            }
            MailReply::Later => {
                self.say("451 4.3.0 try again later").await?;
                None
            }
            MailReply::Reset => Some("closed without an answer, as told"),
        };
        let written = std::mem::take(&mut self.raw_out);
        self.observer.answer(exchange, &written, failure);
        Ok((reply != MailReply::Reset).then_some(rest))
    }
}

fn error_text(error: &Error) -> String {
    format!("{error:?}")
}
