//! What GET answers, and what a query finds (CMIS 1.1, sections 3.8 to 3.11).

use super::entry::{View, Wanted, allowable_actions, permissions};
use super::feed::Feed;
use super::urls::{ACL, ACTIONS, ENTRY, FEED, RELATIONS, TREE, Urls};
use super::xml::Xml;
use super::{Asked, content, types as shown_types};
use crate::channel::http::Reply;
use crate::fake_system::dms::browser::form::Form;
use crate::fake_system::dms::errors::{Caller, CmisError, Outcome};
use crate::fake_system::dms::navigation::{LARGEST_PAGE, Page, Part};
use crate::fake_system::dms::store::{Object, Store};
use crate::fake_system::dms::types;
use crate::fake_system::dms::values::iso;

/// What a collection of objects takes.
const OBJECTS: &[&str] = &[ENTRY, "application/cmisatom+xml;type=entry"];

/// Answers a GET to any resource but the service document.
pub(super) fn answer(store: &Store, caller: &Caller, asked: &Asked<'_>) -> Outcome<Reply> {
    let Asked { urls, form, .. } = asked;
    match asked.resource {
        "type" => {
            let kind = types::find(asked.id()?)?;
            return Ok(Reply::text(200, ENTRY, shown_types::document(urls, store, kind)));
        }
        "types" | "typedescendants" => return type_list(store, asked),
        "query" => return query(store, caller, asked, 200),
        "changes" => return changes(store, asked),
        _ => {}
    }
    let view = View { store, caller, urls, wanted: Wanted::of(form)? };
    match asked.resource {
        "path" => {
            let object = store.by_path(form.need("path")?)?;
            return entry(&view, asked, &object.id);
        }
        "object" => return entry(&view, asked, asked.id()?),
        "checkedout" => {
            let folder = form.get("folderId");
            if let Some(folder) = folder {
                store.folder(caller, folder)?;
            }
            let part = page(form)?.of(store.checked_out(caller, folder));
            return list(&view, asked, "Arbeitskopien", part, Vec::new(), OBJECTS);
        }
        "unfiled" => {
            let nothing = page(form)?.of(Vec::new());
            return list(&view, asked, "Ohne Ordner", nothing, Vec::new(), &[]);
        }
        _ => {}
    }
    of_object(&view, asked, store.readable(caller, asked.id()?)?)
}

/// Resources that belong to one object.
fn of_object(view: &View<'_>, asked: &Asked<'_>, object: &Object) -> Outcome<Reply> {
    let (store, caller, form, urls) = (view.store, view.caller, &asked.form, &asked.urls);
    let id = object.id.as_str();
    let via = || vec![("via".to_owned(), ENTRY, urls.of_id("object", id))];
    match asked.resource {
        "children" => {
            let all = store.visible_children(caller, id, form.get("orderBy"))?;
            let part = page(form)?.of(all);
            let mut links = via();
            links.push(("down".into(), TREE, urls.of_id("descendants", id)));
            links.push((format!("{RELATIONS}foldertree"), TREE, urls.of_id("foldertree", id)));
            if let Some(parent) = &object.parent {
                links.push(("up".into(), ENTRY, urls.of_id("object", parent)));
            }
            list(view, asked, &object.name, part, links, OBJECTS)
        }
        "descendants" | "foldertree" => {
            let only = asked.resource == "foldertree";
            let tree = store.tree(caller, id, depth(form)?, only)?;
            let mut links = via();
            links.push(("down".into(), FEED, urls.of_id("children", id)));
            let feed = Feed { media_type: TREE, links, ..plain(asked, &object.name, store) };
            Ok(feed.reply(200, |xml| view.tree(xml, &tree)))
        }
        "parents" => {
            let parent = store.parent(caller, object)?;
            let parent =
                parent.ok_or_else(|| CmisError::invalid("the root folder has no parent"))?;
            let feed = Feed { links: via(), ..plain(asked, &object.name, store) };
            Ok(feed.reply(200, |xml| view.parent(xml, parent, &object.name)))
        }
        "versions" => {
            let versions = store.versions(object)?;
            let part = Part { more: false, total: versions.len(), items: versions };
            let feed = Feed { links: via(), ..plain(asked, &object.name, store) };
            Ok(feed.reply(200, |xml| part.items.iter().for_each(|o| view.child(xml, o))))
        }
        "relationships" => {
            let nothing = page(form)?.of(Vec::new());
            list(view, asked, &object.name, nothing, via(), &[])
        }
        "content" => content::get(asked, object),
        "acl" => Ok(acl(object)),
        _ => {
            let text = Xml::document("cmis:allowableActions", |xml| {
                allowable_actions(xml, store, caller, object);
            });
            Ok(Reply::text(200, ACTIONS, text))
        }
    }
}

/// The entry of an object, of the version that is asked for.
fn entry(view: &View<'_>, asked: &Asked<'_>, id: &str) -> Outcome<Reply> {
    let object = view.store.readable(view.caller, id)?;
    let object = view.store.version(object, asked.form.get("returnVersion"))?;
    let url = asked.urls.of_id("object", &object.id);
    Ok(Reply::text(200, ENTRY, view.document(object)).with_header("content-location", &url))
}

/// The list of permissions of an object.
pub(super) fn acl(object: &Object) -> Reply {
    Reply::text(200, ACL, Xml::document("cmis:acl", |xml| permissions(xml, &object.acl)))
}

