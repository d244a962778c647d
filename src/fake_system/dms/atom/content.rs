//! The content of a document: as a resource of its own (CMIS 1.1, sections 3.2.2 and 3.11.8), and in
//! an entry.

use base64::Engine;
use bytes::Bytes;

use super::Asked;
use crate::channel::http::Reply;
use crate::fake_system::dms::browser::disposition;
use crate::fake_system::dms::browser::form::{last_of, parameter};
use crate::fake_system::dms::errors::{Caller, CmisError, Outcome};
use crate::fake_system::dms::store::{Content, Object, SetContent, Store};
use crate::wire::percent_decoded;
use crate::xml::{Element, Node};

/// Answers with the content, or the part of it that is asked for.
pub(super) fn get(asked: &Asked<'_>, object: &Object) -> Outcome<Reply> {
    let content = object.content.as_ref();
    let content = content.ok_or_else(|| CmisError::constraint("the object has no content"))?;
    // The only streams besides are renditions, of which there are none.
    if let Some(stream) = asked.form.get("streamId").filter(|s| *s != object.stream_id()) {
        return Err(CmisError::constraint(format!("there is no stream {stream}")));
    }
    let kind =
        if asked.form.get("download") == Some("attachment") { "attachment" } else { "inline" };
    let total = content.bytes.len();
    let part = asked.request.header("range").and_then(|range| part(range, total));
    let reply = match part {
        None => Reply::text(200, &content.media_type, content.bytes.to_vec()),
        Some(Ok((from, to))) => {
            let bytes = content.bytes.get(from..to).unwrap_or_default().to_vec();
            let range = format!("bytes {from}-{}/{total}", to.saturating_sub(1));
            Reply::text(206, &content.media_type, bytes).with_header("content-range", &range)
        }
        Some(Err(())) => {
            let message = format!("the content has {total} bytes");
            let error = CmisError::invalid(message).with_status(416);
            let range = format!("bytes */{total}");
            return Ok(super::error_reply(&error).with_header("content-range", &range));
        }
    };
    Ok(reply
        .with_header("accept-ranges", "bytes")
        .with_header("content-disposition", &disposition(kind, &content.file_name)))
}

/// A range of bytes (RFC 9110, section 14.2), from and up to; an error where it lies outside. What is
/// no single range is answered as if it had not been there, which the RFC allows.
fn part(range: &str, total: usize) -> Option<Result<(usize, usize), ()>> {
    let (from, to) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if !digits(from) || !digits(to) || (from.is_empty() && to.is_empty()) {
        return None;
    }
    // A number too large for this is beyond the end as well.
    let number = |text: &str| text.parse::<usize>().unwrap_or(usize::MAX);
    let (from, to) = match (from, to) {
        ("", last) => (total.saturating_sub(number(last)), total),
        (from, "") => (number(from), total),
        (from, to) if number(from) > number(to) => return None,
        (from, to) => (number(from), number(to).saturating_add(1).min(total)),
    };
    Some(if from < to { Ok((from, to)) } else { Err(()) })
}

/// Sets or extends the content.
pub(super) fn put(store: &mut Store, caller: &mut Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    let (id, form, request) = (asked.id()?, &asked.form, asked.request);
    let object = store.readable(caller, id)?;
    let first = object.content.is_none();
    let named = request.header("content-disposition").and_then(file_name);
    let old = || object.content.as_ref().map_or(&object.name, |c| &c.file_name).clone();
    let media_type = match request.content_type.trim() {
        "" => "application/octet-stream",
        other => other,
    };
    let content = Content {
        file_name: named.unwrap_or_else(old),
        media_type: media_type.to_owned(),
        bytes: request.body.clone(),
    };
    form.flag("isLastChunk", true)?;
    let how = SetContent {
        append: form.flag("append", false)?,
        overwrite: form.flag("overwriteFlag", true)?,
        token: form.get("changeToken"),
    };
    store.set_content(caller, id, content, how)?;
    let url = asked.urls.of_id("content", id);
    let reply = Reply::text(if first { 201 } else { 200 }, "text/plain", Vec::new());
    Ok(reply.with_header("location", &url).with_header("content-location", &url))
}

