//! Texts that match, of an exact length.

use std::collections::BTreeSet;

use regex_syntax::hir::ClassUnicode;

use super::reach::{self, Bits, add, lengths};
use super::{LONGEST, Node, palette};

/// Up to this number texts of different `nth` are compared, so that none comes twice.
const COMPARED: usize = 64;

/// After this number of texts that were there already, no more are looked for.
const IN_VAIN: usize = 64;

/// How many ways to go on are considered at a place.
const WAYS: usize = 8;

/// The longest text whose repeated parts have lengths with gaps between them.
const LONGEST_WITH_GAPS: usize = 4096;

/// From this length on words are separated by spaces, where spaces are allowed.
const LONG: usize = 24;

/// See [`super::Pattern::example`].
pub(super) fn example(node: &Node, length: usize, nth: usize) -> Option<String> {
    if nth >= COMPARED {
        return possible(node, length).then(|| written(node, length, nth)).flatten();
    }
    let mut all = examples(node, length, nth + 1);
    let index = nth.checked_rem(all.len())?;
    Some(all.swap_remove(index))
}

fn possible(node: &Node, length: usize) -> bool {
    length <= LONGEST && lengths(node, length).contains(length)
}

/// See [`super::Pattern::examples`].
pub(super) fn examples(node: &Node, length: usize, count: usize) -> Vec<String> {
    let mut order = Vec::new();
    if !possible(node, length) {
        return order;
    }
    let mut seen = BTreeSet::new();
    let mut in_vain = 0;
    for choices in 0.. {
        if order.len() >= count || in_vain >= IN_VAIN {
            break;
        }
        match written(node, length, choices) {
            Some(text) if seen.insert(text.clone()) => {
                order.push(text);
                in_vain = 0;
            }
            Some(_) => in_vain += 1,
            // Too long for its gaps; other choices hardly ever help.
            None => in_vain += IN_VAIN / 4,
        }
    }
    order
}

/// The text of one sequence of choices.
fn written(node: &Node, length: usize, choices: usize) -> Option<String> {
    let mut writer = Writer { out: String::new(), count: 0, choices };
    writer.write(node, length)?;
    Some(writer.out)
}

struct Writer {
    out: String,
    /// Characters written.
    count: usize,
    /// A number whose digits, in changing bases, are the choices to come.
    choices: usize,
}

impl Writer {
    /// One of `ways`; the first once the choices are used up.
    fn pick(&mut self, ways: usize) -> usize {
        if ways <= 1 {
            return 0;
        }
        let picked = self.choices % ways;
        self.choices /= ways;
        picked
    }

    /// Writes a match of exactly `length` characters.
    fn write(&mut self, node: &Node, length: usize) -> Option<()> {
        match node {
            Node::Class(class) => (length == 1).then(|| self.run(class, 1)).flatten(),
            Node::Concat(parts) => self.concat(parts, length),
            Node::Alternate(parts) => {
                let able: Vec<&Node> =
                    parts.iter().filter(|p| lengths(p, length).contains(length)).collect();
                let picked = self.pick(able.len());
                self.write(able.get(picked)?, length)
            }
            Node::Repeat { node, min, max } => match node.as_ref() {
                Node::Class(class) => self.run(class, length),
                node => {
                    let min = if node.nullable() { 0 } else { *min as usize };
                    // A repetition of nothing adds nothing.
                    let max = max.map_or(length, |max| (max as usize).min(length));
                    self.repeat(node, length, min, max)
                }
            },
        }
    }

    /// `length` characters of one class.
    fn run(&mut self, class: &ClassUnicode, length: usize) -> Option<()> {
        let palette = palette::of(class);
        if palette.is_empty() {
            return (length == 0).then_some(());
        }
        let words = palette::takes_words(class);
        let spaces = words && length >= LONG && reach::member(class, ' ');
        let beginning = if words { self.pick(palette::BEGINNINGS) } else { 0 };
        for place in 0..length {
            let wanted = if words {
                palette::word_character(class, beginning, place, spaces)
            } else {
                palette.get(self.count % palette.len()).copied()
            };
            let end = place + 1 == length || place == 0;
            let wanted = wanted.filter(|c| !(end && *c == ' ')).unwrap_or(palette[0]);
            let written = if wanted == ' ' || self.choices == 0 {
                wanted
            } else {
                let index = palette.iter().position(|c| *c == wanted).unwrap_or(0);
                palette[(index + self.pick(palette.len())) % palette.len()]
            };
            self.out.push(written);
            self.count += 1;
        }
        Some(())
    }

    fn concat(&mut self, parts: &[Node], length: usize) -> Option<()> {
        // after[i]: the lengths that the parts from i on can have together
        let mut after = vec![Bits::one(length, 0)];
        for part in parts.iter().rev() {
            let last = add(part, after.last()?);
            after.push(last);
        }
        after.reverse();
        let mut left = length;
        for (index, part) in parts.iter().enumerate() {
            let rest = after.get(index + 1)?;
            let ways: Vec<usize> =
                lengths(part, left).iter().filter(|l| rest.contains(left - l)).take(WAYS).collect();
            let picked = self.pick(ways.len());
            let taken = *ways.get(picked)?;
            self.write(part, taken)?;
            left -= taken;
        }
        (left == 0).then_some(())
    }

    fn repeat(&mut self, node: &Node, length: usize, min: usize, max: usize) -> Option<()> {
        let possible: Vec<usize> = lengths(node, length).iter().filter(|l| *l > 0).collect();
        let counts = Counts::new(node, &possible, length, max)?;
        let (mut left, mut min, mut max) = (length, min, max);
        while left > 0 {
            let ways: Vec<usize> = possible
                .iter()
                .copied()
                .take_while(|l| *l <= left)
                .filter(|l| {
                    max > 0 && counts.reach(left - l, min.saturating_sub(1), max - 1, &possible)
                })
                .take(WAYS)
                .collect();
            let picked = self.pick(ways.len());
            let taken = *ways.get(picked)?;
            self.write(node, taken)?;
            left -= taken;
            min = min.saturating_sub(1);
            max -= 1;
        }
        (min == 0).then_some(())
    }
}

/// Which lengths a number of repetitions can have.
enum Counts {
    /// The lengths of one repetition have no gaps: those of several have none either.
    WithoutGaps,
    /// Per number of repetitions.
    Exact(Vec<Bits>),
}

impl Counts {
    fn new(node: &Node, possible: &[usize], length: usize, max: usize) -> Option<Self> {
        if possible.windows(2).all(|pair| pair[0] + 1 == pair[1]) {
            return Some(Self::WithoutGaps);
        }
        if length > LONGEST_WITH_GAPS {
            return None;
        }
        let mut exact = vec![Bits::one(length, 0)];
        let most = possible.first().map_or(0, |shortest| length / shortest).min(max);
        for _ in 0..most {
            let next = add(node, exact.last()?);
            exact.push(next);
        }
        Some(Self::Exact(exact))
    }

    /// Whether `min` to `max` repetitions can have this length.
    fn reach(&self, length: usize, min: usize, max: usize, possible: &[usize]) -> bool {
        match self {
            Self::WithoutGaps => {
                let (Some(shortest), Some(longest)) = (possible.first(), possible.last()) else {
                    return length == 0 && min == 0;
                };
                let fewest = length.div_ceil(*longest).max(min);
                fewest <= max && fewest.saturating_mul(*shortest) <= length
            }
            Self::Exact(exact) => {
                let max = max.min(exact.len().saturating_sub(1));
                exact.get(min..=max).is_some_and(|all| all.iter().any(|b| b.contains(length)))
            }
        }
    }
}
