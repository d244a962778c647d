//! The Fachverfahren with JSON over HTTP: status codes, problem documents, JSON that is odd.

use std::net::TcpListener;
use std::process::Command;

use pruefstand::fake_system::{Behaviour, Which};
use serde_json::{Value, json};

use crate::clients::curl;
use crate::support::{Sandbox, python_client, root, tool};
use crate::support_systems::{Answer, Up, system, take_one};

const KIND: &str = "fachverfahren-json";
const JSON: &str = "Content-Type: application/json\r\n";

fn application(vorgang: &str) -> String {
    format!(
        "{{\"vorgang\":\"{vorgang}\",\"leistung\":\"99050012104000\",\"daten\":{{\"betrag\":12345678901234567890.10,\"ort\":\"Köln\"}},\"dokumente\":[{{\"name\":\"Plan ß.pdf\",\"medientyp\":\"application/pdf\",\"inhalt\":\"JVBERi0K/w==\"}}]}}"
    )
}

fn post(up: &Up, body: &str) -> Answer {
    up.send("POST", "", JSON, body.as_bytes())
}

fn value(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|e| panic!("{e}: {}", answer.text()))
}

/// Checks a problem document (RFC 9457, 3.1) and returns it.
fn problem(answer: &Answer, status: u16, kind: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let value = value(answer);
    assert_eq!(value["status"], status);
    assert_eq!(value["type"], format!("urn:pruefstand:fachverfahren-json:1:{kind}"));
    assert!(!value["title"].as_str().unwrap().is_empty());
    assert!(!value["detail"].as_str().unwrap().is_empty());
    assert!(value["instance"].as_str().unwrap().starts_with('/'));
    value
}

#[test]
fn an_application_is_taken_and_can_be_asked_for() {
    let up = Up::one(KIND, "");
    let answer = post(&up, &application("PS-0123456789AB"));
    assert_eq!((answer.status, answer.header("content-type")), (201, Some("application/json")));
    assert_eq!(answer.header("location"), Some("/antraege/PS-0123456789AB"));
    let taken = value(&answer);
    assert_eq!(taken["aktenzeichen"], "GEW 0123456789AB/2026");
    let asked = up.send("GET", "/PS-0123456789AB", "", b"");
    assert_eq!((asked.status, value(&asked)), (200, taken));
    let data = up.send("GET", "/PS-0123456789AB/daten", "Accept: application/*\r\n", b"");
    // Numbers that no machine word holds come back as they were.
    assert_eq!(data.text(), "{\"betrag\":12345678901234567890.10,\"ort\":\"Köln\"}");
    let head = up.send("HEAD", "/PS-0123456789AB", "", b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    let held = up.held("fv");
    assert_eq!(
        (held[0].vorgang.as_str(), held[0].title.as_str()),
        ("PS-0123456789AB", "Antrag (JSON)")
    );
    assert_eq!(held[0].content, application("PS-0123456789AB").as_bytes());
    assert_eq!(
        (held[1].title.as_str(), held[1].content.as_slice()),
        ("Plan ß.pdf", &b"%PDF-\n\xFF"[..])
    );
    assert_eq!(up.noted(), []);

    let again = post(&up, &application("PS-0123456789AB"));
    problem(&again, 409, "schon-da");
    assert_eq!(again.header("location"), Some("/antraege/PS-0123456789AB"));
    assert_eq!(up.held("fv").len(), 2, "nothing is kept twice");
}

#[test]
fn requests_that_http_knows_better_are_refused_by_their_status() {
    let up = Up::one(KIND, "");
    post(&up, &application("PS-1"));
    let body = application("PS-2");
    let body = body.as_bytes();
    for (method, below, allow) in [
        ("GET", "", "POST"),
        ("PUT", "", "POST"),
        ("DELETE", "/PS-1", "GET, HEAD"),
        ("POST", "/PS-1", "GET, HEAD"),
        ("PATCH", "/PS-1/daten", "GET, HEAD"),
    ] {
        let answer = up.send(method, below, JSON, body);
        problem(&answer, 405, "methode-nicht-erlaubt");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {below}");
    }
    for below in ["/PS-9", "/PS-9/daten", "/PS-1/anderes", "/", "/PS-1/", "x", "/PS-1/daten/x"] {
        problem(&up.send("GET", below, "", b""), 404, "nicht-gefunden");
    }
    for (accept, status) in [
        ("text/html", 406),
        ("application/json;q=0, */*", 406),
        ("application/xml, text/*", 406),
        ("text/html, */*;q=0.1", 200),
        ("APPLICATION/JSON", 200),
    ] {
        let answer = up.send("GET", "/PS-1", &format!("Accept: {accept}\r\n"), b"");
        assert_eq!(answer.status, status, "{accept}");
        if status == 406 {
            problem(&answer, 406, "nicht-in-dieser-form");
        }
    }
    for head in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/xml\r\n",
        "Content-Type: application/json; charset=iso-8859-1\r\n",
        "Content-Type: json\r\n",
        "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
    ] {
        let answer = up.send("POST", "", head, body);
        problem(&answer, 415, "medientyp");
        assert_eq!(answer.header("accept-post"), Some("application/json"), "{head}");
    }
    // Codings are undone below; what is none is refused there.
    for (coding, status) in [("gzip", 400), ("br", 415)] {
        let head = format!("{JSON}Content-Encoding: {coding}\r\n");
        assert_eq!(up.send("POST", "", &head, body).status, status, "{coding}");
    }
    let large = application("PS-2").replace("Köln", &"x".repeat(33_554_432));
    problem(&post(&up, &large), 413, "zu-gross");
    assert_eq!(up.held("fv").len(), 2);
    let fine = up.send("POST", "", "Content-Type: Application/JSON; Charset=\"UTF-8\"\r\n", body);
    assert_eq!(fine.status, 201);
    up.noted();
    problem(&up.send("GET", "/PS-9", "", b""), 404, "nicht-gefunden");
    assert_eq!(up.noted(), [], "asking for what is not there breaks no rule");
}

