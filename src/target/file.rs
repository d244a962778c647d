//! The target file: what is under test, what it claims, and how it is reached.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check;
use super::doing::{Action, Doing};
use crate::diagnostic::{Diagnostics, read, read_text};
use crate::ids::{Claims, ComponentKind, Digest, SystemId};
use crate::mapping::LogMapping;
use crate::xdomea::Version;

/// The format this version reads.
pub(super) const FORMAT: &str = "pruefstand/target/1";

/// The whole file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// Always `pruefstand/target/1`.
    pub format: String,
    /// What it is.
    pub target: TargetHead,
    /// What it claims to do; everything of its kind where absent.
    #[serde(default, skip_serializing_if = "Claims::is_everything")]
    pub claims: Claims,
    /// Where a hub is reached; not for other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
    /// Where another component is reached, and in whose place it stands; not for hubs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<Interface>,
    /// How the harness shows who it is; each value comes from the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// What it can stand.
    #[serde(default, skip_serializing_if = "Limits::is_usual")]
    pub limits: Limits,
    /// How the entries of its transaction log map to the words of the Testplan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogMapping>,
    /// How it is started, where the harness does that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// What is done before the first message, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepare: Vec<Doing>,
    /// How it is told that the organisation's configuration changed (`{endpoints}` names the new
    /// export); a target with a start command is started anew where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconfigure: Option<Doing>,
    /// How it is made to do what no message makes it do, such as sending a Bescheid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub action: Vec<Action>,
    /// Folder of the file, to which paths in it are relative.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Identity of a target.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetHead {
    /// Component kind it claims to be.
    pub kind: ComponentKind,
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
    /// Base address; absent where its command says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The files that are the product, with their digests, so that a result speaks of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file: Vec<ProductFile>,
}

/// A file of the product.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductFile {
    /// Path, relative to the target file.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: Digest,
}

/// Where a hub is reached: paths below its base address, or full addresses.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// Takes messages of the Antragsportal.
    pub portal: String,
    /// Takes messages of Fachverfahren.
    pub fachverfahren: String,
    /// Answers 2xx when it is ready.
    pub ready: String,
    /// Gives the transaction log.
    pub log: String,
}

/// What another component than a hub offers, and in whose place it stands.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// The system of the organisation in whose place it stands; it takes that system's format.
    pub system: SystemId,
    /// What it speaks; what the system's fake speaks where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Where: a path below its base address, or a full address (`smtp://`, `file://` too). What the
    /// start command says where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// For a web service: what is meant (`SOAPAction`; in 1.2 the parameter `action`; `wsa:Action`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soap_action: Option<String>,
    /// For a web service: whether it wants WS-Addressing 1.0; it does not where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressing: Option<bool>,
    /// Local name of the element whose base64 does not stay in the message: it goes as a part (MTOM)
    /// to a web service, as a file of its own into a folder. All of it stays in where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<String>,
    /// For a transfer folder in which each message is a folder: how the name of the empty file ends
    /// that says that a folder is complete, such as `.fertig`; none is made where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// For a transfer folder: where the receipt of what was accepted lies, relative to the folder at
    /// `url`; `{name}` stands for the name under which it was handed over.
    /// `../ausgang/{name}.quittung.xml` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// For a transfer folder: where it is said why something was refused, with the reason in the
    /// second line; `../abgewiesen/{name}.grund.txt` where absent. A reason that begins with
    /// `zurzeit` is no refusal for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// For a transfer folder: the folder, relative to that at `url`, into which the target puts what
    /// it sends to the hub; files that `receipt` stands for are no messages. It is read and nothing
    /// is taken out of it. A target without it sends over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<String>,
    /// For JSON: paths of what is a list, such as `dokumente`; what occurs more than once is one in
    /// any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    /// For JSON: paths of numbers, such as `daten/baum/umfang`; what is named nowhere is a text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    /// For JSON: paths of truth values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truth_values: Vec<String>,
    /// For xdomea: the version in which messages are written; 3.1.0 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xdomea_version: Option<Version>,
    /// Where it tells what it holds about a case, with `{vorgang}` in it: a path or an address, or
    /// for a mail system the folder (Maildir) of its mailbox. A target without it cannot claim the
    /// role `bestand`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Answers 2xx when it is ready; a connection is enough where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// Address and port on which the harness plays the hub, where the target has it in its
    /// configuration; a free port on loopback where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub_listen: Option<String>,
    /// The address by which the target reaches that hub, where it is another than the one on which
    /// it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub_url: Option<String>,
}

/// What a component speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// XML over HTTP.
    XmlHttp,
    /// SOAP 1.1, attachments inline.
    #[serde(rename = "soap-1.1")]
    Soap11,
    /// SOAP 1.2, attachments with MTOM.
    #[serde(rename = "soap-1.2")]
    Soap12,
    /// JSON over HTTP.
    RestJson,
    /// A transfer folder.
    File,
    /// CMIS 1.1, browser binding.
    CmisBrowser,
    /// CMIS 1.1, AtomPub binding.
    CmisAtom,
    /// xdomea over HTTP, container in, container back.
    Xdomea,
    /// SMTP.
    Smtp,
}

impl Protocol {
    /// Whether it is a web service.
    pub fn is_soap(self) -> bool {
        matches!(self, Self::Soap11 | Self::Soap12)
    }

