//! `xsi:nil`, `xsi:type`, abstract components, keys and references.

use super::{Component, Here, Rule, Search, short};
use crate::xsd::edit::Edit;
use crate::xsd::generate::NO_OWNER;
use crate::xsd::identity::{self, Kind, Spot};
use crate::xsd::model::TypeId;
use crate::xsd::name::{Name, XSI};
use crate::xsd::node::Node;
use crate::xsd::simple::{Builtin, distinct, involves};

impl Search<'_> {
    pub(super) fn nil(&mut self, here: Here<'_>) {
        let node = here.node;
        let Some(decl) = node.decl.map(|d| self.c.element(d)) else { return };
        let edit = Edit::SetAttribute {
            at: here.place(),
            name: "nil".into(),
            namespace: XSI.into(),
            value: "true".into(),
        };
        let filled = !node.children.is_empty() || node.text.as_ref().is_some_and(|t| !t.is_empty());
        if !decl.nillable {
            // One per type of the parent is enough: the rule does not depend on the element.
            let component = Component::Type(here.owner);
            self.add((Rule::NotNillable, ""), component, here.label, "", vec![edit]);
        } else if filled && !node.nil {
            self.add((Rule::NilWithContent, ""), here.component(), here.label, "", vec![edit]);
        }
    }

    pub(super) fn types(&mut self, here: Here<'_>) {
        let node = here.node;
        let Some(declared) = node.decl.map(|d| self.c.element(d)) else { return };
        let at = here.place();
        let set = |name: &Name| {
            vec![Edit::SetType {
                at: at.clone(),
                name: name.local.clone(),
                namespace: name.namespace.clone(),
            }]
        };
        let once = |what: &str| Component::Named(what.to_owned());
        if here.owner != NO_OWNER && self.c.complex(node.ty).is_some() {
            let unknown = Name::new(&self.c.target, "GibtEsNichtType");
            self.add((Rule::UnknownType, ""), once("unknown"), here.label, "", set(&unknown));
            if declared.ty != crate::xsd::model::ANY
                && let Some(foreign) = self.foreign(declared.ty)
            {
                let detail = foreign.local.clone();
                self.add(
                    (Rule::WrongType, ""),
                    once("foreign"),
                    here.label,
                    &detail,
                    set(&foreign),
                );
            }
        }
        if node.xsi_type.is_some() && self.c.is_abstract(declared.ty) {
            let edit = Edit::RemoveAttribute {
                at: at.clone(),
                name: "type".into(),
                namespace: XSI.into(),
            };
            let key = (Rule::AbstractType, "");
            self.add(key, here.component(), here.label, "ohne xsi:type", vec![edit]);
        }
        if let Some(head) = node.declared.filter(|d| Some(*d) != node.decl) {
            let head = self.c.element(head);
            if head.is_abstract {
                let edit = Edit::Rename {
                    at,
                    name: head.name.local.clone(),
                    namespace: head.name.namespace.clone(),
                };
                let place = head.name.local.clone();
                self.add((Rule::AbstractElement, ""), here.component(), &place, "", vec![edit]);
            }
        }
    }

    /// A complex type with a name, concrete, that has nothing to do with this one.
    fn foreign(&self, ty: TypeId) -> Option<Name> {
        let base_of = |id: TypeId| self.c.complex(id).and_then(|t| t.base);
        self.c
            .global_types
            .iter()
            .find(|(_, other)| {
                let mut up = Some(**other);
                let mut related = false;
                for _ in 0..200 {
                    related |= up == Some(ty);
                    up = up.and_then(base_of);
                }
                !related && self.c.complex(**other).is_some_and(|t| !t.is_abstract)
            })
            .map(|(name, _)| name.clone())
    }

    pub(super) fn identity(&mut self, root: &Node) {
        self.ids(root);
        let all = identity::constraints(self.c, root);
        for (at, constraint) in &all {
            let component = Component::Named(constraint.name.to_string());
            let rows = identity::selected(self.c, root, at, constraint);
            let rows: Vec<_> = rows.iter().filter(|r| identity::complete(r)).collect();
            let place = constraint.name.local.clone();
            match &constraint.kind {
                Kind::KeyRef(refer) => {
                    let keys =
                        identity::key_rows(self.c, root, at, &all, refer).unwrap_or_default();
                    let Some(spot) = rows.first().and_then(|r| free(&r.fields)) else { continue };
                    let known: Vec<&str> = keys
                        .iter()
                        .flat_map(|k| k.fields.iter().flatten().map(|f| f.value.as_str()))
                        .collect();
                    if let Some(value) = distinct(self.c, spot.ty, &known) {
                        let edits = vec![set(root, spot, &value)];
                        let key = (Rule::DanglingKeyref, "");
                        self.add(key, component, &place, &short(&value), edits);
                    }
                }
                _ => {
                    let [first, second, ..] = rows[..] else { continue };
                    let pairs = first.fields.iter().flatten().zip(second.fields.iter().flatten());
                    let edits: Vec<Edit> = pairs
                        .filter(|(a, b)| a.value != b.value)
                        .map(|(a, b)| set(root, b, &a.value))
                        .collect();
                    self.add((Rule::DuplicateKey, ""), component, &place, "", edits);
                }
            }
        }
    }

    fn ids(&mut self, root: &Node) {
        let mut spots: Vec<Spot> = Vec::new();
        let c = self.c;
        root.walk(&mut |path, node| {
            for (index, a) in node.attributes.iter().enumerate() {
                if involves(c, a.ty, Builtin::Id) {
                    spots.push(Spot {
                        path: path.to_vec(),
                        attribute: Some(index),
                        ty: a.ty,
                        value: a.value.clone(),
                        fixed: a.fixed,
                    });
                }
            }
        });
        if let [first, second, ..] = &spots[..] {
            let edits = vec![set(root, second, &first.value)];
            let component = Component::Named("ID".into());
            self.add((Rule::DuplicateId, ""), component, "ID", &short(&first.value), edits);
        }
    }
}

fn free(fields: &[Option<Spot>]) -> Option<&Spot> {
    fields.iter().flatten().find(|f| !f.fixed)
}

fn set(root: &Node, spot: &Spot, value: &str) -> Edit {
    let at = root.place(&spot.path);
    let attribute = spot
        .attribute
        .and_then(|index| root.at(&spot.path).and_then(|node| node.attributes.get(index)));
    match attribute {
        Some(attribute) => Edit::SetAttribute {
            at,
            name: attribute.name.local.clone(),
            namespace: attribute.name.namespace.clone(),
            value: value.to_owned(),
        },
        None => Edit::SetText { at, text: value.to_owned() },
    }
}
