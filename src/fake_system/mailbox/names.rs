//! Names of attachments in all the forms in which they come: extended parameters and continuations
//! (RFC 2231), encoded words where none may be (RFC 2047), quoted, unquoted, raw UTF-8 or Latin-1,
//! on either of two header fields. The parser of mails decodes most, but of two forms it takes the
//! plain one, and it does not say what was unusual.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::{Encoding, WINDOWS_1252};

use crate::wire::{percent_decoded, unescaped};

/// A name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub text: String,
    pub notes: Vec<&'static str>,
}

const BOTH: &str = "RFC 2231 3: both a plain and an extended name; the extended one counts";
const WORDS: &str = "RFC 2047 5: an encoded word within a parameter";
const RAW_UTF8: &str = "RFC 6532 3.2: a name in raw UTF-8";
const RAW_OTHER: &str =
    "RFC 5322 2.2: a name in raw bytes that are not UTF-8, read as Windows-1252";
const UNQUOTED: &str = "RFC 2045 5.1: a name that would need quotes has none";
const CHARSET: &str = "RFC 2231 4: a charset that nobody knows, read as UTF-8";
const ON_TYPE: &str = "RFC 2183 2.3: the name stands on Content-Type only";

/// The name of an attachment from the values of `Content-Disposition` and `Content-Type`.
pub(super) fn name_of(disposition: Option<&[u8]>, content_type: Option<&[u8]>) -> Option<Name> {
    let on_disposition = disposition.and_then(|value| assembled(&parameters(value), "filename"));
    on_disposition.or_else(|| {
        let mut name = assembled(&parameters(content_type?), "name")?;
        name.notes.push(ON_TYPE);
        Some(name)
    })
}

struct Parameter {
    /// In lower case, with stars.
    key: String,
    value: Vec<u8>,
    quoted: bool,
}

/// The parameters of a header field. Reads what is broken as far as it goes.
fn parameters(value: &[u8]) -> Vec<Parameter> {
    // Folding is no part of the value.
    let value: Vec<u8> = value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let mut list = Vec::new();
    for piece in pieces(&value).into_iter().skip(1) {
        let Some(at) = piece.iter().position(|b| *b == b'=') else { continue };
        let (key, rest) = piece.split_at(at);
        let key = String::from_utf8_lossy(key).trim().to_ascii_lowercase();
        let rest = rest.get(1..).unwrap_or_default().trim_ascii();
        let (value, quoted) = match rest.strip_prefix(b"\"") {
            Some(inside) => (unquoted(inside), true),
            None => (rest.to_vec(), false),
        };
        list.push(Parameter { key, value, quoted });
    }
    list
}

/// Cuts at semicolons outside of quotes.
fn pieces(value: &[u8]) -> Vec<&[u8]> {
    let (mut out, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                out.push(value.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(value.get(start..).unwrap_or_default());
    out
}

/// The content of a quoted string, after its first quote.
fn unquoted(inside: &[u8]) -> Vec<u8> {
    let (mut out, mut escaped) = (Vec::new(), false);
    for byte in inside {
        match byte {
            _ if escaped => {
                out.push(*byte);
                escaped = false;
            }
            b'\\' => escaped = true,
            b'"' => break,
            _ => out.push(*byte),
        }
    }
    out
}

/// Puts the forms of a parameter together.
fn assembled(parameters: &[Parameter], key: &str) -> Option<Name> {
    let plain = parameters.iter().find(|p| p.key == key);
    let extended = parameters.iter().filter_map(|p| Some((p.key.strip_prefix(key)?, p)));
    let mut sections: Vec<(u32, bool, &Parameter)> = extended
        .filter_map(|(rest, p)| match rest.strip_prefix('*')? {
            "" => Some((0, true, p)),
            number => {
                let (number, encoded) =
                    number.strip_suffix('*').map_or((number, false), |number| (number, true));
                Some((number.parse().ok()?, encoded, p))
            }
        })
        .collect();
    sections.sort_by_key(|(number, ..)| *number);
    let mut notes = Vec::new();
    if sections.first().is_some_and(|(number, ..)| *number == 0) {
        if plain.is_some() {
            notes.push(BOTH);
        }
        let text = continued(&sections, &mut notes);
        return Some(Name { text, notes });
    }
    let plain = plain?;
    if !plain.quoted && plain.value.iter().any(|b| b" ()<>@,:\\/[]?=".contains(b)) {
        notes.push(UNQUOTED);
    }
    let text = match encoded_words(&plain.value, &mut notes) {
        Some(text) => text,
        None => raw(&plain.value, &mut notes),
    };
    Some(Name { text, notes })
}

/// Sections in their order up to the first that is missing; a charset may be cut in two by them.
fn continued(sections: &[(u32, bool, &Parameter)], notes: &mut Vec<&'static str>) -> String {
    let (mut bytes, mut charset) = (Vec::new(), None);
    for (expected, (number, encoded, parameter)) in (0_u32..).zip(sections) {
        if *number != expected {
            break;
        }
        let mut value = parameter.value.as_slice();
        if *encoded && *number == 0 {
            let mut parts = value.splitn(3, |b| *b == b'\'');
            if let (Some(name), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
                charset = Some(name);
                value = rest;
            }
        }
        match encoded {
            true => bytes.extend(percent_decoded(value)),
            false => bytes.extend_from_slice(value),
        }
    }
    match charset {
        Some(charset) if !charset.is_empty() => in_charset(charset, &bytes, notes),
        _ => raw(&bytes, notes),
    }
}

fn in_charset(charset: &[u8], bytes: &[u8], notes: &mut Vec<&'static str>) -> String {
    match Encoding::for_label(charset) {
        Some(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        None => {
            notes.push(CHARSET);
            String::from_utf8_lossy(bytes).into_owned()
        }
    }
}

fn raw(bytes: &[u8], notes: &mut Vec<&'static str>) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            if !text.is_ascii() {
                notes.push(RAW_UTF8);
            }
            text.to_owned()
        }
        Err(_) => {
            notes.push(RAW_OTHER);
            WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
        }
    }
}

