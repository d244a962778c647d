//! A DMS with an observer, messages of xdomea by version, and ZIP files in which anything can be
//! wrong.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pruefstand::channel::Observer;
use pruefstand::fake_system::Running;
use pruefstand::ids::SystemId;
use pruefstand::organisation::{EMBEDDED, TestOrganisation};
use pruefstand::xml::{Element, SchemaSet, Validator, parse};
use serde_json::Value;

use crate::support::real_data;

/// Strict.
pub const STRICT: &str = "dms-attrappenburg";
/// Lenient.
pub const LENIENT: &str = "dms-pruefstedt";
pub const VERSIONS: [&str; 3] = ["2.4.0", "3.0.0", "3.1.0"];

/// Remembers observations.
#[derive(Default)]
pub struct Notes(Mutex<Vec<(String, String, String)>>);

impl Observer for Notes {
    fn request(&self, _: &SystemId, _: &str, _: &str, _: &[u8]) -> u64 {
        1
    }
    fn answer(&self, _: u64, _: &[u8], _: Option<&str>) {}
    fn observation(&self, system: &SystemId, _: Option<u64>, clause: &str, detail: &str) {
        let note = (system.to_string(), clause.to_owned(), detail.to_owned());
        self.0.lock().unwrap().push(note);
    }
}

/// The running systems.
pub struct Bench {
    pub running: Running,
    notes: Arc<Notes>,
    _runtime: tokio::runtime::Runtime,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|l| {
            let (n, v) = l.split_once(':')?;
            n.eq_ignore_ascii_case(name).then(|| v.trim().to_owned())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The message inside.
    pub fn message(&self) -> Received {
        assert_eq!(self.status, 200, "{}", self.text());
        let name = self.header("content-disposition").unwrap();
        let name = name.split("filename=\"").nth(1).unwrap().trim_end_matches('"').to_owned();
        Received::read(&name, &self.body)
    }

    /// The code of xdomea, whether a message or a status tells it; else the status.
    pub fn told(&self) -> String {
        match self.status {
            200 => self.message().code,
            204 => "204".into(),
            status => {
                let body: Value = serde_json::from_slice(&self.body).unwrap();
                assert_eq!(body["status"], status);
                assert!(!body["detail"].as_str().unwrap().is_empty());
                body["code"].as_str().map_or(status.to_string(), |c| format!("{status} {c}"))
            }
        }
    }
}

/// A message of the DMS.
pub struct Received {
    pub root: Element,
    pub xml: Vec<u8>,
    pub files: BTreeMap<String, Vec<u8>>,
    /// The code of an import, empty for a receipt.
    pub code: String,
}

impl Received {
    pub fn read(name: &str, zip: &[u8]) -> Self {
        let mut files = unzip(zip);
        let xml = files.remove(&name.replace(".zip", ".xml")).unwrap_or_else(|| panic!("{name}"));
        let root = parse(&xml).unwrap().root;
        assert_eq!(root.prefix.as_deref(), Some("xdomea"));
        let process = root.child("Kopf").unwrap().child_text("ProzessID").unwrap();
        assert_eq!(name, format!("{process}_{}.zip", root.name));
        let feedback = root.elements_at("ErfolgOderMisserfolg/Rueckmeldung");
        let code = feedback.first().and_then(|r| r.elements().next());
        let code = code.and_then(|c| c.child_text("code")).unwrap_or_default();
        Self { root, xml, files, code }
    }

