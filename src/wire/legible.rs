//! The bytes of a message with everything in plain sight that carries words, so that values by which
//! an exchange is recognised are found wherever they lie: under codings of HTTP, in parts with a
//! transfer encoding, in base64, in ZIP containers, behind escapes of XML and JSON.

use std::borrow::Cow;
use std::io::Read;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::json::{Json, read_json};
use super::media_type::MediaType;
use super::notes::Notes;
use super::plain;
use super::recorded::HttpMessage;
use super::related::Package;
use crate::xml::parse;

/// Shortest base64 that is looked into, characters: 24 bytes, as many as a short correlator in a tag.
const SHORTEST: usize = 32;
/// Most bytes that are added to a message; what would come after stays hidden.
const MOST: usize = 64 * 1024 * 1024;
/// How deep things may lie in one another: a ZIP in base64 in a part, and a level to spare.
const DEEPEST: usize = 4;
/// Deepest JSON that is looked into.
const DEEPEST_JSON: u32 = 128;

/// Forgives what ends early: a word found is a word found.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes with what they hide after them; unchanged where they hide nothing.
pub fn legible(raw: &[u8]) -> Cow<'_, [u8]> {
    let shown = plain(raw);
    let mut out = Vec::new();
    // What was recorded of mails and folders is no HTTP, and has words from its first line on.
    let is_http = |m: &HttpMessage| m.start.starts_with("HTTP/1.") || m.start.contains(" HTTP/1.");
    match HttpMessage::read(&shown).filter(is_http) {
        Some(message) => look(&message.body, message.media_type().as_ref(), &mut out, DEEPEST),
        None => look(&shown, None, &mut out, DEEPEST),
    }
    match out.is_empty() {
        true => shown,
        false => Cow::Owned([&shown, &b"\n"[..], &out].concat()),
    }
}

/// The same for a body whose media type is known.
pub fn legible_body<'b>(content_type: &str, body: &'b [u8]) -> Cow<'b, [u8]> {
    let mut out = Vec::new();
    look(body, MediaType::parse(content_type).ok().as_ref(), &mut out, DEEPEST);
    match out.is_empty() {
        true => Cow::Borrowed(body),
        false => Cow::Owned([body, &b"\n"[..], &out].concat()),
    }
}

/// Looks into bytes that stand in plain sight already.
fn look(bytes: &[u8], kind: Option<&MediaType>, out: &mut Vec<u8>, depth: usize) {
    if depth == 0 || out.len() >= MOST {
        return;
    }
    if bytes.starts_with(b"PK\x03\x04") {
        unpack(bytes, out, depth);
        return;
    }
    let essence = kind.map_or("", |k| k.essence.as_str());
    if let Some(kind) = kind.filter(|k| k.essence.starts_with("multipart/")) {
        parts(kind, bytes, out, depth);
    }
    if (essence.ends_with("json") || bytes.starts_with(b"{")) && holds(bytes, b"\\u") {
        if let Ok(read) = read_json(bytes, DEEPEST_JSON) {
            texts(&read.value, out, depth);
        }
    } else if holds(bytes, b"&#") || matches!(bytes, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..]) {
        // Characters by their numbers, or two bytes for each.
        if let Ok(document) = parse(bytes) {
            let text = document.root.to_xml().into_bytes();
            base64_in(&text, out, depth);
            add(&text, out);
            return;
        }
    }
    base64_in(bytes, out, depth);
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|w| w == needle)
}

fn add(bytes: &[u8], out: &mut Vec<u8>) {
    let room = MOST.saturating_sub(out.len());
    out.extend_from_slice(&bytes[..bytes.len().min(room)]);
    out.push(b'\n');
}

/// What was found, and what it hides itself.
fn found(bytes: &[u8], out: &mut Vec<u8>, depth: usize) {
    if !bytes.starts_with(b"PK\x03\x04") {
        add(bytes, out);
    }
    look(bytes, None, out, depth - 1);
}

fn parts(kind: &MediaType, bytes: &[u8], out: &mut Vec<u8>, depth: usize) {
    let Ok(package) = Package::open(kind, bytes, &mut Notes::new(true)) else { return };
    for part in &package.parts {
        if matches!(part.content, Cow::Owned(_)) || part.content.starts_with(b"PK\x03\x04") {
            found(&part.content, out, depth);
        }
    }
}

fn texts(value: &Json, out: &mut Vec<u8>, depth: usize) {
    match value {
        Json::Text(text) => {
            add(text.as_bytes(), out);
            base64_in(text.as_bytes(), out, depth);
        }
        Json::List(list) => list.iter().for_each(|one| texts(one, out, depth)),
        Json::Object(members) => members.iter().for_each(|(_, one)| texts(one, out, depth)),
        _ => {}
    }
}

/// Every stretch of base64; line breaks may stand in it (RFC 2045 section 6.8).
fn base64_in(bytes: &[u8], out: &mut Vec<u8>, depth: usize) {
    let sign = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    let mut at = 0;
    while at < bytes.len() && out.len() < MOST {
        if !sign(bytes[at]) {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|b| sign(**b) || b"\r\n".contains(b)).count();
        // An empty line ends what came before, such as the head of a part.
        let length =
            match bytes[at..at + length].windows(2).position(|w| w == b"\n\n" || w == b"\n\r") {
                Some(end) => end + 1,
                None => length,
            };
        let run = &bytes[at..at + length];
        at += length;
        if length < SHORTEST {
            continue;
        }
        let packed: Vec<u8> = run.iter().copied().filter(|b| !b"\r\n".contains(b)).collect();
        // A single sign over is no byte.
        let whole = packed.len() - usize::from(packed.len() % 4 == 1);
        if let Ok(decoded) = FORGIVING.decode(&packed[..whole]) {
            found(&decoded, out, depth);
        }
    }
}

