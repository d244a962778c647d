//! Content models as automata: repetitions are unrolled, positions keep the particle they stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Components, ElementId, Particle, Term, Wildcard};
use super::name::Name;
use super::node::ParticlePath;

/// A particle that takes an element.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub term: LeafTerm,
    pub path: ParticlePath,
}

/// What a leaf takes.
#[derive(Debug, Clone)]
pub(super) enum LeafTerm {
    Element(ElementId),
    Any(Wildcard),
}

/// Positions after Glushkov, with repetitions unrolled.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    pub leaves: Vec<Leaf>,
    /// Leaf of each position.
    pub positions: Vec<usize>,
    pub first: BTreeSet<usize>,
    follow: Vec<BTreeSet<usize>>,
    last: BTreeSet<usize>,
    nullable: bool,
}

#[derive(Clone, Default)]
struct Fragment {
    nullable: bool,
    first: Vec<usize>,
    last: Vec<usize>,
}

struct Build {
    out: Automaton,
    leaf_of_path: BTreeMap<ParticlePath, usize>,
    /// Repetitions beyond this are treated alike.
    clamp: Option<u32>,
    budget: usize,
}

impl Automaton {
    /// Builds the automaton; counts above `clamp` are cut to it. None when it gets larger than
    /// `budget` positions or has a group `all` inside.
    pub(super) fn new(particle: &Particle, clamp: Option<u32>, budget: usize) -> Option<Self> {
        let mut build =
            Build { out: Automaton::default(), leaf_of_path: BTreeMap::new(), clamp, budget };
        let whole = build.particle(particle, &mut Vec::new())?;
        let mut out = build.out;
        out.first = whole.first.into_iter().collect();
        out.last = whole.last.into_iter().collect();
        out.nullable = whole.nullable;
        Some(out)
    }

    /// Positions that may come after these.
    pub(super) fn after(&self, state: &[usize]) -> BTreeSet<usize> {
        state.iter().flat_map(|p| self.follow[*p].iter().copied()).collect()
    }

    /// True when the model takes these elements in this order.
    pub(super) fn takes(&self, c: &Components, names: &[Name]) -> bool {
        let mut next = self.first.clone();
        let mut ending = self.nullable;
        for name in names {
            let fits: Vec<bool> = self
                .leaves
                .iter()
                .map(|leaf| match &leaf.term {
                    LeafTerm::Element(id) => c.accepts(*id, name),
                    LeafTerm::Any(wildcard) => wildcard.namespaces.allows(&name.namespace),
                })
                .collect();
            let state: Vec<usize> =
                next.iter().copied().filter(|p| fits[self.positions[*p]]).collect();
            if state.is_empty() {
                return false;
            }
            ending = state.iter().any(|p| self.last.contains(p));
            next = self.after(&state);
        }
        ending
    }
}

impl Build {
    fn particle(&mut self, particle: &Particle, path: &mut ParticlePath) -> Option<Fragment> {
        let (min, max) = match (self.clamp, particle.max) {
            (Some(clamp), Some(max)) if max > clamp => {
                // Whether a repetition may still go on while it may also end is all that counts.
                let min = particle.min.min(clamp);
                (min, Some(if particle.min == max { clamp } else { clamp.max(min + 1) }))
            }
            (Some(clamp), None) => (particle.min.min(clamp), None),
            (_, max) => (particle.min, max),
        };
        let mut tail = match max {
            // One more copy that repeats itself stands for all further ones.
            None => {
                let copy = self.term(&particle.term, path)?;
                self.connect(&copy.last, &copy.first);
                Some(if min == 0 { optional(copy) } else { copy })
            }
            Some(_) => None,
        };
        if let Some(max) = max {
            for _ in min..max {
                let copy = self.term(&particle.term, path)?;
                let joined = match tail {
                    Some(rest) => self.concat(copy, rest),
                    None => copy,
                };
                tail = Some(optional(joined));
            }
        }
        let mandatory = if max.is_none() { min.saturating_sub(1) } else { min };
        for _ in 0..mandatory {
            let copy = self.term(&particle.term, path)?;
            tail = Some(match tail {
                Some(rest) => self.concat(copy, rest),
                None => copy,
            });
        }
        Some(tail.unwrap_or(Fragment { nullable: true, ..Fragment::default() }))
    }

