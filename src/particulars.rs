//! What people say about a test, since no program can know it: who tested, for whom, on what terms.
//! The fields are those of ISO/IEC 17025:2017 (7.8.2, 7.8.3, 7.8.6 to 7.8.8) and ISO/IEC 17065:2012
//! (7.4 to 7.11) that a report or certificate must have.

use std::path::Path;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostics, read, read_text};

/// The format this version reads.
pub const FORMAT: &str = "pruefstand/particulars/1";

/// Particulars (Angaben zur Prüfung), one file per report or certificate. Everything may be absent;
/// reports show what is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Particulars {
    /// Always `pruefstand/particulars/1`.
    pub format: String,
    /// Number of the report, unique at the Prüfstelle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Day on which the report was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub issued: Option<Date>,
    /// Edition of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Whether it is a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The report that this one replaces, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaces>,
    /// Prüfstelle.
    #[serde(default)]
    pub body: Body,
    /// Antragsteller of the test.
    #[serde(default)]
    pub applicant: Party,
    /// Hersteller of the Prüfgegenstand.
    #[serde(default)]
    pub manufacturer: Party,
    /// Who tested.
    #[serde(default)]
    pub tester: Person,
    /// Who reviewed the result (ISO/IEC 17065, 7.5).
    #[serde(default)]
    pub reviewer: Person,
    /// Who decides on the admission (ISO/IEC 17065, 7.6); not the tester.
    #[serde(default)]
    pub decider: Person,
    /// The Prüfgegenstand as it was handed over.
    #[serde(default)]
    pub object: Object,
    /// How long the result holds.
    #[serde(default)]
    pub validity: Validity,
    /// Auflagen beyond those that follow from failed SOLL cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub condition: Vec<Condition>,
    /// Deviations from the method.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<String>,
    /// Results that others provided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subcontracted: Vec<String>,
    /// Opinions and recommendations, which are no results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<String>,
    /// Where a reader can have the certificate verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<String>,
    /// Where the result is listed in public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_list: Option<String>,
}

/// Whether a report is a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Entwurf
    Draft,
    /// Endgültig
    Final,
}

/// A report that is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replaces {
    /// Its number.
    pub number: String,
    /// Why it is replaced.
    pub reason: String,
}

/// Prüfstelle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where the test took place, and whether at a distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Accreditation; without one the report says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accreditation: Option<String>,
}

/// A party to the test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// A person with a part in the test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// The Prüfgegenstand as it was handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Day of receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub received: Option<Date>,
    /// State on receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What was delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<String>,
    /// Configuration in which it was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// Id of the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
}

/// How long the result holds. A new version of the Prüfgegenstand ends it in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// Last day on which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// It ends with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// How it is watched over, and when it is suspended or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surveillance: Option<String>,
}

/// An event that ends a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The next day on which new versions of XÖV standards come into force (1 May, 1 November).
    StandardChange,
}

/// An Auflage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What must be done.
    pub text: String,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub due: Option<Date>,
}

impl Particulars {
    /// Nothing is said.
    pub fn none() -> Self {
        Self { format: FORMAT.into(), ..Self::default() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Findings with their place in it.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let (name, text) = read_text(path)?;
        Self::from_text(&name, &text)
    }

    /// Reads text.
    ///
    /// # Errors
    /// Findings with their place in it.
    pub fn from_text(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let this: Self = read(name, text)?.value;
        let whole = |problem: String, help: &str| Err(Diagnostics::whole(name, problem, help));
        if this.format != FORMAT {
            let problem = format!("format is \"{}\"", this.format);
            return whole(problem, &format!("this version reads \"{FORMAT}\""));
        }
        if let (Some(tester), Some(decider)) = (&this.tester.name, &this.decider.name)
            && tester.trim() == decider.trim()
        {
            return whole(
                format!("\"{tester}\" is tester and decider"),
                "whoever decides has not tested (ISO/IEC 17065, 7.6): name another person",
            );
        }
        Ok(this)
    }
}

impl Person {
    /// Name and function in one line; empty where neither was told.
    pub fn line(&self) -> String {
        let parts = [&self.name, &self.function].into_iter().filter_map(|part| part.as_deref());
        parts.collect::<Vec<_>>().join(", ")
    }
}

impl Validity {
    /// Last day on which a result holds that is given on this day; none without limit.
    pub fn last_day(&self, given: Date) -> Option<Date> {
        let standard = self.event.map(|Event::StandardChange| day_before_change(given));
        match (self.until, standard) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }
}

/// The day before the next 1 May or 1 November after a day.
fn day_before_change(given: Date) -> Date {
    let changes = [(0, 5), (0, 11), (1, 5)];
    changes
        .iter()
        .filter_map(|(years, month)| Date::new(given.year() + years, *month, 1).ok())
        .find(|change| *change > given)
        .and_then(|change| change.yesterday().ok())
        .unwrap_or(given)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn standards_change_in_may_and_november() {
        let validity = Validity { event: Some(Event::StandardChange), ..Validity::default() };
        for (given, last) in [
            (date(2026, 4, 30), date(2026, 4, 30)),
            (date(2026, 5, 1), date(2026, 10, 31)),
            (date(2026, 10, 31), date(2026, 10, 31)),
            (date(2026, 11, 1), date(2027, 4, 30)),
            (date(2026, 12, 31), date(2027, 4, 30)),
        ] {
            assert_eq!(validity.last_day(given), Some(last), "{given}");
        }
        let both = Validity { until: Some(date(2026, 6, 1)), ..validity };
        assert_eq!(both.last_day(date(2026, 5, 2)), Some(date(2026, 6, 1)));
        assert_eq!(Validity::default().last_day(date(2026, 5, 2)), None);
    }

    #[test]
    fn tester_and_decider_are_two_people() {
        let text = format!(
            "format = \"{FORMAT}\"\n[tester]\nname = \"A. Muster\"\n[decider]\nname = \"A. Muster \"\n"
        );
        assert!(Particulars::from_text("x", &text).is_err());
    }
}
