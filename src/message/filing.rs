//! What must be filed of an application: the folder, the metadata as the receiver's lineage says, the
//! message and its documents.

use std::collections::BTreeMap;

use super::build::{MessageError, build};
use crate::ids::SystemId;
use crate::plan::{MessageUse, TestCase, TestPlan, convert, document_bytes, vorgang_of};
use crate::xml::parse;

/// A document to file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledDocument {
    /// Name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Every byte.
    pub content: Vec<u8>,
}

/// An application as a DMS must hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// Path of the folder from the root.
    pub folder: String,
    /// Its properties but for name and type.
    pub metadata: BTreeMap<String, String>,
    /// What lies in it: first the message as `antrag.xml`, then its documents.
    pub documents: Vec<FiledDocument>,
}

/// The folder of a case at a DMS.
///
/// # Errors
/// When the plan's receiver has none.
pub fn folder_of(
    plan: &TestPlan,
    case: &TestCase,
    system: &SystemId,
) -> Result<String, MessageError> {
    let folder = plan.receiver_of(system).and_then(|r| r.folder.as_ref());
    let what = || format!("the folder of the receiver of system \"{system}\"");
    let folder = folder.ok_or_else(|| MessageError { case: case.id.to_string(), what: what() })?;
    Ok(folder.replace("{vorgang}", &vorgang_of(&case.id)))
}

/// What must be filed at a DMS.
///
/// # Errors
/// When the plan refers to something that it does not hold.
pub fn filing(
    plan: &TestPlan,
    case: &TestCase,
    use_: &MessageUse,
    system: &SystemId,
) -> Result<Filing, MessageError> {
    let missing = |what: String| MessageError { case: case.id.to_string(), what };
    let folder = folder_of(plan, case, system)?;
    let built = build(plan, case, use_)?;
    let root = parse(&built.bytes).map_err(|e| missing(e.to_string()))?.root;
    let receiver = plan.receiver_of(system);
    let lineage = receiver.map(|r| &r.lineage).ok_or_else(|| missing("lineage".into()))?;
    let message = plan.message(&use_.message);
    let message = message.ok_or_else(|| missing(format!("message \"{}\"", use_.message)))?;
    let mut metadata = BTreeMap::new();
    for (group, field) in message.group.iter().flat_map(|g| g.field.iter().map(move |f| (g, f))) {
        let Some(arrival) = lineage.get(&field.id) else { continue };
        let path = format!("{}/{}", group.path, field.path);
        let Some(value) = root.values_at(&path, &message.namespace).into_iter().next() else {
            continue;
        };
        let value = convert(plan, &arrival.how, &value)
            .ok_or_else(|| missing(format!("conversion \"{}\"", arrival.how)))?;
        metadata.insert(arrival.at.clone(), value);
    }
    let mut documents = vec![FiledDocument {
        name: "antrag.xml".into(),
        media_type: "application/xml".into(),
        content: built.bytes,
    }];
    documents.extend(built.documents.iter().map(|d| FiledDocument {
        name: d.name.clone(),
        media_type: d.media_type.clone(),
        content: document_bytes(d),
    }));
    Ok(Filing { folder, metadata, documents })
}
