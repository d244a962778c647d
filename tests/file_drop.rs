//! Transfer folders: handed over whole or not at all, taken whole or not at all, and never a way out.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use pruefstand::channel::file::{GiveError, Given, hand_over, path_of_url};
use pruefstand::fake_system::{Behaviour, Which};
use pruefstand::organisation::TestOrganisation;
use pruefstand::wire::is_taken;
use pruefstand::xml::parse;

use crate::args;
use crate::clients::Fakes;
use crate::support::{Sandbox, pruefstand};
use crate::support_systems::{Up, organisation, system, take_one};

const KIND: &str = "fachverfahren-ablage";
const ANTRAG: &[u8] = b"<Antrag><Vorgang>PS-0123456789AB</Vorgang></Antrag>";
const PDF: &[u8] = b"%PDF-1.4\n\x00\xFF";

/// A system over a folder in a sandbox.
struct Drop {
    up: Up,
    sandbox: Sandbox,
}

impl Drop {
    fn with(lines: &str) -> Self {
        let sandbox = Sandbox::new();
        let lines = format!("folder = \"ablage\"\n{lines}");
        let up = Up::with(&system("fv", KIND, &lines), &sandbox.path(""));
        Self { up, sandbox }
    }

    fn at(&self, below: &str) -> PathBuf {
        self.sandbox.path("ablage").join(below)
    }

    /// Hands over into the input folder.
    fn give(&self, name: &str, given: &Given) {
        hand_over(&self.at("eingang"), name, given).unwrap();
    }

    /// What is in a folder, sorted, without what is not handed over yet.
    fn list(&self, below: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(below)).unwrap().map(|e| e.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|n| n.to_string_lossy().into_owned()).collect();
        names.retain(|n| !n.ends_with(".tmp"));
        names.sort();
        names
    }

    fn wait_for(&self, below: &str) -> PathBuf {
        let path = self.at(below);
        self.up.wait(below, |_| path.symlink_metadata().is_ok().then_some(()));
        path
    }

    /// Waits until so many exchanges are over; the raw bytes of their requests.
    fn exchanges(&self, count: usize) -> Vec<Vec<u8>> {
        self.up.wait("the exchanges", |up| {
            let seen = up.watcher.0.lock().unwrap();
            (seen.answers.len() >= count)
                .then(|| seen.requests.iter().map(|r| r.1.clone()).collect())
        })
    }
}

fn folder(files: &[(&str, &[u8])]) -> Given {
    let files = files.iter().map(|(n, c)| ((*n).to_owned(), c.to_vec())).collect();
    Given::Folder { files, marker: Some(".fertig".into()) }
}

fn good() -> Given {
    folder(&[("antrag.xml", ANTRAG), ("antrag.pdf", PDF), ("Maßübersicht.txt", b"x")])
}

fn container(inner: &str, attachments: &str) -> Given {
    let text = format!(
        "<c:container xmlns:c=\"urn:pruefstand:ablage:1\"><c:kopf><c:vorgang>PS-0123456789AB</c:vorgang></c:kopf><c:fachdaten>{inner}</c:fachdaten><c:anlagen>{attachments}</c:anlagen></c:container>"
    );
    Given::File(text.into_bytes())
}

fn attachment(name: &str, content: &str) -> String {
    format!("<c:anlage><c:name>{name}</c:name><c:inhalt>{content}</c:inhalt></c:anlage>")
}

