//! The binding without a network: what is noted, what is forgotten, what nobody should send.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use crate::channel::Observer;
use crate::channel::http::{Reply, Request};
use crate::fake_system::dms::Dms;
use crate::fake_system::scripted::{Fake, Refusal};
use crate::ids::{ComponentKind, SystemId};
use crate::organisation::{FakeKind, Mode, System};
use crate::xml::{Element, parse};

const ENTRY: &str = "application/atom+xml;type=entry";

#[derive(Default)]
struct Notes(Mutex<Vec<(String, String)>>);

impl Observer for Notes {
    fn request(&self, _: &SystemId, _: &str, _: &str, _: &[u8]) -> u64 {
        0
    }
    fn answer(&self, _: u64, _: &[u8], _: Option<&str>) {}
    fn observation(&self, _: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        assert_eq!(exchange, Some(7));
        self.0.lock().unwrap().push((clause.to_owned(), detail.to_owned()));
    }
}

struct Bench {
    dms: Dms,
    notes: Arc<Notes>,
}

/// Status, body.
type Got = (u16, Vec<u8>);

impl Bench {
    fn new(mode: Mode) -> Self {
        let system = System {
            expects: None,
            application: vec![],
            tls: None,
            folder: None,
            xdomea_schemas: None,
            recipients: crate::organisation::Recipients::Any,
            id: SystemId::from("dms"),
            kind: ComponentKind::Dms,
            fake: FakeKind::Dms,
            receiver: String::new(),
            listen: None,
            mode,
            user: None,
            password: None,
            answer: Vec::new(),
        };
        let notes = Arc::new(Notes::default());
        let dms = Dms::new(&system, notes.clone(), "http://127.0.0.1:1/cmis/akte");
        Self { dms, notes }
    }

    fn request(method: &str, below: &str, content_type: &str, body: &[u8]) -> Request {
        let (path, query) = below.split_once('?').unwrap_or((below, ""));
        Request {
            method: method.into(),
            path: format!("/cmis/atom{path}"),
            query: query.into(),
            content_type: content_type.into(),
            headers: Vec::new(),
            body: Bytes::copy_from_slice(body),
            raw: Bytes::new(),
            exchange: 7,
        }
    }

    fn send(&self, method: &str, below: &str, content_type: &str, body: &[u8]) -> Got {
        got(self.dms.reply(&Self::request(method, below, content_type, body), true))
    }

    fn get(&self, below: &str) -> Element {
        let (status, body) = self.send("GET", below, "", b"");
        assert_eq!(status, 200, "{below}: {}", String::from_utf8_lossy(&body));
        parse(&body).unwrap().root
    }

    /// Posts to the root folder; the new object's id.
    fn made(&self, body: &str) -> String {
        let (status, body) = self.send("POST", "/children?id=root-folder", ENTRY, body.as_bytes());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
        property(&parse(&body).unwrap().root, "cmis:objectId").remove(0)
    }

    fn clauses(&self) -> Vec<String> {
        self.notes.0.lock().unwrap().drain(..).map(|(clause, _)| clause).collect()
    }

    fn children(&self) -> usize {
        self.get("/children?id=root-folder").elements_at("entry").len()
    }
}

fn got(reply: Reply) -> Got {
    match reply {
        Reply::Answer { status, body, .. } => (status, body),
        other => panic!("{other:?}"),
    }
}

fn property(entry: &Element, id: &str) -> Vec<String> {
    let all = entry.elements_at("object/properties").into_iter().flat_map(Element::elements);
    let mut one = all.filter(|p| p.attribute("propertyDefinitionId") == Some(id));
    one.next()
        .map(|p| p.elements_at("value").iter().map(|v| v.text()).collect())
        .unwrap_or_default()
}

fn entry(title: &str, kind: &str, more: &str) -> String {
    format!(
        "<entry xmlns='http://www.w3.org/2005/Atom' \
         xmlns:c='http://docs.oasis-open.org/ns/cmis/core/200908/' \
         xmlns:r='http://docs.oasis-open.org/ns/cmis/restatom/200908/'><id>urn:x</id>\
         <title>{title}</title><updated>2026-01-01T00:00:00Z</updated>{more}\
         <r:object><c:properties><c:propertyId propertyDefinitionId='cmis:objectTypeId'>\
         <c:value>{kind}</c:value></c:propertyId></c:properties></r:object></entry>"
    )
}

