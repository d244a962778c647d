//! What becomes of records of xdomea in the repository: files, extensions, names, and messages that
//! come at once.

use crate::support_xdomea::{
    Bench, STRICT, VERSIONS, akte, dokument, filed, message, right, schemas, uuid, x,
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
