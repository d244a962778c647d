//! The XSD of a message, written from its fields.

use std::fmt::Write as _;

use super::SystemConcept;
use super::written::{Field, FieldType, Group, Message};
use crate::xml::{escape_attribute, escape_text};

/// XML Schema 1.0 for a message that is given by groups; `None` where it has a schema of its own.
pub fn xsd_of(concept: &SystemConcept, message: &Message) -> Option<String> {
    if message.schema.is_some() {
        return None;
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let ns = attr(&message.namespace);
    let _ = writeln!(
        out,
        "<!-- Written by `pruefstand schema` from concept {} {}; do not edit. -->\n\
         <xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"{ns}\" \
         xmlns=\"{ns}\" elementFormDefault=\"qualified\">\n  <xs:element name=\"{}\">\n    \
         <xs:complexType>\n      <xs:sequence>",
        concept.file.concept.id, concept.file.concept.version, message.root
    );
    for id in &message.groups {
        if let Some(group) = concept.group(id) {
            write_group(&mut out, concept, group, 4);
        }
    }
    if !message.documents.is_empty() {
        write_documents(&mut out, concept, message);
    }
    out.push_str("      </xs:sequence>\n    </xs:complexType>\n  </xs:element>\n</xs:schema>\n");
    Some(out)
}

fn attr(text: &str) -> String {
    let mut out = String::new();
    escape_attribute(text, &mut out);
    out
}

/// A group with its fields and the groups within it, in their order.
fn write_group(out: &mut String, concept: &SystemConcept, group: &Group, indent: usize) {
    let pad = "  ".repeat(indent);
    let named = !group.path.is_empty();
    let inner = if named { indent + 3 } else { indent };
    if named {
        let max = if group.unbounded { "unbounded".into() } else { group.max.to_string() };
        let _ = writeln!(
            out,
            "{pad}<xs:element name=\"{}\" minOccurs=\"{}\" maxOccurs=\"{max}\">\n{pad}  \
             <xs:complexType>\n{pad}    <xs:sequence>",
            group.path, group.min
        );
    }
    let fields: Vec<(Vec<&str>, &Field)> =
        concept.fields_of(&group.id).map(|f| (f.path.split('/').collect(), f)).collect();
    let mut from = 0;
    for (at, nested) in placed(concept, group) {
        write_level(out, concept, &fields[from..at], 0, inner);
        write_group(out, concept, nested, inner);
        from = at;
    }
    write_level(out, concept, &fields[from..], 0, inner);
    if named {
        let _ =
            writeln!(out, "{pad}    </xs:sequence>\n{pad}  </xs:complexType>\n{pad}</xs:element>");
    }
}

/// The groups within a group, each with the number of fields that stand before it.
pub fn placed<'a>(concept: &'a SystemConcept, group: &Group) -> Vec<(usize, &'a Group)> {
    let fields: Vec<&str> = concept.fields_of(&group.id).map(|f| f.id.as_str()).collect();
    let mut out: Vec<(usize, &Group)> = concept
        .groups_within(&group.id)
        .map(|nested| {
            let after = nested.after.as_deref();
            let at = match after {
                Some("") => 0,
                Some(id) => fields.iter().position(|f| *f == id).map_or(fields.len(), |i| i + 1),
                None => fields.len(),
            };
            (at, nested)
        })
        .collect();
    out.sort_by_key(|(at, _)| *at);
    out
}

/// Fields that share a step stand together in one inner element; it is optional when all of them
/// are.
fn write_level(
    out: &mut String,
    concept: &SystemConcept,
    fields: &[(Vec<&str>, &Field)],
    depth: usize,
    indent: usize,
) {
    let pad = "  ".repeat(indent);
    let mut at = 0;
    while at < fields.len() {
        let (path, field) = &fields[at];
        if path.len() == depth + 1 {
            write_field(out, concept, field, path[depth], &pad);
            at += 1;
            continue;
        }
        let step = path[depth];
        let inner: Vec<_> = fields[at..]
            .iter()
            .take_while(|(p, _)| p.len() > depth + 1 && p[depth] == step)
            .cloned()
            .collect();
        let min = u32::from(inner.iter().any(|(_, f)| f.min > 0));
        let _ = writeln!(
            out,
            "{pad}<xs:element name=\"{step}\" minOccurs=\"{min}\">\n{pad}  <xs:complexType>\n\
             {pad}    <xs:sequence>"
        );
        write_level(out, concept, &inner, depth + 1, indent + 3);
        let _ =
            writeln!(out, "{pad}    </xs:sequence>\n{pad}  </xs:complexType>\n{pad}</xs:element>");
        at += inner.len();
    }
}

