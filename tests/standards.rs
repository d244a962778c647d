//! Plans over standards: every message and every violation comes from the schemas as they are
//! published. Skipped where the schemas are not there.

use std::path::{Path, PathBuf};
use std::process::Command;

use pruefstand::plan::{Expectation, Outcome, Step, TestPlan, Validity};

use crate::args;
use crate::support::{Sandbox, derive, json, pruefstand, python_client, real_data, root};

/// A concept over a standard, with the organisation of the fixture.
pub fn concept_over(sandbox: &Sandbox, xsd: &Path, more: &str) -> (PathBuf, PathBuf) {
    let fixture = root().join("fixtures/xwasser");
    let text = std::fs::read_to_string(fixture.join("concept.toml")).unwrap();
    let head = text.split("[[message]]").next().unwrap().replace("fresh_state", "# fresh_state");
    let standard = format!("\n[[standard]]\nxsd = \"{}\"\n{more}\n", xsd.display());
    (sandbox.write("concept.toml", &(head + &standard)), fixture.join("organisation.toml"))
}

/// Derives a plan over a standard and proves all its messages.
fn plan_over(sandbox: &Sandbox, xsd: &Path, more: &str) -> TestPlan {
    let (concept, organisation) = concept_over(sandbox, xsd, more);
    let plan = sandbox.path("plan.toml");
    derive(&concept, &organisation, &plan);
    pruefstand(args!["messages", "--plan", &plan, "--out", sandbox.path("messages")]).exits(0);
    pruefstand::plan::load(&plan).unwrap()
}

/// Valid messages, and messages with one broken rule.
fn counts(plan: &TestPlan) -> (usize, usize) {
    let sent = |validity: Validity| {
        let of = |s: &Step| matches!(s, Step::Send { message, .. } if message.validity == validity);
        plan.case.iter().filter(|c| c.step.iter().any(of)).count()
    };
    (sent(Validity::Valid), sent(Validity::Schema))
}

/// What Python's xmlschema says about the messages in the sandbox; nothing where it is not there.
pub fn second_opinion(sandbox: &Sandbox, catalogue: Option<&Path>, schemas: &[(String, PathBuf)]) {
    let Some(python) = python_client() else { return };
    let mut command = Command::new(python);
    command.arg(root().join("tests/second_opinion.py")).arg(sandbox.path("messages"));
    command.arg(catalogue.unwrap_or(Path::new("-")));
    for (message, schema) in schemas {
        command.arg(format!("{message}={}", schema.display()));
    }
    let output = command.output().unwrap();
    let (said, count) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{count}");
    assert_eq!(said, "", "xmlschema disagrees");
    let count: usize = count.split(' ').next().unwrap().parse().unwrap();
    assert!(count > 0, "no message was looked at");
}

#[test]
fn all_versions_of_xdomea() {
    let Some(data) = real_data("data") else { return };
    for version in ["2.3.0", "2.4.0", "3.0.0", "3.1.0"] {
        let sandbox = Sandbox::new();
        let name = format!("xdomea/xsd/{version}/xdomea-Nachrichten-AbgabeDurchfuehren.xsd");
        let xsd = data.join(name);
        let more = "correlator = \"Kopf/ProzessID\"\nroots = [\"Abgabe.Abgabe.0401\"]\n\
                    header = { path = \"Kopf/Nachrichtentyp/code\", value = \"{nummer}\", \
                    contradiction = \"report\" }";
        let plan = plan_over(&sandbox, &xsd, more);
        let (valid, broken) = counts(&plan);
        assert!(valid > 150 && broken > 700, "{version}: {valid} valid, {broken} broken");
        assert_eq!(plan.not_made, [], "{version}");
        if version == "3.1.0" {
            second_opinion(&sandbox, None, &[("Abgabe.Abgabe.0401".into(), xsd)]);
        }
    }
}

#[test]
fn xta_and_signatures() {
    let Some(data) = real_data("data") else { return };
    for (name, least) in [
        ("xta-2.1.1/XTA-Webservice-Globale-Elemente.xsd", 900),
        ("xoev-basis/xmldsig-core-schema.xsd", 500),
    ] {
        let sandbox = Sandbox::new();
        let plan = plan_over(&sandbox, &data.join(name), "");
        let (valid, broken) = counts(&plan);
        assert!(valid + broken > least, "{name}: {valid} valid, {broken} broken");
        // What is left out is what no longer carries anything to recognise it by, or what libxml2
        // does not see.
        assert!(plan.not_made.len() * 10 < plan.case.len(), "{name}: {:#?}", plan.not_made);
    }
}

