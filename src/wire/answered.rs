//! What a recorded answer says about what was handed over: taken, refused for good, or neither, and
//! under which file number (Aktenzeichen). Who hands over and who judges must read it alike.

use super::REFUSED;
use super::carried::{carried, carried_answer};
use super::recorded::HttpMessage;
use super::soap::{SoapFault, fault_in};
use crate::xml::Element;

/// How a refusal of a transfer folder begins after which the same may be handed over again.
pub const NOT_NOW: &str = "zurzeit";

/// Whether a recorded answer says that what was handed over was taken.
pub fn is_taken(protocol: &str, answer: &[u8]) -> bool {
    match protocol {
        "smtp" => {
            String::from_utf8_lossy(answer).lines().last().is_some_and(|l| l.starts_with('2'))
        }
        "file" => !answer.is_empty() && !answer.starts_with(REFUSED.as_bytes()),
        _ => {
            let good = status(answer).is_some_and(|status| (200..300).contains(&status));
            good && !says_no(protocol, answer)
        }
    }
}

/// Whether a recorded answer says that it will never be taken: the fault is the sender's. A fault of
/// the receiver, and what may be handed over again later, is neither a yes nor a no for good.
pub fn is_refused(protocol: &str, answer: &[u8]) -> bool {
    let theirs = || status(answer).is_some_and(|status| (400..500).contains(&status));
    match protocol {
        "smtp" => String::from_utf8_lossy(answer).lines().any(|l| l.starts_with('5')),
        "file" => {
            let text = String::from_utf8_lossy(answer);
            text.strip_prefix(REFUSED).is_some_and(|reason| !reason.starts_with(NOT_NOW))
        }
        // SOAP 1.2 part 1, 5.4.6: all codes but Receiver speak of the message.
        "soap" => match fault(answer) {
            Some(fault) => fault.code != "Receiver",
            None => theirs(),
        },
        // A problem document that says no with a good status names the real one (RFC 9457, 3.1.2).
        "json" if says_no(protocol, answer) => {
            let told = carried("json", answer).root().ok();
            let told = told.and_then(|r| r.child_text("status")?.parse::<u16>().ok());
            match told.or(status(answer)) {
                Some(status) => !(500..600).contains(&status),
                None => true,
            }
        }
        _ => theirs(),
    }
}

/// Whether an answer with a good status says no all the same.
pub fn says_no(protocol: &str, answer: &[u8]) -> bool {
    match protocol {
        "soap" => fault(answer).is_some(),
        "json" => HttpMessage::read(answer)
            .and_then(|m| m.media_type())
            .is_some_and(|m| m.essence == "application/problem+json"),
        _ => false,
    }
}

/// The file number in an answer: an element, an attribute, or a member of this name.
pub fn file_number(protocol: &str, answer: &[u8]) -> Option<String> {
    let is_number = |name: &str| name.eq_ignore_ascii_case("aktenzeichen");
    let read = |protocol: &str| carried_answer(protocol, answer).root().ok();
    // Some answer in JSON to what came as XML.
    let root = read(protocol).or_else(|| read("json").filter(|_| protocol == "http"))?;
    let mut found = None;
    root.walk(&mut |_, element: &Element| {
        if found.is_some() {
            return;
        }
        let attribute = element.attributes.iter().find(|a| is_number(&a.name));
        found = match attribute {
            Some(attribute) => Some(attribute.value.clone()),
            None => is_number(&element.name).then(|| element.text().trim().to_owned()),
        };
    });
    found.filter(|number| !number.is_empty())
}

fn status(answer: &[u8]) -> Option<u16> {
    HttpMessage::read(answer)?.status()
}

fn fault(answer: &[u8]) -> Option<SoapFault> {
    fault_in(&carried("soap", answer).root().ok()?)
}

#[cfg(test)]
mod tests {
    use super::{file_number, is_refused, is_taken};

    const OLD: &str = "http://schemas.xmlsoap.org/soap/envelope/";

    fn answer(status: &str, kind: &str, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n\r\n{body}").into_bytes()
    }

    fn envelope(body: &str) -> String {
        format!("<S:Envelope xmlns:S=\"{OLD}\"><S:Body>{body}</S:Body></S:Envelope>")
    }

    fn fault(code: &str) -> String {
        envelope(&format!(
            "<S:Fault><faultcode>S:{code}</faultcode><faultstring>x</faultstring></S:Fault>"
        ))
    }

    #[test]
    fn yes_no_and_neither_are_told_apart_in_each_protocol() {
        let good = envelope("<ok/>");
        let problem = "application/problem+json";
        for (protocol, raw, taken, refused) in [
            ("soap", answer("200 OK", "text/xml", &good), true, false),
            ("soap", answer("200 OK", "text/xml", &fault("Client")), false, true),
            ("soap", answer("500 X", "text/xml", &fault("Client.Schema")), false, true),
            ("soap", answer("500 X", "text/xml", &fault("VersionMismatch")), false, true),
            ("soap", answer("500 X", "text/xml", &fault("Server")), false, false),
            ("soap", answer("415 X", "text/plain", ""), false, true),
            ("soap", answer("502 X", "text/html", "<html>"), false, false),
            ("soap", answer("202 Accepted", "text/plain", ""), true, false),
            ("json", answer("201 Created", "application/json", "{}"), true, false),
            ("json", answer("200 OK", problem, "{}"), false, true),
            ("json", answer("200 OK", problem, "{\"status\":503}"), false, false),
            ("json", answer("409 Conflict", problem, "{}"), false, true),
            ("json", answer("503 X", problem, "{\"status\":503}"), false, false),
            ("http", answer("200 OK", "text/xml", &fault("Client")), true, false),
            ("http", answer("422 X", "text/plain", ""), false, true),
            ("file", b"<quittung/>".to_vec(), true, false),
            ("file", b"abgewiesen: kein XML".to_vec(), false, true),
            ("file", b"abgewiesen: zurzeit voll".to_vec(), false, false),
            ("file", Vec::new(), false, false),
            ("smtp", b"220 da\r\n250 ja\r\n".to_vec(), true, false),
            ("smtp", b"220 da\r\n451 nein\r\n".to_vec(), false, false),
            ("smtp", b"220 da\r\n550 nein\r\n".to_vec(), false, true),
        ] {
            let shown = String::from_utf8_lossy(&raw).into_owned();
            assert_eq!(is_taken(protocol, &raw), taken, "{protocol}: {shown}");
            assert_eq!(is_refused(protocol, &raw), refused, "{protocol}: {shown}");
        }
    }

    #[test]
    fn the_file_number_is_found_in_each_form() {
        let xml = "<a><Aktenzeichen> A 1 </Aktenzeichen></a>";
        let soap = envelope("<antwort><aktenzeichen>A 1</aktenzeichen></antwort>");
        let json = "{\"vorgang\":\"x\",\"aktenzeichen\":\"A 1\"}";
        for (protocol, raw) in [
            ("http", answer("200 OK", "text/xml", xml)),
            ("http", answer("200 OK", "text/xml", "<e aktenzeichen='A 1' status='neu'/>")),
            ("http", answer("200 OK", "application/json", json)),
            ("soap", answer("200 OK", "text/xml", &soap)),
            ("json", answer("201 X", "application/json", json)),
            ("file", xml.as_bytes().to_vec()),
        ] {
            assert_eq!(file_number(protocol, &raw).as_deref(), Some("A 1"), "{protocol}");
        }
        assert_eq!(file_number("http", &answer("200 OK", "text/xml", "<a/>")), None);
        assert_eq!(file_number("file", b"abgewiesen: x"), None);
    }
}
