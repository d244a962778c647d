//! A client of CMIS 1.1: what is asked is the same for both bindings, how it is asked is each one's
//! own. Nothing is hidden: every request is made by one call and comes back with its raw bytes, so
//! that whoever asks can keep them. Following up is the caller's business too.

mod atom;
mod browser;
mod form;

use crate::cmis::{self, Object};

pub use atom::AtomPub;
pub use browser::Browser;

/// A request that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// HTTP method.
    pub method: &'static str,
    /// Full address.
    pub url: String,
    /// Content type; empty for none.
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
}

impl Ask {
    fn get(url: String) -> Self {
        Self { method: "GET", url, content_type: String::new(), body: Vec::new() }
    }
}

/// The bytes of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Properties of a request: id, and the values as texts. All are strings or ids; the client sets no
/// others.
pub type Properties = Vec<(String, Vec<String>)>;

/// A binding of CMIS, open at a repository: makes requests.
pub trait Binding: Send + Sync {
    /// The object at a path from the root (section 2.2.4.13).
    fn by_path(&self, path: &str) -> Ask;
    /// An object by its id (section 2.2.4.7).
    fn by_id(&self, id: &str) -> Ask;
    /// What lies in a folder (section 2.2.3.1).
    fn children(&self, folder: &Object) -> Ask;
    /// The content of a document (section 2.2.4.10).
    fn content(&self, document: &Object) -> Ask;
    /// All versions of a document, the newest first (section 2.2.7.6).
    fn versions(&self, document: &Object) -> Ask;
    /// A new folder (section 2.2.4.3).
    fn create_folder(&self, parent: &Object, properties: &Properties) -> Ask;
    /// A new document (section 2.2.4.1).
    fn create_document(&self, parent: &Object, properties: &Properties, content: &Content) -> Ask;
    /// Other values of properties; `token` is the change token that the caller knows (sections
    /// 2.2.1.3 and 2.2.4.11).
    fn update(&self, object: &Object, properties: &Properties, token: Option<&str>) -> Ask;
    /// A working copy of a document (section 2.2.7.1).
    fn check_out(&self, document: &Object) -> Ask;
    /// The working copy becomes a new major version with this content (section 2.2.7.3).
    fn check_in(&self, copy: &Object, content: &Content) -> Ask;
    /// The working copy is given up (section 2.2.7.2).
    fn cancel(&self, copy: &Object) -> Ask;
    /// Deletes an object; of a document, all versions (section 2.2.4.15).
    fn delete(&self, object: &Object) -> Ask;
    /// A query over current versions (section 2.2.6.1).
    fn query(&self, statement: &str) -> Ask;
}

/// Which binding a repository is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Browser binding (section 5).
    Browser,
    /// AtomPub binding (section 3).
    AtomPub,
}

impl Kind {
    /// The first request at the address of a service: what it offers, and where.
    pub fn discover(self, url: &str) -> Ask {
        Ask::get(url.to_owned())
    }

    /// The binding at the first repository of a service, from the answer to the first request.
    ///
    /// # Errors
    /// In words, when the answer describes no repository.
    pub fn open(self, body: &[u8]) -> Result<Box<dyn Binding>, String> {
        match self {
            Self::Browser => {
                let mut all = cmis::repositories(body)?;
                Ok(Box::new(Browser::new(all.swap_remove(0))))
            }
            Self::AtomPub => {
                let mut service = cmis::service(body)?;
                Ok(Box::new(AtomPub::new(service.workspaces.swap_remove(0))?))
            }
        }
    }
}

/// An address with one more argument.
fn with(url: &str, name: &str, value: &str) -> String {
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{name}={}", form::percent(value))
}

/// A path as it stands in an address.
fn path_segments(path: &str) -> String {
    path.split('/').map(form::percent).collect::<Vec<_>>().join("/")
}
