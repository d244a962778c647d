//! Whom a message is about: the values in it, held against the people and businesses of the world.

use std::sync::Arc;

use crate::organisation::{Business, Person};
use crate::xml::Element;

/// Most values of a message that are looked at.
const MOST_VALUES: usize = 10_000;
/// Longest value that is looked at, bytes; names are shorter, attached documents longer.
const LONGEST: usize = 1_000;

/// All values of a message in document order: texts of elements, and attributes.
pub fn texts(root: &Element) -> Vec<String> {
    let mut out = Vec::new();
    root.walk(&mut |_, element| {
        if out.len() < MOST_VALUES {
            out.extend(element.attributes.iter().map(|a| a.value.trim().to_owned()));
            let text = element.is_leaf().then(|| element.text());
            out.extend(text.filter(|t| t.len() <= LONGEST).map(|t| t.trim().to_owned()));
        }
    });
    out.retain(|t| !t.is_empty());
    out
}

/// The person all of whose names and day of birth are there; of several the one named first, since
/// the applicant stands before those who act for him.
pub fn person(people: &[Arc<Person>], texts: &[String]) -> Option<Arc<Person>> {
    let place = |value: &str| texts.iter().position(|t| t == value);
    let born = |p: &Person| {
        let days = [Some(p.geburtsdatum.clone()), german_day(&p.geburtsdatum)];
        days.iter().flatten().find_map(|day| place(day))
    };
    let named = people.iter().filter_map(|p| {
        let (first, family) = (place(&p.vorname)?, place(&p.familienname)?);
        Some((first.max(family).max(born(p)?), p))
    });
    named.min_by_key(|(at, _)| *at).map(|(_, p)| p.clone())
}

/// The business whose name and register number are there.
pub fn business(businesses: &[Arc<Business>], texts: &[String]) -> Option<Arc<Business>> {
    let there = |value: &str| texts.iter().any(|t| t == value);
    businesses.iter().find(|b| there(&b.name) && there(&b.registernummer)).cloned()
}

/// `1984-02-29` as `29.02.1984`, which some Fachverfahren take.
fn german_day(iso: &str) -> Option<String> {
    let mut parts = iso.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{day}.{month}.{year}"))
}
