//! What GET answers: selectors on the repository and on objects (CMIS 1.1, sections 5.4.2, 5.4.3).

use serde_json::{Value, json};

use super::form::Form;
use super::show::View;
use crate::fake_system::dms::actions::allowable_actions;
use crate::fake_system::dms::errors::{Caller, CmisError, Outcome};
use crate::fake_system::dms::navigation::{LARGEST_PAGE, Page};
use crate::fake_system::dms::store::{Content, Object, Store};
use crate::fake_system::dms::{acl, types};

/// An answer.
pub(super) enum Read {
    Json(Value),
    /// Content, and whether it is to be saved instead of shown.
    Content(Content, bool),
}

fn page(form: &Form) -> Outcome<Page> {
    Page::parse(form.get("maxItems"), form.get("skipCount"))
}

fn depth(form: &Form) -> Outcome<i64> {
    let text = form.get("depth").unwrap_or("-1");
    text.parse().map_err(|_| CmisError::invalid(format!("depth: \"{text}\" is no number")))
}

/// Selectors on the repository. `repositoryInfo` and `lastResult` are answered elsewhere.
pub(super) fn repository(
    store: &Store,
    caller: &Caller,
    selector: &str,
    form: &Form,
) -> Outcome<Value> {
    match selector {
        "typechildren" => {
            let with = form.flag("includePropertyDefinitions", false)?;
            let part = page(form)?.of(types::children_of(form.get("typeId"))?);
            let list: Vec<Value> = part.items.iter().map(|t| types::shown(t, with)).collect();
            Ok(json!({ "types": list, "hasMoreItems": part.more, "numItems": part.total }))
        }
        "typedescendants" => {
            let depth = depth(form)?;
            if depth == 0 || depth < -1 {
                return Err(CmisError::invalid(format!("{depth} is no depth")));
            }
            let with = form.flag("includePropertyDefinitions", false)?;
            let kinds = types::children_of(form.get("typeId"))?;
            Ok(type_tree(&kinds, depth, with))
        }
        "typedefinition" => Ok(types::shown(types::find(form.need("typeId")?)?, true)),
        "query" => {
            let statement = form.get("q").or_else(|| form.get("statement"));
            let statement = statement.ok_or_else(|| CmisError::invalid("q is missing"))?;
            query(store, caller, statement, form)
        }
        "checkedout" => checked_out(store, caller, None, form),
        "contentchanges" => {
            let most = form.get("maxItems").map(str::parse::<usize>).transpose();
            let most = most.map_err(|_| CmisError::invalid("maxItems is no number from 0"))?;
            let most = most.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
            let part = store.changes.since(form.get("changeLogToken"), most)?;
            let list: Vec<Value> = part
                .events
                .iter()
                .map(|e| {
                    json!({
                        "properties": { "cmis:objectId": {
                            "id": "cmis:objectId", "localName": "objectId",
                            "displayName": "Kennung", "queryName": "cmis:objectId",
                            "type": "id", "cardinality": "single", "value": e.id,
                        } },
                        "changeEventInfo": { "changeType": e.kind, "changeTime": e.at },
                    })
                })
                .collect();
            Ok(json!({
                "objects": list,
                "hasMoreItems": part.more,
                "numItems": part.left,
                "changeLogToken": part.token.to_string(),
            }))
        }
        other => Err(CmisError::not_supported(other)),
    }
}

fn type_tree(kinds: &[&'static types::Type], depth: i64, with: bool) -> Value {
    let shown = kinds.iter().map(|kind| {
        let mut out = json!({ "type": types::shown(kind, with) });
        let children: Vec<_> = kind.children().collect();
        if depth != 1 && !children.is_empty() {
            out["children"] = type_tree(&children, depth - 1, with);
        }
        out
    });
    Value::Array(shown.collect())
}

/// The answer to a query (section 5.4.2.5), for GET and POST.
pub(super) fn query(
    store: &Store,
    caller: &Caller,
    statement: &str,
    form: &Form,
) -> Outcome<Value> {
    let all = form.flag("searchAllVersions", false)?;
    let view = View::of(form)?;
    let part = store.query(caller, statement, all, page(form)?)?;
    let rows: Vec<Value> = part.items.into_iter().map(|row| view.row(store, caller, row)).collect();
    Ok(json!({ "results": rows, "hasMoreItems": part.more, "numItems": part.total }))
}

fn checked_out(
    store: &Store,
    caller: &Caller,
    folder: Option<&str>,
    form: &Form,
) -> Outcome<Value> {
    let view = View::of(form)?;
    let part = page(form)?.of(store.checked_out(caller, folder));
    let list: Vec<Value> = part.items.iter().map(|o| view.object(store, caller, o)).collect();
    Ok(json!({ "objects": list, "hasMoreItems": part.more, "numItems": part.total }))
}

/// Selectors on an object.
pub(super) fn object(
    store: &Store,
    caller: &Caller,
    object: &Object,
    form: &Form,
) -> Outcome<Read> {
    let selector = form.get("cmisselector").map(str::to_ascii_lowercase);
    let default = if object.is_folder() { "children" } else { "content" };
    let selector = selector.as_deref().unwrap_or(default);
    let view = View::of(form)?;
    let shown = |o: &Object| view.object(store, caller, o);
    Ok(Read::Json(match selector {
        "object" => shown(store.version(object, form.get("returnVersion"))?),
        "properties" => {
            view.only_properties(store, store.version(object, form.get("returnVersion"))?)
        }
        "allowableactions" => allowable_actions(store, caller, object),
        "acl" => acl::shown(&object.acl),
        "children" => {
            let all = store.visible_children(caller, &object.id, form.get("orderBy"))?;
            let part = page(form)?.of(all);
            let list: Vec<Value> =
                part.items.iter().map(|o| view.child(store, caller, o)).collect();
            json!({ "objects": list, "hasMoreItems": part.more, "numItems": part.total })
        }
        "descendants" | "foldertree" => {
            let only = selector == "foldertree";
            let tree = store.tree(caller, &object.id, depth(form)?, only)?;
            view.tree(store, caller, &tree)
        }
        "parent" => {
            store.folder(caller, &object.id)?;
            let parent = store.parent(caller, object)?;
            shown(parent.ok_or_else(|| CmisError::invalid("the root folder has no parent"))?)
        }
        "parents" => {
            let parent = store.parent(caller, object)?;
            let list: Vec<Value> = parent
                .iter()
                .map(|parent| view.parent(store, caller, parent, &object.name))
                .collect();
            json!(list)
        }
        "versions" => {
            let versions = store.versions(object)?;
            json!(versions.into_iter().map(shown).collect::<Vec<_>>())
        }
        "checkedout" => {
            store.folder(caller, &object.id)?;
            checked_out(store, caller, Some(&object.id), form)?
        }
        // There are none of these here, so the lists are empty (sections 2.2.4.12, 2.2.8, 2.2.9).
        "relationships" => json!({ "objects": [], "hasMoreItems": false, "numItems": 0 }),
        "policies" | "renditions" => json!([]),
        "content" => {
            let content = object.content.clone();
            let content =
                content.ok_or_else(|| CmisError::constraint("the object has no content"))?;
            return Ok(Read::Content(content, form.get("download") == Some("attachment")));
        }
        other => return Err(CmisError::not_supported(other)),
    }))
}
