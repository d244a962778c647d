//! Secrets do not get into what is recorded.

use super::client::Header;

/// What stands in their place, however long they were.
const HIDDEN: &[u8] = b"***";

/// Raw bytes in which the values of these header fields are hidden, wherever they stand.
pub(super) fn redact(raw: Vec<u8>, headers: &[Header]) -> Vec<u8> {
    let mut raw = raw;
    for header in headers {
        let secret = header.value.reveal().as_bytes();
        let there = |raw: &[u8]| raw.windows(secret.len()).any(|w| w == secret);
        if !secret.is_empty() && there(&raw) {
            raw = replaced(&raw, secret);
        }
    }
    raw
}

fn replaced(raw: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        if raw[at..].starts_with(secret) {
            out.extend_from_slice(HIDDEN);
            at += secret.len();
        } else {
            out.push(raw[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Header, redact};
    use crate::secret::Secret;

    #[test]
    fn the_value_goes_and_the_name_stays() {
        let header = Header { name: "authorization", value: Secret::new("Bearer abc") };
        let raw = b"GET / HTTP/1.1\r\nauthorization: Bearer abc\r\n\r\nBearer ab".to_vec();
        let hidden = redact(raw, &[header]);
        assert_eq!(hidden, b"GET / HTTP/1.1\r\nauthorization: ***\r\n\r\nBearer ab");
    }
}
