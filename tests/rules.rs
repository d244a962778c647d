//! Rule sheets: an engine that stops or is too old proves nothing; what a sheet may do is little.

use std::collections::BTreeMap;
use std::time::Duration;

use pruefstand::xml::{SheetSet, TransformEnd, Transformed, Worker};

use crate::args;
use crate::support::{Sandbox, derive, json, program, pruefstand, real_data, root};

const HEAD: &str =
    "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">";

fn worker(limit: u64) -> Worker {
    Worker::new(program().as_ref(), &std::env::temp_dir(), Duration::from_secs(limit))
}

fn apply(worker: &mut Worker, sheet: &str, input: &str) -> Transformed {
    let url = "file:///depot/rules/a.xsl".to_owned();
    let set = SheetSet {
        id: pruefstand::ids::Digest::of(sheet).0,
        files: BTreeMap::from([(url.clone(), std::sync::Arc::new(sheet.as_bytes().to_vec()))]),
    };
    worker.transform(&set, &url, input.as_bytes(), &BTreeMap::new())
}

#[test]
fn one_worker_outlives_every_bad_sheet() {
    let mut w = worker(20);
    let body = |inner: &str| {
        format!("{HEAD}<xsl:template match=\"/\">{inner}</xsl:template></xsl:stylesheet>")
    };
    let good = body("<a><xsl:value-of select=\"/x\"/></a>");
    let fine = apply(&mut w, &good, "<x>ü</x>");
    assert_eq!(fine.end, TransformEnd::Output);
    assert!(String::from_utf8(fine.output).unwrap().ends_with("<a>ü</a>\n"));
    let cases: [(&str, String, TransformEnd); 8] = [
        ("no output", body(""), TransformEnd::NoOutput),
        ("not well-formed", "<xsl:stylesheet".into(), TransformEnd::BadStylesheet),
        ("no stylesheet", "<a/>".into(), TransformEnd::BadStylesheet),
        ("broken path", body("<xsl:value-of select=\"///\"/>"), TransformEnd::BadStylesheet),
        (
            "terminate",
            body("<a/><xsl:message terminate=\"yes\">Halt</xsl:message>"),
            TransformEnd::Aborted,
        ),
        (
            "outside file",
            body("<a><xsl:copy-of select=\"document('file:///etc/hostname')\"/></a>"),
            TransformEnd::Aborted,
        ),
        (
            "network",
            body("<a><xsl:copy-of select=\"document('http://127.0.0.1:1/')\"/></a>"),
            TransformEnd::Aborted,
        ),
        (
            "newer",
            good.replace("version=\"1.0\"", "version=\"2.0\""),
            TransformEnd::EngineTooOld { wanted: "2.0".into() },
        ),
    ];
    for (what, sheet, end) in cases {
        let done = apply(&mut w, &sheet, "<x/>");
        assert_eq!(done.end, end, "{what}: {:?}", done.messages);
        assert!(end == TransformEnd::NoOutput || !done.messages.is_empty(), "{what} says nothing");
    }
    let endless = format!(
        "{HEAD}<xsl:template match=\"/\" name=\"t\"><xsl:call-template name=\"t\"/></xsl:template></xsl:stylesheet>"
    );
    assert_ne!(apply(&mut w, &endless, "<x/>").end, TransformEnd::Output);
    assert_eq!(apply(&mut w, &good, "<x/>").end, TransformEnd::Output, "the worker goes on");
    assert_eq!(apply(&mut w, &good, "<!DOCTYPE x><x/>").end, TransformEnd::BadInput);
}

#[test]
fn a_sheet_that_takes_too_long_is_killed() {
    let mut w = worker(1);
    let slow = format!(
        "{HEAD}<xsl:template match=\"/\"><a><xsl:for-each select=\"//y\"><xsl:for-each select=\"//y\"><xsl:for-each select=\"//y\"><xsl:value-of select=\"count(//y)\"/></xsl:for-each></xsl:for-each></xsl:for-each></a></xsl:template></xsl:stylesheet>"
    );
    let input = format!("<x>{}</x>", "<y/>".repeat(2000));
    assert_eq!(apply(&mut w, &slow, &input).end, TransformEnd::TimedOut);
    let good = format!("{HEAD}<xsl:template match=\"/\"><a/></xsl:template></xsl:stylesheet>");
    assert_eq!(apply(&mut w, &good, "<x/>").end, TransformEnd::Output, "replaced by a new one");
}

