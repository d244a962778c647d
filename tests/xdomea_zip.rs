//! The containers of xdomea: every rule of ZIP and file names, strict and lenient, and programs of
//! others that write and read them.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{Sandbox, tool};
use crate::support_xdomea::{
    Bench, LENIENT, Message, Received, STRICT, Zip, akte, dokument, filed, message, uuid, x,
};

/// A document with a file, as a message for a system.
fn with_file(system: &str, n: u32, file: &str) -> Message {
    let inner = dokument(&uuid(n + 1), &format!("Antrag {n}"), &[file]);
    let m = message("3.0.0", "0605", n, &filed("0605", None, &inner));
    if system == LENIENT { m.into_lenient() } else { m }
}

/// The container of a message, to be spoiled.
fn container(m: &Message, file: &str) -> Zip {
    let mut zip = Zip::default();
    zip.file(&format!("{}.xml", m.stem()), m.xml().as_bytes());
    zip.file(file, b"%PDF Inhalt");
    zip
}

/// What a rule is about, how a container breaks it, what both systems say, and the clause.
type Case = (&'static str, fn(&mut Zip), &'static str, &'static str, &'static str);

fn last(zip: &mut Zip) -> &mut crate::support_xdomea::Entry {
    zip.entries.last_mut().unwrap()
}

const CASES: [Case; 40] = [
    ("nothing", |_| {}, "0000000", "0000000", ""),
    ("stored", |z| store(z), "0000000", "0000000", ""),
    (
        "data descriptor",
        |z| z.entries.iter_mut().for_each(|e| e.descriptor = true),
        "0000000",
        "0000000",
        "",
    ),
    (
        "zip64 sizes",
        |z| z.entries.iter_mut().for_each(|e| e.zip64 = true),
        "0000000",
        "0000000",
        "",
    ),
    ("no Unix attributes", |z| last(z).attributes = 0x20, "0000000", "0000000", ""),
    (
        "a folder",
        |z| {
            z.file("anlagen/", b"");
            last(z).attributes = 0x41ED_0010;
        },
        "422",
        "0000000",
        "xdomea ZIP: no folders",
    ),
    (
        "in a folder",
        |z| {
            let n = last(z).name.clone();
            last(z).name = [b"anlagen/", n.as_slice()].concat();
        },
        "422",
        "0000000",
        "xdomea ZIP: no folders",
    ),
    (
        "message in a folder",
        |z| {
            let n = z.entries[0].name.clone();
            z.entries[0].name = [b"a/b/", n.as_slice()].concat();
        },
        "422",
        "0000000",
        "xdomea ZIP: no folders",
    ),
    (
        "parent folder",
        |z| last(z).name = b"../../etc/cron.d/x".to_vec(),
        "400",
        "400",
        "APPNOTE 4.4.17",
    ),
    (
        "parent folder inside",
        |z| last(z).name = b"a/../../x".to_vec(),
        "400",
        "400",
        "APPNOTE 4.4.17",
    ),
    ("absolute", |z| last(z).name = b"/etc/passwd".to_vec(), "400", "400", "APPNOTE 4.4.17"),
    ("drive", |z| last(z).name = b"C:\\x".to_vec(), "400", "400", "APPNOTE 4.4.17"),
    ("backslashes", |z| last(z).name = b"..\\x".to_vec(), "400", "400", "APPNOTE 4.4.17"),
    ("NUL", |z| last(z).name = b"a\0.pdf".to_vec(), "400", "400", "APPNOTE 4.4.17"),
    ("no name", |z| last(z).name.clear(), "400", "400", "APPNOTE 4.4.17"),
    ("symbolic link", |z| last(z).attributes = 0xA1FF_0000, "422", "422", "APPNOTE 4.4.15"),
    ("device", |z| last(z).attributes = 0x21FF_0000, "422", "422", "APPNOTE 4.4.15"),
    ("encrypted", |z| last(z).flags |= 1, "422", "422", "APPNOTE 4.4.4"),
    ("strongly encrypted", |z| last(z).flags |= 0x40, "422", "422", "APPNOTE 4.4.4"),
    ("LZMA", |z| last(z).method = 14, "422", "422", "APPNOTE 4.4.5"),
    (
        "twice",
        |z| {
            let e = last(z).clone();
            z.entries.push(e);
        },
        "400",
        "400",
        "APPNOTE 4.4.17",
    ),
    (
        "twice by case",
        |z| {
            let mut e = last(z).clone();
            e.name.make_ascii_uppercase();
            z.entries.push(e);
        },
        "422",
        "0000000",
        "APPNOTE 4.4.17",
    ),
    (
        "other local name",
        |z| last(z).local_name = Some(b"harmlos.pdf".to_vec()),
        "400",
        "400",
        "APPNOTE 4.3",
    ),
    ("wrong CRC", |z| last(z).crc ^= 1, "400", "400", "APPNOTE 4.3"),
    ("wrong size", |z| last(z).size += 1, "400", "400", "APPNOTE 4.3"),
    ("broken data", |z| last(z).data[0] = 0xFF, "400", "400", "APPNOTE 4.3"),
    ("bytes behind the data", |z| last(z).data.extend(b"mehr"), "400", "0000000", "APPNOTE 4.3"),
    ("bytes before", |z| z.before = b"MZ, ein Programm".to_vec(), "400", "0000000", "APPNOTE 4.3"),
    ("bytes behind", |z| z.behind = b"noch etwas".to_vec(), "400", "0000000", "APPNOTE 4.3"),
    ("too few told", |z| z.count = Some(1), "400", "400", "APPNOTE 4.3"),
    ("too many told", |z| z.count = Some(3), "400", "400", "APPNOTE 4.3"),
    (
        "overlapping",
        |z| {
            z.entries[1] = z.entries[0].clone();
            z.entries[1].name[0] ^= 1;
            z.overlap = true;
        },
        "400",
        "400",
        "APPNOTE 4.3",
    ),
    (
        "unreferenced file",
        |z| {
            z.file(&format!("{}.txt", uuid(5)), b"x");
        },
        "422",
        "0000000",
        "xdomea: files (3.0.0 section 5.1.35)",
    ),
    (
        "missing file",
        |z| {
            z.entries.pop();
        },
        "0605004",
        "0000000",
        "xdomea: files (3.0.0 section 5.1.35)",
    ),
    (
        "file by another case",
        |z| last(z).name.make_ascii_uppercase(),
        "0000018",
        "0000000",
        "xdomea: files (3.0.0 section 5.1.35)",
    ),
    (
        "two messages",
        |z| {
            let mut e = z.entries[0].clone();
            e.name[0] ^= 1;
            z.entries.push(e);
        },
        "422",
        "422",
        "xdomea ZIP: one message",
    ),
    (
        "no message",
        |z| {
            z.entries.remove(0);
        },
        "422",
        "422",
        "xdomea ZIP: one message",
    ),
    (
        "message by another name",
        |z| z.entries[0].name = b"nachricht.xml".to_vec(),
        "422",
        "0000000",
        "xdomea ZIP: one message",
    ),
    (
        "message of another process",
        |z| z.entries[0].name[0] ^= 1,
        "422",
        "0000000",
        "xdomea: file names",
    ),
    ("empty archive", |z| z.entries.clear(), "422", "422", "xdomea ZIP: one message"),
];

