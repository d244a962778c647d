//! Keys and signatures: Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256 (FIPS 186-5), in PEM or
//! PKCS#12, alone or with an X.509 chain (RFC 5280); statements sealed in DSSE.
//!
//! Which algorithm a signature is checked with follows from the key alone; nothing that comes with a
//! signature can choose it.

mod chain;
mod envelope;
mod private;
mod public;
mod trust;

pub use envelope::{Envelope, EnvelopeError, Opened, PAYLOAD_TYPE, STATEMENT_TYPE, Signature, pae};
pub use private::{SigningKey, generate};
pub use public::signer_with;
pub use trust::{Signer, TrustedKeys};

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// It is no key of a kind that is used here.
    #[error(
        "{0} holds no Ed25519 or P-256 key: {1} (make one with `openssl genpkey -algorithm ed25519`)"
    )]
    Format(String, String),
    /// It is locked.
    #[error("{0} is locked: {1}")]
    Locked(String, String),
    /// Its certificates do not fit it.
    #[error("{0}: {1}")]
    Chain(String, String),
}
