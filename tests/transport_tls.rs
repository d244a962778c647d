//! TLS at the fakes: who is trusted, who is not, and who is asked for a certificate.

use std::time::Duration;

use pruefstand::channel::http::{ClientError, ClientRequest, send_over};
use pruefstand::channel::tls::{Trust, client_config};
use pruefstand::ids::CertificateKind;

use crate::args;
use crate::clients::{Fakes, curl, curl_code};
use crate::support::{Sandbox, derive, json, pruefstand, root, tool};
use crate::support_http::{FV, GOOD, Web, organisation, whole};

const REQUIRED: &str = "[system.tls]\nclient_certificate = \"required\"";

impl Web {
    fn trust(&self) -> Trust {
        let trust = self.running().trust.clone().unwrap();
        let (authorities, withdrawn) = (trust.authority, trust.withdrawn);
        Trust { authorities, withdrawn, certificate: trust.certificate, key: trust.key }
    }

    /// A delivery with this trust: its status, or why there is none.
    fn deliver(&self, trust: &Trust) -> Result<u16, ClientError> {
        let request = ClientRequest {
            method: "POST",
            url: self.url(),
            content_type: "application/xml".into(),
            body: GOOD.into(),
            limit: Duration::from_secs(10),
        };
        let config = client_config(trust).unwrap();
        self.runtime.block_on(send_over(request, Some(config))).map(|done| done.status)
    }
}

#[test]
fn each_certificate_is_what_it_is_said_to_be() {
    let web = Web::up("[system.tls]");
    let trust = web.trust();
    assert!(web.url().starts_with("https://"));
    assert_eq!(web.deliver(&trust).unwrap(), 201);
    // Inside TLS the exchange is recorded as it was said.
    web.memory.ended(1);
    let raw = String::from_utf8(web.memory.raw().remove(0)).unwrap();
    assert!(raw.starts_with("POST /vorgaenge HTTP/1.1\r\n") && raw.ends_with(GOOD), "{raw}");
    let shown = web.running().certificates[&FV.into()].clone();
    for (kind, reason) in [
        (CertificateKind::Expired, "Expired"),
        (CertificateKind::NotYetValid, "NotValidYet"),
        (CertificateKind::Revoked, "Revoked"),
        (CertificateKind::Foreign, "UnknownIssuer"),
        (CertificateKind::WrongName, "NotValidForName"),
        (CertificateKind::SelfSigned, "UnknownIssuer"),
    ] {
        shown.show(kind);
        match web.deliver(&trust) {
            Err(ClientError::Handshake { reason: said, .. }) => {
                let said = said.to_lowercase().replace(' ', "");
                let words: &[&str] = match kind {
                    CertificateKind::Expired => &["expired"],
                    CertificateKind::NotYetValid => &["notvalidyet"],
                    CertificateKind::WrongName => &["notvalidforname"],
                    _ => &[],
                };
                let known = words.iter().any(|w| said.contains(w));
                assert!(said.contains(&reason.to_lowercase()) || known, "{kind:?}: {said}");
            }
            other => panic!("{kind:?}: {other:?}"),
        }
    }
    // Without the list of withdrawn certificates, a withdrawn one passes: the list is what tells.
    shown.show(CertificateKind::Revoked);
    let blind = Trust { withdrawn: String::new(), ..trust.clone() };
    assert_eq!(web.deliver(&blind).unwrap(), 201);
    shown.show(CertificateKind::Valid);
    assert_eq!(web.deliver(&trust).unwrap(), 201);
    // The authority is of this run: another run's client does not know it.
    let other = Web::up("[system.tls]");
    assert!(matches!(other.deliver(&trust), Err(ClientError::Handshake { .. })));
    assert_eq!(web.running().shown[&FV.into()].held().len(), 3);
    assert!(other.running().shown[&FV.into()].held().is_empty());
    let seen = web.memory.0.lock().unwrap();
    let failed = seen.requests.iter().filter(|(_, protocol, _)| protocol == "tls").count();
    assert!(failed >= 6, "each failed handshake is an exchange: {failed}");
}

#[test]
fn a_client_certificate_that_is_required_is_required() {
    let web = Web::up(REQUIRED);
    let trust = web.trust();
    assert_eq!(web.deliver(&trust).unwrap(), 201);
    let files = web.running().certificate_files().unwrap();
    let file = |name: &str| files.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert!(web.deliver(&Trust { certificate: String::new(), ..trust.clone() }).is_err(), "none");
    for kind in CertificateKind::ALL {
        // Names do not matter on this side.
        let good = matches!(kind, CertificateKind::Valid | CertificateKind::WrongName);
        let trust = Trust {
            certificate: file(&format!("client-{}.pem", kind.name())),
            key: file(&format!("client-{}.key.pem", kind.name())),
            ..trust.clone()
        };
        assert_eq!(web.deliver(&trust).is_ok(), good, "{kind:?}");
    }
    assert_eq!(web.running().shown[&FV.into()].held().len(), 3);
}

#[test]
fn what_is_no_tls_is_noted_and_others_go_on() {
    let web = Web::up("[system.tls]");
    let answer = web.say(whole("", GOOD).as_bytes());
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
    web.memory.ended(1);
    assert_eq!(web.memory.clauses(), ["RFC 8446 4: handshake"]);
    assert_eq!(web.memory.0.lock().unwrap().requests[0].1, "tls");
    assert_eq!(web.deliver(&web.trust()).unwrap(), 201);
}

