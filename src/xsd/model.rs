//! The components of a schema, resolved (XML Schema 1.0 part 1, section 2.2): every reference is an
//! index into an arena, so that recursive types need no pointers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::identity::Constraint;
use super::name::Name;
use super::simple::{Builtin, Facets};

/// Index of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TypeId(pub u32);

/// `anyType`, the first of the built-in types.
pub(super) const ANY: TypeId = TypeId(0);
/// `string`, which follows `anyType` and `anySimpleType`.
pub(super) const STRING: TypeId = TypeId(2);

/// Index of an element declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ElementId(pub u32);

/// Where a component is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Place {
    /// The schema file, by the URL under which the set knows it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
}

/// An element declaration (part 1, section 3.3).
#[derive(Debug, Clone)]
pub(super) struct ElementDecl {
    pub name: Name,
    pub ty: TypeId,
    pub nillable: bool,
    pub is_abstract: bool,
    pub default: Option<String>,
    pub fixed: Option<String>,
    /// Head of the substitution group.
    pub head: Option<ElementId>,
    /// True when `block` forbids that a member or a derived type takes this element's place.
    pub block_substitution: bool,
    pub block_extension: bool,
    pub block_restriction: bool,
    pub constraints: Vec<Arc<Constraint>>,
}

/// A type definition.
#[derive(Debug, Clone)]
pub(super) enum Type {
    /// Part 1, section 3.14.
    Simple(SimpleType),
    /// Part 1, section 3.4.
    Complex(ComplexType),
}

/// A simple type definition.
#[derive(Debug, Clone)]
pub(super) struct SimpleType {
    pub name: Option<Name>,
    /// The type it restricts; none for the built-in ones and for fresh lists and unions.
    pub base: Option<TypeId>,
    pub variety: Variety,
    /// The facets of this derivation step alone.
    pub facets: Facets,
}

/// How values of a simple type are made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variety {
    Atomic(Builtin),
    List(TypeId),
    Union(Vec<TypeId>),
}

/// How a complex type comes from its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Derivation {
    Extension,
    Restriction,
}

/// A complex type definition.
#[derive(Debug, Clone)]
pub(super) struct ComplexType {
    pub name: Option<Name>,
    pub base: Option<TypeId>,
    pub derivation: Derivation,
    pub is_abstract: bool,
    pub mixed: bool,
    pub attributes: Vec<AttributeUse>,
    pub any_attribute: Option<Wildcard>,
    pub content: Content,
    pub block_extension: bool,
    pub block_restriction: bool,
    pub place: Place,
}

/// What may stand inside an element of a complex type.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Empty,
    Simple(TypeId),
    Elements(Particle),
}

/// An attribute use (part 1, section 3.5).
#[derive(Debug, Clone)]
pub(super) struct AttributeUse {
    pub name: Name,
    pub ty: TypeId,
    pub required: bool,
    pub prohibited: bool,
    pub default: Option<String>,
    pub fixed: Option<String>,
    pub place: Place,
}

/// A particle (part 1, section 3.9).
#[derive(Debug, Clone)]
pub(super) struct Particle {
    pub min: u32,
    /// None for `unbounded`.
    pub max: Option<u32>,
    pub term: Term,
    pub place: Place,
}

/// What a particle repeats.
#[derive(Debug, Clone)]
pub(super) enum Term {
    Element(ElementId),
    Any(Wildcard),
    Sequence(Vec<Particle>),
    Choice(Vec<Particle>),
    All(Vec<Particle>),
}

/// A wildcard (part 1, section 3.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard {
    pub namespaces: Namespaces,
    pub process: Process,
}

/// Which namespaces a wildcard lets in; the empty string is "no namespace".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Namespaces {
    Any,
    /// Everything but this namespace and no namespace.
    Not(String),
    Only(Vec<String>),
}

/// How strictly what a wildcard lets in is validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    Strict,
    Lax,
    Skip,
}

impl Namespaces {
    pub(super) fn allows(&self, namespace: &str) -> bool {
        match self {
            Namespaces::Any => true,
            Namespaces::Not(other) => !namespace.is_empty() && namespace != other,
            Namespaces::Only(list) => list.iter().any(|n| n == namespace),
        }
    }

    /// True when some namespace is let in by both (part 1, section 3.10.6).
    pub(super) fn meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Namespaces::Only(a), b) | (b, Namespaces::Only(a)) => a.iter().any(|n| b.allows(n)),
            _ => true,
        }
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Namespaces::Only(a), Namespaces::Only(b)) => {
                let mut all = a.clone();
                all.extend(b.iter().filter(|n| !a.contains(n)).cloned());
                Namespaces::Only(all)
            }
            (Namespaces::Not(a), Namespaces::Not(b)) if a == b => self.clone(),
            (Namespaces::Not(not), Namespaces::Only(only))
            | (Namespaces::Only(only), Namespaces::Not(not))
                if !only.contains(not) && !only.iter().any(String::is_empty) =>
            {
                Namespaces::Not(not.clone())
            }
            _ => Namespaces::Any,
        }
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Namespaces::Any, b) => b.clone(),
            (a, Namespaces::Any) => a.clone(),
            (Namespaces::Only(a), b) | (b, Namespaces::Only(a)) => {
                Namespaces::Only(a.iter().filter(|n| b.allows(n)).cloned().collect())
            }
            (Namespaces::Not(_), Namespaces::Not(_)) => self.clone(),
        }
    }
}

