//! Rules over several fields, evaluated on values before any message exists.

use std::collections::BTreeMap;

use super::archive::ArchiveOperation;
use super::assemble::{ENCLOSURES, Filling, applied, changed, tree};
use super::case::{Change, Step, TestCase, Validity};
use super::derive::{Derivation, DeriveError};
use super::types::{PlanMessage, ValueSet};
use super::values::{SAMPLE_NACHRICHT, SAMPLE_VORGANG, a_document};
use crate::concept::{Field, FieldType, Message, SystemConcept, literals_in, paths_in};
use crate::text::Decimal;
use crate::xml::{Condition, Element, Node, SchemaSet, Validator};

/// Most rows of a rule's table that are looked at.
const ROWS: usize = 384;

/// The rules of one message, ready to be evaluated.
pub(super) struct Rules {
    conditions: Vec<(String, Condition)>,
    validator: Validator,
    filling: Filling,
}

/// One thing a rule looks at, with what it may be.
#[derive(Debug, Clone)]
pub(super) struct Factor {
    /// Field or group.
    pub id: String,
    /// How it can be, with the change that makes it so.
    pub levels: Vec<(String, Change)>,
}

/// One row of a rule's table: the level of each factor.
pub(super) type Row = Vec<usize>;

/// What became of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What the schema has against it, by the engine's numbers: its texts name neighbours, which may
    /// change without a fault more.
    pub violations: Vec<i32>,
    /// Rules that do not hold.
    pub broken: Vec<String>,
}

impl Rules {
    /// The rules of a message; none where it has none.
    /// Any filling that is valid will do: rules speak of contents, not of ids.
    pub fn of(message: &PlanMessage, schema: &SchemaSet, filling: Filling) -> Option<Self> {
        if message.condition.is_empty() {
            return None;
        }
        let compile = |test: &str| Condition::compile(test).ok();
        let conditions = message
            .condition
            .iter()
            .filter_map(|c| Some((c.id.clone(), compile(&c.test)?)))
            .collect();
        Some(Self { conditions, validator: schema.compile().ok()?, filling })
    }

    /// What the rules say about values after changes.
    pub fn outcome(&self, message: &PlanMessage, set: &ValueSet, changes: &[Change]) -> Outcome {
        let (parts, documents) = changed(message, set, changes, &self.filling);
        let root = tree(message, &parts, &documents);
        let violations = match self.validator.validate(root.to_xml().as_bytes()) {
            Ok(found) => found.into_iter().map(|v| v.code).collect(),
            Err(_) => vec![0],
        };
        Outcome { violations, broken: self.broken(&root) }
    }

    /// Rules that do not hold for a message; one that cannot be evaluated does not hold.
    fn broken(&self, root: &Element) -> Vec<String> {
        let bytes = without_namespaces(root).to_xml();
        self.conditions
            .iter()
            .filter(|(_, condition)| condition.holds(bytes.as_bytes(), &[]) != Ok(true))
            .map(|(id, _)| id.clone())
            .collect()
    }
}

/// Changes after which every rule holds and the schema says what it said before; none where nothing
/// needs to change, `None` where no change was found. What `changes` sets is left as it is.
pub(super) fn repair(
    rules: &Rules,
    message: &PlanMessage,
    set: &ValueSet,
    changes: &[Change],
    factors_of: &dyn Fn(&str) -> Vec<Factor>,
) -> Option<Vec<Change>> {
    let before = rules.outcome(message, set, changes);
    if before.broken.is_empty() {
        return Some(vec![]);
    }
    let pinned: Vec<&str> = changes.iter().filter_map(Change::subject).collect();
    let mut factors: Vec<Factor> = Vec::new();
    for condition in message.condition.iter().filter(|c| before.broken.contains(&c.id)) {
        for factor in factors_of(&condition.test) {
            let known = factors.iter().any(|f| f.id == factor.id);
            if !known && !pinned.contains(&factor.id.as_str()) {
                factors.push(factor);
            }
        }
    }
    let works = |more: &[Change]| {
        // What a case changes comes last and wins.
        let all: Vec<Change> = more.iter().chain(changes).cloned().collect();
        let after = rules.outcome(message, set, &all);
        // The very same violations: a message that is wrong on purpose must not get another fault.
        after.broken.is_empty() && after.violations == before.violations
    };
    let found = |factors: &[Factor]| {
        let single = factors.iter().flat_map(|f| f.levels.iter().map(|(_, c)| vec![c.clone()]));
        let rows = rows(factors);
        single.chain(rows.iter().map(|r| self::changes(factors, r))).find(|c| works(c))
    };
    found(&factors).or_else(|| {
        // Mending one rule may break another, which looks at some of the same things.
        let more = linked(message, &factors, factors_of, &pinned);
        if more.len() == factors.len() { None } else { found(&more) }
    })
}

