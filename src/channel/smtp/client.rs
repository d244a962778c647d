//! The client side: one connection per message, with the raw bytes of both directions.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::secret::Secret;

/// Name of the client in its greeting.
const NAME: &str = "datendrehscheibe.example";
/// Longest answer that is read, bytes.
const MOST_ANSWER: u64 = 64 * 1024;

/// Why a message was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The connection could not be made or broke.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The server said no.
    #[error("the server answered \"{0}\"")]
    Refused(String),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The client itself cannot go on: what it needs is not offered, or the message cannot be made.
    #[error("{0}")]
    Impossible(String),
}

/// What a server offers (RFC 5321 section 4.1.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers {
    /// Largest message, bytes (RFC 1870); none where it says nothing or 0.
    pub size: Option<u64>,
    /// 8BITMIME (RFC 6152).
    pub eight_bit: bool,
    /// STARTTLS (RFC 3207).
    pub start_tls: bool,
    /// AUTH PLAIN (RFC 4954).
    pub auth_plain: bool,
}

impl Offers {
    fn read(answer: &str) -> Self {
        let mut out = Self::default();
        for line in answer.lines().skip(1) {
            let line = line.get(4..).unwrap_or_default().to_ascii_uppercase();
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("SIZE") => {
                    out.size = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                }
                Some("8BITMIME") => out.eight_bit = true,
                Some("STARTTLS") => out.start_tls = true,
                Some("AUTH") => out.auth_plain = words.any(|w| w == "PLAIN"),
                _ => {}
            }
        }
        out
    }
}

/// Who sends to whom, and how.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// Sender.
    pub from: String,
    /// Recipient.
    pub to: String,
    /// User and password, where the client shows who it is.
    pub login: Option<(String, Secret)>,
    /// TLS settings and the server's name, where nothing may go in the clear.
    pub tls: Option<(Arc<ClientConfig>, String)>,
}

/// A message ready to be sent, made for what the server offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Its bytes, without dot-stuffing.
    pub message: Vec<u8>,
    /// Whether its body needs 8BITMIME.
    pub eight_bit: bool,
    /// The size that is announced; that of the message where absent.
    pub announced: Option<u64>,
}

/// A session that came to an end, with its bytes: inside TLS where there was any, and without the
/// password.
#[derive(Debug, Default)]
pub struct Conversation {
    /// What the client sent.
    pub sent: Vec<u8>,
    /// What the server answered.
    pub received: Vec<u8>,
    /// Why it ended before the message was taken, if it did.
    pub failure: Option<SmtpError>,
}

