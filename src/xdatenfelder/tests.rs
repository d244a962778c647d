//! Small files, each with one thing wrong.

use super::*;
use crate::diagnostic::{Diagnostics, Severity};

const NS2: &str = "urn:xoev-de:fim:standard:xdatenfelder_2";
const NS3: &str = "urn:xoev-de:fim:standard:xdatenfelder_3.0.0";

/// What every element of edition 3 has, on one line.
fn base(id: &str) -> String {
    format!(
        "<identifikation><id>{id}</id><version>1.0.0</version></identifikation><name>N {id}</name>\
         <freigabestatus><code xmlns=''>6</code></freigabestatus>\
         <letzteAenderung>2026-01-01T00:00:00Z</letzteAenderung>"
    )
}

fn inner(id: &str) -> String {
    format!(
        "{}<bezeichnungEingabe>L {id}</bezeichnungEingabe>\
         <schemaelementart><code xmlns=''>RNG</code></schemaelementart>",
        base(id)
    )
}

/// A field on one line; `rest` follows what every field has.
fn field(id: &str, kind: &str, datentyp: &str, rest: &str) -> String {
    format!(
        "<datenfeld>{}<feldart><code xmlns=''>{kind}</code></feldart>\
         <datentyp><code xmlns=''>{datentyp}</code></datentyp>{rest}</datenfeld>",
        inner(id)
    )
}

fn group(id: &str, rest: &str) -> String {
    format!("<datenfeldgruppe>{}{rest}</datenfeldgruppe>", inner(id))
}

/// A position on a line of its own.
fn at(anzahl: &str, item: &str) -> String {
    format!("\n<struktur><anzahl>{anzahl}</anzahl><enthaelt>{item}</enthaelt></struktur>")
}

/// A schema; the first position stands on line 2.
fn schema(rest: &str) -> String {
    format!(
        "<xdatenfelder.stammdatenschema.0102 xmlns='{NS3}'><header><nachrichtID>1</nachrichtID>\
         <erstellungszeitpunkt>2026-01-01T00:00:00Z</erstellungszeitpunkt></header>\
         <stammdatenschema>{}<bezeichnung>L</bezeichnung>{rest}</stammdatenschema>\
         </xdatenfelder.stammdatenschema.0102>",
        base("S99000000001")
    )
}

/// The same for edition 2, with a prefix.
fn schema2(praezisierung: &str) -> String {
    let base = |id: &str| {
        format!(
            "<x:identifikation><x:id>{id}</x:id></x:identifikation><x:name>N</x:name>\
             <x:bezeichnungEingabe>L</x:bezeichnungEingabe>\
             <x:status><code>aktiv</code></x:status>"
        )
    };
    format!(
        "<x:xdatenfelder.stammdatenschema.0102 xmlns:x='{NS2}'><x:header><x:nachrichtID>1</x:nachrichtID>\
         <x:erstellungszeitpunkt>2026-01-01T00:00:00Z</x:erstellungszeitpunkt></x:header>\
         <x:stammdatenschema>{}<x:struktur><x:anzahl>1:1</x:anzahl><x:enthaelt><x:datenfeld>{}\
         <x:schemaelementart><code>RNG</code></x:schemaelementart>\
         <x:feldart><code>input</code></x:feldart><x:datentyp><code>text</code></x:datentyp>\n\
         <x:praezisierung>{praezisierung}</x:praezisierung></x:datenfeld></x:enthaelt></x:struktur>\
         </x:stammdatenschema></x:xdatenfelder.stammdatenschema.0102>",
        base("S12345678"),
        base("F12345678"),
    )
}

fn errors(file: &str) -> Vec<(usize, String)> {
    match read("f.xml", file.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(found) => only(&found, Severity::Error),
    }
}

