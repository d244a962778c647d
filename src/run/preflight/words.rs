//! What errors of connections mean, and what to change.

use crate::channel::tls::TlsFault;

/// The problem behind a fault of TLS, and what to do about it.
pub(super) fn of_tls(fault: TlsFault) -> (&'static str, &'static str) {
    match fault {
        TlsFault::Expired => (
            "its certificate has expired",
            "give the target a new certificate, or correct our clock",
        ),
        TlsFault::NotYetValid => (
            "its certificate is not yet valid",
            "give the target a certificate that is valid now, or correct our clock",
        ),
        TlsFault::UnknownIssuer => (
            "its certificate was issued by an authority that is not trusted",
            "name the authority's file as credentials.authorities in the target file; a server that leaves out intermediate certificates is another usual cause",
        ),
        TlsFault::WrongName => (
            "its certificate is for another name",
            "correct the host in the address, or give the target a certificate for it",
        ),
        TlsFault::Revoked => {
            ("its certificate was revoked by its issuer", "give the target another certificate")
        }
        TlsFault::UnknownRevocation => (
            "credentials.withdrawn says nothing about its certificate, or is out of date",
            "name a list of the authority that issued it, and those above, as credentials.withdrawn, or leave the key out",
        ),
        TlsFault::BadCertificate => (
            "its certificate cannot be used",
            "look at the certificate; what the library says is above",
        ),
        TlsFault::CertificateWanted => (
            "it asks for a certificate of ours, or does not take the one that was shown",
            "name certificate and key_env in [credentials] of the target file, from an authority that the target trusts",
        ),
        TlsFault::NoTls => (
            "what answers there does not speak TLS",
            "write http:// in the target file, or correct the port",
        ),
        TlsFault::NothingInCommon => (
            "it has no version or cipher of TLS in common with us (TLS 1.2 and 1.3 are spoken)",
            "update the target's TLS settings",
        ),
        TlsFault::CutOff => (
            "the connection ended in the middle of TLS",
            "look at the target's log; a port without TLS is a usual cause",
        ),
        TlsFault::TimedOut => (
            "the handshake was not completed in time",
            "look whether that port speaks TLS at all (else write http://), or raise limits.connect_ms in the target file",
        ),
        TlsFault::Other => ("TLS does not come about", "look at the target's log"),
    }
}

/// What an answer means that is not 2xx, to a question that must be answered with it.
pub(super) fn of_status(status: u16, key: &str) -> (String, String) {
    let (problem, help) = match status {
        300..=399 => (
            "a redirect, which is never followed",
            format!("write the final address as {key} in the target file"),
        ),
        401 | 403 => (
            "the credentials are missing or wrong",
            "name the right variables in [credentials] of the target file, and set them".to_owned(),
        ),
        404 | 410 => ("there is nothing at this path", format!("correct {key} in the target file")),
        405 => ("this path takes other methods", format!("correct {key} in the target file")),
        501 => ("it does not know what was asked", format!("correct {key} in the target file")),
        400..=499 => (
            "the question is refused",
            format!("correct {key} in the target file; the target's log may say why"),
        ),
        _ => ("it is not ready", "start it, and look at its log".to_owned()),
    };
    (format!("it is answered with {status}: {problem}"), help)
}
