//! The Testplan: derived by a catalogue of methods, deterministic to the byte, self-contained.

mod archive;
mod assemble;
mod builder;
mod case;
mod catalogue;
mod certifier;
mod check;
mod claims;
mod conditions;
mod contents;
mod convert;
mod coverage;
mod derive;
mod diff;
mod expectation;
mod from_schema;
mod letter;
mod measure;
mod methods;
mod own_side;
pub mod pairwise;
mod pilot;
mod planned;
mod route;
mod types;
mod values;
mod waiver;

pub use archive::{ArchiveExchange, ArchiveOperation, ArchiveWay, Wrong};
pub use assemble::{Filling, changed, tree};
pub use case::*;
pub use catalogue::{Catalogue, CatalogueFile};
pub use check::load;
pub use claims::{Applicability, Expected, InPlaceOf};
pub use conditions::without_namespaces;
pub use contents::document_bytes;
pub use convert::convert;
pub use coverage::{Coverage, coverage};
pub use derive::{
    DeriveError, FORMAT, Scope, derive, nachricht_of, vorgang_nth, vorgang_of, vorgang_uuid_of,
};
pub use diff::{CaseChange, PlanDiff, Standing, diff};
pub use from_schema::filled;
pub use letter::{Letter, MailLook, MailReply};
pub use measure::Share;
pub use types::*;
pub use waiver::Waiver;

impl TestCase {
    /// The message that a step sends to a hub; none where it does something else.
    pub fn sent(&self, step: &str) -> Option<&MessageUse> {
        self.step.iter().find_map(|s| match s {
            Step::Send { name, message, .. } if name == step => Some(&**message),
            _ => None,
        })
    }

    /// The numbers of its Vorgänge.
    pub fn vorgaenge(&self) -> Vec<String> {
        let messages = self.step.iter().filter_map(Step::message);
        let numbers: std::collections::BTreeSet<u32> =
            messages.map(|m| m.vorgang).chain([0]).collect();
        numbers.into_iter().map(|n| vorgang_nth(&self.id, n)).collect()
    }
}

impl TestPlan {
    /// The plan as its file: the same plan gives the same bytes.
    ///
    /// # Errors
    /// Never for a derived plan.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        let body = toml::to_string_pretty(self)?;
        Ok(format!(
            "# Hergeleitet aus {} mit dem Katalog {}; nicht von Hand ändern, sondern neu herleiten.\n{body}",
            self.plan.concept, self.plan.catalogue
        ))
    }

    /// A case by id.
    pub fn case(&self, id: &crate::ids::CaseId) -> Option<&TestCase> {
        self.case.iter().find(|c| &c.id == id)
    }

    /// A message by id.
    pub fn message(&self, id: &str) -> Option<&PlanMessage> {
        self.message.iter().find(|m| m.id == id)
    }

    /// The format a system takes.
    pub fn receiver_of(&self, system: &crate::ids::SystemId) -> Option<&PlanReceiver> {
        let system = self.system.iter().find(|s| &s.id == system)?;
        self.receiver.iter().find(|r| r.id == system.receiver)
    }

    /// The bytes of an embedded file.
    pub fn file_bytes(&self, name: &str) -> Option<Vec<u8>> {
        use base64::Engine as _;
        let file = self.file.iter().find(|f| f.name == name)?;
        match (&file.text, &file.base64) {
            (Some(text), _) => Some(text.clone().into_bytes()),
            (None, Some(code)) => base64::engine::general_purpose::STANDARD.decode(code).ok(),
            (None, None) => None,
        }
    }

    /// The schema of a message.
    pub fn schema_of(&self, message: &PlanMessage) -> Option<crate::xml::SchemaSet> {
        let main = message.schema.as_ref()?;
        let mut files = std::collections::BTreeMap::new();
        let mut main_url = None;
        for (url, name) in &message.schema_files {
            files.insert(url.clone(), std::sync::Arc::new(self.file_bytes(name)?));
            if name == main && main_url.as_ref().is_none_or(|u: &String| !u.starts_with("schema:"))
            {
                main_url = Some(url.clone());
            }
        }
        Some(crate::xml::SchemaSet { main: main_url?, files })
    }
}
