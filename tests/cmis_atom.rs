//! The AtomPub binding of the DMS: rules one by one, and a client that follows every link.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use pruefstand::xml::{Element, escape_text, parse};

use crate::cmis::{Answer, Dms, LENIENT, STRICT};
use crate::support::{Sandbox, tool};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const ENTRY: &str = "Content-Type: application/atom+xml;type=entry\r\n";

/// The AtomPub side of a DMS.
struct Atom {
    dms: Dms,
    base: String,
}

impl Atom {
    fn up() -> Self {
        let dms = Dms::up();
        let base = dms.url_of("atom", STRICT);
        Self { dms, base }
    }

    fn send(&self, method: &str, below: &str, head: &str, body: &str) -> Answer {
        let url = format!("{}{below}", self.base);
        Dms::send_to(STRICT, method, &url, head, body.as_bytes())
    }

    fn get(&self, below: &str) -> Element {
        root_of(&self.send("GET", below, "", ""), 200)
    }

    /// Posts an entry; the new object's id.
    fn made(&self, below: &str, body: &str) -> String {
        let entry = root_of(&self.send("POST", below, ENTRY, body), 201);
        one(&entry, "cmis:objectId")
    }

    fn folder(&self, parent: &str, name: &str) -> String {
        self.made(&format!("/children?id={parent}"), &entry(name, "cmis:folder", ""))
    }

    fn document(&self, parent: &str, name: &str) -> String {
        self.made(&format!("/children?id={parent}"), &entry(name, "cmis:document", ""))
    }

    fn property(&self, id: &str, property: &str) -> String {
        one(&self.get(&format!("/object?id={id}")), property)
    }

    /// Follows an address out of a document.
    fn follow(url: &str) -> Element {
        root_of(&Dms::send_to(STRICT, "GET", url, "", b""), 200)
    }
}

fn root_of(answer: &Answer, status: u16) -> Element {
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, status, "{text}");
    parse(&answer.body).unwrap_or_else(|e| panic!("{e}: {text}")).root
}

/// Status and name of an error.
fn error(answer: &Answer) -> (u16, String) {
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let name = text.split("<!--exception-->").nth(1).unwrap_or_else(|| panic!("no error: {text}"));
    (answer.status, name.split("<!--").next().unwrap().to_owned())
}

