//! XML that broke others: encodings, DOCTYPEs, several errors at once, many threads.

use std::path::Path;

use pruefstand::xml::{ParseErrorKind, SchemaSet, compare, compare_qualified, parse};

use crate::support::real_data;

const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="Anzeige"><xs:complexType><xs:sequence>
<xs:element name="Datum" type="xs:date"/><xs:element name="Zahl" type="xs:positiveInteger"/>
<xs:element name="Ja" type="xs:boolean"/><xs:element name="Wort" type="xs:NCName"/>
</xs:sequence><xs:attribute name="art" use="required"/></xs:complexType></xs:element></xs:schema>"#;

const MESSAGE: &str = "<Anzeige>\n<Datum>30.11.2031</Datum>\n<Zahl>0</Zahl>\n<Ja>nein</Ja>\n<Wort>a b</Wort>\n</Anzeige>";

/// Lines with the first words of each error.
fn errors(set: &SchemaSet, message: &[u8]) -> Vec<(u32, String)> {
    let found = set.compile().unwrap().validate(message).unwrap();
    found.into_iter().map(|v| (v.line, v.text)).collect()
}

#[test]
fn five_errors_are_five_texts_with_five_lines() {
    let found = errors(&SchemaSet::single(SCHEMA), MESSAGE.as_bytes());
    let lines: Vec<u32> = found.iter().map(|f| f.0).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5], "{found:?}");
    for (index, word) in ["'art'", "'30.11.2031'", "'0'", "'nein'", "'a b'"].iter().enumerate() {
        assert!(found[index].1.contains(word), "{word}: {found:?}");
    }
}

#[test]
fn threads_do_not_mix_up_errors() {
    let validator = SchemaSet::single(SCHEMA).compile().unwrap();
    let expected = validator.validate(MESSAGE.as_bytes()).unwrap();
    assert_eq!(expected.len(), 5);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert_eq!(validator.validate(MESSAGE.as_bytes()).unwrap(), expected);
                }
            });
        }
    });
}

#[test]
fn the_field_cases_of_several_errors_agree() {
    let Some(folder) = real_data("cases/21-several-distinct-errors") else { return };
    let set = SchemaSet::load(&folder.join("schema.xsd"), None).unwrap();
    let found = errors(&set, &std::fs::read(folder.join("message.xml")).unwrap());
    assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5], "{found:?}");
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
    for unit in units {
        out.extend_from_slice(&if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
    }
    out
}

const NAME: &str = "Straßenverkehrsbehörde Ölsnitz";

fn name(bytes: &[u8]) -> Result<String, ParseErrorKind> {
    parse(bytes).map(|d| d.root.child_text("Name").unwrap()).map_err(|e| e.kind)
}

