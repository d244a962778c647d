//! A letter as bytes: RFC 5322 with MIME, written by lettre. Both the hub and whoever plays it for a
//! mail system write theirs here.

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, MultiPart, SinglePart};

/// Something that is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosure {
    /// File name; RFC 2231 where it is not ASCII.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Every byte.
    pub content: Vec<u8>,
}

/// A letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// Sender, as in the field `From`.
    pub from: String,
    /// Recipient.
    pub to: String,
    /// Subject; RFC 2047 where it is not ASCII.
    pub subject: String,
    /// Text.
    pub text: String,
    /// The text goes as it is, without a coding (`8bit`); otherwise as is right for what it holds.
    pub eight_bit: bool,
    /// What is attached, in order.
    pub enclosed: Vec<Enclosure>,
    /// Field `Message-ID` with its angle brackets; absent where empty.
    pub message_id: String,
}

impl Letter {
    /// Its bytes, lines ended by CRLF, without dot-stuffing.
    ///
    /// # Errors
    /// In words, when an address or a media type is none.
    pub fn bytes(self) -> Result<Vec<u8>, String> {
        let text = if self.eight_bit {
            SinglePart::builder()
                .header(ContentType::TEXT_PLAIN)
                .header(ContentTransferEncoding::EightBit)
                .body(self.text)
        } else {
            SinglePart::plain(self.text)
        };
        let mut parts = MultiPart::mixed().singlepart(text);
        for Enclosure { name, media_type, content } in self.enclosed {
            let kind = ContentType::parse(&media_type).map_err(|e| e.to_string())?;
            parts = parts.singlepart(Attachment::new(name).body(content, kind));
        }
        let from = self.from.parse().map_err(|_| format!("Absender \"{}\"", self.from))?;
        let to = self.to.parse().map_err(|_| format!("Adresse \"{}\"", self.to))?;
        let mut builder = lettre::Message::builder().from(from).to(to).subject(self.subject);
        if !self.message_id.is_empty() {
            builder = builder.message_id(Some(self.message_id));
        }
        Ok(builder.multipart(parts).map_err(|e| e.to_string())?.formatted())
    }
}
