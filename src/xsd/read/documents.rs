//! The documents of a set: include, import, redefine, and the table of what they declare.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{At, attribute, children};
use crate::xml::{Element, SchemaError, SchemaSet, parse_schema_file};
use crate::xsd::name::{Name, XML, XSD};

/// Kinds of global components, each with its own symbol space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Type,
    Element,
    Attribute,
    Group,
    AttributeGroup,
}

impl Kind {
    fn of(node: &Element) -> Option<Self> {
        Some(match node.name.as_str() {
            "simpleType" | "complexType" => Kind::Type,
            "element" => Kind::Element,
            "attribute" => Kind::Attribute,
            "group" => Kind::Group,
            "attributeGroup" => Kind::AttributeGroup,
            _ => return None,
        })
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Type => "type",
            Kind::Element => "element",
            Kind::Attribute => "attribute",
            Kind::Group => "group",
            Kind::AttributeGroup => "attribute group",
        }
    }
}

/// A schema document as seen by one namespace: an included document without target namespace is
/// taken in once for each namespace that includes it (part 1, section 4.2.1).
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub file: Arc<str>,
    pub root: &'a Element,
    pub target: String,
    /// True when the document has taken over the includer's namespace.
    chameleon: bool,
}

impl Document<'_> {
    /// Resolves a qualified name; none when its prefix is not declared.
    pub(super) fn resolve(&self, node: &Element, text: &str) -> Option<Name> {
        let (prefix, local) = text.split_once(':').unwrap_or(("", text));
        let bound = node.scope.iter().find(|(p, _)| p == prefix).map(|(_, uri)| uri.as_str());
        let namespace = match (prefix, bound) {
            ("", None | Some("")) if self.chameleon => &self.target,
            ("", None) => "",
            ("xml", None) => XML,
            (_, Some(uri)) => uri,
            (_, None) => return None,
        };
        Some(Name::new(namespace, local))
    }

    /// True when local elements or attributes are in the target namespace.
    pub(super) fn qualified(&self, node: &Element, default: &str) -> bool {
        attribute(node, "form").or_else(|| attribute(self.root, default)) == Some("qualified")
    }
}

/// A global component as written.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub kind: Kind,
    pub name: Name,
    pub node: &'a Element,
    document: usize,
    /// The entry this one redefines.
    redefines: Option<usize>,
}

impl Entry<'_> {
    pub(super) fn at(&self) -> At {
        At { document: self.document, redefines: self.redefines }
    }
}

/// An import hint that engines do not follow.
#[derive(Debug)]
pub(super) struct Dropped<'a> {
    pub namespace: String,
    pub file: String,
    pub by: Arc<str>,
    pub line: u32,
    root: Option<&'a Element>,
}

impl Dropped<'_> {
    pub(super) fn declares(&self, kind: Kind, local: &str) -> bool {
        self.root.is_some_and(|root| {
            children(root).any(|n| Kind::of(n) == Some(kind) && attribute(n, "name") == Some(local))
        })
    }
}

/// All documents and what they declare.
#[derive(Debug, Default)]
pub(super) struct Documents<'a> {
    pub list: Vec<Document<'a>>,
    pub entries: Vec<Entry<'a>>,
    pub table: BTreeMap<(Kind, Name), usize>,
    pub dropped: Vec<Dropped<'a>>,
    pub target: String,
    seen: BTreeSet<(String, String)>,
    /// First location followed for each imported namespace.
    imported: BTreeMap<String, String>,
    errors: Vec<SchemaError>,
}

/// Parses the files of a set.
pub(super) fn parse_all(set: &SchemaSet) -> Result<BTreeMap<String, Element>, Vec<SchemaError>> {
    let mut parsed = BTreeMap::new();
    let mut errors = Vec::new();
    for (url, bytes) in &set.files {
        match parse_schema_file(bytes) {
            Ok(document) if document.root.namespace == XSD && document.root.name == "schema" => {
                parsed.insert(url.clone(), document.root);
            }
            Ok(document) => errors.push(SchemaError {
                file: url.clone(),
                line: document.root.line,
                message: format!(
                    "the root is <{}>, not <schema> of XML Schema",
                    document.root.name
                ),
            }),
            Err(e) => {
                errors.push(SchemaError { file: url.clone(), line: e.line, message: e.message });
            }
        }
    }
    if errors.is_empty() { Ok(parsed) } else { Err(errors) }
}

impl<'a> Documents<'a> {
    /// Follows include, import and redefine from the main file.
    pub(super) fn collect(
        set: &SchemaSet,
        parsed: &'a BTreeMap<String, Element>,
    ) -> Result<Self, Vec<SchemaError>> {
        let mut documents = Self::default();
        if let Some(root) = parsed.get(&set.main) {
            documents.target = attribute(root, "targetNamespace").unwrap_or_default().to_owned();
        }
        let target = documents.target.clone();
        documents.visit(parsed, &set.main, &target, 0);
        documents.dropped.retain(|d| !documents.list.iter().any(|l| *l.file == *d.file));
        if documents.errors.is_empty() { Ok(documents) } else { Err(documents.errors) }
    }

