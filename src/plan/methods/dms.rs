//! A DMS under test: the harness files as a hub does, changes, versions, searches, and asks for what
//! cannot be done. After each of them the folder of the case is read and held against what must be
//! there.

use std::collections::BTreeMap;

use super::valid;
use crate::concept::{Aspect, Field, FieldType, Message, Receiver};
use crate::ids::SystemId;
use crate::organisation::Authority;
use crate::plan::builder::CaseBuilder;
use crate::plan::catalogue::Method;
use crate::plan::derive::{Derivation, vorgang_of};
use crate::plan::values::a_document;
use crate::plan::{ArchiveOperation, Change, Expectation, MessageUse, Step, Wrong};

/// How long an index may lag behind, milliseconds.
const INDEX_MS: u32 = 5_000;
/// A value with letters of DIN 91379 that are lost or changed where something is not UTF-8, and with
/// characters that mean something in addresses and XML.
const RARE: &str = "Đặng-Çelik & Söhne <1> 100% a+b";
/// Names of documents that got lost elsewhere, with a word for each.
const NAMES: [(&str, &str); 5] = [
    ("umlaute", "Prüfung Größe Öl.pdf"),
    ("seltene-buchstaben", "Đặng Çelik Šafářová.pdf"),
    ("adresszeichen", "100% & a+b#c;d=e.pdf"),
    ("anfuehrung", "O'Hara “Antrag” (2).pdf"),
    (
        "lang",
        "Ein langer Name, wie ihn Menschen vergeben, wenn niemand sie daran hindert, und der doch weniger als 255 Zeichen hat.pdf",
    ),
];

/// A DMS with an authority that files in it, and the applications that it files.
struct Shelf<'a> {
    system: SystemId,
    authority: &'a Authority,
    receiver: &'a Receiver,
    messages: Vec<&'a Message>,
}

/// Each DMS once; more authorities at the same one would show nothing new.
fn shelves<'a>(d: &Derivation<'a>) -> Vec<Shelf<'a>> {
    let mut out: Vec<Shelf<'a>> = Vec::new();
    for authority in &d.organisation.file.authority {
        let Some(system) = authority.dms.clone() else { continue };
        let known = d.organisation.system(&system).map(|s| s.receiver.as_str());
        let receiver = d.concept.file.receiver.iter().find(|r| known == Some(r.id.as_str()));
        let Some(receiver) = receiver.filter(|r| r.folder.is_some()) else { continue };
        let messages = d.applications_of(authority);
        if !messages.is_empty() && !out.iter().any(|s| s.system == system) {
            out.push(Shelf { system, authority, receiver, messages });
        }
    }
    out
}

/// A case on its way.
struct Filing<'s, 'a> {
    shelf: &'s Shelf<'a>,
    case: CaseBuilder,
}

impl<'s, 'a> Filing<'s, 'a> {
    /// Begins with an application that is filed.
    fn begin(
        d: &Derivation<'_>,
        method: &Method,
        shelf: &'s Shelf<'a>,
        (variant, title): (&str, &str),
        aspect: Aspect,
        subject: MessageUse,
    ) -> Option<Self> {
        let id = format!("{}/{variant}/{}", subject.message, shelf.system);
        let case = d.case(method, id, title.to_owned(), aspect)?;
        let mut filing = Self { shelf, case };
        filing.act("ablegen", ArchiveOperation::File { message: Box::new(subject) });
        filing.done("ablegen");
        Some(filing)
    }

    fn act(&mut self, name: &str, operation: ArchiveOperation) {
        let at = self.shelf.system.clone();
        self.case.case.step.push(Step::Archive { name: name.into(), at, operation });
    }

    fn done(&mut self, step: &str) {
        self.refused(step, &[]);
    }

    fn refused(&mut self, step: &str, exceptions: &[&str]) {
        let refusal = exceptions.iter().map(|e| (*e).to_owned()).collect();
        let step = step.to_owned();
        self.case.expect(|requirement| Expectation::ArchiveAnswer { requirement, step, refusal });
    }

    /// Reads the folder; what is in it must be what the steps until now make of it.
    fn end(mut self, d: &mut Derivation<'_>) {
        self.act("lesen", ArchiveOperation::Read);
        let read = "lesen".to_owned();
        self.case.expect(|requirement| Expectation::ArchiveState { requirement, read });
        d.push(self.case);
    }
}

