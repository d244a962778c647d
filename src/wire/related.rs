//! Reading `multipart/related` (RFC 2387) as MTOM and XOP use it: parts, the root among them, and
//! parts by Content-ID (RFC 2392). What ends too early or could be read in two ways is an error.

use std::borrow::Cow;

use base64::Engine;

use super::escapes::percent_decoded_strictly;
use super::media_type::{MediaType, unfold};
use super::notes::{Breach, Notes};

/// Most parts of a message.
const MOST_PARTS: usize = 1_000;

const MIME: &str = "RFC 2046, 5.1.1";
const RELATED: &str = "RFC 2387, 3";

/// One part.
#[derive(Debug)]
pub struct Part<'b> {
    headers: Vec<(String, String)>,
    /// Its bytes as sent.
    raw: &'b [u8],
    /// Its bytes.
    pub content: Cow<'b, [u8]>,
}

impl Part<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Its id, without angle brackets.
    pub fn id(&self) -> Option<&str> {
        self.header("content-id").map(bare)
    }

    /// Its media type without parameters, as far as it names one that can be read.
    pub fn essence(&self) -> Option<String> {
        MediaType::parse(self.header("content-type")?).ok().map(|m| m.essence)
    }

    /// Its media type; `text/plain` where it names none (RFC 2045 section 5.2).
    fn media_type(&self) -> Result<MediaType, Breach> {
        let value = self.header("content-type").unwrap_or("text/plain");
        MediaType::parse(value).map_err(|e| Breach::new("RFC 2045, 5.1", format!("part: {e}")))
    }
}

fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|i| i.strip_suffix('>')).unwrap_or(id)
}

/// A message of several parts.
#[derive(Debug)]
pub struct Package<'b> {
    /// All parts, the root among them, in order.
    pub parts: Vec<Part<'b>>,
    root: usize,
    /// The media type of the root part.
    pub root_type: MediaType,
}

impl<'b> Package<'b> {
    /// Takes a body apart.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(head: &MediaType, body: &'b [u8], notes: &mut Notes) -> Result<Self, Breach> {
        let boundary = head.parameter("boundary").unwrap_or_default();
        if boundary.is_empty() || boundary.len() > 70 || boundary.ends_with(' ') {
            let reason = format!("\"{boundary}\" is no boundary of 1 to 70 characters");
            return Err(Breach::new(MIME, reason));
        }
        let mut parts = Vec::new();
        for piece in split(body, boundary, notes)? {
            parts.push(part(piece, notes)?);
        }
        for (index, one) in parts.iter().enumerate() {
            if let Some(id) = one.id()
                && parts[..index].iter().any(|p| p.id() == Some(id))
            {
                let reason = format!("two parts have the Content-ID <{id}>");
                return Err(Breach::new("RFC 2045, 7", reason));
            }
        }
        let root = match head.parameter("start") {
            // Some write it without the angle brackets that RFC 2387 section 3.2 demands.
            Some(start) => {
                let found = parts.iter().position(|p| p.id() == Some(bare(start)));
                let reason = || format!("no part has the Content-ID of start, {start}");
                found.ok_or_else(|| Breach::new("RFC 2387, 3.2", reason()))?
            }
            None => 0,
        };
        let root_type = parts[root].media_type()?;
        let Some(announced) = head.parameter("type") else {
            let reason = "multipart/related without the parameter type";
            notes.deviation(Breach::new("RFC 2387, 3.1", reason))?;
            return Ok(Self { parts, root, root_type });
        };
        if !root_type.essence.eq_ignore_ascii_case(announced) {
            let reason = format!(
                "the root part is {}, announced was {announced}; name the root part with start",
                root_type.essence
            );
            return Err(Breach::new("RFC 2387, 3.1", reason));
        }
        Ok(Self { parts, root, root_type })
    }

    /// Whether the part at this place is the root.
    pub fn is_root(&self, index: usize) -> bool {
        index == self.root
    }

    /// The bytes of the root part.
    pub fn root(&self) -> &[u8] {
        &self.parts[self.root].content
    }

    /// The part that a `cid:` address names.
    ///
    /// # Errors
    /// When the address is of another kind, or there is no such part.
    pub fn by_address(&self, href: &str) -> Result<usize, Breach> {
        let clause = "RFC 2392; XOP 1.0, 3.2";
        let Some(id) = href.get(..4).filter(|s| s.eq_ignore_ascii_case("cid:")) else {
            return Err(Breach::new(clause, format!("\"{href}\" is no cid: address")));
        };
        let decoded = percent_decoded_strictly(&href[id.len()..]);
        let Some(id) = decoded.and_then(|id| String::from_utf8(id).ok()) else {
            return Err(Breach::new(clause, format!("\"{href}\" is badly escaped")));
        };
        let found = self.parts.iter().position(|p| p.id() == Some(&id));
        match found {
            Some(index) if index != self.root => Ok(index),
            _ => Err(Breach::new(clause, format!("there is no part for \"{href}\""))),
        }
    }
}

