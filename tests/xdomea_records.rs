//! What becomes of records of xdomea in the repository: files, extensions, names, and messages that
//! come at once.

use serde_json::json;

use crate::support_xdomea::{
    Bench, STRICT, VERSIONS, akte, dokument, filed, message, right, schemas, uuid, vorgang, x,
};

#[test]
fn what_the_standard_does_not_define_is_kept_with_the_record() {
    let schemas = schemas();
    for version in VERSIONS {
        let bench = Bench::up();
        let field = x("Name", "Konzessionsnummer") + &x("Wert", "K 17");
        let own = x("Kennung", "fv-a") + &x("Name", "Gewerbe") + &x("Feld", &field);
        let own = x("AnwendungsspezifischeErweiterung", &own);
        let xml = match version {
            "2.4.0" => String::new(),
            _ => {
                x("AnwendungsspezifischeErweiterungXML", "<g:Gast xmlns:g=\"urn:gast\">40</g:Gast>")
            }
        };
        let inner = akte(&uuid(1), "GEW 1/2026", &format!("{own}{xml}"));
        let m = message(version, "0604", 1, &filed("0604", None, &inner));
        right(&bench, schemas.as_ref(), &m, &[]);
        let folder = bench.children(STRICT, "root-folder")["GEW 1-2026"]["cmis:objectId"].clone();
        let inside = bench.children(STRICT, folder.as_str().unwrap());
        let text = |name: &str| {
            let bytes = bench.content(STRICT, &inside[name]["cmis:objectId"]);
            let root = pruefstand::xml::parse(&bytes).unwrap().root;
            assert_eq!(root.prefix.as_deref(), Some("xdomea"));
            String::from_utf8(bytes).unwrap()
        };
        assert!(text("AnwendungsspezifischeErweiterung.xml").contains(">K 17<"));
        if version == "2.4.0" {
            assert_eq!(inside.len(), 1);
        } else {
            let text = text("AnwendungsspezifischeErweiterungXML.xml");
            assert!(text.contains("urn:gast") && text.contains(">40<"), "{text}");
        }
    }
}

#[test]
fn formats_signatures_and_attachments_lie_beside_their_document() {
    let schemas = schemas();
    let bench = Bench::up();
    let files = [3, 4, 5, 6].map(|n| format!("{}_f{n}.pdf", uuid(n)));
    let format = |file: &str, seal: &str| {
        let kind =
            "<xdomea:Name listURI=\"urn:x\" listVersionID=\"1.0\"><code>018</code></xdomea:Name>";
        let primary = x("Dateiname", file) + seal;
        x("Format", &format!("{kind}{}{}", x("Version", "1"), x("Primaerdokument", &primary)))
            .replace("urn:x", "urn:xoev-de:xdomea:codeliste:dateiformat")
    };
    let seal = x("SignaturSiegel", &x("SignaturSiegelDatei", &files[2]));
    let version = x("Nummer", "1") + &format(&files[0], &seal) + &format(&files[1], "");
    let attached = dokument(&uuid(2), "Lageplan", &[&files[3]]).replace("Dokument>", "Anlage>");
    // "Primaerdokument" ends like that too.
    let attached = attached.replace("PrimaerAnlage>", "Primaerdokument>");
    let metadata = x("AllgemeineMetadaten", &x("Betreff", "Antrag"));
    let id = x("Identifikation", &x("ID", &uuid(1)));
    let record = x("Dokument", &format!("{id}{metadata}{}{attached}", x("Version", &version)));
    let m = message(
        "3.1.0",
        "0604",
        1,
        &filed("0604", None, &akte(&uuid(9), "GEW 9", &x("Akteninhalt", &record))),
    );
    let contents: Vec<(&str, &[u8])> = files
        .iter()
        .zip([b"eins", b"zwei", b"sign", b"plan"])
        .map(|(n, b)| (n.as_str(), &b[..]))
        .collect();
    let done = right(&bench, schemas.as_ref(), &m, &contents).message();
    assert_eq!(done.code, "0000000");
    let folder = bench.children(STRICT, "root-folder")["GEW 9"]["cmis:objectId"].clone();
    let inside = bench.children(STRICT, folder.as_str().unwrap());
    let there: Vec<(&str, Vec<u8>)> = inside
        .iter()
        .map(|(name, p)| (name.as_str(), bench.content(STRICT, &p["cmis:objectId"])))
        .collect();
    let wanted: [(&str, &[u8]); 4] = [
        ("Antrag.pdf", b"eins"),
        ("Lageplan.pdf", b"plan"),
        ("f4.pdf", b"zwei"),
        ("f5.pdf", b"sign"),
    ];
    assert_eq!(there, wanted.map(|(n, b)| (n, b.to_vec())));
    assert_eq!(inside["Lageplan.pdf"]["dokument:dokumentart"], "Anlage");
}