/// The factors with all those of rules that share one with them, and so on.
fn linked(
    message: &PlanMessage,
    factors: &[Factor],
    factors_of: &dyn Fn(&str) -> Vec<Factor>,
    pinned: &[&str],
) -> Vec<Factor> {
    let mut out = factors.to_vec();
    let mut rules: Vec<Vec<Factor>> =
        message.condition.iter().map(|c| factors_of(&c.test)).collect();
    loop {
        let shares = |rule: &Vec<Factor>| rule.iter().any(|f| out.iter().any(|o| o.id == f.id));
        let Some(at) = rules.iter().position(shares) else { return out };
        for factor in rules.swap_remove(at) {
            let known = out.iter().any(|o| o.id == factor.id);
            if !known && !pinned.contains(&factor.id.as_str()) {
                out.push(factor);
            }
        }
    }
}

/// The same tree with names in no namespace, for expressions without prefixes.
pub fn without_namespaces(root: &Element) -> Element {
    let mut out = root.clone();
    fn clear(element: &mut Element) {
        element.namespace.clear();
        element.prefix = None;
        for child in &mut element.children {
            if let Node::Element(inner) = child {
                clear(inner);
            }
        }
    }
    clear(&mut out);
    out
}

/// What the rules of a message look at.
pub(super) fn factors(
    concept: &SystemConcept,
    message: &Message,
    test: &str,
    realistic: &dyn Fn(&Field) -> String,
) -> Vec<Factor> {
    let mut out: Vec<Factor> = Vec::new();
    let literals = literals_in(test);
    let ends = |path: &str, part: &str| path == part || path.ends_with(&format!("/{part}"));
    for named in paths_in(test) {
        for group in concept.groups_of(message) {
            let path = concept.path_of(group);
            if ends(&path, &named) && group.min == 0 && !out.iter().any(|f| f.id == group.id) {
                let repeat = |times| Change::Repeat { group: group.id.clone(), times };
                let levels = vec![("vorhanden".into(), repeat(1)), ("fehlt".into(), repeat(0))];
                out.push(Factor { id: group.id.clone(), levels });
            }
            for field in concept.fields_of(&group.id) {
                let full = if path.is_empty() {
                    field.path.clone()
                } else {
                    format!("{path}/{}", field.path)
                };
                if ends(&full, &named) && !out.iter().any(|f| f.id == field.id) {
                    let levels = levels(concept, field, &literals, realistic);
                    out.push(Factor { id: field.id.clone(), levels });
                }
            }
        }
    }
    out.extend(documents(concept, message, &paths_in(test)));
    // The longest list gives way first, so that every factor keeps at least two levels.
    while out.iter().map(|f| f.levels.len()).product::<usize>() > ROWS {
        let Some(longest) = out.iter_mut().max_by_key(|f| f.levels.len()) else { break };
        if longest.levels.len() <= 2 {
            break;
        }
        longest.levels.pop();
    }
    out
}

