//! Certificates that a server of the bench makes for itself, for one run. They prove nothing about
//! anybody: clients have to be told to trust them, or not to look.

use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key or the certificate could not be made.
    #[error("no test certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library does not take them.
    #[error("no TLS with the test certificate: {0}")]
    Config(#[from] tokio_rustls::rustls::Error),
}

/// A certificate of this run and the TLS settings of a server that uses it.
#[derive(Debug, Clone)]
pub struct TestCertificate {
    /// The certificate in DER, self-signed, for clients that want to trust it.
    pub der: Vec<u8>,
    /// TLS 1.2 and 1.3, no client certificates.
    pub config: Arc<ServerConfig>,
}

impl TestCertificate {
    /// Makes a key (ECDSA P-256) and a certificate for these DNS names and IP addresses.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate, or the machine gives no randomness.
    pub fn generate(names: &[&str]) -> Result<Self, TlsError> {
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let made = rcgen::generate_simple_self_signed(names)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let der = made.cert.der().clone();
        // The provider is named, since a process-wide one may be another or missing.
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![der.clone()], key)?;
        Ok(Self { der: der.to_vec(), config: Arc::new(config) })
    }
}

#[cfg(test)]
mod tests {
    use super::TestCertificate;

    #[test]
    fn every_run_has_a_certificate_of_its_own() {
        let names = ["localhost", "127.0.0.1", "::1"];
        let one = TestCertificate::generate(&names).expect("a certificate");
        let two = TestCertificate::generate(&names).expect("another");
        assert_ne!(one.der, two.der);
        assert!(one.der.windows(9).any(|w| w == b"localhost"));
    }
}
