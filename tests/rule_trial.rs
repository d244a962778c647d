//! Rules on trial, without a hub: what they must do, what they must not try, twins, coverage, engines.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::args;
use crate::support::{Done, Sandbox, pruefstand, pruefstand_with, python_client, real_data, root};

const HEAD: &str = "version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" xmlns:g=\"urn:pruefstand:gewerbe:1\" exclude-result-prefixes=\"g\"";

/// A copy of the depot Gewerbe with one sheet changed.
fn depot(sandbox: &Sandbox, sheet: &str, from: &str, to: &str) -> PathBuf {
    let folder = sandbox.path("depot");
    crate::support::copy(&root().join("fixtures/depot/gewerbe"), &folder);
    let path = folder.join(sheet);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    folder
}

/// A depot with this sheet alone, for one format.
fn small(sandbox: &Sandbox, sheet: &str) -> PathBuf {
    let folder = sandbox.path("klein");
    std::fs::create_dir_all(folder.join("rules")).unwrap();
    std::fs::write(folder.join("rules/r.xsl"), sheet).unwrap();
    std::fs::write(
        folder.join("depot.toml"),
        "format = \"pruefstand/depot/1\"\n[depot]\nid = \"klein\"\ntitle = \"K\"\nversion = \"1\"\n\
         [[rule]]\nreceiver = \"fv\"\nsheet = \"rules/r.xsl\"\n",
    )
    .unwrap();
    folder
}

fn sheet(body: &str) -> String {
    format!("<xsl:stylesheet {HEAD}>{body}</xsl:stylesheet>")
}

/// Tries a depot's rules; what they were found to be.
fn tried(args: Vec<std::ffi::OsString>, code: i32) -> Value {
    let all = args!["rules", "test", "--format", "json"].into_iter().chain(args);
    let done = pruefstand(all.collect::<Vec<_>>()).exits(code);
    serde_json::from_str(&done.stdout).unwrap()
}