fn only(found: &Diagnostics, severity: Severity) -> Vec<(usize, String)> {
    let wanted = found.list.iter().filter(|d| d.severity == severity);
    wanted
        .map(|d| {
            (found.source_text.position(d.span.start).0, format!("{} | {}", d.message, d.help))
        })
        .collect()
}

/// The file has exactly this error.
#[track_caller]
fn refused(file: &str, line: usize, words: &str) {
    let found = errors(file);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].0, line, "{found:#?}");
    assert!(found[0].1.contains(words), "{found:#?}");
}

/// The file is read, with exactly this warning.
#[track_caller]
fn odd(file: &str, words: &str) -> DataSchema {
    let schema = good(file);
    let all: Vec<&str> = schema.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0].contains(words), "{all:#?}");
    schema
}

#[track_caller]
fn good(file: &str) -> DataSchema {
    match read("f.xml", file.as_bytes()) {
        Ok(schema) => schema,
        Err(found) => panic!("{}", found.render(false)),
    }
}

fn text(rest: &str) -> String {
    field("F99000000001", "input", "text", rest)
}

fn first_field(schema: &DataSchema) -> &Field {
    match &schema.items[0].item {
        Item::Field(field) => field,
        Item::Group(_) => panic!("a group"),
    }
}

#[test]
fn a_default_namespace_and_a_prefix_are_the_same() {
    let three = good(&schema(&at(
        "1:1",
        &text("<praezisierung minLength='1' maxLength='9' pattern='[a-z]* '/>"),
    )));
    assert!(three.warnings.is_empty(), "{:?}", three.warnings);
    assert_eq!((three.edition, three.scope), (Edition::V3, Scope::Schema));
    assert_eq!((three.id.as_str(), three.version.as_str()), ("S99000000001", "1.0.0"));
    assert_eq!(three.status, Some(Status::Gold));
    let field = first_field(&three);
    assert_eq!((field.min_length, field.max_length), (Some(1), Some(9)));
    assert_eq!(field.pattern.as_deref(), Some("[a-z]* "), "a blank in a pattern means something");
    assert_eq!((field.name.as_str(), field.label.as_str()), ("N F99000000001", "L F99000000001"));
    let two = good(&schema2("{\"minLength\":\"1\",\"maxLength\": 9}"));
    assert!(two.warnings.is_empty(), "{:?}", two.warnings);
    assert_eq!((two.edition, two.status), (Edition::V2, Some(Status::Active)));
    assert_eq!((first_field(&two).min_length, first_field(&two).max_length), (Some(1), Some(9)));
}

#[test]
fn roots_without_fields_are_told_apart() {
    let root = |name: &str, ns: &str| format!("<?xml version='1.0'?>\n<{name} xmlns='{ns}'/>");
    refused(&root("xdatenfelder.dokumentsteckbrief.0101", NS3), 2, "it holds no data fields");
    refused(&root("xdatenfelder.irgendwas.0199", NS2), 2, "no root of XDatenfelder");
    refused(&root("xdatenfelder.stammdatenschema.0102", "urn:x"), 2, "\"urn:x\"");
    refused(&root("xdatenfelder.stammdatenschema.0102", NS3), 2, "has no <stammdatenschema>");
    refused("<a>\n<b>\n</a>", 3, "cannot be read as XML");
    refused(&format!("\n<!DOCTYPE a>\n{}", schema("")), 2, "DOCTYPE");
    refused("", 1, "cannot be read as XML");
}

