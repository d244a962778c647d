//! What can only be seen in the whole tree.

use std::collections::BTreeMap;

use super::model::{DataSchema, Group, GroupKind, Item, Position, Rule};
use super::reader::Reader;

/// Checks a tree that was read without errors.
pub(super) fn tree(reader: &mut Reader, schema: &DataSchema) {
    let mut check = Check { reader, path: Vec::new(), seen: BTreeMap::new() };
    check.positions(&schema.items, &format!("the schema {}", schema.id));
    let known = std::mem::take(&mut check.seen);
    let mut names: Vec<&str> = known.keys().map(|(id, _)| id.as_str()).collect();
    names.sort_unstable();
    rules_name_what_is_there(reader, &schema.rules, &names);
    each_group(&schema.items, &mut |rules| rules_name_what_is_there(reader, rules, &names));
}

struct Check<'r> {
    reader: &'r mut Reader,
    /// Ids and lines of the groups around.
    path: Vec<(String, u32)>,
    /// Form of the first definition of each id and version, with its line.
    seen: BTreeMap<(String, String), (String, u32)>,
}

impl Check<'_> {
    fn positions(&mut self, items: &[Position], owner: &str) {
        let mut here: BTreeMap<&str, u32> = BTreeMap::new();
        for position in items {
            let (id, line) = (position.item.id(), position.item.line());
            if let Some(first) = here.insert(id, line) {
                self.reader.error(
                    line,
                    format!("{id} stands on lines {first} and {line} in {owner}: both have the same path"),
                    "use one position with a greater anzahl, or give the second a group of its own",
                );
            }
            self.same_everywhere(position);
            let Item::Group(group) = &position.item else { continue };
            self.group(group, position.min > 0);
        }
    }

    fn group(&mut self, group: &Group, mandatory: bool) {
        let line = group.line;
        if let Some((_, outer)) = self.path.iter().find(|(id, _)| *id == group.id) {
            let message = format!("{} (line {outer}) holds itself again on line {line}", group.id);
            self.reader.error(line, message, "take the inner one out, or give it an id of its own");
        }
        if !group.items.iter().any(|p| p.max != Some(0)) {
            let message = format!("the group {} (line {line}) can hold nothing", group.id);
            if mandatory && group.kind == GroupKind::Choice {
                self.reader.error(
                    line,
                    format!("{message}, and one of its items must be chosen"),
                    "add a <struktur>, or make the group optional",
                );
            } else {
                self.reader.warn(line, message, "add a <struktur>");
            }
        }
        self.path.push((group.id.clone(), line));
        self.positions(&group.items, &format!("the group {} (line {line})", group.id));
        self.path.pop();
    }

    /// The same id and version should mean the same thing everywhere.
    fn same_everywhere(&mut self, position: &Position) {
        let (version, form) = match &position.item {
            Item::Group(group) => {
                let mut own = group.clone();
                let inside: Vec<(String, u32, Option<u32>)> =
                    own.items.drain(..).map(|p| (p.item.id().to_owned(), p.min, p.max)).collect();
                own.line = 0;
                own.rules.iter_mut().for_each(|rule| rule.line = 0);
                (own.version.clone(), format!("{own:?}{inside:?}"))
            }
            Item::Field(field) => {
                let mut own = field.clone();
                own.line = 0;
                // Its words tell the line.
                own.unfillable = None;
                own.rules.iter_mut().for_each(|rule| rule.line = 0);
                (own.version.clone(), format!("{own:?}"))
            }
        };
        let (id, line) = (position.item.id().to_owned(), position.item.line());
        let key = (id, version);
        match self.seen.get(&key) {
            Some((first, at)) if *first != form => {
                let message = format!(
                    "{} version \"{}\" on line {line} differs from the one on line {at}",
                    key.0, key.1
                );
                self.reader.warn(line, message, "one version means one thing; raise the version");
            }
            Some(_) => {}
            None => {
                self.seen.insert(key, (form, line));
            }
        }
    }
}

fn each_group(items: &[Position], visit: &mut impl FnMut(&[Rule])) {
    for position in items {
        match &position.item {
            Item::Group(group) => {
                visit(&group.rules);
                each_group(&group.items, visit);
            }
            Item::Field(field) => visit(&field.rules),
        }
    }
}

/// A script over a field that is not there cannot be run. Prose may name what it likes.
fn rules_name_what_is_there(reader: &mut Reader, rules: &[Rule], known: &[&str]) {
    for rule in rules {
        let Some(script) = &rule.script else { continue };
        let mut names = Vec::new();
        super::value::ids_in(script, &mut names);
        for name in names.iter().filter(|name| known.binary_search(&name.as_str()).is_err()) {
            let message = format!(
                "the script of rule {} (line {}) names {name}, which is not in this file",
                rule.id, rule.line
            );
            reader.warn(rule.line, message, "correct the id, or add the field");
        }
    }
}
