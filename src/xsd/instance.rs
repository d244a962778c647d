//! Valid messages of one type: as little as possible, as much as possible, and one for each thing
//! that neither shows.

use std::sync::Arc;

use super::features::{features, ids};
use super::generate::{Aim, Generator, Key, Mode, Variant};
use super::identity;
use super::model::{Components, ElementId};
use super::name::Name;
use super::node::Node;
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

/// Why there is no valid message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoInstance {
    /// The schema has no such global element.
    #[error("the schema declares no global element {0}")]
    NoElement(Name),
    /// Required content repeats itself without end, or a value is asked for that no text can be.
    #[error(
        "no finite document exists for {0}: required content contains itself, or a type has no \
         value"
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
    let c: &Components = &model.components;
    let id = *c.global_elements.get(root).ok_or_else(|| NoInstance::NoElement(root.clone()))?;
    let mut generator = Generator::new(c, &model.sizes, limits);
    let top = root_variant(c, &mut generator, id, root)?;
    let mut out: Vec<Instance> = Vec::new();
    let minimal = generator
        .message(Mode::Minimal, top, &[], &Aim::Element)
        .ok_or_else(|| NoInstance::TooLarge(root.clone()))?;
    push(c, &mut out, "minimal", "Nur Pflichtangaben", minimal);
    let before = generator.covered.clone();
    match generator.message(Mode::Maximal, top, &[], &Aim::Element) {
        Some(maximal) if limits.instances > 1 => {
            if !push(c, &mut out, "maximal", "Alle Angaben", maximal) {
                generator.covered = before;
            }
        }
        _ => generator.covered = before,
    }
    let wanted = features(&mut generator, top);
    for (feature, id) in wanted.iter().zip(ids(&wanted)) {
        if out.len() >= limits.instances {
            break;
        }
        if generator.covered.contains(&feature.key) {
            continue;
        }
        let before = generator.covered.clone();
        let node = generator.message(Mode::Minimal, feature.root, &feature.steps, &feature.aim);
        let done = node.is_some_and(|node| push(c, &mut out, &id, &feature.title, node));
        if !done {
            generator.covered = before;
        }
        generator.covered.insert(feature.key.clone());
    }
    if out.is_empty() { Err(NoInstance::Keys(root.clone())) } else { Ok(out) }
}

fn root_variant(
    c: &Components,
    generator: &mut Generator<'_>,
    id: ElementId,
    root: &Name,
) -> Result<Variant, NoInstance> {
    let decl = c.element(id);
    let sizes = generator.sizes;
    let types = c.concrete_types(decl.ty, decl);
    let best = types.into_iter().filter(|t| sizes.ty(*t) != ENDLESS).min_by_key(|t| sizes.ty(*t));
    match best {
        Some(ty) if !decl.is_abstract => {
            generator.covered.insert(Key::Variant(super::generate::NO_OWNER, Vec::new(), id, ty));
            Ok((id, ty))
        }
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
