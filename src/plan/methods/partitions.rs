//! Equivalence partitions of valid messages: as little as possible, as much as possible, each
//! optional part, each code.

use super::cross::crossed;
use super::{Place, Right, flow, places, positive};
use crate::concept::{Aspect, FieldType, Message, MessageKind};
use crate::organisation::Authority;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;

/// Only what must be there, at every authority that offers the service.
pub(super) fn minimal(d: &mut Derivation<'_>, method: &Method) {
    whole(d, method, "minimal", "nur Pflichtangaben");
}

/// Everything, as often as allowed.
pub(super) fn maximal(d: &mut Derivation<'_>, method: &Method) {
    whole(d, method, "maximal", "alle Angaben");
}

fn whole(d: &mut Derivation<'_>, method: &Method, set: &str, what: &str) {
    let pairs = d
        .messages(MessageKind::Antrag)
        .into_iter()
        .flat_map(|m| d.offering(m).into_iter().map(|a| (m.id.as_str(), a.id.as_str())))
        .collect();
    let authorities = &d.organisation.file.authority;
    for (message, authority) in crossed(pairs, method.full_up_to) {
        let authority = authorities.iter().find(|a| a.id == authority);
        if let (Some(message), Some(authority)) = (d.concept.message(message), authority) {
            one(d, method, message, authority, set, what);
        }
    }
}

fn one(
    d: &mut Derivation<'_>,
    method: &Method,
    message: &Message,
    authority: &Authority,
    set: &str,
    what: &str,
) {
    let id = format!("{}/{}", message.id, authority.id);
    let title = format!("{} an {}: {what}", message.title, authority.name);
    let Some(mut case) = d.case(method, id, title, Aspect::Acceptance) else { return };
    let Some(system) = authority.receiver() else { return };
    let portal = d.portal.clone();
    case.send("antrag", &portal, valid(message, set, 1, authority));
    flow::wait_for(d, &mut case, message, authority);
    let mail = authority.fachverfahren.is_none();
    let delivery = if mail { Aspect::Mail } else { Aspect::Routing };
    case.accepted(d, "antrag", Some(Aspect::Acceptance));
    case.delivered(d, "antrag", system, (Some(delivery), Some(Aspect::Content)));
    case.documents(d, "antrag", system, Some(Aspect::Documents));
    if let Some(dms) = &authority.dms {
        case.filed(d, "antrag", dms, Some(Aspect::Filing));
    }
    case.confirmed(d, "antrag", Some(Aspect::Confirmation));
    let events = d.log_events(crate::concept::LogAfter::Antrag, authority);
    case.logged(d, "antrag", events, Some(Aspect::Log));
    d.push(case);
}

/// Each optional field alone, for each format.
pub(super) fn optional(d: &mut Derivation<'_>, method: &Method) {
    let optional: Vec<Place<'_>> = places(d).into_iter().filter(|p| p.field.min == 0).collect();
    for (place, authority) in at_authorities(d, method, &optional, |_, _| true) {
        let value = d.source.realistic(place.field, 0);
        let variant = format!("nur/{}", authority.id);
        let what = format!("allein, an {}", authority.name);
        let right = Right { variant, what, aspect: Aspect::OptionalContent, values: vec![value] };
        positive(d, method, place, authority, right);
    }
}

/// Places with the authorities at which they are tested: all while they are few.
fn at_authorities<'p, 'a>(
    d: &Derivation<'a>,
    method: &Method,
    places: &'p [Place<'a>],
    wanted: impl Fn(&Place<'_>, &Authority) -> bool,
) -> Vec<(&'p Place<'a>, &'a Authority)> {
    let all = &d.organisation.file.authority;
    let mut pairs = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let there = authorities(d, place.message);
        let chosen: Vec<&Authority> = there.iter().copied().filter(|a| wanted(place, a)).collect();
        let chosen = if chosen.is_empty() { there.into_iter().take(1).collect() } else { chosen };
        pairs.extend(
            chosen.into_iter().filter_map(|a| {
                all.iter().position(|other| other.id == a.id).map(|at| (number, at))
            }),
        );
    }
    let kept = crossed(pairs, method.full_up_to);
    kept.into_iter().map(|(number, at)| (&places[number], &all[at])).collect()
}

/// How the values of a boolean are written (XML Schema part 2, 3.2.2).
const BOOLEANS: [(&str, &str); 4] = [("true", "ja"), ("false", "nein"), ("1", "ja"), ("0", "nein")];

/// Every code of every list and every way to write a boolean, at each format that converts it; at one
/// where nobody does.
pub(super) fn codes(d: &mut Derivation<'_>, method: &Method) {
    let coded = |p: &Place<'_>| {
        let code = p.field.kind == FieldType::Code || p.field.kind == FieldType::Boolean;
        code && p.field.world.as_deref() != Some("leistung")
    };
    let places: Vec<Place<'_>> = places(d).into_iter().filter(coded).collect();
    let organisation = d.organisation;
    let converts = |place: &Place<'_>, authority: &Authority| {
        let format = authority.receiver().and_then(|r| organisation.system(r));
        let arrival = format.and_then(|s| place.field.arrives.get(&s.receiver));
        arrival.is_some_and(|x| x.how != "unchanged")
    };
    for (place, authority) in at_authorities(d, method, &places, converts) {
        let list = place.field.code_list.as_ref().and_then(|id| d.concept.code_list(id));
        let codes = list.into_iter().flat_map(|l| &l.codes);
        let mut values: Vec<(String, String)> = codes
            .map(|(code, name)| (code.clone(), format!("Schlüssel {code} ({name})")))
            .collect();
        if place.field.kind == FieldType::Boolean {
            let written = BOOLEANS.iter();
            values.extend(written.map(|(v, name)| ((*v).to_owned(), format!("{v} ({name})"))));
        }
        for (value, what) in values {
            let variant = format!("{value}/{}", authority.id);
            let right = Right { variant, what, aspect: Aspect::Content, values: vec![value] };
            positive(d, method, place, authority, right);
        }
    }
}

fn authorities<'a>(d: &Derivation<'a>, message: &Message) -> Vec<&'a Authority> {
    match message.kind {
        MessageKind::Antrag => {
            d.one_per_format(message).into_iter().filter(|a| a.fachverfahren.is_some()).collect()
        }
        _ => d.organisation.file.authority.iter().filter(|a| a.fachverfahren.is_some()).collect(),
    }
}
