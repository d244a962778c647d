//! A message under construction: elements that know which components they come from.

use super::model::{Components, ElementId, TypeId};
use super::name::{Name, XSI};
use crate::xml::{Attribute, Element, Node as XmlNode};

/// Position of a particle in the content of a type: the index at each level of model groups.
pub(super) type ParticlePath = Vec<u16>;

/// An attribute with its component.
#[derive(Debug, Clone)]
pub(super) struct BuiltAttribute {
    pub name: Name,
    pub ty: TypeId,
    pub value: String,
    pub fixed: bool,
    pub required: bool,
}

/// An element with its components.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The declaration in the particle (the head of a substitution group); none for content that a
    /// wildcard lets in undeclared.
    pub declared: Option<ElementId>,
    /// The declaration of the element itself.
    pub decl: Option<ElementId>,
    pub name: Name,
    pub ty: TypeId,
    /// The particle in the type of the parent.
    pub particle: ParticlePath,
    pub attributes: Vec<BuiltAttribute>,
    /// The type named by `xsi:type`.
    pub xsi_type: Option<Name>,
    pub nil: bool,
    pub text: Option<String>,
    pub children: Vec<Node>,
}

impl Node {
    /// The element as it goes into a message.
    pub(super) fn to_element(&self) -> Element {
        let mut element = Element::new(&self.name.namespace, &self.name.local);
        if let Some(name) = &self.xsi_type {
            element.attributes.push(type_attribute(name, &mut element.scope));
        }
        if self.nil {
            element.attributes.push(Attribute {
                namespace: XSI.into(),
                name: "nil".into(),
                value: "true".into(),
            });
        }
        for attribute in &self.attributes {
            element.attributes.push(Attribute {
                namespace: attribute.name.namespace.clone(),
                name: attribute.name.local.clone(),
                value: attribute.value.clone(),
            });
        }
        if let Some(text) = self.text.as_ref().filter(|t| !t.is_empty()) {
            element.children.push(XmlNode::Text(text.clone()));
        }
        for child in &self.children {
            element.children.push(XmlNode::Element(child.to_element()));
        }
        element
    }

    /// The node at a path of child indices.
    pub(super) fn at(&self, path: &[usize]) -> Option<&Node> {
        path.iter().try_fold(self, |node, index| node.children.get(*index))
    }

    /// The node at a path of child indices, to be changed.
    pub(super) fn at_mut(&mut self, path: &[usize]) -> Option<&mut Node> {
        path.iter().try_fold(self, |node, index| node.children.get_mut(*index))
    }

    /// The simple type of the text inside.
    pub(super) fn text_type(&self, c: &Components) -> Option<TypeId> {
        self.decl?;
        c.text_type(self.ty)
    }

    /// The readable place of a node: local names with 1-based indices among children of that name.
    pub(super) fn place(&self, path: &[usize]) -> String {
        let mut out = String::new();
        let mut node = self;
        for index in path {
            let Some(child) = node.children.get(*index) else { break };
            let before = node.children[..*index].iter();
            let nth = before.filter(|c| c.name.local == child.name.local).count() + 1;
            if !out.is_empty() {
                out.push('/');
            }
            out.push_str(&format!("{}[{nth}]", child.name.local));
            node = child;
        }
        out
    }

    /// Visits every node, parents first, with its path.
    pub(super) fn walk<'a>(&'a self, visit: &mut impl FnMut(&[usize], &'a Node)) {
        fn step<'a>(
            node: &'a Node,
            path: &mut Vec<usize>,
            visit: &mut impl FnMut(&[usize], &'a Node),
        ) {
            visit(path, node);
            for (index, child) in node.children.iter().enumerate() {
                path.push(index);
                step(child, path, visit);
                path.pop();
            }
        }
        step(self, &mut Vec::new(), visit);
    }
}

/// `xsi:type` for a type, with the prefix it needs.
pub(super) fn type_attribute(name: &Name, scope: &mut Vec<(String, String)>) -> Attribute {
    let value = if name.namespace.is_empty() {
        name.local.clone()
    } else {
        let prefix = if name.namespace == super::name::XSD { "xs" } else { "typ" };
        scope.push((prefix.to_owned(), name.namespace.clone()));
        format!("{prefix}:{}", name.local)
    };
    Attribute { namespace: XSI.into(), name: "type".into(), value }
}
