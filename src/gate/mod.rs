//! The gate: may it go into production? A policy (TOML), certificates, files and the register give yes
//! or no, with every reason. It looks at what is signed, and judges nothing anew.

mod decide;
mod policy;
mod summary;

pub use decide::{Asked, Decision, Reason, decide, product_of};
pub use policy::{Policy, ProductPin, RegistryPolicy, RequiredEntry, RequirementPolicy};
pub use summary::summary;
