//! SMTP (RFC 5321), client and server, with the raw bytes of both directions.
//!
//! The server speaks STARTTLS (RFC 3207), AUTH PLAIN and LOGIN (RFC 4954), SIZE (RFC 1870), 8BITMIME
//! (RFC 6152), SMTPUTF8 (RFC 6531), PIPELINING (RFC 2920) and ENHANCEDSTATUSCODES (RFC 2034).

mod auth;
mod client;
mod commands;
mod connection;
mod data;
mod letter;
mod limits;
mod server;
mod session;
mod transaction;

pub use auth::Account;
pub use client::{Conversation, Envelope, Offers, Outgoing, SmtpError, converse, deliver};
pub use letter::{Enclosure, Letter};
pub use limits::Limits;
pub use server::{Mail, MailHandler, MailReply, Settings, serve};
