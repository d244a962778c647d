//! The HTML report: one file, complete without scripts, everything from outside as text.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;

use super::text::{ShownExchange, shown};
use super::visible::visible;
use super::{Language, Material, ReportError, word};
use crate::concept::Level;
use crate::ids::ComponentKind;
use crate::plan::PlanKind;
use crate::verdict::{
    Admission, Blame, CaseOutcome, CaseVerdict, Finding, Overall, RunView, Severity, result_of,
};

const TEMPLATE: &str = include_str!("../../reports/templates/report.html");
const STYLE: &str = include_str!("../../reports/templates/report.css");
const TEXTS_DE: &str = include_str!("../../reports/templates/de.toml");
const TEXTS_EN: &str = include_str!("../../reports/templates/en.toml");

#[derive(Serialize)]
struct ShownFinding {
    id: String,
    requirement: String,
    message: String,
    blame: &'static str,
    place: String,
    expected: String,
    actual: String,
    hint: String,
    evidence: Vec<u64>,
    note: bool,
    difference: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct ShownCase {
    id: String,
    anchor: String,
    title: String,
    technique: &'static str,
    requirements: Vec<String>,
    level: &'static str,
    verdict: &'static str,
    class: &'static str,
    reasons: Vec<String>,
    waiver: String,
    attested: String,
    findings: Vec<ShownFinding>,
    exchanges: Vec<ShownExchange>,
}

#[derive(Serialize)]
struct ShownRequirement {
    id: String,
    level: &'static str,
    title: String,
    class: &'static str,
    verdict: &'static str,
    cases: usize,
    failed: usize,
    reason: String,
    bad: Vec<(String, String)>,
}

/// One cause that shows in many cases.
#[derive(Serialize)]
struct Cause {
    count: usize,
    finding: ShownFinding,
    anchor: String,
    case: String,
}

/// Faults that say the same thing, most frequent first: what to look at before anything else.
fn causes(material: &Material<'_>) -> Vec<Cause> {
    let mut all: Vec<Cause> = Vec::new();
    let mut places: std::collections::HashMap<(&str, &str, &str), usize> = Default::default();
    for (case, f) in material.verdict.findings().filter(|(_, f)| f.severity == Severity::Fault) {
        match places.get(&(f.id.as_str(), f.message.as_str(), f.place.as_str())) {
            Some(at) => all[*at].count += 1,
            None => {
                places.insert((&f.id, &f.message, &f.place), all.len());
                let mut first = finding(f);
                first.expected = brief(&first.expected);
                first.actual = brief(&first.actual);
                all.push(Cause {
                    count: 1,
                    finding: first,
                    anchor: anchor(case.id.as_str()),
                    case: visible(case.id.as_str()),
                });
            }
        }
    }
    all.sort_by_key(|c| std::cmp::Reverse(c.count));
    all.truncate(10);
    all
}

fn brief(text: &str) -> String {
    const LIMIT: usize = 160;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(LIMIT).collect::<String>())
}

fn class(outcome: CaseOutcome) -> &'static str {
    match outcome {
        CaseOutcome::Passed => "passed",
        CaseOutcome::Failed => "failed",
        CaseOutcome::Inconclusive => "inconclusive",
        CaseOutcome::NotApplicable => "skipped",
        CaseOutcome::NotTested => "untested",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Muss => "MUSS",
        Level::Soll => "SOLL",
        Level::Kann => "KANN",
    }
}

fn anchor(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// The report as HTML.
///
/// # Errors
/// When a template has a fault.
pub fn html(material: &Material<'_>, language: Language) -> Result<String, ReportError> {
    let texts: BTreeMap<String, String> =
        toml::from_str(if language == Language::De { TEXTS_DE } else { TEXTS_EN }).map_err(
            |e| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, e.to_string()),
        )?;
    let view = RunView::new(material.plan, material.evidence);
    let verdict = material.verdict;
    let cases: Vec<ShownCase> = verdict.cases.iter().map(|c| case(c, &view, language)).collect();
    let apart = not_applicable(verdict);
    let cases = cases.into_iter().filter(|c| c.class != "skipped" || !c.findings.is_empty());
    let (bad, good): (Vec<_>, Vec<_>) =
        cases.partition(|c| c.class != "passed" || !c.findings.is_empty());
    let text = |key: &str| texts.get(key).cloned().unwrap_or_default();
    let overall = text(match verdict.overall {
        Overall::Passed => "passed",
        Overall::Failed => "failed",
        Overall::Inconclusive => "inconclusive",
    });
    let admission = text(match verdict.admission {
        Admission::Admitted => "admitted",
        Admission::AdmittedWithConditions => "admitted_with_conditions",
        Admission::NotAdmitted => "not_admitted",
        Admission::Undecided => "undecided",
    });
    let class = match verdict.overall {
        Overall::Passed => "passed",
        Overall::Failed => "failed",
        Overall::Inconclusive => "inconclusive",
    };
    let mut techniques: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in &verdict.cases {
        let count = techniques.entry(case.technique.name()).or_default();
        count.0 += 1;
        count.1 += usize::from(case.verdict == CaseOutcome::Passed);
    }
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("report.html", TEMPLATE)?;
    let manifest = material.manifest;
    let page = environment.get_template("report.html")?.render(context! {
        t => texts,
        lang => if language == Language::De { "de" } else { "en" },
        style => Value::from_safe_string(STYLE.to_owned()),
        plan => material.plan.plan,
        manifest => manifest,
        target => context! {
            product => visible(&manifest.target.product),
            vendor => visible(&manifest.target.vendor),
            version => visible(&manifest.target.version),
        },
        overall, admission, class,
        filtered => verdict.filtered,
        not_claimed => verdict.not_claimed.iter().map(|r| visible(r.as_str())).collect::<Vec<_>>(),
        untested => verdict.untested.iter().map(|r| visible(r.as_str())).collect::<Vec<_>>(),
        counts => verdict.counts,
        left_out => verdict.left_out,
        not_made => verdict.not_made,
        score => material.score.map(crate::judged::Score::line),
        limits => material.plan.left_out,
        requirements => requirements(material, language),
        techniques => techniques.into_iter().map(|(n, (all, ok))| (n, all, ok)).collect::<Vec<_>>(),
        canaries => verdict.canaries,
        bad, good, apart,
        component => component_name(material.plan.plan.component),
        functional => material.plan.plan.kind == PlanKind::Funktionstest,
        causes => causes(material),
        chain => material.evidence.head.as_ref().map(|d| d.0.clone()).unwrap_or_default(),
    })?;
    Ok(page)
}

