//! Moving a set of positions through an expression: matching, and the lengths of matches.

use regex_syntax::hir::ClassUnicode;

use super::Node;

/// A set of positions from 0 to a fixed last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
    last: usize,
}

impl Bits {
    /// The empty set over 0 to `last`.
    pub(super) fn new(last: usize) -> Self {
        Self { words: vec![0; last / 64 + 1], last }
    }

    /// The set with one position.
    pub(super) fn one(last: usize, position: usize) -> Self {
        let mut bits = Self::new(last);
        bits.insert(position);
        bits
    }

    pub(super) fn insert(&mut self, position: usize) {
        if position <= self.last {
            self.words[position / 64] |= 1 << (position % 64);
        }
    }

    pub(super) fn contains(&self, position: usize) -> bool {
        position <= self.last && self.words[position / 64] >> (position % 64) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn last(&self) -> Option<usize> {
        let (index, word) = self.words.iter().enumerate().rev().find(|(_, word)| **word != 0)?;
        Some(index * 64 + 63 - word.leading_zeros() as usize)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(index * 64 + bit)
            })
        })
    }

    fn union(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    fn subtract(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= !b);
    }

    /// Keeps what both have; the other may reach less far.
    pub(super) fn intersect(&mut self, other: &Self) {
        for (index, word) in self.words.iter_mut().enumerate() {
            *word &= other.words.get(index).copied().unwrap_or(0);
        }
    }
}

/// Whether a character is in a class.
pub(super) fn member(class: &ClassUnicode, c: char) -> bool {
    class
        .ranges()
        .binary_search_by(|range| {
            if range.end() < c {
                std::cmp::Ordering::Less
            } else if range.start() > c {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        })
        .is_ok()
}

/// The text that positions move over: a `None` stands for any character.
struct Text<'a>(&'a [Option<char>]);

impl Text<'_> {
    fn allows(&self, class: &ClassUnicode, position: usize) -> bool {
        match self.0.get(position) {
            Some(Some(c)) => member(class, *c),
            Some(None) => !class.ranges().is_empty(),
            None => false,
        }
    }

    /// Where a match of the node can end that starts at one of the positions.
    fn advance(&self, node: &Node, starts: &Bits) -> Bits {
        match node {
            Node::Class(class) => {
                let mut out = Bits::new(starts.last);
                for position in starts.iter().filter(|p| self.allows(class, *p)) {
                    out.insert(position + 1);
                }
                out
            }
            Node::Concat(parts) => {
                let mut now = starts.clone();
                for part in parts {
                    if now.is_empty() {
                        break;
                    }
                    now = self.advance(part, &now);
                }
                now
            }
            Node::Alternate(parts) => {
                let mut out = Bits::new(starts.last);
                for part in parts {
                    out.union(&self.advance(part, starts));
                }
                out
            }
            Node::Repeat { node, min, max } => {
                let max = max.map_or(usize::MAX, |max| max as usize);
                match node.as_ref() {
                    Node::Class(class) => self.run(class, starts, *min as usize, max),
                    node => self.repeat(node, starts, *min as usize, max),
                }
            }
        }
    }

    /// A class `min` to `max` times: one pass that counts the starts in the window that reaches
    /// back from each end.
    fn run(&self, class: &ClassUnicode, starts: &Bits, min: usize, max: usize) -> Bits {
        let mut out = Bits::new(starts.last);
        let (Some(begin), Some(end)) = (starts.iter().next(), starts.last()) else { return out };
        // before[i]: starts among the positions begin..begin + i
        let mut before = vec![0usize];
        for position in begin..=end {
            before.push(before[position - begin] + usize::from(starts.contains(position)));
        }
        let mut unbroken = begin;
        for here in begin..=starts.last {
            if here > begin && !self.allows(class, here - 1) {
                unbroken = here;
            }
            let first = unbroken.max(here.saturating_sub(max));
            if first > end {
                break;
            }
            if let Some(last) = here.checked_sub(min).map(|last| last.min(end))
                && first <= last
                && before[last + 1 - begin] > before[first - begin]
            {
                out.insert(here);
            }
        }
        out
    }

    /// Any node `min` to `max` times.
    fn repeat(&self, node: &Node, starts: &Bits, min: usize, max: usize) -> Bits {
        // A part that can be empty fills up missing repetitions, so none is required.
        let min = if node.nullable() { 0 } else { min };
        let mut now = starts.clone();
        for _ in 0..min {
            let next = self.advance(node, &now);
            if next == now {
                break;
            }
            now = next;
            if now.is_empty() {
                return now;
            }
        }
        // A position reached again has fewer repetitions left than when it was first reached, so
        // each is followed once.
        let mut out = now.clone();
        for _ in min..max {
            now = self.advance(node, &now);
            now.subtract(&out);
            if now.is_empty() {
                break;
            }
            out.union(&now);
        }
        out
    }
}

/// Whether the node covers the whole text, in which `None` stands for any character.
pub(super) fn fits(node: &Node, text: &[Option<char>]) -> bool {
    Text(text).advance(node, &Bits::one(text.len(), 0)).contains(text.len())
}

/// The lengths up to `limit` that matches of the node have.
pub(super) fn lengths(node: &Node, limit: usize) -> Bits {
    add(node, &Bits::one(limit, 0))
}

/// The lengths of matches of the node, each added to one of `lengths`.
pub(super) fn add(node: &Node, lengths: &Bits) -> Bits {
    Text(&vec![None; lengths.last]).advance(node, lengths)
}
