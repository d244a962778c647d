//! Keys that prove signatures.

use ed25519_dalek::VerifyingKey;
use p256::ecdsa::signature::Verifier as _;
use pkcs8::{DecodePublicKey as _, EncodePublicKey as _};

use crate::ids::Digest;

/// A public key. The algorithm belongs to the key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Public {
    Ed25519(VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
}

impl Public {
    /// From SubjectPublicKeyInfo (RFC 5280, section 4.1).
    pub fn from_spki(der: &[u8]) -> Result<Self, String> {
        if let Ok(key) = VerifyingKey::from_public_key_der(der) {
            return Ok(Self::Ed25519(key));
        }
        p256::ecdsa::VerifyingKey::from_public_key_der(der)
            .map(Self::P256)
            .map_err(|e| e.to_string())
    }

    /// What a file that names one key carries: 32 bytes for Ed25519, otherwise SubjectPublicKeyInfo.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match <[u8; 32]>::try_from(bytes) {
            Ok(raw) => VerifyingKey::from_bytes(&raw).ok().map(Self::Ed25519),
            Err(_) => Self::from_spki(bytes).ok(),
        }
    }

    /// See [`Self::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.to_bytes().to_vec(),
            Self::P256(key) => key.to_public_key_der().map(|d| d.into_vec()).unwrap_or_default(),
        }
    }

    /// Digest of [`Self::to_bytes`].
    pub fn id(&self) -> String {
        Digest::of(self.to_bytes()).0
    }

    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "ed25519",
            Self::P256(_) => "ecdsa-p256-sha256",
        }
    }

    /// Whether it made this signature. One of ECDSA is in DER, as openssl writes it.
    pub fn proves(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|s| key.verify_strict(bytes, &s).is_ok()),
            Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|s| key.verify(bytes, &s).is_ok()),
        }
    }
}

/// The id of the key that made this signature, given its public part as [`super::SigningKey::public`]
/// gives it; none where it did not.
pub fn signer_with(public: &[u8], bytes: &[u8], signature: &[u8]) -> Option<String> {
    let key = Public::from_bytes(public)?;
    key.proves(bytes, signature).then(|| key.id())
}
