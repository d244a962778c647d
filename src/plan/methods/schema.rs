//! Messages given by a schema: valid ones, and ones that break exactly one rule of it. The rules are
//! split by technique: what may be there at all, bounds, and the form of values and content.

use std::rc::Rc;

use super::super::builder::of_file;
use super::super::derive::{Derivation, nachricht_of, vorgang_of, vorgang_uuid_of};
use super::super::from_schema::{Broken, FOLDER, FromSchema, Made};
use crate::concept::{Aspect, Fault, LogAfter, Message};
use crate::ids::{CaseId, Correlator};
use crate::organisation::Authority;
use crate::plan::catalogue::Method;
use crate::plan::{Expectation, MessageUse, TestCase, Validity};
use crate::xml::Writer;
use crate::xsd::Rule;

/// Which rules a method breaks; none for the one that sends valid messages.
type Share = Option<fn(Rule) -> bool>;

/// Each valid message.
pub(super) fn valid(d: &mut Derivation<'_>, method: &Method) {
    for (message, made) in all(d, method, None) {
        for valid in &made.valid {
            one_valid(d, method, message, valid);
        }
    }
}

/// Each required part missing, each value outside its enumeration, each key and reference broken.
pub(super) fn partitions(d: &mut Derivation<'_>, method: &Method) {
    broken(d, method, |rule| !is_bound(rule) && !is_syntax(rule));
}

/// Each bound of a length, number or count passed.
pub(super) fn bounds(d: &mut Derivation<'_>, method: &Method) {
    broken(d, method, is_bound);
}

/// Each form of a value or of content broken.
pub(super) fn syntax(d: &mut Derivation<'_>, method: &Method) {
    broken(d, method, is_syntax);
}

fn is_bound(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::TooOften
            | Rule::Length
            | Rule::MinLength
            | Rule::MaxLength
            | Rule::MinInclusive
            | Rule::MaxInclusive
            | Rule::MinExclusive
            | Rule::MaxExclusive
            | Rule::TotalDigits
            | Rule::FractionDigits
    )
}

fn is_syntax(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::UnknownElement
            | Rule::Order
            | Rule::Choice
            | Rule::Text
            | Rule::Lexical
            | Rule::Union
            | Rule::ListItem
            | Rule::Pattern
            | Rule::AttributeUnknown
            | Rule::NotNillable
            | Rule::NilWithContent
            | Rule::UnknownType
            | Rule::WrongType
            | Rule::AbstractElement
            | Rule::AbstractType
    )
}

/// The requirement a rule speaks to, where the concept tells them apart.
fn aspect_of(d: &Derivation<'_>, rule: Rule) -> Aspect {
    let own = match rule {
        Rule::Missing | Rule::AttributeMissing => Aspect::MandatoryCheck,
        Rule::TooOften => Aspect::CardinalityCheck,
        Rule::Length | Rule::MinLength | Rule::MaxLength | Rule::Pattern | Rule::Empty => {
            Aspect::LengthCheck
        }
        Rule::MinInclusive | Rule::MaxInclusive | Rule::MinExclusive | Rule::MaxExclusive => {
            Aspect::RangeCheck
        }
        Rule::Enumeration => Aspect::CodeCheck,
        Rule::Lexical | Rule::Union | Rule::ListItem | Rule::TotalDigits | Rule::FractionDigits => {
            Aspect::TypeCheck
        }
        _ => Aspect::SyntaxCheck,
    };
    if d.requirement(own).is_some() { own } else { Aspect::Schema }
}

/// The kind of fault that a broken rule is.
fn fault_of(rule: Rule) -> Fault {
    match rule {
        Rule::Missing | Rule::AttributeMissing => Fault::Missing,
        Rule::TooOften => Fault::TooMany,
        Rule::Length | Rule::MinLength | Rule::MaxLength | Rule::Pattern => Fault::Length,
        Rule::MinInclusive
        | Rule::MaxInclusive
        | Rule::MinExclusive
        | Rule::MaxExclusive
        | Rule::TotalDigits
        | Rule::FractionDigits => Fault::Range,
        Rule::Lexical | Rule::Union | Rule::ListItem => Fault::WrongType,
        Rule::Enumeration => Fault::Code,
        _ => Fault::Schema,
    }
}

/// Every message with `derive = true`, with what its schema gives. Where a schema gives nothing at
/// all, a case says so and stays open; what cannot be used of it is listed.
fn all<'a>(
    d: &mut Derivation<'a>,
    method: &Method,
    share: Share,
) -> Vec<(&'a Message, Rc<FromSchema>)> {
    let concept = d.concept;
    let mut out = Vec::new();
    for message in &concept.file.message {
        if !message.schema.as_ref().is_some_and(|s| s.derive) {
            continue;
        }
        match d.standard(message) {
            // Not one valid message: then none of the others means anything either.
            Ok(made) if made.valid.is_empty() => {
                if share.is_none() {
                    let reasons: Vec<&str> =
                        made.unused.iter().take(3).map(|u| u.reason.as_str()).collect();
                    open(d, method, message, &reasons.join("; "));
                }
            }
            Ok(made) => {
                for unused in &made.unused {
                    let ours = match (unused.rule, share) {
                        (Some(rule), Some(mine)) => mine(rule),
                        (None, None) => true,
                        _ => false,
                    };
                    if ours {
                        let id = format!("{}/{}/{}", method.id, message.id, unused.id);
                        d.dropped.insert(CaseId(id), unused.reason.clone());
                    }
                }
                out.push((message, made));
            }
            // One open case for each message is enough.
            Err(reason) if share.is_none() => open(d, method, message, &reason),
            Err(_) => {}
        }
    }
    out
}

