//! The run (Lauf): preflight, starting, sending, waiting, settling once, shutdown, one evidence
//! file. It observes; what things mean is judged elsewhere.

mod archive;
mod archive_xdomea;
mod component;
mod drive;
mod folder;
mod handing;
mod mailing;
mod outgoing;
mod preflight;
mod prepare;
mod reconfigure;
mod recorder;
mod steps;

pub use drive::{Progress, RunConfig, RunEnd, RunError, execute};
pub use folder::{
    DETECTION, INPUTS, MANIFEST, Manifest, ManifestInput, PLAN, TargetSummary, digests,
};
pub use preflight::{Looked, Preflight, PreflightFinding};
pub use steps::VAIN_WAITS;
