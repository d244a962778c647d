//! The message itself: read, judged by its bytes, recorded, handed over, answered. In this order, so
//! that what was accepted is never lost.

use std::io::Result;

use super::connection::Incoming;
use super::data::{Deviation, Kind, Receiver, Step};
use super::server::{Mail, MailReply};
use super::session::{Envelope, Flow, Session};

/// A message that is too large is read on to its end, up to so many times the limit.
const PATIENCE: usize = 2;
/// Header fields that may stand there once (RFC 5322 section 3.6); a second one shows that somebody
/// got a line end into the value of another.
const ONCE: [&str; 11] = [
    "date",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "message-id",
    "in-reply-to",
    "references",
    "subject",
];

/// How reading ended.
enum End {
    /// With the final dot.
    Whole,
    /// With a shape that the strict mode does not read over.
    Smuggling,
    /// With more than anybody wants to read.
    Endless,
}

impl Session {
    /// Takes a message after DATA.
    pub async fn message(&mut self, envelope: Envelope) -> Result<Flow> {
        // The client has to see 354 first: with it, nothing can have come (RFC 2920 section 3.1).
        let early = self.connection.waiting().to_vec();
        if !early.is_empty() {
            self.note(None, "RFC 2920 3.1", "the message came before the answer to DATA", &early);
        }
        self.say("354 end with <CRLF>.<CRLF>").await?;
        let limits = &self.settings.limits;
        let (max_message, max_line) = (limits.message, limits.text_line);
        let mut receiver = Receiver::new(max_message, max_line);
        let end = loop {
            let chunk = match self.connection.some().await? {
                Incoming::Line(chunk) => chunk,
                Incoming::Idle => {
                    self.say("421 4.4.2 waited too long").await?;
                    return Ok(Flow::Close);
                }
                Incoming::Stopping => {
                    self.say("421 4.3.2 shutting down").await?;
                    return Ok(Flow::Close);
                }
                Incoming::Gone | Incoming::TooLong => {
                    let text = format!("gone after {} bytes of a message", receiver.seen());
                    self.note(None, "RFC 5321 4.1.1.4", &text, &[]);
                    return Ok(Flow::Close);
                }
            };
            let (count, step) = receiver.feed(&chunk);
            self.connection.used(&chunk, count, !receiver.too_large);
            match step {
                Step::End => break End::Whole,
                Step::Smuggling if !self.settings.lenient => break End::Smuggling,
                Step::More | Step::Smuggling => {}
            }
            if receiver.seen() > max_message.saturating_mul(PATIENCE) {
                break End::Endless;
            }
        };
        self.answer_message(envelope, receiver, &end).await
    }

    async fn answer_message(
        &mut self,
        envelope: Envelope,
        receiver: Receiver,
        end: &End,
    ) -> Result<Flow> {
        let raw = self.connection.take_in();
        let peer = self.peer.to_string();
        let exchange = self.observer.request(&self.system, "smtp", &peer, &raw);
        for Deviation { kind, bytes, at } in &receiver.deviations {
            let text = format!("{} at byte {at}", kind.text());
            self.note(Some(exchange), kind.clause(), &text, bytes);
        }
        let Receiver { data, too_large, deviations, .. } = receiver;
        self.note_content(exchange, &envelope, &data);
        let refusal = match end {
            // What follows could be a message or commands; the only safe reading is none.
            End::Smuggling => {
                Some(("554 5.6.0 a dot between line ends that are not CRLF", Flow::Close))
            }
            End::Endless => Some(("552 5.3.4 message too large", Flow::Close)),
            End::Whole if too_large => Some(("552 5.3.4 message too large", Flow::Go)),
            End::Whole if !self.settings.lenient => {
                refusal(&deviations).map(|line| (line, Flow::Go))
            }
            End::Whole => None,
        };
        if let Some((line, flow)) = refusal {
            let said = self.say(line).await;
            self.answered(exchange, None);
            return said.map(|()| flow);
        }
        let mail = Mail { from: envelope.from, to: envelope.to, data, exchange };
        let reply = self.handler.mail(mail);
        self.reply(exchange, reply).await
    }