/// All components of a schema.
#[derive(Debug, Default)]
pub(super) struct Components {
    pub types: Vec<Type>,
    pub elements: Vec<ElementDecl>,
    /// Global elements in the order of the documents.
    pub globals: Vec<ElementId>,
    pub global_elements: BTreeMap<Name, ElementId>,
    pub global_types: BTreeMap<Name, TypeId>,
    pub global_attributes: BTreeMap<Name, AttributeUse>,
    /// Direct members of each substitution group, in document order.
    pub members: BTreeMap<ElementId, Vec<ElementId>>,
    /// Types derived directly from a type, in document order.
    pub derived: BTreeMap<TypeId, Vec<TypeId>>,
    /// Target namespace of the main file.
    pub target: String,
}

impl Components {
    pub(super) fn ty(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    pub(super) fn element(&self, id: ElementId) -> &ElementDecl {
        &self.elements[id.0 as usize]
    }

    pub(super) fn complex(&self, id: TypeId) -> Option<&ComplexType> {
        match self.ty(id) {
            Type::Complex(complex) => Some(complex),
            Type::Simple(_) => None,
        }
    }

    pub(super) fn simple(&self, id: TypeId) -> Option<&SimpleType> {
        match self.ty(id) {
            Type::Simple(simple) => Some(simple),
            Type::Complex(_) => None,
        }
    }

    /// The simple type of the text inside an element of this type.
    pub(super) fn text_type(&self, id: TypeId) -> Option<TypeId> {
        match self.ty(id) {
            Type::Simple(_) => Some(id),
            Type::Complex(complex) => match complex.content {
                Content::Simple(simple) => Some(simple),
                _ => None,
            },
        }
    }

    pub(super) fn type_name(&self, id: TypeId) -> Option<&Name> {
        match self.ty(id) {
            Type::Simple(t) => t.name.as_ref(),
            Type::Complex(t) => t.name.as_ref(),
        }
    }

    pub(super) fn is_abstract(&self, id: TypeId) -> bool {
        self.complex(id).is_some_and(|t| t.is_abstract)
    }

    /// An element and all that may take its place (part 1, section 3.3.6), without abstract ones.
    pub(super) fn substitutes(&self, id: ElementId) -> Vec<ElementId> {
        let mut out = Vec::new();
        let mut todo = vec![id];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(next) = todo.pop() {
            if !seen.insert(next) {
                continue;
            }
            if !self.element(next).is_abstract {
                out.push(next);
            }
            if !self.element(id).block_substitution {
                let members = self.members.get(&next).map_or(&[][..], Vec::as_slice);
                todo.extend(members.iter().rev());
            }
        }
        out
    }

    /// The names that an element particle accepts.
    pub(super) fn accepts(&self, id: ElementId, name: &Name) -> bool {
        self.element(id).name == *name
            || (self.members.contains_key(&id)
                && self.substitutes(id).iter().any(|m| self.element(*m).name == *name))
    }

    /// Concrete named types that may stand for a declared type through `xsi:type`, itself first
    /// (even when anonymous) unless it is abstract (part 1, section 3.4.6).
    pub(super) fn concrete_types(&self, declared: TypeId, decl: &ElementDecl) -> Vec<TypeId> {
        let mut out = Vec::new();
        let mut todo = vec![declared];
        let mut seen = std::collections::BTreeSet::new();
        let (mut no_extension, mut no_restriction) = (decl.block_extension, decl.block_restriction);
        if let Some(complex) = self.complex(declared) {
            no_extension |= complex.block_extension;
            no_restriction |= complex.block_restriction;
        }
        while let Some(next) = todo.pop() {
            if !seen.insert(next) {
                continue;
            }
            if !self.is_abstract(next) && (next == declared || self.type_name(next).is_some()) {
                out.push(next);
            }
            let Some(derived) = self.derived.get(&next) else { continue };
            for id in derived.iter().rev() {
                let blocked = match self.ty(*id) {
                    Type::Complex(c) => match c.derivation {
                        Derivation::Extension => no_extension,
                        Derivation::Restriction => no_restriction,
                    },
                    Type::Simple(_) => no_restriction,
                };
                if !blocked {
                    todo.push(*id);
                }
            }
        }
        out
    }
}
