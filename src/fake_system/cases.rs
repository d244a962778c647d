//! The cases (Vorgänge) that a fake Fachverfahren knows, so that it can say how they stand. Bounded:
//! the oldest go.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Most cases that are known.
const MOST: usize = 10_000;

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub aktenzeichen: String,
    pub vorgang: String,
    /// How it stands, such as `eingegangen`.
    pub stand: String,
    /// Since when, RFC 3339.
    pub since: String,
}

/// The cases.
#[derive(Debug, Default)]
pub(super) struct Cases(Mutex<VecDeque<Case>>);

impl Cases {
    /// Takes a case, unless one of this Vorgang is known; then that one comes back.
    pub fn open(&self, case: Case) -> Result<(), Case> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = known.iter().find(|c| c.vorgang == case.vorgang) {
            return Err(there.clone());
        }
        if known.len() == MOST {
            known.pop_front();
        }
        known.push_back(case);
        Ok(())
    }

    /// The case with this file number.
    pub fn by_number(&self, aktenzeichen: &str) -> Option<Case> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|c| c.aktenzeichen == aktenzeichen).cloned()
    }

    /// The case of this Vorgang.
    pub fn by_vorgang(&self, vorgang: &str) -> Option<Case> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|c| c.vorgang == vorgang).cloned()
    }

    /// A case stands otherwise now.
    pub fn change(&self, vorgang: &str, stand: &str, since: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(case) = known.iter_mut().find(|c| c.vorgang == vorgang) {
            case.stand = stand.to_owned();
            case.since = since.to_owned();
        }
    }
}
