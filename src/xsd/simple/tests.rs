//! Texts for small types: good ones are good, bad ones break one rule, whatever the facets.

use super::{Broken, Builtin, broken, faults, is_valid, samples};
use crate::xml::SchemaSet;
use crate::xsd::SchemaModel;
use crate::xsd::model::TypeId;
use crate::xsd::name::Name;

/// A model with the type `T`.
fn model(definition: &str) -> (SchemaModel, TypeId) {
    let text = format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\
         <xs:simpleType name=\"T\">{definition}</xs:simpleType>\
         <xs:simpleType name=\"U\"><xs:union memberTypes=\"xs:date xs:int\"/></xs:simpleType>\
         <xs:simpleType name=\"P\"><xs:restriction base=\"xs:token\"><xs:pattern value=\"[A-Z].*\"/>\
         <xs:pattern value=\"\\d.*\"/></xs:restriction></xs:simpleType></xs:schema>"
    );
    let model = SchemaModel::read(&SchemaSet::single(&text)).unwrap();
    let id = model.components.global_types[&Name::new("", "T")];
    (model, id)
}

fn restriction(base: &str, facets: &str) -> (SchemaModel, TypeId) {
    model(&format!("<xs:restriction base=\"{base}\">{facets}</xs:restriction>"))
}

fn kinds(definition: (SchemaModel, TypeId)) -> Vec<Broken> {
    let (model, id) = definition;
    let c = &model.components;
    let good = samples(c, id);
    assert!(!good.is_empty());
    for sample in &good {
        assert_eq!(broken(c, id, &sample.text), Vec::new(), "{sample:?}");
    }
    let bad = faults(c, id);
    for fault in &bad {
        assert_eq!(broken(c, id, &fault.text), [fault.broken], "{fault:?}");
    }
    let mut out: Vec<Broken> = bad.iter().map(|f| f.broken).collect();
    out.dedup();
    out.sort();
    out.dedup();
    out
}

#[test]
fn every_built_in_type_has_good_texts_and_wrong_forms() {
    for builtin in Builtin::ALL {
        if matches!(builtin, Builtin::AnySimple | Builtin::Notation | Builtin::Entity) {
            continue;
        }
        let found = kinds(restriction(&format!("xs:{}", builtin.name()), ""));
        let free = matches!(
            builtin,
            Builtin::String | Builtin::NormalizedString | Builtin::Token | Builtin::AnyUri
        );
        assert_eq!(found.contains(&Broken::Lexical), !free, "{builtin:?}: {found:?}");
    }
}

#[test]
fn bounds_are_met_exactly_from_both_sides() {
    let (model, id) = restriction(
        "xs:decimal",
        "<xs:minExclusive value=\"0\"/><xs:maxInclusive value=\"1000\"/><xs:fractionDigits value=\"2\"/>",
    );
    let c = &model.components;
    let good: Vec<String> = samples(c, id).into_iter().map(|s| s.text).collect();
    assert!(good.contains(&"0.01".to_owned()) && good.contains(&"1000".to_owned()), "{good:?}");
    let bad: Vec<(Broken, String)> = faults(c, id)
        .into_iter()
        .filter(|f| f.broken != Broken::Lexical)
        .map(|f| (f.broken, f.text))
        .collect();
    assert!(bad.contains(&(Broken::MaxInclusive, "1000.01".into())), "{bad:?}");
    assert!(bad.contains(&(Broken::MinExclusive, "0".into())), "{bad:?}");
    assert!(bad.contains(&(Broken::FractionDigits, "0.001".into())), "{bad:?}");
}

#[test]
fn each_facet_can_be_broken_alone() {
    use Broken::*;
    let lengths = "<xs:minLength value=\"3\"/><xs:maxLength value=\"5\"/>";
    assert_eq!(kinds(restriction("xs:string", lengths)), [MinLength, MaxLength]);
    assert_eq!(kinds(restriction("xs:token", lengths)), [MinLength, MaxLength]);
    assert_eq!(kinds(restriction("xs:base64Binary", lengths)), [Lexical, MinLength, MaxLength]);
    assert_eq!(kinds(restriction("xs:NMTOKENS", lengths)), [Item, MinLength, MaxLength]);
    assert_eq!(kinds(restriction("xs:hexBinary", "<xs:length value=\"2\"/>")), [Lexical, Length]);
    assert_eq!(
        kinds(restriction(
            "xs:date",
            "<xs:minInclusive value=\"2020-02-29\"/><xs:maxExclusive value=\"2030-01-01\"/>"
        )),
        [Lexical, MinInclusive, MaxExclusive]
    );
    assert_eq!(
        kinds(restriction("xs:integer", "<xs:totalDigits value=\"3\"/>")),
        [Lexical, TotalDigits]
    );
    assert_eq!(
        kinds(restriction("xs:int", "<xs:enumeration value=\"1\"/><xs:enumeration value=\"02\"/>")),
        [Lexical, Enumeration]
    );
    assert_eq!(
        kinds(restriction(
            "U",
            "<xs:enumeration value=\"1\"/><xs:enumeration value=\"2024-02-29\"/>"
        )),
        [Union, Enumeration]
    );
    // The pattern of each step holds, one of the alternatives of a step is enough.
    assert_eq!(
        kinds(restriction(
            "P",
            "<xs:pattern value=\".{3}-[a-f-[bcd]]+\"/><xs:maxLength value=\"6\"/>"
        )),
        [MaxLength, Pattern]
    );
}

#[test]
fn values_count_not_their_spelling() {
    let (model, id) = restriction("xs:int", "<xs:enumeration value=\"1\"/>");
    let c = &model.components;
    for text in ["1", "01", "+1", " 1\n"] {
        assert!(is_valid(c, id, text), "{text:?}");
    }
    for text in ["1.0", "１", "1\u{a0}", ""] {
        assert_eq!(broken(c, id, text), [Broken::Lexical], "{text:?}");
    }
    let (model, id) =
        restriction("xs:decimal", "<xs:totalDigits value=\"7\"/><xs:fractionDigits value=\"2\"/>");
    let c = &model.components;
    for text in ["100.000", "+5.10", ".5", "5.", "  7.50  ", "00000012", "-0.00", "99999.990"] {
        assert_eq!(broken(c, id, text), Vec::new(), "{text:?}");
    }
    assert_eq!(broken(c, id, "12345678"), [Broken::TotalDigits]);
    assert_eq!(broken(c, id, "9.999"), [Broken::FractionDigits]);
}

#[test]
fn lengths_count_characters_bytes_and_items() {
    let (model, id) = restriction("xs:string", "<xs:length value=\"5\"/>");
    assert!(is_valid(&model.components, id, "Größe"));
    let (model, id) = restriction("xs:base64Binary", "<xs:length value=\"5\"/>");
    assert!(is_valid(&model.components, id, "R3LDtsOf"[..8].replace("tsOf", "tsM=").as_str()));
    assert_eq!(broken(&model.components, id, "R3I="), [Broken::Length]);
    let (model, id) = restriction("xs:NMTOKENS", "<xs:length value=\"2\"/>");
    assert!(is_valid(&model.components, id, " a \n b "));
}
