//! The DMS and CMIS 1.1: clients that nobody here wrote, and the rules one by one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::args;
use crate::support::{Sandbox, program, python_client, real_data, root};

/// Strict, open to everybody.
pub const STRICT: &str = "dms-attrappenburg";
/// Lenient, with user and password.
pub const LENIENT: &str = "dms-pruefstedt";

pub struct Dms {
    child: Child,
    systems: Value,
    _sandbox: Sandbox,
}

impl Drop for Dms {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| {
            panic!("{e}: {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }

    /// The status and the name of the error.
    pub fn error(&self) -> (u16, String) {
        (self.status, self.json()["exception"].as_str().unwrap_or_default().to_owned())
    }
}

impl Dms {
    pub fn up() -> Self {
        let sandbox = Sandbox::new();
        let text = std::fs::read_to_string(root().join("fixtures/organisation/probeland.toml"));
        let plain = format!("id = \"{LENIENT}\"\n");
        let lenient =
            format!("{plain}mode = \"lenient\"\nuser = \"technik\"\npassword = \"geh:eim\"\n");
        let text = text.unwrap().replacen(&plain, &lenient, 1);
        let organisation = sandbox.write("organisation.toml", &text);
        let mut child = Command::new(program())
            .args(args!["fake", "up", "--organisation", organisation, "--format", "json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, systems: serde_json::from_str(&line).unwrap(), _sandbox: sandbox }
    }

    /// The address of a system, as the program lists it.
    pub fn url_of(&self, binding: &str, system: &str) -> String {
        let key = if binding == "atom" { "atom_url" } else { "url" };
        let list = self.systems["systems"].as_array().unwrap();
        list.iter().find(|s| s["id"] == system).unwrap()[key].as_str().unwrap().to_owned()
    }

    pub fn send(&self, system: &str, method: &str, below: &str, head: &str, body: &[u8]) -> Answer {
        let url = self.url_of("browser", system);
        Self::send_to(system, method, &format!("{url}{below}"), head, body)
    }

    pub fn send_to(system: &str, method: &str, url: &str, head: &str, body: &[u8]) -> Answer {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let auth = if system == LENIENT && !head.contains("Authorization") {
            "Authorization: Basic dGVjaG5pazpnZWg6ZWlt\r\n"
        } else {
            ""
        };
        write!(
            stream,
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{auth}{head}\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: all[end + 4..].to_vec() }
    }

    pub fn get(&self, below: &str) -> Answer {
        self.send(STRICT, "GET", below, "", b"")
    }

    /// Posts a form of `a=b` pairs; the values may be anything.
    pub fn form(&self, system: &str, below: &str, fields: &[(&str, &str)]) -> Answer {
        let percent = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
        let pairs: Vec<String> =
            fields.iter().map(|(n, v)| format!("{}={}", percent(n), percent(v))).collect();
        let head = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.send(system, "POST", below, head, pairs.join("&").as_bytes())
    }

    /// An action with `objectId`, and properties behind `--`.
    pub fn act(&self, action: &str, id: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("cmisaction", action), ("objectId", id), ("succinct", "true")];
        let mut names = Vec::new();
        for (index, (name, value)) in fields.iter().enumerate() {
            // `name:` with a colon is a property, all else a control.
            if name.contains(':') {
                names.push((index, *name, *value));
            } else {
                all.push((name, value));
            }
        }
        let named: Vec<(String, String)> = names
            .iter()
            .enumerate()
            .flat_map(|(n, (_, name, value))| {
                [
                    (format!("propertyId[{n}]"), (*name).to_owned()),
                    (format!("propertyValue[{n}]"), (*value).to_owned()),
                ]
            })
            .collect();
        all.extend(named.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        self.form(STRICT, "/root", &all)
    }

    pub fn made(&self, action: &str, parent: &str, kind: &str, name: &str) -> String {
        let fields = [("cmis:objectTypeId", kind), ("cmis:name", name)];
        let answer = self.act(action, parent, &fields);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["succinctProperties"]["cmis:objectId"].as_str().unwrap().to_owned()
    }

    pub fn folder(&self, parent: &str, name: &str) -> String {
        self.made("createFolder", parent, "cmis:folder", name)
    }

    pub fn document(&self, parent: &str, name: &str) -> String {
        self.made("createDocument", parent, "cmis:document", name)
    }

    pub fn property(&self, id: &str, property: &str) -> Value {
        let below = format!("/root?objectId={id}&cmisselector=object&succinct=true");
        self.get(&below).json()["succinctProperties"][property].clone()
    }

    fn names(&self, below: &str) -> Vec<String> {
        let list = self.get(below).json();
        let rows = list["objects"].as_array().or_else(|| list["results"].as_array()).unwrap();
        rows.iter()
            .map(|o| if o["object"].is_object() { &o["object"] } else { o })
            .map(|o| o["succinctProperties"]["cmis:name"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn python(script: &str, args: &[&str]) -> Option<String> {
    let python = python_client()?;
    let script = root().join("tests").join(script);
    let done = Command::new(python).arg(script).args(args).output().unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{error}");
    Some(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// What of the kit does not pass at a strict system over the browser binding, and why that is right.
/// Over AtomPub all of it does: there the kit's client looks for the working copy itself.
const NOT_AT_A_STRICT_ONE: [(&str, &str, &str); 1] = [(
    "versioning",
    "cancel_checkout",
    "it cancels by the id of the original; CMIS 1.1 2.2.7.2 wants that of the working copy",
)];

#[test]
fn the_compatibility_kit_passes() {
    let dms = Dms::up();
    for (binding, system, password, exceptions) in [
        ("browser", STRICT, "", &NOT_AT_A_STRICT_ONE[..]),
        ("browser", LENIENT, "geh:eim", &[]),
        ("atom", STRICT, "", &[]),
        ("atom", LENIENT, "geh:eim", &[]),
    ] {
        let url = dms.url_of(binding, system);
        let Some(out) = python("cmis_kit.py", &[binding, &url, "technik", password]) else {
            return;
        };
        let results: Vec<Vec<String>> =
            out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(results.len(), 55, "{out}");
        for line in &results {
            let excused = exceptions.iter().any(|(s, t, _)| line[0] == *s && line[1] == *t);
            // Tests of what does not pass would prove nothing if they passed after all.
            assert_eq!(line[2] == "pass", !excused, "{binding} {system}: {line:?}");
        }
    }
}

#[test]
fn cmislib_works_with_it() {
    let dms = Dms::up();
    for binding in ["browser", "atom"] {
        for (system, password) in [(STRICT, ""), (LENIENT, "geh:eim")] {
            let url = dms.url_of(binding, system);
            let args = [binding, &url, "technik", password];
            let Some(out) = python("cmis_client.py", &args) else { return };
            assert_eq!(out, "fine\n", "{binding} {system}");
        }
    }
}

#[test]
fn forms_are_read_in_the_character_set_they_have() {
    let Some(folder) = real_data("cases/51-cmis-form-encoding") else { return };
    let dms = Dms::up();
    let head = std::fs::read_to_string(folder.join("header.txt")).unwrap();
    let head = format!("{}\r\n", head.trim());
    let post = |system, case: &str| {
        let parent = match system {
            STRICT => dms.folder("root-folder", case),
            _ => "root-folder".to_owned(),
        };
        let body = std::fs::read(folder.join(format!("{case}.bin"))).unwrap();
        dms.send(system, "POST", &format!("/root?objectId={parent}&succinct=true"), &head, &body)
    };
    let names = |answer: Answer| {
        assert_eq!(answer.status, 201);
        let p = &answer.json()["succinctProperties"];
        (p["cmis:name"].clone(), p["cmis:contentStreamFileName"].clone())
    };
    let long = json!("Prüfung der Straße – Teil 'A'.pdf");
    for case in ["1-utf8-with-charset-field", "2-utf8-without-charset-field"] {
        assert_eq!(names(post(STRICT, case)), (long.clone(), json!("Prüfung.pdf")));
    }
    let latin = (json!("Prüfung Straße.pdf"), json!("Prüfung.pdf"));
    assert_eq!(names(post(STRICT, "3-latin1-with-charset-field")), latin);
    let without = post(STRICT, "4-latin1-without-charset-field");
    assert_eq!(without.error(), (400, "invalidArgument".into()));
    assert_eq!(names(post(LENIENT, "4-latin1-without-charset-field")), latin);
    assert_eq!(names(post(STRICT, "5-order-swapped")).0, json!("Zweite.pdf"));
}

#[test]
fn names_tokens_and_pages_follow_the_standard() {
    let dms = Dms::up();
    let akte = dms.folder("root-folder", "Akte 1");
    for name in ["c.txt", "a.txt", "b.txt"] {
        dms.document(&akte, name);
    }
    let twice = [("cmis:objectTypeId", "cmis:document"), ("cmis:name", "a.txt")];
    let error = dms.act("createDocument", &akte, &twice).error();
    assert_eq!(error, (409, "nameConstraintViolation".into()));
    // A change token is good for one change (section 2.2.1.3).
    let token = dms.property(&akte, "cmis:changeToken");
    let update = |name| {
        let fields = [("changeToken", token.as_str().unwrap()), ("cmis:name", name)];
        dms.act("update", &akte, &fields)
    };
    assert_eq!(update("Akte 2").status, 200);
    assert_eq!(update("Akte 3").error(), (409, "updateConflict".into()));
    assert_eq!(dms.property(&akte, "cmis:name"), "Akte 2");
    // Pages (section 2.2.1.1).
    let page = |more: &str| {
        let below = format!("/root?objectId={akte}&cmisselector=children&succinct=true&{more}");
        dms.names(&below)
    };
    assert_eq!(page("orderBy=cmis%3Aname&maxItems=2"), ["a.txt", "b.txt"]);
    assert_eq!(page("orderBy=cmis%3Aname&maxItems=2&skipCount=2"), ["c.txt"]);
    let answer = dms.get("/root/gibt/es/nicht");
    assert_eq!(answer.error(), (404, "objectNotFound".into()));
    assert!(
        answer.head.to_lowercase().contains("content-type: application/json"),
        "{}",
        answer.head
    );
}
