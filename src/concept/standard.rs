//! Messages that a standard gives by XML Schema, one by one or all of its roots at once.

use std::path::Path as FilePath;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::written::{ConceptFile, Message, MessageKind};
use crate::diagnostic::{Authored, Diagnostic, Diagnostics, Path};
use crate::ids::ComponentKind;
use crate::xml::{SchemaError, SchemaSet, parse};
use crate::xsd::{Name, SchemaModel};

/// A message given by XSD; paths are relative to the concept.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageSchema {
    /// The main schema file.
    pub xsd: String,
    /// OASIS catalogue for network locations.
    pub catalogue: Option<String>,
    /// Sample files, sent as they are.
    #[serde(default)]
    pub samples: Vec<String>,
    /// Valid messages, and messages that break one rule each, are derived from the schema.
    #[serde(default)]
    pub derive: bool,
    /// Path of a value that ties an exchange to its message. Samples need it; in derived messages a
    /// place that can hold such a value is looked for where there is none.
    pub correlator: Option<String>,
}

/// A standard: its schema, and which of its global elements are messages of the concept.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// The main schema file, relative to the concept.
    pub xsd: String,
    /// OASIS catalogue for network locations.
    pub catalogue: Option<String>,
    /// Local names of the root elements; none: all global elements of the schema's namespace.
    #[serde(default)]
    pub roots: Vec<String>,
    /// What its messages are for.
    #[serde(default = "antrag")]
    pub kind: MessageKind,
    /// Which component sends them.
    #[serde(default = "portal")]
    pub from: ComponentKind,
    /// Which component takes them.
    #[serde(default = "fachverfahren")]
    pub to: ComponentKind,
    /// Path of a value that ties an exchange to its message, such as an id in the header.
    pub correlator: Option<String>,
    /// The code in the header that must agree with the root; in its value, `{nummer}` stands for
    /// the digits after the last full stop of the root's name.
    pub header: Option<HeaderRule>,
}

fn antrag() -> MessageKind {
    MessageKind::Antrag
}

fn portal() -> ComponentKind {
    ComponentKind::Antragsassistent
}

fn fachverfahren() -> ComponentKind {
    ComponentKind::Fachverfahren
}

/// What happens when header and root contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// The report says so.
    Report,
    /// The message must be rejected.
    Reject,
}

/// The code in the header that repeats what the root says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderRule {
    /// Path of the code; steps may lie in any namespace.
    pub path: String,
    /// The value that agrees with the root.
    pub value: String,
    /// What a contradiction means.
    pub contradiction: Policy,
}

/// Adds the messages of a concept's standards.
///
/// # Errors
/// When a schema cannot be read and the concept does not say which roots it has, or has not the
/// roots that the concept says.
pub(super) fn extend(
    authored: &mut Authored<ConceptFile>,
    folder: &FilePath,
) -> Result<(), Diagnostics> {
    let mut list = Vec::new();
    for (index, standard) in authored.value.standard.clone().iter().enumerate() {
        let at = Path::default().at("standard").at(index);
        let problem =
            |at: &Path, text: String, help: &str| Diagnostic::error(authored.span(at), text, help);
        let main = folder.join(&standard.xsd);
        let catalogue = standard.catalogue.as_ref().map(|c| folder.join(c));
        let roots = match roots(&main, catalogue.as_deref()) {
            Ok(known) => {
                for (i, root) in standard.roots.iter().enumerate() {
                    if !known.iter().any(|n| &n.local == root) {
                        let text = format!("the schema declares no global element \"{root}\"");
                        let at = at.at("roots").at(i);
                        list.push(problem(&at, text, "take a name from the schema"));
                    }
                }
                let wanted = |n: &&Name| {
                    standard.roots.is_empty() || standard.roots.iter().any(|r| r == &n.local)
                };
                known.iter().filter(wanted).cloned().collect::<Vec<Name>>()
            }
            // What a schema is to this engine is no property of the concept: with known roots there
            // are cases, and they say that nothing can be derived.
            Err(_) if !standard.roots.is_empty() && main.is_file() => {
                let namespace = std::fs::read(&main)
                    .ok()
                    .and_then(|bytes| parse(&bytes).ok())
                    .and_then(|d| d.root.attribute("targetNamespace").map(str::to_owned))
                    .unwrap_or_default();
                standard.roots.iter().map(|r| Name::new(&namespace, r)).collect()
            }
            Err(errors) => {
                let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
                let help = "mend the schema, or name its roots so that they are shown as open";
                list.push(problem(&at.at("xsd"), text.join("\n"), help));
                continue;
            }
        };
        if roots.is_empty() {
            let text = "the schema declares no global element; it only holds types".to_owned();
            list.push(problem(&at.at("xsd"), text, "name a schema with messages"));
        }
        for root in roots {
            authored.value.message.push(message(standard, &root));
        }
    }
    if list.is_empty() { Ok(()) } else { Err(Diagnostics::new(authored.source.clone(), list)) }
}

/// The global elements that are messages.
fn roots(main: &FilePath, catalogue: Option<&FilePath>) -> Result<Vec<Name>, Vec<SchemaError>> {
    let set = SchemaSet::load(main, catalogue).map_err(|e| vec![e])?;
    Ok(SchemaModel::read(&set)?.roots())
}

fn message(standard: &Standard, root: &Name) -> Message {
    let number = root.local.rsplit('.').next().filter(|n| n.chars().all(|c| c.is_ascii_digit()));
    let header = standard.header.as_ref().map(|rule| HeaderRule {
        value: rule.value.replace("{nummer}", number.unwrap_or_default()),
        ..rule.clone()
    });
    Message {
        id: root.local.clone(),
        title: root.local.clone(),
        kind: standard.kind,
        from: standard.from,
        to: standard.to,
        root: root.local.clone(),
        namespace: root.namespace.clone(),
        groups: vec![],
        documents: vec![],
        schema: Some(MessageSchema {
            xsd: standard.xsd.clone(),
            catalogue: standard.catalogue.clone(),
            samples: vec![],
            derive: true,
            correlator: standard.correlator.clone(),
        }),
        // A root without number has no code that could agree with it.
        header: header.filter(|h| !h.value.is_empty()),
        qualified: vec![],
        rules: vec![],
    }
}

/// What is wrong with the schemas of a concept's standards, each file once: they do not load, refer
/// to what is not there, or lack the roots of the messages. It depends on the engine, and does not
/// keep a plan from being derived: the cases of these messages stay open.
pub(super) fn unusable(file: &ConceptFile, folder: &FilePath) -> Vec<SchemaError> {
    let mut out = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for schema in file.message.iter().filter_map(|m| m.schema.as_ref()) {
        if !seen.insert((&schema.xsd, &schema.catalogue)) {
            continue;
        }
        let catalogue = schema.catalogue.as_ref().map(|c| folder.join(c));
        let loaded = SchemaSet::load(&folder.join(&schema.xsd), catalogue.as_deref());
        match loaded.and_then(|set| set.compile().map(|_| set)) {
            Ok(set) if schema.derive => {
                out.extend(SchemaModel::read(&set).err().into_iter().flatten());
            }
            Ok(_) => {}
            Err(error) => out.push(error),
        }
    }
    out
}
