//! Messages that break exactly one rule: small changes to valid ones.

mod content;
mod special;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::automaton::Matcher;
use super::edit::Edit;
use super::generate::{Generator, NO_OWNER};
use super::instance::Instance;
use super::model::{Components, Content, TypeId};
use super::name::Name;
use super::node::{Node, ParticlePath};
use super::rule::Rule;
use super::simple::{Fault, faults};
use super::sizes::Sizes;
use super::{Limits, SchemaModel};

/// A change to a valid message that breaks one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Rule and component: `maxLength/AnschriftType/plz`. It follows from the schema alone, so it
    /// stays when others come or go.
    pub id: String,
    /// What is wrong and where, in German.
    pub title: String,
    /// The rule that is broken.
    pub rule: Rule,
    /// Id of the valid message that is changed.
    pub base: String,
    /// The changes.
    pub edits: Vec<Edit>,
}

/// A component, for "once per message type".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Component {
    Type(TypeId),
    Element(TypeId, ParticlePath),
    Attribute(TypeId, Name),
    Named(String),
}

struct Search<'m> {
    c: &'m Components,
    generator: Generator<'m>,
    limits: &'m Limits,
    seen: BTreeSet<(Rule, String, Component)>,
    ids: BTreeMap<String, u32>,
    out: Vec<Violation>,
    faults: BTreeMap<TypeId, Rc<Vec<Fault>>>,
    matchers: BTreeMap<TypeId, Rc<Option<Matcher>>>,
    base: String,
}

/// What is needed to change a node: where it is, and how its place is called in the schema.
#[derive(Clone, Copy)]
struct Here<'n> {
    root: &'n Node,
    path: &'n [usize],
    node: &'n Node,
    /// Type of the parent.
    owner: TypeId,
    /// The place in the schema: type of the parent and name, or names from a named type on.
    label: &'n str,
    /// The same for what is inside: the own type's name, where it has one.
    inner: &'n str,
}

impl Here<'_> {
    fn place(&self) -> String {
        self.root.place(self.path)
    }

    fn component(&self) -> Component {
        Component::Element(self.owner, self.node.particle.clone())
    }
}

/// All violations that can be derived from these messages, each component and rule once, in the
/// order of the messages. They follow the schema; whether an engine agrees, [`derive`](super::derive) tells.
pub fn violations(
    model: &SchemaModel,
    _root: &Name,
    instances: &[Instance],
    limits: &Limits,
) -> Vec<Violation> {
    let c: &Components = &model.components;
    let sizes: &Sizes = &model.sizes;
    let mut search = Search {
        c,
        generator: Generator::new(c, sizes, limits),
        limits,
        seen: BTreeSet::new(),
        ids: BTreeMap::new(),
        out: Vec::new(),
        faults: BTreeMap::new(),
        matchers: BTreeMap::new(),
        base: String::new(),
    };
    for instance in instances {
        search.base.clone_from(&instance.id);
        let root = &instance.node;
        search.identity(root);
        search.visit(root, root, &mut Vec::new(), NO_OWNER, "");
    }
    search.out
}

impl Search<'_> {
    fn full(&self) -> bool {
        self.out.len() >= self.limits.violations
    }

    fn visit(
        &mut self,
        root: &Node,
        node: &Node,
        path: &mut Vec<usize>,
        owner: TypeId,
        outer: &str,
    ) {
        if self.full() {
            return;
        }
        let name = &node.name.local;
        let label = if outer.is_empty() { name.clone() } else { format!("{outer}/{name}") };
        let inner = match self.c.type_name(node.ty) {
            Some(name) if self.c.complex(node.ty).is_some() => name.local.clone(),
            _ => label.clone(),
        };
        if node.decl.is_some() {
            let here = Here { root, path, node, owner, label: &label, inner: &inner };
            self.text(here);
            self.attributes(here);
            if !node.nil {
                self.content(here);
            }
            self.nil(here);
            self.types(here);
        }
        for (index, child) in node.children.iter().enumerate() {
            path.push(index);
            self.visit(root, child, path, node.ty, &inner);
            path.pop();
        }
    }

    /// True when this rule was not yet broken at this component; notes that it is now.
    fn fresh(&self, rule: Rule, label: &str, component: &Component) -> bool {
        !self.full() && !self.seen.contains(&(rule, label.to_owned(), component.clone()))
    }

    /// Adds a violation; `place` is the component in words, `detail` what tells it from others.
    fn add(
        &mut self,
        (rule, label): (Rule, &str),
        component: Component,
        place: &str,
        detail: &str,
        edits: Vec<Edit>,
    ) {
        if self.full() || !self.seen.insert((rule, label.to_owned(), component)) {
            return;
        }
        let mut id = format!("{}/{place}", rule.name());
        if !label.is_empty() {
            id.push('/');
            id.push_str(label);
        }
        let count = self.ids.entry(id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            id.push_str(&format!("~{count}"));
        }
        let mut title = format!("{}: {place}", rule.german());
        if !detail.is_empty() {
            title.push_str(&format!(" ({detail})"));
        }
        self.out.push(Violation { id, title, rule, base: self.base.clone(), edits });
    }

    fn faults(&mut self, ty: TypeId) -> Rc<Vec<Fault>> {
        let c = self.c;
        self.faults.entry(ty).or_insert_with(|| Rc::new(faults(c, ty))).clone()
    }

    fn matcher(&mut self, ty: TypeId) -> Rc<Option<Matcher>> {
        let c = self.c;
        self.matchers
            .entry(ty)
            .or_insert_with(|| {
                let particle = c.complex(ty).and_then(|complex| match &complex.content {
                    Content::Elements(particle) => Some(particle),
                    _ => None,
                });
                Rc::new(Matcher::new(particle))
            })
            .clone()
    }
}

/// The first characters of a value, for titles.
fn short(text: &str) -> String {
    let line = text.replace(['\n', '\r', '\t'], " ");
    let mut out: String = line.chars().take(40).collect();
    if line.chars().count() > 40 {
        out.push_str(&format!("… ({} Zeichen)", text.chars().count()));
    }
    format!("„{out}“")
}
