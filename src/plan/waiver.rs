//! Waivers: a case whose failure somebody accepts, by name, with a reason, for a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::CaseId;

/// A waiver (Duldung). It never turns a verdict and never an admission: it stands beside the case in
/// every report and in the certificate, for whoever decides on a release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The case, or several with `*` for any characters.
    pub case: String,
    /// Why the failure is accepted.
    pub reason: String,
    /// Who accepts it.
    pub by: String,
    /// Last day on which it counts, ISO 8601.
    pub until: String,
    /// Number of the change request that will mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_request: Option<String>,
}

impl Waiver {
    /// Whether it is about a case.
    pub fn covers(&self, case: &CaseId) -> bool {
        let parts: Vec<&str> = self.case.split('*').collect();
        let [first, middle @ .., last] = parts.as_slice() else { return self.case == case.0 };
        let Some(rest) = case.0.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
            return false;
        };
        let mut rest = rest;
        middle.iter().all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }

    /// Whether it counts on a day.
    pub fn counts_on(&self, day: jiff::civil::Date) -> bool {
        self.until.parse::<jiff::civil::Date>().is_ok_and(|last| day <= last)
    }

    /// What is wrong with it: key, text, help.
    pub(super) fn problems(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut out = Vec::new();
        if self.until.parse::<jiff::civil::Date>().is_err() {
            out.push(("until", format!("\"{}\" is no day", self.until), "write 2027-04-30"));
        }
        for (key, value) in [("reason", &self.reason), ("by", &self.by), ("case", &self.case)] {
            if value.trim().is_empty() {
                out.push((key, "a waiver needs this".into(), "say which, why and by whom"));
            }
        }
        if self.case.trim_matches('*').is_empty() && !self.case.is_empty() {
            let text = "a waiver for every case would waive the test".to_owned();
            out.push(("case", text, "name the cases it is for"));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Waiver;
    use crate::ids::CaseId;

    fn covers(pattern: &str, case: &str) -> bool {
        let waiver = Waiver {
            case: pattern.into(),
            reason: "r".into(),
            by: "b".into(),
            until: "2026-11-25".into(),
            change_request: None,
        };
        waiver.covers(&CaseId(case.into()))
    }

    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        assert!(covers("a/b", "a/b"));
        assert!(!covers("a/b", "a/bc"));
        assert!(!covers("a/b", "xa/b"));
        assert!(covers("a/*", "a/bc"));
        assert!(covers("a/*/c", "a/b/c"));
        assert!(!covers("a/*/c", "a/b/cd"));
        assert!(!covers("b*", "ab"));
    }
}
