//! Random valid messages: a message of the plan with other values, valid by its schema and by its
//! rules. The same seed gives the same messages.

use std::collections::BTreeMap;
use std::rc::Rc;

use fastrand::Rng;

use super::input::Input;
use crate::concept::{FieldType, ValueCheck};
use crate::message::build;
use crate::plan::{
    Change, MessageUse, PlanField, PlanMessage, Step, TestCase, TestPlan, ValueSet,
    without_namespaces,
};
use crate::text::pattern::Pattern;
use crate::text::{Decimal, iban};
use crate::xml::{Condition, Validator, parse};

/// What random texts consist of: letters of names in German files, marks that break careless
/// escaping, spaces that may stand twice.
const LETTERS: &str =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäöüÄÖÜßéèáñçøåłžšč0123456789-.,/&<>'\"  ";
/// Longest random text, characters.
const LONGEST: u32 = 120;
/// How often a message is tried for each one that is wanted.
const TRIES: usize = 12;

/// Makes random messages for a receiver.
pub struct Random<'a> {
    plan: &'a TestPlan,
    rng: Rng,
    bases: Vec<Base<'a>>,
    seen: BTreeMap<String, Vec<String>>,
}

/// A message of the plan from which others are made.
struct Base<'a> {
    input: &'a Input,
    case: &'a TestCase,
    subject: &'a MessageUse,
    message: &'a PlanMessage,
    set: &'a ValueSet,
    valid: Rc<Valid>,
}

/// What a message must satisfy.
struct Valid {
    validator: Validator,
    conditions: Vec<Condition>,
}

