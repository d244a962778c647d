//! The Fachverfahren with a web service: SOAP 1.1 and 1.2, the rules one by one, and MTOM.

use std::net::TcpListener;
use std::process::Command;

use pruefstand::fake_system::{Behaviour, Which};
use pruefstand::xml::{SchemaSet, parse};

use crate::support::{Sandbox, python_client, root};
use crate::support_systems::{Answer, Up, system, take_one};

pub const OWN: &str = "urn:pruefstand:fachverfahren-soap:1";
pub const E11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub const E12: &str = "http://www.w3.org/2003/05/soap-envelope";
const WSA: &str = "http://www.w3.org/2005/08/addressing";
pub const KIND: &str = "fachverfahren-soap";

pub fn payload(vorgang: &str, more: &str) -> String {
    format!(
        "<f:antragUebergeben xmlns:f=\"{OWN}\"><f:vorgang>{vorgang}</f:vorgang>{more}</f:antragUebergeben>"
    )
}

pub fn good() -> String {
    payload(
        "PS-0123456789AB",
        "<f:nachricht><Antrag xmlns=''><Ort>Köln</Ort></Antrag></f:nachricht>",
    )
}

pub fn envelope(ns: &str, headers: &str, body: &str) -> String {
    format!(
        "<S:Envelope xmlns:S=\"{ns}\"><S:Header>{headers}</S:Header><S:Body>{body}</S:Body></S:Envelope>"
    )
}

/// Header lines that go with a version.
pub fn head(ns: &str, action: &str) -> String {
    match ns {
        E11 => {
            format!("Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"{OWN}:{action}\"\r\n")
        }
        _ => format!(
            "Content-Type: application/soap+xml; charset=utf-8; action=\"{OWN}:{action}\"\r\n"
        ),
    }
}

pub fn call(up: &Up, ns: &str, headers: &str, body: &str) -> Answer {
    let text = envelope(ns, headers, body);
    up.send("POST", "", &head(ns, "AntragUebergeben"), text.as_bytes())
}

/// Code and innermost subcode of a fault, by their names, with the prefixes resolved.
fn fault(answer: &Answer) -> (u16, String, String) {
    let root = parse(&answer.body).unwrap_or_else(|e| panic!("{e}: {}", answer.text())).root;
    let fault = root.elements_at("Body/Fault");
    assert_eq!(fault.len(), 1, "{}", answer.text());
    let local = |text: String| text.trim().rsplit(':').next().unwrap().to_owned();
    let kind = answer.header("content-type").unwrap();
    let (code, sub) = if root.namespace == E11 {
        assert!(kind.starts_with("text/xml"), "{kind}");
        (local(fault[0].child_text("faultcode").unwrap()), String::new())
    } else {
        assert_eq!(root.namespace, E12);
        assert!(kind.starts_with("application/soap+xml"), "{kind}");
        let code = fault[0].child("Code").unwrap();
        let mut sub = String::new();
        let mut at = code.child("Subcode");
        while let Some(inner) = at {
            sub = local(inner.child_text("Value").unwrap());
            at = inner.child("Subcode");
        }
        assert!(!fault[0].child("Reason").unwrap().child_text("Text").unwrap().is_empty());
        (local(code.child_text("Value").unwrap()), sub)
    };
    (answer.status, code, sub)
}

pub fn is(answer: &Answer, status: u16, code: &str, sub: &str) {
    let found = fault(answer);
    assert_eq!(found, (status, code.to_owned(), sub.to_owned()), "{}", answer.text());
}