#[test]
fn a_folder_with_its_marker_is_taken_and_confirmed() {
    let drop = Drop::with("");
    drop.give("fall 1", &good());
    let receipt = fs::read(drop.wait_for("ausgang/fall 1.quittung.xml")).unwrap();
    let root = parse(&receipt).unwrap().root;
    assert_eq!(root.child_text("aktenzeichen").unwrap(), "GEW 0123456789AB/2026");
    assert_eq!(root.child_text("uebergabe").unwrap(), "fall 1");
    assert_eq!(drop.list("eingang"), Vec::<String>::new(), "the marker went with its folder");
    assert_eq!(drop.list(".in-arbeit"), Vec::<String>::new());
    assert_eq!(drop.list("angenommen/fall 1"), ["Maßübersicht.txt", "antrag.pdf", "antrag.xml"]);
    assert_eq!(fs::read(drop.at("angenommen/fall 1/antrag.pdf")).unwrap(), PDF);
    let raw = drop.exchanges(1).remove(0);
    let expected = [
        "== Maßübersicht.txt 1\nx\n== antrag.pdf 11\n".as_bytes(),
        PDF,
        b"\n== antrag.xml 51\n",
        ANTRAG,
        b"\n",
    ];
    assert_eq!(raw, expected.concat());
    let seen = drop.up.watcher.0.lock().unwrap();
    assert_eq!((seen.requests[0].0.as_str(), &seen.answers[0].1), ("file", &receipt));
    std::mem::drop(seen);
    let held = drop.up.held("fv");
    let titles: Vec<_> = held.iter().map(|h| (h.title.as_str(), h.content.as_slice())).collect();
    assert_eq!(titles, [("Antrag", ANTRAG), ("antrag.pdf", PDF), ("Maßübersicht.txt", b"x")]);
    assert_eq!(held[0].vorgang, "PS-0123456789AB");
    assert_eq!(drop.up.noted(), []);
}

#[test]
fn a_container_is_one_file_with_everything_in_it() {
    let drop = Drop::with("");
    let given = container("<Antrag/>", &attachment("Plan ß.pdf", "JVBE\n Ri0K/w=="));
    drop.give("a.xml", &given);
    drop.wait_for("ausgang/a.xml.quittung.xml");
    let Given::File(content) = given else { unreachable!() };
    assert_eq!(drop.exchanges(1).concat(), content, "raw");
    assert_eq!(fs::read(drop.at("angenommen/a.xml")).unwrap(), content);
    let held = drop.up.held("fv");
    assert_eq!((held[0].title.as_str(), &held[0].content), ("Antrag", &content));
    assert_eq!(
        (held[1].title.as_str(), held[1].content.as_slice()),
        ("Plan ß.pdf", &b"%PDF-\n\xFF"[..])
    );
    // The same name again: both stay, and both are confirmed.
    drop.give("a.xml", &container("<Zweiter/>", ""));
    drop.wait_for("angenommen/a.xml-2");
    drop.wait_for("ausgang/a.xml-2.quittung.xml");
    assert_eq!(fs::read(drop.at("angenommen/a.xml")).unwrap(), content);
}

#[test]
fn what_is_not_handed_over_yet_is_left_alone() {
    let drop = Drop::with("");
    let input = drop.at("eingang");
    for name in [".versteckt", "a.xml.tmp", "b.PART", ".c.xml"] {
        fs::write(input.join(name), ANTRAG).unwrap();
    }
    // A folder without its marker, with one that is a folder, and with one that is a link.
    for name in ["ohne", "ordner", "verweis", "ordner.fertig"] {
        fs::create_dir(input.join(name)).unwrap();
        fs::write(input.join(name).join("a.xml"), ANTRAG).unwrap();
    }
    std::os::unix::fs::symlink("/etc/hostname", input.join("verweis.fertig")).unwrap();
    fs::write(input.join("niemand.fertig"), "").unwrap();
    // A file that somebody copies slowly, without renaming.
    let mut slow = fs::File::create(input.join("langsam.xml")).unwrap();
    let Given::File(content) = container("<Antrag/>", "") else { unreachable!() };
    for piece in content.chunks(40) {
        slow.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        // A pause in the middle of a word.
        if piece.starts_with(&content[80..100]) {
            std::thread::sleep(Duration::from_millis(900));
        }
    }
    assert_eq!(drop.up.watcher.0.lock().unwrap().requests.len(), 0, "taken while it grew");
    drop.wait_for("ausgang/langsam.xml.quittung.xml");
    assert_eq!(drop.exchanges(1), [content]);
    let left = drop.list("eingang");
    for name in [".versteckt", "b.PART", ".c.xml", "ohne", "ordner", "verweis", "niemand.fertig"] {
        assert!(left.iter().any(|l| l == name), "{name}: {left:?}");
    }
    assert!(input.join("a.xml.tmp").exists());
    // Now it is.
    fs::write(input.join("ohne/a.pdf"), PDF).unwrap();
    fs::write(input.join("ohne.fertig"), "").unwrap();
    drop.wait_for("ausgang/ohne.quittung.xml");
}

