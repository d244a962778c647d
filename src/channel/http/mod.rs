//! HTTP/1.1, client and server, with the raw bytes of both directions.

mod client;
mod server;

pub use client::{ClientError, ClientExchange, ClientRequest, send};
pub use server::{Handler, Reply, Request, serve};