    fn term(&mut self, term: &Term, path: &mut ParticlePath) -> Option<Fragment> {
        match term {
            Term::Element(id) => self.leaf(LeafTerm::Element(*id), path),
            Term::Any(wildcard) => self.leaf(LeafTerm::Any(wildcard.clone()), path),
            Term::Sequence(inside) => {
                let mut whole = Fragment { nullable: true, ..Fragment::default() };
                for (index, particle) in inside.iter().enumerate() {
                    path.push(u16::try_from(index).ok()?);
                    let part = self.particle(particle, path)?;
                    path.pop();
                    whole = self.concat(whole, part);
                }
                Some(whole)
            }
            Term::Choice(inside) => {
                let mut whole = Fragment::default();
                for (index, particle) in inside.iter().enumerate() {
                    path.push(u16::try_from(index).ok()?);
                    let part = self.particle(particle, path)?;
                    path.pop();
                    whole.nullable |= part.nullable;
                    whole.first.extend(part.first);
                    whole.last.extend(part.last);
                }
                Some(whole)
            }
            Term::All(_) => None,
        }
    }

    fn leaf(&mut self, term: LeafTerm, path: &ParticlePath) -> Option<Fragment> {
        if self.out.positions.len() >= self.budget {
            return None;
        }
        let leaf = *self.leaf_of_path.entry(path.clone()).or_insert_with(|| {
            self.out.leaves.push(Leaf { term, path: path.clone() });
            self.out.leaves.len() - 1
        });
        let position = self.out.positions.len();
        self.out.positions.push(leaf);
        self.out.follow.push(BTreeSet::new());
        Some(Fragment { nullable: false, first: vec![position], last: vec![position] })
    }

    fn connect(&mut self, from: &[usize], to: &[usize]) {
        for position in from {
            self.out.follow[*position].extend(to);
        }
    }

    fn concat(&mut self, a: Fragment, b: Fragment) -> Fragment {
        self.connect(&a.last, &b.first);
        let mut first = a.first;
        if a.nullable {
            first.extend(&b.first);
        }
        let mut last = b.last;
        if b.nullable {
            last.extend(&a.last);
        }
        Fragment { nullable: a.nullable && b.nullable, first, last }
    }
}

fn optional(fragment: Fragment) -> Fragment {
    Fragment { nullable: true, ..fragment }
}

/// A content model that can be asked about sequences of elements.
#[derive(Debug)]
pub(super) enum Matcher {
    Model(Automaton),
    /// A group `all`: each at most once, in any order (part 1, section 3.8.6).
    All {
        optional: bool,
        members: Vec<(ElementId, bool)>,
    },
    Nothing,
}

impl Matcher {
    /// None when the model is too large to be unrolled.
    pub(super) fn new(particle: Option<&Particle>) -> Option<Self> {
        let Some(particle) = particle else { return Some(Matcher::Nothing) };
        let Term::All(inside) = &particle.term else {
            return Automaton::new(particle, None, 20_000).map(Matcher::Model);
        };
        let members = inside.iter().filter_map(|p| match p.term {
            Term::Element(id) => Some((id, p.min > 0)),
            _ => None,
        });
        Some(Matcher::All { optional: particle.min == 0, members: members.collect() })
    }

    pub(super) fn takes(&self, c: &Components, names: &[Name]) -> bool {
        match self {
            Matcher::Nothing => names.is_empty(),
            Matcher::Model(automaton) => automaton.takes(c, names),
            Matcher::All { optional, members } => {
                if *optional && names.is_empty() {
                    return true;
                }
                let count = |id: ElementId| names.iter().filter(|n| c.accepts(id, n)).count();
                members.iter().all(|(id, required)| {
                    let found = count(*id);
                    found <= 1 && (found == 1 || !required)
                }) && names.iter().all(|n| members.iter().any(|(id, _)| c.accepts(*id, n)))
            }
        }
    }
}
