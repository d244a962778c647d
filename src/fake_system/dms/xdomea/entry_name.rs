//! Names of entries in a ZIP: their encoding (APPNOTE, sections 4.4.4 and D) and what they may not be.

use rawzip::extra_fields::{ExtraFieldId, ExtraFields};

/// Characters of code page 437 from 0x80.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// How the name of an entry was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    /// As its flag says, or ASCII, or by the field for Unicode names.
    Sure(String),
    /// In code page 437, as a name without the flag is.
    OldCodePage(String),
    /// It is UTF-8, but the flag says that it is not.
    WithoutFlag(String),
    /// The flag says UTF-8, and it is none.
    Broken,
}

/// Reads the name of an entry.
pub(super) fn read(raw: &[u8], utf8_flag: bool, extra: ExtraFields<'_>) -> Read {
    let as_utf8 = std::str::from_utf8(raw).map(str::to_owned);
    match as_utf8 {
        Ok(name) if utf8_flag || name.is_ascii() => Read::Sure(name),
        Err(_) if utf8_flag => Read::Broken,
        other => match (unicode_path(raw, extra), other) {
            (Some(name), _) => Read::Sure(name),
            (None, Ok(name)) => Read::WithoutFlag(name),
            (None, Err(_)) => Read::OldCodePage(cp437(raw)),
        },
    }
}

/// The field 0x7075 (section 4.6.9): version 1, CRC-32 of the plain name, name in UTF-8.
fn unicode_path(raw: &[u8], mut extra: ExtraFields<'_>) -> Option<String> {
    let (_, field) = extra.find(|(id, _)| *id == ExtraFieldId::INFO_ZIP_UNICODE_PATH)?;
    let (head, name) = field.split_at_checked(5)?;
    let crc = u32::from_le_bytes(head[1..].try_into().ok()?);
    (head[0] == 1 && crc == rawzip::crc32(raw))
        .then(|| std::str::from_utf8(name).ok().map(str::to_owned))
        .flatten()
}

fn cp437(raw: &[u8]) -> String {
    let of = |b: &u8| match b {
        0..0x80 => Some(char::from(*b)),
        _ => CP437.chars().nth(usize::from(*b) - 0x80),
    };
    raw.iter().filter_map(of).collect()
}

/// Why a name leads out of the folder that somebody unpacks into, or is no name anywhere (section
/// 4.4.17.1). Whoever reads such a container must stop, however lenient.
pub(super) fn dangerous(name: &str) -> Option<&'static str> {
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    if name.is_empty() {
        Some("is empty")
    } else if name.starts_with('/') || name.starts_with('\\') || drive {
        Some("is an absolute path")
    } else if name.split(['/', '\\']).any(|p| matches!(p.trim_end_matches(' '), ".." | ".")) {
        Some("leads out of its folder")
    } else if name.contains('\\') {
        Some("has a backslash, which is a folder on some systems")
    } else if name.chars().any(char::is_control) {
        Some("has control characters")
    } else if name.len() > 1_000 {
        Some("is too long")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use rawzip::extra_fields::ExtraFields;

    use super::{CP437, Read, dangerous, read};

    #[test]
    fn the_code_page_is_whole() {
        assert_eq!(CP437.chars().count(), 128);
        let none = || ExtraFields::new(&[]);
        assert_eq!(read(b"Pr\x81fung", false, none()), Read::OldCodePage("Prüfung".into()));
        assert_eq!(read("Prüfung".as_bytes(), true, none()), Read::Sure("Prüfung".into()));
        let without = Read::WithoutFlag("Prüfung".into());
        assert_eq!(read("Prüfung".as_bytes(), false, none()), without);
        assert_eq!(read(b"Pr\x81fung", true, none()), Read::Broken);
        assert_eq!(read(b"a", false, none()), Read::Sure("a".into()));
    }

    #[test]
    fn the_field_for_unicode_counts_when_it_belongs_to_the_name() {
        let field = |raw: &[u8]| {
            let mut data = vec![0x75, 0x70, 0, 0, 1];
            data.extend(rawzip::crc32(raw).to_le_bytes());
            data.extend("Prüfung".as_bytes());
            data[2] = u8::try_from(data.len() - 4).unwrap();
            data
        };
        let good = field(b"Pr\x81fung");
        let read_with = |extra: &[u8]| read(b"Pr\x81fung", false, ExtraFields::new(extra));
        assert_eq!(read_with(&good), Read::Sure("Prüfung".into()));
        let other = field(b"Pruefung");
        assert_eq!(read_with(&other), Read::OldCodePage("Prüfung".into()));
        assert_eq!(read_with(&good[..8]), Read::OldCodePage("Prüfung".into()));
    }

    #[test]
    fn names_that_lead_elsewhere_are_seen() {
        for bad in [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a/..",
            "..",
            ".",
            "C:a",
            "\\\\host\\a",
            "a\\b",
            "a\0b",
            "a\nb",
            "a/.. /b",
        ] {
            assert!(dangerous(bad).is_some(), "{bad:?}");
        }
        for good in ["a", "a..b", "a/b", "..a", "ä.pdf", "a b.pdf"] {
            assert_eq!(dangerous(good), None, "{good:?}");
        }
    }
}
