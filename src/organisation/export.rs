//! What the person who configures a hub needs: authorities, keys, systems and where they listen.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FakeKind, TestOrganisation};
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
        trust: None,
    }
}
