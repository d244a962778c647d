//! The edges between modules, and the size of files.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::root;

/// Rows from the bottom up. A module may use modules in rows above its own in this list.
const ROWS: [&[&str]; 16] = [
    &["ids", "ambient", "secret", "diagnostic", "text", "files"],
    &["xml", "signing", "mapping", "particulars"],
    &["wire"],
    &["xsd", "cmis", "xdomea"],
    &["xdatenfelder"],
    &["concept", "organisation"],
    &["plan"],
    &["message"],
    &["evidence", "channel", "rules"],
    &["fake_system", "reference_hub", "target"],
    &["run"],
    &["verdict"],
    &["judged", "rule_trial"],
    &["detection"],
    &["report", "certificate", "registry"],
    &["gate"],
];

/// What a module may not use although the rows would allow it: (module, forbidden, reason).
const FORBIDDEN: [(&str, &[&str], &str); 9] = [
    ("reference_hub", &["concept", "plan", "message", "evidence"], "the oracle stays independent"),
    ("fake_system", &["concept", "plan", "message", "evidence"], "fakes know no plans"),
    (
        "channel",
        &["concept", "plan", "message", "organisation", "diagnostic"],
        "transports know no meaning",
    ),
    ("evidence", &["concept", "plan", "message", "organisation"], "no word of judgement"),
    ("rules", &["concept", "plan", "message"], "rules know no tests"),
    ("target", &["concept", "plan", "message", "evidence"], "reaching is not judging"),
    ("plan", &["ambient"], "same input, same bytes"),
    (
        "verdict",
        &["channel", "fake_system", "reference_hub", "target", "run", "ambient"],
        "judging needs no clock and no network",
    ),
    ("xml", &["diagnostic", "ambient"], "nothing about messages"),
];

fn sources(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Modules named after `crate::`, with the line.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            let name: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            out.push((number + 1, name));
        }
    }
    out
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let row: BTreeMap<&str, usize> = ROWS
        .iter()
        .enumerate()
        .flat_map(|(row, modules)| modules.iter().map(move |m| (*m, row)))
        .collect();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut wrong = Vec::new();
    let mut edges = 0;
    for path in &files {
        let module = module_of(path);
        if matches!(module.as_str(), "lib" | "main" | "cli") {
            continue;
        }
        let own = *row.get(module.as_str()).unwrap_or_else(|| panic!("{module} has no row"));
        for (line, used) in uses(&std::fs::read_to_string(path).unwrap()) {
            if used == module {
                continue;
            }
            edges += 1;
            let place = format!("{}:{line}", path.display());
            match row.get(used.as_str()) {
                Some(other) if *other < own => {}
                Some(_) => wrong.push(format!("{place}: {module} must not use {used}")),
                None => wrong.push(format!("{place}: {used} has no row")),
            }
            for (from, forbidden, why) in FORBIDDEN {
                if from == module && forbidden.contains(&used.as_str()) {
                    wrong.push(format!("{place}: {module} must not use {used}: {why}"));
                }
            }
        }
    }
    assert!(edges > 50, "the reader of edges found only {edges}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_lives_behind_one_door() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let with: Vec<String> = files
        .iter()
        .filter(|p| {
            std::fs::read_to_string(p)
                .unwrap()
                .lines()
                .any(|l| l.contains("unsafe {") || l.contains("unsafe impl"))
        })
        .map(|p| p.strip_prefix(root()).unwrap().display().to_string())
        .collect();
    assert_eq!(with, ["src/xml/ffi.rs"]);
}

#[test]
fn no_file_is_a_drawer_without_a_bottom() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("tests"), &mut files);
    for path in files {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 700, "{} has {lines} lines, more than 700", path.display());
    }
}
