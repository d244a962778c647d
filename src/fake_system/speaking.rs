//! The protocol above HTTP that a fake speaks, for the record: whoever reads it later must read what
//! came as the system did that took it.

use std::sync::Arc;

use crate::channel::Observer;
use crate::ids::SystemId;

/// An observer that knows what is spoken over HTTP.
pub(super) struct Speaking {
    pub inner: Arc<dyn Observer>,
    pub protocol: &'static str,
}

impl Observer for Speaking {
    fn request(&self, system: &SystemId, protocol: &str, peer: &str, raw: &[u8]) -> u64 {
        let protocol = if protocol == "http" { self.protocol } else { protocol };
        self.inner.request(system, protocol, peer, raw)
    }
    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>) {
        self.inner.answer(exchange, raw, failure);
    }
    fn observation(&self, system: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        self.inner.observation(system, exchange, clause, detail);
    }
}
