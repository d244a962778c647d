//! Texts that match several expressions at once.

use regex_syntax::hir::ClassUnicode;

use super::{Pattern, classes, palette, reach};

/// How often prefixes are tried in one search.
const TRIES: usize = 20_000;

/// Into how many kinds characters are told apart.
const KINDS: usize = 64;

/// A text of exactly `length` characters that matches every pattern (the `xs:pattern` facets of a
/// type and of the types it restricts hold together), the same for the same arguments.
///
/// Examples of each are tried on the others first, since they read well; then texts are built
/// character by character. The search is bounded: `None` means that none was found.
pub fn both(patterns: &[&Pattern], length: usize, nth: usize) -> Option<String> {
    if let [one] = patterns {
        return one.example(length, nth);
    }
    if patterns.iter().any(|p| !p.lengths(length).contains(length)) {
        return None;
    }
    let mut found: Vec<String> = Vec::new();
    let mut take = |text: Option<String>| {
        if let Some(text) = text
            && !found.contains(&text)
            && patterns.iter().all(|p| p.matches(&text))
        {
            found.push(text);
        }
        found.len() > nth
    };
    let enough = patterns
        .iter()
        .any(|p| p.examples(length, 16 + nth.min(256)).into_iter().any(|t| take(Some(t))))
        || (0..=nth.min(palette::BEGINNINGS)).any(|start| take(search(patterns, length, start)));
    if !enough && found.is_empty() {
        return None;
    }
    let index = nth % found.len();
    Some(found.swap_remove(index))
}

/// Builds a text from its start; a prefix is kept while each pattern could still match.
fn search(patterns: &[&Pattern], length: usize, start: usize) -> Option<String> {
    let all = patterns.iter().map(|p| &p.node);
    let kinds = kinds(patterns);
    let fits = |text: &[Option<char>]| all.clone().all(|node| reach::fits(node, text));
    let mut text: Vec<Option<char>> = vec![None; length];
    // choice[i]: the next kind to try at place i
    let mut choice = vec![0; length];
    let mut place = 0;
    let mut tries = 0;
    while place < length {
        let ways: Vec<char> = kinds.iter().map(|kind| kind[(place + start) % kind.len()]).collect();
        let mut placed = false;
        while choice[place] < ways.len() {
            let turned = if place == 0 { (choice[0] + start) % ways.len() } else { choice[place] };
            text[place] = ways.get(turned).copied();
            choice[place] += 1;
            tries += 1;
            if tries > TRIES {
                return None;
            }
            if fits(&text) {
                placed = true;
                break;
            }
        }
        if placed {
            place += 1;
        } else {
            text[place] = None;
            choice[place] = 0;
            place = place.checked_sub(1)?;
        }
    }
    text.into_iter().collect()
}

/// Characters that no class of any pattern tells apart, each kind by its best ones.
fn kinds(patterns: &[&Pattern]) -> Vec<Vec<char>> {
    let mut all = Vec::new();
    patterns.iter().for_each(|p| p.node.classes(&mut all));
    let mut atoms: Vec<ClassUnicode> = vec![classes::xml()];
    for class in all {
        let mut next = Vec::new();
        for atom in atoms {
            let mut inside = atom.clone();
            inside.intersect(class);
            let mut outside = atom;
            outside.difference(class);
            next.extend([inside, outside].into_iter().filter(|part| !part.ranges().is_empty()));
        }
        atoms = next;
        if atoms.len() > KINDS {
            break;
        }
    }
    // In the empty pattern's case a single kind of all characters stays.
    let mut kinds: Vec<Vec<char>> = atoms.iter().map(palette::of).collect();
    kinds.sort_by_key(|kind| (!kind[0].is_alphanumeric(), kind[0].is_whitespace(), kind[0]));
    kinds
}
