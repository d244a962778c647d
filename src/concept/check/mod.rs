//! What the types of a concept cannot say: references, duplicates, ranges that make sense.

use std::collections::BTreeSet;
use std::path::Path as FilePath;

use super::written::{ConceptFile, Form, Length};
use crate::diagnostic::{Authored, Diagnostic, Path, nearest};
use crate::ids::ComponentKind;

mod fields;
mod rules;

use fields::one_field;

/// Ways a value may change that every concept knows.
pub const BUILT_IN_CONVERSIONS: [&str; 4] =
    ["unchanged", "date-german", "ja-nein", "decimal-comma"];

struct Check<'a> {
    authored: &'a Authored<ConceptFile>,
    out: Vec<Diagnostic>,
}

impl Check<'_> {
    fn error(&mut self, at: &Path, message: impl Into<String>, help: impl Into<String>) {
        let span = self.authored.span(at);
        self.out.push(Diagnostic::error(span, message, help));
    }

    /// Two places that contradict each other.
    fn contradiction(
        &mut self,
        at: &Path,
        message: impl Into<String>,
        help: impl Into<String>,
        other: (&Path, &str),
    ) {
        let (span, also) = (self.authored.span(at), self.authored.span(other.0));
        self.out.push(Diagnostic::error(span, message, help).and(also, other.1));
    }

    fn unique(&mut self, list: &str, ids: impl Iterator<Item = String>) {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            let at = Path::default().at(list).at(index).at("id");
            if id.trim().is_empty() {
                self.error(&at, "an id must not be empty", "give it a name");
            } else if !seen.insert(id.clone()) {
                self.error(
                    &at,
                    format!("{list} \"{id}\" exists twice"),
                    "rename one; everything that refers to it would be ambiguous",
                );
            }
        }
    }

    fn reference(&mut self, at: &Path, what: &str, id: &str, known: &[&str]) {
        if known.contains(&id) {
            return;
        }
        let help = match nearest(id, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => format!("this concept has no {what}; add [[{what}]]"),
            None => format!("known: {}", known.join(", ")),
        };
        self.error(at, format!("{what} \"{id}\" does not exist"), help);
    }
}

/// All findings about a concept that has the right shape.
pub fn check(authored: &Authored<ConceptFile>, folder: &FilePath) -> Vec<Diagnostic> {
    let file = &authored.value;
    let mut c = Check { authored, out: Vec::new() };
    let root = Path::default();
    if file.format != super::FORMAT {
        c.error(
            &root.at("format"),
            format!("this version reads \"{}\", not \"{}\"", super::FORMAT, file.format),
            "convert the file, or use the version of the program that wrote it",
        );
    }
    c.unique("role", file.role.iter().map(|x| x.id.clone()));
    c.unique("service", file.service.iter().map(|x| x.id.clone()));
    c.unique("code_list", file.code_list.iter().map(|x| x.id.clone()));
    c.unique("conversion", file.conversion.iter().map(|x| x.id.clone()));
    c.unique("document", file.document.iter().map(|x| x.id.clone()));
    c.unique("group", file.group.iter().map(|x| x.id.clone()));
    c.unique("field", file.field.iter().map(|x| x.id.clone()));
    c.unique("message", file.message.iter().map(|x| x.id.clone()));
    c.unique("receiver", file.receiver.iter().map(|x| x.id.clone()));
    c.unique("rule", file.rule.iter().map(|x| x.id.clone()));
    c.unique("state", file.state.iter().map(|x| x.id.clone()));
    c.unique("requirement", file.requirement.iter().map(|x| x.id.clone()));
    people(&mut c, file);
    lists(&mut c, file);
    for (index, field) in file.field.iter().enumerate() {
        one_field(&mut c, file, field, &root.at("field").at(index));
    }
    unsaid(&mut c, file);
    groups(&mut c, file);
    messages(&mut c, file, folder);
    rules::rules(&mut c, file);
    flow(&mut c, file);
    requirements(&mut c, file);
    c.out
}

fn groups(c: &mut Check<'_>, file: &ConceptFile) {
    let known: Vec<&str> = file.group.iter().map(|g| g.id.as_str()).collect();
    for (index, group) in file.group.iter().enumerate() {
        let at = Path::default().at("group").at(index);
        if !group.path.is_empty() {
            xml_name(c, &at.at("path"), &group.path);
        }
        occurrences(c, &at, group.min, group.max);
        testable(c, &at, group.max, None);
        let Some(outer) = &group.within else { continue };
        c.reference(&at.at("within"), "group", outer, &known);
        let mut seen = BTreeSet::from([group.id.as_str()]);
        let mut next = Some(outer.as_str());
        while let Some(id) = next {
            if !seen.insert(id) {
                c.error(
                    &at.at("within"),
                    format!("group \"{}\" lies within itself", group.id),
                    "a group within itself has no end; name another outer group",
                );
                break;
            }
            next = file.group.iter().find(|g| g.id == id).and_then(|g| g.within.as_deref());
        }
        if let Some(after) = group.after.as_deref().filter(|a| !a.is_empty()) {
            let fields: Vec<&str> =
                file.field.iter().filter(|f| &f.group == outer).map(|f| f.id.as_str()).collect();
            c.reference(&at.at("after"), "field", after, &fields);
        }
    }
}

