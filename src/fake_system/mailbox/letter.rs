//! A mail as somebody reads it.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{
    Address, Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};

use super::names::name_of;
use crate::ids::Correlator;
use crate::wire::on_deep_stack;

/// A mail, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letter {
    /// Addresses in `From`.
    pub from: Vec<String>,
    /// Addresses in `To`.
    pub to: Vec<String>,
    /// Subject, decoded; empty where absent.
    pub subject: String,
    /// The first text, in whatever charset it came; of HTML the text in it.
    pub text: String,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The name as the sender wrote it, decoded; it may be a path or worse.
    pub name: Option<String>,
    /// A name under which it may be stored: made here, never a path.
    pub safe_name: String,
    /// Media type in lower case; `application/octet-stream` where absent or broken.
    pub media_type: String,
    /// The content without transfer encoding; a text keeps its charset.
    pub content: Vec<u8>,
    /// What is unusual about its name, with the clause.
    pub notes: Vec<&'static str>,
}

impl Letter {
    /// Reads a message. Every message is something: what cannot be read is one text.
    pub fn read(data: &[u8]) -> Self {
        on_deep_stack(data.len(), || Self::read_here(data)).unwrap_or_else(|| Self {
            text: String::from_utf8_lossy(data).into_owned(),
            ..Self::default()
        })
    }

    /// All that it says: subject, text, and what is attached.
    pub(super) fn said(&self) -> Vec<u8> {
        let mut out = format!("{}\n{}\n", self.subject, self.text).into_bytes();
        for attachment in &self.attachments {
            out.extend_from_slice(attachment.name.as_deref().unwrap_or_default().as_bytes());
            out.push(b'\n');
            out.extend_from_slice(&attachment.content);
            out.push(b'\n');
        }
        out
    }

    /// The case that it names first.
    pub(super) fn vorgang(&self) -> Option<String> {
        let said = self.said();
        let mut words = Correlator::candidates(&said);
        words.find(|word| word.starts_with("PS-")).map(str::to_owned)
    }

    fn read_here(data: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(data) else {
            return Self { text: String::from_utf8_lossy(data).into_owned(), ..Self::default() };
        };
        let attachments = message.attachments().enumerate();
        Self {
            from: addresses(message.from()),
            to: addresses(message.to()),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            attachments: attachments
                .map(|(at, part)| attachment(data, &message, part, at))
                .collect(),
        }
    }
}

fn addresses(list: Option<&Address<'_>>) -> Vec<String> {
    let list = list.into_iter().flat_map(|list| list.iter());
    list.filter_map(|one| one.address().map(str::to_owned)).collect()
}

/// The bytes of a header field of a part, as sent, after the colon.
fn field<'x>(data: &'x [u8], part: &MessagePart<'_>, name: &HeaderName<'_>) -> Option<&'x [u8]> {
    // Of a field that is there twice the last one counts, as with the parser.
    let header = part.headers.iter().rev().find(|h| &h.name == name)?;
    data.get(header.offset_start as usize..header.offset_end as usize)
}

fn attachment(data: &[u8], message: &Message<'_>, part: &MessagePart<'_>, at: usize) -> Attachment {
    let media_type = part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |c| format!("{}/{}", c.ctype(), c.subtype().unwrap_or("octet-stream")).to_lowercase(),
    );
    let name = name_of(
        field(data, part, &HeaderName::ContentDisposition),
        field(data, part, &HeaderName::ContentType),
    );
    let (name, notes) = name.map_or((None, Vec::new()), |name| (Some(name.text), name.notes));
    Attachment {
        safe_name: safe_name(name.as_deref(), at),
        name,
        media_type,
        content: content(message, part),
        notes,
    }
}

/// The content as sent. The parser converts texts to UTF-8, which would be another file.
fn content(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    if !matches!(part.body, PartType::Text(_) | PartType::Html(_)) {
        return part.contents().to_vec();
    }
    let range = part.offset_body as usize..part.offset_end as usize;
    let raw = message.raw_message().get(range).unwrap_or_default();
    let decoded = match part.encoding {
        Encoding::None => None,
        Encoding::Base64 => base64_decode(raw),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
    };
    decoded.unwrap_or_else(|| raw.to_vec())
}

