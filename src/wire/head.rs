//! The head of a request as it was sent. HTTP libraries forgive some shapes, each in its own way;
//! where two of them stand behind each other, that is how requests are smuggled. So a server that
//! tests others looks at the bytes itself.

use std::borrow::Cow;

/// How the end of a message is found (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// Something a request should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Where it stands in which standard.
    pub clause: &'static str,
    /// What was seen.
    pub detail: String,
    /// Whether a strict server refuses it, and with which status.
    pub refuse: Option<u16>,
}

/// The head of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Place of the first byte of the body.
    pub end: usize,
    /// How the body ends.
    pub framing: Framing,
    /// What is wrong with it.
    pub deviations: Vec<Deviation>,
}

/// Reads the head at the beginning of these bytes; none while it is not complete.
pub fn read_head(raw: &[u8]) -> Option<Head> {
    // Empty lines before a request are skipped (RFC 9112, section 2.2).
    let start = raw.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let (lines, end) = lines(raw, start)?;
    let mut found = Found::default();
    if lines.iter().any(|line| !line.crlf) {
        found.note("RFC 9112 2.2", "a line of the head ends with LF alone".into(), Some(400));
    }
    if lines.iter().any(|line| line.bytes.contains(&b'\r')) {
        found.note("RFC 9112 2.2", "a bare CR inside the head".into(), Some(400));
    }
    let request = String::from_utf8_lossy(lines.first()?.bytes);
    if request.split(' ').count() != 3 {
        let detail = format!("the request line is not three words with one space each: {request}");
        found.note("RFC 9112 3", detail, Some(400));
    }
    let old = request.ends_with(" HTTP/1.0");
    let fields: Vec<(Cow<'_, str>, &[u8])> =
        lines.iter().skip(1).filter_map(|line| found.field(line.bytes)).collect();
    let values = |name: &str| {
        let mine = fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        mine.map(|(_, v)| String::from_utf8_lossy(v).into_owned()).collect::<Vec<_>>()
    };
    found.host(&values("host"), old);
    found.expectation(&values("expect"));
    let framing = found.framing(&values("content-length"), &values("transfer-encoding"), old);
    Some(Head { end, framing, deviations: found.0 })
}

pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    crlf: bool,
}

/// The lines up to the empty one, and the place after it.
pub(super) fn lines(raw: &[u8], start: usize) -> Option<(Vec<Line<'_>>, usize)> {
    let (mut lines, mut at) = (Vec::new(), start);
    loop {
        let rest = raw.get(at..)?;
        let length = rest.iter().position(|b| *b == b'\n')?;
        let line = &rest[..length];
        at += length + 1;
        let (bytes, crlf) = match line.strip_suffix(b"\r") {
            Some(line) => (line, true),
            None => (line, false),
        };
        if bytes.is_empty() {
            return Some((lines, at));
        }
        lines.push(Line { bytes, crlf });
    }
}

#[derive(Default)]
struct Found(Vec<Deviation>);

impl Found {
    fn note(&mut self, clause: &'static str, detail: String, refuse: Option<u16>) {
        self.0.push(Deviation { clause, detail, refuse });
    }

    /// Name and value of a field. Most are as they should be, and cost no memory.
    fn field<'a>(&mut self, line: &'a [u8]) -> Option<(Cow<'a, str>, &'a [u8])> {
        let text = || String::from_utf8_lossy(line).into_owned();
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            self.note("RFC 9112 5.2", format!("a folded header field: {}", text()), Some(400));
            return None;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            let detail = format!("a header field without colon: {}", text());
            self.note("RFC 9112 5", detail, Some(400));
            return None;
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.ends_with(b" ") || name.ends_with(b"\t") {
            let detail = format!("white space between field name and colon: {}", text());
            self.note("RFC 9112 5.1", detail, Some(400));
        }
        let token = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
        let trimmed = name.trim_ascii_end();
        let shown = String::from_utf8_lossy(trimmed);
        if name.is_empty() || !trimmed.iter().all(token) {
            self.note("RFC 9110 5.1", format!("\"{shown}\" is no field name"), Some(400));
        }
        if line.iter().any(|b| *b < 0x20 && *b != b'\t') {
            self.note("RFC 9110 5.5", format!("a control character in {shown}"), Some(400));
        }
        Some((shown, value.trim_ascii()))
    }

    fn host(&mut self, hosts: &[String], old: bool) {
        match hosts {
            [] if old => {}
            [] => self.note("RFC 9112 3.2", "no Host field".into(), Some(400)),
            [one] if one.contains([' ', '\t', ',', '/', '@']) => {
                self.note("RFC 9112 3.2", format!("\"{one}\" is no host"), Some(400));
            }
            [_] => {}
            several => {
                let detail = format!("{} Host fields", several.len());
                self.note("RFC 9112 3.2", detail, Some(400));
            }
        }
    }

    fn expectation(&mut self, values: &[String]) {
        for value in values.iter().filter(|v| !v.eq_ignore_ascii_case("100-continue")) {
            self.note("RFC 9110 10.1.1", format!("unknown expectation \"{value}\""), Some(417));
        }
    }

    fn framing(&mut self, lengths: &[String], codings: &[String], old: bool) -> Framing {
        let mut known: Option<u64> = None;
        for value in lengths.iter().flat_map(|v| v.split(',')) {
            let value = value.trim();
            let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            match value.parse::<u64>().ok().filter(|_| digits) {
                Some(length) if known.is_none_or(|k| k == length) => known = Some(length),
                Some(_) => {
                    self.note("RFC 9112 6.3", "different Content-Length values".into(), Some(400));
                }
                None => {
                    self.note("RFC 9110 8.6", format!("Content-Length \"{value}\""), Some(400));
                }
            }
        }
        if lengths.len() > 1 || lengths.iter().any(|v| v.contains(',')) {
            self.note("RFC 9110 8.6", "Content-Length stands more than once".into(), Some(400));
        }
        if codings.is_empty() {
            return Framing::Length(known.unwrap_or(0));
        }
        if !lengths.is_empty() {
            let detail = "both Transfer-Encoding and Content-Length".into();
            self.note("RFC 9112 6.1", detail, Some(400));
        }
        if old {
            let detail = "Transfer-Encoding in a message of HTTP/1.0".into();
            self.note("RFC 9112 6.1", detail, Some(400));
        }
        let all: Vec<String> = codings
            .iter()
            .flat_map(|v| v.split(','))
            .map(|c| c.trim().to_ascii_lowercase())
            .collect();
        if all.last().is_none_or(|last| last != "chunked") {
            let detail = format!("the last transfer coding is not chunked: {}", all.join(", "));
            self.note("RFC 9112 6.3", detail, Some(400));
        } else if all.len() > 1 {
            let detail = format!("transfer codings that are not known: {}", all.join(", "));
            self.note("RFC 9112 6.1", detail, Some(501));
        }
        Framing::Chunked
    }
}

