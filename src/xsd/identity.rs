//! Identity constraints on a message under construction (XML Schema 1.0 part 1, section 3.11).

use std::sync::Arc;

use super::model::{Components, Place, TypeId};
use super::name::Name;
use super::node::{BuiltAttribute, Node};
use super::simple::{Builtin, distinct, involves, same_value};

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Key,
    Unique,
    /// Values must be among those of this key.
    KeyRef(Name),
}

/// A test on one step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    Any,
    In(String),
    Name(Name),
}

impl Test {
    fn holds(&self, name: &Name) -> bool {
        match self {
            Test::Any => true,
            Test::In(namespace) => name.namespace == *namespace,
            Test::Name(wanted) => name == wanted,
        }
    }
}

/// A path of the subset of XPath that selectors and fields may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// Starts with `.//`.
    pub anywhere: bool,
    pub steps: Vec<Test>,
    pub attribute: Option<Test>,
}

/// A key, unique or keyref.
#[derive(Debug, Clone)]
pub(super) struct Constraint {
    pub name: Name,
    pub kind: Kind,
    pub selector: Vec<Path>,
    pub fields: Vec<Vec<Path>>,
    pub place: Place,
}

/// Where a field's value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub path: Vec<usize>,
    /// Index among the attributes; none for the text.
    pub attribute: Option<usize>,
    pub ty: TypeId,
    pub value: String,
    pub fixed: bool,
}

/// The fields of a node that a constraint selects; none where a field is absent.
#[derive(Debug, Clone)]
pub(super) struct Selected {
    pub fields: Vec<Option<Spot>>,
}

fn find(node: &Node, at: &[usize], path: &Path) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    let mut starts: Vec<Vec<usize>> = vec![at.to_vec()];
    if path.anywhere
        && let Some(top) = node.at(at)
    {
        starts.clear();
        top.walk(&mut |below, _| {
            let mut full = at.to_vec();
            full.extend_from_slice(below);
            starts.push(full);
        });
    }
    for start in starts {
        let mut level = vec![start];
        for step in &path.steps {
            let mut next = Vec::new();
            for place in level {
                let Some(found) = node.at(&place) else { continue };
                for (index, child) in found.children.iter().enumerate() {
                    if step.holds(&child.name) {
                        let mut deeper = place.clone();
                        deeper.push(index);
                        next.push(deeper);
                    }
                }
            }
            level = next;
        }
        out.extend(level);
    }
    out.sort();
    out.dedup();
    out
}

fn field(c: &Components, root: &Node, at: &[usize], paths: &[Path]) -> Option<Spot> {
    for path in paths {
        for place in find(root, at, path) {
            let Some(node) = root.at(&place) else { continue };
            match &path.attribute {
                Some(test) => {
                    let found = node.attributes.iter().position(|a| test.holds(&a.name));
                    if let Some(index) = found {
                        let BuiltAttribute { ty, value, fixed, .. } =
                            node.attributes[index].clone();
                        return Some(Spot {
                            path: place,
                            attribute: Some(index),
                            ty,
                            value,
                            fixed,
                        });
                    }
                }
                None => {
                    if let (Some(ty), false) = (node.text_type(c), node.nil) {
                        return Some(Spot {
                            path: place,
                            attribute: None,
                            ty,
                            value: node.text.clone().unwrap_or_default(),
                            fixed: node.decl.is_some_and(|d| c.element(d).fixed.is_some()),
                        });
                    }
                }
            }
        }
    }
    None
}

/// What a constraint of the element at `at` selects, in document order.
pub(super) fn selected(
    c: &Components,
    root: &Node,
    at: &[usize],
    constraint: &Constraint,
) -> Vec<Selected> {
    let mut places: Vec<Vec<usize>> =
        constraint.selector.iter().flat_map(|p| find(root, at, p)).collect();
    places.sort();
    places.dedup();
    places
        .into_iter()
        .map(|path| {
            let fields = constraint.fields.iter().map(|f| field(c, root, &path, f)).collect();
            Selected { fields }
        })
        .collect()
}

/// Two rows of fields have the same values.
pub(super) fn same_row(c: &Components, a: &Selected, b: &Selected) -> bool {
    a.fields.iter().zip(&b.fields).all(|pair| match pair {
        (Some(x), Some(y)) => same_value(c, x.ty, &x.value, &y.value),
        _ => false,
    })
}

pub(super) fn complete(row: &Selected) -> bool {
    row.fields.iter().all(Option::is_some)
}

fn set(root: &mut Node, spot: &Spot, value: String) {
    if let Some(node) = root.at_mut(&spot.path) {
        match spot.attribute {
            Some(index) => node.attributes[index].value = value,
            None => node.text = Some(value),
        }
    }
}

/// All constraints in a message with the place of their element.
pub(super) fn constraints(c: &Components, root: &Node) -> Vec<(Vec<usize>, Arc<Constraint>)> {
    let mut out = Vec::new();
    root.walk(&mut |path, node| {
        if let Some(decl) = node.decl {
            for constraint in &c.element(decl).constraints {
                out.push((path.to_vec(), constraint.clone()));
            }
        }
    });
    out
}