#[test]
fn osci() {
    let Some(data) = real_data("data") else { return };
    let folder = data.join("osci-1.2/schema");
    for name in ["soapStoreDelivery", "soapResponseToFetchDelivery", "soapMessageEncrypted"] {
        let sandbox = Sandbox::new();
        let catalogue = crate::xsd_real::osci_catalogue(&sandbox, &data);
        let more = format!("catalogue = \"{}\"", catalogue.display());
        let plan = plan_over(&sandbox, &folder.join(format!("{name}.xsd")), &more);
        let (valid, broken) = counts(&plan);
        assert!(valid >= 10 && broken > 200, "{name}: {valid} valid, {broken} broken");
    }
}

#[test]
fn a_schema_of_types_alone_is_a_finding() {
    let Some(data) = real_data("data") else { return };
    let sandbox = Sandbox::new();
    let xsd = data.join("xoev-basis/din-norm-91379-datatypes_2022-08.xsd");
    let (concept, _) = concept_over(&sandbox, &xsd, "");
    let done = pruefstand(args!["check", &concept]).exits(65);
    assert!(done.stderr.contains("it only holds types"), "{}", done.stderr);
}

const SMALL: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:klein" xmlns="urn:klein" elementFormDefault="qualified">
  <xs:element name="meldung.0100"><xs:complexType><xs:sequence>
    <xs:element name="id" type="xs:string"/>
    <xs:element name="name"><xs:simpleType><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="20"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="anzahl" type="xs:positiveInteger" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

