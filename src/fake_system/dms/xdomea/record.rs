//! What a record of xdomea is in the repository: type, name, properties.
//!
//! Akte, Vorgang and Dokument are the three types of the E-Akte; what has no property there stays
//! in the message, which is kept as a whole.

use crate::fake_system::dms::values::Given;
use crate::xml::Element;

use super::shape::boolean;

/// The three levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Akte,
    Vorgang,
    Dokument,
}

impl Level {
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "Akte" | "Teilakte" => Some(Self::Akte),
            "Vorgang" | "Teilvorgang" => Some(Self::Vorgang),
            "Dokument" | "Anlage" => Some(Self::Dokument),
            _ => None,
        }
    }

    pub fn type_id(self) -> &'static str {
        match self {
            Self::Akte => "akte:Akte",
            Self::Vorgang => "vorgang:Vorgang",
            Self::Dokument => "dokument:Dokument",
        }
    }

    /// The level's name in xdomea.
    pub fn name(self) -> &'static str {
        match self {
            Self::Akte => "Akte",
            Self::Vorgang => "Vorgang",
            Self::Dokument => "Dokument",
        }
    }
}

/// The records inside a record, in the order of the message.
pub(super) fn inside(record: &Element, level: Level) -> Vec<&Element> {
    let of = |at: &Element, names: &[&str]| names.contains(&at.name.as_str());
    match level {
        Level::Akte => {
            // Some stand beside the content: Teilakten in 2.4.0, all where somebody is lenient.
            let parts = ["Dokument", "Vorgang", "Teilakte"];
            let content = record.child("Akteninhalt").into_iter().flat_map(Element::elements);
            content.chain(record.elements()).filter(|e| of(e, &parts)).collect()
        }
        Level::Vorgang => {
            record.elements().filter(|e| of(e, &["Dokument", "Teilvorgang"])).collect()
        }
        Level::Dokument => Vec::new(),
    }
}

/// Text of an element below a record.
pub(super) fn text(record: &Element, path: &str) -> Option<String> {
    let found = record.elements_at(path).first().map(|e| e.text().trim().to_owned());
    found.filter(|t| !t.is_empty())
}

/// The UUID that the record carries.
pub(super) fn uuid(record: &Element) -> Option<String> {
    text(record, "Identifikation/ID")
}

/// The subject.
pub(super) fn subject(record: &Element) -> Option<String> {
    text(record, "AllgemeineMetadaten/Betreff")
}

/// The Kennzeichen that counts: the given one, or one made up, as a DMS does for new records.
pub(super) fn reference(record: &Element) -> (String, bool) {
    match text(record, "AllgemeineMetadaten/Kennzeichen") {
        Some(given) => (given, false),
        None => {
            let uuid = uuid(record).unwrap_or_default().to_lowercase();
            (format!("AZ {}", uuid.chars().take(8).collect::<String>()), true)
        }
    }
}

/// A name for an object out of a text: the repository takes no slashes and no control characters.
pub(super) fn name_of(text: &str) -> String {
    let plain = |c: char| if c == '/' || c.is_control() { '-' } else { c };
    let name: String = text.trim().chars().map(plain).take(200).collect();
    if name.is_empty() || name == "." || name == ".." { "ohne Namen".into() } else { name }
}