#[cfg(test)]
mod tests {
    use super::{Framing, read_head};

    /// Clauses and statuses of what is wrong with a head.
    fn wrong(head: &str) -> Vec<(&'static str, Option<u16>)> {
        let head = read_head(head.as_bytes()).expect("a complete head");
        head.deviations.iter().map(|d| (d.clause, d.refuse)).collect()
    }

    #[test]
    fn what_is_right_is_not_noted() {
        for head in [
            "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
            "\r\nPOST /x HTTP/1.1\r\nhost:a:80\r\nTransfer-Encoding: Chunked\r\n\r\n",
            "GET /x HTTP/1.0\r\n\r\n",
            "POST /x HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-Continue\r\nX: a,b\tc\r\n\r\n",
        ] {
            assert_eq!(wrong(head), [], "{head}");
        }
    }

    #[test]
    fn each_shape_has_its_clause() {
        let host = "POST / HTTP/1.1\r\nHost: a\r\n";
        let cases = [
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "RFC 9112 6.1", 400),
            ("Content-Length: 5\r\nContent-Length: 6\r\n", "RFC 9112 6.3", 400),
            ("Content-Length: 5, 5\r\n", "RFC 9110 8.6", 400),
            ("Content-Length: +5\r\n", "RFC 9110 8.6", 400),
            ("Content-Length: 0x5\r\n", "RFC 9110 8.6", 400),
            ("Content-Length:\r\n", "RFC 9110 8.6", 400),
            ("Transfer-Encoding: chunked, identity\r\n", "RFC 9112 6.3", 400),
            ("Transfer-Encoding: xchunked\r\n", "RFC 9112 6.3", 400),
            ("Transfer-Encoding: gzip, chunked\r\n", "RFC 9112 6.1", 501),
            ("Transfer-Encoding : chunked\r\n", "RFC 9112 5.1", 400),
            ("X: a\r\n b\r\n", "RFC 9112 5.2", 400),
            ("X: a\n", "RFC 9112 2.2", 400),
            ("X: a\rb\r\n", "RFC 9112 2.2", 400),
            ("Host: b\r\n", "RFC 9112 3.2", 400),
            ("X y: a\r\n", "RFC 9110 5.1", 400),
            ("X: \u{1}\r\n", "RFC 9110 5.5", 400),
            ("Expect: kaffee\r\n", "RFC 9110 10.1.1", 417),
        ];
        for (field, clause, status) in cases {
            let all = wrong(&format!("{host}{field}\r\n"));
            assert!(all.contains(&(clause, Some(status))), "{field:?}: {all:?}");
        }
        assert_eq!(wrong("POST / HTTP/1.1\r\n\r\n"), [("RFC 9112 3.2", Some(400))]);
        assert_eq!(
            wrong("POST  / HTTP/1.1\r\nHost: a\r\n\r\n"),
            [("RFC 9112 3", Some(400))],
            "two spaces"
        );
        let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(wrong(old), [("RFC 9112 6.1", Some(400))]);
    }

    #[test]
    fn the_body_begins_after_the_empty_line() {
        let raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
        let head = read_head(raw).expect("a head");
        assert_eq!((&raw[head.end..], head.framing), (&b"ab"[..], Framing::Length(2)));
        assert_eq!(read_head(b"POST / HTTP/1.1\r\nHost: a\r\n"), None);
    }
}
