//! What can be asked of a target without sending it a message, and where.

use super::Target;
use super::doing::Doing;

/// A question to an address of the target file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The key of the target file behind the address.
    pub key: &'static str,
    /// The address.
    pub url: String,
    /// How it is asked; none where a connection is all that can be tried.
    pub method: Option<&'static str>,
    /// Whether it decides that the target can be reached at all.
    pub first: bool,
    /// Whether messages go there: nothing but a message can tell whether they are taken.
    pub messages: bool,
}

impl Target {
    /// Every question, the one that decides first.
    pub fn questions(&self) -> Vec<Question> {
        let mut out = Vec::new();
        let mut add = |key, url: String, method: Option<&'static str>, messages| {
            let http = url.starts_with("http://") || url.starts_with("https://");
            let method = method.filter(|_| http);
            let first = out.is_empty();
            out.push(Question { key, url, method, first, messages });
        };
        if let Some(endpoints) = &self.file.endpoints {
            add("endpoints.ready", self.url(&endpoints.ready), Some("GET"), false);
            add("endpoints.log", self.url(&endpoints.log), Some("GET"), false);
            add("endpoints.portal", self.url(&endpoints.portal), Some("OPTIONS"), true);
            add(
                "endpoints.fachverfahren",
                self.url(&endpoints.fachverfahren),
                Some("OPTIONS"),
                true,
            );
        }
        if let Some(interface) = &self.file.interface {
            if let Some(ready) = &interface.ready {
                add("interface.ready", self.url(ready), Some("GET"), false);
            }
            // Who only sends has no address.
            let url = self.interface_url();
            if !url.is_empty() {
                add("interface.url", url, Some("OPTIONS"), true);
            }
        }
        let doings = self.file.prepare.iter().map(|doing| ("prepare", doing));
        let doings = doings.chain(self.file.action.iter().map(|a| ("action", &a.doing)));
        for (key, doing) in doings.chain(self.file.reconfigure.iter().map(|d| ("reconfigure", d))) {
            // A path below the base address is reached where that is.
            if let Doing::Call { url, .. } = doing
                && url.contains("://")
                && !url.split('/').nth(2).is_some_and(|host| host.contains('{'))
            {
                add(key, url.clone(), None, false);
            }
        }
        out
    }
}

/// Host and port of an address; none where it has no host.
pub fn host_and_port(url: &str) -> Option<(String, u16)> {
    let origin = super::caller::origin(url)?;
    let (host, port) = origin.split_once("://")?.1.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}