/// Hands a message to the server at `address` (`host:port`).
///
/// # Errors
/// See [`SmtpError`]; only an answer of 2xx to the message counts as handed over.
pub async fn deliver(
    address: &str,
    from: &str,
    to: &str,
    message: &[u8],
    limit: Duration,
) -> Result<(), SmtpError> {
    let envelope = Envelope { from: from.into(), to: to.into(), ..Envelope::default() };
    let outgoing = Outgoing { message: message.to_vec(), ..Outgoing::default() };
    match converse(address, &envelope, |_| Ok(outgoing), limit).await.failure {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// Speaks with the server at `address` (`host:port`) until it took the message or said no; `make` is
/// told what the server offers.
pub async fn converse(
    address: &str,
    envelope: &Envelope,
    make: impl FnOnce(&Offers) -> Result<Outgoing, String>,
    limit: Duration,
) -> Conversation {
    let mut talk = Talk::default();
    let work = talk.session(address, envelope, make);
    let failure = match tokio::time::timeout(limit, work).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(_) => Some(SmtpError::TimedOut(limit)),
    };
    Conversation { sent: talk.sent, received: talk.received, failure }
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}
type Stream = BufReader<Box<dyn Both>>;

/// The bytes so far.
#[derive(Default)]
struct Talk {
    sent: Vec<u8>,
    received: Vec<u8>,
}

impl Talk {
    async fn session(
        &mut self,
        address: &str,
        envelope: &Envelope,
        make: impl FnOnce(&Offers) -> Result<Outgoing, String>,
    ) -> Result<(), SmtpError> {
        let stream = TcpStream::connect(address).await?;
        let _ = stream.set_nodelay(true);
        let near = stream.peer_addr().is_ok_and(|a| a.ip().is_loopback());
        if envelope.login.is_some() && envelope.tls.is_none() && !near {
            let text = "a password goes over TLS only, except on the same machine";
            return Err(SmtpError::Impossible(text.into()));
        }
        let mut stream: Stream = BufReader::new(Box::new(stream));
        self.expect(&mut stream, '2').await?;
        let ended = self.commands(&mut stream, envelope, make).await;
        if let Err(SmtpError::Refused(_) | SmtpError::Impossible(_)) = &ended {
            // Politely, so that the server does not wait; what it says to that changes nothing.
            self.quit(&mut stream).await;
        }
        ended
    }

    async fn commands(
        &mut self,
        stream: &mut Stream,
        envelope: &Envelope,
        make: impl FnOnce(&Offers) -> Result<Outgoing, String>,
    ) -> Result<(), SmtpError> {
        let ehlo = format!("EHLO {NAME}");
        let mut offers = Offers::read(&self.command(stream, &ehlo, '2').await?);
        if let Some((config, name)) = &envelope.tls {
            if !offers.start_tls {
                return Err(SmtpError::Impossible("the server offers no STARTTLS".into()));
            }
            self.command(stream, "STARTTLS", '2').await?;
            self.secure(stream, config, name).await?;
            offers = Offers::read(&self.command(stream, &ehlo, '2').await?);
        }
        if let Some((user, password)) = &envelope.login {
            if !offers.auth_plain {
                return Err(SmtpError::Impossible("the server offers no AUTH PLAIN".into()));
            }
            self.login(stream, user, password).await?;
        }
        let outgoing = make(&offers).map_err(SmtpError::Impossible)?;
        if outgoing.eight_bit && !offers.eight_bit {
            return Err(SmtpError::Impossible("the server offers no 8BITMIME".into()));
        }
        let mut mail = format!("MAIL FROM:<{}>", envelope.from);
        if offers.size.is_some() {
            let own = u64::try_from(outgoing.message.len()).unwrap_or(u64::MAX);
            mail.push_str(&format!(" SIZE={}", outgoing.announced.unwrap_or(own)));
        }
        if outgoing.eight_bit {
            mail.push_str(" BODY=8BITMIME");
        }
        self.command(stream, &mail, '2').await?;
        self.command(stream, &format!("RCPT TO:<{}>", envelope.to), '2').await?;
        self.command(stream, "DATA", '3').await?;
        self.write(stream, &stuffed(&outgoing.message)).await?;
        self.expect(stream, '2').await?;
        self.quit(stream).await;
        Ok(())
    }

    async fn quit(&mut self, stream: &mut Stream) {
        let _ = self.command(stream, "QUIT", '2').await;
    }

    async fn secure(
        &mut self,
        stream: &mut Stream,
        config: &Arc<ClientConfig>,
        name: &str,
    ) -> Result<(), SmtpError> {
        if !stream.buffer().is_empty() {
            // Whoever slips something in before TLS must not be read as if it came inside.
            let text = "something came in the clear after STARTTLS";
            return Err(SmtpError::Impossible(text.into()));
        }
        let host = ServerName::try_from(name.to_owned())
            .map_err(|_| SmtpError::Impossible(format!("\"{name}\" is no name of a server")))?;
        let (empty, _) = tokio::io::duplex(1);
        let plain = std::mem::replace(stream, BufReader::new(Box::new(empty)));
        let secured = TlsConnector::from(config.clone()).connect(host, plain.into_inner()).await?;
        *stream = BufReader::new(Box::new(secured));
        Ok(())
    }

    /// RFC 4616. The password stands in no record.
    async fn login(
        &mut self,
        stream: &mut Stream,
        user: &str,
        password: &Secret,
    ) -> Result<(), SmtpError> {
        let plain = format!("\0{user}\0{}", password.reveal());
        let coded = base64::engine::general_purpose::STANDARD.encode(plain);
        stream.write_all(format!("AUTH PLAIN {coded}\r\n").as_bytes()).await?;
        stream.flush().await?;
        self.sent.extend_from_slice(b"AUTH PLAIN ***\r\n");
        self.expect(stream, '2').await.map(drop)
    }

    async fn command(
        &mut self,
        stream: &mut Stream,
        line: &str,
        class: char,
    ) -> Result<String, SmtpError> {
        self.write(stream, format!("{line}\r\n").as_bytes()).await?;
        self.expect(stream, class).await
    }

    async fn write(&mut self, stream: &mut Stream, bytes: &[u8]) -> Result<(), SmtpError> {
        self.sent.extend_from_slice(bytes);
        stream.write_all(bytes).await?;
        stream.flush().await?;
        Ok(())
    }

    /// An answer with all its lines.
    async fn expect(&mut self, stream: &mut Stream, class: char) -> Result<String, SmtpError> {
        let mut answer = String::new();
        loop {
            let mut line = Vec::new();
            // RFC 5321 section 4.5.3.1.5 has 512 bytes; nobody needs endless ones, or endlessly many.
            let most = MOST_ANSWER.saturating_sub(answer.len() as u64);
            let read = (&mut *stream).take(most).read_until(b'\n', &mut line).await?;
            self.received.extend_from_slice(&line);
            if !line.ends_with(b"\n") {
                let error = match read as u64 == most {
                    true => {
                        std::io::Error::other(format!("an answer of more than {MOST_ANSWER} bytes"))
                    }
                    false => std::io::ErrorKind::UnexpectedEof.into(),
                };
                return Err(error.into());
            }
            answer.push_str(&String::from_utf8_lossy(&line));
            if line.get(3) != Some(&b'-') {
                break;
            }
        }
        match answer.starts_with(class) {
            true => Ok(answer),
            false => Err(SmtpError::Refused(answer.trim().to_owned())),
        }
    }
}

/// Lines end with CRLF, lines that start with a dot get another (RFC 5321 section 4.5.2), and the
/// final dot is added.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 64);
    let mut lines: Vec<&[u8]> = message.split(|b| *b == b'\n').collect();
    if lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::{Offers, stuffed};

    #[test]
    fn dots_are_doubled_at_the_start_of_lines_only() {
        assert_eq!(stuffed(b".a\nb.\r\n..c\n"), b"..a\r\nb.\r\n...c\r\n.\r\n");
        assert_eq!(stuffed(b"x"), b"x\r\n.\r\n");
    }

    #[test]
    fn offers_are_read_line_by_line() {
        let all = "250-h.example\r\n250-size 1000\r\n250-8BITMIME\r\n250 AUTH LOGIN plain\r\n";
        let offers = Offers::read(all);
        assert_eq!(offers.size, Some(1000));
        assert!(offers.eight_bit && offers.auth_plain && !offers.start_tls);
        // The first line is the server's name, whatever it is; 0 is no limit (RFC 1870 section 4).
        assert_eq!(Offers::read("250-SIZE 5\r\n250 SIZE 0\r\n"), Offers::default());
    }
}