fn store(zip: &mut Zip) {
    let file = last(zip);
    file.method = 0;
    file.data = b"%PDF Inhalt".to_vec();
}

#[test]
fn every_rule_of_the_container_is_kept() {
    let bench = Bench::up();
    for (at, (what, spoil, strict, lenient, clause)) in CASES.into_iter().enumerate() {
        let n = u32::try_from(at).unwrap() * 10 + 100;
        for (system, wanted) in [(STRICT, strict), (LENIENT, lenient)] {
            let file = format!("{}_antrag.pdf", uuid(n + 2));
            let m = with_file(system, n, &file);
            let mut zip = container(&m, &file);
            spoil(&mut zip);
            bench.noted(system);
            let answer = bench.post(system, &format!("{}.zip", m.stem()), &zip.build());
            let mut notes = bench.noted(system);
            notes.retain(|n| !n.1.contains("without IDContainer"));
            assert_eq!(answer.told(), wanted, "{what}, {system}: {notes:?}");
            if clause.is_empty() {
                assert_eq!(notes, [], "{what}");
            } else {
                assert!(notes.iter().any(|n| n.0 == clause), "{what}, {system}: {notes:?}");
            }
            // What was taken is there with its file, what was not has left nothing.
            let there = bench.children(system, "root-folder");
            let mine = there.iter().find(|(name, _)| name.starts_with(&format!("Antrag {n}")));
            assert_eq!(mine.is_some(), wanted == "0000000", "{what}, {system}");
            if let Some((_, p)) = mine.filter(|_| what != "missing file") {
                assert_eq!(bench.content(system, &p["cmis:objectId"]), b"%PDF Inhalt", "{what}");
            }
        }
    }
}

