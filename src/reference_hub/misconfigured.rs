//! Mistakes in the configuration of the hub, as people make them: a wrong key, addresses in each other's
//! place, a time limit that does not fit. Made from the configuration itself, so that every mistake is
//! one that could have been made in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::server::HubConfig;
use crate::ids::SystemId;
use crate::organisation::{Export, ExportedAuthority};

/// A mistake in a configuration. Authorities are named by their Gemeindeschlüssel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mistake", rename_all = "kebab-case")]
pub enum Misconfiguration {
    /// An authority has another key.
    WrongKey {
        /// Its key.
        authority: String,
        /// What stands there.
        key: String,
    },
    /// A service is missing at an authority.
    ServiceMissing {
        /// The authority.
        authority: String,
        /// LeiKa key of the service.
        service: String,
    },
    /// Two systems stand at each other's address.
    AddressesSwapped {
        /// One.
        first: SystemId,
        /// The other.
        second: SystemId,
    },
    /// A system gets another format.
    WrongFormat {
        /// The system.
        system: SystemId,
        /// The format.
        receiver: String,
    },
    /// An authority has the Fachverfahren of another one.
    WrongFachverfahren {
        /// The authority.
        authority: String,
        /// The system.
        system: SystemId,
    },
    /// An authority has the DMS of another one, or none.
    WrongDms {
        /// The authority.
        authority: String,
        /// The system.
        dms: Option<SystemId>,
    },
    /// Mail for an authority goes to another address.
    WrongMailAddress {
        /// The authority.
        authority: String,
        /// The address.
        address: String,
    },
    /// Nothing goes back to the portal.
    NoPortal,
    /// Receivers have too little time to answer.
    AnswerLimit {
        /// How long, milliseconds.
        milliseconds: u32,
    },
    /// A failed delivery is tried again too late.
    Pause {
        /// After how long, milliseconds.
        milliseconds: u32,
    },
}

impl Misconfiguration {
    /// What is wrong, in words.
    pub fn what(&self) -> String {
        match self {
            Self::WrongKey { authority, key } => {
                format!("die Stelle {authority} hat den Schlüssel {key}")
            }
            Self::ServiceMissing { authority, service } => {
                format!("der Stelle {authority} fehlt die Leistung {service}")
            }
            Self::AddressesSwapped { first, second } => {
                format!("die Adressen von {first} und {second} sind vertauscht")
            }
            Self::WrongFormat { system, receiver } => {
                format!("{system} erhält das Format {receiver}")
            }
            Self::WrongFachverfahren { authority, system } => {
                format!("die Stelle {authority} hat das Fachverfahren {system}")
            }
            Self::WrongDms { authority, dms: Some(dms) } => {
                format!("die Stelle {authority} hat die E-Akte {dms}")
            }
            Self::WrongDms { authority, dms: None } => {
                format!("die Stelle {authority} hat keine E-Akte")
            }
            Self::WrongMailAddress { authority, address } => {
                format!("Mails für die Stelle {authority} gehen an {address}")
            }
            Self::NoPortal => "das Antragsportal ist nicht eingetragen".into(),
            Self::AnswerLimit { milliseconds } => {
                format!("Empfänger haben {milliseconds} ms Zeit für eine Antwort")
            }
            Self::Pause { milliseconds } => {
                format!("eine misslungene Zustellung wird erst nach {milliseconds} ms wiederholt")
            }
        }
    }

