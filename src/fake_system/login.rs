//! Basic authentication (RFC 7617), for fakes that have a user.

use base64::Engine;

use crate::channel::http::Request;
use crate::organisation::System;

/// What a client is asked for.
pub(super) const CHALLENGE: &str = "Basic realm=\"Fachverfahren\", charset=\"UTF-8\"";

/// User and password of a system.
pub(super) struct Login(Option<String>);

impl Login {
    /// That of a system; everybody may come in where it has no user.
    pub fn of(system: &System) -> Self {
        let password = system.password.as_deref().unwrap_or_default();
        Self(system.user.as_ref().map(|user| format!("{user}:{password}")))
    }

    /// Whether a request may come in.
    pub fn allows(&self, request: &Request) -> bool {
        let Some(wanted) = &self.0 else { return true };
        request.header("authorization").and_then(decoded).as_deref() == Some(wanted.as_bytes())
    }
}

/// User and password of an `Authorization` field.
pub(super) fn credentials(header: &str) -> Option<(String, String)> {
    let text = String::from_utf8(decoded(header)?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn decoded(header: &str) -> Option<Vec<u8>> {
    let (scheme, token) = header.split_once(' ')?;
    let token = Some(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    base64::engine::general_purpose::STANDARD.decode(token).ok()
}
