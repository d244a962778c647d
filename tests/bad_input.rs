//! Bad input: all findings at once, each with its place and what to do; nothing starts.

use std::path::Path;

use crate::args;
use crate::support::{Sandbox, pruefstand, root};

/// Line, message, help and the lines of the other places.
fn findings(path: &Path) -> Vec<(u64, String, String, Vec<u64>)> {
    let done = pruefstand(args!["check", path, "--format", "json"]).exits(65);
    let list: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    list.as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let text = |key: &str| f[key].as_str().unwrap().to_owned();
            let also = f["also"].as_array().unwrap();
            let also = also.iter().map(|a| a["line"].as_u64().unwrap()).collect();
            (f["line"].as_u64().unwrap(), text("message"), text("help"), also)
        })
        .collect()
}

fn line_of(text: &str, needle: &str) -> u64 {
    text.lines().position(|l| l.contains(needle)).unwrap() as u64 + 1
}

#[test]
fn numbers_of_a_concept_are_decimals_not_whatever_a_computer_reads() {
    let sandbox = Sandbox::new();
    let text = std::fs::read_to_string(root().join("testplans/gewerbe/concept.toml")).unwrap();
    let at = text.find("type = \"decimal\"").unwrap();
    let range = at + text[at..].find("range = {").unwrap();
    let end = range + text[range..].find('\n').unwrap();
    for (bounds, word) in [
        ("{ min = \"NaN\", max = \"1\" }", "is no range of this type"),
        ("{ min = \"1E0\", max = \"1E5\" }", "is no range of this type"),
        ("{ min = \"0.1\", max = \"0,2\" }", "is no range of this type"),
        // Equal as binary numbers, but not as decimals.
        (
            "{ min = \"0.30000000000000000001\", max = \"0.3\" }",
            "the range from 0.30000000000000000001 to 0.3 is empty",
        ),
    ] {
        let changed = format!("{}range = {bounds}{}", &text[..range], &text[end..]);
        let found = findings(&sandbox.write("concept.toml", &changed));
        assert!(found.iter().any(|f| f.1.contains(word)), "{bounds}: {found:?}");
    }
}

/// A pattern that no allowed length meets, and bounds that leave nothing: both places are named.
#[test]
fn contradictions_in_a_concept_name_both_places() {
    let sandbox = Sandbox::new();
    let good = std::fs::read_to_string(root().join("testplans/gewerbe/concept.toml")).unwrap();
    let field = "pattern = \"[0-9]{1,4}[a-z]?\"\n";
    let none = "pattern = \"[0-9]{1,4}[a-z]?\"\nlength = { min = 6, max = 9 }\n";
    let found = findings(&sandbox.write("a.toml", &good.replacen(field, none, 1)));
    let (line, text, _, also) = &found[0];
    assert!(text.contains("no text of 6 to 9 characters matches the pattern"), "{found:?}");
    assert_eq!(also, &[line + 1]);
    // Five characters are possible: digits and one letter.
    let some = none.replace("min = 6", "min = 5");
    let path = sandbox.write("b.toml", &good.replacen(field, &some, 1));
    let said = pruefstand(args!["check", &path]);
    assert!(!said.stderr.contains("matches the pattern"), "{}", said.stderr);
    let short = "length = { min = 1, max = 80 }";
    let text = good.replacen(short, "length = { min = 80, max = 1 }", 1);
    let found = findings(&sandbox.write("c.toml", &text));
    assert!(found[0].1.contains("no text is between 80 and 1"), "{found:?}");
    assert_eq!(found[0].3.len(), 1);
}

