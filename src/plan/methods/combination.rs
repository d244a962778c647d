//! Pairwise: authority (with its Fachverfahren, DMS and channel) and every optional part of a
//! message, so that each pair of choices occurs together in some message.

use std::collections::BTreeSet;

use super::cross::crossed;
use super::{Change, set};
use crate::concept::{Aspect, Message, MessageKind};
use crate::ids::Digest;
use crate::organisation::Authority;
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::pairwise::{Factor, Model, Options, pairwise};
use crate::plan::types::PairCoverage;

/// Something a message may have or not.
enum Part {
    Field(String),
    Group(String),
    Documents(String),
}

/// Every application, with every pair of choices.
pub(super) fn combination(d: &mut Derivation<'_>, method: &Method) {
    if d.requirement(Aspect::Combination).is_none() {
        return;
    }
    let messages = d.messages(MessageKind::Antrag);
    let pairs = messages
        .iter()
        .enumerate()
        .flat_map(|(at, m)| d.offering(m).into_iter().map(move |a| (at, a.id.as_str())))
        .collect();
    let kept: BTreeSet<(usize, &str)> = crossed(pairs, method.full_up_to).into_iter().collect();
    for (at, message) in messages.iter().enumerate() {
        let taken = |a: &&Authority| kept.contains(&(at, a.id.as_str()));
        let authorities = d.offering(message).into_iter().filter(taken).collect();
        one(d, method, message, authorities);
    }
}

/// Optional parts, each with the outer optional group it needs.
fn parts(d: &Derivation<'_>, message: &Message) -> Vec<(Part, Option<usize>)> {
    let mut out: Vec<(Part, Option<usize>)> = Vec::new();
    let mut of_group = std::collections::BTreeMap::new();
    for group in d.concept.groups_of(message) {
        let outer = group.within.as_ref().and_then(|id| of_group.get(id).copied().flatten());
        let mut mine = outer;
        if group.min == 0 {
            mine = Some(out.len());
            out.push((Part::Group(group.id.clone()), outer));
        }
        of_group.insert(group.id.clone(), mine);
        for field in d.concept.fields_of(&group.id).filter(|f| f.min == 0) {
            out.push((Part::Field(field.id.clone()), mine));
        }
    }
    for document in message.documents.iter().filter(|x| x.min == 0) {
        out.push((Part::Documents(document.document.clone()), None));
    }
    out
}

fn one<'a>(
    d: &mut Derivation<'a>,
    method: &Method,
    message: &Message,
    authorities: Vec<&'a Authority>,
) {
    let parts = parts(d, message);
    if authorities.is_empty() || parts.is_empty() {
        return;
    }
    let mut factors = vec![Factor {
        name: "Stelle".into(),
        levels: authorities.iter().map(|a| a.id.clone()).collect(),
    }];
    factors.extend(parts.iter().map(|(part, _)| Factor {
        name: match part {
            Part::Field(id) | Part::Group(id) | Part::Documents(id) => id.clone(),
        },
        levels: vec!["mit".into(), "ohne".into()],
    }));
    let ruled = ruled(d, message, &parts);
    let known = std::cell::RefCell::new(std::collections::BTreeMap::new());
    let allowed = |row: &[Option<usize>]| {
        // What lies within a group that is left out cannot be there.
        let inside = parts.iter().enumerate().all(|(i, (_, outer))| {
            outer.is_none_or(|o| row[o + 1] != Some(1) || row[i + 1] != Some(0))
        });
        // Rules are asked once for each choice among the parts they look at.
        let chosen: Option<Vec<usize>> = ruled.iter().map(|&i| row[i + 1]).collect();
        inside
            && chosen.is_none_or(|levels| {
                *known
                    .borrow_mut()
                    .entry(levels.clone())
                    .or_insert_with(|| can_be(d, message, &parts, &ruled, &levels))
            })
    };
    let model = Model { factors: &factors, allowed: &allowed };
    let array = pairwise(&model, &Options::default());
    let mut numbers = vec![0; authorities.len()];
    let mut made = 0;
    for row in &array.rows {
        let authority = authorities[row[0]];
        numbers[row[0]] += 1;
        if case(d, method, message, authority, numbers[row[0]], &parts, &row[1..]).is_some() {
            made += 1;
        }
    }
    // A row that could not be made takes its pairs with it; then the count is only a lower bound.
    let whole = made == array.rows.len();
    d.pairs.push(PairCoverage {
        message: message.id.clone(),
        covered: if whole { u32::try_from(array.covered).unwrap_or(u32::MAX) } else { 0 },
        possible: u32::try_from(array.possible).unwrap_or(u32::MAX),
        impossible: u32::try_from(array.impossible.len()).unwrap_or(u32::MAX),
    });
}

