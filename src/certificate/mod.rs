//! Certificates: a DSSE envelope (dsse v1.0.2) over an in-toto statement (v1), signed with Ed25519.
//!
//! There is no unsigned form: the only way to a certificate is through a key.

mod issue;
mod verify;

pub use crate::signing::{KeyError, SigningKey, TrustedKeys, generate};
pub use issue::{Certificate, IssueError, Judged, issue};
pub use verify::{Verified, VerifyError, verify, verify_run};

/// Media type of the signed payload.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Type of the statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Type of the predicate.
pub const PREDICATE_TYPE: &str = "urn:pruefstand:certificate:1";

/// Before the names of subjects that are files of the product.
const PRODUCT: &str = "product/";

/// Pre-authentication encoding (dsse, section "Signature definition").
fn pae(payload: &[u8]) -> Vec<u8> {
    let mut out =
        format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}
