//! Which of the hub's faults have anything to act on in a bundle. A fault in the filing of documents
//! says nothing about the plan of a bundle in which nothing is filed; it is not tried there, and the
//! result says so. What a bundle has is read from its formats, systems and messages, never from its
//! cases: a plan that does not use what is there must not come out better for it.

use serde::{Deserialize, Serialize};

use crate::concept::{Form, MessageKind};
use crate::ids::ComponentKind;
use crate::plan::TestPlan;
use crate::reference_hub::{Area, DefectInfo};

/// A fault that was not tried, since the bundle has nothing for it to act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unconcerned {
    /// Name of the fault.
    pub id: String,
    /// What the hub does wrong.
    pub what: String,
    /// What the bundle does not have.
    pub lacks: String,
}

/// Something that a fault acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Messages that are brought into another format.
    Formats,
    /// A DMS.
    Filing,
    /// Documents with messages.
    Documents,
    /// A Postfach for authorities without Fachverfahren.
    Mail,
    /// Nachforderungen.
    Nachforderung,
    /// A value that arrives somewhere under this name.
    Arrives(&'static str),
    /// A field that may hold the number which the hub takes for too large.
    Largest,
    /// Times of day, to the offset.
    Timestamps,
    /// Several authorities.
    Authorities,
    /// A second Fachverfahren, to which another configuration could lead.
    OtherFachverfahren,
}

/// What a fault acts on, by its name; otherwise by the part of the hub's work that it is in.
fn needs(defect: &DefectInfo) -> Vec<Needs> {
    match defect.id {
        "logs-beforehand" | "mixes-concurrent" | "shifts-dates" => vec![Needs::Formats],
        "loses-offset" => vec![Needs::Formats, Needs::Timestamps],
        "lost-attachment" => vec![Needs::Formats, Needs::Documents],
        "field-dropped" => vec![Needs::Formats, Needs::Arrives("geburtsname")],
        "fields-swapped" => vec![Needs::Formats, Needs::Arrives("nachname")],
        "code-not-converted" => vec![Needs::Formats, Needs::Arrives("@rechtsform")],
        "breaks-combination" => {
            vec![Needs::Formats, Needs::Arrives("email"), Needs::Arrives("telefon")]
        }
        "rejects-largest" => vec![Needs::Largest],
        "mail-without-attachments" | "renames-enclosures" => vec![Needs::Mail, Needs::Documents],
        "files-twice" => vec![Needs::Filing, Needs::Documents],
        "copies-to-other-dms" => vec![Needs::Filing],
        "loses-flow-message" => vec![Needs::Nachforderung],
        "wrong-authority" | "first-authority" | "sends-foreign" => vec![Needs::Authorities],
        "keeps-old-routes" | "drops-queue-on-change" => vec![Needs::OtherFachverfahren],
        _ => match defect.area {
            Area::Transformation => vec![Needs::Formats],
            Area::Filing => vec![Needs::Filing],
            Area::Mail => vec![Needs::Mail],
            _ => vec![],
        },
    }
}

/// The number which the hub takes for too large.
const LARGEST: &str = "99999";

/// What the bundle does not have of what a fault acts on.
pub(super) fn lacking(defect: &DefectInfo, plan: &TestPlan) -> Option<String> {
    needs(defect).into_iter().find(|need| !has(plan, *need)).map(|need| match need {
        Needs::Formats => "keine Nachricht wird umgeformt".into(),
        Needs::Filing => "nichts wird in einer E-Akte abgelegt".into(),
        Needs::Documents => "keine Nachricht hat Anlagen".into(),
        Needs::Mail => "niemand bekommt Post".into(),
        Needs::Nachforderung => "es gibt keine Nachforderung".into(),
        Needs::Largest => format!("kein Feld darf {LARGEST} enthalten"),
        Needs::Arrives(name) => format!("nirgends kommt etwas als {name} an"),
        Needs::Timestamps => "kein Feld ist ein Zeitpunkt".into(),
        Needs::Authorities => "es gibt nur eine Stelle".into(),
        Needs::OtherFachverfahren => "es gibt kein anderes Fachverfahren".into(),
    })
}

fn has(plan: &TestPlan, need: Needs) -> bool {
    let kind = |kind: ComponentKind| plan.system.iter().any(|s| s.kind == kind);
    let mut fields = plan.message.iter().flat_map(|m| &m.group).flat_map(|g| &g.field);
    match need {
        Needs::Formats => plan.system.iter().any(|s| {
            s.kind == ComponentKind::Fachverfahren
                && plan.receiver.iter().any(|r| r.id == s.receiver && r.form != Form::Unchanged)
        }),
        Needs::Filing => kind(ComponentKind::Dms),
        Needs::Documents => plan.message.iter().any(|m| !m.documents.is_empty()),
        Needs::Mail => kind(ComponentKind::Mailsystem),
        Needs::Nachforderung => plan.message.iter().any(|m| m.kind == MessageKind::Nachforderung),
        Needs::Largest => {
            fields.any(|f| f.range.as_ref().is_some_and(|r| r.min == LARGEST || r.max == LARGEST))
        }
        Needs::Arrives(name) => {
            plan.receiver.iter().flat_map(|r| r.lineage.values()).any(|a| {
                a.at.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(name))
            })
        }
        Needs::Timestamps => fields.any(|f| f.kind == crate::concept::FieldType::Datetime),
        Needs::Authorities => plan.authority.len() > 1,
        Needs::OtherFachverfahren => {
            plan.system.iter().filter(|s| s.kind == ComponentKind::Fachverfahren).count() > 1
        }
    }
}
