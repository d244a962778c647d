//! What a set of messages should show, and the way from the root to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::generate::{Aim, Generator, Key, NO_OWNER, Step, Variant};
use super::model::{Components, Content, Particle, Term, TypeId};
use super::node::ParticlePath;
use super::sizes::ENDLESS;

/// Something to show.
#[derive(Debug, Clone)]
pub(super) struct Feature {
    pub key: Key,
    /// Kind of the feature, the first part of its id.
    pub kind: &'static str,
    /// Readable place: names of elements from the root, then what it is.
    pub place: String,
    /// German, for the title.
    pub title: String,
    pub root: Variant,
    pub steps: Vec<Step>,
    pub aim: Aim,
}

struct Walk<'g, 'm> {
    generator: &'g mut Generator<'m>,
    out: Vec<Feature>,
    seen: BTreeSet<TypeId>,
    values: BTreeSet<TypeId>,
    todo: VecDeque<(Variant, Variant, Vec<Step>, String)>,
}

/// All features below a root, breadth first: each component once, where it is nearest to the root.
pub(super) fn features(generator: &mut Generator<'_>, root: Variant) -> Vec<Feature> {
    let c = generator.c;
    let mut walk = Walk {
        generator,
        out: Vec::new(),
        seen: BTreeSet::new(),
        values: BTreeSet::new(),
        todo: VecDeque::new(),
    };
    let name = c.element(root.0).name.local.clone();
    let decl = c.element(root.0);
    for ty in c.concrete_types(decl.ty, decl) {
        if walk.generator.sizes.ty(ty) == ENDLESS {
            continue;
        }
        let variant = (root.0, ty);
        let place = labelled(c, &name, variant);
        if variant != root {
            walk.out.push(Feature {
                key: Key::Variant(NO_OWNER, Vec::new(), root.0, ty),
                kind: "type",
                title: format!("Typ {} an der Wurzel", type_name(c, ty)),
                place: place.clone(),
                root: variant,
                steps: Vec::new(),
                aim: Aim::Element,
            });
        }
        walk.todo.push_back((variant, variant, Vec::new(), place));
    }
    while let Some((root, variant, steps, place)) = walk.todo.pop_front() {
        walk.visit(root, variant, &steps, &place);
    }
    walk.out
}

fn type_name(c: &Components, ty: TypeId) -> String {
    c.type_name(ty).map_or_else(|| "ohne Namen".to_owned(), |n| n.local.clone())
}

/// The name of an element, with its type when that is not the declared one.
fn labelled(c: &Components, name: &str, (element, ty): Variant) -> String {
    if c.element(element).ty == ty {
        name.to_owned()
    } else {
        format!("{name}({})", type_name(c, ty))
    }
}

