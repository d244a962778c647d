//! Mistakes in an XPath expression, as changes of its text. Only what can be told apart without a
//! grammar: literals, numbers, alternatives.

/// A literal text in an expression: where it stands with its quotes, and what it says.
pub(super) fn literals(expression: &str) -> Vec<(std::ops::Range<usize>, &str)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(start) = expression[at..].find(['\'', '"']).map(|i| at + i) {
        let quote = &expression[start..=start];
        let Some(end) = expression[start + 1..].find(quote).map(|i| start + 1 + i) else { break };
        out.push((start..end + 1, &expression[start + 1..end]));
        at = end + 1;
    }
    out
}

/// Another text than a literal says, of the same kind.
pub(super) fn other_text(text: &str) -> String {
    match text {
        "." => ",".to_owned(),
        "," => ";".to_owned(),
        "true" => "wahr".to_owned(),
        _ => format!("{text}x"),
    }
}

/// Whole numbers outside literals that are no part of a name.
pub(super) fn numbers(expression: &str) -> Vec<(std::ops::Range<usize>, u32)> {
    let quoted: Vec<_> = literals(expression).into_iter().map(|(range, _)| range).collect();
    let bytes = expression.as_bytes();
    let part_of_name = |byte: Option<&u8>| {
        byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'))
    };
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = (at..bytes.len()).find(|i| !bytes[*i].is_ascii_digit()).unwrap_or(bytes.len());
        let before = at.checked_sub(1).and_then(|i| bytes.get(i));
        let free = !part_of_name(before) && !part_of_name(bytes.get(end));
        let inside = quoted.iter().any(|q| q.contains(&at));
        if free
            && !inside
            && let Ok(number) = expression[at..end].parse()
        {
            out.push((at..end, number));
        }
        at = end;
    }
    out
}

/// The operands of a condition's outermost `or`s or `and`s, with that word; none where there is one
/// operand only.
pub(super) fn operands(expression: &str) -> Option<(&'static str, Vec<&str>)> {
    ["or", "and"].into_iter().find_map(|word| {
        let parts = split(expression, word);
        (parts.len() > 1).then_some((word, parts))
    })
}

/// Cuts at a word that stands outside brackets and literals, between spaces.
fn split<'a>(expression: &'a str, word: &str) -> Vec<&'a str> {
    let quoted: Vec<_> = literals(expression).into_iter().map(|(range, _)| range).collect();
    let pattern = format!(" {word} ");
    let mut out = Vec::new();
    let (mut depth, mut from) = (0usize, 0);
    for (at, c) in expression.char_indices() {
        if quoted.iter().any(|q| q.contains(&at)) {
            continue;
        }
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 && at >= from && expression[at..].starts_with(&pattern) => {
                out.push(&expression[from..at]);
                from = at + pattern.len();
            }
            _ => {}
        }
    }
    out.push(&expression[from.min(expression.len())..]);
    out
}

#[cfg(test)]
mod tests {
    use super::{literals, numbers, operands};

    #[test]
    fn literals_numbers_and_operands_are_told_apart() {
        let test = "substring($iso, 9, 2) = '9 or 1' or g:Feld2[1]";
        let found: Vec<_> = literals(test).into_iter().map(|(_, text)| text).collect();
        assert_eq!(found, ["9 or 1"]);
        let found: Vec<_> = numbers(test).into_iter().map(|(_, number)| number).collect();
        assert_eq!(found, [9, 2, 1]);
        let (word, parts) = operands(test).unwrap();
        assert_eq!((word, parts.len(), parts[1]), ("or", 2, "g:Feld2[1]"));
        assert_eq!(operands("a and (b or c)").unwrap().1, ["a", "(b or c)"]);
        assert!(operands("not(a or b)").is_none());
    }
}
