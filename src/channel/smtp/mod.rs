//! SMTP (RFC 5321), client and server, with the raw bytes of both directions.

mod client;
mod server;

pub use client::{SmtpError, deliver};
pub use server::{Mail, MailHandler, MailReply, serve};
