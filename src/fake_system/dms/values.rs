//! Values of properties: from the texts of a request to what is kept.

use serde_json::{Map, Number, Value, json};

use super::errors::{Caller, CmisError, Outcome};
use super::types::{Kind, Property, Type, Updatability};

/// Largest size of all properties of one object, bytes.
const LARGEST: usize = 1024 * 1024;

/// The properties of a request, each with its values as texts; none means "take it away".
#[derive(Debug, Default, Clone)]
pub(super) struct Given(pub Vec<(String, Vec<String>)>);

impl Given {
    pub fn one(&self, id: &str) -> Option<&str> {
        let (_, values) = self.0.iter().find(|(i, _)| i == id)?;
        values.first().map(String::as_str)
    }
}

/// What the properties are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Creating,
    Updating,
}

/// The properties that are kept with an object; `null` for those to take away. The name, the type,
/// and what the repository says itself are not among them.
///
/// # Errors
/// `constraint` for what the type does not allow, `invalidArgument` for a value of another type.
pub(super) fn check(
    kind: &Type,
    given: &Given,
    when: When,
    caller: &mut Caller,
) -> Outcome<Map<String, Value>> {
    const CLAUSE: &str = "CMIS 1.1 2.1.4";
    let mut out = Map::new();
    let mut size = 0;
    for (id, values) in &given.0 {
        size += id.len() + values.iter().map(String::len).sum::<usize>();
        if size > LARGEST {
            return Err(CmisError::constraint("the properties are too large"));
        }
        let Some(property) = kind.property(id) else {
            // The plain types take everything but inventions in the standard's own namespace.
            let ours = id.starts_with("cmis:");
            if ours || !kind.is_base() {
                let message = format!("{} has no property {id}", kind.id);
                caller.deviation(CLAUSE, CmisError::constraint(message))?;
                if ours {
                    continue;
                }
            }
            out.insert(
                id.clone(),
                match values.as_slice() {
                    [] => Value::Null,
                    [one] => json!(one),
                    more => json!(more),
                },
            );
            continue;
        };
        match property.updatability {
            Updatability::ReadWrite => {}
            Updatability::OnCreate if when == When::Creating => {}
            // Clients send back what they read; that changes nothing.
            Updatability::OnCreate if given.one(id) == Some(kind.id) => continue,
            _ => {
                let message = format!("{id} cannot be set");
                caller.deviation(CLAUSE, CmisError::constraint(message))?;
                continue;
            }
        }
        let value = value_of(property, values)?;
        if property.required && value.is_null() {
            return Err(CmisError::constraint(format!("{id} must have a value")));
        }
        if id != "cmis:name" && id != "cmis:objectTypeId" {
            out.insert(id.clone(), value);
        }
    }
    if when == When::Creating {
        for property in kind.properties().filter(|p| p.required) {
            let there = given.0.iter().any(|(id, _)| id == property.id);
            if !there && property.id != "cmis:objectTypeId" && property.id != "cmis:name" {
                let message = format!("{} is required", property.id);
                caller.deviation(CLAUSE, CmisError::constraint(message))?;
            }
        }
    }
    Ok(out)
}

fn value_of(property: &Property, values: &[String]) -> Outcome<Value> {
    if !property.many && values.len() > 1 {
        return Err(CmisError::invalid(format!("{} has one value", property.id)));
    }
    let mut out = Vec::new();
    for text in values {
        // A form cannot say "nothing" in another way.
        if text.is_empty() && property.kind != Kind::Text {
            continue;
        }
        out.push(parse(property.kind, text).ok_or_else(|| {
            CmisError::invalid(format!("{}: \"{text}\" is no {}", property.id, property.kind.id()))
        })?);
        if !property.choices.is_empty() && !property.choices.contains(&text.as_str()) {
            return Err(CmisError::constraint(format!("{}: \"{text}\" is no choice", property.id)));
        }
        if property.longest.is_some_and(|most| text.chars().count() > most) {
            return Err(CmisError::constraint(format!("{} is too long", property.id)));
        }
        let number = out.last().and_then(Value::as_f64);
        if let (Some((least, most)), Some(number)) = (property.range, number)
            && !(least as f64..=most as f64).contains(&number)
        {
            return Err(CmisError::constraint(format!("{} is out of range", property.id)));
        }
    }
    Ok(match (property.many, out.len()) {
        (_, 0) => Value::Null,
        (true, _) => Value::Array(out),
        (false, _) => out.swap_remove(0),
    })
}