/// Cases that are not applicable, by the reason: it is the same for many.
fn not_applicable(verdict: &crate::verdict::Verdict) -> Vec<(String, Vec<String>)> {
    let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in verdict.cases.iter().filter(|c| c.verdict == CaseOutcome::NotApplicable) {
        let why = case.reasons.join("; ");
        by.entry(visible(&why)).or_default().push(visible(case.id.as_str()));
    }
    by.into_iter().collect()
}

/// How a component is called; the terms of the field are the same in both languages.
fn component_name(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Antragsassistent => "Antragsassistent",
        ComponentKind::Integrationsserver => "Integrationsserver",
        ComponentKind::Fachverfahren => "Fachverfahren",
        ComponentKind::Dms => "DMS",
        ComponentKind::Mailsystem => "Mailsystem",
        ComponentKind::Register => "Register",
        ComponentKind::OnlineDienst => "Online-Dienst",
        ComponentKind::Finanzverfahren => "Finanzverfahren",
    }
}

fn case(case: &CaseVerdict, view: &RunView, language: Language) -> ShownCase {
    let show = case.verdict != CaseOutcome::Passed && case.verdict != CaseOutcome::NotTested;
    ShownCase {
        id: visible(case.id.as_str()),
        anchor: anchor(case.id.as_str()),
        title: visible(&case.title),
        technique: case.technique.name(),
        requirements: case.requirements.iter().map(|r| visible(r.as_str())).collect(),
        level: level(case.level),
        verdict: word(case.verdict, language),
        class: class(case.verdict),
        reasons: case.reasons.iter().map(|r| visible(r)).collect(),
        waiver: case.waiver.as_ref().map_or(String::new(), |w| visible(&w.line())),
        attested: case.attested.as_ref().map_or(String::new(), |a| visible(&a.line())),
        findings: case.findings.iter().map(finding).collect(),
        exchanges: if show { shown(view, case) } else { vec![] },
    }
}

fn finding(f: &Finding) -> ShownFinding {
    ShownFinding {
        id: f.id.clone(),
        requirement: visible(f.requirement.as_str()),
        message: visible(&f.message),
        blame: match f.blame {
            Blame::Target => "blame_target",
            Blame::Configuration => "blame_configuration",
            Blame::Testbed => "blame_testbed",
            Blame::Concept => "blame_concept",
        },
        place: visible(&f.place),
        expected: visible(&f.expected),
        actual: visible(&f.actual),
        hint: visible(&f.hint),
        evidence: f.evidence.clone(),
        note: f.severity == Severity::Note,
        difference: difference(&visible(&f.expected), &visible(&f.actual)),
    }
}

/// Where two short texts differ, character by character.
fn difference(expected: &str, actual: &str) -> Vec<(&'static str, String)> {
    if expected.is_empty() || actual.is_empty() || expected.len() + actual.len() > 2000 {
        return vec![];
    }
    let diff = similar::TextDiff::from_chars(expected, actual);
    if diff.ratio() < 0.4 {
        return vec![];
    }
    let mut out: Vec<(&'static str, String)> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            similar::ChangeTag::Equal => "same",
            similar::ChangeTag::Delete => "del",
            similar::ChangeTag::Insert => "ins",
        };
        match out.last_mut() {
            Some((last, text)) if *last == kind => text.push_str(change.value()),
            _ => out.push((kind, change.value().to_owned())),
        }
    }
    out
}

fn requirements(material: &Material<'_>, language: Language) -> Vec<ShownRequirement> {
    material
        .plan
        .requirement
        .iter()
        .map(|r| {
            let result = result_of(&r.id, material.verdict.cases.iter());
            ShownRequirement {
                id: visible(r.id.as_str()),
                level: level(r.level),
                title: visible(&r.title),
                class: class(result.outcome),
                verdict: word(result.outcome, language),
                cases: result.cases,
                failed: result.failed.len(),
                reason: visible(r.not_tested.as_deref().unwrap_or_default()),
                bad: result
                    .failed
                    .iter()
                    .take(8)
                    .map(|c| (anchor(c.id.as_str()), visible(c.id.as_str())))
                    .collect(),
            }
        })
        .collect()
}
