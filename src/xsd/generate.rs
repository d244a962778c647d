//! Building one valid message: minimal, maximal, or minimal with one thing in it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Limits;
use super::model::{
    AttributeUse, Components, Content, ElementId, Particle, Process, STRING, Term, TypeId, Wildcard,
};
use super::name::Name;
use super::node::{BuiltAttribute, Node, ParticlePath};
use super::simple::{Sample, samples, usual};
use super::sizes::{ENDLESS, Sizes, wildcard_element};

/// Deepest nesting that is built; the parsers read 256.
const MAX_DEPTH: usize = 200;
/// Elements after which a maximal message only takes what it must.
const BUDGET: usize = 1_500;
/// Bounded repetitions up to this are used up in a maximal message.
const FEW: u32 = 16;
/// Elements after which building stops altogether.
const HARD_LIMIT: usize = 100_000;

/// The owner of the root: no type.
pub(super) const NO_OWNER: TypeId = TypeId(u32::MAX);

/// Something that a set of messages should show at least once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// An optional particle or a branch of a choice.
    Particle(TypeId, ParticlePath),
    /// An optional attribute, by its index in the type.
    Attribute(TypeId, usize),
    /// A sample of a simple type, by its index.
    Value(TypeId, usize),
    /// An element and type that take the place of a declared element.
    Variant(TypeId, ParticlePath, ElementId, TypeId),
    /// `xsi:nil` on an element.
    Nil(ElementId),
}

/// An element and its type, as they stand in the message.
pub(super) type Variant = (ElementId, TypeId);

/// One step from an element to one inside.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub path: ParticlePath,
    pub variant: Variant,
}

/// What must be at the end of the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Aim {
    /// Nothing beyond the element itself.
    Element,
    Particle(ParticlePath),
    Attribute(usize),
    AttributeValue(usize, usize),
    TextValue(usize),
    Nil,
}

/// How much goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Minimal,
    Maximal,
}

/// Where the steps still lead.
#[derive(Debug, Clone, Copy)]
struct Steer<'s> {
    steps: &'s [Step],
    aim: &'s Aim,
}

/// What is known of the model and of the messages built so far.
pub(super) struct Generator<'m> {
    pub c: &'m Components,
    pub sizes: &'m Sizes,
    pub limits: &'m Limits,
    pub covered: BTreeSet<Key>,
    mode: Mode,
    built: usize,
    on_stack: BTreeMap<TypeId, u32>,
    expanded: BTreeMap<TypeId, u32>,
    samples: BTreeMap<TypeId, Rc<Vec<Sample>>>,
    variants: BTreeMap<ElementId, Rc<Vec<Variant>>>,
}

impl<'m> Generator<'m> {
    pub(super) fn new(c: &'m Components, sizes: &'m Sizes, limits: &'m Limits) -> Self {
        Self {
            c,
            sizes,
            limits,
            covered: BTreeSet::new(),
            mode: Mode::Minimal,
            built: 0,
            on_stack: BTreeMap::new(),
            expanded: BTreeMap::new(),
            samples: BTreeMap::new(),
            variants: BTreeMap::new(),
        }
    }

    /// Good texts of a type.
    pub(super) fn samples(&mut self, ty: TypeId) -> Rc<Vec<Sample>> {
        let c = self.c;
        self.samples.entry(ty).or_insert_with(|| Rc::new(samples(c, ty))).clone()
    }

    /// What may stand for a declared element, with a finite document each; the usual one first.
    pub(super) fn variants(&mut self, declared: ElementId) -> Rc<Vec<Variant>> {
        if let Some(known) = self.variants.get(&declared) {
            return known.clone();
        }
        let mut out = Vec::new();
        for element in self.c.substitutes(declared) {
            let decl = self.c.element(element);
            for ty in self.c.concrete_types(decl.ty, decl) {
                if self.sizes.ty(ty) != ENDLESS {
                    out.push((element, ty));
                }
            }
        }
        let found = Rc::new(out);
        self.variants.insert(declared, found.clone());
        found
    }

