//! In which characters an XML body is written (RFC 7303, section 3): byte order mark, then the
//! `charset` of the content type, then the XML declaration, then UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// A body as UTF-8, ready to be parsed, and what was odd about its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read<'a> {
    /// The bytes; unchanged where they are UTF-8 and say so.
    pub bytes: Cow<'a, [u8]>,
    /// What disagrees.
    pub notes: Vec<String>,
}

/// The value of a parameter of a content type; names are case-insensitive, values may be quoted.
pub(super) fn parameter(content_type: &str, name: &str) -> Option<String> {
    let mut rest = content_type.split_once(';')?.1;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let (key, after) = rest.split_once('=')?;
        let key = key.trim();
        let (value, later) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_text(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = later;
    }
}

fn quoted_text(text: &str) -> Option<(String, &str)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((value, &text[at + 1..])),
            _ => value.push(c),
        }
    }
    None
}

/// Reads a body by its labels.
///
/// # Errors
/// When the bytes are not what the label that counts says; with all labels and the place.
pub(super) fn read<'a>(content_type: &str, body: &'a [u8]) -> Result<Read<'a>, String> {
    let mut notes = Vec::new();
    let header = parameter(content_type, "charset");
    let by_header = header.as_deref().and_then(|h| Encoding::for_label(h.as_bytes()));
    if let (Some(header), None) = (&header, by_header) {
        notes.push(format!("unknown charset {header} in the content type"));
    }
    let marked = Encoding::for_bom(body);
    let declared = declaration(body);
    let by_declaration = declared.as_deref().and_then(|d| Encoding::for_label(d.as_bytes()));
    if let (Some(declared), None) = (&declared, by_declaration) {
        notes.push(format!("unknown encoding {declared} in the XML declaration"));
    }
    if let (Some((mark, _)), Some(said)) = (marked, by_header)
        && mark != said
    {
        let (mark, said) = (mark.name(), said.name());
        notes.push(format!("the byte order mark says {mark}, the content type {said}"));
    }
    if let (Some(said), Some(own)) = (by_header, by_declaration)
        && said != own
    {
        let (said, own) = (said.name(), own.name());
        notes.push(format!("the content type says {said}, the XML declaration {own}"));
    }
    let (encoding, skip) = match marked {
        Some((encoding, length)) => (encoding, length),
        None => (by_header.or(by_declaration).unwrap_or(UTF_8), 0),
    };
    let bytes = &body[skip..];
    let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else {
        let place = match encoding == UTF_8 {
            true => Encoding::utf8_valid_up_to(bytes) + skip,
            false => 0,
        };
        return Err(format!(
            "not valid {} from byte {place} on; content type: {}, XML declaration: {}",
            encoding.name(),
            header.as_deref().unwrap_or("none"),
            declared.as_deref().unwrap_or("none"),
        ));
    };
    if encoding == UTF_8 && by_declaration.is_none_or(|own| own == UTF_8) {
        return Ok(Read { bytes: Cow::Borrowed(body), notes });
    }
    Ok(Read { bytes: Cow::Owned(relabelled(&text).into_bytes()), notes })
}

/// The encoding an XML declaration names.
fn declaration(body: &[u8]) -> Option<String> {
    let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let head = String::from_utf8_lossy(start.get(..start.len().min(200))?).into_owned();
    let inside = head.strip_prefix("<?xml")?.split_once("?>")?.0;
    let after = inside.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(after[1..].split_once(quote)?.0.to_owned())
}

/// The same text without its XML declaration, which would now say something wrong. Its line stays,
/// so that places in messages are those of the sender.
fn relabelled(text: &str) -> String {
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((inside, rest)) => "\n".repeat(inside.matches('\n').count()) + rest,
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{parameter, read};
    use crate::xml::parse;

    /// The text of the root element, and how much was noted.
    fn text(content_type: &str, body: &[u8]) -> Result<(String, usize), String> {
        let read = read(content_type, body)?;
        let document = parse(&read.bytes).map_err(|e| e.to_string())?;
        Ok((document.root.text(), read.notes.len()))
    }

    const UTF8: &[u8] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Ort>Köln</Ort>\n".as_bytes();
    const LATIN1: &[u8] = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<Ort>K\xF6ln</Ort>\n";

    #[test]
    fn labels_count_in_their_order() {
        let said_utf8 = b"<?xml version='1.0' encoding='UTF-8'?>\n<Ort>K\xF6ln</Ort>";
        let marked = [b"\xEF\xBB\xBF", UTF8].concat();
        let utf16: Vec<u8> = "\u{FEFF}<?xml version=\"1.0\"?><Ort>Köln</Ort>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let cases: [(&str, &[u8], usize); 9] = [
            ("text/xml", UTF8, 0),
            ("text/xml", LATIN1, 0),
            ("text/xml; charset=ISO-8859-1", said_utf8, 1),
            ("application/xml; Charset=\"utf-8\"", "<Ort>Köln</Ort>".as_bytes(), 0),
            ("text/xml; charset=iso-8559-1", LATIN1, 1),
            // The mark against the content type, and that against the declaration.
            ("text/xml; charset=ISO-8859-1", &marked, 2),
            ("application/soap+xml; action=\"urn:a;charset=x\"; charset=utf-8", UTF8, 0),
            ("application/xml", &utf16, 0),
            ("", UTF8, 0),
        ];
        for (content_type, body, notes) in cases {
            assert_eq!(text(content_type, body), Ok(("Köln".into(), notes)), "{content_type}");
        }
    }

    #[test]
    fn a_body_that_is_not_what_counts_is_an_error_with_its_place() {
        let error = text("application/xml; charset=UTF-8", LATIN1).expect_err("not UTF-8");
        for part in ["not valid UTF-8", "byte 50", "content type: UTF-8", "ISO-8859-1"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn parameters_are_found_behind_quoted_ones() {
        let value = |text: &str, name: &str| parameter(text, name);
        let type_ = "multipart/related; start=\"<a;b\\\"c>\" ; Boundary = x ; empty=";
        assert_eq!(value(type_, "start").as_deref(), Some("<a;b\"c>"));
        assert_eq!(value(type_, "boundary").as_deref(), Some("x"));
        assert_eq!(value(type_, "empty").as_deref(), Some(""));
        assert_eq!(value(type_, "charset"), None);
        assert_eq!(value("text/xml", "charset"), None);
    }
}