/// Fewest and most occurrences must leave something.
fn occurrences(c: &mut Check<'_>, at: &Path, min: u32, max: u32) {
    if max == 0 || min > max {
        c.contradiction(
            &at.at("max"),
            format!("from {min} to {max} occurrences is impossible"),
            "min must not be larger than max, and max at least 1",
            (&at.at("min"), "the fewest"),
        );
    }
}

/// Most occurrences and longest text that a message of a test can hold.
const MOST_OCCURRENCES: u32 = 10_000;
const LONGEST_TEXT: u32 = 1_000_000;

/// What is allowed must be possible to send.
fn testable(c: &mut Check<'_>, at: &Path, max: u32, length: Option<Length>) {
    if max > MOST_OCCURRENCES {
        let text = format!("up to {max} occurrences cannot be sent in a test");
        c.error(&at.at("max"), text, "write unbounded = true with a max that a test sends");
    }
    if let Some(length) = length.filter(|l| l.max > LONGEST_TEXT) {
        let text = format!("a text of {} characters cannot be sent in a test", length.max);
        c.error(&at.at("length").at("max"), text, format!("at most {LONGEST_TEXT}"));
    }
}

fn people(c: &mut Check<'_>, file: &ConceptFile) {
    let roles: Vec<&str> = file.role.iter().map(|r| r.id.as_str()).collect();
    let messages: Vec<&str> = file.message.iter().map(|m| m.id.as_str()).collect();
    for (index, component) in file.component.iter().enumerate() {
        let at = Path::default().at("component").at(index).at("role");
        c.reference(&at, "role", &component.role, &roles);
    }
    for (index, service) in file.service.iter().enumerate() {
        let at = Path::default().at("service").at(index);
        c.reference(&at.at("starts_with"), "message", &service.starts_with, &messages);
        if service.leika.len() != 14 || !service.leika.bytes().all(|b| b.is_ascii_digit()) {
            c.error(&at.at("leika"), "a LeiKa key has 14 digits", "write all 14, in quotes");
        }
    }
}

fn lists(c: &mut Check<'_>, file: &ConceptFile) {
    let known: Vec<&str> = file.code_list.iter().map(|l| l.id.as_str()).collect();
    for (index, list) in file.code_list.iter().enumerate() {
        let at = Path::default().at("code_list").at(index);
        if list.codes.is_empty() {
            c.error(
                &at.at("codes"),
                format!("code list \"{}\" is empty", list.id),
                "no value could ever be valid; add its codes",
            );
        }
        if list.version.trim().is_empty() {
            c.error(
                &at.at("version"),
                "a code list needs a version",
                "a list without one cannot be tested",
            );
        }
    }
    for (index, conversion) in file.conversion.iter().enumerate() {
        let at = Path::default().at("conversion").at(index);
        c.reference(&at.at("code_list"), "code_list", &conversion.code_list, &known);
        let Some(list) = file.code_list.iter().find(|l| l.id == conversion.code_list) else {
            continue;
        };
        for code in list.codes.keys() {
            if !conversion.codes.contains_key(code) {
                c.error(
                    &at.at("codes"),
                    format!("code \"{code}\" of list \"{}\" is not converted", list.id),
                    format!("add \"{code}\" = \"…\""),
                );
            }
        }
        for code in conversion.codes.keys() {
            if !list.codes.contains_key(code) {
                c.error(
                    &at.at("codes").at(code),
                    format!("code \"{code}\" is not in list \"{}\"", list.id),
                    "remove it, or add it to the list",
                );
            }
        }
    }
}

/// Every field of a message that goes to a Fachverfahren says where it arrives, or that it does not.
fn unsaid(c: &mut Check<'_>, file: &ConceptFile) {
    for (index, field) in file.field.iter().enumerate() {
        let sent = file
            .message
            .iter()
            .any(|m| m.to == ComponentKind::Fachverfahren && m.groups.contains(&field.group));
        let at = Path::default().at("field").at(index);
        for (k, receiver) in field.nowhere.iter().enumerate() {
            let known: Vec<&str> = file.receiver.iter().map(|r| r.id.as_str()).collect();
            c.reference(&at.at("nowhere").at(k), "receiver", receiver, &known);
        }
        for receiver in file
            .receiver
            .iter()
            .filter(|r| r.form == Form::Mapped && r.kind == ComponentKind::Fachverfahren)
        {
            let said =
                field.arrives.contains_key(&receiver.id) || field.nowhere.contains(&receiver.id);
            if sent && !said {
                c.error(
                    &at,
                    format!(
                        "field \"{}\" does not say where it arrives at \"{}\"",
                        field.id, receiver.id
                    ),
                    format!(
                        "add arrives.{0} = {{ at = \"…\" }}, or nowhere = [\"{0}\"]",
                        receiver.id
                    ),
                );
            }
        }
    }
}

