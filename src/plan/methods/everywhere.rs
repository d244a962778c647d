//! All texts of a message at once, in each format: what a rule does to a text must hold for every
//! field, not only for the one that others try.

use super::{destination, flow, set};
use crate::concept::{Aspect, Field, FieldType, Message, MessageKind};
use crate::plan::Change;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::values::{fits, placeholder, text_of_length};

/// Longest text of one field, characters: documents have cases of their own.
const LONGEST: usize = 1000;

/// A text with two spaces beside each other, as long as a field allows.
fn spaced(field: &Field) -> Option<String> {
    let max = field.length.map_or(18, |l| l.max as usize);
    let text: String = "Zwei  Leerzeichen".chars().take(max).collect();
    (max > 5 && text.contains("  ")).then_some(text)
}

/// A text that is as long as a field allows.
fn longest(field: &Field) -> Option<String> {
    let max = field.length.map(|l| l.max as usize)?;
    (max <= LONGEST).then(|| text_of_length(max))
}

/// What a method makes of a field; none where it does not fit there.
type Text = fn(&Field) -> Option<String>;

/// Every free text of every application, in each format.
pub(super) fn everywhere(d: &mut Derivation<'_>, method: &Method) {
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

fn changes(d: &Derivation<'_>, message: &Message, text: Text) -> Vec<Change> {
    let groups = d.concept.groups_of(message);
    let fields = groups.iter().flat_map(|g| d.concept.fields_of(&g.id));
    let free = |f: &&Field| f.kind == FieldType::Text && f.pattern.is_none() && f.check.is_none();
    fields
        .filter(free)
        .filter(|f| f.world.as_deref().and_then(placeholder).is_none())
        .filter_map(|f| Some((f, text(f).filter(|t| fits(f, t))?)))
        .map(|(f, value)| set(f, vec![value]))
        .collect()
}
