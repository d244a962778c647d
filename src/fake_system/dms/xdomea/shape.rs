//! The structure of a message, checked by hand where no schema is given: the header, and of the
//! contents as much as this system reads. It is less than the schema demands, never more.

use super::names::is_uuid;
use super::version::{Kind, Version};
use crate::xml::Element;

/// What an element holds.
#[derive(Debug, Clone, Copy)]
enum Holds {
    /// Anything.
    Any,
    Text,
    Uuid,
    /// `xs:boolean`.
    Boolean,
    Integer,
    DateTime,
    /// A code of the XÖV: `code` without namespace.
    Code,
    /// Elements in this order.
    Parts(&'static [Part]),
    /// One of these elements.
    OneOf(&'static [Part]),
}

/// A child: name, how often at least, whether more than once, content.
type Part = (&'static str, usize, bool, Holds);

const CONTACT: Holds = Holds::Any;
const SYSTEM: Holds = Holds::Parts(&[
    ("InstanzID", 0, false, Holds::Text),
    ("Produktname", 0, false, Holds::Text),
    ("Version", 0, false, Holds::Text),
]);

macro_rules! base_header {
    ($system:literal, $receivers:expr; $($more:expr),*) => {
        &[
            ("ProzessID", 1, false, Holds::Uuid),
            ("Nachrichtentyp", 1, false, Holds::Code),
            ("Erstellungszeitpunkt", 1, false, Holds::DateTime),
            ("Absender", 1, false, CONTACT),
            ("Empfaenger", 1, false, CONTACT),
            ("SendendesSystem", $system, false, SYSTEM),
            ("Hinweis", 0, false, Holds::Text),
            ("AnwendungsspezifischeErweiterung", 0, false, Holds::Any),
            ("AnwendungsspezifischeErweiterungXML", 0, false, Holds::Any),
            ("EmpfangendesSystem", $system, $receivers, SYSTEM),
            $($more),*
        ]
    };
}

macro_rules! request_header {
    ($system:literal, $receivers:expr) => {
        base_header!($system, $receivers;
            ("WeiteresEmpfangendesSystem", 0, true, SYSTEM),
            ("Empfangsbestaetigung", 1, false, Holds::Boolean),
            ("Importbestaetigung", 1, false, Holds::Boolean),
            ("Erstellerkennung", 1, false, Holds::Text),
            ("ErstellerRolle", 0, false, Holds::Text),
            ("Stapel", 1, false, Holds::Boolean),
            ("Stapellaenge", 0, false, Holds::Integer),
            ("DMSSessionID", 0, false, Holds::Text))
    };
}

const REQUEST_2: &[Part] = request_header!(1, false);
const REQUEST_3: &[Part] = request_header!(0, true);
const RECEIVED_2: &[Part] = base_header!(1, false;);
const RECEIVED_3: &[Part] = base_header!(0, true;);
const IMPORTED_2: &[Part] = base_header!(1, false; ("FVSessionID", 1, false, Holds::Text));
const IMPORTED_3: &[Part] = base_header!(0, true; ("FVSessionID", 1, false, Holds::Text));

const IDENTIFIED: &[Part] =
    &[("ID", 1, false, Holds::Uuid), ("NummerImUebergeordnetenContainer", 0, false, Holds::Any)];
/// The records hold much more, which is read where it is there.
const RECORD: Holds = Holds::Any;
const RECORDS: Holds = Holds::OneOf(&[
    ("Akte", 1, false, RECORD),
    ("Vorgang", 1, false, RECORD),
    ("Dokument", 1, false, RECORD),
]);

const CREATE: Holds = Holds::Parts(&[
    ("NummerImStapel", 0, false, Holds::Integer),
    ("FachverfahrenObjektID", 1, false, Holds::Text),
    ("IDContainer", 0, false, Holds::Text),
    ("Schriftgutobjekt", 1, false, RECORDS),
    ("SGOOeffnen", 0, false, Holds::Boolean),
    ("Client", 0, false, Holds::Text),
]);
const FILE: Holds = Holds::Parts(&[
    ("NummerImStapel", 0, false, Holds::Integer),
    ("FachverfahrenObjektID", 1, false, Holds::Text),
    ("IDContainer", 0, false, Holds::Text),
    ("Schriftgutobjekt", 1, false, RECORDS),
    ("Ablageort", 0, false, Holds::Text),
]);
const SEARCH: Holds = Holds::Parts(&[
    ("Suchbegriffe", 1, false, Holds::Text),
    ("Volltext", 1, false, Holds::Boolean),
    ("Metadaten", 1, false, Holds::Boolean),
]);
const FIELD: Holds = Holds::Parts(&[
    ("Name", 1, false, Holds::Text),
    ("Beschreibung", 0, false, Holds::Text),
    ("Datentyp", 0, false, Holds::Code),
    ("Wert", 0, false, Holds::Text),
]);
const METADATA: Holds = Holds::Parts(&[
    ("NummerImStapel", 0, false, Holds::Integer),
    ("IDSGO", 1, false, Holds::Text),
    ("Metadatum", 1, true, FIELD),
]);
const STATUS: Holds = Holds::Parts(&[("SystemstatusID", 1, false, Holds::Integer)]);
const EXPORT: Holds =
    Holds::Parts(&[("IDSGO", 1, false, Holds::Text), ("Versionsnummer", 0, false, Holds::Text)]);

/// What is wrong with the structure of a message; the places are paths of names.
pub(super) fn check(root: &Element, version: Version, kind: Kind) -> Vec<String> {
    let header = match (kind, version.is_2()) {
        (Kind::Received, true) => RECEIVED_2,
        (Kind::Received, false) => RECEIVED_3,
        (Kind::Imported, true) => IMPORTED_2,
        (Kind::Imported, false) => IMPORTED_3,
        (_, true) => REQUEST_2,
        (_, false) => REQUEST_3,
    };
    let body: Option<Part> = match kind {
        Kind::Create => Some(("SchriftgutobjektZumErstellen", 1, true, CREATE)),
        Kind::File => Some(("SchriftgutobjektZumAblegen", 1, true, FILE)),
        Kind::Search => Some(("SchriftgutobjektZumSuchen", 1, false, SEARCH)),
        Kind::AddMetadata => Some(("MetadatenZumAnlegen", 1, true, METADATA)),
        Kind::Status => Some(("SystemstatusZumAbfragen", 1, true, STATUS)),
        Kind::Received => None,
        Kind::Imported => Some(("ErfolgOderMisserfolg", 1, false, Holds::Any)),
        Kind::Export => Some(("DokumentZumExportieren", 1, false, EXPORT)),
    };
    let mut out = Vec::new();
    let mut parts = vec![("Kopf", 1, false, Holds::Parts(header))];
    parts.extend(body);
    sequence(root, &root.name, &parts, &mut out);
    // From 3.0.0 on the ids of records are UUIDs wherever a message asks for one.
    for id in root.elements().filter_map(|e| e.child("IDSGO")).filter(|_| !version.is_2()) {
        content(id, "IDSGO", Holds::Uuid, &mut out);
    }
    if kind.carries_files() {
        root.walk(&mut |path, element| {
            let record = matches!(element.name.as_str(), "Akte" | "Vorgang" | "Dokument");
            if record && element.namespace == root.namespace && path.contains("Schriftgutobjekt/") {
                identified(element, path, &mut out);
            }
            let beside = |e: &&Element| matches!(e.name.as_str(), "Vorgang" | "Dokument");
            if let Some(inner) = element.elements().find(beside).filter(|_| element.name == "Akte")
            {
                out.push(format!("{path}: {} lies outside of Akteninhalt", inner.name));
            }
        });
    }
    out
}

fn identified(record: &Element, path: &str, out: &mut Vec<String>) {
    match record.child("Identifikation") {
        None => out.push(format!("{path}: Identifikation is missing")),
        Some(id) => sequence(id, &format!("{path}/Identifikation"), IDENTIFIED, out),
    }
}

fn sequence(element: &Element, path: &str, parts: &[Part], out: &mut Vec<String>) {
    let mut children = element.elements().peekable();
    for (name, least, many, holds) in parts {
        let mut count = 0;
        while let Some(child) = children.peek().filter(|c| c.name == *name) {
            if count == 1 && !many {
                break;
            }
            let place = format!("{path}/{name}");
            if child.namespace != element.namespace {
                out.push(format!("{place} is not in the namespace of the message"));
            }
            content(child, &place, *holds, out);
            count += 1;
            children.next();
        }
        if count < *least {
            out.push(format!("{path}: {name} is missing or not in its place"));
        }
    }
    if let Some(child) = children.next() {
        out.push(format!("{path}: {} is not allowed in this place", child.name));
    }
}

fn content(element: &Element, path: &str, holds: Holds, out: &mut Vec<String>) {
    let text = element.text();
    let text = text.trim();
    let fine = match holds {
        Holds::Any => true,
        Holds::Parts(parts) => {
            sequence(element, path, parts, out);
            true
        }
        Holds::OneOf(parts) => {
            let mut inside = element.elements();
            match (inside.next(), inside.next()) {
                (Some(one), None) if parts.iter().any(|(name, ..)| *name == one.name) => {}
                _ => out.push(format!("{path} holds something other than one record")),
            }
            true
        }
        Holds::Code => {
            let code = element.elements().find(|e| e.name == "code" && e.namespace.is_empty());
            code.is_some_and(|c| !c.text().trim().is_empty())
        }
        Holds::Text => element.is_leaf(),
        // The pattern of the schema takes `|` for a digit.
        Holds::Uuid => element.is_leaf() && is_uuid(&text.replace('|', "0")),
        Holds::Boolean => boolean(text).is_some(),
        Holds::Integer => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        }
        Holds::DateTime => is_date_time(text),
    };
    if !fine {
        let shown: String = text.chars().take(60).collect();
        out.push(format!("{path}: \"{shown}\" is no value here"));
    }
}

/// `xs:boolean`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// `xs:dateTime`, with or without a zone.
fn is_date_time(text: &str) -> bool {
    text.contains('T')
        && (text.parse::<jiff::Timestamp>().is_ok()
            || text.parse::<jiff::civil::DateTime>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::{boolean, check, is_date_time};
    use crate::fake_system::dms::xdomea::version::{Kind, Version};

    fn found(header: &str, content: &str) -> Vec<String> {
        let text = format!(
            "<xdomea:FVDaten.SystemstatusAbfragen.0625 xmlns:xdomea=\"urn:xoev-de:xdomea:schema:3.0.0\">\
             <xdomea:Kopf>{header}</xdomea:Kopf>{content}</xdomea:FVDaten.SystemstatusAbfragen.0625>"
        );
        let root = crate::xml::parse(text.as_bytes()).unwrap().root;
        check(&root, Version::V3_0_0, Kind::Status)
    }

    #[test]
    fn the_structure_is_held_against_its_own_order() {
        let head = "<xdomea:ProzessID>9fde4e7a-b41b-11ec-9225-005056871b7c</xdomea:ProzessID>\
            <xdomea:Nachrichtentyp><code>0625</code></xdomea:Nachrichtentyp>\
            <xdomea:Erstellungszeitpunkt>2026-01-05T10:00:00</xdomea:Erstellungszeitpunkt>\
            <xdomea:Absender/><xdomea:Empfaenger/>";
        let rest = "<xdomea:Empfangsbestaetigung>0</xdomea:Empfangsbestaetigung>\
            <xdomea:Importbestaetigung>1</xdomea:Importbestaetigung>\
            <xdomea:Erstellerkennung>t</xdomea:Erstellerkennung><xdomea:Stapel>0</xdomea:Stapel>";
        let status = "<xdomea:SystemstatusZumAbfragen><xdomea:SystemstatusID>1\
            </xdomea:SystemstatusID></xdomea:SystemstatusZumAbfragen>";
        assert_eq!(found(&format!("{head}{rest}"), status), Vec::<String>::new());
        assert_eq!(found(&format!("{rest}{head}"), status).len(), 5 + 1);
        assert_eq!(found(&format!("{head}{rest}"), "").len(), 1);
        let twice = format!("{head}{rest}{rest}");
        assert_eq!(found(&twice, status).len(), 1);
        let wrong = rest.replace(">1<", ">ja<");
        assert_eq!(found(&format!("{head}{wrong}"), status).len(), 1);
        let no_code = head.replace("<code>0625</code>", "0625");
        assert_eq!(found(&format!("{no_code}{rest}"), status).len(), 1);
    }

    #[test]
    fn values_are_those_of_xml_schema() {
        assert_eq!((boolean(" 1 "), boolean("ja")), (Some(true), None));
        for good in ["2026-01-05T10:00:00", "2026-01-05T10:00:00.5+01:00", "2026-01-05T10:00:00Z"] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in ["2026-01-05", "2026-02-30T10:00:00", "gestern", "2026-01-05 10:00:00"] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }
}
