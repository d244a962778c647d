//! Versions and working copies (CMIS 1.1, sections 2.1.13 and 2.2.7).

use serde_json::{Map, Value, json};

use super::acl::Permission;
use super::errors::{Caller, CmisError, Exception, Outcome};
use super::store::{Content, Object, Stamp, Store};
use super::values::{Given, When, check};
use crate::fake_system::defect::FakeDefect;

/// What a document is within its series.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub series: String,
    pub label: (u32, u32),
    pub major: bool,
    pub comment: Option<String>,
    pub working_copy: bool,
}

/// The versions of a document, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Series {
    pub versions: Vec<String>,
    /// The working copy and who has it.
    pub checked_out: Option<(String, String)>,
}

/// What a check-in says.
#[derive(Debug, Default)]
pub(super) struct CheckIn {
    pub major: bool,
    pub comment: Option<String>,
    pub given: Given,
    pub content: Option<Content>,
}

impl Version {
    /// The first version by the state that the client wants (section 2.2.4.1).
    pub fn first(state: &str) -> Outcome<Self> {
        let (label, major, working_copy) = match state {
            "major" | "" => ((1, 0), true, false),
            "minor" => ((0, 1), false, false),
            "checkedout" => ((0, 0), false, true),
            "none" => {
                return Err(CmisError::constraint("documents have versions here"));
            }
            other => return Err(CmisError::invalid(format!("{other} is no versioning state"))),
        };
        Ok(Self { series: String::new(), label, major, comment: None, working_copy })
    }
}

fn versioning(message: impl Into<String>) -> CmisError {
    CmisError::new(Exception::Versioning, message)
}

impl Store {
    /// Opens the series of a new document.
    pub(super) fn open_series(&mut self, object: &mut Object) {
        let Some(version) = &mut object.version else { return };
        let (series, _) = self.next("s");
        version.series.clone_from(&series);
        let mut one = Series::default();
        if version.working_copy {
            one.checked_out = Some((object.id.clone(), object.created.by.clone()));
        } else {
            one.versions.push(object.id.clone());
        }
        self.series.insert(series, one);
    }