fn name_of(error: &Got) -> (u16, String) {
    let text = String::from_utf8(error.1.clone()).unwrap();
    let name = text.split("<!--exception-->").nth(1).unwrap_or("-").split("<!--").next().unwrap();
    (error.0, name.to_owned())
}

#[test]
fn strict_refuses_what_lenient_only_notes() {
    let fine = entry("a", "cmis:document", "");
    let with = |property: &str| {
        let kind = fine.replace(">cmis:document<", ">dokument:Dokument<");
        kind.replace("</c:properties>", &format!("{property}</c:properties>"))
    };
    let cases = [
        ("CMIS 1.1 3.3", "text/xml", fine.clone(), (415, "invalidArgument")),
        (
            "CMIS 1.1 3.4, CMIS-Core.xsd",
            ENTRY,
            fine.replace("core/200908", "core/200901"),
            (400, "invalidArgument"),
        ),
        (
            "CMIS 1.1 3.4, CMIS-Core.xsd",
            ENTRY,
            with(
                "<c:propertyString propertyDefinitionId='dokument:seiten'><c:value>3</c:value>\
                  </c:propertyString>",
            ),
            (400, "invalidArgument"),
        ),
        (
            "CMIS 1.1 2.1.2.1",
            ENTRY,
            with(
                "<c:propertyDateTime propertyDefinitionId='dokument:eingang'><c:value>\
                  2026-02-03T04:05:06</c:value></c:propertyDateTime>",
            ),
            (400, "invalidArgument"),
        ),
        (
            "CMIS 1.1 3.4",
            ENTRY,
            entry("a", "cmis:document", "<content src='http://127.0.0.1:1/'/>"),
            (405, "notSupported"),
        ),
        (
            "CMIS 1.1 2.1.5",
            ENTRY,
            entry(
                "a",
                "cmis:folder",
                "<r:content><r:mediatype>text/plain</r:mediatype><r:base64/></r:content>",
            ),
            (403, "streamNotSupported"),
        ),
        ("CMIS 1.1 2.2.4", ENTRY, entry("a", "gibt:esnicht", ""), (409, "constraint")),
    ];
    for (clause, media_type, body, (status, name)) in cases {
        let strict = Bench::new(Mode::Strict);
        let below = "/children?id=root-folder";
        let error = strict.send("POST", below, media_type, body.as_bytes());
        assert_eq!(name_of(&error), (status, name.to_owned()), "{body}");
        assert_eq!(strict.clauses(), [clause], "{body}");
        assert_eq!(strict.children(), 0);
        let lenient = Bench::new(Mode::Lenient);
        let done = lenient.send("POST", below, media_type, body.as_bytes());
        assert_eq!(done.0, 201, "{body}: {}", String::from_utf8_lossy(&done.1));
        assert!(lenient.clauses().contains(&clause.to_owned()), "{body}");
        assert_eq!(lenient.children(), 1);
    }
    let strict = Bench::new(Mode::Strict);
    strict.made(&fine);
    assert_eq!(strict.clauses(), [""; 0], "nothing to note about a right entry");
}

#[test]
fn what_is_sent_without_time_zone_is_utc_where_it_is_taken() {
    let bench = Bench::new(Mode::Lenient);
    let date = "<c:propertyDateTime propertyDefinitionId='dokument:eingang'><c:value>\
                2026-02-03T04:05:06</c:value></c:propertyDateTime></c:properties>";
    let id = bench.made(&entry("a", "dokument:Dokument", "").replace("</c:properties>", date));
    let shown = bench.get(&format!("/object?id={id}"));
    assert_eq!(property(&shown, "dokument:eingang"), ["2026-02-03T04:05:06.000Z"]);
}

