//! What lies in a DMS, for people who look at it: newest first, with its metadata and the beginning
//! of its content.

use super::Dms;
use super::store::{Object, Store};
use crate::fake_system::inbox::{Held, Shown};
use crate::ids::Correlator;

/// Most objects that are shown.
const MOST: usize = 500;
/// Most bytes of a content that are shown.
const MOST_BYTES: usize = 16 * 1024;

impl Shown for Dms {
    fn held(&self) -> Vec<Held> {
        let store = self.locked();
        let mut objects: Vec<&Object> = filed(&store).collect();
        objects.sort_by_key(|object| std::cmp::Reverse(object.number));
        objects.into_iter().take(MOST).map(|object| held(&store, object)).collect()
    }

    fn count(&self) -> usize {
        filed(&self.locked()).count()
    }
}

fn filed(store: &Store) -> impl Iterator<Item = &Object> {
    store.objects.values().filter(|object| object.parent.is_some())
}

fn held(store: &Store, object: &Object) -> Held {
    let path = store.path(object);
    let values = object.own.iter().filter_map(|(id, value)| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some((id, text.clone())),
        other => Some((id, other.to_string())),
    });
    let values: Vec<_> = values.collect();
    let number = values.iter().find(|(id, _)| id.to_ascii_lowercase().ends_with("aktenzeichen"));
    let mut text = String::new();
    for (id, value) in &values {
        text.push_str(&format!("{id}: {value}\n"));
    }
    let words = format!("{path} {text}");
    let vorgang = Correlator::candidates(words.as_bytes()).find(|word| word.starts_with("PS-"));
    let mut content = text.clone().into_bytes();
    if let Some(stream) = &object.content {
        let size = stream.bytes.len();
        let line = format!("\n{} ({}, {size} Bytes)\n\n", stream.file_name, stream.media_type);
        content.extend_from_slice(line.as_bytes());
        content.extend_from_slice(&stream.bytes[..size.min(MOST_BYTES)]);
    }
    Held {
        number: 0,
        attachment: false,
        media_type: String::new(),
        message: None,
        again: false,
        time: clock_time(object.created.at),
        vorgang: vorgang.unwrap_or_default().to_owned(),
        title: format!("{path} ({})", object.kind.title),
        aktenzeichen: number.map(|(_, value)| value.clone()).unwrap_or_default(),
        content,
    }
}

/// Hours, minutes and seconds, UTC.
fn clock_time(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| String::new(), |time| time.strftime("%H:%M:%S").to_string())
}
