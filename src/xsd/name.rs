//! Expanded names.

/// The namespace of schema documents and of the built-in types.
pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// The namespace of `xsi:type`, `xsi:nil` and the location hints.
pub(super) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace bound to the prefix `xml`.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A name with its namespace (Namespaces in XML 1.0, section 2.1).
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// Namespace URI, empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Local name.
    pub local: String,
}

impl Name {
    /// A name in a namespace; an empty namespace is none.
    pub fn new(namespace: &str, local: &str) -> Self {
        Self { namespace: namespace.into(), local: local.into() }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.local)
        } else {
            write!(f, "{{{}}}{}", self.namespace, self.local)
        }
    }
}
