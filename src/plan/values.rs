//! Values: realistic ones from the data world, and ones at and beyond each bound.

use std::collections::BTreeMap;

use super::types::{DocumentUse, ValuePart, ValueSet};
use crate::concept::{Field, FieldType, Group, Message, SystemConcept, ValueCheck};
use crate::organisation::TestOrganisation;
use crate::text::{Decimal, iban};

/// Longest text that is looked at where a pattern alone decides, characters.
pub(super) const LONGEST: usize = 400;

/// A number of a case and an id of a message as they look, where the real ones do not matter.
pub(super) const SAMPLE_VORGANG: &str = "PS-0123456789AB";
pub(super) const SAMPLE_NACHRICHT: &str = "01234567-89ab-4def-8123-456789abcdef";

/// Where values come from.
pub(super) struct Source<'a> {
    pub concept: &'a SystemConcept,
    pub organisation: &'a TestOrganisation,
}

impl Source<'_> {
    /// A valid, realistic value of a field; `nth` gives different ones where several stand together.
    pub fn realistic(&self, field: &Field, nth: usize) -> String {
        if let Some(special) = field.world.as_deref().and_then(placeholder) {
            return special.to_owned();
        }
        if field.check == Some(ValueCheck::Iban) {
            return iban::test_iban(nth as u64);
        }
        if field.kind == FieldType::Code
            && let Some(list) = field.code_list.as_ref().and_then(|id| self.concept.code_list(id))
        {
            let preferred = self.wish(field, 0).filter(|w| nth == 0 && list.codes.contains_key(w));
            return preferred
                .or_else(|| list.codes.keys().nth(nth % list.codes.len().max(1)).cloned())
                .unwrap_or_default();
        }
        if let Some(wish) = self.wish(field, nth).filter(|w| fits(field, w)) {
            return wish;
        }
        self.made_up(field, nth)
    }

    fn wish(&self, field: &Field, nth: usize) -> Option<String> {
        let wished = match field.world.as_deref() {
            Some(key) => self.organisation.world_nth(key, nth),
            None => field.example.clone(),
        }?;
        if nth > 0 && field.kind == FieldType::Text && field.world.is_none() {
            return Some(format!("{wished} {}", nth + 1));
        }
        Some(wished)
    }

    fn made_up(&self, field: &Field, nth: usize) -> String {
        match field.kind {
            FieldType::Text => {
                let length = field.length.map_or(8, |l| (l.min + 7).min(l.max)) as usize;
                match field.read_pattern() {
                    None => text_of_length(length),
                    Some(pattern) => {
                        let max = field.length.map_or(LONGEST, |l| l.max as usize);
                        let min = field.length.map_or(0, |l| l.min as usize);
                        let allowed = pattern.lengths(max);
                        let shortest = (min.max(1)..=max).find(|n| allowed.contains(*n));
                        shortest.and_then(|n| pattern.example(n, nth)).unwrap_or_default()
                    }
                }
            }
            FieldType::Date => field.range.as_ref().map_or("2026-11-02".into(), |r| r.min.clone()),
            FieldType::Datetime => "2026-11-02T08:15:30+01:00".into(),
            FieldType::Integer | FieldType::Decimal => {
                field.range.as_ref().map_or_else(|| nth.to_string(), |r| r.min.clone())
            }
            FieldType::Boolean => "true".into(),
            FieldType::Code => String::new(),
        }
    }

    /// The value set of a message with only what must be there.
    pub fn minimal(&self, message: &Message) -> ValueSet {
        self.set(message, "minimal", false)
    }

    /// The value set with everything, as often as allowed.
    pub fn maximal(&self, message: &Message) -> ValueSet {
        self.set(message, "maximal", true)
    }

    fn set(&self, message: &Message, name: &str, all: bool) -> ValueSet {
        let mut part = Vec::new();
        for group in message.groups.iter().filter_map(|id| self.concept.group(id)) {
            self.occurrences(group, 0, all, &mut part);
        }
        let mut document = Vec::new();
        for use_ in &message.documents {
            let Some(doc) = self.concept.document(&use_.document) else { continue };
            for nth in 0..if all { use_.max } else { use_.min } as usize {
                let media_type = &doc.media_types[nth % doc.media_types.len()];
                document.push(a_document(&doc.id, media_type, nth, 700));
            }
        }
        ValueSet {
            id: format!("{}/{name}", message.id),
            message: message.id.clone(),
            part,
            document,
        }
    }

    /// Every occurrence of a group, each followed by the groups within it.
    fn occurrences(&self, group: &Group, first: usize, all: bool, out: &mut Vec<ValuePart>) {
        let times = if all { group.max } else { group.min } as usize;
        for nth in first..first + times {
            let mut values = BTreeMap::new();
            for field in self.concept.fields_of(&group.id) {
                let count = if all { field.max } else { field.min } as usize;
                if count > 0 {
                    let list = (0..count).map(|k| self.realistic(field, nth + k)).collect();
                    values.insert(field.id.clone(), list);
                }
            }
            out.push(ValuePart { group: group.id.clone(), values });
            for inner in self.concept.groups_within(&group.id) {
                self.occurrences(inner, nth, all, out);
            }
        }
    }
}

