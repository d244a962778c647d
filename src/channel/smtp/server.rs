//! The server side: settings, and one session per connection. A message is recorded before it is
//! answered; the transaction is one exchange.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::ServerConfig;

use super::super::{Observer, Shutdown};
use super::auth::Account;
use super::connection::Connection;
use super::limits::Limits;
use super::session::Session;
use crate::ids::SystemId;

/// A message as a handler sees it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// The message, without dot-stuffing.
    pub data: Vec<u8>,
    /// Number of the exchange.
    pub exchange: u64,
}

/// What a handler wants to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailReply {
    /// 250.
    Accept,
    /// 250, but only after this time.
    AcceptAfter(Duration),
    /// 250, and once more 250.
    Twice,
    /// 451, try again later.
    Later,
    /// 452, no room left.
    Full,
    /// A line that is no SMTP.
    Garble,
    /// Close the connection without an answer.
    Reset,
    /// Neither answer nor close.
    Hang,
}

/// Takes messages.
pub trait MailHandler: Send + Sync + 'static {
    /// Takes one. What is to be accepted must be kept when this returns: the client is told after.
    fn mail(&self, mail: Mail) -> MailReply;

    /// Why there is no mail for a recipient: the whole reply to RCPT; nothing where there is.
    fn refuses(&self, _recipient: &str) -> Option<&'static str> {
        None
    }

    /// Whether connections are taken at all. One that is not is closed at once; the port stays held.
    fn open(&self) -> bool {
        true
    }
}

/// How a server behaves.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether deviations that a server can overlook are overlooked. They are recorded either way.
    pub lenient: bool,
    /// Who may hand in mail; everybody where absent. Where present, AUTH is demanded before MAIL
    /// (RFC 4954 section 6) and offered where nobody can listen: after STARTTLS, and in the clear
    /// only to clients on the same machine.
    pub account: Option<Account>,
    /// TLS for STARTTLS (RFC 3207), which is not offered where absent.
    pub tls: Option<Arc<ServerConfig>>,
    /// How much is taken.
    pub limits: Limits,
}

/// Serves a listener until shutdown.
pub async fn serve(
    listener: TcpListener,
    system: SystemId,
    settings: Arc<Settings>,
    handler: Arc<dyn MailHandler>,
    observer: Arc<dyn Observer>,
    shutdown: Shutdown,
) {
    let mut sessions = tokio::task::JoinSet::new();
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, peer)) = accepted else {
                    // Out of descriptors, say: others must get a chance to end.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                if !handler.open() {
                    let _ = stream.set_zero_linger();
                    let detail = format!("a connection from {peer} was closed at once, as told");
                    observer.observation(&system, None, "down", &detail);
                    continue;
                }
                let connection = connection(stream, &shutdown, &settings);
                let session = Session::new(
                    connection,
                    system.clone(),
                    settings.clone(),
                    handler.clone(),
                    observer.clone(),
                    peer,
                );
                let (open, longest) = (open.clone(), settings.limits.session);
                let full = open.fetch_add(1, Ordering::Relaxed) >= settings.limits.sessions;
                sessions.spawn(async move {
                    let _ = tokio::time::timeout(longest, session.run(full)).await;
                    open.fetch_sub(1, Ordering::Relaxed);
                });
            }
            () = shutdown.wait() => break,
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
        }
    }
    while sessions.join_next().await.is_some() {}
}

fn connection(stream: TcpStream, shutdown: &Shutdown, settings: &Settings) -> Connection {
    // Answers are short and waited for.
    let _ = stream.set_nodelay(true);
    Connection::new(stream, shutdown.clone(), settings.limits.idle)
}
