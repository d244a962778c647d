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
    let Some(fine) = is_of(&code, text) else {
        return Err(fault("0609004", format!("\"{code}\" is no Datentyp")));
    };
    if !fine {
        return Err(fault("0609005", format!("\"{name}\": \"{text}\" is not of Datentyp {code}")));
    }
    Ok(value)
}

/// Whether a text is one of a type in the code list Datentyp, which are those of XML Schema; none
/// for a code that is not in it. Of the types of texts every text is one.
fn is_of(code: &str, text: &str) -> Option<bool> {
    let within = |least: i128, most: i128| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        Some(digits.parse::<i128>().is_ok_and(|n| (least..=most).contains(&n)))
    };
    // More digits than any system keeps are taken for a number that is too large.
    let largest = i128::MAX;
    match code {
        "003" => Some(boolean(text).is_some()),
        "004" => within(i8::MIN.into(), i8::MAX.into()),
        "005" => Some(text.parse::<jiff::civil::Date>().is_ok()),
        "006" => {
            let zoned = text.parse::<jiff::Timestamp>().is_ok();
            Some(zoned || text.parse::<jiff::civil::DateTime>().is_ok())
        }
        "007" => {
            let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
            Some(plain && text.parse::<f64>().is_ok())
        }
        "008" | "012" => Some(text == "INF" || text == "-INF" || text.parse::<f64>().is_ok()),
        "022" => within(i32::MIN.into(), i32::MAX.into()),
        "023" => within(i128::MIN, largest),
        "025" => within(i64::MIN.into(), i64::MAX.into()),
        "028" => within(i128::MIN, -1),
        "031" => within(0, largest),
        "032" => within(i128::MIN, 0),
        "035" => within(1, largest),
        "037" => within(i16::MIN.into(), i16::MAX.into()),
        "041" => within(0, u8::MAX.into()),
        "042" => within(0, u32::MAX.into()),
        "043" => within(0, u64::MAX.into()),
        "044" => within(0, u16::MAX.into()),
        other => {
            let number = other.parse::<u8>().ok().filter(|_| other.len() == 3);
            number.filter(|n| (1..=45).contains(n)).map(|_| true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn values_are_of_their_type() {
        for (code, text, fine) in [
            ("003", "1", Some(true)),
            ("003", "ja", Some(false)),
            ("004", "128", Some(false)),
            ("005", "2026-02-29", Some(false)),
            ("006", "2026-02-28T10:00:00+01:00", Some(true)),
            ("007", "1e3", Some(false)),
            ("007", "-1.5", Some(true)),
            ("028", "0", Some(false)),
            ("035", "+1", Some(true)),
            ("038", "alles", Some(true)),
            ("046", "x", None),
            ("1", "x", None),
            ("", "x", None),
        ] {
            assert_eq!(is_of(code, text), fine, "{code} {text}");
        }
    }
}
