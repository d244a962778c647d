//! Addresses of the binding's resources, and the media types behind them (CMIS 1.1, section 3.3).

use crate::channel::http::Request;
use crate::fake_system::dms::browser::form::Form;
use crate::fake_system::dms::{Dms, SERVICE_PATH};
use crate::fake_system::scheme_of;
use crate::wire::percent_encoded;

pub(super) const ENTRY: &str = "application/atom+xml;type=entry";
pub(super) const FEED: &str = "application/atom+xml;type=feed";
pub(super) const SERVICE: &str = "application/atomsvc+xml";
pub(super) const TREE: &str = "application/cmistree+xml";
pub(super) const QUERY: &str = "application/cmisquery+xml";
pub(super) const ACTIONS: &str = "application/cmisallowableactions+xml";
pub(super) const ACL: &str = "application/cmisacl+xml";

/// Where the link relations of CMIS live (section 3.4.3).
pub(super) const RELATIONS: &str = "http://docs.oasis-open.org/ns/cmis/link/200908/";

/// Addresses as the client can reach them.
#[derive(Debug, Clone)]
pub(super) struct Urls {
    base: String,
}

impl Urls {
    /// Clients follow links, so these lead to where the request came to: the fake may stand behind
    /// another port or name. What is no host stays out of them.
    pub fn of(dms: &Dms, request: &Request) -> Self {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let host = request.header("host").filter(|h| !h.is_empty() && h.chars().all(fine));
        let base = match host {
            Some(host) => format!("{}://{host}{SERVICE_PATH}", scheme_of(&dms.url)),
            None => super::super::atom_url(&dms.url),
        };
        Self { base }
    }

    /// The service document.
    pub fn service(&self) -> &str {
        &self.base
    }

    /// A resource with arguments.
    pub fn to(&self, resource: &str, arguments: &[(&str, &str)]) -> String {
        let mut out = format!("{}/{resource}", self.base);
        for (number, (name, value)) in arguments.iter().enumerate() {
            out.push(if number == 0 { '?' } else { '&' });
            out.push_str(name);
            out.push('=');
            out.push_str(&percent_encoded(value.as_bytes()));
        }
        out
    }

    /// A resource of an object or type.
    pub fn of_id(&self, resource: &str, id: &str) -> String {
        self.to(resource, &[("id", id)])
    }

    /// A resource with the arguments of a request, from another place in the list on.
    pub fn page(&self, resource: &str, form: &Form, most: usize, skip: usize) -> String {
        let (most, skip) = (most.to_string(), skip.to_string());
        let own = |name: &str| {
            name.eq_ignore_ascii_case("maxItems") || name.eq_ignore_ascii_case("skipCount")
        };
        let mut arguments: Vec<(&str, &str)> = form.pairs().filter(|(n, _)| !own(n)).collect();
        arguments.push(("maxItems", &most));
        arguments.push(("skipCount", &skip));
        self.to(resource, &arguments)
    }
}
