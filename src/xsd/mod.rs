//! XML Schema 1.0: what a schema says, valid messages derived from it, and messages that break
//! exactly one rule.
//!
//! [`SchemaModel::read`] resolves the documents of a [`SchemaSet`] into components and tells all
//! faults at once; [`instances`] derives valid messages of one root; [`violations`] changes them so
//! that one rule is broken; [`derive()`] does both and keeps what the schema engine confirms.
//! Nothing here depends on clock or chance: the same schema gives the same bytes.
//!
//! Faults in fields of a key break the key as well, so they are derived but not confirmed.
//!
//! Not covered: entities and notations have no values here (they need a DTD), wildcards are passed
//! over where they may be, `final` is not looked at, and `xsi:type` is only used with complex types.

mod automaton;
mod determinism;
mod edit;
mod features;
mod generate;
mod identity;
mod instance;
mod model;
mod mutate;
mod name;
mod node;
mod prove;
mod read;
mod rule;
mod simple;
mod sizes;

use std::sync::Arc;

pub use edit::{Edit, EditError, MOST_COPIES, apply};
pub use instance::{Instance, NoInstance, instances};
pub use mutate::{Violation, violations};
pub use name::Name;
pub use prove::{Derived, breaks_one_of, breaks_only, confirm, derive};
pub use rule::Rule;

use crate::xml::{SchemaError, SchemaSet};
use model::Components;
use sizes::Sizes;

/// How much is derived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How often a type may stand inside itself in a maximal message.
    pub depth: u32,
    /// Repetitions of what may repeat without bound.
    pub unbounded: u32,
    /// Most valid messages of one root.
    pub instances: usize,
    /// Most violations of one root.
    pub violations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 1, unbounded: 2, instances: 200, violations: 2_000 }
    }
}

/// The components of a schema; cheap to share.
#[derive(Debug, Clone)]
pub struct SchemaModel {
    components: Arc<Components>,
    sizes: Arc<Sizes>,
}

impl SchemaModel {
    /// Reads all files of a set.
    ///
    /// # Errors
    /// All faults with file and line: references that lead nowhere (also those that only a dropped
    /// second import would resolve), names declared twice, components built on themselves, broken
    /// facets and patterns, identity constraints outside the subset of XPath or with nothing to
    /// refer to. Content models that are not deterministic are told by [`Self::determinism`].
    pub fn read(set: &SchemaSet) -> Result<Self, Vec<SchemaError>> {
        let components = read::components(set)?;
        let sizes = Sizes::new(&components);
        Ok(Self { components: Arc::new(components), sizes: Arc::new(sizes) })
    }

    /// Content models that break Unique Particle Attribution (XML Schema 1.0 part 1, section
    /// 3.8.6), at the line of the later particle. Engines disagree about some of them, so that this
    /// is a finding about the schema; messages can still be derived.
    pub fn determinism(&self) -> Vec<SchemaError> {
        determinism::check(&self.components)
    }

    /// Global, concrete elements in the main file's target namespace, in schema order.
    pub fn roots(&self) -> Vec<Name> {
        let target = &self.components.target;
        self.all_roots().into_iter().filter(|name| name.namespace == *target).collect()
    }

    /// Global, concrete elements of all namespaces, in schema order.
    pub fn all_roots(&self) -> Vec<Name> {
        let c = &self.components;
        let global = c.globals.iter().map(|id| c.element(*id));
        global.filter(|e| !e.is_abstract).map(|e| e.name.clone()).collect()
    }
}