    /// What is said about objects: id, name, value, done.
    pub fn items(&self) -> Vec<(String, String, String, bool)> {
        let all = self.root.elements_at("ErfolgOderMisserfolg/Rueckgabeparameter");
        let of = |e: &&Element| {
            let parameter = e.child("Parameter").unwrap().elements().next().unwrap().clone();
            let (name, value) = match parameter.name.as_str() {
                "Ablageort" => ("Ablageort".to_owned(), parameter.text()),
                _ => (
                    parameter.child_text("Name").unwrap(),
                    parameter.child("Wert").map(Element::text).unwrap_or_default(),
                ),
            };
            let done = e.child_text("Erfolgreich").unwrap() == "true";
            (e.child_text("IDSGO").unwrap_or_default(), name, value, done)
        };
        all.iter().map(of).collect()
    }
}

/// Reads a ZIP of the DMS by its local headers' names and the directory, as Python does.
pub fn unzip(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let archive = rawzip::ZipArchive::from_slice(zip).unwrap();
    for header in archive.entries() {
        let header = header.unwrap();
        let entry = archive.get_entry(header.wayfinder()).unwrap();
        let name = String::from_utf8(header.file_path().as_bytes().to_vec()).unwrap();
        let mut bytes = Vec::new();
        flate2::read::DeflateDecoder::new(Cursor::new(entry.data()))
            .read_to_end(&mut bytes)
            .unwrap();
        out.insert(name, bytes);
    }
    out
}

impl Bench {
    pub fn up() -> Self {
        Self::with("")
    }

    /// With more lines for the strict DMS.
    pub fn with(more: &str) -> Self {
        let strict = format!("id = \"{STRICT}\"\n");
        let lenient = format!("id = \"{LENIENT}\"\n");
        let text = EMBEDDED.replacen(&strict, &format!("{strict}{more}"), 1).replacen(
            &lenient,
            &format!("{lenient}mode = \"lenient\"\n"),
            1,
        );
        let organisation =
            TestOrganisation::from_text("probeland.toml", &text, std::path::Path::new("."))
                .unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let notes = Arc::new(Notes::default());
        let running = runtime.block_on(Running::start(&organisation, notes.clone())).unwrap();
        Self { running, notes, _runtime: runtime }
    }

    /// Observations since the last look: clause and detail.
    pub fn noted(&self, system: &str) -> Vec<(String, String)> {
        let mut all = self.notes.0.lock().unwrap();
        let mine = all.iter().filter(|(s, _, _)| s == system);
        let out = mine.map(|(_, c, d)| (c.clone(), d.clone())).collect();
        all.retain(|(s, _, _)| s != system);
        out
    }

    pub fn url(&self, system: &str) -> &str {
        &self.running.urls[&SystemId::from(system)]
    }

    pub fn send(&self, system: &str, method: &str, below: &str, head: &str, body: &[u8]) -> Answer {
        let (host, path) =
            self.url(system).strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "{method} /{path}{below} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{head}\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: all[end + 4..].to_vec() }
    }

    /// Posts a container.
    pub fn post(&self, system: &str, name: &str, zip: &[u8]) -> Answer {
        let head = format!(
            "Content-Type: application/zip\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n"
        );
        self.send(system, "POST", "/xdomea", &head, zip)
    }

    /// Posts a message with its files, everything in order.
    pub fn hand_in(&self, system: &str, message: &Message, files: &[(&str, &[u8])]) -> Answer {
        let mut zip = Zip::default();
        zip.file(&format!("{}.xml", message.stem()), message.xml().as_bytes());
        for (name, bytes) in files {
            zip.file(name, bytes);
        }
        self.post(system, &format!("{}.zip", message.stem()), &zip.build())
    }

