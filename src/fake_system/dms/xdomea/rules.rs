//! What a message must keep beyond its schema: names, prefix, place of the schema, the header's
//! agreement with all of them, batches, and the files that come along.

use std::collections::BTreeSet;

use super::fault::{Checked, Code, Fault, deviation};
use super::message::{Contact, Message, invalid};
use super::names::{is_uuid, wrong_file_name};
use super::version::{Kind, Version};
use crate::fake_system::dms::errors::Caller;
use crate::xml::Element;

const NAMES: &str = "xdomea: file names";
const PREFIX: &str = "xdomea: prefix (3.0.0 section 4.2)";
const LOCATION: &str = "xdomea: schemaLocation";
const HEADER: &str = "xdomea: Kopf";
const OFFICE: &str = "xdomea: Behoerdenkennung";
const BATCH: &str = "xdomea: Stapel";
const FILES: &str = "xdomea: files (3.0.0 section 5.1.35)";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The process, which must be one: nothing can be answered or remembered without it.
pub(super) fn process(message: &Message, caller: &mut Caller) -> Checked<String> {
    let written = &message.header.process;
    if !is_uuid(written) {
        let reason = format!("ProzessID \"{}\" is no UUID", written.escape_debug());
        return Err(Fault::new("xdomea: ProzessID (3.0.0 section 2.4.4)", reason));
    }
    if written.bytes().any(|b| b.is_ascii_uppercase()) {
        caller.note("RFC 9562 4", "the ProzessID has capital letters; some systems compare bytes");
    }
    Ok(written.to_lowercase())
}

/// The names of container and XML file.
pub(super) fn names(
    message: &Message,
    container: Option<&str>,
    caller: &mut Caller,
) -> Checked<()> {
    let stem = message.stem();
    match container {
        None => {
            let reason = "the request does not name the container (Content-Disposition, Slug or \
                          the parameter name)";
            deviation(caller, Fault::new(NAMES, reason))?;
        }
        Some(name) if name != format!("{stem}.zip") => {
            let reason = format!("the container is named \"{name}\" instead of \"{stem}.zip\"");
            deviation(caller, Fault::new(NAMES, reason))?;
        }
        Some(_) => {}
    }
    if message.name != format!("{stem}.xml") {
        let reason = format!("the message is named \"{}\" instead of \"{stem}.xml\"", message.name);
        deviation(caller, Fault::new(NAMES, reason))?;
    }
    Ok(())
}

/// Prefix and place of the schema, which the standard demands beyond what XML means.
pub(super) fn serialised(message: &Message, caller: &mut Caller) -> Checked<()> {
    let mut others = BTreeSet::new();
    message.root.walk(&mut |_, element| {
        let mine = element.scope.iter().filter(|(_, n)| *n == message.root.namespace);
        others.extend(mine.filter(|(p, _)| p != "xdomea").map(|(p, _)| p.clone()));
    });
    if let Some(other) = others.first() {
        let reason =
            format!("the namespace of xdomea has the prefix \"{other}\" instead of \"xdomea\"");
        deviation(caller, invalid(PREFIX, reason))?;
    }
    let location = message.root.attributes.iter();
    let location = location.clone().find(|a| a.namespace == XSI && a.name == "schemaLocation");
    let Some(location) = location else {
        return deviation(caller, invalid(LOCATION, "the message has no xsi:schemaLocation"));
    };
    let words: Vec<&str> = location.value.split_whitespace().collect();
    let place = words.chunks(2).find(|pair| pair[0] == message.root.namespace);
    let file = place.and_then(|pair| pair.get(1)).map(|p| p.rsplit('/').next().unwrap_or(p));
    let fine = file.is_some_and(|f| f.starts_with("xdomea-Nachrichten-") && f.ends_with(".xsd"));
    if !fine {
        let reason = format!(
            "xsi:schemaLocation is \"{}\" and names no xdomea-Nachrichten-….xsd for {}",
            location.value, message.root.namespace
        );
        deviation(caller, invalid(LOCATION, reason))?;
    }
    Ok(())
}

/// The header against the root element, and both ends against what is known of them.
pub(super) fn header(
    message: &Message,
    kind: Kind,
    authorities: &[String],
    caller: &mut Caller,
) -> Checked<()> {
    let head = &message.header;
    if head.kind_code != kind.code() {
        let reason = format!("Nachrichtentyp is \"{}\" in a {}", head.kind_code, kind.root());
        deviation(caller, invalid(HEADER, reason))?;
    }
    for (role, contact) in [("Absender", &head.sender), ("Empfaenger", &head.receiver)] {
        office(role, contact, message.version, caller)?;
    }
    let receiver = head.receiver.key.as_ref();
    if let Some(key) = receiver.filter(|_| is_ags(&head.receiver))
        && !authorities.is_empty()
        && !authorities.contains(&key.code)
    {
        let reason = format!("the Empfaenger {} is no authority that this system serves", key.code);
        let fault = Fault::new(OFFICE, reason).with_code(Code::General("0000006"));
        deviation(caller, fault)?;
    }
    Ok(())
}

