//! x
pub mod ambient;
pub mod concept;
pub mod diagnostic;
pub mod ids;
pub mod message;
pub mod organisation;
pub mod plan;
pub mod secret;
pub mod xml;
