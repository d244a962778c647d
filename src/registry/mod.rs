//! The register (Register): what became of a Prüfgegenstand, from the fachliche Freigabe to its end.
//!
//! A folder of signed entries, one file each, numbered without gaps; each names the digest of the file
//! before it. Nothing is ever changed or removed: what is over is said by a further entry. Entries that
//! were cut off the end leave no trace in the folder itself, so whoever keeps a head (number and
//! digest, as every command prints it) can hold the register against it.

mod add;
mod entry;
mod export;
mod life_cycle;
mod read;

pub use add::{AddError, NewEntry, add};
pub use entry::{Entry, Product, Role, State};
pub use export::{Audience, export};
pub use life_cycle::{Where, since_last_turn, standing};
pub use read::{Head, Registered, Registry, RegistryError, RoleKey, Roles};
