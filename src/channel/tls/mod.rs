//! TLS with certificates of a test authority that lives as long as a run.

mod authority;
mod client;
mod fault;
mod server;

pub use authority::{Issued, TestAuthority, Usage};
pub use client::{Trust, client_config, machine_config};
pub use fault::TlsFault;
pub use server::{Shown, server_config};

use tokio_rustls::rustls;

/// Settings of a client, for those who hold them and do not look into them.
pub type ClientSettings = std::sync::Arc<rustls::ClientConfig>;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A key or a certificate could not be made.
    #[error("no test certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library does not take them.
    #[error("no TLS with these certificates: {0}")]
    Config(#[from] rustls::Error),
    /// A text is no PEM.
    #[error("no certificate or key in PEM: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// Certificates of servers cannot be checked with what is there.
    #[error("certificates cannot be checked: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}
