//! Requests to a target: with its credentials, within its limits. Only addresses of the target file
//! and what its own command says are ever spoken to.

use std::sync::Arc;
use std::time::Duration;

use super::METHODS;
use super::access::Access;
use super::file::Limits;
use super::pacer::Pacer;
use crate::channel::http::{ClientError, ClientExchange, ClientRequest, Manner, send_with};

/// Sends requests to a target; cloned freely, so that nobody needs to hold the target while it waits.
#[derive(Debug, Clone)]
pub struct Caller {
    pub(super) access: Arc<Access>,
    /// Whether all credentials are there.
    pub(super) complete: bool,
    pub(super) limits: Limits,
    pub(super) pacer: Arc<Pacer>,
    /// Scheme, host and port of the target's own addresses: nobody else gets its credentials.
    pub(super) origins: Arc<Vec<String>>,
}

impl Caller {
    /// Sends a message, when the target can stand one more; see [`Limits::per_second`].
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn deliver(
        &self,
        url: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<ClientExchange, ClientError> {
        self.pace().await;
        self.send("POST", url, content_type, body).await
    }

    /// The same, with less time for an answer, milliseconds.
    #[must_use]
    pub fn within(mut self, answer_ms: u32) -> Self {
        self.limits.answer_ms = self.limits.answer_ms.min(answer_ms);
        self
    }

    /// Waits until the target can stand one more message.
    pub async fn pace(&self) {
        self.pacer.wait().await;
    }

    /// Sends a request at once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<ClientExchange, ClientError> {
        self.send_with(method, url, content_type, vec![], body).await
    }

    /// The same with further header fields that everybody may read, such as `SOAPAction`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn send_with(
        &self,
        method: &str,
        url: &str,
        content_type: &str,
        fields: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<ClientExchange, ClientError> {
        let Some(method) = METHODS.iter().find(|m| **m == method) else {
            return Err(ClientError::Url(format!("{method} {url}")));
        };
        let request = ClientRequest {
            method,
            url: url.to_owned(),
            content_type: content_type.to_owned(),
            body,
            limit: Duration::from_millis(u64::from(self.limits.answer_ms)),
        };
        send_with(request, &Manner { fields, ..self.manner(url) }).await
    }

    /// How requests to an address are sent.
    fn manner(&self, url: &str) -> Manner {
        Manner {
            fields: vec![],
            headers: if self.is_own(url) { self.access.headers.clone() } else { vec![] },
            tls: self.access.tls.clone(),
            connect: Some(Duration::from_millis(u64::from(self.limits.connect_ms))),
            answer_bytes: self.limits.answer_bytes,
        }
    }

    /// Whether an address wants credentials that are not there.
    pub fn lacks(&self, url: &str) -> bool {
        !self.complete && self.is_own(url)
    }

    fn is_own(&self, url: &str) -> bool {
        origin(url).is_some_and(|origin| self.origins.contains(&origin))
    }

    /// Whether requests carry something that is hidden in what is recorded.
    pub fn hides(&self) -> bool {
        !self.access.headers.is_empty()
    }
}

/// What went wrong with an answer, and which key of the target file has to do with it.
pub fn explain(error: &ClientError) -> String {
    let key = match error {
        ClientError::TooLarge { .. } => {
            "; limits.answer_bytes in the target file says how much is read"
        }
        ClientError::TimedOut { .. } => {
            "; limits.answer_ms in the target file says how long is waited"
        }
        ClientError::Unreachable { reason, .. } if reason.starts_with("no connection within") => {
            "; limits.connect_ms in the target file says how long is waited"
        }
        _ => "",
    };
    format!("{error}{key}")
}

/// Scheme, host and port of an address, with the usual port written out.
pub(super) fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.to_ascii_lowercase();
    let usual = match scheme {
        "https" => 443,
        "http" => 80,
        "smtp" => 25,
        _ => return None,
    };
    let port = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    Some(match port {
        Some(_) => format!("{scheme}://{host}"),
        None => format!("{scheme}://{host}:{usual}"),
    })
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn origins_are_told_apart() {
        let of = |url| origin(url).unwrap();
        assert_eq!(of("http://Host/a"), of("http://host:80?x"));
        assert_ne!(of("http://host"), of("https://host"));
        assert_ne!(of("http://host:8080"), of("http://host"));
        assert_ne!(of("http://host@evil.example/"), of("http://host"));
        assert_eq!(of("http://[::1]:80/"), of("http://[::1]/"));
        assert_eq!(origin("file:///tmp"), None);
    }
}
