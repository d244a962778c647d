//! A DMS over the CMIS 1.1 browser binding (section 5): create folders and documents, read them
//! back.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::dms_store::{CmisError, Object, ROOT, Store};
use super::scripted::{Answering, Fake, Refusal};
use crate::ambient::Clock;
use crate::channel::Observer;
use crate::channel::http::{Reply, Request};
use crate::ids::SystemId;
use crate::organisation::System;

/// Path of the repository; its root folder is below.
pub(super) const REPOSITORY_PATH: &str = "/cmis/akte";

/// One DMS.
pub(super) struct Dms {
    id: SystemId,
    observer: Arc<dyn Observer>,
    url: String,
    store: Mutex<Store>,
}

/// The fields of a form, and the content stream.
#[derive(Default)]
struct Form {
    fields: Vec<(String, String)>,
    content: Option<(String, String, Vec<u8>)>,
}

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// `propertyId[n]` with `propertyValue[n]` (section 5.4.4.3.10).
    fn properties(&self) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, id) in &self.fields {
            let Some(index) = name.strip_prefix("propertyId[") else { continue };
            if let Some(value) = self.get(&format!("propertyValue[{index}")) {
                map.insert(id.clone(), json!(value));
            }
        }
        map
    }
}

impl Dms {
    pub fn new(system: &System, observer: Arc<dyn Observer>, url: &str) -> Self {
        let id = system.id.clone();
        let store = Mutex::new(Store::new(Clock::system()));
        Self { id, observer, url: url.to_owned(), store }
    }

    fn repository(&self) -> Value {
        json!({
            "repositoryId": "akte",
            "repositoryName": format!("E-Akte {}", self.id),
            "repositoryDescription": "Attrappe eines DMS",
            "vendorName": "Pruefstand",
            "productName": "Attrappe DMS",
            "productVersion": env!("CARGO_PKG_VERSION"),
            "rootFolderId": ROOT,
            "repositoryUrl": self.url,
            "rootFolderUrl": format!("{}/root", self.url),
            "latestChangeLogToken": "0",
            "cmisVersionSupported": "1.1",
            "thinClientURI": "",
            "changesIncomplete": true,
            "changesOnType": [],
            "principalIdAnonymous": "anonymous",
            "principalIdAnyone": "anyone",
            "capabilities": {
                "capabilityContentStreamUpdatability": "none",
                "capabilityChanges": "none",
                "capabilityRenditions": "none",
                "capabilityGetDescendants": false,
                "capabilityGetFolderTree": false,
                "capabilityMultifiling": false,
                "capabilityUnfiling": false,
                "capabilityVersionSpecificFiling": false,
                "capabilityPWCSearchable": false,
                "capabilityPWCUpdatable": false,
                "capabilityAllVersionsSearchable": false,
                "capabilityQuery": "none",
                "capabilityJoin": "none",
                "capabilityACL": "none"
            }
        })
    }

    async fn reply(&self, request: &Request, keep: bool) -> Result<Reply, CmisError> {
        let path = decode(&request.path);
        let Some(inside) = path.strip_prefix(REPOSITORY_PATH) else {
            if path == "/cmis" && request.method == "GET" {
                return Ok(json_reply(200, &json!({ "akte": self.repository() })));
            }
            return Err(CmisError::not_found(&path));
        };
        let query = Form { fields: parse_pairs(&request.query), content: None };
        if request.method == "GET" {
            return self.read(inside, &query);
        }
        let form = self.form(request).await?;
        let Some(folder_path) = inside.strip_prefix("/root") else {
            return Err(CmisError::new(405, "notSupported", "only folders are written to"));
        };
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let parent = match query.get("objectId").or_else(|| form.get("objectId")) {
            Some(id) => store.get(id)?.id.clone(),
            None => store.by_path(folder_path)?.id.clone(),
        };
        let base = match form.get("cmisaction") {
            Some("createFolder") => "cmis:folder",
            Some("createDocument") => "cmis:document",
            Some(other) => {
                return Err(CmisError::new(405, "notSupported", format!("{other} is not offered")));
            }
            None => return Err(CmisError::new(400, "invalidArgument", "cmisaction is missing")),
        };
        let succinct = form.get("succinct") == Some("true");
        let properties = form.properties();
        let created = store.create(&parent, base, properties, form.content)?;
        if !keep {
            store.forget(&created.id);
        }
        Ok(json_reply(201, &shown(&created, succinct)))
    }

