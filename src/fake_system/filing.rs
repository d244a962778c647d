//! A DMS in its world: what is filed successfully is noted for the case that it names. This stands in
//! front of the DMS, so that no binding needs to know of it.

use std::sync::Arc;

use super::forms::parse_pairs;
use super::scripted::{Answering, Fake, Refusal};
use super::world::{Note, State, World, texts};
use crate::channel::http::{Early, Reply, Request};
use crate::ids::{Correlator, SystemId};
use crate::xml::{Element, parse};

/// How much of a body is looked at: documents may be large, metadata stands first.
const LOOKED_AT: usize = 1024 * 1024;
/// Both bindings answer with this when something new is there.
const CREATED: u16 = 201;

/// A DMS whose filings are noted.
pub(super) struct Filing<F> {
    pub id: SystemId,
    pub world: Arc<World>,
    pub dms: F,
}

impl<F: Fake> Fake for Filing<F> {
    fn answer(&self, request: Request, keep: bool) -> Answering<'_> {
        Box::pin(async move {
            if !keep || request.method != "POST" {
                return self.dms.answer(request, keep).await;
            }
            let copy = request.clone();
            let reply = self.dms.answer(request, keep).await;
            // The answer to a question is created as well, over AtomPub.
            let asks = copy.content_type.contains("cmisquery");
            if matches!(reply, Reply::Answer { status: CREATED, .. }) && !asks {
                self.filed(&copy);
            }
            reply
        })
    }

    fn early(&self, method: &str, path: &str) -> Option<Early> {
        self.dms.early(method, path)
    }

    fn refusal(&self, why: Refusal) -> Reply {
        self.dms.refusal(why)
    }

    fn refusal_of(&self, request: &Request, why: Refusal) -> Reply {
        self.dms.refusal_of(request, why)
    }
}

impl<F> Filing<F> {
    fn filed(&self, request: &Request) {
        let body = &request.body[..request.body.len().min(LOOKED_AT)];
        let word = |raw: &[u8]| {
            Correlator::candidates(raw).find(|w| w.starts_with("PS-")).map(str::to_owned)
        };
        let Some(vorgang) = word(request.path.as_bytes()).or_else(|| word(body)) else { return };
        let fields = fields(&request.content_type, body);
        let note = Note {
            system: &self.id,
            vorgang: &vorgang,
            state: Some(State::Abgelegt),
            aktenzeichen: aktenzeichen(&fields),
        };
        self.world.note(note, || fields.iter().flat_map(Field::texts).collect());
    }
}

/// A named value of a form, or a document in it.
enum Field {
    Text(String, String),
    Document(Element),
}

impl Field {
    fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(_, value) => vec![value.clone()],
            Self::Document(root) => texts(root),
        }
    }
}

/// What a body says: controls of a form, parts of a multipart body, or an XML document.
fn fields(content_type: &str, body: &[u8]) -> Vec<Field> {
    let kind = content_type.to_ascii_lowercase();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = parse_pairs(&String::from_utf8_lossy(body));
        return pairs.into_iter().map(|(n, v)| Field::Text(n, v)).collect();
    }
    let boundary = content_type.split_once("boundary=").map(|(_, b)| b.trim_matches('"'));
    let Some(boundary) = boundary.filter(|b| !b.is_empty()) else {
        return parse(body).map(|d| Field::Document(d.root)).into_iter().collect();
    };
    let mut out = Vec::new();
    let line = format!("--{boundary}");
    // A reader of its own, laxer than the one of the binding: nothing here may refuse anything.
    let text = String::from_utf8_lossy(body);
    for part in text.split(line.as_str()) {
        let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
        let value = value.trim_end_matches("\r\n");
        if let Ok(document) = parse(value.as_bytes()) {
            out.push(Field::Document(document.root));
        } else if let Some((_, after)) = head.split_once("name=\"") {
            let name = after.split('"').next().unwrap_or_default();
            out.push(Field::Text(name.to_owned(), value.to_owned()));
        }
    }
    out
}

/// The file number among the metadata: `akte:aktenzeichen`, `vorgang:aktenzeichen` and the like.
fn aktenzeichen(fields: &[Field]) -> Option<String> {
    let names_it = |id: &str| id.to_ascii_lowercase().ends_with("aktenzeichen");
    let find = |name: &str| {
        fields.iter().find_map(|f| match f {
            Field::Text(n, value) if n == name => Some(value.clone()),
            _ => None,
        })
    };
    fields.iter().find_map(|field| match field {
        Field::Text(name, id) if names_it(id) => {
            find(&name.replacen("propertyId", "propertyValue", 1))
        }
        Field::Text(..) => None,
        Field::Document(root) => {
            let mut found = None;
            root.walk(&mut |_, element| {
                let id = element.attribute("propertyDefinitionId").unwrap_or_default();
                if names_it(id) && found.is_none() {
                    found = element.child_text("value");
                }
            });
            found
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Field, aktenzeichen, fields};

    fn all(fields: &[Field]) -> Vec<String> {
        fields.iter().flat_map(Field::texts).collect()
    }

    #[test]
    fn forms_parts_and_entries_are_read() {
        let form = b"cmisaction=createFolder&propertyId%5B1%5D=akte:aktenzeichen&propertyValue%5B1%5D=GEW+1/2026";
        let found = fields("application/x-www-form-urlencoded", form);
        assert_eq!(aktenzeichen(&found), Some("GEW 1/2026".into()));
        let parts = b"--b\r\nContent-Disposition: form-data; name=\"propertyId[0]\"\r\n\r\nvorgang:aktenzeichen\r\n--b\r\nContent-Disposition: form-data; name=\"propertyValue[0]\"\r\n\r\nGEW 2/2026\r\n--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"a.xml\"\r\n\r\n<A><V>J\xc3\xbcrgen</V></A>\r\n--b--\r\n";
        let found = fields("multipart/form-data; boundary=\"b\"", parts);
        assert_eq!(aktenzeichen(&found), Some("GEW 2/2026".into()));
        assert!(all(&found).contains(&"Jürgen".to_owned()), "{:?}", all(&found));
        let entry = b"<e xmlns:c=\"urn:c\"><c:p propertyDefinitionId=\"akte:aktenzeichen\"><c:value>GEW 3/2026</c:value></c:p></e>";
        let found = fields("application/atom+xml;type=entry", entry);
        assert_eq!(aktenzeichen(&found), Some("GEW 3/2026".into()));
        for odd in [&b""[..], b"--b", b"\xff\xfe", b"<a>"] {
            for kind in ["", "multipart/form-data; boundary=b", "multipart/form-data; boundary="] {
                assert_eq!(aktenzeichen(&fields(kind, odd)), None);
            }
        }
    }
}