/// `anlage-1.pdf`: of the sender's name only the ending is used, and only a plain one.
fn safe_name(name: Option<&str>, at: usize) -> String {
    let ending = name.and_then(|n| n.rsplit_once('.')).map(|(_, ending)| ending);
    let plain = ending
        .filter(|e| (1..=8).contains(&e.len()) && e.bytes().all(|b| b.is_ascii_alphanumeric()));
    format!("anlage-{}.{}", at + 1, plain.map_or("bin".into(), str::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::{Letter, safe_name};

    /// A message in a message in a message: neither reading nor letting go may overflow the stack.
    #[test]
    fn mails_lie_in_mails_as_deep_as_they_like() {
        let level = "Content-Type: message/rfc822\r\n\r\n";
        let deep = format!("Subject: PS-000000000001\r\n{}Text\r\n", level.repeat(40_000));
        let letter = Letter::read(deep.as_bytes());
        assert_eq!(letter.vorgang().as_deref(), Some("PS-000000000001"));
        use base64::Engine as _;
        let inside = base64::engine::general_purpose::STANDARD
            .encode(format!("{}Text\r\n", level.repeat(20_000)));
        let coded = format!(
            "Subject: x\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{inside}\r\n"
        );
        assert_eq!(Letter::read(coded.as_bytes()).subject, "x");
    }

    #[test]
    fn a_case_is_found_however_it_is_encoded() {
        let subject = "Subject: =?UTF-8?Q?Antr=C3=A4ge=3A_PS-000000000001?=\r\n\r\nText\r\n";
        let body =
            "Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\nUFMtMDAwMDAwMDAwMDAx\r\n";
        for mail in [subject, body] {
            let letter = Letter::read(mail.as_bytes());
            assert_eq!(letter.vorgang().as_deref(), Some("PS-000000000001"), "{mail}");
        }
    }

    #[test]
    fn a_text_attachment_keeps_its_bytes() {
        let mail = b"From: =?utf-8?q?M=C3=BCller?= <a@b.example>\r\nTo: c@d.example, e@f.example\r\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\ngr\xfcn\r\n--b\r\nContent-Type: text/csv; charset=iso-8859-1; name=a.csv\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nStra=DFe;1=\r\n2\r\n--b\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC/w==\r\n--b--\r\n";
        let letter = Letter::read(mail);
        assert_eq!(letter.from, ["a@b.example"]);
        assert_eq!(letter.to, ["c@d.example", "e@f.example"]);
        assert_eq!((letter.subject.as_str(), letter.text.trim_end()), ("Grüße", "grün"));
        let [csv, unnamed] = letter.attachments.as_slice() else {
            panic!("{:?}", letter.attachments)
        };
        assert_eq!(csv.content, b"Stra\xdfe;12");
        assert_eq!((csv.name.as_deref(), csv.media_type.as_str()), (Some("a.csv"), "text/csv"));
        assert_eq!((&unnamed.name, unnamed.safe_name.as_str()), (&None, "anlage-2.bin"));
        assert_eq!(unnamed.media_type, "application/octet-stream");
    }

    #[test]
    fn names_for_files_are_made_here() {
        assert_eq!(safe_name(Some("../../etc/passwd"), 0), "anlage-1.bin");
        assert_eq!(safe_name(Some("Bescheid.PDF"), 1), "anlage-2.pdf");
        assert_eq!(safe_name(Some("a.b/c"), 2), "anlage-3.bin");
        assert_eq!(safe_name(None, 3), "anlage-4.bin");
    }

    #[test]
    fn what_is_no_mail_is_still_something() {
        for odd in [&b""[..], b"\r\n", b"\x00\xff\xfe", b"Content-Type: multipart/mixed\r\n\r\n--"]
        {
            let _ = Letter::read(odd);
        }
    }
}
