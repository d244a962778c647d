//! Keys that sign.

use std::path::Path;

use ed25519_dalek::pkcs8::KeypairBytes;
use p256::ecdsa::signature::Signer as _;
use pkcs8::der::pem::LineEnding;
use pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{PemObject as _, SectionKind};

use super::KeyError;
use super::chain::{Chain, public_of};
use super::public::Public;
use crate::ambient::random_bytes;
use crate::secret::Secret;

enum Private {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
}

/// A key that signs, with its X.509 chain where there is one.
pub struct SigningKey {
    private: Private,
    chain: Option<Chain>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.id())
    }
}

impl SigningKey {
    /// Reads a file: PEM (PKCS#8, also encrypted, or SEC 1; certificates beside the key, its own
    /// first) or PKCS#12. The password unlocks what is locked.
    ///
    /// # Errors
    /// When it cannot be read, is no such key, the password does not fit, or the certificates do not.
    pub fn load(path: &Path, password: Option<&Secret>) -> Result<Self, KeyError> {
        let name = path.display().to_string();
        let bytes = crate::files::read(path).map_err(|e| KeyError::Io(name.clone(), e))?;
        // DER begins with the tag of a SEQUENCE; PEM is text.
        if bytes.first() == Some(&0x30) {
            return Self::from_pkcs12(&name, &bytes, password);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::from_pem(&name, &Secret::new(text), password),
            Err(_) => Err(KeyError::Format(name, "it is neither PEM nor PKCS#12".into())),
        }
    }

    /// Reads PEM text without a password.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn from_secret(name: &str, pem: &Secret) -> Result<Self, KeyError> {
        Self::from_pem(name, pem, None)
    }

    fn from_pem(name: &str, pem: &Secret, password: Option<&Secret>) -> Result<Self, KeyError> {
        let bad = |e: String| KeyError::Format(name.to_owned(), e);
        let mut private = None;
        let mut certificates = Vec::new();
        if let Some((_, der)) = encrypted(pem.reveal()) {
            private = Some(Private::unlock(name, &der.map_err(bad)?, password)?);
        }
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.reveal().as_bytes()) {
            let (kind, der) = section.map_err(|e| bad(e.to_string()))?;
            match kind {
                SectionKind::PrivateKey => private = Some(Private::from_der(&der).map_err(bad)?),
                SectionKind::EcPrivateKey => {
                    let key = p256::SecretKey::from_sec1_der(&der);
                    private = Some(Private::P256(key.map_err(|e| bad(e.to_string()))?.into()));
                }
                SectionKind::Certificate => certificates.push(CertificateDer::from(der)),
                _ => {}
            }
        }
        let private = private.ok_or_else(|| bad("there is no private key in it".into()))?;
        Self::with(name, private, certificates)
    }

    fn from_pkcs12(name: &str, bytes: &[u8], password: Option<&Secret>) -> Result<Self, KeyError> {
        let locked = |why: &str| KeyError::Locked(name.to_owned(), why.to_owned());
        let password = password.ok_or_else(|| locked(NO_PASSWORD))?;
        let policy = p12_keystore::Pkcs12ImportPolicy::Strict;
        let store = p12_keystore::KeyStore::from_pkcs12(bytes, password.reveal(), policy);
        let store = store.map_err(|e| {
            locked(&format!(
                "{e} (a wrong password, or older encryption than PBES2 with AES: write it again with \
                 `openssl pkcs12 -export`)"
            ))
        })?;
        let bad = |e: &str| KeyError::Format(name.to_owned(), e.to_owned());
        let (_, found) =
            store.private_key_chain().ok_or_else(|| bad("there is no private key in it"))?;
        let private = Private::from_der(found.key().as_der()).map_err(|e| bad(&e))?;
        let certificates =
            found.certs().iter().map(|c| CertificateDer::from(c.as_der().to_vec())).collect();
        Self::with(name, private, certificates)
    }

    fn with(
        name: &str,
        private: Private,
        certificates: Vec<CertificateDer<'static>>,
    ) -> Result<Self, KeyError> {
        let wrong = |why: String| KeyError::Chain(name.to_owned(), why);
        let mut key = Self { private, chain: None };
        if let Some(own) = certificates.first() {
            if public_of(own).map_err(wrong)? != key.private.public() {
                return Err(wrong(
                    "the first certificate beside the key is not the key's own".into(),
                ));
            }
            key.chain = Some(Chain(certificates));
        }
        Ok(key)
    }

    /// The signature over these bytes: 64 bytes of Ed25519, or ECDSA in DER. The same each time
    /// (RFC 8032; RFC 6979).
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.private {
            Private::Ed25519(key) => {
                let signature: ed25519_dalek::Signature = key.sign(bytes);
                signature.to_bytes().to_vec()
            }
            Private::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(bytes);
                signature.to_der().as_bytes().to_vec()
            }
        }
    }

    /// Id of the key: digest of its public part.
    pub fn id(&self) -> String {
        self.private.public().id()
    }

    /// The public part: 32 bytes of Ed25519, otherwise SubjectPublicKeyInfo in DER.
    pub fn public(&self) -> Vec<u8> {
        self.private.public().to_bytes()
    }

    /// Name of the algorithm.
    pub fn algorithm(&self) -> &'static str {
        self.private.public().algorithm()
    }

    /// The X.509 chain as PEM, the key's own certificate first; none where there is none.
    pub fn chain(&self) -> Option<String> {
        self.chain.as_ref().map(Chain::to_pem)
    }
}

const NO_PASSWORD: &str = "it needs a password (in the variable PRUEFSTAND_KEY_PASSWORD)";

impl Private {
    /// From PKCS#8 (RFC 5958).
    fn from_der(der: &[u8]) -> Result<Self, String> {
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_der(der) {
            return Ok(Self::Ed25519(key));
        }
        let key = p256::ecdsa::SigningKey::from_pkcs8_der(der);
        key.map(Self::P256).map_err(|e| e.to_string())
    }

    fn unlock(name: &str, der: &[u8], password: Option<&Secret>) -> Result<Self, KeyError> {
        let locked = |why: String| KeyError::Locked(name.to_owned(), why);
        let password = password.ok_or_else(|| locked(NO_PASSWORD.to_owned()))?;
        let info = pkcs8::EncryptedPrivateKeyInfoRef::try_from(der);
        let info = info.map_err(|e| KeyError::Format(name.to_owned(), e.to_string()))?;
        let open = info.decrypt(password.reveal()).map_err(|e| {
            locked(format!("{e} (a wrong password, or older encryption than PBES2 with AES)"))
        })?;
        Self::from_der(open.as_bytes()).map_err(|e| KeyError::Format(name.to_owned(), e))
    }

    fn public(&self) -> Public {
        match self {
            Self::Ed25519(key) => Public::Ed25519(key.verifying_key()),
            Self::P256(key) => Public::P256(*key.verifying_key()),
        }
    }
}

/// The locked key in a PEM text, which the reader of the other sections passes over.
fn encrypted(text: &str) -> Option<(&str, Result<Vec<u8>, String>)> {
    const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
    let start = text.find("-----BEGIN ENCRYPTED PRIVATE KEY-----")?;
    let length = text[start..].find(END)? + END.len();
    let section = &text[start..start + length];
    let der = pkcs8::der::pem::decode_vec(section.as_bytes());
    Some((section, der.map(|(_, der)| der).map_err(|e| e.to_string())))
}

/// A fresh key pair of Ed25519: private part (PKCS#8 PEM) and public part (SPKI PEM).
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
