//! How much a server takes from one client before it says no.

use std::time::Duration;

/// The limits of a server. What a client may rely on is never less than RFC 5321 section 4.5.3 asks.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest message, bytes; announced with SIZE (RFC 1870).
    pub message: usize,
    /// Longest command line, bytes with CRLF. RFC 5321 section 4.5.3.1.4 asks for 512, extensions
    /// for more.
    pub command_line: usize,
    /// Longest line of an authentication, bytes with CRLF (RFC 4954 section 4).
    pub auth_line: usize,
    /// Longest line of a message, bytes with CRLF (RFC 5321 section 4.5.3.1.6).
    pub text_line: usize,
    /// Recipients of one message (RFC 5321 section 4.5.3.1.8 asks for 100).
    pub recipients: usize,
    /// Commands of one session.
    pub commands: usize,
    /// Commands of one session that were refused as wrong.
    pub mistakes: usize,
    /// Failed authentications of one session.
    pub auth_failures: usize,
    /// Sessions at the same time.
    pub sessions: usize,
    /// Longest wait for a complete command, for more of a message, or for a client to read
    /// (RFC 5321 section 4.5.3.2.7).
    pub idle: Duration,
    /// Longest session altogether.
    pub session: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 64 * 1024 * 1024,
            command_line: 2048,
            auth_line: 12_288 + 2,
            text_line: 1000,
            recipients: 100,
            commands: 10_000,
            mistakes: 50,
            auth_failures: 3,
            sessions: 4096,
            idle: Duration::from_secs(300),
            session: Duration::from_secs(3600),
        }
    }
}
