//! The methods of derivation, one idea per file; the catalogue says which are applied.

mod boundaries;
mod checked;
mod combination;
mod cross;
mod dms;
mod documents;
mod everywhere;
mod failures;
mod field_lore;
mod flow;
mod invalid;
mod mailbox;
mod manual;
mod partitions;
mod reconfiguration;
mod routing;
mod rules;
mod samples;
mod schema;
mod syntax;
mod time;

use super::builder::{CaseBuilder, valid};
use super::case::{Change, Damage, MessageUse, Validity};
use super::catalogue::Method;
use super::derive::Derivation;
use super::pilot;
use super::types::PlanKind;
use crate::concept::{Aspect, Fault, Field, Group, Message, MessageKind};
use crate::ids::{ComponentKind, SystemId};
use crate::organisation::Authority;

type Apply = fn(&mut Derivation<'_>, &Method);

/// Methods for a hub, which stands in the middle of everything.
const HUB: [(&str, Apply); 33] = [
    ("minimal", partitions::minimal),
    ("maximal", partitions::maximal),
    ("optional", partitions::optional),
    ("codes", partitions::codes),
    ("missing", invalid::missing),
    ("type", invalid::wrong_type),
    ("unknown-code", invalid::unknown_code),
    ("too-many", invalid::too_many),
    ("length", boundaries::length),
    ("range", boundaries::range),
    ("combination", combination::combination),
    ("rules", rules::rules),
    ("checked", checked::checked),
    ("documents", documents::documents),
    ("syntax", syntax::syntax),
    ("routing", routing::routing),
    ("confirmation", time::confirmation),
    ("duration", time::duration),
    ("log", time::log),
    ("flow", flow::paths),
    ("forbidden", flow::forbidden),
    ("field-lore", field_lore::field_lore),
    ("everywhere", everywhere::everywhere),
    ("header", failures::header),
    ("duplicate", failures::duplicate),
    ("outage", failures::outage),
    ("crash", failures::crash),
    ("reconfiguration", reconfiguration::reconfiguration),
    ("samples", samples::samples),
    ("schema-valid", schema::valid),
    ("schema-partitions", schema::partitions),
    ("schema-bounds", schema::bounds),
    ("schema-syntax", schema::syntax),
];

/// Methods for a DMS.
const DMS: [(&str, Apply); 6] = [
    ("archive-filing", dms::filing),
    ("archive-names", dms::names),
    ("archive-updates", dms::updates),
    ("archive-versions", dms::versions),
    ("archive-searches", dms::searches),
    ("archive-refusals", dms::refusals),
];

/// Methods for a mail system.
const MAIL: [(&str, Apply); 5] = [
    ("mailbox-delivery", mailbox::delivery),
    ("mailbox-letters", mailbox::letters),
    ("mailbox-size", mailbox::size),
    ("mailbox-refusal", mailbox::refusal),
    ("mailbox-repeat", mailbox::repeat),
];

/// Methods for any component, where its requirements ask for them.
const ANY: [(&str, Apply); 3] =
    [("entry", manual::entry), ("manual", manual::manual), ("foreign", failures::foreign)];

/// Names a catalogue may use.
pub(super) fn names() -> Vec<&'static str> {
    let all = HUB.iter().chain(&DMS).chain(&MAIL).chain(&ANY);
    all.map(|(name, _)| *name).chain([pilot::METHOD]).collect()
}

/// Applies a method; `all` is false where what is there for every component was applied before.
pub(super) fn apply(d: &mut Derivation<'_>, method: &Method, all: bool) {
    let own: &[(&str, Apply)] = match d.scope.component {
        // A Fachverfahren gets what a hub would hand over, seen from its own side.
        ComponentKind::Integrationsserver | ComponentKind::Fachverfahren => &HUB,
        ComponentKind::Dms => &DMS,
        ComponentKind::Mailsystem => &MAIL,
        _ => &[],
    };
    if d.scope.kind == PlanKind::Funktionstest {
        // Nothing but this goes to a real authority.
        if method.id == pilot::METHOD {
            pilot::functional(d, method);
        }
        return;
    }
    let any: &[(&str, Apply)] = if all { &ANY } else { &[] };
    if let Some((_, apply)) = own.iter().chain(any).find(|(name, _)| *name == method.id) {
        apply(d, method);
    }
}

/// A field with the message in which it is tested: the first that has its group.
struct Place<'a> {
    message: &'a Message,
    field: &'a Field,
}

/// Every field once, in the first message that carries it and that somebody sends to the target.
fn places<'a>(d: &Derivation<'a>) -> Vec<Place<'a>> {
    let concept = d.concept;
    let mut seen = std::collections::BTreeSet::new();
    let mut out = Vec::new();
    for message in &concept.file.message {
        if message.schema.is_some() || message.kind == MessageKind::Bestaetigung {
            continue;
        }
        for group in concept.groups_of(message) {
            if seen.insert(group.id.as_str()) {
                out.extend(concept.fields_of(&group.id).map(|field| Place { message, field }));
            }
        }
    }
    out
}

/// Puts a message of any kind to the target: for a later message of the flow, what must come before
/// it goes first. Returns the name of the step that sends it.
fn send_in_context(
    d: &Derivation<'_>,
    case: &mut CaseBuilder,
    message: &Message,
    authority: &Authority,
    subject: MessageUse,
) -> Option<&'static str> {
    let mut number = 1;
    for kind in flow::before(d, message.kind)? {
        let earlier = *d.messages(kind).first()?;
        let step = flow::step_name(kind, number);
        case.send(
            &step,
            &sender(d, earlier, authority)?,
            valid(earlier, "minimal", number, authority),
        );
        flow::wait_for(d, case, earlier, authority);
        number += 1;
    }
    let mut subject = subject;
    subject.number = number;
    case.send("pruefling", &sender(d, message, authority)?, subject);
    Some("pruefling")
}

