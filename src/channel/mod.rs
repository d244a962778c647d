//! Transports: one folder each, client and server side. Every exchange goes to an observer as the
//! raw bytes of the stream, before it is answered. What a message means is known elsewhere.

mod capped;
pub mod cmis;
pub mod file;
pub mod http;
mod patient;
pub mod smtp;
pub mod soap;
mod tap;
pub mod tls;

pub use tap::{Tap, TapStream};

use std::sync::Arc;

use crate::ids::SystemId;

/// Takes note of what a server side sees. Implementations write it down before they return.
pub trait Observer: Send + Sync {
    /// A request came in, raw. Returns the number of the exchange.
    fn request(&self, system: &SystemId, protocol: &str, peer: &str, raw: &[u8]) -> u64;
    /// The exchange is over; `raw` is what was answered, empty for nothing.
    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>);
    /// The other side deviated from the protocol.
    fn observation(&self, system: &SystemId, exchange: Option<u64>, clause: &str, detail: &str);
}

/// An observer that forgets, for servers nobody records.
#[derive(Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn request(&self, _: &SystemId, _: &str, _: &str, _: &[u8]) -> u64 {
        0
    }
    fn answer(&self, _: u64, _: &[u8], _: Option<&str>) {}
    fn observation(&self, _: &SystemId, _: Option<u64>, _: &str, _: &str) {}
}

/// Tells servers to stop; cloned freely.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<tokio::sync::watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(tokio::sync::watch::channel(false).0))
    }
}

impl Shutdown {
    /// Tells everybody.
    pub fn now(&self) {
        self.0.send_replace(true);
    }

    /// Ends when it is time to stop.
    pub async fn wait(&self) {
        let mut receiver = self.0.subscribe();
        let _ = receiver.wait_for(|stop| *stop).await;
    }
}
