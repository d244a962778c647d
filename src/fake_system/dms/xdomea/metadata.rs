//! FVDaten.MetadatenAnlegen.0609: metadata that xdomea does not define, as properties of the object.

use super::answer::{Item, Parameter};
use super::fault::{Checked, Code, Fault};
use super::record::at_midnight;
use super::shape::boolean;
use super::work::Work;
use crate::fake_system::dms::errors::{Caller, Exception};
use crate::fake_system::dms::types::{Kind as Holds, Property, Type, Updatability};
use crate::fake_system::dms::values::Given;
use crate::xml::Element;

const CLAUSE: &str = "xdomea: FVDaten.MetadatenAnlegen.0609";

fn fault(code: &'static str, reason: impl Into<String>) -> Fault {
    Fault::new(CLAUSE, reason).with_code(Code::Specific(code))
}

/// Adds the metadata of one object, all or none.
pub(super) fn add(work: &mut Work<'_>, item: &Element) -> Checked<Vec<Item>> {
    let id = item.child_text("IDSGO").unwrap_or_default();
    let found = work.find(&id).filter(|o| o.parent.is_some());
    let object = found.ok_or_else(|| fault("0609001", format!("IDSGO \"{id}\" is not known")))?;
    let object = object.clone();
    let mut given = Given::default();
    let mut told = Vec::new();
    for field in item.elements().filter(|e| e.name == "Metadatum") {
        let name = field.child_text("Name").unwrap_or_default();
        let value = checked_value(field, &name)?;
        let property = property_of(object.kind, &name);
        let key = property.map_or(name.as_str(), |p| p.id).to_owned();
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(fault("0609002", format!("\"{}\" is no name", name.escape_debug())));
        }
        if property.is_none() && (key.starts_with("cmis:") || !object.kind.is_base()) {
            let reason = format!("{} has no metadatum \"{name}\"", object.kind.id);
            super::fault::deviation(work.caller, fault("0609002", reason))?;
        }
        if property.is_some_and(|p| p.updatability != Updatability::ReadWrite) {
            return Err(fault("0609006", format!("\"{name}\" cannot be set")));
        }
        if object.own.contains_key(&key) {
            let reason = format!("\"{name}\" has a value already");
            super::fault::deviation(work.caller, fault("0609006", reason))?;
        }
        let value = match property.map(|p| p.kind) {
            Some(Holds::DateTime) => at_midnight(&value),
            Some(Holds::Boolean) => boolean(&value).map_or(value.clone(), |b| b.to_string()),
            _ => value.clone(),
        };
        match given.0.iter_mut().find(|(k, _)| *k == key) {
            Some((_, values)) => values.push(value.clone()),
            None => given.0.push((key, vec![value.clone()])),
        }
        told.push((name, value));
    }
    // What it says about names it does not know was said here already.
    let mut quiet = Caller { user: work.caller.user.clone(), lenient: true, notes: Vec::new() };
    let token = object.token.to_string();
    work.store.update(&mut quiet, &object.id, &given, Some(&token)).map_err(|e| {
        let code = match e.exception {
            Exception::InvalidArgument | Exception::Constraint => "0609005",
            _ => "0609006",
        };
        Fault::of_store(CLAUSE, &e, Code::Specific(code))
    })?;
    let uuid = work.ids.of(work.system, &object);
    let mut out: Vec<Item> = told.into_iter().map(|(n, v)| of(&uuid, &n, &v)).collect();
    if let Some(version) = &object.version {
        let label = format!("{}.{}", version.label.0, version.label.1);
        out.push(of(&uuid, "Versionsnummer", &label));
    }
    Ok(out)
}

fn of(uuid: &str, name: &str, value: &str) -> Item {
    let parameter = Parameter::Field(name.to_owned(), value.to_owned());
    Item { id: Some(uuid.to_owned()), parameter, ..Item::default() }
}

/// A property by its id, or by what stands behind the colon.
fn property_of(kind: &Type, name: &str) -> Option<&'static Property> {
    let local = |p: &&'static Property| {
        p.id.split_once(':').is_some_and(|(space, n)| space != "cmis" && n == name)
    };
    kind.property(name).or_else(|| kind.properties().find(local))
}

/// The value, which must be there and of the type that the Metadatum names; both are mandatory for
/// new metadata (note in the schema at Metadatum).
fn checked_value(field: &Element, name: &str) -> Checked<String> {
    let code = field.child("Datentyp").and_then(|d| d.child_text("code")).unwrap_or_default();
    if code.is_empty() {
        return Err(fault("0609007", format!("\"{name}\" has no Datentyp")));
    }
    let value = field.child("Wert").map(Element::text);
    let value = value.ok_or_else(|| fault("0609008", format!("\"{name}\" has no Wert")))?;
    let text = value.trim();
    let number = text.parse::<i128>().ok();
    let fine = match code.as_str() {
        "003" => boolean(text).is_some(),
        "004" => number.is_some_and(|n| i8::try_from(n).is_ok()),
        "005" => text.parse::<jiff::civil::Date>().is_ok(),
        "006" => {
            text.parse::<jiff::civil::DateTime>().is_ok() || text.parse::<jiff::Timestamp>().is_ok()
        }
        "007" => !text.contains(['e', 'E']) && text.parse::<f64>().is_ok_and(f64::is_finite),
        code if code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()) => true,
        other => return Err(fault("0609004", format!("\"{other}\" is no Datentyp"))),
    };
    if !fine {
        return Err(fault("0609005", format!("\"{name}\": \"{text}\" is not of Datentyp {code}")));
    }
    Ok(value)
}
