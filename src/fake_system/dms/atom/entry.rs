//! Objects as Atom entries (CMIS 1.1, sections 3.5.2 and 3.11).

use serde_json::Value;

use super::urls::{ACL, ACTIONS, ENTRY, FEED, RELATIONS, SERVICE, TREE, Urls};
use super::xml::Xml;
use crate::fake_system::dms::acl::{self, Ace};
use crate::fake_system::dms::actions::actions;
use crate::fake_system::dms::browser::form::Form;
use crate::fake_system::dms::browser::property_filter;
use crate::fake_system::dms::errors::{Caller, CmisError, Outcome};
use crate::fake_system::dms::navigation::Tree;
use crate::fake_system::dms::query::Row;
use crate::fake_system::dms::store::{Object, Store};
use crate::fake_system::dms::types::{Kind, Type};
use crate::fake_system::dms::values::iso;

/// What of an object is wanted.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    filter: Option<Vec<String>>,
    actions: bool,
    acl: bool,
    segments: bool,
}

impl Wanted {
    /// After a change. With the list of permissions: clients that set entries at creation merge them
    /// with what they get back, and put the result.
    pub fn after_change() -> Self {
        Self { acl: true, ..Self::default() }
    }

    /// # Errors
    /// `filterNotValid`, `invalidArgument`.
    pub fn of(form: &Form) -> Outcome<Self> {
        let relationships = form.get("includeRelationships").unwrap_or("none");
        // There are none, whichever side is asked for; what is no side is an error all the same.
        if !["none", "source", "target", "both"].contains(&relationships) {
            let message = format!("includeRelationships: \"{relationships}\" is no choice");
            return Err(CmisError::invalid(message));
        }
        form.flag("includePolicyIds", false)?;
        Ok(Self {
            filter: form.get("filter").map(property_filter).transpose()?.flatten(),
            actions: form.flag("includeAllowableActions", false)?,
            acl: form.flag("includeACL", false)?,
            segments: form.flag("includePathSegment", false)?
                || form.flag("includeRelativePathSegment", false)?,
        })
    }
}

/// Shows objects to a caller.
pub(super) struct View<'a> {
    pub store: &'a Store,
    pub caller: &'a Caller,
    pub urls: &'a Urls,
    pub wanted: Wanted,
}

