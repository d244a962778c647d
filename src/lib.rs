//! x
pub mod ambient;
pub mod channel;
pub mod concept;
pub mod diagnostic;
pub mod evidence;
pub mod fake_system;
pub mod ids;
pub mod message;
pub mod organisation;
pub mod plan;
pub mod reference_hub;
pub mod rules;
pub mod run;
pub mod secret;
pub mod target;
pub mod xml;
