//! The way back from a tree to JSON ([`super::tree_of`] is the way there). A tree does not say what was a
//! list and what a number: whoever writes must be told, by paths.

use super::json::{Json, read_json};
use crate::xml::Element;

/// What is what in JSON, by paths without the root, such as `daten/baum/umfang`. What is named nowhere is
/// a text or an object; what occurs more than once is a list in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonKinds {
    /// Lists, also of one.
    pub lists: Vec<String>,
    /// Numbers; what is no number of JSON stays a text.
    pub numbers: Vec<String>,
    /// Truth values; what is none stays a text.
    pub truth_values: Vec<String>,
}

/// The value that a tree stands for.
pub fn json_of(root: &Element, kinds: &JsonKinds) -> Json {
    value(root, "", kinds)
}

fn value(element: &Element, path: &str, kinds: &JsonKinds) -> Json {
    let is = |list: &[String]| list.iter().any(|p| p == path);
    if element.attribute("nil") == Some("true") {
        return Json::Null;
    }
    if element.is_leaf() {
        let text = element.text();
        if is(&kinds.numbers)
            && let Ok(Json::Number(number)) = read_json(text.trim().as_bytes(), 1).map(|d| d.value)
        {
            return Json::Number(number);
        }
        return match text.trim() {
            "true" if is(&kinds.truth_values) => Json::Bool(true),
            "false" if is(&kinds.truth_values) => Json::Bool(false),
            _ => Json::Text(text),
        };
    }
    let mut members: Vec<(String, Vec<Json>)> = Vec::new();
    for child in element.elements() {
        let below = match path {
            "" => child.name.clone(),
            path => format!("{path}/{}", child.name),
        };
        let value = value(child, &below, kinds);
        match members.iter_mut().find(|(name, _)| *name == child.name) {
            Some((_, all)) => all.push(value),
            None => members.push((child.name.clone(), vec![value])),
        }
    }
    let listed = |name: &str| {
        let below = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        kinds.lists.contains(&below)
    };
    let member = |(name, mut all): (String, Vec<Json>)| {
        let value = match all.len() {
            1 if !listed(&name) => all.remove(0),
            _ => Json::List(all),
        };
        (as_key(&name), value)
    };
    Json::Object(members.into_iter().map(member).collect())
}

/// The key that became the name of an element (`_xHHHH_` is a code point).
fn as_key(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let code = rest[at + 2..].split_once('_').and_then(|(code, after)| {
            let sign = match code {
                "" => None,
                code => Some(char::from_u32(u32::from_str_radix(code, 16).ok()?)?),
            };
            Some((sign, after))
        });
        match code {
            Some((sign, after)) => {
                out.extend(sign);
                rest = after;
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{JsonKinds, as_key, json_of};
    use crate::wire::{read_json, tree_of};

    #[test]
    fn json_goes_to_a_tree_and_back() {
        let text = "{\"a b\":\"01\",\"daten\":{\"n\":1.50,\"l\":[\"x\"],\"m\":[\"x\",\"y\"],\"j\":true,\"nichts\":null}}";
        let kinds = JsonKinds {
            lists: vec!["daten/l".into()],
            numbers: vec!["daten/n".into()],
            truth_values: vec!["daten/j".into()],
        };
        let mut out = String::new();
        json_of(&tree_of(&read_json(text.as_bytes(), 8).unwrap().value), &kinds).write(&mut out);
        assert_eq!(out, text);
        assert_eq!(as_key("a_x005F_x0020_b"), "a_x0020_b");
        assert_eq!(as_key("_x_"), "");
    }
}