#[test]
fn a_list_of_states_is_no_batch() {
    let bench = Bench::up();
    let one = |id: &str| x("SystemstatusZumAbfragen", &x("SystemstatusID", id));
    let m = message("3.0.0", "0625", 1, &(one("1") + &one("2")));
    let items = bench.hand_in(STRICT, &m, &[]).message().items();
    let told: Vec<_> = items.into_iter().map(|i| (i.1, i.2)).collect();
    assert_eq!(told, [("1".into(), "verfügbar".into()), ("2".into(), "0".to_owned())]);
}

#[test]
fn of_equal_messages_at_once_one_is_taken() {
    let bench = Bench::up();
    let file = format!("{}.txt", uuid(3));
    let m =
        message("3.0.0", "0605", 1, &filed("0605", None, &dokument(&uuid(2), "Einmal", &[&file])));
    let told: Vec<String> = std::thread::scope(|scope| {
        let post = || scope.spawn(|| bench.hand_in(STRICT, &m, &[(&file, b"x")]).told());
        let all: Vec<_> = (0..8).map(|_| post()).collect();
        all.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(told.iter().filter(|t| *t == "0000000").count(), 1, "{told:?}");
    assert_eq!(told.iter().filter(|t| *t == "0000009").count(), 7, "{told:?}");
    assert_eq!(bench.children(STRICT, "root-folder").len(), 1);
}

#[test]
fn names_that_are_taken_get_numbers() {
    let bench = Bench::up();
    for n in 1..=3 {
        let m =
            message("3.0.0", "0605", n, &filed("0605", None, &dokument(&uuid(n), "Vermerk", &[])));
        assert_eq!(bench.hand_in(STRICT, &m, &[]).told(), "0000000");
    }
    let names: Vec<String> = bench.children(STRICT, "root-folder").into_keys().collect();
    assert_eq!(names, ["Vermerk", "Vermerk (2)", "Vermerk (3)"]);
}

#[test]
fn versions_are_found_by_the_number_they_came_with() {
    let bench = Bench::up();
    let files = [4, 5, 6].map(|n| format!("{}.txt", uuid(n)));
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let inner = dokument(&uuid(1), "Bescheid", &names).replace("Nummer>2<", "Nummer>Entwurf 2<");
    let m = message(
        "3.0.0",
        "0604",
        1,
        &filed("0604", None, &akte(&uuid(2), "GEW 1", &x("Akteninhalt", &inner))),
    );
    let contents: Vec<(&str, &[u8])> =
        names.into_iter().zip([b"a", b"b", b"c"].map(|c| &c[..])).collect();
    assert_eq!(bench.hand_in(STRICT, &m, &contents).told(), "0000000");
    let cases = [("Entwurf 2", "b"), ("1", "a"), ("1.0", "a"), ("3", "c"), ("9", ""), ("3.1", "")];
    for (at, (number, content)) in cases.into_iter().enumerate() {
        let what = x("IDSGO", &uuid(1)) + &x("Versionsnummer", number);
        let n = u32::try_from(at).unwrap() + 10;
        let m = message("3.0.0", "0631", n, &x("DokumentZumExportieren", &what));
        let out = bench.hand_in(STRICT, &m, &[]).message();
        let file = out.files.values().next().map(|b| String::from_utf8_lossy(b).into_owned());
        assert_eq!(file.unwrap_or_default(), content, "{number}");
        assert_eq!(out.code, if content.is_empty() { "0631002" } else { "0000000" });
    }
}

#[test]
fn answers_in_2_4_0_say_what_its_characters_can_say() {
    let schemas = schemas();
    let bench = Bench::up();
    let inner = dokument(&uuid(2), "Prüfung \u{2013} Żółć \u{416}", &[]);
    let m = message(
        "3.1.0",
        "0604",
        1,
        &filed("0604", None, &akte(&uuid(1), "GEW 1", &x("Akteninhalt", &inner))),
    );
    assert_eq!(bench.hand_in(STRICT, &m, &[]).told(), "0000000");
    for (n, version, wanted) in
        [(10, "3.1.0", "Prüfung \u{2013} Żółć \u{416}"), (20, "2.4.0", "Prüfung - Żółć ?")]
    {
        let what = x("Suchbegriffe", "żółć") + &x("Volltext", "0") + &x("Metadaten", "1");
        let m = message(version, "0608", n, &x("SchriftgutobjektZumSuchen", &what));
        let found = right(&bench, schemas.as_ref(), &m, &[]).message();
        assert_eq!(found.items()[0].2, wanted, "{version}");
    }
}

#[test]
fn a_key_that_is_no_ags_is_seen_at_both_ends() {
    let bench = Bench::up();
    let m = message("3.0.0", "0604", 1, &filed("0604", None, &akte(&uuid(1), "GEW 1", "")));
    let sender = "<xdomea:Absender><xdomea:Behoerdenkennung><xdomea:Behoerdenschluessel \
                  listURI=\"urn:de:ags\" listVersionID=\"1\"><code>";
    let short = m.clone().change(&format!("{sender}14999010"), &format!("{sender}1499901"));
    assert_eq!(bench.hand_in(STRICT, &short, &[]).told(), "0000006");
    // Another authority may send.
    let other = m.change(&format!("{sender}14999010"), &format!("{sender}14999070"));
    assert_eq!(bench.hand_in(STRICT, &other, &[]).told(), "0000000");
}

#[test]
fn fields_of_records_are_properties_of_objects() {
    let schemas = schemas();
    for version in VERSIONS {
        let bench = Bench::up();
        let two = version == "2.4.0";
        let listed = |name: &str, list: &str, code: &str| {
            let list =
                format!("listURI=\"urn:xoev-de:xdomea:codeliste:{list}\" listVersionID=\"1.0\"");
            format!("<xdomea:{name} {list}><code>{code}</code></xdomea:{name}>")
        };
        let person = |role: &str, first: &str, last: &str| {
            let name = x("Familienname", &x("Name", last)) + &x("Vorname", &x("Name", first));
            x(role, &x("Name", &name))
        };
        let metadata = |subject: &str, reference: &str, more: &str| {
            let parts = [
                x("Betreff", subject),
                if reference.is_empty() { String::new() } else { x("Kennzeichen", reference) },
                x("Federfuehrung", "Amt 32"),
                more.to_owned(),
            ];
            x("AllgemeineMetadaten", &parts.concat())
        };
        let id = |n: u32| x("Identifikation", &x("ID", &uuid(n)));
        let secret = listed("Vertraulichkeitsstufe", "vertraulichkeitsstufe", "002");
        let document = [
            id(3),
            metadata("Antrag", "", &secret),
            x("FremdesGeschaeftszeichen", "Az. 7"),
            x("Posteingangsdatum", "2026-01-06"),
            x("DatumDesSchreibens", "2026-01-05"),
            x("Typ", "Antrag"),
            person("Absender", "Erika", "Probe"),
            person("Empfaenger", "Max", "Muster"),
            x("Empfaenger", &x("Institution", &x("Name", "Amt 32"))),
        ];
        let process = [
            id(2),
            metadata("Anmeldung", "", ""),
            x("ZdA", "1"),
            x("Dokument", &document.concat()),
            person("Kontakt", "Erika", "Probe"),
        ];
        let archive = if two {
            x("Aufbewahrungsdauer", "10") + &listed("Aussonderungsart", "aussonderungsart", "B")
        } else {
            x("Aufbewahrungsdauer", &x("AnzahlJahre", "10"))
                + &x("Aussonderungsart", &listed("Aussonderungsart", "aussonderungsart", "B"))
        };
        let plan = x("Aktenplaneinheit", &x("Kennzeichen", "32.1"));
        let file = [
            id(1),
            metadata("Gaststätte", "GEW 1/2026", &(x("Bemerkung", "eilig") + &plan)),
            x("ArchivspezifischeMetadaten", &archive),
            x("Laufzeit", &(x("Beginn", "2026-01-05") + &x("Ende", "2036-12-31"))),
            x("Akteninhalt", &x("Vorgang", &process.concat())),
        ];
        let m = message(version, "0604", 1, &filed("0604", None, &x("Akte", &file.concat())));
        let done = right(&bench, schemas.as_ref(), &m, &[]).message();
        assert_eq!(done.code, "0000000");
        // The Vorgang came without a Kennzeichen; it is told which one it has got.
        let told = done.items().into_iter().find(|i| i.1 == "Kennzeichen").unwrap();
        assert_eq!((told.0, told.2.as_str()), (uuid(2), "AZ 00000002"));

        let day = |text: &str| json!(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let has = |p: &serde_json::Value, wanted: &[(&str, serde_json::Value)]| {
            for (name, value) in wanted {
                assert_eq!(&p[name], value, "{version}: {name}");
            }
        };
        let inside = |p: &serde_json::Value| {
            let all = bench.children(STRICT, p["cmis:objectId"].as_str().unwrap());
            all.into_values().next().unwrap()
        };
        let akte = &bench.children(STRICT, "root-folder")["GEW 1-2026"];
        has(
            akte,
            &[
                ("cmis:description", json!("eilig")),
                ("akte:aktenzeichen", json!("GEW 1/2026")),
                ("akte:aktenplan", json!("32.1")),
                ("akte:betreff", json!("Gaststätte")),
                ("akte:organisationseinheit", json!("Amt 32")),
                ("akte:laufzeitbeginn", day("2026-01-05T00:00:00Z")),
                ("akte:laufzeitende", day("2036-12-31T00:00:00Z")),
                ("akte:aufbewahrungsfrist", json!(10)),
                ("akte:aussonderungsart", json!("B")),
            ],
        );
        let vorgang = inside(akte);
        has(
            &vorgang,
            &[
                ("vorgang:nummer", json!("AZ 00000002")),
                ("vorgang:aktenzeichen", json!("GEW 1/2026")),
                ("vorgang:betreff", json!("Anmeldung")),
                ("vorgang:status", json!("abgeschlossen")),
                ("vorgang:beteiligte", json!(["Erika Probe"])),
            ],
        );
        has(
            &inside(&vorgang),
            &[
                ("cmis:name", json!("Antrag")),
                ("dokument:dokumentart", json!("Antrag")),
                ("dokument:datum", day("2026-01-05T00:00:00Z")),
                ("dokument:eingang", day("2026-01-06T00:00:00Z")),
                ("dokument:absender", json!("Erika Probe")),
                ("dokument:empfaenger", json!(["Max Muster", "Amt 32"])),
                ("dokument:fremdes_zeichen", json!("Az. 7")),
                ("dokument:vertraulich", json!(true)),
            ],
        );
    }
}

#[test]
fn rights_of_the_repository_hold_for_messages() {
    let bench = Bench::up();
    let m = message("3.0.0", "0604", 1, &filed("0604", None, &akte(&uuid(1), "GEW 1", "")));
    assert_eq!(bench.hand_in(STRICT, &m, &[]).told(), "0000000");
    let id = bench.children(STRICT, "root-folder")["GEW 1"]["cmis:objectId"].clone();
    let id = id.as_str().unwrap();
    let apply = |more: &str| {
        let form = format!("cmisaction=applyACL&objectId={id}&{more}");
        let head = "Content-Type: application/x-www-form-urlencoded\r\n";
        let done = bench.send(STRICT, "POST", "/root", head, form.as_bytes());
        assert_eq!(done.status, 200, "{}", done.text());
    };
    let search = |n: u32| {
        let what = x("Suchbegriffe", "gaststätte") + &x("Volltext", "0") + &x("Metadaten", "1");
        let m = message("3.0.0", "0608", n, &x("SchriftgutobjektZumSuchen", &what));
        bench.hand_in(STRICT, &m, &[]).message().items().len()
    };
    let file = |n: u32| {
        let content = filed("0604", Some(&uuid(1)), &vorgang(&uuid(n), &n.to_string(), ""));
        bench.hand_in(STRICT, &message("3.0.0", "0604", n, &content), &[]).told()
    };
    assert_eq!((search(10), file(11).as_str()), (1, "0000000"));
    // Whoever may read only cannot file; what may not be read is not there.
    apply(
        "addACEPrincipal[0]=anyone&addACEPermission[0][0]=cmis:read&addACEPrincipal[1]=chef&addACEPermission[1][0]=cmis:all&removeACEPrincipal[0]=anyone&removeACEPermission[0][0]=cmis:all",
    );
    assert_eq!((search(20), file(21).as_str()), (1, "0000004"));
    let user = "Authorization: Basic Y2hlZjp4\r\n";
    let form = format!(
        "cmisaction=applyACL&objectId={id}&removeACEPrincipal[0]=anyone&removeACEPermission[0][0]=cmis:read"
    );
    let head = format!("{user}Content-Type: application/x-www-form-urlencoded\r\n");
    assert_eq!(bench.send(STRICT, "POST", "/root", &head, form.as_bytes()).status, 200);
    assert_eq!((search(30), file(31).as_str()), (0, "0604001"));
}

#[test]
fn plain_folders_take_any_metadata_and_bare_files_get_an_extension() {
    let bench = Bench::up();
    let head = "Content-Type: application/x-www-form-urlencoded\r\n";
    let form = "cmisaction=createFolder&succinct=true&objectId=root-folder&propertyId[0]=cmis:objectTypeId&\
                propertyValue[0]=cmis:folder&propertyId[1]=cmis:name&propertyValue[1]=Ablage";
    assert_eq!(bench.send(STRICT, "POST", "/root", head, form.as_bytes()).status, 201);
    let search = x("Suchbegriffe", "ablage") + &x("Volltext", "0") + &x("Metadaten", "1");
    let m = message("3.0.0", "0608", 1, &x("SchriftgutobjektZumSuchen", &search));
    let found = bench.hand_in(STRICT, &m, &[]).message().items().remove(0);
    assert_eq!(found.1, "Ordner");
    let field = x("Name", "farbe")
        + "<xdomea:Datentyp><code>038</code></xdomea:Datentyp>"
        + &x("Wert", "blau");
    let what = x("MetadatenZumAnlegen", &(x("IDSGO", &found.0) + &x("Metadatum", &field)));
    assert_eq!(bench.hand_in(STRICT, &message("3.0.0", "0609", 2, &what), &[]).told(), "0000000");
    assert_eq!(bench.children(STRICT, "root-folder")["Ablage"]["farbe"], "blau");

    // A bare UUID is a name in 3.x, and none in 2.4.0.
    let file = uuid(6);
    let content = filed("0604", Some(&found.0), &dokument(&uuid(5), "Blatt", &[&file]));
    let m = message("3.1.0", "0604", 3, &content);
    assert_eq!(bench.hand_in(STRICT, &m, &[(&file, b"x")]).told(), "0000000");
    let what = x("DokumentZumExportieren", &x("IDSGO", &uuid(5)));
    let out = bench.hand_in(STRICT, &message("2.4.0", "0631", 4, &what), &[]).message();
    let (_, name, place, _) = out.items().remove(0);
    assert_eq!(name, "Ablageort");
    assert!(place.ends_with(".bin"), "{place}");
    assert_eq!(out.files[&place], b"x");

    // What is a UUID for the pattern of the schema only is not kept, and noted.
    let odd = uuid(7).replacen("abcd", "abc|", 1);
    bench.noted(STRICT);
    let m = message("3.0.0", "0604", 8, &filed("0604", None, &akte(&odd, "GEW 8", "")));
    let done = right_but(&bench, &m);
    assert_ne!(done.items()[0].0, odd);
    assert_eq!(bench.noted(STRICT)[0].0, "RFC 9562 4");
}

#[test]
fn records_outside_of_the_content_are_refused_or_filed_but_not_lost() {
    use crate::support_xdomea::LENIENT;
    let bench = Bench::up();
    let inner = vorgang(&uuid(2), "GEW 1-1", "");
    let m = message("3.0.0", "0604", 1, &filed("0604", None, &akte(&uuid(1), "GEW 1", &inner)));
    assert_eq!(bench.hand_in(STRICT, &m, &[]).told(), "0000008");
    assert_eq!(bench.hand_in(LENIENT, &m.into_lenient(), &[]).told(), "0000000");
    let folder = bench.children(LENIENT, "root-folder")["GEW 1"]["cmis:objectId"].clone();
    assert!(bench.children(LENIENT, folder.as_str().unwrap()).contains_key("GEW 1-1"));
    assert!(bench.noted(LENIENT).iter().any(|n| n.1.contains("outside of Akteninhalt")));
}

fn right_but(bench: &Bench, m: &crate::support_xdomea::Message) -> crate::support_xdomea::Received {
    crate::support_xdomea::valid(schemas().as_ref(), m.version, m.xml().as_bytes());
    let done = bench.hand_in(STRICT, m, &[]).message();
    assert_eq!(done.code, "0000000");
    done
}
