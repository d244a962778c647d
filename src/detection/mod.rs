//! How good a plan is at finding faults, measured: it is driven against a target with one fault after
//! the other, and what it does not notice is told.
//!
//! Faults come from four sources: the switchable faults of the reference hub, mutants of the rules,
//! mutants of the configuration, and faulty components of the kind that the plan is for. A fault that
//! changes nothing that could be seen is equivalent, and has to be proven so.

mod component;
mod concerns;
mod drive;
mod export;
mod measure;
mod mutate;
mod result;
mod rules;

pub use concerns::Unconcerned;
pub use measure::{MeasureConfig, MeasureError, measure};
pub use mutate::{FileMutant, Hints, Operator, depot_mutants, rule_mutants, sample};
pub use result::{Detection, FORMAT, Idle, Kind, Measured, Mutant, Outcome, Tally};