fn ids(test: &Value) -> std::collections::BTreeSet<String> {
    let cases = test["cases"].as_array().unwrap();
    let all = cases.iter().flat_map(|c| c["findings"].as_array().unwrap());
    all.map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

/// Puts an example with what must come of it into a depot, or one of which nothing is known.
fn example(folder: &Path, message: &Path, expected: Option<&str>) {
    let examples = folder.join("beispiele/fv");
    std::fs::create_dir_all(&examples).unwrap();
    std::fs::copy(message, examples.join("eins.xml")).unwrap();
    let file = examples.join("eins.erwartet.xml");
    match expected {
        Some(text) => std::fs::write(file, text).unwrap(),
        None => drop(std::fs::remove_file(file)),
    }
}

fn message(sandbox: &Sandbox) -> PathBuf {
    sandbox.write(
        "m.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<g:Antrag xmlns:g=\"urn:pruefstand:gewerbe:1\" a=\"1\" b=\"2\">\n  <g:Name>Größe</g:Name>\n</g:Antrag>\n",
    )
}

#[test]
fn intact_rules_pass_with_all_their_twins() {
    let test = tried(args!["--rules", root().join("fixtures/depot/gewerbe")].to_vec(), 0);
    assert_eq!(test["overall"], "passed");
    assert!(test["passed"].as_u64().unwrap() > 300);
    for twin in ["other-prefix", "white-space", "decomposed"] {
        assert!(test["twins"][twin]["tried"].as_u64().unwrap() > 300, "{twin}");
        assert_eq!(test["twins"][twin]["different"], 0, "{twin}");
    }
    let coverage = &test["coverage"];
    assert!(coverage["reached"].as_u64().unwrap() > 150, "{coverage}");
    assert!(coverage["by_requirement"]["GEW-002"].as_u64().unwrap() > 100, "{coverage}");
    // What no valid message can reach is told, and that nothing was found that would.
    for point in coverage["unreached"].as_array().unwrap() {
        assert!(point["reached_by"].is_null() && point["line"].as_u64().unwrap() > 1, "{point}");
    }
    assert_eq!(test["sheets"].as_object().unwrap().len(), 2);
    assert!(test["engines"].as_object().unwrap().keys().any(|e| e.starts_with("libxslt")));
}

#[test]
fn what_is_missing_swapped_cut_off_wrongly_converted_or_invented_is_told_apart() {
    let a = "rules/fachverfahren-a.xsl";
    let name = "<Vorname><xsl:value-of select=\".\"/></Vorname>";
    let cases = [
        (a, name, "", "content.missing"),
        (
            a,
            name,
            "<Vorname><xsl:value-of select=\"substring(., 1, 3)\"/></Vorname>",
            "content.truncated",
        ),
        (
            a,
            name,
            "<Vorname><xsl:value-of select=\"../g:Familienname\"/></Vorname>",
            "content.swapped",
        ),
        (
            a,
            name,
            "<Vorname><xsl:value-of select=\".\"/></Vorname><Rufname>Max</Rufname>",
            "content.invented",
        ),
        (
            a,
            name,
            "<Vorname><xsl:value-of select=\"translate(., 'aeiou', 'eioua')\"/></Vorname>",
            "content.different",
        ),
        (
            "rules/fachverfahren-b.xsl",
            "substring($iso, 9, 2)",
            "substring($iso, 6, 2)",
            "content.conversion",
        ),
        ("rules/schluessel.xml", "nach=\"GMBH\"", "nach=\"AG\"", "content.conversion"),
    ];
    for (file, from, to, finding) in cases {
        let sandbox = Sandbox::new();
        let folder = depot(&sandbox, file, from, to);
        let test = tried(args!["--rules", &folder, "--no-twins", "--no-coverage"].to_vec(), 1);
        assert!(ids(&test).contains(finding), "{to}: {:?}", ids(&test));
    }
}

#[test]
fn a_rule_that_goes_by_prefixes_is_found_by_twins_and_beforehand() {
    let sandbox = Sandbox::new();
    let body = "<xsl:template match=\"/\"><xsl:if test=\"name(/*) = 'g:Antrag'\"><a><xsl:value-of select=\"/*/*\"/></a></xsl:if></xsl:template>";
    let folder = small(&sandbox, &sheet(body));
    let test = tried(args!["--rules", &folder, "--input", message(&sandbox)].to_vec(), 1);
    let expected = ["twin.default-namespace", "twin.other-prefix"].map(str::to_owned);
    assert_eq!(ids(&test), expected.into());
    let done = pruefstand(args!["rules", "check", "--rules", &folder]).exits(0);
    assert!(
        done.stdout.contains("rules/r.xsl:1: recognises elements by their prefix"),
        "{}",
        done.stdout
    );
}

#[test]
fn what_a_rule_tries_beyond_its_depot_is_told_and_fails_it() {
    let secret = Sandbox::new();
    let outside = secret.write("geheim.xml", "<g>AUSSERHALB</g>");
    let outside = outside.display();
    let cases = [
        (
            "<xsl:value-of select=\"document('http://127.0.0.1:9/x.xml')/g\"/>".to_owned(),
            "rule.reached-out",
            "http://127.0.0.1:9/x.xml",
        ),
        (
            format!("<xsl:value-of select=\"document('file://{outside}')/g\"/>"),
            "rule.reached-out",
            "geheim.xml",
        ),
        (
            "<xsl:value-of select=\"document('../../geheim.xml')/g\"/>".to_owned(),
            "rule.reached-out",
            "geheim.xml",
        ),
        (
            format!(
                "<xsl:document href=\"{}/neu.xml\"><b/></xsl:document>",
                secret.path("").display()
            ),
            "rule.wrote",
            "neu.xml",
        ),
    ];
    for (body, finding, told) in cases {
        let sandbox = Sandbox::new();
        let text = sheet(&format!("<xsl:template match=\"/\"><a>{body}</a></xsl:template>"))
            .replace("version=\"1.0\"", "version=\"1.1\"");
        let folder = small(&sandbox, &text);
        let test = tried(
            args!["--rules", &folder, "--input", message(&sandbox), "--no-twins"].to_vec(),
            1,
        );
        assert!(ids(&test).contains(finding), "{body}: {test}");
        assert!(test.to_string().contains(told), "{test}");
        assert!(!test.to_string().contains("AUSSERHALB"), "{test}");
        assert!(!secret.path("neu.xml").exists());
    }
}

#[test]
fn nothing_is_no_output_and_nothing_tried_is_nothing_passed() {
    let sandbox = Sandbox::new();
    let folder = small(&sandbox, &sheet("<xsl:template match=\"/\"/>"));
    let test = tried(args!["--rules", &folder, "--input", message(&sandbox)].to_vec(), 1);
    assert!(ids(&test).contains("rule.no-output"), "{test}");
    // Without any message nothing is known.
    let done = pruefstand(args!["rules", "test", "--rules", &folder]).exits(2);
    assert!(done.stderr.contains("nothing was tried"), "{}", done.stderr);
    // A rule that stops is not evaluated, neither passed nor failed.
    let stops = sheet(
        "<xsl:template match=\"/\"><a/><xsl:message terminate=\"yes\">genug</xsl:message></xsl:template>",
    );
    std::fs::write(folder.join("rules/r.xsl"), stops).unwrap();
    let test =
        tried(args!["--rules", &folder, "--input", message(&sandbox), "--no-twins"].to_vec(), 2);
    assert!(test["cases"][0]["reasons"].to_string().contains("genug"), "{test}");
    let broken = sheet("<xsl:template match=\"((\"/>");
    std::fs::write(folder.join("rules/r.xsl"), broken).unwrap();
    let done = pruefstand(args!["rules", "check", "--rules", &folder]).exits(1);
    assert!(done.stdout.contains("error: rules/r.xsl"), "{}", done.stdout);
}

#[test]
fn examples_of_a_depot_say_what_must_come_of_them() {
    let sandbox = Sandbox::new();
    let folder = small(
        &sandbox,
        &sheet(
            "<xsl:template match=\"/\"><a><xsl:value-of select=\"//g:Name\"/></a></xsl:template>",
        ),
    );
    example(&folder, &message(&sandbox), Some("<a>Größe</a>"));
    let test = tried(args!["--rules", &folder].to_vec(), 0);
    assert_eq!(
        (&test["passed"], &test["cases"][0]["id"]),
        (&1.into(), &"beispiele/fv/eins.xml".into())
    );
    example(&folder, &message(&sandbox), Some("<a>Groesse</a>"));
    let test = tried(args!["--rules", &folder].to_vec(), 1);
    assert!(ids(&test).contains("rule.different"), "{test}");
    // Where nobody says what must come of a message, nothing was checked.
    example(&folder, &message(&sandbox), None);
    let test = tried(args!["--rules", &folder].to_vec(), 2);
    assert!(test["cases"][0]["reasons"].to_string().contains("mit nichts verglichen"), "{test}");
    std::fs::write(folder.join("beispiele/fv/tippfehler.erwartet.xml"), "<a/>").unwrap();
    let done = pruefstand(args!["rules", "test", "--rules", &folder]).exits(65);
    assert!(done.stderr.contains("tippfehler.xml, which is not there"), "{}", done.stderr);
    let to = |receiver: &str| {
        args![
            "rules",
            "test",
            "--rules",
            &folder,
            "--input",
            message(&sandbox),
            "--receiver",
            receiver
        ]
    };
    let done = pruefstand(to("fw")).exits(64);
    assert!(done.stderr.contains("known: fv"), "{}", done.stderr);
}

#[test]
fn messages_of_a_plan_that_no_rule_gets_leave_the_result_open() {
    let plan = root().join("testplans/gewerbe/plan.toml");
    for (from, to, why) in [
        ("root = \"Gewerbeummeldung\"", "root = \"Gewerbeumeldung\"", "erkennt <Gewerbeummeldung>"),
        ("receiver = \"fv-b\"", "receiver = \"fv-c\"", "keine Regel für das Format fv-b"),
    ] {
        let sandbox = Sandbox::new();
        let folder = depot(&sandbox, "depot.toml", from, to);
        let all = args!["--rules", &folder, "--plan", &plan, "--no-twins", "--no-coverage"];
        let test = tried(all.to_vec(), 2);
        assert!(test["inconclusive"].as_u64().unwrap() > 20, "{why}: {}", test["inconclusive"]);
        assert!(test.to_string().contains(why), "{why}");
    }
}

#[test]
fn a_newer_sheet_that_is_included_at_second_hand_is_newer_all_the_same() {
    let sandbox = Sandbox::new();
    let folder = small(&sandbox, &sheet("<xsl:include href=\"eins.xsl\"/>"));
    let newer = sheet("<xsl:template match=\"/\"><a/></xsl:template>")
        .replace("version=\"1.0\"", "version=\"3.0\"");
    std::fs::write(folder.join("rules/eins.xsl"), sheet("<xsl:include href=\"zwei.xsl\"/>"))
        .unwrap();
    std::fs::write(folder.join("rules/zwei.xsl"), newer).unwrap();
    example(&folder, &message(&sandbox), Some("<a/>"));
    let none = [("PRUEFSTAND_SAXON", "/nowhere/python3")];
    let done = pruefstand_with(args!["rules", "test", "--rules", &folder], &none).exits(2);
    assert!(done.stdout.contains("verlangt XSLT 3.0"), "{}", done.stdout);
}

#[test]
fn files_of_a_rule_lie_anywhere_in_the_depot_and_paths_go_by_the_file_they_stand_in() {
    let sandbox = Sandbox::new();
    let folder = small(&sandbox, "");
    for inner in ["regeln", "teile/helfer", "daten"] {
        std::fs::create_dir_all(folder.join(inner)).unwrap();
    }
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    put(
        "depot.toml",
        std::fs::read_to_string(folder.join("depot.toml"))
            .unwrap()
            .replace("rules/r.xsl", "regeln/haupt.xsl"),
    );
    std::fs::remove_dir_all(folder.join("rules")).unwrap();
    put(
        "regeln/haupt.xsl",
        sheet(
            "<xsl:import href=\"../teile/format.xsl\"/><xsl:template match=\"/\"><a ort=\"{document('../daten/orte.xml')/orte/ort[@k='1']}\"><xsl:call-template name=\"zahl\"/></a></xsl:template>",
        ),
    );
    put("teile/format.xsl", sheet("<xsl:import href=\"helfer/zahl.xsl\"/>"));
    put(
        "teile/helfer/zahl.xsl",
        sheet("<xsl:template name=\"zahl\">zweiundvierzig</xsl:template>"),
    );
    put("daten/orte.xml", "<orte><ort k=\"1\">Übersee</ort></orte>".into());
    pruefstand(args!["rules", "check", "--rules", &folder]).exits(0);
    std::fs::create_dir_all(folder.join("beispiele/fv")).unwrap();
    put("beispiele/fv/m.xml", "<x/>".into());
    put("beispiele/fv/m.erwartet.xml", "<a ort=\"Übersee\">zweiundvierzig</a>".into());
    let test = tried(args!["--rules", &folder].to_vec(), 0);
    assert_eq!(test["passed"], 1, "{test}");
    // A link that leads out is no file of the depot.
    let secret = sandbox.write("geheim.xml", "<orte><ort k=\"1\">AUSSERHALB</ort></orte>");
    std::fs::remove_file(folder.join("daten/orte.xml")).unwrap();
    std::os::unix::fs::symlink(secret, folder.join("daten/orte.xml")).unwrap();
    let test = tried(args!["--rules", &folder].to_vec(), 1);
    assert!(
        ids(&test).contains("rule.reached-out") && !test.to_string().contains("AUSSERHALB"),
        "{test}"
    );
}

#[test]
fn namespaces_of_a_result_count_and_extra_declarations_do_not() {
    let sandbox = Sandbox::new();
    let leak = "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" xmlns:q=\"urn:q\" xmlns=\"urn:z\"><xsl:template match=\"/\"><Ziel><Name><xsl:value-of select=\"//q:Name\"/></Name></Ziel></xsl:template></xsl:stylesheet>";
    let folder = small(&sandbox, leak);
    std::fs::create_dir_all(folder.join("beispiele/fv")).unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    put("beispiele/fv/m.xml", "<q:Q xmlns:q=\"urn:q\"><q:Name>Öznur</q:Name></q:Q>");
    put("beispiele/fv/m.erwartet.xml", "<z:Ziel xmlns:z=\"urn:z\"><z:Name>Öznur</z:Name></z:Ziel>");
    tried(args!["--rules", &folder].to_vec(), 0);
    let lost = "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" xmlns:q=\"urn:q\" exclude-result-prefixes=\"q\"><xsl:template match=\"/\"><Ziel xmlns=\"urn:z\"><xsl:apply-templates select=\"//q:Name\"/></Ziel></xsl:template><xsl:template match=\"q:Name\"><Name xml:lang=\"de\"><xsl:value-of select=\".\"/></Name></xsl:template></xsl:stylesheet>";
    put("rules/r.xsl", lost);
    let test = tried(args!["--rules", &folder].to_vec(), 1);
    assert!(!ids(&test).is_empty(), "{test}");
}

#[test]
fn a_newer_sheet_without_its_engine_is_open_before_it_runs() {
    let sandbox = Sandbox::new();
    let newer = sheet(
        "<xsl:template match=\"/\"><a><xsl:value-of select=\"//g:Name\"/></a></xsl:template>",
    )
    .replace("version=\"1.0\"", "version=\"2.0\"");
    let folder = small(&sandbox, &newer);
    let none = |args: Vec<std::ffi::OsString>| {
        pruefstand_with(args, &[("PRUEFSTAND_SAXON", "/nowhere/python3")])
    };
    let done: Done = none(args!["rules", "check", "--rules", &folder].to_vec()).exits(2);
    assert!(
        done.stdout.contains("open: rules/r.xsl:1: is written for XSLT 2.0"),
        "{}",
        done.stdout
    );
    none(args!["rules", "test", "--rules", &folder, "--input", message(&sandbox)].to_vec())
        .exits(2);
}

/// Runs with the Saxon that the tests have.
fn with_saxon(python: &Path, args: Vec<std::ffi::OsString>, code: i32) -> Value {
    let all =
        args!["rules", "test", "--format", "json"].into_iter().chain(args).collect::<Vec<_>>();
    let done = pruefstand_with(all, &[("PRUEFSTAND_SAXON", python.to_str().unwrap())]).exits(code);
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn newer_sheets_run_in_saxon_and_are_shut_in() {
    let Some(python) = python_client() else { return };
    let sandbox = Sandbox::new();
    let head = HEAD.replace("version=\"1.0\"", "version=\"3.0\"");
    let sheet = |body: &str| {
        format!(
            "<xsl:stylesheet {head} xmlns:f=\"http://www.w3.org/2005/xpath-functions\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xsl:template match=\"/\"><a>{body}</a></xsl:template></xsl:stylesheet>"
        )
    };
    let good = "<xsl:for-each-group select=\"//g:Name\" group-by=\".\"><n><xsl:value-of select=\"upper-case(current-grouping-key())\"/></n></xsl:for-each-group>";
    let folder = small(&sandbox, &sheet(good));
    let put = |body: &str| std::fs::write(folder.join("rules/r.xsl"), sheet(body)).unwrap();
    let args = || args!["--rules", &folder, "--no-twins", "--no-coverage"].to_vec();
    example(&folder, &message(&sandbox), Some("<a><n>GRÖSSE</n></a>"));
    let test = with_saxon(&python, args!["--rules", &folder].to_vec(), 0);
    let engines = test["engines"].as_object().unwrap();
    let saxon = engines.iter().find(|(name, _)| name.starts_with("SaxonC-HE")).unwrap();
    assert_eq!(
        saxon.1.as_array().unwrap().len(),
        0,
        "nothing it could not be kept from: {engines:?}"
    );
    // Tables of the depot are read, and texts that look like calls are texts.
    std::fs::write(folder.join("rules/t.xml"), "<t a=\"7\"/>").unwrap();
    put(
        "<xsl:value-of select=\"'doc(x)', document('t.xml')/t/@a, doc-available('t.xml')\"/><!-- doc('y') --><b c=\"doc(z)\"/>",
    );
    example(&folder, &message(&sandbox), Some("<a>doc(x) 7 true<b c=\"doc(z)\"/></a>"));
    with_saxon(&python, args(), 0);

    // Whatever fails without a word is told all the same, in every way to write it.
    let quietly = |e: &str| {
        format!("<xsl:try><xsl:value-of select=\"{e}\"/><xsl:catch>-</xsl:catch></xsl:try>")
    };
    let outside = "file:///etc/passwd";
    let ways = [
        (quietly("doc-available('http://127.0.0.1:9/liste.xml')"), "http://127.0.0.1:9/liste.xml"),
        (quietly(&format!("unparsed-text ('{outside}')")), outside),
        (quietly(&format!("f:unparsed-text('{outside}')")), outside),
        (quietly(&format!("unparsed-text(: so :)('{outside}')")), outside),
        (
            quietly(&format!(
                "Q{{http://www.w3.org/2005/xpath-functions}}unparsed-text('{outside}')"
            )),
            outside,
        ),
        (format!("<b c=\"{{doc-available('{outside}')}}\"/>"), outside),
        (quietly(&format!("for-each('{outside}', unparsed-text#1)")), "unparsed-text#"),
        (quietly(&format!("'{outside}' =&gt; unparsed-text()")), "unparsed-text()"),
        (
            quietly(&format!("function-lookup(xs:QName('f:doc'), 1)('{outside}')")),
            "function-lookup()",
        ),
        (quietly("collection()"), "collection()"),
        (quietly("environment-variable('PATH')"), "environment-variable()"),
        (
            format!("<xsl:try><xsl:source-document href=\"{outside}\"/><xsl:catch/></xsl:try>"),
            "xsl:source-document",
        ),
        ("<xsl:evaluate xpath=\"'1'\"/>".to_owned(), "xsl:evaluate"),
        (format!("<b xsl:use-when=\"doc-available('{outside}')\"/>"), "use-when"),
    ];
    for (body, told) in ways {
        put(&body);
        let test = with_saxon(&python, args(), 1);
        let findings: Vec<_> = test["cases"][0]["findings"].as_array().unwrap().clone();
        let hit = findings
            .iter()
            .any(|f| f["id"] == "rule.reached-out" && f["actual"].as_str().unwrap().contains(told));
        assert!(hit, "{body}: {findings:?}");
        assert!(!test.to_string().contains("root:"), "{body}");
    }
    put("<xsl:result-document href=\"neu.xml\"><b/></xsl:result-document>");
    assert!(ids(&with_saxon(&python, args(), 1)).contains("rule.wrote"));
    // A message with a document type is refused by everybody.
    put("<xsl:value-of select=\"1\"/>");
    let odd = sandbox
        .write("odd.xml", "<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><r>&e;</r>");
    example(&folder, &odd, Some("<a>1</a>"));
    with_saxon(&python, args(), 2);
}

#[test]
fn a_second_engine_that_differs_leaves_the_result_open() {
    let Some(python) = python_client() else { return };
    let sandbox = Sandbox::new();
    let folder = small(
        &sandbox,
        &sheet(
            "<xsl:template match=\"/\"><a><xsl:value-of select=\"//g:Name\"/></a></xsl:template>",
        ),
    );
    example(&folder, &message(&sandbox), Some("<a>Größe</a>"));
    let args = || args!["--rules", &folder, "--second-engine"].to_vec();
    with_saxon(&python, args(), 0);
    let differs = sheet(
        "<xsl:template match=\"/\"><a><xsl:value-of select=\"//g:Name\"/><b><xsl:comment><xsl:value-of select=\"system-property('xsl:vendor')\"/></xsl:comment></b></a></xsl:template>",
    );
    std::fs::write(
        folder.join("rules/r.xsl"),
        differs.replace("<xsl:comment>", "").replace("</xsl:comment>", ""),
    )
    .unwrap();
    std::fs::remove_file(folder.join("beispiele/fv/eins.erwartet.xml")).unwrap();
    let test = with_saxon(&python, args(), 2);
    let reasons = test["cases"][0]["reasons"].to_string();
    assert!(reasons.contains("libxslt") && reasons.contains("Saxonica"), "{reasons}");
    // Asking the same engine twice is no second opinion.
    let newer = sheet("<xsl:template match=\"/\"><a/></xsl:template>")
        .replace("version=\"1.0\"", "version=\"2.0\"");
    std::fs::write(folder.join("rules/r.xsl"), newer).unwrap();
    example(&folder, &message(&sandbox), Some("<a/>"));
    let test = with_saxon(&python, args(), 2);
    assert!(test["cases"][0]["reasons"].to_string().contains("keine zweite Engine"), "{test}");
}

#[test]
fn the_productive_sheets_of_fim_fall_for_prefixes_and_reach_out() {
    let (Some(python), Some(sheets), Some(inputs)) =
        (python_client(), real_data("data/fim-xslt"), real_data("data/fim-xdatenfelder"))
    else {
        return;
    };
    let sandbox = Sandbox::new();
    let folder = small(&sandbox, "");
    for entry in std::fs::read_dir(&sheets).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "xsl" || e == "xml") {
            std::fs::copy(&path, folder.join("rules").join(path.file_name().unwrap())).unwrap();
        }
    }
    std::fs::remove_file(folder.join("rules/r.xsl")).unwrap();
    let depot = std::fs::read_to_string(folder.join("depot.toml")).unwrap();
    let rule = |receiver: &str, sheet: &str| {
        format!("[[rule]]\nreceiver = \"{receiver}\"\nsheet = \"rules/{sheet}\"\n")
    };
    let head = depot.split("[[rule]]").next().unwrap().to_owned();
    let rules = [
        rule("xdf3", "XDF2_2_XDF3_0_14_xdf2.xsl"),
        rule("xdf2", "XDF3_2_XDF2_0_04_xdf3.xsl"),
        rule("json", "XDF3_2_JSON_0_02_xdf3.xsl"),
        rule("xfall", "XDF3_2_XFall_1_01_xdf3.xsl"),
        rule("qs", "QS-DF_1_20_xdf3.xsl"),
    ];
    std::fs::write(folder.join("depot.toml"), head + &rules.concat()).unwrap();
    let checked = pruefstand_with(
        args!["rules", "check", "--rules", &folder],
        &[("PRUEFSTAND_SAXON", python.to_str().unwrap())],
    )
    .exits(0);
    assert!(checked.stdout.contains("recognises elements by their prefix"), "{}", checked.stdout);
    let try_one = |receiver: &str, input: &Path, more: &[&str]| {
        let mut all = args!["--rules", &folder, "--input", input, "--receiver", receiver].to_vec();
        all.extend(more.iter().flat_map(|p| ["--param".into(), p.into()]));
        with_saxon(&python, all, 1)
    };
    let select = inputs.join("v2/select.xml");
    // The twins: the same message with other prefixes is a file of an unknown kind to them.
    let test = try_one("xdf3", &select, &["DateiOutput=0"]);
    assert!(
        ids(&test).contains("twin.other-prefix") && ids(&test).contains("twin.default-namespace"),
        "{:?}",
        ids(&test)
    );
    assert_eq!(test["twins"]["attribute-order"]["different"], 0);
    // Code lists are loaded from the network, and files are written, unless a parameter forbids it.
    assert!(test.to_string().contains("https://www.xrepository.de/"), "{test}");
    let test = try_one("xdf3", &select, &["DateiOutput=1"]);
    assert!(
        ids(&test).contains("rule.wrote") && ids(&test).contains("rule.no-output"),
        "{:?}",
        ids(&test)
    );
    // The others want the prefix xdf3.
    let v3 = std::fs::read_to_string(inputs.join("v3/simple.xml")).unwrap();
    let v3 = v3.replace("xdf:", "xdf3:").replace("xmlns:xdf=", "xmlns:xdf3=");
    let v3 = sandbox.write("v3.xml", &v3);
    for receiver in ["qs", "xdf2", "json", "xfall"] {
        let test = try_one(receiver, &v3, &["DateiOutput=1"]);
        assert!(ids(&test).contains("rule.wrote"), "{receiver}: {:?}", ids(&test));
    }
    let test =
        try_one("qs", &v3, &["DateiOutput=0", "AktuelleCodelisteLaden=1", "CodelistenInhalt=1"]);
    assert!(ids(&test).contains("twin.other-prefix"), "{:?}", ids(&test));
}