/// Parts that some rule looks at.
fn ruled(d: &Derivation<'_>, message: &Message, parts: &[(Part, Option<usize>)]) -> Vec<usize> {
    let tests = d.planned(&message.id).into_iter().flat_map(|m| &m.condition);
    let looked: std::collections::BTreeSet<String> =
        tests.flat_map(|c| d.factors(&message.id, &c.test)).map(|f| f.id).collect();
    (0..parts.len())
        .filter(|&i| match &parts[i].0 {
            Part::Field(id) | Part::Group(id) => looked.contains(id),
            Part::Documents(_) => false,
        })
        .collect()
}

/// Whether the rules can be kept with these parts there or not.
fn can_be(
    d: &Derivation<'_>,
    message: &Message,
    parts: &[(Part, Option<usize>)],
    ruled: &[usize],
    levels: &[usize],
) -> bool {
    let (Some(planned), Some(values)) =
        (d.planned(&message.id), d.value_set(&message.id, "maximal"))
    else {
        return true;
    };
    let changes: Vec<Change> = ruled
        .iter()
        .zip(levels)
        .filter(|(_, level)| **level == 1)
        .filter_map(|(&i, _)| match &parts[i].0 {
            Part::Group(id) => Some(Change::Repeat { group: id.clone(), times: 0 }),
            Part::Field(id) => d.concept.field(id).map(|f| set(f, vec![])),
            Part::Documents(_) => None,
        })
        .collect();
    let kept: Vec<String> = ruled
        .iter()
        .zip(levels)
        .filter(|(_, level)| **level == 0)
        .filter_map(|(&i, _)| match &parts[i].0 {
            Part::Group(id) | Part::Field(id) => Some(id.clone()),
            Part::Documents(_) => None,
        })
        .collect();
    d.repair(planned, values, &changes).is_some_and(|more| {
        !more.iter().any(|c| c.subject().is_some_and(|s| kept.iter().any(|k| k == s)))
    })
}

fn case(
    d: &mut Derivation<'_>,
    method: &Method,
    message: &Message,
    authority: &Authority,
    number: u32,
    parts: &[(Part, Option<usize>)],
    row: &[usize],
) -> Option<()> {
    // The name follows from what is left out, so that it stays when another row comes or goes.
    let left_out: Vec<&str> = parts
        .iter()
        .zip(row)
        .filter(|(_, level)| **level != 0)
        .map(|((part, _), _)| match part {
            Part::Field(id) | Part::Group(id) | Part::Documents(id) => id.as_str(),
        })
        .collect();
    let choice = Digest::of(left_out.join(" "));
    let id = format!("{}/{}/{}", message.id, authority.id, &choice.0[..6]);
    let title = format!("{} an {}: Kombination {number}", message.title, authority.name);
    let mut case = d.case(method, id, title, Aspect::Combination)?;
    let mut subject = valid(message, "maximal", 1, authority);
    let mut left_out = Vec::new();
    for ((part, _), level) in parts.iter().zip(row) {
        if *level == 0 {
            continue;
        }
        match part {
            Part::Group(id) => {
                subject.change.push(Change::Repeat { group: id.clone(), times: 0 });
            }
            Part::Field(id) => {
                subject.change.extend(d.concept.field(id).map(|f| set(f, vec![])));
            }
            Part::Documents(id) => left_out.push(id.clone()),
        }
    }
    if !left_out.is_empty() {
        let set = d.value_set(&message.id, "maximal")?;
        let mut documents = set.document.clone();
        documents.retain(|x| !left_out.contains(&x.document));
        subject.change.push(Change::Documents { documents });
    }
    let system = authority.receiver()?;
    let portal = d.portal.clone();
    case.send("antrag", &portal, subject);
    super::flow::wait_for(d, &mut case, message, authority);
    case.accepted(d, "antrag", None);
    case.delivered(d, "antrag", system, (None, None));
    if let Some(dms) = &authority.dms {
        case.filed(d, "antrag", dms, None);
    }
    let before = d.dropped.len();
    d.push(case);
    (d.dropped.len() == before).then_some(())
}
