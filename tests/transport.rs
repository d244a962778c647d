//! Fakes and the ways of HTTP: what is right is taken, what is odd is noted, and no partner can
//! keep the others from their turn.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use pruefstand::fake_system::{Behaviour, Which};

use crate::clients::curl;
use crate::support::{Sandbox, real_data, tool};
use crate::support_http::{FV, GOOD, Web, post, rest, until, whole};

#[test]
fn whoever_asks_first_is_invited_before_the_body() {
    let web = Web::up("");
    let head = post(&format!("Expect: 100-continue\r\nContent-Length: {}\r\n", GOOD.len()), "");
    let mut stream = web.connect();
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(until(&mut stream, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(GOOD.as_bytes()).unwrap();
    assert!(until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 201"));
    drop(stream);
    web.memory.ended(1);
    assert_eq!(web.memory.raw(), [format!("{head}{GOOD}").into_bytes()]);
    // At once, and in chunks with extension and trailer.
    let answer = web.say(whole("Expect: 100-continue\r\nConnection: close\r\n", GOOD).as_bytes());
    assert!(answer.contains("HTTP/1.1 201"), "{answer}");
    let (first, second) = GOOD.split_at(40);
    let chunks = format!(
        "{:x};hinweis=ja\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\nX-Pruefsumme: egal\r\n\r\n",
        first.len(),
        second.len()
    );
    let fields = "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n";
    let answer = web.say(post(fields, &chunks).as_bytes());
    assert!(answer.contains("HTTP/1.1 201") && answer.contains("0123456789AB/2026"), "{answer}");
    let held = web.running().shown[&FV.into()].held();
    let held: Vec<_> = held.iter().map(|h| String::from_utf8_lossy(&h.content)).collect();
    assert_eq!(held, [GOOD, GOOD, GOOD], "chunks, their extension and the trailer are no content");
    assert_eq!(web.memory.clauses(), Vec::<String>::new());
}

#[test]
fn whoever_asks_in_vain_hears_so_at_once() {
    let web = Web::up("");
    let elsewhere = post("Expect: 100-continue\r\nContent-Length: 74\r\n", "")
        .replace("/vorgaenge", "/vorgaenge/");
    let answer = web.say(elsewhere.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 501"), "{answer}");
    assert!(answer.contains("the slash at the end differs"), "{answer}");
    let coffee = post("Expect: etwas-anderes\r\nContent-Length: 74\r\n", "");
    let answer = web.say(coffee.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 417"), "{answer}");
    web.memory.ended(2);
    assert_eq!(web.memory.raw(), [elsewhere.into_bytes(), coffee.into_bytes()]);
    // A lenient one overlooks the expectation.
    let web = Web::up("mode = \"lenient\"");
    let answer = web.say(whole("Expect: etwas-anderes\r\nConnection: close\r\n", GOOD).as_bytes());
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(web.memory.clauses(), ["RFC 9110 10.1.1"]);
}

/// The published inputs, where they are at hand.
#[test]
fn the_published_expectations_are_met() {
    let Some(folder) = real_data("cases/41-expect-100-continue") else { return };
    let web = Web::up("");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let here = |raw: Vec<u8>| {
        String::from_utf8(raw).unwrap().replace("/eingang", "/vorgaenge").into_bytes()
    };
    for (head, body) in [("head.raw", "body.raw"), ("head-chunked.raw", "body-chunked.raw")] {
        let mut stream = web.connect();
        stream.write_all(&here(read(head))).unwrap();
        assert!(until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 100"), "{head}");
        stream.write_all(&read(body)).unwrap();
        // The message is of another procedure, which this Fachverfahren does not take.
        assert!(until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 400"), "{head}");
    }
    let answer = web.say(&here(read("head-unknown-expectation.raw")));
    assert!(answer.starts_with("HTTP/1.1 417"), "{answer}");
    assert!(web.say(&read("head.raw")).starts_with("HTTP/1.1 501"));
}

/// Shapes of which two readers find different ends: none is taken, and nothing behind one is read.
#[test]
fn nothing_is_smuggled() {
    let hidden = whole("Connection: close\r\n", GOOD);
    let shapes = [
        ("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nX", "RFC 9112 6.1"),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            "5\r\naaaaa\r\n0\r\n\r\n",
            "RFC 9112 6.1",
        ),
        ("Content-Length: 1\r\nContent-Length: 1\r\n", "x", "RFC 9110 8.6"),
        ("Content-Length: 1, 1\r\n", "x", "RFC 9110 8.6"),
        ("Host: b\r\nContent-Length: 1\r\n", "x", "RFC 9112 3.2"),
        ("X: a\nContent-Length: 1\r\n", "x", "RFC 9112 2.2"),
        ("Transfer-Encoding: chunked\r\n", "1 \r\nx\r\n0\r\n\r\n", "RFC 9112 7.1"),
        ("Transfer-Encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n", ""),
        ("Transfer-Encoding: chunked\r\n", "0x1\r\nx\r\n0\r\n\r\n", ""),
        ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", ""),
        ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", ""),
        ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n", ""),
        ("Content-Length: +1\r\n", "x", ""),
        ("Content-Length: 1\r\nContent-Length: 2\r\n", "x", ""),
        ("X: a\r\n folded\r\nContent-Length: 1\r\n", "x", ""),
        ("X\0: a\r\nContent-Length: 1\r\n", "x", ""),
    ];
    let web = Web::up("");
    for (number, (fields, body, clause)) in shapes.iter().enumerate() {
        let answer = web.say(format!("{}{hidden}", post(fields, body)).as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{fields:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), answer.len().min(1), "{fields:?}: {answer}");
        web.memory.ended(number + 1);
        let clauses = web.memory.clauses();
        // Where the clause is empty, the library refuses it before anybody looks.
        assert!(clauses.iter().any(|c| c.starts_with(clause)), "{fields:?}: {clauses:?}");
    }
    assert_eq!(web.memory.raw().len(), shapes.len(), "one exchange each");
    assert!(web.running().shown[&FV.into()].held().is_empty());
}

#[test]
fn requests_in_one_packet_are_two_exchanges() {
    let web = Web::up("");
    let one = whole("X-Nummer: 1\r\n", GOOD);
    let two = format!("\r\n{}", whole("X-Nummer: 2\r\nConnection: close\r\n", GOOD));
    let answer = web.say(format!("{one}{two}").as_bytes());
    assert_eq!(answer.matches("HTTP/1.1 201").count(), 2, "{answer}");
    web.memory.ended(2);
    assert_eq!(web.memory.raw(), [one.into_bytes(), two.into_bytes()]);
}

#[test]
fn curl_in_all_its_ways_is_served() {
    if !tool("curl") || !tool("gzip") {
        return;
    }
    let web = Web::up("");
    let sandbox = Sandbox::new();
    let file = sandbox.write("a.xml", GOOD);
    let at = format!("@{}", file.display());
    let url = web.url();
    let code = |more: &[&str]| {
        let common = ["-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20"];
        curl(&[&common[..], more].concat())
    };
    assert_eq!(code(&["-H", "Expect: 100-continue", "--data-binary", &at, &url]), "201");
    assert_eq!(code(&["-H", "Transfer-Encoding: chunked", "--data-binary", &at, &url]), "201");
    assert_eq!(code(&["-0", "--data-binary", &at, &url]), "201");
    let twice = curl(&[
        "-w",
        "%{num_connects}",
        "-o",
        "/dev/null",
        "-o",
        "/dev/null",
        "--data-binary",
        &at,
        &url,
        &url,
    ]);
    assert_eq!(twice, "10", "the second request needs no connection of its own");
    assert_eq!(code(&["--compressed", "--data-binary", &at, &url]), "201");
    let packed = std::process::Command::new("gzip").args(["-k"]).arg(&file).status().unwrap();
    assert!(packed.success());
    let coded = format!("@{}.gz", file.display());
    assert_eq!(code(&["-H", "Content-Encoding: gzip", "--data-binary", &coded, &url]), "201");
    assert_eq!(code(&["-H", "Content-Encoding: br", "--data-binary", &coded, &url]), "415");
    assert_eq!(code(&["-H", "Content-Encoding: gzip", "--data-binary", &at, &url]), "400");
    let held = web.running().shown[&FV.into()].held();
    assert_eq!(held.len(), 7);
    assert!(held.iter().all(|h| h.content == GOOD.as_bytes() && h.vorgang == "PS-0123456789AB"));
    // What a fake has been told by correlator counts for coded bodies too.
    web.running().scripts.set(&FV.into(), "PS-0123456789AB", Behaviour::Refuse);
    assert_eq!(code(&["-H", "Content-Encoding: gzip", "--data-binary", &coded, &url]), "503");
}

#[test]
fn large_bodies_are_taken_or_refused_and_bombs_do_not_go_off() {
    let web = Web::up("");
    // One hundred million bytes of a message that is right in all else.
    let (front, back) = GOOD.split_at(GOOD.len() - "</GewerbeFall>".len());
    let filler = "<Anlage>".to_owned() + &"A".repeat(9_999_983) + "</Anlage>";
    let size = front.len() + 10 * filler.len() + back.len();
    let mut stream = web.connect();
    let head = post(&format!("Content-Length: {size}\r\nConnection: close\r\n"), front);
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..10 {
        stream.write_all(filler.as_bytes()).unwrap();
    }
    stream.write_all(back.as_bytes()).unwrap();
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 201") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    web.memory.ended(1);
    assert_eq!(web.memory.raw()[0].len(), head.len() - front.len() + size, "every byte is kept");
    // More than is taken, said beforehand or not.
    let answer = web.say(post("Content-Length: 4000000000\r\n", "").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..140 {
        bomb.write_all(&[b' '; 1_000_000]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 200_000);
    let fields = format!(
        "Content-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n",
        bomb.len()
    );
    let answer = web.say(&[post(&fields, "").as_bytes(), &bomb].concat());
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(web.say(whole("Connection: close\r\n", GOOD).as_bytes()).starts_with("HTTP/1.1 201"));
}

#[test]
fn the_slow_and_the_deaf_keep_nobody_waiting() {
    // Both ends of every connection are in this process.
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: most.maximum, maximum: most.maximum };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, raised);
    let room = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let count =
        usize::try_from(room.unwrap_or(u64::MAX).saturating_sub(200) / 2).unwrap().min(2000);
    if count < 2000 {
        eprintln!("only {count} slow connections: this machine gives no more file descriptors");
    }
    let web = Web::up("");
    let slow: Vec<_> = (0..count)
        .map(|number| {
            let mut stream = web.connect();
            let part =
                if number % 2 == 0 { "POST /vorg" } else { &post("Content-Length: 99\r\n", "<") };
            stream.write_all(part.as_bytes()).unwrap();
            stream
        })
        .collect();
    // One that asks again and again and never reads an answer.
    let mut deaf = web.connect();
    deaf.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let question = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(2000)).repeat(50);
    let begun = Instant::now();
    while deaf.write_all(question.as_bytes()).is_ok() && begun.elapsed() < Duration::from_secs(20) {
    }
    let answer = web.say(whole("Connection: close\r\n", GOOD).as_bytes());
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(web.running().shown[&FV.into()].held().len(), 1);
    // The end does not wait for any of them.
    let begun = Instant::now();
    drop(web);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    drop((slow, deaf));
}

#[test]
fn down_holds_the_port_and_is_nobody_at_home() {
    let web = Web::up("");
    let scripts = web.running().scripts.clone();
    scripts.tell(&FV.into(), Which::All, Behaviour::Down);
    let request = whole("Connection: close\r\n", GOOD);
    for _ in 0..3 {
        let mut stream = web.connect();
        let _ = stream.write_all(request.as_bytes());
        let mut buffer = [0; 10];
        assert!(!stream.read(&mut buffer).is_ok_and(|n| n > 0), "somebody answered");
    }
    assert!(std::net::TcpListener::bind(web.address()).is_err(), "the port is held");
    assert_eq!(web.memory.clauses(), ["down", "down", "down"]);
    assert!(web.memory.raw().is_empty());
    scripts.tell(&FV.into(), Which::All, Behaviour::Answer);
    assert!(web.say(request.as_bytes()).starts_with("HTTP/1.1 201"));
}

#[test]
fn an_answer_comes_twice_when_told() {
    let web = Web::up("");
    web.running().scripts.tell(&FV.into(), Which::Request(2), Behaviour::Twice);
    let request = whole("", GOOD);
    let close = whole("Connection: close\r\n", GOOD);
    assert_eq!(web.say(close.as_bytes()).matches("HTTP/1.1 201").count(), 1);
    let answer = web.say(request.as_bytes());
    assert_eq!(answer.matches("HTTP/1.1 201").count(), 2, "{answer}");
    let (first, second) = answer.split_at(answer.len() / 2);
    assert_eq!(first, second);
    web.memory.ended(2);
    let seen = web.memory.0.lock().unwrap();
    let (raw, failure) = &seen.answers[&2];
    assert_eq!(raw, answer.as_bytes());
    assert_eq!(failure.as_deref(), Some("answered twice, as told"));
    drop(seen);
    assert_eq!(web.running().shown[&FV.into()].held().len(), 2, "it was taken once");
}

/// Calls outside the interface pass for nothing: not for "nothing there", and not for a delivery.
#[test]
fn calls_nobody_expected_get_an_answer_of_their_own() {
    let web = Web::up("");
    let call = |line: &str| {
        let request = whole("Connection: close\r\n", GOOD);
        web.say(request.replace("POST /vorgaenge", line).as_bytes())
    };
    for (line, status, why) in [
        ("POST /vorgaenge/", "501", "the slash at the end differs"),
        ("POST /", "501", "path /, the interface has /vorgaenge"),
        ("PUT /vorgaenge", "405", "method PUT, the interface has POST"),
        ("DELETE /anderes", "501", "path /anderes"),
    ] {
        let answer = call(line);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {answer}");
        assert!(answer.contains("pruefstand-attrappe: nicht-vorgesehen"), "{line}: {answer}");
        assert_eq!(answer.contains("allow: POST"), status == "405", "{line}: {answer}");
        let details = web.memory.0.lock().unwrap();
        assert!(details.observations.last().unwrap().2.contains(why), "{line}");
    }
    assert!(web.running().shown[&FV.into()].held().is_empty());
    // A query is none of the interface's business.
    assert!(call("POST /vorgaenge?a=b").starts_with("HTTP/1.1 201"));
}

/// Whatever the character set of a body and however it is said: what stands in it is what was meant,
/// and what was received is what is kept.
#[test]
fn character_sets_are_read_in_the_order_of_their_labels() {
    let web = Web::up("");
    let xml = |declared: &str| {
        let declaration = match declared {
            "" => String::new(),
            name => format!("<?xml version=\"1.0\" encoding=\"{name}\"?>"),
        };
        GOOD.replacen("<GewerbeFall", &format!("{declaration}<GewerbeFall"), 1)
            .replace("</Vorgang>", "<Ort>K\u{f6}ln</Ort></Vorgang>")
    };
    let latin = |text: String| text.chars().map(|c| u8::try_from(c as u32).unwrap()).collect();
    let utf16 = |text: String| -> Vec<u8> {
        "\u{FEFF}".chars().chain(text.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect()
    };
    let cases: [(&str, Vec<u8>, u16, usize); 6] = [
        ("text/xml", xml("").into_bytes(), 201, 0),
        ("text/xml", latin(xml("ISO-8859-1")), 201, 0),
        ("text/xml; charset=ISO-8859-1", latin(xml("UTF-8")), 201, 1),
        ("application/xml; charset=UTF-8", latin(xml("ISO-8859-1")), 400, 1),
        ("text/xml; charset=iso-8559-1", latin(xml("ISO-8859-1")), 201, 1),
        ("application/xml", utf16(xml("")), 201, 0),
    ];
    for (kind, body, status, notes) in cases {
        let before = web.memory.clauses().len();
        let head = format!(
            "POST /vorgaenge HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = web.say(&[head.as_bytes(), &body].concat());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{kind}: {answer}");
        assert_eq!(web.memory.clauses().len() - before, notes, "{kind}");
        if status == 201 {
            assert!(answer.contains("0123456789AB/2026"), "{kind}: {answer}");
            let held = web.running().shown[&FV.into()].held();
            assert_eq!((&held[0].content, held[0].vorgang.as_str()), (&body, "PS-0123456789AB"));
        }
    }
}

#[test]
fn user_and_password_are_asked_for() {
    let web = Web::up("user = \"hub\"\npassword = \"geheim\"");
    let call =
        |fields: &str| web.say(whole(&format!("Connection: close\r\n{fields}"), GOOD).as_bytes());
    let answer = call("");
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("www-authenticate: Basic realm"));
    // hub:falsch, and hub:geheim.
    assert!(call("Authorization: Basic aHViOmZhbHNjaA==\r\n").starts_with("HTTP/1.1 401"));
    assert!(call("Authorization: basic aHViOmdlaGVpbQ==\r\n").starts_with("HTTP/1.1 201"));
    assert_eq!(web.running().shown[&FV.into()].held().len(), 1);
}

/// A correlator that is told is found also where the bytes hide it.
#[test]
fn what_is_told_counts_for_hidden_correlators() {
    let web = Web::up("");
    web.running().scripts.set(&FV.into(), "PS-0123456789AB", Behaviour::Refuse);
    let utf16: Vec<u8> =
        "\u{FEFF}".encode_utf16().chain(GOOD.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let chars = GOOD.replace("PS-0123", "&#x50;S&#45;0123").into_bytes();
    for body in [GOOD.as_bytes().to_vec(), utf16, chars] {
        let head = whole("Connection: close\r\n", "")
            .replace("Content-Length: 0", &format!("Content-Length: {}", body.len()));
        let answer = web.say(&[head.as_bytes(), &body].concat());
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
    let other = GOOD.replace("0123456789AB", "0123456789AC");
    assert!(web.say(whole("Connection: close\r\n", &other).as_bytes()).starts_with("HTTP/1.1 201"));
}