#[test]
fn a_sheet_without_an_end_of_memory_is_stopped() {
    let mut w = worker(20);
    let doubling = format!(
        "{HEAD}<xsl:template match=\"/\"><a><xsl:call-template name=\"t\"><xsl:with-param name=\"s\" select=\"'0123456789abcdef'\"/></xsl:call-template></a></xsl:template>\
         <xsl:template name=\"t\"><xsl:param name=\"s\"/><xsl:call-template name=\"t\"><xsl:with-param name=\"s\" select=\"concat($s, $s)\"/></xsl:call-template></xsl:template></xsl:stylesheet>"
    );
    let done = apply(&mut w, &doubling, "<x/>");
    assert!(
        matches!(done.end, TransformEnd::Aborted | TransformEnd::Died),
        "{:?} {:?}",
        done.end,
        done.messages
    );
    let good = format!("{HEAD}<xsl:template match=\"/\"><a/></xsl:template></xsl:stylesheet>");
    assert_eq!(apply(&mut w, &good, "<x/>").end, TransformEnd::Output, "the worker goes on");
}

const CONCEPT: &str = r#"format = "pruefstand/concept/1"
[concept]
id = "regeln"
title = "Meldung mit Prüfregeln"
version = "1"
valid_from = "2026-11-01"
stages = [2]
[[receiver]]
id = "xml"
kind = "fachverfahren"
title = "nimmt alles"
form = "unchanged"
[[receiver]]
id = "portal"
kind = "antragsassistent"
title = "Absender"
form = "unchanged"
[[requirement]]
id = "REG-1"
level = "muss"
title = "Die Meldung erfüllt ihre Regeln."
component = "integrationsserver"
aspects = ["acceptance"]
[[message]]
id = "meldung"
title = "Meldung"
kind = "antrag"
from = "antragsassistent"
to = "fachverfahren"
root = "Meldung"
namespace = "urn:meldung"
rules = ["rules.xsl"]
[message.schema]
xsd = "meldung.xsd"
correlator = "Kennung"
samples = ["meldung.xml"]
"#;

const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:meldung" elementFormDefault="qualified"><xs:element name="Meldung"><xs:complexType><xs:sequence><xs:element name="Kennung" type="xs:string"/><xs:element name="Gebuehr" type="xs:decimal" maxOccurs="2"/></xs:sequence></xs:complexType></xs:element></xs:schema>"#;

const DEPOT: &str = r#"format = "pruefstand/depot/1"
[depot]
id = "regeln"
title = "unverändert"
version = "1"
[[procedure]]
id = "meldung"
kind = "antrag"
source = "portal"
root = "Meldung"
namespace = "urn:meldung"
schema = "../meldung.xsd"
[header]
nachricht = "Kennung"
"#;

/// The folder of a passed run whose message has a header rule and rule sheets.
pub fn run_of_a_standard(sandbox: &Sandbox) -> std::path::PathBuf {
    let header = "header = { path = \"Kennung\", value = \"MELDUNG-2031-0001\", contradiction = \"report\" }\n";
    let concept = CONCEPT.replace("[message.schema]", &format!("{header}[message.schema]"));
    set_up(sandbox, &concept, &sheet("<erfuellt regel=\"R-1\"/>"));
    let out = sandbox.path("run");
    let (plan, organisation) = (sandbox.path("plan.toml"), sandbox.path("organisation.toml"));
    pruefstand(args!["run", "--plan", plan, "--organisation", organisation, "--out", &out])
        .exits(0);
    out
}

/// Writes concept, organisation, depot, rule sheet and plan.
fn set_up(sandbox: &Sandbox, concept: &str, sheet: &str) {
    let organisation = sandbox.path("organisation.toml");
    std::fs::copy(root().join("fixtures/xwasser/organisation.toml"), &organisation).unwrap();
    let concept = sandbox.write("concept.toml", concept);
    sandbox.write("meldung.xsd", SCHEMA);
    sandbox.write("depot/depot.toml", DEPOT);
    sandbox.write("rules.xsl", sheet);
    sandbox.write(
        "meldung.xml",
        "<Meldung xmlns=\"urn:meldung\"><Kennung>MELDUNG-2031-0001</Kennung><Gebuehr>26.00</Gebuehr><Gebuehr>4.50</Gebuehr></Meldung>",
    );
    derive(&concept, &organisation, &sandbox.path("plan.toml"));
}

