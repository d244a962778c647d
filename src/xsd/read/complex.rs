//! Complex type definitions (XML Schema 1.0 part 1, section 3.4).

use super::{At, Builder, Source, attribute, children, flag};
use crate::xml::Element;
use crate::xsd::model::{
    AttributeUse, ComplexType, Content, Derivation, Particle, SimpleType, Term, Type, TypeId,
    Variety, Wildcard,
};
use crate::xsd::name::Name;
use crate::xsd::simple::{Builtin, Facets};

/// Most particles a type may inherit and add, so that chains of extensions stay bounded.
const MAX_PARTICLES: usize = 100_000;

impl<'a> Builder<'a> {
    pub(super) fn complex_type(&mut self, source: Source<'a>) -> ComplexType {
        let Source { node, at, named } = source;
        let document = &self.documents.list[at.document];
        let block = attribute(node, "block")
            .or_else(|| attribute(document.root, "blockDefault"))
            .unwrap_or_default();
        let blocks = |what: &str| block.split_whitespace().any(|b| b == what || b == "#all");
        let mut ty = ComplexType {
            name: attribute(node, "name").filter(|_| named).map(|n| Name::new(&document.target, n)),
            base: None,
            derivation: Derivation::Restriction,
            is_abstract: flag(node, "abstract"),
            mixed: flag(node, "mixed"),
            attributes: Vec::new(),
            any_attribute: None,
            content: Content::Empty,
            block_extension: blocks("extension"),
            block_restriction: blocks("restriction"),
            place: self.place(at, node),
        };
        let derived =
            children(node).find(|c| matches!(c.name.as_str(), "simpleContent" | "complexContent"));
        match derived {
            None => {
                self.attributes(at, node, &mut ty.attributes, &mut ty.any_attribute);
                ty.content = self.own_content(at, node);
            }
            Some(inside) => {
                if let Some(mixed) = attribute(inside, "mixed") {
                    ty.mixed = matches!(mixed, "true" | "1");
                }
                self.derive(at, inside, &mut ty);
            }
        }
        ty.attributes.retain(|u| !u.prohibited);
        ty
    }

    fn own_content(&mut self, at: At, node: &'a Element) -> Content {
        let model = children(node)
            .find(|c| matches!(c.name.as_str(), "sequence" | "choice" | "all" | "group"));
        match model.and_then(|m| self.particle(at, m)) {
            Some(Particle { term: Term::Sequence(inside) | Term::All(inside), .. })
                if inside.is_empty() =>
            {
                Content::Empty
            }
            Some(particle) => Content::Elements(particle),
            None => Content::Empty,
        }
    }

    fn derive(&mut self, at: At, content: &'a Element, ty: &mut ComplexType) {
        let Some(step) =
            children(content).find(|c| matches!(c.name.as_str(), "restriction" | "extension"))
        else {
            return self.error(at, content, "restriction or extension is missing");
        };
        let Some(base) = attribute(step, "base") else {
            return self.error(at, step, "the base is missing");
        };
        let base = self.type_reference(at, step, base);
        if !self.ensure(base) {
            return;
        }
        ty.base = Some(base);
        let (inherited, inherited_any) = match &self.built[base.0 as usize] {
            Some(Type::Complex(c)) if base != self.builtins["anyType"] => {
                (c.attributes.clone(), c.any_attribute.clone())
            }
            _ => (Vec::new(), None),
        };
        let (mut own, mut own_any) = (Vec::new(), None);
        self.attributes(at, step, &mut own, &mut own_any);
        if step.name == "extension" {
            ty.derivation = Derivation::Extension;
            ty.any_attribute = united(own_any, inherited_any);
        } else {
            ty.any_attribute = own_any;
        }
        ty.attributes = merged(inherited, own);
        if content.name == "simpleContent" {
            self.simple(at, step, base, ty);
        } else {
            self.elements(at, step, base, ty);
        }
    }

    fn simple(&mut self, at: At, step: &'a Element, base: TypeId, ty: &mut ComplexType) {
        let inner = children(step).find(|c| c.name == "simpleType");
        let below = match inner {
            // A mixed, emptiable base may be narrowed to a simple type given here.
            Some(inner) => Some(self.anonymous(at, inner)),
            None => self.simple_content(at, step, base),
        };
        let Some(below) = below else { return };
        if step.name == "extension" {
            ty.content = Content::Simple(below);
            return;
        }
        let mut simple = SimpleType {
            name: None,
            base: None,
            variety: Variety::Atomic(Builtin::AnySimple),
            facets: Facets::default(),
        };
        self.restrict(at, step, below, &mut simple);
        let id = self.allocate();
        self.built[id.0 as usize] = Some(Type::Simple(simple));
        ty.content = Content::Simple(id);
    }

    fn elements(&mut self, at: At, step: &'a Element, base: TypeId, ty: &mut ComplexType) {
        let own = self.own_content(at, step);
        if ty.derivation == Derivation::Restriction {
            ty.content = own;
            return;
        }
        let place = self.place(at, step);
        let Some(Type::Complex(base)) = &self.built[base.0 as usize] else {
            return self.error(at, step, "complexContent cannot extend a simple type");
        };
        ty.mixed |= base.mixed && !matches!(base.content, Content::Empty);
        ty.content = match (base.content.clone(), own) {
            (Content::Simple(id), Content::Empty) => Content::Simple(id),
            (Content::Simple(_), _) => {
                return self.error(at, step, "the base has simple content; no elements can follow");
            }
            (Content::Empty, own) => own,
            (inherited, Content::Empty) => inherited,
            (Content::Elements(first), Content::Elements(second)) => {
                if size(&first) + size(&second) > MAX_PARTICLES {
                    return self.error(
                        at,
                        step,
                        format!("the content has more than {MAX_PARTICLES} particles"),
                    );
                }
                Content::Elements(Particle {
                    min: 1,
                    max: Some(1),
                    term: Term::Sequence(vec![first, second]),
                    place,
                })
            }
            (inherited, _) => inherited,
        };
    }
}

/// Number of particles inside, itself included.
pub(super) fn size(particle: &Particle) -> usize {
    match &particle.term {
        Term::Element(_) | Term::Any(_) => 1,
        Term::Sequence(inside) | Term::Choice(inside) | Term::All(inside) => {
            inside.iter().map(size).sum::<usize>() + 1
        }
    }
}

fn merged(inherited: Vec<AttributeUse>, own: Vec<AttributeUse>) -> Vec<AttributeUse> {
    let mut out: Vec<AttributeUse> = Vec::new();
    for used in inherited {
        match own.iter().find(|o| o.name == used.name) {
            Some(replaced) => out.push(replaced.clone()),
            None => out.push(used),
        }
    }
    for used in own {
        if !out.iter().any(|o| o.name == used.name) {
            out.push(used);
        }
    }
    out
}

fn united(own: Option<Wildcard>, inherited: Option<Wildcard>) -> Option<Wildcard> {
    match (own, inherited) {
        (Some(own), Some(inherited)) => Some(Wildcard {
            namespaces: own.namespaces.union(&inherited.namespaces),
            process: own.process,
        }),
        (own, inherited) => own.or(inherited),
    }
}
