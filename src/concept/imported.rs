//! Fields of a message from an XDatenfelder file: every position of a group is a group of its own,
//! since its cardinality belongs to the position. Element names are the ids of the data fields.

use std::path::Path as FilePath;

use super::demand::Rule;
use super::written::{CodeList, ConceptFile, Field, FieldType, Group, Length, PositionUse, Range};
use crate::diagnostic::{Authored, Diagnostic, Diagnostics, Path, nearest};
use crate::ids::Digest;
use crate::xdatenfelder::{self as xdf, Codes, DataSchema, DataType, FieldKind, Item, Position};

/// Adds what the XDatenfelder files of a concept hold; returns their digests.
///
/// # Errors
/// The findings of the first file that cannot be used, or those about positions that do not exist.
pub(super) fn extend(
    authored: &mut Authored<ConceptFile>,
    folder: &FilePath,
) -> Result<Vec<Digest>, Diagnostics> {
    let mut digests = Vec::new();
    let mut list = Vec::new();
    for (index, use_) in authored.value.xdatenfelder.clone().iter().enumerate() {
        let at = Path::default().at("xdatenfelder").at(index).at("file");
        let path = folder.join(&use_.file);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let text = format!("file \"{}\" cannot be read: {error}", use_.file);
                let help = "paths are relative to the concept";
                list.push(Diagnostic::error(authored.span(&at), text, help));
                continue;
            }
        };
        let schema = xdf::read(&path.display().to_string(), &bytes)?;
        digests.push(Digest::of(&bytes));
        let mut import = Import { schema: &schema, file: &mut authored.value, problems: vec![] };
        import.items(&schema.items, None);
        import.rules();
        let problems = import.problems;
        for (text, help) in problems {
            list.push(Diagnostic::error(authored.span(&at), text, help));
        }
    }
    overlay(authored, &mut list);
    if list.is_empty() { Ok(digests) } else { Err(Diagnostics::new(authored.source.clone(), list)) }
}

/// Puts what the concept adds about positions onto the fields.
fn overlay(authored: &mut Authored<ConceptFile>, list: &mut Vec<Diagnostic>) {
    for (index, position) in authored.value.position.clone().iter().enumerate() {
        let PositionUse { at, world, example, check, length, range, arrives, nowhere } = position;
        let Some(field) = authored.value.field.iter_mut().find(|f| &f.id == at) else {
            let known = authored.value.field.iter().map(|f| f.id.as_str());
            let help = nearest(at, known)
                .map_or_else(String::new, |near| format!("did you mean \"{near}\"?"));
            let place = Path::default().at("position").at(index).at("at");
            let text = format!("no field stands at \"{at}\"");
            list.push(Diagnostic::error(authored.span(&place), text, help));
            continue;
        };
        field.world = world.clone().or(field.world.take());
        field.example = example.clone().or(field.example.take());
        field.check = check.or(field.check);
        field.length = length.or(field.length);
        field.range = range.clone().or(field.range.take());
        field.arrives.clone_from(arrives);
        field.nowhere.clone_from(nowhere);
    }
}

struct Import<'a> {
    schema: &'a DataSchema,
    file: &'a mut ConceptFile,
    problems: Vec<(String, String)>,
}

/// How many a test sends where there is no upper bound.
const MANY: u32 = 3;

