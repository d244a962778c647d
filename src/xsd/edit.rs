//! Changes to a message: readable, exact, and stored in plans.

use super::name::{Name, XSI};
use super::node::type_attribute;
use crate::xml::{Attribute, Element, Node, parse};

/// A change at one place. A place is a path of local names below the root, each with its 1-based
/// index among the children of that name: `nachrichtenkopf.g2g[1]/leser[1]`; the root is the empty
/// text.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Edit {
    /// Replaces the text inside an element; child elements stay.
    SetText {
        /// The element.
        at: String,
        /// The new text.
        text: String,
    },
    /// Adds or replaces an attribute.
    SetAttribute {
        /// The element.
        at: String,
        /// Local name of the attribute.
        name: String,
        /// Namespace of the attribute, empty for none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        namespace: String,
        /// The new value.
        value: String,
    },
    /// Sets `xsi:type`; the prefix of the type's name is bound at the element.
    SetType {
        /// The element.
        at: String,
        /// Local name of the type.
        name: String,
        /// Namespace of the type, empty for none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        namespace: String,
    },
    /// Removes an attribute.
    RemoveAttribute {
        /// The element.
        at: String,
        /// Local name of the attribute.
        name: String,
        /// Namespace of the attribute, empty for none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        namespace: String,
    },
    /// Removes an element.
    Remove {
        /// The element.
        at: String,
    },
    /// Puts an element into another.
    Insert {
        /// The element that receives it.
        at: String,
        /// How many child elements stay before it; greater numbers mean the end.
        position: usize,
        /// The element as XML; it declares its namespaces itself.
        xml: String,
    },
    /// Repeats an element behind itself, so that it stands there this many times in all.
    Repeat {
        /// The element.
        at: String,
        /// Copies in all.
        times: u32,
    },
    /// Exchanges an element with the next element beside it.
    Swap {
        /// The first of the two.
        at: String,
    },
    /// Gives an element another name.
    Rename {
        /// The element.
        at: String,
        /// The new local name.
        name: String,
        /// The new namespace, empty for none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        namespace: String,
    },
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no such element.
    #[error("\"{at}\" is not in the message: {missing} is missing")]
    NotThere {
        /// The place asked for.
        at: String,
        /// The first step that leads nowhere.
        missing: String,
    },
    /// The place is not written as it must be.
    #[error("\"{at}\" is no place; write name[1]/name[2]")]
    NoPlace {
        /// The text.
        at: String,
    },
    /// The inserted text is not one well-formed element.
    #[error("the element to insert at \"{at}\" is not well-formed: {why}")]
    NotXml {
        /// The place.
        at: String,
        /// What the parser says.
        why: String,
    },
    /// More copies than anyone needs.
    #[error("\"{at}\" cannot stand there {times} times; at most {most}")]
    TooMany {
        /// The place.
        at: String,
        /// The number asked for.
        times: u32,
        /// The most that are made.
        most: u32,
    },
}

/// Most copies that [`Edit::Repeat`] makes.
pub const MOST_COPIES: u32 = 10_000;

impl Edit {
    /// The element that the change is about.
    pub fn at(&self) -> &str {
        match self {
            Edit::SetText { at, .. }
            | Edit::SetAttribute { at, .. }
            | Edit::SetType { at, .. }
            | Edit::RemoveAttribute { at, .. }
            | Edit::Remove { at }
            | Edit::Insert { at, .. }
            | Edit::Repeat { at, .. }
            | Edit::Swap { at }
            | Edit::Rename { at, .. } => at,
        }
    }
}

/// Makes all changes, one after the other; places mean the message as it is then.
///
/// # Errors
/// When a place does not exist; the message may have been changed in part.
pub fn apply(root: &mut Element, edits: &[Edit]) -> Result<(), EditError> {
    edits.iter().try_for_each(|edit| one(root, edit))
}

