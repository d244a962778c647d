//! Reports as their readers meet them: in Chromium, from a file, with and without scripts, on a wide and
//! a narrow window, in the dark, on paper; and JUnit in Allure.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::report_formats::run_with_a_fault;
use crate::support::{pruefstand, root, tool};
use crate::{args, support::Sandbox};

/// Where the modules lie; says so where they do not, or where there is no browser.
fn modules() -> Option<PathBuf> {
    let folder = root().join("target/web-clients");
    if !folder.join("installed").is_file() {
        eprintln!("skipped: the web clients are not installed");
        return None;
    }
    (tool("node") && tool("chromium")).then(|| folder.join("node_modules"))
}

fn look(modules: &Path, file: &Path, more: &[&str]) -> Value {
    let done = Command::new("node")
        .arg(root().join("tests/web/look.js"))
        .args([modules, file])
        .args(more)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    // Nothing is asked of anybody, and no script stumbles.
    assert_eq!(told["requests"], serde_json::json!([]), "{told}");
    assert_eq!(told["errors"], serde_json::json!([]), "{told}");
    assert!(told["title"].as_str().unwrap().contains("Gewerbe") || more.contains(&"--any"));
    told
}

#[test]
fn the_report_is_for_everybody() {
    let Some(modules) = modules() else { return };
    let (_sandbox, run) = run_with_a_fault();
    let report = run.join("report.html");
    for more in
        [&["--axe"][..], &["--axe", "--dark"], &["--axe", "--narrow"], &["--axe", "--print"]]
    {
        let told = look(&modules, &report, more);
        assert_eq!(told["violations"], serde_json::json!([]), "{more:?}");
        assert_eq!(told["wider"], 0, "{more:?}");
    }
    // English as well: another language has other lengths of words.
    pruefstand(args!["report", &run, "--lang", "en", "--to", "html"]).exits(0);
    let told = look(&modules, &report, &["--axe", "--narrow"]);
    assert_eq!(told["violations"], serde_json::json!([]));
}

#[test]
fn scripts_help_and_nobody_needs_them() {
    let Some(modules) = modules() else { return };
    let (sandbox, run) = run_with_a_fault();
    let report = run.join("report.html");
    let all = look(&modules, &report, &["--search", "anmeldung"])["found"].as_u64().unwrap();
    let one = look(&modules, &report, &["--search", "geburtsname nicht angekommen"]);
    assert!(all > 3 && one["found"] == 1, "{all}, {one}");
    let anchor = "c-maximal-anmeldung-einreichen-testkirchen";
    let told = look(&modules, &report, &["--hash", anchor]);
    assert_eq!(told["focused"], anchor, "a link into a closed part opens it");
    // Without scripts it is all there: nothing is hidden, and nothing asks to be switched on.
    let shot = sandbox.path("shot.png");
    let path = shot.display().to_string();
    look(&modules, &report, &["--no-script", "--shot", &path]);
    assert!(std::fs::metadata(shot).unwrap().len() > 20_000);
    let page = std::fs::read_to_string(&report).unwrap();
    assert!(!page.contains("<noscript") && !page.contains(" hidden"));
}

#[test]
fn allure_reads_the_junit_file() {
    let Some(modules) = modules() else { return };
    let (sandbox, run) = run_with_a_fault();
    let (results, out) = (sandbox.path("results"), sandbox.path("out"));
    std::fs::create_dir_all(&results).unwrap();
    std::fs::copy(run.join("junit.xml"), results.join("junit.xml")).unwrap();
    let done = Command::new("node")
        .arg(modules.join("allure/cli.js"))
        .args(["generate", "--output"])
        .args([&out, &results])
        .current_dir(sandbox.path(""))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let statistic = find(&out, "statistic.json").or_else(|| find(&out, "summary.json")).unwrap();
    let told: Value = serde_json::from_slice(&std::fs::read(statistic).unwrap()).unwrap();
    let counts = if told["stats"].is_object() { &told["stats"] } else { &told };
    let verdict = crate::support::json(&run.join("verdict.json"));
    let (all, open) = (verdict["cases"].as_array().unwrap().len() as u64, &verdict["counts"]);
    assert_eq!(counts["failed"], open["failed"], "{told}");
    assert_eq!(counts["passed"], open["passed"], "{told}");
    assert_eq!(counts["total"], all, "{told}");
}

/// A file somewhere below a folder.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if let Some(found) = find(&path, name) {
                return Some(found);
            }
        } else if path.file_name().is_some_and(|n| n == name) {
            return Some(path);
        }
    }
    None
}

#[test]
fn a_certificate_for_people_is_for_everybody_too() {
    let Some(modules) = modules() else { return };
    let passed = crate::support_certificate::Passed::new();
    let (key, public) = passed.key("tester");
    let file = passed.certify("c", &key, "number = \"PB-1\"\n");
    let page = passed.sandbox.path("page.html");
    let base = args!["verify", &file, "--trust", &public, "--page", &page];
    pruefstand(base).exits(0);
    let told = look(&modules, &page, &["--axe", "--any"]);
    assert_eq!(told["violations"], serde_json::json!([]));
    // One page of A4 on paper.
    let pdf = passed.sandbox.path("page.pdf");
    let done = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", Sandbox::new().path("profile").display()))
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(done.status.success());
    if tool("pdfinfo") {
        let told = Command::new("pdfinfo").arg(pdf).output().unwrap();
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(
            told.lines().any(|l| l.starts_with("Pages:") && l.trim_end().ends_with(" 1")),
            "{told}"
        );
    }
}
