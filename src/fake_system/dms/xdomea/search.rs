//! FVDaten.SGOSuchen.0608: all terms must be found, in metadata, in files, or in either.

use serde_json::Value;

use super::answer::{Item, Parameter};
use super::fault::{Checked, Code, Fault};
use super::shape::boolean;
use super::work::Work;
use crate::fake_system::defect::FakeDefect;
use crate::fake_system::dms::acl::Permission;
use crate::fake_system::dms::store::Object;
use crate::xml::Element;

const CLAUSE: &str = "xdomea: FVDaten.SGOSuchen.0608";
/// Most objects that are told.
const MOST: usize = 1_000;
/// Largest file that is searched, bytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// Looks for objects; of documents only the current version counts.
pub(super) fn search(work: &mut Work<'_>, item: &Element) -> Checked<Vec<Item>> {
    let flag = |name: &str| item.child_text(name).and_then(|t| boolean(&t)).unwrap_or(true);
    let (content, metadata) = (flag("Volltext"), flag("Metadaten"));
    if !content && !metadata {
        let reason = "neither Volltext nor Metadaten is to be searched";
        return Err(Fault::new(CLAUSE, reason).with_code(Code::Specific("0608001")));
    }
    let text = item.child_text("Suchbegriffe").unwrap_or_default().to_lowercase();
    let terms: Vec<&str> = text.split_whitespace().collect();
    if terms.is_empty() {
        work.caller.note(CLAUSE, "Suchbegriffe is empty, so that nothing is found");
        return Ok(Vec::new());
    }
    let has = |defect| work.store.faults.has(defect);
    let (nothing, everything) =
        (has(FakeDefect::DmsFindsNothing), has(FakeDefect::DmsFindsEverything));
    let mut found: Vec<&Object> = work
        .store
        .objects
        .values()
        .filter(|o| o.parent.is_some() && o.allows(&work.caller.user, Permission::Read))
        // Older versions and working copies are not filed under their name.
        .filter(|o| {
            let folder = o.parent.as_deref().unwrap_or_default();
            work.store.named(folder, &o.name) == Some(&o.id)
        })
        .filter(|o| !nothing && (everything || matches(o, &terms, content, metadata)))
        .collect();
    found.sort_by_key(|o| o.number);
    if found.len() > MOST {
        let detail = format!("{} objects fit; the first {MOST} are told", found.len());
        work.caller.note(CLAUSE, detail);
    }
    let told = |o: &&Object| Item {
        id: Some(work.ids.of(work.system, o)),
        parameter: Parameter::Field(o.kind.title.to_owned(), o.name.clone()),
        ..Item::default()
    };
    Ok(found.iter().take(MOST).map(told).collect())
}

fn matches(object: &Object, terms: &[&str], content: bool, metadata: bool) -> bool {
    let mut hay = String::new();
    if metadata {
        hay.push_str(&object.name.to_lowercase());
        for value in object.own.values() {
            words(value, &mut hay);
        }
    }
    if let Some(file) = object.content.as_ref().filter(|c| content && c.bytes.len() <= LARGEST) {
        hay.push('\n');
        hay.push_str(&String::from_utf8_lossy(&file.bytes).to_lowercase());
    }
    terms.iter().all(|term| hay.contains(term))
}

fn words(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => {
            out.push('\n');
            out.push_str(&text.to_lowercase());
        }
        Value::Array(values) => values.iter().for_each(|v| words(v, out)),
        Value::Null => {}
        other => out.push_str(&format!("\n{other}")),
    }
}
