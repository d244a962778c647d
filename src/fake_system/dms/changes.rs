//! The change log (CMIS 1.1, sections 2.1.15 and 2.2.6.2).

use std::collections::VecDeque;

use super::errors::{CmisError, Outcome};

/// How many events are kept; older ones go.
const KEPT: usize = 10_000;

/// An event.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Its token.
    pub token: u64,
    /// The object.
    pub id: String,
    /// `created`, `updated`, `deleted`, `security`.
    pub kind: &'static str,
    /// When, milliseconds.
    pub at: i64,
}

/// What happened, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    events: VecDeque<Change>,
    last: u64,
}

/// A part of the log.
pub(super) struct Part<'a> {
    pub events: Vec<&'a Change>,
    pub more: bool,
    pub left: usize,
    /// The token of the last event of the part, or of the log where the part is empty.
    pub token: u64,
}

impl Changes {
    pub fn add(&mut self, id: &str, kind: &'static str, at: i64) {
        self.last += 1;
        self.events.push_back(Change { token: self.last, id: id.to_owned(), kind, at });
        if self.events.len() > KEPT {
            self.events.pop_front();
        }
    }

    /// The token of the latest event; 0 before the first.
    pub fn latest(&self) -> u64 {
        self.last
    }

    /// The events after the one of this token, newest first.
    pub fn after(&self, token: u64) -> impl Iterator<Item = &Change> {
        self.events.iter().rev().take_while(move |e| e.token > token)
    }

    /// Forgets what came after the event of this token, as if it had not been.
    pub fn forget_after(&mut self, token: u64) {
        while self.events.back().is_some_and(|e| e.token > token) {
            self.events.pop_back();
        }
        self.last = self.last.min(token);
    }

    /// The event of the token and what follows; from the first where there is no token.
    ///
    /// # Errors
    /// `invalidArgument` for a token that never was, `constraint` for one that is gone.
    pub fn since(&self, token: Option<&str>, most: usize) -> Outcome<Part<'_>> {
        let from = match token {
            None => 0,
            Some(text) => text
                .parse::<u64>()
                .ok()
                .filter(|t| *t <= self.last)
                .ok_or_else(|| CmisError::invalid(format!("{text} is no change log token")))?,
        };
        let first = self.events.front().map_or(self.last + 1, |e| e.token);
        if from > 0 && from < first {
            return Err(CmisError::constraint(format!("the event {from} is not kept any more")));
        }
        let fitting: Vec<&Change> = self.events.iter().filter(|e| e.token >= from).collect();
        let left = fitting.len();
        let events: Vec<&Change> = fitting.into_iter().take(most).collect();
        let token = events.last().map_or(self.last, |e| e.token);
        Ok(Part { more: left > events.len(), left, token, events })
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, KEPT};
    use crate::fake_system::dms::errors::Exception;

    #[test]
    fn the_log_starts_at_its_token_and_forgets_what_is_old() {
        let mut log = Changes::default();
        assert_eq!(log.since(None, 10).map(|p| p.left).ok(), Some(0));
        for number in 0..KEPT + 5 {
            log.add(&format!("o-{number}"), "created", 0);
        }
        let part = log.since(Some("10000"), 2).unwrap();
        assert_eq!(part.events.iter().map(|e| e.token).collect::<Vec<_>>(), [10_000, 10_001]);
        assert!(part.more && part.left == 6 && part.token == 10_001);
        let gone = log.since(Some("3"), 2).err().unwrap();
        assert_eq!(gone.exception, Exception::Constraint);
        let never = log.since(Some("99999"), 2).err().unwrap();
        assert_eq!(never.exception, Exception::InvalidArgument);
        assert!(log.since(Some("x"), 2).is_err());
    }
}