#[test]
fn names_are_read_in_their_encoding() {
    let bench = Bench::up();
    // Name in the message, bytes in the ZIP, flag, what both say.
    let cases: [(&str, &[u8], u16, &str, &str); 5] = [
        ("Prüfung", "Prüfung".as_bytes(), 0x800, "0000000", "0000000"),
        ("Prüfung", b"Pr\x81fung", 0, "0000000", "0000000"),
        ("Prüfung", "Prüfung".as_bytes(), 0, "422", "0000000"),
        ("Prüfung", b"Pr\x81fung", 0x800, "400", "400"),
        // Latin 1 is neither.
        ("Prüfung", b"Pr\xFCfung", 0, "0605004", "0000000"),
    ];
    for (at, (name, raw, flag, strict, lenient)) in cases.into_iter().enumerate() {
        let n = u32::try_from(at).unwrap() * 10 + 100;
        for (system, wanted) in [(STRICT, strict), (LENIENT, lenient)] {
            let file = format!("{}_{name}.pdf", uuid(n + 2));
            let m = with_file(system, n, &file);
            let mut zip = container(&m, "x");
            last(&mut zip).name = [uuid(n + 2).as_bytes(), b"_", raw, b".pdf"].concat();
            last(&mut zip).flags = flag;
            let answer = bench.post(system, &format!("{}.zip", m.stem()), &zip.build());
            assert_eq!(answer.told(), wanted, "{raw:?}, {system}: {:?}", bench.noted(system));
        }
    }
    let there = bench.children(STRICT, "root-folder");
    let file = &there["Antrag 110.pdf"]["cmis:contentStreamFileName"];
    assert_eq!(file, "Prüfung.pdf");
}

#[test]
fn file_names_follow_the_version() {
    let bench = Bench::up();
    let id = uuid(7);
    let cases = [
        ("3.0.0", format!("{id}.pdf"), "0000000"),
        ("3.0.0", format!("{id}_Antrag 1.pdf"), "0000000"),
        ("3.1.0", id.clone(), "0000000"),
        ("3.0.0", "antrag.pdf".into(), "422"),
        ("3.0.0", format!("{id}-Antrag.pdf"), "422"),
        ("3.0.0", format!("{id}_Antrag"), "422"),
        ("2.4.0", format!("{id}_Antrag.pdf"), "0000000"),
        ("2.4.0", format!("{id}.pdf"), "422"),
    ];
    for (at, (version, file, wanted)) in cases.iter().enumerate() {
        let n = u32::try_from(at).unwrap() * 10 + 100;
        for system in [STRICT, LENIENT] {
            let m = Message { version, ..with_file(system, n, file) };
            let answer = bench.hand_in(system, &m, &[(file, b"x")]);
            let wanted = if system == LENIENT { "0000000" } else { *wanted };
            assert_eq!(answer.told(), wanted, "{file}, {version}, {system}");
            let noted = bench.noted(system).iter().any(|n| n.0.starts_with("xdomea: files"));
            assert_eq!(noted, wanted != "0000000" || (system == LENIENT && cases[at].2 == "422"));
        }
    }
}

