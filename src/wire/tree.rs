//! JSON as a tree of elements, so that places in it have paths like places in XML: the root is
//! [`JSON_ROOT`] in no namespace, members of objects are elements of their names, a list is its
//! elements one after the other. A list that lies directly in a list keeps the name of the outer one.
//! `null` is an empty element with an attribute `nil`, since it is neither absent nor an empty text.
//! What kind of value stood there (text, number, truth value) is not kept; its characters are.

use super::json::Json;
use crate::xml::{Element, Node};

/// Name of the root element of a tree that was JSON.
pub const JSON_ROOT: &str = "json";

/// The tree of a value.
pub fn tree_of(value: &Json) -> Element {
    let mut root = Element::new("", JSON_ROOT);
    match value {
        Json::List(_) => root.children = elements(JSON_ROOT, value),
        other => fill(&mut root, other),
    }
    root
}

fn elements(name: &str, value: &Json) -> Vec<Node> {
    match value {
        Json::List(list) => list
            .iter()
            .map(|inner| {
                let mut element = Element::new("", name);
                match inner {
                    Json::List(_) => element.children = elements(name, inner),
                    other => fill(&mut element, other),
                }
                Node::Element(element)
            })
            .collect(),
        other => {
            let mut element = Element::new("", name);
            fill(&mut element, other);
            vec![Node::Element(element)]
        }
    }
}

fn fill(element: &mut Element, value: &Json) {
    let mut text = |text: &str| {
        if !text.is_empty() {
            element.children.push(Node::Text(text.to_owned()));
        }
    };
    match value {
        Json::Null => element.set_attribute("nil", "true"),
        Json::Bool(value) => text(if *value { "true" } else { "false" }),
        Json::Number(number) => text(number),
        Json::Text(value) => text(value),
        Json::Object(members) => {
            element.children =
                members.iter().flat_map(|(name, value)| elements(&as_name(name), value)).collect();
        }
        // A list has its elements beside each other, not one around them.
        Json::List(_) => {}
    }
}

/// A key as the name of an element: what no name of XML may hold becomes `_xHHHH_`, its code point in
/// hexadecimal (as in ISO/IEC 9075-14 section 9.1), so that different keys keep different names.
fn as_name(key: &str) -> String {
    let letter = |c: char| c.is_alphabetic() || c == '_';
    let mut out = String::new();
    for (at, c) in key.char_indices() {
        let fine = match at {
            0 => letter(c),
            _ => letter(c) || c.is_numeric() || c == '-' || c == '.',
        };
        match fine && !key[at..].starts_with("_x") {
            true => out.push(c),
            false => out.push_str(&format!("_x{:04X}_", u32::from(c))),
        }
    }
    match out.is_empty() {
        true => "_x_".into(),
        false => out,
    }
}

#[cfg(test)]
mod tests {
    use super::{as_name, tree_of};
    use crate::wire::read_json;

    #[test]
    fn places_in_json_have_paths() {
        let text =
            "{\"a\":{\"b\":[{\"c\":1.50},{\"c\":\"01\"}],\"leer\":[],\"n\":null,\"t\":true}}";
        let root = tree_of(&read_json(text.as_bytes(), 8).unwrap().value);
        assert_eq!(root.values_at("a/b/c", ""), ["1.50", "01"]);
        assert_eq!(root.values_at("a/leer", ""), Vec::<String>::new());
        assert_eq!(root.values_at("a/n", ""), [""]);
        assert_eq!(root.values_at("a/n/@nil", ""), ["true"]);
        assert_eq!(root.values_at("a/t", ""), ["true"]);
        let lists = tree_of(&read_json(b"[[1,2],[3]]", 8).unwrap().value);
        assert_eq!(lists.values_at("json/json", ""), ["1", "2", "3"]);
    }

    #[test]
    fn keys_that_are_no_names_stay_apart() {
        for (key, name) in [
            ("größe", "größe"),
            ("a b", "a_x0020_b"),
            ("a/b", "a_x002F_b"),
            ("@a", "_x0040_a"),
            ("1a", "_x0031_a"),
            ("a_x0020_b", "a_x005F_x0020_b"),
            ("", "_x_"),
        ] {
            assert_eq!(as_name(key), name);
        }
    }
}
