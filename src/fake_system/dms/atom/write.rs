//! What POST, PUT and DELETE do (CMIS 1.1, sections 3.8 to 3.11).

use super::entry::{View, Wanted};
use super::feed::Feed;
use super::parse::{self, Sent};
use super::urls::{ENTRY, FEED};
use super::xml::Xml;
use super::{Asked, content, read};
use crate::channel::http::Reply;
use crate::fake_system::dms::acl::{self, AclChange};
use crate::fake_system::dms::errors::{Caller, CmisError, Exception, Outcome};
use crate::fake_system::dms::store::{Content, New, SetContent, Store};
use crate::fake_system::dms::types::{self, DOCUMENT, FOLDER};
use crate::fake_system::dms::versions::CheckIn;

/// Answers a request that changes something, or asks with a body.
pub(super) fn answer(store: &mut Store, caller: &mut Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    match (asked.resource, asked.request.method.as_str()) {
        ("children", _) => children(store, caller, asked),
        ("object", "PUT") => put_object(store, caller, asked),
        ("object", _) => delete_object(store, caller, asked),
        ("content", "PUT") => content::put(store, caller, asked),
        ("content", _) => {
            store.delete_content(caller, asked.id()?, asked.form.get("changeToken"))?;
            Ok(nothing())
        }
        ("descendants" | "foldertree", _) => delete_tree(store, caller, asked),
        ("acl", _) => put_acl(store, caller, asked),
        ("checkedout", _) => {
            let sent = parse::entry(asked.request, caller)?;
            let id = sent.one("cmis:objectId");
            let id = id.ok_or_else(|| CmisError::invalid("cmis:objectId is missing"))?;
            let copy = store.check_out(caller, id)?;
            shown(store, caller, asked, &copy, 201)
        }
        ("query", _) => {
            let form = parse::query(asked.request, caller)?;
            let urls = asked.urls.clone();
            let asked = Asked { request: asked.request, urls, resource: "query", form };
            let reply = read::query(store, caller, &asked, 201)?;
            let url = asked.url();
            Ok(reply.with_header("location", &url).with_header("content-location", &url))
        }
        _ => bulk_update(store, caller, asked),
    }
}

fn nothing() -> Reply {
    // Without a body it is of no media type; the field must hold one all the same.
    Reply::text(204, "text/plain", Vec::new())
}

/// The entry of an object, after something was done to it.
fn shown(
    store: &Store,
    caller: &Caller,
    asked: &Asked<'_>,
    id: &str,
    status: u16,
) -> Outcome<Reply> {
    let view = View { store, caller, urls: &asked.urls, wanted: Wanted::after_change() };
    let url = asked.urls.of_id("object", id);
    let reply = Reply::text(status, ENTRY, view.document(store.get(id)?));
    Ok(reply.with_header("location", &url).with_header("content-location", &url))
}

/// Creates in a folder, or moves there (section 3.9.2).
fn children(store: &mut Store, caller: &mut Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    let folder = asked.id()?;
    let mut sent = parse::entry(asked.request, caller)?;
    if let Some(source) = asked.form.get("sourceFolderId") {
        let id = sent.one("cmis:objectId");
        let id = id.ok_or_else(|| CmisError::invalid("cmis:objectId is missing"))?.to_owned();
        store.move_to(caller, &id, source, folder)?;
        return shown(store, caller, asked, &id, 201);
    }
    if let Some(id) = sent.one("cmis:objectId") {
        // Somebody else's entry: it would then lie in two folders.
        return Err(CmisError::not_supported(format!("filing {id} in a second folder")));
    }
    let kind = sent.one("cmis:objectTypeId").and_then(|id| types::find(id).ok());
    let base = kind.map_or(DOCUMENT, |kind| kind.base);
    if let Some(kind) = kind {
        sent.check_elements(kind, caller)?;
    }
    let content = content_of(&mut sent, base == FOLDER, caller)?;
    let versioning = asked.form.get("versioningState").map(str::to_ascii_lowercase);
    let acl = sent.added();
    let new = New { given: sent.given, content, versioning, acl };
    let id = store.create(caller, folder, base, new)?;
    shown(store, caller, asked, &id, 201)
}

/// The content of a new document, under the name of the document where it has none of its own.
fn content_of(sent: &mut Sent, folder: bool, caller: &mut Caller) -> Outcome<Option<Content>> {
    if sent.by_reference && !folder {
        let error = CmisError::not_supported("content that lies elsewhere (atom:content/@src)");
        caller.deviation("CMIS 1.1 3.4", error)?;
    }
    let mut content = sent.content_for(folder, caller)?;
    if let Some(content) = content.as_mut().filter(|c| c.file_name.is_empty()) {
        content.file_name = sent.given.one("cmis:name").unwrap_or_default().to_owned();
    }
    Ok(content)
}

