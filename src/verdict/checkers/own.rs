//! Values that the target adds: where they must come from.

use jiff::{SignedDuration, Timestamp};

use super::Context;
use crate::concept::OwnSource;

/// How far two clocks may differ.
const CLOCKS: SignedDuration = SignedDuration::from_secs(5);

/// What a value is about.
pub(super) struct About<'a> {
    pub context: &'a Context<'a>,
    pub step: &'a str,
    pub root: &'a str,
    pub arrived: Timestamp,
}

/// What was expected instead; nothing when the value is right.
pub(super) fn differs(about: &About<'_>, source: OwnSource, value: &str) -> Option<String> {
    let text = |expected: Option<String>| expected.filter(|e| e != value);
    match source {
        OwnSource::Wurzel => text(Some(about.root.to_owned())),
        OwnSource::Transaktion => text(about.context.transaction(about.step)),
        OwnSource::Stelle => text(authority(about)),
        OwnSource::Aktenzeichen => text(file_number(about)),
        OwnSource::Zeitpunkt => {
            let from = about.context.sent(about.step).and_then(|s| s.started)?;
            let (from, to) =
                (from.saturating_sub(CLOCKS).ok()?, about.arrived.saturating_add(CLOCKS).ok()?);
            let good = value.parse::<Timestamp>().is_ok_and(|t| (from..=to).contains(&t));
            (!good).then(|| format!("eine Zeit zwischen {from} und {to}"))
        }
    }
}

fn authority(about: &About<'_>) -> Option<String> {
    let ags = &about.context.case.sent(about.step)?.behoerde;
    about.context.plan.authority.iter().find(|a| &a.ags == ags).map(|a| a.name.clone())
}

/// The file number that the receiving system gave in its answer to the delivery.
fn file_number(about: &About<'_>) -> Option<String> {
    let context = about.context;
    let taken = context.deliveries().find(|e| e.is_taken() && context.is_of(e, about.step))?;
    taken.file_number()
}
