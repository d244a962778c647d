//! Integration rules: the depot of generally valid rules, made specific by an organisation's
//! configuration, and run alone. Delivery is known elsewhere.

mod configuration;
mod depot;
mod runner;

pub use configuration::{complete_export, files_of};
pub use depot::{
    Check, Confirmation, Depot, DepotError, DepotFile, Filing, Header, Kind, Procedure, Rule,
    SoapNumber, SoapUse, Source,
};
pub use runner::{Applied, Runner, Workers};
