//! DIN 91379 (String.Latin+ 1.2): the characters that German administration must be able to keep.
//!
//! Most letters are one character of Unicode. 149 are not: they exist only as a base letter with
//! combining marks (`C̆`, `M̂`, `l̥̄`), or as two letters under one mark (`K͟H`), and count as one letter
//! all the same. A combining mark outside such a sequence is not allowed, hence neither is a letter
//! in decomposed form (NFD) where a composed one exists.

/// Data type A: what names of natural persons are written with.
const NAMES: [(u32, u32); 51] = [
    (0x20, 0x20),
    (0x27, 0x27),
    (0x2C, 0x2E),
    (0x41, 0x5A),
    (0x60, 0x7A),
    (0x7E, 0x7E),
    (0xA8, 0xA8),
    (0xB4, 0xB4),
    (0xB7, 0xB7),
    (0xC0, 0xD6),
    (0xD8, 0xF6),
    (0xF8, 0x17E),
    (0x187, 0x188),
    (0x18F, 0x18F),
    (0x197, 0x197),
    (0x1A0, 0x1A1),
    (0x1AF, 0x1B0),
    (0x1B7, 0x1B7),
    (0x1CD, 0x1DC),
    (0x1DE, 0x1DF),
    (0x1E2, 0x1F0),
    (0x1F4, 0x1F5),
    (0x1F8, 0x1FF),
    (0x212, 0x213),
    (0x218, 0x21B),
    (0x21E, 0x21F),
    (0x227, 0x233),
    (0x259, 0x259),
    (0x268, 0x268),
    (0x292, 0x292),
    (0x2B9, 0x2BA),
    (0x2BE, 0x2BF),
    (0x2C8, 0x2C8),
    (0x2CC, 0x2CC),
    (0x1E02, 0x1E03),
    (0x1E06, 0x1E07),
    (0x1E0A, 0x1E11),
    (0x1E17, 0x1E17),
    (0x1E1C, 0x1E2B),
    (0x1E2F, 0x1E37),
    (0x1E3A, 0x1E3B),
    (0x1E40, 0x1E49),
    (0x1E52, 0x1E5B),
    (0x1E5E, 0x1E63),
    (0x1E6A, 0x1E6F),
    (0x1E80, 0x1E87),
    (0x1E8C, 0x1E97),
    (0x1E9E, 0x1E9E),
    (0x1EA0, 0x1EF9),
    (0x2019, 0x2019),
    (0x2021, 0x2021),
];

/// What B adds: names of places, streets and firms.
const OTHER_NAMES: [(u32, u32); 16] = [
    (0x21, 0x26),
    (0x28, 0x2B),
    (0x2F, 0x40),
    (0x5B, 0x5F),
    (0x7B, 0x7D),
    (0xA1, 0xA3),
    (0xA5, 0xA5),
    (0xA7, 0xA7),
    (0xA9, 0xAC),
    (0xAE, 0xB3),
    (0xB5, 0xB6),
    (0xB9, 0xBB),
    (0xBF, 0xBF),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x20AC, 0x20AC),
];

/// What C adds to B for texts, besides white space.
const TEXT: [(u32, u32); 4] = [(0xA4, 0xA4), (0xA6, 0xA6), (0xB8, 0xB8), (0xBC, 0xBE)];

/// White space that C and E allow: tab, ends of lines, the space that keeps a line together.
const SPACE: [(u32, u32); 3] = [(0x9, 0xA), (0xD, 0xD), (0xA0, 0xA0)];

/// What D and E add: Greek letters, signs of typesetting and of formulas.
const SCIENCE: [(u32, u32); 27] = [
    (0x192, 0x192),
    (0x2B0, 0x2B0),
    (0x2B3, 0x2B3),
    (0x2C6, 0x2C6),
    (0x2DC, 0x2DC),
    (0x2E2, 0x2E2),
    (0x386, 0x386),
    (0x388, 0x38A),
    (0x38C, 0x38C),
    (0x38E, 0x3A1),
    (0x3A3, 0x3CE),
    (0x1D48, 0x1D48),
    (0x1D57, 0x1D57),
    (0x2018, 0x2018),
    (0x201A, 0x201A),
    (0x201C, 0x201E),
    (0x2020, 0x2020),
    (0x2026, 0x2026),
    (0x2030, 0x2030),
    (0x2032, 0x2033),
    (0x2039, 0x203A),
    (0x2070, 0x2070),
    (0x2074, 0x2079),
    (0x207F, 0x2089),
    (0x2122, 0x2122),
    (0x221E, 0x221E),
    (0x2264, 0x2265),
];

