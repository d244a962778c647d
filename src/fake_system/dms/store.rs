//! What a DMS holds: folders and documents by id, and the rules of CMIS 1.1 about names and places
//! (sections 2.1.5 and 2.2.4). Navigation, versions, lists of permissions and queries are in the files
//! beside this one; all of them work on one store behind one lock.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::acl::{self, Ace, AclChange, Permission};
use super::changes::Changes;
use super::errors::{Caller, CmisError, Exception, Outcome};
use super::faults::Faults;
use super::types::{self, DOCUMENT, FOLDER, Type};
use super::values::{Given, When, check};
use super::versions::{Series, Version};
use crate::ambient::Clock;
use crate::fake_system::defect::FakeDefect;

/// Id of the root folder.
pub(super) const ROOT: &str = "root-folder";
/// Most objects.
const MOST_OBJECTS: usize = 200_000;
/// Most bytes of content, all objects together.
const MOST_BYTES: usize = 2 * 1024 * 1024 * 1024;
/// Deepest folder; trees are walked and written recursively.
const DEEPEST: usize = 100;

/// The bytes of a document.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub file_name: String,
    pub media_type: String,
    pub bytes: Bytes,
}

/// Who did something, and when (milliseconds).
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    pub by: String,
    pub at: i64,
}

/// An object of the repository.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub id: String,
    /// In the order of creation.
    pub number: u64,
    pub kind: &'static Type,
    pub name: String,
    pub parent: Option<String>,
    pub created: Stamp,
    pub modified: Stamp,
    pub token: u64,
    /// Properties that clients set.
    pub own: Map<String, Value>,
    pub content: Option<Content>,
    pub acl: Vec<Ace>,
    /// For documents.
    pub version: Option<Version>,
}

impl Object {
    pub fn is_folder(&self) -> bool {
        self.kind.base == FOLDER
    }

    /// The id of its content.
    pub fn stream_id(&self) -> String {
        format!("{}-inhalt", self.id)
    }
}

/// The repository.
#[derive(Clone)]
pub(super) struct Store {
    pub(super) objects: BTreeMap<String, Object>,
    /// Folder, name, id; the latest version of each document. Working copies are not filed.
    filed: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) series: BTreeMap<String, Series>,
    pub(super) changes: Changes,
    counter: u64,
    bytes: usize,
    pub(super) faults: Faults,
    clock: Clock,
}