#[test]
fn nodes_that_are_unknown_missing_empty_or_repeated() {
    let two_ids = text("").replace("<id>F", "<id>F99000000002</id>\n<id>F");
    refused(
        &schema(&at("1:1", &two_ids)),
        3,
        "<id> stands 2 times in <identifikation>, on lines 2, 3",
    );
    let no_id = text("").replace("<id>F99000000001</id>", "");
    refused(&schema(&at("1:1", &no_id)), 2, "<identifikation> has no <id>");
    let empty = text("").replace("F99000000001</id>", " </id>");
    refused(&schema(&at("1:1", &empty)), 2, "<id> is empty");
    refused(&schema(&at("1:1", &text("<inhlat>x</inhlat>"))), 2, "did you mean <inhalt>?");
    refused(
        &schema(&at("1:1", &text("<q:inhalt xmlns:q='urn:q'>x</q:inhalt>"))),
        2,
        "namespace \"urn:q\"",
    );
    odd(&schema(&at("1:1", &text("<inhalt/>\n<inhalt>x</inhalt>"))), "on lines 2, 3");
    let spaced = text("").replace("F99000000001</id>", "F 1</id>");
    refused(&schema(&at("1:1", &spaced)), 2, "\"F 1\" cannot be an id");
    odd(&schema(&at("1:1", &field("F12345678", "input", "text", ""))), "another form");
}

#[test]
fn everything_is_reported_at_once() {
    let wrong = format!(
        "{}{}",
        at("5:2", &field("F99000000001", "inptu", "text", "")),
        at("1", &field("F99000000002", "input", "txt", "<maxSize>ten</maxSize>"))
    );
    let found = errors(&schema(&wrong));
    let words =
        ["5:2", "\"inptu\" is no feldart", "anzahl \"1\"", "\"txt\" is no datentyp", "\"ten\""];
    for word in words {
        assert!(found.iter().any(|(_, m)| m.contains(word)), "{word}: {found:#?}");
    }
    assert_eq!(found.len(), words.len(), "{found:#?}");
}

#[test]
fn codes_outside_their_lists() {
    let good_file = schema(&at("1:1", &text("")));
    for (from, to, words) in [
        (">6<", ">9<", "\"9\" is no freigabestatus"),
        (">6<", "> <", "<code> in <freigabestatus> is empty"),
        (">RNG<", ">RMG<", "known here: ABS, HAR, RNG"),
        (">text<", ">Text<", "\"Text\" is no datentyp"),
    ] {
        let found = errors(&good_file.replace(from, to));
        assert!(found.iter().all(|(_, m)| m.contains(words)) && !found.is_empty(), "{found:#?}");
    }
    let old = schema2("").replace("aktiv", "6");
    assert!(errors(&old)[0].1.contains("known here: inVorbereitung, aktiv, inaktiv"));
}

#[test]
fn positions_hold_one_thing_and_keep_their_own_cardinality() {
    let two = format!("{}{}", text(""), field("F99000000002", "input", "text", ""));
    refused(&schema(&at("1:1", &two)), 2, "holds 2 groups and fields");
    refused(&schema(&at("1:1", "")), 2, "holds 0 groups and fields");
    let shared = group("G99000000002", &at("1:1", &text("")));
    let twice =
        format!("{}{}", at("1:1", &group("G99000000001", &at("0:1", &shared))), at("0:*", &shared));
    let schema = good(&schema(&twice));
    assert!(schema.warnings.is_empty(), "{:?}", schema.warnings);
    let Item::Group(outer) = &schema.items[0].item else { panic!() };
    assert_eq!((outer.items[0].min, outer.items[0].max), (0, Some(1)));
    assert_eq!((schema.items[1].min, schema.items[1].max), (0, None));
    assert_eq!(outer.items[0].item.id(), schema.items[1].item.id());
}

#[test]
fn nesting_has_an_end() {
    let nest = |depth: usize, same: bool| {
        (0..depth).rev().fold(at("1:1", &text("")), |inside, level| {
            let number = if same { 1 } else { level + 1 };
            at("1:1", &group(&format!("G990000{number:05}"), &inside))
        })
    };
    assert!(errors(&schema(&nest(40, false))).is_empty());
    refused(&schema(&nest(41, false)), 42, "nested deeper than 40");
    refused(&schema(&nest(2, true)), 3, "G99000000001 (line 2) holds itself again on line 3");
    let found = errors(&schema(&nest(400, true)));
    assert!(found[0].1.contains("nested deeper than 256"), "{found:#?}");
}

