//! The words of a statement.

use crate::fake_system::dms::errors::{CmisError, Outcome};

/// Longest statement, bytes.
const LONGEST: usize = 64 * 1024;

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name or a keyword.
    Name(String),
    /// A literal in apostrophes.
    Text(String),
    /// A number as written.
    Number(String),
    /// `=`, `<>`, `<`, `>`, `<=`, `>=`, `(`, `)`, `,`, `*`.
    Sign(&'static str),
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(text) | Self::Number(text) => f.write_str(text),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Sign(sign) => f.write_str(sign),
        }
    }
}

const SIGNS: [&str; 10] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "*"];

pub(super) fn words(statement: &str) -> Outcome<Vec<Word>> {
    if statement.len() > LONGEST {
        return Err(CmisError::invalid("the statement is too long"));
    }
    let mut out = Vec::new();
    let mut rest = statement.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(sign) = SIGNS.into_iter().find(|s| rest.starts_with(s)) {
            out.push(Word::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '\'' {
            let (text, after) = literal(&rest[1..])?;
            out.push(Word::Text(text));
            rest = after;
        } else if first.is_ascii_digit() || matches!(first, '-' | '+' | '.') {
            let inside = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
            let end = rest.find(inside).unwrap_or(rest.len());
            out.push(Word::Number(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if first.is_alphabetic() || first == '_' {
            let inside = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.'));
            let end = rest.find(inside).unwrap_or(rest.len());
            out.push(Word::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            return Err(CmisError::invalid(format!("the statement cannot be read at \"{first}\"")));
        }
        rest = rest.trim_start();
    }
    Ok(out)
}

/// A literal after its first apostrophe. `\'`, `\\` and, as SQL has it, `''` stand for the
/// character; other backslashes stay for LIKE (section 2.1.14.2.1).
fn literal(text: &str) -> Outcome<(String, &str)> {
    let mut out = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, c)| *c);
        match (c, next) {
            ('\\', Some(next @ ('\'' | '\\'))) => {
                out.push(next);
                characters.next();
            }
            ('\'', Some('\'')) => {
                out.push('\'');
                characters.next();
            }
            ('\'', _) => return Ok((out, &text[at + 1..])),
            _ => out.push(c),
        }
    }
    Err(CmisError::invalid("a literal has no end"))
}
