//! Objects as JSON (CMIS 1.1, section 5.2.3).

use serde_json::{Map, Value, json};

use super::form::Form;
use crate::fake_system::dms::acl;
use crate::fake_system::dms::actions::allowable_actions;
use crate::fake_system::dms::errors::{Caller, CmisError, Exception, Outcome};
use crate::fake_system::dms::navigation::Tree;
use crate::fake_system::dms::query::Row;
use crate::fake_system::dms::store::{Object, Store};
use crate::fake_system::dms::types::{Kind, NAMESPACE, Type};
use crate::fake_system::dms::values::iso;

/// How objects are wanted.
#[derive(Debug, Default)]
pub(super) struct View {
    pub succinct: bool,
    filter: Option<Vec<String>>,
    actions: bool,
    acl: bool,
    segments: bool,
    /// Dates as texts (`dateTimeFormat=extended`).
    extended: bool,
}

impl View {
    /// # Errors
    /// `filterNotValid`, `invalidArgument`.
    pub fn of(form: &Form) -> Outcome<Self> {
        let filter = form.get("filter").map(property_filter).transpose()?.flatten();
        let segments = form.flag("includePathSegment", false)?
            || form.flag("includeRelativePathSegment", false)?;
        Ok(Self {
            succinct: form.flag("succinct", false)?,
            filter,
            actions: form.flag("includeAllowableActions", false)?,
            acl: form.flag("includeACL", false)?,
            segments,
            extended: form.get("dateTimeFormat") == Some("extended"),
        })
    }

    fn wants(&self, id: &str) -> bool {
        self.filter.as_ref().is_none_or(|f| f.iter().any(|w| w == id))
    }

    pub fn object(&self, store: &Store, caller: &Caller, object: &Object) -> Value {
        let mut out = Map::new();
        let mut properties = store.properties(object);
        properties.retain(|id, _| self.wants(id));
        let properties = properties.into_iter().map(|(id, value)| (id.clone(), id, value));
        let (key, properties) = self.properties(object.kind, properties);
        out.insert(key.into(), properties);
        if self.actions {
            out.insert("allowableActions".into(), allowable_actions(store, caller, object));
        }
        if self.acl {
            out.insert("acl".into(), acl::shown(&object.acl));
            out.insert("exactACL".into(), json!(true));
        }
        Value::Object(out)
    }

    /// Only the properties of an object, as the selector `properties` answers.
    pub fn only_properties(&self, store: &Store, object: &Object) -> Value {
        let mut properties = store.properties(object);
        properties.retain(|id, _| self.wants(id));
        let properties = properties.into_iter().map(|(id, value)| (id.clone(), id, value));
        self.properties(object.kind, properties).1
    }

    /// Properties by their names in the result.
    fn properties(
        &self,
        kind: &Type,
        properties: impl Iterator<Item = (String, String, Value)>,
    ) -> (&'static str, Value) {
        let shown = properties.map(|(name, id, value)| {
            let value = self.value(kind, &id, value);
            if self.succinct {
                return (name, value);
            }
            let shown = described(kind, &id, &name, value);
            (name, shown)
        });
        let key = if self.succinct { "succinctProperties" } else { "properties" };
        (key, Value::Object(shown.collect()))
    }

    fn value(&self, kind: &Type, id: &str, value: Value) -> Value {
        let date = self.extended && kind.property(id).is_some_and(|p| p.kind == Kind::DateTime);
        match value.as_i64().filter(|_| date) {
            Some(at) => json!(iso(at)),
            None => value,
        }
    }

    /// A child of a folder: wrapped, with its last step if wanted.
    pub fn child(&self, store: &Store, caller: &Caller, object: &Object) -> Value {
        let mut out = json!({ "object": self.object(store, caller, object) });
        if self.segments {
            out["pathSegment"] = json!(object.name);
        }
        out
    }

    /// A folder of an object.
    pub fn parent(&self, store: &Store, caller: &Caller, parent: &Object, name: &str) -> Value {
        let mut out = json!({ "object": self.object(store, caller, parent) });
        if self.segments {
            out["relativePathSegment"] = json!(name);
        }
        out
    }

    pub fn tree(&self, store: &Store, caller: &Caller, trees: &[Tree<'_>]) -> Value {
        let shown = trees.iter().map(|tree| {
            let mut out = json!({ "object": self.child(store, caller, tree.object) });
            if !tree.children.is_empty() {
                out["children"] = self.tree(store, caller, &tree.children);
            }
            out
        });
        Value::Array(shown.collect())
    }

    /// A row of a query.
    pub fn row(&self, store: &Store, caller: &Caller, row: Row<'_>) -> Value {
        let (key, properties) = self.properties(row.object.kind, row.columns.into_iter());
        let mut out = Map::from_iter([(key.to_owned(), properties)]);
        if self.actions {
            let actions = allowable_actions(store, caller, row.object);
            out.insert("allowableActions".into(), actions);
        }
        Value::Object(out)
    }
}

fn described(kind: &Type, id: &str, name: &str, value: Value) -> Value {
    let property = kind.property(id);
    let many = property.map_or(value.is_array(), |p| p.many);
    json!({
        "id": id,
        "localName": id.split(':').next_back(),
        "localNamespace": NAMESPACE,
        "displayName": property.map_or(id, |p| p.title),
        "queryName": name,
        "type": property.map_or(Kind::Text, |p| p.kind).id(),
        "cardinality": if many { "multi" } else { "single" },
        "value": value,
    })
}

/// The wanted properties; all for `*` (section 2.2.1.2.1).
pub(in crate::fake_system::dms) fn property_filter(text: &str) -> Outcome<Option<Vec<String>>> {
    let list: Vec<String> = text.split(',').map(|p| p.trim().to_owned()).collect();
    if list.iter().any(|p| p.is_empty() || p.contains(char::is_whitespace)) {
        let message = format!("\"{text}\" is no filter");
        return Err(CmisError::new(Exception::FilterNotValid, message));
    }
    Ok((!list.iter().any(|p| p == "*")).then_some(list))
}
