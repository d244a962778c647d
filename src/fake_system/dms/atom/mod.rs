//! The AtomPub binding (CMIS 1.1, section 3): a service document, entries and feeds, over the same
//! store as the browser binding.
//!
//! | file | what lives there |
//! | --- | --- |
//! | `urls`, `xml` | addresses and media types; writing |
//! | `service`, `types`, `entry`, `feed` | what is shown |
//! | `parse`, `content` | what is sent; the bytes of documents |
//! | `read`, `write` | what GET answers, and what the other methods do |
//!
//! Clients get along without knowing any address but that of the service document.

mod content;
mod entry;
mod feed;
mod parse;
mod read;
mod service;
mod types;
mod urls;
mod write;
mod xml;

#[cfg(test)]
mod tests;

use self::urls::Urls;
use super::Dms;
use super::browser::form::Form;
use super::errors::{Caller, CmisError, Outcome};
use super::repository;
use crate::channel::http::{Reply, Request};
use crate::xml::escape_text;

/// The resources and what can be done with each.
const RESOURCES: [(&str, &[&str]); 20] = [
    ("", &["GET"]),
    ("object", &["GET", "PUT", "DELETE"]),
    ("path", &["GET"]),
    ("children", &["GET", "POST"]),
    ("descendants", &["GET", "DELETE"]),
    ("foldertree", &["GET", "DELETE"]),
    ("parents", &["GET"]),
    ("content", &["GET", "PUT", "DELETE"]),
    ("versions", &["GET"]),
    ("acl", &["GET", "PUT"]),
    ("allowableactions", &["GET"]),
    ("relationships", &["GET"]),
    ("type", &["GET"]),
    ("types", &["GET"]),
    ("typedescendants", &["GET"]),
    ("query", &["GET", "POST"]),
    ("checkedout", &["GET", "POST"]),
    // Documents without a folder: there are none, and none can be made.
    ("unfiled", &["GET"]),
    ("changes", &["GET"]),
    ("update", &["POST"]),
];

/// A request to a resource.
struct Asked<'a> {
    pub request: &'a Request,
    pub urls: Urls,
    pub resource: &'static str,
    /// The arguments.
    pub form: Form,
}

impl Asked<'_> {
    /// The address with the arguments as they are.
    pub fn url(&self) -> String {
        let arguments: Vec<(&str, &str)> = self.form.pairs().collect();
        self.urls.to(self.resource, &arguments)
    }

    /// The object or type that it is about.
    pub fn id(&self) -> Outcome<&str> {
        self.form.need("id")
    }
}

/// Answers a request; `inside` is the path below the service document.
pub(super) fn answer(
    dms: &Dms,
    request: &Request,
    inside: &str,
    caller: &mut Caller,
    keep: bool,
) -> Reply {
    let name = inside.trim_matches('/');
    let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
    let known = RESOURCES.iter().find(|(n, _)| *n == name);
    let Some((resource, methods)) = known else {
        return error_reply(&CmisError::not_found(inside));
    };
    if !methods.contains(&method) {
        let error = CmisError::not_supported(format!("{method} on \"{name}\""));
        return error_reply(&error).with_header("allow", &methods.join(", "));
    }
    let done = Form::of_query(&request.query).and_then(|form| {
        let asked = Asked { request, urls: Urls::of(dms, request), resource, form };
        if method == "GET" { get(dms, &asked, caller) } else { change(dms, &asked, caller, keep) }
    });
    done.unwrap_or_else(|error| error_reply(&error))
}

fn get(dms: &Dms, asked: &Asked<'_>, caller: &Caller) -> Outcome<Reply> {
    let store = dms.locked();
    if asked.resource.is_empty() {
        // Clients may ask for the workspace of one repository only.
        if let Some(other) = asked.form.get("repositoryId").filter(|id| *id != repository::ID) {
            return Err(CmisError::not_found(other));
        }
        let info = dms.info(store.changes.latest());
        return Ok(Reply::text(200, urls::SERVICE, service::document(&asked.urls, &info)));
    }
    read::answer(&store, caller, asked)
}

fn change(dms: &Dms, asked: &Asked<'_>, caller: &mut Caller, keep: bool) -> Outcome<Reply> {
    let mut store = dms.locked();
    let before = (!keep).then(|| store.clone());
    let done = write::answer(&mut store, caller, asked);
    if let Some(before) = before {
        store.forget_since(before);
    }
    done
}

/// An error (section 3.2.4): the status says what went wrong, as far as a status can. The name of the
/// exception and the message stand between the comments that clients of this binding look for.
pub(super) fn error_reply(error: &CmisError) -> Reply {
    let (name, _) = error.exception.wire();
    let mut message = String::new();
    escape_text(&error.message, &mut message);
    let page = format!(
        "<!DOCTYPE html><html lang=\"de\"><head><meta charset=\"UTF-8\"><title>{name}</title></head>\
         <body><h1><!--exception-->{name}<!--/exception--></h1>\
         <p><!--message-->{message}<!--/message--></p></body></html>\n"
    );
    Reply::text(error.status, "text/html; charset=UTF-8", page)
}
