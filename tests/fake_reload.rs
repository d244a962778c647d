//! `fake up` follows its organisation: what did not change goes on undisturbed.

use std::net::TcpStream;

use crate::clients::curl;
use crate::support::{Sandbox, tool};
use crate::support_fakes::{Fakes, http, json_at, probeland, replaced, until};

const A: &str =
    "<GewerbeFall xmlns=\"urn:pruefstand:fachverfahren-a:2\"><N>PS-0123456789AB</N></GewerbeFall>";

const NEW: &str = "[[system]]\nid = \"fv-neu\"\nkind = \"fachverfahren\"\nfake = \"fachverfahren-xml\"\nreceiver = \"fv-xml\"\n\n";

const GONE: &str = "[[system]]\nid = \"fv-leinenau\"\nkind = \"fachverfahren\"\nfake = \"fachverfahren-xml\"\nreceiver = \"fv-xml\"\n\n";

fn held(fakes: &Fakes, system: &str) -> String {
    http("GET", &fakes.page(&format!("system/{system}")), "", "").1
}

#[test]
fn only_what_changed_starts_anew() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("organisation.toml", &probeland());
    let mut fakes = Fakes::up(&sandbox, &file, &[]);
    let (a, b) = (fakes.url("fv-attrappenburg"), fakes.url("fv-pruefstedt"));
    let (leinenau, page) = (fakes.url("fv-leinenau"), fakes.page(""));
    assert_eq!(http("POST", &a, "application/xml", A).0, 201);
    // Strict, it refuses what it does not know.
    assert_eq!(http("POST", &b, "application/xml", "<Anderes/>").0, 422);
    // A connection that is open now must outlive the change.
    let mut open =
        TcpStream::connect(a.strip_prefix("http://").unwrap().split('/').next().unwrap()).unwrap();

    let text = replaced(&probeland(), GONE, NEW);
    let text = replaced(&text, "fachverfahren = \"fv-leinenau\"", "fachverfahren = \"fv-neu\"");
    let text =
        replaced(&text, "receiver = \"fv-b\"\n", "receiver = \"fv-b\"\nmode = \"lenient\"\n");
    sandbox.write("organisation.toml", &text);
    fakes.next_line();
    assert_eq!(fakes.page(""), page);
    assert_eq!((fakes.url("fv-attrappenburg"), fakes.url("fv-pruefstedt")), (a.clone(), b.clone()));
    assert_eq!(http("POST", &b, "application/xml", "<Anderes/>").0, 200, "lenient now");
    assert!(held(&fakes, "fv-attrappenburg").contains("PS-0123456789AB"), "it holds what it held");
    let new = fakes.url("fv-neu");
    assert_eq!(http("POST", &new, "application/xml", "<X>PS-0123456789AB</X>").0, 202);
    assert_eq!(fakes.find("fv-leinenau"), None);
    let gone = leinenau.strip_prefix("http://").unwrap().split('/').next().unwrap();
    until("the end of the old one", || TcpStream::connect(gone).err());
    let shown = http("GET", &page, "", "").1;
    assert!(shown.contains("fv-neu") && !shown.contains("fv-leinenau"), "{shown}");
    // One case for both, the old system and the new.
    let cases = json_at(&fakes.page("vorgaenge"));
    assert_eq!(cases["vorgaenge"][0]["systeme"].as_object().unwrap().len(), 2, "{cases}");
    let said = fakes.said();
    for part in ["started fv-neu", "restarted fv-pruefstedt", "ended fv-leinenau"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("attrappenburg"), "{said}");
    {
        use std::io::{Read, Write};
        write!(open, "GET /vorgaenge HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        open.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    }
}

#[test]
fn a_broken_organisation_is_told_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let good = probeland();
    let file = sandbox.write("organisation.toml", &good);
    let mut fakes = Fakes::up(&sandbox, &file, &[]);
    let a = fakes.url("fv-attrappenburg");
    assert_eq!(http("POST", &a, "application/xml", A).0, 201);
    let line = good.lines().position(|l| l == "fake = \"fachverfahren-a\"").unwrap() + 1;
    sandbox
        .write("organisation.toml", &replaced(&good, "\"fachverfahren-a\"", "\"fachverfaren-a\""));
    let said =
        until("the finding", || Some(fakes.said()).filter(|s| s.contains("stay as they were")));
    assert!(said.contains(&format!("organisation.toml:{line}:")), "{said}");
    assert_eq!(said.matches("stay as they were").count(), 1, "once for one change: {said}");
    assert_eq!(http("POST", &a, "application/xml", A).0, 201);
    // Right in itself, but a file is missing: nothing changes either, until the file is there.
    let answer = "receiver = \"fv-a\"\n[[system.answer]]\nafter_ms = 1\nfile = \"bescheid.xml\"\nto = \"http://127.0.0.1:1/\"\n";
    sandbox.write("organisation.toml", &replaced(&good, "receiver = \"fv-a\"\n", answer));
    until("the finding", || Some(()).filter(|()| fakes.said().contains("bescheid.xml")));
    assert_eq!(http("POST", &a, "application/xml", A).0, 201);
    assert!(held(&fakes, "fv-attrappenburg").contains("3 angenommen"));
    sandbox.write("bescheid.xml", "<Bescheid/>");
    fakes.next_line();
    assert_eq!(fakes.url("fv-attrappenburg"), a);
    assert!(held(&fakes, "fv-attrappenburg").contains("0 angenommen"), "it began anew");
    // The file it names is watched as well.
    assert_eq!(http("POST", &a, "application/xml", A).0, 201);
    sandbox.write("bescheid.xml", "<Bescheid>{vorgang}</Bescheid>");
    fakes.next_line();
    assert!(held(&fakes, "fv-attrappenburg").contains("0 angenommen"), "it began anew");
}

