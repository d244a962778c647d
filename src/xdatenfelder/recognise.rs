//! Whether a file claims to be XDatenfelder, without reading all of it.

/// How far into a file the root is looked for, bytes.
const REACH: usize = 64 * 1024;

/// True when the root element lies in a namespace of XDatenfelder, of whatever edition, or has a name
/// of XDatenfelder in another namespace. A file that is recognised is not thereby a good one: what
/// follows the root is not looked at, so that broken files are recognised as well.
pub fn is_xdatenfelder(bytes: &[u8]) -> bool {
    let head: Vec<u8> = bytes.iter().take(REACH).copied().filter(|b| *b != 0).collect();
    let text = String::from_utf8_lossy(&head);
    let Some(tag) = root_tag(&text) else { return false };
    let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let declaration =
        if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
    local.starts_with("xdatenfelder.")
        || attribute(tag, &declaration)
            .is_some_and(|uri| uri.starts_with("urn:xoev-de:fim:standard:xdatenfelder"))
}

/// The first start tag, without its angle brackets.
fn root_tag(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('<')? + 1..];
        let end = if rest.starts_with("!--") {
            "-->"
        } else if rest.starts_with('?') {
            "?>"
        } else if rest.starts_with('!') {
            // A DOCTYPE with an internal subset ends at "]>".
            let subset = rest.find('[').zip(rest.find('>')).is_some_and(|(open, end)| open < end);
            if subset { "]>" } else { ">" }
        } else {
            return Some(&rest[..rest.find('>').unwrap_or(rest.len())]);
        };
        rest = &rest[rest.find(end)? + end.len()..];
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        let whole = rest[..at].ends_with(char::is_whitespace);
        rest = &rest[at + name.len()..];
        let Some(value) = rest.trim_start().strip_prefix('=').filter(|_| whole) else { continue };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        return value[1..].split(quote).next();
    }
}

#[cfg(test)]
mod tests {
    use super::is_xdatenfelder;

    #[test]
    fn files_are_recognised_by_their_root() {
        for yes in [
            "<xdf:xdatenfelder.stammdatenschema.0102 xmlns:xdf=\"urn:xoev-de:fim:standard:xdatenfelder_2\">",
            "<?xml version='1.0'?>\n<!-- <a> -->\n<a xmlns = 'urn:xoev-de:fim:standard:xdatenfelder_3.0.0'/>",
            "<!DOCTYPE a [<!ENTITY b \"<c>\">]><q:a xmlns='urn:x' xmlns:q='urn:xoev-de:fim:standard:xdatenfelder_9'>",
            "\u{feff}<xdatenfelder.datenfeldgruppe.0103><broken",
        ] {
            assert!(is_xdatenfelder(yes.as_bytes()), "{yes}");
        }
        for no in [
            "",
            "{\"a\": 1}",
            "<!-- urn:xoev-de:fim:standard:xdatenfelder_2",
            "<a xmlns='urn:x' xmlns:xdf='urn:xoev-de:fim:standard:xdatenfelder_2'/>",
            "<a b='xmlns=\"urn:xoev-de:fim:standard:xdatenfelder_2\"'/>",
            "<a><b xmlns='urn:xoev-de:fim:standard:xdatenfelder_2'/></a>",
        ] {
            assert!(!is_xdatenfelder(no.as_bytes()), "{no}");
        }
        let wide: Vec<u8> = "<xdatenfelder.datenfeld.0104 ".bytes().flat_map(|b| [b, 0]).collect();
        assert!(is_xdatenfelder(&[&[0xFF, 0xFE][..], &wide].concat()));
    }
}
