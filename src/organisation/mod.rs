//! The fictitious test organisation: authorities, keys, systems in use, and one world of people and
//! businesses that all fake systems share.

mod check;
mod export;
mod hub_address;

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Authored, Diagnostics, folder_of, read, read_text};
use crate::ids::{CertificateKind, ComponentKind, Digest, SystemId};

pub use export::{
    Export, ExportedAuthority, ExportedDelivery, ExportedDepot, ExportedParameter,
    ExportedProcedure, ExportedRule, ExportedService, ExportedSystem, ExportedTls, ExportedTrust,
    export, protocol,
};

/// The format this version reads.
pub const FORMAT: &str = "pruefstand/organisation/1";

/// What `to` of an answer says for the output folder of a system's own transfer folder.
pub const OUTPUT: &str = "ausgang";

/// The organisation that is used where none is given.
pub const EMBEDDED: &str = include_str!("../../fixtures/organisation/probeland.toml");

/// Files that organisations may name without having them.
const EMBEDDED_FILES: [(&str, &str); 4] = [
    (
        "antworten/unterlagen.nachfordern.xml",
        include_str!("../../fixtures/organisation/antworten/unterlagen.nachfordern.xml"),
    ),
    ("antworten/bescheid.xml", include_str!("../../fixtures/organisation/antworten/bescheid.xml")),
    (
        "antraege/gewerbeanmeldung.xml",
        include_str!("../../fixtures/organisation/antraege/gewerbeanmeldung.xml"),
    ),
    (
        "antraege/gewerbe-nachreichung.xml",
        include_str!("../../fixtures/organisation/antraege/gewerbe-nachreichung.xml"),
    ),
];

/// The whole file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationFile {
    /// Always `pruefstand/organisation/1`.
    pub format: String,
    /// What this organisation is.
    pub organisation: Head,
    /// Systems in use.
    #[serde(default)]
    pub system: Vec<System>,
    /// Authorities (zuständige Stellen).
    #[serde(default)]
    pub authority: Vec<Authority>,
    /// People of the data world.
    #[serde(default)]
    pub person: Vec<Person>,
    /// Businesses of the data world.
    #[serde(default)]
    pub business: Vec<Business>,
}

/// Identity of the organisation.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Short name.
    pub id: String,
    /// Title for people; must say that it is fictitious.
    pub title: String,
    /// Version of this file.
    pub version: String,
    /// Rule depots its hub uses: a name of an embedded one, or a folder relative to this file.
    pub depots: Vec<String>,
    /// Its authorities are real: it serves a Funktionstest at one of them, and nothing else.
    #[serde(default)]
    pub pilot: bool,
    /// How file numbers look that its fakes give: `{nummer}` is the case's number without its
    /// prefix, `{jahr}` the year.
    #[serde(default = "aktenzeichen")]
    pub aktenzeichen: String,
}

fn aktenzeichen() -> String {
    "GEW {nummer}/2026".into()
}

/// Which behaviour a fake system has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FakeKind {
    /// Takes answers in a Postfach.
    Antragsportal,
    /// XML over HTTP, element by element.
    FachverfahrenA,
    /// XML over HTTP, attribute by attribute.
    FachverfahrenB,
    /// XML over HTTP, takes messages as they are.
    FachverfahrenXml,
    /// A web service: SOAP 1.1 and 1.2, attachments also with MTOM.
    FachverfahrenSoap,
    /// JSON over HTTP, with a contract in OpenAPI.
    FachverfahrenJson,
    /// A transfer folder (Transferverzeichnis) on the disk.
    FachverfahrenAblage,
    /// CMIS browser binding, and xdomea over the same repository.
    Dms,
    /// SMTP.
    Mailbox,
}

/// How a fake system treats deviations from its protocol; it records them either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It answers with the standard's own error.
    #[default]
    Strict,
    /// It goes on where it can.
    Lenient,
}

/// Transport security of a fake system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransportSecurity {
    /// In which state the certificate is that it shows.
    #[serde(default)]
    pub certificate: CertificateKind,
    /// Whether clients must show a certificate of the test authority.
    #[serde(default)]
    pub client_certificate: ClientCertificate,
}

/// Whether a fake asks its clients for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientCertificate {
    /// Nobody is asked.
    #[default]
    NotAsked,
    /// Without one there is no connection.
    Required,
}

/// Whom a fake mailbox takes mail for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Recipients {
    /// Everybody, so that mail to a wrong address can be seen.
    #[default]
    Any,
    /// The addresses of the authorities whose mailbox it is; others are refused.
    Known,
}

