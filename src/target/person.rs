//! The person in front of the harness, as whoever started it hands it in.

use std::sync::Arc;

use futures_util::future::BoxFuture;

/// How a wait for a person ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is done.
    Done,
    /// Nobody can answer: there is no terminal. The instruction was shown all the same.
    NobodyThere,
}

type Tell = dyn Fn(String) -> BoxFuture<'static, Said> + Send + Sync;

/// Shows an instruction and waits until it is done. Whoever no longer needs the answer drops the
/// future.
#[derive(Clone)]
pub struct Person(Arc<Tell>);

impl Person {
    /// A person that is told by this function.
    pub fn new(tell: impl Fn(String) -> BoxFuture<'static, Said> + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Nobody, where nothing else is known.
    pub fn nobody() -> Self {
        Self::new(|_| Box::pin(std::future::ready(Said::NobodyThere)))
    }

    /// Shows an instruction and waits.
    pub async fn tell(&self, instruction: &str) -> Said {
        (self.0)(instruction.to_owned()).await
    }
}

impl Default for Person {
    fn default() -> Self {
        Self::nobody()
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person")
    }
}
