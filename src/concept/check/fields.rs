//! What a field says about itself must leave a value that satisfies all of it.

use super::{BUILT_IN_CONVERSIONS, Check, occurrences, printable, testable, xml_name};
use crate::concept::written::{ConceptFile, Field, FieldType, Form};
use crate::diagnostic::Path;
use crate::text::{Decimal, Pattern};

pub(super) fn one_field(c: &mut Check<'_>, file: &ConceptFile, field: &Field, at: &Path) {
    let groups: Vec<&str> = file.group.iter().map(|g| g.id.as_str()).collect();
    c.reference(&at.at("group"), "group", &field.group, &groups);
    xml_name(c, &at.at("path"), &field.path);
    printable(c, &at.at("label"), &field.label);
    if let Some(pattern) = &field.pattern {
        printable(c, &at.at("pattern"), pattern);
    }
    example(c, file, field, at);
    occurrences(c, at, field.min, field.max);
    testable(c, at, field.max, field.length);
    let lists: Vec<&str> = file.code_list.iter().map(|l| l.id.as_str()).collect();
    match (&field.code_list, field.kind) {
        (Some(list), FieldType::Code) => {
            c.reference(&at.at("code_list"), "code_list", list, &lists);
            let index = file.code_list.iter().position(|l| &l.id == list && l.codes.is_empty());
            if let Some(index) = index.filter(|_| field.min > 0) {
                c.contradiction(
                    &at.at("code_list"),
                    format!("field \"{}\" must have a code, but its list has none", field.id),
                    "add codes to the list, or min = 0 to the field",
                    (&Path::default().at("code_list").at(index).at("codes"), "no codes here"),
                );
            }
        }
        (None, FieldType::Code) => {
            c.error(
                at,
                format!("field \"{}\" is a code without list", field.id),
                "add code_list = \"…\"",
            );
        }
        (Some(_), _) => c.error(
            &at.at("code_list"),
            format!("field \"{}\" has a code list but is no code", field.id),
            "set type = \"code\" or remove code_list",
        ),
        (None, _) => {}
    }
    if field.kind == FieldType::Text && field.length.is_none() && field.pattern.is_none() {
        c.error(
            at,
            format!("text \"{}\" has neither length nor pattern", field.id),
            "add length = { min = …, max = … }",
        );
    }
    if let Some(length) = field.length
        && (length.min > length.max || length.max == 0)
    {
        c.contradiction(
            &at.at("length").at("max"),
            format!("no text is between {} and {} characters long", length.min, length.max),
            "min must not be larger than max, and max at least 1",
            (&at.at("length").at("min"), "the shortest"),
        );
    }
    pattern(c, field, at);
    range(c, field, at);
    arrivals(c, file, field, at);
}

/// A pattern must be readable, and some text of an allowed length must match it.
fn pattern(c: &mut Check<'_>, field: &Field, at: &Path) {
    let Some(text) = &field.pattern else { return };
    match Pattern::parse(text) {
        Err(error) => c.error(
            &at.at("pattern"),
            format!("the pattern cannot be read: {error}"),
            "patterns are those of XML Schema: anchored at both ends, without ^ and $",
        ),
        Ok(pattern) => {
            let Some(length) = field.length.filter(|l| l.min <= l.max) else { return };
            let allowed = pattern.lengths(length.max as usize);
            if !(length.min as usize..=length.max as usize).any(|n| allowed.contains(n)) {
                c.contradiction(
                    &at.at("pattern"),
                    format!(
                        "no text of {} to {} characters matches the pattern \"{text}\"",
                        length.min, length.max
                    ),
                    "change the pattern or the length; no value could ever be valid",
                    (&at.at("length"), "the length that is allowed"),
                );
            }
        }
    }
}

