//! Files of XDatenfelder 2 and 3 as others wrote them, good and deliberately broken.

use pruefstand::diagnostic::Severity;
use pruefstand::xdatenfelder::{DataSchema, Item, Position, is_xdatenfelder, read};

use crate::support::real_data;

/// Paths of all fields, in file order.
fn fields(schema: &DataSchema) -> Vec<String> {
    fn step(items: &[Position], path: &str, out: &mut Vec<String>) {
        for position in items {
            let path = format!("{path}/{}", position.item.id());
            match &position.item {
                Item::Group(group) => step(&group.items, &path, out),
                Item::Field(_) => out.push(path),
            }
        }
    }
    let mut out = Vec::new();
    step(&schema.items, "", &mut out);
    out
}

/// What a file must give: its fields, or the only error with its line.
enum Outcome {
    Fields(&'static [&'static str]),
    Error(usize, &'static str),
}
use Outcome::{Error, Fields};

const TABLE: [(&str, Outcome); 18] = [
    ("v2/data-field-rule.xml", Fields(&["/F123"])),
    ("v2/data-group-rule.xml", Fields(&[])),
    (
        "v2/duplicate-optional-value.xml",
        Error(15, "<beschreibung> stands 2 times in <stammdatenschema>, on lines 14, 15"),
    ),
    (
        "v2/duplicate-required-value.xml",
        Error(13, "<name> stands 2 times in <stammdatenschema>, on lines 12, 13"),
    ),
    ("v2/label.xml", Fields(&["/F123"])),
    ("v2/minimal.xml", Fields(&[])),
    ("v2/rule.xml", Fields(&[])),
    ("v2/select.xml", Fields(&["/F123"])),
    ("v2/simple.xml", Fields(&["/G00000082/F60000227"])),
    ("v2/unknown-namespace.xml", Error(2, "\"urn:xoev-de:fim:standard:xdatenfelder_unknown\"")),
    (
        "v3/duplicate-id-node.xml",
        Error(11, "<id> stands 2 times in <identifikation>, on lines 10, 11"),
    ),
    ("v3/empty-id-node.xml", Error(10, "<id> is empty")),
    ("v3/input.xml", Fields(&["/G60000000088/F60000000243"])),
    ("v3/invalid-freigabestatus.xml", Error(18, "\"10\" is no freigabestatus")),
    ("v3/missing-id-node.xml", Error(9, "<identifikation> has no <id>")),
    ("v3/simple.xml", Fields(&["/G60000000088/G60000000086/F60000000243"])),
    ("v3/unexpected-node.xml", Error(11, "<unknown> may not stand in <identifikation>")),
    ("v3/unknown-namespace.xml", Error(2, "\"urn:xoev-de:fim:standard:xdatenfelder_unknown\"")),
];

#[test]
fn the_files_of_others_are_read_or_refused_with_their_line() {
    let Some(folder) = real_data("data/fim-xdatenfelder") else { return };
    let mut there = 0;
    for edition in ["v2", "v3"] {
        there += std::fs::read_dir(folder.join(edition)).unwrap().count();
    }
    assert_eq!(there, TABLE.len(), "every file of the folder has a row");
    for (name, outcome) in &TABLE {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert!(is_xdatenfelder(&bytes), "{name}");
        match (read(name, &bytes), outcome) {
            (Ok(schema), Fields(expected)) => assert_eq!(fields(&schema), *expected, "{name}"),
            (Err(found), Error(line, words)) => {
                let errors: Vec<_> =
                    found.list.iter().filter(|d| d.severity == Severity::Error).collect();
                assert_eq!(errors.len(), 1, "{name}: {}", found.render(false));
                let (at, _) = found.source_text.position(errors[0].span.start);
                assert_eq!(at, *line, "{name}");
                assert!(errors[0].message.contains(words), "{name}: {}", errors[0].message);
            }
            (Ok(_), Error(_, words)) => panic!("{name} is read, without the finding {words}"),
            (Err(found), Fields(_)) => panic!("{name}: {}", found.render(false)),
        }
    }
}

#[test]
fn a_field_that_contradicts_itself_is_kept_where_it_may_be_left_out() {
    let Some(folder) = real_data("data/fim-xdatenfelder") else { return };
    let schema = read("input.xml", &std::fs::read(folder.join("v3/input.xml")).unwrap()).unwrap();
    let Item::Group(group) = &schema.items[0].item else { panic!() };
    let position = &group.items[0];
    assert_eq!((position.min, position.max), (0, Some(1)));
    let Item::Field(field) = &position.item else { panic!() };
    assert_eq!((field.min_length, field.max_length), (Some(0), Some(1)));
    assert_eq!(field.pattern.as_deref(), Some("abc"));
    assert_eq!(field.note.as_deref(), Some("Constraints"));
    assert_eq!(field.content.as_deref(), Some("Some Content"), "not the empty one before it");
    assert_eq!(field.max_size, Some(10));
    assert_eq!(field.media_types, ["application/json"]);
    assert!(field.unfillable.as_ref().unwrap().contains("<codelisteReferenz> on line 55"));
    let all: Vec<&str> = schema.warnings.iter().map(|w| w.message.as_str()).collect();
    assert!(all.iter().any(|w| w.contains("<inhalt> stands 2 times")), "{all:#?}");
    assert!(all.iter().any(|w| w.contains("0 to 1 characters (line 61)")), "{all:#?}");
    assert!(all.iter().any(|w| w.contains("minValue \"0\" (line 61) means nothing")), "{all:#?}");
}