/// Every application with what is mandatory and with everything.
pub(super) fn filing(d: &mut Derivation<'_>, method: &Method) {
    for shelf in shelves(d) {
        for message in &shelf.messages {
            for (set, what) in [("minimal", "nur Pflichtangaben"), ("maximal", "alle Angaben")] {
                let title = format!("{}, {what}: ablegen", message.title);
                let subject = valid(message, set, 1, shelf.authority);
                let about = (set, title.as_str());
                if let Some(filing) =
                    Filing::begin(d, method, &shelf, about, Aspect::Filing, subject)
                {
                    filing.end(d);
                }
            }
        }
    }
}

/// Names and metadata as people write them.
pub(super) fn names(d: &mut Derivation<'_>, method: &Method) {
    for shelf in shelves(d) {
        let Some((message, document)) = with_document(d, &shelf) else { continue };
        for (variant, name) in NAMES {
            let mut subject = valid(message, "minimal", 1, shelf.authority);
            let mut one = a_document(&document.0, &document.1, 0, 700);
            name.clone_into(&mut one.name);
            subject.change = vec![Change::Documents { documents: vec![one] }];
            let title = format!("Dokument mit dem Namen \"{name}\"");
            let about = (variant, title.as_str());
            if let Some(filing) = Filing::begin(d, method, &shelf, about, Aspect::Filing, subject) {
                filing.end(d);
            }
        }
    }
    for shelf in shelves(d) {
        let Some((message, field)) = with_text(d, &shelf) else { continue };
        let mut subject = valid(message, super::base_set(d, field), 1, shelf.authority);
        subject.change = vec![super::set(field, vec![RARE.into()])];
        let title = format!("{}: seltene Buchstaben in den Metadaten", field.label);
        let about = ("metadaten", title.as_str());
        if let Some(filing) = Filing::begin(d, method, &shelf, about, Aspect::Filing, subject) {
            filing.end(d);
        }
    }
}

/// The first application with documents, and the kind and media type of its first one.
fn with_document<'a>(
    d: &Derivation<'a>,
    shelf: &Shelf<'a>,
) -> Option<(&'a Message, (String, String))> {
    shelf.messages.iter().find_map(|message| {
        let document = d.concept.document(&message.documents.first()?.document)?;
        Some((*message, (document.id.clone(), document.media_types.first()?.clone())))
    })
}

/// The first application with a free text that is kept as a property.
fn with_text<'a>(d: &Derivation<'a>, shelf: &Shelf<'a>) -> Option<(&'a Message, &'a Field)> {
    shelf.messages.iter().find_map(|message| {
        let fields = d.concept.groups_of(message).into_iter();
        let mut fields = fields.flat_map(|group| d.concept.fields_of(&group.id));
        let field = fields.find(|field| {
            let free = field.kind == FieldType::Text
                && field.pattern.is_none()
                && field.code_list.is_none()
                && field.check.is_none();
            let room = field.length.as_ref().is_some_and(|l| l.max as usize >= RARE.len());
            let how = field.arrives.get(&shelf.receiver.id).map(|a| a.how.as_str());
            free && room && how == Some("unchanged")
        })?;
        Some((*message, field))
    })
}

/// The property that keeps a field.
fn property_of(shelf: &Shelf<'_>, field: &Field) -> Option<String> {
    Some(field.arrives.get(&shelf.receiver.id)?.at.clone())
}