/// What only E has: the Cyrillic letters of Bulgarian.
const CYRILLIC: [(u32, u32); 7] = [
    (0x40D, 0x40D),
    (0x410, 0x42A),
    (0x42C, 0x42C),
    (0x42E, 0x44A),
    (0x44C, 0x44C),
    (0x44E, 0x44F),
    (0x45D, 0x45D),
];

/// Letters that Unicode has no single character for: the base and what follows it, each a letter
/// of its own. The same in all five data types.
#[rustfmt::skip]
const SEQUENCES: [(char, &[&str]); 59] = [
    ('A', &["\u{30B}"]),
    ('C', &["\u{300}", "\u{304}", "\u{306}", "\u{308}", "\u{315}", "\u{323}", "\u{326}", "\u{328}\u{306}"]),
    ('D', &["\u{302}"]),
    ('F', &["\u{300}", "\u{304}"]),
    ('G', &["\u{300}"]),
    ('H', &["\u{304}", "\u{326}", "\u{331}"]),
    ('J', &["\u{301}", "\u{30C}"]),
    ('K', &["\u{300}", "\u{302}", "\u{304}", "\u{307}", "\u{315}", "\u{31B}", "\u{326}", "\u{35F}H", "\u{35F}h"]),
    ('L', &["\u{302}", "\u{325}", "\u{325}\u{304}", "\u{326}"]),
    ('M', &["\u{300}", "\u{302}", "\u{306}", "\u{310}"]),
    ('N', &["\u{302}", "\u{304}", "\u{306}", "\u{326}"]),
    ('P', &["\u{300}", "\u{304}", "\u{315}", "\u{323}"]),
    ('R', &["\u{306}", "\u{325}", "\u{325}\u{304}"]),
    ('S', &["\u{300}", "\u{304}", "\u{31B}\u{304}", "\u{331}"]),
    ('T', &["\u{300}", "\u{304}", "\u{308}", "\u{315}", "\u{31B}"]),
    ('U', &["\u{307}"]),
    ('Z', &["\u{300}", "\u{304}", "\u{306}", "\u{308}", "\u{327}"]),
    ('a', &["\u{30B}"]),
    ('c', &["\u{300}", "\u{304}", "\u{306}", "\u{308}", "\u{315}", "\u{323}", "\u{326}", "\u{328}\u{306}"]),
    ('d', &["\u{302}"]),
    ('f', &["\u{300}", "\u{304}"]),
    ('g', &["\u{300}"]),
    ('h', &["\u{304}", "\u{326}"]),
    ('j', &["\u{301}"]),
    ('k', &["\u{300}", "\u{302}", "\u{304}", "\u{307}", "\u{315}", "\u{31B}", "\u{326}", "\u{35F}h"]),
    ('l', &["\u{302}", "\u{325}", "\u{325}\u{304}", "\u{326}"]),
    ('m', &["\u{300}", "\u{302}", "\u{306}", "\u{310}"]),
    ('n', &["\u{302}", "\u{304}", "\u{306}", "\u{326}"]),
    ('p', &["\u{300}", "\u{304}", "\u{315}", "\u{323}"]),
    ('r', &["\u{306}", "\u{325}", "\u{325}\u{304}"]),
    ('s', &["\u{300}", "\u{304}", "\u{31B}\u{304}", "\u{331}"]),
    ('t', &["\u{300}", "\u{304}", "\u{315}", "\u{31B}"]),
    ('u', &["\u{307}"]),
    ('z', &["\u{300}", "\u{304}", "\u{306}", "\u{308}", "\u{327}"]),
    ('\u{C7}', &["\u{306}"]),
    ('\u{DB}', &["\u{304}"]),
    ('\u{E7}', &["\u{306}"]),
    ('\u{FB}', &["\u{304}"]),
    ('\u{FF}', &["\u{301}"]),
    ('\u{10C}', &["\u{315}", "\u{323}"]),
    ('\u{10D}', &["\u{315}", "\u{323}"]),
    ('\u{113}', &["\u{30D}"]),
    ('\u{12A}', &["\u{301}"]),
    ('\u{12B}', &["\u{301}"]),
    ('\u{14D}', &["\u{30D}"]),
    ('\u{17D}', &["\u{326}", "\u{327}"]),
    ('\u{17E}', &["\u{326}", "\u{327}"]),
    ('\u{1E32}', &["\u{304}"]),
    ('\u{1E33}', &["\u{304}"]),
    ('\u{1E62}', &["\u{304}"]),
    ('\u{1E63}', &["\u{304}"]),
    ('\u{1E6C}', &["\u{304}"]),
    ('\u{1E6D}', &["\u{304}"]),
    ('\u{1EA0}', &["\u{308}"]),
    ('\u{1EA1}', &["\u{308}"]),
    ('\u{1ECC}', &["\u{308}"]),
    ('\u{1ECD}', &["\u{308}"]),
    ('\u{1EE4}', &["\u{304}", "\u{308}"]),
    ('\u{1EE5}', &["\u{304}", "\u{308}"]),
];

