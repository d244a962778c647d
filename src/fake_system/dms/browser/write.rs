//! What POST does: the values of `cmisaction` (CMIS 1.1, section 5.4.4).

use serde_json::{Value, json};

use super::form::Form;
use super::read;
use super::show::View;
use crate::fake_system::dms::acl;
use crate::fake_system::dms::errors::{Caller, CmisError, Outcome};
use crate::fake_system::dms::store::{New, SetContent, Store};
use crate::fake_system::dms::types::{DOCUMENT, FOLDER};
use crate::fake_system::dms::versions::CheckIn;

/// What an action led to.
pub(super) struct Done {
    pub status: u16,
    /// The object that it is about; empty where there is none.
    pub id: String,
    /// The answer; nothing where the standard has none.
    pub body: Option<Value>,
}

impl Done {
    fn nothing() -> Self {
        Self { status: 200, id: String::new(), body: None }
    }
}

/// Actions on the repository (section 5.4.2).
pub(super) fn repository(
    store: &mut Store,
    caller: &mut Caller,
    action: &str,
    form: &Form,
) -> Outcome<Done> {
    match action {
        "query" => {
            let statement = form.get("statement").or_else(|| form.get("q"));
            let statement = statement.ok_or_else(|| CmisError::invalid("statement is missing"))?;
            let body = Some(read::query(store, caller, statement, form)?);
            Ok(Done { status: 200, id: String::new(), body })
        }
        "bulkupdate" => {
            let given = form.properties(caller)?;
            let mut list = Vec::new();
            // What fails is left out of the answer (section 2.2.4.14.2).
            for (id, token) in form.objects() {
                if store.update(caller, &id, &given, token.as_deref()).is_ok() {
                    let token = store.get(&id).map(|o| o.token.to_string())?;
                    list.push(json!({ "id": id, "newId": id, "changeToken": token }));
                }
            }
            Ok(Done { status: 200, id: String::new(), body: Some(json!(list)) })
        }
        "createdocument" | "createdocumentfromsource" => {
            Err(CmisError::constraint("documents lie in a folder here"))
        }
        other => Err(CmisError::not_supported(other)),
    }
}

/// Actions on an object.
pub(super) fn object(
    store: &mut Store,
    caller: &mut Caller,
    id: &str,
    action: &str,
    form: &mut Form,
) -> Outcome<Done> {
    let content = form.content.take();
    let form = &*form;
    let view = View::of(form)?;
    let token = form.get("changeToken");
    let (status, shown) = match action {
        "createfolder" => {
            let new = new(form, caller)?;
            (201, store.create(caller, id, FOLDER, new)?)
        }
        "createdocument" => {
            let new = New { content, ..new(form, caller)? };
            (201, store.create(caller, id, DOCUMENT, new)?)
        }
        "createdocumentfromsource" => {
            let source = store.readable(caller, form.need("sourceId")?)?;
            let kind = source.kind.id.to_owned();
            let (name, own) = (source.name.clone(), source.own.clone());
            let content = source.content.clone();
            let mut new = New { content, ..new(form, caller)? };
            let mut default = |id: &str, values: Vec<String>| {
                if !new.given.0.iter().any(|(i, _)| i == id) {
                    new.given.0.push((id.to_owned(), values));
                }
            };
            default("cmis:name", vec![name]);
            default("cmis:objectTypeId", vec![kind]);
            for (id, value) in own {
                let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
                let values = value.as_array().map(|many| many.iter().map(text).collect());
                default(&id, values.unwrap_or_else(|| vec![text(&value)]));
            }
            (201, store.create(caller, id, DOCUMENT, new)?)
        }
        "update" => {
            let given = form.properties(caller)?;
            store.update(caller, id, &given, token)?;
            (200, id.to_owned())
        }
        "setcontent" | "appendcontent" => {
            let content = content.ok_or_else(|| CmisError::invalid("content is missing"))?;
            let append = action == "appendcontent";
            let overwrite = form.flag("overwriteFlag", true)?;
            store.set_content(caller, id, content, SetContent { append, overwrite, token })?;
            (201, id.to_owned())
        }
        "deletecontent" => {
            store.delete_content(caller, id, token)?;
            (200, id.to_owned())
        }
        "move" => {
            let source = form.need("sourceFolderId")?;
            store.move_to(caller, id, source, form.need("targetFolderId")?)?;
            (201, id.to_owned())
        }
        "checkout" => (201, store.check_out(caller, id)?),
        "checkin" => {
            let how = CheckIn {
                major: form.flag("major", true)?,
                comment: form.get("checkinComment").map(str::to_owned),
                given: form.properties(caller)?,
                content,
            };
            (201, store.check_in(caller, id, how)?)
        }
        "cancelcheckout" => {
            store.cancel_check_out(caller, id)?;
            return Ok(Done::nothing());
        }
        "delete" => {
            store.delete(caller, id, form.flag("allVersions", true)?)?;
            return Ok(Done::nothing());
        }
        "deletetree" => {
            if form.get("unfileObjects").is_some_and(|u| u != "delete") {
                return Err(CmisError::not_supported("unfiling"));
            }
            let failed = store.delete_tree(caller, id)?;
            let body = (!failed.is_empty()).then(|| json!({ "ids": failed }));
            return Ok(Done { body, ..Done::nothing() });
        }
        "applyacl" => {
            let object_only = acl::object_only(form.get("ACLPropagation"))?;
            store.apply_acl(caller, id, &form.acl_change(), object_only)?;
            let body = Some(acl::shown(&store.get(id)?.acl));
            return Ok(Done { status: 200, id: id.to_owned(), body });
        }
        other => return Err(CmisError::not_supported(other)),
    };
    let body = Some(view.object(store, caller, store.get(&shown)?));
    Ok(Done { status, id: shown, body })
}

fn new(form: &Form, caller: &mut Caller) -> Outcome<New> {
    Ok(New {
        given: form.properties(caller)?,
        content: None,
        versioning: form.get("versioningState").map(str::to_ascii_lowercase),
        acl: form.acl_change(),
    })
}
