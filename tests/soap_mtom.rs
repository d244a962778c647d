//! Attachments of the web service in parts of their own (MTOM), and character sets.

use pruefstand::wire::MediaType;
use pruefstand::xml::parse_labelled;

use crate::clients::curl;
use crate::soap::{E11, E12, KIND, OWN, call, envelope, good, head, is, payload};
use crate::support::{Sandbox, real_data, tool};
use crate::support_systems::Up;

/// A message with an attachment in a part of its own.
fn mtom(ns: &str, start: bool, root_first: bool, encoding: &str) -> (String, Vec<u8>) {
    let kind = if ns == E11 { "text/xml" } else { "application/soap+xml" };
    let include = "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:anlage%2B1@e.example\"/>";
    let more = format!(
        "<f:anlage><f:name>Plan ß.pdf</f:name><f:medientyp>application/pdf</f:medientyp><f:inhalt>{include}</f:inhalt></f:anlage>"
    );
    let root = format!(
        "--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"{kind}\"\r\nContent-ID: <w@e.example>\r\n\r\n{}\r\n",
        envelope(ns, "", &payload("PS-0123456789AB", &more))
    );
    let content = if encoding == "base64" { "JVBERi0K\r\nAP8=" } else { "%PDF-\n\0\u{fffd}" };
    let mut part = format!("--b\r\nContent-ID: <anlage+1@e.example>\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{content}\r\n").into_bytes();
    if encoding != "base64" {
        // The byte that no text has.
        let at = part.windows(3).position(|w| w == "\u{fffd}".as_bytes()).unwrap();
        part.splice(at..at + 3, [0xFF]);
    }
    let mut body = b"Vorspann\r\n".to_vec();
    let pieces = [root.into_bytes(), part];
    let order = if root_first { [0, 1] } else { [1, 0] };
    for index in order {
        body.extend_from_slice(&pieces[index]);
    }
    body.extend_from_slice(b"--b--\r\nNachspann");
    let start = if start { "; start=\"<w@e.example>\"" } else { "" };
    let action = format!("SOAPAction: \"{OWN}:AntragUebergeben\"\r\n");
    let head = format!(
        "Content-Type: multipart/related; boundary=\"b\"; type=\"application/xop+xml\"; start-info=\"{kind}\"{start}\r\n{action}"
    );
    (head, body)
}

#[test]
fn attachments_come_in_parts_and_the_answer_comes_in_kind() {
    let up = Up::one(KIND, "");
    for ns in [E11, E12] {
        for (start, root_first) in [(true, true), (true, false), (false, true), (false, false)] {
            for encoding in ["binary", "8bit", "base64"] {
                let (head, body) = mtom(ns, start, root_first, encoding);
                let answer = up.send("POST", "", &head, &body);
                if !start && !root_first {
                    // The first part is the root, and it is none.
                    is(
                        &answer,
                        if ns == E11 { 500 } else { 400 },
                        if ns == E11 { "Client" } else { "Sender" },
                        "",
                    );
                    continue;
                }
                assert_eq!(answer.status, 200, "{}", answer.text());
                let kind = MediaType::parse(answer.header("content-type").unwrap()).unwrap();
                assert_eq!(kind.essence, "multipart/related");
                assert_eq!(kind.parameter("type"), Some("application/xop+xml"));
                let inner = if ns == E11 { "text/xml" } else { "application/soap+xml" };
                assert_eq!(kind.parameter("start-info"), Some(inner));
                let text = answer.text();
                assert!(text.contains("href=\"cid:quittung-"), "{text}");
                assert!(
                    text.contains("\r\n\r\nEingangsbestätigung\nVorgang: PS-0123456789AB\n"),
                    "{text}"
                );
                let held = up.held("fv");
                assert_eq!(held[1].title, "Plan ß.pdf");
                assert_eq!(held[1].content, b"%PDF-\n\x00\xFF");
                assert_eq!(held[0].content, body, "as it came");
            }
        }
    }
    // Who asks for MTOM gets it; others read base64.
    let line = head(E12, "AntragUebergeben");
    let text = envelope(E12, "", &good());
    let plain = up.send("POST", "", &line, text.as_bytes());
    assert!(plain.text().contains("<quittung>RWluZ2FuZ3Ni"), "{}", plain.text());
    let line = format!("{line}Accept: multipart/related; type=\"application/xop+xml\"\r\n");
    let asked = up.send("POST", "", &line, text.as_bytes());
    assert!(asked.text().contains("xop:Include"), "{}", asked.text());
    // Inline works as well, also where it is long.
    let long = "JVBERi0K".repeat(2_000_000);
    let more = format!(
        "<f:anlage><f:name>gross</f:name><f:medientyp>a/b</f:medientyp><f:inhalt>{long}</f:inhalt></f:anlage>"
    );
    assert_eq!(call(&up, E11, "", &payload("PS-0123456789AB", &more)).status, 200);
    assert_eq!(up.held("fv")[1].content.len(), 12_000_000);
}