/// The longest sequence, in characters.
pub const LONGEST_SEQUENCE: usize = 3;

/// One of the five data types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataType {
    /// Names of natural persons.
    A,
    /// Other names: places, streets with house numbers, firms.
    B,
    /// Texts, with tabs and ends of lines.
    C,
    /// Names of legal persons and products: B and more signs, Greek letters.
    D,
    /// Everything together, and Cyrillic.
    E,
}

impl DataType {
    /// All five.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::E];

    fn tables(self) -> Vec<&'static [(u32, u32)]> {
        match self {
            Self::A => vec![&NAMES],
            Self::B => vec![&NAMES, &OTHER_NAMES],
            Self::C => vec![&NAMES, &OTHER_NAMES, &TEXT, &SPACE],
            Self::D => vec![&NAMES, &OTHER_NAMES, &TEXT, &SCIENCE],
            Self::E => vec![&NAMES, &OTHER_NAMES, &TEXT, &SPACE, &SCIENCE, &CYRILLIC],
        }
    }

    /// Whether a character is allowed alone, not as part of a sequence.
    pub fn has(self, c: char) -> bool {
        let c = u32::from(c);
        self.tables().iter().any(|t| t.iter().any(|(from, to)| (*from..=*to).contains(&c)))
    }

    /// The characters that are allowed alone, ascending.
    pub fn characters(self) -> Vec<char> {
        let mut all: Vec<char> = self
            .tables()
            .into_iter()
            .flatten()
            .flat_map(|(from, to)| *from..=*to)
            .filter_map(char::from_u32)
            .collect();
        all.sort_unstable();
        all
    }

    /// The first character that does not belong: its byte offset and itself. The empty text has
    /// none.
    pub fn foreign(self, text: &str) -> Option<(usize, char)> {
        let mut at = 0;
        while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = &text[at..];
            at += match sequence_at(rest) {
                // Marks never stand alone, so the longest sequence is the only reading.
                Some(length) => length,
                None if self.has(c) => c.len_utf8(),
                None => return Some((at, c)),
            };
        }
        None
    }
}

/// The bytes of the longest sequence at the start of a text.
fn sequence_at(text: &str) -> Option<usize> {
    let base = text.chars().next()?;
    let (_, more) = SEQUENCES.iter().find(|(known, _)| *known == base)?;
    let rest = &text[base.len_utf8()..];
    let longest = more.iter().filter(|m| rest.starts_with(**m)).map(|m| m.len()).max()?;
    Some(base.len_utf8() + longest)
}

/// Whether a text, in NFC, is of data type A: names of natural persons.
pub fn is_type_a(text: &str) -> bool {
    DataType::A.foreign(text).is_none()
}

/// Whether a text, in NFC, is of data type B: other names.
pub fn is_type_b(text: &str) -> bool {
    DataType::B.foreign(text).is_none()
}

/// Whether a text, in NFC, is of data type C: texts.
pub fn is_type_c(text: &str) -> bool {
    DataType::C.foreign(text).is_none()
}

/// Whether a text, in NFC, is of data type D: names with further signs.
pub fn is_type_d(text: &str) -> bool {
    DataType::D.foreign(text).is_none()
}

/// Whether a text, in NFC, is of data type E: everything together.
pub fn is_type_e(text: &str) -> bool {
    DataType::E.foreign(text).is_none()
}