    /// Answers as told. Every exchange is closed in the record, however the client behaves.
    async fn reply(&mut self, exchange: u64, reply: MailReply) -> Result<Flow> {
        let taken: &[u8] = b"250 2.0.0 taken\r\n";
        let line = match reply {
            MailReply::Accept => taken,
            MailReply::AcceptAfter(time) => {
                if !self.connection.pause(time).await {
                    self.answered(exchange, Some("the server stopped before it answered"));
                    return Ok(Flow::Close);
                }
                taken
            }
            // The second line answers the client's next command: whoever does not count is out of step.
            MailReply::Twice => b"250 2.0.0 taken\r\n250 2.0.0 taken\r\n",
            MailReply::Later => b"451 4.3.0 try again later\r\n",
            MailReply::Full => b"452 4.3.1 no room left\r\n",
            MailReply::Garble => b"2\xff0 2.0.0 \x00taken\r\n",
            MailReply::Reset => {
                self.answered(exchange, Some("closed without an answer, as told"));
                return Ok(Flow::Close);
            }
            MailReply::Hang => {
                self.answered(exchange, Some("left without an answer, as told"));
                let longest = self.settings.limits.session;
                self.connection.hang(longest).await;
                return Ok(Flow::Close);
            }
        };
        let said = self.connection.write(line).await;
        let failure = said.as_ref().err().map(|_| "the client did not take the answer");
        self.answered(exchange, failure);
        said.map(|()| Flow::Go)
    }

    fn answered(&mut self, exchange: u64, failure: Option<&str>) {
        let written = self.connection.take_out();
        self.observer.answer(exchange, &written, failure);
    }

    /// Notes what the message itself has that was not announced or may not be. Nothing is refused for
    /// it: servers take such mail.
    fn note_content(&self, exchange: u64, envelope: &Envelope, data: &[u8]) {
        let head = data
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .map_or(data, |at| data.get(..at).unwrap_or_default());
        let (field, text) = beyond_ascii(data, head);
        if let Some(line) = field.filter(|_| !envelope.utf8) {
            let text = "a header field beyond ASCII without SMTPUTF8";
            self.note(Some(exchange), "RFC 6531 3.4", text, line);
        }
        if let Some(line) = text.filter(|_| !envelope.eight_bit && !envelope.utf8) {
            let text = "a text beyond ASCII without BODY=8BITMIME";
            self.note(Some(exchange), "RFC 6152 3", text, line);
        }
        for name in ONCE {
            let again = head.split(|b| *b == b'\n').filter(|line| is_field(line, name)).nth(1);
            if let Some(line) = again {
                let text = "a second header field of a kind that may be there once";
                self.note(Some(exchange), "RFC 5322 3.6", text, line);
            }
        }
    }
}

/// The first line beyond ASCII in header fields, those of parts included, and the first elsewhere.
fn beyond_ascii<'d>(data: &'d [u8], head: &[u8]) -> (Option<&'d [u8]>, Option<&'d [u8]>) {
    let (mut field, mut text) = (None, None);
    if data.is_ascii() {
        return (field, text);
    }
    let has_parts = head.windows(10).any(|w| w.eq_ignore_ascii_case(b"multipart/"));
    let mut in_fields = true;
    for line in data.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end) {
        if line.is_empty() {
            in_fields = false;
        } else if has_parts && line.starts_with(b"--") && line.len() > 2 {
            // Which boundary it is does not matter here; `-- ` alone is the start of a signature.
            in_fields = true;
        } else if !line.is_ascii() {
            if in_fields { &mut field } else { &mut text }.get_or_insert(line);
        }
    }
    (field, text)
}

/// The answer to a message whose bytes the strict mode does not take.
fn refusal(deviations: &[Deviation]) -> Option<&'static str> {
    let kind = deviations.iter().map(|d| d.kind).find(|kind| *kind != Kind::Nul)?;
    Some(match kind {
        Kind::LongLine => "554 5.6.0 a line is too long",
        _ => "554 5.6.0 lines end with CRLF",
    })
}

fn is_field(line: &[u8], name: &str) -> bool {
    let (Some(start), Some(rest)) = (line.get(..name.len()), line.get(name.len()..)) else {
        return false;
    };
    start.eq_ignore_ascii_case(name.as_bytes())
        && rest.iter().find(|b| !matches!(b, b' ' | b'\t')) == Some(&b':')
}
