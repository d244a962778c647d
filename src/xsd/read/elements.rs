//! Element declarations, particles and model groups (XML Schema 1.0 part 1, sections 3.3, 3.7 to
//! 3.9).

use super::documents::Kind;
use super::{At, Builder, attribute, children, complex, flag};
use crate::xml::Element;
use crate::xsd::model::{ElementDecl, ElementId, Particle, Term, TypeId};
use crate::xsd::name::Name;

/// Largest model group after groups are put in.
const MAX_PARTICLES: usize = 100_000;

impl<'a> Builder<'a> {
    pub(super) fn global_element(&mut self, entry: usize) -> Option<ElementId> {
        if let Some(id) = self.element_of_entry.get(&entry) {
            return Some(*id);
        }
        let found = &self.documents.entries[entry];
        let (name, node, at) = (found.name.clone(), found.node, found.at());
        let id = self.new_element(at, node, name);
        self.element_of_entry.insert(entry, id);
        let head = attribute(node, "substitutionGroup").and_then(|head| {
            let name = self.name(at, node, head)?;
            let entry = self.entry(at, node, Kind::Element, &name)?;
            if self.groups_in_progress.len() > super::MAX_CHAIN {
                self.error(at, node, "substitution groups are chained too deeply");
                return None;
            }
            self.groups_in_progress.push(usize::MAX);
            let head = self.global_element(entry);
            self.groups_in_progress.pop();
            head.filter(|head| *head != id)
        });
        self.c.elements[id.0 as usize].head = head;
        if let Some(head) = head
            && attribute(node, "type").is_none()
            && !children(node).any(|c| c.name.ends_with("Type"))
        {
            self.c.elements[id.0 as usize].ty = self.c.element(head).ty;
        }
        Some(id)
    }

    fn new_element(&mut self, at: At, node: &'a Element, name: Name) -> ElementId {
        let id = ElementId(u32::try_from(self.c.elements.len()).unwrap_or(u32::MAX));
        let document = &self.documents.list[at.document];
        let block = attribute(node, "block")
            .or_else(|| attribute(document.root, "blockDefault"))
            .unwrap_or_default();
        let blocks = |what: &str| block.split_whitespace().any(|b| b == what || b == "#all");
        self.c.elements.push(ElementDecl {
            name,
            ty: TypeId(0),
            nillable: flag(node, "nillable"),
            is_abstract: flag(node, "abstract"),
            default: node.attribute("default").map(str::to_owned),
            fixed: node.attribute("fixed").map(str::to_owned),
            head: None,
            block_substitution: blocks("substitution"),
            block_extension: blocks("extension"),
            block_restriction: blocks("restriction"),
            constraints: Vec::new(),
        });
        let inner =
            children(node).find(|c| matches!(c.name.as_str(), "simpleType" | "complexType"));
        let ty = match (attribute(node, "type"), inner) {
            (Some(text), _) => self.type_reference(at, node, text),
            (None, Some(inner)) => self.anonymous(at, inner),
            (None, None) => self.builtins["anyType"],
        };
        let constraints = self.constraints_of(at, node);
        let declaration = &mut self.c.elements[id.0 as usize];
        declaration.ty = ty;
        declaration.constraints = constraints;
        id
    }

    /// A particle; none when it can not occur at all.
    pub(super) fn particle(&mut self, at: At, node: &'a Element) -> Option<Particle> {
        let (min, max) = self.occurs(at, node);
        let term = match node.name.as_str() {
            "element" => Term::Element(self.element_particle(at, node)?),
            "any" => Term::Any(self.wildcard(at, node)),
            "group" => {
                let reference = attribute(node, "ref")?;
                let name = self.name(at, node, reference)?;
                let entry = self.entry(at, node, Kind::Group, &name)?;
                if self.groups_in_progress.contains(&entry) {
                    self.error(at, node, format!("group \"{}\" contains itself", name.local));
                    return None;
                }
                self.group(entry)?
            }
            _ => self.model(at, node),
        };
        if max == Some(0) {
            return None;
        }
        Some(Particle { min, max, term, place: self.place(at, node) })
    }

    fn model(&mut self, at: At, node: &'a Element) -> Term {
        let mut inside = Vec::new();
        let mut total = 0;
        for child in children(node) {
            if matches!(child.name.as_str(), "element" | "any" | "group" | "sequence" | "choice")
                && let Some(particle) = self.particle(at, child)
            {
                total += complex::size(&particle);
                if total > MAX_PARTICLES {
                    let message = format!("the group has more than {MAX_PARTICLES} particles");
                    self.error(at, node, message);
                    break;
                }
                inside.push(particle);
            }
        }
        match node.name.as_str() {
            "choice" => Term::Choice(inside),
            "all" => Term::All(inside),
            _ => Term::Sequence(inside),
        }
    }

    /// The model group of a named group.
    pub(super) fn group(&mut self, entry: usize) -> Option<Term> {
        if let Some(known) = self.groups.get(&entry) {
            return Some(known.clone());
        }
        let found = &self.documents.entries[entry];
        let (node, at) = (found.node, found.at());
        if self.groups_in_progress.contains(&entry) {
            return None;
        }
        let model =
            children(node).find(|c| matches!(c.name.as_str(), "sequence" | "choice" | "all"))?;
        self.groups_in_progress.push(entry);
        let term = self.model(at, model);
        self.groups_in_progress.pop();
        self.groups.insert(entry, term.clone());
        Some(term)
    }

    fn element_particle(&mut self, at: At, node: &'a Element) -> Option<ElementId> {
        if let Some(reference) = attribute(node, "ref") {
            let name = self.name(at, node, reference)?;
            let entry = self.entry(at, node, Kind::Element, &name)?;
            return self.global_element(entry);
        }
        let key = (at.document, std::ptr::from_ref(node));
        if let Some(id) = self.local_elements.get(&key) {
            return Some(*id);
        }
        let Some(local) = attribute(node, "name") else {
            self.error(at, node, "an element needs name or ref");
            return None;
        };
        let document = &self.documents.list[at.document];
        let namespace = if document.qualified(node, "elementFormDefault") {
            document.target.clone()
        } else {
            String::new()
        };
        let id = self.new_element(at, node, Name::new(&namespace, local));
        self.local_elements.insert(key, id);
        Some(id)
    }

    fn occurs(&mut self, at: At, node: &Element) -> (u32, Option<u32>) {
        let min = match attribute(node, "minOccurs").map(str::parse) {
            None => 1,
            Some(Ok(min)) => min,
            Some(Err(_)) => {
                self.error(at, node, "minOccurs is not a count");
                1
            }
        };
        let max = match attribute(node, "maxOccurs") {
            None => Some(1),
            Some("unbounded") => None,
            Some(text) => match text.parse() {
                Ok(max) => Some(max),
                Err(_) => {
                    self.error(at, node, "maxOccurs is neither a count nor \"unbounded\"");
                    Some(1)
                }
            },
        };
        if let Some(max) = max
            && max < min
        {
            self.error(at, node, format!("minOccurs {min} is more than maxOccurs {max}"));
        }
        (min, max)
    }
}
