//! A session from greeting to goodbye: reads commands, checks their bytes, and hands them on.

use std::io::Result;
use std::net::SocketAddr;
use std::sync::Arc;

use smtp_proto::{Error, Request};

use super::super::Observer;
use super::connection::{Connection, Incoming};
use super::server::{MailHandler, Settings};
use crate::ids::SystemId;

/// Name of the server in its answers.
pub(super) const NAME: &str = "attrappe.example";

/// Whether the session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Go,
    Close,
}

/// How the client introduced itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greeted {
    /// Not yet.
    No,
    /// With HELO: no extensions.
    Helo,
    /// With EHLO.
    Ehlo,
}

/// What is known of a message before its bytes come.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub from: String,
    pub to: Vec<String>,
    /// Addresses and header fields may be UTF-8 (RFC 6531).
    pub utf8: bool,
    /// Lines may hold any byte but NUL (RFC 6152).
    pub eight_bit: bool,
}

/// A session.
pub(super) struct Session {
    pub connection: Connection,
    pub system: SystemId,
    pub settings: Arc<Settings>,
    pub handler: Arc<dyn MailHandler>,
    pub observer: Arc<dyn Observer>,
    pub peer: SocketAddr,
    pub greeted: Greeted,
    pub tls: bool,
    pub authenticated: bool,
    pub auth_failures: usize,
    /// The open transaction, from MAIL on.
    pub envelope: Option<Envelope>,
    commands: usize,
    mistakes: usize,
}

impl Session {
    pub fn new(
        connection: Connection,
        system: SystemId,
        settings: Arc<Settings>,
        handler: Arc<dyn MailHandler>,
        observer: Arc<dyn Observer>,
        peer: SocketAddr,
    ) -> Self {
        Self {
            connection,
            system,
            settings,
            handler,
            observer,
            peer,
            greeted: Greeted::No,
            tls: false,
            authenticated: false,
            auth_failures: 0,
            envelope: None,
            commands: 0,
            mistakes: 0,
        }
    }

    /// Speaks with the client until one of both has enough. With `full` it is only told so.
    pub async fn run(mut self, full: bool) -> Result<()> {
        if full {
            self.say("421 4.3.2 too many connections").await?;
            self.connection.close().await;
            return Ok(());
        }
        self.say(&format!("220 {NAME} ESMTP Pruefstand")).await?;
        let result = self.commands().await;
        self.connection.close().await;
        result
    }

    async fn commands(&mut self) -> Result<()> {
        loop {
            match self.connection.line(self.settings.limits.auth_line).await? {
                Incoming::Line(line) => {
                    self.commands += 1;
                    if self.commands > self.settings.limits.commands {
                        return self.say("421 4.7.0 too many commands").await;
                    }
                    if self.command_line(&line).await? == Flow::Close {
                        return Ok(());
                    }
                }
                Incoming::TooLong => {
                    self.mistake("500 5.5.2 line too long").await?;
                }
                Incoming::Gone => return Ok(()),
                Incoming::Idle => return self.say("421 4.4.2 waited too long").await,
                Incoming::Stopping => return self.say("421 4.3.2 shutting down").await,
            }
            if self.mistakes >= self.settings.limits.mistakes {
                return self.say("421 4.7.0 too many mistakes").await;
            }
        }
    }

    pub async fn say(&mut self, line: &str) -> Result<()> {
        self.connection.say(line).await
    }

    /// Refuses a command that is wrong.
    pub async fn mistake(&mut self, line: &str) -> Result<Flow> {
        self.mistakes += 1;
        self.say(line).await?;
        Ok(Flow::Go)
    }

    /// Notes a deviation, with the bytes where there are any.
    pub fn note(&self, exchange: Option<u64>, clause: &str, text: &str, bytes: &[u8]) {
        let detail = match bytes {
            [] => text.to_owned(),
            bytes => {
                let some = bytes.get(..80).unwrap_or(bytes);
                let more = if some.len() < bytes.len() { "…" } else { "" };
                format!("{text}: {}{more}", some.escape_ascii())
            }
        };
        self.observer.observation(&self.system, exchange, clause, &detail);
    }

    /// Checks the bytes of a line, then carries it out.
    async fn command_line(&mut self, line: &[u8]) -> Result<Flow> {
        let is_auth = line.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"AUTH "));
        if line.len() > self.settings.limits.command_line && !is_auth {
            return self.mistake("500 5.5.2 line too long").await;
        }
        let (text, proper) = match line.strip_suffix(b"\r\n") {
            Some(text) => (text, true),
            None => (line.strip_suffix(b"\n").unwrap_or(line), false),
        };
        if !proper {
            self.note(None, "RFC 5321 2.3.8", "a command ends with LF without CR", line);
            if !self.settings.lenient {
                return self.mistake("500 5.5.2 lines end with CRLF").await;
            }
        }
        // Somebody put a line end into an address, so that the rest is a command elsewhere. No mode
        // overlooks that: there is no other way to read it.
        if text.contains(&b'\r') {
            self.note(None, "RFC 5321 2.3.8", "CR within a command", line);
            return self.mistake("500 5.5.2 CR within a line").await;
        }
        if text.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
            self.note(None, "RFC 5321 4.1.2", "a control character in a command", line);
            return self.mistake("501 5.5.2 control character").await;
        }
        let Ok(text) = std::str::from_utf8(text) else {
            self.note(None, "RFC 6531 3.3", "a command is neither ASCII nor UTF-8", line);
            return self.mistake("501 5.5.2 neither ASCII nor UTF-8").await;
        };
        let text = text.trim_end();
        if is_other_protocol(text) {
            self.note(None, "RFC 5321 4.1.1", "another protocol", line);
            self.say("554 5.5.1 this is SMTP").await?;
            return Ok(Flow::Close);
        }
        if is_auth || text.eq_ignore_ascii_case("AUTH") {
            return self.auth(text.get(4..).unwrap_or_default().trim()).await;
        }
        let bytes = [text.as_bytes(), b"\r\n"].concat();
        match Request::parse(&mut bytes.iter()) {
            Ok(request) => self.command(request.into_owned(), text).await,
            Err(error) => {
                self.note(None, "RFC 5321 4.1.1", &format!("{error:?}"), line);
                self.mistake(match error {
                    Error::UnknownCommand => "500 5.5.2 command not understood",
                    Error::InvalidSenderAddress => "501 5.1.7 no proper sender address",
                    Error::InvalidRecipientAddress => "501 5.1.3 no proper recipient address",
                    Error::UnsupportedParameter { .. } => "555 5.5.4 parameter not offered",
                    Error::InvalidParameter { .. } => "501 5.5.4 parameter not understood",
                    _ => "501 5.5.2 not understood",
                })
                .await
            }
        }
    }
}

/// A browser or a proxy that somebody led here.
fn is_other_protocol(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or_default();
    matches!(word, "GET" | "POST" | "PUT" | "CONNECT" | "OPTIONS" | "Host:" | "Content-Length:")
}
