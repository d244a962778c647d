//! What faulty fakes do to what they hold and send.

use std::borrow::Cow;

use super::defect::FakeDefect;
use super::script::Scripts;
use crate::xml::{Element, Node, parse};

/// What is kept of what was taken: nothing, something else, or itself.
pub(super) fn kept<'a>(scripts: &Scripts, content: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    if scripts.has(FakeDefect::FvForgets) {
        return None;
    }
    if scripts.has(FakeDefect::FvDropsField)
        && let Ok(document) = parse(content)
    {
        let mut root = document.root;
        drop_last(&mut root);
        return Some(Cow::Owned(root.to_xml().into_bytes()));
    }
    if scripts.has(FakeDefect::FvBreaksUmlauts) {
        let text: String = content.iter().map(|b| char::from(*b)).collect();
        return Some(Cow::Owned(text.into_bytes()));
    }
    Some(Cow::Borrowed(content))
}

/// An XML text without its last leaf; any other text without its end.
pub(super) fn without_last_leaf(text: &str) -> String {
    match parse(text.as_bytes()) {
        Ok(document) => {
            let mut root = document.root;
            drop_last(&mut root);
            root.to_xml()
        }
        Err(_) => text.chars().take(text.chars().count() / 2).collect(),
    }
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

/// Letters beyond Latin-1, as names in Saxony have them.
pub(super) fn has_rare_letters(root: &Element) -> bool {
    let mut found = false;
    root.walk(&mut |_, element| {
        let texts = element.attributes.iter().map(|a| a.value.clone()).chain([element.text()]);
        found |= texts.into_iter().any(|t| t.chars().any(|c| u32::from(c) > 0xFF));
    });
    found
}