fn header(answer: &Answer, name: &str) -> Option<String> {
    answer.head.lines().find_map(|line| {
        let (n, value) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn properties(entry: &Element) -> BTreeMap<String, Vec<String>> {
    let all = entry.elements_at("object/properties").into_iter().flat_map(Element::elements);
    let values = |p: &Element| p.elements_at("value").iter().map(|v| v.text()).collect();
    all.map(|p| (p.attribute("propertyDefinitionId").unwrap().to_owned(), values(p))).collect()
}

fn one(entry: &Element, property: &str) -> String {
    properties(entry).get(property).and_then(|v| v.first()).cloned().unwrap_or_default()
}

fn names(feed: &Element) -> Vec<String> {
    feed.elements_at("entry").into_iter().map(|e| one(e, "cmis:name")).collect()
}

fn link(document: &Element, rel: &str) -> Option<String> {
    let links = document.elements().filter(|e| e.name == "link" && e.namespace == ATOM);
    let mut right = links.filter(|l| l.attribute("rel") == Some(rel));
    right.next().map(|l| l.attribute("href").unwrap().to_owned())
}

fn entry(title: &str, kind: &str, more: &str) -> String {
    entry_of(title, &[("Id", "cmis:objectTypeId", kind)], more)
}

/// An entry with properties: element, id, value.
fn entry_of(title: &str, properties: &[(&str, &str, &str)], more: &str) -> String {
    let mut escaped = String::new();
    escape_text(title, &mut escaped);
    let properties: String = properties
        .iter()
        .map(|(element, id, value)| {
            format!(
                "<c:property{element} propertyDefinitionId='{id}'><c:value>{value}</c:value>\
                 </c:property{element}>"
            )
        })
        .collect();
    format!(
        "<entry xmlns='{ATOM}' xmlns:c='http://docs.oasis-open.org/ns/cmis/core/200908/' \
         xmlns:r='http://docs.oasis-open.org/ns/cmis/restatom/200908/'><id>urn:x</id>\
         <title>{escaped}</title><updated>2026-01-01T00:00:00Z</updated>\
         <r:object><c:properties>{properties}</c:properties>{more}</r:object></entry>"
    )
}

#[test]
fn an_object_is_the_same_over_both_bindings() {
    let atom = Atom::up();
    let folder = atom.folder("root-folder", "Akte & Co");
    let fields = [
        ("cmis:objectTypeId", "dokument:Dokument"),
        ("cmis:name", "Prüfung <1>.txt"),
        ("dokument:dokumentart", "Antrag"),
        ("dokument:datum", "1770000000123"),
        ("dokument:seiten", "12"),
        ("dokument:vertraulich", "true"),
        ("dokument:betreff", " zwei\r\nZeilen "),
    ];
    let made = atom.dms.act("createDocument", &folder, &fields);
    assert_eq!(made.status, 201);
    let made = made.json()["succinctProperties"]["cmis:objectId"].as_str().unwrap().to_owned();
    let written = [
        ("Id", "cmis:objectTypeId", "vorgang:Vorgang"),
        ("String", "vorgang:nummer", "00017"),
        ("Decimal", "vorgang:gebuehr", "0.10"),
        ("DateTime", "vorgang:eingang", "2026-02-02T03:40:00.123+01:00"),
    ];
    let case = atom.made(&format!("/children?id={folder}"), &entry_of("Vorgang", &written, ""));
    let mut compared = 0;
    for id in [&made, &case, &folder] {
        let below = format!("/root?objectId={id}&cmisselector=object&succinct=true");
        let json = atom.dms.get(&format!("{below}&dateTimeFormat=extended")).json();
        let json = json["succinctProperties"].as_object().unwrap().clone();
        let shown = properties(&atom.get(&format!("/object?id={id}")));
        assert_eq!(json.keys().collect::<BTreeSet<_>>(), shown.keys().collect());
        for (property, value) in json {
            let texts: Vec<String> = match value {
                serde_json::Value::Null => Vec::new(),
                serde_json::Value::String(text) => vec![text],
                serde_json::Value::Array(many) => {
                    many.iter().map(|v| v.as_str().unwrap().to_owned()).collect()
                }
                other => vec![other.to_string()],
            };
            assert_eq!(shown[&property], texts, "{id} {property}");
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared}");
    let shown = properties(&atom.get(&format!("/object?id={made}")));
    assert_eq!(shown["dokument:datum"], ["2026-02-02T02:40:00.123Z"]);
    assert_eq!(shown["dokument:betreff"], [" zwei\r\nZeilen "]);
    assert_eq!(atom.dms.property(&case, "vorgang:eingang"), 1_770_000_000_123_i64);
    assert_eq!(atom.dms.property(&case, "vorgang:gebuehr"), 0.1);
    assert_eq!(atom.dms.property(&case, "cmis:path"), "/Akte & Co/Vorgang");
    let found = atom.get("/path?path=%2FAkte%20%26%20Co%2FPr%C3%BCfung%20%3C1%3E.txt");
    assert_eq!(one(&found, "cmis:objectId"), made);
    // The content too, whichever side it came in by.
    let head = "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=\"x.csv\"; \
                filename*=UTF-8''%C3%96l.csv\r\n";
    let put = atom.send("PUT", &format!("/content?id={made}"), head, "a;b");
    assert_eq!(put.status, 201);
    assert_eq!(header(&put, "location"), Some(format!("{}/content?id={made}", atom.base)));
    let extended = atom.send("PUT", &format!("/content?id={made}&append=true"), head, ";c");
    assert_eq!(extended.status, 200);
    let part = atom.send("GET", &format!("/content?id={made}"), "Range: bytes=2-3\r\n", "");
    assert_eq!((part.status, &part.body[..]), (206, &b"b;"[..]));
    assert_eq!(header(&part, "content-range").as_deref(), Some("bytes 2-3/5"));
    let beyond = atom.send("GET", &format!("/content?id={made}"), "Range: bytes=5-\r\n", "");
    assert_eq!(error(&beyond), (416, "invalidArgument".into()));
    let content = atom.dms.get(&format!("/root?objectId={made}&cmisselector=content"));
    assert_eq!((content.status, &content.body[..]), (200, &b"a;b;c"[..]));
    assert_eq!(atom.dms.property(&made, "cmis:contentStreamFileName"), "Öl.csv");
    // And what one side deletes is gone at the other.
    assert_eq!(atom.send("DELETE", &format!("/descendants?id={folder}"), "", "").status, 204);
    let gone = atom.dms.get(&format!("/root?objectId={made}"));
    assert_eq!(gone.error(), (404, "objectNotFound".into()));
}

#[test]
fn errors_have_the_status_that_the_standard_says() {
    let atom = Atom::up();
    let folder = atom.folder("root-folder", "Akte");
    let document = atom.document(&folder, "a.txt");
    let children = format!("/children?id={folder}");
    let object = format!("/object?id={document}");
    let content = format!("/content?id={document}");
    let is = |answer: Answer, status: u16, name: &str| {
        assert_eq!(error(&answer), (status, name.to_owned()));
    };
    let send = |method: &str, below: &str, body: &str| atom.send(method, below, ENTRY, body);
    let again = entry("a.txt", "cmis:document", "");
    is(send("POST", &children, &again), 409, "nameConstraintViolation");
    is(send("GET", "/object?id=o-9", ""), 404, "objectNotFound");
    is(send("GET", "?repositoryId=andere", ""), 404, "objectNotFound");
    assert_eq!(send("GET", "?repositoryId=akte", "").status, 200);
    is(send("GET", "/path?path=%2Fgibt%2Fes%2Fnicht", ""), 404, "objectNotFound");
    is(send("GET", &content, ""), 409, "constraint");
    is(send("GET", &format!("{object}&filter=a,,b"), ""), 400, "filterNotValid");
    is(send("DELETE", &format!("/object?id={folder}"), ""), 409, "constraint");
    let unfile = format!("/descendants?id={folder}&unfileObjects=unfile");
    is(send("DELETE", &unfile, ""), 405, "notSupported");
    let folder_content = format!("/content?id={folder}");
    is(send("PUT", &folder_content, "x"), 403, "streamNotSupported");
    is(send("POST", "/children?id=root-folder", "<entry"), 400, "invalidArgument");
    // A change token is good for one change (section 2.2.1.3).
    let renamed = |name: &str| {
        let put = format!("{object}&changeToken=1");
        send("PUT", &put, &entry(name, "cmis:document", ""))
    };
    assert_eq!(one(&root_of(&renamed("b.txt"), 200), "cmis:changeToken"), "2");
    is(renamed("c.txt"), 409, "updateConflict");
    assert_eq!(atom.property(&document, "cmis:name"), "b.txt");
    is(send("PUT", &format!("{content}&changeToken=1"), "x"), 409, "updateConflict");
    assert_eq!(send("PUT", &format!("{content}&changeToken=2"), "x").status, 201);
    is(send("PUT", &format!("{content}&overwriteFlag=false"), "y"), 409, "contentAlreadyExists");
    is(send("DELETE", &format!("{content}&changeToken=1"), ""), 409, "updateConflict");
    assert_eq!(send("GET", &content, "").body, b"x");
    // Moving: from where it lies, into one folder only.
    let moved = entry_of("b.txt", &[("Id", "cmis:objectId", &document)], "");
    let into_root = "/children?id=root-folder";
    is(send("POST", into_root, &moved), 405, "notSupported");
    let wrong = format!("{into_root}&sourceFolderId=root-folder");
    is(send("POST", &wrong, &moved), 400, "invalidArgument");
    let right = send("POST", &format!("{into_root}&sourceFolderId={folder}"), &moved);
    assert_eq!(one(&root_of(&right, 201), "cmis:objectId"), document);
    assert_eq!(names(&atom.get(&children)), [""; 0]);
    assert_eq!(names(&atom.get(into_root)), ["Akte", "b.txt"]);
    // Versions.
    let checked_out = entry_of("", &[("Id", "cmis:objectId", &document)], "");
    let copy = atom.made("/checkedout", &checked_out);
    is(send("POST", "/checkedout", &checked_out), 409, "versioning");
    is(send("PUT", &object, &entry("d.txt", "cmis:document", "")), 409, "versioning");
    is(send("PUT", &format!("{object}&checkin=true"), &checked_out), 409, "versioning");
    assert_eq!(send("DELETE", &format!("/object?id={copy}"), "").status, 204);
    assert_eq!(atom.property(&document, "cmis:isVersionSeriesCheckedOut"), "false");
    // What is not offered says what is.
    for (below, allowed) in [("/relationships?id=x", "GET"), ("/update", "POST"), ("/types", "GET")]
    {
        let answer = send(if allowed == "GET" { "POST" } else { "GET" }, below, "");
        assert_eq!(header(&answer, "allow").as_deref(), Some(allowed));
        is(answer, 405, "notSupported");
    }
    // Whoever may not, may not here either.
    let fields = [("removeACEPrincipal[0]", "anyone"), ("removeACEPermission[0][0]", "cmis:all")];
    assert_eq!(atom.dms.act("applyACL", &folder, &fields).status, 200);
    is(send("GET", &children, ""), 403, "permissionDenied");
    is(send("GET", &format!("/acl?id={folder}"), ""), 403, "permissionDenied");
    let lenient = atom.dms.url_of("atom", LENIENT);
    let nobody = Dms::send_to(LENIENT, "GET", &lenient, "Authorization: Basic eDp5\r\n", b"");
    assert!(header(&nobody, "www-authenticate").unwrap().starts_with("Basic"));
    is(nobody, 401, "permissionDenied");
}

#[test]
fn pages_follow_each_other() {
    let atom = Atom::up();
    for name in ["c", "a", "e", "b", "d"] {
        atom.folder("root-folder", name);
    }
    let first = format!(
        "{}/children?id=root-folder&maxItems=2&orderBy=cmis%3Aname%20DESC&filter=cmis%3Aname",
        atom.base
    );
    let mut page = Atom::follow(&first);
    assert_eq!(page.child_text("numItems").as_deref(), Some("5"));
    assert_eq!(link(&page, "previous"), None);
    assert_eq!(names(&Atom::follow(&link(&page, "last").unwrap())), ["a"]);
    let mut seen = vec![names(&page)];
    while let Some(next) = link(&page, "next") {
        page = Atom::follow(&next);
        let filtered = properties(page.child("entry").unwrap());
        assert_eq!(filtered.keys().collect::<Vec<_>>(), ["cmis:name"]);
        seen.push(names(&page));
    }
    assert_eq!(seen, [vec!["e", "d"], vec!["c", "b"], vec!["a"]]);
    assert_eq!(names(&Atom::follow(&link(&page, "previous").unwrap())), ["c", "b"]);
    assert_eq!(names(&Atom::follow(&link(&page, "first").unwrap())), ["e", "d"]);
    // A posted query can be read on with GET.
    let query = "<q:query xmlns:q='http://docs.oasis-open.org/ns/cmis/core/200908/'><q:statement>\
                 SELECT cmis:name AS n FROM cmis:folder WHERE cmis:name &lt; 'd' ORDER BY cmis:name\
                 </q:statement><q:maxItems>2</q:maxItems></q:query>";
    let head = "Content-Type: application/cmisquery+xml\r\n";
    let answer = atom.send("POST", "/query", head, query);
    let page = root_of(&answer, 201);
    let columns = page.elements_at("entry/object/properties/propertyString");
    assert_eq!(columns.len(), 2);
    assert!(columns.iter().all(|c| c.attribute("queryName") == Some("n")), "{columns:?}");
    // The root folder has an empty name.
    assert_eq!(names(&page), ["", "a"]);
    assert_eq!(names(&Atom::follow(&link(&page, "next").unwrap())), ["b", "c"]);
    assert_eq!(names(&Atom::follow(&header(&answer, "location").unwrap())), ["", "a"]);
}

#[test]
fn the_change_log_is_read_page_by_page() {
    let atom = Atom::up();
    let ids: Vec<String> = (0..5).map(|n| atom.folder("root-folder", &format!("{n}"))).collect();
    atom.send("DELETE", &format!("/object?id={}", ids[0]), "", "");
    let service = atom.get("");
    let info = service.elements_at("workspace/repositoryInfo")[0];
    assert_eq!(info.child_text("latestChangeLogToken").as_deref(), Some("6"));
    let changes = link(service.child("workspace").unwrap(), RELATIONS_CHANGES).unwrap();
    let events = |page: &Element| -> Vec<(String, String)> {
        let kind = |e: &Element| e.elements_at("object/changeEventInfo/changeType")[0].text();
        page.elements_at("entry").iter().map(|e| (one(e, "cmis:objectId"), kind(e))).collect()
    };
    let mut wanted: Vec<(String, String)> =
        ids.iter().map(|id| (id.clone(), "created".into())).collect();
    wanted.push((ids[0].clone(), "deleted".into()));
    assert_eq!(events(&Atom::follow(&changes)), wanted);
    for (most, repeated) in [(1, 0), (2, 1), (4, 1), (6, 0)] {
        let mut page = Atom::follow(&format!("{changes}?maxItems={most}"));
        let mut all = events(&page);
        while let Some(next) = link(&page, "next") {
            page = Atom::follow(&next);
            // A part begins with the event that its token names (section 2.2.6.2).
            let more = events(&page);
            assert_eq!(more[..repeated], all[all.len() - repeated..], "{most}");
            all.extend_from_slice(&more[repeated..]);
        }
        assert_eq!(all, wanted, "{most}");
    }
    let answer = atom.send("GET", "/changes?changeLogToken=77", "", "");
    assert_eq!(error(&answer), (400, "invalidArgument".into()));
}

const RELATIONS_CHANGES: &str = "http://docs.oasis-open.org/ns/cmis/link/200908/changes";

#[test]
fn a_list_of_permissions_is_put_as_a_whole() {
    let atom = Atom::up();
    let acl = |entries: &[(&str, &str, bool)]| {
        let entries: String = entries
            .iter()
            .map(|(who, what, direct)| {
                format!(
                    "<c:permission><c:principal><c:principalId>{who}</c:principalId></c:principal>\
                     <c:permission>{what}</c:permission><c:direct>{direct}</c:direct></c:permission>"
                )
            })
            .collect();
        let namespace = "http://docs.oasis-open.org/ns/cmis/core/200908/";
        format!("<c:acl xmlns:c='{namespace}'>{entries}</c:acl>")
    };
    let read = |root: &Element| -> Vec<(String, String, String)> {
        let text = |e: &Element, path: &str| e.elements_at(path)[0].text();
        let row = |e: &&Element| {
            (text(e, "principal/principalId"), text(e, "permission"), text(e, "direct"))
        };
        root.elements().collect::<Vec<_>>().iter().map(row).collect()
    };
    let row = |who: &str, what: &str, direct: &str| (who.into(), what.into(), direct.into());
    let more = "<c:acl><c:permission><c:principal><c:principalId>neu</c:principalId></c:principal>\
                <c:permission>cmis:read</c:permission><c:direct>true</c:direct></c:permission></c:acl>";
    let made = entry("Akte", "cmis:folder", more);
    let made = root_of(&atom.send("POST", "/children?id=root-folder", ENTRY, &made), 201);
    // Clients merge what they want to add with what comes back.
    assert_eq!(made.elements_at("object/acl/permission").len(), 2);
    let folder = one(&made, "cmis:objectId");
    let inside = atom.document(&folder, "a");
    let below = format!("/acl?id={folder}");
    let inherited = row("anyone", "cmis:all", "false");
    assert_eq!(read(&atom.get(&below)), [inherited.clone(), row("neu", "cmis:read", "true")]);
    let head = "Content-Type: application/cmisacl+xml\r\n";
    let put = |below: &str, list: &str| root_of(&atom.send("PUT", below, head, list), 200);
    let list = acl(&[("amt", "cmis:write", true), ("anyone", "cmis:read", false)]);
    let after = put(&below, &list);
    // Direct entries are those of the list, inherited ones what they were.
    assert_eq!(read(&after), [inherited.clone(), row("amt", "cmis:write", "true")]);
    let there = read(&atom.get(&format!("/acl?id={inside}")));
    assert!(there.contains(&row("amt", "cmis:write", "false")), "{there:?}");
    // For the folder alone.
    put(&format!("{below}&ACLPropagation=objectonly"), &acl(&[]));
    assert_eq!(read(&atom.get(&below)), [inherited]);
    let there = read(&atom.get(&format!("/acl?id={inside}")));
    assert!(there.contains(&row("amt", "cmis:write", "false")), "{there:?}");
    let bad = atom.send("PUT", &below, head, &acl(&[("amt", "cmis:alles", true)]));
    assert_eq!(error(&bad), (409, "constraint".into()));
    let shown = atom.get(&format!("/object?id={inside}&includeACL=true"));
    assert_eq!(shown.elements_at("object/exactACL").len(), 1);
    assert_eq!(shown.elements_at("object/acl/permission").len(), there.len());
}

#[test]
fn many_objects_change_with_one_request() {
    let atom = Atom::up();
    let (a, b) = (atom.document("root-folder", "a"), atom.document("root-folder", "b"));
    let body = format!(
        "<entry xmlns='{ATOM}' xmlns:c='http://docs.oasis-open.org/ns/cmis/core/200908/' \
         xmlns:r='http://docs.oasis-open.org/ns/cmis/restatom/200908/'><title>Sammeländerung</title><r:bulkUpdate>\
         <c:objectIdAndChangeToken><c:id>{a}</c:id><c:changeToken>1</c:changeToken>\
         </c:objectIdAndChangeToken><c:objectIdAndChangeToken><c:id>{b}</c:id><c:changeToken>9\
         </c:changeToken></c:objectIdAndChangeToken><c:properties><c:propertyString \
         propertyDefinitionId='cmis:description'><c:value>neu</c:value></c:propertyString>\
         </c:properties></r:bulkUpdate></entry>"
    );
    let feed = root_of(&atom.send("POST", "/update", ENTRY, &body), 201);
    assert_eq!(names(&feed), ["a"], "the token of the other one is not the current one");
    assert_eq!(atom.property(&a, "cmis:description"), "neu");
    assert_eq!(atom.property(&b, "cmis:description"), "");
}

/// A client that knows the address of the service document, and follows what it finds.
#[test]
fn every_link_leads_to_what_it_promises() {
    let atom = Atom::up();
    let folder = atom.folder("root-folder", "Akte");
    let sub = atom.folder(&folder, "Unter & über");
    let document = atom.document(&sub, "a.txt");
    atom.document(&folder, "leer");
    let content = format!("/content?id={document}");
    assert_eq!(atom.send("PUT", &content, "Content-Type: text/plain\r\n", "x").status, 201);
    atom.made("/checkedout", &entry_of("", &[("Id", "cmis:objectId", &document)], ""));
    let mut open = vec![(atom.base.clone(), Some("application/atomsvc+xml".to_owned()))];
    let mut seen = BTreeSet::new();
    let mut met = BTreeSet::new();
    while let Some((url, media_type)) = open.pop() {
        if !seen.insert((url.clone(), media_type.clone())) {
            continue;
        }
        assert!(seen.len() < 2_000, "the links have no end: {url}");
        assert!(url.starts_with(&atom.base), "{url}");
        let answer = Dms::send_to(STRICT, "GET", &url, "", b"");
        if url.contains("/content?") && answer.status == 409 {
            assert!(!url.contains(&document), "{url}");
            continue;
        }
        // These two only take something.
        if let Some(status) =
            [("/update", 405), ("/query", 400)].iter().find(|(end, _)| url.ends_with(end))
        {
            assert_eq!(answer.status, status.1);
            continue;
        }
        assert_eq!(answer.status, 200, "{url}: {}", String::from_utf8_lossy(&answer.body));
        let got = header(&answer, "content-type").unwrap();
        if let Some(wanted) = media_type {
            assert_eq!(got, wanted, "{url}");
        }
        if !got.contains("xml") {
            continue;
        }
        let root = parse(&answer.body).unwrap().root;
        let name = match got.as_str() {
            "application/atomsvc+xml" => "service",
            "application/atom+xml;type=entry" => "entry",
            "application/cmisallowableactions+xml" => "allowableActions",
            "application/cmisacl+xml" => "acl",
            _ => "feed",
        };
        assert_eq!(root.name, name, "{url}");
        met.insert(got);
        root.walk(&mut |_, element| {
            is_atom(element);
            for place in ["href", "src"] {
                if let Some(to) = element.attribute(place) {
                    open.push((to.to_owned(), element.attribute("type").map(str::to_owned)));
                }
            }
            if element.name == "uritemplate" {
                let template = element.child_text("template").unwrap();
                let kind = element.child_text("type").unwrap();
                let value = match kind.as_str() {
                    "objectbyid" => &sub,
                    "objectbypath" => "/Akte/Unter%20%26%20%C3%BCber",
                    "typebyid" => "vorgang:Vorgang",
                    _ => "SELECT%20*%20FROM%20cmis:folder",
                };
                // Like clients do: the value first, all else empty.
                let (start, rest) = template.split_once('{').unwrap();
                let (_, rest) = rest.split_once('}').unwrap();
                let rest = rest.split('{').map(|p| p.split_once('}').map_or(p, |(_, r)| r));
                let url = format!("{start}{value}{}", rest.collect::<String>());
                open.push((url, element.child_text("mediatype")));
            }
        });
    }
    assert_eq!(met.len(), 6, "{met:?}");
    assert!(seen.len() > 80, "{}", seen.len());
}

/// What RFC 4287 demands of feeds and entries.
fn is_atom(element: &Element) {
    if element.namespace != ATOM || !["feed", "entry"].contains(&element.name.as_str()) {
        return;
    }
    let of = |name: &'static str| {
        element.elements().filter(move |e| e.namespace == ATOM && e.name == name)
    };
    for name in ["id", "title", "updated"] {
        assert_eq!(of(name).count(), 1, "{name}: {}", element.to_xml());
    }
    assert!(of("author").all(|a| a.child_text("name").is_some_and(|n| !n.is_empty())));
    assert!(of("author").count() > 0);
    if element.name == "feed" {
        assert!(of("link").any(|l| l.attribute("rel") == Some("self")));
        return;
    }
    let content: Vec<&Element> = of("content").collect();
    assert_eq!(content.len(), 1);
    let outside = content[0].attribute("src").is_some();
    assert_eq!(of("summary").count(), usize::from(outside));
}

/// libcmis, by which LibreOffice opens documents in a DMS.
#[test]
fn the_client_of_an_office_suite_works_with_it() {
    if !tool("cmis-client") {
        return;
    }
    let atom = Atom::up();
    let sandbox = Sandbox::new();
    for (system, password) in [(STRICT, "x"), (LENIENT, "geh:eim")] {
        let url = atom.dms.url_of("atom", system);
        let run = |args: &[&str]| {
            let done = Command::new("cmis-client")
                .args(["--url", &url, "-u", "technik", "-p", password, "-r", "akte"])
                .args(args)
                .envs([("LC_ALL", "C.UTF-8"), ("no_proxy", "*")])
                .current_dir(sandbox.path(""))
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&done.stdout).into_owned();
            let failed = !done.status.success() || said.contains("ERROR");
            (!failed, said + &String::from_utf8_lossy(&done.stderr))
        };
        let fine = |args: &[&str]| {
            let (fine, said) = run(args);
            assert!(fine, "{args:?}: {said}");
            said
        };
        let after = |said: &str, mark: &str| {
            let line = said.lines().skip_while(|l| !l.starts_with(mark)).collect::<Vec<_>>();
            let same = line[0][mark.len()..].trim();
            if same.is_empty() { line[1].trim().to_owned() } else { same.to_owned() }
        };
        let id = |said: &str| after(said, "Id:");
        assert!(fine(&["repo-infos"]).contains("Supported CMIS Version: 1.1"));
        assert!(fine(&["type-by-id", "akte:Akte"]).contains("(akte:aktenzeichen)"));
        let from = id(&fine(&["create-folder", "root-folder", "Ordner Ä"]));
        let to = id(&fine(&["create-folder", "root-folder", "Ziel"]));
        sandbox.write("eins.txt", "hallo Straße");
        sandbox.write("zwei.txt", "geändert");
        let file = ["--input-file", "eins.txt", "--input-type", "text/plain"];
        let made = fine(&[&["create-document", &from, "Brief & Co.txt"], &file[..]].concat());
        let document = id(&made);
        fine(&["get-content", &document]);
        let got = std::fs::read_to_string(sandbox.path("Brief & Co.txt")).unwrap();
        assert_eq!(got, "hallo Straße");
        let other = ["--input-file", "zwei.txt", "--input-type", "text/plain"];
        fine(&[&["set-content", &document], &other[..]].concat());
        fine(&["get-content", &document]);
        let got = std::fs::read_to_string(sandbox.path("Brief & Co.txt")).unwrap();
        assert_eq!(got, "geändert");
        let change = ["update-object", &document, "--object-property", "cmis:description=Text"];
        assert_eq!(after(&fine(&change), "Beschreibung( cmis:description ):"), "Text");
        fine(&["move-object", &document, &from, &to]);
        assert!(fine(&["show-by-path", "/Ziel/Brief & Co.txt"]).contains(&document));
        let copy = id(&fine(&["checkout", &document]));
        fine(&["cancel-checkout", &copy]);
        let copy = id(&fine(&["checkout", &document]));
        let how = ["checkin", &copy, "--major", "--message", "Nachtrag"];
        let newer = fine(&[&how[..], &file[..]].concat());
        assert_eq!(after(&newer, "Fassung( cmis:versionLabel ):"), "2.0");
        let versions = fine(&["get-versions", &id(&newer)]);
        assert_eq!(versions.matches("Id: ").count(), 2, "{versions}");
        fine(&["delete", &to]);
        fine(&["delete", &from]);
        let (there, said) = run(&["show-by-id", &to]);
        assert!(!there, "{said}");
    }
}