fn is_ags(contact: &Contact) -> bool {
    contact.prefix.as_ref().is_some_and(|p| p.code.trim_end_matches(':') == "ags")
}

/// Who is named is named in a way that can be looked up.
fn office(role: &str, contact: &Contact, version: Version, caller: &mut Caller) -> Checked<()> {
    let part = if version.is_2() { "Kennung" } else { "Behoerdenschluessel" };
    match (&contact.key, &contact.prefix) {
        (None, None) if contact.institution.is_none() && contact.unit.is_none() => {
            caller.note(OFFICE, format!("{role} says of nobody who it is"));
        }
        (None, Some(_)) => caller.note(OFFICE, format!("{role} has a Praefix without {part}")),
        (Some(_), None) => caller.note(OFFICE, format!("{role} has a {part} without Praefix")),
        _ => {}
    }
    let digits = |code: &str| code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit());
    if let Some(key) = contact.key.as_ref().filter(|k| is_ags(contact) && !digits(&k.code)) {
        let reason = format!("{role}: \"{}\" is no Amtlicher Gemeindeschlüssel", key.code);
        let fault = Fault::new(OFFICE, reason).with_code(Code::General("0000006"));
        deviation(caller, fault)?;
    }
    Ok(())
}

/// Batches: their length and the numbers of their parts. A list of Systemstatus is none: its parts
/// have no numbers.
pub(super) fn batch(message: &Message, kind: Kind, caller: &mut Caller) -> Checked<()> {
    let (head, count) = (&message.header, message.items().count());
    let wrong = |code, reason: String| Fault::new(BATCH, reason).with_code(code);
    if !matches!(kind, Kind::Create | Kind::File | Kind::AddMetadata) {
        return Ok(());
    }
    if !head.batch {
        let length = head.batch_length.unwrap_or(1);
        if count > 1 || length > 1 {
            let reason = format!("{count} objects, Stapellaenge {length}, but Stapel is 0");
            deviation(caller, wrong(Code::BATCH_IN_DIALOGUE, reason))?;
        }
        return Ok(());
    }
    match head.batch_length {
        None => {
            let reason = "Stapel is 1 without a Stapellaenge".to_owned();
            deviation(caller, wrong(Code::BATCH_TOO_SHORT, reason))?;
        }
        Some(length) if length <= 0 => {
            deviation(caller, wrong(Code::BATCH_IS_EMPTY, format!("Stapellaenge is {length}")))?;
        }
        Some(length) if usize::try_from(length) != Ok(count) => {
            let reason = format!("Stapellaenge is {length}, and there are {count} objects");
            deviation(caller, wrong(Code::BATCH_LENGTH, reason))?;
        }
        Some(_) => {}
    }
    let mut seen = BTreeSet::new();
    let wrong_number = message.items().map(|i| i.child_text("NummerImStapel"));
    if wrong_number.into_iter().any(|n| n.is_none_or(|n| !seen.insert(n))) {
        let reason = "a NummerImStapel is missing or there twice".to_owned();
        deviation(caller, wrong(Code::BATCH_SYNTAX, reason))?;
    }
    Ok(())
}

/// The names of files that the message refers to.
pub(super) fn references(message: &Message) -> Vec<String> {
    let mut out = Vec::new();
    message.root.walk(&mut |_, e: &Element| {
        let names = matches!(e.name.as_str(), "Dateiname" | "SignaturSiegelDatei");
        if names && e.namespace == message.root.namespace {
            out.push(e.text().trim().to_owned());
        }
    });
    out
}

/// What the message refers to is there, and what is there is referred to.
pub(super) fn files(message: &Message, kind: Kind, caller: &mut Caller) -> Checked<()> {
    let wanted = if kind.carries_files() { references(message) } else { Vec::new() };
    for name in &wanted {
        if let Some(why) = wrong_file_name(name, message.version.is_2()) {
            deviation(caller, Fault::new(FILES, format!("\"{name}\" {why}")))?;
        }
        match message.file(name) {
            None => {
                let code = match kind {
                    Kind::File => Code::Specific("0605004"),
                    _ => Code::FILE_MISSING,
                };
                let reason = format!("\"{name}\" is not in the container");
                deviation(caller, Fault::new(FILES, reason).with_code(code))?;
            }
            Some(entry) if entry.name != *name => {
                let reason = format!("\"{name}\" lies in the container as \"{}\"", entry.name);
                deviation(caller, Fault::new(FILES, reason).with_code(Code::FILE_MISSING))?;
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<String> = wanted.iter().map(|n| n.to_lowercase()).collect();
    for entry in message.files.iter().filter(|e| !known.contains(&e.name.to_lowercase())) {
        let reason = format!("the message does not refer to \"{}\"", entry.name);
        deviation(caller, Fault::new(FILES, reason))?;
    }
    Ok(())
}
