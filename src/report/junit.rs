//! JUnit XML: failed is a failure, inconclusive and not tested are errors, not applicable is skipped.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::visible::visible;
use super::{Language, Material, ReportError, word};
use crate::verdict::{CaseOutcome, CaseVerdict, Finding, Severity};

/// Longest text of a failure, bytes; consumers refuse or cut longer ones.
const LONGEST: usize = 60_000;

/// White space that the writer below would drop or leave to the normalisation of attributes, the
/// stand-in that it lets through, and the reference that belongs there.
const STAND_INS: [(char, char, &str); 3] =
    [('\t', '\u{E009}', "&#9;"), ('\n', '\u{E00A}', "&#10;"), ('\r', '\u{E00D}', "&#13;")];

/// A text that nothing of is lost on the way to an XML attribute or text.
fn kept(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match STAND_INS.iter().find(|(plain, stand_in, _)| c == *plain || c == *stand_in) {
            Some((plain, stand_in, _)) if c == *plain => out.push(*stand_in),
            Some(_) => out.push_str(&format!("\\u{{{:04X}}}", u32::from(c))),
            None => out.push(c),
        }
    }
    out
}

/// The report as XML.
///
/// # Errors
/// When it cannot be serialised.
pub fn junit(material: &Material<'_>) -> Result<String, ReportError> {
    let plan = &material.plan.plan;
    let mut report = Report::new(kept(&format!("Prüfstand: {}", plan.title)));
    let mut suites: Vec<(String, TestSuite)> = Vec::new();
    for case in &material.verdict.cases {
        let name = format!("{}.{}", plan.id, case.technique.name());
        let suite = match suites.iter_mut().find(|(n, _)| *n == name) {
            Some((_, suite)) => suite,
            None => {
                let mut suite = TestSuite::new(name.clone());
                for (key, value) in properties(material) {
                    suite.add_property((key, kept(&value).as_str()));
                }
                suites.push((name.clone(), suite));
                &mut suites.last_mut().ok_or_else(|| ReportError::JUnit("no suite".into()))?.1
            }
        };
        suite.add_test_case(one(case, &name));
    }
    report.add_test_suites(suites.into_iter().map(|(_, suite)| suite));
    let mut xml = report.to_string().map_err(|e| ReportError::JUnit(e.to_string()))?;
    for (_, stand_in, reference) in STAND_INS {
        xml = xml.replace(stand_in, reference);
    }
    Ok(xml)
}

fn properties(material: &Material<'_>) -> Vec<(&'static str, String)> {
    let manifest = material.manifest;
    let score = material.score.map(|s| ("fault-detection", s.line()));
    let fixed = [
        ("plan", material.plan.plan.id.clone()),
        ("concept", material.plan.plan.concept.clone()),
        (
            "target",
            format!(
                "{} {} {}",
                manifest.target.vendor, manifest.target.product, manifest.target.version
            ),
        ),
        ("harness", manifest.harness.clone()),
        ("started", manifest.started.clone()),
        ("overall", format!("{:?}", material.verdict.overall).to_lowercase()),
    ];
    fixed.into_iter().chain(score).collect()
}

fn one(case: &CaseVerdict, class: &str) -> TestCase {
    let status = match case.verdict {
        CaseOutcome::Passed => TestCaseStatus::success(),
        CaseOutcome::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let first = case.findings.iter().find(|f| f.severity == Severity::Fault);
            status.set_message(kept(&first.map(headline).unwrap_or_default()));
            status.set_type(first.map_or("finding", |f| f.id.as_str()));
            status.set_description(text_of(case));
            status
        }
        CaseOutcome::Inconclusive | CaseOutcome::NotTested => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let reason = case.reasons.first().cloned().unwrap_or_default();
            status.set_message(kept(&format!("{}: {reason}", word(case.verdict, Language::De))));
            status.set_type(if case.verdict == CaseOutcome::NotTested {
                "not-tested"
            } else {
                "inconclusive"
            });
            status.set_description(text_of(case));
            status
        }
        CaseOutcome::NotApplicable => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(kept(&case.reasons.join("; ")));
            status
        }
    };
    // Names are ids, so that (classname, name) is unique and stable.
    let mut out = TestCase::new(kept(case.id.as_str()), status);
    out.set_classname(class);
    out.set_time(Duration::from_millis(case.duration_ms));
    let requirements: Vec<&str> = case.requirements.iter().map(|r| r.as_str()).collect();
    out.add_property(("title", kept(&case.title).as_str()));
    out.add_property(("requirements", requirements.join(" ").as_str()));
    out.add_property(("technique", case.technique.name()));
    out.add_property(("level", format!("{:?}", case.level).to_lowercase().as_str()));
    if let Some(attested) = &case.attested {
        out.add_property(("attested", kept(&attested.line()).as_str()));
    }
    if let Some(waiver) = &case.waiver {
        out.add_property(("waiver", kept(&waiver.line()).as_str()));
    }
    if case.verdict == CaseOutcome::Passed {
        for finding in &case.findings {
            out.add_property(("note", kept(&headline(finding)).as_str()));
        }
    }
    out
}

fn headline(finding: &Finding) -> String {
    format!("[{}] {}: {}", finding.requirement, finding.id, finding.message)
}

fn text_of(case: &CaseVerdict) -> String {
    let mut out = case.title.clone();
    for reason in &case.reasons {
        out.push_str(&format!("\n{reason}"));
    }
    for f in &case.findings {
        out.push_str(&format!(
            "\n\n{}\n  Ort:      {}\n  erwartet: {}\n  gesehen:  {}\n  Abhilfe:  {}\n  Nachweis: Austausch {:?}",
            headline(f), f.place, f.expected, f.actual, f.hint, f.evidence
        ));
    }
    let mut out = visible(&out);
    if out.len() > LONGEST {
        out.truncate(out.floor_char_boundary(LONGEST));
        out.push_str("\n… gekürzt; vollständig in verdict.json");
    }
    kept(&out)
}
