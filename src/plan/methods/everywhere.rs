//! All texts of a message at once, in each format: what a rule does to a text must hold for every
//! field, not only for the one that others try.

use super::boundaries::bounds_of;
use super::{Place, Right, authority_for, destination, flow, places, positive, set};
use crate::concept::{Aspect, Field, FieldType, Message, MessageKind};
use crate::ids::ComponentKind;
use crate::plan::Change;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::values::{fits, of_length, placeholder};

/// Longest text of one field, characters: documents have cases of their own.
const LONGEST: usize = 1000;

/// A text with two spaces beside each other, as long as a field allows.
fn spaced(field: &Field) -> Option<String> {
    let max = field.length.map_or(18, |l| l.max as usize);
    let text: String = "Zwei  Leerräume hier".chars().take(max).collect();
    (max > 5 && text.contains("  ")).then_some(text)
}

/// A text that is as long as a field allows, by its length or by its pattern.
fn longest(field: &Field) -> Option<String> {
    let (_, max) = bounds_of(field).into_iter().find(|(bound, _)| *bound == "laenge-max")?;
    if max > LONGEST {
        return None;
    }
    of_length(field, max)
}

/// What a method makes of a field; none where it does not fit there.
type Text = fn(&Field) -> Option<String>;

/// Every free text of every application, in each format; of other messages, each free text by itself.
pub(super) fn everywhere(d: &mut Derivation<'_>, method: &Method) {
    // A rule of a hub is what can lose a space on the way; a Fachverfahren gets its texts above.
    if d.scope.component == ComponentKind::Integrationsserver {
        later_messages(d, method);
    }
    for message in d.messages(MessageKind::Antrag) {
        let there = d.one_per_format(message).into_iter();
        for authority in there.filter(|a| a.fachverfahren.is_some()) {
            for (variant, what, text) in [
                ("leerzeichen", "mit doppelten Leerzeichen", spaced as Text),
                ("laengste", "so lang wie erlaubt", longest),
            ] {
                let changes = changes(d, message, text);
                if changes.is_empty() {
                    continue;
                }
                let id = format!("{}/{variant}/{}", message.id, authority.id);
                let title = format!("{} an {}: alle Texte {what}", message.title, authority.name);
                let Some(mut case) = d.case(method, id, title, Aspect::Robustness) else {
                    continue;
                };
                let mut subject = valid(message, "maximal", 1, authority);
                subject.change = changes;
                let portal = d.portal.clone();
                case.send("antrag", &portal, subject);
                flow::wait_for(d, &mut case, message, authority);
                case.accepted(d, "antrag", None);
                if let Some(system) = destination(d, message, authority) {
                    case.delivered(d, "antrag", &system, (None, None));
                }
                d.push(case);
            }
        }
    }
}

/// Free texts of what comes after the application.
fn later_messages(d: &mut Derivation<'_>, method: &Method) {
    let later = |p: &Place<'_>| p.message.kind != MessageKind::Antrag && is_free(p.field);
    let places: Vec<Place<'_>> = places(d).into_iter().filter(later).collect();
    for place in &places {
        let Some(authority) = authority_for(d, place.message) else { continue };
        let Some(value) = spaced(place.field).filter(|v| fits(place.field, v)) else { continue };
        let (variant, what) = ("leerzeichen".to_owned(), "mit doppelten Leerzeichen".to_owned());
        let right = Right { variant, what, aspect: Aspect::Robustness, values: vec![value] };
        positive(d, method, place, authority, right);
    }
}

/// Whether people write into a field, and not the run.
fn is_free(field: &Field) -> bool {
    field.kind == FieldType::Text && field.world.as_deref().and_then(placeholder).is_none()
}

fn changes(d: &Derivation<'_>, message: &Message, text: Text) -> Vec<Change> {
    let groups = d.concept.groups_of(message);
    let fields = groups.iter().flat_map(|g| d.concept.fields_of(&g.id));
    fields
        .filter(|f| is_free(f))
        .filter_map(|f| Some((f, text(f).filter(|t| fits(f, t))?)))
        .map(|(f, value)| set(f, vec![value]))
        .collect()
}