/// A case that stays open, since the schema of its message cannot be used.
pub(super) fn open(d: &mut Derivation<'_>, method: &Method, message: &Message, reason: &str) {
    let id = format!("{}/schema", message.id);
    let title = format!("{}: das Schema ist nicht verwendbar", message.title);
    let Some(mut case) = d.case(method, id, title, aspect_of_valid(d)) else { return };
    case.expect(|requirement| Expectation::Undecidable { requirement, reason: reason.to_owned() });
    d.push(case);
}

fn aspect_of_valid(d: &Derivation<'_>) -> Aspect {
    if d.requirement(Aspect::Acceptance).is_some() { Aspect::Acceptance } else { Aspect::Schema }
}

/// What its marks can be recognised by.
fn correlators(case: &mut TestCase) {
    let id = &case.id;
    let all = [vorgang_of(id), vorgang_uuid_of(id), nachricht_of(id, 1)];
    case.correlators = all.into_iter().map(Correlator).collect();
}

/// The message with its base as a file of the plan.
fn subject(
    d: &mut Derivation<'_>,
    message: &Message,
    authority: &Authority,
    made: &Made,
) -> MessageUse {
    let name = format!("{FOLDER}{}/{}.xml", message.id, made.instance.id);
    d.files
        .entry(name.clone())
        .or_insert_with(|| Writer::new().write(&made.instance.root).into_bytes());
    MessageUse { edit: made.marks.clone(), ..of_file(message, name, authority) }
}

fn one_valid(d: &mut Derivation<'_>, method: &Method, message: &Message, made: &Made) {
    let Some(authority) = d.organisation.file.authority.first() else { return };
    let Some(receiver) = authority.receiver().cloned() else { return };
    let id = format!("{}/{}", message.id, made.instance.id);
    let title = format!("{}: {}", message.title, made.instance.title);
    let Some(mut case) = d.case(method, id, title, aspect_of_valid(d)) else { return };
    correlators(&mut case.case);
    let subject = subject(d, message, authority, made);
    let portal = d.portal.clone();
    case.send("nachricht", &portal, subject);
    case.wait(d, &receiver, "", 1);
    case.accepted(d, "nachricht", Some(Aspect::Acceptance));
    case.delivered(d, "nachricht", &receiver, (Some(Aspect::Routing), Some(Aspect::Content)));
    let events = d.log_events(LogAfter::Antrag, authority);
    case.logged(d, "nachricht", events, Some(Aspect::Log));
    if !message.rules.is_empty() {
        case.expect(|requirement| Expectation::Rules {
            requirement,
            step: "nachricht".into(),
            system: receiver.clone(),
        });
    }
    if message.header.is_some() {
        case.expect(|requirement| Expectation::Header { requirement, step: "nachricht".into() });
    }
    d.push(case);
}

fn broken(d: &mut Derivation<'_>, method: &Method, share: fn(Rule) -> bool) {
    for (message, made) in all(d, method, Some(share)) {
        for broken in made.broken.iter().filter(|b| share(b.violation.rule)) {
            one_broken(d, method, message, broken, &made.valid[broken.base]);
        }
    }
}

fn one_broken(
    d: &mut Derivation<'_>,
    method: &Method,
    message: &Message,
    broken: &Broken,
    base: &Made,
) {
    let violation = &broken.violation;
    let Some(authority) = d.organisation.file.authority.first() else { return };
    let id = format!("{}/{}", message.id, violation.id);
    let title = format!("{}: {}", message.title, violation.title);
    let aspect = aspect_of(d, violation.rule);
    let Some(mut case) = d.case(method, id, title, aspect) else { return };
    correlators(&mut case.case);
    let mut subject = subject(d, message, authority, base);
    subject.edit.extend(violation.edits.iter().cloned());
    subject.validity = Validity::Schema;
    subject.violates = Some(violation.title.clone());
    subject.rule = Some(violation.rule);
    let fault = if broken.code { Fault::Code } else { fault_of(violation.rule) };
    subject.fault = Some(fault);
    let portal = d.portal.clone();
    case.send("nachricht", &portal, subject);
    // A concept may have a code for this kind of fault, or one for all that breaks a schema.
    let code = d.code(fault).or_else(|| d.code(Fault::Schema));
    case.rejected("nachricht", code, vec![]);
    case.absent(&[]);
    let events = d.log_events(LogAfter::Rejected, authority);
    case.logged(d, "nachricht", events, Some(Aspect::Log));
    d.push(case);
}
