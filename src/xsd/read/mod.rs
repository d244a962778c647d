//! Reading schema documents into components (XML Schema 1.0 part 1, sections 3 and 4).

mod attributes;
mod complex;
mod documents;
mod elements;
mod paths;
mod simple;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::identity::{Constraint, Kind as ConstraintKind};
use super::model::{
    AttributeUse, ComplexType, Components, Content, Derivation, ElementId, Namespaces, Particle,
    Place, Process, SimpleType, Term, Type, TypeId, Variety, Wildcard,
};
use super::name::{Name, XML, XSD};
use super::simple::{Builtin, Facets, WhiteSpace};
use crate::xml::{Element, SchemaError, SchemaSet};
use documents::{Documents, Kind};

/// Deepest chain of types, groups or heads that build on each other.
const MAX_CHAIN: usize = 200;

/// Where a piece of a schema stands: its document, and what a redefinition there replaces.
#[derive(Debug, Clone, Copy)]
struct At {
    document: usize,
    /// The entry that is being redefined around here.
    redefines: Option<usize>,
}

/// What a type is made from.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    node: &'a Element,
    at: At,
    named: bool,
}

/// Builds components out of documents.
struct Builder<'a> {
    documents: &'a Documents<'a>,
    c: Components,
    built: Vec<Option<Type>>,
    sources: BTreeMap<TypeId, Source<'a>>,
    in_progress: Vec<TypeId>,
    builtins: BTreeMap<String, TypeId>,
    type_of_entry: BTreeMap<usize, TypeId>,
    element_of_entry: BTreeMap<usize, ElementId>,
    local_elements: BTreeMap<(usize, *const Element), ElementId>,
    attribute_of_entry: BTreeMap<usize, AttributeUse>,
    constraints: BTreeMap<Name, Arc<Constraint>>,
    /// Entries of groups that are being taken apart.
    groups_in_progress: Vec<usize>,
    groups: BTreeMap<usize, Term>,
    errors: Vec<SchemaError>,
}

/// Reads all components of a set.
pub(super) fn components(set: &SchemaSet) -> Result<Components, Vec<SchemaError>> {
    let parsed = documents::parse_all(set)?;
    let documents = Documents::collect(set, &parsed)?;
    let mut builder = Builder::new(&documents);
    builder.everything();
    builder.finish()
}

impl<'a> Builder<'a> {
    fn new(documents: &'a Documents<'a>) -> Self {
        let mut builder = Self {
            documents,
            c: Components { target: documents.target.clone(), ..Components::default() },
            built: Vec::new(),
            sources: BTreeMap::new(),
            in_progress: Vec::new(),
            builtins: BTreeMap::new(),
            type_of_entry: BTreeMap::new(),
            element_of_entry: BTreeMap::new(),
            local_elements: BTreeMap::new(),
            attribute_of_entry: BTreeMap::new(),
            constraints: BTreeMap::new(),
            groups_in_progress: Vec::new(),
            groups: BTreeMap::new(),
            errors: Vec::new(),
        };
        builder.built_in_types();
        builder
    }

    fn built_in_types(&mut self) {
        let any = Wildcard { namespaces: Namespaces::Any, process: Process::Lax };
        let inside =
            Particle { min: 0, max: None, term: Term::Any(any.clone()), place: Place::default() };
        self.built_in(
            "anyType",
            Type::Complex(ComplexType {
                name: Some(Name::new(XSD, "anyType")),
                base: None,
                derivation: Derivation::Restriction,
                is_abstract: false,
                mixed: true,
                attributes: Vec::new(),
                any_attribute: Some(any),
                content: Content::Elements(inside),
                block_extension: false,
                block_restriction: false,
                place: Place::default(),
            }),
        );
        for builtin in Builtin::ALL {
            self.built_in(
                builtin.name(),
                Type::Simple(SimpleType {
                    name: Some(Name::new(XSD, builtin.name())),
                    base: None,
                    variety: Variety::Atomic(*builtin),
                    facets: Facets {
                        white_space: Some(builtin.white_space()),
                        ..Facets::default()
                    },
                }),
            );
        }
        for (name, item) in [("NMTOKENS", "NMTOKEN"), ("IDREFS", "IDREF"), ("ENTITIES", "ENTITY")] {
            let item = self.builtins[item];
            self.built_in(
                name,
                Type::Simple(SimpleType {
                    name: Some(Name::new(XSD, name)),
                    base: None,
                    variety: Variety::List(item),
                    facets: Facets {
                        min_length: Some(1),
                        white_space: Some(WhiteSpace::Collapse),
                        ..Facets::default()
                    },
                }),
            );
        }
    }

