//! HTTP/1.1, client and server, with the raw bytes of both directions.

mod body;
mod client;
mod connection;
mod limits;
mod redact;
mod reply;
mod server;

pub use client::{
    ClientError, ClientExchange, ClientRequest, Header, Manner, send, send_over, send_with,
};
pub use limits::Limits;
pub use reply::{Early, Handler, Reply, Request};
pub use server::{Settings, serve, serve_as};