/// What is changed is changed, and nothing else.
pub(super) fn updates(d: &mut Derivation<'_>, method: &Method) {
    for shelf in shelves(d) {
        let Some(message) = shelf.messages.first().copied() else { continue };
        let changed = with_text(d, &shelf).and_then(|(_, field)| property_of(&shelf, field));
        let changed = changed.map(|at| BTreeMap::from([(at, "Geändert: Größe & Co.".to_owned())]));
        let renamed = BTreeMap::from([("cmis:name".to_owned(), "Antrag Größe.xml".to_owned())]);
        let document = || "antrag.xml".to_owned();
        let all = [
            changed.map(|properties| {
                let operation = ArchiveOperation::Update { object: String::new(), properties };
                ("metadaten", "Metadaten der Akte ändern", operation)
            }),
            Some((
                "umbenennen",
                "Dokument umbenennen",
                ArchiveOperation::Update { object: document(), properties: renamed },
            )),
            Some((
                "loeschen",
                "Ein Dokument löschen, die anderen bleiben",
                ArchiveOperation::Delete { object: document() },
            )),
            Some((
                "nachtragen",
                "Ein weiteres Dokument ablegen, die anderen bleiben",
                ArchiveOperation::Add {
                    name: "Nachtrag Größe.txt".into(),
                    text: "Nachtrag: Größe 12 m²\r\n".into(),
                    media_type: "text/plain".into(),
                },
            )),
        ];
        for (variant, title, operation) in all.into_iter().flatten() {
            let subject = valid(message, "maximal", 1, shelf.authority);
            let begun =
                Filing::begin(d, method, &shelf, (variant, title), Aspect::Keeping, subject);
            let Some(mut filing) = begun else { continue };
            filing.act("aendern", operation);
            filing.done("aendern");
            filing.end(d);
        }
    }
}

/// A new version is the newest, the old one stays; a working copy that is given up leaves nothing.
pub(super) fn versions(d: &mut Derivation<'_>, method: &Method) {
    for shelf in shelves(d) {
        let Some(message) = shelf.messages.first().copied() else { continue };
        let version = |text: &str| ArchiveOperation::Version {
            object: "antrag.xml".into(),
            text: text.into(),
            media_type: "application/xml".into(),
        };
        let (second, third) = ("<zweite>Größe</zweite>\n", "<dritte/>\n");
        let together = ArchiveOperation::AddVersions {
            name: "Vermerk.txt".into(),
            texts: vec!["erste Größe\n".into(), "zweite\n".into(), "dritte\n".into()],
            media_type: "text/plain".into(),
        };
        let all = [
            ("mit-fassungen", "Ein Dokument mit drei Fassungen ablegen", vec![together]),
            ("neue-fassung", "Neue Fassung eines Dokuments", vec![version(second)]),
            ("drei-fassungen", "Zwei neue Fassungen", vec![version(second), version(third)]),
            (
                "verworfen",
                "Arbeitskopie verwerfen",
                vec![ArchiveOperation::Cancel { object: "antrag.xml".into() }],
            ),
        ];
        for (variant, title, operations) in all {
            let subject = valid(message, "minimal", 1, shelf.authority);
            let begun =
                Filing::begin(d, method, &shelf, (variant, title), Aspect::Versions, subject);
            let Some(mut filing) = begun else { continue };
            for (number, operation) in operations.into_iter().enumerate() {
                let step = format!("fassung-{}", number + 1);
                filing.act(&step, operation);
                filing.done(&step);
            }
            filing.end(d);
        }
    }
}

