//! The types of the repository (CMIS 1.1, sections 2.1.3 and 2.1.4): the two base types, and the three
//! levels of a German E-Akte.

use serde_json::{Map, Value, json};

use super::errors::{CmisError, Outcome};

/// The base type of folders.
pub(super) const FOLDER: &str = "cmis:folder";
/// The base type of documents.
pub(super) const DOCUMENT: &str = "cmis:document";

/// The type of a property's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Id,
    Integer,
    Decimal,
    Boolean,
    DateTime,
}

impl Kind {
    /// Its name in the browser binding.
    pub fn id(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Id => "id",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::DateTime => "datetime",
        }
    }
}

/// When a property may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Updatability {
    ReadOnly,
    ReadWrite,
    OnCreate,
}

impl Updatability {
    pub fn id(self) -> &'static str {
        match self {
            Self::ReadOnly => "readonly",
            Self::ReadWrite => "readwrite",
            Self::OnCreate => "oncreate",
        }
    }
}

/// A property of a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Property {
    pub id: &'static str,
    pub title: &'static str,
    pub kind: Kind,
    pub many: bool,
    pub required: bool,
    pub updatability: Updatability,
    /// The values it may have; any where empty.
    pub choices: &'static [&'static str],
    /// Smallest and largest number.
    pub range: Option<(i64, i64)>,
    /// Most characters.
    pub longest: Option<usize>,
}

const fn of(id: &'static str, title: &'static str, kind: Kind) -> Property {
    Property {
        id,
        title,
        kind,
        many: false,
        required: false,
        updatability: Updatability::ReadWrite,
        choices: &[],
        range: None,
        longest: None,
    }
}

const fn fixed(id: &'static str, title: &'static str, kind: Kind) -> Property {
    Property { updatability: Updatability::ReadOnly, ..of(id, title, kind) }
}

impl Property {
    const fn many(self) -> Self {
        Self { many: true, ..self }
    }
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    const fn on_create(self) -> Self {
        Self { updatability: Updatability::OnCreate, ..self }
    }
    const fn choices(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }
    const fn range(self, least: i64, most: i64) -> Self {
        Self { range: Some((least, most)), ..self }
    }
    const fn longest(self, characters: usize) -> Self {
        Self { longest: Some(characters), ..self }
    }
}

/// A type.
#[derive(Debug)]
pub(super) struct Type {
    pub id: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub parent: Option<&'static str>,
    pub base: &'static str,
    /// Properties of its own, without the inherited ones.
    own: &'static [Property],
    /// What may lie in such a folder; anything where absent.
    pub takes: Option<&'static [&'static str]>,
}

/// Properties of every object (section 2.1.4).
const COMMON: &[Property] = &[
    of("cmis:name", "Name", Kind::Text).required().longest(255),
    of("cmis:description", "Beschreibung", Kind::Text),
    fixed("cmis:objectId", "Kennung", Kind::Id),
    fixed("cmis:baseTypeId", "Grundtyp", Kind::Id),
    of("cmis:objectTypeId", "Typ", Kind::Id).required().on_create(),
    fixed("cmis:secondaryObjectTypeIds", "Nebentypen", Kind::Id).many(),
    fixed("cmis:createdBy", "Angelegt von", Kind::Text),
    fixed("cmis:creationDate", "Angelegt am", Kind::DateTime),
    fixed("cmis:lastModifiedBy", "Geändert von", Kind::Text),
    fixed("cmis:lastModificationDate", "Geändert am", Kind::DateTime),
    fixed("cmis:changeToken", "Änderungsmarke", Kind::Text),
];