    /// JSON of the browser binding.
    pub fn cmis(&self, system: &str, below: &str) -> Value {
        let answer = self.send(system, "GET", below, "", b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// The properties of what is in a folder, by name.
    pub fn children(&self, system: &str, folder: &str) -> BTreeMap<String, Value> {
        let below = format!("/root?objectId={folder}&cmisselector=children&succinct=true");
        let list = self.cmis(system, &below);
        let of = |o: &Value| {
            let p = o["object"]["succinctProperties"].clone();
            (p["cmis:name"].as_str().unwrap().to_owned(), p)
        };
        list["objects"].as_array().unwrap().iter().map(of).collect()
    }

    pub fn content(&self, system: &str, id: &Value) -> Vec<u8> {
        let id = id.as_str().unwrap();
        let answer =
            self.send(system, "GET", &format!("/root?objectId={id}&cmisselector=content"), "", b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    }
}

/// A UUID with a number in it.
pub fn uuid(number: u32) -> String {
    format!("{number:08x}-abcd-4222-8bcd-{:012x}", u64::from(number) * 7)
}

/// A message to be sent.
#[derive(Clone)]
pub struct Message {
    pub version: &'static str,
    pub code: &'static str,
    pub process: String,
    pub receipt: bool,
    pub import: bool,
    /// What stands behind Stapel.
    pub batch: Option<String>,
    pub ags: &'static str,
    pub content: String,
    /// Texts of the finished message and what they become.
    pub changes: Vec<(String, String)>,
}

pub fn root_of(code: &str) -> &'static str {
    match code {
        "0604" => "FVDaten.SGOErstellen.0604",
        "0605" => "FVDaten.SGOAblegen.0605",
        "0608" => "FVDaten.SGOSuchen.0608",
        "0609" => "FVDaten.MetadatenAnlegen.0609",
        "0625" => "FVDaten.SystemstatusAbfragen.0625",
        "0629" => "FVDaten.EmpfangBestaetigen.0629",
        "0630" => "FVDaten.ImportBestaetigen.0630",
        "0631" => "FVDaten.PrimaerdokumentExportieren.0631",
        other => panic!("{other}"),
    }
}

/// A message for the strict system that wants an ImportBestaetigen.
pub fn message(version: &'static str, code: &'static str, process: u32, content: &str) -> Message {
    Message {
        version,
        code,
        process: uuid(process),
        receipt: false,
        import: true,
        batch: None,
        ags: "14999010",
        content: content.to_owned(),
        changes: Vec::new(),
    }
}

impl Message {
    pub fn stem(&self) -> String {
        format!("{}_{}", self.process, root_of(self.code))
    }

    pub fn change(mut self, from: &str, to: &str) -> Self {
        self.changes.push((from.to_owned(), to.to_owned()));
        self
    }

    /// To the lenient system.
    pub fn into_lenient(mut self) -> Self {
        self.ags = "14999020";
        self
    }

    pub fn xml(&self) -> String {
        let two = self.version == "2.4.0";
        let (key, lists) = if two { ("Kennung", "1.0") } else { ("Behoerdenschluessel", "2.0") };
        let office = |role: &str, name: &str| {
            x(
                role,
                &format!(
                    "{}{}",
                    x(
                        "Behoerdenkennung",
                        &format!(
                            "<xdomea:{key} listURI=\"urn:de:ags\" listVersionID=\"1\"><code>{}</code></xdomea:{key}>\
                     <xdomea:Praefix listURI=\"urn:de:praefix\" listVersionID=\"1\"><code>ags</code></xdomea:Praefix>",
                            self.ags
                        )
                    ),
                    x("Institution", &x("Name", name))
                ),
            )
        };
        let flag = |name: &str, value: bool| x(name, if value { "1" } else { "0" });
        let mut head = format!(
            "{}<xdomea:Nachrichtentyp listURI=\"urn:xoev-de:xdomea:codeliste:nachrichtentyp\" \
             listVersionID=\"{lists}\"><code>{}</code></xdomea:Nachrichtentyp>{}{}{}{}{}",
            x("ProzessID", &self.process),
            self.code,
            x("Erstellungszeitpunkt", "2026-01-05T10:00:00Z"),
            office("Absender", "Stadt Attrappenburg, Gewerbeamt"),
            office("Empfaenger", "Stadt Attrappenburg, Registratur"),
            x("SendendesSystem", &x("Produktname", "Fachverfahren A")),
            x("EmpfangendesSystem", &x("Produktname", "E-Akte")),
        );
        match self.code {
            "0629" => {}
            "0630" => head.push_str(&x("FVSessionID", "keine")),
            _ => {
                head.push_str(&flag("Empfangsbestaetigung", self.receipt));
                head.push_str(&flag("Importbestaetigung", self.import));
                head.push_str(&x("Erstellerkennung", "technik"));
                match &self.batch {
                    None => head.push_str(&x("Stapel", "0")),
                    Some(batch) => head.push_str(batch),
                }
            }
        }
        let (root, namespace) =
            (root_of(self.code), format!("urn:xoev-de:xdomea:schema:{}", self.version));
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xdomea:{root} xmlns:xdomea=\"{namespace}\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"{namespace} \
             xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd\">{}{}</xdomea:{root}>",
            x("Kopf", &head),
            self.content
        );
        for (from, to) in &self.changes {
            assert!(text.contains(from), "{from} is not in {text}");
            text = text.replace(from, to);
        }
        text
    }
}

/// An element.
pub fn x(name: &str, content: &str) -> String {
    format!("<xdomea:{name}>{content}</xdomea:{name}>")
}

pub fn identified(id: &str) -> String {
    x("Identifikation", &x("ID", id))
}

pub fn akte(id: &str, reference: &str, more: &str) -> String {
    let metadata = x("Betreff", "Gaststätte Zum Probelauf") + &x("Kennzeichen", reference);
    x("Akte", &format!("{}{}{more}", identified(id), x("AllgemeineMetadaten", &metadata)))
}

pub fn vorgang(id: &str, reference: &str, more: &str) -> String {
    let metadata = x("Betreff", "Anmeldung") + &x("Kennzeichen", reference);
    x("Vorgang", &format!("{}{}{more}", identified(id), x("AllgemeineMetadaten", &metadata)))
}

/// A document with a version for each file.
pub fn dokument(id: &str, subject: &str, files: &[&str]) -> String {
    let versions: String = files
        .iter()
        .enumerate()
        .map(|(at, file)| {
            let code = "<xdomea:Name listURI=\"urn:xoev-de:xdomea:codeliste:dateiformat\" \
                        listVersionID=\"1.0\"><code>018</code></xdomea:Name>";
            let format = format!(
                "{code}{}{}",
                x("Version", "1.0"),
                x("Primaerdokument", &x("Dateiname", file))
            );
            x("Version", &(x("Nummer", &(at + 1).to_string()) + &x("Format", &format)))
        })
        .collect();
    let metadata = x("AllgemeineMetadaten", &x("Betreff", subject));
    let day = x("Posteingangsdatum", "2026-01-05");
    x("Dokument", &format!("{}{metadata}{day}{versions}", identified(id)))
}

/// The content of a 0604 or 0605.
pub fn filed(code: &str, container: Option<&str>, record: &str) -> String {
    numbered(code, None, container, record)
}

pub fn numbered(code: &str, number: Option<u32>, container: Option<&str>, record: &str) -> String {
    let name =
        if code == "0604" { "SchriftgutobjektZumErstellen" } else { "SchriftgutobjektZumAblegen" };
    let number = number.map(|n| x("NummerImStapel", &n.to_string())).unwrap_or_default();
    let container = container.map(|c| x("IDContainer", c)).unwrap_or_default();
    let object = x("FachverfahrenObjektID", "FV-1");
    x(name, &format!("{number}{object}{container}{}", x("Schriftgutobjekt", record)))
}

/// The schemas of the standard, where they are.
pub fn schemas() -> Option<BTreeMap<&'static str, Validator>> {
    let folder = real_data("data/xdomea/xsd")?;
    let load = |version: &'static str| {
        let main =
            folder.join(version).join("xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd");
        (version, SchemaSet::load(&main, None).unwrap().compile().unwrap())
    };
    Some(VERSIONS.into_iter().map(load).collect())
}

