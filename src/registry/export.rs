//! What others are given of a register.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::entry::{Entry, Product, State};
use super::life_cycle::{Where, admits, is_over, since_last_turn, standing};
use super::read::{Registered, Registry};

/// For whom an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A Konfigurationsportal: what may be put in operation where.
    Konfigurationsportal,
    /// Everybody: what is admitted, and what was.
    Public,
}

impl Audience {
    /// Whether somebody outside learns of this: a test that runs or was not passed is between the
    /// Prüfstelle and the Hersteller.
    const fn hears_of(self, state: State) -> bool {
        match self {
            Self::Konfigurationsportal => true,
            Self::Public => !matches!(
                state,
                State::TestRunning | State::NotAdmitted | State::Funktionstest | State::Pilot
            ),
        }
    }
}

/// The register as of a day, product by product, with the head it was taken from.
pub fn export(registry: &Registry, audience: Audience, day: Date) -> Value {
    let mut products: BTreeMap<&Product, Vec<&Registered>> = BTreeMap::new();
    for registered in &registry.entries {
        products.entry(&registered.entry.product).or_default().push(registered);
    }
    let list: Vec<Value> = products
        .iter()
        .filter_map(|(product, entries)| one(registry, product, entries, audience, day))
        .collect();
    json!({
        "format": "pruefstand/register-export/1",
        "for": match audience {
            Audience::Konfigurationsportal => "konfigurationsportal",
            Audience::Public => "public",
        },
        "day": day,
        "head": registry.head(),
        "products": list,
    })
}

fn one(
    registry: &Registry,
    product: &Product,
    entries: &[&Registered],
    audience: Audience,
    day: Date,
) -> Option<Value> {
    let heard: Vec<_> = entries.iter().filter(|r| audience.hears_of(r.entry.state)).collect();
    let last = &heard.last()?.entry;
    let all = || registry.entries.iter().map(|r| &r.entry);
    let admission = standing(all(), product, Some(day), Where::Everywhere);
    let only_at = standing(all(), product, Some(day), Where::Anywhere);
    // What it may be used as comes first; a test that was not passed is nobody's business, but that it
    // ended an admission is.
    let state = match (audience, admission.or(only_at)) {
        (Audience::Public, None) if admits(last.state) => State::Ended,
        (Audience::Public, Some(entry)) if !is_over(last.state) => match last.state {
            State::Produktionsfreigabe | State::FreigabeInbetriebnahme => last.state,
            _ => entry.state,
        },
        _ => last.state,
    };
    let mut value = json!({
        "vendor": product.vendor, "product": product.product, "version": product.version,
        "bundle": product.bundle,
        "state": state, "since": last.at, "until": admission.and_then(|a| a.until),
        "mayBeUsed": admission.is_some(),
        "onlyAt": only_at.filter(|_| admission.is_none()).and_then(|a| a.authority.clone()),
        "stage": admission.and_then(|a| a.stage),
        "conditions": admission.map(|a| a.conditions.clone()).unwrap_or_default(),
        "successor": last.successor,
    });
    if audience == Audience::Konfigurationsportal {
        value["certificate"] = json!(admission.and_then(|a| a.certificate.clone()));
        // Of each authority the last word counts.
        let mut releases: BTreeMap<&Option<String>, &Entry> = BTreeMap::new();
        for entry in since_last_turn(all(), product) {
            if entry.state == State::Produktionsfreigabe {
                releases.insert(&entry.authority, entry);
            }
        }
        value["releasedFor"] = releases
            .into_values()
            .filter(|e| only_at.is_some() && e.until.is_none_or(|until| until >= day))
            .map(|e| json!({ "authority": e.authority, "since": e.at, "changeRequest": e.change_request }))
            .collect();
    }
    Some(value)
}
