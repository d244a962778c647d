//! Our own integration server (Datendrehscheibe), so that the harness can be tried and tested: it
//! receives, recognises, checks, transforms, delivers, files, confirms, queues and logs.
//!
//! It knows neither concept nor plan, so that the oracle stays independent. It runs in a process of
//! its own, like any other target.

mod checking;
mod defect;
mod deliver;
mod intake;
mod journal;
mod json;
mod misconfigured;
mod mixed;
mod pipeline;
mod server;
mod transform;
mod ways;

pub use defect::{Area, DEFECTS, Defect, DefectInfo};
pub use json::{NAMESPACE as JSON_NAMESPACE, represented as represented_json};
pub use misconfigured::Misconfiguration;
pub use server::{Changed, HubConfig, HubError, LIMIT, PAUSE, start};