/// A random message for a receiver.
#[derive(Debug, Clone)]
pub struct RandomInput {
    /// The format it must arrive in.
    pub receiver: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl<'a> Random<'a> {
    /// Random messages like these inputs. Messages that are files of a standard are left out: they have
    /// no fields to set.
    pub fn new(plan: &'a TestPlan, inputs: &'a [Input], seed: u64) -> Self {
        let mut compiled: BTreeMap<&str, Option<Rc<Valid>>> = BTreeMap::new();
        let mut bases: Vec<Base<'a>> = Vec::new();
        for input in inputs {
            let Some(case) = plan.case(&input.case) else { continue };
            let Some(subject) = case.sent(&input.step) else { continue };
            let set = plan.values.iter().find(|v| Some(&v.id) == subject.values.as_ref());
            let (Some(set), Some(message)) = (set, plan.message(&subject.message)) else {
                continue;
            };
            if subject.damage.is_some() {
                continue;
            }
            // One of each kind and set is enough to start from.
            let known = |b: &&Base<'_>| b.set.id == set.id && b.input.receiver == input.receiver;
            if bases.iter().filter(known).count() >= 4 {
                continue;
            }
            let schema = compiled.entry(message.id.as_str()).or_insert_with(|| {
                let validator = plan.schema_of(message)?.compile().ok()?;
                let tests = message.condition.iter();
                let conditions = tests.filter_map(|c| Condition::compile(&c.test).ok()).collect();
                Some(Rc::new(Valid { validator, conditions }))
            });
            let Some(valid) = schema.clone() else { continue };
            bases.push(Base { input, case, subject, message, set, valid });
        }
        Self { plan, rng: Rng::with_seed(seed), bases, seen: seen(plan) }
    }

    /// So many messages, fewer where they cannot be found, for all receivers by turns.
    pub fn messages(&mut self, count: usize) -> Vec<RandomInput> {
        let mut out = Vec::new();
        if self.bases.is_empty() {
            return out;
        }
        for _ in 0..count * TRIES {
            if out.len() == count {
                break;
            }
            let at = self.rng.usize(..self.bases.len());
            if let Some(one) = self.one(at) {
                out.push(one);
            }
        }
        out
    }

    fn one(&mut self, at: usize) -> Option<RandomInput> {
        let (message, set) = (self.bases[at].message, self.bases[at].set);
        let mut changes = self.bases[at].subject.change.clone();
        let mut occurrences: BTreeMap<&str, u32> = BTreeMap::new();
        for part in &set.part {
            let nth = occurrences.entry(&part.group).or_default();
            let occurrence = *nth;
            *nth += 1;
            let Some(group) = message.group.iter().find(|g| g.id == part.group) else { continue };
            for field in &group.field {
                let there = part.values.get(&field.id);
                let placed = there.is_some_and(|v| v.iter().any(|v| v.contains('{')));
                if placed || field.per_message {
                    continue;
                }
                let values = match (there.is_some(), self.rng.u8(..100)) {
                    (true, 0..45) | (false, 0..25) => match self.value(field) {
                        Some(value) => vec![value],
                        None => continue,
                    },
                    (true, 45..52) => vec![],
                    _ => continue,
                };
                changes.push(Change::Set {
                    group: part.group.clone(),
                    occurrence,
                    field: field.id.clone(),
                    values,
                });
            }
        }
        let base = &self.bases[at];
        let subject = MessageUse { change: changes, ..base.subject.clone() };
        let built = build(self.plan, base.case, &subject).ok()?;
        base.valid
            .holds(&built.bytes)
            .then(|| RandomInput { receiver: base.input.receiver.clone(), bytes: built.bytes })
    }

    fn value(&mut self, field: &PlanField) -> Option<String> {
        let seen = self.seen.get(&field.id).filter(|s| !s.is_empty());
        if let Some(seen) = seen
            && self.rng.u8(..100) < 40
        {
            return Some(seen[self.rng.usize(..seen.len())].clone());
        }
        if field.check == Some(ValueCheck::Iban) {
            return Some(iban::test_iban(self.rng.u64(..100_000)));
        }
        let pick = |rng: &mut Rng, all: &[String]| {
            (!all.is_empty()).then(|| all[rng.usize(..all.len())].clone())
        };
        match field.kind {
            FieldType::Code => {
                let list =
                    self.plan.code_list.iter().find(|l| Some(&l.id) == field.code_list.as_ref())?;
                pick(&mut self.rng, &list.codes)
            }
            FieldType::Boolean => Some(["true", "false", "1", "0"][self.rng.usize(..4)].to_owned()),
            FieldType::Date => {
                let (from, to) = match &field.range {
                    Some(range) => (range.min.parse().ok()?, range.max.parse().ok()?),
                    None => (jiff::civil::date(1930, 1, 1), jiff::civil::date(2035, 12, 31)),
                };
                let days = (to - from).get_days();
                let day = i64::from(self.rng.i32(0..=days.max(0)));
                from.checked_add(jiff::ToSpan::days(day)).ok().map(|d| d.to_string())
            }
            FieldType::Datetime => {
                let (month, day) = (self.rng.u8(1..=12), self.rng.u8(1..=28));
                let (hour, minute) = (self.rng.u8(..24), self.rng.u8(..60));
                let zone = ["+01:00", "+02:00", "Z"][self.rng.usize(..3)];
                Some(format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:07{zone}"))
            }
            FieldType::Integer | FieldType::Decimal => {
                let range = field.range.as_ref()?;
                let (min, max) = (Decimal::parse(&range.min)?, Decimal::parse(&range.max)?);
                let whole = |d: &Decimal| d.to_text(0).parse::<i64>().ok();
                let value = self.rng.i64(whole(&min)?..=whole(&max)?.max(whole(&min)?));
                let cents = range.min.split_once('.').map_or(0, |(_, f)| f.len());
                match cents {
                    0 => Some(value.to_string()),
                    n => Some(format!(
                        "{value}.{:0n$}",
                        self.rng.u32(..10u32.pow(u32::try_from(n).ok()?))
                    )),
                }
            }
            FieldType::Text => self.text(field),
        }
    }

    fn text(&mut self, field: &PlanField) -> Option<String> {
        let (min, max) = field.length.map_or((1, 40), |l| (l.min.max(1), l.max.min(LONGEST)));
        let length = self.rng.u32(min..=max.max(min)) as usize;
        if let Some(pattern) = &field.pattern {
            let pattern = Pattern::parse(pattern).ok()?;
            let all: Vec<usize> = pattern.lengths(max as usize).iter().collect();
            let length = *all.get(self.rng.usize(..all.len().max(1)))?;
            return pattern.example(length, self.rng.usize(..500));
        }
        let letters: Vec<char> = LETTERS.chars().collect();
        let text: String = (0..length).map(|_| letters[self.rng.usize(..letters.len())]).collect();
        // White space at the edges is for cases of its own.
        let trimmed = text.trim().to_owned();
        (trimmed.chars().count() >= min as usize).then_some(trimmed)
    }
}

impl Valid {
    fn holds(&self, bytes: &[u8]) -> bool {
        let Ok(document) = parse(bytes) else { return false };
        let plain = without_namespaces(&document.root).to_xml();
        self.conditions.iter().all(|c| c.holds(plain.as_bytes(), &[]) == Ok(true))
            && self.validator.validate(bytes).is_ok_and(|found| found.is_empty())
    }
}

/// The values that each field has somewhere in the plan in a message that is meant to be valid.
fn seen(plan: &TestPlan) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let in_sets = plan.values.iter().flat_map(|v| &v.part).flat_map(|p| &p.values);
    let sent = plan.case.iter().flat_map(|c| &c.step).filter_map(Step::message);
    let changes = sent.filter(|m| m.violates.is_none()).flat_map(|m| &m.change);
    let in_changes = changes.filter_map(|change| match change {
        Change::Set { field, values, .. } => Some((field, values)),
        _ => None,
    });
    for (field, values) in in_sets.chain(in_changes) {
        let list = out.entry(field.clone()).or_default();
        for value in values {
            if !value.contains('{') && !list.contains(value) {
                list.push(value.clone());
            }
        }
    }
    out
}
