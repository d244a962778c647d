//! What an XPath condition speaks of.

/// Words that are operators, not names.
const OPERATORS: [&str; 4] = ["and", "or", "div", "mod"];

/// The paths of elements in a condition, such as `Hund/Chip`, each once, in order. Functions, axes,
/// operators and literals are left out.
pub fn paths_in(test: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut push = |path: &mut String| {
        let found = path.trim_matches('/').to_owned();
        path.clear();
        if !found.is_empty() && !OPERATORS.contains(&found.as_str()) && !out.contains(&found) {
            out.push(found);
        }
    };
    let mut path = String::new();
    let mut chars = test.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                push(&mut path);
                for inner in chars.by_ref() {
                    if inner == c {
                        break;
                    }
                }
            }
            // A function: what stood before the bracket is no element.
            '(' => path.clear(),
            ':' => path.clear(),
            '/' => path.push('/'),
            c if c.is_alphabetic() || c == '_' => path.push(c),
            c if (c.is_numeric() || c == '-' || c == '.')
                && !path.is_empty()
                && !path.ends_with('/') =>
            {
                path.push(c);
            }
            c if c.is_whitespace() && chars.peek() == Some(&'(') => path.clear(),
            _ => push(&mut path),
        }
    }
    push(&mut path);
    out
}

/// The string and number literals in a condition.
pub fn literals_in(test: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = test;
    while let Some(start) = rest.find(['\'', '"']) {
        let quote = rest[start..].chars().next().unwrap_or('\'');
        let Some(length) = rest[start + 1..].find(quote) else { break };
        out.push(rest[start + 1..start + 1 + length].to_owned());
        rest = &rest[start + 1 + length + 1..];
    }
    let words = test.split(|c: char| !(c.is_alphanumeric() || "._-/'\"".contains(c)));
    out.extend(words.filter(|w| w.parse::<f64>().is_ok()).map(str::to_owned));
    out
}

#[cfg(test)]
mod tests {
    use super::{literals_in, paths_in};

    #[test]
    fn names_are_told_from_functions_and_literals() {
        assert_eq!(
            paths_in("not(Hund/Gefaehrlich = 'true') or Versicherung"),
            ["Hund/Gefaehrlich", "Versicherung"]
        );
        assert_eq!(
            paths_in("translate(A/Ende, '-', '') >= translate(A/Beginn, '-', '') and count(B) < 4"),
            ["A/Ende", "A/Beginn", "B"]
        );
        assert_eq!(paths_in("G01-x.1/F2 = \"and\""), ["G01-x.1/F2"]);
        assert_eq!(literals_in("A = 'x' and B < 40.5 or C=\"y z\""), ["x", "y z", "40.5"]);
    }
}