/// A system in use.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Short name.
    pub id: SystemId,
    /// Its component kind.
    pub kind: ComponentKind,
    /// The fake that stands for it.
    pub fake: FakeKind,
    /// The concept's receiver whose format it takes.
    pub receiver: String,
    /// Address and port to listen on; a free loopback port where absent.
    pub listen: Option<String>,
    /// Its transfer folder, relative to this file; one of its own, which goes at the end, where absent.
    /// For a mailbox: a Maildir for what it takes; there are no files where absent.
    pub folder: Option<String>,
    /// For a mailbox: whom it takes mail for.
    #[serde(default)]
    pub recipients: Recipients,
    /// For a transfer folder: the root element of the only message that it takes, `{namespace}name`;
    /// where absent it takes whatever its contract allows.
    pub expects: Option<String>,
    /// How its fake treats deviations.
    #[serde(default)]
    pub mode: Mode,
    /// User of its interface (basic authentication, SMTP AUTH); nobody is asked where absent.
    pub user: Option<String>,
    /// Password of that user; of a fictitious system, so it may stand here.
    pub password: Option<String>,
    /// TLS; a system that speaks HTTP is reached in the clear where absent, a mailbox offers STARTTLS
    /// with a valid certificate.
    pub tls: Option<TransportSecurity>,
    /// For a DMS: a folder with schemas of xdomea, relative to this file, one folder per version
    /// (`3.1.0/xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd`); without it messages are
    /// checked by hand, which is less than the schema demands.
    pub xdomea_schemas: Option<String>,
    /// What it sends by itself after it took a message, such as a Bescheid.
    #[serde(default)]
    pub answer: Vec<LaterAnswer>,
    /// What it can send when somebody asks for it; for a portal.
    #[serde(default)]
    pub application: Vec<Application>,
}

impl System {
    /// The files it names, relative to the organisation.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let answers = self.answer.iter().map(|a| a.file.as_str());
        answers.chain(self.application.iter().map(|a| a.file.as_str()))
    }
}

/// An application (Antrag) that a fake portal can fill in and send.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Short name; the name of the file without its ending where absent.
    pub id: Option<String>,
    /// Title for people.
    pub title: String,
    /// What is sent: an XML file relative to the organisation, or the name of an embedded one, in
    /// which `{vorgang}`, `{nachricht}`, `{zeitpunkt}` and the keys of a person and a business
    /// (`{person.familienname}`, `{business.name}`) are filled in, and `{aktenzeichen}` where it
    /// follows.
    pub file: String,
    /// Where to: the hub's address for portals, `http://…`; `fake up --hub` says it as well.
    pub to: Option<String>,
    /// Whether it belongs to a case that there is already, such as documents that were demanded.
    #[serde(default)]
    pub follows: bool,
    /// The person whose application it is; the first one where absent.
    pub person: Option<String>,
    /// The business it is about; the first one where absent.
    pub business: Option<String>,
}

/// Something a fake Fachverfahren sends by itself.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaterAnswer {
    /// How long after the message was taken, milliseconds; only when somebody asks for it, by the
    /// name of its file without ending, where absent.
    #[serde(default)]
    pub after_ms: Option<u32>,
    /// What is sent: a file relative to the organisation, in which `{vorgang}`, `{nachricht}`,
    /// `{aktenzeichen}` and `{zeitpunkt}` are filled in, and of whom the case is about
    /// `{person.familienname}`, `{business.name}` and the like; these stay empty where nobody of the
    /// data world was recognised. `{bezug}` is the name that the message had in its protocol
    /// (`wsa:MessageID`, name of the hand-over). XML, an envelope of SOAP 1.2 or JSON; the content
    /// type follows from it.
    pub file: String,
    /// Where to: the hub's address for Fachverfahren, `http://…`; for a transfer folder also
    /// `ausgang`, its own output folder.
    pub to: String,
    /// How the case stands afterwards, for systems that can be asked; as before where absent.
    pub stand: Option<Stand>,
}

/// How a case stands at a Fachverfahren.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stand {
    /// It came in.
    Eingegangen,
    /// Documents are missing.
    UnterlagenNachgefordert,
    /// It was granted.
    Beschieden,
    /// It was refused.
    Abgelehnt,
}

impl Stand {
    /// Its name in interfaces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eingegangen => "eingegangen",
            Self::UnterlagenNachgefordert => "unterlagen-nachgefordert",
            Self::Beschieden => "beschieden",
            Self::Abgelehnt => "abgelehnt",
        }
    }
}