fn one(root: &mut Element, edit: &Edit) -> Result<(), EditError> {
    match edit {
        Edit::SetText { at, text } => {
            let element = find(root, at)?;
            element.children.retain(|c| matches!(c, Node::Element(_)));
            if !text.is_empty() {
                element.children.insert(0, Node::Text(text.clone()));
            }
        }
        Edit::SetAttribute { at, name, namespace, value } => {
            let element = find(root, at)?;
            let found = element
                .attributes
                .iter_mut()
                .find(|a| a.name == *name && a.namespace == *namespace);
            match found {
                Some(attribute) => attribute.value.clone_from(value),
                None => element.attributes.push(Attribute {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    value: value.clone(),
                }),
            }
        }
        Edit::SetType { at, name, namespace } => {
            let element = find(root, at)?;
            element.attributes.retain(|a| a.name != "type" || a.namespace != XSI);
            let name = Name::new(namespace, name);
            let attribute = type_attribute(&name, &mut element.scope);
            element.attributes.insert(0, attribute);
        }
        Edit::RemoveAttribute { at, name, namespace } => {
            let element = find(root, at)?;
            let before = element.attributes.len();
            element.attributes.retain(|a| a.name != *name || a.namespace != *namespace);
            if element.attributes.len() == before {
                return Err(EditError::NotThere { at: at.clone(), missing: format!("@{name}") });
            }
        }
        Edit::Remove { at } => {
            let (parent, index) = beside(root, at)?;
            parent.children.remove(index);
        }
        Edit::Insert { at, position, xml } => {
            let new = parse(xml.as_bytes())
                .map_err(|e| EditError::NotXml { at: at.clone(), why: e.to_string() })?
                .root;
            let element = find(root, at)?;
            if element.children.is_empty() {
                // What was empty must not get white space as well: that may be a second fault.
                element.children.push(Node::Text(String::new()));
            }
            let places: Vec<usize> = (0..element.children.len())
                .filter(|i| matches!(element.children[*i], Node::Element(_)))
                .collect();
            let index = places.get(*position).copied().unwrap_or(element.children.len());
            element.children.insert(index, Node::Element(new));
        }
        Edit::Repeat { at, times } => {
            if *times > MOST_COPIES {
                let most = MOST_COPIES;
                return Err(EditError::TooMany { at: at.clone(), times: *times, most });
            }
            let (parent, index) = beside(root, at)?;
            let copy = parent.children[index].clone();
            for _ in 1..*times {
                parent.children.insert(index, copy.clone());
            }
        }
        Edit::Swap { at } => {
            let (parent, index) = beside(root, at)?;
            let next = (index + 1..parent.children.len())
                .find(|i| matches!(parent.children[*i], Node::Element(_)))
                .ok_or_else(|| EditError::NotThere {
                    at: at.clone(),
                    missing: "an element after it".to_owned(),
                })?;
            parent.children.swap(index, next);
        }
        Edit::Rename { at, name, namespace } => {
            let element = find(root, at)?;
            element.name.clone_from(name);
            element.namespace.clone_from(namespace);
        }
    }
    Ok(())
}

/// The steps of a place: name and 1-based index.
fn steps(at: &str) -> Result<Vec<(&str, usize)>, EditError> {
    let bad = || EditError::NoPlace { at: at.to_owned() };
    if at.is_empty() {
        return Ok(Vec::new());
    }
    at.split('/')
        .map(|step| {
            let (name, index) =
                step.strip_suffix(']').and_then(|s| s.split_once('[')).ok_or_else(bad)?;
            let index: usize = index.parse().map_err(|_| bad())?;
            if name.is_empty() || index == 0 { Err(bad()) } else { Ok((name, index)) }
        })
        .collect()
}

fn child_index(element: &Element, name: &str, nth: usize) -> Option<usize> {
    let mut left = nth;
    element.children.iter().position(|child| {
        if matches!(child, Node::Element(e) if e.name == name) {
            left -= 1;
        }
        left == 0
    })
}

