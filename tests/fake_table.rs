//! What each kind of fake does in each protocol when it is told something: played, and held against
//! the table in the README.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pruefstand::channel::Unobserved;
use pruefstand::channel::file::{Given, hand_over};
use pruefstand::fake_system::{Behaviour, Running, Which};
use pruefstand::ids::SystemId;
use pruefstand::organisation::TestOrganisation;

use crate::support::root;
use crate::support_xdomea as xdomea;

/// How long a delayed answer takes, and how long an answer is waited for that does not come.
const DELAY: Duration = Duration::from_millis(400);
const PATIENCE: Duration = Duration::from_millis(1500);

const BEHAVIOURS: [(&str, Behaviour); 10] = [
    ("answer", Behaviour::Answer),
    ("refuse", Behaviour::Refuse),
    ("delay", Behaviour::Delay(400)),
    ("hang", Behaviour::Hang),
    ("reset", Behaviour::Reset),
    ("garble", Behaviour::Garble),
    ("answer twice", Behaviour::Twice),
    ("forget", Behaviour::Forget),
    ("no space", Behaviour::NoSpace),
    ("down", Behaviour::Down),
];

/// Kind and protocol, and how a message is brought.
const ROWS: [(&str, &str); 12] = [
    ("antragsportal", "XML over HTTP"),
    ("fachverfahren-a", "XML over HTTP"),
    ("fachverfahren-b", "XML over HTTP"),
    ("fachverfahren-xml", "XML over HTTP"),
    ("fachverfahren-soap", "SOAP 1.1"),
    ("fachverfahren-soap", "SOAP 1.2"),
    ("fachverfahren-json", "JSON over HTTP"),
    ("fachverfahren-ablage", "transfer folder"),
    ("dms", "CMIS browser binding"),
    ("dms", "CMIS AtomPub"),
    ("dms", "xdomea 3.1.0"),
    ("mailbox", "SMTP"),
];

fn organisation() -> TestOrganisation {
    let mut systems = String::new();
    let mut seen = Vec::new();
    for (kind, _) in ROWS.iter().filter(|(kind, _)| {
        !seen.contains(kind) && {
            seen.push(*kind);
            true
        }
    }) {
        let component = match *kind {
            "antragsportal" => "antragsassistent",
            "dms" => "dms",
            "mailbox" => "mailsystem",
            _ => "fachverfahren",
        };
        systems.push_str(&format!(
            "[[system]]\nid = \"{kind}\"\nkind = \"{component}\"\nfake = \"{kind}\"\nreceiver = \"x\"\n"
        ));
    }
    let text = crate::support_systems::organisation(&systems)
        .replace("fachverfahren = \"fv\"", "fachverfahren = \"fachverfahren-a\"");
    TestOrganisation::from_text("test", &text, Path::new("."))
        .unwrap_or_else(|e| panic!("{}", e.render(false)))
}