#[test]
fn encodings_are_read_or_refused_never_guessed() {
    let plain = format!("<Amt><Name>{NAME}</Name></Amt>");
    let declared = |e: &str| format!("<?xml version=\"1.0\" encoding=\"{e}\"?>\n{plain}");
    let marked = |text: &str| [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
    let latin1 = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let good: [(&str, Vec<u8>); 6] = [
        ("UTF-8 with mark", marked(&declared("UTF-8"))),
        ("mark without declaration", marked(&plain)),
        ("UTF-16 little endian", utf16(&declared("UTF-16"), false, true)),
        ("UTF-16 big endian, undeclared", utf16(&plain, true, true)),
        ("Latin-1", latin1(&declared("ISO-8859-1"))),
        ("UTF-8", declared("UTF-8").into_bytes()),
    ];
    for (what, bytes) in good {
        assert_eq!(name(&bytes), Ok(NAME.to_owned()), "{what}");
    }
    let bad: [(&str, Vec<u8>, ParseErrorKind); 7] = [
        ("mark contradicts declaration", marked(&declared("ISO-8859-1")), ParseErrorKind::Encoding),
        ("Latin-1 undeclared", latin1(&plain), ParseErrorKind::Encoding),
        ("UTF-16 without mark", utf16(&declared("UTF-16"), true, false), ParseErrorKind::Encoding),
        ("two marks", marked(&format!("\u{FEFF}{plain}")), ParseErrorKind::Encoding),
        ("unknown encoding", declared("UTF-9").into_bytes(), ParseErrorKind::Encoding),
        (
            "blank line first",
            format!("\n{}", declared("UTF-8")).into_bytes(),
            ParseErrorKind::NotWellFormed,
        ),
        ("UTF-16 declared, UTF-8 sent", declared("UTF-16").into_bytes(), ParseErrorKind::Encoding),
    ];
    for (what, bytes, kind) in bad {
        assert_eq!(name(&bytes), Err(kind), "{what}");
    }
}

#[test]
fn the_field_cases_of_byte_order_marks_agree() {
    let Some(folder) = real_data("cases/26-byte-order-marks") else { return };
    let of = |file: &str| name(&std::fs::read(folder.join(file)).unwrap());
    for file in [
        "utf8-bom.xml",
        "utf8-bom-no-declaration.xml",
        "utf16le-bom.xml",
        "utf16be-bom-no-declaration.xml",
        "latin1.xml",
    ] {
        assert_eq!(of(file), Ok("Bürgerbüro Großräschen".to_owned()), "{file}");
    }
    for file in [
        "utf16-declared-no-bom.xml",
        "bom-contradicts.xml",
        "latin1-bytes-no-declaration.xml",
        "bom-twice.xml",
        "blank-line-first.xml",
    ] {
        assert!(of(file).is_err(), "{file}");
    }
}

#[test]
fn a_doctype_is_refused_with_one_clear_reason() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;&x;&x;&x;&x;\">]><a>&y;</a>";
    for text in [
        bomb,
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM \"extern.dtd\"><a/>",
        "<!DOCTYPE a [<!ENTITY datei SYSTEM \"file:///etc/hostname\">]><a>&datei;</a>",
        "<!DOCTYPE a [<!ENTITY niemand \"braucht mich\">]><a/>",
    ] {
        let error = parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::Doctype, "{text}");
        assert!(error.message.contains("DOCTYPE is not allowed"), "{}", error.message);
        // The validator refuses it as well, instead of expanding it.
        let found = errors(&SchemaSet::single(SCHEMA), text.as_bytes());
        assert!(found[0].1.contains("DOCTYPE"), "{found:?}");
    }
    assert_eq!(parse(b"<a>&szlig;</a>").unwrap_err().kind, ParseErrorKind::NotWellFormed);
}

#[test]
fn the_field_cases_of_doctypes_agree() {
    let Some(folder) = real_data("cases/28-doctype-bombs-and-files") else { return };
    let of = |file: &str| parse(&std::fs::read(folder.join(file)).unwrap()).unwrap_err();
    for file in [
        "bomb.xml",
        "external-file.xml",
        "external-in-attribute-default.xml",
        "harmless-doctype.xml",
        "unused-entity.xml",
    ] {
        assert_eq!(of(file).kind, ParseErrorKind::Doctype, "{file}");
    }
    assert_eq!(of("undeclared-entity.xml").kind, ParseErrorKind::NotWellFormed);
}

