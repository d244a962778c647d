//! How much a server side takes, and how long it waits. A partner that is slow, large or silent is
//! met with an answer of the protocol, and never costs the others their turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Unit in which memory for bodies is given out, bytes.
const UNIT: usize = 64 * 1024;

/// Limits of one server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest time for the head of a request, and for an idle connection to stay.
    pub head: Duration,
    /// Longest pause inside a body, and longest time in which an answer makes no way.
    pub stall: Duration,
    /// Longest time for a TLS handshake.
    pub handshake: Duration,
    /// Largest body, bytes; the same bound holds after decoding.
    pub body: usize,
    /// Most bytes of bodies that are held at once, over all connections.
    pub memory: usize,
    /// Most connections at once; further ones wait in the queue of the operating system.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(60),
            stall: Duration::from_secs(60),
            handshake: Duration::from_secs(20),
            body: 128 * 1024 * 1024,
            memory: 768 * 1024 * 1024,
            connections: 4096,
        }
    }
}

/// Memory for bodies, shared by the connections of a server.
#[derive(Debug, Clone)]
pub(super) struct Memory(Arc<Semaphore>);

impl Memory {
    pub fn new(limits: &Limits) -> Self {
        Self(Arc::new(Semaphore::new(limits.memory.div_ceil(UNIT))))
    }

    /// A place for one body.
    pub fn share(&self) -> Share {
        Share { memory: self.0.clone(), held: Vec::new(), units: 0 }
    }
}

/// What one body holds; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    memory: Arc<Semaphore>,
    held: Vec<OwnedSemaphorePermit>,
    units: usize,
}

impl Share {
    /// Makes room for this many bytes in all; false when there is none.
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let wanted = bytes.div_ceil(UNIT);
        if wanted <= self.units {
            return true;
        }
        let Ok(more) = u32::try_from(wanted - self.units) else { return false };
        match self.memory.clone().try_acquire_many_owned(more) {
            Ok(permit) => {
                self.held.push(permit);
                self.units = wanted;
                true
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Memory, UNIT};

    #[test]
    fn memory_is_shared_and_given_back() {
        let memory = Memory::new(&Limits { memory: 4 * UNIT, ..Limits::default() });
        let mut one = memory.share();
        assert!(one.grow_to(1) && one.grow_to(3 * UNIT));
        let mut two = memory.share();
        assert!(two.grow_to(UNIT));
        assert!(!two.grow_to(UNIT + 1));
        drop(one);
        assert!(two.grow_to(4 * UNIT));
    }
}