#[test]
fn who_watches_a_hand_over_never_sees_a_part_of_it() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("ziel");
    fs::create_dir(&folder).unwrap();
    let size = 300_000;
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut looks = 0;
            while !done.load(Ordering::Relaxed) {
                for entry in fs::read_dir(&folder).unwrap() {
                    let Ok(entry) = entry else { continue };
                    let name = entry.file_name().into_string().unwrap();
                    if name.starts_with('.') {
                        continue;
                    }
                    looks += 1;
                    if name.ends_with(".fertig") {
                        let whole = folder.join(name.trim_end_matches(".fertig"));
                        assert_eq!(fs::read_dir(whole).unwrap().count(), 3);
                    } else if entry.path().is_dir() {
                        for inside in fs::read_dir(entry.path()).unwrap() {
                            assert_eq!(fs::read(inside.unwrap().path()).unwrap().len(), size);
                        }
                    } else {
                        assert_eq!(fs::read(entry.path()).unwrap().len(), size);
                    }
                }
            }
            looks
        });
        for n in 0..10 {
            let content = vec![b'x'; size];
            let files = (0..3).map(|i| (format!("{i}.bin"), content.clone())).collect();
            let given = Given::Folder { files, marker: Some(".fertig".into()) };
            hand_over(&folder, &format!("ordner{n}"), &given).unwrap();
            hand_over(&folder, &format!("datei{n}"), &Given::File(content)).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(watching.join().unwrap() > 0, "it saw nothing");
    });
    // What lies there is never replaced, and what fails leaves nothing.
    let before = fs::read_dir(&folder).unwrap().count();
    assert_eq!(before, 30);
    for name in ["ordner1", "datei1"] {
        let file = hand_over(&folder, name, &Given::File(b"neu".to_vec()));
        assert!(matches!(file, Err(GiveError::Exists(_))), "{file:?}");
        let whole = hand_over(&folder, name, &good());
        assert!(matches!(whole, Err(GiveError::Exists(_))), "{whole:?}");
    }
    assert_eq!(fs::read(folder.join("datei1")).unwrap().len(), size);
    for name in ["", "..", "a/b", "../a", "a\nb", &"x".repeat(201)] {
        assert!(matches!(hand_over(&folder, name, &good()), Err(GiveError::Name(_))), "{name}");
        let inside = self::folder(&[("gut.xml", b"<a/>"), (name, b"x")]);
        assert!(matches!(hand_over(&folder, "z", &inside), Err(GiveError::Name(_))), "{name}");
    }
    for name in [".a", "a.tmp", "a.PART"] {
        assert!(
            matches!(hand_over(&folder, name, &good()), Err(GiveError::Temporary(_))),
            "{name}"
        );
    }
    let nowhere = hand_over(&folder.join("fehlt"), "a", &good());
    assert!(matches!(nowhere, Err(GiveError::Io { .. })), "{nowhere:?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), before);
}

