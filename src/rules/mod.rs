//! Integration rules: the depot of generally valid rules, made specific by an organisation's
//! configuration, and run alone. Delivery is known elsewhere.

mod check;
mod configuration;
mod coverage;
mod depot;
mod runner;

pub use check::{DepotFinding, Weight, check};
pub use configuration::{complete_export, files_of, rule_files};
pub use coverage::{Marked, Point, PointKind};
pub use depot::{
    Check, Confirmation, Depot, DepotError, DepotFile, Filing, Header, Kind, Procedure, Rule,
    SoapNumber, SoapUse, Source,
};
pub use runner::{Applied, Asked, Engines, Runner, Workers, is_newer};
