//! Certificates: an in-toto statement (v1) about a run in a DSSE envelope, signed by whoever tested and,
//! where somebody else decides, by that person as well.
//!
//! There is no unsigned form: the only way to a certificate is through a key.

mod issue;
mod page;
mod predicate;
mod verify;

pub use crate::signing::{Envelope as Certificate, KeyError, SigningKey, TrustedKeys, generate};
pub use issue::{IssueError, Judged, countersign, issue};
pub use page::{PageError, certificate_page};
pub use predicate::{Condition, Detection, Predicate, Requirement, Subject, TestedBy, Validity};
pub use verify::{Verified, VerifyError, verify, verify_bytes, verify_judged, verify_run};

/// Type of the predicate.
pub const PREDICATE_TYPE: &str = "urn:pruefstand:certificate:1";

/// Before the names of subjects that are files of the product.
const PRODUCT: &str = "product/";
