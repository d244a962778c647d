//! XPath 1.0: conditions over a whole message.

use std::sync::Arc;

use super::ffi::{self, Doc, Files};

/// Why a condition has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConditionError(String);

/// A condition: an XPath 1.0 expression whose value counts as a boolean, evaluated at the root
/// element of a message. Only the core functions of XPath 1.0 exist; nothing can be opened.
pub struct Condition {
    text: String,
    compiled: ffi::XPath,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}

impl Condition {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What the engine says about its syntax.
    pub fn compile(text: &str) -> Result<Self, ConditionError> {
        let (compiled, messages) = ffi::XPath::compile(text);
        let why = messages.first().map_or("not an XPath 1.0 expression", |m| m.text.as_str());
        match compiled {
            Some(compiled) => Ok(Self { text: text.to_owned(), compiled }),
            None => Err(ConditionError(why.to_owned())),
        }
    }

    /// Whether it holds for a message. `names` gives prefixes and their namespaces.
    ///
    /// # Errors
    /// When the message is not well-formed, or the expression uses an unknown prefix or function or
    /// needs more than five million steps.
    pub fn holds(&self, message: &[u8], names: &[(&str, &str)]) -> Result<bool, ConditionError> {
        let nothing: Arc<Files> = Arc::new(Files::new());
        let (result, _) = ffi::with_files(&nothing, || {
            let (doc, messages) = Doc::parse(message, "message.xml");
            match doc {
                Some(doc) => self.compiled.holds(&doc, names),
                None => (None, messages),
            }
        });
        let (value, messages) = result;
        value.ok_or_else(|| {
            ConditionError(
                messages.first().map_or("it cannot be evaluated", |m| m.text.as_str()).to_owned(),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Condition;

    #[test]
    fn conditions_are_evaluated_at_the_root() {
        let xml = b"<a xmlns='urn:x'><b>2</b><b>3</b></a>";
        let names = [("m", "urn:x")];
        let holds = |text: &str| Condition::compile(text).unwrap().holds(xml, &names);
        assert_eq!(holds("m:b = 3"), Ok(true));
        assert_eq!(holds("sum(m:b) = 6"), Ok(false));
        assert_eq!(holds("m:c"), Ok(false));
        assert!(holds("n:b").is_err(), "an unknown prefix is no false");
        assert!(holds("document('x')").is_err(), "no function opens anything");
        assert!(Condition::compile("m:b = = 1").is_err());
        assert!(Condition::compile("m:b").unwrap().holds(b"<a>", &names).is_err());
    }
}