fn find<'e>(root: &'e mut Element, at: &str) -> Result<&'e mut Element, EditError> {
    let mut here = root;
    for (name, nth) in steps(at)? {
        let missing =
            || EditError::NotThere { at: at.to_owned(), missing: format!("{name}[{nth}]") };
        let index = child_index(here, name, nth).ok_or_else(missing)?;
        match here.children.get_mut(index) {
            Some(Node::Element(next)) => here = next,
            _ => return Err(missing()),
        }
    }
    Ok(here)
}

fn beside<'e>(root: &'e mut Element, at: &str) -> Result<(&'e mut Element, usize), EditError> {
    let (parent, last) = at.rsplit_once('/').unwrap_or(("", at));
    let Some((name, nth)) = steps(last)?.into_iter().next() else {
        return Err(EditError::NoPlace { at: at.to_owned() });
    };
    let parent = find(root, parent)?;
    match child_index(parent, name, nth) {
        Some(index) => Ok((parent, index)),
        None => Err(EditError::NotThere { at: at.to_owned(), missing: format!("{name}[{nth}]") }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Edit, EditError, apply};
    use crate::xml::parse;

    fn edited(edits: &[Edit]) -> Result<String, EditError> {
        let mut root = parse(b"<a><b x='1'>eins</b><c/><b>zwei</b></a>").unwrap().root;
        apply(&mut root, edits)?;
        Ok(root.to_xml().split_once('\n').unwrap().1.replace(['\n', ' '], ""))
    }

    #[test]
    fn places_count_among_children_of_one_name() {
        let at = "b[2]".to_owned();
        let text = Edit::SetText { at: at.clone(), text: "drei".into() };
        assert_eq!(edited(&[text]).unwrap(), "<a><bx=\"1\">eins</b><c/><b>drei</b></a>");
        assert_eq!(
            edited(&[Edit::Repeat { at: at.clone(), times: 2 }]).unwrap(),
            "<a><bx=\"1\">eins</b><c/><b>zwei</b><b>zwei</b></a>"
        );
        assert_eq!(
            edited(&[Edit::Swap { at: "b[1]".into() }]).unwrap(),
            "<a><c/><bx=\"1\">eins</b><b>zwei</b></a>"
        );
        let insert = Edit::Insert { at: String::new(), position: 1, xml: "<d/>".into() };
        assert_eq!(
            edited(&[insert, Edit::Remove { at: "c[1]".into() }]).unwrap(),
            "<a><bx=\"1\">eins</b><d/><b>zwei</b></a>"
        );
    }

    #[test]
    fn wrong_places_are_named() {
        let missing = edited(&[Edit::Remove { at: "b[3]".into() }]).unwrap_err();
        assert_eq!(missing.to_string(), "\"b[3]\" is not in the message: b[3] is missing");
        for at in ["b", "b[0]", "b[x]", "[1]", "b[1]/"] {
            let wrong = edited(&[Edit::SetText { at: at.into(), text: String::new() }]);
            assert!(matches!(wrong, Err(EditError::NoPlace { .. })), "{at}");
        }
        assert!(matches!(
            edited(&[Edit::Repeat { at: "c[1]".into(), times: u32::MAX }]),
            Err(EditError::TooMany { .. })
        ));
    }

    #[test]
    fn edits_are_written_with_readable_words() {
        let edit = Edit::SetAttribute {
            at: "b[1]".into(),
            name: "x".into(),
            namespace: String::new(),
            value: "2".into(),
        };
        let text = serde_json::to_string(&edit).unwrap();
        assert_eq!(text, r#"{"do":"set-attribute","at":"b[1]","name":"x","value":"2"}"#);
        assert_eq!(serde_json::from_str::<Edit>(&text).unwrap(), edit);
        let unknown = r#"{"do":"remove","at":"b[1]","why":"so"}"#;
        assert!(serde_json::from_str::<Edit>(unknown).is_err());
    }
}
