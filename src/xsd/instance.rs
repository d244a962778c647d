//! Valid messages of one type: as little as possible, as much as possible, and one for each thing
//! that neither shows.

use std::sync::Arc;

use super::features::{features, ids};
use super::generate::{Aim, Generator, Mode, Variant, variant_key};
use super::identity;
use super::model::{Components, ElementId};
use super::name::Name;
use super::node::Node;
use super::simple::{Builtin, involves, is_valid};
use super::sizes::ENDLESS;
use super::{Limits, SchemaModel};
use crate::xml::Element;

/// A valid message.
#[derive(Debug, Clone)]
pub struct Instance {
    /// `minimal`, `maximal`, or what the message shows and where: `branch/Ordner/Datum`.
    pub id: String,
    /// The same in German words.
    pub title: String,
    /// The message. Write it with [`crate::xml::Writer`]: attributes may have namespaces.
    pub root: Element,
    pub(super) node: Arc<Node>,
}

/// Kinds of value that are no free text: they refer to something, or mean something else than their
/// letters say.
const NOT_FREE: [Builtin; 6] = [
    Builtin::IdRef,
    Builtin::Entity,
    Builtin::QName,
    Builtin::Notation,
    Builtin::Base64Binary,
    Builtin::HexBinary,
];

impl SchemaModel {
    /// Whether a text of no meaning of its own, such as the number of a case, may stand at a place
    /// of a message: inside an element (see [`super::Edit`] for places), or as the value of one of
    /// its attributes. Stricter than an engine: nothing that refers to something else is changed.
    pub fn may_hold(
        &self,
        instance: &Instance,
        at: &str,
        attribute: Option<&Name>,
        text: &str,
    ) -> bool {
        let c: &Components = &self.components;
        let (mut found, mut references) = (None, Vec::new());
        instance.node.walk(&mut |path, node| {
            let own = node.text_type(c).map(|ty| (ty, node.text.clone().unwrap_or_default()));
            if instance.node.place(path) == at {
                found = match attribute {
                    None => own.clone(),
                    Some(name) => {
                        let attribute = node.attributes.iter().find(|a| &a.name == name);
                        attribute.filter(|a| !a.fixed).map(|a| (a.ty, a.value.clone()))
                    }
                };
            }
            let all = node.attributes.iter().map(|a| (a.ty, a.value.clone())).chain(own);
            references.extend(all.filter(|(ty, _)| involves(c, *ty, Builtin::IdRef)));
        });
        let Some((ty, before)) = found else { return false };
        let free = NOT_FREE.iter().all(|kind| !involves(c, ty, *kind));
        let referred = || {
            let words = |text: &str| text.split_whitespace().any(|w| w == before.trim());
            involves(c, ty, Builtin::Id) && references.iter().any(|(_, text)| words(text))
        };
        free && is_valid(c, ty, text) && !referred()
    }
}

/// Why there is no valid message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoInstance {
    /// The schema has no such global element.
    #[error("the schema declares no global element {0}")]
    NoElement(Name),
    /// Only members of its substitution group may stand in a message.
    #[error("the element {0} is abstract; take a member of its substitution group")]
    Abstract(Name),
    /// Required content repeats itself without end, or a value is asked for that no text can be.
    #[error(
        "no finite document exists for {0}: required content contains itself, or no value of a \
         required type was found"
    )]
    Endless(Name),
    /// The smallest message is deeper or larger than what is built.
    #[error("the smallest document for {0} is nested too deeply or too large")]
    TooLarge(Name),
    /// Keys and references could not be brought together.
    #[error("no document for {0} was found that keeps all keys and references")]
    Keys(Name),
}

/// Derives valid messages. The same schema and limits give the same messages.
///
/// # Errors
/// When there is no valid message; see [`NoInstance`].
pub fn instances(
    model: &SchemaModel,
    root: &Name,
    limits: &Limits,
) -> Result<Vec<Instance>, NoInstance> {
    within_limits(model, root, limits).map(|(all, _)| all)
}

/// The messages, and whether the limits left none out.
pub(super) fn within_limits(
    model: &SchemaModel,
    root: &Name,
    limits: &Limits,
) -> Result<(Vec<Instance>, bool), NoInstance> {
    let c: &Components = &model.components;
    let id = *c.global_elements.get(root).ok_or_else(|| NoInstance::NoElement(root.clone()))?;
    let mut generator = Generator::new(c, &model.sizes, limits);
    let top = root_variant(c, &mut generator, id, root)?;
    let mut out: Vec<Instance> = Vec::new();
    let minimal = generator
        .message(Mode::Minimal, top, &[], &Aim::Element)
        .ok_or_else(|| NoInstance::TooLarge(root.clone()))?;
    push(c, &mut out, "minimal", "Nur Pflichtangaben", minimal);
    for (mode, id, title) in [
        (Mode::Maximal, "maximal", "Alle Angaben"),
        (Mode::Edges, "maximal-edges", "Alle Angaben, Werte an den Grenzen"),
    ] {
        let before = generator.covered.clone();
        let node = generator.message(mode, top, &[], &Aim::Element);
        let done = out.len() < limits.instances
            && node.is_some_and(|node| push(c, &mut out, id, title, node));
        if !done {
            generator.covered = before;
        }
    }
    let mut complete = true;
    let wanted = features(&mut generator, top);
    for (feature, id) in wanted.iter().zip(ids(&wanted)) {
        if generator.covered.contains(&feature.key) {
            continue;
        }
        if out.len() >= limits.instances {
            complete = false;
            break;
        }
        let before = generator.covered.clone();
        let node = generator.message(Mode::Minimal, feature.root, &feature.steps, &feature.aim);
        let done = node.is_some_and(|node| push(c, &mut out, &id, &feature.title, node));
        if !done {
            generator.covered = before;
        }
        generator.covered.insert(feature.key.clone());
    }
    if out.is_empty() { Err(NoInstance::Keys(root.clone())) } else { Ok((out, complete)) }
}

fn root_variant(
    c: &Components,
    generator: &mut Generator<'_>,
    id: ElementId,
    root: &Name,
) -> Result<Variant, NoInstance> {
    let decl = c.element(id);
    if decl.is_abstract {
        return Err(NoInstance::Abstract(root.clone()));
    }
    let sizes = generator.sizes;
    let types = c.concrete_types(decl.ty, decl);
    let best = types.into_iter().filter(|t| sizes.ty(*t) != ENDLESS).min_by_key(|t| sizes.ty(*t));
    match best {
        Some(ty) => {
            generator.covered.extend(variant_key(c, id, (id, ty)));
            Ok((id, ty))
        }
        _ if !sizes.complete => Err(NoInstance::TooLarge(root.clone())),
        _ => Err(NoInstance::Endless(root.clone())),
    }
}

/// Settles keys and adds the message; false when keys and references do not come together.
fn push(c: &Components, out: &mut Vec<Instance>, id: &str, title: &str, mut node: Node) -> bool {
    if !identity::settle(c, &mut node) {
        return false;
    }
    let root = node.to_element();
    out.push(Instance { id: id.to_owned(), title: title.to_owned(), root, node: Arc::new(node) });
    true
}
