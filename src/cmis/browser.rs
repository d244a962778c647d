//! The browser binding (CMIS 1.1, section 5): JSON.

use serde_json::Value;

use super::Object;

/// Where a repository takes requests (section 5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryUrls {
    /// For selectors and actions on the repository.
    pub repository: String,
    /// For those on objects; below it, paths.
    pub root: String,
}

/// The repositories of a service's answer, in its order.
///
/// # Errors
/// In words, when it is no such answer.
pub fn repositories(body: &[u8]) -> Result<Vec<RepositoryUrls>, String> {
    let value: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let all = value.as_object().ok_or("the description of the repositories is no object")?;
    let urls = |info: &Value| {
        Some(RepositoryUrls {
            repository: info["repositoryUrl"].as_str()?.to_owned(),
            root: info["rootFolderUrl"].as_str()?.to_owned(),
        })
    };
    let found: Vec<RepositoryUrls> = all.values().filter_map(urls).collect();
    if found.is_empty() {
        return Err("no repository with repositoryUrl and rootFolderUrl".into());
    }
    Ok(found)
}

/// The name of the exception in an error (section 5.2.8).
pub(super) fn exception(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value["exception"].as_str().map(str::to_owned)
}

pub(super) fn objects(body: &[u8]) -> Result<Vec<Object>, String> {
    let value: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let list = match &value {
        Value::Array(list) => Some(list),
        _ => value["objects"].as_array().or_else(|| value["results"].as_array()),
    };
    let one = |value: &Value| {
        let value = if value["object"].is_object() { &value["object"] } else { value };
        object(value).ok_or_else(|| "an object without properties".to_owned())
    };
    match list {
        Some(list) => list.iter().map(one).collect(),
        None => Ok(vec![one(&value)?]),
    }
}

fn object(value: &Value) -> Option<Object> {
    let succinct = value["succinctProperties"].as_object();
    let all = succinct.or_else(|| value["properties"].as_object())?;
    let mut out = Object::default();
    for (id, value) in all {
        let value = if succinct.is_some() { value } else { &value["value"] };
        out.properties.insert(id.clone(), texts(value));
    }
    Some(out)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(many) => many.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}
