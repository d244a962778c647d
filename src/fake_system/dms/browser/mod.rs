//! The browser binding (CMIS 1.1, section 5): GET with selectors, POST with actions, JSON.

pub(super) mod form;
mod read;
mod show;
mod write;

use serde_json::{Value, json};

use self::form::Form;
use self::read::Read;
pub(super) use self::show::property_filter;
use super::Dms;
use super::errors::{Caller, CmisError, Exception, Outcome};
use super::repository;
use super::store::{Object, Store};
use crate::channel::http::{Reply, Request};
use crate::wire::percent_encoded;

const JSON: &str = "application/json; charset=UTF-8";

/// Answers a request; `inside` is the path below the repository.
pub(super) fn answer(
    dms: &Dms,
    request: &Request,
    inside: &str,
    caller: &mut Caller,
    keep: bool,
) -> Reply {
    let query = match Form::of_query(&request.query) {
        Ok(query) => query,
        Err(error) => return error_reply(&error),
    };
    let reply = match request.method.as_str() {
        "GET" | "HEAD" => get(dms, inside, &query, caller),
        "POST" => post(dms, request, inside, &query, caller, keep),
        other => Err(CmisError::not_supported(other)),
    };
    let reply = reply.unwrap_or_else(|error| error_reply(&error));
    let quiet = query.flag("suppressResponseCodes", false).unwrap_or(false);
    dressed(reply, query.get("callback").filter(|_| request.method == "GET"), quiet)
}

fn find<'a>(
    store: &'a Store,
    caller: &Caller,
    path: &str,
    id: Option<&str>,
) -> Outcome<&'a Object> {
    match id {
        Some(id) => store.readable(caller, id),
        None => store.readable(caller, &store.by_path(path)?.id),
    }
}

fn get(dms: &Dms, inside: &str, form: &Form, caller: &mut Caller) -> Outcome<Reply> {
    let store = dms.locked();
    let Some(path) = below_root(inside) else {
        if !inside.trim_matches('/').is_empty() {
            return Err(CmisError::not_found(inside));
        }
        let selector = form.get("cmisselector").unwrap_or("repositoryInfo").to_ascii_lowercase();
        return Ok(json_reply(
            200,
            &match selector.as_str() {
                "repositoryinfo" => {
                    json!({ repository::ID: dms.info(store.changes.latest()) })
                }
                "lastresult" => dms.last_result(&caller.user, form.need("token")?),
                other => read::repository(&store, caller, other, form)?,
            },
        ));
    };
    let object = find(&store, caller, path, form.get("objectId"))?;
    Ok(match read::object(&store, caller, object, form)? {
        Read::Json(value) => json_reply(200, &value),
        Read::Content(content, save) => {
            let kind = if save { "attachment" } else { "inline" };
            Reply::text(200, &content.media_type, content.bytes.to_vec())
                .with_header("content-disposition", &disposition(kind, &content.file_name))
        }
    })
}

fn post(
    dms: &Dms,
    request: &Request,
    inside: &str,
    query: &Form,
    caller: &mut Caller,
    keep: bool,
) -> Outcome<Reply> {
    let mut form = Form::of_body(&request.content_type, &request.body, caller)?;
    // Clients also put arguments of the form into the address; the form's own come first.
    form.add(query);
    let token = form.get("token").map(str::to_owned);
    let done = act(dms, inside, query, &mut form, caller, keep);
    if let Some(token) = token {
        // A page cannot read the answer to a form that it posts to another site; it asks with the
        // token afterwards (section 5.4.4.4).
        let result = match &done {
            Ok(done) => last_result(done.status, &done.id, "", ""),
            Err(error) => {
                let (name, _) = error.exception.wire();
                last_result(error.status, "", name, &error.message)
            }
        };
        if keep {
            dms.remember(&caller.user, &token, result);
        }
        let status = done.as_ref().map_or_else(|error| error.status, |done| done.status);
        return Ok(Reply::text(
            status,
            "text/html; charset=UTF-8",
            "<!DOCTYPE html><title></title>",
        ));
    }
    let done = done?;
    Ok(match done.body {
        Some(body) => json_reply(done.status, &body),
        None => Reply::text(done.status, JSON, Vec::new()),
    })
}

fn act(
    dms: &Dms,
    inside: &str,
    query: &Form,
    form: &mut Form,
    caller: &mut Caller,
    keep: bool,
) -> Outcome<write::Done> {
    let action = form.get("cmisaction").map(str::to_ascii_lowercase);
    let action = action.ok_or_else(|| CmisError::invalid("cmisaction is missing"))?;
    let mut store = dms.locked();
    let before = (!keep).then(|| store.clone());
    let done = match below_root(inside) {
        None if inside.trim_matches('/').is_empty() => {
            write::repository(&mut store, caller, &action, form)
        }
        None => Err(CmisError::not_found(inside)),
        Some(path) => {
            let id = query.get("objectId").or_else(|| form.get("objectId"));
            let found = find(&store, caller, path, id).map(|o| o.id.clone());
            found.and_then(|id| write::object(&mut store, caller, &id, &action, form))
        }
    };
    if let Some(before) = before {
        store.forget_since(before);
    }
    done
}

fn below_root(inside: &str) -> Option<&str> {
    inside.strip_prefix("/root").filter(|path| path.is_empty() || path.starts_with('/'))
}

/// What became of a form, for `lastResult`.
pub(super) fn last_result(code: u16, id: &str, exception: &str, message: &str) -> Value {
    json!({ "code": code, "objectId": id, "exception": exception, "message": message })
}

pub(super) fn json_reply(status: u16, value: &Value) -> Reply {
    Reply::text(status, JSON, value.to_string())
}

pub(super) fn error_reply(error: &CmisError) -> Reply {
    let (name, _) = error.exception.wire();
    json_reply(error.status, &json!({ "exception": name, "message": error.message }))
}

/// Wraps JSON into a call (section 5.3, JSONP), and says 200 whatever happened where the client
/// cannot see more than the body.
fn dressed(reply: Reply, callback: Option<&str>, quiet: bool) -> Reply {
    let Reply::Answer { mut status, mut content_type, headers, mut body } = reply else {
        return reply;
    };
    if let Some(callback) = callback.filter(|_| content_type == JSON) {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
        if !callback.chars().all(fine) {
            // Anything else would be a script of somebody else's making.
            let message = "callback is no name of a function";
            return error_reply(&CmisError::new(Exception::InvalidArgument, message));
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        body = format!("{callback}({text})").into_bytes();
        content_type = "application/javascript; charset=UTF-8".into();
    }
    if quiet {
        status = 200;
    }
    Reply::Answer { status, content_type, headers, body }
}

/// RFC 6266: a plain name for everybody, the right one for those who can read it.
pub(super) fn disposition(kind: &str, name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\') || c == ' ' { c } else { '_' })
        .collect();
    let mut out = format!("{kind}; filename=\"{plain}\"");
    if plain != name {
        out.push_str("; filename*=UTF-8''");
        out.push_str(&percent_encoded(name.as_bytes()));
    }
    out
}