#[test]
fn the_contract_is_served_with_the_address_it_was_called_by() {
    let up = Up::one(KIND, "");
    let url = up.url("fv");
    for query in ["?wsdl", "?WSDL", "?singleWsdl"] {
        let answer = up.send("GET", query, "", b"");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("text/xml; charset=utf-8"))
        );
        let root = parse(&answer.body).unwrap().root;
        let places = root.elements_at("service/port/address");
        let places: Vec<_> = places.iter().map(|p| p.attribute("location").unwrap()).collect();
        assert_eq!(places, [url.as_str(), url.as_str()]);
        let kinds: Vec<_> =
            root.elements_at("binding/binding").iter().map(|b| b.namespace.clone()).collect();
        assert_eq!(
            kinds,
            ["http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/"]
        );
        assert_eq!(root.elements_at("types/schema").len(), 1);
    }
    let xsd = up.send("GET", "?xsd", "", b"");
    SchemaSet::single(&xsd.text()).compile().unwrap();
    assert_eq!(up.send("GET", "", "", b"").status, 404);
    let put = up.send("PUT", "", "", b"");
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, HEAD, POST")));
}

#[test]
fn both_versions_are_taken_and_answered_in_their_own() {
    let up = Up::one(KIND, "");
    let xsd = up.send("GET", "?xsd", "", b"");
    let schema = SchemaSet::single(&xsd.text()).compile().unwrap();
    for (ns, kind) in
        [(E11, "text/xml; charset=utf-8"), (E12, "application/soap+xml; charset=utf-8")]
    {
        let answer = call(&up, ns, "", &good());
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
        let root = parse(&answer.body).unwrap().root;
        assert_eq!(root.namespace, ns);
        let body = root.elements_at("Body/antragUebergebenAntwort")[0];
        assert_eq!(body.child_text("aktenzeichen").unwrap(), "GEW 0123456789AB/2026");
        assert_eq!(schema.validate(body.to_xml().as_bytes()).unwrap(), []);
        let stand = format!(
            "<standLesen xmlns=\"{OWN}\"><aktenzeichen>GEW 0123456789AB/2026</aktenzeichen></standLesen>"
        );
        let text = envelope(ns, "", &stand);
        let answer = up.send("POST", "", &head(ns, "StandLesen"), text.as_bytes());
        let root = parse(&answer.body).unwrap().root;
        let body = root.elements_at("Body/standLesenAntwort")[0];
        assert_eq!(body.child_text("stand").unwrap(), "eingegangen");
        assert_eq!(schema.validate(body.to_xml().as_bytes()).unwrap(), []);
    }
    let held = up.held("fv");
    assert_eq!(held.len(), 2);
    assert_eq!(
        (held[0].vorgang.as_str(), held[0].title.as_str()),
        ("PS-0123456789AB", "AntragUebergeben: Antrag")
    );
    assert_eq!(held[0].content, envelope(E12, "", &good()).as_bytes());
    assert_eq!(up.noted(), []);
}

#[test]
fn the_envelope_decides_and_unknown_ones_are_told_what_is_known() {
    let up = Up::one(KIND, "");
    let lenient = Up::one(KIND, "mode = \"lenient\"");
    for (text, kind) in [
        (envelope("http://www.w3.org/2001/12/soap-envelope", "", &good()), E12),
        (envelope("http://www.w3.org/2001/12/soap-envelope", "", &good()), E11),
        (good(), E12),
        (format!("<Envelop xmlns=\"{E12}\"/>"), E12),
    ] {
        let answer = up.send("POST", "", &head(kind, "AntragUebergeben"), text.as_bytes());
        is(&answer, 500, "VersionMismatch", "");
        let root = parse(&answer.body).unwrap().root;
        assert_eq!(root.namespace, kind, "in the version that the client can read");
        let upgrade = root.elements_at("Header/Upgrade")[0];
        assert_eq!(upgrade.namespace, E12);
        let names: Vec<_> = upgrade
            .elements()
            .map(|e| {
                let (prefix, name) = e.attribute("qname").unwrap().split_once(':').unwrap();
                assert_eq!(name, "Envelope");
                e.scope.iter().find(|(p, _)| p == prefix).unwrap().1.clone()
            })
            .collect();
        assert_eq!(names, [E12, E11]);
    }
    // Envelope and media type of two versions: the envelope decides how it is answered.
    let crossed = |ns: &str, other: &str| {
        let text = envelope(ns, "", &good());
        up.send("POST", "", &head(other, "AntragUebergeben"), text.as_bytes())
    };
    is(&crossed(E12, E11), 400, "Sender", "");
    is(&crossed(E11, E12), 500, "Client", "");
    for kind in ["application/xml", "text/plain", "application/json", "", "text/xml; charset"] {
        let line = format!("Content-Type: {kind}\r\nSOAPAction: \"\"\r\n");
        let answer = up.send("POST", "", &line, envelope(E11, "", &good()).as_bytes());
        is(&answer, 415, "Client", "");
        assert!(answer.header("accept-post").unwrap().contains("application/soap+xml"));
        for ns in [E11, E12] {
            let text = envelope(ns, "", &good());
            let answer = lenient.send("POST", "", &line, text.as_bytes());
            assert_eq!(answer.status, 200, "{kind}: {}", answer.text());
            assert_eq!(parse(&answer.body).unwrap().root.namespace, ns);
        }
    }
    assert_eq!(up.held("fv").len(), 0);
}