/// Runs the chain with a rule sheet; gives exit code, verdict and JUnit.
fn chain(sheet: &str) -> (i32, serde_json::Value, String, i32) {
    let sandbox = Sandbox::new();
    set_up(&sandbox, CONCEPT, sheet);
    let organisation = sandbox.path("organisation.toml");
    let (plan, out) = (sandbox.path("plan.toml"), sandbox.path("run"));
    let done =
        pruefstand(args!["run", "--plan", &plan, "--organisation", &organisation, "--out", &out]);
    let (private, _) = pruefstand::certificate::generate().unwrap();
    let key = sandbox.write("key.pem", private.reveal());
    let certified =
        pruefstand(args!["certify", &out, "--key", &key, "--out", sandbox.path("c.json")]);
    let junit = std::fs::read_to_string(out.join("junit.xml")).unwrap();
    (done.code, json(&out.join("verdict.json")), junit, certified.code)
}

fn sheet(inner: &str) -> String {
    format!(
        "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" xmlns:m=\"urn:meldung\" exclude-result-prefixes=\"m\"><xsl:template match=\"/\"><befunde>{inner}</befunde></xsl:template></xsl:stylesheet>"
    )
}

#[test]
fn rules_pass_fail_or_prove_nothing() {
    let (code, _, junit, certified) = chain(&sheet("<erfuellt regel=\"R-1\"/>"));
    assert_eq!((code, certified), (0, 0), "{junit}");
    let (code, verdict, _, certified) = chain(&sheet(
        "<xsl:if test=\"count(//m:Gebuehr) > 1\"><verletzt regel=\"R-2\">zwei Gebühren</verletzt></xsl:if>",
    ));
    assert_eq!((code, certified), (1, 1));
    assert_eq!(verdict["cases"][0]["findings"][0]["id"], "rules.violated");
    // The sheet stops half-way: an error, not a failure, and no certificate.
    let stops = sheet(
        "<verletzt regel=\"R-1\">bis hierher</verletzt><xsl:if test=\"count(//m:Gebuehr) != 1\"><xsl:message terminate=\"yes\">R-2 nicht auswertbar</xsl:message></xsl:if>",
    );
    proves_nothing(&stops, "R-2 nicht auswertbar");
    proves_nothing(&stops.replace("version=\"1.0\"", "version=\"3.0\""), "XSLT 3.0");
}

fn proves_nothing(sheet: &str, reason: &str) {
    let (code, verdict, junit, certified) = chain(sheet);
    assert_eq!((code, certified), (2, 1), "{verdict}");
    assert_eq!(verdict["overall"], "inconclusive");
    let case = &verdict["cases"][0];
    let reasons = case["reasons"].to_string();
    assert!(reasons.contains(reason) && reasons.contains("rules.xsl"), "{reasons}");
    for finding in case["findings"].as_array().unwrap() {
        assert_eq!(finding["severity"], "note");
        assert!(finding["message"].as_str().unwrap().contains("unvollständige Auswertung"));
    }
    assert!(junit.contains("<error") && !junit.contains("<failure"), "{junit}");
}

#[test]
fn the_field_case_of_a_crashing_engine_proves_nothing() {
    let Some(folder) = real_data("cases/01-rule-engine-crash") else { return };
    let message = std::fs::read_to_string(folder.join("message.xml")).unwrap();
    let mut w = worker(20);
    let old =
        apply(&mut w, &std::fs::read_to_string(folder.join("rules-1.0.xsl")).unwrap(), &message);
    assert_eq!(old.end, TransformEnd::Aborted);
    assert!(old.messages.join(" ").contains("R-02"), "{:?}", old.messages);
    let new =
        apply(&mut w, &std::fs::read_to_string(folder.join("rules-3.0.xsl")).unwrap(), &message);
    assert_eq!(new.end, TransformEnd::EngineTooOld { wanted: "3.0".into() });
}