#[test]
fn nothing_leads_out_of_the_folder() {
    let drop = Drop::with("mode = \"lenient\"");
    let input = drop.at("eingang");
    let secret = drop.sandbox.write("geheim.txt", "streng geheim");
    let link = |from: &Path, to: &Path| std::os::unix::fs::symlink(from, to).unwrap();
    let ready = |name: &str| fs::write(input.join(format!("{name}.fertig")), "").unwrap();
    let made = |name: &str| {
        fs::create_dir(input.join(name)).unwrap();
        fs::write(input.join(name).join("antrag.xml"), ANTRAG).unwrap();
        fs::write(input.join(name).join("antrag.pdf"), PDF).unwrap();
        input.join(name)
    };
    link(&secret, &input.join("verweis.xml"));
    link(secret.parent().unwrap(), &input.join("ordnerverweis"));
    ready("ordnerverweis");
    link(&secret, &made("mit-verweis").join("geheim.xml"));
    fs::hard_link(&secret, made("mit-hartem-verweis").join("geheim.xml")).unwrap();
    fs::create_dir(made("mit-ordner").join("tiefer")).unwrap();
    let pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    };
    pipe(&input.join("rohr.xml"));
    pipe(&made("mit-rohr").join("rohr.xml"));
    // Where the test may make devices.
    let device = |path: &Path| {
        let made = std::process::Command::new("mknod").arg(path).args(["c", "1", "5"]).output();
        made.is_ok_and(|done| done.status.success())
    };
    let devices = [input.join("geraet.xml"), made("mit-geraet").join("geraet.xml")];
    let made_devices = devices.iter().filter(|p| device(p)).count();
    fs::write(made("mit-zeile").join("a\nb.xml"), "x").unwrap();
    fs::write(made("mit-bytes").join(std::ffi::OsStr::from_bytes(b"a\xFF.xml")), "x").unwrap();
    let many = made("zu-viele");
    for n in 0..101 {
        fs::write(many.join(format!("{n}.txt")), "x").unwrap();
    }
    let huge = fs::File::create(made("zu-gross").join("loch.bin")).unwrap();
    huge.set_len(1 << 40).unwrap();
    for name in [
        "mit-verweis",
        "mit-hartem-verweis",
        "mit-ordner",
        "mit-rohr",
        "mit-zeile",
        "mit-bytes",
        "zu-viele",
        "zu-gross",
    ] {
        ready(name);
    }
    let mut expected = 11;
    if made_devices == 2 {
        ready("mit-geraet");
        expected += 2;
    } else {
        eprintln!("devices were left out, this user may not make them");
    }
    let raw = drop.exchanges(expected);
    let devices = [("geraet.xml", "a device"), ("mit-geraet", "a device")];
    let devices = devices.into_iter().filter(|_| made_devices == 2);
    let reasons = [
        ("verweis.xml", "a symbolic link"),
        ("ordnerverweis", "a symbolic link"),
        ("mit-verweis", "a symbolic link"),
        ("mit-hartem-verweis", "hard links"),
        ("mit-ordner", "a folder"),
        ("rohr.xml", "a pipe"),
        ("mit-rohr", "a pipe"),
        ("mit-zeile", "control characters"),
        ("mit-bytes", "not UTF-8"),
        ("zu-viele", "more than 100 files"),
        ("zu-gross", "more than the 33554432"),
    ];
    for (name, reason) in reasons.into_iter().chain(devices) {
        let text =
            fs::read_to_string(drop.wait_for(&format!("abgewiesen/{name}.grund.txt"))).unwrap();
        assert!(text.contains(reason), "{name}: {text}");
        assert!(drop.at("abgewiesen").join(name).symlink_metadata().is_ok(), "{name}");
    }
    assert!(raw.iter().all(|r| !r.windows(6).any(|w| w == b"geheim") || r.starts_with(b"==")));
    assert!(raw.iter().all(|r| !r.windows(13).any(|w| w == b"streng geheim") && r.len() < 200_000));
    assert_eq!(fs::read_to_string(&secret).unwrap(), "streng geheim");
    assert_eq!(drop.list("angenommen"), Vec::<String>::new());
    assert_eq!(drop.up.held("fv").len(), 0);
    assert_eq!(drop.up.noted().len(), expected);

    // Names of the hand-over itself: they go no further than the reason, escaped.
    let long = "x".repeat(220) + ".xml";
    for name in [&b"a\nb.xml"[..], b"a\xFF.xml", long.as_bytes()] {
        fs::write(input.join(std::ffi::OsStr::from_bytes(name)), ANTRAG).unwrap();
    }
    drop.exchanges(expected + 3);
    let reasons = drop.up.wait("three reasons", |_| {
        let names = drop.list("abgewiesen");
        let mine = |n: &&String| n.starts_with("ohne-namen-") && n.ends_with(".grund.txt");
        let found: Vec<String> = names.iter().filter(mine).cloned().collect();
        (found.len() == 3).then_some(found)
    });
    let mut texts: Vec<_> = reasons
        .iter()
        .map(|n| fs::read_to_string(drop.at("abgewiesen").join(n)).unwrap())
        .collect();
    texts.sort();
    assert!(
        texts[0].starts_with("a\\nb.xml\n") && texts[1].starts_with("a\\xff.xml\n"),
        "{texts:?}"
    );
    assert!(texts[2].contains("more than 200 bytes"), "{texts:?}");
}