/// Fails with what the schema has against it.
pub fn valid(schemas: Option<&BTreeMap<&'static str, Validator>>, version: &str, xml: &[u8]) {
    if let Some(schemas) = schemas {
        let found = schemas[version].validate(xml).unwrap();
        assert!(found.is_empty(), "{found:#?}\n{}", String::from_utf8_lossy(xml));
    }
}

/// Hands in a message that is valid, to the strict system, which must have nothing against it.
pub fn right(
    bench: &Bench,
    schemas: Option<&BTreeMap<&'static str, Validator>>,
    message: &Message,
    files: &[(&str, &[u8])],
) -> Answer {
    valid(schemas, message.version, message.xml().as_bytes());
    bench.noted(STRICT);
    let answer = bench.hand_in(STRICT, message, files);
    assert_eq!(bench.noted(STRICT), [], "{}", message.xml());
    if answer.status == 200 {
        valid(schemas, message.version, &answer.message().xml);
    }
    answer
}

/// An entry of a ZIP file, every field of it.
#[derive(Clone)]
pub struct Entry {
    pub name: Vec<u8>,
    /// The name in the local header, where it is another.
    pub local_name: Option<Vec<u8>>,
    pub flags: u16,
    pub method: u16,
    pub data: Vec<u8>,
    pub crc: u32,
    pub size: u32,
    pub attributes: u32,
    pub extra: Vec<u8>,
    pub descriptor: bool,
    pub zip64: bool,
    /// Its local record lies there already, in the data of another.
    pub offset: Option<u32>,
}

