//! FVDaten.PrimaerdokumentExportieren.0631: the file of a document goes into the container of the
//! answer, and its name there is the Ablageort.

use bytes::Bytes;

use super::answer::{Item, Parameter};
use super::fault::{Checked, Code, Fault};
use super::ids::made_from;
use super::text::clean;
use super::work::Work;
use crate::fake_system::dms::store::Object;
use crate::xml::Element;

const CLAUSE: &str = "xdomea: FVDaten.PrimaerdokumentExportieren.0631";

/// Hands out one document.
pub(super) fn export(
    work: &mut Work<'_>,
    item: &Element,
    files: &mut Vec<(String, Bytes)>,
) -> Checked<Item> {
    let fault = |code, reason: String| Fault::new(CLAUSE, reason).with_code(code);
    let id = item.child_text("IDSGO").unwrap_or_default();
    let found = work.find(&id).filter(|o| o.version.is_some());
    let object = found.cloned().ok_or_else(|| {
        fault(Code::Specific("0631001"), format!("IDSGO \"{id}\" is no document here"))
    })?;
    let uuid = work.ids.of(work.system, &object);
    let object = match item.child_text("Versionsnummer").filter(|n| !n.is_empty()) {
        None => &object,
        Some(number) => {
            let versions = work.store.versions(&object).unwrap_or_default();
            let found = versions.into_iter().find(|o| is_number(o, &number));
            found.ok_or_else(|| {
                fault(Code::Specific("0631002"), format!("there is no version \"{number}\""))
            })?
        }
    };
    let Some(content) = &object.content else {
        return Err(fault(Code::FILE_MISSING, format!("the document {uuid} has no file")));
    };
    // The file has a UUID of its own, other than that of the document.
    let own = made_from(&format!("{}:file:{}", work.system, object.id));
    let plain = |c: char| if "/\\:*?\"<>|".contains(c) || c.is_control() { '-' } else { c };
    let name: String = clean(work.message.version, &content.file_name);
    let mut name: String = name.chars().map(plain).take(120).collect();
    if !name.contains('.') {
        name.push_str(".bin");
    }
    let name = format!("{own}_{name}");
    files.push((name.clone(), content.bytes.clone()));
    Ok(Item { id: Some(uuid), parameter: Parameter::Place(name), ..Item::default() })
}

/// The number that xdomea gave to the version, or the label of the repository.
fn is_number(object: &Object, number: &str) -> bool {
    let Some(version) = object.version.as_ref().filter(|v| !v.working_copy) else { return false };
    let (major, minor) = version.label;
    version.comment.as_deref() == Some(&format!("Version {number}"))
        || number == format!("{major}.{minor}")
        || (minor == 0 && number == major.to_string())
}
