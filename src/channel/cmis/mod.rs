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
    /// The content of a document (section 2.2.4.10); nothing where the repository says that it has
    /// none, by naming no address of it.
    fn content(&self, document: &Object) -> Option<Ask>;
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

#[cfg(test)]
mod tests {
    use super::{Binding, Browser, Content, Kind, Properties};
    use crate::cmis::{Object, RepositoryUrls};

    fn object(id: &str) -> Object {
        let properties = [("cmis:objectId".to_owned(), vec![id.to_owned()])];
        let links = [("edit".to_owned(), "http://h/o?id=7".to_owned())];
        Object { properties: properties.into(), links: links.into(), content: None }
    }

    fn properties() -> Properties {
        vec![
            ("cmis:name".into(), vec!["Ä & <b>".into()]),
            ("a:b".into(), vec!["1".into(), "2".into()]),
        ]
    }

    #[test]
    fn the_browser_binding_is_spoken_in_forms() {
        let repository = "http://h/r".to_owned();
        let browser = Browser::new(RepositoryUrls { repository, root: "http://h/r/root".into() });
        let ask = browser.update(&object("a&b"), &properties(), Some("7"));
        assert_eq!((ask.method, ask.url.as_str()), ("POST", "http://h/r/root?objectId=a%26b"));
        let body = String::from_utf8(ask.body).unwrap();
        assert!(
            body.starts_with("_charset_=UTF-8&cmisaction=update&succinct=true&changeToken=7&"),
            "{body}"
        );
        assert!(body.contains("propertyValue%5B0%5D=%C3%84%20%26%20%3Cb%3E"), "{body}");
        assert!(body.contains("propertyValue%5B1%5D%5B1%5D=2"), "{body}");
        let path = browser.by_path("/Gewerbe/Ä b").url;
        assert!(
            path.starts_with("http://h/r/root/Gewerbe/%C3%84%20b?cmisselector=object"),
            "{path}"
        );
        let media_type = "text/plain".to_owned();
        let content = Content { name: "a\"b.txt".into(), media_type, bytes: b"x\r\n".to_vec() };
        let ask = browser.create_document(&object("f"), &properties(), &content);
        let boundary = ask.content_type.split("boundary=").nth(1).unwrap();
        let body = String::from_utf8(ask.body).unwrap();
        assert!(body.ends_with(&format!("\r\n\r\nx\r\n\r\n--{boundary}--\r\n")), "{body}");
        assert!(body.contains("filename=\"a%22b.txt\"") && body.contains("\r\n\r\nÄ & <b>\r\n"));
    }

    #[test]
    fn the_atompub_binding_follows_what_the_service_names() {
        let service = "<s:service xmlns:s='http://www.w3.org/2007/app' xmlns:r='http://docs.oasis-open.org/ns/cmis/restatom/200908/'><s:workspace><s:collection href='http://h/q'><r:collectionType>query</r:collectionType></s:collection><s:collection href='http://h/out'><r:collectionType>checkedout</r:collectionType></s:collection><r:uritemplate><r:template>http://h/p?p={path}&amp;f={filter}</r:template><r:type>objectbypath</r:type></r:uritemplate><r:uritemplate><r:template>http://h/i/{id}</r:template><r:type>objectbyid</r:type></r:uritemplate></s:workspace></s:service>";
        let atom = Kind::AtomPub.open(service.as_bytes()).unwrap();
        assert_eq!(atom.by_path("/a b").url, "http://h/p?p=%2Fa%20b&f=");
        assert_eq!(atom.by_id("7").url, "http://h/i/7");
        let ask = atom.update(&object("7"), &properties(), Some("t 1"));
        assert_eq!((ask.method, ask.url.as_str()), ("PUT", "http://h/o?id=7&changeToken=t%201"));
        let read = crate::cmis::object(&ask.body).unwrap();
        assert_eq!(read.name(), "Ä & <b>");
        assert_eq!(read.properties["a:b"], ["1", "2"]);
        assert_eq!(atom.content(&object("7")), None);
        let lacking = service.replace("checkedout", "anderes");
        let error = Kind::AtomPub.open(lacking.as_bytes()).err().unwrap();
        assert!(error.contains("\"checkedout\""), "{error}");
        assert!(Kind::Browser.open(b"{}").is_err() && Kind::AtomPub.open(b"<html/>").is_err());
    }
}
