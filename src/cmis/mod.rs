//! What a repository says over CMIS 1.1, in one form for both bindings: objects with their
//! properties, and refusals with the standard's exceptions. Only reading, from bytes alone: whoever
//! drives a repository and whoever judges what it said read it in the same way.

mod atom;
mod browser;

use std::collections::BTreeMap;

pub use atom::{ATOM, CMIS, RESTATOM, Service, Workspace, service};
pub use browser::{RepositoryUrls, repositories};

/// Exceptions with their HTTP status (sections 3.2.4.1 and 5.2.8).
const STATUS: [(&str, u16); 13] = [
    ("invalidArgument", 400),
    ("filterNotValid", 400),
    ("permissionDenied", 403),
    ("streamNotSupported", 403),
    ("objectNotFound", 404),
    ("notSupported", 405),
    ("constraint", 409),
    ("contentAlreadyExists", 409),
    ("nameConstraintViolation", 409),
    ("updateConflict", 409),
    ("versioning", 409),
    ("runtime", 500),
    ("storage", 500),
];

/// An object as a binding showed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    /// Properties by id, each with its values as texts; of numbers and dates, as the binding writes
    /// them.
    pub properties: BTreeMap<String, Vec<String>>,
    /// Addresses by relation (`edit`, `down`, …); AtomPub only.
    pub links: BTreeMap<String, String>,
    /// Where its content lies; AtomPub only.
    pub content: Option<String>,
}

impl Object {
    /// The first value of a property; empty where it has none.
    pub fn one(&self, property: &str) -> &str {
        self.properties.get(property).and_then(|v| v.first()).map_or("", String::as_str)
    }

    /// `cmis:objectId`.
    pub fn id(&self) -> &str {
        self.one("cmis:objectId")
    }

    /// `cmis:name`.
    pub fn name(&self) -> &str {
        self.one("cmis:name")
    }

    /// Whether it is a document.
    pub fn is_document(&self) -> bool {
        self.one("cmis:baseTypeId") == "cmis:document"
    }

    /// Its change token, where it has one.
    pub fn token(&self) -> Option<&str> {
        Some(self.one("cmis:changeToken")).filter(|t| !t.is_empty())
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The exception by its name on the wire. Over AtomPub a status is all that the standard has; the
    /// name stands there where the repository marks it in its page as most do.
    pub exception: Option<String>,
}

impl Refusal {
    /// Reads an answer that is no success; nothing for one that is.
    pub fn read(status: u16, body: &[u8]) -> Option<Self> {
        let success = (200..300).contains(&status);
        (!success).then(|| Self {
            status,
            exception: browser::exception(body).or_else(|| atom::exception(body)),
        })
    }

    /// Whether it is one of these exceptions: by its name where there is one, and then with the status
    /// that belongs to the name; by its status otherwise.
    pub fn is_one_of<'a>(&self, mut exceptions: impl Iterator<Item = &'a str>) -> bool {
        exceptions.any(|wanted| {
            let known = STATUS.iter().find(|(name, _)| *name == wanted);
            let status = known.is_none_or(|(_, status)| *status == self.status);
            status && self.exception.as_ref().is_none_or(|name| name == wanted)
        })
    }

    /// In one line, for people.
    pub fn line(&self) -> String {
        match &self.exception {
            Some(name) => format!("{name} (HTTP {})", self.status),
            None => format!("HTTP {}", self.status),
        }
    }
}

/// The objects of an answer, whichever binding gave it: one, the children of a folder, the versions of
/// a document, or the rows of a query.
///
/// # Errors
/// In words, when it is neither.
pub fn objects(body: &[u8]) -> Result<Vec<Object>, String> {
    match body.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{' | b'[') => browser::objects(body),
        Some(_) => atom::objects(body),
        None => Err("the answer is empty".into()),
    }
}

/// The one object of an answer.
///
/// # Errors
/// In words, when it is none or several.
pub fn object(body: &[u8]) -> Result<Object, String> {
    let mut all = objects(body)?;
    match all.len() {
        1 => Ok(all.remove(0)),
        count => Err(format!("{count} objects where one was asked for")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, object, objects};

    #[test]
    fn both_bindings_are_read_into_one_form() {
        let json = br#"{"succinctProperties":{"cmis:objectId":"7","cmis:name":"\u00c4","a:b":["x","y"],"a:n":3,"a:l":null}}"#;
        let xml = "<e:entry xmlns:e='http://www.w3.org/2005/Atom' xmlns:c='http://docs.oasis-open.org/ns/cmis/core/200908/' xmlns:r='http://docs.oasis-open.org/ns/cmis/restatom/200908/'><e:link rel='edit' href='http://h/7'/><e:content src='http://h/c'/><r:object><c:properties><c:propertyId propertyDefinitionId='cmis:objectId'><c:value>7</c:value></c:propertyId><c:propertyString propertyDefinitionId='cmis:name'><c:value>Ä</c:value></c:propertyString><c:propertyString propertyDefinitionId='a:b'><c:value>x</c:value><c:value>y</c:value></c:propertyString><c:propertyInteger propertyDefinitionId='a:n'><c:value>3</c:value></c:propertyInteger><c:propertyString propertyDefinitionId='a:l'/></c:properties></r:object></e:entry>";
        let (one, other) = (object(json).unwrap(), object(xml.as_bytes()).unwrap());
        assert_eq!(one.properties, other.properties);
        assert_eq!((one.id(), one.name(), one.properties["a:b"].len()), ("7", "Ä", 2));
        assert_eq!(other.links["edit"], "http://h/7");
        assert_eq!(other.content.as_deref(), Some("http://h/c"));
        let children = br#"{"objects":[{"object":{"properties":{"cmis:name":{"value":"a"}}}}],"hasMoreItems":false}"#;
        assert_eq!(objects(children).unwrap()[0].name(), "a");
        assert_eq!(objects(br#"{"results":[]}"#).unwrap().len(), 0);
        assert!(objects(b"<html/>").is_err() && objects(b"{}").is_err() && objects(b"").is_err());
    }

    #[test]
    fn a_refusal_is_known_by_name_and_status() {
        let json = br#"{"exception":"nameConstraintViolation","message":"x"}"#;
        let named = Refusal::read(409, json).unwrap();
        assert!(named.is_one_of(["constraint", "nameConstraintViolation"].into_iter()));
        assert!(!named.is_one_of(["constraint"].into_iter()));
        // The name of one exception with the status of another is neither.
        assert!(
            !Refusal::read(500, json).unwrap().is_one_of(["nameConstraintViolation"].into_iter())
        );
        let page = b"<html><!--exception-->updateConflict<!--/exception--></html>";
        assert_eq!(Refusal::read(409, page).unwrap().exception.as_deref(), Some("updateConflict"));
        assert!(Refusal::read(404, b"").unwrap().is_one_of(["objectNotFound"].into_iter()));
        assert_eq!(Refusal::read(201, b""), None);
    }
}
