//! Sets of characters that an expression can name: categories, blocks, multi-character escapes.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

use super::blocks::BLOCKS;

/// The categories of Unicode that appendix F.1.1 lists; `Cs` is not among them.
const CATEGORIES: [&str; 36] = [
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc",
    "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Z", "Zs", "Zl", "Zp", "S", "Sm", "Sc", "Sk", "So", "C",
    "Cc", "Cf", "Co", "Cn",
];

/// The first characters of XML names (XML 1.0, 5th edition, production 4).
const NAME_START: [(char, char); 16] = [
    (':', ':'),
    ('A', 'Z'),
    ('_', '_'),
    ('a', 'z'),
    ('\u{C0}', '\u{D6}'),
    ('\u{D8}', '\u{F6}'),
    ('\u{F8}', '\u{2FF}'),
    ('\u{370}', '\u{37D}'),
    ('\u{37F}', '\u{1FFF}'),
    ('\u{200C}', '\u{200D}'),
    ('\u{2070}', '\u{218F}'),
    ('\u{2C00}', '\u{2FEF}'),
    ('\u{3001}', '\u{D7FF}'),
    ('\u{F900}', '\u{FDCF}'),
    ('\u{FDF0}', '\u{FFFD}'),
    ('\u{10000}', '\u{EFFFF}'),
];

/// What further characters of XML names add (XML 1.0, 5th edition, production 4a).
const NAME_MORE: [(char, char); 6] = [
    ('-', '-'),
    ('.', '.'),
    ('0', '9'),
    ('\u{B7}', '\u{B7}'),
    ('\u{300}', '\u{36F}'),
    ('\u{203F}', '\u{2040}'),
];

/// A class of ranges.
pub(super) fn of(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|(from, to)| ClassUnicodeRange::new(*from, *to)))
}

/// The characters that XML can carry (XML 1.0, production 2).
pub(super) fn xml() -> ClassUnicode {
    of(&[
        ('\t', '\n'),
        ('\r', '\r'),
        (' ', '\u{D7FF}'),
        ('\u{E000}', '\u{FFFD}'),
        ('\u{10000}', '\u{10FFFF}'),
    ])
}

/// Everything else.
pub(super) fn not(mut class: ClassUnicode) -> ClassUnicode {
    class.negate();
    class
}

/// A category such as `L` or `Nd`; `None` if there is none of that name.
pub(super) fn category(name: &str) -> Option<ClassUnicode> {
    if !CATEGORIES.contains(&name) {
        return None;
    }
    let hir = regex_syntax::Parser::new().parse(&format!("\\p{{{name}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        _ => None,
    }
}

/// What `\p{…}` names: a category, or a block with `Is` before its name.
pub(super) fn property(name: &str) -> Option<ClassUnicode> {
    let Some(block) = name.strip_prefix("Is") else { return category(name) };
    let ranges: Vec<(char, char)> =
        BLOCKS.iter().filter(|(known, ..)| *known == block).map(|(_, a, b)| (*a, *b)).collect();
    (!ranges.is_empty()).then(|| of(&ranges))
}

/// The known name nearest to an unknown one: the same letters in another case, or without `Is`.
pub(super) fn nearest(name: &str) -> Option<String> {
    let wanted = name.to_lowercase().replace([' ', '_'], "");
    let wanted_block = wanted.strip_prefix("is").unwrap_or(&wanted);
    let block = BLOCKS.iter().map(|(known, ..)| *known).find(|known| {
        let known = known.to_lowercase();
        known == wanted_block || known.replace('-', "") == wanted_block
    });
    block
        .map(|block| format!("Is{block}"))
        .or_else(|| CATEGORIES.iter().find(|c| c.to_lowercase() == wanted).map(|c| (*c).to_owned()))
}

/// The class of a multi-character escape (appendix F.1.1), by its letter: `s i c d w` and, in
/// capitals, their complements.
pub(super) fn escape(letter: char) -> Option<ClassUnicode> {
    let class = match letter.to_ascii_lowercase() {
        's' => of(&[('\t', '\n'), ('\r', '\r'), (' ', ' ')]),
        'i' => names(&NAME_START, &["Lu", "Ll", "Lt", "Lo", "Nl"]),
        'c' => {
            let mut class = names(&NAME_START, &["Lu", "Ll", "Lt", "Lo", "Nl"]);
            let marks = ["Lm", "M", "Nd"];
            class.union(&names(&NAME_START, &marks));
            class.union(&names(&NAME_MORE, &marks));
            class
        }
        'd' => category("Nd")?,
        'w' => not(categories(&["P", "Z", "C"])),
        _ => return None,
    };
    Some(if letter.is_ascii_uppercase() { not(class) } else { class })
}

/// What `.` stands for: all but the ends of lines.
pub(super) fn dot() -> ClassUnicode {
    not(of(&[('\n', '\n'), ('\r', '\r')]))
}

/// Characters of names that are ASCII, the middle dot, or of one of the categories.
///
/// XML Schema 1.0 means the letters that XML 1.0 listed up to its 4th edition, chosen by these
/// categories; the 5th edition, which 1.1 means, lists ranges that hold signs such as `€` as well.
/// What both allow is taken, up to letters younger than the lists.
fn names(ranges: &[(char, char)], of_categories: &[&str]) -> ClassUnicode {
    let mut allowed = categories(of_categories);
    allowed.union(&of(&[('\0', '\u{7F}'), ('\u{B7}', '\u{B7}')]));
    let mut class = of(ranges);
    class.intersect(&allowed);
    class
}

/// Several categories in one class.
pub(super) fn categories(names: &[&str]) -> ClassUnicode {
    let mut all = ClassUnicode::empty();
    for class in names.iter().filter_map(|name| category(name)) {
        all.union(&class);
    }
    all
}
