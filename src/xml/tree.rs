//! An owned XML tree: names with namespaces, text in one piece, lines kept.

/// A child of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Character data; references and CDATA are resolved.
    Text(String),
}

/// An attribute; namespace declarations are not attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Namespace URI, empty for none.
    pub namespace: String,
    /// Local name.
    pub name: String,
    /// Normalised value.
    pub value: String,
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Namespace URI, empty for none.
    pub namespace: String,
    /// The prefix as written; only checks of the serialised form look at it.
    pub prefix: Option<String>,
    /// Local name.
    pub name: String,
    /// Attributes in document order.
    pub attributes: Vec<Attribute>,
    /// Namespaces in scope here, prefix (empty for the default) to URI.
    pub scope: Vec<(String, String)>,
    /// Children in document order; comments and processing instructions are left out.
    pub children: Vec<Node>,
    /// Line of the start tag, from 1; 0 for a built element.
    pub line: u32,
}

impl Element {
    /// A new element in a namespace.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into(), ..Self::default() }
    }

    /// A new element with text.
    pub fn with_text(namespace: &str, name: &str, text: &str) -> Self {
        let mut element = Self::new(namespace, name);
        element.children.push(Node::Text(text.into()));
        element
    }

    /// Child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// First child element with this local name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|e| e.name == name)
    }

    /// Text of the first child element with this local name, trimmed.
    pub fn child_text(&self, name: &str) -> Option<String> {
        self.child(name).map(|e| e.text().trim().to_owned())
    }

    /// All text directly inside, in one piece.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
            .collect()
    }

    /// True when no element is inside.
    pub fn is_leaf(&self) -> bool {
        self.elements().next().is_none()
    }

    /// The attribute without namespace of this name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|a| a.name == name && a.namespace.is_empty())
            .map(|a| a.value.as_str())
    }

    /// Sets an attribute without namespace.
    pub fn set_attribute(&mut self, name: &str, value: &str) {
        match self.attributes.iter_mut().find(|a| a.name == name && a.namespace.is_empty()) {
            Some(attribute) => attribute.value = value.into(),
            None => self.attributes.push(Attribute {
                namespace: String::new(),
                name: name.into(),
                value: value.into(),
            }),
        }
    }

    /// Visits this element and all below it, from the outside in, to change them.
    pub fn each(&mut self, visit: &mut impl FnMut(&mut Self)) {
        visit(self);
        for child in &mut self.children {
            if let Node::Element(inner) = child {
                inner.each(visit);
            }
        }
    }

    /// Visits every element, parents first, with its path from the root.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&str, &'a Element)) {
        fn step<'a>(at: &'a Element, path: &str, visit: &mut impl FnMut(&str, &'a Element)) {
            visit(path, at);
            for child in at.elements() {
                let path = if path.is_empty() {
                    child.name.clone()
                } else {
                    format!("{path}/{}", child.name)
                };
                step(child, &path, visit);
            }
        }
        step(self, "", visit);
    }

    /// Elements at a path of local names below this element, in any namespace, in document order.
    pub fn elements_at(&self, path: &str) -> Vec<&Element> {
        let mut found = vec![self];
        for step in path.split('/').filter(|s| !s.is_empty()) {
            found =
                found.into_iter().flat_map(Element::elements).filter(|e| e.name == step).collect();
        }
        found
    }

    /// Values at a path such as `Betrieb/Anschrift/@art`, relative to this element; every step must
    /// lie in `namespace`.
    pub fn values_at(&self, path: &str, namespace: &str) -> Vec<String> {
        let (elements, attribute) = match path.rsplit_once('@') {
            Some((elements, attribute)) => (elements.trim_end_matches('/'), Some(attribute)),
            None => (path, None),
        };
        let mut found = vec![self];
        for step in elements.split('/').filter(|s| !s.is_empty()) {
            found = found
                .into_iter()
                .flat_map(Element::elements)
                .filter(|e| e.name == step && e.namespace == namespace)
                .collect();
        }
        found
            .into_iter()
            .filter_map(|element| match attribute {
                Some(name) => element.attribute(name).map(str::to_owned),
                None => Some(element.text()),
            })
            .collect()
    }

    /// The text as XML, as [`Writer`](super::Writer) writes it: UTF-8 with declaration, prefixes only
    /// where they are needed.
    pub fn to_xml(&self) -> String {
        super::Writer::new().write(self)
    }
}

/// Escapes character data; a carriage return would not survive otherwise.
pub fn escape_text(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(c),
        }
    }
}

/// Escapes an attribute value, keeping line breaks and tabs.
pub fn escape_attribute(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            _ => out.push(c),
        }
    }
}
