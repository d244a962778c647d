//! Fakes of one run agree with each other; those of two runs know nothing of each other.

use std::sync::Arc;
use std::time::Duration;

use pruefstand::channel::Unobserved;
use pruefstand::channel::http::{ClientRequest, send};
use pruefstand::fake_system::{Case, Running, State};
use pruefstand::organisation::TestOrganisation;

const V: &str = "PS-0123456789AB";

async fn post(url: &str, kind: &str, body: &str) -> u16 {
    let request = ClientRequest {
        method: "POST",
        url: url.to_owned(),
        content_type: kind.into(),
        body: body.as_bytes().to_vec(),
        limit: Duration::from_secs(10),
    };
    send(request).await.unwrap().status
}

async fn start() -> Running {
    let organisation = TestOrganisation::embedded().unwrap();
    Running::start_lively(&organisation, Arc::new(Unobserved)).await.unwrap()
}

fn url(running: &Running, id: &str) -> String {
    running.urls[&id.into()].clone()
}

fn import(first: &str, family: &str, born: &str) -> String {
    format!(
        "<import xmlns=\"urn:pruefstand:fachverfahren-b:7\"><vorgang nr=\"{V}\"/>\
         <inhaber vorname=\"{first}\" name=\"{family}\" geboren=\"{born}\"/></import>"
    )
}

fn mail() -> String {
    let document = "<A><V>Jürgen</V><F>Müßiggang</F><G>1971-12-31</G></A>";
    format!(
        "Subject: Antrag {V}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nEin Antrag\r\n--b\r\nContent-Type: application/xml\r\n\
         Content-Disposition: attachment; filename=antrag.xml\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         {document}\r\n--b--\r\n"
    )
}

