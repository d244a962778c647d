//! Which mistakes in the hub's configuration concern a plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::organisation::{TestOrganisation, export};
use crate::plan::TestPlan;
use crate::reference_hub::Misconfiguration;

/// Every mistake in the configuration that is about authorities and services of a plan.
pub(super) fn mistakes(plan: &TestPlan, organisation: &TestOrganisation) -> Vec<Misconfiguration> {
    let exported = export(organisation, &BTreeMap::new());
    let authorities: Vec<String> = plan.authority.iter().map(|a| a.ags.clone()).collect();
    let services: BTreeSet<String> =
        plan.message.iter().filter_map(|m| m.leistung.clone()).collect();
    let services: Vec<String> = services.into_iter().collect();
    Misconfiguration::all(&exported, &authorities, &services)
}
