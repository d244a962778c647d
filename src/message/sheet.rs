//! Data sheets: what a person enters, and what the message must then contain.

use serde::Serialize;

use super::build::{MessageError, Sources, build, sources};
use crate::ids::{CaseId, RequirementId};
use crate::plan::{
    DocumentUse, Expectation, Filling, MessageUse, PlanField, Step, TestCase, TestPlan, changed,
};
use crate::xml::{Element, parse};

/// What a person does for one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// The case.
    pub case: CaseId,
    /// Its title.
    pub title: String,
    /// Requirements it tests.
    pub requirements: Vec<RequirementId>,
    /// What is to be done.
    pub instructions: Vec<String>,
    /// What is entered, in the order of the message.
    pub entries: Vec<Entry>,
    /// Documents that are added.
    pub documents: Vec<DocumentUse>,
    /// Root element of the message that must come of it; empty where none does.
    pub root: String,
    /// Its namespace.
    pub namespace: String,
    /// What the message must contain: path and value.
    pub contains: Vec<Contained>,
    /// What is to be answered afterwards.
    pub questions: Vec<String>,
}

/// One entry of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The group it stands in, with its number where it repeats.
    pub group: String,
    /// Label of the field.
    pub label: String,
    /// What is entered or chosen.
    pub value: String,
    /// Name of a code, where it is chosen from a list.
    pub name: Option<String>,
}

/// A value in the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contained {
    /// Path from the root.
    pub path: String,
    /// The same with the number of each element among those of its name, such as
    /// `Vertreter[2]/Vornamen[1]`.
    pub position: String,
    /// The value; none where the Antragsassistent gives it, such as the id of the message.
    pub value: Option<String>,
}

/// The sheets of all cases that a person takes part in.
///
/// # Errors
/// When the plan is not complete.
pub fn sheets(plan: &TestPlan) -> Result<Vec<Sheet>, MessageError> {
    plan.case.iter().filter_map(|case| sheet(plan, case).transpose()).collect()
}

/// The sheet of a case; none where no person takes part.
///
/// # Errors
/// When the plan is not complete.
pub fn sheet(plan: &TestPlan, case: &TestCase) -> Result<Option<Sheet>, MessageError> {
    let mut sheet = Sheet {
        case: case.id.clone(),
        title: case.title.clone(),
        requirements: case.requirements.clone(),
        instructions: vec![],
        entries: vec![],
        documents: vec![],
        root: String::new(),
        namespace: String::new(),
        contains: vec![],
        questions: vec![],
    };
    for step in &case.step {
        let (instruction, message) = match step {
            Step::Manual { instruction, message, .. } => (instruction, message.as_deref()),
            Step::Prompt { instruction, message, .. } => (instruction, Some(message.as_ref())),
            _ => continue,
        };
        sheet.instructions.push(instruction.clone());
        if let Some(use_) = message {
            enter(plan, case, use_, &mut sheet)?;
        }
    }
    for expectation in &case.expect {
        if let Expectation::Attested { question, .. } = expectation {
            sheet.questions.push(question.clone());
        }
    }
    Ok((!sheet.instructions.is_empty()).then_some(sheet))
}

fn enter(
    plan: &TestPlan,
    case: &TestCase,
    use_: &MessageUse,
    sheet: &mut Sheet,
) -> Result<(), MessageError> {
    let built = build(plan, case, use_)?;
    let Sources { message, set, filling } = sources(plan, case, use_)?;
    let missing = |what: String| MessageError { case: case.id.to_string(), what };
    // What the Antragsassistent gives by itself; authority and service must be right.
    let own = Filling {
        behoerde: filling.behoerde.clone(),
        leistung: filling.leistung.clone(),
        ..Filling::default()
    };
    let (given, _) = changed(message, set, &use_.change, &own);
    let (parts, documents) = changed(message, set, &use_.change, &filling);
    // What differs between two fillings is given by the system.
    let mut by_system: Vec<String> = Vec::new();
    let mut seen: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (part, raw) in parts.iter().zip(&given) {
        let Some(group) = message.group.iter().find(|g| g.id == part.group) else { continue };
        let count = seen.entry(group.id.as_str()).or_default();
        *count += 1;
        let many = parts.iter().filter(|p| p.group == part.group).count() > 1;
        let title = if many { format!("{} ({count})", group.title) } else { group.title.clone() };
        for field in &group.field {
            let values = part.values.get(&field.id).into_iter().flatten();
            let raw = raw.values.get(&field.id).into_iter().flatten();
            for (value, raw) in values.zip(raw) {
                if value != raw || field.per_message {
                    by_system.push(value.clone());
                    continue;
                }
                sheet.entries.push(Entry {
                    group: title.clone(),
                    label: label(field),
                    value: value.clone(),
                    name: name_of(plan, field, value),
                });
            }
        }
    }
    sheet.documents.extend(documents);
    let root = parse(&built.bytes).map_err(|e| missing(e.to_string()))?.root;
    let documents: Vec<&str> = message.documents.iter().map(String::as_str).collect();
    sheet.root.clone_from(&root.name);
    sheet.namespace.clone_from(&root.namespace);
    let mut leaves = Vec::new();
    positions(&root, "", "", &mut leaves);
    for (path, position, element) in leaves {
        let inside_document = path.split('/').any(|step| documents.contains(&step));
        if !(inside_document && element.name == "Inhalt") {
            let value = element.text();
            let value = (!by_system.contains(&value)).then_some(value);
            sheet.contains.push(Contained { path, position, value });
        }
    }
    Ok(())
}

/// Every leaf with its path and its position.
fn positions<'a>(
    at: &'a Element,
    path: &str,
    position: &str,
    out: &mut Vec<(String, String, &'a Element)>,
) {
    let mut seen: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for child in at.elements() {
        let number = seen.entry(child.name.as_str()).or_default();
        *number += 1;
        let slash = if path.is_empty() { "" } else { "/" };
        let path = format!("{path}{slash}{}", child.name);
        let position = format!("{position}{slash}{}[{number}]", child.name);
        if child.is_leaf() {
            out.push((path, position, child));
        } else {
            positions(child, &path, &position, out);
        }
    }
}

fn label(field: &PlanField) -> String {
    if field.label.is_empty() { field.id.clone() } else { field.label.clone() }
}

fn name_of(plan: &TestPlan, field: &PlanField, value: &str) -> Option<String> {
    let list = plan.code_list.iter().find(|l| Some(&l.id) == field.code_list.as_ref())?;
    list.names.get(value).cloned()
}
