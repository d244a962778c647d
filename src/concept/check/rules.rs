//! Rules over several fields: readable, and about fields that exist.

use super::Check;
use crate::concept::written::ConceptFile;
use crate::diagnostic::Path;
use crate::xml::Condition;

pub(super) fn rules(c: &mut Check<'_>, file: &ConceptFile) {
    let messages: Vec<&str> = file.message.iter().map(|m| m.id.as_str()).collect();
    for (index, rule) in file.rule.iter().enumerate() {
        let at = Path::default().at("rule").at(index);
        for (i, message) in rule.messages.iter().enumerate() {
            c.reference(&at.at("messages").at(i), "message", message, &messages);
        }
        if rule.messages.is_empty() {
            c.error(
                &at.at("messages"),
                format!("rule \"{}\" applies to no message", rule.id),
                "name at least one",
            );
        }
        match (&rule.test, &rule.manual) {
            (Some(test), None) => {
                if let Err(error) = Condition::compile(test) {
                    c.error(
                        &at.at("test"),
                        format!("the expression cannot be read: {error}"),
                        "write XPath 1.0 without prefixes, such as not(A/B) or A/C",
                    );
                }
            }
            (None, Some(_)) => {}
            (Some(_), Some(_)) => c.error(
                &at.at("manual"),
                format!("rule \"{}\" is checked both by machine and by a person", rule.id),
                "keep one of test and manual",
            ),
            (None, None) => c.error(
                &at,
                format!("rule \"{}\" says neither test nor manual", rule.id),
                "add test = \"XPath\", or manual = \"how a person checks it\"",
            ),
        }
    }
}
