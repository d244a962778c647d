//! The commands of RFC 5321 section 4.1.1 in the order of section 4.1.4, and those of the extensions.

use std::io::Result;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_proto::{MAIL_BODY_8BITMIME, MAIL_BODY_BINARYMIME, MAIL_SMTPUTF8, MailFrom, Request};

use super::auth::{Mechanism, decoded};
use super::connection::Incoming;
use super::session::{Envelope, Flow, Greeted, NAME, Session};

impl Session {
    /// Carries out a command; `text` is its line.
    pub async fn command(&mut self, request: Request<String>, text: &str) -> Result<Flow> {
        let alone = !text.contains(' ');
        match request {
            Request::Ehlo { .. } => self.ehlo().await,
            Request::Helo { .. } => {
                (self.greeted, self.envelope) = (Greeted::Helo, None);
                self.ok(&format!("250 {NAME}")).await
            }
            Request::StartTls | Request::Data | Request::Rset | Request::Quit if !alone => {
                self.note(None, "RFC 5321 4.1.1", "a parameter where none may be", text.as_bytes());
                self.mistake("501 5.5.4 no parameters here").await
            }
            Request::StartTls => self.start_tls().await,
            Request::Mail { from } => self.mail_from(from, text).await,
            Request::Rcpt { to } => self.rcpt_to(to.address, text).await,
            Request::Data => self.data_command().await,
            Request::Rset => {
                self.envelope = None;
                self.ok("250 2.0.0 ok").await
            }
            Request::Noop { .. } => self.ok("250 2.0.0 ok").await,
            Request::Vrfy { .. } => self.ok("252 2.5.0 cannot verify, but will take mail").await,
            Request::Help { .. } => {
                self.ok("214 2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY QUIT")
                    .await
            }
            Request::Quit => {
                self.say("221 2.0.0 bye").await?;
                Ok(Flow::Close)
            }
            _ => self.mistake("502 5.5.1 not implemented").await,
        }
    }

    async fn ok(&mut self, line: &str) -> Result<Flow> {
        self.say(line).await?;
        Ok(Flow::Go)
    }

    /// Refuses a command that comes at the wrong time.
    async fn out_of_order(&mut self, line: &str, text: &str) -> Result<Flow> {
        self.note(None, "RFC 5321 4.1.4", "a command out of order", text.as_bytes());
        self.mistake(line).await
    }

    /// Whether AUTH is offered: there is somebody to be, and nobody can listen.
    fn offers_auth(&self) -> bool {
        self.settings.account.is_some() && (self.tls || self.peer.ip().is_loopback())
    }