    fn fail(&mut self, file: &str, line: u32, message: String) {
        self.errors.push(SchemaError { file: file.to_owned(), line, message });
    }

    fn visit(
        &mut self,
        parsed: &'a BTreeMap<String, Element>,
        url: &str,
        target: &str,
        depth: usize,
    ) {
        if depth > super::MAX_CHAIN {
            return self.fail(url, 0, "files include each other too deeply".into());
        }
        if !self.seen.insert((url.to_owned(), target.to_owned())) {
            return;
        }
        let Some(root) = parsed.get(url) else {
            return self.fail(url, 0, "the file is not in the set".into());
        };
        let file: Arc<str> = Arc::from(url);
        let index = self.list.len();
        self.list.push(Document {
            file: file.clone(),
            root,
            target: target.to_owned(),
            chameleon: attribute(root, "targetNamespace").is_none() && !target.is_empty(),
        });
        for node in children(root) {
            match node.name.as_str() {
                "include" | "redefine" => {
                    let Some(location) = attribute(node, "schemaLocation") else { continue };
                    let wanted = SchemaSet::resolve(url, location);
                    let theirs = parsed.get(&wanted).and_then(|r| attribute(r, "targetNamespace"));
                    if let Some(theirs) = theirs
                        && theirs != target
                    {
                        self.fail(
                            url,
                            node.line,
                            format!(
                                "{location} has the target namespace \"{theirs}\", not \"{target}\"; \
                                 use xs:import"
                            ),
                        );
                        continue;
                    }
                    self.visit(parsed, &wanted, target, depth + 1);
                    if node.name == "redefine" {
                        self.redefine(index, node);
                    }
                }
                "import" => self.import(parsed, url, &file, node, depth),
                _ => self.declare(index, node),
            }
        }
    }

    fn import(
        &mut self,
        parsed: &'a BTreeMap<String, Element>,
        url: &str,
        file: &Arc<str>,
        node: &'a Element,
        depth: usize,
    ) {
        let Some(location) = attribute(node, "schemaLocation") else { return };
        let namespace = attribute(node, "namespace").unwrap_or_default();
        let wanted = SchemaSet::resolve(url, location);
        let theirs = parsed.get(&wanted).and_then(|r| attribute(r, "targetNamespace"));
        if theirs.unwrap_or_default() != namespace && parsed.contains_key(&wanted) {
            let theirs = theirs.unwrap_or_default();
            return self.fail(
                url,
                node.line,
                format!("{location} has the target namespace \"{theirs}\", not \"{namespace}\""),
            );
        }
        if self.seen.contains(&(wanted.clone(), namespace.to_owned())) {
            self.imported.entry(namespace.to_owned()).or_insert(wanted);
            return;
        }
        match self.imported.get(namespace) {
            Some(first) if *first != wanted => self.dropped.push(Dropped {
                namespace: namespace.to_owned(),
                root: parsed.get(&wanted),
                file: wanted,
                by: file.clone(),
                line: node.line,
            }),
            _ => {
                self.imported.insert(namespace.to_owned(), wanted.clone());
                self.visit(parsed, &wanted, namespace, depth + 1);
            }
        }
    }

    fn declare(&mut self, document: usize, node: &'a Element) {
        let Some(kind) = Kind::of(node) else { return };
        let file = self.list[document].file.clone();
        let Some(local) = attribute(node, "name") else {
            return self.fail(&file, node.line, format!("a global {} needs a name", kind.word()));
        };
        let name = Name::new(&self.list[document].target, local);
        if let Some(other) = self.table.get(&(kind, name.clone())) {
            let first = &self.entries[*other];
            let message = format!(
                "{} \"{local}\" is declared a second time; the first is at {}:{}",
                kind.word(),
                self.list[first.document].file,
                first.node.line
            );
            return self.fail(&file, node.line, message);
        }
        self.table.insert((kind, name.clone()), self.entries.len());
        self.entries.push(Entry { kind, name, node, document, redefines: None });
    }

    fn redefine(&mut self, document: usize, redefinition: &'a Element) {
        for node in children(redefinition) {
            let (Some(kind), Some(local)) = (Kind::of(node), attribute(node, "name")) else {
                continue;
            };
            let name = Name::new(&self.list[document].target, local);
            let Some(original) = self.table.get(&(kind, name.clone())).copied() else {
                let file = self.list[document].file.clone();
                self.fail(
                    &file,
                    node.line,
                    format!("{} \"{local}\" is not there to be redefined", kind.word()),
                );
                continue;
            };
            self.table.insert((kind, name.clone()), self.entries.len());
            self.entries.push(Entry { kind, name, node, document, redefines: Some(original) });
        }
    }
}
