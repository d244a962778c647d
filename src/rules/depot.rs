//! The depot: recognition, schemas, sheets and flow, as files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Diagnostics, Path as Place, read};
use crate::ids::Digest;
use crate::xml::{Condition, SchemaError, SchemaSet, SheetSet, Validator, decode};

/// The format this version reads.
const FORMAT: &str = "pruefstand/depot/1";

macro_rules! embedded {
    ($depot:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../fixtures/depot/", $depot, "/", $path)))),*]
    };
}

/// Files of the embedded depot `gewerbe`.
const GEWERBE: &[(&str, &[u8])] = embedded!("gewerbe":
    "depot.toml",
    "rules/fachverfahren-a.xsl",
    "rules/fachverfahren-b.xsl",
    "rules/schluessel.xml",
    "schemas/anmeldung.einreichen.xsd",
    "schemas/ummeldung.einreichen.xsd",
    "schemas/abmeldung.einreichen.xsd",
    "schemas/registerauszug.einreichen.xsd",
    "schemas/unterlagen.nachreichen.xsd",
    "schemas/unterlagen.nachfordern.xsd",
    "schemas/bescheid.xsd",
);

/// Files of the embedded depot `hundehaltung`.
const HUNDEHALTUNG: &[(&str, &[u8])] = embedded!("hundehaltung":
    "depot.toml",
    "schemas/anmeldung.einreichen.xsd",
    "schemas/befreiung.einreichen.xsd",
    "schemas/bescheid.xsd",
);

/// Files of the embedded depot `personenstand`.
const PERSONENSTAND: &[(&str, &[u8])] = embedded!("personenstand":
    "depot.toml",
    "rules/fachverfahren-b.xsl",
    "rules/schluessel.xml",
    "schemas/geburtsurkunde.anfordern.xsd",
    "schemas/eheurkunde.anfordern.xsd",
    "schemas/sterbeurkunde.anfordern.xsd",
    "schemas/nachweise.nachreichen.xsd",
    "schemas/nachweise.nachfordern.xsd",
    "schemas/bescheid.xsd",
);

type Files = &'static [(&'static str, &'static [u8])];

/// Embedded depots by name.
const EMBEDDED: [(&str, Files); 3] =
    [("gewerbe", GEWERBE), ("hundehaltung", HUNDEHALTUNG), ("personenstand", PERSONENSTAND)];

/// The file `depot.toml`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DepotFile {
    /// Always `pruefstand/depot/1`.
    pub format: String,
    /// Identity.
    pub depot: Head,
    /// Messages it recognises.
    #[serde(default)]
    pub procedure: Vec<Procedure>,
    /// Where the values for routing stand.
    #[serde(default)]
    pub header: Header,
    /// Rules by format of the receiver; a receiver without rule gets messages as they are.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// What a message must satisfy beyond its schema.
    #[serde(default)]
    pub check: Vec<Check>,
    /// Flow of a case; none means that every message stands alone.
    #[serde(default)]
    pub transition: Vec<Transition>,
    /// Eingangsbestätigung, where there is one.
    pub confirmation: Option<Confirmation>,
    /// Filing in a DMS.
    pub filing: Option<Filing>,
}

/// Identity of a depot.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Version (Regelstand).
    pub version: String,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Starts a case.
    Antrag,
    /// Asks for documents.
    Nachforderung,
    /// Brings documents.
    Nachreichung,
    /// Ends a case.
    Bescheid,
}

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The Antragsportal; the message goes to the authority.
    Portal,
    /// A Fachverfahren; the message goes to the portal.
    Fachverfahren,
}

/// A message the hub recognises.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Short name.
    pub id: String,
    /// Title for people, such as that of its service.
    pub title: Option<String>,
    /// What it is for.
    pub kind: Kind,
    /// Who sends it.
    pub source: Source,
    /// Root element.
    pub root: String,
    /// Namespace.
    pub namespace: String,
    /// Schema file.
    pub schema: String,
    /// Catalogue for network locations.
    pub catalogue: Option<String>,
    /// The service that its header must name.
    pub leistung: Option<String>,
}