/// All types, parents first.
pub(super) static TYPES: [Type; 5] = [
    Type {
        id: FOLDER,
        title: "Ordner",
        description: "Ordner ohne Fachmetadaten; nimmt beliebige weitere Merkmale auf",
        parent: None,
        base: FOLDER,
        own: &[
            fixed("cmis:parentId", "Übergeordneter Ordner", Kind::Id),
            fixed("cmis:path", "Pfad", Kind::Text),
            fixed("cmis:allowedChildObjectTypeIds", "Erlaubte Typen", Kind::Id).many(),
        ],
        takes: None,
    },
    Type {
        id: DOCUMENT,
        title: "Datei",
        description: "Dokument ohne Fachmetadaten; nimmt beliebige weitere Merkmale auf",
        parent: None,
        base: DOCUMENT,
        own: &[
            fixed("cmis:isImmutable", "Unveränderlich", Kind::Boolean),
            fixed("cmis:isLatestVersion", "Neueste Fassung", Kind::Boolean),
            fixed("cmis:isMajorVersion", "Hauptfassung", Kind::Boolean),
            fixed("cmis:isLatestMajorVersion", "Neueste Hauptfassung", Kind::Boolean),
            fixed("cmis:isPrivateWorkingCopy", "Arbeitskopie", Kind::Boolean),
            fixed("cmis:versionLabel", "Fassung", Kind::Text),
            fixed("cmis:versionSeriesId", "Fassungsreihe", Kind::Id),
            fixed("cmis:isVersionSeriesCheckedOut", "Ausgecheckt", Kind::Boolean),
            fixed("cmis:versionSeriesCheckedOutBy", "Ausgecheckt von", Kind::Text),
            fixed("cmis:versionSeriesCheckedOutId", "Kennung der Arbeitskopie", Kind::Id),
            fixed("cmis:checkinComment", "Bemerkung zur Fassung", Kind::Text),
            fixed("cmis:contentStreamLength", "Größe", Kind::Integer),
            fixed("cmis:contentStreamMimeType", "Medientyp", Kind::Text),
            fixed("cmis:contentStreamFileName", "Dateiname", Kind::Text),
            fixed("cmis:contentStreamId", "Kennung des Inhalts", Kind::Id),
        ],
        takes: None,
    },
    Type {
        id: "akte:Akte",
        title: "Akte",
        description: "Akte nach Aktenplan; enthält Vorgänge und Dokumente",
        parent: Some(FOLDER),
        base: FOLDER,
        own: &[
            of("akte:aktenzeichen", "Aktenzeichen", Kind::Text).required().longest(64),
            of("akte:aktenplan", "Betreffseinheit des Aktenplans", Kind::Text).longest(64),
            of("akte:betreff", "Betreff", Kind::Text).longest(1000),
            of("akte:organisationseinheit", "Federführende Organisationseinheit", Kind::Text),
            of("akte:laufzeitbeginn", "Beginn der Laufzeit", Kind::DateTime),
            of("akte:laufzeitende", "Ende der Laufzeit", Kind::DateTime),
            of("akte:aufbewahrungsfrist", "Aufbewahrungsfrist in Jahren", Kind::Integer)
                .range(0, 110),
            of("akte:aussonderungsart", "Aussonderungsart", Kind::Text).choices(&["A", "B", "V"]),
            of("akte:geschlossen", "Geschlossen", Kind::Boolean),
            of("akte:schlagworte", "Schlagworte", Kind::Text).many(),
        ],
        takes: Some(&["vorgang:Vorgang", "dokument:Dokument", DOCUMENT]),
    },
    Type {
        id: "vorgang:Vorgang",
        title: "Vorgang",
        description: "Vorgang einer Akte; enthält Dokumente",
        parent: Some(FOLDER),
        base: FOLDER,
        own: &[
            of("vorgang:nummer", "Vorgangsnummer", Kind::Text).required().longest(64),
            of("vorgang:aktenzeichen", "Aktenzeichen", Kind::Text).longest(64),
            of("vorgang:betreff", "Betreff", Kind::Text).longest(1000),
            of("vorgang:leistungsschluessel", "LeiKa-Schlüssel", Kind::Text).longest(14),
            of("vorgang:antragsteller", "Antragsteller", Kind::Text),
            of("vorgang:eingang", "Eingang", Kind::DateTime),
            of("vorgang:status", "Status", Kind::Text).choices(&[
                "offen",
                "in Bearbeitung",
                "abgeschlossen",
            ]),
            of("vorgang:gebuehr", "Gebühr in Euro", Kind::Decimal).range(0, 1_000_000),
            of("vorgang:beteiligte", "Beteiligte", Kind::Text).many(),
        ],
        takes: Some(&["dokument:Dokument", DOCUMENT]),
    },
    Type {
        id: "dokument:Dokument",
        title: "Dokument",
        description: "Dokument einer Akte oder eines Vorgangs",
        parent: Some(DOCUMENT),
        base: DOCUMENT,
        own: &[
            of("dokument:dokumentart", "Dokumentart", Kind::Text).choices(&[
                "Antrag",
                "Anlage",
                "Bescheid",
                "Schriftverkehr",
                "Vermerk",
            ]),
            of("dokument:betreff", "Betreff", Kind::Text).longest(1000),
            of("dokument:datum", "Datum des Schriftstücks", Kind::DateTime),
            of("dokument:eingang", "Eingang", Kind::DateTime),
            of("dokument:absender", "Absender", Kind::Text),
            of("dokument:empfaenger", "Empfänger", Kind::Text).many(),
            of("dokument:fremdes_zeichen", "Fremdes Geschäftszeichen", Kind::Text),
            of("dokument:seiten", "Seiten", Kind::Integer).range(0, 1_000_000),
            of("dokument:vertraulich", "Vertraulich", Kind::Boolean),
            of("dokument:schlagworte", "Schlagworte", Kind::Text).many(),
        ],
        takes: None,
    },
];