/// A text with encoded words, decoded; nothing when it has none. Between two of them, blanks do not
/// count (RFC 2047 section 6.2).
fn encoded_words(value: &[u8], notes: &mut Vec<&'static str>) -> Option<String> {
    let (mut out, mut rest, mut after_word, mut any) = (String::new(), value, false, false);
    while let Some(at) = rest.windows(2).position(|w| w == b"=?") {
        let (before, word) = rest.split_at(at);
        let Some((text, length)) = encoded_word(word, notes) else {
            out.push_str(&String::from_utf8_lossy(&rest[..at + 2]));
            rest = &rest[at + 2..];
            after_word = false;
            continue;
        };
        if !(after_word && before.trim_ascii().is_empty()) {
            out.push_str(&String::from_utf8_lossy(before));
        }
        out.push_str(&text);
        rest = &word[length..];
        (after_word, any) = (true, true);
    }
    if !any {
        return None;
    }
    notes.push(WORDS);
    out.push_str(&String::from_utf8_lossy(rest));
    Some(out)
}

/// An encoded word at the beginning, decoded, and its length.
fn encoded_word(word: &[u8], notes: &mut Vec<&'static str>) -> Option<(String, usize)> {
    let mut parts = word.get(2..)?.splitn(3, |b| *b == b'?');
    let (charset, how, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let end = rest.windows(2).position(|w| w == b"?=")?;
    let text = rest.get(..end)?;
    let bytes = match how {
        b"q" | b"Q" => {
            let spaced: Vec<u8> = text.iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect();
            unescaped(&spaced, b'=')
        }
        b"b" | b"B" => {
            let config = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent);
            GeneralPurpose::new(&STANDARD, config).decode(text).ok()?
        }
        _ => return None,
    };
    // A language may follow the charset (RFC 2231 section 5).
    let charset = charset.split(|b| *b == b'*').next().unwrap_or_default();
    let length = 2 + charset_and_how(word)? + end + 2;
    Some((in_charset(charset, &bytes, notes), length))
}

/// Length of `charset?how?` after the `=?`.
fn charset_and_how(word: &[u8]) -> Option<usize> {
    let marks = word.get(2..)?.iter().enumerate().filter(|(_, b)| **b == b'?');
    marks.map(|(at, _)| at + 1).nth(1)
}

#[cfg(test)]
mod tests {
    use super::{BOTH, RAW_OTHER, UNQUOTED, WORDS, name_of};

    fn named(disposition: &[u8]) -> (String, Vec<&'static str>) {
        let name = name_of(Some(disposition), None).expect("a name");
        (name.text, name.notes)
    }

    #[test]
    fn forms_that_come_in_real_mail() {
        let plain = |value: &[u8]| named(value).0;
        assert_eq!(plain(b"attachment; filename=a.pdf"), "a.pdf");
        assert_eq!(plain(b"attachment; filename=\"a; b.pdf\"; size=3"), "a; b.pdf");
        assert_eq!(plain(b"attachment;\r\n filename=\"a \\\"b\\\".pdf\""), "a \"b\".pdf");
        assert_eq!(plain(b"attachment; FILENAME*=iso-8859-1'de'%DF.pdf"), "ß.pdf");
        assert_eq!(plain(b"attachment; filename*=utf-8''a%zz%4"), "a%zz%4");
        assert_eq!(plain(b"attachment; filename*0=a; filename*2=c; filename*1=b"), "abc");
        assert_eq!(plain(b"attachment; filename*0=a; filename*2=c"), "a");
        let ten: Vec<String> = (0..12).rev().map(|n| format!("filename*{n}={n}-")).collect();
        let ten = format!("attachment; {}", ten.join("; "));
        assert_eq!(plain(ten.as_bytes()), "0-1-2-3-4-5-6-7-8-9-10-11-");
        // A character cut in two between sections.
        assert_eq!(plain(b"a; filename*0*=utf-8''%C3; filename*1*=%9F"), "ß");
    }

    #[test]
    fn forms_that_should_not_come_are_read_and_noted() {
        let both = named(b"attachment; filename=a; filename*=utf-8''%C3%9F");
        assert_eq!(both, ("ß".into(), vec![BOTH]));
        let words = named(b"attachment; filename=\"=?utf-8?B?w58=?= =?utf-8?q?_x=2Epdf?=\"");
        assert_eq!(words, ("ß x.pdf".into(), vec![WORDS]));
        assert_eq!(named(b"a; filename=\"\xdf.pdf\""), ("ß.pdf".into(), vec![RAW_OTHER]));
        assert_eq!(named(b"a; filename=my file.pdf"), ("my file.pdf".into(), vec![UNQUOTED]));
        assert_eq!(named(b"a; filename=\"=?x?y?z").0, "=?x?y?z");
        assert_eq!(name_of(Some(b"attachment"), Some(b"text/plain; charset=x")), None);
        assert_eq!(name_of(None, None), None);
    }
}