/// Where the values for routing stand; steps may lie in any namespace.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Number of the case.
    pub vorgang: Option<String>,
    /// Id of the message.
    pub nachricht: Option<String>,
    /// Service.
    pub leistung: Option<String>,
    /// Authority key; without it the first authority gets everything.
    pub behoerde: Option<String>,
}

/// A generally valid integration rule.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Format it makes.
    pub receiver: String,
    /// XSLT sheet. For a receiver that takes JSON it makes the XML representation of JSON that XPath
    /// functions have (XSLT 3.0, section 22.1), in their namespace.
    pub sheet: String,
    /// Local name of the elements whose base64 travels as parts: with MTOM to a web service, as files
    /// of a folder to a transfer folder. Absent: it stays in the message.
    pub parts: Option<String>,
    /// How a web service is called.
    pub soap: Option<SoapUse>,
}

/// How a web service is called.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoapUse {
    /// Version of SOAP.
    pub version: SoapNumber,
    /// The action of the operation, as its contract names it.
    pub action: String,
    /// Whether messages carry WS-Addressing.
    #[serde(default)]
    pub addressing: bool,
}

/// Version of SOAP by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum SoapNumber {
    /// SOAP 1.1.
    #[serde(rename = "1.1")]
    One,
    /// SOAP 1.2.
    #[serde(rename = "1.2")]
    Two,
}

/// What messages must satisfy beyond their schema: an expression, or a value with check digits.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Procedures to which it applies.
    pub procedures: Vec<String>,
    /// XPath 1.0 at the root element; `m` is the prefix of the message's namespace.
    pub test: Option<String>,
    /// Path of an IBAN whose check digits must be right; steps may lie in any namespace.
    pub iban: Option<String>,
    /// Code of the rejection.
    pub code: String,
    /// Text of the rejection.
    pub text: String,
}

/// A transition of the flow.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// State before; empty for the start.
    pub from: String,
    /// Message.
    pub on: Kind,
    /// State after.
    pub to: String,
}

/// The Eingangsbestätigung.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Root element.
    pub root: String,
    /// Namespace.
    pub namespace: String,
}

