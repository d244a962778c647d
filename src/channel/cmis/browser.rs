//! Requests of the browser binding (CMIS 1.1, section 5.4): GET with selectors, POST with actions,
//! objects by id, properties in the short form.

use super::form::{form, of_properties, percent};
use super::{Ask, Binding, Content, Properties, path_segments, with};
use crate::cmis::{Object, RepositoryUrls};

/// The browser binding at a repository.
#[derive(Debug, Clone)]
pub struct Browser {
    urls: RepositoryUrls,
}

impl Browser {
    /// At these addresses.
    pub fn new(urls: RepositoryUrls) -> Self {
        Self { urls }
    }

    fn select(&self, id: &str, selector: &str) -> Ask {
        let url = with(&self.urls.root, "objectId", id);
        Ask::get(with(&with(&url, "cmisselector", selector), "succinct", "true"))
    }

    fn act(
        &self,
        id: &str,
        action: &str,
        more: &[(&str, &str)],
        properties: &Properties,
        content: Option<&Content>,
    ) -> Ask {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        // Without the first field (RFC 7578 section 4.6) some servers read ISO-8859-1.
        let mut fields: Vec<(String, String)> =
            [("_charset_", "UTF-8"), ("cmisaction", action), ("succinct", "true")]
                .iter()
                .chain(more)
                .map(own)
                .collect();
        fields.extend(of_properties(properties));
        let (content_type, body) = form(&fields, content);
        let url = with(&self.urls.root, "objectId", id);
        Ask { method: "POST", url, content_type, body }
    }
}

impl Binding for Browser {
    fn by_path(&self, path: &str) -> Ask {
        let url = format!("{}{}", self.urls.root.trim_end_matches('/'), path_segments(path));
        Ask::get(with(&with(&url, "cmisselector", "object"), "succinct", "true"))
    }

    fn by_id(&self, id: &str) -> Ask {
        self.select(id, "object")
    }

    fn children(&self, folder: &Object) -> Ask {
        let mut ask = self.select(folder.id(), "children");
        ask.url = with(&ask.url, "maxItems", "1000");
        ask
    }

    fn content(&self, document: &Object) -> Option<Ask> {
        Some(self.select(document.id(), "content"))
    }

    fn versions(&self, document: &Object) -> Ask {
        self.select(document.id(), "versions")
    }

    fn create_folder(&self, parent: &Object, properties: &Properties) -> Ask {
        self.act(parent.id(), "createFolder", &[], properties, None)
    }

    fn create_document(&self, parent: &Object, properties: &Properties, content: &Content) -> Ask {
        let more = [("versioningState", "major")];
        self.act(parent.id(), "createDocument", &more, properties, Some(content))
    }

    fn update(&self, object: &Object, properties: &Properties, token: Option<&str>) -> Ask {
        let token: Vec<(&str, &str)> = token.iter().map(|t| ("changeToken", *t)).collect();
        self.act(object.id(), "update", &token, properties, None)
    }

    fn check_out(&self, document: &Object) -> Ask {
        self.act(document.id(), "checkOut", &[], &vec![], None)
    }

    fn check_in(&self, copy: &Object, content: &Content) -> Ask {
        let more = [("major", "true"), ("checkinComment", "neue Fassung")];
        self.act(copy.id(), "checkIn", &more, &vec![], Some(content))
    }

    fn cancel(&self, copy: &Object) -> Ask {
        self.act(copy.id(), "cancelCheckOut", &[], &vec![], None)
    }

    fn delete(&self, object: &Object) -> Ask {
        self.act(object.id(), "delete", &[("allVersions", "true")], &vec![], None)
    }

    fn query(&self, statement: &str) -> Ask {
        let body = format!(
            "_charset_=UTF-8&cmisaction=query&succinct=true&searchAllVersions=false&statement={}",
            percent(statement)
        );
        Ask {
            method: "POST",
            url: self.urls.repository.clone(),
            content_type: "application/x-www-form-urlencoded; charset=UTF-8".into(),
            body: body.into_bytes(),
        }
    }
}