    fn built_in(&mut self, name: &str, ty: Type) {
        let id = self.allocate();
        self.built[id.0 as usize] = Some(ty);
        self.builtins.insert(name.to_owned(), id);
    }

    fn allocate(&mut self) -> TypeId {
        let id = TypeId(u32::try_from(self.built.len()).unwrap_or(u32::MAX));
        self.built.push(None);
        id
    }

    fn error(&mut self, at: At, node: &Element, message: impl Into<String>) {
        let file = self.documents.list[at.document].file.to_string();
        self.errors.push(SchemaError { file, line: node.line, message: message.into() });
    }

    fn place(&self, at: At, node: &Element) -> Place {
        Place { file: self.documents.list[at.document].file.clone(), line: node.line }
    }

    /// Resolves a qualified name in a schema document.
    fn name(&mut self, at: At, node: &Element, text: &str) -> Option<Name> {
        let document = &self.documents.list[at.document];
        match document.resolve(node, text) {
            Some(name) => Some(name),
            None => {
                self.error(at, node, format!("the prefix of \"{text}\" is not declared here"));
                None
            }
        }
    }

    /// The entry a reference means: inside a redefinition, its own name means the original.
    fn entry(&mut self, at: At, node: &Element, kind: Kind, name: &Name) -> Option<usize> {
        if let Some(original) = at.redefines {
            let entry = &self.documents.entries[original];
            if entry.kind == kind && entry.name == *name {
                return Some(original);
            }
        }
        if let Some(entry) = self.documents.table.get(&(kind, name.clone())) {
            return Some(*entry);
        }
        let mut message =
            format!("{} \"{}\" is not declared{}", kind.word(), name.local, in_namespace(name));
        for dropped in &self.documents.dropped {
            if dropped.namespace == name.namespace {
                let has = dropped.declares(kind, &name.local);
                message.push_str(&format!(
                    "; {} (import at {}:{}) was dropped{}: XSD 1.0 engines follow only the first \
                     import of a namespace; collect its files in one with xs:include and import \
                     that one",
                    dropped.file,
                    dropped.by,
                    dropped.line,
                    if has { ", which declares it" } else { "" },
                ));
            }
        }
        self.error(at, node, message);
        None
    }

    fn type_of(&mut self, entry: usize) -> TypeId {
        if let Some(id) = self.type_of_entry.get(&entry) {
            return *id;
        }
        let id = self.allocate();
        let found = &self.documents.entries[entry];
        let source = Source { node: found.node, at: found.at(), named: true };
        self.sources.insert(id, source);
        self.type_of_entry.insert(entry, id);
        id
    }

    /// A reference to a type; `anyType` stands in for what cannot be resolved.
    fn type_reference(&mut self, at: At, node: &Element, text: &str) -> TypeId {
        let fallback = self.builtins["anyType"];
        let Some(name) = self.name(at, node, text) else { return fallback };
        if name.namespace == XSD
            && let Some(id) = self.builtins.get(&name.local)
        {
            return *id;
        }
        match self.entry(at, node, Kind::Type, &name) {
            Some(entry) => self.type_of(entry),
            None => fallback,
        }
    }

    fn anonymous(&mut self, at: At, node: &'a Element) -> TypeId {
        let id = self.allocate();
        self.sources.insert(id, Source { node, at, named: false });
        id
    }

    /// Builds a type whose definition is needed now; false when it is built on itself.
    fn ensure(&mut self, id: TypeId) -> bool {
        if self.built[id.0 as usize].is_some() {
            return true;
        }
        let Some(source) = self.sources.get(&id).copied() else { return false };
        if self.in_progress.contains(&id) || self.in_progress.len() >= MAX_CHAIN {
            let why = if self.in_progress.contains(&id) {
                "the type is derived from itself".to_owned()
            } else {
                format!("more than {MAX_CHAIN} types are derived from each other")
            };
            self.error(source.at, source.node, why);
            return false;
        }
        self.in_progress.push(id);
        let built = if source.node.name == "simpleType" {
            Type::Simple(self.simple_type(source))
        } else {
            Type::Complex(self.complex_type(source))
        };
        self.in_progress.pop();
        self.built[id.0 as usize] = Some(built);
        true
    }