#[test]
fn an_entry_can_be_edited_and_sent_back_whole() {
    let bench = Bench::new(Mode::Strict);
    for kind in ["cmis:document", "cmis:folder"] {
        let id = bench.made(&entry(&format!("alt {kind}"), kind, ""));
        let below = format!("/object?id={id}&includeAllowableActions=true&includeACL=true");
        let (_, text) = bench.send("GET", &below, "", b"");
        let before = parse(&text).unwrap().root;
        let text = String::from_utf8(text).unwrap();
        let put =
            |text: &str| bench.send("PUT", &format!("/object?id={id}"), ENTRY, text.as_bytes());
        let new = text.replacen(&format!("<atom:title>alt {kind}<"), "<atom:title>neu<", 1);
        let (status, after) = put(&new);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&after));
        let after = parse(&after).unwrap().root;
        assert_eq!(property(&after, "cmis:name"), ["neu"]);
        assert_eq!(property(&after, "cmis:createdBy"), property(&before, "cmis:createdBy"));
        assert_eq!(property(&after, "cmis:contentStreamLength"), [""; 0], "no content appears");
        // The token went along with it, and is spent.
        assert_eq!(name_of(&put(&new)), (409, "updateConflict".into()));
        // What nobody can set is refused as soon as it is another value.
        let forged = text
            .replacen(">datendrehscheibe</cmis:value>", ">jemand</cmis:value>", 1)
            .replacen("<cmis:value>1</cmis:value>", "<cmis:value>2</cmis:value>", 1);
        assert_eq!(name_of(&put(&forged)), (409, "constraint".into()));
        bench.send("DELETE", &format!("/object?id={id}"), "", b"");
    }
}

#[test]
fn content_comes_in_every_way_that_atom_has() {
    let bench = Bench::new(Mode::Strict);
    let cases = [
        ("<content>Stra\u{DF}e &amp; 1</content>", "text/plain; charset=UTF-8", "Straße & 1"),
        ("<content type='html'>&lt;b&gt;</content>", "text/html; charset=UTF-8", "<b>"),
        ("<content type='text/csv'>a;b</content>", "text/csv", "a;b"),
        ("<content type='image/png'> aGFs\n bG8= </content>", "image/png", "hallo"),
        (
            "<content type='text'>nicht das</content><r:content><r:mediatype>x/y</r:mediatype>\
             <r:base64>aGFs bG8=</r:base64></r:content>",
            "x/y",
            "hallo",
        ),
    ];
    for (number, (sent, media_type, wanted)) in cases.into_iter().enumerate() {
        let id = bench.made(&entry(&format!("d{number}"), "cmis:document", sent));
        let shown = bench.get(&format!("/object?id={id}"));
        assert_eq!(property(&shown, "cmis:contentStreamMimeType"), [media_type]);
        assert_eq!(property(&shown, "cmis:contentStreamFileName"), [format!("d{number}")]);
        let (status, bytes) = bench.send("GET", &format!("/content?id={id}"), "", b"");
        assert_eq!((status, String::from_utf8(bytes).unwrap()), (200, wanted.to_owned()));
    }
    let xml = "<content type='application/xml'><a xmlns='urn:a'><b>1</b></a></content>";
    let id = bench.made(&entry("x", "cmis:document", xml));
    let inside = bench.get(&format!("/content?id={id}"));
    assert_eq!((inside.namespace.as_str(), inside.child_text("b")), ("urn:a", Some("1".into())));
    let bad = entry("y", "cmis:document", "<content type='image/png'>?</content>");
    let error = bench.send("POST", "/children?id=root-folder", ENTRY, bad.as_bytes());
    assert_eq!(name_of(&error), (400, "invalidArgument".into()));
}

#[test]
fn what_is_not_to_be_kept_is_answered_all_the_same() {
    let bench = Bench::new(Mode::Strict);
    let body = entry("a", "cmis:document", "");
    let request = Bench::request("POST", "/children?id=root-folder", ENTRY, body.as_bytes());
    let (status, text) = got(bench.dms.reply(&request, false));
    assert_eq!(status, 201);
    let id = property(&parse(&text).unwrap().root, "cmis:objectId").remove(0);
    assert_eq!(bench.children(), 0);
    let error = bench.send("GET", &format!("/object?id={id}"), "", b"");
    assert_eq!(name_of(&error), (404, "objectNotFound".into()));
    assert_ne!(bench.made(&body), id, "an id is never used twice");
}

#[test]
fn refusals_are_told_as_the_binding_tells_errors() {
    let bench = Bench::new(Mode::Strict);
    let request = Bench::request("GET", "", "", b"");
    let reply = got(bench.dms.refusal_of(&request, Refusal::NotNow));
    assert_eq!(name_of(&reply), (503, "runtime".into()));
    let reply = got(bench.dms.refusal_of(&request, Refusal::NoSpace));
    assert_eq!(name_of(&reply), (500, "storage".into()));
    let mut other = request;
    other.path = "/cmis/akte/root".into();
    let (status, body) = got(bench.dms.refusal_of(&other, Refusal::NotNow));
    assert_eq!(status, 503);
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["exception"], "runtime");
}