/// An authority.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Short name.
    pub id: String,
    /// Name for people; must say that it is fictitious.
    pub name: String,
    /// Amtlicher Gemeindeschlüssel, 8 digits.
    pub ags: String,
    /// Umsetzungsstufe it has reached.
    pub stage: u8,
    /// LeiKa keys of the services it offers online.
    pub services: Vec<String>,
    /// Its Fachverfahren.
    pub fachverfahren: Option<SystemId>,
    /// Its DMS.
    pub dms: Option<SystemId>,
    /// Its mailbox, where it has no Fachverfahren.
    pub mailbox: Option<SystemId>,
    /// The address of its mailbox.
    pub mail_address: Option<String>,
}

impl Authority {
    /// The system that takes its applications.
    pub fn receiver(&self) -> Option<&SystemId> {
        self.fachverfahren.as_ref().or(self.mailbox.as_ref())
    }
}

impl Application {
    /// Its short name.
    pub fn name(&self) -> &str {
        let file = std::path::Path::new(&self.file).file_stem().and_then(|s| s.to_str());
        self.id.as_deref().or(file).unwrap_or(&self.file)
    }
}

/// A fictitious person.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are the documentation")]
pub struct Person {
    pub id: String,
    pub vorname: String,
    pub familienname: String,
    pub geburtsname: String,
    pub geburtsdatum: String,
    pub geburtsort: String,
    pub strasse: String,
    pub hausnummer: String,
    pub plz: String,
    pub ort: String,
    pub telefon: String,
    pub email: String,
}

/// A fictitious business.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are the documentation")]
pub struct Business {
    pub id: String,
    pub name: String,
    pub rechtsform: String,
    pub registergericht: String,
    pub registernummer: String,
    pub strasse: String,
    pub hausnummer: String,
    pub plz: String,
    pub ort: String,
    pub telefon: String,
    pub internet: String,
    pub taetigkeit: String,
    pub wz: String,
    pub betriebsart: String,
}

/// An organisation without findings.
#[derive(Debug, Clone)]
pub struct TestOrganisation {
    /// The file's content.
    pub file: OrganisationFile,
    /// The file's text.
    pub text: String,
    /// Digest of the file's text.
    pub digest: Digest,
    /// Folder the file's paths are relative to.
    pub folder: std::path::PathBuf,
}

impl TestOrganisation {
    /// Reads and checks an organisation.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn from_text(name: &str, text: &str, folder: &Path) -> Result<Self, Diagnostics> {
        let authored: Authored<OrganisationFile> = read(name, text)?;
        let list = check::check(&authored);
        if !list.is_empty() {
            return Err(Diagnostics::new(authored.source, list));
        }
        Ok(Self {
            digest: Digest::of(text),
            text: text.to_owned(),
            file: authored.value,
            folder: folder.to_owned(),
        })
    }

    /// Reads and checks the organisation in a file.
    ///
    /// # Errors
    /// Every finding at once, with its place; also when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let (name, text) = read_text(path)?;
        Self::from_text(&name, &text, folder_of(path))
    }

    /// The embedded organisation.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken file; a test proves that it was not.
    pub fn embedded() -> Result<Self, Diagnostics> {
        Self::from_text("probeland.toml (embedded)", EMBEDDED, Path::new("."))
    }

    /// The text of a file that the organisation names: beside it, or else an embedded one.
    ///
    /// # Errors
    /// When it is neither.
    pub fn material(&self, file: &str) -> std::io::Result<String> {
        std::fs::read_to_string(self.folder.join(file)).or_else(|error| {
            let embedded = EMBEDDED_FILES.iter().find(|(name, _)| *name == file);
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            embedded.filter(|_| missing).map(|(_, text)| (*text).to_owned()).ok_or(error)
        })
    }

    /// A system by id.
    pub fn system(&self, id: &SystemId) -> Option<&System> {
        self.file.system.iter().find(|s| &s.id == id)
    }

    /// The portal that takes answers.
    pub fn portal(&self) -> Option<&System> {
        self.file.system.iter().find(|s| s.fake == FakeKind::Antragsportal)
    }

    /// The `nth` realistic value of the data world for a key such as `person.vorname`.
    pub fn world_nth(&self, key: &str, nth: usize) -> Option<String> {
        let (who, what) = key.split_once('.')?;
        let people = &self.file.person;
        let record = match who {
            "person" => serde_json::to_value(people.get(nth % people.len().max(1))?),
            "deputy" => serde_json::to_value(people.get((nth + 1) % people.len().max(1))?),
            "business" => {
                let businesses = &self.file.business;
                serde_json::to_value(businesses.get(nth % businesses.len().max(1))?)
            }
            _ => return None,
        };
        record.ok()?.get(what)?.as_str().map(str::to_owned)
    }
}