/// A value out of its text; dates as milliseconds (browser binding) or as XML writes them.
pub(super) fn parse(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Text | Kind::Id => Some(json!(text)),
        Kind::Integer => text.trim().parse::<i64>().ok().map(Value::from),
        Kind::Decimal => {
            let number = text.trim().parse::<f64>().ok()?;
            Number::from_f64(number).map(Value::Number)
        }
        Kind::Boolean => match text.trim() {
            "true" => Some(json!(true)),
            "false" => Some(json!(false)),
            _ => None,
        },
        Kind::DateTime => milliseconds(text.trim()).map(Value::from),
    }
}

/// Milliseconds since 1970 of a date, which must be one that a calendar has.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        return jiff::Timestamp::from_millisecond(number).ok().map(|_| number);
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// A date as XML and the query language write it.
pub(super) fn iso(milliseconds: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Given, When, check, iso, milliseconds};
    use crate::fake_system::dms::errors::{Caller, Exception};
    use crate::fake_system::dms::types::find;

    fn checked(id: &str, values: &[&str], lenient: bool) -> Result<serde_json::Value, Exception> {
        let mut caller = Caller { user: "u".into(), lenient, notes: Vec::new() };
        let values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
        let given = Given(vec![(id.to_owned(), values)]);
        let kind = find("akte:Akte").unwrap();
        check(kind, &given, When::Updating, &mut caller)
            .map(|map| json!(map))
            .map_err(|e| e.exception)
    }

    #[test]
    fn values_are_of_the_type_that_the_property_has() {
        let of = |id, values: &[&str]| checked(id, values, false);
        assert_eq!(of("akte:geschlossen", &["true"]), Ok(json!({ "akte:geschlossen": true })));
        assert_eq!(of("akte:geschlossen", &["ja"]), Err(Exception::InvalidArgument));
        assert_eq!(
            of("akte:aufbewahrungsfrist", &["30"]),
            Ok(json!({ "akte:aufbewahrungsfrist": 30 }))
        );
        assert_eq!(of("akte:aufbewahrungsfrist", &["111"]), Err(Exception::Constraint));
        assert_eq!(of("akte:aufbewahrungsfrist", &["1", "2"]), Err(Exception::InvalidArgument));
        assert_eq!(of("akte:aussonderungsart", &["X"]), Err(Exception::Constraint));
        assert_eq!(of("akte:aktenzeichen", &[]), Err(Exception::Constraint));
        assert_eq!(of("akte:betreff", &[]), Ok(json!({ "akte:betreff": null })));
        assert_eq!(of("akte:schlagworte", &["a"]), Ok(json!({ "akte:schlagworte": ["a"] })));
        assert_eq!(of("akte:erfunden", &["a"]), Err(Exception::Constraint));
        assert_eq!(checked("akte:erfunden", &["a"], true), Ok(json!({ "akte:erfunden": "a" })));
        assert_eq!(of("cmis:createdBy", &["a"]), Err(Exception::Constraint));
        assert_eq!(checked("cmis:createdBy", &["a"], true), Ok(json!({})));
    }

    #[test]
    fn dates_are_read_in_both_ways() {
        assert_eq!(milliseconds("1770000000000"), Some(1_770_000_000_000));
        assert_eq!(milliseconds("2026-02-02T02:40:00.000Z"), Some(1_770_000_000_000));
        assert_eq!(milliseconds("2026-02-30T00:00:00Z"), None);
        assert_eq!(milliseconds("99999999999999999"), None);
        assert_eq!(iso(1_770_000_000_000), "2026-02-02T02:40:00.000Z");
    }
}