impl View<'_> {
    /// The entry of an object as a document.
    pub fn document(&self, object: &Object) -> String {
        Xml::document("atom:entry", |xml| self.entry(xml, object, |_| {}))
    }

    /// A child of a folder.
    pub fn child(&self, xml: &mut Xml, object: &Object) {
        xml.declaring("atom:entry", |xml| {
            self.entry(xml, object, |xml| self.segment(xml, "cmisra:pathSegment", &object.name));
        });
    }

    /// A folder in which something with this name lies.
    pub fn parent(&self, xml: &mut Xml, parent: &Object, name: &str) {
        xml.declaring("atom:entry", |xml| {
            self.entry(xml, parent, |xml| self.segment(xml, "cmisra:relativePathSegment", name));
        });
    }

    fn segment(&self, xml: &mut Xml, element: &str, name: &str) {
        if self.wanted.segments {
            xml.leaf(element, name);
        }
    }

    /// What lies below a folder, each with what lies below it in turn.
    pub fn tree(&self, xml: &mut Xml, trees: &[Tree<'_>]) {
        for tree in trees {
            xml.declaring("atom:entry", |xml| {
                self.entry(xml, tree.object, |xml| {
                    self.segment(xml, "cmisra:pathSegment", &tree.object.name);
                    if tree.children.is_empty() {
                        return;
                    }
                    let url = self.urls.of_id("descendants", &tree.object.id);
                    xml.inside("cmisra:children", &[], |xml| {
                        xml.inside("atom:feed", &[], |xml| {
                            head(xml, (TREE, &url), &tree.object.name, tree.object.modified.at);
                            self.tree(xml, &tree.children);
                        });
                    });
                });
            });
        }
    }

    /// A row of a query.
    pub fn row(&self, xml: &mut Xml, row: Row<'_>) {
        let Row { object, columns } = row;
        xml.declaring("atom:entry", |xml| {
            self.about(xml, object);
            xml.inside("cmisra:object", &[], |xml| {
                properties(xml, object.kind, columns.into_iter());
                self.actions(xml, object);
            });
        });
    }

    fn entry(&self, xml: &mut Xml, object: &Object, more: impl FnOnce(&mut Xml)) {
        self.about(xml, object);
        xml.inside("cmisra:object", &[], |xml| {
            let shown = self.store.properties(object).into_iter().filter(|(id, _)| {
                self.wanted.filter.as_ref().is_none_or(|wanted| wanted.contains(id))
            });
            properties(xml, object.kind, shown.map(|(id, value)| (id.clone(), id, value)));
            self.actions(xml, object);
            if self.wanted.acl {
                xml.inside("cmis:acl", &[], |xml| permissions(xml, &object.acl));
                xml.leaf("cmis:exactACL", "true");
            }
        });
        // Own object and links come before those of anything in it: clients take the first ones.
        more(xml);
    }

    fn actions(&self, xml: &mut Xml, object: &Object) {
        if self.wanted.actions {
            xml.inside("cmis:allowableActions", &[], |xml| {
                allowable_actions(xml, self.store, self.caller, object);
            });
        }
    }

    /// What Atom itself wants to know, and the links.
    fn about(&self, xml: &mut Xml, object: &Object) {
        let (id, urls) = (object.id.as_str(), self.urls);
        xml.inside("atom:author", &[], |xml| xml.leaf("atom:name", &object.created.by));
        xml.leaf("atom:id", &format!("urn:pruefstand:dms:objekt:{id}"));
        xml.leaf("atom:title", &object.name);
        xml.leaf("atom:published", &iso(object.created.at));
        xml.leaf("atom:updated", &iso(object.modified.at));
        xml.leaf("app:edited", &iso(object.modified.at));
        let url = urls.of_id("object", id);
        if object.is_folder() {
            xml.leaf_with("atom:content", &[("type", "text")], &object.name);
        } else {
            // Also where there is no content yet: clients put it there.
            let kind = object.content.as_ref().map_or(UNKNOWN, |c| c.media_type.as_str());
            xml.empty("atom:content", &[("type", kind), ("src", &urls.of_id("content", id))]);
            xml.leaf("atom:summary", &format!("{} {}", object.kind.title, object.name));
        }
        xml.link("self", ENTRY, &url);
        xml.link("edit", ENTRY, &url);
        xml.link("service", SERVICE, urls.service());
        xml.link("describedby", ENTRY, &urls.of_id("type", object.kind.id));
        for (relation, media_type, resource) in [
            ("allowableactions", ACTIONS, "allowableactions"),
            ("acl", ACL, "acl"),
            ("relationships", FEED, "relationships"),
        ] {
            let rel = format!("{RELATIONS}{relation}");
            xml.link(&rel, media_type, &urls.of_id(resource, id));
        }
        if object.is_folder() {
            if let Some(parent) = &object.parent {
                xml.link("up", ENTRY, &urls.of_id("object", parent));
            }
            xml.link("down", FEED, &urls.of_id("children", id));
            xml.link("down", TREE, &urls.of_id("descendants", id));
            let rel = format!("{RELATIONS}foldertree");
            xml.link(&rel, TREE, &urls.of_id("foldertree", id));
        } else {
            self.document_links(xml, object);
        }
    }

    fn document_links(&self, xml: &mut Xml, object: &Object) {
        let (id, urls) = (object.id.as_str(), self.urls);
        let content = urls.of_id("content", id);
        xml.link("up", FEED, &urls.of_id("parents", id));
        let kind = object.content.as_ref().map_or(UNKNOWN, |c| c.media_type.as_str());
        xml.link("edit-media", kind, &content);
        if let Some(inside) = &object.content {
            let length = inside.bytes.len().to_string();
            let all =
                [("rel", "enclosure"), ("href", &content), ("type", kind), ("length", &length)];
            xml.empty("atom:link", &all);
        }
        xml.link("version-history", FEED, &urls.of_id("versions", id));
        let Some(version) = &object.version else { return };
        let Some(series) = self.store.series.get(&version.series) else { return };
        if let Some(latest) = series.versions.last() {
            xml.link("current-version", ENTRY, &urls.of_id("object", latest));
            if version.working_copy {
                xml.link("via", ENTRY, &urls.of_id("object", latest));
            }
        }
        if let Some((copy, _)) = &series.checked_out {
            xml.link("working-copy", ENTRY, &urls.of_id("object", copy));
        }
    }
}

