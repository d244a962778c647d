//! What a reader finds odd: noted, or the end of reading where somebody is strict.

/// Most deviations that are noted of one message; a hostile one could hold millions.
const MOST_NOTES: usize = 50;

/// A broken rule, as errors tell it.
pub trait Broken {
    /// The rule's place in its standard.
    fn clause(&self) -> &'static str;
    /// What was wrong.
    fn reason(&self) -> &str;
}

/// A rule of a standard that a message breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({clause})")]
pub struct Breach {
    /// The rule's place in its standard.
    pub clause: &'static str,
    /// What was wrong.
    pub reason: String,
}

impl Breach {
    /// A broken rule.
    pub fn new(clause: &'static str, reason: impl Into<String>) -> Self {
        Self { clause, reason: reason.into() }
    }
}

impl Broken for Breach {
    fn clause(&self) -> &'static str {
        self.clause
    }
    fn reason(&self) -> &str {
        &self.reason
    }
}

/// What was odd about a message, and whether that ends reading it.
#[derive(Debug)]
pub struct Notes {
    lenient: bool,
    /// Clause and detail.
    pub list: Vec<(&'static str, String)>,
}

impl Notes {
    /// No notes; a lenient reader goes on where it can.
    pub fn new(lenient: bool) -> Self {
        Self { lenient, list: Vec::new() }
    }

    /// A deviation that stops nobody.
    pub fn odd(&mut self, clause: &'static str, detail: impl Into<String>) {
        if self.list.len() < MOST_NOTES {
            self.list.push((clause, detail.into()));
        }
    }

    /// A deviation after which a lenient reader goes on.
    ///
    /// # Errors
    /// The deviation itself, where the reader is strict.
    pub fn deviation<B: Broken>(&mut self, broken: B) -> Result<(), B> {
        if !self.lenient {
            return Err(broken);
        }
        self.odd(broken.clause(), broken.reason());
        Ok(())
    }
}
