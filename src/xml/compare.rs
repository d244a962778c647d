//! XML compared by meaning: namespaces, not prefixes; attributes in any order; white space between
//! elements ignored. All differences are reported.

use super::tree::{Attribute, Element};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// One difference between two documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, as a path with positions, such as `/Antrag/Betrieb[2]/@art`.
    pub place: String,
    /// What the first document holds; `None` when it holds nothing there.
    pub expected: Option<String>,
    /// What the second document holds.
    pub actual: Option<String>,
}

/// All differences, in document order.
pub fn compare(expected: &Element, actual: &Element) -> Vec<Difference> {
    let mut out = Vec::new();
    let place = format!("/{}", expected.name);
    if (&expected.namespace, &expected.name) != (&actual.namespace, &actual.name) {
        out.push(Difference {
            place,
            expected: Some(full_name(expected)),
            actual: Some(full_name(actual)),
        });
    } else {
        element(expected, actual, &place, &mut out);
    }
    out
}

fn full_name(element: &Element) -> String {
    if element.namespace.is_empty() {
        element.name.clone()
    } else {
        format!("{{{}}}{}", element.namespace, element.name)
    }
}

fn element(expected: &Element, actual: &Element, place: &str, out: &mut Vec<Difference>) {
    attributes(expected, actual, place, out);
    let leaf = expected.is_leaf() && actual.is_leaf();
    let (a, b) = (expected.text(), actual.text());
    let same = if leaf { a == b } else { collapse(&a) == collapse(&b) };
    if !same {
        out.push(Difference { place: place.into(), expected: Some(a), actual: Some(b) });
    }
    children(expected, actual, place, out);
}

fn collapse(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn attributes(expected: &Element, actual: &Element, place: &str, out: &mut Vec<Difference>) {
    let find = |list: &[Attribute], a: &Attribute| {
        list.iter().find(|b| b.name == a.name && b.namespace == a.namespace).cloned()
    };
    for a in &expected.attributes {
        let place = format!("{place}/@{}", a.name);
        match find(&actual.attributes, a) {
            Some(b) if value(expected, a) == value(actual, &b) => {}
            other => out.push(Difference {
                place,
                expected: Some(a.value.clone()),
                actual: other.map(|b| b.value),
            }),
        }
    }
    for b in &actual.attributes {
        if find(&expected.attributes, b).is_none() {
            out.push(Difference {
                place: format!("{place}/@{}", b.name),
                expected: None,
                actual: Some(b.value.clone()),
            });
        }
    }
}

/// The value of `xsi:type` is a qualified name: its prefix counts by what it stands for.
fn value(owner: &Element, attribute: &Attribute) -> String {
    if attribute.namespace != XSI || attribute.name != "type" {
        return attribute.value.clone();
    }
    let (prefix, local) =
        attribute.value.trim().split_once(':').unwrap_or(("", attribute.value.trim()));
    let uri = owner.scope.iter().find(|(p, _)| p == prefix).map_or("", |(_, uri)| uri.as_str());
    format!("{{{uri}}}{local}")
}

fn children(expected: &Element, actual: &Element, place: &str, out: &mut Vec<Difference>) {
    let a: Vec<&Element> = expected.elements().collect();
    let b: Vec<&Element> = actual.elements().collect();
    let names = |list: &[&Element]| list.iter().map(|e| full_name(e)).collect::<Vec<_>>();
    let (na, nb) = (names(&a), names(&b));
    for op in similar::capture_diff_slices(similar::Algorithm::Myers, &na, &nb) {
        let (tag, old, new) = op.as_tag_tuple();
        if tag == similar::DiffTag::Equal {
            for (i, j) in old.zip(new) {
                element(a[i], b[j], &step(place, &a, i), out);
            }
            continue;
        }
        for i in old {
            out.push(Difference {
                place: step(place, &a, i),
                expected: Some(summary(a[i])),
                actual: None,
            });
        }
        for j in new {
            out.push(Difference {
                place: step(place, &b, j),
                expected: None,
                actual: Some(summary(b[j])),
            });
        }
    }
}

fn step(place: &str, list: &[&Element], index: usize) -> String {
    let name = &list[index].name;
    if list.iter().filter(|e| &e.name == name).count() == 1 {
        return format!("{place}/{name}");
    }
    let nth = list[..=index].iter().filter(|e| &e.name == name).count();
    format!("{place}/{name}[{nth}]")
}

fn summary(element: &Element) -> String {
    if element.is_leaf() {
        format!("<{}>{}</{}>", element.name, element.text(), element.name)
    } else {
        format!("<{}>…</{}>", element.name, element.name)
    }
}