    /// The protocol by the name that an export gives it.
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "xml-http" => Self::XmlHttp,
            "soap" => Self::Soap12,
            "rest-json" => Self::RestJson,
            "file" => Self::File,
            "cmis-browser" => Self::CmisBrowser,
            "smtp" => Self::Smtp,
            _ => return None,
        })
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::XmlHttp => "xml-http",
            Self::Soap11 => "soap-1.1",
            Self::Soap12 => "soap-1.2",
            Self::RestJson => "rest-json",
            Self::File => "file",
            Self::CmisBrowser => "cmis-browser",
            Self::CmisAtom => "cmis-atom",
            Self::Xdomea => "xdomea",
            Self::Smtp => "smtp",
        }
    }
}

/// How the harness shows who it is. Each key names a variable of the environment; the values are
/// read when they are needed and stand in no file.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Variable with the user's name (basic authentication).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_env: Option<String>,
    /// Variable with the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// Variable with a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_env: Option<String>,
    /// File with the authorities (PEM) that the target's certificate must come from, relative to the
    /// target file; those of the machine where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities: Option<String>,
    /// File with their lists of withdrawn certificates (CRL, PEM), relative to the target file; none is
    /// asked for where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// File with the harness's own certificate (PEM), relative to the target file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Variable with the path of its key (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
}

/// What a target can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most cases at once; the smaller of this and `--jobs` counts.
    pub parallel: Option<u32>,
    /// Most messages a second.
    pub per_second: Option<u32>,
    /// Longest time until a connection stands, milliseconds.
    pub connect_ms: u32,
    /// Longest time for an answer, milliseconds.
    pub answer_ms: u32,
    /// Largest answer that is read, with its head, bytes; what goes beyond is a fault of the target.
    pub answer_bytes: u64,
    /// Longest time until a started target is ready, milliseconds.
    pub start_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            parallel: None,
            per_second: None,
            connect_ms: 5_000,
            answer_ms: 15_000,
            answer_bytes: 64 * 1024 * 1024,
            start_ms: 30_000,
        }
    }
}

impl Limits {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// How a target is started.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Program and arguments; `{endpoints}` stands for the file with the organisation's export,
    /// `{state}` for a folder of its own, `{here}` for the folder of the target file, `{hub}` for the
    /// address of the hub that the harness plays.
    /// When it is ready it prints a line with `{"url": "…"}`; where it speaks several protocols,
    /// `"urls": {"cmis-atom": "…"}` names the addresses of the others.
    pub command: Vec<String>,
}

impl TargetFile {
    /// Reads and checks a target file.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let (name, text) = read_text(path)?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { folder, ..Self::from_text(&name, &text)? })
    }

    /// The folder in which the target file lies, absolute.
    pub fn here(&self) -> std::path::PathBuf {
        std::path::absolute(if self.folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.folder
        })
        .unwrap_or_else(|_| self.folder.clone())
    }

    /// Reads and checks the text of a target file.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn from_text(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let authored = read::<Self>(name, text)?;
        let list = check::check(&authored);
        if list.is_empty() {
            Ok(authored.value)
        } else {
            Err(Diagnostics::new(authored.source, list))
        }
    }

    /// Every address in it that is spoken to by itself.
    pub(super) fn addresses(&self) -> Vec<&str> {
        let hub =
            self.endpoints.iter().flat_map(|e| [&e.portal, &e.fachverfahren, &e.ready, &e.log]);
        let other = self.interface.iter().flat_map(|i| {
            [i.url.as_ref(), i.held.as_ref(), i.ready.as_ref()].into_iter().flatten()
        });
        let base = self.target.url.iter();
        base.chain(hub).chain(other).map(String::as_str).filter(|a| a.contains("://")).collect()
    }

    /// The version of xdomea in which it is spoken to, where it speaks that.
    pub fn xdomea(&self) -> Option<Version> {
        let interface = self.interface.as_ref();
        let spoken = interface.filter(|i| i.protocol == Some(Protocol::Xdomea))?;
        Some(spoken.xdomea_version.unwrap_or_default())
    }

    /// The system of the organisation in whose place it stands, where it is no hub.
    pub fn stands_for(&self) -> Option<&SystemId> {
        self.interface.as_ref().map(|i| &i.system)
    }

    /// A target of which nothing else is known.
    fn of(kind: ComponentKind, vendor: &str, product: &str) -> Self {
        Self {
            format: FORMAT.into(),
            target: TargetHead {
                kind,
                vendor: vendor.into(),
                product: product.into(),
                version: env!("CARGO_PKG_VERSION").into(),
                url: None,
                file: vec![],
            },
            claims: Claims::default(),
            endpoints: None,
            interface: None,
            credentials: None,
            limits: Limits::default(),
            log: None,
            start: None,
            prepare: vec![],
            reconfigure: None,
            action: vec![],
            folder: PathBuf::new(),
        }
    }

    /// The reference hub, started by this program like any other target.
    pub fn reference_hub(program: &Path, base: &Path, defects: &[String]) -> Self {
        let mut command: Vec<String> = vec![program.display().to_string()];
        command.extend(["hub", "up", "--endpoints", "{endpoints}"].map(str::to_owned));
        command.extend(["--state", "{state}", "--base"].map(str::to_owned));
        command.extend([base.display().to_string(), "--format".into(), "json".into()]);
        for defect in defects {
            command.extend(["--defect".into(), defect.clone()]);
        }
        let endpoints = Endpoints {
            portal: "/eingang/portal".into(),
            fachverfahren: "/eingang/fachverfahren".into(),
            ready: "/bereit".into(),
            log: "/protokoll".into(),
        };
        Self {
            endpoints: Some(endpoints),
            start: Some(Start { command }),
            ..Self::of(ComponentKind::Integrationsserver, "Prüfstand", "Referenz-Datendrehscheibe")
        }
    }
}