/// Makes keys unique and lets references point at existing keys, also for ID and IDREF. False when
/// that is not possible.
pub(super) fn settle(c: &Components, root: &mut Node) -> bool {
    settle_ids(c, root);
    let all = constraints(c, root);
    for (at, constraint) in &all {
        if matches!(constraint.kind, Kind::KeyRef(_)) {
            continue;
        }
        let rows = selected(c, root, at, constraint);
        let mut seen: Vec<Selected> = Vec::new();
        for mut row in rows {
            if complete(&row) && seen.iter().any(|s| same_row(c, s, &row)) {
                let free = row.fields.iter().position(|f| f.as_ref().is_some_and(|f| !f.fixed));
                if let Some(index) = free
                    && let Some(spot) = row.fields[index].clone()
                {
                    let known: Vec<&str> = seen
                        .iter()
                        .filter_map(|s| s.fields[index].as_ref().map(|f| f.value.as_str()))
                        .collect();
                    if let Some(value) = distinct(c, spot.ty, &known) {
                        set(root, &spot, value.clone());
                        if let Some(field) = row.fields[index].as_mut() {
                            field.value = value;
                        }
                    }
                }
            }
            seen.push(row);
        }
    }
    // References may be keys of other references: a few rounds settle them.
    for _ in 0..3 {
        for (at, constraint) in &all {
            let Kind::KeyRef(refer) = &constraint.kind else { continue };
            let Some(keys) = key_rows(c, root, at, &all, refer) else { continue };
            let Some(key) = keys.iter().find(|k| complete(k)) else { continue };
            for row in selected(c, root, at, constraint) {
                if complete(&row) && !keys.iter().any(|k| same_row(c, k, &row)) {
                    for (field, target) in row.fields.iter().zip(&key.fields) {
                        if let (Some(field), Some(target)) = (field, target) {
                            set(root, field, target.value.clone());
                        }
                    }
                }
            }
        }
    }
    holds(c, root)
}

/// The rows of the key that a keyref at `at` refers to: a key of the same element or of one inside.
pub(super) fn key_rows(
    c: &Components,
    root: &Node,
    at: &[usize],
    all: &[(Vec<usize>, Arc<Constraint>)],
    refer: &Name,
) -> Option<Vec<Selected>> {
    let keys: Vec<Selected> = all
        .iter()
        .filter(|(place, k)| k.name == *refer && place.starts_with(at))
        .flat_map(|(place, k)| selected(c, root, place, k))
        .collect();
    (!keys.is_empty()).then_some(keys)
}

/// True when every constraint holds.
pub(super) fn holds(c: &Components, root: &Node) -> bool {
    let all = constraints(c, root);
    let fine = all.iter().all(|(at, constraint)| {
        let rows = selected(c, root, at, constraint);
        match &constraint.kind {
            Kind::KeyRef(refer) => {
                let keys = key_rows(c, root, at, &all, refer).unwrap_or_default();
                rows.iter().filter(|r| complete(r)).all(|r| keys.iter().any(|k| same_row(c, k, r)))
            }
            kind => {
                (*kind == Kind::Unique || rows.iter().all(complete))
                    && rows
                        .iter()
                        .enumerate()
                        .all(|(i, r)| !complete(r) || !rows[..i].iter().any(|o| same_row(c, o, r)))
            }
        }
    });
    let (ids, refs) = ids(c, root);
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    fine && unique.len() == ids.len() && refs.iter().all(|r| ids.contains(r))
}

/// Simple values in a message: (path, attribute index, type, text).
fn values(c: &Components, root: &Node) -> Vec<(Vec<usize>, Option<usize>, TypeId, String)> {
    let mut out = Vec::new();
    root.walk(&mut |path, node| {
        for (index, a) in node.attributes.iter().enumerate() {
            out.push((path.to_vec(), Some(index), a.ty, a.value.clone()));
        }
        if let (Some(ty), Some(text)) = (node.text_type(c), &node.text) {
            out.push((path.to_vec(), None, ty, text.clone()));
        }
    });
    out
}

fn ids(c: &Components, root: &Node) -> (Vec<String>, Vec<String>) {
    let (mut ids, mut refs) = (Vec::new(), Vec::new());
    for (_, _, ty, text) in values(c, root) {
        if involves(c, ty, Builtin::Id) {
            ids.push(text.trim().to_owned());
        } else if involves(c, ty, Builtin::IdRef) {
            refs.extend(text.split_whitespace().map(str::to_owned));
        }
    }
    (ids, refs)
}

fn settle_ids(c: &Components, root: &mut Node) {
    let mut seen: Vec<String> = Vec::new();
    let mut references = Vec::new();
    for (path, attribute, ty, text) in values(c, root) {
        let spot = Spot { path, attribute, ty, value: text.clone(), fixed: false };
        if involves(c, ty, Builtin::Id) {
            let mut value = text;
            if seen.contains(&value) {
                let known: Vec<&str> = seen.iter().map(String::as_str).collect();
                let next = format!("id-{}", seen.len() + 1);
                value = if super::simple::is_valid(c, ty, &next) && !seen.contains(&next) {
                    next
                } else {
                    distinct(c, ty, &known).unwrap_or(value)
                };
                set(root, &spot, value.clone());
            }
            seen.push(value);
        } else if involves(c, ty, Builtin::IdRef) {
            references.push(spot);
        }
    }
    if let Some(first) = seen.first() {
        for spot in references {
            if !spot.value.split_whitespace().all(|v| seen.iter().any(|s| s == v)) {
                let count = spot.value.split_whitespace().count().max(1);
                set(root, &spot, vec![first.as_str(); count].join(" "));
            }
        }
    }
}