const UNKNOWN: &str = "application/octet-stream";

/// What every feed begins with.
pub(super) fn head(xml: &mut Xml, (media_type, url): (&str, &str), title: &str, updated: i64) {
    xml.inside("atom:author", &[], |xml| xml.leaf("atom:name", "Attrappe DMS"));
    xml.leaf("atom:id", url);
    xml.leaf("atom:title", title);
    xml.leaf("atom:updated", &iso(updated));
    xml.link("self", media_type, url);
}

/// All actions, each with its answer.
pub(super) fn allowable_actions(xml: &mut Xml, store: &Store, caller: &Caller, object: &Object) {
    for (name, can) in actions(store, caller, object) {
        xml.leaf(&format!("cmis:{name}"), if can { "true" } else { "false" });
    }
}

/// The entries of a list of permissions.
pub(super) fn permissions(xml: &mut Xml, list: &[Ace]) {
    for (principal, direct, permissions) in acl::grouped(list) {
        xml.inside("cmis:permission", &[], |xml| {
            xml.inside("cmis:principal", &[], |xml| xml.leaf("cmis:principalId", principal));
            for permission in permissions {
                xml.leaf("cmis:permission", permission);
            }
            xml.leaf("cmis:direct", if direct { "true" } else { "false" });
        });
    }
}

/// The element of a property, without prefix (CMIS-Core.xsd).
pub(super) fn element_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "propertyString",
        Kind::Id => "propertyId",
        Kind::Integer => "propertyInteger",
        Kind::Decimal => "propertyDecimal",
        Kind::Boolean => "propertyBoolean",
        Kind::DateTime => "propertyDateTime",
    }
}

/// Properties: name in the query, id, value.
fn properties(
    xml: &mut Xml,
    kind: &Type,
    properties: impl Iterator<Item = (String, String, Value)>,
) {
    xml.inside("cmis:properties", &[], |xml| {
        for (name, id, value) in properties {
            let property = kind.property(&id);
            let value_kind = property.map_or(Kind::Text, |p| p.kind);
            let title = property.map_or(id.as_str(), |p| p.title);
            let local = id.split(':').next_back().unwrap_or_default();
            let attributes = [
                ("propertyDefinitionId", id.as_str()),
                ("localName", local),
                ("displayName", title),
                ("queryName", &name),
            ];
            let element = format!("cmis:{}", element_of(value_kind));
            let values = texts(value_kind, &value);
            if values.is_empty() {
                xml.empty(&element, &attributes);
                continue;
            }
            xml.inside(&element, &attributes, |xml| {
                for value in values {
                    xml.leaf("cmis:value", &value);
                }
            });
        }
    });
}

/// A value as XML Schema writes it.
fn texts(kind: Kind, value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(many) => many.iter().flat_map(|one| texts(kind, one)).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![match (kind, number.as_i64(), number.as_f64()) {
            (Kind::DateTime, Some(at), _) => iso(at),
            // xs:decimal knows no exponent, and neither does this form.
            (Kind::Decimal, _, Some(decimal)) => format!("{decimal}"),
            _ => number.to_string(),
        }],
        other => vec![other.to_string()],
    }
}
