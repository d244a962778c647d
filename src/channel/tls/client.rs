//! TLS of a client: whom it trusts, and what it shows.

use std::sync::Arc;

use tokio_rustls::rustls::client::{Resumption, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::TlsError;

/// Whom a client trusts, and what it shows; texts in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Certificates of authorities.
    pub authorities: String,
    /// Their lists of withdrawn certificates; where there is none, none is asked for.
    pub withdrawn: String,
    /// The client's own certificate, where it has one.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// TLS 1.2 and 1.3 with this trust, and no other: authorities of the machine do not count.
///
/// # Errors
/// When a text is no PEM, or its content cannot be used.
pub fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, TlsError> {
    config(trust, RootCertStore::empty())
}

/// The same; the authorities of the machine count too.
///
/// # Errors
/// When a text is no PEM, its content cannot be used, or there is no authority at all.
pub fn machine_config(trust: &Trust) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    // Machines have old ones that no library takes; the others count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    config(trust, roots)
}

fn config(trust: &Trust, mut roots: RootCertStore) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(default_provider());
    for certificate in CertificateDer::pem_slice_iter(trust.authorities.as_bytes()) {
        roots.add(certificate?)?;
    }
    let lists = CertificateRevocationListDer::pem_slice_iter(trust.withdrawn.as_bytes())
        .collect::<Result<Vec<_>, _>>()?;
    let mut verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    if !lists.is_empty() {
        verifier = verifier.with_crls(lists);
    }
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_webpki_verifier(verifier.build()?);
    let mut config = if trust.certificate.is_empty() {
        builder.with_no_client_auth()
    } else {
        let chain = CertificateDer::pem_slice_iter(trust.certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(trust.key.as_bytes())?;
        builder.with_client_auth_cert(chain, key)?
    };
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}
