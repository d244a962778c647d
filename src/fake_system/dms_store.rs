//! What a DMS holds: folders and documents by id, with the rules of CMIS 1.1 about names.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::ambient::Clock;

/// Id of the root folder.
pub(super) const ROOT: &str = "root-folder";

/// An object of the repository.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub id: String,
    pub parent: Option<String>,
    pub properties: Map<String, Value>,
    pub content: Option<(String, Vec<u8>)>,
}

impl Object {
    pub fn name(&self) -> &str {
        self.properties.get("cmis:name").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn is_folder(&self) -> bool {
        self.properties.get("cmis:baseTypeId").and_then(Value::as_str) == Some("cmis:folder")
    }
}

/// An error of CMIS 1.1 (section 2.2.1.4), with its HTTP status (section 5.2.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CmisError {
    pub status: u16,
    pub exception: &'static str,
    pub message: String,
}

impl CmisError {
    pub fn new(status: u16, exception: &'static str, message: impl Into<String>) -> Self {
        Self { status, exception, message: message.into() }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(404, "objectNotFound", format!("{what} does not exist"))
    }
}

/// The repository.
pub(super) struct Store {
    objects: BTreeMap<String, Object>,
    counter: u64,
    clock: Clock,
}

impl Store {
    pub fn new(clock: Clock) -> Self {
        let mut store = Self { objects: BTreeMap::new(), counter: 0, clock };
        let mut properties = store.system_properties(ROOT, "cmis:folder");
        properties.insert("cmis:name".into(), json!(""));
        properties.insert("cmis:path".into(), json!("/"));
        let root = Object { id: ROOT.into(), parent: None, properties, content: None };
        store.objects.insert(ROOT.into(), root);
        store
    }

    fn system_properties(&self, id: &str, base: &str) -> Map<String, Value> {
        let now = self.clock.now().as_millisecond();
        let mut map = Map::new();
        map.insert("cmis:objectId".into(), json!(id));
        map.insert("cmis:baseTypeId".into(), json!(base));
        map.insert("cmis:objectTypeId".into(), json!(base));
        map.insert("cmis:createdBy".into(), json!("datendrehscheibe"));
        map.insert("cmis:creationDate".into(), json!(now));
        map.insert("cmis:lastModifiedBy".into(), json!("datendrehscheibe"));
        map.insert("cmis:lastModificationDate".into(), json!(now));
        map.insert("cmis:changeToken".into(), json!("1"));
        map
    }

    pub fn get(&self, id: &str) -> Result<&Object, CmisError> {
        self.objects.get(id).ok_or_else(|| CmisError::not_found(id))
    }

    pub fn by_path(&self, path: &str) -> Result<&Object, CmisError> {
        let mut at = ROOT.to_owned();
        for step in path.split('/').filter(|s| !s.is_empty()) {
            let child = self.children(&at).find(|o| o.name() == step);
            at = child.ok_or_else(|| CmisError::not_found(path))?.id.clone();
        }
        self.get(&at)
    }

    pub fn children(&self, parent: &str) -> impl Iterator<Item = &Object> {
        let parent = parent.to_owned();
        self.objects.values().filter(move |o| o.parent.as_deref() == Some(parent.as_str()))
    }

    /// Drops an object again, as if it had never been kept.
    pub fn forget(&mut self, id: &str) {
        self.objects.remove(id);
    }

    /// Creates a folder or document.
    pub fn create(
        &mut self,
        parent: &str,
        base: &str,
        wanted: Map<String, Value>,
        content: Option<(String, String, Vec<u8>)>,
    ) -> Result<Object, CmisError> {
        if !self.get(parent)?.is_folder() {
            return Err(CmisError::new(400, "invalidArgument", "the parent is no folder"));
        }
        let name = wanted.get("cmis:name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name.is_empty() || name.contains('/') || name.chars().count() > 255 {
            let message = format!("\"{name}\" is no name for an object");
            return Err(CmisError::new(409, "nameConstraintViolation", message));
        }
        if self.children(parent).any(|o| o.name() == name) {
            let message = format!("\"{name}\" exists already");
            return Err(CmisError::new(409, "nameConstraintViolation", message));
        }
        let type_id = wanted.get("cmis:objectTypeId").and_then(Value::as_str).unwrap_or(base);
        if type_id != base {
            let message = format!("type {type_id} is not known here");
            return Err(CmisError::new(409, "constraint", message));
        }
        self.counter += 1;
        let id = format!("o-{:06}", self.counter);
        let mut properties = self.system_properties(&id, base);
        properties.extend(wanted);
        if base == "cmis:folder" {
            let outer = self.get(parent)?.properties.get("cmis:path").and_then(Value::as_str);
            let path = format!("{}/{name}", outer.unwrap_or_default().trim_end_matches('/'));
            properties.insert("cmis:path".into(), json!(path));
            properties.insert("cmis:parentId".into(), json!(parent));
        }
        let content = content.map(|(file_name, media_type, bytes)| {
            properties.insert("cmis:contentStreamLength".into(), json!(bytes.len()));
            properties.insert("cmis:contentStreamMimeType".into(), json!(media_type));
            properties.insert("cmis:contentStreamFileName".into(), json!(file_name));
            (media_type, bytes)
        });
        let object =
            Object { id: id.clone(), parent: Some(parent.to_owned()), properties, content };
        self.objects.insert(id, object.clone());
        Ok(object)
    }
}
