//! The test authority of a run: certificates as they should be, and each way in which they should
//! not. They prove nothing about anybody; clients have to be told to trust them.

use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};

use super::TlsError;
use crate::ids::CertificateKind;

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// To show to clients.
    Server,
    /// To show to servers.
    Client,
}

/// A certificate with its key.
#[derive(Debug)]
pub struct Issued {
    /// The certificate; the authority's own is not part of it.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
    /// The certificate as PEM.
    pub certificate_pem: String,
    /// The key as PEM.
    pub key_pem: String,
}

/// The test authority.
pub struct TestAuthority {
    root: CertifiedIssuer<'static, KeyPair>,
    foreign: CertifiedIssuer<'static, KeyPair>,
    year: i32,
    serial: AtomicU64,
}

/// Serial numbers of withdrawn certificates: odd beyond this one.
const WITHDRAWN: u64 = 1 << 32;
/// How many withdrawn serial numbers the list names.
const WITHDRAWN_COUNT: u64 = 64;

impl std::fmt::Debug for TestAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestAuthority")
    }
}

impl TestAuthority {
    /// Makes an authority whose certificates are valid around this year.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn new(year: i16) -> Result<Self, TlsError> {
        let year = i32::from(year);
        Ok(Self {
            root: authority("Prüfstand Testzertifizierungsstelle", year)?,
            foreign: authority("Fremde Zertifizierungsstelle", year)?,
            year,
            serial: AtomicU64::new(1),
        })
    }

    /// The authority's own certificate, to trust.
    pub fn root(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    /// The same as PEM.
    pub fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// The list of withdrawn certificates (RFC 5280, section 5).
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn withdrawn(&self) -> Result<(CertificateRevocationListDer<'static>, String), TlsError> {
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(self.year - 1, 1, 1),
            next_update: date_time_ymd(self.year + 2, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: (0..WITHDRAWN_COUNT)
                .map(|n| RevokedCertParams {
                    serial_number: SerialNumber::from(WITHDRAWN + n),
                    revocation_time: date_time_ymd(self.year - 1, 1, 1),
                    reason_code: Some(RevocationReason::KeyCompromise),
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.root)?;
        Ok((list.der().clone(), list.pem()?))
    }

    /// Issues a certificate for these DNS names and IP addresses.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate, or the machine gives no randomness.
    pub fn issue(
        &self,
        kind: CertificateKind,
        usage: Usage,
        names: &[String],
    ) -> Result<Issued, TlsError> {
        let names = match (kind, usage) {
            (CertificateKind::WrongName, _) => vec!["anderswo.example".to_owned()],
            _ => names.to_vec(),
        };
        let common = names.first().cloned().unwrap_or_default();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named(&common);
        let (from, until) = match kind {
            CertificateKind::Expired => (self.year - 2, self.year - 1),
            CertificateKind::NotYetValid => (self.year + 1, self.year + 2),
            _ => (self.year - 1, self.year + 2),
        };
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.use_authority_key_identifier_extension = kind != CertificateKind::SelfSigned;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![match usage {
            Usage::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Usage::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        let number = self.serial.fetch_add(1, Ordering::Relaxed);
        params.serial_number = Some(SerialNumber::from(match kind {
            CertificateKind::Revoked => WITHDRAWN + number % WITHDRAWN_COUNT,
            _ => number,
        }));
        let key = KeyPair::generate()?;
        let certificate = match kind {
            CertificateKind::SelfSigned => params.self_signed(&key)?,
            CertificateKind::Foreign => params.signed_by(&key, &self.foreign)?,
            _ => params.signed_by(&key, &self.root)?,
        };
        Ok(Issued {
            certificate_pem: certificate.pem(),
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
            key_pem: key.serialize_pem(),
        })
    }
}

fn named(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Prüfstand (fiktiv)");
    name.push(DnType::CommonName, common);
    name
}

fn authority(name: &str, year: i32) -> Result<CertifiedIssuer<'static, KeyPair>, TlsError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(year - 2, 1, 1);
    params.not_after = date_time_ymd(year + 3, 1, 1);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}
