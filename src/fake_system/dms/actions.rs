//! What the caller can do with an object right now (CMIS 1.1, section 2.2.1.2.6).

use serde_json::{Map, Value, json};

use super::acl::Permission;
use super::errors::Caller;
use super::store::{Object, Store};

/// All actions as JSON.
pub(super) fn allowable_actions(store: &Store, caller: &Caller, object: &Object) -> Value {
    let all = actions(store, caller, object).into_iter();
    let map: Map<String, Value> = all.map(|(name, can)| (name.to_owned(), json!(can))).collect();
    Value::Object(map)
}

/// All actions of CMIS 1.1, each with its answer, in the order of CMIS-Core.xsd; clients rely on each
/// being there.
pub(super) fn actions(
    store: &Store,
    caller: &Caller,
    object: &Object,
) -> [(&'static str, bool); 30] {
    let may = |permission| object.allows(&caller.user, permission);
    let (read, write, all) = (may(Permission::Read), may(Permission::Write), may(Permission::All));
    let (folder, root) = (object.is_folder(), object.parent.is_none());
    let current = store.check_current(object).is_ok();
    let copy = object.version.as_ref().is_some_and(|v| v.working_copy);
    let document = object.version.is_some();
    let content = object.content.is_some();
    [
        ("canDeleteObject", write && !root),
        ("canUpdateProperties", write && current),
        ("canGetFolderTree", read && folder),
        ("canGetProperties", read),
        ("canGetObjectRelationships", false),
        ("canGetObjectParents", read && !root),
        ("canGetFolderParent", read && folder && !root),
        ("canGetDescendants", read && folder),
        ("canMoveObject", write && current && !root),
        ("canDeleteContentStream", write && current && document && content),
        ("canCheckOut", write && current && document && !copy),
        ("canCancelCheckOut", write && copy),
        ("canCheckIn", write && copy),
        ("canSetContentStream", write && current && document),
        ("canGetAllVersions", read && document),
        ("canAddObjectToFolder", false),
        ("canRemoveObjectFromFolder", false),
        ("canGetContentStream", read && content),
        ("canApplyPolicy", false),
        ("canGetAppliedPolicies", false),
        ("canRemovePolicy", false),
        ("canGetChildren", read && folder),
        ("canCreateDocument", write && folder),
        ("canCreateFolder", write && folder),
        ("canCreateRelationship", false),
        ("canCreateItem", false),
        ("canDeleteTree", write && folder && !root),
        ("canGetRenditions", false),
        ("canGetACL", read),
        ("canApplyACL", all),
    ]
}
