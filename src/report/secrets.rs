//! What reports leave out: credentials that partners sent. The evidence keeps all bytes.

/// HTTP fields whose values are credentials.
const FIELDS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
/// Words in the names of further ones.
const WORDS: [&str; 5] = ["token", "secret", "password", "api-key", "apikey"];
/// Commands of SMTP that end what AUTH began.
const COMMANDS: [&str; 9] =
    ["MAIL", "RCPT", "DATA", "EHLO", "HELO", "RSET", "QUIT", "NOOP", "STARTTLS"];

/// Whether the value of this HTTP field is a credential.
pub(super) fn is_secret(field: &str) -> bool {
    let field = field.trim().to_ascii_lowercase();
    FIELDS.contains(&field.as_str()) || WORDS.iter().any(|word| field.contains(word))
}

/// A raw message without the credentials in it.
pub(super) fn without_secrets(protocol: &str, raw: &[u8]) -> Vec<u8> {
    if protocol == "smtp" { smtp(raw) } else { http(raw) }
}

fn http(raw: &[u8]) -> Vec<u8> {
    // Of a head that was cut off, everything is head.
    let head = crate::wire::split_head(raw).map_or(raw.len(), |(_, start)| start);
    let mut out = Vec::with_capacity(raw.len());
    let mut secret = false;
    for (index, line) in raw[..head].split_inclusive(|b| *b == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        // A folded line belongs to the field before it.
        let folded = index > 0 && line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        if !folded {
            secret = index > 0 && text.split_once(':').is_some_and(|(name, _)| is_secret(name));
        }
        match (secret, text.split_once(':')) {
            (false, _) => out.extend_from_slice(line),
            (true, Some((name, _))) if !folded => {
                out.extend_from_slice(format!("{name}: ***\r\n").as_bytes());
            }
            (true, _) => {}
        }
    }
    out.extend_from_slice(&raw[head..]);
    out
}

fn smtp(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let (mut at, mut secret) = (0, false);
    for line in raw.split_inclusive(|b| *b == b'\n') {
        let text = String::from_utf8_lossy(line).trim().to_ascii_uppercase();
        let word = text.split([' ', ':']).next().unwrap_or_default();
        if COMMANDS.contains(&word) {
            secret = false;
        }
        if word == "AUTH" {
            secret = true;
            out.extend_from_slice(b"AUTH ***\r\n");
        } else if !secret {
            out.extend_from_slice(line);
        }
        at += line.len();
        if word == "DATA" {
            // What follows is the mail; words in it are no commands.
            break;
        }
    }
    out.extend_from_slice(&raw[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn credentials_are_left_out_and_nothing_else() {
        let shown = |protocol: &str, raw: &str| {
            String::from_utf8(without_secrets(protocol, raw.as_bytes())).unwrap()
        };
        let http =
            "POST /a:b HTTP/1.1\r\nAuthorization: Basic Z2Vo\r\n ZWlt\r\nX: 1\r\n\r\nCookie: a";
        assert_eq!(
            shown("http", http),
            "POST /a:b HTTP/1.1\r\nAuthorization: ***\r\nX: 1\r\n\r\nCookie: a"
        );
        assert_eq!(
            shown("http", "GET / HTTP/1.1\r\ncookie: geheim"),
            "GET / HTTP/1.1\r\ncookie: ***\r\n"
        );
        let smtp =
            "EHLO a\r\nAUTH LOGIN\r\nbmFtZQ==\r\nZ2VoZWlt\r\nMAIL FROM:<a@b>\r\nDATA\r\nAUTH x\r\n";
        assert_eq!(
            shown("smtp", smtp),
            "EHLO a\r\nAUTH ***\r\nMAIL FROM:<a@b>\r\nDATA\r\nAUTH x\r\n"
        );
    }
}