/// The letters that are sequences, by base letter.
pub fn sequences() -> Vec<String> {
    SEQUENCES
        .iter()
        .flat_map(|(base, more)| more.iter().map(move |marks| format!("{base}{marks}")))
        .collect()
}

/// The letters of data type A that are one character each, ascending.
pub fn letters() -> Vec<char> {
    DataType::A.characters().into_iter().filter(|c| c.is_alphabetic()).collect()
}

/// Letters counted as readers count them: a sequence is one.
pub fn count(text: &str) -> usize {
    let mut at = 0;
    let mut count = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        at += sequence_at(&text[at..]).unwrap_or(c.len_utf8());
        count += 1;
    }
    count
}

/// Words of data type A, at most 20 characters each, that together contain every sequence.
///
/// A system that cuts, filters or recomposes characters damages at least one of them.
pub fn samples() -> Vec<String> {
    let all = sequences();
    let mut words = Vec::new();
    for group in all.chunks(4) {
        let mut word = String::from("Ma");
        for (letter, vowel) in group.iter().zip(["e", "i", "o", "u"]) {
            word.push_str(letter);
            word.push_str(vowel);
        }
        words.push(word);
    }
    words
}

/// Texts that look right and are not of data type A, with the reason in German.
pub fn wrong_names() -> Vec<(&'static str, &'static str)> {
    vec![
        ("Mu\u{308}ller", "zerlegtes ü (NFD) statt des einen Zeichens"),
        ("M\u{308}uller", "Trema auf einem Buchstaben, den es so nicht gibt"),
        ("\u{308}Uller", "kombinierendes Zeichen ohne Grundbuchstaben"),
        ("Müller3", "Ziffer im Namen"),
        ("Mu\u{AD}ster", "weiches Trennzeichen"),
        ("Muster\u{200B}", "unsichtbares Leerzeichen der Breite null"),
        ("Muster\u{A0}Amt", "geschütztes Leerzeichen"),
        ("Иванов", "kyrillische Buchstaben"),
        ("Παππάς", "griechische Buchstaben"),
        ("Ra\u{FB01}nger", "Ligatur ﬁ"),
        ("Muster\u{1F600}", "Zeichen außerhalb der Grundebene"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_the_numbers_of_the_standard() {
        let counts: Vec<usize> = DataType::ALL.iter().map(|t| t.characters().len()).collect();
        assert_eq!(counts, [518, 578, 588, 695, 761]);
        let all = sequences();
        assert_eq!(all.len(), 149);
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 149);
        assert!(all.iter().all(|s| s.chars().count() <= LONGEST_SEQUENCE));
    }

    #[test]
    fn sequences_are_letters_and_loose_marks_are_not() {
        for right in ["", "Müller", "C\u{306}", "K\u{35F}H", "L\u{325}\u{304}a", "O'Neill-Łoś"] {
            assert!(is_type_a(right), "{right}");
        }
        assert_eq!(DataType::A.foreign("Mu\u{308}ller"), Some((2, '\u{308}')));
        assert_eq!(DataType::A.foreign("L\u{304}"), Some((1, '\u{304}')));
        assert_eq!(DataType::A.foreign("K\u{35F}M"), Some((1, '\u{35F}')));
        assert_eq!(count("L\u{325}\u{304}aK\u{35F}hü"), 4);
        for (wrong, why) in wrong_names() {
            assert!(!is_type_a(wrong), "{wrong}: {why}");
        }
    }

    #[test]
    fn the_types_differ_where_the_standard_says() {
        assert!(!is_type_a("Weg 3") && is_type_b("Weg 3"));
        assert!(!is_type_b("a\nb") && is_type_c("a\nb") && !is_type_d("a\nb") && is_type_e("a\nb"));
        assert!(!is_type_c("Ω") && is_type_d("Ω") && is_type_e("Ω"));
        assert!(!is_type_d("Ж") && is_type_e("Ж"));
        assert!(!is_type_e("ы") && !is_type_e("中") && !is_type_e("\0"));
    }

    #[test]
    fn samples_contain_every_sequence_and_are_names() {
        let words = samples();
        let text = words.concat();
        assert!(sequences().iter().all(|s| text.contains(s.as_str())));
        assert!(words.iter().all(|w| is_type_a(w) && w.chars().count() <= 20), "{words:?}");
        assert!(letters().contains(&'ẞ') && letters().contains(&'ə') && !letters().contains(&'-'));
    }
}
