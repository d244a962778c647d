//! What fake systems have been told, by system and correlator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::{Correlator, SystemId};

/// How to treat an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// As it should.
    #[default]
    Answer,
    /// Read, then close the connection.
    Reset,
    /// Say "not now".
    Refuse,
}

/// The scripts of all systems of a run; cloned freely.
#[derive(Debug, Clone, Default)]
pub struct Scripts(Arc<Mutex<HashMap<(SystemId, String), Behaviour>>>);

impl Scripts {
    /// From now on, treat exchanges with this correlator like this.
    pub fn set(&self, system: &SystemId, correlator: &str, behaviour: Behaviour) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.insert((system.clone(), correlator.to_owned()), behaviour);
    }

    /// How to treat these bytes.
    pub(super) fn behaviour(&self, system: &SystemId, raw: &[u8]) -> Behaviour {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.is_empty() {
            return Behaviour::Answer;
        }
        Correlator::candidates(raw)
            .find_map(|token| map.get(&(system.clone(), token.to_owned())).copied())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, Scripts};
    use crate::ids::Correlator;

    #[test]
    fn a_script_applies_to_its_correlator_only() {
        let scripts = Scripts::default();
        let system = "fv".into();
        scripts.set(&system, "PS-000000000001", Behaviour::Reset);
        let of = |text: &str| scripts.behaviour(&system, text.as_bytes());
        assert_eq!(of("<Nr>PS-000000000001</Nr>"), Behaviour::Reset);
        assert_eq!(of("<Nr>PS-000000000002</Nr>"), Behaviour::Answer);
        assert_eq!(scripts.behaviour(&"dms".into(), b"PS-000000000001"), Behaviour::Answer);
        assert_eq!(
            Correlator::candidates(b"a=PS-000000000001&b").collect::<Vec<_>>(),
            ["PS-000000000001"]
        );
    }
}
