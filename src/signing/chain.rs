//! X.509 chains of keys (RFC 5280): who answers for a key that nobody trusts by itself.

use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage as Bits, KeyUsages};

use super::public::Public;

/// Certificates, that of the key itself first.
#[derive(Debug, Clone)]
pub(super) struct Chain(pub Vec<CertificateDer<'static>>);

/// Longest chain that is looked at, in certificates.
const LONGEST: usize = 8;

/// `id-kp-documentSigning` (RFC 9336): what a certificate must allow if it names purposes at all.
const DOCUMENT_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 36];

/// Signatures of authorities within chains.
static ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 7] = [
    webpki::ring::ED25519,
    webpki::ring::ECDSA_P256_SHA256,
    webpki::ring::ECDSA_P384_SHA384,
    webpki::ring::RSA_PKCS1_2048_8192_SHA256,
    webpki::ring::RSA_PKCS1_2048_8192_SHA384,
    webpki::ring::RSA_PKCS1_2048_8192_SHA512,
    webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
];

impl Chain {
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let all = all.map_err(|e| e.to_string())?;
        if all.is_empty() || all.len() > LONGEST {
            return Err(format!("a chain has 1 to {LONGEST} certificates, this one {}", all.len()));
        }
        Ok(Self(all))
    }

    /// In one form, so that nothing can hide between the certificates.
    pub fn to_pem(&self) -> String {
        use pkcs8::der::pem::{LineEnding, encode_string};
        let one = |c: &CertificateDer<'_>| encode_string("CERTIFICATE", LineEnding::LF, c);
        self.0.iter().filter_map(|c| one(c).ok()).collect()
    }

    /// The key of the first certificate and whom it names, if the chain leads to one of these
    /// authorities and was valid at that time.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn leads_to(
        &self,
        authorities: &[CertificateDer<'static>],
        at: Timestamp,
    ) -> Result<(Public, String), String> {
        let own = self.0.first().ok_or("the chain is empty")?;
        let parsed = parse(own)?;
        may_sign(&parsed)?;
        let leaf = EndEntityCert::try_from(own).map_err(|e| e.to_string())?;
        // The validator takes an anchor as it is; one that is over answers for nobody.
        let anchors: Vec<TrustAnchor<'_>> = authorities
            .iter()
            .filter(|a| holds_at(a, at))
            .filter_map(|a| webpki::anchor_from_trusted_cert(a).ok())
            .collect();
        let seconds = u64::try_from(at.as_second()).map_err(|e| e.to_string())?;
        let usage = KeyUsage::required_if_present(DOCUMENT_SIGNING);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        leaf.verify_for_usage(&ALGORITHMS, &anchors, &self.0[1..], time, usage, None, None)
            .map_err(|e| format!("its chain of certificates is refused: {e}"))?;
        Ok((public_of(own)?, parsed.tbs_certificate().subject().to_string()))
    }
}

fn parse(certificate: &CertificateDer<'_>) -> Result<x509_cert::Certificate, String> {
    x509_cert::Certificate::from_der(certificate).map_err(|e| format!("no X.509 certificate: {e}"))
}

/// Whether the certificate allows its key to sign (RFC 5280, section 4.2.1.3).
fn may_sign(certificate: &x509_cert::Certificate) -> Result<(), String> {
    let found = certificate.tbs_certificate().get_extension::<Bits>();
    match found.map_err(|e| e.to_string())? {
        Some((_, bits))
            if !bits.0.contains(KeyUsages::DigitalSignature)
                && !bits.0.contains(KeyUsages::NonRepudiation) =>
        {
            Err("its certificate does not allow the key to sign".into())
        }
        _ => Ok(()),
    }
}

/// Whether a certificate is that of an authority: it may sign others (RFC 5280, sections 4.2.1.3 and
/// 4.2.1.9).
///
/// # Errors
/// Says why not.
pub(super) fn is_authority(certificate: &CertificateDer<'_>) -> Result<(), String> {
    let parsed = parse(certificate)?;
    let tbs = parsed.tbs_certificate();
    let basic = tbs.get_extension::<BasicConstraints>().map_err(|e| e.to_string())?;
    let bits = tbs.get_extension::<Bits>().map_err(|e| e.to_string())?;
    let name = tbs.subject().to_string();
    if !basic.is_some_and(|(_, b)| b.ca) {
        return Err(format!(
            "the certificate of {name} is not that of an authority (CA:TRUE); put the public key in instead"
        ));
    }
    if bits.is_some_and(|(_, b)| !b.0.contains(KeyUsages::KeyCertSign)) {
        return Err(format!("the authority {name} may not sign certificates (keyCertSign)"));
    }
    Ok(())
}

/// Whether a certificate is valid at a time.
fn holds_at(certificate: &CertificateDer<'_>, at: Timestamp) -> bool {
    let Ok(parsed) = parse(certificate) else { return false };
    let validity = parsed.tbs_certificate().validity();
    let seconds = |t: &x509_cert::time::Time| t.to_unix_duration().as_secs();
    let at = u64::try_from(at.as_second()).unwrap_or(0);
    (seconds(&validity.not_before)..=seconds(&validity.not_after)).contains(&at)
}

/// The key in a certificate.
pub(super) fn public_of(certificate: &CertificateDer<'_>) -> Result<Public, String> {
    let parsed = parse(certificate)?;
    let spki = parsed.tbs_certificate().subject_public_key_info().to_der();
    Public::from_spki(&spki.map_err(|e| e.to_string())?)
}
