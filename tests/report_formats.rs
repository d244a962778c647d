//! Every format of the report: within the limits of its readers, read by programs of others, the same
//! bytes each time, and nothing of a target in it but text.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use pruefstand::evidence::Record;
use pruefstand::particulars::Particulars;
use pruefstand::report::{
    Language, earl, html, junit, markdown, pdf, report_json, sarif, varl, visible,
};
use pruefstand::verdict::{CaseOutcome, Finding, Verdict};
use serde_json::Value;

use crate::args;
use crate::reports::{Run, hostile};
use crate::support::{copy, json, pruefstand, pruefstand_with, python_client, root, tool};

/// What readers of JUnit take, by their documentation: whose limit, of what, how much.
const LIMITS: [(&str, &str, usize); 5] = [
    ("GitLab", "bytes of a file", 30_000_000),
    ("GitLab", "bytes of all text of a case that is shown", 1_000_000),
    ("Jenkins", "bytes of a text that xml readers hand over in one piece", 10_000_000),
    ("Allure", "characters of a message that its overview shows", 1_000),
    ("all of them", "bytes of a failure's text", 65_536),
];
/// Our own, below all of these.
const FILE_BYTES: usize = 25_000_000;
const FILE_ELEMENTS: usize = 200_000;

fn limit(what: &str) -> usize {
    LIMITS.iter().find(|(_, of, _)| *of == what).unwrap().2
}

/// A verdict on so many cases, every tenth of which failed with a long text.
fn large(run: &Run, cases: usize) -> Verdict {
    let long = "<&> \u{1b}ü]]>\n".repeat(9_000);
    let failed = run.with(&long);
    let mut verdict = run.verdict.clone();
    let passed = verdict.cases.iter().find(|c| c.verdict == CaseOutcome::Passed).unwrap().clone();
    verdict.cases = (0..cases)
        .map(|n| {
            let mut case = if n % 10 == 0 { failed.cases[0].clone() } else { passed.clone() };
            case.id = format!("fall {n} ").into();
            case
        })
        .collect();
    verdict
}

