//! Unique Particle Attribution (XML Schema 1.0 part 1, section 3.8.6 and appendix H): at each point
//! of a content model the name of the next element alone must tell which particle it belongs to.
//!
//! The check is our own because engines differ: some accept `a{1,2},a`, others refuse `a{2,2},a`.
//! It follows all sets of positions that are reachable at the same time, with repetitions unrolled,
//! so that counters are exact up to [`EXACT`] repetitions; above that, only whether a repetition may
//! go on and end at once is looked at.

use std::collections::BTreeSet;

use super::automaton::{Automaton, LeafTerm};
use super::model::{Components, Content, Particle, Place, Term, TypeId};
use super::name::Name;
use crate::xml::SchemaError;

/// Repetitions that are unrolled one by one.
const EXACT: u32 = 40;
/// Positions of an automaton; beyond, repetitions are unrolled thrice only.
const POSITIONS: usize = 4_000;
/// Sets of positions that are looked at for one content model.
const STATES: usize = 4_000;

/// All places where the next particle is not unique.
pub(super) fn check(c: &Components) -> Vec<SchemaError> {
    let mut out: Vec<SchemaError> = Vec::new();
    for index in 0..c.types.len() {
        let id = TypeId(u32::try_from(index).unwrap_or(u32::MAX));
        let Some(complex) = c.complex(id).filter(|_| id != super::model::ANY) else { continue };
        let Content::Elements(particle) = &complex.content else { continue };
        for (first, second, what) in conflicts(c, particle) {
            let name = complex.name.as_ref().map_or_else(String::new, |n| format!(" {}", n.local));
            let (early, late) = if second < first { (second, first) } else { (first, second) };
            out.push(SchemaError {
                file: late.file.to_string(),
                line: late.line,
                message: format!(
                    "the content model of type{name} (line {}) is not deterministic: {what} may \
                     belong to the particle here or to that at {}:{} (Unique Particle Attribution, \
                     XML Schema 1.0 part 1, section 3.8.6); make the names differ or the count fixed",
                    complex.place.line, early.file, early.line
                ),
            });
        }
    }
    out.sort_by(|a, b| (&a.file, a.line, &a.message).cmp(&(&b.file, b.line, &b.message)));
    out.dedup();
    out
}

/// Pairs of particles that compete, each once, with what they compete for.
fn conflicts(c: &Components, particle: &Particle) -> Vec<(Place, Place, String)> {
    let mut leaves = Vec::new();
    collect(particle, &mut leaves);
    let terms: Vec<(LeafTerm, Vec<Name>)> = leaves
        .iter()
        .map(|p| match &p.term {
            Term::Element(id) => (LeafTerm::Element(*id), names(c, *id)),
            Term::Any(w) => (LeafTerm::Any(w.clone()), Vec::new()),
            _ => unreachable_leaf(),
        })
        .collect();
    let mut pairs: Vec<(usize, usize, String)> = Vec::new();
    let mut by_name: std::collections::BTreeMap<&Name, Vec<usize>> = Default::default();
    for (index, (term, names)) in terms.iter().enumerate() {
        for name in names {
            let others = by_name.entry(name).or_default();
            pairs.extend(others.iter().map(|o| (*o, index, format!("<{}>", name.local))));
            others.push(index);
        }
        if let LeafTerm::Any(wildcard) = term {
            for (other, (term, names)) in terms.iter().enumerate() {
                let shared = match term {
                    LeafTerm::Any(w) if other < index => {
                        w.namespaces.meet(&wildcard.namespaces).then(|| "an element".to_owned())
                    }
                    LeafTerm::Any(_) => None,
                    LeafTerm::Element(_) => names
                        .iter()
                        .find(|n| wildcard.namespaces.allows(&n.namespace))
                        .map(|n| format!("<{}>", n.local)),
                };
                pairs.extend(shared.map(|what| (other.min(index), other.max(index), what)));
            }
        }
    }
    // Most models have no two particles that could ever compete.
    if pairs.is_empty() {
        return Vec::new();
    }
    pairs.sort();
    pairs.dedup_by_key(|p| (p.0, p.1));
    let place = |leaf: usize| leaves[leaf].place.clone();
    if matches!(particle.term, Term::All(_)) {
        return pairs.into_iter().map(|(a, b, what)| (place(a), place(b), what)).collect();
    }
    let automaton = Automaton::new(particle, Some(EXACT), POSITIONS)
        .or_else(|| Automaton::new(particle, Some(3), POSITIONS * 10));
    let Some(automaton) = automaton else { return Vec::new() };
    // The automaton numbers leaves in its own order; both know the path.
    let order = paths(particle);
    let leaf_of: Vec<usize> = automaton
        .leaves
        .iter()
        .map(|leaf| order.iter().position(|p| *p == leaf.path).unwrap_or(0))
        .collect();
    let mut found: BTreeSet<usize> = BTreeSet::new();
    let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
    let mut todo: Vec<BTreeSet<usize>> = vec![automaton.first.clone()];
    while let Some(next) = todo.pop() {
        let present: BTreeSet<usize> =
            next.iter().map(|p| leaf_of[automaton.positions[*p]]).collect();
        for (index, (a, b, _)) in pairs.iter().enumerate() {
            if present.contains(a) && present.contains(b) {
                found.insert(index);
            }
        }
        for leaf in &present {
            let state: Vec<usize> = next
                .iter()
                .copied()
                .filter(|p| leaf_of[automaton.positions[*p]] == *leaf)
                .collect();
            if seen.len() < STATES && seen.insert(state.clone()) {
                todo.push(automaton.after(&state));
            }
        }
    }
    found.into_iter().map(|i| (place(pairs[i].0), place(pairs[i].1), pairs[i].2.clone())).collect()
}

fn unreachable_leaf() -> (LeafTerm, Vec<Name>) {
    let nothing = super::model::Namespaces::Only(Vec::new());
    let process = super::model::Process::Skip;
    (LeafTerm::Any(super::model::Wildcard { namespaces: nothing, process }), Vec::new())
}

fn names(c: &Components, id: super::model::ElementId) -> Vec<Name> {
    let mut out = vec![c.element(id).name.clone()];
    if c.members.contains_key(&id) {
        out.extend(c.substitutes(id).into_iter().map(|m| c.element(m).name.clone()));
    }
    out.sort();
    out.dedup();
    out
}

fn collect<'p>(particle: &'p Particle, out: &mut Vec<&'p Particle>) {
    match &particle.term {
        Term::Element(_) | Term::Any(_) => out.push(particle),
        Term::Sequence(inside) | Term::Choice(inside) | Term::All(inside) => {
            inside.iter().for_each(|p| collect(p, out));
        }
    }
}

/// Paths of the leaves in the order of [`collect`].
fn paths(particle: &Particle) -> Vec<Vec<u16>> {
    fn step(particle: &Particle, path: &mut Vec<u16>, out: &mut Vec<Vec<u16>>) {
        match &particle.term {
            Term::Element(_) | Term::Any(_) => out.push(path.clone()),
            Term::Sequence(inside) | Term::Choice(inside) | Term::All(inside) => {
                for (index, inner) in inside.iter().enumerate() {
                    path.push(u16::try_from(index).unwrap_or(u16::MAX));
                    step(inner, path, out);
                    path.pop();
                }
            }
        }
    }
    let mut out = Vec::new();
    step(particle, &mut Vec::new(), &mut out);
    out
}