#[test]
fn the_same_path_twice_and_one_version_with_two_meanings() {
    let twice = at("1:1", &text("")).repeat(2);
    refused(&schema(&twice), 3, "F99000000001 stands on lines 2 and 3 in the schema");
    let differing = format!(
        "{}{}",
        at("1:1", &text("")),
        at("1:1", &group("G99000000001", &at("1:1", &text("<praezisierung maxLength='5'/>"))))
    );
    odd(
        &schema(&differing),
        "F99000000001 version \"1.0.0\" on line 4 differs from the one on line 2",
    );
}

#[test]
fn bounds_that_contradict_each_other() {
    let with = |datentyp: &str, limits: &str| {
        let rest = format!("\n<praezisierung {limits}/>");
        schema(&at("0:1", &field("F99000000001", "input", datentyp, &rest)))
    };
    refused(
        &with("text", "minLength='5' maxLength='3'"),
        3,
        "minLength 5 (line 3) is above maxLength 3 (line 3)",
    );
    refused(
        &with("num", "minValue='10' maxValue='9.5'"),
        3,
        "minValue 10 (line 3) is above maxValue 9.5",
    );
    refused(&with("date", "minValue='2026-02-01' maxValue='2026-01-31'"), 3, "is above maxValue");
    refused(&with("date", "minValue='2026-02-30'"), 3, "such as 2026-01-31");
    refused(&with("num", "minValue='1,5'"), 3, "with a point");
    refused(&with("num_int", "minValue='1.5'"), 3, "a whole number");
    refused(&with("text", "maxlength='3'"), 3, "did you mean maxLength?");
    refused(&with("text", "minLength='-1'"), 3, "\"-1\" is no whole number");
    assert!(errors(&with("num_currency", "minValue='-5' maxValue='-4.99'")).is_empty());
    odd(&with("bool", "maxValue='3'"), "means nothing");
}

#[test]
fn patterns_that_cannot_be_read_or_met() {
    let with = |anzahl: &str, limits: &str| {
        let rest = format!("\n<praezisierung {limits}/>");
        schema(&at(anzahl, &field("F99000000001", "input", "text", &rest)))
    };
    refused(&with("0:1", "pattern='[a-'"), 3, "the pattern \"[a-\" (line 3) of F99000000001");
    let never = "pattern='[0-9]{5}' minLength='1' maxLength='4'";
    refused(&with("1:1", never), 3, "no value of F99000000001 has 1 to 4 characters (line 3)");
    let left_out = odd(&with("0:1", never), "matches the pattern \"[0-9]{5}\" (line 3)");
    assert!(first_field(&left_out).unfillable.is_some());
    refused(&with("1:1", "pattern='[0-9]{5}' minLength='6'"), 3, "has 6 to 4102 characters");
    odd(&with("1:1", "pattern='^[0-9]{5}$' maxLength='9'"), "another dialect's");
    assert!(
        good(&with("1:1", "pattern='[0-9]{5}' minLength='5' maxLength='5'")).warnings.is_empty()
    );
    assert!(good(&with("1:1", "pattern='([0-9]{3}){1,}' minLength='4'")).warnings.is_empty());
}

#[test]
fn praezisierung_of_edition_2() {
    refused(
        &schema2("{\"minLength\":\"1\",\n\"maxLength\":}"),
        3,
        "no JSON at its line 2, column 13",
    );
    refused(&schema2("{\"minLength\":[1]}"), 2, "\"minLength\" in the praezisierung is neither");
    refused(&schema2("{\"minLenght\":\"1\"}"), 2, "did you mean minLength?");
    refused(&schema2("{\"minLength\":\"one\"}"), 2, "\"one\" is no whole number");
    let schema = odd(&schema2("höchstens zwei Wörter"), "only a person can apply");
    assert_eq!(first_field(&schema).note.as_deref(), Some("höchstens zwei Wörter"));
    assert!(good(&schema2("")).warnings.is_empty());
}