#[test]
fn junit_keeps_within_the_limits_of_its_readers() {
    let run = Run::of_one_case();
    let verdict = large(&run, 4_600);
    let material = run.material(&verdict);
    let files: Vec<String> = junit(&material, "lauf/").map(Result::unwrap).collect();
    assert!(files.len() > 1, "one file only");
    let again: Vec<usize> = junit(&material, "lauf/").map(|f| f.unwrap().len()).collect();
    assert_eq!(files.iter().map(String::len).collect::<Vec<_>>(), again, "split elsewhere");
    let mut names = BTreeSet::new();
    let mut failed = 0;
    for file in &files {
        assert!(file.len() <= FILE_BYTES.min(limit("bytes of a file")), "{}", file.len());
        let options = roxmltree::ParsingOptions { nodes_limit: u32::MAX, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(file, options).unwrap();
        let elements = document.descendants().filter(roxmltree::Node::is_element);
        assert!(elements.count() <= FILE_ELEMENTS);
        let suites = document.root_element();
        assert!(suites.has_tag_name("testsuites"));
        for suite in suites.children().filter(roxmltree::Node::is_element) {
            assert!(suite.has_tag_name("testsuite"), "suites are flat");
            assert!(!suite.children().any(|c| c.has_tag_name("testsuite")), "suites are flat");
        }
        for case in document.descendants().filter(|n| n.has_tag_name("testcase")) {
            // Readers trim names before they tell them apart.
            let name = case.attribute("name").unwrap().trim().to_owned();
            assert!(name.contains("GEW-"), "{name}");
            assert!(names.insert((case.attribute("classname").unwrap().to_owned(), name)));
            let ended = case.children().filter(|c| c.has_tag_name("failure"));
            for failure in ended {
                failed += 1;
                let range = failure.range();
                assert!(range.len() <= limit("bytes of a failure's text"), "{}", range.len());
                let message = failure.attribute("message").unwrap().chars().count();
                assert!(message <= limit("characters of a message that its overview shows"));
                let out = case.children().find(|c| c.has_tag_name("system-out")).unwrap();
                let text = out.text().unwrap().trim();
                assert!(text.starts_with("[[ATTACHMENT|lauf/attachments/") && text.ends_with("]]"));
            }
        }
    }
    assert_eq!(names.len(), 4_600);
    assert_eq!(failed, 460);
}

/// What a run with a fault wrote in every format.
pub fn run_with_a_fault() -> (crate::support::Sandbox, std::path::PathBuf) {
    let sandbox = crate::support::Sandbox::new();
    let out = sandbox.path("run");
    let plan = root().join("testplans/gewerbe/plan.toml");
    let base = args!["run", "--plan", plan, "--out", &out, "--target", hub(&sandbox)];
    let cases = [
        "maximal/anmeldung.einreichen/attrappenburg",
        "minimal/anmeldung.einreichen/attrappenburg",
        "maximal/anmeldung.einreichen/testkirchen",
        "missing/anmeldung.einreichen/kopf.vorgang/fehlt",
    ];
    let chosen = cases.iter().flat_map(|c| args!["--case", *c]);
    pruefstand(base.into_iter().chain(chosen)).exits(1);
    let all = "html,junit,json,markdown,pdf,sarif,earl,varl";
    pruefstand(args!["report", &out, "--to", all]).exits(0);
    (sandbox, out)
}

/// The reference hub with a fault, as a target file.
fn hub(sandbox: &crate::support::Sandbox) -> std::path::PathBuf {
    let organisation = pruefstand::organisation::TestOrganisation::embedded().unwrap();
    let target = pruefstand::target::TargetFile::reference_hub(
        Path::new(crate::support::program()),
        &organisation.folder,
        &["field-dropped".to_owned()],
    );
    sandbox.write("hub.toml", &toml::to_string(&target).unwrap())
}

const WRITTEN: [&str; 7] = [
    "report.html",
    "junit.xml",
    "report.json",
    "report.md",
    "report.pdf",
    "report.sarif",
    "report.earl.jsonld",
];

#[test]
fn two_reports_over_the_same_evidence_are_the_same_bytes() {
    let (sandbox, run) = run_with_a_fault();
    let elsewhere = sandbox.path("an anderem ort");
    copy(&run, &elsewhere);
    for name in WRITTEN {
        std::fs::remove_file(elsewhere.join(name)).unwrap();
    }
    let all = "html,junit,json,markdown,pdf,sarif,earl,varl";
    let base = args!["report", &elsewhere, "--to", all];
    pruefstand_with(base, &[("TZ", "Pacific/Auckland"), ("LANG", "C")]).exits(0);
    let mut compared = 0;
    let mut same = |name: &Path| {
        let (a, b) = (std::fs::read(run.join(name)), std::fs::read(elsewhere.join(name)));
        assert!(a.unwrap() == b.unwrap(), "{}", name.display());
        compared += 1;
    };
    WRITTEN.iter().for_each(|name| same(Path::new(name)));
    for folder in ["varl", "attachments"] {
        for entry in std::fs::read_dir(run.join(folder)).unwrap() {
            same(&Path::new(folder).join(entry.unwrap().file_name()));
        }
    }
    assert!(compared > 10, "{compared}");
    // English is another report, and all of it English.
    pruefstand(args!["report", &run, "--lang", "en", "--to", "html,markdown,pdf"]).exits(0);
    let page = std::fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("What is missing for a pass") && !page.contains("Was zum Bestehen"));
    // Unknown formats are refused before anything is written.
    let done = pruefstand(args!["report", &run, "--to", "html,docx"]).exits(64);
    assert!(done.stderr.contains("known are html"), "{}", done.stderr);
}

#[test]
fn others_read_what_was_written() {
    let (_sandbox, run) = run_with_a_fault();
    let report = json(&run.join("report.json"));
    let counts = &report["counts"];
    assert_eq!((&counts["failed"], &counts["passed"]), (&1.into(), &3.into()), "{counts}");
    assert!(report["missing"].to_string().contains("MUSS cases failed"), "{}", report["missing"]);
    let sarif = json(&run.join("report.sarif"));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let lost = results.iter().find(|r| r["ruleId"] == "content.missing").unwrap();
    let place = &lost["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "evidence.jsonl");
    // The line that a finding points at is one of an exchange.
    let line = usize::try_from(place["region"]["startLine"].as_u64().unwrap()).unwrap();
    let text = std::fs::read_to_string(run.join("evidence.jsonl")).unwrap();
    let record: Value = serde_json::from_str(text.lines().nth(line - 1).unwrap()).unwrap();
    assert_eq!(record["record"], "request", "{record}");
    let earl = json(&run.join("report.earl.jsonld"));
    let graph = earl["@graph"].as_array().unwrap();
    let ended =
        |how: &str| graph.iter().filter(|n| n["earl:result"]["earl:outcome"]["@id"] == how).count();
    assert_eq!((ended("earl:failed"), ended("earl:passed")), (1, 3));
    assert!(ended("earl:untested") > 500);
    let mut rejected = 0;
    for entry in std::fs::read_dir(run.join("varl")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(root.tag_name().namespace(), Some("http://www.xoev.de/de/validator/varl/1"));
        rejected += document.descendants().filter(|n| n.has_tag_name("reject")).count();
    }
    assert!(rejected >= 1, "{rejected}");
    let markdown = std::fs::read_to_string(run.join("report.md")).unwrap();
    assert!(
        markdown.contains("nicht entschieden") && markdown.contains("GEW-002: 1 MUSS"),
        "{markdown}"
    );
    pdf_is_read(&run);
    let Some(python) = python_client() else { return };
    let script = "
import json, sys
from junitparser import JUnitXml
from jsonschema import Draft202012Validator
run, schemas = sys.argv[1:]
suites = JUnitXml.fromfile(run + '/junit.xml')
print(suites.tests, suites.failures, suites.errors, suites.skipped)
for name, file in (('report', 'report.json'), ('verdict', 'verdict.json')):
    schema = json.load(open(f'{schemas}/{name}.schema.json'))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.load(open(f'{run}/{file}')))
    broken = json.load(open(f'{run}/{file}'))
    broken['overall'] = 'perhaps'
    assert not Draft202012Validator(schema).is_valid(broken)
";
    let done = Command::new(python)
        .args(["-c", script])
        .args([&run, &root().join("reports/schemas")])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let all = report["cases"].as_array().unwrap().len();
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(told.trim(), format!("{all} 1 {} 0", all - 4));
}