#[test]
fn a_concept_with_many_faults_gets_all_its_findings() {
    let sandbox = Sandbox::new();
    let good = std::fs::read_to_string(root().join("testplans/gewerbe/concept.toml")).unwrap();
    let bad = good.replacen("stages = [1, 2]", "stages = [1, 2]\nstagges = [3]", 1).replacen(
        "max = 2\ncode_list = \"staat\"",
        "max = \"zwei\"\ncode_list = \"staat\"",
        1,
    );
    let path = sandbox.write("shape.toml", &bad);
    let found = findings(&path);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].0, line_of(&bad, "stagges"));
    assert!(found[0].1.contains("unknown key \"stagges\"") && found[0].2.contains("\"stages\""));
    assert_eq!(found[1].0, line_of(&bad, "max = \"zwei\""));
    assert!(found[1].1.contains("a whole number"), "{found:?}");

    let bad = good
        .replacen("code_list = \"anrede\"", "code_list = \"anreden\"", 1)
        .replacen("id = \"GEW-002\"", "id = \"GEW-001\"", 1)
        .replacen(
            "codes = { \"E\" = \"einfache Auskunft\", \"V\" = \"vollständiger Auszug\" }",
            "codes = {}",
            1,
        )
        .replacen("group = \"bescheid\"", "group = \"bescheide\"", 1)
        .replacen(
            "range = { min = \"0\", max = \"99999\" }",
            "range = { min = \"9\", max = \"0\" }",
            1,
        );
    let path = sandbox.write("meaning.toml", &bad);
    let found = findings(&path);
    let messages: Vec<&str> = found.iter().map(|f| f.1.as_str()).collect();
    assert_eq!(
        messages,
        [
            "code list \"umfang\" is empty",
            "requirement \"GEW-001\" exists twice",
            "code_list \"anreden\" does not exist",
            "the range from 9 to 0 is empty",
            "field \"auszug.umfang\" must have a code, but its list has none",
            "group \"bescheide\" does not exist",
        ]
    );
    assert_eq!(found[3].3, [line_of(&bad, "min = \"9\"")], "both places of a contradiction");
    assert_eq!(found[4].3, [line_of(&bad, "codes = {}")], "both places of a contradiction");
    assert_eq!(found[2].2, "did you mean \"anrede\"?");
    assert_eq!(found[2].0, line_of(&bad, "code_list = \"anreden\""));
    let done = pruefstand(args!["plan", "derive", "--concept", &path]).exits(65);
    assert!(done.stdout.is_empty());
    assert!(done.stderr.contains("help: did you mean \"anrede\"?"), "{}", done.stderr);
}

#[test]
fn organisation_target_and_plan_are_as_strict() {
    let sandbox = Sandbox::new();
    let organisation = pruefstand::organisation::EMBEDDED
        .replacen("dms = \"dms-attrappenburg\"", "dms = \"dms-attrapenburg\"", 1)
        .replacen("ags = \"14999020\"", "ags = \"14999010\"", 1)
        .replacen("fake = \"mailbox\"", "fake = \"mailbocks\"", 1);
    let found = findings(&sandbox.write("organisation.toml", &organisation));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].2.contains("mailbox"));
    let organisation = organisation.replacen("mailbocks", "mailbox", 1);
    let found = findings(&sandbox.write("organisation.toml", &organisation));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].2.contains("dms-attrappenburg") && found[1].1.contains("two authorities"));

    let target = "format = \"pruefstand/target/1\"\n[target]\nkind = \"integrationsserver\"\nvendor = \"a\"\nproduct = \"b\"\nversion = 1.10\n[endpoints]\nportal = \"/p\"\nready = \"/r\"\nlog = \"/l\"\n";
    let found = findings(&sandbox.write("target.toml", target));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].1.contains("\"version\" must be text") && found[0].2.contains("\"1.10\""));
    assert!(found[1].1.contains("\"fachverfahren\" is missing"));

    let plan = std::fs::read_to_string(root().join("testplans/gewerbe/plan.toml")).unwrap();
    let plan = plan.replacen("    \"GEW-001\",\n", "    \"GEW-999\",\n", 1).replacen(
        "values = \"anmeldung.einreichen/minimal\"",
        "values = \"anmeldung.einreichen/minimall\"",
        1,
    );
    let path = sandbox.write("plan.toml", &plan);
    let found = findings(&path);
    assert!(found.iter().any(|f| f.1.contains("GEW-999")), "{found:?}");
    assert!(found.iter().any(|f| f.1.contains("neither known values")), "{found:?}");
    let out = sandbox.path("run");
    pruefstand(args!["run", "--plan", &path, "--out", &out]).exits(65);
    assert!(!out.exists(), "nothing starts");
}

