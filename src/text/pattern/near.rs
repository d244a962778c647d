//! Texts that just miss an expression.

use super::{Pattern, classes, palette};

/// What replaces a character: of every kind that expressions tell apart.
const REPLACEMENTS: [char; 15] =
    ['X', 'x', '7', '0', '-', '#', 'ß', '!', '/', '.', '_', '§', '€', 'Ж', '\u{1F600}'];

/// How many places of a long text are tried.
const PLACES: usize = 64;

/// See [`Pattern::counterexample`].
pub(super) fn counterexample(
    pattern: &Pattern,
    min: usize,
    max: usize,
    near: &str,
) -> Option<String> {
    if min > max {
        return None;
    }
    let pool = pool(pattern);
    let mut base: Vec<char> = near.chars().collect();
    // A text outside the lengths is brought to the nearest length first.
    base.truncate(max);
    base.resize(base.len().max(min), 'X');
    let wrong = |text: &[char]| {
        let value: String = text.iter().collect();
        ((min..=max).contains(&text.len()) && clean(text) && !pattern.matches(&value))
            .then_some(value)
    };
    if base.len() != near.chars().count()
        && let Some(found) = wrong(&base)
    {
        return Some(found);
    }
    for place in places(base.len()) {
        for c in pool.iter().filter(|c| base.get(place) != Some(c)) {
            let mut text = base.clone();
            text[place] = *c;
            if let Some(found) = wrong(&text) {
                return Some(found);
            }
        }
    }
    for (longer, shorter) in lengths(base.len(), min, max) {
        if let Some(length) = longer {
            let mut text = base.clone();
            let last = base.last().copied().filter(|c| c.is_alphanumeric()).unwrap_or('X');
            text.resize(length, last);
            for c in std::iter::once(&last).chain(&pool) {
                if let Some(end) = text.last_mut() {
                    *end = *c;
                }
                if let Some(found) = wrong(&text) {
                    return Some(found);
                }
            }
        }
        if let Some(length) = shorter
            && let Some(found) = base.get(..length).and_then(wrong)
        {
            return Some(found);
        }
    }
    None
}

/// The replacements, and the best characters that some class of the expression leaves out.
fn pool(pattern: &Pattern) -> Vec<char> {
    let mut pool: Vec<char> = REPLACEMENTS.to_vec();
    let mut all = Vec::new();
    pattern.node.classes(&mut all);
    let visible = classes::not(classes::categories(&["C", "Z", "M"]));
    for class in all.into_iter().take(PLACES) {
        let mut outside = classes::not(class.clone());
        outside.intersect(&visible);
        pool.extend(palette::of(&outside).first());
        let mut inside = class.clone();
        inside.intersect(&visible);
        pool.extend(palette::of(&inside).first());
    }
    pool.push(' ');
    let mut seen = std::collections::BTreeSet::new();
    pool.retain(|c| seen.insert(*c));
    pool
}

/// The places to try: the last, the first, then the others from behind.
fn places(length: usize) -> impl Iterator<Item = usize> {
    let last = length.checked_sub(1);
    let first = (length > 1).then_some(0);
    let others = (1..length.saturating_sub(1)).rev();
    last.into_iter().chain(first).chain(others).take(PLACES)
}

/// Lengths away from the present one: one more and one less, two more and two less, …; the
/// farthest are tried as well.
fn lengths(
    now: usize,
    min: usize,
    max: usize,
) -> impl Iterator<Item = (Option<usize>, Option<usize>)> {
    let farthest = (max - now.min(max)).max(now.saturating_sub(min));
    (1..=farthest.min(PLACES)).chain((farthest > PLACES).then_some(farthest)).map(move |distance| {
        let longer = Some(now + distance).filter(|l| *l <= max);
        let shorter = now.checked_sub(distance).filter(|l| *l >= min);
        (longer, shorter)
    })
}

/// No control characters, no space at the ends, no two in a row.
fn clean(text: &[char]) -> bool {
    let ends = text.first() != Some(&' ') && text.last() != Some(&' ');
    let rows = text.windows(2).all(|pair| pair != [' ', ' ']);
    ends && rows && !text.iter().any(|c| c.is_control())
}
