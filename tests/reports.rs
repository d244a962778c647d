//! Reports carry whatever the target sent as text, and nothing of it as markup.

use std::path::Path;

use pruefstand::evidence::Evidence;
use pruefstand::report::{Language, Material, html, junit, visible};
use pruefstand::run::Manifest;
use pruefstand::verdict::{Blame, CaseOutcome, Finding, Severity, Verdict};

use crate::args;
use crate::support::{Sandbox, json, pruefstand, root, tool};

pub struct Run {
    pub sandbox: Sandbox,
    pub manifest: Manifest,
    pub plan: pruefstand::plan::TestPlan,
    pub evidence: Evidence,
    pub verdict: Verdict,
}

impl Run {
    pub fn of_one_case() -> Self {
        let sandbox = Sandbox::new();
        let out = sandbox.path("run");
        let plan = root().join("testplans/gewerbe/plan.toml");
        let case = "minimal/anmeldung.einreichen/attrappenburg";
        pruefstand(args!["run", "--plan", &plan, "--out", &out, "--case", case]).exits(0);
        let read = |p: &Path| serde_json::from_value(json(p)).unwrap();
        Self {
            manifest: Manifest::read(&out).unwrap(),
            plan: pruefstand::plan::load(&out.join("plan.toml")).unwrap(),
            evidence: Evidence::read(&out).unwrap(),
            verdict: read(&out.join("verdict.json")),
            sandbox,
        }
    }

    /// The verdict with a text at every place where a text can stand.
    pub fn with(&self, text: &str) -> Verdict {
        let mut verdict = self.verdict.clone();
        verdict.cases.truncate(2);
        for case in &mut verdict.cases {
            case.verdict = CaseOutcome::Failed;
            case.title = text.to_owned();
            case.reasons = vec![text.to_owned()];
            case.findings = vec![Finding {
                id: "content.different".into(),
                severity: Severity::Fault,
                requirement: "GEW-001".into(),
                blame: Blame::Target,
                message: text.to_owned(),
                expected: text.to_owned(),
                actual: text.to_owned(),
                place: text.to_owned(),
                hint: text.to_owned(),
                evidence: vec![],
                absence: false,
            }];
        }
        verdict
    }

    fn html(&self, verdict: &Verdict) -> String {
        html(&self.material(verdict), Language::De).unwrap()
    }

    pub fn material<'a>(&'a self, verdict: &'a Verdict) -> Material<'a> {
        Material {
            manifest: &self.manifest,
            plan: &self.plan,
            verdict,
            evidence: &self.evidence,
            score: None,
        }
    }
}

fn tags(page: &str) -> Vec<&str> {
    regex::Regex::new(r"<[A-Za-z/!][^>]*>").unwrap().find_iter(page).map(|m| m.as_str()).collect()
}

fn text_of(page: &str) -> String {
    page.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&amp;", "&")
}

pub fn hostile() -> Vec<String> {
    let own = json(&root().join("fixtures/hostile/texts.json"));
    let mut texts: Vec<String> = serde_json::from_value(own).unwrap();
    if let Some(more) = crate::support::real_data("cases/62-html-report-escaping/texts.json") {
        let more: Vec<String> = serde_json::from_value(json(&more)).unwrap();
        texts.extend(more);
    }
    texts
}

#[test]
fn hostile_texts_stay_texts() {
    let run = Run::of_one_case();
    let calm = run.html(&run.with("harmlos"));
    assert!(calm.contains("default-src 'none'"), "no policy against scripts");
    // One script, which the policy names by its digest; nothing else may run.
    assert_eq!(calm.matches("<script").count(), 1);
    let script = calm.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    let digest = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        sha2::Digest::finalize(sha2::Digest::chain_update(
            <sha2::Sha256 as sha2::Digest>::new(),
            script,
        )),
    );
    assert!(
        calm.contains(&format!("script-src &#x27;sha256-{digest}&#x27;"))
            || calm.contains(&format!("script-src 'sha256-{digest}'")),
        "{digest}"
    );
    for text in hostile() {
        let page = run.html(&run.with(&text));
        assert_eq!(tags(&page), tags(&calm), "{text}");
        let shown = visible(&text);
        assert!(text_of(&page).contains(&shown), "{shown}");
        let xml = junit(&run.material(&run.with(&text)), "").next().unwrap().unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let failure = document.descendants().find(|n| n.has_tag_name("failure")).unwrap();
        assert!(failure.attribute("message").unwrap().ends_with(&shown), "{xml}");
        assert!(failure.text().unwrap().contains(&shown));
    }
}

#[test]
fn junit_survives_control_characters() {
    let run = Run::of_one_case();
    let text =
        "rot \u{1b}[31m\0 Ende \u{fffe}\u{8} Tab\tneue\nZeile ]]> <b>&amp;</b> <![CDATA[x]]>";
    let xml = junit(&run.material(&run.with(text)), "").next().unwrap().unwrap();
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    assert!(xml.chars().all(legal));
    assert!(!xml.contains("&#0") && !xml.contains("&#x1B") && !xml.contains("&#27;"));
    let document = roxmltree::Document::parse(&xml).unwrap();
    let failure = document.descendants().find(|n| n.has_tag_name("failure")).unwrap();
    let message = failure.attribute("message").unwrap();
    assert!(
        message.contains("rot \\x1B[31m\\x00 Ende \\u{FFFE}\\x08 Tab\tneue\nZeile"),
        "{message:?}"
    );
    assert!(failure.text().unwrap().contains("]]> <b>&amp;</b> <![CDATA[x]]>"));
    if tool("xmllint") {
        let sandbox = Sandbox::new();
        let path = sandbox.write("junit.xml", &xml);
        let done = std::process::Command::new("xmllint").arg("--noout").arg(path).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Consumers keep one of two equal (classname, name) pairs, so there must be none.
#[test]
fn junit_names_are_unique_and_statuses_right() {
    let run = Run::of_one_case();
    let mut verdict = run.verdict.clone();
    verdict.cases[1].verdict = CaseOutcome::Inconclusive;
    verdict.cases[2].verdict = CaseOutcome::NotApplicable;
    verdict.cases[2].reasons = vec!["nicht beansprucht".into()];
    let xml = junit(&run.material(&verdict), "").next().unwrap().unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let mut names = std::collections::BTreeSet::new();
    let mut kinds = std::collections::BTreeMap::new();
    for case in document.descendants().filter(|n| n.has_tag_name("testcase")) {
        assert!(names.insert((case.attribute("classname"), case.attribute("name"))));
        let beside = |c: &roxmltree::Node<'_, '_>| {
            c.has_tag_name("properties") || c.has_tag_name("system-out")
        };
        let kind = case.children().find(|c| c.is_element() && !beside(c));
        let kind = kind.map_or("passed", |k| k.tag_name().name()).to_owned();
        *kinds.entry(kind).or_insert(0) += 1;
    }
    assert_eq!(names.len(), verdict.cases.len());
    assert_eq!(kinds["passed"], 1);
    assert_eq!(kinds["skipped"], 1);
    assert_eq!(kinds["error"], verdict.cases.len() - 2);
}