#[test]
fn envelopes_that_break_a_rule_are_faults_of_the_sender() {
    let strict = Up::one(KIND, "");
    let lenient = Up::one(KIND, "mode = \"lenient\"");
    for ns in [E11, E12] {
        let (client, status) = if ns == E11 { ("Client", 500) } else { ("Sender", 400) };
        let wrap = |inner: &str| format!("<S:Envelope xmlns:S=\"{ns}\">{inner}</S:Envelope>");
        let body = format!("<S:Body>{}</S:Body>", good());
        let double = format!("<S:Body>{}{}</S:Body>", good(), good());
        let post = |up: &Up, text: &str| {
            up.send("POST", "", &head(ns, "AntragUebergeben"), text.as_bytes())
        };
        // What nobody can go on with.
        for text in [
            String::new(),
            "<a".into(),
            format!("<!DOCTYPE a>{}", wrap(&body)),
            wrap(""),
            wrap("<S:Header/>"),
            wrap("<S:Body/>"),
            wrap("<S:Body>Text</S:Body>"),
            wrap(&body).replace("Köln", "\u{1}"),
        ] {
            for up in [&strict, &lenient] {
                is(&post(up, &text), status, client, "");
                assert!(!up.noted().is_empty(), "{text}");
            }
        }
        // What a lenient system goes on with, and notes.
        for text in [
            format!("<?xml-stylesheet href='a'?>{}", wrap(&body)),
            wrap(&format!("<?php ?>{body}")),
            wrap(&format!("{body}<S:Header/>")),
            wrap(&format!("{body}{body}")),
            wrap(&format!("{body}<x:y xmlns:x='urn:x'/>")),
            wrap(&format!("Text{body}")),
            wrap(&double),
            wrap(&format!("<S:Header>Text</S:Header>{body}")),
            wrap(&format!("<S:Header><ohne/></S:Header>{body}")),
            wrap(&format!("<S:Header/><S:Header/>{body}")),
            wrap(&format!(
                "<S:Header><x:y xmlns:x='urn:x' S:mustUnderstand='ja'/></S:Header>{body}"
            )),
            wrap(&body).replacen("<S:Envelope ", "<S:Envelope id='1' ", 1),
        ] {
            is(&post(&strict, &text), status, client, "");
            assert_eq!(strict.noted().len(), 1, "{text}");
            assert_eq!(post(&lenient, &text).status, 200, "{text}");
            assert_eq!(lenient.noted().len(), 1, "{text}");
        }
    }
    let styled = good().replacen(' ', &format!(" xmlns:e='{E12}' e:encodingStyle='urn:x' "), 1);
    is(&call(&strict, E12, "", &styled), 500, "DataEncodingUnknown", "");
    assert_eq!(strict.held("fv").len(), 0);
    assert_eq!(lenient.held("fv").len(), 24);
}