#[test]
fn what_is_handed_over_must_be_an_application() {
    let (strict, lenient) = (Drop::with(""), Drop::with("mode = \"lenient\""));
    // Nobody can go on with these.
    let broken = attachment("a", "*");
    let out = attachment("../a", "eA==");
    let refused = [
        ("leer", folder(&[]), "no message"),
        ("nur-pdf", folder(&[("a.pdf", PDF)]), "no message"),
        ("kein-xml", folder(&[("a.xml", b"<a>"), ("a.pdf", PDF)]), "a.xml"),
        ("halb.xml", Given::File(b"<c:container".to_vec()), "halb.xml"),
        ("bombe.xml", Given::File(b"<!DOCTYPE a><a/>".to_vec()), "DOCTYPE"),
        ("base64.xml", container("<A/>", &broken), "no base64"),
        ("weg.xml", container("<A/>", &out), "leads out"),
    ];
    for (name, given, _) in &refused {
        strict.give(name, given);
        lenient.give(name, given);
    }
    for (name, _, reason) in &refused {
        for drop in [&strict, &lenient] {
            let path = drop.wait_for(&format!("abgewiesen/{name}.grund.txt"));
            let text = fs::read_to_string(path).unwrap();
            assert!(text.starts_with(&format!("{name}\n")) && text.contains(reason), "{text}");
        }
    }
    strict.up.noted();
    lenient.up.noted();
    let twice = attachment("A", "eA==") + &attachment("a", "eA==");
    let deviations = [
        ("zwei", folder(&[("a.xml", ANTRAG), ("b.xml", ANTRAG), ("a.pdf", PDF)])),
        ("ohne-pdf", folder(&[("a.xml", ANTRAG)])),
        ("kein-pdf", folder(&[("a.xml", ANTRAG), ("a.pdf", b"x")])),
        ("gross-klein", folder(&[("a.xml", ANTRAG), ("a.pdf", PDF), ("A.PDF", PDF)])),
        ("fremd.xml", Given::File(b"<fremd><fachdaten><a/></fachdaten></fremd>".to_vec())),
        ("ohne-daten.xml", container("", "")),
        ("zwei-daten.xml", container("<a/><b/>", "")),
        ("zweimal.xml", container("<a/>", &twice)),
    ];
    for (name, given) in &deviations {
        strict.give(name, given);
        lenient.give(name, given);
    }
    for (name, _) in &deviations {
        strict.wait_for(&format!("abgewiesen/{name}.grund.txt"));
        lenient.wait_for(&format!("ausgang/{name}.quittung.xml"));
    }
    assert_eq!(strict.up.noted().len(), deviations.len());
    assert_eq!(lenient.up.noted().len(), deviations.len());
    assert_eq!(strict.list("angenommen"), Vec::<String>::new());
}

