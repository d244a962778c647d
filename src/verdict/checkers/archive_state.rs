//! The folder of a case at a DMS, read back: metadata, documents by name, every version by every byte.

use super::archive_message;
use super::archive_model::{
    Folder, Said, SeenVersion, Version, by_message, expected, is_done, versions,
};
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::cmis::Object;
use crate::ids::Digest;
use crate::plan::ArchiveExchange;

pub(super) struct ArchiveState;

/// What is found, put together in one place.
pub(super) struct Book<'a> {
    pub requirement: &'a crate::ids::RequirementId,
    pub read: &'a str,
    pub exchange: u64,
    pub judgement: Judgement,
}

impl Book<'_> {
    pub fn found(&mut self, id: &str, message: String, (wanted, got): (String, String)) {
        Found::new(id, self.requirement, message)
            .values(wanted, got)
            .place(format!("gelesen in Schritt \"{}\"", self.read))
            .hint("Ablage im DMS und den Austausch im Nachweis vergleichen")
            .seen([self.exchange])
            .into(&mut self.judgement);
    }
}

pub(super) fn shown(bytes: &[u8]) -> String {
    format!("{} Bytes, {}", bytes.len(), Digest::of(bytes).short())
}

/// A media type without its parameters.
fn bare(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl Checker for ArchiveState {
    fn id(&self) -> &'static str {
        "archive-state"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::ArchiveState { requirement, read } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let wanted = match expected(context, read) {
            Ok(wanted) => wanted,
            Err(reason) => return Judgement::cannot(reason),
        };
        if !is_done(context, read) {
            return Judgement::cannot(format!("Schritt \"{read}\" wurde nicht erreicht"));
        }
        let Some(asked) = context.sent(&ArchiveExchange::Folder.label(read, "")) else {
            return Judgement::cannot(format!("Schritt \"{read}\" hat die Akte nicht gelesen"));
        };
        let judgement = Judgement::default();
        let mut book = Book { requirement, read, exchange: asked.number, judgement };
        if by_message(asked) {
            // What was seen counts also where something else could not be seen.
            let seen = archive_message::state(context, &mut book, &wanted);
            return Judgement { inconclusive: seen.err(), ..book.judgement };
        }
        let folder = match Said::of(asked).objects() {
            Ok(mut one) if one.len() == 1 => one.swap_remove(0),
            other => {
                let said = other.err().unwrap_or_else(|| "kein einzelnes Objekt".into());
                let text = "Es gibt keine Akte zu diesem Vorgang".to_owned();
                book.found("archive.folder-missing", text, ("eine Akte".into(), said));
                return book.judgement;
            }
        };
        metadata(&mut book, &wanted, &folder);
        let Some(asked) = context.sent(&ArchiveExchange::Children.label(read, "")) else {
            return Judgement::cannot(format!("Schritt \"{read}\" hat den Inhalt nicht gelesen"));
        };
        book.exchange = asked.number;
        match Said::of(asked).objects() {
            Ok(children) => documents(context, &mut book, &wanted, &children),
            Err(said) => {
                let text = "Der Inhalt der Akte ist nicht zu lesen".to_owned();
                book.found("archive.unreadable", text, ("Dokumente".into(), said));
            }
        }
        book.judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::ArchiveState { requirement: "K".into(), read: "alesen".into() }
    }

    fn canary_over(&self, protocol: &str) -> Expectation {
        let read = if protocol == "xdomea" { "xlesen" } else { "alesen" };
        Expectation::ArchiveState { requirement: "K".into(), read: read.into() }
    }

    fn canaries(&self) -> usize {
        4
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.akte_not_found("k:vorgang"),
            1 => world.file_differs(),
            2 => world.akte_not_found("K-AKTE"),
            _ => world.document_told("antrag.xml", 0),
        }
        match which {
            0 => world.replace("\"k:vorgang\":\"K-ABLAGE\"", "\"k:vorgang\":\"K-ANDERS\""),
            1 => world.replace("\r\n\r\n<neu/>", "\r\n\r\n<alt/>"),
            2 => world.replace(
                "\r\n\r\n<M xmlns=\"urn:k\"><Kopf><Vorgangsnummer>K-ABLAGE",
                "\r\n\r\n<M>",
            ),
            _ => world.replace(
                "\"cmis:name\":\"antrag.xml\",\"k:zweig\"",
                "\"cmis:name\":\"weg\",\"k:zweig\"",
            ),
        }
    }
}