/// Codes with leading zeros, dates, `NO` and `1e3` stay the text that was typed, or are refused.
#[test]
fn keys_stay_what_was_typed() {
    let sandbox = Sandbox::new();
    let good = pruefstand::organisation::EMBEDDED;
    for (typed, help) in [
        ("01067", "put quotes around"),
        ("1e3", "put quotes around it, so that it stays what was typed: \"1e3\""),
        ("1.10", "\"1.10\""),
        ("12:30:00", "\"12:30:00\""),
        ("2026-11-01", "\"2026-11-01\""),
        ("NO", "put quotes around"),
    ] {
        let text = good.replacen("plz = \"09990\"", &format!("plz = {typed}"), 1);
        let found = findings(&sandbox.write("organisation.toml", &text));
        let here: Vec<_> =
            found.iter().filter(|f| f.0 == line_of(&text, &format!("plz = {typed}"))).collect();
        assert!(here.iter().any(|f| f.2.contains(help)), "{typed}: {found:?}");
    }
    for typed in ["01067", "1e3", "NO", "1.10", "12:30:00", "010510044044"] {
        let text = good.replacen("plz = \"09990\"", &format!("plz = \"{typed}\""), 1);
        let read =
            pruefstand::organisation::TestOrganisation::from_text("t", &text, Path::new("."));
        assert_eq!(read.unwrap().file.person[0].plz, typed);
    }
}

#[test]
fn usage_errors_are_64_and_help_is_0() {
    pruefstand(args!["gibt-es-nicht"]).exits(64);
    pruefstand(args!["run"]).exits(64);
    let help = pruefstand(args!["--help"]).exits(0);
    assert!(help.stdout.contains("certify"));
    pruefstand(args!["check", "/gibt/es/nicht.toml"]).exits(65);
    pruefstand(args!["judge", "/gibt/es/nicht"]).exits(65);
}

#[test]
fn rules_that_cannot_work_are_found_with_their_place() {
    let sandbox = Sandbox::new();
    let text = std::fs::read_to_string(root().join("testplans/gewerbe/concept.toml")).unwrap();
    let at = text.find("[[rule]]").unwrap();
    let start = at + text[at..].find("test = ").unwrap();
    let end = start + text[start..].find('\n').unwrap();
    let line = text[..start].lines().count() as u64 + 1;
    for (test, word) in [
        ("Betrieb/Rechtsfrom = '310'", "which no field or group is"),
        ("document('x')", "cannot be read"),
        ("foo(Betrieb)", "cannot be read"),
        ("$x = 1", "cannot be read"),
    ] {
        let changed = format!("{}test = \"{test}\"{}", &text[..start], &text[end..]);
        let path = sandbox.write("concept.toml", &changed);
        let found = findings(&path);
        assert!(found.iter().any(|f| f.0 == line && f.1.contains(word)), "{test}: {found:?}");
        // The engine itself says nothing beside that.
        let said = pruefstand(args!["check", &path]).exits(65).stderr;
        assert!(!said.contains("xmlXPath"), "{said}");
    }
}

#[test]
fn what_no_test_can_send_is_found_before_it_is_tried() {
    let sandbox = Sandbox::new();
    let text = std::fs::read_to_string(root().join("testplans/gewerbe/concept.toml")).unwrap();
    for (from, to, word) in [
        (
            "length = { min = 1, max = ",
            "length = { min = 1, max = 4000000",
            "characters cannot be sent",
        ),
        ("max = 2\n", "max = 1000000000\n", "occurrences cannot be sent"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        let found = findings(&sandbox.write("concept.toml", &changed));
        assert!(found.iter().any(|f| f.1.contains(word)), "{to}: {found:?}");
    }
}