/// A ZIP file, written by hand.
#[derive(Default, Clone)]
pub struct Zip {
    pub entries: Vec<Entry>,
    /// Bytes in front of it and behind it.
    pub before: Vec<u8>,
    pub behind: Vec<u8>,
    /// How many entries the end record says there are, where it lies.
    pub count: Option<u16>,
    /// All entries of the directory point to the first data.
    pub overlap: bool,
}

impl Zip {
    /// Adds a file as Info-ZIP would.
    pub fn file(&mut self, name: &str, bytes: &[u8]) -> &mut Entry {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        self.entries.push(Entry {
            name: name.as_bytes().to_vec(),
            local_name: None,
            flags: if name.is_ascii() { 0 } else { 0x800 },
            method: 8,
            data: encoder.finish().unwrap(),
            crc: crc.sum(),
            size: u32::try_from(bytes.len()).unwrap(),
            attributes: 0x81A4_0000,
            extra: Vec::new(),
            descriptor: false,
            zip64: false,
            offset: None,
        });
        self.entries.last_mut().unwrap()
    }

    pub fn build(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        let mut directory = Vec::new();
        let mut first = None;
        for e in &self.entries {
            let offset = u32::try_from(out.len()).unwrap();
            let offset = if self.overlap { *first.get_or_insert(offset) } else { offset };
            let offset = e.offset.unwrap_or(offset);
            let flags = e.flags | if e.descriptor { 8 } else { 0 };
            let length = u32::try_from(e.data.len()).unwrap();
            let local = e.local_name.as_ref().unwrap_or(&e.name);
            let mut extra = e.extra.clone();
            if e.zip64 {
                extra.extend([1, 0, 16, 0]);
                extra.extend(u64::from(e.size).to_le_bytes());
                extra.extend(u64::from(length).to_le_bytes());
            }
            let (told_length, told_size) =
                if e.zip64 { (u32::MAX, u32::MAX) } else { (length, e.size) };
            let common = |local: bool| {
                let mut h = Vec::new();
                h.extend(20_u16.to_le_bytes());
                h.extend(flags.to_le_bytes());
                h.extend(e.method.to_le_bytes());
                h.extend([0, 0, 0x21, 0x5C]);
                let blank = local && e.descriptor;
                h.extend(if blank { 0 } else { e.crc }.to_le_bytes());
                h.extend(if blank { 0 } else { told_length }.to_le_bytes());
                h.extend(if blank { 0 } else { told_size }.to_le_bytes());
                h
            };
            let short = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_le_bytes();
            if e.offset.is_none() && (!self.overlap || directory.is_empty()) {
                out.extend(b"PK\x03\x04");
                out.extend(common(true));
                out.extend(short(local));
                out.extend(short(&extra));
                out.extend(local);
                out.extend(&extra);
                out.extend(&e.data);
                if e.descriptor {
                    out.extend(b"PK\x07\x08");
                    out.extend(e.crc.to_le_bytes());
                    out.extend(length.to_le_bytes());
                    out.extend(e.size.to_le_bytes());
                }
            }
            directory.extend(b"PK\x01\x02");
            directory.extend([20, 3]);
            directory.extend(common(false));
            directory.extend(short(&e.name));
            directory.extend(short(&extra));
            directory.extend([0; 6]);
            directory.extend(e.attributes.to_le_bytes());
            directory.extend(offset.to_le_bytes());
            directory.extend(&e.name);
            directory.extend(&extra);
        }
        let start = u32::try_from(out.len()).unwrap();
        out.extend(&directory);
        let count = self.count.unwrap_or(u16::try_from(self.entries.len()).unwrap());
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(count.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend([0, 0]);
        out.extend(&self.behind);
        out
    }
}