/// The properties of a record, without its name.
pub(super) fn properties(record: &Element, level: Level, container: Option<&str>) -> Given {
    let mut out = vec![("cmis:objectTypeId".to_owned(), vec![level.type_id().to_owned()])];
    let mut set = |id: &str, values: Vec<String>| {
        if !values.is_empty() {
            out.push((id.to_owned(), values));
        }
    };
    let of = |path: &str| text(record, path).into_iter().collect::<Vec<_>>();
    let day =
        |path: &str| text(record, path).map(|d| at_midnight(&d)).into_iter().collect::<Vec<_>>();
    let closed = text(record, "ZdA").and_then(|t| boolean(&t));
    set("cmis:description", of("AllgemeineMetadaten/Bemerkung"));
    match level {
        Level::Akte => {
            set("akte:aktenzeichen", vec![reference(record).0]);
            set("akte:betreff", of("AllgemeineMetadaten/Betreff"));
            set("akte:organisationseinheit", of("AllgemeineMetadaten/Federfuehrung"));
            set("akte:aktenplan", of("AllgemeineMetadaten/Aktenplaneinheit/Kennzeichen"));
            set("akte:laufzeitbeginn", day("Laufzeit/Beginn"));
            set("akte:laufzeitende", day("Laufzeit/Ende"));
            let archive = "ArchivspezifischeMetadaten";
            let years = text(record, &format!("{archive}/Aufbewahrungsdauer/AnzahlJahre"))
                .or_else(|| text(record, &format!("{archive}/Aufbewahrungsdauer")));
            set("akte:aufbewahrungsfrist", years.into_iter().collect());
            let kind = text(record, &format!("{archive}/Aussonderungsart/Aussonderungsart/code"))
                .or_else(|| text(record, &format!("{archive}/Aussonderungsart/code")));
            set("akte:aussonderungsart", kind.into_iter().collect());
            set("akte:geschlossen", closed.map(|c| c.to_string()).into_iter().collect());
        }
        Level::Vorgang => {
            set("vorgang:nummer", vec![reference(record).0]);
            set("vorgang:aktenzeichen", container.map(str::to_owned).into_iter().collect());
            set("vorgang:betreff", of("AllgemeineMetadaten/Betreff"));
            let status = if closed == Some(true) { "abgeschlossen" } else { "offen" };
            set("vorgang:status", vec![status.to_owned()]);
            set("vorgang:beteiligte", people(record, "Kontakt"));
        }
        Level::Dokument => {
            let known = ["Antrag", "Anlage", "Bescheid", "Schriftverkehr", "Vermerk"];
            let attached = (record.name == "Anlage").then(|| "Anlage".to_owned());
            let kind = text(record, "Typ").filter(|t| known.contains(&t.as_str())).or(attached);
            set("dokument:dokumentart", kind.into_iter().collect());
            set("dokument:betreff", of("AllgemeineMetadaten/Betreff"));
            set("dokument:datum", day("DatumDesSchreibens"));
            set("dokument:eingang", day("Posteingangsdatum"));
            set("dokument:absender", people(record, "Absender").into_iter().take(1).collect());
            set("dokument:empfaenger", people(record, "Empfaenger"));
            set("dokument:fremdes_zeichen", of("FremdesGeschaeftszeichen"));
            // "003" is "Offen"; all other levels restrict who may see it.
            let secret = text(record, "AllgemeineMetadaten/Vertraulichkeitsstufe/code");
            set(
                "dokument:vertraulich",
                secret.map(|c| (c != "003").to_string()).into_iter().collect(),
            );
        }
    }
    Given(out)
}

/// The names of contacts.
fn people(record: &Element, role: &str) -> Vec<String> {
    let name = |contact: &Element| {
        let person = ["Name/Vorname/Name", "Name/Familienname/Name"];
        let person: Vec<String> = person.iter().filter_map(|p| text(contact, p)).collect();
        let office =
            text(contact, "Institution/Name").or(text(contact, "Organisationseinheit/Name"));
        if person.is_empty() { office } else { Some(person.join(" ")) }
    };
    record.elements().filter(|e| e.name == role).filter_map(name).collect()
}

/// A day as the repository takes points in time; anything else stays as it is, for the repository
/// to refuse.
pub(super) fn at_midnight(text: &str) -> String {
    match text.parse::<jiff::civil::Date>() {
        Ok(day) if text.len() == 10 => format!("{day}T00:00:00Z"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{at_midnight, name_of};

    #[test]
    fn names_and_days_fit_the_repository() {
        assert_eq!(name_of(" GEW 1/2026 "), "GEW 1-2026");
        assert_eq!(name_of(".."), "ohne Namen");
        assert_eq!(name_of(&"ä".repeat(300)).chars().count(), 200);
        assert_eq!(at_midnight("2026-01-05"), "2026-01-05T00:00:00Z");
        assert_eq!(at_midnight("2026-02-30"), "2026-02-30");
    }
}