    fn everything(&mut self) {
        for index in 0..self.documents.entries.len() {
            let entry = &self.documents.entries[index];
            let current =
                self.documents.table.get(&(entry.kind, entry.name.clone())) == Some(&index);
            match entry.kind {
                Kind::Type => {
                    let id = self.type_of(index);
                    if current {
                        self.c.global_types.insert(entry.name.clone(), id);
                    }
                }
                Kind::Element => {
                    if let Some(id) = self.global_element(index)
                        && current
                    {
                        self.c.globals.push(id);
                        self.c.global_elements.insert(entry.name.clone(), id);
                    }
                }
                Kind::Attribute => {
                    if let Some(found) = self.global_attribute(index)
                        && current
                    {
                        self.c.global_attributes.insert(entry.name.clone(), found);
                    }
                }
                // Read even when nothing uses them, for their errors.
                Kind::Group => {
                    let _ = self.group(index);
                }
                Kind::AttributeGroup => {
                    let (mut uses, mut any) = (Vec::new(), None);
                    self.groups_in_progress.push(index);
                    self.attributes(entry.at(), entry.node, &mut uses, &mut any);
                    self.groups_in_progress.pop();
                }
            }
        }
        // Building a type may bring new ones.
        let mut next = 0;
        while next < self.built.len() {
            let id = TypeId(u32::try_from(next).unwrap_or(u32::MAX));
            if !self.ensure(id) && self.built[next].is_none() {
                let any = self.builtins["anyType"];
                self.built[next] = self.built[any.0 as usize].clone();
            }
            next += 1;
        }
    }

    fn finish(mut self) -> Result<Components, Vec<SchemaError>> {
        let any = self.builtins["anyType"];
        self.c.types = self.built.into_iter().flatten().collect();
        let own = u32::try_from(self.builtins.len()).unwrap_or(u32::MAX);
        for index in (own as usize)..self.c.types.len() {
            let base = match &self.c.types[index] {
                Type::Simple(t) => t.base,
                Type::Complex(t) => t.base,
            };
            // Everything comes from the built-in types; that is no choice worth a test.
            if let Some(base) = base.filter(|b| b.0 >= own && *b != any) {
                let id = TypeId(u32::try_from(index).unwrap_or(u32::MAX));
                self.c.derived.entry(base).or_default().push(id);
            }
        }
        for id in self.c.globals.clone() {
            if let Some(head) = self.c.element(id).head {
                self.c.members.entry(head).or_default().push(id);
            }
        }
        self.errors.extend(check_references(&self.c, &self.constraints));
        if self.errors.is_empty() {
            return Ok(self.c);
        }
        self.errors
            .sort_by(|a, b| (&a.file, a.line, &a.message).cmp(&(&b.file, b.line, &b.message)));
        self.errors.dedup();
        Err(self.errors)
    }
}

/// Each keyref must name a key or unique with as many fields (part 1, section 3.11.2).
fn check_references(
    c: &Components,
    constraints: &BTreeMap<Name, Arc<Constraint>>,
) -> Vec<SchemaError> {
    let mut errors = Vec::new();
    for constraint in c.elements.iter().flat_map(|e| &e.constraints) {
        let ConstraintKind::KeyRef(refer) = &constraint.kind else { continue };
        let message = match constraints.get(refer) {
            None => format!(
                "keyref \"{}\" refers to \"{}\", which is no key or unique of this schema",
                constraint.name.local, refer.local
            ),
            Some(found) if matches!(found.kind, ConstraintKind::KeyRef(_)) => format!(
                "keyref \"{}\" refers to \"{}\", which is a keyref itself",
                constraint.name.local, refer.local
            ),
            Some(found) if found.fields.len() != constraint.fields.len() => format!(
                "keyref \"{}\" has {} fields, \"{}\" has {}",
                constraint.name.local,
                constraint.fields.len(),
                refer.local,
                found.fields.len()
            ),
            Some(_) => continue,
        };
        errors.push(SchemaError {
            file: constraint.place.file.to_string(),
            line: constraint.place.line,
            message,
        });
    }
    errors
}

fn in_namespace(name: &Name) -> String {
    if name.namespace.is_empty() {
        " (no namespace)".to_owned()
    } else if name.namespace == XML {
        " in the namespace of xml:; import xml.xsd".to_owned()
    } else {
        format!(" in namespace \"{}\"", name.namespace)
    }
}

/// Child elements of the schema language, without annotations.
fn children(node: &Element) -> impl Iterator<Item = &Element> {
    node.elements().filter(|e| e.namespace == XSD && e.name != "annotation")
}

/// An attribute of a schema document; white space around it does not count.
fn attribute<'e>(node: &'e Element, name: &str) -> Option<&'e str> {
    node.attribute(name).map(|v| v.trim_matches([' ', '\t', '\n', '\r']))
}

fn flag(node: &Element, name: &str) -> bool {
    matches!(attribute(node, name), Some("true" | "1"))
}