/// Number and page on every page, the end mark on the last one, and what nobody said as missing.
fn pdf_is_read(run: &Path) {
    let bytes = std::fs::read(run.join("report.pdf")).unwrap();
    assert!(bytes.starts_with(b"%PDF-1.7"));
    let metadata = String::from_utf8_lossy(&bytes);
    assert!(metadata.contains("<pdfaid:part>2</pdfaid:part>"), "no PDF/A mark");
    assert!(metadata.contains("<pdfaid:conformance>A</pdfaid:conformance>"));
    if !tool("pdftotext") {
        return;
    }
    let done = Command::new("pdftotext")
        .arg("-layout")
        .arg(run.join("report.pdf"))
        .arg("-")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).unwrap();
    let pages: Vec<&str> = text.split('\u{c}').filter(|p| !p.trim().is_empty()).collect();
    assert!(pages.len() > 5, "{}", pages.len());
    for (at, page) in pages.iter().enumerate() {
        let number = format!("Seite {} von {}", at + 1, pages.len());
        assert!(page.contains(&number) && page.contains("ohne Nummer"), "page {}", at + 1);
    }
    assert!(pages[pages.len() - 1].contains("Ende des Prüfberichts"));
    for word in ["Berichtsnummer", "nicht angegeben", "Entscheidungsregel", "Codelisten", "K.-o."] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn hostile_texts_are_text_in_every_format() {
    let run = Run::of_one_case();
    let said = Particulars::none();
    for text in hostile() {
        let verdict = run.with(&text);
        let material = run.material(&verdict);
        let shown = visible(&text);
        let sarif: Value = serde_json::from_str(&sarif(&material).unwrap()).unwrap();
        assert!(sarif.to_string().contains(&serde_json::to_string(&shown).unwrap()[1..]), "{text}");
        serde_json::from_str::<Value>(&earl(&material).unwrap()).unwrap();
        serde_json::from_str::<Value>(&report_json(&material).unwrap()).unwrap();
        let markdown = markdown(&material, Language::De);
        assert!(!markdown.contains('<') || text.contains("Ölde"), "{markdown}");
        assert!(!markdown.contains("<script") && !markdown.contains("](http"), "{markdown}");
        pdf(&material, &said, Language::De).unwrap();
    }
}

/// Bytes that XML 1.0 forbids, and bytes that are no UTF-8, from a target: in its answer and in what is
/// found about it.
#[test]
fn bytes_that_no_xml_can_hold_are_shown_and_break_nothing() {
    let Some(folder) = crate::support::real_data("cases/56-junit-illegal-characters") else {
        return;
    };
    let mut run = Run::of_one_case();
    let console = std::fs::read(folder.join("console.bin")).unwrap();
    let message = std::fs::read(folder.join("failure-message.txt")).unwrap();
    let message = String::from_utf8_lossy(&message).into_owned();
    assert!(std::str::from_utf8(&console).is_err(), "the case has bytes that are no UTF-8");
    for entry in &mut run.evidence.entries {
        if let Record::Answer { payload, .. } = &mut entry.record {
            *payload = pruefstand::evidence::Payload::inline(&console);
        }
    }
    let records = std::mem::take(&mut run.evidence.entries).into_iter().map(|e| (e.time, e.record));
    run.evidence = pruefstand::evidence::Evidence::from_records(records);
    let verdict = run.with(&message);
    let material = run.material(&verdict);
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    let xml = junit(&material, "").next().unwrap().unwrap();
    assert!(xml.chars().all(legal));
    let document = roxmltree::Document::parse(&xml).unwrap();
    let failure = document.descendants().find(|n| n.has_tag_name("failure")).unwrap();
    assert!(failure.text().unwrap().contains("<a>ä</a>"), "{failure:?}");
    let view = pruefstand::verdict::RunView::new(&run.plan, &run.evidence);
    let text = pruefstand::report::attachment(&view, &verdict.cases[0]);
    assert!(text.chars().all(legal));
    let shown = verdict.cases.iter().map(|c| pruefstand::report::attachment(&view, c));
    assert!(
        shown.into_iter().any(|t| t.contains("\\x1B") || t.contains("\\xFF")),
        "no odd byte is shown"
    );
    for (_, xml) in varl(&material) {
        roxmltree::Document::parse(&xml).unwrap();
    }
    html(&material, Language::De).unwrap();
}

