//! The UUIDs of records: those that Fachverfahren gave (IdentifikationObjektType/ID, kept as the
//! standard asks), and one for every other object of the repository, which follows from its id.

use std::collections::BTreeMap;

use super::names::is_uuid;
use crate::fake_system::dms::store::{Object, Store};
use crate::ids::Digest;

/// Given UUIDs, in lower case.
#[derive(Debug, Default, Clone)]
pub(super) struct Ids {
    /// What stays of an object through its versions, by UUID; and the other way round.
    anchors: BTreeMap<String, String>,
    given: BTreeMap<String, String>,
}

/// What stays of an object through its versions.
fn anchor(object: &Object) -> &str {
    object.version.as_ref().map_or(&object.id, |v| &v.series)
}

/// A UUID made from a name: version 8 (RFC 9562, section 5.8), from its SHA-256.
pub(super) fn made_from(name: &str) -> String {
    let digits = Digest::of(format!("urn:pruefstand:dms:{name}")).0;
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

impl Ids {
    /// The UUID of an object.
    pub fn of(&self, system: &str, object: &Object) -> String {
        let anchor = anchor(object);
        self.given.get(anchor).cloned().unwrap_or_else(|| made_from(&format!("{system}:{anchor}")))
    }

    /// Keeps the UUID that somebody gave to an object.
    pub fn give(&mut self, uuid: &str, object: &Object) {
        let (uuid, anchor) = (uuid.to_lowercase(), anchor(object).to_owned());
        self.anchors.insert(uuid.clone(), anchor.clone());
        self.given.insert(anchor, uuid);
    }

    /// The object of a UUID or of an id of the repository, of a document the newest version.
    pub fn find<'a>(&self, system: &str, store: &'a Store, id: &str) -> Option<&'a Object> {
        let id = id.trim();
        if let Ok(object) = store.get(id) {
            return Some(object);
        }
        let uuid = id.to_lowercase();
        if !is_uuid(&uuid) {
            return None;
        }
        let of_anchor = |anchor: &str| match store.series.get(anchor) {
            Some(series) => store.get(series.versions.last()?).ok(),
            None => store.get(anchor).ok(),
        };
        if let Some(anchor) = self.anchors.get(&uuid) {
            return of_anchor(anchor);
        }
        // Only made ids have these digits, and looking for one means making all.
        if uuid.get(14..15) != Some("8") || uuid.get(19..20) != Some("a") {
            return None;
        }
        let found = store.objects.values().find(|o| {
            let anchor = anchor(o);
            !self.given.contains_key(anchor) && made_from(&format!("{system}:{anchor}")) == uuid
        })?;
        of_anchor(anchor(found))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_uuid, made_from};

    #[test]
    fn made_ids_are_uuids_and_differ() {
        assert!(is_uuid(&made_from("a")));
        assert_ne!(made_from("a"), made_from("b"));
        assert_eq!(made_from("a").as_bytes()[14], b'8');
    }
}