/// Who sends a message.
fn sender(d: &Derivation<'_>, message: &Message, authority: &Authority) -> Option<SystemId> {
    match message.from {
        ComponentKind::Fachverfahren => authority.fachverfahren.clone(),
        _ => Some(d.portal.clone()),
    }
}

/// Where a message arrives in the end.
fn destination(d: &Derivation<'_>, message: &Message, authority: &Authority) -> Option<SystemId> {
    match message.to {
        ComponentKind::Antragsassistent => Some(d.portal.clone()),
        _ => authority.receiver().cloned(),
    }
}

/// An authority at which a message can be sent.
fn authority_for<'a>(d: &Derivation<'a>, message: &Message) -> Option<&'a Authority> {
    match message.kind {
        MessageKind::Antrag => d.one_per_format(message).first().copied(),
        _ => d.organisation.file.authority.iter().find(|a| a.fachverfahren.is_some()),
    }
}

/// An authority at which a message can be sent; applications take turns through the formats, so that
/// what is tried with each of them is tried in each format, and no case more is needed for it.
fn authority_in_turn<'a>(d: &Derivation<'a>, message: &Message) -> Option<&'a Authority> {
    let turn = d.messages(MessageKind::Antrag).iter().position(|m| m.id == message.id);
    let there = d.one_per_format(message);
    match turn {
        Some(turn) if !there.is_empty() => there.get(turn % there.len()).copied(),
        _ => authority_for(d, message),
    }
}

/// The first application an authority takes.
fn first_message<'a>(d: &Derivation<'a>, authority: &Authority) -> Option<&'a Message> {
    d.applications_of(authority).into_iter().next()
}

fn set(field: &Field, values: Vec<String>) -> Change {
    Change::Set { group: field.group.clone(), occurrence: 0, field: field.id.clone(), values }
}

/// A value that is right, and why it is tried.
struct Right {
    variant: String,
    what: String,
    aspect: Aspect,
    values: Vec<String>,
}

/// A case with one changed field that must be taken and arrive.
fn positive(
    d: &mut Derivation<'_>,
    method: &Method,
    place: &Place<'_>,
    authority: &Authority,
    right: Right,
) {
    let Place { message, field } = place;
    let Right { variant, what, aspect, values } = right;
    let id = format!("{}/{}/{variant}", message.id, field.id);
    let title = format!("{}: {what}", field.label);
    let Some(mut case) = d.case(method, id, title, aspect) else { return };
    let mut subject = valid(message, base_set(d, field), 1, authority);
    subject.change = vec![set(field, values)];
    let Some(step) = send_in_context(d, &mut case, message, authority, subject) else { return };
    case.accepted(d, step, None);
    if let Some(system) = destination(d, message, authority) {
        case.delivered(d, step, &system, (None, None));
        flow::wait_for(d, &mut case, message, authority);
    }
    d.push(case);
}

/// Which value set has the field's group.
fn base_set(d: &Derivation<'_>, field: &Field) -> &'static str {
    base_of_group(d, d.concept.group(&field.group))
}

/// Which value set has a group: only the maximal one has what lies within something optional.
fn base_of_group(d: &Derivation<'_>, group: Option<&Group>) -> &'static str {
    let mut at = group;
    while let Some(group) = at {
        if group.min == 0 {
            return "maximal";
        }
        at = group.within.as_ref().and_then(|id| d.concept.group(id));
    }
    "minimal"
}

/// What is wrong with a message, and how it got so.
struct Wrong {
    variant: String,
    what: String,
    aspect: Aspect,
    fault: Fault,
    change: Vec<Change>,
    violates: String,
}

/// A case with one fault that must be rejected, and with it nothing delivered.
fn negative(
    d: &mut Derivation<'_>,
    method: &Method,
    message: &Message,
    subject_id: &str,
    set: &str,
    wrong: Wrong,
) {
    let Some(authority) = authority_for(d, message) else { return };
    let id = format!("{}/{subject_id}/{}", message.id, wrong.variant);
    let Some(mut case) = d.case(method, id, wrong.what, wrong.aspect) else { return };
    let mut subject = valid(message, set, 1, authority);
    subject.change = wrong.change;
    subject.validity = Validity::of(wrong.fault);
    subject.violates = Some(wrong.violates);
    subject.fault = Some(wrong.fault);
    let Some(step) = send_in_context(d, &mut case, message, authority, subject) else { return };
    case.rejected(step, d.code(wrong.fault), vec![]);
    case.absent(&[step]);
    d.push(case);
}

/// Damage to the XML of an application, and what it is.
struct Damaged<'a> {
    damage: Damage,
    variant: &'a str,
    what: &'a str,
    fault: Fault,
    aspect: Aspect,
    /// Name of the step that sends it.
    step: &'a str,
}

/// A case with a damaged application that must be rejected, and with it nothing delivered.
fn damaged(d: &mut Derivation<'_>, method: &Method, message: &Message, damaged: &Damaged<'_>) {
    let Damaged { damage, variant, what, fault, aspect, step } = *damaged;
    let Some(authority) = authority_for(d, message) else { return };
    let id = format!("{}/{variant}", message.id);
    let title = format!("{}: {what}", message.title);
    let Some(mut case) = d.case(method, id, title, aspect) else { return };
    let mut subject = valid(message, "minimal", 1, authority);
    subject.damage = Some(damage);
    subject.validity = Validity::of(fault);
    subject.violates = Some(what.to_owned());
    subject.fault = Some(fault);
    let portal = d.portal.clone();
    case.send(step, &portal, subject);
    case.rejected(step, d.code(fault), vec![]);
    case.absent(&[]);
    d.push(case);
}
