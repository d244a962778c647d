//! Regular expressions as XML Schema writes them (XML Schema Part 2, appendix F): matching, the
//! lengths a match can have, examples and near misses.
//!
//! They differ from everybody else's: always anchored at both ends, `^` and `$` are ordinary
//! characters, classes can be subtracted from each other (`[a-z-[aeiou]]`), `\i` and `\c` are the
//! characters of XML names. A match is found by moving a set of positions through the expression,
//! so `{1,2000}` costs no more memory than `*`, and nothing backtracks.

mod blocks;
mod both;
mod classes;
mod example;
mod near;
mod palette;
mod parse;
mod reach;
#[cfg(test)]
mod tests;

use regex_syntax::hir::ClassUnicode;

pub use both::both;

/// The largest length, in characters, that [`Pattern::lengths`], [`Pattern::example`] and
/// [`Pattern::counterexample`] look at; greater limits are cut to it.
pub const LONGEST: usize = 100_000;

/// A part of an expression.
#[derive(Debug, Clone)]
enum Node {
    /// One character out of a set; an empty set never matches.
    Class(ClassUnicode),
    /// One after the other; without parts the empty text.
    Concat(Vec<Node>),
    /// Any of these.
    Alternate(Vec<Node>),
    /// A part several times.
    Repeat { node: Box<Node>, min: u32, max: Option<u32> },
}

impl Node {
    /// Whether the empty text matches.
    fn nullable(&self) -> bool {
        match self {
            Node::Class(_) => false,
            Node::Concat(parts) => parts.iter().all(Node::nullable),
            Node::Alternate(parts) => parts.iter().any(Node::nullable),
            Node::Repeat { node, min, .. } => *min == 0 || node.nullable(),
        }
    }

    /// Collects the character classes, in order of appearance.
    fn classes<'a>(&'a self, out: &mut Vec<&'a ClassUnicode>) {
        match self {
            Node::Class(class) => out.push(class),
            Node::Concat(parts) | Node::Alternate(parts) => {
                parts.iter().for_each(|part| part.classes(out));
            }
            Node::Repeat { node, .. } => node.classes(out),
        }
    }
}

/// A regular expression of XML Schema.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    node: Node,
}

/// Why a text is no regular expression of XML Schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern, byte {offset}: {message}; {help}")]
pub struct PatternError {
    /// Where, in bytes from the start of the expression.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Pattern {
    /// Reads an expression.
    ///
    /// # Errors
    /// If it does not follow appendix F; constructs of other dialects (`(?:`, `\b`, lazy
    /// quantifiers) are named with what to write instead.
    pub fn parse(xsd: &str) -> Result<Self, PatternError> {
        Ok(Self { source: xsd.to_owned(), node: parse::parse(xsd)? })
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether the whole value matches. Characters that XML cannot carry match nothing.
    pub fn matches(&self, value: &str) -> bool {
        let chars: Vec<Option<char>> = value.chars().map(Some).collect();
        reach::fits(&self.node, &chars)
    }

    /// The lengths, in characters, from 0 to `limit` (at most [`LONGEST`]) that some match has.
    pub fn lengths(&self, limit: usize) -> Lengths {
        Lengths { bits: reach::lengths(&self.node, limit.min(LONGEST)) }
    }

    /// A matching text of exactly `length` characters, the same for the same arguments.
    ///
    /// It prefers letters and digits, and words with ä ö ü ß where the expression allows any
    /// letter. A different `nth` gives a different text where there are several; where there are
    /// fewer than `nth`, texts come again. `None` if no text of that length matches; also, above
    /// 4096 characters, where repeated parts have lengths with gaps between them.
    pub fn example(&self, length: usize, nth: usize) -> Option<String> {
        example::example(&self.node, length, nth)
    }

    /// Up to `count` different texts as [`Pattern::example`] gives them; fewer where there are
    /// fewer.
    pub fn examples(&self, length: usize, count: usize) -> Vec<String> {
        example::examples(&self.node, length, count)
    }

    /// A text that does not match, with `min` to `max` characters and as near to `near` as can be
    /// found: one character replaced, else some appended or removed.
    ///
    /// It has no control characters, no space at its ends and no two spaces in a row, so that no
    /// normalisation of white space changes it. `None` if no such text was found, as for `.*`.
    pub fn counterexample(&self, min: usize, max: usize, near: &str) -> Option<String> {
        near::counterexample(self, min, max.min(LONGEST), near)
    }

    /// A sign that the author thought of another dialect: `^` at the start or `$` at the end,
    /// which in XML Schema stand for themselves. The text says what to do.
    pub fn suspicion(&self) -> Option<String> {
        let start = self.source.starts_with('^');
        let end = self.source.ends_with('$') && !self.source.ends_with("\\$");
        (start || end).then(|| {
            "in XML Schema ^ and $ are ordinary characters and a pattern always covers the whole \
             value; leave them out"
                .to_owned()
        })
    }
}

/// Lengths in characters, from 0 to a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lengths {
    bits: reach::Bits,
}

impl Lengths {
    /// Whether some match has this length; `false` above the limit.
    pub fn contains(&self, length: usize) -> bool {
        self.bits.contains(length)
    }

    /// The smallest.
    pub fn min(&self) -> Option<usize> {
        self.iter().next()
    }

    /// The greatest up to the limit.
    pub fn max(&self) -> Option<usize> {
        self.bits.last()
    }

    /// All, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.bits.iter()
    }

    /// Whether no match is that short.
    pub fn is_empty(&self) -> bool {
        self.min().is_none()
    }

    /// Those that both have.
    pub fn intersection(&self, other: &Self) -> Self {
        let mut bits = self.bits.clone();
        bits.intersect(&other.bits);
        Self { bits }
    }
}
