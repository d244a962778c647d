//! FVDaten.SystemstatusAbfragen.0625. The standard leaves the numbers to both ends; here 1 is the
//! state of the system and 2 the number of its objects.

use super::answer::{Item, Parameter};
use super::fault::{Checked, Code, Fault};
use super::work::Work;
use crate::xml::Element;

/// Tells one status.
pub(super) fn status(work: &Work<'_>, item: &Element) -> Checked<Item> {
    let id = item.child_text("SystemstatusID").unwrap_or_default();
    let value = match id.parse::<i64>() {
        Ok(1) => "verfügbar".to_owned(),
        // Without the root folder.
        Ok(2) => work.store.objects.len().saturating_sub(1).to_string(),
        _ => {
            let reason = format!("SystemstatusID \"{id}\" is not known");
            let clause = "xdomea: FVDaten.SystemstatusAbfragen.0625";
            return Err(Fault::new(clause, reason).with_code(Code::Specific("0625001")));
        }
    };
    Ok(Item { parameter: Parameter::Field(id, value), ..Item::default() })
}
