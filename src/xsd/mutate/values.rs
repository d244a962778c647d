//! Wrong texts and attributes.

use super::{Component, Here, Rule, Search, short};
use crate::xsd::edit::Edit;
use crate::xsd::model::TypeId;
use crate::xsd::simple::{broken, distinct};

impl Search<'_> {
    pub(super) fn text(&mut self, here: Here<'_>) {
        let node = here.node;
        let Some(ty) = node.text_type(self.c).filter(|_| !node.nil) else { return };
        let decl = node.decl.map(|d| self.c.element(d));
        let at = here.place();
        let set = |text: &str| vec![Edit::SetText { at: at.clone(), text: text.to_owned() }];
        if let Some(fixed) = decl.and_then(|d| d.fixed.as_deref()) {
            let other = distinct(self.c, ty, &[fixed]);
            if let Some(other) = other.filter(|t| !t.is_empty()) {
                let key = (Rule::ElementFixed, "");
                self.add(key, here.component(), here.label, &short(&other), set(&other));
            }
            return;
        }
        for fault in self.faults(ty).iter() {
            let rule = Rule::of(fault.broken);
            // An empty element takes its default.
            let defaulted = decl.is_some_and(|d| d.default.is_some());
            if fault.text.is_empty() && defaulted {
                continue;
            }
            let key = (rule, fault.label);
            self.add(key, here.component(), here.label, &short(&fault.text), set(&fault.text));
        }
        if decl.is_some_and(|d| d.default.is_none()) && self.is_empty_wrong(ty) {
            self.add((Rule::Empty, ""), here.component(), here.label, "", set(""));
        }
    }

    /// Nothing breaks exactly one rule, and no other fault of the type is nothing as well.
    fn is_empty_wrong(&mut self, ty: TypeId) -> bool {
        broken(self.c, ty, "").len() == 1 && self.faults(ty).iter().all(|f| !f.text.is_empty())
    }

    pub(super) fn attributes(&mut self, here: Here<'_>) {
        let node = here.node;
        let at = here.place();
        for attribute in &node.attributes {
            let component = || Component::Attribute(node.ty, attribute.name.clone());
            let place = format!("{}/@{}", here.inner, attribute.name.local);
            let set = |value: &str| {
                vec![Edit::SetAttribute {
                    at: at.clone(),
                    name: attribute.name.local.clone(),
                    namespace: attribute.name.namespace.clone(),
                    value: value.to_owned(),
                }]
            };
            if attribute.required {
                let edit = Edit::RemoveAttribute {
                    at: at.clone(),
                    name: attribute.name.local.clone(),
                    namespace: attribute.name.namespace.clone(),
                };
                self.add((Rule::AttributeMissing, ""), component(), &place, "", vec![edit]);
            }
            if attribute.fixed {
                if !self.fresh(Rule::AttributeFixed, "", &component()) {
                    continue;
                }
                let other = distinct(self.c, attribute.ty, &[&attribute.value]);
                if let Some(other) = other {
                    let key = (Rule::AttributeFixed, "");
                    self.add(key, component(), &place, &short(&other), set(&other));
                }
                continue;
            }
            for fault in self.faults(attribute.ty).iter() {
                let key = (Rule::of(fault.broken), fault.label);
                self.add(key, component(), &place, &short(&fault.text), set(&fault.text));
            }
            if self.is_empty_wrong(attribute.ty) {
                self.add((Rule::Empty, ""), component(), &place, "", set(""));
            }
        }
        let Some(complex) = self.c.complex(node.ty) else { return };
        let open = complex.any_attribute.as_ref().is_some_and(|w| w.namespaces.allows(""));
        if !open && complex.attributes.iter().all(|a| a.name.local != "unbekannt") {
            let edit = Edit::SetAttribute {
                at,
                name: "unbekannt".into(),
                namespace: String::new(),
                value: "1".into(),
            };
            let key = (Rule::AttributeUnknown, "");
            self.add(key, Component::Type(node.ty), here.inner, "", vec![edit]);
        }
    }
}