#[test]
fn what_is_no_json_is_a_bad_request() {
    let (strict, lenient) = (Up::one(KIND, ""), Up::one(KIND, "mode = \"lenient\""));
    let deep = format!(
        "{{\"vorgang\":\"PS-1\",\"daten\":{{\"a\":{}1{}}}}}",
        "[".repeat(64),
        "]".repeat(64)
    );
    let good = application("PS-1");
    let latin = good.as_bytes().iter().filter(|b| **b != 0xC3).copied().collect::<Vec<u8>>();
    for (body, part) in [
        (b"".to_vec(), ""),
        (b"{".to_vec(), ""),
        (good.as_bytes()[..good.len() - 1].to_vec(), ""),
        (format!("{good}x").into_bytes(), ""),
        (good.replace("\"daten\"", "daten").into_bytes(), ""),
        (good.replace("Köln", "\\uD800").into_bytes(), ""),
        (good.replace("Köln", "K\u{1}").into_bytes(), ""),
        (good.replace("12345678901234567890.10", "0123").into_bytes(), ""),
        (good.replace("12345678901234567890.10", "NaN").into_bytes(), ""),
        (deep.into_bytes(), "depth"),
        (latin, "is not UTF-8"),
        (good.encode_utf16().flat_map(u16::to_le_bytes).collect(), ""),
    ] {
        for up in [&strict, &lenient] {
            let found = problem(&up.send("POST", "", JSON, &body), 400, "kein-json");
            assert!(found["detail"].as_str().unwrap().contains(part), "{found}");
            assert_eq!(up.noted().len(), 1);
        }
    }
    // However much is wrong, the answer stays small.
    let many: String = (0..50_000).map(|n| format!("\"x{n}\":1,")).collect();
    let answer = post(&strict, &format!("{{{many}\"vorgang\":\"PS-1\"}}"));
    assert_eq!(problem(&answer, 422, "angaben")["errors"].as_array().unwrap().len(), 100);
    let many = "\"a\":1,".repeat(50_000);
    post(&lenient, &format!("{{{many}\"vorgang\":\"PS-1\",\"daten\":{{}}}}"));
    assert!(lenient.noted().len() < 50);
    strict.noted();
    // What some take and some do not.
    let marked = format!("\u{feff}{}", application("PS-2"));
    let twice = application("PS-3").replacen("\"daten\"", "\"daten\":{},\"daten\"", 1);
    let inside = application("PS-4").replace("\"ort\"", "\"betrag\":1,\"ort\"");
    for body in [marked, twice, inside] {
        problem(&post(&strict, &body), 400, "kein-json");
        assert_eq!(strict.noted().len(), 1);
        assert_eq!(post(&lenient, &body).status, 201);
        assert_eq!(lenient.noted().len(), 1);
    }
    assert_eq!(strict.held("fv").len(), 0);
    let last = lenient.send("GET", "/PS-3/daten", "", b"");
    assert_eq!(
        last.text(),
        "{\"betrag\":12345678901234567890.10,\"ort\":\"Köln\"}",
        "the last counts"
    );
}

