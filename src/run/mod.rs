//! The run (Lauf): preflight, starting, sending, waiting, settling once, shutdown, one evidence
//! file. It observes; what things mean is judged elsewhere.

mod drive;
mod folder;
mod preflight;
mod recorder;

pub use drive::{Progress, RunConfig, RunError, RunEnd, execute};
pub use folder::{Manifest, ManifestInput, MANIFEST, PLAN, INPUTS, digests};
pub use preflight::{PreflightFinding, preflight};