/// A message in the way of a protocol; each has a number, since some must not come twice.
fn message(kind: &str, protocol: &str, url: &str, number: usize) -> Vec<u8> {
    let vorgang = format!("PS-{number:012}");
    let (host, path) = match url.split_once("://").unwrap().1.split_once('/') {
        Some((host, path)) => (host.to_owned(), format!("/{path}")),
        None => (String::new(), String::new()),
    };
    let post = |path: &str, fields: &str, body: &[u8]| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let xml = |root: &str, namespace: &str| {
        let body = format!("<{root} xmlns=\"{namespace}\"><Nummer>{vorgang}</Nummer></{root}>");
        post(&path, "Content-Type: application/xml\r\n", body.as_bytes())
    };
    let soap = |ns: &str| {
        let text = crate::soap::envelope(
            ns,
            "",
            &crate::soap::payload(&vorgang, "<f:nachricht><a xmlns=''/></f:nachricht>"),
        );
        post(&path, &crate::soap::head(ns, "AntragUebergeben"), text.as_bytes())
    };
    match (kind, protocol) {
        ("fachverfahren-a", _) => xml("GewerbeFall", "urn:pruefstand:fachverfahren-a:2"),
        ("fachverfahren-b", _) => xml("import", "urn:pruefstand:fachverfahren-b:7"),
        ("antragsportal" | "fachverfahren-xml", _) => xml("Antrag", "urn:x"),
        (_, "SOAP 1.1") => soap(crate::soap::E11),
        (_, "SOAP 1.2") => soap(crate::soap::E12),
        ("fachverfahren-json", _) => {
            let body = format!("{{\"vorgang\":\"{vorgang}\",\"leistung\":\"99050012104000\",\"daten\":{{}},\"dokumente\":[]}}");
            post(&path, "Content-Type: application/json\r\n", body.as_bytes())
        }
        ("fachverfahren-ablage", _) => format!(
            "<c:container xmlns:c=\"urn:pruefstand:ablage:1\"><c:kopf><c:vorgang>{vorgang}</c:vorgang></c:kopf><c:fachdaten><Antrag/></c:fachdaten><c:anlagen/></c:container>"
        )
        .into_bytes(),
        (_, "CMIS browser binding") => {
            let form = format!("cmisaction=createFolder&propertyId[0]=cmis:objectTypeId&propertyValue[0]=cmis:folder&propertyId[1]=cmis:name&propertyValue[1]={vorgang}");
            let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
            post(&format!("{path}/root"), kind, form.as_bytes())
        }
        (_, "CMIS AtomPub") => {
            let entry = format!(
                "<a:entry xmlns:a='http://www.w3.org/2005/Atom' xmlns:r='http://docs.oasis-open.org/ns/cmis/restatom/200908/' xmlns:c='http://docs.oasis-open.org/ns/cmis/core/200908/'><a:title>{vorgang}</a:title><r:object><c:properties><c:propertyId propertyDefinitionId='cmis:objectTypeId'><c:value>cmis:folder</c:value></c:propertyId><c:propertyString propertyDefinitionId='cmis:name'><c:value>{vorgang}</c:value></c:propertyString></c:properties></r:object></a:entry>"
            );
            let kind = "Content-Type: application/atom+xml;type=entry\r\n";
            post(&children(&host, &path), kind, entry.as_bytes())
        }
        (_, "xdomea 3.1.0") => {
            let id = xdomea::uuid(u32::try_from(number).unwrap());
            let record = xdomea::filed("0604", None, &xdomea::akte(&id, &vorgang, ""));
            let message = xdomea::message("3.1.0", "0604", u32::try_from(number).unwrap(), &record);
            let mut zip = xdomea::Zip::default();
            zip.file(&format!("{}.xml", message.stem()), message.xml().as_bytes());
            let fields = format!(
                "Content-Type: application/zip\r\nContent-Disposition: attachment; filename=\"{}.zip\"\r\n",
                message.stem()
            );
            post(&format!("{path}/xdomea"), &fields, &zip.build())
        }
        ("mailbox", _) => format!(
            "From: a@b.example\r\nTo: c@d.example\r\nSubject: {vorgang}\r\n\r\nText\r\n.\r\n"
        )
        .into_bytes(),
        other => panic!("{other:?}"),
    }
}

/// Where children of the root folder are posted to, as the service document says.
fn children(host: &str, path: &str) -> String {
    let service = path.replace("/cmis/akte", "/cmis/atom");
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {service} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let root = text.split("collection href=\"").nth(1).unwrap().split('"').next().unwrap();
    format!("/{}", root.split('/').skip(3).collect::<Vec<_>>().join("/")).replace("&amp;", "&")
}

/// What comes back, until the other side closes or nothing more comes for long.
fn heard(stream: &mut TcpStream) -> (Vec<u8>, bool) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut all, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (all, true),
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) => return (all, error.kind() == std::io::ErrorKind::ConnectionReset),
        }
    }
}