#[test]
fn what_is_json_but_no_application_is_told_with_every_place() {
    let (strict, lenient) = (Up::one(KIND, ""), Up::one(KIND, "mode = \"lenient\""));
    let document = |name: &str, kind: &str, content: &str| json!({"vorgang": "PS-1", "daten": {}, "dokumente": [{"name": name, "medientyp": kind, "inhalt": content}]});
    for (body, places) in [
        (json!([]), vec!["#"]),
        (json!(1), vec!["#"]),
        (json!({}), vec!["#/vorgang", "#/daten"]),
        (json!({"vorgang": 1, "daten": []}), vec!["#/vorgang", "#/daten"]),
        (json!({"vorgang": "", "daten": {}}), vec!["#/vorgang"]),
        (json!({"vorgang": "a/b", "daten": {}}), vec!["#/vorgang"]),
        (json!({"vorgang": "x".repeat(65), "daten": {}}), vec!["#/vorgang"]),
        (json!({"vorgang": "PS-1", "daten": {}, "leistung": "12"}), vec!["#/leistung"]),
        (json!({"vorgang": "PS-1", "daten": {}, "a/b~c": 1}), vec!["#/a~1b~0c"]),
        (json!({"vorgang": "PS-1", "daten": {}, "dokumente": {}}), vec!["#/dokumente"]),
        (json!({"vorgang": "PS-1", "daten": {}, "dokumente": [1]}), vec!["#/dokumente/0"]),
        (
            json!({"vorgang": "PS-1", "daten": {}, "dokumente": [{}]}),
            vec!["#/dokumente/0/name", "#/dokumente/0/medientyp", "#/dokumente/0/inhalt"],
        ),
        (
            json!({"vorgang": "PS-1", "daten": {}, "dokumente": vec![json!({}); 101]}),
            vec!["#/dokumente"],
        ),
        (document("../a", "a/b", "eA=="), vec!["#/dokumente/0/name"]),
        (document("a\nb", "a/b", "eA=="), vec!["#/dokumente/0/name"]),
        (document("a", "pdf", "eA=="), vec!["#/dokumente/0/medientyp"]),
        (document("a", "a/b", "eA"), vec!["#/dokumente/0/inhalt"]),
        (document("a", "a/b", "_-8="), vec!["#/dokumente/0/inhalt"]),
    ] {
        let found = problem(&post(&strict, &body.to_string()), 422, "angaben");
        let errors = found["errors"].as_array().unwrap();
        let pointers: Vec<_> = errors.iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, places, "{body}");
        assert_eq!(strict.noted().len(), 1, "{body}");
        let answer = post(&lenient, &body.to_string());
        assert!([201, 409].contains(&answer.status), "{body}: {}", answer.text());
        assert!(!lenient.noted().is_empty());
    }
    assert_eq!(strict.held("fv").len(), 0);
}