    /// Builds a message; none when that would be too deep or too large.
    pub(super) fn message(
        &mut self,
        mode: Mode,
        root: Variant,
        steps: &[Step],
        aim: &Aim,
    ) -> Option<Node> {
        self.mode = mode;
        self.built = 0;
        self.on_stack.clear();
        self.expanded.clear();
        let before = self.covered.clone();
        let node = self.element(root.0, root, Vec::new(), Some(Steer { steps, aim }), 0);
        if node.is_none() {
            self.covered = before;
        }
        node
    }

    fn element(
        &mut self,
        declared: ElementId,
        (element, ty): Variant,
        particle: ParticlePath,
        steer: Option<Steer<'_>>,
        depth: usize,
    ) -> Option<Node> {
        self.built += 1;
        if depth > MAX_DEPTH || self.built > HARD_LIMIT {
            return None;
        }
        let c = self.c;
        let decl = c.element(element);
        let mut node = Node {
            declared: Some(declared),
            decl: Some(element),
            name: decl.name.clone(),
            ty,
            particle,
            attributes: Vec::new(),
            xsi_type: (ty != decl.ty).then(|| c.type_name(ty).cloned()).flatten(),
            nil: false,
            text: None,
            children: Vec::new(),
        };
        let aim = steer.filter(|s| s.steps.is_empty()).map(|s| s.aim);
        let full = self.enter(ty);
        if let Some(complex) = c.complex(ty) {
            for (index, attribute) in complex.attributes.iter().enumerate() {
                self.attribute(ty, index, attribute, aim, full, &mut node)?;
            }
        }
        if aim == Some(&Aim::Nil) {
            node.nil = true;
            self.covered.insert(Key::Nil(element));
        } else if let Some(text) = c.text_type(ty) {
            let forced = match aim {
                Some(Aim::TextValue(index)) => Some(*index),
                _ => None,
            };
            let fixed = decl.fixed.as_deref();
            node.text = Some(self.value(text, fixed, &decl.name.local, forced, full)?);
        } else if let Some(complex) = c.complex(ty) {
            if let Content::Elements(particle) = &complex.content {
                let mut path = Vec::new();
                let mut inside = Vec::new();
                self.content(ty, particle, &mut path, steer, full, depth, &mut inside)?;
                node.children = inside;
            }
            if let Some(fixed) = &decl.fixed {
                node.text = Some(fixed.clone());
                node.children.clear();
            } else if complex.mixed && full && node.children.is_empty() {
                node.text = usual(c, STRING, &decl.name.local);
            }
        }
        self.leave(ty);
        Some(node)
    }

    /// Notes that a type begins; true when it is to be filled with all it can hold.
    fn enter(&mut self, ty: TypeId) -> bool {
        *self.on_stack.entry(ty).or_default() += 1;
        let depth = self.limits.depth;
        let times = self.expanded.entry(ty).or_default();
        let full = self.mode == Mode::Maximal && *times <= depth && self.built < BUDGET;
        *times += u32::from(full);
        full
    }

    fn leave(&mut self, ty: TypeId) {
        if let Some(count) = self.on_stack.get_mut(&ty) {
            *count -= 1;
        }
    }

    fn attribute(
        &mut self,
        owner: TypeId,
        index: usize,
        attribute: &AttributeUse,
        aim: Option<&Aim>,
        full: bool,
        node: &mut Node,
    ) -> Option<()> {
        let forced = match aim {
            Some(Aim::AttributeValue(wanted, sample)) if *wanted == index => Some(*sample),
            _ => None,
        };
        let aimed = forced.is_some() || aim == Some(&Aim::Attribute(index));
        let possible = attribute.fixed.is_some() || self.sizes.has_value(attribute.ty);
        if !(attribute.required || aimed || full) || !possible {
            return Some(());
        }
        if !attribute.required && !aimed && only_refers(self.c, attribute.ty) {
            // A reference needs its target; it is shown by a message of its own.
            return Some(());
        }
        let fixed = attribute.fixed.as_deref();
        let value = self.value(attribute.ty, fixed, &attribute.name.local, forced, full)?;
        if !attribute.required {
            self.covered.insert(Key::Attribute(owner, index));
        }
        node.attributes.push(BuiltAttribute {
            name: attribute.name.clone(),
            ty: attribute.ty,
            value,
            fixed: attribute.fixed.is_some(),
            required: attribute.required,
        });
        Some(())
    }