/// The pieces between the delimiters. The line end before a delimiter belongs to the delimiter.
fn split<'b>(body: &'b [u8], boundary: &str, notes: &mut Notes) -> Result<Vec<&'b [u8]>, Breach> {
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut pieces = Vec::new();
    // Where the piece began that is being read; none within the preamble.
    let mut begun: Option<usize> = None;
    let mut at = 0;
    while at < body.len() {
        if body[at..].starts_with(&delimiter) {
            let after = &body[at + delimiter.len()..];
            let (last, after) = match after.strip_prefix(b"--") {
                Some(rest) => (true, rest),
                None => (false, after),
            };
            let padding = after.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let after = &after[padding..];
            if after.starts_with(b"\r\n") || (last && after.is_empty()) {
                if let Some(start) = begun {
                    pieces.push(&body[start..at.saturating_sub(2).max(start)]);
                }
                if last {
                    return match pieces.is_empty() {
                        true => Err(Breach::new(MIME, "multipart body without a part")),
                        false => Ok(pieces),
                    };
                }
                if pieces.len() >= MOST_PARTS {
                    let reason = format!("more than {MOST_PARTS} parts");
                    return Err(Breach::new(RELATED, reason));
                }
                at = body.len() - after.len() + 2;
                begun = Some(at);
                continue;
            }
            if !body[at..].windows(2).any(|w| w == b"\r\n") {
                break;
            }
            // RFC 2046 looks at the beginning of a line only, many readers at the whole line.
            let reason = format!("a line at offset {at} begins with the boundary and goes on");
            notes.deviation(Breach::new(MIME, reason))?;
        }
        at = match body[at..].windows(2).position(|w| w == b"\r\n") {
            Some(end) => at + end + 2,
            None => body.len(),
        };
    }
    Err(Breach::new(MIME, "multipart body ends before the closing boundary"))
}

/// One part out of its bytes.
fn part<'b>(piece: &'b [u8], notes: &mut Notes) -> Result<Part<'b>, Breach> {
    let (head, raw) = if let Some(raw) = piece.strip_prefix(b"\r\n") {
        (&[][..], raw)
    } else {
        let Some(end) = piece.windows(4).position(|w| w == b"\r\n\r\n") else {
            return Err(Breach::new(MIME, "a part whose header does not end"));
        };
        (&piece[..end], &piece[end + 4..])
    };
    let Ok(head) = std::str::from_utf8(head) else {
        return Err(Breach::new("RFC 2045, 3", "the header of a part is not UTF-8"));
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in unfold(head).split('\n').filter(|l| !l.is_empty()) {
        let Some((name, value)) = line.split_once(':') else {
            return Err(Breach::new("RFC 5322, 2.2", "a header line of a part without colon"));
        };
        let name = name.trim_end().to_ascii_lowercase();
        if headers.iter().any(|(n, _)| *n == name) {
            let reason = format!("{name} stands twice in a part");
            return Err(Breach::new("RFC 2045, 3", reason));
        }
        headers.push((name, value.trim().to_owned()));
    }
    let mut part = Part { headers, raw, content: Cow::Borrowed(raw) };
    let encoding = part.header("content-transfer-encoding").unwrap_or("7bit").to_ascii_lowercase();
    let clause = "RFC 2045, 6";
    match encoding.as_str() {
        "binary" | "8bit" => {}
        "7bit" => {
            // Nothing is lost, but whoever forwards the part may take the label at its word.
            if part.header("content-transfer-encoding").is_some() && !part.raw.is_ascii() {
                notes.odd(clause, "bytes above 127 in a part of 7bit");
            }
        }
        "base64" => {
            let text: Vec<u8> =
                part.raw.iter().copied().filter(|b| !b" \t\r\n".contains(b)).collect();
            let engine = base64::engine::general_purpose::STANDARD;
            let content = engine.decode(text);
            let content =
                content.map_err(|e| Breach::new(clause, format!("a part is no base64: {e}")))?;
            part.content = Cow::Owned(content);
        }
        "quoted-printable" => {
            let content = mail_parser::decoders::quoted_printable::quoted_printable_decode(raw);
            let wrong = || Breach::new(clause, "a part is no quoted-printable");
            part.content = Cow::Owned(content.ok_or_else(wrong)?);
        }
        other => {
            let reason = format!("Content-Transfer-Encoding {other} is not known");
            return Err(Breach::new(clause, reason));
        }
    }
    Ok(part)
}