/// What was heard, in a few words.
fn words(raw: &[u8], closed: bool, code: &str, took: Duration) -> String {
    let text = String::from_utf8_lossy(raw);
    if raw.is_empty() {
        return if closed { "closed" } else { "nothing" }.into();
    }
    let codes: Vec<&str> =
        text.match_indices(code).map(|(at, _)| &text[at + code.len()..]).collect();
    let first = codes.first().and_then(|c| c.get(..3)).unwrap_or("?");
    let broken = raw.windows(2).any(|w| w == [0xFF, 0xFE]);
    let how = match (codes.len(), broken, took >= DELAY) {
        (2, ..) => " twice",
        (_, true, _) => " broken",
        (_, _, true) => " late",
        _ => "",
    };
    format!("{first}{how}")
}

fn over_http(url: &str, request: &[u8]) -> String {
    let address = url.split('/').nth(2).unwrap();
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    let _ = stream.write_all(request);
    let (raw, closed) = heard(&mut stream);
    if raw.is_empty() && closed && TcpListener::bind(address).is_ok() {
        return "free port".into();
    }
    words(&raw, closed, "HTTP/1.1 ", begun.elapsed())
}

fn over_smtp(url: &str, data: &[u8]) -> String {
    let address = url.trim_start_matches("smtp://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut buffer = [0; 4096];
    for line in
        ["", "EHLO a\r\n", "MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n", "DATA\r\n"]
    {
        let _ = stream.write_all(line.as_bytes());
        if !stream.read(&mut buffer).is_ok_and(|count| count > 0) {
            return "closed".into();
        }
    }
    let begun = Instant::now();
    stream.write_all(data).unwrap();
    // The session stays open, so the answer is over when nothing more comes.
    let (mut all, mut closed) = (Vec::new(), false);
    let mut took = Duration::ZERO;
    while begun.elapsed() < PATIENCE {
        stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
        match stream.read(&mut buffer) {
            Ok(0) => {
                closed = true;
                break;
            }
            Ok(count) => {
                took = begun.elapsed();
                all.extend_from_slice(&buffer[..count]);
            }
            Err(_) if !all.is_empty() => break,
            Err(_) => {}
        }
    }
    let text = String::from_utf8_lossy(&all).into_owned();
    let lines: Vec<&str> = text.lines().filter(|l| !l.is_empty()).collect();
    let first = lines.first().map(|l| l.chars().take(3).collect::<String>());
    match first {
        None if closed => "closed".into(),
        None => "nothing".into(),
        Some(_) if !text.starts_with(|c: char| c.is_ascii_digit()) || all.contains(&0xFF) => {
            "250 broken".into()
        }
        Some(code) if lines.len() == 2 => format!("{code} twice"),
        Some(code) if took >= DELAY => format!("{code} late"),
        Some(code) => code,
    }
}

fn over_folder(url: &str, content: Vec<u8>, number: usize) -> String {
    let input = PathBuf::from(url.trim_start_matches("file://"));
    let base = input.parent().unwrap();
    let name = format!("a{number}.xml");
    let begun = Instant::now();
    hand_over(&input, &name, &Given::File(content)).unwrap();
    let receipts = || -> Vec<PathBuf> {
        let all = std::fs::read_dir(base.join("ausgang")).unwrap().flatten().map(|e| e.path());
        all.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with(&name)).collect()
    };
    let refused = || {
        let mut all = std::fs::read_dir(base.join("abgewiesen")).unwrap().flatten();
        all.any(|e| e.file_name().to_string_lossy().starts_with(&name))
    };
    // Files that are renamed into place are taken at once.
    let mut took = Duration::ZERO;
    while begun.elapsed() < PATIENCE + DELAY {
        if refused() {
            return "refused".into();
        }
        if took.is_zero() && !receipts().is_empty() {
            took = begun.elapsed();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let all = receipts();
    let broken =
        all.iter().any(|p| std::fs::read(p).unwrap().windows(2).any(|w| w == [0xFF, 0xFE]));
    match all.len() {
        0 if input.join(&name).exists() => "untouched".into(),
        0 => "nothing".into(),
        2 => "receipt twice".into(),
        _ if broken => "receipt broken".into(),
        // Looking takes a while of its own.
        _ if took >= DELAY + Duration::from_millis(300) => "receipt late".into(),
        _ => "receipt".into(),
    }
}

#[test]
fn the_table_in_the_readme_is_what_happens() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let organisation = organisation();
    let start = Running::start(&organisation, Arc::new(Unobserved));
    let running = runtime.block_on(start).unwrap();
    let mut lines = vec![
        format!("| `fake` | protocol | {} |", BEHAVIOURS.map(|(name, _)| name).join(" | ")),
        format!("|{}", " --- |".repeat(BEHAVIOURS.len() + 2)),
    ];
    let mut cells: Vec<Vec<String>> = std::thread::scope(|scope| {
        let rows: Vec<_> = ROWS
            .iter()
            .enumerate()
            .map(|(row, (kind, protocol))| {
                let running = &running;
                scope.spawn(move || play(running, row, kind, protocol))
            })
            .collect();
        rows.into_iter().map(|row| row.join().unwrap()).collect()
    });
    // A system is down in all its protocols at once; it was played in the last one.
    for row in (0..ROWS.len() - 1).rev().filter(|row| ROWS[*row].0 == ROWS[row + 1].0) {
        cells[row][BEHAVIOURS.len() - 1] = cells[row + 1][BEHAVIOURS.len() - 1].clone();
    }
    for ((kind, protocol), cells) in ROWS.iter().zip(cells) {
        lines.push(format!("| `{kind}` | {protocol} | {} |", cells.join(" | ")));
    }
    runtime.block_on(running.stop());
    let table = lines.join("\n");
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&table), "the README should say:\n{table}");
    // Nothing that can be chosen in an organisation is missing.
    let schema = std::fs::read_to_string(root().join("reports/schemas/organisation.schema.json"));
    let schema: serde_json::Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let kinds = schema["$defs"]["FakeKind"]["oneOf"].as_array().unwrap();
    for kind in kinds {
        let name = kind["const"].as_str().unwrap();
        assert!(ROWS.iter().any(|(k, _)| *k == name), "{name} is not in the table");
    }
}

