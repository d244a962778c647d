//! FVDaten.SGOErstellen.0604 and FVDaten.SGOAblegen.0605: records go into the repository.

use super::answer::{Item, Parameter};
use super::fault::{Checked, Code, Fault};
use super::names::is_uuid;
use super::record::{self, Level};
use super::version::Kind;
use super::work::Work;
use crate::fake_system::dms::store::{Content, New, ROOT};
use crate::fake_system::dms::types::{DOCUMENT, FOLDER};
use crate::fake_system::dms::values::Given;
use crate::fake_system::dms::versions::CheckIn;
use crate::xml::{Element, Writer};

/// What the two messages differ in.
struct Codes {
    clause: &'static str,
    container: Code,
    cannot: Code,
}

fn codes(kind: Kind) -> Codes {
    match kind {
        Kind::Create => Codes {
            clause: "xdomea: FVDaten.SGOErstellen.0604",
            container: Code::Specific("0604001"),
            cannot: Code::Specific("0604003"),
        },
        _ => Codes {
            clause: "xdomea: FVDaten.SGOAblegen.0605",
            container: Code::Specific("0605001"),
            cannot: Code::Specific("0605005"),
        },
    }
}

/// Files one object of the message with all that is in it; all or nothing.
/// The ids of what was created go into `created`, also of what has to be taken out again.
pub(super) fn file(
    work: &mut Work<'_>,
    item: &Element,
    kind: Kind,
    created: &mut Vec<String>,
) -> Checked<Vec<Item>> {
    let mut filing = Filing { codes: codes(kind), kind, foreign: foreign_id(item), created };
    let container = record::text(item, "IDContainer");
    let parent = match &container {
        Some(id) => {
            let found = work.find(id).filter(|o| o.is_folder()).map(|o| o.id.clone());
            found.ok_or_else(|| {
                let reason = format!("IDContainer \"{id}\" is no record that takes others");
                filing.fault(filing.codes.container, reason)
            })?
        }
        None => ROOT.to_owned(),
    };
    let found = item.child("Schriftgutobjekt").and_then(|s| s.elements().next());
    let Some((record, level)) = found.and_then(|r| Some((r, Level::of(&r.name)?))) else {
        let code = if kind == Kind::Create { Code::Specific("0604002") } else { Code::INVALID };
        return Err(filing.fault(code, "Schriftgutobjekt holds neither Akte, Vorgang nor Dokument"));
    };
    if container.is_none() && level != Level::Akte {
        let detail =
            format!("a {} comes without IDContainer and lies beside the Akten", level.name());
        work.caller.note(filing.codes.clause, detail);
    }
    let mut items = Vec::new();
    filing.place(work, record, level, &parent, &mut items)?;
    Ok(items)
}

fn foreign_id(item: &Element) -> String {
    record::text(item, "FachverfahrenObjektID").unwrap_or_default()
}

struct Filing<'c> {
    codes: Codes,
    kind: Kind,
    foreign: String,
    created: &'c mut Vec<String>,
}