#[test]
fn misbehaviour_is_a_problem_document_as_well() {
    let up = Up::one(KIND, "");
    let told = |behaviour| up.scripts.tell(&"fv".into(), Which::All, behaviour);
    told(Behaviour::Refuse);
    let answer = post(&up, &application("PS-1"));
    problem(&answer, 503, "nicht-verfuegbar");
    assert_eq!(answer.header("retry-after"), Some("5"));
    told(Behaviour::NoSpace);
    problem(&post(&up, &application("PS-1")), 507, "kein-speicherplatz");
    told(Behaviour::Forget);
    assert_eq!(post(&up, &application("PS-1")).status, 201);
    told(Behaviour::Answer);
    problem(&up.send("GET", "/PS-1", "", b""), 404, "nicht-gefunden");
    assert_eq!(up.held("fv").len(), 0);
    told(Behaviour::Garble);
    let answer = post(&up, &application("PS-1"));
    assert!(answer.status == 201 && serde_json::from_slice::<Value>(&answer.body).is_err());
}

#[test]
fn answers_in_json_change_how_the_case_stands() {
    let sandbox = Sandbox::new();
    let hub = TcpListener::bind("127.0.0.1:0").unwrap();
    let stands = ["eingegangen", "unterlagen-nachgefordert", "abgelehnt"];
    let mut lines = String::new();
    for (index, stand) in stands.iter().enumerate() {
        let file = format!("{stand}.json");
        sandbox.write(&file, &format!("{{\"was\": \"{stand}\", \"vorgang\": \"{{vorgang}}\", \"az\": \"{{aktenzeichen}}\"}}"));
        let (after, to) = (150 * (index + 1), hub.local_addr().unwrap());
        lines += &format!(
            "[[system.answer]]\nafter_ms = {after}\nfile = \"{file}\"\nto = \"http://{to}/ein\"\nstand = \"{stand}\"\n"
        );
    }
    let up = Up::with(&system("fv", KIND, &lines), &sandbox.path(""));
    assert_eq!(post(&up, &application("PS-0123456789AB")).status, 201);
    for stand in stands {
        let got = take_one(&hub);
        assert!(got.contains("content-type: application/json\r\n"), "{got}");
        let body: Value = serde_json::from_str(got.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(
            body,
            json!({"was": stand, "vorgang": "PS-0123456789AB", "az": "GEW 0123456789AB/2026"})
        );
        if stand == "abgelehnt" {
            let asked = value(&up.send("GET", "/PS-0123456789AB", "", b""));
            assert_eq!(asked["stand"], stand);
        }
    }
}

#[test]
fn curl_posts_and_asks() {
    if !tool("curl") {
        return;
    }
    let (up, sandbox) = (Up::one(KIND, ""), Sandbox::new());
    let file = sandbox.write("antrag.json", &application("PS-0123456789AB"));
    let data = format!("@{}", file.display());
    let url = up.url("fv");
    let line = ["-H", "Content-Type: application/json", "--data-binary", &data, "-i", &url];
    let answer = curl(&line);
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let asked = curl(&[&format!("{url}/PS-0123456789AB")]);
    assert!(asked.contains("\"stand\":\"eingegangen\""), "{asked}");
}

#[test]
fn the_contract_is_valid_and_answers_keep_it() {
    let Some(python) = python_client() else { return };
    let up = Up::one(KIND, "");
    let script = root().join("tests/clients/rest.py");
    let url = up.url("fv");
    let done = Command::new(python).arg(script).arg(url).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["201", "200", "409", "404", "422", "406", "415", "405"]
    );
    assert_eq!(up.held("fv").len(), 2);

    // Requests that nobody thought of: good ones are taken, bad ones refused, answers keep the
    // contract.
    let (sandbox, url) = (Sandbox::new(), up.url("fv").replace("/antraege", "/openapi.json"));
    let done = Command::new(python_client().unwrap().with_file_name("schemathesis"))
        .args(["run", "--max-examples", "25", "--seed", "1", "--no-color", &url])
        .current_dir(sandbox.path(""))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    assert!(up.held("fv").len() > 20, "it had little to say");
}

#[test]
fn who_has_a_user_asks_for_it() {
    let up = Up::one(KIND, "user = \"amt\"\npassword = \"geh:eim\"");
    let answer = post(&up, &application("PS-1"));
    problem(&answer, 401, "nicht-angemeldet");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
    let line = format!("{JSON}Authorization: Basic YW10OmdlaDplaW0=\r\n");
    assert_eq!(up.send("POST", "", &line, application("PS-1").as_bytes()).status, 201);
}
