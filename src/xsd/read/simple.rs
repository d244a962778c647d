//! Simple type definitions (XML Schema 1.0 part 1, section 3.14; part 2, section 4).

use super::{At, Builder, Source, attribute, children};
use crate::xml::Element;
use crate::xsd::model::{Content, SimpleType, Type, TypeId, Variety};
use crate::xsd::name::Name;
use crate::xsd::simple::{Builtin, Facets, Pattern, WhiteSpace};

impl<'a> Builder<'a> {
    pub(super) fn simple_type(&mut self, source: Source<'a>) -> SimpleType {
        let Source { node, at, named } = source;
        let name = attribute(node, "name").filter(|_| named).map(|n| self.in_target(at, n));
        let mut ty = SimpleType {
            name,
            base: None,
            variety: Variety::Atomic(Builtin::AnySimple),
            facets: Facets::default(),
        };
        let Some(inside) = children(node).next() else {
            self.error(at, node, "a simpleType needs restriction, list or union");
            return ty;
        };
        let types: Vec<&'a Element> = children(inside).filter(|c| c.name == "simpleType").collect();
        match inside.name.as_str() {
            "restriction" => {
                let base = match (attribute(inside, "base"), types.first()) {
                    (Some(base), _) => self.type_reference(at, inside, base),
                    (None, Some(inner)) => self.anonymous(at, inner),
                    (None, None) => {
                        self.error(at, inside, "a restriction needs a base");
                        return ty;
                    }
                };
                self.restrict(at, inside, base, &mut ty);
            }
            "list" => {
                let item = match (attribute(inside, "itemType"), types.first()) {
                    (Some(item), _) => self.type_reference(at, inside, item),
                    (None, Some(inner)) => self.anonymous(at, inner),
                    (None, None) => {
                        self.error(at, inside, "a list needs an itemType");
                        return ty;
                    }
                };
                if self.simple_base(at, inside, item).is_some() {
                    ty.variety = Variety::List(item);
                }
                ty.facets.white_space = Some(WhiteSpace::Collapse);
            }
            "union" => {
                let mut members = Vec::new();
                for member in
                    attribute(inside, "memberTypes").unwrap_or_default().split_whitespace()
                {
                    members.push(self.type_reference(at, inside, member));
                }
                for inner in types {
                    members.push(self.anonymous(at, inner));
                }
                members.retain(|m| self.simple_base(at, inside, *m).is_some());
                ty.variety = Variety::Union(members);
            }
            other => self.error(at, inside, format!("<{other}> is not allowed in a simpleType")),
        }
        ty
    }

    fn in_target(&self, at: At, local: &str) -> Name {
        Name::new(&self.documents.list[at.document].target, local)
    }

    /// The definition of a type that must be simple.
    fn simple_base(&mut self, at: At, node: &Element, base: TypeId) -> Option<SimpleType> {
        if !self.ensure(base) {
            return None;
        }
        match &self.built[base.0 as usize] {
            Some(Type::Simple(simple)) => Some(simple.clone()),
            _ => {
                self.error(at, node, "a simple type is needed here, not a complex one");
                None
            }
        }
    }

    /// Makes `ty` a restriction of a simple base by the facets inside a node.
    pub(super) fn restrict(
        &mut self,
        at: At,
        node: &'a Element,
        base: TypeId,
        ty: &mut SimpleType,
    ) {
        if let Some(simple) = self.simple_base(at, node, base) {
            ty.base = Some(base);
            ty.variety = simple.variety;
        }
        ty.facets = self.facets(at, node);
    }

    /// The simple type inside a base that has simple content.
    pub(super) fn simple_content(
        &mut self,
        at: At,
        node: &Element,
        base: TypeId,
    ) -> Option<TypeId> {
        if !self.ensure(base) {
            return None;
        }
        match self.built[base.0 as usize].as_ref()? {
            Type::Simple(_) => Some(base),
            Type::Complex(complex) => match complex.content {
                Content::Simple(id) => Some(id),
                _ => {
                    self.error(at, node, "the base has no simple content");
                    None
                }
            },
        }
    }

    fn facets(&mut self, at: At, node: &'a Element) -> Facets {
        let mut facets = Facets::default();
        for child in children(node) {
            let text = child.attribute("value").unwrap_or_default();
            let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
            let count = |builder: &mut Self| match trimmed.trim_start_matches('+').parse() {
                Ok(count) => Some(count),
                Err(_) => {
                    let name = &child.name;
                    builder.error(at, child, format!("\"{text}\" is no count for {name}"));
                    None
                }
            };
            match child.name.as_str() {
                "length" => facets.length = count(self),
                "minLength" => facets.min_length = count(self),
                "maxLength" => facets.max_length = count(self),
                "totalDigits" => facets.total_digits = count(self),
                "fractionDigits" => facets.fraction_digits = count(self),
                "minInclusive" => facets.min_inclusive = Some(trimmed.to_owned()),
                "maxInclusive" => facets.max_inclusive = Some(trimmed.to_owned()),
                "minExclusive" => facets.min_exclusive = Some(trimmed.to_owned()),
                "maxExclusive" => facets.max_exclusive = Some(trimmed.to_owned()),
                "enumeration" => facets.enumeration.push(text.to_owned()),
                "pattern" => match Pattern::parse(text) {
                    Ok(pattern) => facets.patterns.push(pattern),
                    Err(why) => self.error(at, child, format!("the pattern cannot be used: {why}")),
                },
                "whiteSpace" => {
                    facets.white_space = match trimmed {
                        "preserve" => Some(WhiteSpace::Preserve),
                        "replace" => Some(WhiteSpace::Replace),
                        "collapse" => Some(WhiteSpace::Collapse),
                        other => {
                            self.error(at, child, format!("\"{other}\" is no whiteSpace"));
                            None
                        }
                    };
                }
                "simpleType" | "attribute" | "attributeGroup" | "anyAttribute" => {}
                other => self.error(at, child, format!("<{other}> is not a facet")),
            }
        }
        facets
    }
}
