//! The `pattern` facets of a type together (XML Schema 1.0 part 2, section 4.3.4): those of one
//! derivation step are alternatives, those of several steps hold at once.

use super::facets::steps;
use crate::text::pattern::{Pattern as Expression, both};
use crate::xsd::model::{Components, TypeId};

/// Longest text that is looked for.
const LONGEST: usize = 2_000;
/// Most combinations of alternatives that are tried.
const COMBINATIONS: usize = 24;

/// One `pattern` facet.
#[derive(Debug, Clone)]
pub(in crate::xsd) struct Pattern(std::sync::Arc<Expression>);

impl Pattern {
    /// Reads a pattern; the text tells what is wrong.
    pub(in crate::xsd) fn parse(source: &str) -> Result<Self, String> {
        Expression::parse(source).map(|e| Self(std::sync::Arc::new(e))).map_err(|e| e.to_string())
    }

    pub(in crate::xsd) fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

/// All patterns of a type: each inner list matches when all of it matches; one list must match.
pub(in crate::xsd) fn combinations(c: &Components, id: TypeId) -> Vec<Vec<Pattern>> {
    let mut out: Vec<Vec<Pattern>> = vec![Vec::new()];
    for facets in steps(c, id).into_iter().filter(|f| !f.patterns.is_empty()) {
        out = facets
            .patterns
            .iter()
            .flat_map(|p| {
                out.iter().map(move |rest| {
                    let mut all = rest.clone();
                    all.push(p.clone());
                    all
                })
            })
            .take(COMBINATIONS)
            .collect();
    }
    out.retain(|all| !all.is_empty());
    out
}

/// A text of this many characters that matches all of these.
pub(in crate::xsd) fn example(all: &[Pattern], length: usize, nth: usize) -> Option<String> {
    if length > LONGEST {
        return None;
    }
    let all: Vec<&Expression> = all.iter().map(|p| &*p.0).collect();
    both(&all, length, nth)
}

/// Lengths within bounds that texts matching all of these may have, shortest first.
pub(in crate::xsd) fn lengths(all: &[Pattern], min: usize, max: usize) -> Vec<usize> {
    let max = max.min(LONGEST);
    let mut each = all.iter().map(|p| p.0.lengths(max));
    let Some(first) = each.next() else { return Vec::new() };
    let common = each.fold(first, |a, b| a.intersection(&b));
    common.iter().filter(|l| *l >= min).collect()
}

/// A text near to a good one that does not match, of a length within bounds.
pub(in crate::xsd) fn counterexample(
    pattern: &Pattern,
    min: usize,
    max: usize,
    near: &str,
) -> Option<String> {
    pattern.0.counterexample(min, max.min(LONGEST), near)
}
