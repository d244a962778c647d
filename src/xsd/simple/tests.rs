//! Facets and texts of small types.
