//! Documents whose transport names a character set. The order of authority is that of RFC 7303
//! section 3: byte order mark, then the `charset` parameter, then the XML declaration, then UTF-8.
//! A contradiction that leaves one reading is told; one that does not is an error.

use super::encoding::{Decoded, declared_encoding, decode, fault, single_byte_or_named, utf16};
use super::parse::{Document, ParseError, parse_decoded, within_limit};

/// A document and what was odd about its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// The document.
    pub document: Document,
    /// Labels that disagree, or that nobody knows.
    pub oddities: Vec<String>,
}

/// Parses a message whose transport may name its character set; a DOCTYPE is refused.
///
/// # Errors
/// As for [`parse`](super::parse()); also when the bytes are not legal in the set that was named.
pub fn parse_labelled(bytes: &[u8], charset: Option<&str>) -> Result<Labelled, ParseError> {
    within_limit(bytes)?;
    let mut oddities = Vec::new();
    let decoded = decode_labelled(bytes, charset, &mut oddities)?;
    Ok(Labelled { document: parse_decoded(&decoded, false)?, oddities })
}

fn decode_labelled(
    bytes: &[u8],
    charset: Option<&str>,
    oddities: &mut Vec<String>,
) -> Result<Decoded, ParseError> {
    let Some(charset) = charset else { return decode(bytes) };
    let mark = match bytes {
        [0xEF, 0xBB, 0xBF, ..] => Some("UTF-8"),
        [0xFE, 0xFF, ..] => Some("UTF-16BE"),
        [0xFF, 0xFE, ..] => Some("UTF-16LE"),
        _ => None,
    };
    let named = canonical(charset);
    if let Some(mark) = mark {
        let same = named.as_deref() == Some(mark)
            || (named.as_deref() == Some("UTF-16") && mark.starts_with("UTF-16"));
        if !same {
            oddities.push(format!("the header says {charset}, the byte order mark says {mark}"));
        }
        return decode(bytes);
    }
    let Some(named) = named else {
        oddities.push(format!("unknown charset {charset}"));
        return decode(bytes);
    };
    if named == "UTF-16" {
        return Err(fault(
            "charset UTF-16 without a byte order mark",
            "RFC 7303 section 3.2 requires one; add it or send UTF-8",
        ));
    }
    if named.starts_with("UTF-16") {
        return Ok(Decoded { text: utf16(bytes, named == "UTF-16BE")?, encoding: named });
    }
    let declared = declared_encoding(&String::from_utf8_lossy(&bytes[..bytes.len().min(512)]));
    let other = declared.as_deref().filter(|d| canonical(d).as_deref() != Some(&named));
    let decoded = single_byte_or_named(bytes, &named).map_err(|mut error| {
        let declared = declared.as_deref().unwrap_or("nothing");
        error.message = format!(
            "{}; the header says {charset}, the declaration says {declared}",
            error.message
        );
        error
    })?;
    if let Some(other) = other {
        oddities.push(format!("the header says {charset}, the declaration says {other}"));
    }
    Ok(decoded)
}

/// One name per encoding; none for what nobody knows.
fn canonical(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let known = match upper.as_str() {
        "UTF-8" | "UTF8" => "UTF-8",
        // Names that the WHATWG list would take for windows-1252.
        "ISO-8859-1" | "LATIN1" | "ISO_8859-1" => "ISO-8859-1",
        "US-ASCII" | "ASCII" => "US-ASCII",
        "UTF-16" | "UTF-16BE" | "UTF-16LE" => upper.as_str(),
        _ => encoding_rs::Encoding::for_label(name.as_bytes())?.name(),
    };
    Some(known.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::parse_labelled;

    const LATIN: &[u8] = b"<a>K\xF6ln</a>";
    const UTF: &[u8] = b"<a>K\xC3\xB6ln</a>";

    fn with(declared: &str, body: &[u8]) -> Vec<u8> {
        [format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>").as_bytes(), body].concat()
    }

    #[test]
    fn the_order_of_authority_is_kept() {
        let marked = [b"\xEF\xBB\xBF", UTF].concat();
        let wide: Vec<u8> = "<a>Köln</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked_wide = [b"\xFF\xFE", wide.as_slice()].concat();
        for (bytes, charset, oddities) in [
            (UTF.to_vec(), None, 0),
            (with("ISO-8859-1", LATIN), None, 0),
            (with("UTF-8", LATIN), Some("ISO-8859-1"), 1),
            (with("iso-8859-1", LATIN), Some("Latin1"), 0),
            (UTF.to_vec(), Some("utf-8"), 0),
            (LATIN.to_vec(), Some("iso-8859-1"), 0),
            (with("ISO-8859-1", LATIN), Some("iso-8559-1"), 1),
            (marked.clone(), Some("ISO-8859-1"), 1),
            (marked, Some("UTF-8"), 0),
            (marked_wide.clone(), Some("UTF-16"), 0),
            (marked_wide, Some("UTF-8"), 1),
            (wide, Some("UTF-16LE"), 0),
        ] {
            let read = parse_labelled(&bytes, charset).unwrap();
            assert_eq!(read.document.root.text(), "Köln", "{charset:?}");
            assert_eq!(read.oddities.len(), oddities, "{charset:?}: {:?}", read.oddities);
        }
    }

    #[test]
    fn bytes_that_are_not_what_the_header_says_are_no_guesswork() {
        let error = parse_labelled(&with("ISO-8859-1", LATIN), Some("UTF-8")).unwrap_err();
        for part in ["F6 at offset 47", "header says UTF-8", "declaration says ISO-8859-1"] {
            assert!(error.message.contains(part), "{part}: {error}");
        }
        assert!(parse_labelled(UTF, Some("UTF-16")).is_err());
        assert!(parse_labelled(LATIN, Some("us-ascii")).is_err());
        assert!(parse_labelled(b"<!DOCTYPE a><a/>", Some("utf-8")).is_err());
    }

    #[test]
    fn instructions_are_noticed() {
        let read = parse_labelled(b"<a>\n<?b c?></a>", None).unwrap();
        assert_eq!(read.document.instruction, Some(2));
        assert_eq!(parse_labelled(&with("UTF-8", UTF), None).unwrap().document.instruction, None);
    }
}
