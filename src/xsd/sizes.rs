//! The smallest finite document below each component, in elements.

use super::model::{Components, Content, ElementId, Particle, Process, Term, TypeId, Wildcard};

/// No finite document exists.
pub(super) const ENDLESS: u64 = u64::MAX;

/// Smallest sizes of all elements and types.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    /// By element: the element itself, without substitutes.
    elements: Vec<u64>,
    types: Vec<u64>,
    /// Simple types that have no value at all count as endless.
    no_value: Vec<bool>,
}

impl Sizes {
    /// Computes all sizes as the least fixed point.
    pub(super) fn new(c: &Components) -> Self {
        let no_value = (0..c.types.len())
            .map(|i| TypeId(u32::try_from(i).unwrap_or(u32::MAX)))
            .map(|id| c.simple(id).is_some() && super::simple::usual(c, id, "").is_none())
            .collect();
        let mut sizes = Self {
            elements: vec![ENDLESS; c.elements.len()],
            types: vec![ENDLESS; c.types.len()],
            no_value,
        };
        loop {
            let mut changed = false;
            for index in 0..c.types.len() {
                let id = TypeId(u32::try_from(index).unwrap_or(u32::MAX));
                let found = sizes.compute_type(c, id);
                changed |= found < sizes.types[index];
                sizes.types[index] = found;
            }
            for index in 0..c.elements.len() {
                let id = ElementId(u32::try_from(index).unwrap_or(u32::MAX));
                let decl = c.element(id);
                let inside = c.concrete_types(decl.ty, decl).into_iter().map(|t| sizes.ty(t)).min();
                let found = inside.unwrap_or(ENDLESS).saturating_add(1);
                changed |= found < sizes.elements[index];
                sizes.elements[index] = found;
            }
            if !changed {
                return sizes;
            }
        }
    }

    fn compute_type(&self, c: &Components, id: TypeId) -> u64 {
        let Some(complex) = c.complex(id) else {
            return if self.no_value[id.0 as usize] { ENDLESS } else { 0 };
        };
        let blocked = complex
            .attributes
            .iter()
            .any(|a| a.required && a.fixed.is_none() && self.no_value[a.ty.0 as usize]);
        if blocked {
            return ENDLESS;
        }
        match &complex.content {
            Content::Empty => 0,
            Content::Simple(id) if self.no_value[id.0 as usize] => ENDLESS,
            Content::Simple(_) => 0,
            Content::Elements(particle) => self.particle(c, particle),
        }
    }

    /// Elements inside an element of this type.
    pub(super) fn ty(&self, id: TypeId) -> u64 {
        self.types[id.0 as usize]
    }

    /// An attribute of this type can be given a value.
    pub(super) fn has_value(&self, id: TypeId) -> bool {
        !self.no_value[id.0 as usize]
    }

    /// An element with what is inside; substitutes count when they are smaller.
    pub(super) fn element(&self, c: &Components, id: ElementId) -> u64 {
        if !c.element(id).is_abstract && !c.members.contains_key(&id) {
            return self.elements[id.0 as usize];
        }
        let all = c.substitutes(id).into_iter().map(|s| self.elements[s.0 as usize]);
        all.min().unwrap_or(ENDLESS)
    }

    /// What a particle must hold.
    pub(super) fn particle(&self, c: &Components, particle: &Particle) -> u64 {
        if particle.min == 0 {
            return 0;
        }
        self.term(c, &particle.term).saturating_mul(u64::from(particle.min))
    }

    /// One occurrence of a term.
    pub(super) fn term(&self, c: &Components, term: &Term) -> u64 {
        match term {
            Term::Element(id) => self.element(c, *id),
            Term::Any(wildcard) => {
                wildcard_element(c, self, wildcard).map_or(1, |id| self.element(c, id))
            }
            Term::Sequence(inside) | Term::All(inside) => {
                inside.iter().map(|p| self.particle(c, p)).fold(0, u64::saturating_add)
            }
            Term::Choice(inside) => {
                inside.iter().map(|p| self.particle(c, p)).min().unwrap_or(ENDLESS)
            }
        }
    }
}

/// A declared element that a strict wildcard lets in, the smallest first; none when something
/// undeclared will do.
pub(super) fn wildcard_element(
    c: &Components,
    sizes: &Sizes,
    wildcard: &Wildcard,
) -> Option<ElementId> {
    if wildcard.process != Process::Strict {
        return None;
    }
    c.globals
        .iter()
        .copied()
        .filter(|id| {
            let decl = c.element(*id);
            !decl.is_abstract && wildcard.namespaces.allows(&decl.name.namespace)
        })
        .min_by_key(|id| sizes.elements[id.0 as usize])
}
