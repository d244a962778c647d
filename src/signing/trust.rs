//! Keys and authorities whose signatures are believed.

use std::path::Path;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{PemObject as _, SectionKind};

use super::KeyError;
use super::chain::{Chain, is_authority};
use super::public::Public;

/// Keys that are trusted by themselves, and authorities that answer for others.
#[derive(Debug, Default)]
pub struct TrustedKeys {
    keys: Vec<Public>,
    authorities: Vec<CertificateDer<'static>>,
}

/// Who made a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Id of the key.
    pub id: String,
    /// Name of the algorithm.
    pub algorithm: &'static str,
    /// Whom the certificate of the key names, where an authority answers for it.
    pub subject: Option<String>,
}

impl TrustedKeys {
    /// Reads a PEM file of public keys and of certificates of authorities.
    ///
    /// # Errors
    /// When it cannot be read, holds none, or one that is not understood.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let name = path.display().to_string();
        let text = crate::files::read_text(path).map_err(|e| KeyError::Io(name.clone(), e))?;
        Self::from_pem(&name, &text)
    }

    /// Reads PEM text.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn from_pem(name: &str, text: &str) -> Result<Self, KeyError> {
        let bad = |e: String| KeyError::Format(name.to_owned(), e);
        let mut trusted = Self::default();
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
            let (kind, der) = section.map_err(|e| bad(e.to_string()))?;
            match kind {
                SectionKind::PublicKey => {
                    trusted.keys.push(Public::from_spki(&der).map_err(bad)?);
                }
                SectionKind::Certificate => {
                    let certificate = CertificateDer::from(der);
                    is_authority(&certificate).map_err(bad)?;
                    webpki::anchor_from_trusted_cert(&certificate)
                        .map_err(|e| bad(format!("a certificate is not understood: {e}")))?;
                    trusted.authorities.push(certificate);
                }
                _ => return Err(bad("a section is neither a public key nor a certificate".into())),
            }
        }
        if trusted.keys.is_empty() && trusted.authorities.is_empty() {
            return Err(bad("there is no public key in it".into()));
        }
        Ok(trusted)
    }

    /// Whoever made this signature, if it is somebody trusted: a key that is listed, or one for which
    /// the chain beside the signature leads to an authority that is listed, valid at that time.
    ///
    /// # Errors
    /// Says why the signature counts for nothing.
    pub fn signer(
        &self,
        bytes: &[u8],
        signature: &[u8],
        chain: Option<&str>,
        at: Timestamp,
    ) -> Result<Signer, String> {
        if let Some(key) = self.keys.iter().find(|key| key.proves(bytes, signature)) {
            return Ok(Signer { id: key.id(), algorithm: key.algorithm(), subject: None });
        }
        let nobody = "no trusted key made it, or what it signs was changed";
        let (Some(chain), false) = (chain, self.authorities.is_empty()) else {
            return Err(nobody.into());
        };
        let (key, subject) = Chain::from_pem(chain)?.leads_to(&self.authorities, at)?;
        if !key.proves(bytes, signature) {
            return Err("the key of its certificate did not make it".into());
        }
        Ok(Signer { id: key.id(), algorithm: key.algorithm(), subject: Some(subject) })
    }
}