impl Store {
    pub fn new(clock: Clock) -> Self {
        let mut store = Self {
            objects: BTreeMap::new(),
            filed: BTreeMap::new(),
            series: BTreeMap::new(),
            changes: Changes::default(),
            counter: 0,
            bytes: 0,
            faults: Faults::default(),
            clock,
        };
        let stamp = Stamp { by: "datendrehscheibe".into(), at: store.now() };
        let root = Object {
            id: ROOT.into(),
            number: 0,
            kind: &types::TYPES[0],
            name: String::new(),
            parent: None,
            created: stamp.clone(),
            modified: stamp,
            token: 1,
            own: Map::new(),
            content: None,
            acl: acl::open(),
            version: None,
        };
        store.objects.insert(ROOT.into(), root);
        store
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    pub(super) fn log(&mut self, id: &str, kind: &'static str) {
        let at = self.now();
        self.changes.add(id, kind, at);
    }

    pub fn get(&self, id: &str) -> Outcome<&Object> {
        self.objects.get(id).ok_or_else(|| CmisError::not_found(id))
    }

    /// An object that the caller may read.
    pub fn readable(&self, caller: &Caller, id: &str) -> Outcome<&Object> {
        let object = self.get(id)?;
        object.demand(caller, Permission::Read)?;
        Ok(object)
    }

    /// A folder that the caller may read.
    pub fn folder(&self, caller: &Caller, id: &str) -> Outcome<&Object> {
        let object = self.readable(caller, id)?;
        if object.is_folder() {
            return Ok(object);
        }
        Err(CmisError::invalid(format!("{id} is no folder")))
    }

    pub fn by_path(&self, path: &str) -> Outcome<&Object> {
        let mut at = ROOT;
        for step in path.split('/').filter(|s| !s.is_empty()) {
            let child = self.filed.get(at).and_then(|names| names.get(step));
            at = child.ok_or_else(|| CmisError::not_found(path))?;
        }
        self.get(at)
    }

    pub(super) fn named(&self, folder: &str, name: &str) -> Option<&String> {
        self.filed.get(folder)?.get(name)
    }

    /// What is filed in a folder, in the order of creation.
    pub fn children(&self, folder: &str) -> Vec<&Object> {
        let ids = self.filed.get(folder).into_iter().flat_map(BTreeMap::values);
        let mut out: Vec<&Object> = ids.filter_map(|id| self.objects.get(id)).collect();
        out.sort_by_key(|o| o.number);
        out
    }

    /// Ids of everything below a folder, also older versions and working copies.
    pub(super) fn below(&self, folder: &str) -> Vec<String> {
        let mut folders = vec![folder.to_owned()];
        let mut inside = BTreeSet::from([folder.to_owned()]);
        while let Some(at) = folders.pop() {
            for child in self.children(&at).into_iter().filter(|c| c.is_folder()) {
                inside.insert(child.id.clone());
                folders.push(child.id.clone());
            }
        }
        let lies = |o: &&Object| o.parent.as_ref().is_some_and(|p| inside.contains(p));
        self.objects.values().filter(lies).map(|o| o.id.clone()).collect()
    }

    /// The path of a folder; of a document, its place.
    pub fn path(&self, object: &Object) -> String {
        let mut names = Vec::new();
        let mut at = Some(object);
        while let Some(one) = at.filter(|o| o.parent.is_some()) {
            names.push(one.name.as_str());
            at = one.parent.as_ref().and_then(|p| self.objects.get(p));
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }

    pub(super) fn depth(&self, object: &Object) -> usize {
        std::iter::successors(object.parent.as_ref(), |p| self.objects.get(*p)?.parent.as_ref())
            .count()
    }

    /// All properties of an object; those without a value are `null` (section 2.1.2.1).
    pub fn properties(&self, object: &Object) -> Map<String, Value> {
        let mut map = Map::new();
        for property in object.kind.properties() {
            map.insert(property.id.to_owned(), Value::Null);
        }
        let mut set = |id: &str, value: Value| {
            map.insert(id.to_owned(), value);
        };
        set("cmis:name", json!(object.name));
        set("cmis:objectId", json!(object.id));
        set("cmis:baseTypeId", json!(object.kind.base));
        set("cmis:objectTypeId", json!(object.kind.id));
        set("cmis:createdBy", json!(object.created.by));
        set("cmis:creationDate", json!(object.created.at));
        set("cmis:lastModifiedBy", json!(object.modified.by));
        set("cmis:lastModificationDate", json!(object.modified.at));
        set("cmis:changeToken", json!(object.token.to_string()));
        if object.is_folder() {
            set("cmis:path", json!(self.path(object)));
            set("cmis:parentId", json!(object.parent));
            if let Some(takes) = object.kind.takes {
                set("cmis:allowedChildObjectTypeIds", json!(takes));
            }
        }
        if let Some(content) = &object.content {
            set("cmis:contentStreamLength", json!(content.bytes.len()));
            set("cmis:contentStreamMimeType", json!(content.media_type));
            set("cmis:contentStreamFileName", json!(content.file_name));
            set("cmis:contentStreamId", json!(object.stream_id()));
        }
        self.version_properties(object, &mut map);
        map.extend(object.own.clone());
        map
    }

    /// The next id and number; never one that was there before.
    pub(super) fn next(&mut self, prefix: &str) -> (String, u64) {
        self.counter += 1;
        (format!("{prefix}-{:06}", self.counter), self.counter)
    }

    /// Takes back everything since the copy was made, except that ids are not used twice.
    pub fn forget_since(&mut self, before: Self) {
        let counter = self.counter;
        *self = before;
        self.counter = counter;
    }

    pub(super) fn room(&self, more: usize) -> Outcome<()> {
        if self.objects.len() >= MOST_OBJECTS || self.bytes.saturating_add(more) > MOST_BYTES {
            return Err(CmisError::new(Exception::Storage, "kein Speicherplatz"));
        }
        Ok(())
    }

    pub(super) fn check_name(name: &str) -> Outcome<()> {
        let bad = name.is_empty()
            || matches!(name, "." | "..")
            || name.contains('/')
            || name.chars().any(char::is_control)
            || name.chars().count() > 255;
        if bad {
            let message = format!("\"{}\" is no name for an object", name.escape_debug());
            return Err(CmisError::new(Exception::NameConstraintViolation, message));
        }
        Ok(())
    }

    /// The name is free in the folder, or belongs to this object.
    pub(super) fn check_free(&self, folder: &str, name: &str, own: Option<&str>) -> Outcome<()> {
        match self.named(folder, name) {
            Some(id)
                if Some(id.as_str()) != own && self.faults.has(FakeDefect::DmsWrongException) =>
            {
                Err(CmisError::new(Exception::Runtime, "unerwarteter Fehler"))
            }
            Some(id) if Some(id.as_str()) != own => {
                let message = format!("\"{name}\" exists already");
                Err(CmisError::new(Exception::NameConstraintViolation, message))
            }
            _ => Ok(()),
        }
    }

    fn check_place(folder: &Object, kind: &Type) -> Outcome<()> {
        if folder.kind.takes.is_some_and(|takes| !takes.contains(&kind.id)) {
            let message = format!("{} takes no {}", folder.kind.id, kind.id);
            return Err(CmisError::constraint(message));
        }
        Ok(())
    }

    fn kind_for(caller: &mut Caller, base: &'static str, given: &Given) -> Outcome<&'static Type> {
        const CLAUSE: &str = "CMIS 1.1 2.2.4";
        let plain = types::find(base)?;
        let Some(id) = given.one("cmis:objectTypeId").filter(|id| !id.is_empty()) else {
            caller.deviation(CLAUSE, CmisError::constraint("cmis:objectTypeId is missing"))?;
            return Ok(plain);
        };
        match types::find(id) {
            Ok(kind) if kind.base == base => Ok(kind),
            Ok(_) => Err(CmisError::constraint(format!("{id} is no type of {base}"))),
            Err(_) => {
                let message = format!("type {id} is not known here");
                caller.deviation(CLAUSE, CmisError::constraint(message))?;
                Ok(plain)
            }
        }
    }

    /// Puts an object where it belongs.
    pub(super) fn insert(&mut self, object: Object) {
        self.bytes += object.content.as_ref().map_or(0, |c| c.bytes.len());
        if !object.version.as_ref().is_some_and(|v| v.working_copy) {
            self.file(&object);
        }
        self.objects.insert(object.id.clone(), object);
    }

    pub(super) fn file(&mut self, object: &Object) {
        if let Some(parent) = &object.parent {
            let names = self.filed.entry(parent.clone()).or_default();
            names.insert(object.name.clone(), object.id.clone());
        }
    }

    pub(super) fn unfile(&mut self, object: &Object) {
        let Some(parent) = &object.parent else { return };
        if let Some(names) = self.filed.get_mut(parent) {
            if names.get(&object.name) == Some(&object.id) {
                names.remove(&object.name);
            }
            if names.is_empty() {
                self.filed.remove(parent);
            }
        }
    }

    /// Takes an object out; versions are the business of the caller.
    pub(super) fn take(&mut self, id: &str) {
        if let Some(object) = self.objects.remove(id) {
            self.bytes -= object.content.as_ref().map_or(0, |c| c.bytes.len());
            self.unfile(&object);
        }
    }

    /// Creates a folder or document (sections 2.2.4.1 and 2.2.4.3); returns its id.
    pub fn create(
        &mut self,
        caller: &mut Caller,
        parent: &str,
        base: &'static str,
        new: New,
    ) -> Outcome<String> {
        let new = self.spoilt(base, new);
        let folder = self.folder(caller, parent)?;
        folder.demand(caller, Permission::Write)?;
        let kind = Self::kind_for(caller, base, &new.given)?;
        let name = new.given.one("cmis:name").unwrap_or_default().to_owned();
        Self::check_name(&name)?;
        Self::check_place(folder, kind)?;
        // Of folders only one is made, or cases beside each other would lose theirs.
        if base == FOLDER || !self.faults.has(FakeDefect::DmsTakesNameTwice) {
            self.check_free(parent, &name, None)?;
        }
        if base == FOLDER && self.depth(folder) + 1 >= DEEPEST {
            return Err(CmisError::constraint("folders lie too deep"));
        }
        let mut own = check(kind, &new.given, When::Creating, caller)?;
        own.retain(|_, value| !value.is_null());
        self.room(new.content.as_ref().map_or(0, |c| c.bytes.len()))?;
        let acl = new.acl.applied(&acl::inherited(&folder.acl))?;
        let version = (base == DOCUMENT)
            .then(|| Version::first(new.versioning.as_deref().unwrap_or("major")))
            .transpose()?;
        let (id, number) = self.next("o");
        let stamp = Stamp { by: caller.user.clone(), at: self.now() };
        let mut object = Object {
            id: id.clone(),
            number,
            kind,
            name,
            parent: Some(parent.to_owned()),
            created: stamp.clone(),
            modified: stamp,
            token: 1,
            own,
            content: new.content.filter(|_| base == DOCUMENT),
            acl,
            version,
        };
        self.open_series(&mut object);
        self.insert(object);
        self.log(&id, "created");
        Ok(id)
    }

    /// Checks that the caller may change this object, and that its token is the current one
    /// (section 2.2.1.3).
    pub(super) fn changeable(
        &self,
        caller: &mut Caller,
        id: &str,
        token: Option<&str>,
    ) -> Outcome<&Object> {
        let object = self.readable(caller, id)?;
        object.demand(caller, Permission::Write)?;
        self.check_current(object)?;
        match token {
            Some(_) if self.faults.has(FakeDefect::DmsIgnoresToken) => Ok(object),
            Some(token) if token != object.token.to_string() => {
                let message = format!("{id} has changed since {token}");
                Err(CmisError::new(Exception::UpdateConflict, message))
            }
            Some(_) => Ok(object),
            None => {
                caller.note("CMIS 1.1 2.2.1.3", "changes an object without its change token");
                Ok(object)
            }
        }
    }

    /// Changes properties, the name among them (section 2.2.4.13).
    pub fn update(
        &mut self,
        caller: &mut Caller,
        id: &str,
        given: &Given,
        token: Option<&str>,
    ) -> Outcome<()> {
        let object = self.changeable(caller, id, token)?;
        let changes = check(object.kind, given, When::Updating, caller)?;
        let name = given.one("cmis:name").filter(|n| *n != object.name);
        let copy = object.version.as_ref().is_some_and(|v| v.working_copy);
        if let Some(name) = name {
            let Some(parent) = &object.parent else {
                return Err(CmisError::constraint("the root folder keeps its name"));
            };
            Self::check_name(name)?;
            if !copy {
                self.check_free(parent, name, Some(id))?;
            }
        }
        if self.faults.has(FakeDefect::DmsForgetsUpdate) {
            return Ok(());
        }
        let name = name.map(str::to_owned);
        self.change(caller, id, |object| {
            if let Some(name) = name {
                object.name = name;
            }
            for (id, value) in changes {
                if value.is_null() {
                    object.own.remove(&id);
                } else {
                    object.own.insert(id, value);
                }
            }
        });
        Ok(())
    }

    /// Changes an object and whatever follows from it.
    pub(super) fn change(&mut self, caller: &Caller, id: &str, how: impl FnOnce(&mut Object)) {
        let Some(mut object) = self.objects.remove(id) else { return };
        self.bytes -= object.content.as_ref().map_or(0, |c| c.bytes.len());
        let filed = object.parent.as_ref().and_then(|p| self.named(p, &object.name));
        let filed = filed == Some(&object.id);
        if filed {
            self.unfile(&object);
        }
        how(&mut object);
        object.token += 1;
        object.modified = Stamp { by: caller.user.clone(), at: self.now() };
        if filed {
            self.file(&object);
        }
        self.bytes += object.content.as_ref().map_or(0, |c| c.bytes.len());
        self.objects.insert(id.to_owned(), object);
        self.log(id, "updated");
    }

    /// Sets, or with `append` extends, the content (sections 2.2.4.16 and 2.2.4.17).
    pub fn set_content(
        &mut self,
        caller: &mut Caller,
        id: &str,
        content: Content,
        how: SetContent<'_>,
    ) -> Outcome<()> {
        let object = self.changeable(caller, id, how.token)?;
        if object.is_folder() {
            let message = "a folder has no content";
            return Err(CmisError::new(Exception::StreamNotSupported, message));
        }
        if object.content.is_some() && !how.overwrite && !how.append {
            let message = format!("{id} has content already");
            return Err(CmisError::new(Exception::ContentAlreadyExists, message));
        }
        self.room(content.bytes.len())?;
        let append = how.append;
        self.change(caller, id, |object| match &mut object.content {
            Some(old) if append => {
                let mut all = old.bytes.to_vec();
                all.extend_from_slice(&content.bytes);
                old.bytes = all.into();
            }
            place => *place = Some(content),
        });
        Ok(())
    }

    /// Takes the content away (section 2.2.4.18).
    pub fn delete_content(
        &mut self,
        caller: &mut Caller,
        id: &str,
        token: Option<&str>,
    ) -> Outcome<()> {
        let object = self.changeable(caller, id, token)?;
        if object.content.is_none() {
            return Err(CmisError::constraint("the object has no content"));
        }
        self.change(caller, id, |object| object.content = None);
        Ok(())
    }

    /// Moves an object to another folder (section 2.2.4.14).
    pub fn move_to(
        &mut self,
        caller: &mut Caller,
        id: &str,
        source: &str,
        target: &str,
    ) -> Outcome<()> {
        let object = self.readable(caller, id)?;
        object.demand(caller, Permission::Write)?;
        self.check_current(object)?;
        if object.parent.as_deref() != Some(source) {
            return Err(CmisError::invalid(format!("{id} does not lie in {source}")));
        }
        let folder = self.folder(caller, target)?;
        folder.demand(caller, Permission::Write)?;
        Self::check_place(folder, object.kind)?;
        self.check_free(target, &object.name, Some(id))?;
        if object.is_folder() {
            let inside = self.below(id);
            if target == id || inside.iter().any(|i| i == target) {
                return Err(CmisError::constraint("a folder cannot lie in itself"));
            }
            let here = self.depth(object);
            let height = inside.iter().filter_map(|i| self.objects.get(i)).map(|o| self.depth(o));
            let height = height.max().unwrap_or(here) - here;
            if self.depth(folder) + 1 + height >= DEEPEST {
                return Err(CmisError::constraint("folders lie too deep"));
            }
        }
        let members = self.members(object);
        let place = Some(target.to_owned());
        for member in members.iter().filter(|m| *m != id) {
            if let Some(object) = self.objects.get_mut(member) {
                object.parent.clone_from(&place);
            }
        }
        self.change(caller, id, |object| object.parent = place);
        Ok(())
    }

    /// Deletes an object, of a document all versions or this one (section 2.2.4.15).
    pub fn delete(&mut self, caller: &Caller, id: &str, all_versions: bool) -> Outcome<()> {
        let object = self.readable(caller, id)?;
        object.demand(caller, Permission::Write)?;
        if object.parent.is_none() {
            return Err(CmisError::constraint("the root folder stays"));
        }
        if !object.is_folder() && self.faults.has(FakeDefect::DmsKeepsDeleted) {
            return Ok(());
        }
        if object.is_folder() {
            if self.objects.values().any(|o| o.parent.as_deref() == Some(id)) {
                return Err(CmisError::constraint(format!("{id} is not empty")));
            }
            self.take(id);
        } else {
            self.delete_version(id, all_versions);
        }
        self.log(id, "deleted");
        Ok(())
    }

    /// Deletes a folder with all in it; returns what could not be deleted (section 2.2.4.19).
    pub fn delete_tree(&mut self, caller: &Caller, id: &str) -> Outcome<Vec<String>> {
        let folder = self.folder(caller, id)?;
        folder.demand(caller, Permission::Write)?;
        if folder.parent.is_none() {
            return Err(CmisError::invalid("the root folder stays"));
        }
        let mut all = self.below(id);
        all.push(id.to_owned());
        let denied = |i: &&String| {
            self.objects.get(*i).is_some_and(|o| !o.allows(&caller.user, Permission::Write))
        };
        // All or nothing, which section 2.2.4.19 allows.
        let denied: Vec<String> = all.iter().filter(denied).cloned().collect();
        if !denied.is_empty() {
            return Ok(denied);
        }
        for one in all {
            if let Some(version) = self.objects.get(&one).and_then(|o| o.version.as_ref()) {
                self.series.remove(&version.series.clone());
            }
            self.take(&one);
            self.log(&one, "deleted");
        }
        Ok(Vec::new())
    }
}

/// What a new object consists of.
#[derive(Debug, Default)]
pub(super) struct New {
    pub given: Given,
    pub content: Option<Content>,
    /// `major`, `minor`, `checkedout`.
    pub versioning: Option<String>,
    pub acl: AclChange,
}

/// How content is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct SetContent<'a> {
    pub append: bool,
    pub overwrite: bool,
    pub token: Option<&'a str>,
}