impl Import<'_> {
    /// Positions within a group, or below the root.
    fn items(&mut self, items: &[Position], within: Option<&str>) {
        let mut after = String::new();
        for position in items {
            let (max, unbounded) = match position.max {
                Some(max) => (max, false),
                None => (MANY.max(position.min), true),
            };
            // "0:0" forbids what an older version had.
            if max == 0 {
                continue;
            }
            let id = |own: &str| within.map_or_else(|| own.to_owned(), |w| format!("{w}/{own}"));
            match &position.item {
                Item::Group(group) => {
                    let id = id(&group.id);
                    self.file.group.push(Group {
                        id: id.clone(),
                        title: group.label.clone(),
                        path: group.id.clone(),
                        within: within.map(str::to_owned),
                        after: within.map(|_| after.clone()),
                        min: position.min,
                        max,
                        unbounded,
                    });
                    self.items(&group.items, Some(&id));
                }
                Item::Field(field) => {
                    let id = id(&field.id);
                    let group = within.map_or_else(|| id.clone(), str::to_owned);
                    if within.is_none() {
                        // A field below the root stands in a group without element.
                        self.file.group.push(Group {
                            id: id.clone(),
                            title: field.label.clone(),
                            path: String::new(),
                            within: None,
                            after: None,
                            min: 1,
                            max: 1,
                            unbounded: false,
                        });
                    }
                    if self.field(field, &id, &group, (position.min, max, unbounded)) {
                        after = id;
                    }
                }
            }
        }
    }

    /// Adds a field; false where nobody enters one.
    fn field(
        &mut self,
        field: &xdf::Field,
        id: &str,
        group: &str,
        (min, max, unbounded): (u32, u32, bool),
    ) -> bool {
        if field.feldart == FieldKind::Label || field.unfillable.is_some() {
            return false;
        }
        let codes = match &field.codes {
            Codes::None => None,
            Codes::Inline(codes) => {
                self.code_list(field, codes);
                Some(field.id.clone())
            }
            Codes::Reference { uri, .. } => {
                let known = self.file.code_list.iter().find(|l| &l.uri == uri);
                let found = known.map(|l| l.id.clone());
                if found.is_none() {
                    self.problems.push((
                        format!("field {id} ({}) refers to code list {uri}", field.label),
                        format!("add a [[code_list]] with uri = \"{uri}\" and its codes"),
                    ));
                }
                found
            }
        };
        let kind = match (field.datentyp, codes.is_some()) {
            (_, true) => FieldType::Code,
            (DataType::Text | DataType::TextLatin, _) => FieldType::Text,
            (DataType::Date, _) => FieldType::Date,
            (DataType::Datetime, _) => FieldType::Datetime,
            (DataType::Integer, _) => FieldType::Integer,
            (DataType::Number | DataType::Currency, _) => FieldType::Decimal,
            (DataType::Boolean, _) => FieldType::Boolean,
            (DataType::Time | DataType::File | DataType::Object, _) => {
                self.problems.push((
                    format!("field {id} ({}) has a type that no message carries yet", field.label),
                    "files go into [[document]]; leave times and objects out of the schema".into(),
                ));
                return false;
            }
        };
        let text = kind == FieldType::Text;
        let length = text.then(|| self.length(field)).flatten();
        let fraction = match field.datentyp {
            DataType::Currency => Some(2),
            DataType::Number => {
                let places = |v: &Option<String>| {
                    v.as_ref().and_then(|v| Some(v.split_once('.')?.1.len())).unwrap_or(0)
                };
                u32::try_from(places(&field.min_value).max(places(&field.max_value))).ok()
            }
            _ => None,
        };
        let bounded = matches!(kind, FieldType::Integer | FieldType::Decimal | FieldType::Date);
        let range = match (&field.min_value, &field.max_value) {
            (Some(min), Some(max)) if bounded => Some(Range { min: min.clone(), max: max.clone() }),
            (None, None) => None,
            _ if !bounded => None,
            _ if self.file.position.iter().any(|p| p.at == id && p.range.is_some()) => None,
            _ => {
                self.problems.push((
                    format!("field {id} ({}) has a bound on one side only", field.label),
                    "add [[position]] with range = { min = …, max = … }".into(),
                ));
                None
            }
        };
        self.file.field.push(Field {
            id: id.to_owned(),
            label: field.label.clone(),
            group: group.to_owned(),
            path: field.id.clone(),
            kind,
            min,
            max,
            unbounded,
            length,
            pattern: if kind == FieldType::Code { None } else { field.pattern.clone() },
            range,
            fraction,
            code_list: codes,
            check: None,
            world: None,
            example: field.content.clone().filter(|c| !c.is_empty()),
            source: field.source.clone(),
            made_by_target: None,
            arrives: std::collections::BTreeMap::new(),
            nowhere: vec![],
        });
        true
    }

    fn length(&self, field: &xdf::Field) -> Option<Length> {
        let min = field.min_length.unwrap_or(1);
        match field.max_length {
            Some(max) => Some(Length { min, max }),
            None if field.pattern.is_some() => None,
            // XDatenfelder knows texts without bound; a message of theirs has one all the same.
            None => Some(Length { min, max: min.max(4000) }),
        }
    }

    fn code_list(&mut self, field: &xdf::Field, codes: &[(String, String)]) {
        if self.file.code_list.iter().any(|l| l.id == field.id) {
            return;
        }
        self.file.code_list.push(CodeList {
            id: field.id.clone(),
            title: field.name.clone(),
            uri: format!("urn:xdatenfelder:{}:{}", self.schema.id, field.id),
            version: field.version.clone(),
            codes: codes.iter().cloned().collect(),
        });
    }

    /// Rules of the schema, of every position of a group, and of fields.
    fn rules(&mut self) {
        let schema = self.schema;
        self.rules_at(&schema.rules, "");
        self.rules_below(&schema.items, "");
    }

    fn rules_below(&mut self, items: &[Position], within: &str) {
        for position in items {
            let at = format!("{within}/{}", position.item.id());
            let at = at.trim_start_matches('/').to_owned();
            match &position.item {
                Item::Group(group) => {
                    self.rules_at(&group.rules, &at);
                    self.rules_below(&group.items, &at);
                }
                Item::Field(field) => self.rules_at(&field.rules, &at),
            }
        }
    }

    fn rules_at(&mut self, rules: &[xdf::Rule], owner: &str) {
        for rule in rules {
            let top = owner.split('/').next().unwrap_or_default();
            // A rule can only be asked of a message that has all it speaks of.
            let script = rule.script.as_deref().unwrap_or_default();
            let named: Vec<String> = if owner.is_empty() {
                let tops = super::paths_in(script).into_iter();
                tops.map(|p| p.split('/').next().unwrap_or_default().to_owned()).collect()
            } else {
                vec![top.to_owned()]
            };
            let messages: Vec<String> = self
                .file
                .message
                .iter()
                .filter(|m| named.iter().all(|n| m.groups.contains(n)))
                .map(|m| m.id.clone())
                .collect();
            let test = rule.script.as_ref().map(|script| match owner {
                "" => script.clone(),
                // The context of a script is the element that owns the rule.
                owner => format!("count({owner}[not({script})]) = 0"),
            });
            let twice = self.file.rule.iter().any(|r| r.id == rule.id);
            let id = if twice { format!("{}@{owner}", rule.id) } else { rule.id.clone() };
            self.file.rule.push(Rule {
                id,
                title: rule.name.clone(),
                messages,
                manual: test.is_none().then(|| rule.text.clone()),
                test,
                source: None,
            });
        }
    }
}
