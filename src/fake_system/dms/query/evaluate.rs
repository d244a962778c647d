//! Whether a condition holds: yes, no, or unknown where a value is missing, as SQL has it.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::parse::{Condition, Sign};
use crate::fake_system::dms::navigation::compare;
use crate::fake_system::dms::store::{Object, Store};

/// Largest content that is searched, bytes.
const SEARCHED: usize = 1024 * 1024;

/// What a condition is about.
pub(super) struct Row<'a> {
    pub store: &'a Store,
    pub object: &'a Object,
    pub properties: &'a Map<String, Value>,
}

pub(super) fn holds(condition: &Condition, row: &Row<'_>) -> Option<bool> {
    let value = |id: &str| row.properties.get(id).filter(|v| !v.is_null());
    match condition {
        Condition::And(all) => {
            let of: Vec<_> = all.iter().map(|c| holds(c, row)).collect();
            if of.contains(&Some(false)) {
                Some(false)
            } else if of.contains(&None) {
                None
            } else {
                Some(true)
            }
        }
        Condition::Or(all) => {
            let of: Vec<_> = all.iter().map(|c| holds(c, row)).collect();
            if of.contains(&Some(true)) {
                Some(true)
            } else if of.contains(&None) {
                None
            } else {
                Some(false)
            }
        }
        Condition::Not(inside) => holds(inside, row).map(|h| !h),
        Condition::HasValue(id) => Some(value(id).is_some()),
        Condition::Compare(id, sign, wanted) => {
            let by = compare(value(id)?, wanted);
            Some(match sign {
                Sign::Equal => by == Ordering::Equal && same_kind(value(id)?, wanted),
                Sign::Differs => by != Ordering::Equal,
                Sign::Less => by == Ordering::Less,
                Sign::More => by == Ordering::Greater,
                Sign::AtMost => by != Ordering::Greater,
                Sign::AtLeast => by != Ordering::Less,
            })
        }
        Condition::In(id, wanted) => {
            let is = |v: &Value| {
                wanted.iter().any(|w| same_kind(v, w) && compare(v, w) == Ordering::Equal)
            };
            Some(match value(id)? {
                Value::Array(many) => many.iter().any(is),
                one => is(one),
            })
        }
        Condition::Like(id, pattern) => Some(like(pattern, value(id)?.as_str()?)),
        Condition::InFolder(id) => Some(row.object.parent.as_ref() == Some(id)),
        Condition::InTree(id) => {
            let objects = &row.store.objects;
            let parent = |p: &&String| objects.get(*p)?.parent.as_ref();
            Some(std::iter::successors(row.object.parent.as_ref(), parent).any(|p| p == id))
        }
        Condition::Contains(text) => Some(contains(text, row)),
    }
}

fn same_kind(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// LIKE with `%`, `_` and `\` before either. Goes back only to the last `%`, so the work is bounded
/// by the product of both lengths.
fn like(pattern: &str, text: &str) -> bool {
    #[derive(Clone, Copy)]
    enum Step {
        Many,
        One,
        This(char),
    }
    let mut steps = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        steps.push(match c {
            '%' => Step::Many,
            '_' => Step::One,
            '\\' => match characters.next_if(|n| matches!(n, '%' | '_')) {
                Some(next) => Step::This(next),
                None => Step::This('\\'),
            },
            other => Step::This(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut step) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while at < text.len() {
        match steps.get(step) {
            Some(Step::Many) => {
                step += 1;
                back = Some((at, step));
            }
            Some(Step::One) => (at, step) = (at + 1, step + 1),
            Some(Step::This(c)) if *c == text[at] => (at, step) = (at + 1, step + 1),
            _ => match &mut back {
                Some((from, after)) => {
                    *from += 1;
                    (at, step) = (*from, *after);
                }
                None => return false,
            },
        }
    }
    steps[step..].iter().all(|s| matches!(s, Step::Many))
}

/// All words occur; `-` before a word means that it does not (section 2.1.14.2.1, simplified: no
/// relevance). Words in quotation marks belong together.
fn contains(text: &str, row: &Row<'_>) -> bool {
    let mut inside = String::new();
    for value in row.properties.values() {
        match value {
            Value::String(text) => inside.push_str(text),
            Value::Array(many) => {
                many.iter().filter_map(Value::as_str).for_each(|t| inside.push_str(t));
            }
            _ => {}
        }
        inside.push('\n');
    }
    if let Some(content) = &row.object.content {
        let kind = &content.media_type;
        let readable = kind.starts_with("text/") || kind.contains("xml") || kind.contains("json");
        if readable && content.bytes.len() <= SEARCHED {
            inside.push_str(&String::from_utf8_lossy(&content.bytes));
        }
    }
    let inside = inside.to_lowercase();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let not = rest.starts_with('-');
        rest = rest.trim_start_matches('-');
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        let word = word.trim_matches('*').to_lowercase();
        if inside.contains(&word) == not {
            return false;
        }
        rest = after.trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn like_knows_its_signs() {
        assert!(like("Antrag%", "Antrag 1.pdf") && !like("Antrag%", "Der Antrag"));
        assert!(like("%a_c%", "xxabcxx") && !like("a_c", "ac"));
        assert!(like("100\\%", "100%") && !like("100\\%", "1000"));
        assert!(like("%", "") && like("", "") && !like("", "a") && like("%%%", "ä"));
        // No explosion.
        let text = "a".repeat(3000);
        assert!(!like(&format!("{}b", "%a".repeat(50)), &text));
    }
}