    fn value(
        &mut self,
        ty: TypeId,
        fixed: Option<&str>,
        hint: &str,
        forced: Option<usize>,
        full: bool,
    ) -> Option<String> {
        if let Some(fixed) = fixed {
            return Some(fixed.to_owned());
        }
        let samples = self.samples(ty);
        let fresh = |covered: &BTreeSet<Key>| {
            (0..samples.len()).find(|i| !covered.contains(&Key::Value(ty, *i)))
        };
        let index = forced.or_else(|| if full { fresh(&self.covered) } else { None }).unwrap_or(0);
        self.covered.insert(Key::Value(ty, index));
        if index == 0 {
            return usual(self.c, ty, hint);
        }
        samples.get(index).map(|s| s.text.clone())
    }

    #[expect(clippy::too_many_arguments, reason = "the state of a walk through a content model")]
    fn content(
        &mut self,
        owner: TypeId,
        particle: &Particle,
        path: &mut ParticlePath,
        steer: Option<Steer<'_>>,
        full: bool,
        depth: usize,
        out: &mut Vec<Node>,
    ) -> Option<()> {
        let wanted = steer.and_then(|s| match (s.steps.first(), s.aim) {
            (Some(step), _) => Some(&step.path),
            (None, Aim::Particle(path)) => Some(path),
            _ => None,
        });
        let mut steer = steer.filter(|_| wanted.is_some_and(|w| w.starts_with(path)));
        let count = self.count(particle, steer.is_some(), full);
        if count > 0 && particle.min == 0 {
            self.covered.insert(Key::Particle(owner, path.clone()));
        }
        for _ in 0..count {
            // Only the first repetition follows the steps.
            let here = steer.take();
            match &particle.term {
                Term::Element(declared) => {
                    let step = here.and_then(|s| s.steps.first());
                    let variant = match step {
                        Some(step) => step.variant,
                        None => self.choose_variant(owner, path, *declared, full)?,
                    };
                    if variant != (*declared, self.c.element(*declared).ty) {
                        let key = Key::Variant(owner, path.clone(), variant.0, variant.1);
                        self.covered.insert(key);
                    }
                    let inner = here
                        .filter(|s| !s.steps.is_empty())
                        .map(|s| Steer { steps: &s.steps[1..], aim: s.aim });
                    out.push(self.element(*declared, variant, path.clone(), inner, depth + 1)?);
                }
                Term::Any(wildcard) => out.push(self.any(wildcard, path, depth)?),
                Term::Sequence(inside) | Term::All(inside) => {
                    for (index, inner) in inside.iter().enumerate() {
                        path.push(u16::try_from(index).ok()?);
                        self.content(owner, inner, path, here, full, depth, out)?;
                        path.pop();
                    }
                }
                Term::Choice(inside) => {
                    let forced = here
                        .and(wanted)
                        .and_then(|w| w.get(path.len()))
                        .map(|index| usize::from(*index));
                    let index = match forced {
                        Some(index) => index,
                        None => self.branch(owner, path, inside, full)?,
                    };
                    path.push(u16::try_from(index).ok()?);
                    let before = out.len();
                    self.content(owner, inside.get(index)?, path, here, full, depth, out)?;
                    if out.len() > before {
                        self.covered.insert(Key::Particle(owner, path.clone()));
                    }
                    path.pop();
                }
            }
        }
        Some(())
    }