impl Type {
    /// All its properties, the inherited ones first.
    pub fn properties(&self) -> impl Iterator<Item = &'static Property> + use<> {
        let inherited = self.parent.and_then(|p| find(p).ok()).map_or(&[][..], |t| t.own);
        COMMON.iter().chain(inherited).chain(self.own)
    }

    pub fn property(&self, id: &str) -> Option<&'static Property> {
        self.properties().find(|p| p.id == id)
    }

    /// Whether the property is one of its own, not an inherited one.
    pub fn defines(&self, property: &str) -> bool {
        self.own.iter().any(|o| o.id == property)
    }

    pub fn is_base(&self) -> bool {
        self.parent.is_none()
    }

    /// Whether it is this type or below it.
    pub fn is_a(&self, id: &str) -> bool {
        self.id == id || self.parent == Some(id)
    }

    pub fn children(&self) -> impl Iterator<Item = &'static Self> {
        let id = self.id;
        TYPES.iter().filter(move |t| t.parent == Some(id))
    }
}

/// A type by its id.
///
/// # Errors
/// `objectNotFound`.
pub(super) fn find(id: &str) -> Outcome<&'static Type> {
    TYPES.iter().find(|t| t.id == id).ok_or_else(|| CmisError::not_found(&format!("type {id}")))
}

/// The children of a type; the base types where none is named (section 2.2.2.3).
pub(super) fn children_of(id: Option<&str>) -> Outcome<Vec<&'static Type>> {
    match id {
        Some(id) => Ok(find(id)?.children().collect()),
        None => Ok(TYPES.iter().filter(|t| t.is_base()).collect()),
    }
}

/// A type as JSON (section 5.2.3), with the definitions of its properties if wanted.
pub(super) fn shown(kind: &Type, with_properties: bool) -> Value {
    let folder = kind.base == FOLDER;
    let mut out = json!({
        "id": kind.id,
        "localName": kind.id.split(':').next_back(),
        "localNamespace": NAMESPACE,
        "displayName": kind.title,
        "queryName": kind.id,
        "description": kind.description,
        "baseId": kind.base,
        "creatable": true,
        "fileable": true,
        "queryable": true,
        "fulltextIndexed": !folder,
        "includedInSupertypeQuery": true,
        "controllablePolicy": false,
        "controllableACL": true,
        "typeMutability": { "create": false, "update": false, "delete": false },
    });
    if let Value::Object(map) = &mut out {
        if let Some(parent) = kind.parent {
            map.insert("parentId".into(), json!(parent));
        }
        if !folder {
            map.insert("versionable".into(), json!(true));
            map.insert("contentStreamAllowed".into(), json!("allowed"));
        }
        if with_properties {
            let definitions: Map<String, Value> = kind
                .properties()
                .map(|p| (p.id.to_owned(), definition(p, !kind.is_base() && !kind.defines(p.id))))
                .collect();
            map.insert("propertyDefinitions".into(), Value::Object(definitions));
        }
    }
    out
}

/// Namespace of everything local.
pub(super) const NAMESPACE: &str = "urn:pruefstand:dms";

fn definition(property: &Property, inherited: bool) -> Value {
    let mut out = json!({
        "id": property.id,
        "localName": property.id.split(':').next_back(),
        "localNamespace": NAMESPACE,
        "displayName": property.title,
        "queryName": property.id,
        "description": property.title,
        "propertyType": property.kind.id(),
        "cardinality": if property.many { "multi" } else { "single" },
        "updatability": property.updatability.id(),
        "inherited": inherited,
        "required": property.required,
        "queryable": true,
        "orderable": !property.many,
        "openChoice": property.choices.is_empty(),
    });
    if let Value::Object(map) = &mut out {
        if !property.choices.is_empty() {
            let choice: Vec<Value> = property
                .choices
                .iter()
                .map(|c| json!({ "displayName": c, "value": [c] }))
                .collect();
            map.insert("choice".into(), json!(choice));
        }
        if let Some(longest) = property.longest {
            map.insert("maxLength".into(), json!(longest));
        }
        if let Some((least, most)) = property.range {
            map.insert("minValue".into(), json!(least));
            map.insert("maxValue".into(), json!(most));
        }
        if property.kind == Kind::DateTime {
            map.insert("resolution".into(), json!("time"));
        }
        if property.kind == Kind::Decimal {
            map.insert("precision".into(), json!(64));
        }
    }
    out
}