#[test]
fn header_blocks_must_be_understood_by_whom_they_are_for() {
    let up = Up::one(KIND, "");
    let block = |ns: &str, attributes: &str| {
        format!("<x:a xmlns:x=\"urn:x\" xmlns:S=\"{ns}\" {attributes}/>")
    };
    let next11 = "S:actor='http://schemas.xmlsoap.org/soap/actor/next'";
    let role = |name: &str| format!("S:role='{E12}/role/{name}'");
    let must = "S:mustUnderstand='1'";
    for (ns, attributes, missed) in [
        (E11, must.to_owned(), true),
        (E11, format!("{must} {next11}"), true),
        (E11, format!("{must} S:actor='urn:anderer'"), false),
        (E11, "S:mustUnderstand='0'".into(), false),
        (E11, String::new(), false),
        (E12, must.into(), true),
        (E12, "S:mustUnderstand='true'".into(), true),
        (E12, "S:mustUnderstand=' 1 '".into(), true),
        (E12, "S:mustUnderstand='false'".into(), false),
        (E12, format!("{must} {}", role("next")), true),
        (E12, format!("{must} {}", role("ultimateReceiver")), true),
        (E12, format!("{must} {}", role("none")), false),
        (E12, format!("{must} S:role='urn:anderer'"), false),
    ] {
        let headers = format!("{}{}", block(ns, &attributes), block(ns, &attributes));
        let answer = call(&up, ns, &headers.replacen("x:a", "x:b", 1), &good());
        if !missed {
            assert_eq!(answer.status, 200, "{ns} {attributes}: {}", answer.text());
            continue;
        }
        is(&answer, 500, "MustUnderstand", "");
        let root = parse(&answer.body).unwrap().root;
        let named: Vec<_> = root
            .elements_at("Header/NotUnderstood")
            .iter()
            .map(|e| {
                let (prefix, name) = e.attribute("qname").unwrap().split_once(':').unwrap();
                let space = e.scope.iter().find(|(p, _)| p == prefix).unwrap().1.clone();
                assert_eq!(e.namespace, E12);
                (space, name.to_owned())
            })
            .collect();
        let expected = match ns {
            E11 => vec![],
            _ => vec![("urn:x".to_owned(), "b".to_owned()), ("urn:x".to_owned(), "a".to_owned())],
        };
        assert_eq!(named, expected);
    }
    // An attribute of the other version means nothing.
    let other = format!("<x:a xmlns:x=\"urn:x\" xmlns:o=\"{E11}\" o:mustUnderstand=\"1\"/>");
    assert_eq!(call(&up, E12, &other, &good()).status, 200);
}

#[test]
fn actions_belong_to_their_message() {
    let (strict, lenient) = (Up::one(KIND, ""), Up::one(KIND, "mode = \"lenient\""));
    let right = format!("{OWN}:AntragUebergeben");
    for (ns, line, fine) in [
        (E11, format!("Content-Type: text/xml\r\nSOAPAction: \"{right}\"\r\n"), true),
        (E11, format!("Content-Type: text/xml\r\nSOAPAction: {right}\r\n"), false),
        (E11, "Content-Type: text/xml\r\nSOAPAction: \"\"\r\n".into(), false),
        (E11, "Content-Type: text/xml\r\nSOAPAction: \"urn:x\"\r\n".into(), false),
        (E11, "Content-Type: text/xml\r\n".into(), false),
        (E12, "Content-Type: application/soap+xml\r\n".into(), true),
        (E12, format!("Content-Type: Application/SOAP+XML;Action=\"{right}\"\r\n"), true),
        (E12, "Content-Type: application/soap+xml; action=\"urn:x\"\r\n".into(), false),
        (E12, "Content-Type: application/soap+xml\r\nContent-Type: text/xml\r\n".into(), false),
    ] {
        let text = envelope(ns, "", &good());
        let answer = strict.send("POST", "", &line, text.as_bytes());
        assert_eq!(answer.status == 200, fine, "{line}: {}", answer.text());
        if !fine {
            let (code, status) = if ns == E11 { ("Client", 500) } else { ("Sender", 400) };
            is(&answer, status, code, "");
        }
        assert_eq!(lenient.send("POST", "", &line, text.as_bytes()).status, 200, "{line}");
    }
}

