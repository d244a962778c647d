//! Who may do what (CMIS 1.1, sections 2.1.12 and 2.2.10).
//!
//! Every object has a list of its own; a new object starts with that of its folder, as not direct.

use serde_json::{Value, json};

use super::errors::{Caller, CmisError, Exception, Outcome};
use super::store::{Object, Store};

/// The principal that stands for everybody.
pub(super) const ANYONE: &str = "anyone";

/// Largest number of entries in one list.
const MOST: usize = 200;

/// A basic permission; the later ones hold the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Permission {
    Read,
    Write,
    All,
}

impl Permission {
    pub const EVERY: [Self; 3] = [Self::Read, Self::Write, Self::All];

    pub fn id(self) -> &'static str {
        match self {
            Self::Read => "cmis:read",
            Self::Write => "cmis:write",
            Self::All => "cmis:all",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Read => "Lesen",
            Self::Write => "Schreiben",
            Self::All => "Alles",
        }
    }

    fn parse(text: &str) -> Outcome<Self> {
        let found = Self::EVERY.into_iter().find(|p| p.id() == text);
        found.ok_or_else(|| CmisError::constraint(format!("{text} is no permission here")))
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ace {
    pub principal: String,
    pub permission: Permission,
    pub direct: bool,
}

/// A change of a list.
#[derive(Debug, Default)]
pub(super) struct AclChange {
    /// Principal and permission.
    pub add: Vec<(String, String)>,
    pub remove: Vec<(String, String)>,
}

impl AclChange {
    /// What makes a list out of another, by its direct entries; inherited ones stay as they are.
    pub fn between(old: &[Ace], new: &[(String, String)]) -> Self {
        let direct = || old.iter().filter(|a| a.direct);
        let same = |a: &Ace, (principal, permission): &(String, String)| {
            a.principal == *principal && a.permission.id() == permission
        };
        let gone = direct().filter(|a| !new.iter().any(|n| same(a, n)));
        Self {
            add: new.iter().filter(|n| !direct().any(|a| same(a, n))).cloned().collect(),
            remove: gone.map(|a| (a.principal.clone(), a.permission.id().to_owned())).collect(),
        }
    }

    /// The list after the change.
    pub fn applied(&self, list: &[Ace]) -> Outcome<Vec<Ace>> {
        let mut out = list.to_vec();
        for (principal, permission) in &self.remove {
            let permission = Permission::parse(permission)?;
            out.retain(|a| !(a.principal == *principal && a.permission == permission));
        }
        for (principal, permission) in &self.add {
            if principal.is_empty() {
                return Err(CmisError::constraint("an entry names nobody"));
            }
            let permission = Permission::parse(permission)?;
            out.retain(|a| !(a.principal == *principal && a.permission == permission));
            out.push(Ace { principal: principal.clone(), permission, direct: true });
        }
        if out.len() > MOST {
            return Err(CmisError::constraint("too many entries"));
        }
        Ok(out)
    }
}

/// What an object without a folder starts with: everybody may do everything, as long as nobody
/// says otherwise.
pub(super) fn open() -> Vec<Ace> {
    vec![Ace { principal: ANYONE.into(), permission: Permission::All, direct: true }]
}

/// What a new object takes over from its folder.
pub(super) fn inherited(list: &[Ace]) -> Vec<Ace> {
    list.iter().map(|a| Ace { direct: false, ..a.clone() }).collect()
}

impl Object {
    pub fn allows(&self, user: &str, wanted: Permission) -> bool {
        self.acl
            .iter()
            .any(|a| (a.principal == user || a.principal == ANYONE) && a.permission >= wanted)
    }

    pub fn demand(&self, caller: &Caller, wanted: Permission) -> Outcome<()> {
        if self.allows(&caller.user, wanted) {
            return Ok(());
        }
        let message = format!("{} lacks {} on {}", caller.user, wanted.id(), self.id);
        Err(CmisError::new(Exception::PermissionDenied, message))
    }
}

impl Store {
    /// Changes the list of an object, and of all below it unless `object_only`.
    pub fn apply_acl(
        &mut self,
        caller: &Caller,
        id: &str,
        change: &AclChange,
        object_only: bool,
    ) -> Outcome<()> {
        let object = self.get(id)?;
        object.demand(caller, Permission::All)?;
        let mut ids = self.members(object);
        if !object_only && object.is_folder() {
            ids.extend(self.below(id));
        }
        // All lists first, so that an error leaves everything as it was.
        let mut lists = Vec::new();
        for one in ids {
            let list = change.applied(&self.get(&one)?.acl)?;
            let list = if one == id { list } else { mark_inherited(list, change) };
            lists.push((one, list));
        }
        for (one, list) in lists {
            if let Some(object) = self.objects.get_mut(&one) {
                object.acl = list;
            }
        }
        self.log(id, "security");
        Ok(())
    }
}

fn mark_inherited(mut list: Vec<Ace>, change: &AclChange) -> Vec<Ace> {
    for ace in &mut list {
        let added = |(p, q): &(String, String)| *p == ace.principal && q == ace.permission.id();
        if change.add.iter().any(added) {
            ace.direct = false;
        }
    }
    list
}

/// A list with one entry per principal and kind: principal, whether it is direct, permissions.
pub(super) fn grouped(list: &[Ace]) -> Vec<(&str, bool, Vec<&'static str>)> {
    let mut aces: Vec<(&str, bool, Vec<&str>)> = Vec::new();
    for ace in list {
        match aces.iter_mut().find(|(p, d, _)| *p == ace.principal && *d == ace.direct) {
            Some((_, _, permissions)) => permissions.push(ace.permission.id()),
            None => aces.push((&ace.principal, ace.direct, vec![ace.permission.id()])),
        }
    }
    aces
}

/// A list as JSON (section 5.2.3).
pub(super) fn shown(list: &[Ace]) -> Value {
    let aces: Vec<Value> = grouped(list)
        .into_iter()
        .map(|(principal, direct, permissions)| {
            json!({ "principal": { "principalId": principal }, "permissions": permissions, "isDirect": direct })
        })
        .collect();
    json!({ "aces": aces, "isExact": true })
}

/// Whether a change is for the object only, not for what is below it (section 2.2.10.1).
///
/// # Errors
/// `invalidArgument` for what is no propagation.
pub(super) fn object_only(propagation: Option<&str>) -> Outcome<bool> {
    match propagation {
        None | Some("propagate" | "repositorydetermined") => Ok(false),
        Some("objectonly") => Ok(true),
        Some(other) => Err(CmisError::invalid(format!("{other} is no propagation"))),
    }
}
