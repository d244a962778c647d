//! The HTML report: one file, complete without scripts, everything from outside as text.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;

use super::bars::bar;
use super::missing::missing;
use super::sequence::sequence;
use super::text::{ShownExchange, shown};
use super::visible::visible;
use super::{Language, Material, ReportError, overall_words, word};
use crate::concept::Level;
use crate::ids::{ComponentKind, Digest};
use crate::plan::PlanKind;
use crate::verdict::{
    Blame, CaseOutcome, CaseVerdict, Counts, Finding, Overall, RequirementResult, RunView,
    Severity, result_of,
};

const TEMPLATE: &str = include_str!("../../reports/templates/report.html");
const STYLE: &str = include_str!("../../reports/templates/report.css");
const SCRIPT: &str = include_str!("../../reports/templates/report.js");
const TEXTS_DE: &str = include_str!("../../reports/templates/de.toml");
const TEXTS_EN: &str = include_str!("../../reports/templates/en.toml");

#[derive(Serialize)]
pub(super) struct ShownFinding {
    id: String,
    requirement: String,
    pub message: String,
    blame: &'static str,
    pub place: String,
    expected: String,
    actual: String,
    pub hint: String,
    evidence: Vec<u64>,
    note: bool,
    /// Expected and actual beside each other: what is the same, what is only there.
    sides: Option<(Marked, Marked)>,
}

/// A text in pieces, each with whether it is on this side alone.
type Marked = Vec<(bool, String)>;

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
    /// When it began, after the first of the run, and how long it took.
    times: String,
    sequence: Option<Value>,
}

#[derive(Serialize)]
struct ShownRequirement {
    bar: Value,
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

/// A case that passed without a finding.
#[derive(Serialize)]
struct GoodCase {
    id: String,
    anchor: String,
    title: String,
    requirements: String,
    verdict: &'static str,
    waiver: String,
    attested: String,
}

impl GoodCase {
    fn of(case: &CaseVerdict, language: Language) -> Self {
        let requirements: Vec<&str> = case.requirements.iter().map(|r| r.as_str()).collect();
        Self {
            id: visible(case.id.as_str()),
            anchor: anchor(case.id.as_str()),
            title: visible(&case.title),
            requirements: visible(&requirements.join(" ")),
            verdict: word(case.verdict, language),
            waiver: case.waiver.as_ref().map_or(String::new(), |w| visible(&w.line())),
            attested: case.attested.as_ref().map_or(String::new(), |a| visible(&a.line())),
        }
    }
}

/// One cause that shows in many cases.
#[derive(Serialize)]
pub(super) struct Cause {
    pub count: usize,
    pub finding: ShownFinding,
    anchor: String,
    case: String,
}

/// Faults that say the same thing, most frequent first: what to look at before anything else.
pub(super) fn causes(material: &Material<'_>) -> Vec<Cause> {
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
    let apart = not_applicable(verdict);
    let skipped =
        |c: &CaseVerdict| c.verdict == CaseOutcome::NotApplicable && c.findings.is_empty();
    let is_good = |c: &CaseVerdict| c.verdict == CaseOutcome::Passed && c.findings.is_empty();
    let shown = || verdict.cases.iter().filter(|c| !skipped(c));
    let bad: Vec<ShownCase> =
        shown().filter(|c| !is_good(c)).map(|c| case(c, &view, language)).collect();
    let good: Arc<[GoodCase]> =
        shown().filter(|c| is_good(c)).map(|c| GoodCase::of(c, language)).collect();
    let good_count = good.len();
    // Each is made when it is written: there may be very many of them.
    let good = Value::make_iterable(move || {
        let good = good.clone();
        (0..good.len()).map(move |at| Value::from_serialize(&good[at]))
    });
    let text = |key: &str| texts.get(key).cloned().unwrap_or_default();
    let (overall, admission) = overall_words(verdict, language);
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
        // Titles and findings are written in the language of the concept and of the judge.
        german => Value::from_safe_string(
            if language == Language::De { String::new() } else { " lang=\"de\"".to_owned() },
        ),
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
        bad, good, good_count, apart,
        component => component_name(material.plan.plan.component),
        functional => material.plan.plan.kind == PlanKind::Funktionstest,
        causes => causes(material),
        missing => missing(material).iter().map(|m| visible(&m.line(language))).collect::<Vec<_>>(),
        results => Value::from_safe_string(results_bar(verdict.counts, language)),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        script_hash => script_hash(),
        script_texts => serde_json::json!({"search": text("search"), "tools": text("tools")}).to_string(),
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
        times: if show { times(case, view) } else { String::new() },
        sequence: show
            .then(|| sequence(view, case, language))
            .flatten()
            .map(Value::from_safe_string),
    }
}

