//! What XML Schemas say: the kinds of faults and components on small schemas, then the real ones.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use pruefstand::xml::{SchemaSet, Validator, Writer};
use pruefstand::xsd::{
    Derived, Limits, Name, NoInstance, Rule, SchemaModel, confirm, derive, instances, violations,
};

use crate::support::{Sandbox, real_data, tool};

fn small(body: &str) -> SchemaSet {
    SchemaSet::single(&format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n{body}\n</xs:schema>"
    ))
}

/// A complex type for element `a` around a content model.
fn model(content: &str) -> SchemaSet {
    small(&format!(
        "<xs:element name=\"a\"><xs:complexType>{content}</xs:complexType></xs:element>"
    ))
}

fn errors(set: &SchemaSet) -> Vec<String> {
    match SchemaModel::read(set) {
        Ok(model) => model.determinism().iter().map(ToString::to_string).collect(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

fn load(folder: &Path, name: &str) -> SchemaSet {
    SchemaSet::load(&folder.join(name), None).unwrap()
}

fn root(local: &str) -> Name {
    Name::new("", local)
}

pub fn is_violation(id: &str) -> bool {
    Rule::ALL.iter().any(|r| id.starts_with(&format!("{}/", r.name())))
}

/// Derives with proof; fails when an instance is not valid.
fn derived(set: &SchemaSet, root: &Name) -> (Derived, Validator) {
    let model = SchemaModel::read(set).unwrap_or_else(|e| panic!("{e:#?}"));
    let validator = set.compile().unwrap();
    let found = derive(&model, root, &Limits::default(), &validator).unwrap();
    let bad: Vec<_> = found.unproven.iter().filter(|(id, _)| !is_violation(id)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    (found, validator)
}

fn ids(found: &Derived) -> BTreeSet<&str> {
    found.violations.iter().map(|v| v.id.as_str()).collect()
}

#[test]
fn unique_particle_attribution_is_exact() {
    let element = |occurs: &str| format!("<xs:element name=\"e\" type=\"xs:string\" {occurs}/>");
    let seq = |parts: &[String]| format!("<xs:sequence>{}</xs:sequence>", parts.join(""));
    let one = element("");
    let between = |inner: String, occurs: &str| {
        inner.replacen("<xs:sequence>", &format!("<xs:sequence {occurs}>"), 1)
    };
    let good = [
        seq(&[element("minOccurs='2' maxOccurs='2'"), one.clone()]),
        seq(&[element("minOccurs='30' maxOccurs='30'"), one.clone()]),
        seq(&[element("minOccurs='500' maxOccurs='500'"), one.clone()]),
        // The same particle again is no other particle.
        between(seq(&[element("maxOccurs='2'")]), "maxOccurs='2'"),
        between(seq(&[element("minOccurs='0' maxOccurs='unbounded'")]), "maxOccurs='unbounded'"),
        seq(&["<xs:any namespace='urn:x'/>".into(), one.clone()]),
        seq(&[
            between(
                seq(&[one.clone(), "<xs:element name='f'/>".into()]),
                "minOccurs='3' maxOccurs='3'",
            ),
            one.clone(),
        ]),
    ];
    for content in good {
        assert_eq!(errors(&model(&content)), Vec::<String>::new(), "{content}");
    }
    let bad = [
        seq(&[element("minOccurs='1' maxOccurs='2'"), one.clone()]),
        seq(&[element("minOccurs='29' maxOccurs='30'"), one.clone()]),
        seq(&[element("minOccurs='499' maxOccurs='500'"), one.clone()]),
        seq(&[element("minOccurs='0'"), one.clone()]),
        seq(&["<xs:any processContents='lax' minOccurs='0'/>".into(), one.clone()]),
        format!("<xs:choice>{one}{}</xs:choice>", seq(&[one.clone(), "<xs:element name='f'/>".into()])),
        between(seq(&[one.clone(), "<xs:element name='f' minOccurs='0'/>".into(), element("minOccurs='0'")]), "maxOccurs='3'"),
        "<xs:all><xs:element name='e' type='xs:string'/><xs:element name='e' type='xs:string'/></xs:all>".into(),
    ];
    for content in bad {
        let found = errors(&model(&content));
        assert!(found.len() == 1, "{content}: {found:?}");
        assert!(found[0].starts_with("schema:///main.xsd:2: the content model"), "{}", found[0]);
    }
    // A member of a substitution group competes for its head's place.
    let group = small(
        "<xs:element name='h' type='xs:string'/><xs:element name='m' substitutionGroup='h'/>
         <xs:element name='a'><xs:complexType><xs:choice>
         <xs:element ref='h'/>
         <xs:element ref='m'/></xs:choice></xs:complexType></xs:element>",
    );
    let found = errors(&group);
    assert!(found.len() == 1 && found[0].contains("<m>"), "{found:?}");
    assert!(found[0].starts_with("schema:///main.xsd:5:"), "{found:?}");
}

#[test]
fn faults_of_schemas_come_all_at_once_with_their_lines() {
    let set = small(
        "<xs:element name='a' type='FehltType'/>
<xs:element name='a' type='xs:string'/>
<xs:complexType name='KreisType'><xs:complexContent><xs:extension base='KreisType'/></xs:complexContent></xs:complexType>
<xs:group name='G'><xs:sequence><xs:group ref='G'/></xs:sequence></xs:group>
<xs:attributeGroup name='H'><xs:attributeGroup ref='H'/></xs:attributeGroup>
<xs:simpleType name='M'><xs:restriction base='xs:string'><xs:pattern value='[a'/></xs:restriction></xs:simpleType>
<xs:element name='b'><xs:complexType><xs:sequence><xs:element ref='nirgends' maxOccurs='viele'/></xs:sequence></xs:complexType></xs:element>
<xs:element name='c' type='p:X'/>",
    );
    // Two declarations of one name make everything else guesswork: they are told first.
    let found = errors(&set);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("schema:///main.xsd:3: element \"a\" is declared a second time"));
    let text = String::from_utf8(set.files[&set.main].to_vec()).unwrap();
    let set = SchemaSet::single(&text.replace("<xs:element name='a' type='xs:string'/>", ""));
    let found = errors(&set);
    let lines: Vec<&str> = found.iter().map(|e| e.split(": ").next().unwrap()).collect();
    assert_eq!(
        lines,
        ["2", "4", "5", "6", "7", "8", "8", "9"].map(|l| format!("schema:///main.xsd:{l}")),
        "{found:#?}"
    );
    for (index, word) in [
        (0, "FehltType"),
        (1, "derived from itself"),
        (2, "contains itself"),
        (3, "contains itself"),
        (4, "pattern"),
        (5, "nirgends"),
        (6, "maxOccurs"),
        (7, "prefix"),
    ] {
        assert!(found[index].contains(word), "{}", found[index]);
    }
}

#[test]
fn words_of_other_versions_are_not_passed_over() {
    let found = errors(&model("<xs:sequence/>\n<xs:assert test='true()'/>"));
    assert_eq!(
        found,
        ["schema:///main.xsd:3: <assert> is not part of XML Schema 1.0, which the schema engine \
          follows"]
    );
}

#[test]
fn identity_constraints_that_cannot_hold_are_faults_of_the_schema() {
    let register = |constraint: &str| {
        small(&format!(
            "<xs:element name='r'><xs:complexType><xs:sequence>\
             <xs:element name='e' maxOccurs='9'><xs:complexType><xs:attribute name='k' type='xs:token'/></xs:complexType></xs:element>\
             </xs:sequence></xs:complexType>\n<xs:unique name='u'><xs:selector xpath='e'/><xs:field xpath='@k'/></xs:unique>\n{constraint}</xs:element>"
        ))
    };
    for (constraint, word) in [
        (
            "<xs:keyref name='v' refer='w'><xs:selector xpath='e'/><xs:field xpath='@k'/></xs:keyref>",
            "which is no key",
        ),
        (
            "<xs:keyref name='v' refer='v'><xs:selector xpath='e'/><xs:field xpath='@k'/></xs:keyref>",
            "keyref itself",
        ),
        (
            "<xs:keyref name='v' refer='u'><xs:selector xpath='e'/><xs:field xpath='@k'/><xs:field xpath='.'/></xs:keyref>",
            "2 fields",
        ),
        (
            "<xs:key name='v'><xs:selector xpath=\"e[@k='1']\"/><xs:field xpath='@k'/></xs:key>",
            "predicates",
        ),
        (
            "<xs:key name='v'><xs:selector xpath='@k'/><xs:field xpath='@k'/></xs:key>",
            "may only end a field",
        ),
        (
            "<xs:key name='v'><xs:selector xpath='//e'/><xs:field xpath='@k'/></xs:key>",
            "not a step",
        ),
        ("<xs:key name='v'><xs:selector xpath='p:e'/><xs:field xpath='@k'/></xs:key>", "prefix"),
    ] {
        let found = errors(&register(constraint));
        assert_eq!(found.len(), 1, "{constraint}: {found:?}");
        assert!(found[0].contains(word), "{found:?}");
        assert!(found[0].starts_with("schema:///main.xsd:4:"), "{found:?}");
    }
    assert_eq!(errors(&register("")), Vec::<String>::new());
}

/// Nearly every kind of component.
const KINDS: &str = include_str!("../fixtures/xsd/kinds.xsd");

#[test]
fn every_kind_of_component_gives_valid_messages_and_every_rule_is_broken_alone() {
    let set = SchemaSet::single(KINDS);
    let name = Name::new("urn:example:kinds", "Vorgang");
    let (found, validator) = derived(&set, &name);
    let broken: BTreeSet<Rule> = found.violations.iter().map(|v| v.rule).collect();
    let missing: Vec<&str> =
        Rule::ALL.iter().filter(|r| !broken.contains(r)).map(|r| r.name()).collect();
    assert_eq!(missing, Vec::<&str>::new());
    let bases: BTreeSet<&str> = found.instances.iter().map(|i| i.id.as_str()).collect();
    assert_eq!(found.instances[0].id, "minimal");
    assert_eq!(bases.len(), found.instances.len(), "ids of messages are unique");
    assert_eq!(ids(&found).len(), found.violations.len(), "ids of violations are unique");
    for violation in &found.violations {
        let base = found.instances.iter().find(|i| i.id == violation.base).unwrap();
        confirm(violation, &base.root, &validator).unwrap();
    }
    // Faults in what a key or its reference consists of break the key as well.
    for (id, why) in &found.unproven {
        assert!(id.contains("/Akte/@") || id.contains("/Verweis/@"), "{id}: {why}");
    }
}

/// Reads a folder with `ok-*.xml` and `bad-*.xml` and prints what it thinks otherwise.
const THIRD_OPINION: &str = r#"
import pathlib, sys, xmlschema
schema = xmlschema.XMLSchema10(sys.argv[1])
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.xml")):
    try:
        valid = schema.is_valid(str(path))
    except KeyError:
        # What xsi:type names is not there.
        valid = False
    if valid != path.name.startswith("ok-"):
        print(path.name)
"#;

#[test]
fn other_engines_agree_on_every_kind() {
    let set = SchemaSet::single(KINDS);
    let (found, _) = derived(&set, &Name::new("urn:example:kinds", "Vorgang"));
    let sandbox = Sandbox::new();
    let mut names = std::collections::BTreeMap::new();
    for (number, instance) in found.instances.iter().enumerate() {
        let name = format!("ok-{number:03}.xml");
        sandbox.write(&format!("messages/{name}"), &Writer::new().write(&instance.root));
        names.insert(name, instance.id.clone());
    }
    for (number, violation) in found.violations.iter().enumerate() {
        let base = found.instances.iter().find(|i| i.id == violation.base).unwrap();
        let mut changed = base.root.clone();
        pruefstand::xsd::apply(&mut changed, &violation.edits).unwrap();
        let name = format!("bad-{number:03}.xml");
        let text = Writer::new().prefix("kinds", "urn:example:kinds").write(&changed);
        sandbox.write(&format!("messages/{name}"), &text);
        names.insert(name, violation.id.clone());
    }
    let folder = sandbox.path("messages");
    let schema = crate::support::root().join("fixtures/xsd/kinds.xsd");
    if tool("xmllint") {
        let files = names.keys().map(|n| folder.join(n));
        let output = std::process::Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema"])
            .arg(&schema)
            .args(files)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        for name in names.keys() {
            assert_eq!(
                said.contains(&format!("/{name} validates")),
                name.starts_with("ok-"),
                "{name}"
            );
        }
    }
    let script = sandbox.write("third.py", THIRD_OPINION);
    let python =
        std::process::Command::new("python3").arg(script).arg(&schema).arg(&folder).output();
    match python {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            let other: Vec<&String> = said.lines().map(|line| &names[line]).collect();
            assert_eq!(other, Vec::<&String>::new());
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("No module named 'xmlschema'"), "{said}");
            eprintln!("skipped: the Python package xmlschema is not installed");
        }
        Err(_) => eprintln!("skipped: python3 is not installed"),
    }
}

#[test]
fn the_same_schema_gives_the_same_bytes() {
    let set = SchemaSet::single(KINDS);
    let name = Name::new("urn:example:kinds", "Vorgang");
    let text = || {
        let model = SchemaModel::read(&set).unwrap();
        let limits = Limits::default();
        let messages = instances(&model, &name, &limits).unwrap();
        let written: Vec<String> =
            messages.iter().map(|i| format!("{}{}", i.id, Writer::new().write(&i.root))).collect();
        (written, violations(&model, &messages, &limits))
    };
    assert_eq!(text(), text());
}

#[test]
fn a_new_optional_element_leaves_the_ids_of_violations_alone() {
    let before = model(
        "<xs:sequence><xs:element name='x' type='xs:date'/><xs:element name='y' type='xs:int' minOccurs='0'/></xs:sequence>",
    );
    let after = model(
        "<xs:sequence><xs:element name='neu' type='xs:string' minOccurs='0'/><xs:element name='x' type='xs:date'/><xs:element name='y' type='xs:int' minOccurs='0'/></xs:sequence>",
    );
    let (old, _) = derived(&before, &root("a"));
    let (new, _) = derived(&after, &root("a"));
    let gone: Vec<_> = ids(&old).difference(&ids(&new)).copied().collect();
    assert_eq!(gone, Vec::<&str>::new());
    assert!(ids(&new).contains("element-too-often/a/neu"));
}

#[test]
fn work_and_output_stay_within_limits() {
    let limits = Limits { depth: 1, unbounded: 2, instances: 5, violations: 7 };
    let set = SchemaSet::single(KINDS);
    let model = SchemaModel::read(&set).unwrap();
    let name = Name::new("urn:example:kinds", "Vorgang");
    let messages = instances(&model, &name, &limits).unwrap();
    assert_eq!(messages.len(), 5);
    assert_eq!(violations(&model, &messages, &limits).len(), 7);
    let validator = set.compile().unwrap();
    assert!(!derive(&model, &name, &limits, &validator).unwrap().complete);
    assert!(derive(&model, &name, &Limits::default(), &validator).unwrap().complete);
    // Branching recursion: without limits, the number of elements doubles with each level.
    let tree = small(
        "<xs:element name='t' type='T'/><xs:complexType name='T'><xs:sequence>
         <xs:element name='l' type='T' minOccurs='0' maxOccurs='unbounded'/>
         <xs:element name='r' type='T' minOccurs='0' maxOccurs='unbounded'/></xs:sequence></xs:complexType>",
    );
    let model = SchemaModel::read(&tree).unwrap();
    let limits = Limits { depth: 40, ..Limits::default() };
    let start = Instant::now();
    let messages = instances(&model, &root("t"), &limits).unwrap();
    let longest = messages.iter().map(|i| Writer::new().write(&i.root).len()).max().unwrap();
    assert!(longest < 400_000, "{longest}");
    assert!(start.elapsed().as_secs() < 20);
    // A chain of two hundred required levels and one of three hundred.
    let chain = |length: usize| {
        let links: String = (0..length)
            .map(|i| {
                format!(
                    "<xs:element name='e{i}'><xs:complexType><xs:sequence><xs:element ref='e{}'/></xs:sequence></xs:complexType></xs:element>",
                    i + 1
                )
            })
            .collect();
        small(&format!("{links}<xs:element name='e{length}' type='xs:string'/>"))
    };
    let deep = SchemaModel::read(&chain(150)).unwrap();
    assert!(instances(&deep, &root("e0"), &Limits::default()).is_ok());
    let deeper = SchemaModel::read(&chain(3_000)).unwrap();
    assert_eq!(
        instances(&deeper, &root("e0"), &Limits::default()).unwrap_err(),
        NoInstance::TooLarge(root("e0"))
    );
    let shut = SchemaModel::read(&small("<xs:element name='s' abstract='true'/>")).unwrap();
    assert_eq!(
        instances(&shut, &root("s"), &Limits::default()).unwrap_err(),
        NoInstance::Abstract(root("s"))
    );
    assert_eq!(
        instances(&deep, &root("fehlt"), &Limits::default()).unwrap_err(),
        NoInstance::NoElement(root("fehlt"))
    );
}

#[test]
fn case_08_identity() {
    let Some(folder) = real_data("cases/08-keyref-field-and-broken-schemas") else { return };
    let refer = errors(&load(&folder, "schema-unknown-refer.xsd"));
    assert!(
        refer.len() == 1 && refer[0].contains("schema-unknown-refer.xsd:11: keyref"),
        "{refer:?}"
    );
    let predicate = errors(&load(&folder, "schema-predicate-in-selector.xsd"));
    assert!(predicate.len() == 1 && predicate[0].contains(":11: "), "{predicate:?}");
    let (found, _) = derived(&load(&folder, "schema.xsd"), &root("Register"));
    for id in ["key-duplicate/Zeichen", "keyref-dangling/VerweisAuf"] {
        assert!(ids(&found).contains(id), "{id}: {:?}", found.unproven);
    }
}

#[test]
fn case_10_included_for_two_namespaces() {
    let Some(folder) = real_data("cases/10-include-without-namespace") else { return };
    let set = load(&folder, "bescheid.xsd");
    let model = SchemaModel::read(&set).unwrap();
    assert_eq!(model.roots(), [Name::new("urn:example:bescheid", "Bescheid")]);
    assert_eq!(model.all_roots().len(), 2);
    let (found, _) = derived(&set, &model.roots()[0]);
    let text = Writer::new().write(&found.instances[0].root);
    assert!(text.contains("<Anschrift>\n"), "{text}");
    assert_eq!(text.matches("<Plz>02826</Plz>").count(), 2);
    // The type is there twice, once per namespace, and so are its faults.
    assert!(ids(&found).contains("pattern/AnschriftTyp/Plz"));
    assert!(ids(&found).contains("pattern/AnschriftTyp/Plz~2"));
}

#[test]
fn case_11_second_import_of_a_namespace() {
    let Some(folder) = real_data("cases/11-two-imports-one-namespace") else { return };
    let found = errors(&load(&folder, "haupt.xsd"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("JuristischePerson") && found[0].contains("person-juristisch.xsd"));
    derived(
        &load(&folder, "haupt-ueber-sammeldatei.xsd"),
        &Name::new("urn:example:formular", "Formular"),
    );
}

#[test]
fn case_15_determinism() {
    let Some(folder) = real_data("cases/15-ambiguous-content-model") else { return };
    for (name, line) in [
        ("optional-then-same.xsd", 5),
        ("wildcard-then-element.xsd", 5),
        ("range-then-same.xsd", 5),
    ] {
        let found = errors(&load(&folder, name));
        assert!(found.len() == 1 && found[0].contains(&format!("{name}:{line}: ")), "{found:?}");
    }
    assert_eq!(errors(&load(&folder, "fixed-then-same.xsd")), Vec::<String>::new());
}

#[test]
fn case_18_decimals() {
    let Some(folder) = real_data("cases/18-decimal-lexical-forms") else { return };
    let (found, _) = derived(&load(&folder, "schema.xsd"), &root("Liste"));
    for rule in ["totalDigits", "fractionDigits", "lexical", "empty"] {
        assert!(found.violations.iter().any(|v| v.rule.name() == rule), "{rule}");
    }
    for instance in &found.instances {
        for value in instance.root.elements().map(pruefstand::xml::Element::text) {
            assert!(
                value.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-'),
                "{value} in {}",
                instance.id
            );
        }
    }
}

#[test]
fn case_55_recursion_pattern_choice() {
    let Some(folder) = real_data("cases/55-generator-recursion-pattern-choice") else { return };
    let set = load(&folder, "schema.xsd");
    let model = SchemaModel::read(&set).unwrap();
    let endless = instances(&model, &root("Endlos"), &Limits::default()).unwrap_err();
    assert!(endless.to_string().contains("no finite document exists"), "{endless}");
    let mut sizes = Vec::new();
    for depth in 1..=4 {
        let limits = Limits { depth, ..Limits::default() };
        let validator = set.compile().unwrap();
        let found = derive(&model, &root("Ordner"), &limits, &validator).unwrap();
        assert_eq!(found.unproven, Vec::new());
        let texts: Vec<String> =
            found.instances.iter().map(|i| Writer::new().write(&i.root)).collect();
        let first = texts[..3].concat();
        for branch in ["<Datum>", "<Von>", "<Unbefristet/>", "\"offen\"", "Dienstgebrauch\""] {
            assert!(first.contains(branch), "{branch}");
        }
        assert!(texts.iter().all(|t| !t.contains("AB-12345/a")));
        assert_eq!(nesting(&found.instances[1].root), depth as usize + 1);
        sizes.push(texts[1].len());
    }
    assert!(sizes.is_sorted() && sizes[3] < 20_000, "{sizes:?}");
}

fn nesting(element: &pruefstand::xml::Element) -> usize {
    1 + element.elements().filter(|e| e.name == "Ordner").map(nesting).max().unwrap_or(0)
}

#[test]
fn hostile_schemas_end_in_time() {
    let start = Instant::now();
    // Groups that double with each level.
    let doubling: String = (0..40)
        .map(|i| {
            format!(
                "<xs:group name='g{i}'><xs:sequence><xs:group ref='g{n}'/><xs:group ref='g{n}'/></xs:sequence></xs:group>\n",
                n = i + 1
            )
        })
        .collect();
    let found = errors(&small(&format!(
        "{doubling}<xs:group name='g40'><xs:sequence><xs:element name='e'/></xs:sequence></xs:group>"
    )));
    assert!(found.iter().any(|e| e.contains("particles")), "{:?}", found.first());
    // Extensions that add to each other, and attribute groups that do.
    let types: String = (1..4_000)
        .map(|i| {
            format!(
                "<xs:complexType name='t{i}'><xs:complexContent><xs:extension base='t{}'><xs:sequence><xs:element name='e{i}'/></xs:sequence><xs:attribute name='a{i}'/></xs:extension></xs:complexContent></xs:complexType>\n",
                i - 1
            )
        })
        .collect();
    let found = errors(&small(&format!("<xs:complexType name='t0'/>{types}")));
    assert!(!found.is_empty());
    // Unions of unions.
    let unions: String = (0..60)
        .map(|i| {
            format!(
                "<xs:simpleType name='u{i}'><xs:union memberTypes='u{n} v{n}'/></xs:simpleType><xs:simpleType name='v{i}'><xs:restriction base='u{i}'><xs:pattern value='.*'/></xs:restriction></xs:simpleType>\n",
                n = i + 1
            )
        })
        .collect();
    let set = small(&format!(
        "{unions}<xs:simpleType name='u60'><xs:restriction base='xs:int'/></xs:simpleType><xs:simpleType name='v60'><xs:restriction base='xs:date'/></xs:simpleType><xs:element name='a' type='u0'/>"
    ));
    let model = SchemaModel::read(&set).unwrap();
    let _ = instances(&model, &root("a"), &Limits::default());
    // A chain of elements in the wrong order, far longer than any document may be deep.
    let links: String = (0..20_000)
        .map(|i| {
            format!("<xs:element name='e{}'><xs:complexType><xs:sequence><xs:element ref='e{i}'/></xs:sequence></xs:complexType></xs:element>", i + 1)
        })
        .collect();
    let model = SchemaModel::read(&small(&format!("<xs:element name='e0'/>{links}"))).unwrap();
    assert_eq!(
        instances(&model, &root("e20000"), &Limits::default()).unwrap_err(),
        NoInstance::TooLarge(root("e20000"))
    );
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// A set of several files; the first is the main one.
fn files(list: &[(&str, &str)]) -> SchemaSet {
    let files = list.iter().map(|(name, body)| {
        let text = body.replacen(
            "<xs:schema",
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"",
            1,
        );
        (format!("schema:///{name}"), std::sync::Arc::new(text.into_bytes()))
    });
    SchemaSet { main: format!("schema:///{}", list[0].0), files: files.collect() }
}

#[test]
fn a_file_without_namespace_belongs_to_each_that_includes_it() {
    let set = files(&[
        (
            "a.xsd",
            "<xs:schema targetNamespace='urn:a' xmlns='urn:a' xmlns:b='urn:b' elementFormDefault='qualified'><xs:import namespace='urn:b' schemaLocation='b.xsd'/><xs:include schemaLocation='t.xsd'/><xs:element name='a'><xs:complexType><xs:sequence><xs:element ref='b:b'/><xs:element name='i' type='T'/></xs:sequence></xs:complexType></xs:element></xs:schema>",
        ),
        (
            "b.xsd",
            "<xs:schema targetNamespace='urn:b' xmlns='urn:b' elementFormDefault='qualified'><xs:include schemaLocation='t.xsd'/><xs:element name='b' type='T'/></xs:schema>",
        ),
        (
            "t.xsd",
            "<xs:schema elementFormDefault='qualified'><xs:complexType name='T'><xs:sequence><xs:element name='x' type='S'/></xs:sequence></xs:complexType><xs:simpleType name='S'><xs:restriction base='xs:string'><xs:pattern value='[0-9]{5}'/></xs:restriction></xs:simpleType></xs:schema>",
        ),
    ]);
    let (found, _) = derived(&set, &Name::new("urn:a", "a"));
    assert_eq!(found.unproven, Vec::new());
    let root = &found.instances[0].root;
    let inner: Vec<&str> = root
        .elements()
        .flat_map(pruefstand::xml::Element::elements)
        .map(|e| e.namespace.as_str())
        .collect();
    assert_eq!(inner, ["urn:b", "urn:a"]);
}

#[test]
fn what_only_a_dropped_import_declares_is_missing_and_the_file_is_named() {
    let main = |wanted: &str| {
        format!(
            "<xs:schema xmlns:p='urn:p'><xs:import namespace='urn:p' schemaLocation='one.xsd'/>\n<xs:import namespace='urn:p' schemaLocation='two.xsd'/>\n<xs:element name='a' type='p:{wanted}'/></xs:schema>"
        )
    };
    let one = (
        "one.xsd",
        "<xs:schema targetNamespace='urn:p'><xs:simpleType name='One'><xs:restriction base='xs:int'/></xs:simpleType></xs:schema>",
    );
    let two = (
        "two.xsd",
        "<xs:schema targetNamespace='urn:p'><xs:simpleType name='Two'><xs:restriction base='xs:int'/></xs:simpleType></xs:schema>",
    );
    assert_eq!(errors(&files(&[("m.xsd", &main("One")), one, two])), Vec::<String>::new());
    let found = errors(&files(&[("m.xsd", &main("Two")), one, two]));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("schema:///m.xsd:3: type \"Two\" is not declared"), "{found:?}");
    assert!(found[0].contains("two.xsd (import at schema:///m.xsd:2) was dropped, which declares"));
}

#[test]
fn redefinitions_build_on_what_they_replace() {
    let set = files(&[
        (
            "new.xsd",
            "<xs:schema><xs:redefine schemaLocation='old.xsd'>
             <xs:simpleType name='S'><xs:restriction base='S'><xs:maxLength value='6'/></xs:restriction></xs:simpleType>
             <xs:complexType name='T'><xs:complexContent><xs:extension base='T'><xs:sequence><xs:element name='neu' type='xs:date'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
             <xs:group name='G'><xs:sequence><xs:group ref='G'/><xs:element name='g2' type='S'/></xs:sequence></xs:group>
             <xs:attributeGroup name='A'><xs:attributeGroup ref='A'/><xs:attribute name='a2' type='xs:int' use='required'/></xs:attributeGroup>
             </xs:redefine></xs:schema>",
        ),
        (
            "old.xsd",
            "<xs:schema><xs:simpleType name='S'><xs:restriction base='xs:string'><xs:minLength value='4'/></xs:restriction></xs:simpleType>
             <xs:group name='G'><xs:sequence><xs:element name='g1' type='S'/></xs:sequence></xs:group>
             <xs:attributeGroup name='A'><xs:attribute name='a1' type='xs:int' use='required'/></xs:attributeGroup>
             <xs:complexType name='T'><xs:group ref='G'/><xs:attributeGroup ref='A'/></xs:complexType>
             <xs:element name='r' type='T'/></xs:schema>",
        ),
    ]);
    let (found, _) = derived(&set, &root("r"));
    let first = &found.instances[0].root;
    let names: Vec<&str> = first.elements().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["g1", "g2", "neu"]);
    let attributes: Vec<&str> = first.attributes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(attributes, ["a1", "a2"]);
    for id in
        ["minLength/T/g1", "maxLength/T/g1", "attribute-missing/T/@a1", "lexical/T/neu/german"]
    {
        assert!(ids(&found).contains(id), "{id}: {:?}", ids(&found));
    }
}

#[test]
fn what_never_ends_is_told_and_avoided() {
    let set = small(
        "<xs:element name='e'><xs:complexType><xs:sequence><xs:element ref='e'/></xs:sequence></xs:complexType></xs:element>
         <xs:element name='ok'><xs:complexType><xs:choice><xs:element ref='e'/><xs:element name='x' type='xs:int'/><xs:sequence><xs:element name='y' type='xs:int'/><xs:element ref='e' minOccurs='0'/></xs:sequence></xs:choice></xs:complexType></xs:element>
         <xs:element name='leer'><xs:simpleType><xs:restriction base='xs:string'><xs:minLength value='5'/><xs:pattern value='.{3}'/></xs:restriction></xs:simpleType></xs:element>",
    );
    let model = SchemaModel::read(&set).unwrap();
    for name in ["e", "leer"] {
        assert_eq!(
            instances(&model, &root(name), &Limits::default()).unwrap_err(),
            NoInstance::Endless(root(name))
        );
    }
    let (found, _) = derived(&set, &root("ok"));
    let all: String = found.instances.iter().map(|i| Writer::new().write(&i.root)).collect();
    assert!(all.contains("<x>") && all.contains("<y>") && !all.contains("<e"), "{all}");
}
