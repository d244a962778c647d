//! Rules over several fields: readable, and about fields that exist.

use super::Check;
use crate::concept::demand::Rule;
use crate::concept::expression::paths_in;
use crate::concept::written::{ConceptFile, Group};
use crate::diagnostic::{Path, nearest};
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
                // Unknown functions and variables only show when the expression is evaluated.
                let evaluated = Condition::compile(test)
                    .and_then(|condition| condition.holds(b"<leer/>", &[]).map(|_| ()));
                if let Err(error) = evaluated {
                    c.error(
                        &at.at("test"),
                        format!("the expression cannot be read: {error}"),
                        "write XPath 1.0 without prefixes, such as not(A/B) or A/C",
                    );
                }
                unknown(c, file, rule, &at.at("test"));
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

/// A path that no field or group has: the rule would always hold, or never.
fn unknown(c: &mut Check<'_>, file: &ConceptFile, rule: &Rule, at: &Path) {
    let mut known: Vec<String> = vec!["Anlagen".into()];
    for group in &file.group {
        let path = full_path(file, group);
        for field in file.field.iter().filter(|f| f.group == group.id) {
            known.push(if path.is_empty() {
                field.path.clone()
            } else {
                format!("{path}/{}", field.path)
            });
        }
        known.push(path);
    }
    for document in &file.document {
        let id = &document.id;
        known.push(format!("Anlagen/{id}"));
        known.extend(["Dateiname", "Medientyp", "Inhalt"].map(|e| format!("Anlagen/{id}/{e}")));
    }
    for named in paths_in(rule.test.as_deref().unwrap_or_default()) {
        let is = |k: &String| {
            // Also a part of a path: a field of several steps, or a group around one.
            format!("/{k}/").contains(&format!("/{named}/"))
        };
        if !known.iter().any(is) {
            let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
            let names: Vec<String> = known.iter().map(|k| last(k)).collect();
            let help = nearest(&last(&named), names.iter().map(String::as_str)).map_or_else(
                || "name elements of the message from the root on".to_owned(),
                |near| format!("did you mean \"{near}\"?"),
            );
            let text =
                format!("rule \"{}\" looks at \"{named}\", which no field or group is", rule.id);
            c.error(at, text, help);
        }
    }
}

fn full_path(file: &ConceptFile, group: &Group) -> String {
    let mut steps = vec![group.path.as_str()];
    let mut at = group;
    // As many steps as there are groups: a circle has a finding of its own.
    for _ in 0..file.group.len() {
        let Some(outer) = at.within.as_ref().and_then(|id| file.group.iter().find(|g| &g.id == id))
        else {
            break;
        };
        steps.push(&outer.path);
        at = outer;
    }
    steps.retain(|s| !s.is_empty());
    steps.reverse();
    steps.join("/")
}