#[test]
fn codes_by_reference_and_inline() {
    let pick = |anzahl: &str, rest: &str| {
        schema(&at(anzahl, &field("F99000000001", "select", "text", rest)))
    };
    let value = |code: &str| format!("\n<wert><code>{code}</code><name>N{code}</name></wert>");
    let list = format!("<werte>{}{}</werte>", value("01"), value("1"));
    assert_eq!(
        first_field(&good(&pick("1:1", &list))).codes,
        Codes::Inline(vec![("01".into(), "N01".into()), ("1".into(), "N1".into())])
    );
    let twice = format!("<werte>{}{}</werte>", value("1"), value("1"));
    refused(&pick("1:1", &twice), 4, "the code \"1\" stands on lines 3 and 4");
    let reference = "<codelisteReferenz><canonicalIdentification>urn:a</canonicalIdentification>\
                     <canonicalVersionUri>urn:a_2026-01</canonicalVersionUri></codelisteReferenz>";
    assert_eq!(
        first_field(&good(&pick("1:1", reference))).codes,
        Codes::Reference { uri: "urn:a".into(), version: Some("2026-01".into()) }
    );
    refused(
        &pick("1:1", &format!("{reference}\n{list}")),
        3,
        "in <werte> (line 3) and behind a codelisteReferenz (line 2)",
    );
    refused(&pick("1:1", "\n<codelisteReferenz/>"), 2, "<codelisteReferenz> on line 3 names none");
    refused(&pick("1:1", ""), 2, "has neither <werte> nor <codelisteReferenz>");
    let left_out = odd(&pick("0:1", ""), "there are none");
    assert!(first_field(&left_out).unfillable.is_some());
}

#[test]
fn groups_that_can_hold_nothing() {
    let choice = "<art><code xmlns=''>X</code></art>";
    refused(
        &schema(&at("1:1", &group("G99000000001", choice))),
        2,
        "one of its items must be chosen",
    );
    odd(&schema(&at("0:1", &group("G99000000001", choice))), "can hold nothing");
    odd(&schema(&at("1:1", &group("G99000000001", ""))), "can hold nothing");
    odd(&schema(&at("1:1", &group("G99000000001", &at("0:0", &text(""))))), "can hold nothing");
    let chosen = good(&schema(&at(
        "1:1",
        &group("G99000000001", &format!("{choice}{}", at("1:1", &text("")))),
    )));
    let Item::Group(group) = &chosen.items[0].item else { panic!() };
    assert_eq!(group.kind, GroupKind::Choice);
}

#[test]
fn rules_keep_their_words_their_script_and_what_they_name() {
    let rule = |id: &str, rest: &str| {
        format!(
            "\n<regel><identifikation><id>{id}</id><version>1.0.0</version></identifikation>\
             <name>Regel</name><letzteAenderung>2026-01-01T00:00:00Z</letzteAenderung>\
             <typ><code xmlns=''>V</code></typ>{rest}</regel>"
        )
    };
    let file =
        |rest: &str| schema(&format!("{}{}", rule("R99000000001", rest), at("1:1", &text(""))));
    let read = good(&file(
        "<freitextRegel>WENN F99000000007 DANN F99000000001</freitextRegel><skript>F99000000001 != ''</skript>",
    ));
    let rule = &read.rules[0];
    assert_eq!(rule.text, "WENN F99000000007 DANN F99000000001");
    assert_eq!(rule.script.as_deref(), Some("F99000000001 != ''"));
    assert_eq!(rule.names, ["F99000000001", "F99000000007"]);
    assert_eq!(rule.line, 2);
    odd(
        &file("<skript>F99000000009 != ''</skript>"),
        "names F99000000009, which is not in this file",
    );
    odd(&file(""), "neither prose nor a script");
    refused(&file("<typ><code xmlns=''>Q</code></typ>"), 2, "<typ> stands 2 times");
}