    /// The kind of mistake: `wrong-key`, `swapped-addresses` and so on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::WrongKey { .. } => "wrong-key",
            Self::ServiceMissing { .. } => "missing-service",
            Self::AddressesSwapped { .. } => "swapped-endpoints",
            Self::WrongFormat { .. } => "wrong-format",
            Self::WrongFachverfahren { .. } => "wrong-system",
            Self::WrongDms { .. } => "wrong-dms",
            Self::WrongMailAddress { .. } => "wrong-address",
            Self::NoPortal => "missing-portal",
            Self::AnswerLimit { .. } | Self::Pause { .. } => "wrong-timeout",
        }
    }

    /// Makes the mistake.
    pub(super) fn apply(&self, config: &mut HubConfig) {
        let export = &mut config.export;
        match self {
            Self::WrongKey { authority, key } => {
                each(export, authority, |a| a.ags.clone_from(key));
            }
            Self::ServiceMissing { authority, service } => {
                each(export, authority, |a| a.services.retain(|s| s != service));
            }
            Self::AddressesSwapped { first, second } => {
                let at = |id: &SystemId| export.system.iter().position(|s| &s.id == id);
                if let (Some(a), Some(b)) = (at(first), at(second)) {
                    let url = export.system[a].url.clone();
                    export.system[a].url = export.system[b].url.clone();
                    export.system[b].url = url;
                }
            }
            Self::WrongFormat { system, receiver } => {
                for s in export.system.iter_mut().filter(|s| &s.id == system) {
                    s.receiver.clone_from(receiver);
                }
            }
            Self::WrongFachverfahren { authority, system } => {
                each(export, authority, |a| a.fachverfahren = Some(system.clone()));
            }
            Self::WrongDms { authority, dms } => {
                each(export, authority, |a| a.dms.clone_from(dms));
            }
            Self::WrongMailAddress { authority, address } => {
                each(export, authority, |a| a.mail_address = Some(address.clone()));
            }
            Self::NoPortal => export.portal = None,
            Self::AnswerLimit { milliseconds } => {
                config.limit = Duration::from_millis(u64::from(*milliseconds));
            }
            Self::Pause { milliseconds } => {
                config.pause = Duration::from_millis(u64::from(*milliseconds));
            }
        }
    }

    /// Every mistake that can be made in a configuration, as far as it is about these authorities (by
    /// key) and services.
    pub fn all(export: &Export, authorities: &[String], services: &[String]) -> Vec<Self> {
        let mut out = Vec::new();
        let concerned: Vec<&ExportedAuthority> =
            export.authority.iter().filter(|a| authorities.contains(&a.ags)).collect();
        for (at, authority) in concerned.iter().enumerate() {
            let id = || authority.ags.clone();
            let next = concerned[(at + 1) % concerned.len()];
            out.push(Self::WrongKey { authority: id(), key: transposed(&authority.ags) });
            for service in authority.services.iter().filter(|s| services.contains(s)) {
                out.push(Self::ServiceMissing { authority: id(), service: service.clone() });
            }
            let other = next.fachverfahren.clone();
            if let Some(system) = other.filter(|s| Some(s) != authority.fachverfahren.as_ref()) {
                out.push(Self::WrongFachverfahren { authority: id(), system });
            }
            if authority.dms.is_some() {
                out.push(Self::WrongDms { authority: id(), dms: None });
                let others = concerned.iter().filter_map(|a| a.dms.clone());
                if let Some(dms) = others.into_iter().find(|d| Some(d) != authority.dms.as_ref()) {
                    out.push(Self::WrongDms { authority: id(), dms: Some(dms) });
                }
            }
            if authority.fachverfahren.is_none()
                && let Some(address) = &authority.mail_address
            {
                let address = address.replacen('@', ".alt@", 1);
                out.push(Self::WrongMailAddress { authority: id(), address });
            }
        }
        let used: Vec<_> = concerned.iter().filter_map(|a| a.fachverfahren.as_ref()).collect();
        let systems: Vec<_> = export.system.iter().filter(|s| used.contains(&&s.id)).collect();
        for pair in systems.windows(2) {
            let (first, second) = (pair[0].id.clone(), pair[1].id.clone());
            out.push(Self::AddressesSwapped { first, second });
            if pair[0].receiver != pair[1].receiver {
                let (system, receiver) = (pair[0].id.clone(), pair[1].receiver.clone());
                out.push(Self::WrongFormat { system, receiver });
            }
        }
        if export.portal.is_some() {
            out.push(Self::NoPortal);
        }
        out.push(Self::AnswerLimit { milliseconds: 0 });
        out.push(Self::Pause { milliseconds: 120_000 });
        out
    }
}

fn each(export: &mut Export, ags: &str, change: impl Fn(&mut ExportedAuthority)) {
    export.authority.iter_mut().filter(|a| a.ags == ags).for_each(change);
}

/// A key with its last two different neighbours in each other's place, as one types it wrongly.
fn transposed(key: &str) -> String {
    let mut digits: Vec<char> = key.chars().collect();
    let at = (1..digits.len()).rev().find(|i| digits[*i] != digits[*i - 1]);
    match at {
        Some(at) => digits.swap(at, at - 1),
        None => digits.push('0'),
    }
    digits.into_iter().collect()
}