    fn count(&self, particle: &Particle, steered: bool, full: bool) -> u32 {
        let min = particle.min.max(u32::from(steered));
        if !full || self.built >= BUDGET || self.sizes.term(self.c, &particle.term) == ENDLESS {
            return min;
        }
        match &particle.term {
            // What a wildcard lets in means nothing to a receiver.
            Term::Any(_) => return min,
            Term::Element(id) => {
                let ty = self.c.element(*id).ty;
                if self.on_stack.get(&ty).copied().unwrap_or(0) > self.limits.depth {
                    return min;
                }
            }
            _ => {}
        }
        let wanted = match (&particle.term, particle.max) {
            (_, Some(max)) if max <= FEW => max,
            (Term::Choice(inside), _) => {
                let branches = u32::try_from(inside.len()).unwrap_or(FEW);
                self.limits.unbounded.max(branches.min(FEW))
            }
            _ => self.limits.unbounded,
        };
        min.max(wanted.min(particle.max.unwrap_or(u32::MAX)))
    }

    fn choose_variant(
        &mut self,
        owner: TypeId,
        path: &ParticlePath,
        declared: ElementId,
        full: bool,
    ) -> Option<Variant> {
        let variants = self.variants(declared);
        if full && variants.len() > 1 {
            let fresh = variants.iter().find(|(element, ty)| {
                !self.covered.contains(&Key::Variant(owner, path.clone(), *element, *ty))
                    && self.on_stack.get(ty).copied().unwrap_or(0) <= self.limits.depth
            });
            if let Some(fresh) = fresh {
                self.covered.insert(Key::Variant(owner, path.clone(), fresh.0, fresh.1));
                return Some(*fresh);
            }
        }
        // Of those of equal size the first, so that the declared one goes before its substitutes.
        variants.iter().min_by_key(|(_, ty)| self.sizes.ty(*ty)).copied()
    }

    fn branch(
        &mut self,
        owner: TypeId,
        path: &ParticlePath,
        inside: &[Particle],
        full: bool,
    ) -> Option<usize> {
        let finite = |p: &Particle| p.min == 0 || self.sizes.particle(self.c, p) != ENDLESS;
        if full {
            let fresh = (0..inside.len()).find(|index| {
                let mut key = path.clone();
                key.push(u16::try_from(*index).unwrap_or(u16::MAX));
                let shallow = match &inside[*index].term {
                    Term::Element(id) => {
                        let ty = self.c.element(*id).ty;
                        self.on_stack.get(&ty).copied().unwrap_or(0) <= self.limits.depth
                    }
                    _ => true,
                };
                finite(&inside[*index])
                    && shallow
                    && !matches!(inside[*index].term, Term::Any(_))
                    && !self.covered.contains(&Key::Particle(owner, key))
            });
            if fresh.is_some() {
                return fresh;
            }
        }
        (0..inside.len())
            .filter(|i| finite(&inside[*i]))
            .min_by_key(|i| self.sizes.particle(self.c, &inside[*i]))
    }

    fn any(&mut self, wildcard: &Wildcard, path: &ParticlePath, depth: usize) -> Option<Node> {
        if let Some(id) = wildcard_element(self.c, self.sizes, wildcard) {
            let variant = *self.variants(id).iter().find(|(e, _)| *e == id)?;
            return self.element(id, variant, path.clone(), None, depth + 1);
        }
        if wildcard.process == Process::Strict {
            return None;
        }
        let namespace = ["urn:example:beispiel", "", &self.c.target]
            .into_iter()
            .map(str::to_owned)
            .chain(match &wildcard.namespaces {
                super::model::Namespaces::Only(list) => list.clone(),
                _ => Vec::new(),
            })
            .find(|n| wildcard.namespaces.allows(n))?;
        Some(Node {
            declared: None,
            decl: None,
            name: Name::new(&namespace, "Beispiel"),
            ty: TypeId(0),
            particle: path.clone(),
            attributes: Vec::new(),
            xsi_type: None,
            nil: false,
            text: None,
            children: Vec::new(),
        })
    }
}

/// The type is IDREF or a list of it.
fn only_refers(c: &Components, ty: TypeId) -> bool {
    super::simple::involves(c, ty, super::simple::Builtin::IdRef)
}
