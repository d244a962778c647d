//! The server side: taking connections, within limits, with or without TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::super::{Observer, Shutdown, TapStream};
use super::connection::Connection;
use super::limits::{Limits, Memory};
use super::reply::Handler;
use crate::ids::SystemId;

/// Pause when the operating system gives no connection, such as for want of file descriptors.
const OUT_OF_BREATH: Duration = Duration::from_millis(50);

/// How a server treats its partners.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Go on where a request deviates from the standard, as far as one can.
    pub lenient: bool,
    /// TLS; in the clear without.
    pub tls: Option<Arc<ServerConfig>>,
    /// Limits.
    pub limits: Limits,
}

/// What the connections of a server share.
pub(super) struct Served {
    pub system: SystemId,
    pub handler: Arc<dyn Handler>,
    pub observer: Arc<dyn Observer>,
    pub settings: Settings,
}

impl Served {
    pub fn protocol(&self) -> &'static str {
        if self.settings.tls.is_some() { "https" } else { "http" }
    }
}

/// Serves a listener until shutdown, in the clear, strictly, within the usual limits.
pub async fn serve(
    listener: TcpListener,
    system: SystemId,
    handler: Arc<dyn Handler>,
    observer: Arc<dyn Observer>,
    shutdown: Shutdown,
) {
    serve_as(listener, system, Settings::default(), (handler, observer), shutdown).await;
}

/// Serves a listener until shutdown.
pub async fn serve_as(
    listener: TcpListener,
    system: SystemId,
    settings: Settings,
    (handler, observer): (Arc<dyn Handler>, Arc<dyn Observer>),
    shutdown: Shutdown,
) {
    let memory = Memory::new(&settings.limits);
    let places = Arc::new(Semaphore::new(settings.limits.connections));
    let served = Arc::new(Served { system, handler, observer, settings });
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = shutdown.wait() => break,
        };
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, peer)) = accepted else {
                    tokio::time::sleep(OUT_OF_BREATH).await;
                    continue;
                };
                if !served.handler.open() {
                    closed_door(&served, &stream, peer);
                    continue;
                }
                let (served, memory, shutdown) = (served.clone(), memory.clone(), shutdown.clone());
                connections.spawn(async move {
                    take(served, memory, (stream, peer), shutdown).await;
                    drop(place);
                });
            }
            () = shutdown.wait() => break,
        }
        // Those that have ended are let go, so that a long life costs no memory.
        while connections.try_join_next().is_some() {}
    }
    while connections.join_next().await.is_some() {}
}

/// The port is held and nobody is at home: the connection is reset at once.
fn closed_door(served: &Served, stream: &TcpStream, peer: SocketAddr) {
    let _ = stream.set_zero_linger();
    let detail = format!("a connection from {peer} was closed at once, as told");
    served.observer.observation(&served.system, None, "down", &detail);
}

async fn take(
    served: Arc<Served>,
    memory: Memory,
    (stream, peer): (TcpStream, SocketAddr),
    shutdown: Shutdown,
) {
    let _ = stream.set_nodelay(true);
    let Some(config) = served.settings.tls.clone() else {
        return Connection::run(served, memory, peer, stream, shutdown).await;
    };
    let (stream, tap) = TapStream::new(stream);
    let handshake = TlsAcceptor::from(config).accept(stream);
    let limit = served.settings.limits.handshake;
    let failed = tokio::select! {
        done = tokio::time::timeout(limit, handshake) => match done {
            Ok(Ok(stream)) => {
                tap.forget();
                return Connection::run(served, memory, peer, stream, shutdown).await;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no handshake within {limit:?}"),
        },
        () = shutdown.wait() => return,
    };
    // Without a handshake there is no request, but there was somebody.
    let (system, observer) = (&served.system, &served.observer);
    let exchange = observer.request(system, "tls", &peer.to_string(), &tap.take_read());
    observer.observation(system, Some(exchange), "RFC 8446 4: handshake", &failed);
    observer.answer(exchange, &tap.take_written(), Some("no TLS connection came about"));
}