impl Walk<'_, '_> {
    fn push(
        &mut self,
        key: Key,
        (kind, place, title): (&'static str, String, String),
        (root, steps, aim): (Variant, &[Step], Aim),
    ) {
        self.out.push(Feature { key, kind, place, title, root, steps: steps.to_vec(), aim });
    }

    fn visit(&mut self, root: Variant, (element, ty): Variant, steps: &[Step], place: &str) {
        let c = self.generator.c;
        let decl = c.element(element);
        if decl.nillable && decl.fixed.is_none() {
            let title = format!("xsi:nil an {place}");
            let about = ("nil", place.to_owned(), title);
            self.push(Key::Nil(element), about, (root, steps, Aim::Nil));
        }
        if let Some(text) = c.text_type(ty)
            && decl.fixed.is_none()
        {
            self.values_of(text, place, root, steps, &Aim::TextValue);
        }
        let Some(complex) = c.complex(ty) else { return };
        if !self.seen.insert(ty) {
            return;
        }
        for (index, attribute) in complex.attributes.iter().enumerate() {
            let at = format!("{place}/@{}", attribute.name.local);
            if attribute.fixed.is_none() && !self.generator.sizes.has_value(attribute.ty) {
                continue;
            }
            if !attribute.required {
                let about = ("optional", at.clone(), format!("Attribut {at} vorhanden"));
                self.push(Key::Attribute(ty, index), about, (root, steps, Aim::Attribute(index)));
            }
            if attribute.fixed.is_none() {
                let aim = |sample| Aim::AttributeValue(index, sample);
                self.values_of(attribute.ty, &at, root, steps, &aim);
            }
        }
        if let Content::Elements(particle) = &complex.content {
            self.particle(ty, particle, &mut Vec::new(), false, (root, steps, place));
        }
    }

    fn values_of(
        &mut self,
        ty: TypeId,
        place: &str,
        root: Variant,
        steps: &[Step],
        aim: &dyn Fn(usize) -> Aim,
    ) {
        if !self.values.insert(ty) {
            return;
        }
        let samples = self.generator.samples(ty);
        for (index, sample) in samples.iter().enumerate().skip(1) {
            let at = format!("{place}/{}", sample.label);
            let short: String = sample.text.chars().take(40).collect();
            let title = format!("{place} = „{short}“ ({})", sample.label);
            self.push(Key::Value(ty, index), ("value", at, title), (root, steps, aim(index)));
        }
    }

    fn particle(
        &mut self,
        owner: TypeId,
        particle: &Particle,
        path: &mut ParticlePath,
        branch: bool,
        (root, steps, place): (Variant, &[Step], &str),
    ) {
        let c = self.generator.c;
        if self.generator.sizes.term(c, &particle.term) == ENDLESS {
            return;
        }
        let inner = name_of(c, particle);
        if !matches!(particle.term, Term::Any(_)) && (branch || particle.min == 0) {
            let at = format!("{place}/{inner}");
            let (kind, title) = if branch {
                ("branch", format!("Auswahl {at}"))
            } else {
                ("optional", format!("{at} vorhanden"))
            };
            let aim = Aim::Particle(path.clone());
            self.push(Key::Particle(owner, path.clone()), (kind, at, title), (root, steps, aim));
        }
        match &particle.term {
            Term::Element(declared) => {
                let variants = self.generator.variants(*declared);
                let usual = (*declared, c.element(*declared).ty);
                for variant in variants.iter().copied() {
                    let mut way = steps.to_vec();
                    way.push(Step { path: path.clone(), variant });
                    let name = &c.element(variant.0).name.local;
                    let at = format!("{place}/{}", labelled(c, name, variant));
                    if variant != usual {
                        let key = Key::Variant(owner, path.clone(), variant.0, variant.1);
                        let title = if variant.0 == *declared {
                            format!("Typ {} an {place}/{name}", type_name(c, variant.1))
                        } else {
                            format!("{name} anstelle von {inner} in {place}")
                        };
                        let about = ("variant", at.clone(), title);
                        self.push(key, about, (root, &way, Aim::Element));
                    }
                    // Types seen before are only visited again for the values of their texts.
                    if way.len() < 60 {
                        self.todo.push_back((root, variant, way, at));
                    }
                }
            }
            Term::Any(_) => {}
            Term::Sequence(inside) | Term::All(inside) | Term::Choice(inside) => {
                let choice = matches!(particle.term, Term::Choice(_));
                for (index, inner) in inside.iter().enumerate() {
                    path.push(u16::try_from(index).unwrap_or(u16::MAX));
                    self.particle(owner, inner, path, choice, (root, steps, place));
                    path.pop();
                }
            }
        }
    }
}

/// A readable name of a particle: the element, or the first elements of a group.
pub(super) fn name_of(c: &Components, particle: &Particle) -> String {
    match &particle.term {
        Term::Element(id) => c.element(*id).name.local.clone(),
        Term::Any(_) => "beliebig".to_owned(),
        Term::Sequence(inside) | Term::All(inside) => {
            let names: Vec<String> = inside.iter().take(2).map(|p| name_of(c, p)).collect();
            names.join("+")
        }
        Term::Choice(inside) => {
            let names: Vec<String> = inside.iter().take(2).map(|p| name_of(c, p)).collect();
            names.join("|")
        }
    }
}

/// Ids of features: kind and place, made different where two would be alike.
pub(super) fn ids(features: &[Feature]) -> Vec<String> {
    let mut used: BTreeMap<String, u32> = BTreeMap::new();
    features
        .iter()
        .map(|feature| {
            let id = format!("{}/{}", feature.kind, feature.place);
            let count = used.entry(id.clone()).or_default();
            *count += 1;
            if *count == 1 { id } else { format!("{id}~{count}") }
        })
        .collect()
}