/// What was filed is found, and nothing else.
pub(super) fn searches(d: &mut Derivation<'_>, method: &Method) {
    for shelf in shelves(d) {
        let Some((message, document)) = with_document(d, &shelf) else { continue };
        let folder = shelf.receiver.folder.clone().unwrap_or_default();
        let own = folder.rsplit('/').next().unwrap_or_default().to_owned();
        let odd = "O'Hara Größe.pdf";
        let inside = "IN_FOLDER('{ordner}')";
        let all: [(&str, &str, String, Vec<&str>); 5] = [
            (
                "im-ordner",
                "Alles im Ordner",
                format!("SELECT * FROM cmis:document WHERE {inside}"),
                vec!["antrag.xml", odd],
            ),
            (
                "nach-namen",
                "Ein Dokument nach seinem Namen",
                format!("SELECT * FROM cmis:document WHERE cmis:name = 'antrag.xml' AND {inside}"),
                vec!["antrag.xml"],
            ),
            (
                "schwieriger-name",
                "Ein Dokument mit Umlaut und Hochkomma im Namen",
                format!(
                    "SELECT * FROM cmis:document WHERE cmis:name = 'O\\'Hara Größe.pdf' AND {inside}"
                ),
                vec![odd],
            ),
            (
                "akte",
                "Die Akte nach ihrem Namen",
                format!("SELECT * FROM cmis:folder WHERE cmis:name = '{own}'"),
                vec![own.as_str()],
            ),
            (
                "nichts",
                "Was es nicht gibt",
                format!("SELECT * FROM cmis:document WHERE cmis:name = 'fehlt.xml' AND {inside}"),
                vec![],
            ),
        ];
        let cmis = all.into_iter().map(|(variant, title, statement, names)| {
            let search = ArchiveOperation::Search { statement, at_least: 0, within_ms: INDEX_MS };
            (variant, title, search, names)
        });
        let words: [(&str, &str, String, bool, Vec<&str>); 5] = [
            (
                "kennzeichen",
                "Die Akte und alles darin nach ihrem Kennzeichen",
                own.clone(),
                false,
                vec![own.as_str(), "antrag.xml", odd],
            ),
            (
                "worte-name",
                "Ein Dokument nach Name und Kennzeichen",
                format!("antrag.xml {own}"),
                false,
                vec!["antrag.xml"],
            ),
            (
                "worte-umlaut",
                "Ein Dokument nach Worten mit Umlaut und Hochkomma",
                format!("O'Hara Größe.pdf {own}"),
                false,
                vec![odd],
            ),
            (
                "volltext",
                "Ein Dokument nach seinem Inhalt",
                "{vorgang}".into(),
                true,
                vec!["antrag.xml"],
            ),
            ("worte-nichts", "Worte, die es nicht gibt", format!("fehlt.xml {own}"), false, vec![]),
        ];
        let xdomea = words.into_iter().map(|(variant, title, terms, content, names)| {
            let find = ArchiveOperation::Find { terms, content, at_least: 0, within_ms: INDEX_MS };
            (variant, title, find, names)
        });
        for (variant, title, operation, names) in cmis.chain(xdomea) {
            let mut subject = valid(message, "minimal", 1, shelf.authority);
            let mut one = a_document(&document.0, &document.1, 0, 700);
            odd.clone_into(&mut one.name);
            subject.change = vec![Change::Documents { documents: vec![one] }];
            let title = format!("Suche: {title}");
            let about = (variant, title.as_str());
            let begun = Filing::begin(d, method, &shelf, about, Aspect::Search, subject);
            let Some(mut filing) = begun else { continue };
            let vorgang = vorgang_of(&filing.case.case.id);
            let names: Vec<String> =
                names.into_iter().map(|text| text.replace("{vorgang}", &vorgang)).collect();
            filing.act("suchen", filled(operation, &vorgang, names.len()));
            filing.case.expect(|requirement| Expectation::ArchiveFound {
                requirement,
                step: "suchen".into(),
                names,
            });
            filing.end(d);
        }
    }
}

/// A search about one case, which is to find so much.
fn filled(operation: ArchiveOperation, vorgang: &str, count: usize) -> ArchiveOperation {
    let at_least = u32::try_from(count).unwrap_or_default();
    match operation {
        ArchiveOperation::Search { statement, within_ms, .. } => {
            let statement = statement.replace("{vorgang}", vorgang);
            ArchiveOperation::Search { statement, at_least, within_ms }
        }
        ArchiveOperation::Find { terms, content, within_ms, .. } => {
            let terms = terms.replace("{vorgang}", vorgang);
            ArchiveOperation::Find { terms, content, at_least, within_ms }
        }
        other => other,
    }
}

/// What may be wrong about a message of xdomea, with the codes that say so (lists
/// AllgemeineRueckmeldung and SpezifischeFehlermeldung); `4xx` where a message may be beyond an answer
/// by a message, since the standard leaves the transport open.
const WRONG: [(&str, &str, Wrong, &[&str]); 8] = [
    (
        "fassung-unbekannt",
        "Eine Nachricht einer unbekannten Fassung von xdomea",
        Wrong::Version,
        &["0000008", "0000499", "4xx"],
    ),
    ("container-kaputt", "Ein Container ohne sein Ende", Wrong::Container, &["4xx"]),
    (
        "name-falsch",
        "Eine Nachricht unter dem Namen einer anderen",
        Wrong::Name,
        &["0000008", "0000499", "4xx"],
    ),
    ("schema-verletzt", "Eine Nachricht, die ihr Schema verletzt", Wrong::Structure, &["0000008"]),
    (
        "vorgang-unbekannt",
        "Ablegen in einer Akte, die es nicht gibt",
        Wrong::UnknownRecord,
        &["0605001", "0000003"],
    ),
    (
        "dokument-unbekannt",
        "Ein Dokument holen, das es nicht gibt",
        Wrong::UnknownDocument,
        &["0631001", "0000003"],
    ),
    (
        "datei-fehlt",
        "Eine Datei, die nicht im Container liegt",
        Wrong::FileMissing,
        &["0605004", "0000018"],
    ),
    (
        "suche-leer",
        "Eine Suche weder in Metadaten noch in Dateien",
        Wrong::EmptySearch,
        &["0608001"],
    ),
];

