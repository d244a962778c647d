//! Which characters of a class make readable texts.

use regex_syntax::hir::ClassUnicode;

use super::classes;
use super::reach::member;

/// Letters and digits in the order in which short keys look like keys: `A1B2`, `ABC`, `123`.
const KEYS: &str = "A1B2C3D4E5F6G7H8I9J0KLMNOPQRSTUVWXYZÄÖÜabcdefghijklmnopqrstuvwxyzäöüß";

/// Words with the letters that transports damage first; their initials differ.
const WORDS: [&str; 16] = [
    "Prüfung",
    "Straße",
    "Größe",
    "Übergabe",
    "Äußerung",
    "Öffnung",
    "Maß",
    "Behörde",
    "Anträge",
    "Dienst",
    "Fähre",
    "Höhe",
    "Küche",
    "Lösung",
    "Wärme",
    "Zählung",
];

/// How many different beginnings [`word_character`] knows.
pub(super) const BEGINNINGS: usize = WORDS.len();

/// How many characters are enough to choose from.
const ENOUGH: usize = 80;

/// The best characters of a class, at least one unless it is empty.
pub(super) fn of(class: &ClassUnicode) -> Vec<char> {
    let keys: Vec<char> = KEYS.chars().filter(|c| member(class, *c)).collect();
    if !keys.is_empty() {
        return keys;
    }
    let within = |other: &ClassUnicode| {
        let mut found = class.clone();
        found.intersect(other);
        found
    };
    let ascii = classes::of(&[('!', '~')]);
    let letters = classes::categories(&["L"]);
    let visible = classes::not(classes::categories(&["C", "Z", "M"]));
    let marks = classes::categories(&["M"]);
    let space = classes::of(&[(' ', ' ')]);
    [&ascii, &letters, &visible, &marks, &space]
        .iter()
        .map(|preferred| within(preferred))
        .find(|found| !found.ranges().is_empty())
        .map_or_else(|| first(class), |found| first(&found))
}

/// The first characters of a class.
fn first(class: &ClassUnicode) -> Vec<char> {
    class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(ENOUGH).collect()
}

/// Whether words can be written with a class.
pub(super) fn takes_words(class: &ClassUnicode) -> bool {
    ('a'..='z').all(|c| member(class, c))
}

/// The character at a place of the text that starts with one of the [`BEGINNINGS`]; `None` if the
/// class has nothing like it. Spaces separate the words if `spaces` says so.
pub(super) fn word_character(
    class: &ClassUnicode,
    beginning: usize,
    place: usize,
    spaces: bool,
) -> Option<char> {
    let gap = usize::from(spaces);
    let round: usize = WORDS.iter().map(|word| word.chars().count() + gap).sum();
    let mut place = place % round;
    let words = WORDS.iter().cycle().skip(beginning % WORDS.len()).take(WORDS.len());
    for word in words {
        let length = word.chars().count();
        if place < length {
            return word.chars().nth(place).and_then(|c| variant(class, c));
        }
        place -= length;
        if spaces {
            if place == 0 {
                return Some(' ');
            }
            place -= 1;
        }
    }
    None
}

/// The letter itself, in the other case, or without its dots.
fn variant(class: &ClassUnicode, c: char) -> Option<char> {
    let lower = c.to_lowercase().next().unwrap_or(c);
    let plain = match lower {
        'ä' => 'a',
        'ö' => 'o',
        'ü' => 'u',
        'ß' => 's',
        other => other,
    };
    let capital = if c.is_uppercase() { plain.to_ascii_uppercase() } else { plain };
    [c, lower, capital, plain].into_iter().find(|c| member(class, *c))
}
