//! Percent escapes (RFC 3986, section 2.1), and their like with another mark.

fn digit(byte: Option<&u8>) -> Option<u8> {
    u8::try_from(char::from(*byte?).to_digit(16)?).ok()
}

/// Bytes in which a mark and two hexadecimal digits stand for one; a mark without them stays.
pub fn unescaped(bytes: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (Some(high), Some(low)) if *byte == mark => {
                out.push(high * 16 + low);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, section 2.3.
pub fn percent_encoded(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The bytes behind percent escapes; a percent sign without two digits stays.
pub fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    unescaped(bytes, b'%')
}

/// The same; none where an escape is broken.
pub fn percent_decoded_strictly(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    let marks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let mut ends = marks.map(|(at, _)| digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2))));
    ends.all(|digits| digits.is_some()).then(|| percent_decoded(bytes))
}

#[cfg(test)]
mod tests {
    use super::{percent_decoded, percent_decoded_strictly, unescaped};

    #[test]
    fn escapes_stand_for_bytes_and_broken_ones_for_themselves() {
        assert_eq!(percent_decoded(b"Stra%C3%9Fe%2"), "Straße%2".as_bytes());
        assert_eq!(percent_decoded(b"100%, %+1, %zz, %25"), b"100%, %+1, %zz, %");
        assert_eq!(unescaped(b"a=41%41", b'='), b"aA%41");
        assert_eq!(percent_decoded_strictly("a%20b"), Some(b"a b".to_vec()));
        for broken in ["%", "%4", "%4g", "%+1", "a%2"] {
            assert_eq!(percent_decoded_strictly(broken), None, "{broken}");
        }
    }
}