/// The cells of a row. What is told names the message, so that rows of one system do not meet; "down"
/// holds for a system as a whole and is played last, one protocol of a system after the other.
fn play(running: &Running, row: usize, kind: &str, protocol: &str) -> Vec<String> {
    let system = SystemId::from(kind);
    let url = running.urls[&system].clone();
    let mut out = Vec::new();
    for (column, (_, behaviour)) in BEHAVIOURS.iter().enumerate() {
        let number = 100 * (row + 1) + column;
        let vorgang = format!("PS-{number:012}");
        let request = message(kind, protocol, &url, number);
        let which = match (*behaviour, protocol) {
            (Behaviour::Down, _) => {
                // Not before the others of this system are through.
                let last = ROWS.iter().rposition(|(k, _)| *k == kind).unwrap();
                if row != last {
                    out.push(String::new());
                    continue;
                }
                std::thread::sleep(Duration::from_secs(3));
                Which::All
            }
            // The words of a ZIP file are packed.
            (_, "xdomea 3.1.0") => Which::Correlator(xdomea::uuid(u32::try_from(number).unwrap())),
            _ => Which::Correlator(vorgang.clone()),
        };
        running.scripts.tell(&system, which, *behaviour);
        let heard = match protocol {
            "SMTP" => over_smtp(&url, &request),
            "transfer folder" => over_folder(&url, request, number),
            _ => over_http(&url, &request),
        };
        let held = running.shown[&system].held().iter().any(|h| h.vorgang == vorgang);
        out.push(match (*behaviour, heard.as_str()) {
            (Behaviour::Down, "closed") => "closed, port held".into(),
            (Behaviour::Forget, heard) if !held => format!("{heard}, not kept"),
            (
                Behaviour::Answer | Behaviour::Delay(_) | Behaviour::Garble | Behaviour::Twice,
                heard,
            ) => {
                assert!(held, "{kind}, {protocol}: {heard} and not kept");
                heard.to_owned()
            }
            (_, heard) => heard.to_owned(),
        });
    }
    out
}
