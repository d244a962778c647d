//! What faulty fakes do to what they hold and send.

use std::borrow::Cow;

use super::defect::FakeDefect;
use super::script::Scripts;
use crate::wire::{Json, read_json};
use crate::xml::{Element, Node, parse};

/// Deepest JSON that is read.
const DEEPEST: u32 = 64;

/// What is kept of what was taken: nothing, something else, or itself.
pub(super) fn kept<'a>(scripts: &Scripts, content: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    if scripts.has(FakeDefect::FvForgets) {
        return None;
    }
    if scripts.has(FakeDefect::FvDropsField)
        && let Ok(text) = std::str::from_utf8(content)
    {
        return Some(Cow::Owned(without_last_leaf(text).into_bytes()));
    }
    if scripts.has(FakeDefect::FvBreaksUmlauts) {
        let text: String = content.iter().map(|b| char::from(*b)).collect();
        return Some(Cow::Owned(text.into_bytes()));
    }
    Some(Cow::Borrowed(content))
}

/// A text of XML or JSON without its last leaf; any other text without its end.
pub(super) fn without_last_leaf(text: &str) -> String {
    if let Ok(document) = parse(text.as_bytes()) {
        let mut root = document.root;
        drop_last(&mut root);
        return root.to_xml();
    }
    match read_json(text.as_bytes(), DEEPEST) {
        Ok(mut document) => {
            drop_last_json(&mut document.value);
            let mut out = String::new();
            document.value.write(&mut out);
            out
        }
        Err(_) => text.chars().take(text.chars().count() / 2).collect(),
    }
}

/// Takes the last leaf of JSON away; gives back whether the value itself is one.
fn drop_last_json(at: &mut Json) -> bool {
    match at {
        Json::Object(members) if !members.is_empty() => {
            if members.last_mut().is_some_and(|(_, inner)| drop_last_json(inner)) {
                members.pop();
            }
        }
        Json::List(list) if !list.is_empty() => {
            if list.last_mut().is_some_and(drop_last_json) {
                list.pop();
            }
        }
        _ => return true,
    }
    false
}

/// Takes the last leaf away, or the last attribute of an element that has nothing else.
fn drop_last(at: &mut Element) {
    let last = at.children.iter().rposition(|n| matches!(n, Node::Element(_)));
    let Some(place) = last else {
        at.attributes.pop();
        return;
    };
    if let Node::Element(inner) = &mut at.children[place]
        && (!inner.is_leaf() || !inner.attributes.is_empty())
    {
        drop_last(inner);
        return;
    }
    at.children.remove(place);
}

/// The same in a text of whatever format.
pub(super) fn text_has_rare_letters(content: &[u8]) -> bool {
    String::from_utf8_lossy(content).chars().any(|c| u32::from(c) > 0xFF)
}

/// Letters beyond Latin-1, as names in Saxony have them.
pub(super) fn has_rare_letters(root: &Element) -> bool {
    let mut found = false;
    root.walk(&mut |_, element| {
        let texts = element.attributes.iter().map(|a| a.value.clone()).chain([element.text()]);
        found |= texts.into_iter().any(|t| t.chars().any(|c| u32::from(c) > 0xFF));
    });
    found
}
