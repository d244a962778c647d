//! From bytes to characters, as XML 1.0 (appendix F and section 4.3.3) allows; contradictions are
//! errors, never guesses.

use super::{ParseError, ParseErrorKind};

/// The characters of a document and the encoding they were in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without byte order mark.
    pub text: String,
    /// Canonical name of the encoding that was used, such as `UTF-8`.
    pub encoding: String,
}

pub(super) fn fault(message: impl Into<String>, help: &str) -> ParseError {
    ParseError {
        kind: ParseErrorKind::Encoding,
        line: 1,
        column: 1,
        message: format!("{} ({help})", message.into()),
    }
}

/// Decodes a document.
///
/// # Errors
/// `Encoding` when byte order mark and declaration contradict each other, when bytes are not legal
/// in the encoding that applies, when the encoding is unknown, or when a second byte order mark
/// stands before the root.
pub fn decode(bytes: &[u8]) -> Result<Decoded, ParseError> {
    let (mark, body): (Option<&str>, &[u8]) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (Some("UTF-8"), rest),
        [0xFE, 0xFF, rest @ ..] => (Some("UTF-16BE"), rest),
        [0xFF, 0xFE, rest @ ..] => (Some("UTF-16LE"), rest),
        [0x00, 0x3C, 0x00, 0x3F, ..] | [0x3C, 0x00, 0x3F, 0x00, ..] => {
            return Err(fault(
                "UTF-16 without a byte order mark",
                "XML 1.0 section 4.3.3 requires one; add it or send UTF-8",
            ));
        }
        _ => (None, bytes),
    };
    let text = match mark {
        Some("UTF-16BE" | "UTF-16LE") => utf16(body, mark == Some("UTF-16BE"))?,
        _ => String::new(),
    };
    let declared = if text.is_empty() {
        declared_encoding(&String::from_utf8_lossy(&body[..body.len().min(512)]))
    } else {
        declared_encoding(&text)
    };
    let decoded = match (mark, declared.as_deref()) {
        (Some(mark @ ("UTF-16BE" | "UTF-16LE")), declared) => {
            if let Some(name) = declared
                && !name.eq_ignore_ascii_case("UTF-16")
                && !name.eq_ignore_ascii_case(mark)
            {
                return Err(contradiction(mark, name));
            }
            Decoded { text, encoding: mark.to_owned() }
        }
        (Some(mark), Some(name)) if !name.eq_ignore_ascii_case("UTF-8") => {
            return Err(contradiction(mark, name));
        }
        (_, None) => Decoded { text: utf8(body)?, encoding: "UTF-8".into() },
        (_, Some(name)) => single_byte_or_named(body, name)?,
    };
    if decoded.text.starts_with('\u{FEFF}') {
        return Err(fault(
            "a second U+FEFF stands before the root element",
            "only one byte order mark is allowed; remove one",
        ));
    }
    Ok(decoded)
}

fn contradiction(mark: &str, name: &str) -> ParseError {
    fault(
        format!("the byte order mark says {mark}, the declaration says {name}"),
        "make both agree",
    )
}

fn utf8(bytes: &[u8]) -> Result<String, ParseError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let at = error.valid_up_to();
        let line = bytes[..at].iter().filter(|&&b| b == b'\n').count() + 1;
        ParseError {
            kind: ParseErrorKind::Encoding,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: 1,
            message: format!(
                "byte {:02X} at offset {at} is not UTF-8 (declare the encoding or send UTF-8)",
                bytes.get(at).copied().unwrap_or(0)
            ),
        }
    })
}

pub(super) fn utf16(bytes: &[u8], big_endian: bool) -> Result<String, ParseError> {
    if !bytes.len().is_multiple_of(2) {
        return Err(fault("UTF-16 with an odd number of bytes", "the document is cut off"));
    }
    let units = bytes.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    });
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .map_err(|_| fault("an unpaired surrogate in UTF-16", "the document is damaged"))
}

pub(super) fn single_byte_or_named(bytes: &[u8], name: &str) -> Result<Decoded, ParseError> {
    let upper = name.to_ascii_uppercase();
    let text = match upper.as_str() {
        "UTF-8" | "UTF8" => utf8(bytes)?,
        // Not the WHATWG reading, which takes Latin-1 for windows-1252.
        "ISO-8859-1" | "LATIN1" | "ISO_8859-1" => bytes.iter().map(|&b| char::from(b)).collect(),
        "US-ASCII" | "ASCII" => {
            if let Some(at) = bytes.iter().position(|b| !b.is_ascii()) {
                return Err(fault(
                    format!("byte {:02X} at offset {at} is not ASCII", bytes[at]),
                    "declare the encoding that was used",
                ));
            }
            bytes.iter().map(|&b| char::from(b)).collect()
        }
        "UTF-16" | "UTF-16LE" | "UTF-16BE" => {
            return Err(fault(
                format!("declared {name}, but the bytes are not UTF-16"),
                "make declaration and bytes agree",
            ));
        }
        _ => {
            let Some(encoding) = encoding_rs::Encoding::for_label(name.as_bytes()) else {
                return Err(fault(format!("unknown encoding \"{name}\""), "use UTF-8"));
            };
            let (text, bad) = encoding.decode_without_bom_handling(bytes);
            if bad {
                return Err(fault(format!("bytes that are not {name}"), "declare what was used"));
            }
            text.into_owned()
        }
    };
    Ok(Decoded { text, encoding: if upper == "UTF8" { "UTF-8".into() } else { upper } })
}

/// The encoding named in the XML declaration, if any.
pub(super) fn declared_encoding(text: &str) -> Option<String> {
    let declaration = text.strip_prefix("<?xml")?;
    let declaration = &declaration[..declaration.find("?>")?];
    let rest = declaration[declaration.find("encoding")? + 8..].trim_start();
    let rest = rest.strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split(quote).next().map(str::to_owned)
}