impl Filing<'_> {
    fn fault(&self, code: Code, reason: impl Into<String>) -> Fault {
        Fault::new(self.codes.clause, reason).with_code(code)
    }

    /// Puts a record and what is in it into a folder.
    fn place(
        &mut self,
        work: &mut Work<'_>,
        record: &Element,
        level: Level,
        parent: &str,
        items: &mut Vec<Item>,
    ) -> Checked<()> {
        let written = record::uuid(record);
        let given = written.clone().filter(|u| is_uuid(u));
        if let Some(other) = written.filter(|_| given.is_none()) {
            let detail = format!("the id \"{}\" is no UUID, and is not kept", other.escape_debug());
            work.caller.note("RFC 9562 4", detail);
        }
        // A filed Dokument is a new one with a UUID of its own (note in the schema at 0605).
        let kept = given.clone().filter(|_| self.kind == Kind::Create || level != Level::Dokument);
        if let Some(uuid) = kept.as_ref().filter(|u| work.find(u).is_some()) {
            return Err(self.fault(self.codes.cannot, format!("a record {uuid} is there already")));
        }
        let id = match level {
            Level::Dokument => self.document(work, record, parent)?,
            _ => self.folder(work, record, level, parent)?,
        };
        let Ok(object) = work.store.get(&id) else {
            return Err(self.fault(self.codes.cannot, "the record is gone"));
        };
        if let Some(uuid) = &kept {
            work.ids.give(uuid, object);
        }
        let own = work.ids.of(work.system, object);
        let parameter = match items.is_empty() {
            true => Parameter::Field("FachverfahrenObjektID".into(), self.foreign.clone()),
            false => Parameter::Field("Identifikation".into(), given.unwrap_or_default()),
        };
        items.push(Item { id: Some(own.clone()), parameter, ..Item::default() });
        let (reference, made) = record::reference(record);
        if made && level != Level::Dokument {
            let parameter = Parameter::Field("Kennzeichen".into(), reference);
            items.push(Item { id: Some(own), parameter, ..Item::default() });
        }
        self.extensions(work, record, if level == Level::Dokument { parent } else { &id })?;
        if level == Level::Dokument {
            for attached in record.elements().filter(|e| e.name == "Anlage") {
                self.place(work, attached, Level::Dokument, parent, items)?;
            }
        }
        for inner in record::inside(record, level) {
            if let Some(level) = Level::of(&inner.name) {
                self.place(work, inner, level, &id, items)?;
            }
        }
        Ok(())
    }

    fn folder(
        &mut self,
        work: &mut Work<'_>,
        record: &Element,
        level: Level,
        parent: &str,
    ) -> Checked<String> {
        let container = work.store.get(parent).ok().and_then(|o| o.own.get("akte:aktenzeichen"));
        let container = container.and_then(|v| v.as_str()).map(str::to_owned);
        let mut given = record::properties(record, level, container.as_deref());
        let name = record::name_of(&record::reference(record).0);
        given.0.push(("cmis:name".into(), vec![name]));
        self.create(work, parent, FOLDER, New { given, ..New::default() })
    }

    fn create(
        &mut self,
        work: &mut Work<'_>,
        parent: &str,
        base: &'static str,
        new: New,
    ) -> Checked<String> {
        let made = work.store.create(work.caller, parent, base, new);
        let id = made.map_err(|e| Fault::of_store(self.codes.clause, &e, self.codes.cannot))?;
        self.created.push(id.clone());
        Ok(id)
    }

    /// A document: its versions in order. Only one file fits into a version of the repository, so
    /// that further formats and signatures lie beside it.
    fn document(&mut self, work: &mut Work<'_>, record: &Element, parent: &str) -> Checked<String> {
        let versions: Vec<&Element> = record.elements().filter(|e| e.name == "Version").collect();
        let mut beside = Vec::new();
        let mut contents = Vec::new();
        for version in &versions {
            let mut files = version.elements().filter(|e| e.name == "Format");
            contents.push(files.next().and_then(|f| content(work, f)));
            for format in version.elements().filter(|e| e.name == "Format") {
                let seals =
                    format.elements_at("Primaerdokument/SignaturSiegel/SignaturSiegelDatei");
                beside.extend(seals.iter().filter_map(|s| of_file(work, s.text().trim(), None)));
            }
            beside.extend(files.filter_map(|f| content(work, f)));
        }
        let first = contents.first().cloned().flatten();
        let name = document_name(record, first.as_ref());
        let name = work.free_name(parent, &name);
        let mut given = record::properties(record, Level::Dokument, None);
        given.0.push(("cmis:name".into(), vec![name]));
        let new = New { given, content: first, ..New::default() };
        let mut id = self.create(work, parent, DOCUMENT, new)?;
        for (at, (version, content)) in versions.iter().zip(contents).enumerate() {
            let comment = record::text(version, "Nummer").map(|n| format!("Version {n}"));
            if at > 0 {
                let how = CheckIn { major: true, comment, given: Given::default(), content };
                id = self.next_version(work, &id, how)?;
            } else if let Some(v) = work.store.objects.get_mut(&id).and_then(|o| o.version.as_mut())
            {
                v.comment = comment;
            }
        }
        for content in beside {
            let name = work.free_name(parent, &record::name_of(&content.file_name));
            let mut given = Given(vec![
                ("cmis:objectTypeId".into(), vec![Level::Dokument.type_id().into()]),
                ("cmis:name".into(), vec![name]),
            ]);
            if let Some(subject) = record::subject(record) {
                given.0.push(("dokument:betreff".into(), vec![subject]));
            }
            let new = New { given, content: Some(content), ..New::default() };
            self.create(work, parent, DOCUMENT, new)?;
        }
        Ok(id)
    }

    /// What a record says beyond the standard is kept as a file (note in the schema at
    /// AnwendungsspezifischeErweiterungXML).
    fn extensions(&mut self, work: &mut Work<'_>, record: &Element, folder: &str) -> Checked<()> {
        let writer = Writer::new().prefix("xdomea", &work.message.version.namespace());
        for extension in record.elements() {
            let known = ["AnwendungsspezifischeErweiterung", "AnwendungsspezifischeErweiterungXML"];
            if !known.contains(&extension.name.as_str()) {
                continue;
            }
            let name = work.free_name(folder, &format!("{}.xml", extension.name));
            let content = Content {
                media_type: "application/xml".into(),
                file_name: name.clone(),
                bytes: writer.write(extension).into(),
            };
            let given = Given(vec![
                ("cmis:objectTypeId".into(), vec![DOCUMENT.into()]),
                ("cmis:name".into(), vec![name]),
            ]);
            let new = New { given, content: Some(content), ..New::default() };
            self.create(work, folder, DOCUMENT, new)?;
        }
        Ok(())
    }

    fn next_version(&self, work: &mut Work<'_>, id: &str, how: CheckIn) -> Checked<String> {
        let copy = work.store.check_out(work.caller, id);
        let done = copy.and_then(|copy| work.store.check_in(work.caller, &copy, how));
        done.map_err(|e| Fault::of_store(self.codes.clause, &e, self.codes.cannot))
    }
}