#[test]
fn parts_that_are_cut_off_or_of_another_kind_are_faults() {
    let (strict, lenient) = (Up::one(KIND, ""), Up::one(KIND, "mode = \"lenient\""));
    let (head, body) = mtom(E12, true, false, "binary");
    for end in [0, 10, body.len() / 2, body.len() - b"--b--\r\nNachspann".len(), body.len() - 12] {
        for up in [&strict, &lenient] {
            is(&up.send("POST", "", &head, &body[..end]), 400, "Sender", "");
            assert!(up.noted().iter().any(|(_, d)| d.contains("before the closing boundary")));
        }
    }
    // SOAP with Attachments: the root part is the envelope itself.
    let swa = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.replace("application/xop+xml", "application/soap+xml").into_bytes()
    };
    let (old_head, old_body) = (swa(head.as_bytes()), swa(&body));
    let old_head = String::from_utf8(old_head).unwrap();
    is(&strict.send("POST", "", &old_head, &old_body), 415, "Sender", "");
    let answer = lenient.send("POST", "", &old_head, &old_body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    // An Include without parts.
    let include =
        "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:a\"/>";
    let more = format!(
        "<f:anlage><f:name>a</f:name><f:medientyp>b</f:medientyp><f:inhalt>{include}</f:inhalt></f:anlage>"
    );
    is(&call(&lenient, E12, "", &payload("PS-1", &more)), 400, "Sender", "");
    assert_eq!(strict.held("fv").len(), 0);
}

#[test]
fn character_sets_follow_mark_header_and_declaration() {
    if let Some(folder) = real_data("cases/44-charset-header-and-declaration") {
        for (name, oddities) in [
            ("1-no-charset", 0),
            ("2-no-charset-latin1-declared", 0),
            ("3-header-wins", 1),
            ("5-quoted-upper", 0),
            ("6-unknown-charset", 1),
            ("7-bom-beats-header", 1),
            ("8-soap-type", 0),
            ("4-header-contradicts-bytes", usize::MAX),
        ] {
            let header = std::fs::read_to_string(folder.join(name).join("header.txt")).unwrap();
            let kind = MediaType::parse(header.split_once(':').unwrap().1).unwrap();
            let body = std::fs::read(folder.join(name).join("body.bin")).unwrap();
            match parse_labelled(&body, kind.parameter("charset")) {
                Ok(read) => {
                    assert_eq!(read.document.root.text(), "Köln-Mülheim", "{name}");
                    assert_eq!(read.oddities.len(), oddities, "{name}: {:?}", read.oddities);
                }
                Err(error) => {
                    assert_eq!(oddities, usize::MAX, "{name}: {error}");
                    for part in ["offset", "header says UTF-8", "declaration says ISO-8859-1"] {
                        assert!(error.message.contains(part), "{error}");
                    }
                }
            }
        }
    }
    let up = Up::one(KIND, "");
    let text = envelope(E11, "", &good());
    let declared = |name: &str| format!("<?xml version=\"1.0\" encoding=\"{name}\"?>{text}");
    let latin =
        |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    for (charset, body, fine, noted) in [
        ("", text.clone().into_bytes(), true, 0),
        ("", latin(&declared("ISO-8859-1")), true, 0),
        ("; charset=ISO-8859-1", latin(&declared("UTF-8")), true, 1),
        ("; charset=\"UTF-8\"", latin(&declared("ISO-8859-1")), false, 1),
        ("; charset=iso-8559-1", latin(&declared("ISO-8859-1")), true, 1),
        ("; charset=ISO-8859-1", marked, true, 1),
        ("", latin(&text), false, 1),
    ] {
        let line = format!(
            "Content-Type: text/xml{charset}\r\nSOAPAction: \"{OWN}:AntragUebergeben\"\r\n"
        );
        let answer = up.send("POST", "", &line, &body);
        assert_eq!(answer.status, if fine { 200 } else { 500 }, "{charset}: {}", answer.text());
        assert_eq!(up.noted().len(), noted, "{charset}");
        if fine {
            assert_eq!(up.held("fv")[0].content, body, "as it came");
        }
    }
}