/// What cannot be done is refused with an exception that CMIS 1.1 has for it (section 2.2.1.4 and the
/// service's own), or with a code of xdomea, and changes nothing.
pub(super) fn refusals(d: &mut Derivation<'_>, method: &Method) {
    for shelf in shelves(d) {
        let Some(message) = shelf.messages.first().copied() else { continue };
        let create = |name: &str, kind: &str| ArchiveOperation::Create {
            folder: false,
            name: name.into(),
            kind: kind.into(),
        };
        let document = || "antrag.xml".to_owned();
        let named = |name: &str| BTreeMap::from([("cmis:name".to_owned(), name.to_owned())]);
        let by = BTreeMap::from([("cmis:createdBy".to_owned(), "jemand anders".to_owned())]);
        let nonsense = "SELECT FROM WHERE".to_owned();
        let all: [(&str, &str, ArchiveOperation, &[&str]); 9] = [
            (
                "name-vergeben",
                "Ein Dokument mit einem vergebenen Namen",
                create("antrag.xml", "cmis:document"),
                &["nameConstraintViolation", "constraint"],
            ),
            (
                "name-unmoeglich",
                "Ein Dokument mit einem Schrägstrich im Namen",
                create("a/b.xml", "cmis:document"),
                &["nameConstraintViolation", "constraint", "invalidArgument"],
            ),
            (
                "typ-unbekannt",
                "Ein Dokument eines unbekannten Typs",
                create("neu.xml", "pruefstand:gibtesnicht"),
                &["constraint", "objectNotFound", "invalidArgument"],
            ),
            (
                "kein-objekt",
                "Ein Objekt, das es nicht gibt",
                ArchiveOperation::FetchMissing,
                &["objectNotFound"],
            ),
            (
                "nicht-setzbar",
                "Ein Merkmal, das nur das DMS setzt",
                ArchiveOperation::Update { object: document(), properties: by },
                &["constraint", "invalidArgument"],
            ),
            (
                "marke-veraltet",
                "Ändern mit einer veralteten Änderungsmarke",
                ArchiveOperation::UpdateStale {
                    object: document(),
                    first: named("erster.xml"),
                    late: named("zweiter.xml"),
                },
                &["updateConflict"],
            ),
            (
                "schon-ausgecheckt",
                "Auschecken, was ausgecheckt ist",
                ArchiveOperation::CheckOutTwice { object: document() },
                &["versioning", "constraint", "updateConflict", "invalidArgument"],
            ),
            (
                "ordner-nicht-leer",
                "Einen Ordner löschen, der nicht leer ist",
                ArchiveOperation::Delete { object: String::new() },
                &["constraint"],
            ),
            (
                "abfrage-falsch",
                "Eine Abfrage, die keine ist",
                ArchiveOperation::Search { statement: nonsense, at_least: 0, within_ms: 0 },
                &["invalidArgument"],
            ),
        ];
        let wrong = WRONG.map(|(variant, title, wrong, codes)| {
            (variant, title, ArchiveOperation::HandInWrong { wrong }, codes)
        });
        for (variant, title, operation, exceptions) in all.into_iter().chain(wrong) {
            let subject = valid(message, "minimal", 1, shelf.authority);
            let about = (variant, title);
            let begun = Filing::begin(d, method, &shelf, about, Aspect::Refusal, subject);
            let Some(mut filing) = begun else { continue };
            filing.act("verlangen", operation);
            filing.refused("verlangen", exceptions);
            filing.end(d);
        }
    }
}
