//! The characters of the texts of 2.4.0.

/// Ranges of characters beyond ASCII that the type String.Latin allows ("Lateinische Zeichen in
/// Unicode" 1.1.1, the texts of 2.4.0); sequences of two characters are left out.
const LATIN: [(char, char); 44] = [
    ('\u{A1}', '\u{AC}'),
    ('\u{AE}', '\u{107}'),
    ('\u{10A}', '\u{11B}'),
    ('\u{11E}', '\u{123}'),
    ('\u{126}', '\u{131}'),
    ('\u{134}', '\u{15B}'),
    ('\u{15E}', '\u{16B}'),
    ('\u{16E}', '\u{17E}'),
    ('\u{18F}', '\u{18F}'),
    ('\u{1A0}', '\u{1A1}'),
    ('\u{1AF}', '\u{1B0}'),
    ('\u{1B7}', '\u{1B7}'),
    ('\u{1CD}', '\u{1D4}'),
    ('\u{1DE}', '\u{1DF}'),
    ('\u{1E4}', '\u{1F0}'),
    ('\u{1F4}', '\u{1F5}'),
    ('\u{1FA}', '\u{1FF}'),
    ('\u{218}', '\u{21B}'),
    ('\u{21E}', '\u{21F}'),
    ('\u{22A}', '\u{22B}'),
    ('\u{22E}', '\u{233}'),
    ('\u{259}', '\u{259}'),
    ('\u{292}', '\u{292}'),
    ('\u{1E02}', '\u{1E03}'),
    ('\u{1E0A}', '\u{1E0B}'),
    ('\u{1E10}', '\u{1E11}'),
    ('\u{1E1E}', '\u{1E21}'),
    ('\u{1E24}', '\u{1E27}'),
    ('\u{1E30}', '\u{1E31}'),
    ('\u{1E40}', '\u{1E41}'),
    ('\u{1E44}', '\u{1E45}'),
    ('\u{1E56}', '\u{1E57}'),
    ('\u{1E60}', '\u{1E63}'),
    ('\u{1E6A}', '\u{1E6B}'),
    ('\u{1E80}', '\u{1E85}'),
    ('\u{1E8C}', '\u{1E93}'),
    ('\u{1E9E}', '\u{1E9E}'),
    ('\u{1EA0}', '\u{1EA7}'),
    ('\u{1EAA}', '\u{1EAC}'),
    ('\u{1EAE}', '\u{1EC1}'),
    ('\u{1EC4}', '\u{1ED3}'),
    ('\u{1ED6}', '\u{1EDD}'),
    ('\u{1EE4}', '\u{1EF9}'),
    ('\u{20AC}', '\u{20AC}'),
];

/// Whether texts of 2.4.0 may hold a character.
pub fn is_latin(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~') || LATIN.iter().any(|(a, b)| (*a..=*b).contains(&c))
}