#[test]
fn links_of_a_system_with_tls_stay_within_tls() {
    let text = organisation("dms-attrappenburg", "[system.tls]");
    let text = text.replace("\"fachverfahren-a\"", "\"fachverfahren-soap\"");
    let line = format!("id = \"{FV}\"\n");
    let text = text.replace(&line, &format!("{line}tls = {{}}\n"));
    let web = Web::of(&text);
    let config = client_config(&web.trust()).unwrap();
    let contract = format!("{}?wsdl", web.running().urls[&FV.into()]);
    let dms = &web.running().urls[&"dms-attrappenburg".into()];
    let service = dms.replace("/cmis/akte", "/cmis/atom");
    for url in [contract, service] {
        assert!(url.starts_with("https://"), "{url}");
        let request = ClientRequest {
            method: "GET",
            url: url.clone(),
            content_type: String::new(),
            body: Vec::new(),
            limit: Duration::from_secs(10),
        };
        let done = web.runtime.block_on(send_over(request, Some(config.clone()))).unwrap();
        let said = String::from_utf8_lossy(&done.body);
        assert!(said.contains("\"https://127.0.0.1:"), "{url}: {said}");
        assert!(!said.contains("\"http://127.0.0.1:"), "{url}: {said}");
    }
}

#[test]
fn curl_checks_the_same() {
    if !tool("curl") {
        return;
    }
    let fakes = Fakes::of(&organisation(FV, REQUIRED));
    let url = fakes.url(FV);
    let folder = fakes.systems["certificates"].as_str().unwrap().to_owned();
    let at = |name: &str| format!("{folder}/{name}");
    let (ca, crl) = (at("ca.pem"), at("crl.pem"));
    let common = ["--cacert", &ca, "--crlfile", &crl, "-o", "/dev/null", "-w", "%{http_code}"];
    let with = |kind: &str| {
        let (cert, key) =
            (at(&format!("client-{kind}.pem")), at(&format!("client-{kind}.key.pem")));
        let own = ["--cert", &cert, "--key", &key, "--data-binary", GOOD, &url];
        curl(&[&common[..], &own].concat())
    };
    assert_eq!(with("valid"), "201");
    // The page lets a system show another certificate, and the right one again.
    let page = fakes.systems["page"].as_str().unwrap();
    let html = curl(&[page]);
    let token = html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let show = |certificate: &str, token: &str| {
        let target = format!("{page}zertifikat");
        let fields = [("system", FV), ("certificate", certificate), ("token", token)];
        let fields: Vec<String> = fields.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let mut args = vec!["-o", "/dev/null", "-w", "%{http_code}", target.as_str()];
        fields.iter().for_each(|f| args.extend(["--data-urlencode", f.as_str()]));
        curl(&args)
    };
    assert_eq!(show("abgelaufen", token), "303");
    assert!(curl(&[page]).contains("<option selected>abgelaufen</option>"));
    assert!(with("valid").starts_with("000"));
    assert_eq!((show("schön", token), show("gültig", "0")), ("400".into(), "403".into()));
    assert_eq!(show("gültig", token), "303");
    assert_eq!(with("valid"), "201");
    for kind in ["expired", "revoked", "foreign"] {
        assert!(with(kind).starts_with("000"), "{kind}");
    }
    let without = curl(&[&common[..], &["--data-binary", GOOD, &url]].concat());
    assert!(without.starts_with("000"), "{without}");
    // What a server shows: curl's code 60 is "not to be trusted".
    for (kind, code) in [("expired", 60), ("revoked", 60), ("foreign", 60), ("wrong-name", 60)] {
        let lines = format!("[system.tls]\ncertificate = \"{kind}\"");
        let fakes = Fakes::of(&organisation(FV, &lines));
        let folder = fakes.systems["certificates"].as_str().unwrap();
        let (ca, crl) = (format!("{folder}/ca.pem"), format!("{folder}/crl.pem"));
        let args = ["--cacert", &ca, "--crlfile", &crl, "--data-binary", GOOD, &fakes.url(FV)];
        assert_eq!(curl_code(&args), code, "{kind}");
    }
    drop(fakes);
    assert!(!std::path::Path::new(&folder).exists(), "the certificates go with the fakes");
}

/// The whole chain over TLS with client certificates: the hub gets them with the organisation.
#[test]
fn the_reference_hub_delivers_over_mutual_tls() {
    let sandbox = Sandbox::new();
    let mut text =
        std::fs::read_to_string(root().join("fixtures/organisation/probeland.toml")).unwrap();
    let systems = text.matches("[[system]]").count();
    for kind in ["fachverfahren-a", "fachverfahren-b", "dms", "antragsportal"] {
        let line = format!("fake = \"{kind}\"\n");
        text =
            text.replace(&line, &format!("{line}tls = {{ client_certificate = \"required\" }}\n"));
    }
    let secured = text.matches("client_certificate").count();
    assert!(secured >= 4 && secured < systems, "{secured} of {systems}");
    let file = sandbox.write("organisation.toml", &text);
    let out = sandbox.path("run");
    let concept = root().join("testplans/gewerbe/concept.toml");
    let plan = sandbox.path("plan.toml");
    derive(&concept, &file, &plan);
    let wanted = args![
        "run",
        "--plan",
        &plan,
        "--organisation",
        &file,
        "--out",
        &out,
        "--technique",
        "scenario-testing"
    ];
    pruefstand(wanted).exits(0);
    let verdict = json(&out.join("verdict.json"));
    assert!(verdict["counts"]["passed"].as_u64() >= Some(4), "{}", verdict["counts"]);
    let evidence = std::fs::read_to_string(out.join("evidence.jsonl")).unwrap();
    assert!(evidence.contains("\"protocol\":\"https\""), "deliveries went over TLS");
}
