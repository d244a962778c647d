//! The UUIDs of records: those that Fachverfahren gave (IdentifikationObjektType/ID, kept as the
//! standard asks), and one for every other object of the repository, which follows from its id.

use std::collections::BTreeMap;

use crate::fake_system::dms::store::{Object, Store};
use crate::ids::Digest;

/// UUIDs that were given or told, in lower case.
#[derive(Debug, Default, Clone)]
pub(super) struct Ids {
    /// What stays of an object through its versions, by UUID; and the other way round.
    anchors: BTreeMap<String, String>,
    uuids: BTreeMap<String, String>,
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
    /// The UUID of an object, which is known from now on.
    pub fn of(&mut self, system: &str, object: &Object) -> String {
        if let Some(uuid) = self.uuids.get(anchor(object)) {
            return uuid.clone();
        }
        let uuid = made_from(&format!("{system}:{}", anchor(object)));
        self.give(&uuid, object);
        uuid
    }

    /// Keeps the UUID that somebody gave to an object.
    pub fn give(&mut self, uuid: &str, object: &Object) {
        let (uuid, anchor) = (uuid.to_lowercase(), anchor(object).to_owned());
        self.anchors.insert(uuid.clone(), anchor.clone());
        self.uuids.insert(anchor, uuid);
    }

    /// The object of a UUID or of an id of the repository, of a document the newest version.
    pub fn find<'a>(&self, store: &'a Store, id: &str) -> Option<&'a Object> {
        let id = id.trim();
        if let Ok(object) = store.get(id) {
            return Some(object);
        }
        let anchor = self.anchors.get(&id.to_lowercase())?;
        match store.series.get(anchor) {
            Some(series) => store.get(series.versions.last()?).ok(),
            None => store.get(anchor).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::made_from;
    use crate::fake_system::dms::xdomea::names::is_uuid;

    #[test]
    fn made_ids_are_uuids_and_differ() {
        assert!(is_uuid(&made_from("a")));
        assert_ne!(made_from("a"), made_from("b"));
        assert_eq!(made_from("a").as_bytes()[14], b'8');
    }
}
