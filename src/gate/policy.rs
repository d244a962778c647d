//! What a release needs, as somebody wrote it.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostics, read, read_text};
use crate::ids::Digest;
use crate::registry::{Head, Role, RoleKey, State};
use crate::verdict::CaseOutcome;

/// The format this version reads.
const FORMAT: &str = "pruefstand/policy/1";

/// A policy. Whatever it does not say, the gate still asks that every certificate is signed by somebody
/// trusted, holds today, admits, and that nothing was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Always `pruefstand/policy/1`.
    pub format: String,
    /// Leistungsbündel for each of which there must be a certificate (short name of the plan without
    /// its Umsetzungsstufe, or whole).
    pub bundles: Vec<String>,
    /// Kinds of components for each of which there must be a certificate, for each bundle.
    #[serde(default)]
    pub components: Vec<String>,
    /// Umsetzungsstufe that must have been tested, or a higher one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<u8>,
    /// Whether conditions (Auflagen) are accepted.
    #[serde(default)]
    pub conditions_allowed: bool,
    /// Requirements that need not have been claimed. `*` at the end stands for anything.
    #[serde(default)]
    pub may_be_unclaimed: Vec<String>,
    /// Least share of faults that the plan must have been shown to find, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_detection: Option<u8>,
    /// Days after which a certificate is too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_age_days: Option<u32>,
    /// Whoever decided must have signed, too.
    #[serde(default)]
    pub two_signatures: bool,
    /// Files must be handed in, and every file of the product must be among them.
    #[serde(default)]
    pub artifacts_required: bool,
    /// Products that certificates must be about; any where there is none.
    #[serde(default)]
    pub product: Vec<ProductPin>,
    /// What must have become of requirements.
    #[serde(default)]
    pub requirement: Vec<RequirementPolicy>,
    /// Keys that may test; any trusted one where there is none. `verify` prints ids.
    #[serde(default)]
    pub testers: Vec<String>,
    /// Keys that may decide; any trusted one where there is none.
    #[serde(default)]
    pub deciders: Vec<String>,
    /// The register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistryPolicy>,
}

/// A product that a certificate must be about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductPin {
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
}

/// What must have become of requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementPolicy {
    /// Id; `*` at its end stands for anything.
    pub id: String,
    /// Verdicts that do.
    #[schemars(with = "Vec<String>")]
    pub verdicts: Vec<CaseOutcome>,
}

/// What the register must say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryPolicy {
    /// Keys and the roles in which they speak.
    #[serde(default)]
    pub key: Vec<RoleKey>,
    /// Entries that must be there for each product.
    #[serde(default)]
    pub required: Vec<RequiredEntry>,
    /// Kommune or zuständige Stelle for which it is released; for everybody where there is none, and
    /// then what counts for one alone does not do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Whether toleration does in the place of an admission.
    #[serde(default)]
    pub tolerated_allowed: bool,
    /// Head that is known: the register must go on from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
}

/// An entry that must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredEntry {
    /// What it says.
    pub state: State,
    /// In which role; any that may say so where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Kommune or zuständige Stelle for which it must count, where it is another one than that of the
    /// policy; entries without one count for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

impl Policy {
    /// Reads a file.
    ///
    /// # Errors
    /// Findings with their place in it; also a policy that names no bundle, since it would say yes to
    /// everything.
    pub fn load(path: &Path) -> Result<(Self, Digest), Diagnostics> {
        let (name, text) = read_text(path)?;
        let this: Self = read(&name, &text)?.value;
        let whole = |problem: String, help: &str| Err(Diagnostics::whole(&name, problem, help));
        if this.format != FORMAT {
            let problem = format!("format is \"{}\"", this.format);
            return whole(problem, &format!("this version reads \"{FORMAT}\""));
        }
        if this.bundles.is_empty() {
            let help = "name those that are released, such as bundles = [\"gewerbe\"]";
            return whole("no bundle is named, so nothing would be asked for".into(), help);
        }
        if let Some(least) = this.minimum_detection.filter(|least| *least > 100) {
            return whole(format!("minimum_detection is {least}"), "it is a percentage, 0 to 100");
        }
        for id in this.testers.iter().chain(&this.deciders) {
            if id.len() < 12 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
                let help = "use the id that `verify` prints, or at least its first 12 characters";
                return whole(format!("\"{id}\" is no id of a key"), help);
            }
        }
        if let Some(empty) = this.requirement.iter().find(|r| r.verdicts.is_empty()) {
            let help = "name the verdicts that do, such as [\"passed\"]";
            return whole(format!("no verdict would do for {}", empty.id), help);
        }
        let lower = |list: &mut Vec<String>| list.iter_mut().for_each(|k| k.make_ascii_lowercase());
        let mut this = this;
        lower(&mut this.testers);
        lower(&mut this.deciders);
        Ok((this, Digest::of(text)))
    }
}

/// Whether a pattern with `*` at its end stands for a name.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}
