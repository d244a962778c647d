//! Writing trees whose attributes and values need prefixes (Namespaces in XML 1.0).

use std::collections::BTreeMap;

use super::tree::{Element, Node, escape_attribute, escape_text};

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Writes a tree with prefixes where they are needed: for attributes in a namespace, for qualified
/// names inside values (whose prefixes the [`Element::scope`] of the element binds), and where a
/// standard demands one. All other elements use default declarations, as [`Element::to_xml`] does.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    demanded: Vec<(String, String)>,
    compact: bool,
}

impl Writer {
    /// A writer without demanded prefixes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Elements and attributes in this namespace are written with this prefix.
    #[must_use]
    pub fn prefix(mut self, prefix: &str, namespace: &str) -> Self {
        self.demanded.push((prefix.to_owned(), namespace.to_owned()));
        self
    }

    /// Nothing is put between elements.
    #[must_use]
    pub fn compact(mut self) -> Self {
        self.compact = true;
        self
    }

    /// The document: UTF-8 with declaration, indented where only elements stand, unless it is to be
    /// compact.
    pub fn write(&self, root: &Element) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let mut taken: Vec<String> = self.demanded.iter().map(|(p, _)| p.clone()).collect();
        collect_prefixes(root, &mut taken);
        let mut prefixes: BTreeMap<String, String> = BTreeMap::new();
        for (prefix, namespace) in self.demanded.iter().rev() {
            prefixes.insert(namespace.clone(), prefix.clone());
        }
        let mut for_attributes = Vec::new();
        attribute_namespaces(root, &mut for_attributes);
        for namespace in for_attributes {
            let prefix = prefixes.entry(namespace.clone());
            taken.push(prefix.or_insert_with(|| fresh(&namespace, &taken)).clone());
        }
        let scope = Scope { default: String::new(), bound: BTreeMap::new() };
        let demanded = self.demanded.iter().map(|(_, n)| n.as_str()).collect();
        let page = Page { prefixes: &prefixes, demanded };
        page.element(root, &scope, 0, !self.compact, &mut out);
        out.push('\n');
        out
    }
}

fn collect_prefixes(element: &Element, out: &mut Vec<String>) {
    out.extend(element.scope.iter().map(|(p, _)| p.clone()));
    for child in element.elements() {
        collect_prefixes(child, out);
    }
}

fn attribute_namespaces(element: &Element, out: &mut Vec<String>) {
    for attribute in &element.attributes {
        let namespace = &attribute.namespace;
        if !namespace.is_empty() && namespace != XML && !out.contains(namespace) {
            out.push(namespace.clone());
        }
    }
    for child in element.elements() {
        attribute_namespaces(child, out);
    }
}

fn fresh(namespace: &str, taken: &[String]) -> String {
    let usual = match namespace {
        "http://www.w3.org/2001/XMLSchema-instance" => "xsi",
        "http://www.w3.org/1999/xlink" => "xlink",
        _ => "a",
    };
    let numbered = (1_u32..).map(|n| format!("{usual}{n}"));
    std::iter::once(usual.to_owned())
        .chain(numbered)
        .find(|p| !taken.contains(p))
        .unwrap_or_default()
}

#[derive(Clone)]
struct Scope {
    default: String,
    bound: BTreeMap<String, String>,
}

struct Page<'w> {
    /// Prefix by namespace.
    prefixes: &'w BTreeMap<String, String>,
    /// Namespaces whose elements take their prefix.
    demanded: Vec<&'w str>,
}