/// Optional documents that a rule looks at: with one of them, and without.
fn documents(concept: &SystemConcept, message: &Message, named: &[String]) -> Vec<Factor> {
    let all = |with: Option<&str>| Change::Documents {
        documents: message
            .documents
            .iter()
            .flat_map(|part| {
                let count = u32::from(with == Some(part.document.as_str())).max(part.min);
                let document = concept.document(&part.document);
                (0..count).filter_map(move |n| {
                    let document = document?;
                    let media_type = document.media_types.first()?;
                    Some(a_document(&document.id, media_type, n as usize, 300))
                })
            })
            .collect(),
    };
    let looked_at = |path: &str, id: &str| {
        path.rsplit('/').next() == Some(id) && path.rsplit('/').nth(1) == Some(ENCLOSURES)
    };
    message
        .documents
        .iter()
        .filter(|part| part.min == 0 && named.iter().any(|p| looked_at(p, &part.document)))
        .map(|part| Factor {
            id: part.document.clone(),
            levels: vec![
                ("liegt-bei".into(), all(Some(&part.document))),
                ("fehlt".into(), all(None)),
            ],
        })
        .collect()
}

fn levels(
    concept: &SystemConcept,
    field: &Field,
    literals: &[String],
    realistic: &dyn Fn(&Field) -> String,
) -> Vec<(String, Change)> {
    let mut values: Vec<String> = match field.kind {
        FieldType::Boolean => vec!["true".into(), "false".into()],
        FieldType::Code => {
            let list = field.code_list.as_ref().and_then(|id| concept.code_list(id));
            let mut codes: Vec<String> =
                list.map(|l| l.codes.keys().cloned().collect()).unwrap_or_default();
            // Codes that the rule names decide; they must not fall off the end.
            codes.sort_by_key(|c| !literals.contains(c));
            codes.truncate(6);
            codes
        }
        FieldType::Text => vec![realistic(field)],
        _ => {
            let mut values = vec![realistic(field)];
            values.extend(field.range.iter().flat_map(|r| [r.min.clone(), r.max.clone()]));
            values
        }
    };
    values.extend(literals.iter().filter(|l| suits(field, l)).cloned());
    let mut seen = std::collections::BTreeSet::new();
    values.retain(|v| seen.insert(v.clone()));
    let set = |values: Vec<String>| Change::Set {
        group: field.group.clone(),
        occurrence: 0,
        field: field.id.clone(),
        values,
    };
    // The name of a level is part of a case's id; a sample text must not be.
    let name = |v: &String| match field.kind {
        FieldType::Text if !literals.contains(v) => "angegeben".to_owned(),
        _ => v.clone(),
    };
    let mut out: Vec<(String, Change)> =
        values.into_iter().map(|v| (name(&v), set(vec![v]))).collect();
    if field.min == 0 {
        out.insert(1.min(out.len()), ("fehlt".into(), set(vec![])));
    }
    out
}

fn suits(field: &Field, literal: &str) -> bool {
    match field.kind {
        FieldType::Integer => literal.parse::<i64>().is_ok(),
        FieldType::Decimal => Decimal::parse(literal).is_some(),
        FieldType::Date => literal.parse::<jiff::civil::Date>().is_ok(),
        FieldType::Text => super::values::fits(field, literal),
        _ => false,
    }
}

/// Every row, the last factor changing fastest; bounded.
pub(super) fn rows(factors: &[Factor]) -> Vec<Row> {
    let mut out: Vec<Row> = vec![vec![]];
    for factor in factors {
        out = out
            .into_iter()
            .flat_map(|row| {
                (0..factor.levels.len()).map(move |level| {
                    let mut longer = row.clone();
                    longer.push(level);
                    longer
                })
            })
            .take(ROWS * 4)
            .collect();
    }
    out
}

/// The changes of a row.
pub(super) fn changes(factors: &[Factor], row: &Row) -> Vec<Change> {
    // Groups first: what lies within one that is gone cannot be set.
    let mut out: Vec<Change> =
        factors.iter().zip(row).map(|(f, &level)| f.levels[level].1.clone()).collect();
    out.sort_by_key(|c| !matches!(c, Change::Repeat { .. }));
    out
}

