//! What the person who configures a hub needs: authorities, keys, systems and where they listen.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClientCertificate, FakeKind, TestOrganisation};
use crate::ids::{ComponentKind, SystemId};

/// The configuration of a hub for this organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// Always `pruefstand/organisation-export/1`.
    pub format: String,
    /// Id of the organisation.
    pub organisation: String,
    /// Rule depots in use.
    pub depots: Vec<String>,
    /// Where answers to the applicant go.
    pub portal: Option<SystemId>,
    /// Systems.
    pub system: Vec<ExportedSystem>,
    /// Authorities.
    pub authority: Vec<ExportedAuthority>,
    /// Services, with what the depots know of them; empty where nobody looked into the depots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service: Vec<ExportedService>,
    /// What becomes of a service at an authority: the organisation-specific rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<ExportedDelivery>,
    /// The depots' contents, as far as a hub is configured with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depot: Vec<ExportedDepot>,
    /// Certificates of this run, where a system of it is reached by TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<ExportedTrust>,
}

/// What a hub needs to reach the systems of a run by TLS, in PEM. All of it is made for the run and
/// worth nothing after it, the key as well.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedTrust {
    /// The test authority that issued the certificates of the systems.
    pub authority: String,
    /// Its list of withdrawn certificates.
    pub withdrawn: String,
    /// The hub's own certificate, for systems that ask for one.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// A system as a hub needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedSystem {
    /// Short name.
    pub id: SystemId,
    /// Component kind.
    pub kind: ComponentKind,
    /// Protocol it speaks.
    pub protocol: String,
    /// Format it takes.
    pub receiver: String,
    /// Where it listens; empty when it is not running.
    pub url: String,
    /// User of its interface; nobody is asked where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where the password of that user stands; never the password itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_at: Option<String>,
    /// Whether it is reached by TLS, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ExportedTls>,
}

/// TLS of a system. Its certificate is made for each run, see [`ExportedTrust`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedTls {
    /// Whether the hub must show its own certificate.
    pub client_certificate: bool,
}

/// A service that some authority offers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedService {
    /// LeiKa key.
    pub leika: String,
    /// Title for people, where a depot or concept has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The depot that recognises its applications; none means that the hub cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depot: Option<String>,
    /// Its procedure in that depot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<String>,
}

/// An organisation-specific rule: where an application goes, and in which format.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedDelivery {
    /// Amtlicher Gemeindeschlüssel in the message's header.
    pub ags: String,
    /// LeiKa key in the message's header.
    pub leika: String,
    /// The system that takes it.
    pub system: SystemId,
    /// The format it takes.
    pub receiver: String,
    /// The rule that makes this format, `depot/sheet`; none means that the message stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Version of the rule's depot (Regelstand).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Digest of the organisation-specific rule: the generally valid one with all its files, and what the
    /// organisation says about authority and system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Where it is filed as well: the DMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dms: Option<SystemId>,
    /// The folder in the DMS; `{vorgang}` is the number of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// What a hub is configured with out of a depot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedDepot {
    /// Short name.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Version (Regelstand).
    pub version: String,
    /// Digest over all its files.
    pub digest: String,
    /// Where in a message the values for routing stand, by what they are.
    pub header: BTreeMap<String, String>,
    /// Messages it recognises.
    pub procedure: Vec<ExportedProcedure>,
    /// Generally valid rules.
    pub rule: Vec<ExportedRule>,
    /// Properties of a file in the DMS, with the path of their value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// A message that a depot recognises.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedProcedure {
    /// Short name.
    pub id: String,
    /// Who sends it: `portal` or `fachverfahren`.
    pub source: String,
    /// Root element.
    pub root: String,
    /// Namespace.
    pub namespace: String,
    /// Schema file in the depot.
    pub schema: String,
}

/// A generally valid rule, and what it needs to become specific.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedRule {
    /// Format it makes.
    pub receiver: String,
    /// Its sheet in the depot.
    pub sheet: String,
    /// Further files of the depot that it reads, such as tables of codes.
    pub reads: Vec<String>,
    /// Its parameters.
    #[serde(default)]
    pub parameter: Vec<ExportedParameter>,
}

/// A parameter of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedParameter {
    /// Its name.
    pub name: String,
    /// What it means, or where its value comes from; German.
    pub value: String,
}

/// An authority as a hub needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedAuthority {
    /// Short name.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Amtlicher Gemeindeschlüssel.
    pub ags: String,
    /// LeiKa keys of its services.
    pub services: Vec<String>,
    /// Its Fachverfahren.
    pub fachverfahren: Option<SystemId>,
    /// Its DMS.
    pub dms: Option<SystemId>,
    /// Its mailbox.
    pub mailbox: Option<SystemId>,
    /// Address of its mailbox.
    pub mail_address: Option<String>,
}

/// Name of the protocol a fake speaks.
pub fn protocol(fake: FakeKind) -> &'static str {
    match fake {
        FakeKind::Antragsportal
        | FakeKind::FachverfahrenA
        | FakeKind::FachverfahrenB
        | FakeKind::FachverfahrenXml => "xml-http",
        FakeKind::FachverfahrenSoap => "soap",
        FakeKind::FachverfahrenJson => "rest-json",
        FakeKind::FachverfahrenAblage => "file",
        FakeKind::Dms => "cmis-browser",
        FakeKind::Mailbox => "smtp",
    }
}

/// The export, with the addresses of running systems.
pub fn export(organisation: &TestOrganisation, urls: &BTreeMap<SystemId, String>) -> Export {
    let file = &organisation.file;
    Export {
        format: "pruefstand/organisation-export/1".into(),
        organisation: file.organisation.id.clone(),
        depots: file.organisation.depots.clone(),
        portal: organisation.portal().map(|p| p.id.clone()),
        system: file
            .system
            .iter()
            .map(|s| ExportedSystem {
                id: s.id.clone(),
                kind: s.kind,
                protocol: protocol(s.fake).into(),
                receiver: s.receiver.clone(),
                url: urls.get(&s.id).cloned().unwrap_or_default(),
                user: s.user.clone(),
                password_at: s.user.as_ref().map(|_| {
                    format!("Organisationsdatei, [[system]] id = \"{}\", Schlüssel password", s.id)
                }),
                tls: s.tls.as_ref().map(|tls| ExportedTls {
                    client_certificate: tls.client_certificate == ClientCertificate::Required,
                }),
            })
            .collect(),
        authority: file
            .authority
            .iter()
            .map(|a| ExportedAuthority {
                id: a.id.clone(),
                name: a.name.clone(),
                ags: a.ags.clone(),
                services: a.services.clone(),
                fachverfahren: a.fachverfahren.clone(),
                dms: a.dms.clone(),
                mailbox: a.mailbox.clone(),
                mail_address: a.mail_address.clone(),
            })
            .collect(),
        service: vec![],
        delivery: vec![],
        depot: vec![],
        trust: None,
    }
}
