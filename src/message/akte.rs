//! What is filed of an application over xdomea: an Akte in the place of the folder, which keeps the
//! metadata of the receiver where every DMS has room for them, and documents that name the Akte.

use super::build::MessageError;
use super::filing::{Filing, folder_of};
use crate::ids::SystemId;
use crate::plan::{TestCase, TestPlan};
use crate::xdomea::{Document, Record, uuid_of};

/// An Akte as it is named from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Akte {
    /// Its UUID, which stays the same in every run.
    pub id: String,
    /// Its Kennzeichen: the name of the receiver's folder.
    pub reference: String,
    /// The Aktenplaneinheit: the name of the folder above; empty where there is none.
    pub plan_unit: String,
}

/// The Akte of a case at a DMS.
///
/// # Errors
/// When the plan's receiver has no folder.
pub fn akte_of(plan: &TestPlan, case: &TestCase, system: &SystemId) -> Result<Akte, MessageError> {
    let folder = folder_of(plan, case, system)?;
    let mut names = folder.rsplit('/').filter(|n| !n.is_empty());
    let reference = names.next().unwrap_or_default().to_owned();
    let plan_unit = names.next().unwrap_or_default().to_owned();
    Ok(Akte { id: uuid_of(&format!("{system}:{}", case.id)), reference, plan_unit })
}

impl Akte {
    /// Its Betreff.
    pub fn subject(&self) -> String {
        format!("Antrag {}", self.reference)
    }

    /// The record that is filed; the metadata stand in its Bemerkung, one in a line.
    pub fn record(&self, filing: &Filing) -> Record {
        let lines: Vec<String> =
            filing.metadata.iter().map(|(id, value)| format!("{id}={value}")).collect();
        Record {
            id: self.id.clone(),
            reference: self.reference.clone(),
            subject: self.subject(),
            remark: lines.join("\n"),
            plan_unit: self.plan_unit.clone(),
        }
    }

    /// A document of it, with its versions.
    pub fn document(&self, name: &str, versions: Vec<Vec<u8>>) -> Document {
        let (id, reference) = (uuid_of(&format!("{}:{name}", self.id)), self.reference.clone());
        Document { id, name: name.to_owned(), reference, versions }
    }

    /// By which words it must be found, each with the name of what is so shown to be kept: the
    /// Kennzeichen and the value together.
    pub fn found_by<'a>(
        &'a self,
        metadata: impl Iterator<Item = (&'a String, &'a String)>,
    ) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> =
            metadata.map(|(id, value)| (id.clone(), value.clone())).collect();
        out.push(("Betreff".into(), self.subject()));
        if !self.plan_unit.is_empty() {
            out.push(("Aktenplaneinheit".into(), self.plan_unit.clone()));
        }
        out.retain(|(_, value)| !value.trim().is_empty());
        for (_, terms) in &mut out {
            *terms = format!("{} {terms}", self.reference);
        }
        out
    }
}

/// How many versions a document of a case has, where it was filed with several.
pub fn versions_of(case: &TestCase, document: &str) -> Option<usize> {
    use crate::plan::{ArchiveOperation, Step};
    case.step.iter().find_map(|step| match step {
        Step::Archive { operation: ArchiveOperation::AddVersions { name, texts, .. }, .. } => {
            (name == document).then_some(texts.len())
        }
        _ => None,
    })
}
