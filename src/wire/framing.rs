//! Where a message ends in the bytes of its connection: what follows belongs to the next one.

use super::head::Framing;

/// The body of a message inside its raw bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// It ends here. For chunks, what was odd about them.
    Ends {
        /// The place after its last byte.
        end: usize,
        /// Why a strict reader would have refused it; none if it is well-formed.
        odd: Option<String>,
    },
    /// More is to come.
    Open,
    /// It cannot be read.
    Broken(String),
}

/// Finds the end of the body that begins at `start`.
pub fn extent(raw: &[u8], start: usize, framing: Framing) -> Extent {
    match framing {
        Framing::Length(length) => {
            let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
            match end {
                Some(end) if end <= raw.len() => Extent::Ends { end, odd: None },
                Some(_) => Extent::Open,
                None => Extent::Broken("a length beyond all memory".into()),
            }
        }
        Framing::Chunked => chunks(raw, start, |_| {}),
    }
}

/// Walks over the chunks of a body (RFC 9112, section 7.1) and hands out their data.
pub fn chunks(raw: &[u8], start: usize, mut data: impl FnMut(&[u8])) -> Extent {
    let (mut at, mut odd) = (start, None);
    loop {
        let Some((line, next)) = line(raw, at, &mut odd) else { return Extent::Open };
        let size = line.split(|b| *b == b';').next().unwrap_or_default();
        if size.ends_with(b" ") || size.ends_with(b"\t") {
            odd = odd.or_else(|| Some("white space after a chunk size".into()));
        }
        let text = String::from_utf8_lossy(size.trim_ascii_end());
        let hex = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
        let Some(size) = usize::from_str_radix(&text, 16).ok().filter(|_| hex) else {
            return Extent::Broken(format!("chunk size \"{text}\""));
        };
        if size == 0 {
            return trailer(raw, next, odd);
        }
        let Some(end) = next.checked_add(size) else {
            return Extent::Broken(format!("chunk size \"{text}\""));
        };
        let Some(chunk) = raw.get(next..end) else { return Extent::Open };
        data(chunk);
        match (raw.get(end), raw.get(end + 1)) {
            (Some(b'\r'), Some(b'\n')) => at = end + 2,
            (Some(b'\n'), _) => {
                odd = odd.or_else(|| Some("a chunk ends with LF alone".into()));
                at = end + 1;
            }
            (None, _) | (Some(b'\r'), None) => return Extent::Open,
            _ => return Extent::Broken("a chunk is longer than its size".into()),
        }
    }
}

fn trailer(raw: &[u8], mut at: usize, mut odd: Option<String>) -> Extent {
    loop {
        let Some((line, next)) = line(raw, at, &mut odd) else { return Extent::Open };
        at = next;
        if line.is_empty() {
            return Extent::Ends { end: at, odd };
        }
    }
}

/// A line without its end, and the place after it.
fn line<'a>(raw: &'a [u8], at: usize, odd: &mut Option<String>) -> Option<(&'a [u8], usize)> {
    let rest = raw.get(at..)?;
    let length = rest.iter().position(|b| *b == b'\n')?;
    let bytes = &rest[..length];
    let bytes = bytes.strip_suffix(b"\r").unwrap_or_else(|| {
        odd.get_or_insert_with(|| "a line between chunks ends with LF alone".into());
        bytes
    });
    Some((bytes, at + length + 1))
}

#[cfg(test)]
mod tests {
    use super::super::head::Framing;
    use super::{Extent, chunks, extent};

    fn ends(end: usize) -> Extent {
        Extent::Ends { end, odd: None }
    }

    #[test]
    fn a_length_counts_bytes() {
        assert_eq!(extent(b"abcdef", 1, Framing::Length(3)), ends(4));
        assert_eq!(extent(b"abc", 1, Framing::Length(3)), Extent::Open);
        assert!(matches!(extent(b"", 1, Framing::Length(u64::MAX)), Extent::Broken(_)));
    }

    #[test]
    fn chunks_are_walked_with_extensions_and_trailers() {
        let raw = b"4;a=b\r\nabcd\r\nB\r\n0123456789a\r\n0\r\nX: y\r\n\r\nGET /";
        let mut data = Vec::new();
        let end = chunks(raw, 0, |chunk| data.extend_from_slice(chunk));
        assert_eq!((data.as_slice(), end), (&b"abcd0123456789a"[..], ends(raw.len() - 5)));
        for cut in 0..raw.len() - 5 {
            assert_eq!(chunks(&raw[..cut], 0, |_| {}), Extent::Open, "{cut}");
        }
    }

    #[test]
    fn odd_and_broken_chunks_are_told_apart() {
        let odd = |raw: &[u8]| match chunks(raw, 0, |_| {}) {
            Extent::Ends { odd, .. } => odd.is_some(),
            other => panic!("{other:?}"),
        };
        assert!(odd(b"1\na\r\n0\r\n\r\n"));
        assert!(odd(b"1\r\na\n0\r\n\r\n"));
        assert!(odd(b"1 \r\na\r\n0\r\n\r\n"));
        assert!(!odd(b"1\r\na\r\n000\r\n\r\n"));
        for raw in [
            &b"0x1\r\na\r\n0\r\n\r\n"[..],
            b"+1\r\na\r\n0\r\n\r\n",
            b"\r\na\r\n0\r\n\r\n",
            b"1\r\nab\r\n0\r\n\r\n",
            b"fffffffffffffffff\r\na\r\n",
            b"ffffffffffffffff\r\na\r\n",
        ] {
            assert!(matches!(chunks(raw, 0, |_| {}), Extent::Broken(_)), "{raw:?}");
        }
    }
}
