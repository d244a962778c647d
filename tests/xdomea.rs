//! The DMS and xdomea 2.4.0, 3.0.0 and 3.1.0: each message, its answer held against the schema of
//! the standard, and the repository that both interfaces share.

use std::collections::BTreeMap;

use pruefstand::fake_system::Behaviour;
use pruefstand::ids::SystemId;
use serde_json::json;

use crate::support::real_data;
use crate::support_xdomea::{
    Bench, LENIENT, Message, Received, STRICT, VERSIONS, akte, dokument, filed, identified,
    message, numbered, right, schemas, uuid, valid, vorgang, x,
};

const NOT_ONE: &str = "99999999-1111-4222-8333-999999999999";

/// The id that the repository gave to the Akte.
fn akten_id(bench: &Bench) -> String {
    let all = bench.children(STRICT, "root-folder");
    all["GEW 1-2026"]["cmis:objectId"].as_str().unwrap().to_owned()
}

/// The ids of objects in an answer by the value that is told of them.
fn ids(received: &Received) -> BTreeMap<String, String> {
    received.items().into_iter().map(|(id, _, value, _)| (value, id)).collect()
}

#[test]
fn every_message_of_every_version_is_answered_in_its_version() {
    let schemas = schemas();
    let schemas = schemas.as_ref();
    for (at, version) in VERSIONS.into_iter().enumerate() {
        let bench = Bench::up();
        let n = u32::try_from(at).unwrap() * 100 + 1;
        let right = |m: &Message, files: &[(&str, &[u8])]| right(&bench, schemas, m, files);
        let namespace = format!("urn:xoev-de:xdomea:schema:{version}");

        // 0604: an Akte.
        let a = uuid(n);
        let m = message(version, "0604", n, &filed("0604", None, &akte(&a, "GEW 1/2026", "")));
        let done = right(&m, &[]).message();
        assert_eq!(done.root.name, "FVDaten.ImportBestaetigen.0630");
        assert_eq!(done.root.namespace, namespace);
        assert_eq!(done.code, "0000000");
        let head = done.root.child("Kopf").unwrap();
        assert_eq!(head.child_text("ProzessID"), Some(uuid(n)));
        assert_eq!(head.child("Nachrichtentyp").unwrap().child_text("code").unwrap(), "0630");
        let name = |role: &str| head.elements_at(&format!("{role}/Institution/Name"))[0].text();
        assert_eq!(name("Absender"), "Stadt Attrappenburg, Registratur");
        assert_eq!(name("Empfaenger"), "Stadt Attrappenburg, Gewerbeamt");
        let object = (a.clone(), "FachverfahrenObjektID".to_owned(), "FV-1".to_owned(), true);
        assert_eq!(done.items(), [object]);

        // 0604: a Vorgang with a document in it, into the Akte.
        let (v, d, f) = (uuid(n + 1), uuid(n + 2), format!("{}_Antrag.pdf", uuid(n + 3)));
        let inner = vorgang(&v, "GEW 1/2026-1", &dokument(&d, "Antrag", &[&f]));
        let m = message(version, "0604", n + 1, &filed("0604", Some(&a), &inner));
        let done = right(&m, &[(&f, b"%PDF der Antrag")]).message();
        assert_eq!(done.code, "0000000");
        assert_eq!(
            ids(&done),
            BTreeMap::from([("FV-1".into(), v.clone()), (d.clone(), d.clone())])
        );

        // 0605: a document of two versions; it gets an id of its own.
        let given = uuid(n + 4);
        let two = [5, 6].map(|i| format!("{}_Bescheid.txt", uuid(n + i)));
        let inner = dokument(&given, "Bescheid Müller", &[&two[0], &two[1]]);
        let m = message(version, "0605", n + 2, &filed("0605", Some(&v), &inner));
        let done = right(&m, &[(&two[0], b"Entwurf"), (&two[1], b"Reinschrift")]).message();
        assert_eq!(done.code, "0000000");
        let filed_id = ids(&done)["FV-1"].clone();
        assert_ne!(filed_id, given);

        // 0608: in the metadata, in the files.
        let search = |n: u32, words: &str, full: &str, metadata: &str| {
            let what = x("Suchbegriffe", words) + &x("Volltext", full) + &x("Metadaten", metadata);
            let m = message(version, "0608", n, &x("SchriftgutobjektZumSuchen", &what));
            let done = right(&m, &[]).message();
            (
                done.code.clone(),
                done.items().into_iter().map(|i| (i.0, i.1, i.2)).collect::<Vec<_>>(),
            )
        };
        let hit =
            |id: &str, kind: &str, name: &str| (id.to_owned(), kind.to_owned(), name.to_owned());
        let bescheid = hit(&filed_id, "Dokument", "Bescheid Müller.txt");
        let found = search(n + 3, "müller BESCHEID", "0", "1");
        assert_eq!(found, ("0000000".into(), vec![bescheid.clone()]));
        assert_eq!(search(n + 4, "reinschrift", "1", "0").1, [bescheid]);
        // The draft is an older version, and a word too many finds nothing.
        assert_eq!(search(n + 5, "Entwurf", "1", "1").1, []);
        assert_eq!(search(n + 6, "Müller Meier", "1", "1").1, []);
        assert_eq!(search(n + 7, "reinschrift", "0", "1").1, []);
        assert_eq!(search(n + 20, "probelauf", "1", "0").1, []);
        let found = search(n + 8, "probelauf", "0", "1").1;
        assert_eq!(found, [hit(&a, "Akte", "GEW 1-2026")]);

        // 0609: a metadatum that the E-Akte knows.
        let field = x("Name", "schlagworte")
            + "<xdomea:Datentyp><code>038</code></xdomea:Datentyp>"
            + &x("Wert", "Gaststätte");
        let what = x("MetadatenZumAnlegen", &(x("IDSGO", &a) + &x("Metadatum", &field)));
        let done = right(&message(version, "0609", n + 9, &what), &[]).message();
        assert_eq!(done.code, "0000000");
        let told = (a.clone(), "schlagworte".to_owned(), "Gaststätte".to_owned(), true);
        assert_eq!(done.items(), [told]);
        let akten = bench.children(STRICT, "root-folder");
        assert_eq!(akten["GEW 1-2026"]["akte:schlagworte"], json!(["Gaststätte"]));

        // 0625.
        let status = |n: u32, id: &str| {
            let what = x("SystemstatusZumAbfragen", &x("SystemstatusID", id));
            right(&message(version, "0625", n, &what), &[]).message()
        };
        let told = (String::new(), "1".to_owned(), "verfügbar".to_owned(), true);
        assert_eq!(status(n + 10, "1").items(), [told]);
        // An Akte, a Vorgang, a document of one version and one of two.
        assert_eq!(status(n + 11, "2").items()[0].2, "5");

        // 0631: the newest version, and an older one by its number.
        let export = |n: u32, number: Option<&str>| {
            let number = number.map(|v| x("Versionsnummer", v)).unwrap_or_default();
            let what = x("DokumentZumExportieren", &(x("IDSGO", &filed_id) + &number));
            right(&message(version, "0631", n, &what), &[]).message()
        };
        let out = export(n + 12, None);
        let (id, name, place, done) = out.items().remove(0);
        assert_eq!((id, name.as_str(), done), (filed_id.clone(), "Ablageort", true));
        assert_eq!(out.files, BTreeMap::from([(place.clone(), b"Reinschrift".to_vec())]));
        assert!(place.ends_with("_Bescheid.txt") && !place.starts_with(&filed_id), "{place}");
        let old = export(n + 13, Some("1"));
        assert_eq!(old.files.values().next().unwrap(), b"Entwurf");

        // 0629 and 0630 from the other end are taken and not answered.
        let m = message(version, "0629", n, "");
        assert_eq!(right(&m, &[]).status, 204);
        let done = "<xdomea:ErfolgOderMisserfolg><xdomea:Rueckmeldung><xdomea:AllgemeineRueckmeldung>\
            <code>0000000</code></xdomea:AllgemeineRueckmeldung></xdomea:Rueckmeldung>\
            </xdomea:ErfolgOderMisserfolg>";
        assert_eq!(right(&message(version, "0630", n, done), &[]).status, 204);
    }
}