#[test]
fn the_payload_is_held_against_the_schema_and_blamed_with_a_detail() {
    let (strict, lenient) = (Up::one(KIND, ""), Up::one(KIND, "mode = \"lenient\""));
    let long = "x".repeat(65);
    for (body, key) in [
        (payload("", ""), "Schemaverletzung"),
        (payload(&long, ""), "Schemaverletzung"),
        (payload("PS-1", "<f:leistung>12</f:leistung>"), "Schemaverletzung"),
        (payload("PS-1", "<f:unbekannt/>"), "Schemaverletzung"),
        (
            payload(
                "PS-1",
                "<f:anlage><f:name>a</f:name><f:medientyp>b</f:medientyp><f:inhalt>*</f:inhalt></f:anlage>",
            ),
            "Schemaverletzung",
        ),
        ("<x:y xmlns:x=\"urn:x\">PS-0123456789AB</x:y>".into(), "NachrichtUnbekannt"),
    ] {
        let answer = call(&strict, E12, "", &body);
        is(&answer, 400, "Sender", key);
        let root = parse(&answer.body).unwrap().root;
        let detail = root.elements_at("Body/Fault/Detail/fehler/schluessel");
        assert_eq!(detail[0].text(), key);
        let answer = call(&strict, E11, "", &body);
        is(&answer, 500, "Client", "");
        let root = parse(&answer.body).unwrap().root;
        assert_eq!(root.elements_at("Body/Fault/detail/fehler/schluessel")[0].text(), key);
        assert_eq!(call(&lenient, E12, "", &body).status, 200, "{body}");
    }
    assert_eq!(strict.held("fv").len(), 0);
    // The case is found in what nobody knows.
    assert_eq!(lenient.held("fv")[0].vorgang, "PS-0123456789AB");
    let unknown =
        format!("<standLesen xmlns=\"{OWN}\"><aktenzeichen>GEW 9</aktenzeichen></standLesen>");
    let text = envelope(E12, "", &unknown);
    is(
        &strict.send("POST", "", &head(E12, "StandLesen"), text.as_bytes()),
        400,
        "Sender",
        "VorgangUnbekannt",
    );
}

fn addressed(properties: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| match *name {
        "ReplyTo" | "FaultTo" => {
            format!("<w:{name} xmlns:w=\"{WSA}\"><w:Address>{value}</w:Address></w:{name}>")
        }
        _ => format!("<w:{name} xmlns:w=\"{WSA}\" S:mustUnderstand=\"1\">{value}</w:{name}>"),
    };
    properties.iter().map(one).collect()
}

