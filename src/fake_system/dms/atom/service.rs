//! The service document (CMIS 1.1, section 3.7): what there is and where.

use serde_json::Value;

use super::types::yes;
use super::urls::{ENTRY, FEED, QUERY, RELATIONS, TREE, Urls};
use super::xml::Xml;
use crate::fake_system::dms::store::ROOT;

/// What can be posted to a collection of objects.
const OBJECTS: &[&str] = &[ENTRY, "application/cmisatom+xml;type=entry"];

/// The document; `info` is what the repository says about itself in the browser binding.
pub(super) fn document(urls: &Urls, info: &Value) -> String {
    let title = info["repositoryName"].as_str().unwrap_or_default();
    Xml::document("app:service", |xml| {
        xml.inside("app:workspace", &[], |xml| {
            xml.leaf("atom:title", title);
            collection(xml, "root", "Wurzelordner", &urls.of_id("children", ROOT), OBJECTS);
            collection(xml, "types", "Typen", &urls.to("types", &[]), &[]);
            collection(xml, "query", "Suche", &urls.to("query", &[]), &[QUERY]);
            collection(xml, "checkedout", "Arbeitskopien", &urls.to("checkedout", &[]), OBJECTS);
            collection(xml, "unfiled", "Ohne Ordner", &urls.to("unfiled", &[]), &[]);
            collection(xml, "update", "Sammeländerung", &urls.to("update", &[]), OBJECTS);
            for (relation, media_type, url) in [
                ("typedescendants", TREE, urls.to("typedescendants", &[])),
                ("foldertree", TREE, urls.of_id("foldertree", ROOT)),
                ("rootdescendants", TREE, urls.of_id("descendants", ROOT)),
                ("changes", FEED, urls.to("changes", &[])),
            ] {
                xml.link(&format!("{RELATIONS}{relation}"), media_type, &url);
            }
            repository(xml, info);
            templates(xml, urls);
        });
    })
}

/// A collection of the workspace; without media types nothing can be posted to it.
fn collection(xml: &mut Xml, kind: &str, title: &str, url: &str, accepts: &[&str]) {
    xml.inside("app:collection", &[("href", url)], |xml| {
        xml.leaf("atom:title", title);
        for media_type in accepts {
            xml.leaf("app:accept", media_type);
        }
        if accepts.is_empty() {
            xml.empty("app:accept", &[]);
        }
        xml.leaf("cmisra:collectionType", kind);
    });
}

/// Capabilities in the order of the schema; those with parts are optional and left out.
const CAPABILITIES: [&str; 15] = [
    "ACL",
    "AllVersionsSearchable",
    "Changes",
    "ContentStreamUpdatability",
    "GetDescendants",
    "GetFolderTree",
    "OrderBy",
    "Multifiling",
    "PWCSearchable",
    "PWCUpdatable",
    "Query",
    "Renditions",
    "Unfiling",
    "VersionSpecificFiling",
    "Join",
];

fn repository(xml: &mut Xml, info: &Value) {
    let same = |xml: &mut Xml, name: &str| {
        xml.leaf(&format!("cmis:{name}"), &text(&info[name]));
    };
    xml.inside("cmisra:repositoryInfo", &[], |xml| {
        for name in [
            "repositoryId",
            "repositoryName",
            "repositoryDescription",
            "vendorName",
            "productName",
            "productVersion",
            "rootFolderId",
            "latestChangeLogToken",
        ] {
            same(xml, name);
        }
        xml.inside("cmis:capabilities", &[], |xml| {
            for name in CAPABILITIES {
                let name = format!("capability{name}");
                xml.leaf(&format!("cmis:{name}"), &text(&info["capabilities"][&name]));
            }
        });
        acl_capability(xml, &info["aclCapabilities"]);
        same(xml, "cmisVersionSupported");
        same(xml, "changesIncomplete");
        for kind in list(&info["changesOnType"]) {
            xml.leaf("cmis:changesOnType", &text(kind));
        }
        // The two bindings name these differently.
        xml.leaf("cmis:principalAnonymous", &text(&info["principalIdAnonymous"]));
        xml.leaf("cmis:principalAnyone", &text(&info["principalIdAnyone"]));
    });
}

fn acl_capability(xml: &mut Xml, acl: &Value) {
    xml.inside("cmis:aclCapability", &[], |xml| {
        xml.leaf("cmis:supportedPermissions", &text(&acl["supportedPermissions"]));
        xml.leaf("cmis:propagation", &text(&acl["propagation"]));
        for permission in list(&acl["permissions"]) {
            xml.inside("cmis:permissions", &[], |xml| {
                xml.leaf("cmis:permission", &text(&permission["permission"]));
                xml.leaf("cmis:description", &text(&permission["description"]));
            });
        }
        for mapping in list(&acl["permissionMapping"]) {
            xml.inside("cmis:mapping", &[], |xml| {
                xml.leaf("cmis:key", &text(&mapping["key"]));
                for permission in list(&mapping["permission"]) {
                    xml.leaf("cmis:permission", &text(permission));
                }
            });
        }
    });
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => yes(*flag).to_owned(),
        other => other.to_string(),
    }
}

/// URI templates (section 3.7.1): a client puts its values into the braces.
fn templates(xml: &mut Xml, urls: &Urls) {
    const OBJECT: &[&str] = &[
        "filter",
        "includeAllowableActions",
        "includePolicyIds",
        "includeRelationships",
        "includeACL",
        "renditionFilter",
    ];
    const SEARCH: &[&str] = &[
        "searchAllVersions",
        "includeAllowableActions",
        "includeRelationships",
        "maxItems",
        "skipCount",
    ];
    for (kind, media_type, resource, key, more) in [
        ("objectbyid", ENTRY, "object", "id", OBJECT),
        ("objectbypath", ENTRY, "path", "path", OBJECT),
        ("typebyid", ENTRY, "type", "id", &[]),
        ("query", FEED, "query", "q", SEARCH),
    ] {
        let mut template = format!("{}/{resource}?{key}={{{key}}}", urls.service());
        for name in more {
            template.push_str(&format!("&{name}={{{name}}}"));
        }
        xml.inside("cmisra:uritemplate", &[], |xml| {
            xml.leaf("cmisra:template", &template);
            xml.leaf("cmisra:type", kind);
            xml.leaf("cmisra:mediatype", media_type);
        });
    }
}