#[test]
fn a_system_that_turns_to_tls_keeps_its_port() {
    if !tool("curl") {
        return;
    }
    let sandbox = Sandbox::new();
    let file = sandbox.write("organisation.toml", &probeland());
    let mut fakes = Fakes::up(&sandbox, &file, &[]);
    let before = fakes.url("fv-attrappenburg");
    // Mailboxes have certificates already; whoever was told of their authority knows it for all.
    let folder = fakes.systems["certificates"].as_str().unwrap().to_owned();
    let tls = "receiver = \"fv-a\"\n[system.tls]\ncertificate = \"valid\"\n";
    sandbox.write("organisation.toml", &replaced(&probeland(), "receiver = \"fv-a\"\n", tls));
    fakes.next_line();
    let after = fakes.url("fv-attrappenburg");
    assert_eq!(after, before.replace("http://", "https://"));
    assert_eq!(fakes.systems["certificates"], *folder);
    let ca = format!("{folder}/ca.pem");
    let args =
        ["--cacert", &ca, "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", A, &after];
    assert_eq!(curl(&args), "201");
    // And back again.
    sandbox.write("organisation.toml", &probeland());
    fakes.next_line();
    assert_eq!(fakes.url("fv-attrappenburg"), before);
    assert_eq!(http("POST", &before, "application/xml", A).0, 201);
}

/// A transfer folder is taken from by one alone; who takes over keeps the folder and its address.
#[test]
fn a_transfer_folder_is_handed_on() {
    let sandbox = Sandbox::new();
    let entry = "[[system]]\nid = \"fv-ablage\"\nkind = \"fachverfahren\"\nfake = \"fachverfahren-ablage\"\nreceiver = \"fv-a\"\n";
    let text = replaced(&probeland(), "[[authority]]", &format!("{entry}\n[[authority]]"));
    let file = sandbox.write("organisation.toml", &text);
    let mut fakes = Fakes::up(&sandbox, &file, &[]);
    let folder = fakes.url("fv-ablage");
    assert!(folder.starts_with("file:///"), "{folder}");
    let lenient = format!("{entry}mode = \"lenient\"\n");
    sandbox.write("organisation.toml", &replaced(&text, entry, &lenient));
    fakes.next_line();
    assert_eq!(fakes.url("fv-ablage"), folder);
    assert!(fakes.said().contains("restarted fv-ablage"), "{}", fakes.said());
    let path = std::path::Path::new(folder.strip_prefix("file://").unwrap()).to_owned();
    assert!(path.is_dir());
    drop(fakes);
    assert!(!path.exists(), "a folder of its own goes with the fakes");
}
