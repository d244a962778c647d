//! Making visible what a report must not carry as it is.

/// Replaces every character that XML 1.0 forbids, and every one that changes how text runs, by
/// something that can be seen and read back: `\x1B`, `\u{202E}`.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c,
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
            | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{061C}');
        match c {
            '\t' | '\n' | '\r' => out.push(c),
            c if u32::from(c) < 0x20 || u32::from(c) == 0x7F => {
                out.push_str(&format!("\\x{:02X}", u32::from(c)));
            }
            '\u{80}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => {
                out.push_str(&format!("\\u{{{:04X}}}", u32::from(c)));
            }
            c if hidden => out.push_str(&format!("\\u{{{:04X}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Bytes as visible text; what is not UTF-8 becomes `\xNN`.
pub(super) fn visible_bytes(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{visible, visible_bytes};

    #[test]
    fn nothing_hidden_stays_hidden() {
        assert_eq!(visible("a\u{1b}[31m\0\u{fffe}b\tc\n"), "a\\x1B[31m\\x00\\u{FFFE}b\tc\n");
        assert_eq!(visible("\u{202e}gnp.exe \u{fdd0}"), "\\u{202E}gnp.exe \u{fdd0}");
        assert_eq!(visible_bytes(b"gr\xfcn \xc3\xbc"), "gr\\xFCn ü");
    }
}
