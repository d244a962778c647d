//! Faults of the repository, for the place of a target. Each stands at one point of the rules, so that
//! both bindings have it.

use bytes::Bytes;

use super::store::{New, Store};
use super::types::{DOCUMENT, FOLDER, find};
use super::versions::Series;
use crate::fake_system::defect::FakeDefect;
use crate::fake_system::script::Scripts;

/// The faults that are switched on.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Option<Scripts>);

impl Faults {
    pub fn of(scripts: Scripts) -> Self {
        Self(Some(scripts))
    }

    pub fn has(&self, defect: FakeDefect) -> bool {
        self.0.as_ref().is_some_and(|scripts| scripts.has(defect))
    }
}

impl Store {
    /// What is to be created, after what goes wrong with it.
    pub(super) fn spoilt(&self, base: &str, mut new: New) -> New {
        let has = |defect| self.faults.has(defect);
        if let Some(content) = &mut new.content {
            if has(FakeDefect::DmsForgetsContent) {
                content.bytes = Bytes::new();
            }
            if has(FakeDefect::DmsForgetsMediaType) {
                content.media_type = "application/octet-stream".into();
            }
        }
        for (id, values) in &mut new.given.0 {
            let Some(value) = values.first_mut() else { continue };
            if id == "cmis:name" && base == DOCUMENT && has(FakeDefect::DmsBreaksUmlauts) {
                *value = value.bytes().map(char::from).filter(|c| !c.is_control()).collect();
            }
            let unknown = id == "cmis:objectTypeId" && find(value).is_err();
            if unknown && has(FakeDefect::DmsTakesUnknownType) {
                base.clone_into(value);
            }
        }
        if base == FOLDER && has(FakeDefect::DmsDropsProperty) {
            let at = new.given.0.iter().rposition(|(id, _)| !id.starts_with("cmis:"));
            at.map(|at| new.given.0.remove(at));
        }
        new
    }

    /// What becomes of older versions when there is a new one.
    pub(super) fn spoil_versions(&mut self, series: &str, newest: &str) {
        let older: Vec<String> =
            self.series.get(series).into_iter().flat_map(|s| s.versions.clone()).collect();
        let older: Vec<String> = older.into_iter().filter(|id| id != newest).collect();
        if self.faults.has(FakeDefect::DmsOverwritesVersion) {
            let content = self.objects.get(newest).and_then(|o| o.content.clone());
            for id in &older {
                if let Some(object) = self.objects.get_mut(id) {
                    object.content.clone_from(&content);
                }
            }
        }
        if self.faults.has(FakeDefect::DmsLosesVersion) {
            for id in &older {
                self.objects.remove(id);
            }
            if let Some(Series { versions, .. }) = self.series.get_mut(series) {
                versions.retain(|id| id == newest);
            }
        }
    }
}
