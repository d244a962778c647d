//! TLS of a server: which certificate it shows, and whether it asks for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::TlsError;
use super::authority::{TestAuthority, Usage};
use crate::ids::CertificateKind;

/// The certificates a server can show, and which of them it shows now.
#[derive(Debug)]
pub struct Shown {
    keys: HashMap<CertificateKind, Arc<CertifiedKey>>,
    now: Mutex<CertificateKind>,
}

impl Shown {
    /// Lets an authority issue one of each kind.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate, or the machine gives no randomness.
    pub fn new(
        authority: &TestAuthority,
        names: &[String],
        first: CertificateKind,
    ) -> Result<Self, TlsError> {
        let provider = default_provider();
        let mut keys = HashMap::new();
        for kind in CertificateKind::ALL {
            let issued = authority.issue(kind, Usage::Server, names)?;
            let key = provider.key_provider.load_private_key(issued.key)?;
            keys.insert(kind, Arc::new(CertifiedKey::new(issued.chain, key)));
        }
        Ok(Self { keys, now: Mutex::new(first) })
    }

    /// Shows another one from the next connection on.
    pub fn show(&self, kind: CertificateKind) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = kind;
    }

    /// The one that is shown.
    pub fn now(&self) -> CertificateKind {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.keys.get(&self.now()).cloned()
    }
}

/// TLS 1.2 and 1.3 with these certificates. With `clients`, a client certificate of that authority
/// is demanded, and one that it has withdrawn is not taken.
///
/// # Errors
/// When the authority's list cannot be made.
pub fn server_config(
    shown: Arc<Shown>,
    clients: Option<&TestAuthority>,
) -> Result<Arc<ServerConfig>, TlsError> {
    // The provider is named, since a process-wide one may be another or missing.
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.root())?;
            let (list, _) = authority.withdrawn()?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .with_crls([list])
                .build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_cert_resolver(shown);
    // Each connection looks at the certificates anew, whatever was shown before.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