#[test]
fn the_container_has_a_name_and_a_type() {
    let bench = Bench::up();
    let mut n = 100;
    let mut try_with =
        |system: &str, head: &dyn Fn(&str) -> String, query: &dyn Fn(&str) -> String| {
            n += 10;
            let file = format!("{}.pdf", uuid(n + 2));
            let m = with_file(system, n, &file);
            let (head, query) = (head(&m.stem()), query(&m.stem()));
            let zip = container(&m, &file).build();
            bench.send(system, "POST", &format!("/xdomea{query}"), &head, &zip).told()
        };
    let none = |_: &str| String::new();
    let zip = "Content-Type: application/zip\r\n";
    for system in [STRICT, LENIENT] {
        let refused =
            |status: &str| if system == STRICT { status.to_owned() } else { "0000000".into() };
        let slug = |s: &str| format!("{zip}Slug: {s}.zip\r\n");
        assert_eq!(try_with(system, &slug, &none), "0000000");
        let plain = |_: &str| zip.to_owned();
        assert_eq!(try_with(system, &plain, &|s| format!("?name={s}.zip")), "0000000");
        assert_eq!(try_with(system, &plain, &none), refused("422"));
        assert_eq!(try_with(system, &plain, &|_| "?name=nachricht.zip".into()), refused("422"));
        assert_eq!(try_with(system, &plain, &|s| format!("?name={s}.ZIP")), refused("422"));
        // A name of version 4.
        let four = |s: &str| format!("?name={}_0605_1.zip", &s[..36]);
        assert_eq!(try_with(system, &plain, &four), refused("422"));
        // A path is a wrong name, and leads nowhere.
        let path = |s: &str| {
            format!("{zip}Content-Disposition: attachment; filename=\"../../{s}.zip\"\r\n")
        };
        assert_eq!(try_with(system, &path, &none), refused("422"));
        let octets =
            |s: &str| format!("Content-Type: application/octet-stream\r\nSlug: {s}.zip\r\n");
        assert_eq!(try_with(system, &octets, &none), refused("415"));
    }
}

#[test]
fn bombs_do_not_go_off() {
    let bench = Bench::up();
    let post = |system: &str, n: u32, zip: &Zip| {
        let m = with_file(system, n, "x");
        bench.post(system, &format!("{}.zip", m.stem()), &zip.build()).told()
    };
    for system in [STRICT, LENIENT] {
        // 20 MB of nothing in 20 KB.
        let file = format!("{}.bin", uuid(2));
        let m = with_file(system, 100, &file);
        let mut flat = Zip::default();
        flat.file(&format!("{}.xml", m.stem()), m.xml().as_bytes());
        flat.file(&file, &vec![0; 20_000_000]);
        assert_eq!(post(system, 100, &flat), "413");
        // The same, and the size is not admitted.
        last(&mut flat).size = 10;
        assert_eq!(post(system, 100, &flat), "413");
        // Many entries over the same bytes.
        let mut quilt = Zip::default();
        let data = vec![7; 100_000];
        quilt.file("a", &data);
        let one = quilt.entries[0].clone();
        quilt.entries = vec![one; 100];
        quilt.overlap = true;
        for (at, entry) in quilt.entries.iter_mut().enumerate() {
            entry.name = format!("{at}").into_bytes();
            entry.local_name = Some(b"0".to_vec());
        }
        assert_eq!(post(system, 100, &quilt), "400");
        // An entry inside of the stored data of another: each byte counts twice, and more in depth.
        let mut inner = Zip::default();
        inner.file("b", &vec![0; 1_000]);
        let whole = inner.build();
        let end = whole.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        let mut nested = Zip::default();
        let outer = nested.file("a", &whole[..end]);
        (outer.method, outer.data) = (0, whole[..end].to_vec());
        let mut entry = inner.entries.remove(0);
        entry.offset = Some(30 + 1);
        nested.entries.push(entry);
        bench.noted(system);
        assert_eq!(post(system, 100, &nested), "413");
        assert!(bench.noted(system)[0].1.contains("overlap"));
        // More entries than anybody sends.
        let mut many = Zip::default();
        let one = many.file("a", b"").clone();
        many.entries = (0..2_001)
            .map(|n| crate::support_xdomea::Entry {
                name: format!("{n}").into_bytes(),
                ..one.clone()
            })
            .collect();
        assert_eq!(post(system, 100, &many), "413");
        assert!(bench.noted(system).iter().any(|n| n.0 == "ZIP bomb"));
        // A bomb inside is a file like others, and stays as it is.
        let inner = flat.build();
        let file = format!("{}_anlage.zip", uuid(112));
        let m = with_file(system, 110, &file);
        assert_eq!(bench.hand_in(system, &m, &[(&file, &inner)]).told(), "0000000");
        let there = bench.children(system, "root-folder");
        let id = &there["Antrag 110.zip"]["cmis:objectId"];
        assert_eq!(bench.content(system, id), inner);
    }
}