/// When a case began, UTC, and how long it took.
fn times(case: &CaseVerdict, view: &RunView) -> String {
    let began = view.case(&case.id).span.map(|(begin, _)| begin.to_string());
    format!("{} · {} ms", began.unwrap_or_else(|| "–".into()), case.duration_ms)
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
        sides: sides(&visible(&f.expected), &visible(&f.actual)),
    }
}

/// Where two short texts differ, character by character.
fn sides(expected: &str, actual: &str) -> Option<(Marked, Marked)> {
    if expected.is_empty() || actual.is_empty() || expected.len() + actual.len() > 2000 {
        return None;
    }
    let diff = similar::TextDiff::from_chars(expected, actual);
    if diff.ratio() < 0.4 {
        return None;
    }
    let (mut left, mut right) = (Marked::new(), Marked::new());
    let add = |side: &mut Marked, alone: bool, text: &str| match side.last_mut() {
        Some((last, so_far)) if *last == alone => so_far.push_str(text),
        _ => side.push((alone, text.to_owned())),
    };
    for change in diff.iter_all_changes() {
        match change.tag() {
            similar::ChangeTag::Equal => {
                add(&mut left, false, change.value());
                add(&mut right, false, change.value());
            }
            similar::ChangeTag::Delete => add(&mut left, true, change.value()),
            similar::ChangeTag::Insert => add(&mut right, true, change.value()),
        }
    }
    Some((left, right))
}

fn requirements(material: &Material<'_>, language: Language) -> Vec<ShownRequirement> {
    material
        .plan
        .requirement
        .iter()
        .map(|r| {
            let result = result_of(&r.id, material.verdict.cases.iter());
            ShownRequirement {
                bar: Value::from_safe_string(requirement_bar(&r.id, &result, material, language)),
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

/// The cases of a requirement by what became of them.
fn requirement_bar(
    id: &crate::ids::RequirementId,
    result: &RequirementResult<'_>,
    material: &Material<'_>,
    language: Language,
) -> String {
    let cases = || material.verdict.cases.iter().filter(|c| c.is_about(id));
    let count = |how| cases().filter(|c| c.verdict == how).count();
    let failed = result.failed.len();
    // A case that failed under another requirement says nothing against this one.
    let elsewhere = count(CaseOutcome::Failed).saturating_sub(failed);
    let outcomes = [
        (CaseOutcome::Passed, count(CaseOutcome::Passed) + elsewhere),
        (CaseOutcome::Failed, failed),
        (CaseOutcome::Inconclusive, count(CaseOutcome::Inconclusive)),
        (CaseOutcome::NotTested, count(CaseOutcome::NotTested)),
        (CaseOutcome::NotApplicable, count(CaseOutcome::NotApplicable)),
    ];
    bar(&outcomes.map(|(how, n)| (class(how), word(how, language), n)), 120, 14)
}

/// All cases by what became of them.
fn results_bar(counts: Counts, language: Language) -> String {
    let outcomes = [
        (CaseOutcome::Passed, counts.passed),
        (CaseOutcome::Failed, counts.failed),
        (CaseOutcome::Inconclusive, counts.inconclusive),
        (CaseOutcome::NotTested, counts.not_tested),
        (CaseOutcome::NotApplicable, counts.not_applicable),
    ];
    bar(&outcomes.map(|(how, n)| (class(how), word(how, language), n)), 640, 24)
}

/// What a policy for scripts names this script by (CSP 3, section 2.3.1).
fn script_hash() -> String {
    use base64::Engine as _;
    format!(
        "sha256-{}",
        base64::engine::general_purpose::STANDARD.encode(Digest::of(SCRIPT).bytes())
    )
}