fn messages(c: &mut Check<'_>, file: &ConceptFile, folder: &FilePath) {
    let groups: Vec<&str> = file.group.iter().map(|g| g.id.as_str()).collect();
    let documents: Vec<&str> = file.document.iter().map(|d| d.id.as_str()).collect();
    for (index, message) in file.message.iter().enumerate() {
        let at = Path::default().at("message").at(index);
        xml_name(c, &at.at("root"), &message.root);
        for (i, group) in message.groups.iter().enumerate() {
            c.reference(&at.at("groups").at(i), "group", group, &groups);
        }
        for (i, document) in message.documents.iter().enumerate() {
            c.reference(
                &at.at("documents").at(i).at("document"),
                "document",
                &document.document,
                &documents,
            );
        }
        let mut files: Vec<(Path, &String)> = Vec::new();
        for (i, rule) in message.rules.iter().enumerate() {
            files.push((at.at("rules").at(i), rule));
        }
        match &message.schema {
            Some(schema) => {
                let at = at.at("schema");
                files.push((at.at("xsd"), &schema.xsd));
                files.extend(schema.catalogue.iter().map(|f| (at.at("catalogue"), f)));
                for (i, sample) in schema.samples.iter().enumerate() {
                    files.push((at.at("samples").at(i), sample));
                }
                if schema.samples.is_empty() && !schema.derive {
                    c.error(
                        &at,
                        "neither samples nor derived messages: nothing would be tested",
                        "add derive = true, or samples = […]",
                    );
                }
                if schema.correlator.is_none() && !schema.samples.is_empty() {
                    c.error(
                        &at,
                        "samples without correlator: their exchanges could not be told apart",
                        "add correlator = \"path/to/the/id\"",
                    );
                }
            }
            None if message.groups.is_empty() => c.error(
                &at,
                format!("message \"{}\" has neither groups nor a schema", message.id),
                "add groups = […] or schema = { xsd = …, derive = true }",
            ),
            None => {}
        }
        for (at, name) in files {
            if !folder.join(name).is_file() {
                c.error(
                    &at,
                    format!("file \"{name}\" does not exist"),
                    "paths are relative to the concept",
                );
            }
        }
    }
}

fn flow(c: &mut Check<'_>, file: &ConceptFile) {
    let states: Vec<&str> = file.state.iter().map(|s| s.id.as_str()).collect();
    for (index, transition) in file.transition.iter().enumerate() {
        let at = Path::default().at("transition").at(index);
        if !transition.from.is_empty() {
            c.reference(&at.at("from"), "state", &transition.from, &states);
        }
        c.reference(&at.at("to"), "state", &transition.to, &states);
        if file.state.iter().any(|s| s.last && s.id == transition.from) {
            c.error(
                &at.at("from"),
                format!("state \"{}\" is the last", transition.from),
                "remove last = true, or the transition",
            );
        }
    }
    for (index, deadline) in file.deadline.iter().enumerate() {
        if deadline.within_ms == 0 {
            let at = Path::default().at("deadline").at(index).at("within_ms");
            c.error(&at, "no time at all is no deadline", "write milliseconds, such as 2000");
        }
    }
    let mut seen = BTreeSet::new();
    for (index, rejection) in file.rejection.iter().enumerate() {
        for (i, fault) in rejection.faults.iter().enumerate() {
            if !seen.insert(*fault) {
                let at = Path::default().at("rejection").at(index).at("faults").at(i);
                c.error(&at, "this fault has a code already", "one fault, one code");
            }
        }
    }
}

fn requirements(c: &mut Check<'_>, file: &ConceptFile) {
    for (index, requirement) in file.requirement.iter().enumerate() {
        let at = Path::default().at("requirement").at(index);
        match (&requirement.not_testable, requirement.aspects.is_empty()) {
            (None, true) => c.error(
                &at,
                format!("requirement \"{}\" has no aspects and no reason", requirement.id),
                "add aspects = […], or not_testable = \"why\"",
            ),
            (Some(_), false) => c.error(
                &at.at("not_testable"),
                format!("requirement \"{}\" is both tested and not testable", requirement.id),
                "keep one of aspects and not_testable",
            ),
            _ => {}
        }
    }
    if file.requirement.is_empty() {
        c.error(
            &Path::default(),
            "a concept without requirements tests nothing",
            "add [[requirement]]",
        );
    }
}

/// Names that are no XML names would only fail inside a generated schema.
fn xml_name(c: &mut Check<'_>, at: &Path, path: &str) {
    let good = |step: &str| {
        step.chars().next().is_some_and(|x| x.is_alphabetic() || x == '_')
            && step.chars().all(|x| x.is_alphanumeric() || "._-".contains(x))
    };
    if !path.split('/').all(good) {
        c.error(
            at,
            format!("\"{path}\" is no name of an XML element"),
            "letters, digits, '.', '-', '_'; steps with '/'",
        );
    }
}

/// Control characters cannot stand in XML, and so neither in labels and patterns.
fn printable(c: &mut Check<'_>, at: &Path, text: &str) {
    if text.chars().any(char::is_control) {
        c.error(at, "a control character stands here", "remove it");
    }
}
