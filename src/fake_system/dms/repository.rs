//! What the repository says about itself (CMIS 1.1, section 2.2.2.2).

use serde_json::{Value, json};

use super::acl::{ANYONE, Permission};
use super::store::ROOT;

/// Id of the repository.
pub(super) const ID: &str = "akte";

/// Optional capabilities (section 2.1.1.1); the browser binding shows them with the prefix `capability`.
pub(super) const CAPABILITIES: [(&str, &str); 17] = [
    ("ACL", "manage"),
    ("AllVersionsSearchable", "true"),
    ("Changes", "objectidsonly"),
    ("ContentStreamUpdatability", "anytime"),
    ("CreatablePropertyTypes", ""),
    ("GetDescendants", "true"),
    ("GetFolderTree", "true"),
    ("Join", "none"),
    ("Multifiling", "false"),
    ("NewTypeSettableAttributes", ""),
    ("OrderBy", "custom"),
    ("PWCSearchable", "false"),
    ("PWCUpdatable", "true"),
    ("Query", "bothcombined"),
    ("Renditions", "none"),
    ("Unfiling", "false"),
    ("VersionSpecificFiling", "false"),
];

/// Which permission an action needs (section 2.1.12.3.2).
const MAPPING: [(&str, Permission); 22] = [
    ("canGetDescendents.Folder", Permission::Read),
    ("canGetChildren.Folder", Permission::Read),
    ("canGetParents.Folder", Permission::Read),
    ("canGetFolderParent.Object", Permission::Read),
    ("canCreateDocument.Folder", Permission::Write),
    ("canCreateFolder.Folder", Permission::Write),
    ("canGetProperties.Object", Permission::Read),
    ("canUpdateProperties.Object", Permission::Write),
    ("canMove.Object", Permission::Write),
    ("canMove.Target", Permission::Write),
    ("canMove.Source", Permission::Write),
    ("canDelete.Object", Permission::Write),
    ("canDeleteTree.Folder", Permission::Write),
    ("canViewContent.Object", Permission::Read),
    ("canSetContent.Document", Permission::Write),
    ("canDeleteContent.Document", Permission::Write),
    ("canCheckout.Document", Permission::Write),
    ("canCancelCheckout.Document", Permission::Write),
    ("canCheckin.Document", Permission::Write),
    ("canGetAllVersions.VersionSeries", Permission::Read),
    ("canGetACL.Object", Permission::Read),
    ("canApplyACL.Object", Permission::All),
];

/// The repository's description for the browser binding.
pub(super) fn info(system: &str, url: &str, latest: u64) -> Value {
    let mut capabilities = serde_json::Map::new();
    for (name, value) in &CAPABILITIES {
        let value = match *value {
            "true" => json!(true),
            "false" => json!(false),
            "" if *name == "CreatablePropertyTypes" => json!({ "canCreate": [] }),
            "" => json!({
                "id": false, "localName": false, "localNamespace": false, "displayName": false,
                "queryName": false, "description": false, "creatable": false, "fileable": false,
                "queryable": false, "fulltextIndexed": false, "includedInSupertypeQuery": false,
                "controllablePolicy": false, "controllableACL": false,
            }),
            text => json!(text),
        };
        capabilities.insert(format!("capability{name}"), value);
    }
    let permissions =
        Permission::EVERY.map(|p| json!({ "permission": p.id(), "description": p.title() }));
    let mapping = MAPPING.map(|(key, least)| {
        let enough: Vec<&str> =
            Permission::EVERY.into_iter().filter(|p| *p >= least).map(Permission::id).collect();
        json!({ "key": key, "permission": enough })
    });
    json!({
        "repositoryId": ID,
        "repositoryName": format!("E-Akte {system}"),
        "repositoryDescription": "Attrappe eines DMS",
        "vendorName": "Pruefstand",
        "productName": "Attrappe DMS",
        "productVersion": env!("CARGO_PKG_VERSION"),
        "rootFolderId": ROOT,
        "repositoryUrl": url,
        "rootFolderUrl": format!("{url}/root"),
        "latestChangeLogToken": latest.to_string(),
        "cmisVersionSupported": "1.1",
        "thinClientURI": "",
        "changesIncomplete": true,
        "changesOnType": ["cmis:document", "cmis:folder"],
        "principalIdAnonymous": "anonymous",
        "principalIdAnyone": ANYONE,
        "capabilities": capabilities,
        "aclCapabilities": {
            "supportedPermissions": "basic",
            "propagation": "propagate",
            "permissions": permissions,
            "permissionMapping": mapping,
        },
    })
}
