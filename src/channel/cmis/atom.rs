//! Requests of the AtomPub binding (CMIS 1.1, section 3). No address is known but those that the
//! service document and the entries name.

use base64::Engine as _;

use super::form::percent;
use super::{Ask, Binding, Content, Properties, with};
use crate::cmis::{ATOM, CMIS, Object, RESTATOM, Workspace};
use crate::xml::{escape_attribute, escape_text};

const ENTRY: &str = "application/atom+xml;type=entry";
const QUERY: &str = "application/cmisquery+xml";
/// Templates and collections without which nothing can be asked.
const TEMPLATES: [&str; 2] = ["objectbypath", "objectbyid"];
const COLLECTIONS: [&str; 2] = ["query", "checkedout"];

/// The AtomPub binding at a repository.
#[derive(Debug, Clone)]
pub struct AtomPub {
    workspace: Workspace,
}

impl AtomPub {
    /// At the addresses of this workspace.
    ///
    /// # Errors
    /// Names what the service document lacks.
    pub fn new(workspace: Workspace) -> Result<Self, String> {
        for name in TEMPLATES {
            if !workspace.templates.contains_key(name) {
                return Err(format!("the service document has no template \"{name}\""));
            }
        }
        for name in COLLECTIONS {
            if !workspace.collections.contains_key(name) {
                return Err(format!("the service document has no collection \"{name}\""));
            }
        }
        Ok(Self { workspace })
    }

    /// A template with one name filled in; the other names become empty.
    fn filled(&self, template: &str, name: &str, value: &str) -> String {
        let mut rest = self.workspace.templates.get(template).map_or("", String::as_str);
        let mut out = String::new();
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, later) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            if inside == name {
                out.push_str(&percent(value));
            }
            rest = later;
        }
        out + rest
    }

    fn collection(&self, name: &str) -> String {
        self.workspace.collections.get(name).cloned().unwrap_or_default()
    }
}

/// The address of a relation; the one of the object itself where it is not there, so that the server
/// answers what it makes of it.
fn link(object: &Object, rel: &str) -> String {
    object.links.get(rel).or_else(|| object.links.get("self")).cloned().unwrap_or_default()
}

impl Binding for AtomPub {
    fn by_path(&self, path: &str) -> Ask {
        Ask::get(self.filled("objectbypath", "path", path))
    }

    fn by_id(&self, id: &str) -> Ask {
        Ask::get(self.filled("objectbyid", "id", id))
    }

    fn children(&self, folder: &Object) -> Ask {
        Ask::get(with(&link(folder, "down"), "maxItems", "1000"))
    }

    fn content(&self, document: &Object) -> Option<Ask> {
        document.content.clone().map(Ask::get)
    }

    fn versions(&self, document: &Object) -> Ask {
        Ask::get(link(document, "version-history"))
    }

    fn create_folder(&self, parent: &Object, properties: &Properties) -> Ask {
        post(link(parent, "down"), entry(properties, None))
    }

    fn create_document(&self, parent: &Object, properties: &Properties, content: &Content) -> Ask {
        let url = with(&link(parent, "down"), "versioningState", "major");
        post(url, entry(properties, Some(content)))
    }

    fn update(&self, object: &Object, properties: &Properties, token: Option<&str>) -> Ask {
        let url = link(object, "edit");
        let url = token.map_or_else(|| url.clone(), |token| with(&url, "changeToken", token));
        put(url, entry(properties, None))
    }

    fn check_out(&self, document: &Object) -> Ask {
        let id = vec![("cmis:objectId".to_owned(), vec![document.id().to_owned()])];
        post(self.collection("checkedout"), entry(&id, None))
    }

    fn check_in(&self, copy: &Object, content: &Content) -> Ask {
        let url = with(&link(copy, "edit"), "checkin", "true");
        let url = with(&with(&url, "major", "true"), "checkinComment", "neue Fassung");
        put(url, entry(&vec![], Some(content)))
    }

    fn cancel(&self, copy: &Object) -> Ask {
        Ask { method: "DELETE", ..Ask::get(link(copy, "edit")) }
    }

    fn delete(&self, object: &Object) -> Ask {
        Ask { method: "DELETE", ..Ask::get(with(&link(object, "edit"), "allVersions", "true")) }
    }

    fn query(&self, statement: &str) -> Ask {
        let mut text = String::new();
        escape_text(statement, &mut text);
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<cmis:query xmlns:cmis=\"{CMIS}\">\
             <cmis:statement>{text}</cmis:statement>\
             <cmis:searchAllVersions>false</cmis:searchAllVersions></cmis:query>"
        );
        let url = self.collection("query");
        Ask { method: "POST", url, content_type: QUERY.into(), body: body.into_bytes() }
    }
}

fn post(url: String, body: String) -> Ask {
    Ask { method: "POST", url, content_type: ENTRY.into(), body: body.into_bytes() }
}

fn put(url: String, body: String) -> Ask {
    Ask { method: "PUT", url, content_type: ENTRY.into(), body: body.into_bytes() }
}

/// An entry with properties and content (section 3.4). Whatever is no id is a string.
fn entry(properties: &Properties, content: Option<&Content>) -> String {
    let name = properties.iter().find(|(id, _)| id == "cmis:name");
    let title = name.and_then(|(_, v)| v.first()).map_or("", String::as_str);
    let text = |text: &str| {
        let mut out = String::new();
        escape_text(text, &mut out);
        out
    };
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<atom:entry xmlns:atom=\"{ATOM}\" \
         xmlns:cmis=\"{CMIS}\" xmlns:cmisra=\"{RESTATOM}\"><atom:id>urn:pruefstand:eintrag</atom:id>\
         <atom:title>{}</atom:title><atom:updated>2026-01-01T00:00:00Z</atom:updated>",
        text(title)
    );
    if let Some(content) = content {
        let (mut media_type, mut file_name) = (String::new(), String::new());
        escape_text(&content.media_type, &mut media_type);
        escape_text(&content.name, &mut file_name);
        let base64 = base64::engine::general_purpose::STANDARD.encode(&content.bytes);
        out.push_str(&format!(
            "<cmisra:content><cmisra:mediatype>{media_type}</cmisra:mediatype>\
             <chemistry:filename xmlns:chemistry=\"http://chemistry.apache.org/\">{file_name}\
             </chemistry:filename><cmisra:base64>{base64}</cmisra:base64></cmisra:content>"
        ));
    }
    out.push_str("<cmisra:object><cmis:properties>");
    for (id, values) in properties {
        let ids = ["cmis:objectTypeId", "cmis:objectId"];
        let element = if ids.contains(&id.as_str()) { "propertyId" } else { "propertyString" };
        let mut name = String::new();
        escape_attribute(id, &mut name);
        out.push_str(&format!("<cmis:{element} propertyDefinitionId=\"{name}\">"));
        for value in values {
            out.push_str(&format!("<cmis:value>{}</cmis:value>", text(value)));
        }
        out.push_str(&format!("</cmis:{element}>"));
    }
    out.push_str("</cmis:properties></cmisra:object></atom:entry>\n");
    out
}
