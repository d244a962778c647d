//! The side that calls a web service: against the fake in every combination, and against answers that
//! broke others.

use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use pruefstand::channel::soap::{Addressed, Answer, Call, CallError, call, read_answer};
use pruefstand::fake_system::{Behaviour, Which};
use pruefstand::wire::{SoapVersion, carried, is_taken};
use pruefstand::xml::{Element, compare, parse};

use crate::soap::{E11, E12, KIND, OWN, envelope, payload};
use crate::support::{Sandbox, real_data, tool};
use crate::support_systems::Up;

const CONTENT: &[u8] = b"%PDF-1.4\r\n--teil\r\n\x00\xFF";

fn message() -> Element {
    let content = base64::engine::general_purpose::STANDARD.encode(CONTENT);
    let attachment = format!(
        "<f:anlage><f:name>Maßplan.pdf</f:name><f:medientyp>application/pdf</f:medientyp><f:inhalt>{content}</f:inhalt></f:anlage>"
    );
    parse(payload("PS-0123456789AB", &attachment).as_bytes()).unwrap().root
}

fn to(url: &str, version: SoapVersion, addressed: bool, parts: bool) -> Call {
    Call {
        url: url.to_owned(),
        version,
        action: format!("{OWN}:AntragUebergeben"),
        addressing: addressed.then(|| Addressed {
            message_id: "urn:uuid:6b29fc40-ca47-1067-b31d-00dd010662da".into(),
            relates_to: None,
        }),
        headers: vec![],
        payload: Some(message()),
        parts: parts.then(|| "inhalt".to_owned()),
        limit: Duration::from_secs(20),
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn both() -> impl Iterator<Item = (SoapVersion, bool, bool)> {
    [SoapVersion::Soap11, SoapVersion::Soap12].into_iter().flat_map(|version| {
        [(false, false), (false, true), (true, false), (true, true)].map(|(a, p)| (version, a, p))
    })
}

#[test]
fn a_strict_service_takes_every_kind_of_call() {
    let up = Up::one(KIND, "");
    for (version, addressed, parts) in both() {
        let one = to(&up.url("fv"), version, addressed, parts);
        let answer = run(call(&one, "7", None)).unwrap();
        let Answer::Payload(answer) = answer else { panic!("{answer:?}") };
        assert_eq!(answer.name, "antragUebergebenAntwort");
        assert_eq!(answer.child_text("aktenzeichen").unwrap(), "GEW 0123456789AB/2026");
        // With MTOM the receipt comes as a part, and stands in its place again.
        let receipt = answer.child_text("quittung").unwrap();
        let receipt = base64::engine::general_purpose::STANDARD.decode(receipt).unwrap();
        assert!(receipt.starts_with("Eingangsbestätigung".as_bytes()));
    }
    assert_eq!(up.noted(), [], "nothing about the calls was odd");
    let held = up.held("fv");
    let attachments: Vec<_> = held.iter().filter(|h| h.title == "Maßplan.pdf").collect();
    assert_eq!(attachments.len(), 8);
    assert!(attachments.iter().all(|h| h.content == CONTENT));
    // What was recorded says the same, however it was sent.
    let seen = up.watcher.0.lock().unwrap();
    for (protocol, raw) in &seen.requests {
        assert_eq!(protocol, "soap");
        let root = carried(protocol, raw).root().unwrap();
        assert_eq!(compare(&root, &message()), []);
    }
    assert!(seen.answers.iter().all(|(_, raw, _)| is_taken("soap", raw)));
}

#[test]
fn faults_say_whose_they_are() {
    let up = Up::one(KIND, "");
    for (version, addressed, parts) in both() {
        let mut one = to(&up.url("fv"), version, addressed, parts);
        one.action = "urn:andere:Aktion".into();
        let answer = run(call(&one, "7", None)).unwrap();
        let Answer::Fault(fault) = answer else { panic!("{answer:?}") };
        // In 1.1 a subcode of WS-Addressing is the code itself (SOAP binding, section 6.2).
        let own = version == SoapVersion::Soap11 && addressed;
        assert_eq!(fault.code, if own { "ActionNotSupported" } else { "Sender" }, "{fault:?}");
        assert!(fault.reason.contains("urn:andere:Aktion"), "{fault:?}");
    }
    up.scripts.tell(&"fv".into(), Which::All, Behaviour::Refuse);
    for (version, addressed, parts) in both() {
        let one = to(&up.url("fv"), version, addressed, parts);
        let answer = run(call(&one, "7", None)).unwrap();
        let Answer::Fault(fault) = answer else { panic!("{answer:?}") };
        assert_eq!((fault.code.as_str(), fault.subcode.as_str()), ("Receiver", "NichtVerfuegbar"));
    }
    let seen = up.watcher.0.lock().unwrap();
    assert!(seen.answers.iter().all(|(_, raw, _)| !is_taken("soap", raw)));
}

fn http(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n").as_bytes(), body].concat()
}

fn no_soap(raw: &[u8]) -> String {
    match read_answer(raw) {
        Err(error @ CallError::NoSoap { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_fault_with_a_good_status_and_a_page_are_no_answers() {
    let fault =
        "<S:Fault><faultcode>S:Server</faultcode><faultstring>kein Platz</faultstring></S:Fault>";
    let raw = http("200 OK", "text/xml", envelope(E11, "", fault).as_bytes());
    let Ok(Answer::Fault(found)) = read_answer(&raw) else { panic!("no fault") };
    assert_eq!((found.code.as_str(), found.reason.as_str()), ("Receiver", "kein Platz"));
    assert!(!is_taken("soap", &raw));
    let page = http("200 OK", "text/html", b"<html><body>Bitte anmelden</body></html>");
    let told = no_soap(&page);
    for word in ["200", "text/html carries no envelope", "Bitte anmelden"] {
        assert!(told.contains(word), "{told}");
    }
    let disguised = http("200 OK", "text/xml", b"<html><body>Bitte anmelden</body></html>");
    assert!(no_soap(&disguised).contains("no envelope of SOAP"));
    let good = http("500 X", "text/xml", envelope(E11, "", "<ok/>").as_bytes());
    assert!(no_soap(&good).contains("no fault, though the status says so"));
    assert!(no_soap(&http("200 OK", "text/xml", b"")).contains("no SOAP"));
    let two = envelope(E12, "", "<a/><b/>");
    assert!(no_soap(&http("200 OK", "text/xml", two.as_bytes())).contains("2 elements"));
    assert!(no_soap(&http("200 OK", "text/xml", b"<!DOCTYPE a><a/>")).contains("DOCTYPE"));
    let empty = envelope(E12, "", "");
    assert_eq!(
        read_answer(&http("200 OK", "application/soap+xml", empty.as_bytes())).unwrap(),
        Answer::Taken
    );
    assert!(no_soap(&http("500 X", "application/soap+xml", empty.as_bytes())).contains("no fault"));
    assert_eq!(read_answer(b"HTTP/1.1 202 Accepted\r\n\r\n").unwrap(), Answer::Taken);
}

/// The namespace of the root decides the version, read with a parser: not quotes, prefixes, what is
/// declared beside it, or what stands before it.
#[test]
fn the_version_is_the_namespace_of_the_root() {
    let comment = format!("<!-- {} -->", "Angaben erfunden. ".repeat(50));
    for (text, fine) in [
        (
            format!(
                "<?xml version='1.0' encoding='UTF-8'?><x:Envelope xmlns:x='{E12}'><x:Body><ok/></x:Body></x:Envelope>"
            ),
            true,
        ),
        (format!("<Envelope xmlns=\"{E11}\"><Body><ok xmlns=''/></Body></Envelope>"), true),
        (
            format!("{comment}<S:Envelope xmlns:S=\"{E12}\"><S:Body><ok/></S:Body></S:Envelope>"),
            true,
        ),
        // Declared and not used.
        (
            format!(
                "<Envelope xmlns=\"urn:example:anders\" xmlns:S=\"{E12}\"><Body><ok/></Body></Envelope>"
            ),
            false,
        ),
        (
            format!(
                "<S:Envelope xmlns:S=\"{E12}\" xmlns:T=\"{E11}\"><S:Body><ok/></S:Body></S:Envelope>"
            ),
            true,
        ),
        (
            format!("<S:Envelope xmlns:S=\"{E12}-entwurf\"><S:Body><ok/></S:Body></S:Envelope>"),
            false,
        ),
        // A Body of the other version is none.
        (
            format!(
                "<S:Envelope xmlns:S=\"{E12}\" xmlns:T=\"{E11}\"><T:Body><ok/></T:Body></S:Envelope>"
            ),
            false,
        ),
    ] {
        let raw = http("200 OK", "application/soap+xml", text.as_bytes());
        let read = read_answer(&raw);
        assert_eq!(read.is_ok(), fine, "{text}: {read:?}");
    }
    let Some(folder) = real_data("cases/24-version-from-namespace") else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "xml") {
            continue;
        }
        // Payloads keep their namespace, whatever the prefix, quotes or comments around it.
        let text = std::fs::read_to_string(&path).unwrap();
        let inner = text.split_once("?>").unwrap().1;
        let raw = http("200 OK", "text/xml", envelope(E11, "", inner).as_bytes());
        let Ok(Answer::Payload(root)) = read_answer(&raw) else { panic!("{}", path.display()) };
        assert_eq!(root.namespace, parse(text.as_bytes()).unwrap().root.namespace);
    }
}

#[test]
fn messages_of_several_parts_that_broke_others_are_read_as_they_are_meant() {
    let Some(folder) = real_data("cases/45-mtom-multipart") else { return };
    let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let header = |name: &str| {
        let text = String::from_utf8(file(name)).unwrap();
        text.trim_end().strip_prefix("Content-Type: ").unwrap().to_owned()
    };
    let whole = ["body-root-first.bin", "body-attachment-first.bin"];
    let named = ["header-with-start.txt", "header-start-without-brackets.txt"];
    let mut fine: Vec<(&str, &str)> = named.iter().flat_map(|h| whole.map(|b| (*h, b))).collect();
    fine.push(("header-without-start.txt", whole[0]));
    for (head, body) in fine {
        let (head, body) = (header(head), file(body));
        let answer = read_answer(&http("200 OK", &head, &body));
        let Ok(Answer::Payload(root)) = answer else { panic!("{head}: {answer:?}") };
        let request =
            [format!("POST /x HTTP/1.1\r\nContent-Type: {head}\r\n\r\n").as_bytes(), &body]
                .concat();
        // Who judges reads the same.
        assert_eq!(compare(&carried("soap", &request).root().unwrap(), &root), []);
        let content = root.child_text("Datei").unwrap();
        let content = base64::engine::general_purpose::STANDARD.decode(content).unwrap();
        assert_eq!((content.len(), &content[..8]), (41, &b"%PDF-1.4"[..]));
    }
    for (head, body, why) in [
        ("header-without-start.txt", whole[1], "application/pdf"),
        ("header-with-start.txt", "body-cut-off.bin", "before the closing boundary"),
    ] {
        let (head, body) = (header(head), file(body));
        assert!(no_soap(&http("200 OK", &head, &body)).contains(why));
        let request =
            [format!("POST /x HTTP/1.1\r\nContent-Type: {head}\r\n\r\n").as_bytes(), &body]
                .concat();
        assert!(carried("soap", &request).root().unwrap_err().contains(why));
    }
}

/// As XTA wants it: what is meant stands in the header, the Body is empty.
#[test]
fn calls_may_carry_header_blocks_and_an_empty_body() {
    let author = parse(b"<o:Author xmlns:o='urn:o'><o:Id>1 &lt; 2</o:Id></o:Author>").unwrap().root;
    for version in [SoapVersion::Soap11, SoapVersion::Soap12] {
        let mut one = to("http://h/a?b&c", version, true, false);
        (one.headers, one.payload) = (vec![author.clone()], None);
        one.addressing.as_mut().unwrap().relates_to = Some("urn:uuid:2".into());
        let written = one.write("7").unwrap();
        let root = parse(&written.body).unwrap().root;
        assert_eq!(SoapVersion::of_root(&root), Some(version));
        let header = root.child("Header").unwrap();
        let names: Vec<&str> = header.elements().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["Action", "To", "MessageID", "RelatesTo", "ReplyTo", "Author"]);
        assert_eq!(header.child_text("To").unwrap(), "http://h/a?b&c");
        assert_eq!(compare(header.child("Author").unwrap(), &author), []);
        assert!(root.child("Body").unwrap().is_leaf());
        let action = format!("\"{OWN}:AntragUebergeben\"");
        match version {
            SoapVersion::Soap11 => {
                assert_eq!(written.content_type, "text/xml; charset=utf-8");
                assert_eq!(written.fields, [("SOAPAction", action)]);
            }
            SoapVersion::Soap12 => {
                let kind = format!("application/soap+xml; charset=utf-8; action={action}");
                assert_eq!((written.content_type, written.fields), (kind, vec![]));
            }
        }
    }
}

/// What a reader of mail from elsewhere makes of our messages of several parts.
const READER: &str = r#"
import email, email.policy, hashlib, sys
head, body = sys.argv[1], sys.stdin.buffer.read()
text = b"Content-Type: " + head.encode() + b"\r\nMIME-Version: 1.0\r\n\r\n" + body
message = email.message_from_bytes(text, policy=email.policy.HTTP)
assert message.is_multipart() and not message.defects, message.defects
parts = message.get_payload()
root = [p for p in parts if p["Content-ID"] == message.get_param("start")]
assert len(parts) == 2 and root == [parts[0]], parts
assert root[0].get_content_type() == message.get_param("type") == "application/xop+xml"
assert root[0].get_param("type") == message.get_param("start-info")
print(parts[1]["Content-ID"], hashlib.sha256(parts[1].get_payload(decode=True)).hexdigest())
"#;

#[test]
fn readers_of_others_find_the_same_parts() {
    if !tool("python3") {
        return;
    }
    let sandbox = Sandbox::new();
    let script = sandbox.write("lesen.py", READER);
    for version in [SoapVersion::Soap11, SoapVersion::Soap12] {
        let written = to("http://h/", version, true, true).write("7").unwrap();
        let mut child = Command::new("python3")
            .arg(&script)
            .arg(&written.content_type)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &written.body).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success());
        let digest = pruefstand::ids::Digest::of(CONTENT);
        let expected = format!("<teil-1-7@pruefstand.example> {}\n", digest.0);
        assert_eq!(String::from_utf8(done.stdout).unwrap(), expected);
    }
}