#[test]
fn a_summary_for_a_comment_is_never_too_long() {
    let run = Run::of_one_case();
    for cases in [10, 3_000] {
        let verdict = large(&run, cases);
        let text = markdown(&run.material(&verdict), Language::En);
        assert!(text.len() <= 65_000, "{}", text.len());
        assert!(text.contains("further ones") == (cases > 10), "{cases}");
    }
    let mut verdict = run.verdict.clone();
    let finding = run.with(&"ä".repeat(100_000)).cases[0].findings[0].clone();
    verdict.cases[0].verdict = CaseOutcome::Failed;
    verdict.cases[0].findings = (0..500)
        .map(|n| Finding { message: format!("{n}{}", finding.message), ..finding.clone() })
        .collect();
    assert!(markdown(&run.material(&verdict), Language::De).len() <= 65_000);
}

#[test]
fn credentials_stand_in_no_report() {
    let mut run = Run::of_one_case();
    let secret = "Z2VoZWltZXMtS2VubndvcnQ=";
    let mut hidden = 0;
    for entry in &mut run.evidence.entries {
        if let Record::Request { payload, .. } | Record::Answer { payload, .. } = &mut entry.record
            && let Some(text) = &mut payload.text
            && text.contains("HTTP/1.1")
        {
            *text = text.replacen(
                "\r\n",
                &format!("\r\nAuthorization: Basic {secret}\r\nX-Api-Key: {secret}\r\n"),
                1,
            );
            hidden += 1;
        }
    }
    assert!(hidden > 3, "{hidden}");
    let mut verdict = run.verdict.clone();
    for case in verdict.cases.iter_mut().filter(|c| c.verdict == CaseOutcome::Passed) {
        case.verdict = CaseOutcome::Failed;
    }
    let material = run.material(&verdict);
    let page = html(&material, Language::De).unwrap();
    assert!(page.contains("Authorization: ***"), "the exchange is not shown at all");
    let mut all = vec![
        page,
        junit(&material, "").map(Result::unwrap).collect(),
        report_json(&material).unwrap(),
        sarif(&material).unwrap(),
        earl(&material).unwrap(),
        markdown(&material, Language::De),
    ];
    all.extend(varl(&material).map(|(_, text)| text));
    let view = pruefstand::verdict::RunView::new(&run.plan, &run.evidence);
    all.extend(verdict.cases.iter().map(|c| pruefstand::report::attachment(&view, c)));
    for text in all {
        assert!(!text.contains(secret));
    }
    let _ = run.sandbox.path("");
}

#[test]
fn findings_about_files_are_shown_by_editors() {
    let sandbox = crate::support::Sandbox::new();
    let text = std::fs::read_to_string(root().join("testplans/gewerbe/concept.toml")).unwrap();
    let broken = text.replacen("stages = [1, 2]", "stages = [1, 2]\nstagez = 3", 1);
    let file = sandbox.write("concept.toml", &broken);
    let out = sandbox.path("findings.sarif");
    pruefstand(args!["check", &file, "--sarif", &out]).exits(65);
    let sarif = json(&out);
    let result = &sarif["runs"][0]["results"][0];
    assert!(result["message"]["text"].as_str().unwrap().contains("stagez"), "{result}");
    let line = result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap();
    let expected = broken.lines().position(|l| l.starts_with("stagez")).unwrap() + 1;
    assert_eq!(line, expected as u64);
    let good = root().join("testplans/gewerbe/concept.toml");
    pruefstand(args!["check", good, "--sarif", &out]).exits(0);
    assert_eq!(json(&out)["runs"][0]["results"], serde_json::json!([]));
}