#[tokio::test]
async fn two_running_organisations_share_nothing() {
    let (one, two) = (start().await, start().await);
    let xml = "application/xml";
    let b = import("Zoë Marie", "Çelik-Probst", "01.07.1999");
    assert_eq!(post(&url(&one, "fv-pruefstedt"), xml, &b).await, 200);
    assert_eq!(two.world.count(), (0, 0));
    assert!(two.shown[&"fv-pruefstedt".into()].held().is_empty());

    let other = import("Jürgen", "Müßiggang", "31.12.1971");
    assert_eq!(post(&url(&two, "fv-pruefstedt"), xml, &other).await, 200);
    let person = |running: &Running| running.world.case(V).unwrap().person.unwrap().id.clone();
    assert_eq!((person(&one), person(&two)), ("p3".into(), "p2".into()));

    // A script of one does not reach the other either.
    one.scripts.set(&"fv-pruefstedt".into(), V, pruefstand::fake_system::Behaviour::Refuse);
    assert_eq!(post(&url(&one, "fv-pruefstedt"), xml, &b).await, 503);
    assert_eq!(post(&url(&two, "fv-pruefstedt"), xml, &other).await, 200);
    let seen = |running: &Running| running.world.case(V).unwrap().facts[0].count;
    assert_eq!((seen(&one), seen(&two)), (1, 2), "what was refused did not happen");
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn all_kinds_of_systems_meet_in_one_case() {
    let running = start().await;
    let folder = format!(
        "cmisaction=createFolder&propertyId[0]=cmis:objectTypeId&propertyValue[0]=vorgang:Vorgang\
         &propertyId[1]=cmis:name&propertyValue[1]={V}&propertyId[2]=vorgang:nummer\
         &propertyValue[2]={V}&propertyId[3]=vorgang:aktenzeichen&propertyValue[3]=AZ+7"
    );
    let form = "application/x-www-form-urlencoded";
    let dms = format!("{}/root", url(&running, "dms-pruefstedt"));
    assert_eq!(post(&dms, form, &folder).await, 201);
    // The same name again is refused, and a question is no filing.
    assert_eq!(post(&dms, form, &folder).await, 409);
    let question =
        format!("cmisaction=query&statement=SELECT * FROM cmis:folder WHERE cmis:name='{V}'");
    assert_eq!(post(&url(&running, "dms-pruefstedt"), form, &question).await, 200);
    let case = || running.world.case(V).unwrap();
    assert_eq!((case().state(), case().facts[0].count), (Some(State::Abgelegt), 1));
    assert!(case().person.is_none());

    let address = url(&running, "mail-testkirchen").replace("smtp://", "");
    let limit = Duration::from_secs(10);
    let (from, to) = ("a@b.example", "c@d.example");
    pruefstand::channel::smtp::deliver(&address, from, to, mail().as_bytes(), limit).await.unwrap();
    assert_eq!(case().person.unwrap().id, "p2");
    assert_eq!(case().state(), Some(State::Abgelegt), "filed is further than delivered");

    let bescheid = format!(
        "<Bescheid><V>{V}</V><Aktenzeichen>GEW 0123456789AB/2026</Aktenzeichen>\
         <Entscheidung>B</Entscheidung></Bescheid>"
    );
    assert_eq!(post(&url(&running, "portal"), "application/xml", &bescheid).await, 200);
    let systems = |case: &Case| case.systems.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(systems(&case()), ["dms-pruefstedt", "mail-testkirchen", "portal"]);
    assert_eq!(case().state_text(), "beschieden");
    // The DMS was told another file number than the one of this world.
    assert_eq!(case().other_numbers(), [(&"dms-pruefstedt".into(), "AZ 7")]);
    running.stop().await;
}

#[tokio::test]
async fn a_judged_run_sends_nothing_by_itself() {
    let organisation = TestOrganisation::embedded().unwrap();
    let running = Running::start(&organisation, Arc::new(Unobserved)).await.unwrap();
    assert!(running.senders.is_empty());
    let portal = url(&running, "portal").replace("/postfach", "/antraege");
    // There the portal is a Postfach and nothing else.
    assert_eq!(post(&portal, "application/json", "{\"antrag\":\"gewerbeanmeldung\"}").await, 501);
    assert_eq!(running.world.count(), (0, 0));
    running.stop().await;
}

#[tokio::test]
async fn what_a_message_means_follows_from_what_it_is() {
    let running = start().await;
    let letter = |root: &str, inside: &str| format!("<{root}><V>{V}</V>{inside}</{root}>");
    let a = |art: &str| {
        let ns = "urn:pruefstand:fachverfahren-a:2";
        format!("<GewerbeFall xmlns=\"{ns}\"><Art>{art}</Art><V>{V}</V></GewerbeFall>")
    };
    let b = |art: &str| {
        let ns = "urn:pruefstand:fachverfahren-b:7";
        format!("<import xmlns=\"{ns}\" art=\"{art}\"><vorgang nr=\"{V}\"/></import>")
    };
    let demand = letter("Nachforderung", "");
    for (system, message, state) in [
        ("portal", letter("Anderes", ""), "bekannt"),
        ("fv-attrappenburg", a("Gewerbeanmeldung"), "zugestellt"),
        ("portal", letter("Eingangsbestaetigung", ""), "bestätigt"),
        ("portal", demand.clone(), "Unterlagen nachgefordert"),
        ("fv-attrappenburg", a("Nachreichung"), "Unterlagen nachgereicht"),
        ("portal", demand.clone(), "Unterlagen nachgefordert"),
        ("fv-pruefstedt", b("Nachreichung"), "Unterlagen nachgereicht"),
        ("portal", demand, "Unterlagen nachgefordert"),
        ("fv-leinenau", letter("Nachreichung", ""), "Unterlagen nachgereicht"),
        ("portal", letter("Bescheid", "<Entscheidung>B</Entscheidung>"), "beschieden"),
        ("portal", letter("Bescheid", "<Entscheidung>A</Entscheidung>"), "abgelehnt"),
    ] {
        let status = post(&url(&running, system), "application/xml", &message).await;
        assert!((200..300).contains(&status), "{status}: {message}");
        assert_eq!(running.world.case(V).unwrap().state_text(), state, "{message}");
    }
    running.stop().await;
}

#[tokio::test]
async fn what_is_filed_over_atompub_is_seen_as_well() {
    let running = start().await;
    let browser = url(&running, "dms-pruefstedt");
    let further = pruefstand::fake_system::further_urls("cmis-browser", &browser);
    let (_, atom) = further.into_iter().find(|(protocol, _)| *protocol == "cmis-atompub").unwrap();
    let value = |element: &str, id: &str, value: &str| {
        format!(
            "<c:property{element} propertyDefinitionId='{id}'><c:value>{value}</c:value></c:property{element}>"
        )
    };
    let properties = [
        value("Id", "cmis:objectTypeId", "vorgang:Vorgang"),
        value("String", "vorgang:nummer", V),
        value("String", "vorgang:aktenzeichen", "GEW 0123456789AB/2026"),
    ]
    .concat();
    let entry = format!(
        "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:c='http://docs.oasis-open.org/ns/cmis/core/200908/' \
         xmlns:r='http://docs.oasis-open.org/ns/cmis/restatom/200908/'><id>urn:x</id><title>{V}</title>\
         <updated>2026-01-01T00:00:00Z</updated>\
         <r:object><c:properties>{properties}</c:properties></r:object></entry>"
    );
    let children = format!("{atom}/children?id=root-folder");
    assert_eq!(post(&children, "application/atom+xml;type=entry", &entry).await, 201);
    // A question is answered with the same status, and files nothing.
    let question = format!(
        "<query xmlns='http://docs.oasis-open.org/ns/cmis/core/200908/'><statement>\
         SELECT * FROM cmis:folder WHERE cmis:name = '{V}'</statement></query>"
    );
    let asked = post(&format!("{atom}/query"), "application/cmisquery+xml", &question).await;
    assert_eq!(asked, 201);
    let case = running.world.case(V).unwrap();
    assert_eq!((case.state(), case.facts[0].count), (Some(State::Abgelegt), 1));
    assert_eq!(case.systems[&"dms-pruefstedt".into()].as_deref(), Some("GEW 0123456789AB/2026"));
    assert!(case.other_numbers().is_empty());
    running.stop().await;
}

#[test]
fn what_is_filed_by_xdomea_is_seen_as_well() {
    use crate::support_xdomea::{Bench, STRICT, akte, filed, message, uuid, vorgang, x};
    let bench = Bench::up();
    let inner = x("Akteninhalt", &vorgang(&uuid(5), V, ""));
    let whole = akte(&uuid(4), "GEW 0123456789AB/2026", &inner);
    let m = message("3.1.0", "0604", 1, &filed("0604", None, &whole));
    assert_eq!(bench.hand_in(STRICT, &m, &[]).status, 200);
    let case = bench.running.world.case(V).unwrap();
    assert_eq!((case.state(), case.facts[0].count), (Some(State::Abgelegt), 1));
    let told = case.systems[&STRICT.into()].as_deref();
    assert_eq!(told, Some("GEW 0123456789AB/2026"));
}

#[tokio::test]
async fn documents_tell_whom_a_case_is_about_and_what_is_forgotten_was_never_filed() {
    let running = start().await;
    let dms = format!("{}/root", url(&running, "dms-pruefstedt"));
    let document = |name: &str, vorgang: &str| {
        let part = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let content =
            format!("<A><N>{vorgang}</N><V>Jürgen</V><F>Müßiggang</F><G>1971-12-31</G></A>");
        [
            part("cmisaction", "createDocument"),
            part("propertyId[0]", "cmis:objectTypeId"),
            part("propertyValue[0]", "cmis:document"),
            part("propertyId[1]", "cmis:name"),
            part("propertyValue[1]", name),
            part("content\"; filename=\"antrag.xml", &content),
            "--b--\r\n".to_owned(),
        ]
        .concat()
    };
    let kind = "multipart/form-data; boundary=b";
    assert_eq!(post(&dms, kind, &document("antrag.xml", V)).await, 201);
    assert_eq!(running.world.case(V).unwrap().person.unwrap().id, "p2");
    let lost = "PS-000000000001";
    let system = "dms-pruefstedt".into();
    running.scripts.set(&system, lost, pruefstand::fake_system::Behaviour::Forget);
    assert_eq!(post(&dms, kind, &document("anderer.xml", lost)).await, 201);
    assert!(running.world.case(lost).is_none());
    assert_eq!(post(&dms, kind, &document("dritter.xml", V)).await, 201);
    assert_eq!(running.world.case(V).unwrap().facts[0].count, 2);
    running.stop().await;
}

/// An organisation whose system listens at this address.
fn listening(id: &str, address: &str) -> TestOrganisation {
    let mut organisation = TestOrganisation::embedded().unwrap();
    let system = organisation.file.system.iter_mut().find(|s| s.id.as_str() == id).unwrap();
    system.listen = Some(address.to_owned());
    organisation
}

#[tokio::test]
async fn ports_are_handed_on_and_one_that_cannot_be_had_changes_nothing() {
    let mut running = start().await;
    let urls = running.urls.clone();
    let xml = "application/xml";
    let a =
        format!("<GewerbeFall xmlns=\"urn:pruefstand:fachverfahren-a:2\"><V>{V}</V></GewerbeFall>");
    // Somebody else holds this one.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let refused = running.reload(&listening("fv-attrappenburg", &taken)).await.unwrap_err();
    assert!(refused.to_string().contains(&format!("cannot listen on {taken}")), "{refused}");
    assert_eq!(running.urls, urls);
    assert_eq!(post(&urls[&"fv-attrappenburg".into()], xml, &a).await, 201);

    // One system goes, and another takes its port.
    let leinenau = urls[&"fv-leinenau".into()].clone();
    let address = leinenau.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut organisation = listening("fv-attrappenburg", address);
    organisation.file.system.retain(|s| s.id.as_str() != "fv-leinenau");
    let done = running.reload(&organisation).await.unwrap();
    assert_eq!(
        (done.restarted, done.ended),
        (vec!["fv-attrappenburg".into()], vec!["fv-leinenau".into()])
    );
    let moved = url(&running, "fv-attrappenburg");
    assert_eq!(moved, leinenau.replace("/nachrichten", "/vorgaenge"));
    assert_eq!(post(&moved, xml, &a).await, 201);
    // The same organisation again changes nothing.
    assert!(running.reload(&organisation).await.unwrap().is_empty());
    assert_eq!(running.world.case(V).unwrap().facts[0].count, 2);
    running.stop().await;
}