/// Path, least and greatest number and item of every position.
fn walk<'a>(
    items: &'a [Position],
    path: &str,
    out: &mut Vec<(String, u32, Option<u32>, &'a Item)>,
) {
    for position in items {
        let path = format!("{path}/{}", position.item.id());
        out.push((path.clone(), position.min, position.max, &position.item));
        if let Item::Group(group) = &position.item {
            walk(&group.items, &path, out);
        }
    }
}

#[test]
fn the_schema_hundehaltung() {
    let bytes = include_bytes!("../../testplans/hundehaltung/hundehaltung.xdf3.xml");
    assert!(is_xdatenfelder(bytes));
    let schema = match read("hundehaltung.xdf3.xml", bytes) {
        Ok(schema) => schema,
        Err(found) => panic!("{}", found.render(false)),
    };
    assert_eq!(schema.warnings, []);
    assert_eq!((schema.id.as_str(), schema.name.as_str()), ("S14990000001", "Hundehaltung"));
    let mut all = Vec::new();
    walk(&schema.items, "", &mut all);
    let groups = all.iter().filter(|(.., item)| matches!(item, Item::Group(_))).count();
    assert_eq!((schema.items.len(), groups, all.len() - groups), (8, 14, 44));
    let deepest = all.iter().map(|(path, ..)| path.matches("/G").count()).max();
    assert_eq!(deepest, Some(3));
    // One group at three places, each with a cardinality and a legal basis of its own.
    let addresses: Vec<(&str, u32, Option<u32>)> = all
        .iter()
        .filter(|(path, ..)| path.ends_with("/G14990000900"))
        .map(|(path, min, max, _)| (path.as_str(), *min, *max))
        .collect();
    assert_eq!(
        addresses,
        [
            ("/G14990000100/G14990000900", 1, Some(1)),
            ("/G14990000300/G14990000900", 1, Some(2)),
            ("/G14990000400/G14990000900", 0, Some(1)),
        ]
    );
    let find = |path: &str| all.iter().find(|(at, ..)| at == path).unwrap();
    let (_, min, max, hund) = find("/G14990000200");
    assert_eq!((*min, *max, hund.label()), (1, Some(3), "Hund"));
    let field = |path: &str| match find(path).3 {
        Item::Field(field) => field,
        Item::Group(_) => panic!("{path}"),
    };
    let chip = field("/G14990000200/G14990000250/F14990000251");
    assert_eq!((chip.min_length, chip.pattern.as_deref()), (Some(15), Some("[0-9]{15}")));
    let weight = field("/G14990000200/F14990000206");
    assert_eq!((weight.datentyp, weight.max_value.as_deref()), (DataType::Number, Some("120.0")));
    let Codes::Inline(breeds) = &field("/G14990000200/F14990000202").codes else { panic!() };
    assert_eq!(breeds.len(), 8);
    assert_eq!(breeds[2], ("DAC".to_owned(), "Dackel".to_owned()));
    assert_eq!(field("/G14990000100/F14990000102").prefill, Prefill::Optional);
    // Three rules a machine can check, two for people.
    let mut rules: Vec<&Rule> = schema.rules.iter().collect();
    for (.., item) in &all {
        if let Item::Group(group) = item {
            rules.extend(&group.rules);
        }
    }
    let with_script: Vec<(&str, bool)> =
        rules.iter().map(|r| (r.id.as_str(), r.script.is_some())).collect();
    assert_eq!(
        with_script,
        [
            ("R14990000001", true),
            ("R14990000004", false),
            ("R14990000002", true),
            ("R14990000005", false),
            ("R14990000003", true),
        ]
    );
    assert_eq!(rules[4].script.as_deref(), Some("not(F14990000702) or F14990000703"));
    assert_eq!(rules[0].names, ["G14990000200", "F14990000208", "G14990000500"]);
}
