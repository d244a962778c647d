//! Messages as bytes, without any connection, so that servers, clients and those who judge what was
//! recorded read them alike.
//!
//! | file | what lives there |
//! | --- | --- |
//! | `head`, `framing`, `coding`, `escapes`, `media_type` | HTTP/1.1: heads, where a body ends, content codings, field values |
//! | `related`, `xop` | messages of several parts, and parts in their places |
//! | `soap` | envelopes, payloads and faults |
//! | `json`, `tree`, `untree` | JSON as it was written, as a tree of elements, and back |
//! | `handed` | transfer folders, as they are recorded |
//! | `container` | ZIP files in which a message travels with its files |
//! | `recorded`, `carried`, `answered` | what a recorded exchange carries, by the protocol of who took it, and what its answer says |
//! | `legible` | where words can hide |
//! | `notes`, `deep` | what is odd, and whether that ends reading; what lies deep |

mod answered;
mod carried;
mod coding;
mod container;
mod deep;
mod escapes;
mod framing;
mod handed;
mod head;
mod json;
mod legible;
mod media_type;
mod notes;
mod recorded;
mod related;
#[cfg(test)]
mod related_tests;
mod soap;
mod tree;
mod untree;
pub mod xop;

pub use answered::{NOT_NOW, file_number, is_refused, is_taken, says_no};
pub use carried::{Carried, Part, carried, carried_answer, carried_in};

pub use coding::{CodingError, UNDERSTOOD, decode, decode_within, is_coded};
pub use container::{pack, unpack};
pub use deep::on_deep_stack;
pub use escapes::{percent_decoded, percent_decoded_strictly, percent_encoded, unescaped};
pub use framing::{Extent, chunks, extent};
pub use handed::{HandedFile, REFUSED, folder_bytes, folder_files};
pub use head::{Deviation, Framing, Head, read_head};
pub use json::{Json, JsonDocument, read_json};
pub use legible::{legible, legible_body};
pub use media_type::{MediaType, unfold};
pub use notes::{Breach, Broken, Notes};
pub use recorded::{
    HttpMessage, MailPart, MailText, mail_parts, mail_parts_of, mail_recipients, mail_text,
    mail_text_of, smtp_data,
};
pub use related::{Package, Part as RelatedPart};
pub use soap::{
    SoapFault, SoapVersion, envelope_text, fault_in, inner_xml, payload_of, without_declaration,
};
pub use tree::{JSON_ROOT, tree_of};
pub use untree::{JsonKinds, json_of};

use std::borrow::Cow;

/// The header field by which a fake says that a call lies outside its interface.
pub const UNFORESEEN: (&str, &str) = ("pruefstand-attrappe", "nicht-vorgesehen");

/// Most bytes that a coded body may have when it is looked into.
const MOST: usize = 256 * 1024 * 1024;

/// The bytes of a message with its body in plain sight, where a transfer coding or a content coding
/// hides words; unchanged where none does, also when this is no HTTP message at all.
pub fn plain(raw: &[u8]) -> Cow<'_, [u8]> {
    let Some((lines, start)) = split_head(raw) else { return Cow::Borrowed(raw) };
    let values = |name: &str| {
        let field = move |line: &String| {
            let (n, value) = line.split_once(':')?;
            n.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
        };
        lines.iter().skip(1).filter_map(field).collect::<Vec<_>>().join(",")
    };
    let chunked = values("transfer-encoding").contains("chunked");
    let coding = values("content-encoding");
    if !chunked && !is_coded(&coding) {
        return Cow::Borrowed(raw);
    }
    let mut body = Vec::new();
    if chunked {
        let _ = chunks(raw, start, |chunk| body.extend_from_slice(chunk));
    } else {
        body.extend_from_slice(&raw[start..]);
    }
    // What cannot be decoded stays as it came.
    let body = decode(&coding, &body, MOST).unwrap_or(body);
    Cow::Owned([&raw[..start], &body].concat())
}

/// An answer without the interim ones before it (RFC 9110, section 15.2): 100 Continue, 103 Early
/// Hints. Anything else stays as it is.
pub fn final_answer(raw: &[u8]) -> &[u8] {
    let mut rest = raw;
    while let Some((lines, start)) = split_head(rest) {
        let status = lines.first().filter(|line| line.starts_with("HTTP/"));
        let status = status.and_then(|line| line.split(' ').nth(1)?.parse::<u16>().ok());
        match status {
            Some(100 | 102..=199) if rest.len() > start => rest = &rest[start..],
            _ => break,
        }
    }
    rest
}

/// The value of a header field of a message, the first where there are several.
pub fn header_of(raw: &[u8], name: &str) -> Option<String> {
    let (lines, _) = split_head(raw)?;
    lines.iter().skip(1).find_map(|line| {
        let (n, value) = line.split_once(':')?;
        n.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// The place of the first byte after the head of a message, and the head's lines.
pub fn split_head(raw: &[u8]) -> Option<(Vec<String>, usize)> {
    let start = raw.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let (lines, end) = head::lines(raw, start)?;
    let lines = lines.iter().map(|l| String::from_utf8_lossy(l.bytes).into_owned());
    Some((lines.collect(), end))
}

#[cfg(test)]
mod tests {
    use super::{final_answer, header_of};

    #[test]
    fn interim_answers_are_no_answers() {
        let last = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\nok";
        let early = "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n";
        let raw = format!("HTTP/1.1 100 Continue\r\n\r\n{early}{last}");
        assert_eq!(final_answer(raw.as_bytes()), last.as_bytes());
        assert_eq!(header_of(final_answer(raw.as_bytes()), "content-type").as_deref(), Some("a/b"));
        for other in [last, "HTTP/1.1 100 Continue\r\n\r\n", "POST / HTTP/1.1\r\n\r\n", "x"] {
            assert_eq!(final_answer(other.as_bytes()), other.as_bytes());
        }
    }
}
