//! Identity constraints and their subset of XPath (XML Schema 1.0 part 1, section 3.11).

use std::sync::Arc;

use super::{At, Builder, attribute, children};
use crate::xml::Element;
use crate::xsd::identity::{Constraint, Kind, Path, Test};
use crate::xsd::name::Name;
use crate::xsd::simple::Builtin;

impl<'a> Builder<'a> {
    pub(super) fn constraints_of(&mut self, at: At, node: &'a Element) -> Vec<Arc<Constraint>> {
        let mut out = Vec::new();
        for child in children(node) {
            if !matches!(child.name.as_str(), "key" | "keyref" | "unique") {
                continue;
            }
            if let Some(found) = self.constraint(at, child) {
                let found = Arc::new(found);
                if self.constraints.insert(found.name.clone(), found.clone()).is_some() {
                    let message =
                        format!("constraint \"{}\" is declared a second time", found.name.local);
                    self.error(at, child, message);
                }
                out.push(found);
            }
        }
        out
    }

    fn constraint(&mut self, at: At, node: &'a Element) -> Option<Constraint> {
        let Some(local) = attribute(node, "name") else {
            self.error(at, node, "an identity constraint needs a name");
            return None;
        };
        let name = Name::new(&self.documents.list[at.document].target, local);
        let kind = match node.name.as_str() {
            "key" => Kind::Key,
            "unique" => Kind::Unique,
            _ => {
                let Some(refer) = attribute(node, "refer") else {
                    self.error(at, node, "a keyref needs refer");
                    return None;
                };
                Kind::KeyRef(self.name(at, node, refer)?)
            }
        };
        let mut selector = Vec::new();
        let mut fields = Vec::new();
        for child in children(node) {
            let text = attribute(child, "xpath").unwrap_or_default().to_owned();
            let is_field = child.name == "field";
            let paths = self.paths(at, child, &text, is_field);
            if is_field {
                fields.push(paths);
            } else {
                selector = paths;
            }
        }
        if selector.is_empty() || fields.is_empty() {
            if self.errors.is_empty() {
                self.error(at, node, format!("constraint \"{local}\" needs selector and field"));
            }
            return None;
        }
        Some(Constraint { name, kind, selector, fields, place: self.place(at, node) })
    }

    fn paths(&mut self, at: At, node: &Element, text: &str, field: bool) -> Vec<Path> {
        let mut out = Vec::new();
        for part in text.split('|') {
            match self.path(at, node, part.trim(), field) {
                Ok(path) => out.push(path),
                Err(why) => self.error(
                    at,
                    node,
                    format!(
                        "\"{text}\" is outside the subset of XPath for {}s: {why} (part 1, \
                         section 3.11.6)",
                        node.name
                    ),
                ),
            }
        }
        out
    }

    fn path(&mut self, at: At, node: &Element, text: &str, field: bool) -> Result<Path, String> {
        if text.contains('[') {
            return Err("predicates are not allowed".into());
        }
        let (anywhere, rest) = match text.strip_prefix(".//") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut path = Path { anywhere, steps: Vec::new(), attribute: None };
        let steps: Vec<&str> = rest.split('/').map(str::trim).collect();
        for (index, step) in steps.iter().enumerate() {
            if let Some(name) = step.strip_prefix('@').or_else(|| step.strip_prefix("attribute::"))
            {
                if !field || index + 1 != steps.len() {
                    return Err("an attribute may only end a field".into());
                }
                path.attribute = Some(self.test(at, node, name.trim())?);
            } else if *step != "." {
                let name = step.strip_prefix("child::").unwrap_or(step);
                path.steps.push(self.test(at, node, name.trim())?);
            }
        }
        Ok(path)
    }

    fn test(&mut self, at: At, node: &Element, text: &str) -> Result<Test, String> {
        let ncname = |t: &str| crate::xsd::simple::is_builtin_value(Builtin::NcName, t);
        if text == "*" {
            return Ok(Test::Any);
        }
        if let Some(prefix) = text.strip_suffix(":*") {
            let found = self.documents.list[at.document].resolve(node, &format!("{prefix}:x"));
            return found
                .map(|n| Test::In(n.namespace))
                .ok_or_else(|| format!("the prefix \"{prefix}\" is not declared"));
        }
        let (prefix, local) = text.split_once(':').unwrap_or(("", text));
        if !ncname(local) || (!prefix.is_empty() && !ncname(prefix)) {
            return Err(format!("\"{text}\" is not a step"));
        }
        if prefix.is_empty() {
            // No default namespace in XPath 1.0.
            return Ok(Test::Name(Name::new("", local)));
        }
        self.documents.list[at.document]
            .resolve(node, text)
            .map(Test::Name)
            .ok_or_else(|| format!("the prefix \"{prefix}\" is not declared"))
    }
}
