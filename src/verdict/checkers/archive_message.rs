//! The Akte of a case at a DMS, read back over xdomea: found by its Kennzeichen and by each of its
//! metadata, its documents found with it, every file fetched. xdomea has no media types, and versions
//! are fetched by their number.

use super::Context;
use super::archive_model::{Folder, Said, Version};
use super::archive_state::{Book, listed, shown};
use crate::cmis::Object;
use crate::message::{Akte, akte_of, versions_of};
use crate::plan::{ArchiveExchange, Step};
use crate::verdict::view::Exchange;

/// Holds what was read against what must be there.
///
/// # Errors
/// In words, when it was not read.
pub(super) fn state(
    context: &Context<'_>,
    book: &mut Book<'_>,
    wanted: &Folder,
) -> Result<(), String> {
    let mut steps = context.case.step.iter();
    let read = steps.find(|s| s.name() == book.read).and_then(Step::addresses);
    let at = read.ok_or("der Schritt liest aus keinem DMS")?;
    let akte = akte_of(context.plan, context.case, at).map_err(|e| e.to_string())?;
    let asked = last(context, &ArchiveExchange::Folder.label(book.read, ""));
    let asked = asked.ok_or("die Akte wurde nicht gesucht")?;
    book.exchange = asked.number;
    let hits = match Said::of(asked).objects() {
        Ok(hits) => hits,
        Err(said) => {
            missing(book, said);
            return Ok(());
        }
    };
    if !hits.iter().any(|hit| is(hit, &akte)) {
        let names: Vec<&str> = hits.iter().map(Object::name).collect();
        missing(book, names.join(", "));
        return Ok(());
    }
    metadata(context, book, wanted, &akte)?;
    book.exchange = asked.number;
    documents(context, book, wanted, &hits, &akte)
}

/// The last exchange of a label: a search is repeated, and only the last time counts.
fn last<'a>(context: &'a Context<'_>, label: &str) -> Option<&'a Exchange> {
    context.own(label).pop()
}

fn is(hit: &Object, akte: &Akte) -> bool {
    hit.id().eq_ignore_ascii_case(&akte.id)
}

fn missing(book: &mut Book<'_>, said: String) {
    let text = "Es gibt keine Akte zu diesem Vorgang".to_owned();
    book.found("archive.folder-missing", text, ("eine Akte".into(), said));
}

/// The Akte must be found by its Kennzeichen and each value together.
fn metadata(
    context: &Context<'_>,
    book: &mut Book<'_>,
    wanted: &Folder,
    akte: &Akte,
) -> Result<(), String> {
    for (id, terms) in akte.found_by(wanted.metadata.iter()) {
        let asked = last(context, &ArchiveExchange::Metadatum.label(book.read, &id));
        let asked = asked.ok_or_else(|| format!("nach {id} wurde nicht gesucht"))?;
        book.exchange = asked.number;
        let got = match Said::of(asked).objects() {
            Ok(hits) if hits.iter().any(|hit| is(hit, akte)) => continue,
            Ok(_) => "die Akte wird damit nicht gefunden".to_owned(),
            Err(said) => said,
        };
        let text = format!("{id} steht nicht richtig in den Metadaten der Akte");
        book.found("archive.metadata", text, (terms, got));
    }
    Ok(())
}

fn documents(
    context: &Context<'_>,
    book: &mut Book<'_>,
    wanted: &Folder,
    hits: &[Object],
    akte: &Akte,
) -> Result<(), String> {
    let found: Vec<&Object> = hits.iter().filter(|hit| !is(hit, akte)).collect();
    // Nothing but documents is found with an Akte.
    for (name, versions, document) in listed(book, wanted, &found, |_| true) {
        one(context, book, name, versions, document)?;
    }
    Ok(())
}

/// One document: its newest file, and that of each version where it has several.
fn one(
    context: &Context<'_>,
    book: &mut Book<'_>,
    name: &str,
    wanted: &[Version],
    document: &Object,
) -> Result<(), String> {
    let Some(newest) = wanted.last() else { return Ok(()) };
    compare(context, book, (name, "archive.content"), document.id(), newest)?;
    if versions_of(context.case, name).is_none() {
        return Ok(());
    }
    for (at, version) in wanted.iter().enumerate() {
        let id = format!("{}/{}", document.id(), at + 1);
        compare(context, book, (name, "archive.version-changed"), &id, version)?;
    }
    Ok(())
}

fn compare(
    context: &Context<'_>,
    book: &mut Book<'_>,
    (name, finding): (&str, &str),
    id: &str,
    wanted: &Version,
) -> Result<(), String> {
    let asked = last(context, &ArchiveExchange::Content.label(book.read, id));
    let asked = asked.ok_or_else(|| format!("die Datei von \"{name}\" wurde nicht geholt"))?;
    book.exchange = asked.number;
    let said = Said::of(asked);
    let got = match &said {
        Said::Imported(import) => match import.file() {
            Some(bytes) if bytes == wanted.content => return Ok(()),
            Some(bytes) => shown(bytes),
            None => "im Container liegt keine Datei unter dem genannten Ablageort".to_owned(),
        },
        Said::Refused(no) if finding == "archive.version-changed" => {
            let text = format!("Eine Fassung von \"{name}\" ist verschwunden");
            book.found("archive.version-lost", text, (shown(&wanted.content), no.line()));
            return Ok(());
        }
        other => other.objects().err().unwrap_or_else(|| "kein Inhalt".into()),
    };
    let text = format!("Der Inhalt von \"{name}\" ist nicht der, der abgelegt wurde");
    book.found(finding, text, (shown(&wanted.content), got));
    Ok(())
}