#[test]
fn what_was_picked_up_and_not_decided_is_decided_after_a_new_start() {
    let sandbox = Sandbox::new();
    let work = sandbox.path("ablage/.in-arbeit/0001/fall");
    fs::create_dir_all(&work).unwrap();
    fs::create_dir(sandbox.path("ablage/.in-arbeit/0002")).unwrap();
    fs::write(work.join("antrag.xml"), ANTRAG).unwrap();
    fs::write(work.join("antrag.pdf"), PDF).unwrap();
    // Its marker was still there when the crash came; it must not speak for another folder.
    fs::create_dir_all(sandbox.path("ablage/eingang/fall")).unwrap();
    fs::write(sandbox.path("ablage/eingang/fall.fertig"), "").unwrap();
    let up = Up::with(&system("fv", KIND, "folder = \"ablage\""), &sandbox.path(""));
    let drop = Drop { up, sandbox };
    drop.wait_for("ausgang/fall.quittung.xml");
    assert!(drop.at("eingang/fall").exists() && !drop.at("eingang/fall.fertig").exists());
    assert_eq!(drop.list(".in-arbeit"), Vec::<String>::new());
    // One that is told to hang stays in work, and the next start takes it.
    drop.up.scripts.tell(&"fv".into(), Which::All, Behaviour::Hang);
    drop.give("haengt.xml", &container("<Haengt/>", ""));
    drop.exchanges(2);
    assert_eq!(drop.list("angenommen"), ["fall"]);
    let Drop { up, sandbox } = drop;
    std::mem::drop(up);
    let up = Up::with(&system("fv", KIND, "folder = \"ablage\""), &sandbox.path(""));
    let drop = Drop { up, sandbox };
    drop.wait_for("ausgang/haengt.xml.quittung.xml");
    assert_eq!(drop.list("angenommen"), ["fall", "haengt.xml"]);
}

#[test]
fn misbehaviour_is_for_folders_as_well() {
    let drop = Drop::with("");
    let mut number = 0;
    let mut tell = |behaviour: Behaviour| {
        number += 1;
        drop.up.scripts.tell(&"fv".into(), Which::All, behaviour);
        let name = format!("{number}.xml");
        drop.give(&name, &container("<Antrag/>", ""));
        drop.exchanges(number);
        name
    };
    for (behaviour, reason) in
        [(Behaviour::Refuse, "zurzeit nicht verfügbar"), (Behaviour::NoSpace, "kein Speicherplatz")]
    {
        let name = tell(behaviour);
        let path = drop.wait_for(&format!("abgewiesen/{name}.grund.txt"));
        assert!(fs::read_to_string(path).unwrap().contains(reason));
    }
    let name = tell(Behaviour::Garble);
    let receipt = fs::read(drop.wait_for(&format!("ausgang/{name}.quittung.xml"))).unwrap();
    assert!(parse(&receipt).is_err());
    assert_eq!(drop.up.held("fv").len(), 1);
    let name = tell(Behaviour::Forget);
    drop.wait_for(&format!("ausgang/{name}.quittung.xml"));
    assert_eq!(drop.up.held("fv").len(), 1, "it keeps nothing");
    let start = std::time::Instant::now();
    let name = tell(Behaviour::Delay(600));
    assert!(start.elapsed() >= Duration::from_millis(600));
    assert!(drop.at(&format!("angenommen/{name}")).exists());
    assert_eq!(drop.up.noted(), []);
}

