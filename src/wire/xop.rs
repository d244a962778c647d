//! XOP 1.0: `xop:Include` elements are replaced by the base64 of the parts they name, so that checks
//! see the message as if it had been sent inline.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::notes::{Breach, Notes};
use super::related::Package;
use crate::xml::{Element, Node};

/// Namespace of `Include`.
pub const NAMESPACE: &str = "http://www.w3.org/2004/08/xop/include";
const CLAUSE: &str = "XOP 1.0, 3.2";
/// Most bytes that parts become when they are put in their places. Each is there once in a message,
/// but may be named many times, so that a small message could fill the memory.
const MOST: usize = 128 * 1024 * 1024;

/// Puts the parts in their places; returns which of them have one.
///
/// # Errors
/// When an `Include` is not alone, or names a part that is not there.
pub fn inline(
    root: &mut Element,
    package: Option<&Package<'_>>,
    notes: &mut Notes,
) -> Result<Vec<usize>, Breach> {
    let mut used = Used { parts: Vec::new(), room: MOST };
    step(root, package, &mut used, notes)?;
    let count = used.parts.len();
    let left = package.map_or(0, |p| p.parts.len() - 1 - count.min(p.parts.len() - 1));
    if left > 0 {
        notes.odd(CLAUSE, format!("{left} parts that nothing refers to"));
    }
    Ok(used.parts)
}

/// What was put in its place already, and how much more may be.
struct Used {
    parts: Vec<usize>,
    room: usize,
}

fn step(
    element: &mut Element,
    package: Option<&Package<'_>>,
    used: &mut Used,
    notes: &mut Notes,
) -> Result<(), Breach> {
    let include = element.elements().find(|e| e.namespace == NAMESPACE && e.name == "Include");
    let Some(include) = include else {
        for child in &mut element.children {
            if let Node::Element(child) = child {
                step(child, package, used, notes)?;
            }
        }
        return Ok(());
    };
    let Some(package) = package else {
        return Err(Breach::new(CLAUSE, "xop:Include in a message without parts"));
    };
    let href = include.attribute("href").unwrap_or_default();
    let index = package.by_address(href)?;
    if element.children.len() > 1 {
        let reason = format!("xop:Include is not alone in {}", element.name);
        if element.elements().count() > 1 || !element.text().trim().is_empty() {
            return Err(Breach::new(CLAUSE, reason));
        }
        notes.deviation(Breach::new(CLAUSE, reason + ": white space around it"))?;
    }
    if !used.parts.contains(&index) {
        used.parts.push(index);
    }
    let content = &package.parts[index].content;
    let Some(room) = used.room.checked_sub(content.len()) else {
        let reason = format!("with its parts in place the message has more than {MOST} bytes");
        return Err(Breach::new(CLAUSE, reason));
    };
    used.room = room;
    element.children = vec![Node::Text(STANDARD.encode(content))];
    Ok(())
}

/// A message as `multipart/related`: the content type and the body. `parts` are pairs of Content-ID
/// and bytes; `inner` is the media type of the envelope, with its parameters.
pub fn package(
    envelope: impl AsRef<[u8]>,
    inner: &str,
    parts: &[(String, Vec<u8>)],
    unique: &str,
) -> (String, Vec<u8>) {
    let envelope = envelope.as_ref();
    // A boundary that stands nowhere in what it parts.
    let mut boundary = format!("teil-{unique}");
    let stands = |boundary: &str, bytes: &[u8]| {
        bytes.windows(boundary.len()).any(|w| w == boundary.as_bytes())
    };
    while stands(&boundary, envelope) || parts.iter().any(|(_, p)| stands(&boundary, p)) {
        boundary.push('x');
    }
    let quoted = inner.replace('\\', "\\\\").replace('"', "\\\"");
    let (kind, root) = ("application/xop+xml", format!("<wurzel-{unique}@pruefstand.example>"));
    let head = format!(
        "multipart/related; boundary=\"{boundary}\"; type=\"{kind}\"; start=\"{root}\"; start-info=\"{quoted}\""
    );
    let mut body = format!(
        "--{boundary}\r\nContent-Type: {kind}; charset=UTF-8; type=\"{quoted}\"\r\n\
         Content-Transfer-Encoding: 8bit\r\nContent-ID: {root}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(envelope);
    body.extend_from_slice(b"\r\n");
    for (id, content) in parts {
        let head = format!(
            "--{boundary}\r\nContent-Type: application/octet-stream\r\n\
             Content-Transfer-Encoding: binary\r\nContent-ID: <{id}>\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (head, body)
}

#[cfg(test)]
mod tests {
    use super::{inline, package};
    use crate::wire::{MediaType, Notes, Package};
    use crate::xml::parse;

    #[test]
    fn what_is_written_is_read_again() {
        let content = b"--teil-7\r\n\x00\xFF\r\n--teil-77--\r\n".to_vec();
        let text = "<a><b><x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:d%2B1@e'/></b></a>";
        let parts = [("d+1@e".to_owned(), content)];
        let (head, body) = package(text, "application/soap+xml; action=\"urn:a\"", &parts, "7");
        let head = MediaType::parse(&head).unwrap();
        assert_eq!(head.parameter("start-info"), Some("application/soap+xml; action=\"urn:a\""));
        assert_eq!(head.parameter("boundary"), Some("teil-7x"));
        let read = Package::open(&head, &body, &mut Notes::new(false)).unwrap();
        assert_eq!(read.parts[1].content.as_ref(), parts[0].1);
        let mut root = parse(read.root()).unwrap().root;
        inline(&mut root, Some(&read), &mut Notes::new(false)).unwrap();
        assert_eq!(root.child_text("b").unwrap(), "LS10ZWlsLTcNCgD/DQotLXRlaWwtNzctLQ0K");
    }

    #[test]
    fn a_part_that_is_named_again_and_again_fills_no_memory() {
        let parts = [("p".to_owned(), vec![7; super::MOST / 8])];
        let include =
            "<i><x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:p'/></i>";
        let text = |count: usize| format!("<a>{}</a>", include.repeat(count));
        let inlined = |count: usize| {
            let (head, body) = package(text(count), "text/xml", &parts, "7");
            let head = MediaType::parse(&head).unwrap();
            let read = Package::open(&head, &body, &mut Notes::new(true)).unwrap();
            let mut root = parse(read.root()).unwrap().root;
            inline(&mut root, Some(&read), &mut Notes::new(true))
                .map(|_| ())
                .map_err(|fault| fault.reason)
        };
        assert_eq!(inlined(8), Ok(()));
        assert!(inlined(9).unwrap_err().contains("more than"));
    }
}