    fn read(&self, inside: &str, query: &Form) -> Result<Reply, CmisError> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let selector = query.get("cmisselector");
        let Some(path) = inside.strip_prefix("/root") else {
            return match selector {
                None | Some("repositoryInfo") => {
                    Ok(json_reply(200, &json!({ "akte": self.repository() })))
                }
                Some(other) => {
                    Err(CmisError::new(405, "notSupported", format!("{other} is not offered")))
                }
            };
        };
        let object = match query.get("objectId") {
            Some(id) => store.get(id)?,
            None => store.by_path(path)?,
        };
        let succinct = query.get("succinct") == Some("true");
        let default = if object.is_folder() { "children" } else { "content" };
        match selector.unwrap_or(default) {
            "object" => Ok(json_reply(200, &shown(object, succinct))),
            "children" if object.is_folder() => {
                let objects: Vec<Value> = store
                    .children(&object.id)
                    .map(|child| json!({ "object": shown(child, succinct) }))
                    .collect();
                let count = objects.len();
                Ok(json_reply(
                    200,
                    &json!({ "objects": objects, "hasMoreItems": false, "numItems": count }),
                ))
            }
            "content" => match &object.content {
                Some((media_type, bytes)) => Ok(Reply::text(200, media_type, bytes.clone())),
                None => Err(CmisError::new(409, "constraint", "the object has no content")),
            },
            other => Err(CmisError::new(405, "notSupported", format!("{other} is not offered"))),
        }
    }

    async fn form(&self, request: &Request) -> Result<Form, CmisError> {
        let bad = |message: String| CmisError::new(400, "invalidArgument", message);
        if request.content_type.starts_with("application/x-www-form-urlencoded") {
            let text = String::from_utf8_lossy(&request.body);
            return Ok(Form { fields: parse_pairs(&text), content: None });
        }
        let boundary =
            multer::parse_boundary(&request.content_type).map_err(|e| bad(e.to_string()))?;
        let body = request.body.clone();
        let stream = futures_util::stream::once(async move { Ok::<_, std::io::Error>(body) });
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut form = Form::default();
        while let Some(part) = parts.next_field().await.map_err(|e| bad(e.to_string()))? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let media_type = part.content_type().map(ToString::to_string);
            let bytes = part.bytes().await.map_err(|e| bad(e.to_string()))?;
            if name == "content" {
                let media_type = media_type.unwrap_or_else(|| "application/octet-stream".into());
                form.content = Some((file_name.unwrap_or_default(), media_type, bytes.to_vec()));
                continue;
            }
            let value = String::from_utf8(bytes.to_vec()).map_err(|_| {
                let detail = format!("field {name} is not UTF-8");
                self.observer.observation(
                    &self.id,
                    Some(request.exchange),
                    "CMIS 1.1 5.2.9",
                    &detail,
                );
                bad(detail)
            })?;
            form.fields.push((name, value));
        }
        Ok(form)
    }
}

impl Fake for Dms {
    fn answer(&self, request: Request, keep: bool) -> Answering<'_> {
        Box::pin(async move {
            match self.reply(&request, keep).await {
                Ok(reply) => reply,
                Err(error) => error_reply(&error),
            }
        })
    }

    fn refusal(&self, why: Refusal) -> Reply {
        error_reply(&match why {
            Refusal::NotNow => CmisError::new(503, "runtime", "zurzeit nicht verfügbar"),
            Refusal::NoSpace => CmisError::new(500, "storage", "kein Speicherplatz"),
        })
    }
}

fn shown(object: &Object, succinct: bool) -> Value {
    if succinct {
        return json!({ "succinctProperties": object.properties });
    }
    let properties: Map<String, Value> = object
        .properties
        .iter()
        .map(|(id, value)| {
            let kind = match (id.as_str(), value) {
                ("cmis:creationDate" | "cmis:lastModificationDate", _) => "datetime",
                (id, _) if id.ends_with("Id") && id.starts_with("cmis:") => "id",
                (_, Value::Number(_)) => "integer",
                _ => "string",
            };
            let shown = json!({ "id": id, "localName": id, "displayName": id, "queryName": id, "type": kind, "cardinality": "single", "value": value });
            (id.clone(), shown)
        })
        .collect();
    json!({ "properties": properties })
}

fn json_reply(status: u16, value: &Value) -> Reply {
    Reply::text(status, "application/json; charset=UTF-8", value.to_string())
}

fn error_reply(error: &CmisError) -> Reply {
    let body = json!({ "exception": error.exception, "message": error.message });
    json_reply(error.status, &body)
}

fn parse_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
        })
        .collect()
}

/// Percent-decoding; what is not UTF-8 afterwards becomes visible as U+FFFD.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{decode, parse_pairs};

    #[test]
    fn forms_are_decoded() {
        assert_eq!(decode("Stra%C3%9Fe%2"), "Straße%2");
        let pairs = parse_pairs("propertyId%5B0%5D=cmis%3Aname&propertyValue%5B0%5D=a+b");
        assert_eq!(pairs[0], ("propertyId[0]".into(), "cmis:name".into()));
        assert_eq!(pairs[1].1, "a b");
    }
}