#[test]
fn curl_hands_over_a_message_of_several_parts() {
    if !tool("curl") {
        return;
    }
    let (up, sandbox) = (Up::one(KIND, ""), Sandbox::new());
    let (head, body) = mtom(E12, true, true, "binary");
    let file = sandbox.path("body.bin");
    std::fs::write(&file, body).unwrap();
    let line = head.lines().next().unwrap();
    let data = format!("@{}", file.display());
    let answer = curl(&["-H", line, "--data-binary", &data, &up.url("fv")]);
    assert!(answer.contains("<aktenzeichen>GEW 0123456789AB/2026</aktenzeichen>"), "{answer}");
    assert_eq!(up.held("fv")[1].content, b"%PDF-\n\x00\xFF");
}

#[test]
fn large_parts_and_many_deviations_stay_within_bounds() {
    let (strict, lenient) = (Up::one(KIND, ""), Up::one(KIND, "mode = \"lenient\""));
    let (head, body) = mtom(E12, true, true, "binary");
    let content = b"%PDF-\n\x00\xFF";
    let at = body.windows(content.len()).position(|w| w == content).unwrap();
    let large = vec![b'\r'; 20_000_000];
    let mut whole = body.clone();
    whole.splice(at..at + content.len(), large.iter().copied());
    assert_eq!(strict.send("POST", "", &head, &whole).status, 200);
    assert_eq!(strict.held("fv")[1].content, large);
    // A part full of lines that look like boundaries.
    let alike = "--bb\r\n".repeat(100_000);
    let mut whole = body.clone();
    whole.splice(at..at + content.len(), alike.bytes());
    assert_eq!(lenient.send("POST", "", &head, &whole).status, 200);
    assert_eq!(lenient.held("fv")[1].content, alike.as_bytes());
    assert_eq!(lenient.noted().len(), 50);
}

#[test]
fn whatever_comes_is_answered() {
    let (strict, lenient) = (Up::one(KIND, ""), Up::one(KIND, "mode = \"lenient\""));
    let mut state: u64 = 1;
    // A sequence that is the same every time (Knuth, TAOCP 2, 3.3.4).
    let mut next = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut taken = 0;
    for round in 0..300 {
        let ns = if round % 2 == 0 { E11 } else { E12 };
        let (mut head, mut body) = mtom(ns, true, round % 3 == 0, ["binary", "base64"][round % 2]);
        for _ in 0..=next(3) {
            let at = next(body.len());
            match next(5) {
                0 => body[at] = u8::try_from(next(256)).unwrap(),
                1 => body.truncate(at),
                2 => drop(body.splice(at..at, b"\r\n--b".iter().copied())),
                3 => drop(body.splice(at..at, b"<x/>".iter().copied())),
                _ => {
                    let end = (at + next(40)).min(body.len());
                    drop(body.splice(at..end, []));
                }
            }
            if body.is_empty() {
                body.push(b'-');
            }
        }
        if next(4) == 0 {
            let words = ["multipart", "boundary", "xop+xml", "start", "\"", ";"];
            head = head.replacen(words[next(words.len())], "", 1);
        }
        for up in [&strict, &lenient] {
            let answer = up.send("POST", "", &head, &body);
            assert!([200, 400, 415, 500].contains(&answer.status), "{}", answer.text());
            if answer.status == 200 {
                taken += 1;
            } else {
                assert!(answer.text().contains(":Fault>"), "{}", answer.text());
            }
        }
    }
    // Some were hit where it does not matter, most where it does.
    assert!((5..300).contains(&taken), "{taken} of 600 were taken");
}
