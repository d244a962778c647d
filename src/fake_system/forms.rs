//! Forms as browsers and scripts send them (`application/x-www-form-urlencoded`).

use crate::wire::percent_decoded;

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
    String::from_utf8_lossy(&percent_decoded(text.as_bytes())).into_owned()
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
