//! Reading raw bytes of an exchange: HTTP messages and mails.

use mail_parser::{MessageParser, MimeHeaders};

use crate::wire;

/// The parts of a raw HTTP/1.1 message that judging needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpMessage {
    /// First line.
    pub start: String,
    /// Value of `Content-Type`; empty where it is missing.
    pub content_type: String,
    /// Body, without transfer coding and without the content codings that are known.
    pub body: Vec<u8>,
}

impl HttpMessage {
    /// Reads a raw message; what is cut off is read as far as it goes.
    pub fn read(raw: &[u8]) -> Option<Self> {
        let plain = wire::plain(wire::final_answer(raw));
        let (lines, start) = wire::split_head(&plain)?;
        let body = plain[start..].to_vec();
        let kind = lines.iter().enumerate().skip(1).find_map(|(at, line)| {
            let (name, value) = line.split_once(':')?;
            // A line that begins with white space goes on with the one before (RFC 9112, 5.2).
            let folded = lines[at + 1..].iter().take_while(|l| l.starts_with([' ', '\t']));
            let value = folded.fold(value.trim().to_owned(), |all, line| all + " " + line.trim());
            name.trim().eq_ignore_ascii_case("content-type").then_some(value)
        });
        let (start, content_type) =
            (lines.into_iter().next().unwrap_or_default(), kind.unwrap_or_default());
        Some(Self { start, content_type, body })
    }

    /// Status of an answer.
    pub fn status(&self) -> Option<u16> {
        self.start.split(' ').nth(1)?.parse().ok()
    }

    /// Method of a request.
    pub fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|w| w == needle)
}

/// An attachment of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailPart {
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Content.
    pub content: Vec<u8>,
}

/// The attachments of a mail, from the raw bytes of its SMTP transaction.
pub fn mail_parts(raw: &[u8]) -> Vec<MailPart> {
    let data = smtp_data(raw);
    // Mails may hold mails, as deep as somebody likes.
    wire::on_deep_stack(data.len(), || parts_of(&data)).unwrap_or_default()
}

fn parts_of(data: &[u8]) -> Vec<MailPart> {
    let Some(message) = MessageParser::default().parse(data) else { return vec![] };
    message
        .attachments()
        .map(|part| {
            let media_type = part.content_type().map(|c| {
                c.subtype().map_or_else(|| c.ctype().to_owned(), |s| format!("{}/{s}", c.ctype()))
            });
            MailPart {
                name: part.attachment_name().unwrap_or_default().to_owned(),
                media_type: media_type.unwrap_or_default(),
                content: part.contents().to_vec(),
            }
        })
        .collect()
}

/// The recipients of a mail, in lower case, from the raw bytes of its SMTP transaction.
pub fn mail_recipients(raw: &[u8]) -> Vec<String> {
    smtp_transaction(raw).0
}

/// The recipients of the transaction, and where its message starts. A session may hold transactions
/// that were given up before, and a DATA that was refused since nobody was to get it.
fn smtp_transaction(raw: &[u8]) -> (Vec<String>, usize) {
    let (mut to, mut at, mut first_data) = (Vec::new(), 0, None);
    for line in raw.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        let line = String::from_utf8_lossy(line).trim().to_lowercase();
        if let Some(rest) = line.strip_prefix("rcpt to:") {
            let path = rest.trim().strip_prefix('<').and_then(|r| r.split('>').next());
            to.extend(path.map(str::to_owned));
        } else if line.starts_with("mail from:") || line == "rset" || line.starts_with("ehlo ") {
            to.clear();
        } else if line == "data" {
            if !to.is_empty() {
                return (to, at);
            }
            first_data.get_or_insert(at);
        }
    }
    (to, first_data.unwrap_or(0))
}

/// The message between `DATA` and the final dot, without dot-stuffing. Lines end with CRLF and with
/// nothing else, as for the server that took it.
pub fn smtp_data(raw: &[u8]) -> Vec<u8> {
    let mut rest = raw.get(smtp_transaction(raw).1..).unwrap_or_default();
    let mut out = Vec::with_capacity(rest.len());
    while !rest.is_empty() && !rest.starts_with(b".\r\n") {
        let end = find(rest, b"\r\n").map_or(rest.len(), |at| at + 2);
        let (line, later) = rest.split_at(end);
        out.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        rest = later;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{HttpMessage, mail_parts, mail_recipients, smtp_data};

    #[test]
    fn chunked_bodies_are_put_together() {
        let raw = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n";
        let message = HttpMessage::read(raw).expect("an HTTP message");
        assert_eq!(message.body, b"abcdef");
        assert_eq!(message.method(), "POST");
        let mut coded = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut coded, b"<Nr>PS-1</Nr>").expect("memory");
        let head = b"POST /x HTTP/1.1\r\ncontent-encoding: GZIP\r\n\r\n";
        let raw = [&head[..], &coded.finish().expect("memory")].concat();
        assert_eq!(HttpMessage::read(&raw).expect("an HTTP message").body, b"<Nr>PS-1</Nr>");
        let answer = HttpMessage::read(b"HTTP/1.1 202 Accepted\r\n\r\n").expect("an answer");
        assert_eq!(answer.status(), Some(202));
    }

    #[test]
    fn no_mail_of_a_target_is_too_deep_to_be_judged() {
        let level = "Content-Type: message/rfc822\r\n\r\n".repeat(40_000);
        let raw = format!("EHLO a\r\nDATA\r\n{level}Text\r\n.\r\n");
        assert!(mail_parts(raw.as_bytes()).len() <= 1);
    }

    #[test]
    fn attachments_come_out_of_a_transaction() {
        let raw = b"EHLO a\r\nDATA\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/xml\r\nContent-Disposition: attachment; filename=\"a.xml\"\r\n\r\n<a/>\r\n--b--\r\n.\r\n";
        let parts = mail_parts(raw);
        assert_eq!(parts.len(), 1);
        assert_eq!((parts[0].name.as_str(), parts[0].content.as_slice()), ("a.xml", &b"<a/>"[..]));
        assert_eq!(parts[0].media_type, "application/xml");
    }

    #[test]
    fn a_transaction_is_read_as_the_server_read_it() {
        let raw = b"EHLO a\r\ndata\r\nMAIL FROM:<a@b>\r\nRCPT TO:<Weg@d>\r\nRSET\r\nmail from:<a@b>\r\nrcpt to:<Da@D> NOTIFY=NEVER\r\ndata\r\n..x\r\na\n.\r\n.b\n..\r\nDATA\r\n.\r\nQUIT\r\n";
        assert_eq!(mail_recipients(raw), ["da@d"]);
        assert_eq!(smtp_data(raw), b".x\r\na\n.\r\nb\n..\r\nDATA\r\n");
    }
}