fn plain<'a>(asked: &'a Asked<'a>, title: &'a str, store: &Store) -> Feed<'a> {
    Feed {
        asked,
        media_type: FEED,
        title,
        updated: store.now(),
        links: Vec::new(),
        paged: None,
        accepts: &[],
    }
}

fn list(
    view: &View<'_>,
    asked: &Asked<'_>,
    title: &str,
    part: Part<&Object>,
    links: Vec<(String, &'static str, String)>,
    accepts: &'static [&'static str],
) -> Outcome<Reply> {
    let paged = Some((page(&asked.form)?, part.total));
    let feed = Feed { links, paged, accepts, ..plain(asked, title, view.store) };
    Ok(feed.reply(200, |xml| part.items.iter().for_each(|o| view.child(xml, o))))
}

fn page(form: &Form) -> Outcome<Page> {
    Page::parse(form.get("maxItems"), form.get("skipCount"))
}

fn depth(form: &Form) -> Outcome<i64> {
    let text = form.get("depth").unwrap_or("-1");
    text.parse().map_err(|_| CmisError::invalid(format!("depth: \"{text}\" is no number")))
}

fn type_list(store: &Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let Asked { urls, form, .. } = asked;
    let with = form.flag("includePropertyDefinitions", false)?;
    let parent = form.get("typeId").or_else(|| form.get("id"));
    let kinds = types::children_of(parent)?;
    let mut links = Vec::new();
    if let Some(parent) = parent {
        links.push(("via".to_owned(), ENTRY, urls.of_id("type", parent)));
    }
    if asked.resource == "types" {
        let part = page(form)?.of(kinds);
        let paged = Some((page(form)?, part.total));
        let feed = Feed { links, paged, ..plain(asked, "Typen", store) };
        return Ok(feed.reply(200, |xml| {
            part.items.iter().for_each(|kind| shown_types::listed(xml, urls, store, kind, with));
        }));
    }
    let depth = depth(form)?;
    if depth == 0 || depth < -1 {
        return Err(CmisError::invalid(format!("{depth} is no depth")));
    }
    let feed = Feed { media_type: TREE, links, ..plain(asked, "Typen", store) };
    Ok(feed.reply(200, |xml| shown_types::tree(xml, urls, store, &kinds, depth, with)))
}

/// The answer to a query (section 3.8.2). Posted queries are answered as created, with the address at
/// which the same can be read again.
pub(super) fn query(
    store: &Store,
    caller: &Caller,
    asked: &Asked<'_>,
    status: u16,
) -> Outcome<Reply> {
    let form = &asked.form;
    let statement = form.get("q").ok_or_else(|| CmisError::invalid("q is missing"))?;
    let all = form.flag("searchAllVersions", false)?;
    let view = View { store, caller, urls: &asked.urls, wanted: Wanted::of(form)? };
    let part = store.query(caller, statement, all, page(form)?)?;
    let paged = Some((page(form)?, part.total));
    let feed = Feed { paged, ..plain(asked, "Treffer", store) };
    Ok(feed.reply(status, |xml| part.items.into_iter().for_each(|row| view.row(xml, row))))
}

/// The change log. The next part begins with the last event of this one, as the token of that event
/// says (section 2.2.6.2); only where a part holds no more than one event would that never end.
fn changes(store: &Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let form = &asked.form;
    form.flag("includeProperties", false)?;
    let most = Page::parse(form.get("maxItems"), None)?.most.min(LARGEST_PAGE);
    let part = store.changes.since(form.get("changeLogToken"), most)?;
    let mut links = Vec::new();
    if part.more && most > 0 {
        let token = if most == 1 { part.token + 1 } else { part.token };
        links.push(("next".to_owned(), FEED, next_changes(&asked.urls, form, token)));
    }
    let feed = Feed { links, ..plain(asked, "Änderungen", store) };
    Ok(feed.reply(200, |xml| {
        xml.leaf("cmisra:numItems", &part.left.to_string());
        for event in &part.events {
            xml.declaring("atom:entry", |xml| {
                let at = iso(event.at);
                xml.inside("atom:author", &[], |xml| xml.leaf("atom:name", "Attrappe DMS"));
                xml.leaf("atom:id", &format!("urn:pruefstand:dms:aenderung:{}", event.token));
                xml.leaf("atom:title", &format!("{} {}", event.kind, event.id));
                xml.leaf("atom:updated", &at);
                xml.leaf_with("atom:content", &[("type", "text")], event.kind);
                xml.inside("cmisra:object", &[], |xml| {
                    xml.inside("cmis:properties", &[], |xml| {
                        let id = [("propertyDefinitionId", "cmis:objectId")];
                        xml.inside("cmis:propertyId", &id, |xml| xml.leaf("cmis:value", &event.id));
                    });
                    xml.inside("cmis:changeEventInfo", &[], |xml| {
                        xml.leaf("cmis:changeType", event.kind);
                        xml.leaf("cmis:changeTime", &at);
                    });
                });
            });
        }
    }))
}

fn next_changes(urls: &Urls, form: &Form, token: u64) -> String {
    let token = token.to_string();
    let other = form.pairs().filter(|(n, _)| !n.eq_ignore_ascii_case("changeLogToken"));
    let mut arguments: Vec<(&str, &str)> = other.collect();
    arguments.push(("changeLogToken", &token));
    urls.to("changes", &arguments)
}
