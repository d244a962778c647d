//! Writing messages: the header, records with their documents, searches, and the container around them.

use super::{Kind, Version};
use crate::wire::pack;
use crate::xml::{Attribute, Element, Node, Writer};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const SCHEMA: &str = "xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd";

/// What stands in the header of every message.
#[derive(Debug, Clone)]
pub struct Letterhead {
    /// Version of the standard.
    pub version: Version,
    /// Amtlicher Gemeindeschlüssel of the authority, which is on both ends.
    pub ags: String,
    /// Its name.
    pub authority: String,
    /// Erstellungszeitpunkt, `xs:dateTime`.
    pub now: String,
}

/// A new Akte.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its UUID, which the DMS keeps.
    pub id: String,
    /// Kennzeichen.
    pub reference: String,
    /// Betreff.
    pub subject: String,
    /// Bemerkung.
    pub remark: String,
    /// Kennzeichen of the Aktenplaneinheit; none where empty.
    pub plan_unit: String,
}

/// A document, with a file for each of its versions, the oldest first.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its UUID; what is filed by 0605 gets another one from the DMS.
    pub id: String,
    /// Betreff.
    pub name: String,
    /// FremdesGeschaeftszeichen: the Kennzeichen of the Akte, by which it is found.
    pub reference: String,
    /// The contents.
    pub versions: Vec<Vec<u8>>,
}

/// A search in which all words must be found.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Suchbegriffe.
    pub terms: String,
    /// Volltext.
    pub content: bool,
    /// Metadaten.
    pub metadata: bool,
}

/// The file names and contents of a container: the message first.
pub type Files = Vec<(String, Vec<u8>)>;

impl Letterhead {
    /// FVDaten.SGOErstellen.0604: an Akte with documents in it.
    pub fn create(&self, process: &str, record: &Record, documents: &[Document]) -> Files {
        let mut metadata = vec![
            self.text("Betreff", &record.subject),
            self.text("Kennzeichen", &record.reference),
        ];
        if !record.remark.is_empty() {
            metadata.push(self.text("Bemerkung", &record.remark));
        }
        if !record.plan_unit.is_empty() {
            let unit = vec![self.text("Kennzeichen", &record.plan_unit)];
            metadata.push(self.with("Aktenplaneinheit", unit));
        }
        let inside = documents.iter().map(|d| self.document(d)).collect();
        let akte = vec![
            self.identified(&record.id),
            self.with("AllgemeineMetadaten", metadata),
            self.with("Akteninhalt", inside),
        ];
        let object = vec![
            self.text("FachverfahrenObjektID", &record.reference),
            self.with("Schriftgutobjekt", vec![self.with("Akte", akte)]),
        ];
        let content = self.with("SchriftgutobjektZumErstellen", object);
        self.message(Kind::Create, process, content, documents)
    }

    /// FVDaten.SGOAblegen.0605: a document into the record with this UUID.
    pub fn file(&self, process: &str, container: &str, document: &Document) -> Files {
        let object = vec![
            self.text("FachverfahrenObjektID", &document.reference),
            self.text("IDContainer", container),
            self.with("Schriftgutobjekt", vec![self.document(document)]),
        ];
        let content = self.with("SchriftgutobjektZumAblegen", object);
        self.message(Kind::File, process, content, std::slice::from_ref(document))
    }

    /// FVDaten.SGOSuchen.0608.
    pub fn search(&self, process: &str, search: &Search) -> Files {
        let flag = |name, on: bool| self.text(name, if on { "1" } else { "0" });
        let asked = vec![
            self.text("Suchbegriffe", &search.terms),
            flag("Volltext", search.content),
            flag("Metadaten", search.metadata),
        ];
        let content = self.with("SchriftgutobjektZumSuchen", asked);
        self.message(Kind::Search, process, content, &[])
    }

    /// FVDaten.PrimaerdokumentExportieren.0631: the file of a document, of its newest version where
    /// none is named.
    pub fn export(&self, process: &str, id: &str, version: Option<usize>) -> Files {
        let mut asked = vec![self.text("IDSGO", id)];
        asked.extend(version.map(|n| self.text("Versionsnummer", &n.to_string())));
        let content = self.with("DokumentZumExportieren", asked);
        self.message(Kind::Export, process, content, &[])
    }

    fn message(
        &self,
        kind: Kind,
        process: &str,
        content: Element,
        documents: &[Document],
    ) -> Files {
        let namespace = self.version.namespace();
        let mut root = self.with(kind.root(), vec![self.header(kind, process), content]);
        root.attributes.push(Attribute {
            namespace: XSI.into(),
            name: "schemaLocation".into(),
            value: format!("{namespace} {SCHEMA}"),
        });
        let text = Writer::new().prefix("xdomea", &namespace).write(&root);
        let mut files = vec![(format!("{process}_{}.xml", kind.root()), text.into_bytes())];
        for document in documents {
            let all = document.versions.iter().enumerate();
            files.extend(all.map(|(at, bytes)| (file_name(document, at), bytes.clone())));
        }
        files
    }