/// What a row says, factor by factor.
pub(super) fn shown(factors: &[Factor], row: &Row) -> BTreeMap<String, String> {
    factors.iter().zip(row).map(|(f, &level)| (f.id.clone(), f.levels[level].0.clone())).collect()
}

impl Derivation<'_> {
    /// Makes the rules of a message ready.
    pub fn add_rules(&mut self, message: &PlanMessage) {
        let leistung = message
            .leistung
            .clone()
            .or_else(|| self.concept.file.service.first().map(|s| s.leika.clone()));
        let filling = Filling {
            vorgang: SAMPLE_VORGANG.into(),
            vorgang_uuid: SAMPLE_NACHRICHT.into(),
            nachricht: SAMPLE_NACHRICHT.into(),
            behoerde: self
                .organisation
                .file
                .authority
                .first()
                .map_or_else(String::new, |a| a.ags.clone()),
            leistung: leistung.unwrap_or_default(),
        };
        let schema = self.schemas.get(&message.id);
        if let Some(rules) = schema.and_then(|s| Rules::of(message, s, filling)) {
            self.rules.insert(message.id.clone(), rules);
        }
    }

    /// What the rules of a message look at.
    pub fn factors(&self, message: &str, test: &str) -> Vec<Factor> {
        let Some(message) = self.concept.message(message) else { return vec![] };
        factors(self.concept, message, test, &|f| self.source.realistic(f, 0))
    }

    /// Changes after which every rule of a message holds; see [`repair`].
    pub fn repair(
        &self,
        message: &PlanMessage,
        set: &ValueSet,
        changes: &[Change],
    ) -> Option<Vec<Change>> {
        match self.rules.get(&message.id) {
            None => Some(vec![]),
            Some(rules) => {
                repair(rules, message, set, changes, &|test| self.factors(&message.id, test))
            }
        }
    }

    /// A value set that satisfies the rules of its message.
    pub fn satisfying(
        &self,
        message: &PlanMessage,
        set: ValueSet,
    ) -> Result<ValueSet, DeriveError> {
        let more = self.repair(message, &set, &[]).ok_or_else(|| {
            let rules: Vec<&str> = message.condition.iter().map(|c| c.id.as_str()).collect();
            DeriveError::Mismatch(format!(
                "no values of \"{}\" satisfy the rules {}; look for two that contradict each other",
                set.id,
                rules.join(", ")
            ))
        })?;
        let (part, document) = applied(message, &set, &more);
        Ok(ValueSet { part, document, ..set })
    }

    /// Whatever a case changes, every rule that it does not mean to break still holds.
    pub fn keep_rules(&self, case: &mut TestCase) -> Result<(), String> {
        for step in &mut case.step {
            let (Step::Send { message: use_, .. }
            | Step::Deliver { message: use_, .. }
            | Step::Mail { message: use_, .. }
            | Step::Archive { operation: ArchiveOperation::File { message: use_ }, .. }
            | Step::Prompt { message: use_, .. }) = step
            else {
                continue;
            };
            let ruled = self.rules.contains_key(&use_.message);
            if !ruled || use_.change.is_empty() || use_.validity == Validity::Rule {
                continue;
            }
            let Some(message) = self.planned(&use_.message) else { continue };
            // Where the values have too little to satisfy a rule, the maximal ones have all.
            let maximal = format!("{}/maximal", use_.message);
            let sets = [use_.values.clone().unwrap_or_default(), maximal];
            let found = sets.iter().find_map(|id| {
                let set = self.values.iter().find(|v| &v.id == id)?;
                Some((id.clone(), self.repair(message, set, &use_.change)?))
            });
            let (set, more) = found.ok_or_else(|| {
                format!("keine Werte von {} halten dabei alle Regeln ein", use_.message)
            })?;
            use_.values = Some(set);
            use_.change.splice(0..0, more);
        }
        Ok(())
    }
}