#[test]
fn a_value_that_xml_cannot_write_does_not_spoil_the_feed() {
    let bench = Bench::new(Mode::Strict);
    let form = "cmisaction=createFolder&propertyId[0]=cmis:objectTypeId&propertyValue[0]=cmis:folder\
                &propertyId[1]=cmis:name&propertyValue[1]=a&propertyId[2]=cmis:description\
                &propertyValue[2]=a%01b";
    let media_type = "application/x-www-form-urlencoded";
    let mut request = Bench::request("POST", "", media_type, form.as_bytes());
    request.path = "/cmis/akte/root".into();
    assert_eq!(got(bench.dms.reply(&request, true)).0, 201);
    let feed = bench.get("/children?id=root-folder");
    assert_eq!(property(feed.child("entry").unwrap(), "cmis:description"), ["a\u{FFFD}b"]);
}

/// Whatever comes, there is an answer, and it is the sender's fault.
#[test]
fn broken_requests_are_refused_one_by_one() {
    let bench = Bench::new(Mode::Lenient);
    let whole = entry("a", "dokument:Dokument", "<content type='text/csv'>a;b</content>");
    let mut state: u64 = 20_261_128;
    let mut next = |most: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % most
    };
    let targets = [
        ("POST", "/children?id=root-folder", ENTRY),
        ("POST", "/children?id=root-folder&sourceFolderId=x", ENTRY),
        ("POST", "/checkedout", ENTRY),
        ("POST", "/update", ENTRY),
        ("PUT", "/object?id=root-folder", ENTRY),
        ("PUT", "/object?id=root-folder&checkin=true", ENTRY),
        ("PUT", "/acl?id=root-folder", "application/cmisacl+xml"),
        ("POST", "/query", "application/cmisquery+xml"),
    ];
    let mut refused = 0;
    for round in 0..1_500 {
        let mut body = whole.clone().into_bytes();
        for _ in 0..=next(4) {
            let at = next(body.len());
            match next(3) {
                0 => body.truncate(at.max(1)),
                1 => body[at] = u8::try_from(next(256)).unwrap(),
                _ => {
                    let copy: Vec<u8> = body[at..(at + 40).min(body.len())].to_vec();
                    body.splice(at..at, copy);
                }
            }
        }
        let (method, below, media_type) = targets[round % targets.len()];
        let (status, text) = bench.send(method, below, media_type, &body);
        assert!(status < 500, "{status}: {}", String::from_utf8_lossy(&text));
        refused += usize::from(status >= 400);
    }
    assert!(refused > 1_000, "{refused}");
    let many = "<a>".repeat(100_000);
    let bomb =
        "<!DOCTYPE a [<!ENTITY b 'c'>]><entry xmlns='http://www.w3.org/2005/Atom'>&b;</entry>";
    for body in [many.as_str(), bomb, "", "<a/>", "\u{FEFF}"] {
        let error = bench.send("POST", "/children?id=root-folder", ENTRY, body.as_bytes());
        assert_eq!(name_of(&error), (400, "invalidArgument".into()));
    }
    for below in [
        "/object",
        "/object?id=%FF",
        "/children?id=root-folder&maxItems=-1",
        "/children?id=root-folder&maxItems=99999999999999999999",
        "/children?id=root-folder&orderBy=a%20b%20c",
        "/descendants?id=root-folder&depth=0",
        "/typedescendants?depth=x",
        "/object?id=root-folder&includeRelationships=x",
        "/object?id=root-folder&returnVersion=x",
        "/changes?changeLogToken=x",
        "/query",
        "/query?q=SELECT",
    ] {
        let error = bench.send("GET", below, "", b"");
        assert_eq!(name_of(&error), (400, "invalidArgument".into()), "{below}");
    }
    let huge = format!("/children?id=root-folder&maxItems=3&skipCount={}", usize::MAX);
    assert_eq!(bench.send("GET", &huge, "", b"").0, 200);
    let error = bench.send("GET", "/object?id=root-folder&filter=a,,b", "", b"");
    assert_eq!(name_of(&error), (400, "filterNotValid".into()));
    assert_eq!(name_of(&bench.send("GET", "/nirgends", "", b"")), (404, "objectNotFound".into()));
    assert_eq!(name_of(&bench.send("PATCH", "/object", "", b"")), (405, "notSupported".into()));
}
