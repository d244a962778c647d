//! Ed25519 signatures (RFC 8032) and their keys in PEM (PKCS#8, SPKI), as openssl writes them.

use std::path::Path;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signer, Verifier, VerifyingKey};

use crate::ambient::random_bytes;
use crate::ids::Digest;
use crate::secret::Secret;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// It is no Ed25519 key.
    #[error(
        "{0} holds no Ed25519 key in PEM: {1} (make one with `openssl genpkey -algorithm ed25519`)"
    )]
    Format(String, String),
}

/// A key that signs.
#[derive(Debug)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Reads a PKCS#8 PEM file.
    ///
    /// # Errors
    /// When it cannot be read or is no such key.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| KeyError::Io(name.clone(), e))?;
        Self::from_secret(&name, &Secret::new(text))
    }

    /// Reads a PKCS#8 PEM text.
    ///
    /// # Errors
    /// When it is no such key.
    pub fn from_secret(name: &str, pem: &Secret) -> Result<Self, KeyError> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem.reveal())
            .map(Self)
            .map_err(|e| KeyError::Format(name.to_owned(), e.to_string()))
    }

    /// The signature over these bytes.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }

    /// Id of the key: digest of its public part.
    pub fn id(&self) -> String {
        key_id(&self.0.verifying_key())
    }

    /// The public part, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

fn key_id(key: &VerifyingKey) -> String {
    Digest::of(key.as_bytes()).0
}

/// The id of the key that made this signature, given its public part; none where it did not.
pub fn signer_with(public: &[u8], bytes: &[u8], signature: &[u8]) -> Option<String> {
    let key = VerifyingKey::from_bytes(public.try_into().ok()?).ok()?;
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    key.verify(bytes, &signature).is_ok().then(|| key_id(&key))
}

/// Keys whose signatures are believed.
#[derive(Debug)]
pub struct TrustedKeys(Vec<VerifyingKey>);

impl TrustedKeys {
    /// Reads a file of one or more public keys in PEM.
    ///
    /// # Errors
    /// When it cannot be read or holds none.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| KeyError::Io(name.clone(), e))?;
        let end = "-----END PUBLIC KEY-----";
        let mut keys = Vec::new();
        for block in text.split_inclusive(end).filter(|b| b.contains("-----BEGIN")) {
            let block = format!("{}\n", block.trim());
            let key = VerifyingKey::from_public_key_pem(&block)
                .map_err(|e| KeyError::Format(name.clone(), e.to_string()))?;
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(KeyError::Format(name, "there is no public key in it".into()));
        }
        Ok(Self(keys))
    }

    /// The id of the key that made this signature, if it is a trusted one.
    pub fn signer(&self, bytes: &[u8], signature: &[u8]) -> Option<String> {
        let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
        self.0.iter().find(|key| key.verify(bytes, &signature).is_ok()).map(key_id)
    }
}

/// A fresh key pair: private part (PKCS#8 PEM) and public part (SPKI PEM).
///
/// # Errors
/// When the operating system gives no randomness.
pub fn generate() -> std::io::Result<(Secret, String)> {
    let key = ed25519_dalek::SigningKey::from_bytes(&random_bytes::<32>()?);
    // Without the public part, since openssl reads version 1 of PKCS#8 only.
    let bytes = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let private = bytes.to_pkcs8_pem(LineEnding::LF).map_err(std::io::Error::other)?;
    let public =
        key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(std::io::Error::other)?;
    Ok((Secret::new(private.as_str()), public))
}
