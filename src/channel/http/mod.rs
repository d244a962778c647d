//! HTTP/1.1, client and server, with the raw bytes of both directions.

mod body;
mod client;
mod connection;
mod json;
mod limits;
mod redact;
mod reply;
mod server;

pub use client::{
    ClientError, ClientExchange, ClientRequest, Header, Manner, send, send_over, send_with,
};
pub use json::{JsonAnswer, read_json_answer, send_json};
pub use limits::Limits;
pub use reply::{Early, Handler, Reply, Request};
pub use server::{Settings, serve, serve_as};
