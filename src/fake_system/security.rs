//! Transport security of the fakes of a run: one test authority, and what each fake shows.

use std::sync::Arc;

use tokio_rustls::rustls::{ClientConfig, ServerConfig};

use super::Running;
use crate::ambient::Clock;
use crate::channel::tls::{
    Shown, TestAuthority, TlsError, Trust, Usage, client_config, server_config,
};
use crate::ids::CertificateKind;
use crate::organisation::{
    ClientCertificate, ExportedTrust, FakeKind, System, TestOrganisation, TransportSecurity,
};

/// Names the fakes go by, besides the address they listen on.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", "attrappe.example"];
/// Name in the client certificate of the hub.
const HUB: &str = "datendrehscheibe.example";

/// The test authority of a run.
#[derive(Debug)]
pub(super) struct Security {
    authority: TestAuthority,
}

/// TLS of one fake.
pub(super) struct Secured {
    pub config: Arc<ServerConfig>,
    pub shown: Arc<Shown>,
}

impl Security {
    /// A new authority, that nobody knows yet.
    pub fn new(clock: &Clock) -> Result<Self, TlsError> {
        let year = clock.now().to_zoned(jiff::tz::TimeZone::UTC).year();
        Ok(Self { authority: TestAuthority::new(year)? })
    }

    /// What a system that listens there shows.
    pub fn of(&self, system: &System, listen: &str) -> Result<Secured, TlsError> {
        let how = system.tls.clone().unwrap_or_default();
        let TransportSecurity { certificate, client_certificate } = how;
        let mut names: Vec<String> = NAMES.iter().map(|n| (*n).to_owned()).collect();
        if let Ok(address) = listen.parse::<std::net::SocketAddr>() {
            names.push(address.ip().to_string());
        }
        names.sort();
        names.dedup();
        let shown = Arc::new(Shown::new(&self.authority, &names, certificate)?);
        let required = client_certificate == ClientCertificate::Required;
        let config = server_config(shown.clone(), required.then_some(&self.authority))?;
        Ok(Secured { config, shown })
    }

    /// What a hub gets.
    pub fn trust(&self) -> Result<ExportedTrust, TlsError> {
        let own = self.authority.issue(CertificateKind::Valid, Usage::Client, &[HUB.to_owned()])?;
        Ok(ExportedTrust {
            authority: self.authority.root_pem(),
            withdrawn: self.authority.withdrawn()?.1,
            certificate: own.certificate_pem,
            key: own.key_pem,
        })
    }

    /// Client certificates of every kind with their keys, for people who try what is refused.
    pub fn clients(&self) -> Result<Vec<(CertificateKind, String, String)>, TlsError> {
        let issue = |kind| {
            let made = self.authority.issue(kind, Usage::Client, &[HUB.to_owned()])?;
            Ok((kind, made.certificate_pem, made.key_pem))
        };
        CertificateKind::ALL.into_iter().map(issue).collect()
    }
}

impl Running {
    /// Makes the test authority where these systems need one and there is none yet. What was made
    /// once stays, so that clients need not be told again.
    pub(super) fn secure(&mut self, organisation: &TestOrganisation) -> Result<(), TlsError> {
        let systems = &organisation.file.system;
        if self.security.is_none() && systems.iter().any(needs_certificate) {
            self.security = Some(Security::new(&Clock::system())?);
        }
        if let (Some(security), None) = (&self.security, &self.trust)
            && systems.iter().any(|s| s.tls.is_some())
        {
            let trust = security.trust()?;
            self.tls = Some(own_config(&trust)?);
            self.trust = Some(trust);
        }
        Ok(())
    }

    /// What a system shows that listens there; nothing where it speaks in the clear.
    pub(super) fn secured(
        &self,
        system: &System,
        listen: &str,
    ) -> Result<Option<Secured>, TlsError> {
        let security = self.security.as_ref().filter(|_| needs_certificate(system));
        security.map(|security| security.of(system, listen)).transpose()
    }
}

/// A mailbox always offers STARTTLS.
fn needs_certificate(system: &System) -> bool {
    system.tls.is_some() || system.fake == FakeKind::Mailbox
}

/// Settings with which the harness itself looks into the fakes.
fn own_config(trust: &ExportedTrust) -> Result<Arc<ClientConfig>, TlsError> {
    client_config(&Trust {
        authorities: trust.authority.clone(),
        withdrawn: trust.withdrawn.clone(),
        certificate: trust.certificate.clone(),
        key: trust.key.clone(),
    })
}
