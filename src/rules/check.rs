//! What is wrong with a depot before any message goes through it.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Document, Node};
use serde::Serialize;

use super::configuration::{XSLT, beside, documents, files_of};
use super::depot::Depot;
use super::runner::{Runner, Workers};
use crate::organisation::Export;
use crate::xml::TransformEnd;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// The rule cannot work.
    Error,
    /// It cannot be told here.
    Open,
    /// It may work, and somebody should look.
    Warning,
}

/// Something about a depot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DepotFinding {
    /// How much it weighs.
    pub weight: Weight,
    /// The file, relative to the depot.
    pub file: String,
    /// The line; 0 where it is about the whole file.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub help: String,
}

/// Everything about a depot's rules; with an organisation also whether each of its authorities gets what
/// it needs from this depot.
pub fn check(
    depot: &Depot,
    organisation: Option<&Export>,
    workers: &std::sync::Arc<Workers>,
) -> Vec<DepotFinding> {
    let mut out = Vec::new();
    let mut add = |weight, file: &str, line, problem: String, help: &str| {
        let finding =
            DepotFinding { weight, file: file.to_owned(), line, problem, help: help.to_owned() };
        if !out.contains(&finding) {
            out.push(finding);
        }
    };
    let mut used = BTreeSet::new();
    let mut receivers = BTreeSet::new();
    let runner = Runner::new(depot.clone(), workers.clone());
    for rule in &depot.file.rule {
        if !receivers.insert(&rule.receiver) {
            let problem =
                format!("two rules make the format \"{}\"; the first one counts", rule.receiver);
            add(Weight::Error, "depot.toml", 0, problem, "remove one of them");
        }
        let files = files_of(depot, &rule.sheet);
        for file in &files {
            used.insert(file.clone());
            look(depot, file, &mut add);
        }
        // Any document will do: what is wanted is whether the sheet compiles.
        let applied = runner.apply(&rule.receiver, b"<leer/>", &BTreeMap::new());
        match applied.result.end {
            TransformEnd::BadStylesheet => {
                for message in &applied.result.messages {
                    let (file, line, text) = place(message, &rule.sheet);
                    add(Weight::Error, &file, line, text, "correct the sheet");
                }
                for url in &applied.result.refused {
                    let problem = format!("reads {url}, which is no file of the depot");
                    let help = "put the file into the depot; rules read nothing else";
                    add(Weight::Error, &rule.sheet, 0, problem, help);
                }
            }
            TransformEnd::EngineTooOld { wanted } => {
                let problem =
                    format!("is written for XSLT {wanted}, and there is no engine for it here");
                let help =
                    "install the Python package saxonche, or name its Python in PRUEFSTAND_SAXON";
                add(Weight::Open, &rule.sheet, 1, problem, help);
            }
            _ => {}
        }
    }
    let sheets = |f: &&String| {
        let of_rules = f.starts_with("rules/") || f.ends_with(".xsl") || f.ends_with(".xslt");
        of_rules && !used.contains(*f)
    };
    for file in depot.files.keys().filter(sheets) {
        let help = "remove it, or name it in a rule; a rule that is not used is not tested";
        add(Weight::Warning, file, 0, "no rule uses this file".into(), help);
    }
    if let Some(export) = organisation {
        of_organisation(depot, export, &mut add);
    }
    out.sort_by(|a, b| (a.weight, &a.file, a.line).cmp(&(b.weight, &b.file, b.line)));
    out
}

/// What can be seen in a sheet's text.
fn look(depot: &Depot, file: &str, add: &mut impl FnMut(Weight, &str, usize, String, &str)) {
    let Some(text) = depot.text(file) else { return };
    let Ok(document) = Document::parse(&text) else { return };
    for node in document.root_element().descendants().filter(Node::is_element) {
        let line = document.text_pos_at(node.range().start).row as usize;
        let name = node.tag_name();
        if matches!(name.name(), "result-document" | "document")
            && (name.namespace() == Some(XSLT)
                || name.namespace() == Some("http://exslt.org/common"))
        {
            let help = "rules write nothing but their output: leave the instruction out";
            add(Weight::Warning, file, line, format!("{} writes a file", name.name()), help);
        }
        for attribute in node.attributes() {
            for literal in documents(attribute.value()) {
                if !depot.files.contains_key(&beside(file, &literal)) {
                    let problem = format!("document('{literal}') is no file of the depot");
                    add(Weight::Error, file, line, problem, "put it beside the sheet");
                }
            }
            if by_prefix(attribute.value()) {
                let problem = format!("recognises elements by their prefix: {}", attribute.value());
                let help = "the same message with another prefix is not recognised; compare local-name() and namespace-uri()";
                add(Weight::Warning, file, line, problem, help);
            }
        }
    }
}