    fn series_of<'a>(&'a self, object: &'a Object) -> Option<(&'a Version, &'a Series)> {
        let version = object.version.as_ref()?;
        Some((version, self.series.get(&version.series)?))
    }

    /// Ids of all versions and the working copy; of a folder, its own.
    pub(super) fn members(&self, object: &Object) -> Vec<String> {
        let Some((_, series)) = self.series_of(object) else { return vec![object.id.clone()] };
        let copy = series.checked_out.iter().map(|(id, _)| id.clone());
        series.versions.iter().cloned().chain(copy).collect()
    }

    /// Only the latest version can be changed, and only as long as nobody has a working copy; the
    /// working copy always.
    pub(super) fn check_current(&self, object: &Object) -> Outcome<()> {
        let Some((version, series)) = self.series_of(object) else { return Ok(()) };
        if version.working_copy {
            return Ok(());
        }
        if series.versions.last() != Some(&object.id) {
            return Err(versioning(format!("{} is no current version", object.id)));
        }
        match &series.checked_out {
            Some((_, by)) => Err(versioning(format!("{} is checked out by {by}", object.id))),
            None => Ok(()),
        }
    }

    pub(super) fn version_properties(&self, object: &Object, map: &mut Map<String, Value>) {
        let Some((version, series)) = self.series_of(object) else { return };
        let mut set = |id: &str, value: Value| {
            map.insert(format!("cmis:{id}"), value);
        };
        let latest = series.versions.last() == Some(&object.id);
        let latest_major = self.latest_major(series) == Some(&object.id);
        let label =
            (!version.working_copy).then(|| format!("{}.{}", version.label.0, version.label.1));
        set("isImmutable", json!(false));
        set("isLatestVersion", json!(latest));
        set("isMajorVersion", json!(version.major && !version.working_copy));
        set("isLatestMajorVersion", json!(latest_major));
        set("isPrivateWorkingCopy", json!(version.working_copy));
        set("versionLabel", label.map_or_else(|| json!("pwc"), Value::from));
        set("versionSeriesId", json!(version.series));
        set("isVersionSeriesCheckedOut", json!(series.checked_out.is_some()));
        let (copy, by) = series.checked_out.clone().unzip();
        set("versionSeriesCheckedOutId", json!(copy));
        set("versionSeriesCheckedOutBy", json!(by));
        set("checkinComment", json!(version.comment));
    }

    fn latest_major<'a>(&self, series: &'a Series) -> Option<&'a String> {
        series.versions.iter().rev().find(|id| {
            self.objects.get(*id).and_then(|o| o.version.as_ref()).is_some_and(|v| v.major)
        })
    }

    /// The version that `returnVersion` asks for (section 2.2.4.9).
    pub fn version(&self, object: &Object, which: Option<&str>) -> Outcome<&Object> {
        let series = self.series_of(object).map(|(_, series)| series);
        match (which.unwrap_or("this"), series) {
            ("this", _) | ("latest" | "latestmajor", None) => self.get(&object.id),
            ("latest", Some(series)) => self.get(series.versions.last().unwrap_or(&object.id)),
            ("latestmajor", Some(series)) => {
                let id = self.latest_major(series);
                self.get(id.ok_or_else(|| CmisError::not_found("a major version"))?)
            }
            (other, _) => Err(CmisError::invalid(format!("{other} is no returnVersion"))),
        }
    }

    /// All versions, the working copy first, then the newest (section 2.2.7.6).
    pub fn versions(&self, object: &Object) -> Outcome<Vec<&Object>> {
        if object.version.is_none() {
            return Err(CmisError::invalid(format!("{} has no versions", object.id)));
        }
        self.members(object).iter().rev().map(|id| self.get(id)).collect()
    }

    /// The working copies that the caller may see, all or those of a folder (section 2.2.3.6).
    pub fn checked_out(&self, caller: &Caller, folder: Option<&str>) -> Vec<&Object> {
        let copies = self.series.values().filter_map(|s| s.checked_out.as_ref());
        let mut out: Vec<&Object> = copies
            .filter_map(|(id, _)| self.objects.get(id))
            .filter(|o| o.allows(&caller.user, Permission::Read))
            .filter(|o| folder.is_none() || o.parent.as_deref() == folder)
            .collect();
        out.sort_by_key(|o| o.number);
        out
    }

    /// Makes a working copy (section 2.2.7.1); returns its id.
    pub fn check_out(&mut self, caller: &Caller, id: &str) -> Outcome<String> {
        let object = self.readable(caller, id)?;
        object.demand(caller, Permission::Write)?;
        let Some((version, _)) = self.series_of(object) else {
            return Err(CmisError::constraint(format!("{id} has no versions")));
        };
        if version.working_copy {
            return Err(versioning(format!("{id} is a working copy")));
        }
        self.check_current(object)?;
        self.room(object.content.as_ref().map_or(0, |c| c.bytes.len()))?;
        let mut copy = object.clone();
        let series = version.series.clone();
        let (copy_id, number) = self.next("o");
        let stamp = Stamp { by: caller.user.clone(), at: self.now() };
        copy.id.clone_from(&copy_id);
        copy.number = number;
        copy.token = 1;
        copy.created = stamp.clone();
        copy.modified = stamp;
        if let Some(version) = &mut copy.version {
            version.working_copy = true;
            version.comment = None;
        }
        self.insert(copy);
        if let Some(series) = self.series.get_mut(&series) {
            series.checked_out = Some((copy_id.clone(), caller.user.clone()));
        }
        self.log(id, "updated");
        Ok(copy_id)
    }

    /// Drops a working copy (section 2.2.7.2).
    pub fn cancel_check_out(&mut self, caller: &mut Caller, id: &str) -> Outcome<()> {
        let object = self.readable(caller, id)?;
        object.demand(caller, Permission::Write)?;
        let Some((version, series)) = self.series_of(object) else {
            return Err(CmisError::constraint(format!("{id} has no versions")));
        };
        let Some((copy, _)) = series.checked_out.clone() else {
            return Err(versioning(format!("{id} is not checked out")));
        };
        if !version.working_copy {
            let error = versioning(format!("{id} is no working copy"));
            caller.deviation("CMIS 1.1 2.2.7.2", error)?;
        }
        if self.faults.has(FakeDefect::DmsKeepsWorkingCopy) {
            return Ok(());
        }
        self.delete_version(&copy, false);
        self.log(&copy, "deleted");
        Ok(())
    }

    /// Makes the working copy the newest version (section 2.2.7.3); returns the new version's id.
    pub fn check_in(&mut self, caller: &mut Caller, id: &str, how: CheckIn) -> Outcome<String> {
        let object = self.readable(caller, id)?;
        object.demand(caller, Permission::Write)?;
        let Some((version, series)) = self.series_of(object) else {
            return Err(CmisError::constraint(format!("{id} has no versions")));
        };
        if !version.working_copy {
            return Err(versioning(format!("{id} is no working copy")));
        }
        let changes = check(object.kind, &how.given, When::Updating, caller)?;
        let latest = series.versions.last().cloned();
        let (series_id, copy) = (version.series.clone(), object.clone());
        let name = how.given.one("cmis:name").unwrap_or(&copy.name).to_owned();
        let parent = copy.parent.clone().unwrap_or_default();
        Self::check_name(&name)?;
        self.check_free(&parent, &name, latest.as_deref())?;
        self.room(how.content.as_ref().map_or(0, |c| c.bytes.len()))?;
        let label = latest
            .as_ref()
            .and_then(|id| self.objects.get(id)?.version.as_ref())
            .map_or((0, 0), |v| v.label);
        let label = if how.major {
            (label.0.saturating_add(1), 0)
        } else {
            (label.0, label.1.saturating_add(1))
        };
        if let Some(old) = latest.and_then(|id| self.objects.get(&id).cloned()) {
            self.unfile(&old);
        }
        self.take(id);
        let (new_id, number) = self.next("o");
        let stamp = Stamp { by: caller.user.clone(), at: self.now() };
        let mut own = copy.own;
        own.extend(changes);
        own.retain(|_, value| !value.is_null());
        self.insert(Object {
            id: new_id.clone(),
            number,
            kind: copy.kind,
            name,
            parent: copy.parent,
            created: stamp.clone(),
            modified: stamp,
            token: 1,
            own,
            content: how.content.or(copy.content),
            acl: copy.acl,
            version: Some(Version {
                series: series_id.clone(),
                label,
                major: how.major,
                comment: how.comment,
                working_copy: false,
            }),
        });
        let series = self.series.entry(series_id.clone()).or_default();
        series.versions.push(new_id.clone());
        series.checked_out = None;
        self.spoil_versions(&series_id, &new_id);
        self.log(&new_id, "created");
        Ok(new_id)
    }

    /// Takes out one version or the whole series; the version before becomes the latest.
    pub(super) fn delete_version(&mut self, id: &str, all: bool) {
        let Some(object) = self.objects.get(id).cloned() else { return };
        let Some(version) = &object.version else { return };
        if all && !version.working_copy {
            for member in self.members(&object) {
                self.take(&member);
            }
            self.series.remove(&version.series);
            return;
        }
        self.take(id);
        let Some(series) = self.series.get_mut(&version.series) else { return };
        series.versions.retain(|v| v != id);
        if series.checked_out.as_ref().is_some_and(|(copy, _)| copy == id) {
            series.checked_out = None;
        }
        let last = series.versions.last().cloned();
        if last.is_none() && series.checked_out.is_none() {
            self.series.remove(&version.series);
        }
        // The name of the version before may be taken by now; then it stays unfiled.
        if let Some(before) = last.and_then(|id| self.objects.get(&id).cloned()) {
            let parent = before.parent.clone().unwrap_or_default();
            if self.named(&parent, &before.name).is_none() {
                self.file(&before);
            }
        }
    }
}