fn write_field(out: &mut String, concept: &SystemConcept, field: &Field, name: &str, pad: &str) {
    let mut label = String::new();
    escape_text(&field.label, &mut label);
    let max = if field.unbounded { "unbounded".into() } else { field.max.to_string() };
    let _ = writeln!(
        out,
        "{pad}<xs:element name=\"{name}\" minOccurs=\"{}\" maxOccurs=\"{max}\">\n{pad}  \
         <xs:annotation><xs:documentation>{label}</xs:documentation></xs:annotation>\n{pad}  \
         <xs:simpleType>",
        field.min
    );
    let base = match field.kind {
        FieldType::Text | FieldType::Code => "xs:string",
        FieldType::Date => "xs:date",
        FieldType::Datetime => "xs:dateTime",
        FieldType::Integer => "xs:integer",
        FieldType::Decimal => "xs:decimal",
        FieldType::Boolean => "xs:boolean",
    };
    let _ = writeln!(out, "{pad}    <xs:restriction base=\"{base}\">");
    let mut facet = |name: &str, value: &str| {
        let _ = writeln!(out, "{pad}      <xs:{name} value=\"{}\"/>", attr(value));
    };
    if let Some(length) = field.length {
        facet("minLength", &length.min.to_string());
        facet("maxLength", &length.max.to_string());
    }
    if let Some(pattern) = &field.pattern {
        facet("pattern", pattern);
    }
    if field.kind == FieldType::Date {
        // A time zone would make a date ambiguous; German administration writes none.
        facet("pattern", "[0-9]{4}-[0-9]{2}-[0-9]{2}");
    }
    if let Some(range) = &field.range {
        facet("minInclusive", &range.min);
        facet("maxInclusive", &range.max);
    }
    if let Some(fraction) = field.fraction {
        facet("fractionDigits", &fraction.to_string());
    }
    if let Some(list) = field.code_list.as_ref().and_then(|id| concept.code_list(id)) {
        for code in list.codes.keys() {
            facet("enumeration", code);
        }
    }
    let _ =
        writeln!(out, "{pad}    </xs:restriction>\n{pad}  </xs:simpleType>\n{pad}</xs:element>");
}

fn write_documents(out: &mut String, concept: &SystemConcept, message: &Message) {
    let min: u32 = message.documents.iter().map(|d| d.min).sum();
    let _ = writeln!(
        out,
        "        <xs:element name=\"Anlagen\" minOccurs=\"{}\">\n          <xs:complexType>\n            \
         <xs:sequence>",
        u32::from(min > 0)
    );
    for part in &message.documents {
        let Some(document) = concept.document(&part.document) else { continue };
        let mut title = String::new();
        escape_text(&document.title, &mut title);
        let _ = writeln!(
            out,
            "              <xs:element name=\"{}\" minOccurs=\"{}\" maxOccurs=\"{}\">\n                \
             <xs:annotation><xs:documentation>{title}</xs:documentation></xs:annotation>\n                \
             <xs:complexType>\n                  <xs:sequence>\n                    \
             <xs:element name=\"Dateiname\"><xs:simpleType><xs:restriction base=\"xs:string\">\
             <xs:pattern value=\"[^/\\\\]{{1,120}}\"/></xs:restriction></xs:simpleType></xs:element>\n                    \
             <xs:element name=\"Medientyp\"><xs:simpleType><xs:restriction base=\"xs:string\">",
            document.id, part.min, part.max
        );
        for media_type in &document.media_types {
            let _ = writeln!(
                out,
                "                      <xs:enumeration value=\"{}\"/>",
                attr(media_type)
            );
        }
        let _ = writeln!(
            out,
            "                    </xs:restriction></xs:simpleType></xs:element>\n                    \
             <xs:element name=\"Inhalt\"><xs:simpleType><xs:restriction base=\"xs:base64Binary\">\
             <xs:minLength value=\"1\"/><xs:maxLength value=\"{}\"/></xs:restriction></xs:simpleType></xs:element>\n                  \
             </xs:sequence>\n                </xs:complexType>\n              </xs:element>",
            document.max_bytes
        );
    }
    out.push_str(
        "            </xs:sequence>\n          </xs:complexType>\n        </xs:element>\n",
    );
}