/// Whether an expression compares a name as it is written, with its prefix.
fn by_prefix(expression: &str) -> bool {
    let packed: String = expression.chars().filter(|c| !c.is_whitespace()).collect();
    packed.split("name(").enumerate().skip(1).any(|(at, rest)| {
        let before = packed.split("name(").nth(at - 1).unwrap_or_default();
        let plain = !before.ends_with("local-") && !before.ends_with("node-");
        let compared = rest.split_once(')').map(|(_, behind)| behind).unwrap_or_default();
        let quoted = ["='", "=\"", "eq'", "eq\""].iter().any(|o| compared.starts_with(o));
        let literal = compared.split(['\'', '"']).nth(1).unwrap_or_default();
        plain && quoted && literal.contains(':')
    })
}

/// File, line and text of an engine's message.
fn place(message: &str, sheet: &str) -> (String, usize, String) {
    let text = message.strip_prefix("file:///depot/").unwrap_or(message);
    let mut parts = text.splitn(3, ':');
    if let (Some(file), Some(line), Some(rest)) = (parts.next(), parts.next(), parts.next())
        && let Ok(line) = line.trim().parse()
    {
        return (file.to_owned(), line, rest.trim().to_owned());
    }
    (sheet.to_owned(), 0, text.trim().to_owned())
}

/// What an organisation needs of this depot.
fn of_organisation(
    depot: &Depot,
    export: &Export,
    add: &mut impl FnMut(Weight, &str, usize, String, &str),
) {
    let starts: BTreeSet<&String> =
        depot.file.procedure.iter().filter_map(|p| p.leistung.as_ref()).collect();
    let mut needed = BTreeSet::new();
    for authority in &export.authority {
        if !authority.services.iter().any(|s| starts.contains(s)) {
            continue;
        }
        let Some(id) = &authority.fachverfahren else { continue };
        match export.system.iter().find(|s| &s.id == id) {
            None => {
                let problem = format!(
                    "{} has the Fachverfahren \"{id}\", which is no system",
                    authority.name
                );
                add(Weight::Error, "depot.toml", 0, problem, "correct the organisation");
            }
            Some(system) => {
                needed.insert(&system.receiver);
                let rule = depot.file.rule.iter().find(|r| r.receiver == system.receiver);
                if system.protocol == "soap" && rule.is_none_or(|r| r.soap.is_none()) {
                    let problem = format!("no rule says how the web service {id} is called");
                    add(Weight::Error, "depot.toml", 0, problem, "add [rule.soap] to its rule");
                }
                if rule.is_none() {
                    let problem = format!(
                        "no rule makes the format \"{}\" of {id}: it gets messages as they are",
                        system.receiver
                    );
                    add(
                        Weight::Warning,
                        "depot.toml",
                        0,
                        problem,
                        "add a [[rule]], if that is not meant",
                    );
                }
            }
        }
    }
    for rule in depot.file.rule.iter().filter(|r| !needed.contains(&r.receiver)) {
        let problem = format!("no authority needs the format \"{}\"", rule.receiver);
        let help = "this organisation does not test the rule; give a system this format";
        add(Weight::Warning, "depot.toml", 0, problem, help);
    }
}

#[cfg(test)]
mod tests {
    use super::{beside, by_prefix, place};

    #[test]
    fn names_with_prefixes_are_noticed() {
        assert!(by_prefix("name(/*) = 'xdf3:xdatenfelder.stammdatenschema.0102'"));
        assert!(by_prefix("name()=\"g:Kopf\""));
        assert!(!by_prefix("local-name() = 'Kopf'"));
        assert!(!by_prefix("name() = 'Kopf'"));
        assert!(!by_prefix("local-name(.)='a:b'"));
    }

    #[test]
    fn places_and_paths_are_read() {
        let (file, line, text) = place("file:///depot/rules/a.xsl:12: broken", "x");
        assert_eq!((file.as_str(), line, text.as_str()), ("rules/a.xsl", 12, "broken"));
        assert_eq!(place("broken", "rules/b.xsl").0, "rules/b.xsl");
        assert_eq!(beside("rules/a.xsl", "../daten/./orte.xml"), "daten/orte.xml");
        assert_eq!(beside("rules/a.xsl", "../../geheim.xml"), "../geheim.xml");
    }
}