/// The file of a Format, if it came along.
fn content(work: &Work<'_>, format: &Element) -> Option<Content> {
    let file = record::text(format, "Primaerdokument/Dateiname")?;
    of_file(work, &file, record::text(format, "Primaerdokument/DateinameOriginal"))
}

fn of_file(work: &Work<'_>, file: &str, original: Option<String>) -> Option<Content> {
    let entry = work.message.file(file)?;
    // Behind the UUID stands a name for people.
    let plain =
        entry.name.get(37..).filter(|n| !n.is_empty() && entry.name.get(36..37) == Some("_"));
    let name = original.unwrap_or_else(|| plain.unwrap_or(&entry.name).to_owned());
    Some(Content {
        media_type: media_type(&entry.name).to_owned(),
        file_name: record::name_of(&name),
        bytes: entry.bytes.clone(),
    })
}

fn document_name(record: &Element, first: Option<&Content>) -> String {
    let subject = record::subject(record);
    let named = match (subject, first) {
        (Some(subject), Some(content)) => match content.file_name.rsplit_once('.') {
            Some((_, extension)) if !subject.ends_with(&format!(".{extension}")) => {
                format!("{subject}.{extension}")
            }
            _ => subject,
        },
        (Some(subject), None) => subject,
        (None, Some(content)) => content.file_name.clone(),
        (None, None) => record::uuid(record).unwrap_or_default(),
    };
    record::name_of(&named)
}

/// The media type that usually goes with an extension.
pub(super) fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
    match extension.as_str() {
        "pdf" => "application/pdf",
        "xml" => "application/xml",
        "txt" => "text/plain",
        "htm" | "html" => "text/html",
        "csv" => "text/csv",
        "json" => "application/json",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "tif" | "tiff" => "image/tiff",
        "zip" => "application/zip",
        "eml" => "message/rfc822",
        "odt" => "application/vnd.oasis.opendocument.text",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}
