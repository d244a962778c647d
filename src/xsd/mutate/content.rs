//! Wrong elements: missing, too many, unknown, out of order, two branches at once.

use super::{Component, Here, Rule, Search};
use crate::xml::Writer;
use crate::xsd::automaton::Matcher;
use crate::xsd::edit::{Edit, MOST_COPIES};
use crate::xsd::features::name_of;
use crate::xsd::generate::{Aim, Mode};
use crate::xsd::model::{Content, Particle, Term, TypeId};
use crate::xsd::name::Name;
use crate::xsd::node::ParticlePath;
use crate::xsd::sizes::ENDLESS;

impl Search<'_> {
    pub(super) fn content(&mut self, here: Here<'_>) {
        let node = here.node;
        let Some(complex) = self.c.complex(node.ty) else { return };
        if node.ty == crate::xsd::model::ANY || matches!(complex.content, Content::Simple(_)) {
            return;
        }
        if node.decl.is_some_and(|d| self.c.element(d).fixed.is_some()) {
            return;
        }
        let matcher = self.matcher(node.ty);
        let Some(matcher) = matcher.as_ref() else { return };
        let names: Vec<Name> = node.children.iter().map(|n| n.name.clone()).collect();
        if !matcher.takes(self.c, &names) {
            return;
        }
        self.single_elements(here, matcher, &names);
        self.unknown(here, matcher, &names);
        self.order(here, matcher, &names);
        if !complex.mixed && !node.children.is_empty() {
            let edit = Edit::SetText { at: here.place(), text: "Text".into() };
            let key = (Rule::Text, "");
            self.add(key, Component::Type(node.ty), here.inner, "", vec![edit]);
        }
        if let Content::Elements(particle) = &complex.content {
            self.choices(here, matcher, &names, particle, &mut Vec::new());
        }
    }

    fn single_elements(&mut self, here: Here<'_>, matcher: &Matcher, names: &[Name]) {
        let node = here.node;
        for (index, child) in node.children.iter().enumerate() {
            let component = Component::Element(node.ty, child.particle.clone());
            let place = format!("{}/{}", here.inner, child.name.local);
            let mut path = here.path.to_vec();
            path.push(index);
            if self.fresh(Rule::Missing, "", &component) {
                let mut rest = names.to_vec();
                rest.remove(index);
                if !matcher.takes(self.c, &rest) {
                    let edit = Edit::Remove { at: here.root.place(&path) };
                    let key = (Rule::Missing, "");
                    self.add(key, component.clone(), &place, "", vec![edit]);
                }
            }
            if self.fresh(Rule::TooOften, "", &component)
                && let Some(max) = self.most(node.ty, &child.particle)
            {
                let same = node.children.iter().filter(|c| c.particle == child.particle).count();
                let Ok(same) = u32::try_from(same) else { continue };
                let more = max.saturating_add(1).saturating_sub(same).max(1);
                if more >= MOST_COPIES {
                    continue;
                }
                let mut longer = names.to_vec();
                for _ in 0..more {
                    longer.insert(index, child.name.clone());
                }
                if !matcher.takes(self.c, &longer) {
                    let edit = Edit::Repeat { at: here.root.place(&path), times: more + 1 };
                    let detail = format!("{} statt höchstens {max}", same + more);
                    let key = (Rule::TooOften, "");
                    self.add(key, component, &place, &detail, vec![edit]);
                }
            }
        }
    }

    /// `maxOccurs` of a particle.
    fn most(&self, ty: TypeId, path: &ParticlePath) -> Option<u32> {
        let Content::Elements(top) = &self.c.complex(ty)?.content else { return None };
        particle_at(top, path)?.max
    }

    fn unknown(&mut self, here: Here<'_>, matcher: &Matcher, names: &[Name]) {
        let node = here.node;
        let component = Component::Type(node.ty);
        if !self.fresh(Rule::UnknownElement, "", &component) {
            return;
        }
        let namespace = match node.children.first() {
            Some(child) => child.name.namespace.clone(),
            None => node.name.namespace.clone(),
        };
        let name = Name::new(&namespace, "UnbekanntesElement");
        let mut longer = names.to_vec();
        longer.push(name.clone());
        if matcher.takes(self.c, &longer) {
            return;
        }
        let element = crate::xml::Element::new(&name.namespace, &name.local);
        let edit =
            Edit::Insert { at: here.place(), position: names.len(), xml: fragment(&element) };
        self.add((Rule::UnknownElement, ""), component, here.inner, "", vec![edit]);
    }

    fn order(&mut self, here: Here<'_>, matcher: &Matcher, names: &[Name]) {
        let node = here.node;
        let component = Component::Type(node.ty);
        if !self.fresh(Rule::Order, "", &component) {
            return;
        }
        for index in 1..names.len() {
            let (a, b) = (&node.children[index - 1], &node.children[index]);
            if a.particle == b.particle {
                continue;
            }
            let mut swapped = names.to_vec();
            swapped.swap(index - 1, index);
            if !matcher.takes(self.c, &swapped) {
                let mut path = here.path.to_vec();
                path.push(index - 1);
                let edit = Edit::Swap { at: here.root.place(&path) };
                let detail = format!("{} vor {}", b.name.local, a.name.local);
                self.add((Rule::Order, ""), component, here.inner, &detail, vec![edit]);
                return;
            }
        }
    }

    fn choices(
        &mut self,
        here: Here<'_>,
        matcher: &Matcher,
        names: &[Name],
        particle: &Particle,
        path: &mut ParticlePath,
    ) {
        match &particle.term {
            Term::Element(_) | Term::Any(_) => {}
            Term::Choice(inside) => {
                self.doubled(here, matcher, names, (particle, inside), path);
                self.below(here, matcher, names, inside, path);
            }
            Term::Sequence(inside) | Term::All(inside) => {
                self.below(here, matcher, names, inside, path);
            }
        }
    }

    fn below(
        &mut self,
        here: Here<'_>,
        matcher: &Matcher,
        names: &[Name],
        inside: &[Particle],
        path: &mut ParticlePath,
    ) {
        for (index, inner) in inside.iter().enumerate() {
            path.push(u16::try_from(index).unwrap_or(u16::MAX));
            self.choices(here, matcher, names, inner, path);
            path.pop();
        }
    }

    fn doubled(
        &mut self,
        here: Here<'_>,
        matcher: &Matcher,
        names: &[Name],
        (choice, inside): (&Particle, &[Particle]),
        path: &ParticlePath,
    ) {
        let node = here.node;
        let component = Component::Element(node.ty, path.clone());
        if !self.fresh(Rule::Choice, "", &component) {
            return;
        }
        let taken = node.children.iter().rposition(|c| c.particle.starts_with(path));
        let Some(last) = taken else { return };
        let Some(branch) = node.children[last].particle.get(path.len()).copied() else { return };
        for (index, other) in inside.iter().enumerate() {
            let Term::Element(declared) = other.term else { continue };
            if index == usize::from(branch) {
                continue;
            }
            let Some(variant) = self
                .generator
                .variants(declared)
                .iter()
                .min_by_key(|(_, ty)| self.generator.sizes.ty(*ty))
                .copied()
                .filter(|(_, ty)| self.generator.sizes.ty(*ty) != ENDLESS)
            else {
                continue;
            };
            let name = self.c.element(variant.0).name.clone();
            let mut longer = names.to_vec();
            longer.insert(last + 1, name);
            if matcher.takes(self.c, &longer) {
                continue;
            }
            let Some(extra) = self.generator.message(Mode::Minimal, variant, &[], &Aim::Element)
            else {
                continue;
            };
            let edit = Edit::Insert {
                at: here.place(),
                position: last + 1,
                xml: fragment(&extra.to_element()),
            };
            let place = format!("{}/{}", here.inner, name_of(self.c, choice));
            let detail = format!("{} und {}", names[last].local, extra.name.local);
            self.add((Rule::Choice, ""), component, &place, &detail, vec![edit]);
            return;
        }
    }
}

/// The particle at a path.
fn particle_at<'p>(top: &'p Particle, path: &[u16]) -> Option<&'p Particle> {
    path.iter().try_fold(top, |particle, index| match &particle.term {
        Term::Sequence(inside) | Term::Choice(inside) | Term::All(inside) => {
            inside.get(usize::from(*index))
        }
        _ => None,
    })
}

/// An element as XML without declaration.
fn fragment(element: &crate::xml::Element) -> String {
    let text = Writer::new().write(element);
    text.split_once('\n').map_or_else(String::new, |(_, rest)| rest.trim_end().to_owned())
}