    /// Truth values are written as digits: 2.4.0 fixes some to `1`, and some validators compare texts.
    fn header(&self, kind: Kind, process: &str) -> Element {
        let list = if self.version.is_2() { "1.0" } else { "2.0" };
        let product = |name, product| self.with(name, vec![self.text("Produktname", product)]);
        self.with(
            "Kopf",
            vec![
                self.text("ProzessID", process),
                self.code("Nachrichtentyp", kind.code(), ("nachrichtentyp", list)),
                self.text("Erstellungszeitpunkt", &self.now),
                self.office("Absender"),
                self.office("Empfaenger"),
                product("SendendesSystem", "Prüfstand"),
                product("EmpfangendesSystem", "DMS"),
                self.text("Empfangsbestaetigung", "0"),
                self.text("Importbestaetigung", "1"),
                self.text("Erstellerkennung", "pruefstand"),
                self.text("Stapel", "0"),
            ],
        )
    }

    fn office(&self, role: &str) -> Element {
        let key = if self.version.is_2() { "Kennung" } else { "Behoerdenschluessel" };
        let coded = |name: &str, list: &str, code: &str| {
            let mut out = self.with(name, vec![Element::with_text("", "code", code)]);
            out.set_attribute("listURI", list);
            out.set_attribute("listVersionID", "1");
            out
        };
        let ags = "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags";
        let office = vec![
            coded(key, ags, &self.ags),
            coded("Praefix", "urn:xoev-de:kosit:codeliste:praefix", "ags"),
        ];
        let name = vec![self.text("Name", &self.authority)];
        self.with(role, vec![self.with("Behoerdenkennung", office), self.with("Institution", name)])
    }

    fn document(&self, document: &Document) -> Element {
        let mut out = vec![
            self.identified(&document.id),
            self.with("AllgemeineMetadaten", vec![self.text("Betreff", &document.name)]),
            self.text("FremdesGeschaeftszeichen", &document.reference),
        ];
        for at in 0..document.versions.len() {
            let mut file = vec![self.text("Dateiname", &file_name(document, at))];
            if !self.version.is_2() {
                file.push(self.text("DateinameOriginal", &document.name));
            }
            let mut format =
                vec![self.code("Name", format_of(&document.name), ("dateiformat", "1.0"))];
            if format_of(&document.name) == OTHER {
                format.push(self.text("SonstigerName", "unbekannt"));
            }
            format.push(self.text("Version", "unbekannt"));
            format.push(self.with("Primaerdokument", file));
            let number = self.text("Nummer", &(at + 1).to_string());
            out.push(self.with("Version", vec![number, self.with("Format", format)]));
        }
        self.with("Dokument", out)
    }

    fn identified(&self, id: &str) -> Element {
        self.with("Identifikation", vec![self.text("ID", id)])
    }

    fn code(&self, name: &str, code: &str, (list, version): (&str, &str)) -> Element {
        let mut out = self.with(name, vec![Element::with_text("", "code", code)]);
        out.set_attribute("listURI", &format!("urn:xoev-de:xdomea:codeliste:{list}"));
        out.set_attribute("listVersionID", version);
        out
    }

    fn with(&self, name: &str, children: Vec<Element>) -> Element {
        let mut out = Element::new(&self.version.namespace(), name);
        out.children = children.into_iter().map(Node::Element).collect();
        out
    }

    fn text(&self, name: &str, text: &str) -> Element {
        Element::with_text(&self.version.namespace(), name, text)
    }
}

/// The code for formats that are not in the list Dateiformat 1.0.
const OTHER: &str = "100";

/// The code of a file in the list Dateiformat 1.0, by its extension.
fn format_of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
    match extension.as_str() {
        "jpeg" => "010",
        "jpg" => "011",
        "pdf" => "018",
        "png" => "019",
        "tif" => "023",
        "tiff" => "024",
        "xml" => "030",
        "txt" => "045",
        _ => OTHER,
    }
}

/// `<UUID>_<Betreff>.<extension>`; the UUID is the file's own, other than that of the document.
fn file_name(document: &Document, at: usize) -> String {
    let own = super::uuid_of(&format!("{}:{at}", document.id));
    // What some system cannot have in a name.
    let plain = |c: char| if "/\\:*?\"<>|".contains(c) || c.is_control() { '-' } else { c };
    let name: String = document.name.chars().map(plain).take(160).collect();
    match name.contains('.') {
        true => format!("{own}_{name}"),
        false => format!("{own}_{name}.bin"),
    }
}

/// The name of a container and its bytes, from its files of which the first is the message.
///
/// # Errors
/// In words, when it is beyond what a ZIP file can hold.
pub fn container_of(files: &Files) -> Result<(String, Vec<u8>), String> {
    let message = files.first().map_or("", |(name, _)| name.as_str());
    let name = format!("{}.zip", message.strip_suffix(".xml").unwrap_or(message));
    Ok((name, pack(files).map_err(|e| e.to_string())?))
}

/// The name of a container as a Content-Disposition (RFC 6266); such names are ASCII.
pub fn disposition(name: &str) -> String {
    format!("attachment; filename=\"{name}\"")
}