/// A document with a German file name.
pub(super) fn a_document(id: &str, media_type: &str, nth: usize, bytes: u32) -> DocumentUse {
    let extension = media_type.rsplit('/').next().unwrap_or("bin");
    DocumentUse {
        document: id.to_owned(),
        name: format!("{id} für Prüfung {}.{extension}", nth + 1),
        media_type: media_type.to_owned(),
        bytes,
    }
}

pub(super) fn placeholder(world: &str) -> Option<&'static str> {
    Some(match world {
        "vorgang" => "{vorgang}",
        "nachricht" => "{nachricht}",
        "leistung" => "{leistung}",
        "behoerde" => "{behoerde}",
        "aktenzeichen" => "AZ {vorgang}",
        "zeitpunkt" => "2026-11-02T08:15:30+01:00",
        _ => return None,
    })
}

/// Whether a value satisfies the facets of a text field.
pub(super) fn fits(field: &Field, value: &str) -> bool {
    let checked = match field.check {
        None => true,
        Some(ValueCheck::Iban) => iban::check(value).is_ok(),
    };
    checked && field.allows_text(value)
}

/// A text of exactly so many characters that matches the field's pattern, whatever its length
/// facet says; none where the pattern allows no such text.
pub(super) fn of_length(field: &Field, characters: usize) -> Option<String> {
    match field.read_pattern() {
        Some(pattern) => pattern.example(characters, 0),
        None => Some(text_of_length(characters)),
    }
}

/// A text of so many characters, with letters that a wrong encoding would break.
pub(super) fn text_of_length(characters: usize) -> String {
    "Prüfgröße-ÄÖß·".chars().filter(|c| *c != '·').cycle().take(characters).collect()
}

/// A text that breaks a field's pattern and nothing else, as near as possible to a good one.
pub(super) fn against_pattern(field: &Field, good: &str) -> Option<String> {
    let count = good.chars().count();
    let (min, max) = field.length.map_or((1, count + 1), |l| {
        ((l.min as usize).max(1), (l.max as usize).min(count.max(l.min as usize) + 1))
    });
    field.read_pattern()?.counterexample(min, max, good)
}

/// The day before or after.
pub(super) fn shift_day(date: &str, days: i64) -> Option<String> {
    let date: jiff::civil::Date = date.parse().ok()?;
    let moved = date.checked_add(jiff::Span::new().days(days)).ok()?;
    Some(moved.to_string())
}

/// A decimal moved by its smallest unit, up or down.
pub(super) fn shift_decimal(value: &str, fraction: u32, up: bool) -> Option<String> {
    let (value, places) = (Decimal::parse(value)?, fraction as usize);
    let moved = if up { value.up(places) } else { value.down(places) };
    Some(moved.to_text(places))
}

#[cfg(test)]
mod tests {
    use super::{shift_day, shift_decimal, text_of_length};

    #[test]
    fn values_move_by_exactly_one_unit() {
        assert_eq!(shift_decimal("0.00", 2, false).as_deref(), Some("-0.01"));
        assert_eq!(shift_decimal("9999.99", 2, true).as_deref(), Some("10000.00"));
        assert_eq!(shift_decimal("5", 0, true).as_deref(), Some("6"));
        assert_eq!(shift_day("2028-02-28", 1).as_deref(), Some("2028-02-29"));
        assert_eq!(shift_day("1900-01-01", -1).as_deref(), Some("1899-12-31"));
        assert_eq!(text_of_length(20).chars().count(), 20);
    }
}
