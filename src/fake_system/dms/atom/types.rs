//! Types as Atom entries (CMIS 1.1, section 3.11.1), in the order of CMIS-Core.xsd.

use super::entry::{element_of, head};
use super::urls::{ENTRY, FEED, SERVICE, TREE, Urls};
use super::xml::Xml;
use crate::fake_system::dms::store::Store;
use crate::fake_system::dms::types::{FOLDER, Kind, NAMESPACE, Property, Type};
use crate::fake_system::dms::values::iso;

pub(super) fn yes(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

/// The last part of an id is its name within the namespace of the repository.
fn local(id: &str) -> &str {
    id.split(':').next_back().unwrap_or_default()
}

/// The entry of a type as a document.
pub(super) fn document(urls: &Urls, store: &Store, kind: &Type) -> String {
    Xml::document("atom:entry", |xml| entry(xml, urls, store, kind, true))
}

/// The entry of a type in a feed.
pub(super) fn listed(xml: &mut Xml, urls: &Urls, store: &Store, kind: &Type, with: bool) {
    xml.declaring("atom:entry", |xml| entry(xml, urls, store, kind, with));
}

/// Types, each with what is below it; `depth` -1 is all.
pub(super) fn tree(
    xml: &mut Xml,
    urls: &Urls,
    store: &Store,
    kinds: &[&'static Type],
    depth: i64,
    with: bool,
) {
    for kind in kinds {
        xml.declaring("atom:entry", |xml| {
            entry(xml, urls, store, kind, with);
            let children: Vec<_> = kind.children().collect();
            if depth == 1 || children.is_empty() {
                return;
            }
            let url = urls.of_id("typedescendants", kind.id);
            xml.inside("cmisra:children", &[], |xml| {
                xml.inside("atom:feed", &[], |xml| {
                    head(xml, (TREE, &url), kind.title, store.now());
                    tree(xml, urls, store, &children, depth - 1, with);
                });
            });
        });
    }
}

fn entry(xml: &mut Xml, urls: &Urls, store: &Store, kind: &Type, with: bool) {
    xml.inside("atom:author", &[], |xml| xml.leaf("atom:name", "Attrappe DMS"));
    xml.leaf("atom:id", &format!("urn:pruefstand:dms:typ:{}", kind.id));
    xml.leaf("atom:title", kind.title);
    xml.leaf("atom:updated", &iso(store.now()));
    xml.leaf_with("atom:content", &[("type", "text")], kind.description);
    xml.link("self", ENTRY, &urls.of_id("type", kind.id));
    xml.link("service", SERVICE, urls.service());
    xml.link("describedby", ENTRY, &urls.of_id("type", kind.base));
    if let Some(parent) = kind.parent {
        xml.link("up", ENTRY, &urls.of_id("type", parent));
    }
    xml.link("down", FEED, &urls.to("types", &[("typeId", kind.id)]));
    xml.link("down", TREE, &urls.to("typedescendants", &[("typeId", kind.id)]));
    definition(xml, kind, with);
}

fn definition(xml: &mut Xml, kind: &Type, with: bool) {
    let folder = kind.base == FOLDER;
    let schema_type = if folder {
        "cmis:cmisTypeFolderDefinitionType"
    } else {
        "cmis:cmisTypeDocumentDefinitionType"
    };
    xml.inside("cmisra:type", &[("xsi:type", schema_type)], |xml| {
        xml.leaf("cmis:id", kind.id);
        xml.leaf("cmis:localName", local(kind.id));
        xml.leaf("cmis:localNamespace", NAMESPACE);
        xml.leaf("cmis:displayName", kind.title);
        xml.leaf("cmis:queryName", kind.id);
        xml.leaf("cmis:description", kind.description);
        xml.leaf("cmis:baseId", kind.base);
        if let Some(parent) = kind.parent {
            xml.leaf("cmis:parentId", parent);
        }
        for (name, is) in [
            ("cmis:creatable", true),
            ("cmis:fileable", true),
            ("cmis:queryable", true),
            ("cmis:fulltextIndexed", !folder),
            ("cmis:includedInSupertypeQuery", true),
            ("cmis:controllablePolicy", false),
            ("cmis:controllableACL", true),
        ] {
            xml.leaf(name, yes(is));
        }
        xml.inside("cmis:typeMutability", &[], |xml| {
            for name in ["cmis:create", "cmis:update", "cmis:delete"] {
                xml.leaf(name, "false");
            }
        });
        for property in kind.properties().filter(|_| with) {
            let inherited = !kind.is_base() && !kind.defines(property.id);
            property_definition(xml, property, inherited);
        }
        if !folder {
            xml.leaf("cmis:versionable", "true");
            xml.leaf("cmis:contentStreamAllowed", "allowed");
        }
    });
}

fn property_definition(xml: &mut Xml, property: &Property, inherited: bool) {
    let element = format!("cmis:{}Definition", element_of(property.kind));
    xml.inside(&element, &[], |xml| {
        for (name, text) in [
            ("cmis:id", property.id),
            ("cmis:localName", local(property.id)),
            ("cmis:localNamespace", NAMESPACE),
            ("cmis:displayName", property.title),
            ("cmis:queryName", property.id),
            ("cmis:description", property.title),
            ("cmis:propertyType", property.kind.id()),
            ("cmis:cardinality", if property.many { "multi" } else { "single" }),
            ("cmis:updatability", property.updatability.id()),
            ("cmis:inherited", yes(inherited)),
            ("cmis:required", yes(property.required)),
            ("cmis:queryable", "true"),
            ("cmis:orderable", yes(!property.many)),
            ("cmis:openChoice", yes(property.choices.is_empty())),
        ] {
            xml.leaf(name, text);
        }
        if let Some((least, most)) = property.range {
            xml.leaf("cmis:maxValue", &most.to_string());
            xml.leaf("cmis:minValue", &least.to_string());
        }
        if let Some(longest) = property.longest {
            xml.leaf("cmis:maxLength", &longest.to_string());
        }
        match property.kind {
            Kind::DateTime => xml.leaf("cmis:resolution", "time"),
            Kind::Decimal => xml.leaf("cmis:precision", "64"),
            _ => {}
        }
        for choice in property.choices {
            xml.inside("cmis:choice", &[("displayName", choice)], |xml| {
                xml.leaf("cmis:value", choice);
            });
        }
    });
}