fn metadata(book: &mut Book<'_>, wanted: &Folder, folder: &Object) {
    for (id, value) in &wanted.metadata {
        let actual = folder.one(id);
        if actual != value {
            let text = format!("{id} steht nicht richtig in den Metadaten der Akte");
            book.found("archive.metadata", text, (value.clone(), actual.to_owned()));
        }
    }
}

fn documents(context: &Context<'_>, book: &mut Book<'_>, wanted: &Folder, children: &[Object]) {
    let children: Vec<&Object> = children.iter().collect();
    for (name, versions, document) in listed(book, wanted, &children, Object::is_document) {
        one(context, book, name, versions, document);
    }
}

/// The documents of an Akte with what is wanted of each; which are missing, there twice, or of nobody,
/// is found.
pub(super) fn listed<'a>(
    book: &mut Book<'_>,
    wanted: &'a Folder,
    there: &[&'a Object],
    is_document: impl Fn(&Object) -> bool,
) -> Vec<(&'a str, &'a [Version], &'a Object)> {
    let mut out = Vec::new();
    for (name, versions) in &wanted.documents {
        let mut named = there.iter().filter(|o| is_document(o) && o.name() == name);
        match named.next() {
            Some(document) => out.push((name.as_str(), versions.as_slice(), *document)),
            None => {
                let text = format!("Das Dokument \"{name}\" liegt nicht in der Akte");
                let names: Vec<&str> = there.iter().map(|o| o.name()).collect();
                book.found("archive.document-missing", text, (name.clone(), names.join(", ")));
            }
        }
        if named.next().is_some() {
            let text = format!("Zwei Dokumente der Akte heißen \"{name}\"");
            book.found("archive.name-twice", text, ("eines".into(), "zwei".into()));
        }
    }
    for object in there {
        if !is_document(object) || !wanted.documents.contains_key(object.name()) {
            let text = format!("\"{}\" hat niemand abgelegt", object.name());
            book.found("archive.document-invented", text, ("nichts".into(), object.name().into()));
        }
    }
    out
}

/// One document with its versions.
fn one(
    context: &Context<'_>,
    book: &mut Book<'_>,
    name: &str,
    wanted: &[Version],
    document: &Object,
) {
    let (seen, copy) = match versions(context, book.read, document) {
        Ok(seen) => seen,
        Err(said) => {
            let text = format!("Die Fassungen von \"{name}\" sind nicht zu lesen");
            let count = format!("{} Fassung(en)", wanted.len());
            book.found("archive.unreadable", text, (count, said));
            return;
        }
    };
    if copy {
        let text = format!("Von \"{name}\" ist eine Arbeitskopie übrig");
        book.found("archive.working-copy", text, ("keine".into(), "eine".into()));
    }
    let counts = (format!("{}", wanted.len()), format!("{}", seen.len()));
    if seen.len() < wanted.len() {
        let text = format!("Fassungen von \"{name}\" sind verschwunden");
        book.found("archive.version-lost", text, counts);
    } else if seen.len() > wanted.len() {
        let text = format!("Von \"{name}\" gibt es Fassungen, die niemand angelegt hat");
        book.found("archive.version-invented", text, counts);
    }
    let (Some((newest, older)), Some((seen_newest, seen_older))) =
        (wanted.split_last(), seen.split_last())
    else {
        return;
    };
    compare(book, name, "archive.content", newest, seen_newest);
    if older.len() == seen_older.len() {
        for (want, have) in older.iter().zip(seen_older) {
            compare(book, name, "archive.version-changed", want, have);
        }
    }
}

fn compare(book: &mut Book<'_>, name: &str, id: &str, want: &Version, have: &SeenVersion) {
    let content = have.content.as_deref().map_err(Clone::clone);
    if content != Ok(want.content.as_slice()) {
        let text = format!("Der Inhalt von \"{name}\" ist nicht der, der abgelegt wurde");
        let got = content.map_or_else(|said| said, shown);
        book.found(id, text, (shown(&want.content), got));
    }
    if bare(&have.media_type) != bare(&want.media_type) {
        let text = format!("Der Medientyp von \"{name}\" ist ein anderer");
        let values = (want.media_type.clone(), have.media_type.clone());
        book.found("archive.media-type", text, values);
    }
}