#[test]
fn answers_come_by_themselves_into_folders_and_over_http() {
    let sandbox = Sandbox::new();
    let hub = TcpListener::bind("127.0.0.1:0").unwrap();
    sandbox.write("a.xml", "<Bestaetigung>{vorgang} {aktenzeichen}</Bestaetigung>");
    sandbox.write("b.json", "{\"vorgang\": \"{vorgang}\"}");
    let other = sandbox.path("anderswo ü");
    fs::create_dir(&other).unwrap();
    let answer = |after: u32, file: &str, to: &str| {
        format!("[[system.answer]]\nafter_ms = {after}\nfile = \"{file}\"\nto = \"{to}\"\n")
    };
    let url = format!("http://{}/ein", hub.local_addr().unwrap());
    let lines = [
        "folder = \"ablage\"\n".to_owned(),
        answer(100, "a.xml", "ausgang"),
        answer(200, "b.json", &pruefstand::channel::file::file_url(&other)),
        answer(300, "b.json", &url),
    ]
    .concat();
    let up = Up::with(&system("fv", KIND, &lines), &sandbox.path(""));
    let drop = Drop { up, sandbox };
    drop.give("fall", &good());
    let got = take_one(&hub);
    assert!(got.contains("content-type: application/json\r\n"), "{got}");
    assert!(got.ends_with("{\"vorgang\": \"PS-0123456789AB\"}"), "{got}");
    let mut names = drop.list("ausgang");
    names.retain(|n| n.starts_with("PS-0123456789AB-") && n.ends_with(".xml"));
    let text = fs::read_to_string(drop.at("ausgang").join(&names[0])).unwrap();
    assert_eq!(text, "<Bestaetigung>PS-0123456789AB GEW 0123456789AB/2026</Bestaetigung>");
    let handed = fs::read_dir(&other).unwrap().next().unwrap().unwrap();
    assert_eq!(fs::read_to_string(handed.path()).unwrap(), "{\"vorgang\": \"PS-0123456789AB\"}");
    drop.exchanges(4);
    let seen = drop.up.watcher.0.lock().unwrap();
    let protocols: Vec<_> = seen.requests.iter().map(|r| r.0.as_str()).collect();
    assert_eq!(protocols, ["file", "file-out", "file-out", "http-out"]);
    assert!(seen.answers.iter().all(|a| a.2.is_none()), "{:?}", seen.answers);
}

#[test]
fn the_folder_is_listed_as_an_address() {
    let sandbox = Sandbox::new();
    let lines = "folder = \"ab lage\"";
    let file = sandbox.write("organisation.toml", &organisation(&system("fv", KIND, lines)));
    let fakes = Fakes::with(&args!["--organisation", &file]);
    let url = fakes.url("fv");
    assert_eq!(path_of_url(&url).unwrap(), sandbox.path("ab lage/eingang"), "{url}");
    assert_eq!(fakes.systems["systems"][0]["protocol"], "file");
    // Nobody else takes from it meanwhile.
    let second = pruefstand(args!["fake", "up", "--organisation", &file]).exits(69);
    assert!(second.stderr.contains("somebody else takes from this folder"), "{}", second.stderr);
    // Without a folder it has one of its own, which goes at the end.
    let up = Up::one(KIND, "");
    let own = path_of_url(&up.url("fv")).unwrap();
    hand_over(&own, "a", &good()).unwrap();
    let receipt = own.parent().unwrap().join("ausgang/a.quittung.xml");
    up.wait("a receipt", |_| receipt.exists().then_some(()));
    std::mem::drop(up);
    assert!(!own.exists());
}

#[test]
fn contradictions_in_the_organisation_are_found() {
    let check = |systems: String| {
        let text = organisation(&systems);
        let read = TestOrganisation::from_text("test", &text, Path::new("."));
        read.err().map(|e| e.render(false)).unwrap_or_default()
    };
    let one = |kind: &str, lines: &str| check(system("fv", kind, lines));
    assert_eq!(one(KIND, "folder = \"a\""), "");
    assert!(one("fachverfahren-a", "folder = \"a\"").contains("has no transfer folder"));
    assert!(one(KIND, "listen = \"127.0.0.1:1\"").contains("listens nowhere"));
    let twice = system("fv", KIND, "folder = \"a\"") + &system("fw", KIND, "folder = \"a/\"");
    assert!(check(twice).contains("the folder of two systems"));
    let to = |kind: &str, to: &str| {
        one(kind, &format!("[[system.answer]]\nafter_ms = 1\nfile = \"a\"\nto = \"{to}\""))
    };
    assert_eq!(to(KIND, "ausgang"), "");
    assert_eq!(to("fachverfahren-a", "file:///tmp"), "");
    assert!(to("fachverfahren-a", "ausgang").contains("nothing can be sent"));
    assert!(to(KIND, "ftp://a").contains("nothing can be sent"));
}

