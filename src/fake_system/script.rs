//! What fake systems have been told: by correlator, by number of the request, or for everything.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::defect::FakeDefect;
use crate::ids::{Correlator, SystemId};
use crate::wire::legible;

/// How to treat an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// As it should.
    #[default]
    Answer,
    /// Say "not now".
    Refuse,
    /// Answer later, milliseconds.
    Delay(u32),
    /// Read, then neither answer nor close.
    Hang,
    /// Read, then close the connection.
    Reset,
    /// Answer with something broken.
    Garble,
    /// Give the same answer twice.
    Twice,
    /// Hold the port and close every connection at once, so that nobody else answers there.
    Down,
    /// Answer as if it had been taken, and keep nothing.
    Forget,
    /// Say that there is no room left.
    NoSpace,
}

/// Which exchanges are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Which {
    /// Those that carry this correlator.
    Correlator(String),
    /// The request of this number at the system, from 1.
    Request(u64),
    /// All of them.
    All,
}

#[derive(Debug, Default)]
struct Told {
    by: HashMap<(SystemId, Which), Behaviour>,
    requests: HashMap<SystemId, u64>,
    defects: HashSet<FakeDefect>,
}

/// The scripts of all systems of a run; cloned freely.
#[derive(Debug, Clone, Default)]
pub struct Scripts(Arc<Mutex<Told>>);

impl Scripts {
    /// Scripts of fakes that have these faults all the time.
    pub(super) fn with(defects: &[FakeDefect]) -> Self {
        let told = Told { defects: defects.iter().copied().collect(), ..Told::default() };
        Self(Arc::new(Mutex::new(told)))
    }

    /// Whether the fakes have a fault.
    pub(super) fn has(&self, defect: FakeDefect) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.defects.contains(&defect)
    }

    /// From now on, treat these exchanges like this; with [`Behaviour::Answer`] as usual again.
    pub fn tell(&self, system: &SystemId, which: Which, behaviour: Behaviour) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.by.insert((system.clone(), which), behaviour);
    }

    /// From now on, treat exchanges with this correlator like this.
    pub fn set(&self, system: &SystemId, correlator: &str, behaviour: Behaviour) {
        self.tell(system, Which::Correlator(correlator.to_owned()), behaviour);
    }

    /// What has been told about a system.
    pub fn told(&self, system: &SystemId) -> Vec<(Which, Behaviour)> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = told.by.iter().filter(|((s, _), _)| s == system);
        mine.map(|((_, which), how)| (which.clone(), *how)).collect()
    }

    /// Whether a system takes connections: not while it is down as a whole.
    pub(super) fn is_up(&self, system: &SystemId) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.by.is_empty() || told.by.get(&(system.clone(), Which::All)) != Some(&Behaviour::Down)
    }

    /// How to treat the next request of a system, whose raw bytes these are; counts it. The
    /// narrower word counts: correlator, then number, then all.
    ///
    /// Words stand in the raw bytes, or in what `plain` makes of them; it is only asked when there is
    /// something to look for.
    pub(super) fn behaviour(
        &self,
        system: &SystemId,
        raw: &[u8],
        plain: impl FnOnce() -> Vec<u8>,
    ) -> Behaviour {
        let number = {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = told.requests.entry(system.clone()).or_default();
            *count += 1;
            *count
        };
        self.applies(system, Some(number), raw, plain)
    }

    /// What is told about these bytes apart from any number; counts nothing.
    pub(super) fn standing(&self, system: &SystemId, raw: &[u8]) -> Behaviour {
        self.applies(system, None, raw, || legible(raw).into_owned())
    }

    fn applies(
        &self,
        system: &SystemId,
        number: Option<u64>,
        raw: &[u8],
        plain: impl FnOnce() -> Vec<u8>,
    ) -> Behaviour {
        let mine: HashMap<Which, Behaviour> = self.told(system).into_iter().collect();
        if mine.is_empty() {
            return Behaviour::Answer;
        }
        // What follows may take long, and nobody else waits for it.
        let word = |raw: &[u8]| {
            let mut words = Correlator::candidates(raw);
            words.find_map(|word| mine.get(&Which::Correlator(word.to_owned())))
        };
        let named = match mine.keys().any(|which| matches!(which, Which::Correlator(_))) {
            true => word(raw).or_else(|| word(&plain())),
            false => None,
        };
        let named = named.or_else(|| mine.get(&Which::Request(number?)));
        named.or_else(|| mine.get(&Which::All)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, Scripts, Which};
    use crate::ids::Correlator;

    #[test]
    fn a_script_applies_to_its_correlator_only() {
        let scripts = Scripts::default();
        let system = "fv".into();
        scripts.set(&system, "PS-000000000001", Behaviour::Reset);
        let of = |text: &str| scripts.behaviour(&system, text.as_bytes(), Vec::new);
        assert_eq!(of("<Nr>PS-000000000001</Nr>"), Behaviour::Reset);
        assert_eq!(of("<Nr>PS-000000000002</Nr>"), Behaviour::Answer);
        assert_eq!(
            scripts.behaviour(&"dms".into(), b"PS-000000000001", Vec::new),
            Behaviour::Answer
        );
        assert_eq!(
            Correlator::candidates(b"a=PS-000000000001&b").collect::<Vec<_>>(),
            ["PS-000000000001"]
        );
    }

    #[test]
    fn the_narrower_word_counts() {
        let scripts = Scripts::default();
        let system = "fv".into();
        scripts.tell(&system, Which::All, Behaviour::Refuse);
        scripts.tell(&system, Which::Request(2), Behaviour::Hang);
        scripts.set(&system, "PS-000000000001", Behaviour::Answer);
        let of = |text: &str| scripts.behaviour(&system, text.as_bytes(), Vec::new);
        assert_eq!(of("eins"), Behaviour::Refuse);
        assert_eq!(of("zwei"), Behaviour::Hang);
        assert_eq!(of("PS-000000000001"), Behaviour::Answer);
        assert_eq!(of("vier"), Behaviour::Refuse);
        // Others are not concerned.
        assert_eq!(scripts.behaviour(&"dms".into(), b"eins", Vec::new), Behaviour::Answer);
    }
}