#[test]
fn truncated_containers_are_not_taken() {
    let bench = Bench::up();
    let file = format!("{}.pdf", uuid(2));
    let m = with_file(LENIENT, 1, &file);
    let whole = container(&m, &file).build();
    for cut in [0, 1, 4, 30, 200, whole.len() / 2, whole.len() - 60, whole.len() - 1] {
        for system in [STRICT, LENIENT] {
            let answer = bench.post(system, &format!("{}.zip", m.stem()), &whole[..cut]);
            assert_eq!(answer.told(), "400", "cut at {cut}");
        }
    }
    assert_eq!(bench.children(LENIENT, "root-folder").len(), 0);
}

#[test]
fn programs_of_others_write_and_read_containers() {
    if !(tool("python3") && tool("zip") && tool("unzip") && tool("curl")) {
        return;
    }
    let bench = Bench::up();
    let sandbox = Sandbox::new();
    let python = "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],'w',zipfile.ZIP_DEFLATED)\n\
                  [z.write(f) for f in sys.argv[2:]]\nz.close()";
    // Some builds of Info-ZIP write names in UTF-8 without saying so; Python says it.
    let ways = [
        (100, "zip", "Pruefung"),
        (200, "python3", "Prüfung"),
        (300, "zip -", "Pruefung"),
        (400, "zip -fz", "Pruefung"),
    ];
    for (n, way, name) in ways {
        let a = message(
            "3.0.0",
            "0604",
            n + 9,
            &filed("0604", None, &akte(&uuid(n), &format!("GEW {n}"), "")),
        );
        assert_eq!(bench.hand_in(STRICT, &a, &[]).told(), "0000000");
        let file = format!("{}_{name}.txt", uuid(n + 2));
        let inner = dokument(&uuid(n + 1), "Prüfung", &[&file]);
        let m = message("3.0.0", "0604", n, &filed("0604", Some(&uuid(n)), &inner));
        let (zip, xml) = (format!("{}.zip", m.stem()), format!("{}.xml", m.stem()));
        sandbox.write(&xml, &m.xml());
        sandbox.write(&file, "geprüft");
        let mut command = match way {
            "python3" => {
                let mut c = Command::new("python3");
                c.args(["-c", python, &zip, &xml, &file]);
                c
            }
            // Through a pipe, so that sizes stand behind the data.
            "zip -" => {
                let mut c = Command::new("sh");
                c.args(["-c", &format!("zip -q - '{xml}' '{file}' | cat > '{zip}'")]);
                c
            }
            "zip -fz" => {
                let mut c = Command::new("zip");
                c.args(["-q", "-fz", &zip, &xml, &file]);
                c
            }
            _ => {
                let mut c = Command::new("zip");
                c.args(["-q", &zip, &xml, &file]);
                c
            }
        };
        let done = command.current_dir(sandbox.path("")).status().unwrap();
        assert!(done.success());
        let out = sandbox.path("antwort.zip");
        let url = format!("{}/xdomea", bench.url(STRICT));
        let done = Command::new("curl")
            .args(["-sS", "--max-time", "20", "-H", "Content-Type: application/zip", "-H"])
            .arg(format!("Content-Disposition: attachment; filename=\"{zip}\""))
            .args(["--data-binary", &format!("@{}", sandbox.path(&zip).display()), "-o"])
            .args([out.as_os_str(), url.as_ref()])
            .status()
            .unwrap();
        assert!(done.success());
        let bytes = std::fs::read(&out).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(bytes.starts_with(b"PK"), "{way}: {text} {:?}", bench.noted(STRICT));
        let name = format!("{}_FVDaten.ImportBestaetigen.0630.zip", uuid(n));
        assert_eq!(Received::read(&name, &bytes).code, "0000000", "{way}");

        // The exported file, read by others.
        let what = x("DokumentZumExportieren", &x("IDSGO", &uuid(n + 1)));
        let export = bench.hand_in(STRICT, &message("3.0.0", "0631", n + 8, &what), &[]);
        std::fs::write(&out, &export.body).unwrap();
        assert!(Command::new("unzip").arg("-tqq").arg(&out).status().unwrap().success());
        let read = "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                    n=[i for i in z.namelist() if i.endswith('fung.txt')]\nassert len(n)==1,z.namelist()\n\
                    sys.stdout.write(z.read(n[0]).decode())";
        let mut child = Command::new("python3");
        let child =
            child.args(["-c", read]).arg(&out).env("PYTHONUTF8", "1").stdout(Stdio::piped());
        let done = child.output().unwrap();
        assert_eq!(String::from_utf8(done.stdout).unwrap(), "geprüft", "{way}");
    }
    std::io::stdout().flush().unwrap();
}
