//! Forms as browsers and scripts send them (`application/x-www-form-urlencoded`).

/// Names and values, in order.
pub(super) fn parse_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
        })
        .collect()
}

/// Percent-decoding; what is not UTF-8 afterwards becomes visible as U+FFFD.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{decode, parse_pairs};

    #[test]
    fn forms_are_decoded() {
        assert_eq!(decode("Stra%C3%9Fe%2"), "Straße%2");
        let pairs = parse_pairs("propertyId%5B0%5D=cmis%3Aname&propertyValue%5B0%5D=a+b");
        assert_eq!(pairs[0], ("propertyId[0]".into(), "cmis:name".into()));
        assert_eq!(pairs[1].1, "a b");
    }
}