/// Filing in a DMS.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filing {
    /// Folder of a case.
    pub folder: String,
    /// Property to the path of its value.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// Why a depot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DepotError {
    /// `depot.toml` has findings.
    #[error("{0}")]
    File(#[from] Diagnostics),
    /// A file is missing.
    #[error("depot \"{depot}\": {file}: {reason}")]
    Missing {
        /// The depot.
        depot: String,
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// A schema does not load.
    #[error("depot \"{depot}\": {error}")]
    Schema {
        /// The depot.
        depot: String,
        /// Why.
        error: SchemaError,
    },
}

/// A depot with its files.
#[derive(Debug, Clone)]
pub struct Depot {
    /// The file's content.
    pub file: DepotFile,
    /// All files, by path relative to the depot.
    pub files: BTreeMap<String, Vec<u8>>,
    schemas: BTreeMap<String, SchemaSet>,
}

impl Depot {
    /// A depot by the name of an embedded one, or by its folder relative to `base`.
    ///
    /// # Errors
    /// When the folder, a file or a schema cannot be used.
    pub fn load(name: &str, base: &Path) -> Result<Self, DepotError> {
        Self::load_over(name, base, BTreeMap::new())
    }

    /// The same depot with other files in the place of some of its own.
    ///
    /// # Errors
    /// As [`Depot::load`].
    pub fn load_over(
        name: &str,
        base: &Path,
        over: BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, DepotError> {
        let folder = base.join(name);
        let missing = |file: &str, reason: String| DepotError::Missing {
            depot: name.to_owned(),
            file: file.to_owned(),
            reason,
        };
        let mut files = BTreeMap::new();
        let known = EMBEDDED.iter().find(|(known, _)| *known == name);
        let embedded = known.filter(|_| !folder.join("depot.toml").is_file());
        if let Some((_, list)) = embedded {
            for (path, bytes) in *list {
                files.insert((*path).to_owned(), bytes.to_vec());
            }
        } else {
            collect(&folder, "", &mut files)
                .map_err(|e| missing(&folder.display().to_string(), e.to_string()))?;
        }
        files.extend(over);
        let text = files
            .get("depot.toml")
            .ok_or_else(|| missing("depot.toml", "is missing".into()))
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())?;
        let authored = read::<DepotFile>(&format!("{name}/depot.toml"), &text)?;
        if authored.value.format != FORMAT {
            let at = authored.span(&Place::default().at("format"));
            let message = format!("this version reads \"{FORMAT}\"");
            let finding = Diagnostic::error(at, message, "convert the depot");
            return Err(Diagnostics::new(authored.source, vec![finding]).into());
        }
        let file = authored.value;
        let mut schemas = BTreeMap::new();
        for procedure in &file.procedure {
            let bad = |error| DepotError::Schema { depot: name.to_owned(), error };
            let set = if embedded.is_some() {
                let bytes = files
                    .get(&procedure.schema)
                    .ok_or_else(|| missing(&procedure.schema, "is missing".into()))?;
                SchemaSet::single(&String::from_utf8_lossy(bytes))
            } else {
                let catalogue = procedure.catalogue.as_ref().map(|c| folder.join(c));
                SchemaSet::load(&folder.join(&procedure.schema), catalogue.as_deref())
                    .map_err(bad)?
            };
            schemas.insert(procedure.id.clone(), set);
        }
        for check in &file.check {
            if let Some(Err(error)) = check.test.as_ref().map(|t| Condition::compile(t)) {
                return Err(missing("depot.toml", format!("check \"{}\": {error}", check.text)));
            }
        }
        for rule in &file.rule {
            if !files.contains_key(&rule.sheet) {
                return Err(missing(&rule.sheet, "is missing".into()));
            }
        }
        Ok(Self { file, files, schemas })
    }

    /// Digest over all files (Regelstand).
    pub fn digest(&self) -> Digest {
        let mut all = String::new();
        for (path, bytes) in &self.files {
            all.push_str(&format!("{path} {}\n", Digest::of(bytes)));
        }
        for (id, set) in &self.schemas {
            for (url, bytes) in &set.files {
                all.push_str(&format!("{id} {url} {}\n", Digest::of(bytes.as_slice())));
            }
        }
        Digest::of(all)
    }

    /// The procedure a root element belongs to.
    pub fn recognise(&self, root: &str, namespace: &str) -> Option<&Procedure> {
        self.file.procedure.iter().find(|p| p.root == root && p.namespace == namespace)
    }

    /// Compiles the schema of a procedure.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn validator(&self, procedure: &str) -> Result<Validator, DepotError> {
        let bad = |error| DepotError::Schema { depot: self.file.depot.id.clone(), error };
        match self.schemas.get(procedure) {
            Some(set) => set.compile().map_err(bad),
            None => Err(bad(SchemaError {
                file: procedure.to_owned(),
                line: 0,
                message: "has no schema".into(),
            })),
        }
    }

    /// The text of a file of XML, whatever it is encoded in; it declares UTF-8 then.
    pub fn text(&self, file: &str) -> Option<String> {
        let text = decode(self.files.get(file)?).ok()?.text;
        let head = text.find("?>").filter(|_| text.starts_with("<?xml"));
        let declared = head.and_then(|end| {
            let from = text[..end].find("encoding")?;
            let quote = from + text[from..end].find(['"', '\''])?;
            let close = quote + 1 + text[quote + 1..end].find(['"', '\''])?;
            Some(quote + 1..close)
        });
        Some(match declared {
            Some(range) => format!("{}UTF-8{}", &text[..range.start], &text[range.end..]),
            None => text,
        })
    }

    /// The sheets and data files its rules may read.
    pub fn sheets(&self) -> SheetSet {
        let files = self
            .files
            .iter()
            .map(|(path, bytes)| (sheet_url(path), Arc::new(bytes.clone())))
            .collect();
        SheetSet { id: self.digest().0, files }
    }
}

/// The URL under which a sheet of a depot is known.
pub(super) fn sheet_url(path: &str) -> String {
    format!("file:///depot/{path}")
}

fn collect(
    folder: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // A link could lead out of the depot.
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if entry.file_type()?.is_file() {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}