#[test]
fn addressing_is_honoured_where_it_is_used() {
    let up = Up::one(KIND, "");
    let action = format!("{OWN}:AntragUebergeben");
    let anonymous = format!("{WSA}/anonymous");
    let none = format!("{WSA}/none");
    let full = [("Action", action.as_str()), ("MessageID", "urn:uuid:1"), ("ReplyTo", &anonymous)];
    for ns in [E11, E12] {
        let answer = call(&up, ns, &addressed(&full), &good());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let root = parse(&answer.body).unwrap().root;
        let text = |name: &str| {
            let found = root.elements_at(&format!("Header/{name}"));
            assert_eq!((found.len(), found[0].namespace.as_str()), (1, WSA), "{name}");
            found[0].text()
        };
        assert_eq!(text("RelatesTo"), "urn:uuid:1");
        assert_eq!(text("Action"), format!("{OWN}:AntragUebergebenAntwort"));
        assert!(text("MessageID").starts_with("urn:uuid:") && text("MessageID").len() == 45);
    }
    let own = call(&up, E12, "", &good());
    assert!(!own.text().contains("RelatesTo"), "nobody asked for it");
    for (properties, sub) in [
        (vec![("MessageID", "urn:uuid:1")], "MessageAddressingHeaderRequired"),
        (vec![("Action", action.as_str())], "MessageAddressingHeaderRequired"),
        (vec![("Action", "urn:x"), ("MessageID", "a")], "ActionNotSupported"),
        (vec![("Action", &action), ("Action", &action), ("MessageID", "a")], "InvalidCardinality"),
        (
            vec![("Action", &action), ("MessageID", "a"), ("ReplyTo", "http://anderswo.example/")],
            "OnlyAnonymousAddressSupported",
        ),
        (
            vec![("Action", &action), ("MessageID", "a"), ("FaultTo", "http://anderswo.example/")],
            "OnlyAnonymousAddressSupported",
        ),
        (vec![("Action", &action), ("MessageID", "a"), ("ReplyTo", "")], "MissingAddressInEPR"),
    ] {
        is(&call(&up, E12, &addressed(&properties), &good()), 400, "Sender", sub);
        let answer = call(&up, E11, &addressed(&properties), &good());
        let (status, code, _) = fault(&answer);
        assert_eq!(status, 500);
        let outer = ["InvalidCardinality", "OnlyAnonymousAddressSupported", "MissingAddressInEPR"];
        let expected = if outer.contains(&sub) { "InvalidAddressingHeader" } else { sub };
        assert_eq!(code, expected, "the subcode is the code in 1.1");
    }
    // A fault relates to its message as well, and says that it is one.
    let answer = call(&up, E12, &addressed(&full), &payload("", ""));
    let root = parse(&answer.body).unwrap().root;
    assert_eq!(root.elements_at("Header/RelatesTo")[0].text(), "urn:uuid:1");
    assert_eq!(root.elements_at("Header/Action")[0].text(), format!("{WSA}/soap/fault"));
    // Nobody wants an answer.
    let silent = [("Action", action.as_str()), ("MessageID", "a"), ("ReplyTo", &none)];
    for body in [good(), payload("", "")] {
        let answer = call(&up, E12, &addressed(&silent), &body);
        assert_eq!((answer.status, answer.body.len()), (202, 0));
    }
    // Transport and addressing say two things.
    let other = format!("{OWN}:StandLesen");
    let text = envelope(E12, &addressed(&full), &good());
    let line = format!("Content-Type: application/soap+xml; action=\"{other}\"\r\n");
    is(&up.send("POST", "", &line, text.as_bytes()), 400, "Sender", "ActionMismatch");
    // An older edition is a header block like any other.
    let old = full.map(|(n, v)| (n, v.replace("2005/08", "2004/08")));
    let old: Vec<_> = old.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let old = addressed(&old).replace("2005/08", "2004/08");
    is(&call(&up, E12, &old, &good()), 500, "MustUnderstand", "");
}

#[test]
fn misbehaviour_is_said_in_the_version_of_the_request() {
    let up = Up::one(KIND, "");
    let id = "fv".into();
    for (behaviour, key) in
        [(Behaviour::Refuse, "NichtVerfuegbar"), (Behaviour::NoSpace, "KeinSpeicherplatz")]
    {
        up.scripts.tell(&id, Which::All, behaviour);
        is(&call(&up, E11, "", &good()), 500, "Server", "");
        is(&call(&up, E12, "", &good()), 500, "Receiver", key);
    }
    up.scripts.tell(&id, Which::All, Behaviour::Forget);
    assert_eq!(call(&up, E12, "", &good()).status, 200);
    assert_eq!(up.held("fv").len(), 0);
    let told = |b| up.scripts.tell(&id, Which::All, b);
    told(Behaviour::Garble);
    let answer = call(&up, E12, "", &good());
    assert!(answer.status == 200 && parse(&answer.body).is_err());
}

