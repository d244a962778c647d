//! From values to bytes.

use super::damage::damaged;
use crate::plan::{
    DocumentUse, Filling, MessageUse, PlanMessage, TestCase, TestPlan, ValueSet, changed, filled,
    nachricht_of, tree, vorgang_nth, vorgang_uuid_of,
};
use crate::xml::{Writer, parse};
use crate::xsd::{Edit, apply};

/// A message ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMessage {
    /// The bytes, sent exactly like this.
    pub bytes: Vec<u8>,
    /// Id of the message, by which its deliveries are told from others of the case.
    pub nachricht: String,
    /// Documents it carries.
    pub documents: Vec<DocumentUse>,
}

/// Why a message cannot be built: the plan is not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("case {case}: {what}")]
pub struct MessageError {
    /// The case.
    pub case: String,
    /// What is missing.
    pub what: String,
}

/// Builds a message of a case.
///
/// # Errors
/// When the plan refers to something that it does not hold.
pub fn build(
    plan: &TestPlan,
    case: &TestCase,
    use_: &MessageUse,
) -> Result<TestMessage, MessageError> {
    let missing = |what: String| MessageError { case: case.id.to_string(), what };
    let nachricht = nachricht_of(&case.id, use_.number);
    if let Some(sample) = &use_.sample {
        let bytes = plan.file_bytes(sample).ok_or_else(|| missing(format!("file \"{sample}\"")))?;
        let filling = Filling {
            vorgang: vorgang_nth(&case.id, use_.vorgang),
            vorgang_uuid: vorgang_uuid_of(&case.id),
            nachricht: nachricht.clone(),
            ..Filling::default()
        };
        let bytes = edited(bytes, &use_.edit, &filling).map_err(missing)?;
        return Ok(TestMessage { bytes, nachricht, documents: vec![] });
    }
    let Sources { message, set, filling } = sources(plan, case, use_)?;
    let (parts, documents) = changed(message, set, &use_.change, &filling);
    let root = tree(message, &parts, &documents);
    Ok(TestMessage { bytes: damaged(root, use_.damage), nachricht, documents })
}

/// What a message is made from.
pub(super) struct Sources<'a> {
    /// The message.
    pub message: &'a PlanMessage,
    /// Its values, before the changes of the case.
    pub set: &'a ValueSet,
    /// What each message gets of its own.
    pub filling: Filling,
}

/// Finds what a message of a case is made from.
///
/// # Errors
/// When the plan does not hold it.
pub(super) fn sources<'a>(
    plan: &'a TestPlan,
    case: &TestCase,
    use_: &MessageUse,
) -> Result<Sources<'a>, MessageError> {
    let missing = |what: String| MessageError { case: case.id.to_string(), what };
    let message = plan
        .message(&use_.message)
        .ok_or_else(|| missing(format!("message \"{}\"", use_.message)))?;
    let set = plan
        .values
        .iter()
        .find(|v| Some(&v.id) == use_.values.as_ref())
        .ok_or_else(|| missing(format!("values {:?}", use_.values)))?;
    let leistung = use_.leistung.clone().or_else(|| message.leistung.clone());
    // A message that starts no service belongs to the one that started the case.
    let leistung = leistung.or_else(|| plan.message.iter().find_map(|m| m.leistung.clone()));
    let filling = Filling {
        vorgang: vorgang_nth(&case.id, use_.vorgang),
        vorgang_uuid: vorgang_uuid_of(&case.id),
        nachricht: nachricht_of(&case.id, use_.number),
        behoerde: use_.behoerde.clone(),
        leistung: leistung.unwrap_or_default(),
    };
    Ok(Sources { message, set, filling })
}

/// A file of the plan with a case's changes; without changes, its very bytes.
fn edited(bytes: Vec<u8>, edits: &[Edit], filling: &Filling) -> Result<Vec<u8>, String> {
    if edits.is_empty() {
        return Ok(bytes);
    }
    let mut root = parse(&bytes).map_err(|e| e.to_string())?.root;
    apply(&mut root, &filled(edits, filling)).map_err(|e| e.to_string())?;
    Ok(Writer::new().write(&root).into_bytes())
}