#[test]
fn a_schema_that_does_not_load_is_a_finding_and_leaves_its_cases_open() {
    let sandbox = Sandbox::new();
    let broken = SMALL.replace("<xs:element name=\"meldung", "<xs:import namespace=\"urn:x\" schemaLocation=\"https://example.invalid/x.xsd\"/>\n  <xs:element name=\"meldung");
    let xsd = sandbox.write("klein.xsd", &broken);
    let (concept, organisation) =
        concept_over(&sandbox, &xsd, "roots = [\"meldung.0100\"]\ncorrelator = \"id\"");
    let done = pruefstand(args!["check", &concept]).exits(65);
    for part in ["klein.xsd:2", "https://example.invalid/x.xsd", "not in the catalogue"] {
        assert!(done.stderr.contains(part), "{part} in {}", done.stderr);
    }
    let (plan, out) = (sandbox.path("plan.toml"), sandbox.path("run"));
    derive(&concept, &organisation, &plan);
    let read = pruefstand::plan::load(&plan).unwrap();
    let open = &read.case[0].expect[0];
    assert!(
        matches!(open, Expectation::Undecidable { reason, .. } if reason.contains("example.invalid"))
    );
    // No hub is needed to see that nothing was checked; the embedded one serves.
    let organisation = sandbox.write(
        "organisation.toml",
        &std::fs::read_to_string(&organisation).unwrap().replace("[\"depot\"]", "[]"),
    );
    derive(&concept, &organisation, &plan);
    let done =
        pruefstand(args!["run", "--plan", &plan, "--organisation", &organisation, "--out", &out]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    let verdict = json(&out.join("verdict.json"));
    assert_eq!(verdict["overall"], "inconclusive");
    assert_eq!(verdict["counts"]["inconclusive"], 1);
    let reason = verdict["cases"][0]["reasons"][0].as_str().unwrap();
    assert!(reason.contains("not in the catalogue"), "{reason}");
}

#[test]
fn a_changed_bound_of_a_standard_changes_its_own_cases_alone() {
    let sandbox = Sandbox::new();
    let plan = |text: &str, name: &str| {
        let inner = Sandbox::new();
        let xsd = inner.write("klein.xsd", text);
        let plan = plan_over(&inner, &xsd, "correlator = \"id\"");
        let path = sandbox.path(name);
        std::fs::write(&path, plan.to_text().unwrap()).unwrap();
        path
    };
    let old = plan(SMALL, "alt.toml");
    let new = plan(&SMALL.replace("value=\"20\"", "value=\"30\""), "neu.toml");
    let done = pruefstand(args!["--format", "json", "plan", "diff", &old, &new]);
    let diff: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let cases = diff["cases"].as_object().unwrap();
    let of = |kind: &str| -> Vec<&str> {
        cases.iter().filter(|(_, c)| c[0] == kind).map(|(id, _)| id.as_str()).collect()
    };
    assert_eq!((of("new"), of("gone")), (vec![], vec![]), "{diff:#}");
    let changed = of("changed");
    assert!(
        changed.contains(&"schema-bounds/meldung.0100/maxLength/meldung.0100/name"),
        "{changed:?}"
    );
    assert!(!changed.contains(&"schema-valid/meldung.0100/minimal"), "{changed:?}");
    assert!(changed.len() * 2 < cases.len(), "{changed:?} of {}", cases.len());
}

#[test]
fn what_must_be_refused_is_refused_for_the_reason_the_plan_names() {
    let sandbox = Sandbox::new();
    let xsd = sandbox.write("klein.xsd", SMALL);
    let plan = plan_over(&sandbox, &xsd, "correlator = \"id\"");
    for case in &plan.case {
        let rejected = case.expect.iter().any(|e| {
            matches!(e, Expectation::Reply { outcome: Outcome::Rejected, code: Some(_), .. })
        });
        let Some(Step::Send { message, .. }) = case.step.first() else { panic!("{}", case.id) };
        assert_eq!(rejected, message.rule.is_some(), "{}", case.id);
    }
    second_opinion(&sandbox, None, &[("meldung.0100".into(), xsd.clone())]);
    // A message that is not what the plan says is found before anything is sent.
    let text = std::fs::read_to_string(sandbox.path("plan.toml")).unwrap();
    let forged = text.replacen("rule = \"max-length\"", "rule = \"pattern\"", 1);
    assert_ne!(text, forged);
    let path = sandbox.write("forged.toml", &forged);
    let done = pruefstand(args!["messages", "--plan", &path, "--out", sandbox.path("x")]).exits(65);
    assert!(done.stderr.contains("exactly one rule"), "{}", done.stderr);
}

#[test]
fn a_root_without_one_valid_message_stays_open() {
    let sandbox = Sandbox::new();
    // The prefix in the enumeration means nothing in a message, so that none can be made.
    let bad = "<xs:element name=\"schlecht.0200\"><xs:complexType><xs:sequence>\
               <xs:element name=\"id\" type=\"xs:string\"/>\
               <xs:element name=\"n\"><xs:simpleType><xs:restriction base=\"xs:QName\">\
               <xs:enumeration value=\"k:x\"/></xs:restriction></xs:simpleType></xs:element>\
               </xs:sequence></xs:complexType></xs:element>\n</xs:schema>";
    let text = SMALL
        .replace("xmlns=\"urn:klein\"", "xmlns=\"urn:klein\" xmlns:k=\"urn:klein\"")
        .replace("</xs:schema>", bad);
    let xsd = sandbox.write("klein.xsd", &text);
    let (concept, organisation) = concept_over(&sandbox, &xsd, "correlator = \"id\"");
    let plan = sandbox.path("plan.toml");
    derive(&concept, &organisation, &plan);
    let plan = pruefstand::plan::load(&plan).unwrap();
    let open: Vec<&str> = plan
        .case
        .iter()
        .filter(|c| matches!(c.expect[0], Expectation::Undecidable { .. }))
        .map(|c| c.id.as_str())
        .collect();
    assert_eq!(open, ["schema-valid/schlecht.0200/schema"]);
    assert!(plan.case.iter().any(|c| c.id.as_str() == "schema-valid/meldung.0100/minimal"));
}

const REFERRING: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:klein" xmlns="urn:klein" elementFormDefault="qualified">
  <xs:element name="meldung.0100"><xs:complexType><xs:sequence>
    <xs:element name="siegel" type="xs:base64Binary"/>
    <xs:element name="teil" maxOccurs="3"><xs:complexType><xs:attribute name="nr" type="xs:ID" use="required"/></xs:complexType></xs:element>
    <xs:element name="verweise" type="xs:IDREFS" minOccurs="0"/>
    <xs:element name="leer"><xs:complexType/></xs:element>
    <xs:element name="betreff" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

#[test]
fn marks_stand_only_where_a_text_means_nothing_else() {
    let sandbox = Sandbox::new();
    let xsd = sandbox.write("klein.xsd", REFERRING);
    let plan = plan_over(&sandbox, &xsd, "");
    let mut marked = std::collections::BTreeSet::new();
    for case in plan.case.iter().filter(|c| c.method == "schema-valid") {
        let Some(Step::Send { message, .. }) = case.step.first() else { panic!("{}", case.id) };
        marked.extend(message.edit.iter().map(|e| e.at().split('[').next().unwrap().to_owned()));
    }
    // An ID to which nothing refers may be changed; data in base64 and references may not.
    assert!(marked.contains("betreff"), "{marked:?}");
    assert!(!marked.contains("siegel") && !marked.contains("verweise"), "{marked:?}");
    second_opinion(&sandbox, None, &[("meldung.0100".into(), xsd)]);
}