/// The name in a Content-Disposition; the one with a character set counts more (RFC 6266).
fn file_name(header: &str) -> Option<String> {
    let bytes = header.as_bytes();
    let encoded = parameter(bytes, "filename*").and_then(|value| {
        let (start, rest) = value.split_at_checked("UTF-8''".len())?;
        start.eq_ignore_ascii_case(b"UTF-8''").then(|| percent_decoded(rest))
    });
    let name = encoded.or_else(|| parameter(bytes, "filename"))?;
    Some(last_of(&String::from_utf8_lossy(&name))).filter(|n| !n.is_empty())
}

fn decoded(text: &str) -> Outcome<Bytes> {
    let dense: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(dense);
    bytes.map(Bytes::from).map_err(|e| CmisError::invalid(format!("the content is no Base64: {e}")))
}

/// `cmisra:content`; some clients add the name of the file in a namespace of their own.
pub(super) fn encoded(content: &Element) -> Outcome<Content> {
    let media_type = content.child_text("mediatype").filter(|m| !m.is_empty());
    let media_type = media_type.ok_or_else(|| CmisError::invalid("cmisra:mediatype is missing"))?;
    let base64 = content.child("base64").map(Element::text);
    let base64 = base64.ok_or_else(|| CmisError::invalid("cmisra:base64 is missing"))?;
    let file_name = last_of(&content.child_text("filename").unwrap_or_default());
    Ok(Content { file_name, media_type, bytes: decoded(&base64)? })
}

/// `atom:content` (RFC 4287, section 4.1.3.3); nothing where it is empty or lies elsewhere.
pub(super) fn plain(content: &Element) -> Outcome<Option<Content>> {
    let empty = content.attributes.is_empty() && content.children.is_empty();
    if empty || content.attribute("src").is_some() {
        return Ok(None);
    }
    let kind = content.attribute("type").unwrap_or("text").to_owned();
    let lower = kind.to_ascii_lowercase();
    let essence = lower.split(';').next().unwrap_or_default().trim();
    let text = || Bytes::from(content.text().into_bytes());
    let (media_type, bytes) = match essence {
        "text" => ("text/plain; charset=UTF-8".to_owned(), text()),
        "html" => ("text/html; charset=UTF-8".to_owned(), text()),
        "xhtml" => ("application/xhtml+xml".to_owned(), inner_xml(content)?),
        xml if xml.ends_with("+xml") || xml.ends_with("/xml") => (kind, inner_xml(content)?),
        text_kind if text_kind.starts_with("text/") => (kind, text()),
        _ => (kind, decoded(&content.text())?),
    };
    Ok(Some(Content { file_name: String::new(), media_type, bytes }))
}

fn inner_xml(content: &Element) -> Outcome<Bytes> {
    let mut inside = content.children.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    });
    match (inside.next(), inside.next()) {
        (Some(one), None) => Ok(Bytes::from(one.to_xml().into_bytes())),
        _ => Err(CmisError::invalid("atom:content holds no single XML element")),
    }
}

#[cfg(test)]
mod tests {
    use super::{file_name, part};

    #[test]
    fn ranges_lie_within_the_content_or_are_refused() {
        assert_eq!(part("bytes=0-0", 10), Some(Ok((0, 1))));
        assert_eq!(part("bytes=2-", 10), Some(Ok((2, 10))));
        assert_eq!(part("bytes=-3", 10), Some(Ok((7, 10))));
        assert_eq!(part("bytes=-30", 10), Some(Ok((0, 10))));
        assert_eq!(part("bytes=5-99999999999999999999999", 10), Some(Ok((5, 10))));
        assert_eq!(part("bytes=10-", 10), Some(Err(())));
        assert_eq!(part("bytes=-0", 10), Some(Err(())));
        assert_eq!(part("bytes=0-", 0), Some(Err(())));
        for odd in ["bytes=5-2", "bytes=1-2,4-5", "bytes=-", "bytes=a-b", "zeilen=1-2", ""] {
            assert_eq!(part(odd, 10), None, "{odd}");
        }
    }

    #[test]
    fn file_names_come_in_two_ways() {
        let of = |header: &str| file_name(header);
        assert_eq!(of("attachment; filename=\"a b.txt\"").as_deref(), Some("a b.txt"));
        let both = "attachment; filename=\"l.txt\"; filename*=utf-8''%C3%96l.txt";
        assert_eq!(of(both).as_deref(), Some("Öl.txt"));
        assert_eq!(of("attachment; filename=\"C:\\\\x\\\\y.txt\"").as_deref(), Some("y.txt"));
        assert_eq!(of("inline"), None);
    }
}