#[test]
fn both_interfaces_see_the_same_objects() {
    let bench = Bench::up();
    let (a, d) = (uuid(1), uuid(2));
    let files = [format!("{}_eins.pdf", uuid(3)), format!("{}_zwei.pdf", uuid(4))];
    let more = x("Laufzeit", &x("Beginn", "2026-01-05"))
        + &x("Akteninhalt", &dokument(&d, "Antrag/Anlagen", &[&files[0], &files[1]]));
    let m = message("3.1.0", "0604", 1, &filed("0604", None, &akte(&a, "GEW 7/2026", &more)));
    let sent = bench.hand_in(STRICT, &m, &[(&files[0], b"eins"), (&files[1], b"zwei")]);
    assert_eq!(sent.told(), "0000000");

    // What xdomea filed, over CMIS.
    let akten = bench.children(STRICT, "root-folder");
    let one = &akten["GEW 7-2026"];
    assert_eq!(one["cmis:objectTypeId"], "akte:Akte");
    assert_eq!(one["akte:aktenzeichen"], "GEW 7/2026");
    assert_eq!(one["akte:betreff"], "Gaststätte Zum Probelauf");
    assert_eq!(one["akte:laufzeitbeginn"], 1_767_571_200_000_i64);
    let folder = one["cmis:objectId"].as_str().unwrap();
    let inside = bench.children(STRICT, folder);
    let document = &inside["Antrag-Anlagen.pdf"];
    assert_eq!(document["cmis:objectTypeId"], "dokument:Dokument");
    assert_eq!(document["cmis:versionLabel"], "2.0");
    assert_eq!(document["cmis:checkinComment"], "Version 2");
    assert_eq!(document["cmis:contentStreamMimeType"], "application/pdf");
    assert_eq!(document["dokument:eingang"], 1_767_571_200_000_i64);
    assert_eq!(bench.content(STRICT, &document["cmis:objectId"]), b"zwei");
    let changes = bench.cmis(STRICT, "?cmisselector=contentChanges&succinct=true");
    assert!(changes["numItems"].as_i64().unwrap() >= 3, "{changes}");

    // What CMIS filed, over xdomea: by the id of the repository, and by the UUID that is told.
    let form = format!(
        "cmisaction=createDocument&objectId={folder}&propertyId[0]=cmis:objectTypeId&\
         propertyValue[0]=dokument:Dokument&propertyId[1]=cmis:name&propertyValue[1]=Vermerk.txt"
    );
    let head = "Content-Type: application/x-www-form-urlencoded\r\n";
    let made = bench.send(STRICT, "POST", "/root", head, form.as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    let what = x("Suchbegriffe", "vermerk") + &x("Volltext", "0") + &x("Metadaten", "1");
    let m = message("3.1.0", "0608", 2, &x("SchriftgutobjektZumSuchen", &what));
    let found = bench.hand_in(STRICT, &m, &[]).message().items().remove(0);
    assert_eq!((found.1.as_str(), found.2.as_str()), ("Dokument", "Vermerk.txt"));
    let field = x("Name", "dokument:seiten")
        + "<xdomea:Datentyp><code>023</code></xdomea:Datentyp>"
        + &x("Wert", "12");
    let what = x("MetadatenZumAnlegen", &(x("IDSGO", &found.0) + &x("Metadatum", &field)));
    let done = bench.hand_in(STRICT, &message("3.1.0", "0609", 3, &what), &[]).message();
    assert_eq!(done.items()[0].2, "12");
    assert_eq!(done.items()[1].1, "Versionsnummer");
    assert_eq!(bench.children(STRICT, folder)["Vermerk.txt"]["dokument:seiten"], 12);
    // A document without a file has none to export.
    let what = x("DokumentZumExportieren", &x("IDSGO", &found.0));
    assert_eq!(bench.hand_in(STRICT, &message("3.1.0", "0631", 4, &what), &[]).told(), "0000018");
    // Into a folder by the id of the repository.
    let inner = vorgang(&uuid(5), "GEW 7/2026-1", "");
    let m = message("3.1.0", "0604", 5, &filed("0604", Some(folder), &inner));
    assert_eq!(bench.hand_in(STRICT, &m, &[]).told(), "0000000");
    let number = &bench.children(STRICT, folder)["GEW 7-2026-1"]["vorgang:aktenzeichen"];
    assert_eq!(number, "GEW 7/2026");
    // What CMIS deletes is gone for xdomea.
    let form = format!("cmisaction=deleteTree&objectId={folder}");
    assert_eq!(bench.send(STRICT, "POST", "/root", head, form.as_bytes()).status, 200);
    let m = message("3.1.0", "0604", 6, &filed("0604", Some(&a), &vorgang(&uuid(6), "1", "")));
    assert_eq!(bench.hand_in(STRICT, &m, &[]).told(), "0604001");
}

#[test]
fn confirmations_come_as_they_are_wanted() {
    let bench = Bench::up();
    let schemas = schemas();
    for (at, version) in VERSIONS.into_iter().enumerate() {
        let n = u32::try_from(at).unwrap() * 10 + 10;
        let with = |n: u32, receipt: bool, import: bool| {
            let inner = akte(&uuid(n), &format!("GEW {n}/2026"), "");
            let m = message(version, "0604", n, &filed("0604", None, &inner));
            bench.hand_in(STRICT, &Message { receipt, import, ..m }, &[])
        };
        let none = with(n, false, false);
        assert_eq!((none.status, none.body.len()), (204, 0));
        assert_eq!(none.header("content-length"), None, "{}", none.head);
        let receipt = with(n + 1, true, false).message();
        assert_eq!(receipt.root.name, "FVDaten.EmpfangBestaetigen.0629");
        valid(schemas.as_ref(), version, &receipt.xml);
        let both = with(n + 2, true, true);
        assert_eq!(both.message().root.name, "FVDaten.ImportBestaetigen.0630");
        let link = both.header("link").unwrap();
        let url = link.split(['<', '>']).nth(1).unwrap();
        let below = url.strip_prefix(bench.url(STRICT)).unwrap();
        let fetched = bench.send(STRICT, "GET", below, "", b"").message();
        assert_eq!(fetched.root.name, "FVDaten.EmpfangBestaetigen.0629");
        assert_eq!(fetched.root.child("Kopf").unwrap().child_text("ProzessID"), Some(uuid(n + 2)));
        valid(schemas.as_ref(), version, &fetched.xml);
    }
    // A search that wants no answer gets it all the same, and is noted.
    bench.noted(STRICT);
    let what = x("Suchbegriffe", "GEW") + &x("Volltext", "0") + &x("Metadaten", "1");
    let m = message("3.0.0", "0608", 99, &x("SchriftgutobjektZumSuchen", &what));
    let found = bench.hand_in(STRICT, &Message { import: false, ..m }, &[]).message();
    assert_eq!(found.items().len(), 9);
    assert_eq!(bench.noted(STRICT)[0].0, "xdomea: Importbestaetigung");
    // Messages and answers can be looked at.
    let names = bench.cmis(STRICT, "/xdomea");
    let name = format!("{}_FVDaten.SGOSuchen.0608.xml", uuid(99));
    assert!(names.as_array().unwrap().contains(&json!(name)), "{names}");
    let text = bench.send(STRICT, "GET", &format!("/xdomea/{name}"), "", b"").text();
    assert!(text.contains("<xdomea:Suchbegriffe>GEW<"), "{text}");
    assert_eq!(bench.send(STRICT, "GET", "/xdomea/../root", "", b"").status, 404);
    assert_eq!(bench.send(STRICT, "DELETE", "/xdomea", "", b"").status, 405);
}

/// A change of a message, what the strict and the lenient system say to it, and the clause.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

#[test]
fn deviations_are_told_by_the_codes_of_the_standard() {
    let bench = Bench::up();
    let schemas = schemas();
    let prefix = "xmlns:xdomea=\"urn:xoev-de:xdomea:schema:3.0.0\"";
    let cases: [Case<'_>; 21] = [
        ("<code>0604</code>", "<code>0605</code>", "0000008", "0000000", "xdomea: Kopf"),
        ("xdomea-Nachrichten-Fach", "Fach", "0000008", "0000000", "xdomea: schemaLocation"),
        (" xsi:schemaLocation=", " xsi:type=", "0000008", "0000000", "xdomea: schemaLocation"),
        (
            "xdomea:schema:3.0.0 xdomea-",
            "xdomea:schema:3.1.0 xdomea-",
            "0000008",
            "0000000",
            "xdomea: schemaLocation",
        ),
        (
            prefix,
            &format!("{prefix} {}", prefix.replace("xmlns:xdomea", "xmlns")),
            "0000008",
            "0000000",
            "xdomea: prefix (3.0.0 section 4.2)",
        ),
        (
            "<xdomea:Erstellerkennung>technik</xdomea:Erstellerkennung>",
            "",
            "0000008",
            "0000000",
            "xdomea: schema",
        ),
        (
            "<xdomea:Erstellerkennung>technik</xdomea:Erstellerkennung>",
            "<e:Erstellerkennung xmlns:e=\"urn:e\">technik</e:Erstellerkennung>",
            "0000008",
            "0000000",
            "xdomea: schema",
        ),
        (
            "</xdomea:Kopf>",
            "<xdomea:Fremdes/></xdomea:Kopf>",
            "0000008",
            "0000000",
            "xdomea: schema",
        ),
        (
            "-abcd-4222-8bcd-",
            "-abcd-4222-8bcd|",
            "422",
            "422",
            "xdomea: ProzessID (3.0.0 section 2.4.4)",
        ),
        ("<xdomea:Stapel>0<", "<xdomea:Stapel>nein<", "0000008", "0000000", "xdomea: schema"),
        ("2026-01-05T10:00:00Z", "05.01.2026", "0000008", "0000000", "xdomea: schema"),
        ("FachverfahrenObjektID", "ObjektID", "0000008", "0000000", "xdomea: schema"),
        (
            "<xdomea:Stapel>0</xdomea:Stapel>",
            "<xdomea:Stapel>0</xdomea:Stapel><xdomea:Stapellaenge>3</xdomea:Stapellaenge>",
            "0000011",
            "0000000",
            "xdomea: Stapel",
        ),
        (
            "<xdomea:Stapel>0</xdomea:Stapel>",
            "<xdomea:Stapel>1</xdomea:Stapel>",
            "0000012",
            "0000000",
            "xdomea: Stapel",
        ),
        (
            "<xdomea:Stapel>0</xdomea:Stapel>",
            "<xdomea:Stapel>1</xdomea:Stapel><xdomea:Stapellaenge>0</xdomea:Stapellaenge>",
            "0000010",
            "0000000",
            "xdomea: Stapel",
        ),
        (
            "<xdomea:Stapel>0</xdomea:Stapel>",
            "<xdomea:Stapel>1</xdomea:Stapel><xdomea:Stapellaenge>2</xdomea:Stapellaenge>",
            "0000013",
            "0000000",
            "xdomea: Stapel",
        ),
        (
            "<xdomea:Stapel>0</xdomea:Stapel>",
            "<xdomea:Stapel>1</xdomea:Stapel><xdomea:Stapellaenge>1</xdomea:Stapellaenge>",
            "0000014",
            "0000000",
            "xdomea: Stapel",
        ),
        ("<code>14999", "<code>00000", "0000006", "0000000", "xdomea: Behoerdenkennung"),
        ("<code>14999", "<code>1499", "0000006", "0000000", "xdomea: Behoerdenkennung"),
        (
            "<xdomea:Schriftgutobjekt><xdomea:Akte>",
            "<xdomea:IDContainer>nirgends</xdomea:IDContainer><xdomea:Schriftgutobjekt><xdomea:Akte>",
            "0604001",
            "0604001",
            "xdomea: FVDaten.SGOErstellen.0604",
        ),
        (
            "<xdomea:Betreff>Gast",
            "<xdomea:Kennzeichen>GEW</xdomea:Kennzeichen><xdomea:Betreff>Gast",
            "0000000",
            "0000000",
            "",
        ),
    ];
    for (at, (from, to, strict, lenient, clause)) in cases.into_iter().enumerate() {
        let n = u32::try_from(at).unwrap() + 1000;
        for (system, wanted) in [(STRICT, strict), (LENIENT, lenient)] {
            let inner = akte(&uuid(n), &format!("GEW {n}/2026"), "");
            let mut m = message("3.0.0", "0604", n, &filed("0604", None, &inner)).change(from, to);
            if system == LENIENT {
                m = m.into_lenient();
            }
            bench.noted(system);
            let answer = bench.hand_in(system, &m, &[]);
            assert_eq!(answer.told(), wanted, "{system}: {to}\n{}", answer.text());
            if answer.status == 200 {
                valid(schemas.as_ref(), "3.0.0", &answer.message().xml);
            }
            let clauses: Vec<String> = bench.noted(system).into_iter().map(|n| n.0).collect();
            let expected = !clause.is_empty();
            assert_eq!(clauses.iter().any(|c| c == clause), expected, "{to}: {clauses:?}");
            // What was refused is not there.
            let there = bench.children(system, "root-folder");
            let there = there.values().any(|p| {
                p["akte:aktenzeichen"] == format!("GEW {n}/2026") || p["akte:aktenzeichen"] == "GEW"
            });
            assert_eq!(there, wanted == "0000000", "{system}: {to}");
        }
    }
}

#[test]
fn what_a_message_asks_in_vain_has_its_own_code() {
    let bench = Bench::up();
    let schemas = schemas();
    let field =
        |name: &str, kind: &str, value: &str| x("Metadatum", &(x("Name", name) + kind + value));
    let text = "<xdomea:Datentyp><code>038</code></xdomea:Datentyp>";
    let day = "<xdomea:Datentyp><code>005</code></xdomea:Datentyp>";
    let yes_no = "<xdomea:Datentyp><code>003</code></xdomea:Datentyp>";
    let metadata = |id: &str, field: &str| x("MetadatenZumAnlegen", &(x("IDSGO", id) + field));
    let a = uuid(1);
    for system in [STRICT, LENIENT] {
        let m = message("3.0.0", "0604", 1, &filed("0604", None, &akte(&a, "GEW 1/2026", "")));
        let m = if system == LENIENT { m.into_lenient() } else { m };
        assert_eq!(bench.hand_in(system, &m, &[]).told(), "0000000");
    }
    // And in it a document, into which nothing can be filed.
    for system in [STRICT, LENIENT] {
        let content = filed("0604", Some(&a), &dokument(&uuid(3), "Blatt", &[]));
        let m = message("3.0.0", "0604", 3, &content);
        let m = if system == LENIENT { m.into_lenient() } else { m };
        assert_eq!(bench.hand_in(system, &m, &[]).told(), "0000000");
    }
    let teilakte = x("Akteninhalt", &x("Teilakte", &identified(&uuid(30))));
    let search = x("Suchbegriffe", "x") + &x("Volltext", "0") + &x("Metadaten", "0");
    let cases: [(&str, String, &str, &str); 23] = [
        ("0604", filed("0604", None, &akte(&a, "GEW 2/2026", "")), "0604003", "0604003"),
        ("0604", filed("0604", None, &akte(&uuid(31), "GEW 1/2026", "")), "0604003", "0604003"),
        (
            "0604",
            filed("0604", None, &akte(&uuid(32), "GEW 3/2026", &teilakte)),
            "0604003",
            "0604003",
        ),
        ("0604", filed("0604", Some(NOT_ONE), &vorgang(&uuid(33), "1", "")), "0604001", "0604001"),
        ("0604", filed("0604", None, &akte(&uuid(34), &"9".repeat(65), "")), "0604003", "0604003"),
        ("0604", filed("0604", Some(&uuid(3)), &vorgang(&uuid(36), "1", "")), "0604001", "0604001"),
        (
            "0605",
            filed("0605", Some(NOT_ONE), &dokument(&uuid(35), "x", &[])),
            "0605001",
            "0605001",
        ),
        ("0608", x("SchriftgutobjektZumSuchen", &search), "0608001", "0608001"),
        ("0609", metadata(NOT_ONE, &field("schlagworte", text, "")), "0609001", "0609001"),
        ("0609", metadata(&a, &field("farbe", text, &x("Wert", "blau"))), "0609002", "0000000"),
        ("0609", metadata(&a, &field("name", text, &x("Wert", "x"))), "0609002", "0000000"),
        (
            "0609",
            metadata(&a, &field("laufzeitende", day, &x("Wert", "05.01.2026"))),
            "0609005",
            "0609005",
        ),
        (
            "0609",
            metadata(&a, &field("laufzeitende", day, &x("Wert", "2026-01-05"))),
            "0000000",
            "0000000",
        ),
        (
            "0609",
            metadata(&a, &field("cmis:createdBy", text, &x("Wert", "ich"))),
            "0609006",
            "0609006",
        ),
        ("0609", metadata(&a, &field("betreff", text, &x("Wert", "neu"))), "0609006", "0000000"),
        ("0609", metadata(&a, &field("schlagworte", "", &x("Wert", "a"))), "0609007", "0609007"),
        ("0609", metadata(&a, &field("schlagworte", text, "")), "0609008", "0609008"),
        (
            "0609",
            metadata(&a, &field("schlagworte", &text.replace("038", "046"), &x("Wert", "a"))),
            "0609004",
            "0609004",
        ),
        (
            "0609",
            metadata(&a, &field("geschlossen", yes_no, &x("Wert", "ja"))),
            "0609005",
            "0609005",
        ),
        (
            "0609",
            metadata(&a, &field("aussonderungsart", text, &x("Wert", "X"))),
            "0609005",
            "0609005",
        ),
        ("0625", x("SystemstatusZumAbfragen", &x("SystemstatusID", "77")), "0625001", "0625001"),
        ("0631", x("DokumentZumExportieren", &x("IDSGO", &a)), "0631001", "0631001"),
        ("0631", x("DokumentZumExportieren", &x("IDSGO", NOT_ONE)), "0631001", "0631001"),
    ];
    for (at, (code, content, strict, lenient)) in cases.into_iter().enumerate() {
        let n = u32::try_from(at).unwrap() + 100;
        for (system, wanted) in [(STRICT, strict), (LENIENT, lenient)] {
            let m = message("3.0.0", code, n, &content);
            let m = if system == LENIENT { m.into_lenient() } else { m };
            bench.noted(system);
            let answer = bench.hand_in(system, &m, &[]);
            assert_eq!(answer.told(), wanted, "{system}: {content}");
            let received = answer.message();
            valid(schemas.as_ref(), "3.0.0", &received.xml);
            assert_eq!(received.items().iter().all(|i| i.3), wanted == "0000000", "{content}");
            let noted = !bench.noted(system).is_empty();
            assert_eq!(noted, strict != "0000000", "{system}: {content}");
        }
    }
    // Nothing of what failed stayed, not even half of it, nor a word of it in the log of changes.
    assert_eq!(bench.children(STRICT, "root-folder").len(), 1);
    let info = bench.cmis(STRICT, "");
    assert_eq!(info["akte"]["latestChangeLogToken"], "3");
    let akte = &bench.children(LENIENT, "root-folder")["GEW 1-2026"];
    assert_eq!((&akte["farbe"], &akte["akte:betreff"]), (&json!("blau"), &json!("neu")));
    // An id of the repository is none for 3.0.0, and one for 2.4.0.
    let id = akten_id(&bench);
    let what = metadata(&id, &field("schlagworte", text, &x("Wert", "a")));
    assert_eq!(bench.hand_in(STRICT, &message("3.0.0", "0609", 150, &what), &[]).told(), "0000008");
    assert_eq!(bench.hand_in(STRICT, &message("2.4.0", "0609", 151, &what), &[]).told(), "0000000");
    // Without a wish for confirmation the status says it, with the same code.
    let m =
        message("3.0.0", "0604", 200, &filed("0604", Some(NOT_ONE), &vorgang(&uuid(40), "1", "")));
    assert_eq!(bench.hand_in(STRICT, &Message { import: false, ..m }, &[]).told(), "422 0604001");
}

#[test]
fn a_message_comes_once_in_a_process() {
    let bench = Bench::up();
    for (system, wanted) in [(STRICT, "0000009"), (LENIENT, "0000000")] {
        let content = filed("0605", None, &dokument(&uuid(2), "Vermerk", &[]));
        let m = message("3.1.0", "0605", 1, &content);
        let m = if system == LENIENT { m.into_lenient() } else { m };
        let first = bench.hand_in(system, &m, &[]);
        assert_eq!(first.told(), "0000000");
        let again = bench.hand_in(system, &m, &[]);
        assert_eq!(again.told(), wanted, "{system}");
        assert_eq!(again.body == first.body, system == LENIENT);
        assert_eq!(bench.children(system, "root-folder").len(), 1);
        let notes = bench.noted(system);
        assert!(notes.iter().any(|n| n.1.contains("was taken before")), "{notes:?}");
        // Capital letters are the same process; another type is not the same message.
        let mut loud = m.clone();
        loud.process = m.process.to_uppercase();
        assert_eq!(bench.hand_in(system, &loud, &[]).told(), wanted);
        let notes = bench.noted(system);
        assert!(notes.iter().any(|n| n.1.contains("capital letters")), "{notes:?}");
        let status = x("SystemstatusZumAbfragen", &x("SystemstatusID", "1"));
        let other = Message { code: "0625", content: status, ..m.clone() };
        assert_eq!(bench.hand_in(system, &other, &[]).told(), "0000000");
        // What was refused may come again, put right.
        let bad =
            Message { process: uuid(9), ..m.clone() }.change("<xdomea:Dokument>", "<xdomea:Buch>");
        let bad = bad.change("</xdomea:Dokument>", "</xdomea:Buch>");
        assert_ne!(bench.hand_in(system, &bad, &[]).told(), "0000000");
        assert_eq!(
            bench.hand_in(system, &Message { changes: Vec::new(), ..bad }, &[]).told(),
            "0000000"
        );
    }
    // A confirmation for what nobody did.
    let m = message("3.1.0", "0629", 77, "");
    assert_eq!(bench.hand_in(STRICT, &m, &[]).told(), "422");
    assert_eq!(bench.hand_in(LENIENT, &m.into_lenient(), &[]).told(), "204");
    // Somebody else goes on with a process.
    let m =
        message("3.1.0", "0608", 1, "").change("<code>14999010</code>", "<code>14999020</code>");
    let what = x("Suchbegriffe", "x") + &x("Volltext", "0") + &x("Metadaten", "1");
    let m = Message { content: x("SchriftgutobjektZumSuchen", &what), ..m };
    assert_eq!(bench.hand_in(STRICT, &m, &[]).told(), "0000006");
}

#[test]
fn batches_are_answered_object_by_object() {
    let bench = Bench::up();
    let schemas = schemas();
    for (at, version) in VERSIONS.into_iter().enumerate() {
        let n = u32::try_from(at).unwrap() * 10 + 1;
        let good = |i: u32| akte(&uuid(n + i), &format!("GEW {}/2026", n + i), "");
        let content = numbered("0604", Some(1), None, &good(0))
            + &numbered("0604", Some(2), Some(NOT_ONE), &good(1))
            + &numbered("0604", Some(3), None, &good(2));
        let mut m = message(version, "0604", n, &content);
        m.batch = Some(x("Stapel", "1") + &x("Stapellaenge", "3"));
        valid(schemas.as_ref(), version, m.xml().as_bytes());
        let done = bench.hand_in(STRICT, &m, &[]).message();
        valid(schemas.as_ref(), version, &done.xml);
        assert_eq!(done.code, "0604001");
        let numbers: Vec<(String, bool)> = done
            .root
            .elements_at("ErfolgOderMisserfolg/Rueckgabeparameter")
            .iter()
            .map(|e| {
                (
                    e.child_text("NummerImStapel").unwrap(),
                    e.child_text("Erfolgreich").unwrap() == "true",
                )
            })
            .collect();
        let wanted = [("1", true), ("2", false), ("3", true)].map(|(n, d)| (n.to_owned(), d));
        assert_eq!(numbers, wanted, "{version}");
        let there = bench.children(STRICT, "root-folder");
        for (i, filed) in [(0, true), (1, false), (2, true)] {
            assert_eq!(there.contains_key(&format!("GEW {}-2026", n + i)), filed);
        }
    }
}

#[test]
fn a_schema_of_the_organisation_sees_more_than_the_hand() {
    let Some(folder) = real_data("data/xdomea/xsd") else { return };
    let with = Bench::with(&format!("xdomea_schemas = \"{}\"\n", folder.display()));
    let without = Bench::up();
    // A Betreff that is there twice is seen by the schema only.
    let inner = akte(&uuid(1), "GEW 1/2026", "");
    let content = filed("0604", None, &inner);
    for (n, version) in VERSIONS.into_iter().enumerate() {
        let n = u32::try_from(n).unwrap() * 10 + 10;
        let (id, reference) = (uuid(n), format!("GEW {n}/2026"));
        let content = content.replace(&uuid(1), &id).replace("GEW 1/2026", &reference);
        let good = message(version, "0604", n, &content);
        let twice = "<xdomea:Betreff>a</xdomea:Betreff><xdomea:Betreff>";
        let bad = message(version, "0604", n + 1, &content).change("<xdomea:Betreff>", twice);
        assert_eq!(with.hand_in(STRICT, &bad, &[]).told(), "0000008");
        assert_eq!(with.hand_in(STRICT, &good, &[]).told(), "0000000", "{version}");
        assert_eq!(without.hand_in(STRICT, &bad, &[]).told(), "0000000");
    }
}

#[test]
fn what_is_no_message_of_these_versions_is_refused() {
    let bench = Bench::up();
    let status = x("SystemstatusZumAbfragen", &x("SystemstatusID", "1"));
    let m = || message("3.0.0", "0625", 1, &status);
    let of = |system: &str, m: Message| {
        let answer = bench.hand_in(system, &m, &[]);
        (answer.told(), bench.noted(system).pop().unwrap_or_default().1)
    };
    for system in [STRICT, LENIENT] {
        let (told, why) = of(system, m().change("xdomea:schema:3.0.0", "xdomea:schema:4.0.0"));
        assert_eq!(told, "422");
        assert!(why.contains("xdomea 4.0.0 is not spoken here"), "{why}");
        assert_eq!(of(system, m().change("urn:xoev-de:xdomea", "urn:x")).0, "422");
        let doctype = "?>\n<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
        assert_eq!(of(system, m().change("?>", doctype)).0, "400");
        assert_eq!(of(system, m().change("</xdomea:Kopf>", "")).0, "400");
        let mut no_uuid = m();
        no_uuid.process = "PS-1".into();
        let (told, why) = of(system, no_uuid);
        assert_eq!(told, "422", "{why}");
        let other = m().change("FVDaten.SystemstatusAbfragen.0625", "FVDaten.SGOZDAAufheben.0632");
        let xml = other.xml();
        let stem = format!("{}_FVDaten.SGOZDAAufheben.0632", uuid(1));
        let mut zip = crate::support_xdomea::Zip::default();
        zip.file(&format!("{stem}.xml"), xml.as_bytes());
        let answer = bench.post(system, &format!("{stem}.zip"), &zip.build());
        assert_eq!(answer.told(), "0000499");
    }
}

#[test]
fn misbehaviour_follows_the_process() {
    let bench = Bench::up();
    let system = SystemId::from(STRICT);
    let m = |n: u32| {
        message("3.0.0", "0604", n, &filed("0604", None, &akte(&uuid(n), &n.to_string(), "")))
    };
    bench.running.scripts.set(&system, &uuid(1), Behaviour::Refuse);
    bench.running.scripts.set(&system, &uuid(2), Behaviour::NoSpace);
    bench.running.scripts.set(&system, &uuid(3), Behaviour::Forget);
    assert_eq!(bench.hand_in(STRICT, &m(1), &[]).status, 503);
    assert_eq!(bench.hand_in(STRICT, &m(2), &[]).status, 507);
    assert_eq!(bench.hand_in(STRICT, &m(3), &[]).told(), "0000000");
    assert_eq!(bench.children(STRICT, "root-folder").len(), 0);
    // It was forgotten whole, so that it can come again.
    bench.running.scripts.set(&system, &uuid(3), Behaviour::Answer);
    assert_eq!(bench.hand_in(STRICT, &m(3), &[]).told(), "0000000");
    assert_eq!(bench.children(STRICT, "root-folder").len(), 1);
}