#[test]
fn zeep_reads_the_contract_and_is_understood() {
    let Some(python) = python_client() else { return };
    let up = Up::one(KIND, "");
    let script = root().join("tests/clients/soap.py");
    let done = Command::new(python).arg(script).arg(up.url("fv")).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "Soap11 GEW 000000000011/2026 S:Client None",
            "Soap12 GEW 000000000012/2026 S:Sender VorgangUnbekannt",
            "mtom Soap11 GEW MTOM00000001/2026",
            "mtom Soap12 GEW MTOM00000001/2026",
        ]
    );
    let held = up.held("fv");
    assert_eq!(held.len(), 8);
    let attachments: Vec<_> = held.iter().filter(|h| h.title == "Maßübersicht.pdf").collect();
    assert!(attachments.len() == 2 && attachments.iter().all(|h| h.content == b"%PDF\x00\xFF"));
    let parts = held.iter().filter(|h| h.title == "plan.bin" && h.content == b"\x00\r\n--\xFF");
    assert_eq!(parts.count(), 2);
    // Nothing that a strict system would have had to note but the cases nobody knows.
    assert!(up.noted().iter().all(|(_, d)| d == "there is no case GEW 0/0000"));
}

#[test]
fn the_decision_comes_by_itself_as_an_envelope_and_the_case_stands_otherwise() {
    let sandbox = Sandbox::new();
    let hub = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = envelope(
        E12,
        &addressed(&[
            ("Action", "urn:amt:Bescheid"),
            ("MessageID", "urn:uuid:{nachricht}"),
            ("RelatesTo", "{bezug}"),
        ]),
        "<Bescheid><Vorgang>{vorgang}</Vorgang><Az>{aktenzeichen}</Az></Bescheid>",
    );
    sandbox.write("bescheid.xml", &text);
    let lines = format!(
        "[[system.answer]]\nafter_ms = 200\nfile = \"bescheid.xml\"\nstand = \"beschieden\"\nto = \"http://{}/ein\"",
        hub.local_addr().unwrap()
    );
    let up = Up::with(&system("fv", KIND, &lines), &sandbox.path(""));
    let asked =
        [("Action", &*format!("{OWN}:AntragUebergeben")), ("MessageID", "urn:uuid:a&amp;b")];
    assert_eq!(call(&up, E11, &addressed(&asked), &good()).status, 200);
    let got = take_one(&hub);
    for part in [
        "POST /ein HTTP/1.1",
        "content-type: application/soap+xml; charset=utf-8; action=\"urn:amt:Bescheid\"",
        ">urn:uuid:a&amp;b</w:RelatesTo>",
        "<Vorgang>PS-0123456789AB</Vorgang><Az>GEW 0123456789AB/2026</Az>",
    ] {
        assert!(got.contains(part), "{part}: {got}");
    }
    let stand = format!(
        "<standLesen xmlns=\"{OWN}\"><aktenzeichen>GEW 0123456789AB/2026</aktenzeichen></standLesen>"
    );
    let text = envelope(E12, "", &stand);
    let answer = up.send("POST", "", &head(E12, "StandLesen"), text.as_bytes());
    assert!(answer.text().contains("<stand>beschieden</stand>"), "{}", answer.text());
}

#[test]
fn who_has_a_user_asks_for_it() {
    let up = Up::one(KIND, "user = \"amt\"\npassword = \"geh:eim\"");
    let text = envelope(E12, "", &good());
    let send = |more: &str| {
        let line = head(E12, "AntragUebergeben") + more;
        up.send("POST", "", &line, text.as_bytes())
    };
    for more in ["", "Authorization: Basic YW10OmZhbHNjaA==\r\n", "Authorization: Bearer x\r\n"] {
        let answer = send(more);
        is(&answer, 401, "Sender", "NichtAngemeldet");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
    }
    assert_eq!(send("Authorization: basic YW10OmdlaDplaW0=\r\n").status, 200);
    assert_eq!(up.held("fv").len(), 1);
}
