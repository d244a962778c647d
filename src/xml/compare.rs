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
    /// What both values mean as qualified names, where they are plain texts that look like such.
    pub names: Option<(String, String)>,
}

/// All differences, in document order.
pub fn compare(expected: &Element, actual: &Element) -> Vec<Difference> {
    compare_qualified(expected, actual, &[])
}

/// All differences, in document order. Values at `qualified` places (paths without positions, such
/// as `/Antrag/@art`) are qualified names: their prefixes count by what they stand for. Those of
/// `xsi:type` always are.
pub fn compare_qualified(
    expected: &Element,
    actual: &Element,
    qualified: &[String],
) -> Vec<Difference> {
    let mut out = Vec::new();
    let place = format!("/{}", expected.name);
    let places = Places { qualified };
    if (&expected.namespace, &expected.name) != (&actual.namespace, &actual.name) {
        out.push(Difference {
            place,
            expected: Some(full_name(expected)),
            actual: Some(full_name(actual)),
            names: None,
        });
    } else {
        places.element(expected, actual, &place, &mut out);
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

/// Which values are qualified names.
struct Places<'a> {
    qualified: &'a [String],
}

impl Places<'_> {
    fn is_qualified(&self, place: &str) -> bool {
        let plain = || -> String {
            let steps = place.split('/').map(|s| s.split_once('[').map_or(s, |(name, _)| name));
            steps.collect::<Vec<_>>().join("/")
        };
        !self.qualified.is_empty() && self.qualified.contains(&plain())
    }

    fn element(
        &self,
        expected: &Element,
        actual: &Element,
        place: &str,
        out: &mut Vec<Difference>,
    ) {
        self.attributes(expected, actual, place, out);
        let leaf = expected.is_leaf() && actual.is_leaf();
        let (a, b) = (expected.text(), actual.text());
        let same = if leaf { a == b } else { collapse(&a) == collapse(&b) };
        let name = leaf && self.is_qualified(place);
        if !same || name {
            out.extend(differ((expected, &a), (actual, &b), place, name));
        }
        self.children(expected, actual, place, out);
    }

    fn attributes(
        &self,
        expected: &Element,
        actual: &Element,
        place: &str,
        out: &mut Vec<Difference>,
    ) {
        let find = |list: &[Attribute], a: &Attribute| {
            list.iter().find(|b| b.name == a.name && b.namespace == a.namespace).cloned()
        };
        for a in &expected.attributes {
            let place = format!("{place}/@{}", a.name);
            let is_type = a.namespace == XSI && a.name == "type";
            let name = is_type || self.is_qualified(&place);
            match find(&actual.attributes, a) {
                Some(b) => {
                    out.extend(differ((expected, &a.value), (actual, &b.value), &place, name));
                }
                None => out.push(Difference {
                    place,
                    expected: Some(a.value.clone()),
                    actual: None,
                    names: None,
                }),
            }
        }
        for b in &actual.attributes {
            if find(&expected.attributes, b).is_none() {
                out.push(Difference {
                    place: format!("{place}/@{}", b.name),
                    expected: None,
                    actual: Some(b.value.clone()),
                    names: None,
                });
            }
        }
    }

    fn children(
        &self,
        expected: &Element,
        actual: &Element,
        place: &str,
        out: &mut Vec<Difference>,
    ) {
        let a: Vec<&Element> = expected.elements().collect();
        let b: Vec<&Element> = actual.elements().collect();
        let names = |list: &[&Element]| list.iter().map(|e| full_name(e)).collect::<Vec<_>>();
        let (na, nb) = (names(&a), names(&b));
        for op in similar::capture_diff_slices(similar::Algorithm::Myers, &na, &nb) {
            let (tag, old, new) = op.as_tag_tuple();
            if tag == similar::DiffTag::Equal {
                for (i, j) in old.zip(new) {
                    self.element(a[i], b[j], &step(place, &a, i), out);
                }
                continue;
            }
            for i in old {
                out.push(Difference {
                    place: step(place, &a, i),
                    expected: Some(summary(a[i])),
                    actual: None,
                    names: None,
                });
            }
            for j in new {
                out.push(Difference {
                    place: step(place, &b, j),
                    expected: None,
                    actual: Some(summary(b[j])),
                    names: None,
                });
            }
        }
    }
}

fn collapse(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// The difference of two values, if there is one: as qualified names or as plain texts.
fn differ(
    (left, a): (&Element, &str),
    (right, b): (&Element, &str),
    place: &str,
    qualified: bool,
) -> Option<Difference> {
    let (x, y) = (expanded(left, a), expanded(right, b));
    let same = if qualified && (x.is_some() || y.is_some()) { x == y } else { a == b };
    if same {
        return None;
    }
    let difference = |expected, actual, names| {
        Some(Difference {
            place: place.into(),
            expected: Some(expected),
            actual: Some(actual),
            names,
        })
    };
    match (x, y) {
        (Some(x), Some(y)) if qualified => difference(x, y, None),
        // Plain texts, but a reader may take them for names.
        (Some(x), Some(y)) if a.contains(':') || b.contains(':') => {
            difference(a.to_owned(), b.to_owned(), Some((x, y)))
        }
        _ => difference(a.to_owned(), b.to_owned(), None),
    }
}

/// A qualified name with its namespace; none where the text is no name or its prefix means nothing.
fn expanded(owner: &Element, text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = |t: &str| {
        t.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && t.chars().all(|c| c.is_alphanumeric() || "._-".contains(c))
    };
    let (prefix, local) = text.split_once(':').unwrap_or(("", text));
    if !is_name(local) || !(prefix.is_empty() || is_name(prefix)) {
        return None;
    }
    match owner.scope.iter().find(|(p, _)| p == prefix) {
        Some((_, uri)) => Some(format!("{{{uri}}}{local}")),
        None => prefix.is_empty().then(|| local.to_owned()),
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