impl Page<'_> {
    fn element(
        &self,
        element: &Element,
        outer: &Scope,
        depth: usize,
        indent: bool,
        out: &mut String,
    ) {
        let mut scope = outer.clone();
        let mut declarations: Vec<(String, String)> = Vec::new();
        let name = if self.demanded.contains(&element.namespace.as_str()) {
            format!("{}:{}", self.prefixes[&element.namespace], element.name)
        } else {
            if element.namespace != scope.default {
                declarations.push((String::new(), element.namespace.clone()));
                scope.default.clone_from(&element.namespace);
            }
            element.name.clone()
        };
        // Prefixes of names and attributes are bound once, at the root.
        let own = self.prefixes.iter().map(|(n, p)| (p.clone(), n.clone())).filter(|_| depth == 0);
        let inside = element.scope.iter().filter(|(p, _)| !p.is_empty() && p != "xml").cloned();
        for (prefix, namespace) in own.chain(inside) {
            if scope.bound.get(&prefix) != Some(&namespace) {
                scope.bound.insert(prefix.clone(), namespace.clone());
                declarations.push((prefix, namespace));
            }
        }
        out.push('<');
        out.push_str(&name);
        for (prefix, namespace) in &declarations {
            out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            out.push_str(prefix);
            value(namespace, out);
        }
        for attribute in &element.attributes {
            out.push(' ');
            if attribute.namespace == XML {
                out.push_str("xml:");
            } else if let Some(prefix) = self.prefixes.get(&attribute.namespace)
                && !attribute.namespace.is_empty()
            {
                out.push_str(prefix);
                out.push(':');
            }
            out.push_str(&attribute.name);
            value(&attribute.value, out);
        }
        if element.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        let mixed = element.children.iter().any(|c| match c {
            // An empty text was put there to keep white space out.
            Node::Text(text) => element.is_leaf() || text.is_empty() || !text.trim().is_empty(),
            Node::Element(_) => false,
        });
        let indent = indent && !mixed;
        for child in &element.children {
            match child {
                Node::Text(text) if mixed || !indent => escape_text(text, out),
                Node::Text(_) => {}
                Node::Element(child) => {
                    if indent {
                        line(depth + 1, out);
                    }
                    self.element(child, &scope, depth + 1, indent, out);
                }
            }
        }
        if indent {
            line(depth, out);
        }
        out.push_str("</");
        out.push_str(&name);
        out.push('>');
    }
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn value(text: &str, out: &mut String) {
    out.push_str("=\"");
    escape_attribute(text, out);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::xml::{Attribute, Element, Node, compare, parse};

    #[test]
    fn prefixes_stand_where_they_are_needed() {
        let mut root = Element::new("urn:a", "wurzel");
        root.attributes.push(Attribute {
            namespace: "http://www.w3.org/2001/XMLSchema-instance".into(),
            name: "type".into(),
            value: "typ:T".into(),
        });
        root.scope.push(("typ".into(), "urn:t".into()));
        let mut child = Element::with_text("", "ort", "Görlitz & <Zgorzelec>");
        child.attributes.push(Attribute {
            namespace: "http://www.w3.org/XML/1998/namespace".into(),
            name: "lang".into(),
            value: "de".into(),
        });
        root.children.push(Node::Element(child));
        let text = Writer::new().prefix("p", "urn:a").write(&root);
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<p:wurzel \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:p=\"urn:a\" \
             xmlns:typ=\"urn:t\" xsi:type=\"typ:T\">\n  <ort xml:lang=\"de\">Görlitz &amp; \
             &lt;Zgorzelec&gt;</ort>\n</p:wurzel>\n"
        );
        assert!(parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn plain_trees_are_written_as_before_and_mixed_text_stays() {
        let source = "<a xmlns='urn:a'><b x='1'>eins</b><c xmlns=''/><d> </d></a>";
        let root = parse(source.as_bytes()).unwrap().root;
        assert_eq!(Writer::new().write(&root), root.to_xml());
        let mixed = "<a>vorn <b>fett</b> hinten</a>";
        let root = parse(mixed.as_bytes()).unwrap().root;
        let written = Writer::new().write(&root);
        assert!(written.ends_with(&format!("{mixed}\n")), "{written}");
        let again = parse(written.as_bytes()).unwrap().root;
        assert_eq!(compare(&root, &again), Vec::new());
    }
}
