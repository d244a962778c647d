//! x
pub mod ambient;
pub mod concept;
pub mod diagnostic;
pub mod ids;
pub mod organisation;
pub mod secret;
pub mod xml;
