//! Schemas as `check` sees them, and small messages derived from them.

use pruefstand::xml::SchemaSet;
use pruefstand::xsd::{Limits, Rule, SchemaModel, derive, instances};

use crate::args;
use crate::support::{pruefstand, real_data};

fn schema(body: &str) -> SchemaSet {
    SchemaSet::single(&format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n{body}\n</xs:schema>"
    ))
}

fn content(particles: &str) -> SchemaSet {
    schema(&format!(
        "<xs:element name=\"r\"><xs:complexType><xs:sequence>{particles}</xs:sequence></xs:complexType></xs:element>"
    ))
}

/// Engines disagree about these; the right answers are those of XML Schema 1.0.
#[test]
fn content_models_are_deterministic_or_a_finding() {
    let element = |occurs: &str| format!("<xs:element name=\"a\" type=\"xs:string\" {occurs}/>");
    for (occurs, findings) in [
        ("minOccurs=\"2\" maxOccurs=\"2\"", 0),
        ("minOccurs=\"1\" maxOccurs=\"2\"", 1),
        ("minOccurs=\"0\"", 1),
    ] {
        let set = content(&format!("{}{}", element(occurs), element("")));
        let model = SchemaModel::read(&set).unwrap();
        assert_eq!(model.determinism().len(), findings, "{occurs}");
    }
    let any = "<xs:any minOccurs=\"0\" processContents=\"lax\"/>";
    let model = SchemaModel::read(&content(&format!("{any}{}", element("")))).unwrap();
    assert_eq!(model.determinism().len(), 1, "a wildcard before an element it could take");
}

#[test]
fn messages_are_valid_or_break_one_rule() {
    let set = schema(
        r#"<xs:simpleType name="plz"><xs:restriction base="xs:string"><xs:pattern value="[0-9]{5}"/></xs:restriction></xs:simpleType>
<xs:element name="antrag"><xs:complexType><xs:sequence>
 <xs:element name="plz" type="plz"/>
 <xs:element name="kopien" minOccurs="0"><xs:simpleType><xs:restriction base="xs:int"><xs:minInclusive value="1"/><xs:maxInclusive value="5"/></xs:restriction></xs:simpleType></xs:element>
 <xs:choice><xs:element name="mail" type="xs:string"/><xs:element name="brief" type="xs:string"/></xs:choice>
 <xs:element name="art"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="A"/><xs:enumeration value="B"/></xs:restriction></xs:simpleType></xs:element>
</xs:sequence><xs:attribute name="nr" type="xs:string" use="required"/></xs:complexType></xs:element>"#,
    );
    let model = SchemaModel::read(&set).unwrap();
    assert!(model.determinism().is_empty());
    let (root, validator) = (&model.roots()[0], set.compile().unwrap());
    let found = derive(&model, root, &Limits::default(), &validator).unwrap();
    assert!(found.unproven.is_empty(), "{:?}", found.unproven);
    let texts: Vec<String> = found.instances.iter().map(|i| i.root.to_xml()).collect();
    for needle in ["<mail>", "<brief>", "<art>A<", "<art>B<", "<kopien>"] {
        assert!(texts.iter().any(|t| t.contains(needle)), "{needle}");
    }
    assert!(texts.iter().any(|t| !t.contains("<kopien>")));
    let rules: std::collections::BTreeSet<&str> =
        found.violations.iter().map(|v| v.rule.name()).collect();
    for rule in ["pattern", "minInclusive", "maxInclusive", "enumeration"] {
        assert!(rules.contains(rule), "{rule}: {rules:?}");
    }
    assert!(rules.len() >= 7, "{rules:?}");
    // The same schema gives the same bytes.
    let again = instances(&model, root, &Limits::default()).unwrap();
    assert_eq!(again.iter().map(|i| i.root.to_xml()).collect::<Vec<_>>(), texts);
    assert!(Rule::ALL.len() >= rules.len());
}

#[test]
fn a_root_without_finite_document_is_an_error() {
    let set = schema(
        "<xs:element name=\"r\" type=\"t\"/><xs:complexType name=\"t\"><xs:sequence><xs:element name=\"r\" type=\"t\"/></xs:sequence></xs:complexType>",
    );
    let model = SchemaModel::read(&set).unwrap();
    let error = instances(&model, &model.roots()[0], &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("no finite document"), "{error}");
}

#[test]
fn references_that_lead_nowhere_are_found_when_the_schema_is_read() {
    let set = content("<xs:element name=\"a\" type=\"fehlt\"/>");
    let errors = SchemaModel::read(&set).unwrap_err();
    assert!(errors.iter().any(|e| e.to_string().contains("fehlt") && e.line > 0), "{errors:?}");
}

/// The field cases of schemas about which engines disagree, with the right answers.
#[test]
fn the_field_cases_of_schemas_agree() {
    for (case, file, code) in [
        ("08-keyref-field-and-broken-schemas", "schema.xsd", 0),
        ("08-keyref-field-and-broken-schemas", "schema-unknown-refer.xsd", 65),
        ("08-keyref-field-and-broken-schemas", "schema-predicate-in-selector.xsd", 65),
        ("10-include-without-namespace", "bescheid.xsd", 0),
        ("11-two-imports-one-namespace", "haupt.xsd", 65),
        ("11-two-imports-one-namespace", "haupt-ueber-sammeldatei.xsd", 0),
        ("15-ambiguous-content-model", "fixed-then-same.xsd", 0),
        ("15-ambiguous-content-model", "optional-then-same.xsd", 65),
        ("15-ambiguous-content-model", "range-then-same.xsd", 65),
        ("15-ambiguous-content-model", "wildcard-then-element.xsd", 65),
    ] {
        let Some(folder) = real_data(&format!("cases/{case}")) else { return };
        let done = pruefstand(args!["check", folder.join(file)]).exits(code);
        assert_eq!(done.stderr.contains("error:"), code == 65, "{file}: {}", done.stderr);
    }
}
