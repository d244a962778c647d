//! JUnit XML: failed is a failure, inconclusive and not tested are errors, not applicable is skipped.
//! One suite for each technique, none within another; files that are too large for their readers are
//! split, always at the same places.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::attachment;
use super::visible::visible;
use super::{Language, Material, ReportError, word};
use crate::plan::Technique;
use crate::verdict::{CaseOutcome, CaseVerdict, Finding, Severity};

/// Longest text of a failure, bytes as they stand in the file; consumers refuse or cut longer ones.
const LONGEST: usize = 60_000;
/// Longest message of a failure, characters: one line of an overview.
const MESSAGE: usize = 300;
/// Largest file, bytes. What is counted is a bound above, so that files stay below 25 MB.
const FILE_BYTES: usize = 24_000_000;
/// Most elements in a file. What is counted is a bound above, so that files stay below 200,000.
const FILE_ELEMENTS: usize = 190_000;

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

/// Bytes of a text in the file, where every mark is masked.
fn written(text: &str) -> usize {
    text.chars().map(cost).sum()
}

/// Bytes of a character in the file, at most; stand-ins that came from outside are written out.
fn cost(c: char) -> usize {
    match c {
        '<' | '>' | '&' | '"' | '\'' | '\t' | '\n' | '\r' => 6,
        '\u{E009}' | '\u{E00A}' | '\u{E00D}' => 8,
        c => c.len_utf8(),
    }
}

/// The report as XML, file by file: one, or several where one would be too large for its readers. Paths
/// of attachments begin with the prefix.
pub fn junit<'a>(
    material: &'a Material<'a>,
    prefix: &'a str,
) -> impl Iterator<Item = Result<String, ReportError>> + 'a {
    let head: usize = properties(material).iter().map(|(k, v)| 64 + k.len() + written(v)).sum();
    // Suites in the order of their first case; cases of a suite stand together.
    let mut techniques = Vec::new();
    for case in &material.verdict.cases {
        if !techniques.contains(&case.technique) {
            techniques.push(case.technique);
        }
    }
    let suite = |technique: Technique| format!("{}.{}", material.plan.plan.id, technique.name());
    let mut cases = techniques
        .into_iter()
        .flat_map(|t| material.verdict.cases.iter().filter(move |c| c.technique == t))
        .peekable();
    let mut first = true;
    std::iter::from_fn(move || {
        if cases.peek().is_none() && !std::mem::take(&mut first) {
            return None;
        }
        first = false;
        let mut part = Part::default();
        while let Some(case) = cases.peek() {
            let name = suite(case.technique);
            let (test, bytes, elements) = one(case, &name, prefix);
            let full =
                part.bytes + bytes + head > FILE_BYTES || part.elements + elements > FILE_ELEMENTS;
            if full && !part.suites.is_empty() {
                break;
            }
            part.add(test, &name, bytes + head, elements);
            cases.next();
        }
        Some(part.into_xml(material))
    })
}

/// What goes into one file.
#[derive(Default)]
struct Part {
    suites: Vec<(String, Vec<TestCase>)>,
    bytes: usize,
    elements: usize,
}

impl Part {
    fn add(&mut self, test: TestCase, suite: &str, bytes: usize, elements: usize) {
        match self.suites.last_mut() {
            Some((name, cases)) if name == suite => cases.push(test),
            _ => {
                self.suites.push((suite.to_owned(), vec![test]));
                // The suite with its properties.
                self.bytes += 1000;
                self.elements += 16;
            }
        }
        self.bytes += bytes;
        self.elements += elements;
    }

    fn into_xml(self, material: &Material<'_>) -> Result<String, ReportError> {
        let mut report = Report::new(kept(&format!("Prüfstand: {}", material.plan.plan.title)));
        for (name, cases) in self.suites {
            let mut suite = TestSuite::new(name);
            for (key, value) in properties(material) {
                suite.add_property((key, kept(&value).as_str()));
            }
            for case in cases {
                suite.add_test_case(case);
            }
            report.add_test_suite(suite);
        }
        let mut xml = report.to_string().map_err(|e| ReportError::JUnit(e.to_string()))?;
        for (_, stand_in, reference) in STAND_INS {
            if xml.contains(stand_in) {
                xml = xml.replace(stand_in, reference);
            }
        }
        Ok(xml)
    }
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

/// A case, with bounds above of its bytes and elements in the file.
fn one(case: &CaseVerdict, class: &str, prefix: &str) -> (TestCase, usize, usize) {
    let mut texts = 0;
    let mut say = |text: &str| {
        let text = kept(text);
        texts += written(&text);
        text
    };
    let status = match case.verdict {
        CaseOutcome::Passed => TestCaseStatus::success(),
        CaseOutcome::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let first = case.findings.iter().find(|f| f.severity == Severity::Fault);
            status.set_message(say(&brief(&first.map(headline).unwrap_or_default())));
            status.set_type(first.map_or("finding", |f| f.id.as_str()));
            status.set_description(say(&text_of(case)));
            status
        }
        CaseOutcome::Inconclusive | CaseOutcome::NotTested => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let reason = case.reasons.first().cloned().unwrap_or_default();
            let text = format!("{}: {reason}", word(case.verdict, Language::De));
            status.set_message(say(&brief(&text)));
            status.set_type(if case.verdict == CaseOutcome::NotTested {
                "not-tested"
            } else {
                "inconclusive"
            });
            status.set_description(say(&text_of(case)));
            status
        }
        CaseOutcome::NotApplicable => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(say(&brief(&case.reasons.join("; "))));
            status
        }
    };
    // An id and what it is for, so that (classname, name) is unique, stable, and found by requirement.
    let requirements: Vec<&str> = case.requirements.iter().map(|r| r.as_str()).collect();
    let name = format!("{} [{}]", case.id, requirements.join(" "));
    let mut out = TestCase::new(say(&name), status);
    out.set_classname(class);
    out.set_time(Duration::from_millis(case.duration_ms));
    let mut properties = vec![
        ("title", case.title.clone()),
        ("requirements", requirements.join(" ")),
        ("technique", case.technique.name().to_owned()),
        ("level", format!("{:?}", case.level).to_lowercase()),
    ];
    properties.extend(case.attested.iter().map(|a| ("attested", a.line())));
    properties.extend(case.waiver.iter().map(|w| ("waiver", w.line())));
    if case.verdict == CaseOutcome::Passed {
        properties.extend(case.findings.iter().map(|f| ("note", headline(f))));
    }
    let elements = 4 + properties.len() + 1;
    for (key, value) in &properties {
        out.add_property((*key, say(value).as_str()));
    }
    if let Some(file) = attachment::name_of(case) {
        out.set_system_out(say(&format!("[[ATTACHMENT|{prefix}{file}]]")));
    }
    let bytes = 400 + class.len() + texts + 64 * elements;
    (out, bytes, elements)
}

/// As much as an overview can show.
fn brief(text: &str) -> String {
    match text.char_indices().nth(MESSAGE) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

pub(super) fn headline(finding: &Finding) -> String {
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
        if out.len() > LONGEST {
            break;
        }
    }
    let out = visible(&out);
    let mut bytes = 0;
    for (at, c) in out.char_indices() {
        bytes += cost(c);
        if bytes > LONGEST {
            return format!("{}\n… gekürzt; vollständig in verdict.json", &out[..at]);
        }
    }
    out
}