#[test]
fn a_schema_reads_only_its_catalogue() {
    let sandbox = crate::support::Sandbox::new();
    let schema = |location: &str| {
        format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:t=\"urn:t\"><xs:import namespace=\"urn:t\" schemaLocation=\"{location}\"/><xs:element name=\"a\" type=\"t:w\"/></xs:schema>"
        )
    };
    let types = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"urn:t\"><xs:simpleType name=\"w\"><xs:restriction base=\"xs:string\"><xs:maxLength value=\"2\"/></xs:restriction></xs:simpleType></xs:schema>";
    sandbox.write("types.xsd", types);
    let far = sandbox.write("far.xsd", &schema("http://schemata.example/types.xsd"));
    let error = SchemaSet::load(&far, None).unwrap_err();
    assert!(error.message.contains("not in the catalogue"), "{error}");
    let catalogue = sandbox.write(
        "catalog.xml",
        "<catalog xmlns=\"urn:oasis:names:tc:entity:xmlns:xml:catalog\"><system systemId=\"http://schemata.example/types.xsd\" uri=\"types.xsd\"/></catalog>",
    );
    let set = SchemaSet::load(&far, Some(Path::new(&catalogue))).unwrap();
    assert!(errors(&set, b"<a>ab</a>").is_empty());
    let found = errors(&set, b"<a>abc</a>");
    assert!(found.len() == 1 && found[0].1.contains("maxLength"), "{found:?}");
    // A hint inside the message leads nowhere.
    let hint = format!(
        "<a xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:noNamespaceSchemaLocation=\"{}\">abc</a>",
        far.display()
    );
    assert!(!errors(&set, hint.as_bytes()).is_empty());
}

#[test]
fn the_field_cases_of_prefixes_inside_values_agree() {
    let Some(folder) = real_data("cases/22-prefix-inside-values") else { return };
    let root = |name: &str| parse(&std::fs::read(folder.join(name)).unwrap()).unwrap().root;
    let (a, b, c) = (root("a.xml"), root("b.xml"), root("c.xml"));
    let qualified = ["/Standort/@typ".to_owned(), "/Standort".to_owned()];
    assert_eq!(compare_qualified(&a, &b, &qualified), []);
    let other: Vec<String> =
        compare_qualified(&a, &c, &qualified).into_iter().map(|d| d.place).collect();
    assert_eq!(other, ["/Standort/@typ", "/Standort/@type", "/Standort"]);
    // Without the declaration they are texts; that a prefix is involved is said.
    let texts = compare(&a, &b);
    let places: Vec<&str> = texts.iter().map(|d| d.place.as_str()).collect();
    assert_eq!(places, ["/Standort/@typ", "/Standort"]);
    let meant = "{urn:example:typ}Kiosk".to_owned();
    assert!(texts.iter().all(|d| d.names == Some((meant.clone(), meant.clone()))), "{texts:?}");
    // xsi:type always is a name, and is shown as one.
    let types = compare(&a, &c);
    assert_eq!(types.len(), 1, "{types:?}");
    assert_eq!(types[0].expected.as_deref(), Some("{urn:example:typ}Klein"));
    assert_eq!(types[0].actual.as_deref(), Some("{urn:example:andere}Klein"));
}

#[test]
fn writing_keeps_the_prefixes_that_only_values_use() {
    let Some(folder) = real_data("cases/22-prefix-inside-values") else { return };
    let bytes = std::fs::read(folder.join("a.xml")).unwrap();
    let before = parse(&bytes).unwrap().root;
    for text in [before.to_xml(), pruefstand::xml::Writer::new().write(&before)] {
        let after = parse(text.as_bytes()).unwrap().root;
        let qualified = ["/Standort/@typ".to_owned(), "/Standort".to_owned()];
        assert_eq!(compare_qualified(&before, &after, &qualified), [], "{text}");
    }
}

#[test]
fn the_field_cases_of_schema_hints_agree() {
    let Some(folder) = real_data("cases/13-schema-hint-in-message") else { return };
    let validator = SchemaSet::load(&folder.join("streng.xsd"), None).unwrap().compile().unwrap();
    let found =
        |name: &str| validator.validate(&std::fs::read(folder.join(name)).unwrap()).unwrap();
    let wrong = found("message.xml");
    assert!(wrong.iter().any(|v| v.text.contains("gestern")), "{wrong:?}");
    let start = std::time::Instant::now();
    assert_eq!(found("message-remote.xml"), []);
    assert!(start.elapsed().as_secs() < 5, "somebody waited for the network");
}