#[test]
fn nothing_is_lost_when_the_system_is_killed_again_and_again() {
    let sandbox = Sandbox::new();
    let file = sandbox
        .write("organisation.toml", &organisation(&system("fv", KIND, "folder = \"ablage\"")));
    let up = || Fakes::with(&args!["--organisation", &file]);
    let count = 60;
    let fakes = up();
    let input = path_of_url(&fakes.url("fv")).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..count {
                hand_over(&input, &format!("fall{n:02}"), &good()).unwrap();
                std::thread::sleep(Duration::from_millis(15));
            }
        });
        std::mem::drop(fakes);
        for _ in 0..5 {
            let fakes = up();
            std::thread::sleep(Duration::from_millis(90));
            // Killed, not told.
            std::mem::drop(fakes);
        }
    });
    let _fakes = up();
    let names = |below: &str| {
        let entries = fs::read_dir(sandbox.path("ablage").join(below)).unwrap();
        let mut names: Vec<_> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let start = std::time::Instant::now();
    while names("angenommen").len() < count || !names(".in-arbeit").is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", names("angenommen"));
        std::thread::sleep(Duration::from_millis(20));
    }
    // Every one of them, once, with all its files.
    let expected: Vec<String> = (0..count).map(|n| format!("fall{n:02}")).collect();
    assert_eq!(names("angenommen"), expected);
    for name in &expected {
        assert_eq!(names(&format!("angenommen/{name}")).len(), 3, "{name}");
    }
    assert_eq!(names("eingang"), Vec::<String>::new());
    assert_eq!(names("abgewiesen"), Vec::<String>::new());
}

/// Whoever dies over its work goes on with it when it is back; what it refused meanwhile stays refused.
#[test]
fn what_was_left_lying_is_taken_up_again() {
    let drop = Drop::with("");
    let by = |word: &str| Which::Correlator(word.into());
    let fv = "fv".into();
    drop.up.scripts.tell(&fv, by("PS-0123456789AB"), Behaviour::Reset);
    // The correlator stands in base64 here, and is recognised all the same.
    let hidden =
        base64::engine::general_purpose::STANDARD.encode("<v>PS-0123456789AC</v> und mehr");
    drop.up.scripts.tell(&fv, by("PS-0123456789AC"), Behaviour::Refuse);
    drop.give("a", &good());
    drop.exchanges(1);
    let other = container("<Antrag/>", &attachment("v.xml", &hidden));
    let Given::File(text) = other else { unreachable!() };
    let text = String::from_utf8(text).unwrap().replace("PS-0123456789AB", "PS-0123456789AD");
    drop.give("b.xml", &Given::File(text.into_bytes()));
    let reason = fs::read_to_string(drop.wait_for("abgewiesen/b.xml.grund.txt")).unwrap();
    assert!(reason.lines().nth(1).unwrap().starts_with("zurzeit"), "{reason}");
    drop.exchanges(2);
    assert_eq!(drop.list("ausgang"), Vec::<String>::new());
    drop.up.scripts.tell(&fv, by("PS-0123456789AB"), Behaviour::Answer);
    drop.wait_for("ausgang/a.quittung.xml");
    drop.exchanges(3);
    assert_eq!(drop.list("angenommen"), ["a"]);
    assert_eq!(drop.list(".in-arbeit"), Vec::<String>::new());
    let seen = drop.up.watcher.0.lock().unwrap();
    // The same bytes, taken up a second time; each answer says what became of them.
    assert_eq!(seen.requests[0].1, seen.requests[2].1);
    let taken: Vec<bool> = seen.answers.iter().map(|a| is_taken("file", &a.1)).collect();
    assert_eq!(taken, [false, false, true]);
    assert!(seen.answers[0].2.is_some() && seen.answers[2].2.is_none());
}