fn range(c: &mut Check<'_>, field: &Field, at: &Path) {
    let Some(range) = &field.range else { return };
    let order = match field.kind {
        FieldType::Integer => {
            range.min.parse::<i64>().ok().zip(range.max.parse::<i64>().ok()).map(|(a, b)| a <= b)
        }
        FieldType::Decimal => {
            Decimal::exact(&range.min).zip(Decimal::exact(&range.max)).map(|(a, b)| a <= b)
        }
        FieldType::Date => range
            .min
            .parse::<jiff::civil::Date>()
            .ok()
            .zip(range.max.parse::<jiff::civil::Date>().ok())
            .map(|(a, b)| a <= b),
        _ => {
            c.error(
                &at.at("range"),
                "only numbers and dates have a range",
                "remove it, or use length",
            );
            return;
        }
    };
    match order {
        None => c.error(
            &at.at("range"),
            format!("\"{}\" to \"{}\" is no range of this type", range.min, range.max),
            "write whole numbers, decimals with a point, or dates as 2026-12-31",
        ),
        Some(false) => c.contradiction(
            &at.at("range").at("max"),
            format!("the range from {} to {} is empty", range.min, range.max),
            "min must not be larger than max",
            (&at.at("range").at("min"), "the smallest value"),
        ),
        Some(true) => {}
    }
}

fn arrivals(c: &mut Check<'_>, file: &ConceptFile, field: &Field, at: &Path) {
    let receivers: Vec<&str> = file.receiver.iter().map(|r| r.id.as_str()).collect();
    let mut ways: Vec<&str> = BUILT_IN_CONVERSIONS.to_vec();
    ways.extend(file.conversion.iter().map(|x| x.id.as_str()));
    for (receiver, arrival) in &field.arrives {
        let at = at.at("arrives").at(receiver);
        c.reference(&at, "receiver", receiver, &receivers);
        c.reference(&at.at("as"), "conversion", &arrival.how, &ways);
        if let Some(conversion) = file.conversion.iter().find(|x| x.id == arrival.how)
            && field.code_list.as_ref() != Some(&conversion.code_list)
        {
            c.error(
                &at.at("as"),
                format!(
                    "conversion \"{}\" is for list \"{}\", the field uses another",
                    conversion.id, conversion.code_list
                ),
                "use a conversion of the field's own list",
            );
        }
        if file.receiver.iter().any(|r| &r.id == receiver && r.form == Form::Unchanged) {
            c.error(
                &at,
                format!("receiver \"{receiver}\" takes messages unchanged"),
                "remove this line; every field arrives where it was",
            );
        }
    }
}

/// An example must be a value of its own field.
fn example(c: &mut Check<'_>, file: &ConceptFile, field: &Field, at: &Path) {
    let Some(value) = &field.example else { return };
    let codes = field.code_list.as_ref().and_then(|id| file.code_list.iter().find(|l| &l.id == id));
    let good = match field.kind {
        FieldType::Text => field.allows_text(value),
        FieldType::Code => codes.is_none_or(|l| l.codes.is_empty() || l.codes.contains_key(value)),
        FieldType::Date => value.parse::<jiff::civil::Date>().is_ok(),
        FieldType::Datetime => value.parse::<jiff::Timestamp>().is_ok(),
        FieldType::Integer => value.parse::<i64>().is_ok(),
        FieldType::Decimal => Decimal::exact(value).is_some_and(|d| {
            field.fraction.is_none_or(|most| d.fraction_digits() <= most as usize)
        }),
        FieldType::Boolean => matches!(value.as_str(), "true" | "false"),
    };
    let within = field.range.as_ref().is_none_or(|range| match field.kind {
        FieldType::Integer | FieldType::Decimal => {
            let bounds = Decimal::exact(&range.min).zip(Decimal::exact(&range.max));
            // An empty range has a finding of its own.
            let inside =
                |d: Decimal| bounds.is_none_or(|(min, max)| min > max || min <= d && d <= max);
            Decimal::exact(value).is_none_or(inside)
        }
        FieldType::Date => range.min > range.max || range.min <= *value && *value <= range.max,
        _ => true,
    });
    if !good || !within {
        c.error(
            &at.at("example"),
            format!("\"{value}\" is no value of this field"),
            "give one that its own rules allow",
        );
    }
}