/// What lies in a ZIP container (stored or deflated), with the names of its entries.
fn unpack(bytes: &[u8], out: &mut Vec<u8>, depth: usize) {
    use rawzip::{CompressionMethod, ZipArchive};
    let Ok(archive) = ZipArchive::from_slice(bytes) else { return };
    for entry in archive.entries() {
        let Ok(header) = entry else { return };
        add(header.file_path().as_bytes(), out);
        let Ok(entry) = archive.get_entry(header.wayfinder()) else { continue };
        let packed = entry.data();
        let content = match header.compression_method() {
            CompressionMethod::STORE => packed.to_vec(),
            CompressionMethod::DEFLATE => {
                let room = MOST.saturating_sub(out.len()) as u64;
                let mut content = Vec::new();
                let reader = flate2::bufread::DeflateDecoder::new(packed);
                // What breaks off is read as far as it goes.
                let _ = reader.take(room).read_to_end(&mut content);
                content
            }
            _ => continue,
        };
        found(&content, out, depth);
        if out.len() >= MOST {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::legible;

    const WORD: &str = "PS-0123456789AB";

    fn shows(raw: &[u8]) -> bool {
        super::holds(&legible(raw), WORD.as_bytes())
    }

    fn post(kind: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("POST /x HTTP/1.1\r\ncontent-type: {kind}\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    #[test]
    fn words_are_found_wherever_they_lie() {
        let inner = format!("<antrag><vorgang>{WORD}</vorgang></antrag>");
        let packed = STANDARD.encode(&inner);
        let lines: Vec<&str> =
            packed.as_bytes().chunks(20).map(|c| std::str::from_utf8(c).unwrap()).collect();
        let xml = format!("<a><b>{packed}</b></a>");
        let wrapped = format!("<a><b>{}</b></a>", lines.join("\r\n"));
        let twice = format!("<a>{}</a>", STANDARD.encode(&xml));
        let json = format!("{{\"a\":\"{}\"}}", WORD.replace('-', "\\u002d"));
        let numbered = format!("<a>{}</a>{}", WORD.replace('-', "&#45;"), " ".repeat(32));
        let part = format!(
            "--g\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--g\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n--g--\r\n",
            inner.replace('-', "=2D")
        );
        let kind = "multipart/related; boundary=g; type=\"text/xml\"";
        for (kind, body) in [
            ("text/xml", xml.as_bytes()),
            ("text/xml", wrapped.as_bytes()),
            ("text/xml", twice.as_bytes()),
            ("application/json", json.as_bytes()),
            ("text/xml", numbered.as_bytes()),
            (kind, part.as_bytes()),
        ] {
            let shown = String::from_utf8_lossy(body).into_owned();
            assert!(!super::holds(body, WORD.as_bytes()), "{shown}");
            assert!(shows(&post(kind, body)), "{shown}");
        }
    }

    #[test]
    fn words_in_folders_mails_and_containers_are_found() {
        let inner = format!("<antrag><vorgang>{WORD}</vorgang></antrag>");
        let packed = STANDARD.encode(&inner);
        assert!(shows(format!("== n.xml 9\n<a>\n\n{packed}</a>\n").as_bytes()));
        assert!(shows(format!("EHLO a\r\nDATA\r\n\r\n{packed}\r\n.\r\n").as_bytes()));
        // What is said again is packed as a reference to where it was said.
        let inner = format!("<a>{}</a>{inner}", &WORD[..WORD.len() - 1]);
        let mut coded = flate2::write::DeflateEncoder::new(vec![], flate2::Compression::best());
        std::io::Write::write_all(&mut coded, inner.as_bytes()).unwrap();
        let deflated = coded.finish().unwrap();
        let (crc, name) = (rawzip::crc32(inner.as_bytes()), b"n.xml");
        let sizes = [deflated.len(), inner.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
        // APPNOTE 4.3.7 and 4.3.12: one deflated entry.
        let common = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
            &crc.to_le_bytes(),
            &sizes[0],
            &sizes[1],
            &[5, 0, 0, 0],
        ]
        .concat();
        let local = [b"PK\x03\x04", &common[..], name, &deflated].concat();
        let place = u32::try_from(local.len()).unwrap().to_le_bytes();
        let central = [b"PK\x01\x02\x14\0", &common[..], &[0; 14], name].concat();
        let size = u32::try_from(central.len()).unwrap().to_le_bytes();
        let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &size[..], &place, &[0, 0]].concat();
        let zip = [local, central, end].concat();
        assert!(!super::holds(&zip, WORD.as_bytes()));
        assert!(shows(&post("application/zip", &zip)));
        let in_xml = format!("<a>{}</a>", STANDARD.encode(&zip));
        assert!(shows(&post("text/xml", in_xml.as_bytes())));
        // Cut off, it is read as far as it goes, and nothing breaks.
        for end in 0..zip.len() {
            let _ = legible(&zip[..end]);
        }
    }

    #[test]
    fn what_hides_nothing_stays_as_it_is() {
        let raw = post("text/xml", b"<a>nichts Besonderes, nur ein Satz mit mehreren Woertern</a>");
        assert!(matches!(legible(&raw), Cow::Borrowed(_)));
        assert!(matches!(legible(b"== a.xml 4\n<a/>\n"), Cow::Borrowed(_)));
    }
}
