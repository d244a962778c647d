//! The messages of a concept as a plan holds them, with their schemas.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::derive::{Derivation, DeriveError};
use super::types::{PlanCondition, PlanField, PlanGroup, PlanMessage};
use crate::concept::{Group, Message, MessageSchema, SystemConcept, placed, xsd_of};
use crate::ids::Digest;
use crate::xml::{SchemaError, SchemaSet};

/// Schemas that several messages share, by file and catalogue.
type Loaded = BTreeMap<(PathBuf, Option<PathBuf>), Result<SchemaSet, SchemaError>>;

/// All messages; their schemas, samples and rule sheets become files of the plan.
///
/// # Errors
/// When a file is missing, or the schema written from the fields of a message does not load. What an
/// engine makes of the schema of a standard is not the concept's fault: such a message has no schema
/// in the plan, and its cases stay open.
pub(super) fn messages(d: &mut Derivation<'_>) -> Result<Vec<PlanMessage>, DeriveError> {
    let mut out = Vec::new();
    let mut loaded = Loaded::new();
    let concept = d.concept;
    let read = |name: &str| {
        std::fs::read(concept.folder.join(name))
            .map_err(|error| DeriveError::File(name.to_owned(), error))
    };
    for message in &concept.file.message {
        for name in message.schema.iter().flat_map(|s| &s.samples).chain(&message.rules) {
            d.files.insert(name.clone(), read(name)?);
        }
        let mut planned = planned(concept, message);
        let set = match &message.schema {
            None => written(concept, message)?,
            Some(schema) => match of_standard(&mut loaded, concept, schema) {
                Ok(set) => set,
                Err(error) => {
                    d.unloadable.insert(message.id.clone(), error.to_string());
                    out.push(planned);
                    continue;
                }
            },
        };
        // Shared schema files stand once, by digest of their content.
        for (url, bytes) in &set.files {
            let name = if message.schema.is_none() {
                format!("schema/{}.xsd", message.id)
            } else {
                format!("schema/{}.xsd", Digest::of(bytes.as_slice()).short())
            };
            d.files.insert(name.clone(), bytes.to_vec());
            planned.schema_files.insert(url.clone(), name);
        }
        planned.schema = planned.schema_files.get(&set.main).cloned();
        d.schemas.insert(message.id.clone(), set);
        out.push(planned);
    }
    Ok(out)
}

/// The schema written from the fields of a message.
fn written(concept: &SystemConcept, message: &Message) -> Result<SchemaSet, DeriveError> {
    let set = SchemaSet::single(&xsd_of(concept, message).unwrap_or_default());
    let bad = |error| DeriveError::Schema { message: message.id.clone(), error };
    set.compile().map_err(bad)?;
    Ok(set)
}

/// The schema of a standard, loaded once.
fn of_standard(
    loaded: &mut Loaded,
    concept: &SystemConcept,
    schema: &MessageSchema,
) -> Result<SchemaSet, SchemaError> {
    let main = concept.folder.join(&schema.xsd);
    let catalogue = schema.catalogue.as_ref().map(|c| concept.folder.join(c));
    let load = || {
        let set = SchemaSet::load(&main, catalogue.as_deref())?;
        set.compile()?;
        Ok(set)
    };
    loaded.entry((main.clone(), catalogue.clone())).or_insert_with(load).clone()
}

fn planned(concept: &SystemConcept, message: &Message) -> PlanMessage {
    let rules = concept.file.rule.iter().filter(|r| r.messages.contains(&message.id));
    PlanMessage {
        id: message.id.clone(),
        title: message.title.clone(),
        kind: message.kind,
        root: message.root.clone(),
        namespace: message.namespace.clone(),
        leistung: concept.service_of(message).map(|s| s.leika.clone()),
        schema: None,
        schema_files: BTreeMap::new(),
        header: message.header.clone(),
        qualified: message.qualified.clone(),
        rules: message.rules.clone(),
        group: concept.groups_of(message).into_iter().map(|g| plan_group(concept, g)).collect(),
        documents: message.documents.iter().map(|x| x.document.clone()).collect(),
        condition: rules
            .filter_map(|r| {
                let test = r.test.clone()?;
                Some(PlanCondition { id: r.id.clone(), title: r.title.clone(), test })
            })
            .collect(),
    }
}

fn plan_group(concept: &SystemConcept, group: &Group) -> PlanGroup {
    let outer = group.within.as_ref().and_then(|id| concept.group(id));
    let before_field = outer.and_then(|outer| {
        let (at, _) = placed(concept, outer).into_iter().find(|(_, g)| g.id == group.id)?;
        u32::try_from(at).ok().filter(|_| at < concept.fields_of(&outer.id).count())
    });
    PlanGroup {
        id: group.id.clone(),
        title: group.title.clone(),
        path: concept.path_of(group),
        element: group.path.clone(),
        within: group.within.clone(),
        before_field,
        field: concept
            .fields_of(&group.id)
            .map(|f| PlanField {
                id: f.id.clone(),
                label: f.label.clone(),
                path: f.path.clone(),
                kind: f.kind,
                length: f.length,
                range: f.range.clone(),
                pattern: f.pattern.clone(),
                code_list: f.code_list.clone(),
                check: f.check,
                made_by_target: f.made_by_target,
                per_message: matches!(f.world.as_deref(), Some("nachricht" | "zeitpunkt")),
            })
            .collect(),
    }
}
