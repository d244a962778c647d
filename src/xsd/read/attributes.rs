//! Attributes, attribute groups and attribute wildcards (XML Schema 1.0 part 1, sections 3.2, 3.4.2,
//! 3.6 and 3.10).

use super::documents::Kind;
use super::{At, Builder, attribute, children};
use crate::xml::Element;
use crate::xsd::model::{AttributeUse, Namespaces, Process, Wildcard};
use crate::xsd::name::Name;

impl<'a> Builder<'a> {
    /// Attribute uses inside a node; groups are taken apart. The wildcards of groups narrow each
    /// other down (part 1, section 3.4.2).
    pub(super) fn attributes(
        &mut self,
        at: At,
        node: &'a Element,
        uses: &mut Vec<AttributeUse>,
        any: &mut Option<Wildcard>,
    ) {
        for child in children(node) {
            match child.name.as_str() {
                "attribute" => {
                    if let Some(found) = self.attribute_use(at, child) {
                        uses.retain(|u| u.name != found.name);
                        uses.push(found);
                    }
                }
                "attributeGroup" => {
                    let Some(reference) = attribute(child, "ref") else { continue };
                    let Some(name) = self.name(at, child, reference) else { continue };
                    let Some(entry) = self.entry(at, child, Kind::AttributeGroup, &name) else {
                        continue;
                    };
                    if self.groups_in_progress.contains(&entry) {
                        self.error(at, child, "the attribute group contains itself");
                        continue;
                    }
                    let found = &self.documents.entries[entry];
                    self.groups_in_progress.push(entry);
                    self.attributes(found.at(), found.node, uses, any);
                    self.groups_in_progress.pop();
                }
                "anyAttribute" => {
                    let found = self.wildcard(at, child);
                    *any = Some(match any.take() {
                        Some(other) => Wildcard {
                            namespaces: found.namespaces.intersection(&other.namespaces),
                            process: found.process,
                        },
                        None => found,
                    });
                }
                _ => {}
            }
        }
    }

    pub(super) fn wildcard(&mut self, at: At, node: &Element) -> Wildcard {
        let target = self.documents.list[at.document].target.clone();
        let namespaces = match attribute(node, "namespace").unwrap_or("##any") {
            "##any" => Namespaces::Any,
            "##other" => Namespaces::Not(target),
            list => Namespaces::Only(
                list.split_whitespace()
                    .map(|item| match item {
                        "##targetNamespace" => target.clone(),
                        "##local" => String::new(),
                        other => other.to_owned(),
                    })
                    .collect(),
            ),
        };
        let process = match attribute(node, "processContents") {
            Some("lax") => Process::Lax,
            Some("skip") => Process::Skip,
            _ => Process::Strict,
        };
        Wildcard { namespaces, process }
    }

    fn attribute_use(&mut self, at: At, node: &'a Element) -> Option<AttributeUse> {
        let mut found = if let Some(reference) = attribute(node, "ref") {
            let name = self.name(at, node, reference)?;
            let entry = self.entry(at, node, Kind::Attribute, &name)?;
            self.global_attribute(entry)?
        } else {
            let Some(local) = attribute(node, "name") else {
                self.error(at, node, "an attribute needs name or ref");
                return None;
            };
            let document = &self.documents.list[at.document];
            let namespace = if document.qualified(node, "attributeFormDefault") {
                document.target.clone()
            } else {
                String::new()
            };
            self.declared(at, node, Name::new(&namespace, local))
        };
        found.required = attribute(node, "use") == Some("required");
        found.prohibited = attribute(node, "use") == Some("prohibited");
        if let Some(fixed) = node.attribute("fixed") {
            found.fixed = Some(fixed.to_owned());
        }
        if let Some(default) = node.attribute("default") {
            found.default = Some(default.to_owned());
        }
        found.place = self.place(at, node);
        Some(found)
    }

    pub(super) fn global_attribute(&mut self, entry: usize) -> Option<AttributeUse> {
        if let Some(known) = self.attribute_of_entry.get(&entry) {
            return Some(known.clone());
        }
        let found = &self.documents.entries[entry];
        let (name, node, at) = (found.name.clone(), found.node, found.at());
        let declared = self.declared(at, node, name);
        self.attribute_of_entry.insert(entry, declared.clone());
        Some(declared)
    }

    fn declared(&mut self, at: At, node: &'a Element, name: Name) -> AttributeUse {
        let ty = match (attribute(node, "type"), children(node).find(|c| c.name == "simpleType")) {
            (Some(text), _) => self.type_reference(at, node, text),
            (None, Some(inner)) => self.anonymous(at, inner),
            (None, None) => self.builtins["anySimpleType"],
        };
        AttributeUse {
            name,
            ty,
            required: false,
            prohibited: false,
            default: node.attribute("default").map(str::to_owned),
            fixed: node.attribute("fixed").map(str::to_owned),
            place: self.place(at, node),
        }
    }
}
