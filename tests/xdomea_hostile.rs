//! Whatever is wrong with a message, the DMS answers, and what it answers is valid.

use std::collections::BTreeMap;
use std::sync::Arc;

use pruefstand::channel::Unobserved;
use pruefstand::fake_system::{Running, StartError};
use pruefstand::organisation::{EMBEDDED, TestOrganisation};

use crate::support::{real_data, tool};
use crate::support_xdomea::{
    Bench, LENIENT, Message, STRICT, VERSIONS, Zip, akte, dokument, filed, message, schemas, uuid,
    valid, x,
};

/// Where each element of a text begins and ends, the root without its own.
fn elements(text: &str) -> Vec<(usize, usize)> {
    let mut open: Vec<usize> = Vec::new();
    let mut out = Vec::new();
    for (at, _) in text.match_indices('<') {
        let rest = &text[at..];
        let end = at + rest.find('>').unwrap() + 1;
        if rest.starts_with("</") {
            out.push((open.pop().unwrap(), end));
        } else if rest.starts_with("<?") {
        } else if text[..end].ends_with("/>") {
            out.push((at, end));
        } else {
            open.push(at);
        }
    }
    out.pop();
    out
}

/// Every element away, twice, empty, with something strange in it, or with a name of its own.
fn changed(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (from, to) in elements(text) {
        let (before, element, after) = (&text[..from], &text[from..to], &text[to..]);
        let start = element.find('>').unwrap() + 1;
        let end = element.rfind("</").unwrap_or(element.len());
        let (head, tail) = (&element[..start], &element[end..]);
        out.push(format!("{before}{after}"));
        out.push(format!("{before}{element}{element}{after}"));
        if end < element.len() {
            for inside in ["", "\u{1F600} \u{416} &#x9F; &amp;&lt;", "-1", "../../../etc/passwd"] {
                out.push(format!("{before}{head}{inside}{tail}{after}"));
            }
        }
        let name =
            |part: &str| part.replacen("xdomea:", "xdomea:Un", 1).replacen("code", "kode", 1);
        out.push(format!("{before}{}{}{}{after}", name(head), &element[start..end], name(tail)));
    }
    out
}

#[test]
fn answers_are_valid_whatever_came() {
    let Some(schemas) = schemas() else { return };
    let bench = Bench::up();
    let file = format!("{}_a.pdf", uuid(4));
    let field = x("Name", "schlagworte")
        + "<xdomea:Datentyp><code>038</code></xdomea:Datentyp>"
        + &x("Wert", "a");
    let search = x("Suchbegriffe", "9000000") + &x("Volltext", "1") + &x("Metadaten", "1");
    let mut told: BTreeMap<String, u32> = BTreeMap::new();
    let mut process = 0;
    for (at, version) in VERSIONS.into_iter().enumerate() {
        // What the others ask about.
        let base = 9_000_000 + u32::try_from(at).unwrap() * 10;
        for system in [STRICT, LENIENT] {
            let document = x("Akteninhalt", &dokument(&uuid(base + 1), "Antrag", &[&file]));
            let inner = akte(&uuid(base), &format!("GEW {base}"), &document);
            let m = message(version, "0604", base, &filed("0604", None, &inner));
            let m = if system == LENIENT { m.into_lenient() } else { m };
            assert_eq!(bench.hand_in(system, &m, &[(&file, b"x")]).told(), "0000000");
        }
        let document = x("Akteninhalt", &dokument(&uuid(2), "Antrag", &[&file]));
        let inner = akte(&uuid(1), "GEW 1", &document);
        let metadata = x("IDSGO", &uuid(base)) + &x("Metadatum", &field);
        let export = x("IDSGO", &uuid(base + 1));
        let messages = [
            message(version, "0604", 3, &filed("0604", None, &inner)),
            message(version, "0608", 3, &x("SchriftgutobjektZumSuchen", &search)),
            message(version, "0609", 3, &x("MetadatenZumAnlegen", &metadata)),
            message(version, "0625", 3, &x("SystemstatusZumAbfragen", &x("SystemstatusID", "1"))),
            message(version, "0631", 3, &x("DokumentZumExportieren", &export)),
        ];
        for m in messages {
            let files: &[(&str, &[u8])] = if m.code == "0604" { &[(&file, b"x")] } else { &[] };
            for text in changed(&m.xml()) {
                process += 1;
                for system in [STRICT, LENIENT] {
                    let own = Message { process: uuid(process + 100), ..m.clone() };
                    let ags = if system == STRICT { "14999010" } else { "14999020" };
                    let text = text
                        .replace("14999010", ags)
                        .replace(&uuid(1), &uuid(process + 1_000_000))
                        .replace(&uuid(2), &uuid(process + 2_000_000))
                        .replace("GEW 1<", &format!("GEW {process}<"))
                        .replace(&m.process, &own.process);
                    let mut zip = Zip::default();
                    zip.file(&format!("{}.xml", own.stem()), text.as_bytes());
                    files.iter().for_each(|(n, b)| {
                        zip.file(n, b);
                    });
                    let answer = bench.post(system, &format!("{}.zip", own.stem()), &zip.build());
                    match answer.status {
                        200 => valid(Some(&schemas), version, &answer.message().xml),
                        204 | 409 | 413 | 422 => {}
                        400 => assert!(pruefstand::xml::parse(text.as_bytes()).is_err(), "{text}"),
                        other => panic!("{other}: {text}"),
                    }
                    *told.entry(answer.told()).or_default() += 1;
                }
            }
        }
    }
    // Both kinds of answers came, and often.
    for code in ["0000000", "0000008", "0604002", "0609002", "0625001", "0631001", "204", "422"] {
        assert!(told.get(code).is_some_and(|n| *n > 5), "{code}: {told:?}");
    }
}

#[test]
fn real_messages_of_another_group_are_not_spoken() {
    let Some(folder) = real_data("data/xdomea/samples/lavnrw-3.0.0") else { return };
    if !tool("zip") {
        return;
    }
    let bench = Bench::up();
    let stem = "9fde4e7a-b41b-11ec-9225-005056871b7c_Aussonderung.Aussonderung.0503";
    let done = std::process::Command::new("zip")
        .args(["-q", "-", &format!("{stem}.xml"), "f4bcaaf7-d7cb-11ef-a278-005056871b7c.txt"])
        .current_dir(folder)
        .output()
        .unwrap();
    let post = |system: &str| bench.post(system, &format!("{stem}.zip"), &done.stdout).told();
    // Its schemaLocation is /dev/null.
    assert_eq!(post(STRICT), "0000008");
    assert!(bench.noted(STRICT)[0].1.contains("/dev/null"));
    assert_eq!(post(LENIENT), "0000499");
    let notes = bench.noted(LENIENT);
    assert!(
        notes.iter().any(|n| n.1 == "Aussonderung.Aussonderung.0503 is not spoken here"),
        "{notes:?}"
    );
}

#[test]
fn schemas_that_are_not_there_are_told_at_the_start() {
    let text = EMBEDDED.replacen(
        &format!("id = \"{STRICT}\"\n"),
        &format!("id = \"{STRICT}\"\nxdomea_schemas = \"nirgends\"\n"),
        1,
    );
    let organisation =
        TestOrganisation::from_text("o.toml", &text, std::path::Path::new("/")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error =
        runtime.block_on(Running::start(&organisation, Arc::new(Unobserved))).err().unwrap();
    assert!(matches!(error, StartError::Schemas { .. }), "{error}");
    assert!(error.to_string().contains("\"nirgends\""), "{error}");
}
