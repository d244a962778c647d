//! What the repository tells the world: which cases have something filed. It looks at the objects
//! themselves, so it does not matter by which binding they came.

use bytes::Bytes;
use serde_json::Value;

use super::Dms;
use super::store::{Object, Store};
use crate::fake_system::world::{Note, State, texts};
use crate::ids::Correlator;
use crate::xml::parse;

/// How much of a content is looked at, bytes.
const LOOKED_AT: usize = 1024 * 1024;

/// An object that is new or changed, as far as the world wants to know it.
pub(super) struct Filed {
    vorgang: String,
    aktenzeichen: Option<String>,
    values: Vec<String>,
    content: Option<Bytes>,
    new: bool,
}

/// What changed in a store since a token.
pub(super) fn since(store: &Store, token: u64) -> Vec<Filed> {
    let mut changes: Vec<_> = store.changes.after(token).collect();
    changes.reverse();
    let kinds = changes.iter().filter(|c| matches!(c.kind, "created" | "updated"));
    kinds.filter_map(|c| filed(store, store.get(&c.id).ok()?, c.kind == "created")).collect()
}

fn filed(store: &Store, object: &Object, new: bool) -> Option<Filed> {
    let values: Vec<String> = object.own.values().flat_map(strings).map(str::to_owned).collect();
    let content = object.content.as_ref().filter(|c| c.bytes.len() <= LOOKED_AT);
    let path = store.path(object);
    // Its own metadata say best to which case it belongs, then where it lies, then what is in it.
    let places = values.iter().map(String::as_bytes).chain([path.as_bytes()]);
    let content_of = || content.and_then(|c| case_in(&c.bytes));
    let vorgang = { places }.find_map(case_in).or_else(content_of)?.to_owned();
    let number = object.own.iter().find(|(id, _)| id.to_lowercase().ends_with("aktenzeichen"));
    Some(Filed {
        vorgang,
        aktenzeichen: number.and_then(|(_, v)| strings(v).next()).map(str::to_owned),
        content: content.map(|c| c.bytes.clone()),
        values,
        new,
    })
}

fn case_in(raw: &[u8]) -> Option<&str> {
    Correlator::candidates(raw).find(|word| word.starts_with("PS-"))
}

/// The texts of a property's value, which may be one or many.
fn strings(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().into_iter().flatten();
    std::iter::once(value).chain(many).filter_map(Value::as_str)
}

impl Dms {
    /// Tells the world what has changed since it was last told.
    pub(super) fn tell(&self) {
        let Some((world, told)) = &self.world else { return };
        let filed = {
            let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let store = self.locked();
            // What was taken back is not there any more, and its tokens are given again.
            let from = (*told).min(store.changes.latest());
            *told = store.changes.latest();
            since(&store, from)
        };
        for one in filed {
            let note = Note {
                system: &self.id,
                vorgang: &one.vorgang,
                state: one.new.then_some(State::Abgelegt),
                aktenzeichen: one.aktenzeichen,
            };
            let (mut values, content) = (one.values, one.content);
            world.note(note, || {
                let document = content.and_then(|bytes| parse(&bytes).ok());
                values.extend(document.into_iter().flat_map(|d| texts(&d.root)));
                values
            });
        }
    }
}
