//! Why TLS with a server does not come about, in words that say what to change.

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// The reason, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate's time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// Its issuer is not trusted.
    UnknownIssuer,
    /// It is for another name.
    WrongName,
    /// Its issuer has withdrawn it.
    Revoked,
    /// There is no list that says whether it was withdrawn.
    UnknownRevocation,
    /// Something else is wrong with it.
    BadCertificate,
    /// The server asks for a certificate, or does not take the one that was shown.
    CertificateWanted,
    /// What answers does not speak TLS.
    NoTls,
    /// Neither version nor cipher in common.
    NothingInCommon,
    /// The connection ended without TLS's own end, so that something may be missing.
    CutOff,
    /// It took too long.
    TimedOut,
    /// Anything else.
    Other,
}

impl TlsFault {
    /// The reason behind an error of a TLS stream; none where the error is not one of TLS.
    pub fn of(error: &std::io::Error) -> Option<Self> {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match inner {
            Some(error) => Some(Self::named(error)),
            // This is how the library says that the other side left out `close_notify`.
            None if error.kind() == std::io::ErrorKind::UnexpectedEof => Some(Self::CutOff),
            None => None,
        }
    }

    /// The same, for an error that holds the stream's error somewhere.
    pub fn within(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(fault) = error.downcast_ref::<std::io::Error>().and_then(Self::of) {
                return Some(fault);
            }
            next = error.source();
        }
        None
    }

    fn named(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(why) => match why {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    Self::Expired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                CertificateError::UnknownIssuer => Self::UnknownIssuer,
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
                CertificateError::Revoked => Self::Revoked,
                CertificateError::UnknownRevocationStatus
                | CertificateError::ExpiredRevocationList
                | CertificateError::ExpiredRevocationListContext { .. } => Self::UnknownRevocation,
                _ => Self::BadCertificate,
            },
            Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnknownCA
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::AccessDenied,
            ) => Self::CertificateWanted,
            Error::AlertReceived(
                AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion,
            )
            | Error::PeerIncompatible(_) => Self::NothingInCommon,
            Error::InvalidMessage(_) => Self::NoTls,
            _ => Self::Other,
        }
    }
}