/// Changes properties, or checks in (section 3.11.2).
fn put_object(store: &mut Store, caller: &mut Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    let id = asked.id()?;
    let mut sent = parse::entry(asked.request, caller)?;
    let object = store.readable(caller, id)?.clone();
    sent.check_elements(object.kind, caller)?;
    // Clients hand the token back in the address, or leave it among the properties.
    let among = sent.take("cmis:changeToken");
    let token = asked.form.get("changeToken").map(str::to_owned).or(among);
    sent.without_unchanged(store, &object);
    let mut content = sent.content_for(object.is_folder(), caller)?;
    if let Some(content) = content.as_mut().filter(|c| c.file_name.is_empty()) {
        content.file_name =
            object.content.as_ref().map_or_else(|| object.name.clone(), |c| c.file_name.clone());
    }
    if asked.form.flag("checkin", false)? {
        let how = CheckIn {
            major: asked.form.flag("major", true)?,
            comment: asked.form.get("checkinComment").map(str::to_owned),
            given: sent.given,
            content,
        };
        let newer = store.check_in(caller, id, how)?;
        return shown(store, caller, asked, &newer, 201);
    }
    let Some(content) = content else {
        store.update(caller, id, &sent.given, token.as_deref())?;
        return shown(store, caller, asked, id, 200);
    };
    // Both or neither.
    let before = store.clone();
    let done = store.update(caller, id, &sent.given, token.as_deref()).and_then(|()| {
        let token = store.get(id)?.token.to_string();
        let how = SetContent { append: false, overwrite: true, token: Some(&token) };
        store.set_content(caller, id, content, how)
    });
    if let Err(error) = done {
        store.forget_since(before);
        return Err(error);
    }
    shown(store, caller, asked, id, 200)
}

/// Deletes an object; a working copy is given up by that (section 3.11.3).
fn delete_object(store: &mut Store, caller: &mut Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    let id = asked.id()?;
    let all_versions = asked.form.flag("allVersions", true)?;
    if store.get(id)?.version.as_ref().is_some_and(|v| v.working_copy) {
        store.cancel_check_out(caller, id)?;
    } else {
        store.delete(caller, id, all_versions)?;
    }
    Ok(nothing())
}

/// Deletes a folder with all in it (section 3.10.3).
fn delete_tree(store: &mut Store, caller: &Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    let form = &asked.form;
    form.flag("continueOnFailure", false)?;
    form.flag("allVersions", true)?;
    if let Some(unfile) = form.get("unfileObjects").filter(|u| *u != "delete") {
        return Err(CmisError::not_supported(format!("unfileObjects={unfile}")));
    }
    let failed = store.delete_tree(caller, asked.id()?)?;
    if failed.is_empty() {
        return Ok(nothing());
    }
    let message = format!("nothing was deleted, since these may not be: {}", failed.join(", "));
    Err(CmisError::new(Exception::PermissionDenied, message))
}

/// Makes the list of an object the one that was sent.
fn put_acl(store: &mut Store, caller: &mut Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    let id = asked.id()?;
    let wanted = parse::acl(asked.request, caller)?;
    let object_only = acl::object_only(asked.form.get("ACLPropagation"))?;
    let change = AclChange::between(&store.readable(caller, id)?.acl, &wanted);
    store.apply_acl(caller, id, &change, object_only)?;
    Ok(read::acl(store.get(id)?))
}

/// Changes many objects (section 3.8.6); the answer names those that were changed.
fn bulk_update(store: &mut Store, caller: &mut Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    let sent = parse::entry(asked.request, caller)?;
    let mut changed = Vec::new();
    for (id, token) in &sent.objects {
        // What fails is left out of the answer (section 2.2.4.14).
        if store.update(caller, id, &sent.given, token.as_deref()).is_ok() {
            changed.push(id);
        }
    }
    let feed = Feed {
        asked,
        media_type: FEED,
        title: "Geändert",
        updated: store.now(),
        links: Vec::new(),
        paged: None,
        accepts: &[],
    };
    let view = View { store, caller, urls: &asked.urls, wanted: Wanted::default() };
    let show = |xml: &mut Xml, id: &String| {
        if let Ok(object) = store.get(id) {
            view.child(xml, object);
        }
    };
    Ok(feed.reply(201, |xml| changed.into_iter().for_each(|id| show(xml, id))))
}