    async fn ehlo(&mut self) -> Result<Flow> {
        (self.greeted, self.envelope) = (Greeted::Ehlo, None);
        let mut lines = vec![
            NAME.to_owned(),
            "PIPELINING".to_owned(),
            format!("SIZE {}", self.settings.limits.message),
            "8BITMIME".to_owned(),
            "SMTPUTF8".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
        ];
        if self.settings.tls.is_some() && !self.tls {
            lines.push("STARTTLS".to_owned());
        }
        if self.offers_auth() {
            lines.push("AUTH PLAIN LOGIN".to_owned());
        }
        lines.push("HELP".to_owned());
        let last = lines.len() - 1;
        let answer: String = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}\r\n", if at == last { ' ' } else { '-' }))
            .collect();
        self.connection.write(answer.as_bytes()).await?;
        Ok(Flow::Go)
    }

    /// RFC 3207. Everything known about the client is forgotten afterwards.
    async fn start_tls(&mut self) -> Result<Flow> {
        let Some(config) = self.settings.tls.clone() else {
            return self.mistake("502 5.5.1 not implemented").await;
        };
        if self.tls || self.envelope.is_some() || self.greeted == Greeted::No {
            return self.out_of_order("503 5.5.1 not now", "STARTTLS").await;
        }
        let clause = "RFC 3207 4.2";
        let early = self.connection.waiting().to_vec();
        if !early.is_empty() {
            self.note(None, clause, "sent in the clear after STARTTLS", &early);
            if !self.settings.lenient {
                self.say("554 5.5.1 nothing may follow STARTTLS before TLS").await?;
                return Ok(Flow::Close);
            }
        }
        self.say("220 2.0.0 go ahead").await?;
        self.connection.secure(config).await?;
        self.tls = true;
        (self.greeted, self.authenticated) = (Greeted::No, false);
        Ok(Flow::Go)
    }

    /// AUTH (RFC 4954); `rest` is what follows the word.
    pub async fn auth(&mut self, rest: &str) -> Result<Flow> {
        let mut words = rest.split_ascii_whitespace();
        let (name, initial) = (words.next().unwrap_or_default(), words.next());
        if self.greeted != Greeted::Ehlo || self.authenticated || self.envelope.is_some() {
            return self.out_of_order("503 5.5.1 not now", "AUTH").await;
        }
        if self.settings.account.is_none() {
            return self.mistake("502 5.5.1 nobody has to authenticate here").await;
        }
        if !self.offers_auth() {
            return self.mistake("538 5.7.11 only with STARTTLS").await;
        }
        if name.is_empty() || words.next().is_some() {
            return self.mistake("501 5.5.4 AUTH mechanism [initial-response]").await;
        }
        let admitted = match Mechanism::named(name) {
            None => return self.mistake("504 5.5.4 PLAIN or LOGIN").await,
            Some(Mechanism::Plain) => match self.auth_answer("", initial).await? {
                Ok(message) => self.account(|a| a.admits_plain(&message)),
                Err(flow) => return Ok(flow),
            },
            Some(Mechanism::Login) => {
                let user = match self.auth_answer("Username:", initial).await? {
                    Ok(user) => user,
                    Err(flow) => return Ok(flow),
                };
                match self.auth_answer("Password:", None).await? {
                    Ok(password) => self.account(|a| a.admits(&user, &password)),
                    Err(flow) => return Ok(flow),
                }
            }
        };
        if admitted {
            self.authenticated = true;
            return self.ok("235 2.7.0 welcome").await;
        }
        self.auth_failures += 1;
        if self.auth_failures >= self.settings.limits.auth_failures {
            self.say("421 4.7.0 too many failed authentications").await?;
            return Ok(Flow::Close);
        }
        self.ok("535 5.7.8 wrong user or password").await
    }

    fn account(&self, admits: impl Fn(&super::auth::Account) -> bool) -> bool {
        self.settings.account.as_ref().is_some_and(admits)
    }

    /// The client's answer to a question, or what is to happen without one.
    async fn auth_answer(
        &mut self,
        question: &str,
        initial: Option<&str>,
    ) -> Result<std::result::Result<Vec<u8>, Flow>> {
        let line = match initial {
            Some(initial) => initial.to_owned(),
            None => {
                self.say(&format!("334 {}", STANDARD.encode(question))).await?;
                match self.connection.line(self.settings.limits.auth_line).await? {
                    Incoming::Line(line) => String::from_utf8_lossy(&line).into_owned(),
                    Incoming::TooLong => {
                        return Ok(Err(self.mistake("500 5.5.6 line too long").await?));
                    }
                    _ => return Ok(Err(Flow::Close)),
                }
            }
        };
        if line.trim_end() == "*" {
            return Ok(Err(self.mistake("501 5.7.0 as you like").await?));
        }
        match decoded(&line) {
            Some(answer) => Ok(Ok(answer)),
            None => {
                self.note(None, "RFC 4954 4", "an answer is not base64", &[]);
                Ok(Err(self.mistake("501 5.5.2 not base64").await?))
            }
        }
    }

    async fn mail_from(&mut self, from: MailFrom<String>, text: &str) -> Result<Flow> {
        if self.envelope.is_some() {
            return self.out_of_order("503 5.5.1 one message at a time", text).await;
        }
        if self.greeted == Greeted::No {
            self.note(None, "RFC 5321 4.1.4", "MAIL before EHLO", text.as_bytes());
            if !self.settings.lenient {
                return self.mistake("503 5.5.1 EHLO first").await;
            }
        }
        if self.settings.account.is_some() && !self.authenticated {
            return self.ok("530 5.7.0 authenticate first").await;
        }
        if from.flags & MAIL_BODY_BINARYMIME != 0 {
            self.note(None, "RFC 3030 3", "BINARYMIME without an offer", text.as_bytes());
            return self.mistake("555 5.5.4 BINARYMIME is not offered").await;
        }
        let utf8 = from.flags & MAIL_SMTPUTF8 != 0;
        if !utf8 && !self.ascii(&from.address, text) {
            return self.mistake("553 5.6.7 SMTPUTF8 is missing").await;
        }
        if from.size > self.settings.limits.message {
            return self.ok("552 5.3.4 message too large").await;
        }
        let eight_bit = from.flags & MAIL_BODY_8BITMIME != 0;
        self.envelope = Some(Envelope { from: from.address, to: Vec::new(), utf8, eight_bit });
        self.ok("250 2.1.0 ok").await
    }

    async fn rcpt_to(&mut self, address: String, text: &str) -> Result<Flow> {
        let Some(envelope) = &self.envelope else {
            return self.out_of_order("503 5.5.1 MAIL first", text).await;
        };
        // The parser gives nothing for the one address that needs no domain (section 4.5.1).
        let address = match address.is_empty() {
            true if text.to_ascii_lowercase().contains("<postmaster>") => "postmaster".to_owned(),
            true => {
                self.note(None, "RFC 5321 4.1.1.3", "no recipient", text.as_bytes());
                return self.mistake("501 5.1.3 no recipient").await;
            }
            false => address,
        };
        let (utf8, full) = (envelope.utf8, envelope.to.len() >= self.settings.limits.recipients);
        if !utf8 && !self.ascii(&address, text) {
            return self.mistake("553 5.6.7 SMTPUTF8 is missing").await;
        }
        if full {
            return self.ok("452 4.5.3 too many recipients").await;
        }
        if let Some(refusal) = self.handler.refuses(&address) {
            return self.ok(refusal).await;
        }
        if let Some(envelope) = &mut self.envelope {
            envelope.to.push(address);
        }
        self.ok("250 2.1.5 ok").await
    }

    /// Whether an address may stand there without SMTPUTF8; in the lenient mode any may.
    fn ascii(&self, address: &str, text: &str) -> bool {
        if address.is_ascii() {
            return true;
        }
        self.note(None, "RFC 6531 3.4", "an address in UTF-8 without SMTPUTF8", text.as_bytes());
        self.settings.lenient
    }

    async fn data_command(&mut self) -> Result<Flow> {
        match self.envelope.take() {
            None => self.out_of_order("503 5.5.1 MAIL first", "DATA").await,
            Some(envelope) if envelope.to.is_empty() => {
                self.envelope = Some(envelope);
                self.mistake("503 5.5.1 RCPT first").await
            }
            Some(envelope) => self.message(envelope).await,
        }
    }
}
